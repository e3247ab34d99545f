//! No more comes of a response that is not whole: what that is called, by what had come.

use super::response_error::ResponseError;
use super::state::Body;
use crate::http::parse::foreign::Foreign;

/// What there is of a response whose head is not whole.
#[derive(Clone, Copy, Debug)]
pub(super) struct HeadSoFar {
    /// It is not HTTP.
    pub(super) is_foreign: bool,
    /// Some of it came.
    pub(super) has_begun: bool,
    /// An interim response came before it.
    pub(super) had_interim: bool,
    /// The connection was kept from an earlier exchange.
    pub(super) is_on_kept: bool,
}

impl HeadSoFar {
    /// The server closed its sending side.
    pub(super) fn cut_short(self) -> ResponseError {
        match self {
            Self { is_foreign: true, .. } => ResponseError::NotHttp(Foreign::Unknown),
            Self { has_begun: true, .. } => ResponseError::HeadCutShort,
            Self { had_interim: true, .. } => ResponseError::NoFinalResponse,
            Self { is_on_kept: true, .. } => ResponseError::KeptConnectionEnded,
            _ => ResponseError::NoResponse,
        }
    }

    /// The deadline passed.
    pub(super) fn timed_out(self) -> ResponseError {
        match self {
            Self { is_foreign: true, .. } => ResponseError::NotHttp(Foreign::Unknown),
            Self { has_begun: true, .. } => ResponseError::HeadTimedOut,
            Self { had_interim: true, .. } => ResponseError::NoFinalResponseInTime,
            _ => ResponseError::NoResponseInTime,
        }
    }

    /// The connection was reset, or its socket failed.
    pub(super) fn reset(self) -> ResponseError {
        match self {
            Self { is_foreign: true, .. } => ResponseError::NotHttp(Foreign::Unknown),
            Self { has_begun: true, .. } => ResponseError::ResetInHead,
            Self { had_interim: true, .. } => ResponseError::ResetBeforeFinalResponse,
            Self { is_on_kept: true, .. } => ResponseError::KeptConnectionReset,
            _ => ResponseError::ResetBeforeResponse,
        }
    }
}

/// The server closed its sending side within this body; `None`: that is how it ends.
pub(super) fn cut_short(body: &Body, received: u64) -> Option<ResponseError> {
    match body {
        Body::Length { promised, .. } => Some(ResponseError::BodyCutShort { promised: *promised, received }),
        Body::Chunked(_) => Some(ResponseError::ChunksCutShort { received }),
        Body::Trailer => Some(ResponseError::TrailerCutShort { received }),
        Body::UntilClose { .. } | Body::BareRest => None,
    }
}
