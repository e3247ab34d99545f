//! What was probably meant: names that are nearly right, options as other
//! servers call them, a port where a folder stands.

/// How alike two words are that are taken for the same: 1 is equal.
const ALIKE: f64 = 0.8;

/// What other servers' options, and their values, are called here.
const ELSEWHERE: &[(&str, &str)] = &[
    ("--address", "--bind"),
    ("--listen", "--bind"),
    ("--ip", "--bind"),
    ("--public", "--lan"),
    ("--directory", "glasshttp DIR"),
    ("--dir", "glasshttp DIR"),
    ("--root", "glasshttp DIR"),
    ("-d", "glasshttp DIR"),
    ("--cors", "--header 'Access-Control-Allow-Origin: *'"),
    ("--single", "--spa"),
    ("--verbose", "--log story"),
    ("none", "off"),
    ("kr", "ko"),
    ("--quiet", "--log off"),
    ("--silent", "--log off"),
];

/// What is called otherwise elsewhere.
pub(super) fn elsewhere(typed: &str) -> Option<&'static str> {
    ELSEWHERE.iter().find(|(name, _)| *name == typed).map(|(_, here)| *here)
}

/// The one of `names` that is nearly that.
pub(super) fn alike<'n>(names: impl IntoIterator<Item = &'n str>, typed: &str) -> Option<&'n str> {
    let alike = names
        .into_iter()
        .map(|name| (strsim::jaro(name, typed), name))
        .filter(|(alike, name)| !name.is_empty() && *alike > ALIKE);
    alike.max_by(|(one, _), (other, _)| one.total_cmp(other)).map(|(_, name)| name)
}

/// What a folder that does not exist looks like: a port, a URL, a command.
pub(super) fn instead_of_folder(typed: &str, commands: &[&str]) -> Option<String> {
    let port = typed.strip_prefix(':').unwrap_or(typed).parse::<u16>().ok();
    let is_url = typed.starts_with("http://") || typed.starts_with("localhost:");
    match port {
        Some(port) => Some(format!("--port {port}")),
        None if is_url => Some(format!("glasshttp fetch {typed}")),
        None => alike(commands.iter().copied(), typed).map(|name| format!("glasshttp {name}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::Args;
    use clap::CommandFactory;

    #[test]
    fn what_looks_like_a_folder_is_a_port_a_url_or_a_command() {
        for (typed, meant) in [
            ("8000", Some("--port 8000")),
            (":80", Some("--port 80")),
            ("80000", None),
            ("http://localhost/", Some("glasshttp fetch http://localhost/")),
            ("localhost:8080", Some("glasshttp fetch localhost:8080")),
            ("fecth", Some("glasshttp fetch")),
            ("shwo", Some("glasshttp show")),
            ("photos", None),
            ("site", None),
            ("/no/such/folder", None),
        ] {
            assert_eq!(instead_of_folder(typed, &["fetch", "lab", "show", "help"]).as_deref(), meant, "{typed}");
        }
    }

    #[test]
    fn what_others_call_otherwise_is_no_option_of_ours() {
        let program = Args::command();
        for (elsewhere, here) in ELSEWHERE {
            let is_ours = |name: &str| {
                let name = name.split(' ').next().unwrap_or_default().trim_start_matches('-');
                program.get_arguments().any(|argument| argument.get_long() == Some(name))
            };
            assert!(!is_ours(elsewhere), "{elsewhere}");
            assert!(is_ours(here) || !here.starts_with('-'), "{elsewhere}: {here}");
        }
    }
}
