//! What is said, in both languages at once, so that neither is forgotten.

use super::spoken::Language;
use std::fmt;

/// The same in both languages.
///
/// Exhaustive on purpose: nobody forgets a language.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Text {
    /// In English.
    pub en: &'static str,
    /// In Korean.
    pub ko: &'static str,
}

/// Both at compile time.
pub const fn text(en: &'static str, ko: &'static str) -> Text {
    Text { en, ko }
}

impl Text {
    /// In this language.
    pub fn of(self, language: Language) -> &'static str {
        match language {
            Language::English => self.en,
            Language::Korean => self.ko,
        }
    }
}

/// What stands before a failure's line.
pub const ERROR: Text = text("error:", "오류:");

/// The same with figures in it. As an error it can be the cause of another one,
/// and still be said in each language.
///
/// Exhaustive on purpose: nobody forgets a language.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sentence {
    /// In English.
    pub en: String,
    /// In Korean.
    pub ko: String,
}

impl Sentence {
    /// In this language.
    pub fn of(&self, language: Language) -> &str {
        match language {
            Language::English => &self.en,
            Language::Korean => &self.ko,
        }
    }
}

impl<T: Into<String>> From<T> for Sentence {
    /// What is the same in both: a call, a number.
    fn from(text: T) -> Self {
        let en = text.into();
        Self { ko: en.clone(), en }
    }
}

impl fmt::Display for Sentence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.en)
    }
}

impl std::error::Error for Sentence {}

/// `both!("{n} bytes", "{n}바이트")`: a [`Sentence`].
macro_rules! both {
    ($en:literal, $ko:literal $(,)?) => {
        $crate::language::sentence::Sentence { en: format!($en), ko: format!($ko) }
    };
}

/// The text for `language`, with its places filled by the same figures.
macro_rules! say {
    ($language:expr, $english:literal / $korean:literal $(, $figure:expr)* $(,)?) => {
        match $language {
            $crate::language::spoken::Language::English => format!($english $(, $figure)*),
            $crate::language::spoken::Language::Korean => format!($korean $(, $figure)*),
        }
    };
}

pub(crate) use both;
pub(crate) use say;
