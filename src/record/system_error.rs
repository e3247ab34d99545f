//! What the system says of a call that failed, in each language.

use crate::language::{Language, Sentence, cause};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;
use std::io;

/// An error of a system call. Saved, it is its number, or words where it has none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SystemError {
    said: Sentence,
    number: Option<i32>,
}

impl SystemError {
    /// The system's number for it, where it has one.
    pub(super) fn number(&self) -> Option<i32> {
        self.number
    }

    /// The error in words.
    pub fn said(&self, language: Language) -> String {
        self.said.of(language).to_owned()
    }
}

impl From<&io::Error> for SystemError {
    fn from(error: &io::Error) -> Self {
        let mut en = cause(error, Language::English);
        if let Some(number) = error.raw_os_error() {
            // std writes the number behind the words, which says nothing to people.
            let behind = format!(" (os error {number})");
            en.truncate(en.strip_suffix(&behind).map_or(en.len(), str::len));
        }
        Self { said: Sentence { en, ko: cause(error, Language::Korean) }, number: error.raw_os_error() }
    }
}

impl From<io::Error> for SystemError {
    fn from(error: io::Error) -> Self {
        Self::from(&error)
    }
}

impl fmt::Display for SystemError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.said.fmt(f)
    }
}

/// How it is saved.
#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum SavedError {
    Number(i32),
    Words(String),
}

impl Serialize for SystemError {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.number.map_or_else(|| SavedError::Words(self.said.en.clone()), SavedError::Number).serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for SystemError {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(match SavedError::deserialize(deserializer)? {
            SavedError::Number(number) => io::Error::from_raw_os_error(number).into(),
            SavedError::Words(en) => Self { said: Sentence { ko: en.clone(), en }, number: None },
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rustix::io::Errno;

    #[test]
    fn the_number_is_left_out() {
        let error = SystemError::from(&io::Error::from(Errno::NOENT));
        assert_eq!(error.said(Language::English), "No such file or directory");
        assert_eq!(error.said(Language::Korean), "그런 파일이나 폴더가 없습니다");
        assert_eq!(SystemError::from(&io::Error::other("odd")).to_string(), "odd");
    }
}
