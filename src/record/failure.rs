//! What can go wrong with a fetch: values with a code, sentences last.

mod code;
mod english;
mod faults;
mod kept_part;
mod kind;
mod korean;
mod lookup;
mod no_path;
mod response;
mod variants;
mod withheld;

use super::lookup_error::LookupError;
use crate::http::client::response_error::ResponseError;
use crate::language::Language;
pub use faults::{ConnectFault, FileFault, RangeFault, UrlFault};
pub use kept_part::KeptPart;
pub use kind::FailureKind;
use serde::ser::SerializeStruct;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;
pub use variants::Failure;

impl Failure {
    /// The kind.
    pub fn kind(&self) -> FailureKind {
        match self {
            Self::Interrupted | Self::NotBegun { .. } | Self::Lookup(LookupError::Interrupted { .. }) => {
                FailureKind::Interrupted
            }
            Self::Url { .. } | Self::Request(_) => FailureKind::Usage,
            Self::Lookup(_) | Self::NoAddress { .. } | Self::NoInterface { .. } => FailureKind::Name,
            Self::Connect { fault, .. } => fault.kind(),
            Self::Response(error) => response::kind(*error),
            Self::Status { .. } => FailureKind::Status,
            Self::Redirect { .. } | Self::LostRedirect { .. } | Self::TooManyRedirects { .. } => FailureKind::Redirect,
            Self::Range { fault, .. } | Self::Partial { fault } => fault.kind(),
            Self::RangeSurplus => FailureKind::Malformed,
            Self::RangeEndsEarly { .. }
            | Self::RangeIsPart { .. }
            | Self::RangeWithoutTotal
            | Self::ShorterThanPart
            | Self::EmptyPart => FailureKind::CutShort,
            Self::File { .. } | Self::Stdout(_) | Self::StdoutClosed => FailureKind::Local,
        }
    }

    /// The name by which programs know it.
    pub fn code(&self) -> &'static str {
        code::of(self)
    }

    /// The failure as a sentence.
    pub fn sentence(&self, language: Language) -> String {
        match language {
            Language::English => english::sentence(self),
            Language::Korean => korean::sentence(self),
        }
    }

    /// Whether its sentence names what was being fetched.
    fn names_its_url(&self) -> bool {
        matches!(self, Self::Status { .. } | Self::Url { .. } | Self::NotBegun { .. })
    }
}

impl From<&LookupError> for Failure {
    fn from(error: &LookupError) -> Self {
        Self::Lookup(error.clone())
    }
}

impl From<ResponseError> for Failure {
    fn from(error: ResponseError) -> Self {
        Self::Response(error)
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.sentence(Language::English))
    }
}

impl std::error::Error for Failure {}

/// A failure, and what it leaves behind.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Failed {
    /// Why.
    pub failure: Failure,
    /// What was being fetched, where that is to be said.
    pub url: Option<String>,
    /// What came, and where it is kept.
    pub part: Option<KeptPart>,
}

impl Failed {
    /// A failure that leaves nothing behind. What others chose of its text is without secrets from here on.
    pub fn new(failure: Failure) -> Self {
        Self { failure: withheld::withheld(failure), url: None, part: None }
    }

    /// All of it, in one line.
    pub fn sentence(&self, language: Language) -> String {
        let mut line = String::new();
        if let Some(url) = self.url.as_ref().filter(|_| !self.failure.names_its_url()) {
            line = format!("{url}: ");
        }
        line += &self.failure.sentence(language);
        // Where the part could not be used, its sentence says so already.
        if let Some(part) = self.part.as_ref().filter(|_| !matches!(self.failure, Failure::Range { .. })) {
            line += &match language {
                Language::English => english::kept(part),
                Language::Korean => korean::kept(part),
            };
        }
        line
    }
}

impl Serialize for Failed {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut object = serializer.serialize_struct("Failed", 5)?;
        object.serialize_field("kind", &self.failure.kind())?;
        object.serialize_field("code", self.failure.code())?;
        object.serialize_field("sentence", &Self { url: None, ..self.clone() }.sentence(Language::English))?;
        object.serialize_field("facts", &self.failure)?;
        object.serialize_field("part", &self.part)?;
        object.end()
    }
}

impl<'de> Deserialize<'de> for Failed {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let Facts { facts, part } = Facts::deserialize(deserializer)?;
        Ok(Self { failure: facts, url: None, part })
    }
}

/// What the sentence is made from.
#[derive(Deserialize)]
struct Facts {
    facts: Failure,
    part: Option<KeptPart>,
}

#[cfg(test)]
mod tests;
