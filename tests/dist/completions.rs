//! The completions of three shells: kept as the command line has it, read by the shells
//! themselves, and asked as their users would.

use super::{is_kept_as, place, quiet};
use clap::{Arg, Command};
use clap_complete::{Shell, generate};
use glasshttp::cli::Args;
use glasshttp::language::Language;

/// Each shell and the file that it looks for.
const SHELLS: [(Shell, &str); 3] = [
    (Shell::Bash, "dist/completions/glasshttp.bash"),
    (Shell::Zsh, "dist/completions/_glasshttp"),
    (Shell::Fish, "dist/completions/glasshttp.fish"),
];

#[test]
fn the_completions_know_the_command_line() {
    for (shell, name) in SHELLS {
        let mut text = Vec::new();
        generate(shell, &mut Args::command_in(Language::English), "glasshttp", &mut text);
        let text = String::from_utf8(text).expect("UTF-8");
        let text = match shell {
            Shell::Zsh => with_command_first(&with_escaped_names(&text)),
            Shell::Fish => with_values_apart(&text),
            _ => text,
        };
        let text: Vec<&str> = text.lines().map(str::trim_end).collect();
        is_kept_as(name, &(text.join("\n") + "\n"));
    }
}

/// A colon in a value's name (`NAME: VALUE`) ends it in zsh, unless it is escaped.
fn with_escaped_names(text: &str) -> String {
    let program = Args::command_in(Language::English);
    let commands = program.get_subcommands().chain([&program]);
    let names = commands.flat_map(Command::get_arguments).filter_map(Arg::get_value_names).flatten();
    names.filter(|name| name.contains(':')).fold(text.to_owned(), |text, name| {
        text.replace(&format!("]:{name}:"), &format!("]:{}:", name.replace(':', "\\:")))
    })
}

/// clap's completion for zsh expects a command behind the folder, where none may be: a
/// command or a folder stands first.
fn with_command_first(text: &str) -> String {
    let (start, _) = text.split_once("'::folder -- ").expect("the folder");
    let (_, rest) = text[start.len()..].split_once('\n').expect("a line");
    let rest = rest.replacen("\":: :_glasshttp_commands\"", "\":: :{ _glasshttp_commands; _files -/ }\"", 1);
    format!("{start}{}", rest.replace("$line[2]", "$line[1]"))
}

/// clap's completion for fish parses the words before the cursor, and gives up where the
/// last is an option whose value is being typed (`--log `): then it is left out.
fn with_values_apart(text: &str) -> String {
    let parsing = "argparse -s (__fish_glasshttp_global_optspecs) -- $cmd";
    text.replace(
        &format!("{parsing} 2>/dev/null\n"),
        &format!("{parsing} 2>/dev/null\n    or {parsing}[1..-2] 2>/dev/null\n"),
    )
}

/// What the shell of this name says to `script`, run in the project's folder.
fn said(shell: &str, arguments: &[&str], script: &str) -> String {
    let file = place(SHELLS.iter().find(|(known, _)| known.to_string() == shell).expect("known").1);
    quiet(shell, &["-n", file.to_str().expect("UTF-8")]);
    let script = script.replace("FILE", file.to_str().expect("UTF-8"));
    quiet(shell, &[arguments, &["-c", &script]].concat())
}

#[test]
#[ignore = "needs bash"]
fn bash_completes_options_values_and_commands() {
    // The word that is being typed is the last; bash hands it over, and the one before it.
    let asked = |before: &str, last: &str, typed: &str| {
        let words = format!("COMP_WORDS=({before} '{typed}'); COMP_CWORD=$((${{#COMP_WORDS[@]}} - 1))");
        let call = format!("_glasshttp glasshttp '{typed}' {last}; echo ${{COMPREPLY[@]}}");
        said("bash", &["--norc"], &format!("source FILE; {words}; {call}"))
    };
    assert!(asked("glasshttp", "glasshttp", "--lo").contains("--log"));
    assert!(asked("glasshttp --log", "--log", "").split_whitespace().any(|value| value == "story"));
    assert!(asked("glasshttp fetch", "fetch", "--half").contains("--half-close"));
    assert!(asked("glasshttp", "glasshttp", "le").contains("lesson"));
}

#[test]
#[ignore = "needs fish"]
fn fish_completes_options_values_and_commands() {
    // Without a terminal it complains that it can't change the line, and completes.
    let asked = |line: &str| said("fish", &["--no-config"], &format!("source FILE; complete -C '{line}' 2>/dev/null"));
    assert!(asked("glasshttp --lo").contains("--log"));
    assert!(asked("glasshttp --log ").lines().any(|line| line.starts_with("story")));
    assert!(asked("glasshttp --log story --mo").contains("--model"));
    assert!(asked("glasshttp fetch --half").contains("--half-close"));
    assert!(asked("glasshttp le").contains("lesson"));
}

/// Its completion runs only behind a line editor: in a terminal of its own.
#[test]
#[ignore = "needs zsh"]
fn zsh_completes_options_values_and_commands() {
    let folder = place("dist/completions");
    let start = format!("fpath=({} $fpath); autoload -Uz compinit; compinit -D -u; LISTMAX=9999", folder.display());
    // The prompt says when the editor has begun; the line that it completed is printed at last.
    let asked = |line: &str| {
        let script = [
            "zmodload zsh/zpty; zpty z zsh -f -i",
            &format!("zpty -w z '{start}; PS1=rea\"\"dy'"),
            "zpty -r -m z all '*ready*'",
            &format!("zpty -w -n z '{line}'$'\\t\\t'"),
            "zpty -w z $'\\C-aecho \\C-e; echo do\"\"ne'",
            "zpty -r -m z all '*done*'; print -r -- $all; zpty -d z",
        ];
        said("zsh", &["-f"], &script.join("\n"))
    };
    assert!(asked("glasshttp --log ").contains("SYN to its end"));
    assert!(asked("glasshttp fetch --half").contains("glasshttp fetch --half-close"));
    assert!(asked("glasshttp --mo").contains("glasshttp --model"));
    assert!(asked("glasshttp le").contains("glasshttp lesson"));
    assert!(!asked("glasshttp --header ").contains("not found"));
    assert!(asked("glasshttp publ").contains("glasshttp public/"));
}
