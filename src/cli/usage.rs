//! Why a command line starts nothing: it asks for help, or it is invalid, which is
//! one line that says what may stand there.

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
    /// What clap found.
    pub(super) fn of(error: clap::Error, language: Language) -> Self {
        match error.kind() {
            ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => Self::Shown(Box::new(error)),
            _ => Self::Invalid(sentence(&error, language), language),
        }
    }

    /// What can't be meant together.
    pub(super) fn invalid(sentence: &Sentence, language: Language) -> Self {
        Self::Invalid(sentence.of(language).to_owned(), language)
    }
}

impl fmt::Display for NoTask {
    /// What is wrong, and where more is said.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Shown(error) => error.fmt(f),
            Self::Invalid(sentence, Language::English) => write!(f, "{sentence}; try --help"),
            Self::Invalid(sentence, Language::Korean) => write!(f, "{sentence}. 도움말: --help"),
        }
    }
}

fn sentence(error: &clap::Error, language: Language) -> String {
    let (argument, value) = (of(error, ContextKind::InvalidArg), of(error, ContextKind::InvalidValue));
    let own = error.source().and_then(|source| source.downcast_ref::<Sentence>());
    match (error.kind(), own) {
        (ErrorKind::ValueValidation, Some(why)) => {
            say!(
                language,
                "invalid value '{}' for '{}': {}" / "'{}'은(는) '{}'의 값이 될 수 없습니다: {}",
                value,
                argument,
                why.of(language)
            )
        }
        (kind, _) => match language {
            Language::English => first_paragraph(error),
            Language::Korean => korean(kind, error, &argument, &value),
        },
    }
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
        ErrorKind::InvalidValue if value.is_empty() => format!("'{argument}'에 값이 필요합니다"),
        ErrorKind::InvalidValue => {
            let values = of(error, ContextKind::ValidValue);
            format!("'{value}'은(는) '{argument}'의 값이 될 수 없습니다. 쓸 수 있는 값: {values}")
        }
        ErrorKind::ValueValidation => format!("'{value}'은(는) '{argument}'의 값이 될 수 없습니다"),
        ErrorKind::UnknownArgument => format!("'{argument}'은(는) 쓸 수 없는 인자입니다"),
        ErrorKind::ArgumentConflict => {
            let other = of(error, ContextKind::PriorArg);
            match other.is_empty() || other == argument {
                true => format!("'{argument}'은(는) 한 번만 쓸 수 있습니다"),
                false => format!("'{argument}'은(는) '{other}'과(와) 함께 쓸 수 없습니다"),
            }
        }
        ErrorKind::MissingRequiredArgument => format!("필요한 인자가 빠졌습니다: {argument}"),
        ErrorKind::TooManyValues => format!("'{argument}'에 '{value}'은(는) 남는 값입니다"),
        ErrorKind::TooFewValues | ErrorKind::WrongNumberOfValues => format!("'{argument}'에 값이 더 필요합니다"),
        ErrorKind::NoEquals => format!("'{argument}'의 값 앞에는 =를 쓰십시오"),
        ErrorKind::InvalidUtf8 => "UTF-8이 아닌 글자가 있는 인자입니다".to_owned(),
        _ => "잘못된 명령줄입니다".to_owned(),
    }
}

/// What clap knows of this kind, as text.
fn of(error: &clap::Error, kind: ContextKind) -> String {
    match error.get(kind) {
        Some(ContextValue::String(text)) => shown(text),
        Some(ContextValue::Strings(texts)) => shown(&texts.join(", ")),
        _ => String::new(),
    }
}

/// What was typed, on one line.
fn shown(text: &str) -> String {
    let escaped = |letter: char| match letter.is_control() {
        true => letter.escape_default().to_string(),
        false => letter.to_string(),
    };
    text.chars().map(escaped).collect()
}
