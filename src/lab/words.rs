//! What is said, in both languages at once, so that neither is forgotten.

use crate::language::Language;

/// The same in both languages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Text {
    pub(super) en: &'static str,
    pub(super) ko: &'static str,
}

/// Both at compile time.
pub(super) const fn text(en: &'static str, ko: &'static str) -> Text {
    Text { en, ko }
}

/// The same with figures in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Sentence {
    pub(super) en: String,
    pub(super) ko: String,
}

impl<T: Into<String>> From<T> for Sentence {
    /// What is the same in both: a call, a number.
    fn from(text: T) -> Self {
        let en = text.into();
        Self { ko: en.clone(), en }
    }
}

impl Sentence {
    pub(super) fn of(&self, language: Language) -> &str {
        match language {
            Language::English => &self.en,
            Language::Korean => &self.ko,
        }
    }
}

/// `both!("{n} bytes", "{n}바이트")`: a [`Sentence`].
macro_rules! both {
    ($en:literal, $ko:literal) => {
        $crate::lab::words::Sentence { en: format!($en), ko: format!($ko) }
    };
}
pub(super) use both;

impl Text {
    pub(super) fn of(self, language: Language) -> &'static str {
        match language {
            Language::English => self.en,
            Language::Korean => self.ko,
        }
    }
}
