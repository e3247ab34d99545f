//! What can go wrong, by the exit code that tells it apart in a script.

use super::lookup_error::LookupError;
use crate::http::client::response_error::ResponseError;
use serde::Serialize;
use std::fmt;

/// Why a fetch failed: a kind, and a sentence for people.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Failure {
    /// The kind.
    pub kind: Kind,
    /// The sentence.
    pub sentence: String,
}

/// Kinds of failure, each with an exit code of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Something of this machine: a file, standard output, a socket.
    Local,
    /// What was asked for can't be asked.
    Usage,
    /// The name has no address.
    Name,
    /// Nobody listens there.
    Refused,
    /// There is no way there.
    Unreachable,
    /// Nothing came in time.
    TimedOut,
    /// The other end reset the connection.
    Reset,
    /// The response can't be understood.
    Malformed,
    /// The response did not come whole, or not at all.
    CutShort,
    /// The response's status says that it failed, and that counts.
    Status,
    /// A redirect that is not followed: too many, another scheme.
    Redirect,
    /// Ctrl-C.
    Interrupted,
}

impl Kind {
    /// The program's exit code.
    pub fn exit_code(self) -> u8 {
        match self {
            Self::Local => 1,
            Self::Usage => 2,
            Self::Name => 3,
            Self::Refused => 4,
            Self::Unreachable => 5,
            Self::TimedOut => 6,
            Self::Reset => 7,
            Self::Malformed => 8,
            Self::CutShort => 9,
            Self::Status => 10,
            Self::Redirect => 11,
            Self::Interrupted => 130,
        }
    }
}

impl Failure {
    /// A failure of this kind.
    pub fn new(kind: Kind, sentence: impl Into<String>) -> Self {
        Self { kind, sentence: sentence.into() }
    }
}

impl From<&LookupError> for Failure {
    fn from(error: &LookupError) -> Self {
        Self::new(Kind::Name, error.to_string())
    }
}

impl From<ResponseError> for Failure {
    fn from(error: ResponseError) -> Self {
        let kind = match error {
            ResponseError::NoResponse
            | ResponseError::KeptConnectionEnded
            | ResponseError::HeadCutShort
            | ResponseError::BodyCutShort { .. }
            | ResponseError::ChunksCutShort { .. } => Kind::CutShort,
            ResponseError::NoResponseInTime
            | ResponseError::HeadTimedOut
            | ResponseError::BodyTimedOut { .. }
            | ResponseError::SendTimedOut => Kind::TimedOut,
            ResponseError::ResetBeforeResponse | ResponseError::ResetInHead | ResponseError::ResetInBody { .. } => {
                Kind::Reset
            }
            _ => Kind::Malformed,
        };
        Self::new(kind, error.to_string())
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.sentence)
    }
}

impl std::error::Error for Failure {}
