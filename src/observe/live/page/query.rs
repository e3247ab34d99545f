//! What follows `?` in an address of the live page: names and values.

use crate::language::Language;
use crate::record::secrets::Secrets;

/// A query.
#[derive(Clone, Copy, Debug)]
pub(super) struct Query<'a>(pub(super) &'a str);

impl<'a> Query<'a> {
    /// The first value of this name.
    pub(super) fn get(self, name: &str) -> Option<&'a str> {
        self.0.split('&').find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='))
    }

    /// The language that is asked for.
    pub(super) fn language(self) -> Option<Language> {
        match self.get("lang")? {
            "ko" => Some(Language::Korean),
            "en" => Some(Language::English),
            _ => None,
        }
    }

    /// Whether secrets are asked for: they are withheld unless they are.
    pub(super) fn secrets(self) -> Secrets {
        if self.get("secrets") == Some("shown") { Secrets::Shown } else { Secrets::Withheld }
    }
}
