//! The words of a language.

use super::english::ENGLISH;
use super::korean::KOREAN;
use super::phrases::Phrases;
use crate::language::Language;

impl Language {
    pub(crate) fn phrases(self) -> &'static Phrases {
        match self {
            Self::English => &ENGLISH,
            Self::Korean => &KOREAN,
        }
    }
}
