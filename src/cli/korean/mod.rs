//! `--help` in Korean: what clap would say in English is said here instead.

mod fetch;
mod lab;
mod serve;
mod shared;
mod show;
mod translation;

use clap::{Arg, Command};
use translation::Translation;

/// The commands that speak Korean, by name; the first is the program itself.
const TRANSLATIONS: &[(&str, Translation)] = &[
    ("glasshttp", serve::KOREAN),
    ("fetch", fetch::KOREAN),
    ("lab", lab::KOREAN),
    ("lesson", show::KOREAN_LESSON),
    ("show", show::KOREAN),
    ("help", show::KOREAN_HELP),
];

/// Headings of arguments, in both languages.
const HEADINGS: &[(&str, &str)] = &[
    ("Address", "주소"),
    ("Files", "파일"),
    ("Output", "출력"),
    ("Server", "서버"),
    ("Request", "요청"),
    ("Connection", "연결"),
    ("Body", "본문"),
    ("DNS", "DNS"),
];

/// The same command, in Korean.
pub(super) fn translated(command: Command) -> Command {
    let names: Vec<String> = command.get_subcommands().map(|command| command.get_name().to_owned()).collect();
    let command = spoken(command).subcommand_help_heading("명령");
    names.into_iter().fold(command, |command, name| command.mut_subcommand(name, spoken))
}

fn spoken(command: Command) -> Command {
    let Some((_, korean)) = TRANSLATIONS.iter().find(|(name, _)| *name == command.get_name()) else {
        return command;
    };
    let command = command.about(korean.about).override_usage(korean.usage).after_help(korean.after);
    command.help_template(korean.template).mut_args(|argument| meant(argument, korean))
}

fn meant(argument: Arg, korean: &Translation) -> Arg {
    let usual = if argument.is_positional() { "인자" } else { "옵션" };
    let heading = argument.get_help_heading().and_then(|english| HEADINGS.iter().find(|(known, _)| *known == english));
    let heading = heading.map_or(usual, |(_, korean)| korean);
    let Some((_, help)) = korean.arguments.iter().find(|(id, _)| *id == argument.get_id().as_str()) else {
        return argument;
    };
    let defaults: Vec<_> = argument.get_default_values().iter().map(|value| value.to_string_lossy()).collect();
    let help = match defaults.is_empty() {
        true => (*help).to_owned(),
        false => format!("{help} [기본값: {}]", defaults.join(", ")),
    };
    let argument = argument.help_heading(heading).help(help);
    match argument.get_action().takes_values() {
        true => argument.hide_default_value(true).hide_possible_values(true),
        false => argument,
    }
}

#[cfg(test)]
mod tests {
    use super::super::Args;
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn every_argument_is_explained_with_all_of_its_values() {
        let command = Args::command();
        for (name, korean) in TRANSLATIONS {
            let command =
                if *name == "glasshttp" { &command } else { command.find_subcommand(name).expect("a command") };
            let ids: Vec<&str> = command.get_arguments().map(|argument| argument.get_id().as_str()).collect();
            for argument in command.get_arguments() {
                let id = argument.get_id().as_str();
                let (_, help) = korean.arguments.iter().find(|(known, _)| *known == id).expect(id);
                for value in argument.get_possible_values().iter().filter(|_| !argument.is_global_set()) {
                    if argument.get_action().takes_values() {
                        assert!(help.contains(value.get_name()), "{id}: {help}");
                    }
                }
                let heading = argument.get_help_heading();
                assert!(
                    heading.is_none_or(|heading| HEADINGS.iter().any(|(known, _)| *known == heading)),
                    "{heading:?}"
                );
            }
            assert!(korean.arguments.iter().all(|(id, _)| ids.contains(id)), "{name} has no such argument");
        }
    }
}
