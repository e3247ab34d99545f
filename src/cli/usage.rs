//! Why a command line starts nothing: it asks for help, or it is invalid, which is
//! one line that says what was typed, what it is not, and what was probably meant.

use super::meant;
use crate::escape;
use crate::language::sentence::say;
use crate::language::{Language, Sentence};
use clap::error::{ContextKind, ContextValue, ErrorKind};
use std::error::Error;
use std::fmt;

/// Why there is nothing to do.
#[derive(Debug)]
pub enum NoTask {
    /// Help or the version was asked for: [`clap::Error::print`] shows it.
    Shown(Box<clap::Error>),
    /// It is invalid, in a sentence.
    Invalid(String, Language),
}

impl NoTask {
    /// What clap found in what was typed behind this command.
    pub(super) fn of_command(error: clap::Error, command: &str, program: &clap::Command, language: Language) -> Self {
        if is_one_too_many(&error) {
            let what = sentence(&error, language);
            let text = say!(language, "{}; see glasshttp {} --help" / "{}. 도움말: glasshttp {} --help", what, command);
            return Self::Invalid(text, language);
        }
        Self::of(error, None, program, language)
    }

    /// What clap found; `command`: what the first word may have been meant to be.
    pub(super) fn of(error: clap::Error, command: Option<&str>, program: &clap::Command, language: Language) -> Self {
        if matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion) {
            return Self::Shown(Box::new(error));
        }
        let sentence = sentence(&error, language);
        let of_command = || command.filter(|_| is_one_too_many(&error)).map(|name| format!("glasshttp {name}"));
        let sentence = match meant_elsewhere(&error, program).or_else(|| suggested(&error)).or_else(of_command) {
            Some(meant) => did_you_mean(&sentence, &meant, language),
            None => or_help(&sentence, language),
        };
        Self::Invalid(sentence, language)
    }

    /// The folder to serve does not exist, and looks like something else.
    pub(super) fn instead_of_folder(folder: &str, meant: &str, language: Language) -> Self {
        let what = say!(language, "there is no folder {}" / "{} 폴더가 없습니다", escape::terminal(folder));
        Self::Invalid(did_you_mean(&what, meant, language), language)
    }

    /// There is no command of this name to help with.
    pub(super) fn no_command(typed: &str, meant: Option<&str>, language: Language) -> Self {
        let what = say!(language, "there is no command {}" / "없는 명령입니다: {}", quoted(&escape::terminal(typed)));
        let sentence = match meant {
            Some(meant) => did_you_mean(&what, &format!("glasshttp help {meant}"), language),
            None => or_help(&what, language),
        };
        Self::Invalid(sentence, language)
    }

    /// There is no such experiment, and one of nearly this name.
    pub(super) fn instead_of_experiment(typed: &str, meant: &str, language: Language) -> Self {
        let typed = escape::terminal(typed);
        let what = say!(language, "there is no experiment {}" / "없는 실험입니다: {}", typed);
        Self::Invalid(did_you_mean(&what, &format!("glasshttp lab {meant}"), language), language)
    }

    /// What can't be meant together.
    pub(super) fn invalid(sentence: &Sentence, language: Language) -> Self {
        Self::Invalid(or_help(sentence.of(language), language), language)
    }
}

/// What is wrong, and what was probably meant.
fn did_you_mean(what: &str, meant: &str, language: Language) -> String {
    say!(language, "{}; did you mean {}?" / "{}. 혹시 {}인가요?", what, meant)
}

/// What is wrong, and where more is said.
fn or_help(what: &str, language: Language) -> String {
    say!(language, "{}; see --help" / "{}. 도움말: --help", what)
}

/// What is wrong with a value, in a sentence that names it.
#[derive(Clone, Debug)]
pub(super) struct Named(pub(super) Sentence);

impl fmt::Display for Named {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl Error for Named {}

impl fmt::Display for NoTask {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Shown(error) => error.fmt(f),
            Self::Invalid(sentence, _) => f.write_str(sentence),
        }
    }
}

/// An option of another command, with that command.
fn meant_elsewhere(error: &clap::Error, program: &clap::Command) -> Option<String> {
    let typed = of(error, ContextKind::InvalidArg);
    let name = typed.strip_prefix("--").filter(|_| error.kind() == ErrorKind::UnknownArgument)?;
    let has = |command: &&clap::Command| command.get_arguments().any(|argument| argument.get_long() == Some(name));
    if has(&program) {
        return Some(format!("glasshttp {typed}"));
    }
    program.get_subcommands().find(has).map(|command| format!("glasshttp {} {typed}", command.get_name()))
}

/// What was probably meant: as clap finds it, or by what other programs call it.
fn suggested(error: &clap::Error) -> Option<String> {
    let (typed, like) = match error.kind() {
        ErrorKind::UnknownArgument => (ContextKind::InvalidArg, ContextKind::SuggestedArg),
        _ => (ContextKind::InvalidValue, ContextKind::SuggestedValue),
    };
    let (typed, like) = (of(error, typed), of(error, like));
    meant::elsewhere(&typed).or_else(|| meant::alike([like.as_str()], &typed)).map(str::to_owned)
}

fn sentence(error: &clap::Error, language: Language) -> String {
    let (argument, value) = (of(error, ContextKind::InvalidArg), of(error, ContextKind::InvalidValue));
    if let Some(Named(why)) = error.source().and_then(|source| source.downcast_ref()) {
        return why.of(language).to_owned();
    }
    let argument = if argument.is_empty() { of(error, ContextKind::InvalidSubcommand) } else { argument };
    let own = error.source().and_then(|source| source.downcast_ref::<Sentence>());
    // A positional argument is called by its value alone.
    let typed = match (argument.split(' ').next(), quoted(&value)) {
        (Some(option), value) if option.starts_with('-') => format!("{option} {value}"),
        (_, value) => value,
    };
    match (error.kind(), own) {
        (ErrorKind::ValueValidation, Some(why)) => format!("{typed}: {}", why.of(language)),
        (ErrorKind::ValueValidation, None) => {
            let why = |language| match language {
                Language::English => error.source().map(ToString::to_string).unwrap_or_default(),
                Language::Korean => "쓸 수 없는 값입니다".to_owned(),
            };
            format!("{typed}: {}", why(language))
        }
        (ErrorKind::InvalidValue, _) if !value.is_empty() => {
            let values = of(error, ContextKind::ValidValue);
            say!(language, "{}: not one of {}" / "{}: 쓸 수 있는 값은 {}입니다", typed, values)
        }
        (ErrorKind::UnknownArgument, _) if argument.starts_with('-') => {
            say!(language, "there is no option {}" / "없는 옵션입니다: {}", argument)
        }
        _ if is_one_too_many(error) => {
            say!(language, "unexpected argument {}" / "쓸 수 없는 인자입니다: {}", argument)
        }
        (kind, _) => match language {
            Language::English => first_paragraph(error),
            Language::Korean => korean(kind, error, &argument, &value),
        },
    }
}

/// A word behind the folder, which clap takes for a command that can't be there.
fn is_one_too_many(error: &clap::Error) -> bool {
    match error.kind() {
        ErrorKind::UnknownArgument => !of(error, ContextKind::InvalidArg).starts_with('-'),
        // Options are named beside the folder, where there are some.
        ErrorKind::ArgumentConflict => of(error, ContextKind::PriorArg).split(", ").any(|prior| prior == "[DIR]"),
        _ => false,
    }
}

/// As it would be typed, where that is to be seen.
fn quoted(value: &str) -> String {
    if value.is_empty() || value.contains(char::is_whitespace) { format!("'{value}'") } else { value.to_owned() }
}

/// clap's own words, on one line.
fn first_paragraph(error: &clap::Error) -> String {
    let text = error.to_string();
    let lines: Vec<&str> = text.lines().take_while(|line| !line.is_empty()).map(str::trim).collect();
    let line = lines.join(" ");
    line.strip_prefix("error: ").unwrap_or(&line).to_owned()
}

fn korean(kind: ErrorKind, error: &clap::Error, argument: &str, value: &str) -> String {
    match kind {
        ErrorKind::InvalidValue => format!("'{argument}'에 값이 필요합니다"),
        ErrorKind::ArgumentConflict => {
            let other = of(error, ContextKind::PriorArg);
            match other.is_empty() || other == argument {
                true => format!("'{argument}'은(는) 한 번만 쓸 수 있습니다"),
                false => format!("'{argument}'은(는) '{other}'과(와) 함께 쓸 수 없습니다"),
            }
        }
        ErrorKind::MissingRequiredArgument => format!("필요한 인자가 빠졌습니다: {argument}"),
        ErrorKind::TooManyValues => format!("'{argument}'에 값이 너무 많습니다: '{value}'"),
        ErrorKind::TooFewValues | ErrorKind::WrongNumberOfValues => format!("'{argument}'에 값이 더 필요합니다"),
        ErrorKind::NoEquals => format!("'{argument}'의 값 앞에는 =를 쓰세요"),
        ErrorKind::InvalidUtf8 => "UTF-8이 아닌 글자가 있는 인자입니다".to_owned(),
        _ => "잘못된 명령줄입니다".to_owned(),
    }
}

/// What clap knows of this kind, as text.
fn of(error: &clap::Error, kind: ContextKind) -> String {
    match error.get(kind) {
        Some(ContextValue::String(text)) => escape::terminal(text),
        Some(ContextValue::Strings(texts)) => escape::terminal(&texts.join(", ")),
        _ => String::new(),
    }
}
