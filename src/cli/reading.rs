//! From words to a task, or to why there is none.

use super::bind::contradiction;
use super::usage::NoTask;
use super::values::taking_values;
use super::{Args, Command, Config, Task, korean, meant};
use crate::language::Language;
use clap::{CommandFactory, FromArgMatches};
use std::cell::LazyCell;
use std::ffi::OsString;
use std::path::Path;

impl Args {
    /// The command line as clap knows it, explained in this language.
    pub fn command_in(language: Language) -> clap::Command {
        let command = taking_values(Self::command());
        match language {
            Language::English => command,
            Language::Korean => korean::translated(command),
        }
    }

    /// Reads a command line, the program's name first.
    ///
    /// # Errors
    /// If it is invalid, or asks for help.
    pub fn read(words: impl IntoIterator<Item = impl Into<OsString>>) -> Result<Task, NoTask> {
        let mut words: Vec<OsString> = words.into_iter().map(Into::into).collect();
        // `--lang ko lab` means `lab --lang ko`: else options and commands exclude each other.
        if let [_, option, _, name, ..] = &words[..]
            && option == "--lang"
            && Self::command().get_subcommands().any(|command| name == command.get_name())
        {
            words[1..4].rotate_right(1);
        }
        let language = asked_language(&words).unwrap_or_else(Language::of_environment);
        let matches = Self::command_in(language).try_get_matches_from(&words);
        let args = matches.and_then(|matches| Self::from_arg_matches(&matches));
        // For those who mistyped something: to build it takes longer than to read the words.
        let program = LazyCell::new(Self::command);
        let commands = LazyCell::new(|| program.get_subcommands().map(clap::Command::get_name).collect::<Vec<_>>());
        let mut args = args.map_err(|error| {
            let first = words.get(1).and_then(|word| meant::alike(commands.iter().copied(), word.to_str()?));
            let is_typed = first.is_some_and(|first| words.get(1).is_some_and(|word| word == first));
            match first {
                Some(command) if is_typed => NoTask::of_command(error, command, &program, language),
                first => NoTask::of(error, first, &program, language),
            }
        })?;
        let folder = args.folder.as_deref().filter(|folder| !folder.exists()).and_then(Path::to_str);
        if let Some((folder, meant)) =
            folder.and_then(|typed| Some((typed, meant::instead_of_folder(typed, &commands)?)))
        {
            return Err(NoTask::instead_of_folder(folder, &meant, language));
        }
        if let Some(sentence) = contradiction(&args.bind, args.place.port) {
            return Err(NoTask::invalid(&sentence, language));
        }
        match args.command.take() {
            None => Ok(Task::Serve(Box::new(args.config(language)))),
            Some(Command::Lesson { place, shown }) => {
                (args.place, args.shown) = (place, shown);
                Ok(Task::Serve(Box::new(Config { is_lesson: true, ..args.config(language) })))
            }
            Some(Command::Show { file }) => Ok(Task::Show(crate::show::Options { file, language })),
            Some(Command::Lab(lab)) => match lab.nearly() {
                Some((typed, meant)) => Err(NoTask::instead_of_experiment(typed, meant, language)),
                None => Ok(Task::Lab(Box::new(lab.options(language)))),
            },
            Some(Command::Fetch(fetch)) => {
                let options = fetch.options(language);
                let options = options.map_err(|sentence| NoTask::invalid(&sentence, language))?;
                Ok(Task::Fetch(Box::new(options)))
            }
            Some(Command::Help { command }) => {
                if let Some(typed) = command.as_ref().filter(|typed| commands.iter().all(|name| typed != name)) {
                    let typed = typed.to_string_lossy();
                    return Err(NoTask::no_command(&typed, meant::alike(commands.iter().copied(), &typed), language));
                }
                let words = words.first().cloned().into_iter().chain(command).chain(["--help".into()]);
                let lang = ["--lang".into(), language.tag().into()];
                Self::read(words.chain(lang).collect::<Vec<OsString>>())
            }
        }
    }
}

/// What `--lang` says, also in a command line that is invalid elsewhere.
fn asked_language(words: &[OsString]) -> Option<Language> {
    let options: Vec<_> = words.iter().take_while(|word| *word != "--").filter_map(|word| word.to_str()).collect();
    let apart = options.windows(2).find_map(|pair| (pair[0] == "--lang").then_some(pair[1]));
    let joined = || options.iter().find_map(|word| word.strip_prefix("--lang="));
    apart.or_else(joined).and_then(Language::of_tag)
}
