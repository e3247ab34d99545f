//! Which `Cache-Control` a file's responses bear.

/// Of these rules the last one that a file meets.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CacheControl(Vec<Rule>);

#[derive(Clone, Debug, PartialEq, Eq)]
struct Rule {
    /// `None`: all files.
    glob: Option<String>,
    value: String,
}

/// Where no rule says more: a cache may keep it, and asks each time.
const USUAL: &str = "no-cache";

impl CacheControl {
    /// Adds a rule for all files.
    pub fn all(&mut self, value: String) {
        self.0.push(Rule { glob: None, value });
    }

    /// Adds a rule for the files that `glob` names: by their path below the root if it
    /// has a slash (`/assets/**`), else by their own name in any folder (`*.html`).
    /// `*` and `?` stop at a slash, `**` does not; `[a-z]` and `{js,css}` choose.
    pub fn files(&mut self, glob: String, value: String) {
        self.0.push(Rule { glob: Some(glob), value });
    }

    /// For the file at this path below the root, which begins with no slash.
    pub(super) fn of(&self, path: &[u8]) -> &str {
        let rule = self.0.iter().rev().find(|rule| rule.glob.as_ref().is_none_or(|glob| matches(glob, path)));
        rule.map_or(USUAL, |rule| &rule.value)
    }
}

fn matches(glob: &str, path: &[u8]) -> bool {
    let own_name = path.rsplit(|byte| *byte == b'/').next().unwrap_or(path);
    match glob.strip_prefix('/') {
        Some(glob) => fast_glob::glob_match(glob, path),
        None if glob.contains('/') => fast_glob::glob_match(glob, path),
        None => fast_glob::glob_match(glob, own_name),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_rule_that_a_file_meets_decides() {
        let mut rules = CacheControl::default();
        assert_eq!(rules.of(b"a.txt"), "no-cache");
        rules.all("max-age=60".into());
        rules.files("/assets/**".into(), "immutable".into());
        rules.files("*.{html,xml}".into(), "no-store".into());
        rules.files("/assets/old/*".into(), "max-age=1".into());
        for (path, value) in [
            ("a.txt", "max-age=60"),
            ("assets/app.9f2c.js", "immutable"),
            ("assets/fonts/a/b.woff2", "immutable"),
            ("index.html", "no-store"),
            ("deep/down/feed.xml", "no-store"),
            ("assets/index.html", "no-store"),
            ("assets/old/a.js", "max-age=1"),
            ("assets/old/deeper/a.js", "immutable"),
            ("other/assets/a.js", "max-age=60"),
        ] {
            assert_eq!(rules.of(path.as_bytes()), value, "{path}");
        }
        assert_eq!(rules.of(b"assets/\xff.js"), "immutable", "a name is any bytes");
    }
}
