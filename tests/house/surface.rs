//! What users of the library may receive or match on grows without breaking them, or says why not.

use super::sources;
use std::fs;
use std::path::Path;

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

/// The modules that `src/lib.rs` documents.
fn documented() -> Vec<String> {
    let text = fs::read_to_string(Path::new(ROOT).join("src/lib.rs")).expect("the library");
    let lines: Vec<&str> = text.lines().collect();
    let modules = lines.windows(2).filter(|pair| pair[0] != "#[doc(hidden)]");
    let names = modules.filter_map(|pair| pair[1].strip_prefix("pub mod ")?.strip_suffix(';'));
    names.map(str::to_owned).collect()
}

/// Whether that line of a struct's body is a field that users can't name.
fn is_private_field(line: &str) -> bool {
    let name = line.trim_start().strip_prefix("pub(").unwrap_or(line.trim_start());
    !name.starts_with("pub ") && name.starts_with(|first: char| first.is_ascii_lowercase()) && name.contains(": ")
}

/// Whether it is an enum, or a struct that its users could make of its fields.
fn is_open(at: usize, lines: &[&str]) -> bool {
    let (line, end) = (lines[at].trim_start(), lines[at].len() - lines[at].trim_start().len());
    let body = lines[at + 1..].iter().take_while(|line| **line != format!("{:end$}}}", ""));
    line.starts_with("pub enum ")
        || (line.starts_with("pub struct ")
            && line.ends_with('{')
            && !body.into_iter().any(|line| is_private_field(line)))
}

#[test]
fn what_may_grow_is_non_exhaustive_or_says_why_it_is_not() {
    let modules = documented();
    let mut closed = Vec::new();
    for (path, text) in sources("src") {
        let below =
            path.strip_prefix(Path::new(ROOT).join("src")).expect("a file of src").to_string_lossy().into_owned();
        let module = below.split(['/', '.']).next().unwrap_or_default();
        if !modules.iter().any(|known| known == module) {
            continue;
        }
        let lines: Vec<&str> = text.lines().collect();
        for at in (0..lines.len()).filter(|at| is_open(*at, &lines)) {
            let above = lines[..at].iter().rev().take_while(|line| line.contains("#[") || line.contains("///"));
            let is_said = |line: &&str| line.contains("non_exhaustive") || line.contains("xhaustive on purpose");
            if !above.into_iter().any(is_said) {
                closed.push(format!("{below}:{} {}", at + 1, lines[at].trim()));
            }
        }
    }
    assert!(modules.len() > 10, "{modules:?}");
    assert_eq!(closed, [""; 0], "#[non_exhaustive], or \"Exhaustive on purpose: …\"");
}
