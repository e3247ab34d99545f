//! The words of a language.

use super::english::ENGLISH;
use super::korean::KOREAN;
use super::phrases::Phrases;
use crate::language::Language;

pub(super) fn of(language: Language) -> &'static Phrases {
    match language {
        Language::English => &ENGLISH,
        Language::Korean => &KOREAN,
    }
}
