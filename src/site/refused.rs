//! What is said where nothing can be served.

use super::root::Refusal;
use crate::handler::{Refused, Response};
use crate::http::message::StatusCode;

/// The response that says why.
pub(super) fn refused(refusal: Refusal) -> Response {
    match refusal {
        Refusal::NotFound => Response::error(StatusCode::NOT_FOUND, "Nothing is served at this address."),
        Refusal::NoRoot => {
            let sentence = "The folder that is served here is missing: it was removed or moved, or is just being made.";
            Response::error(StatusCode::SERVICE_UNAVAILABLE, sentence).with("Retry-After", "1")
        }
        Refusal::Forbidden => {
            Response::error(StatusCode::FORBIDDEN, "The file's permissions do not let this server read it.")
        }
        Refusal::Exhausted => {
            let sentence = "The server is out of file descriptors or memory for now: try again in a moment.";
            Response::error(StatusCode::SERVICE_UNAVAILABLE, sentence).with("Retry-After", "1")
        }
        Refusal::NoRoom => {
            let sentence = "The memory that the server may take for pages like this is taken: try again in a moment.";
            Response::error(StatusCode::SERVICE_UNAVAILABLE, sentence)
                .with("Retry-After", "1")
                .refusing(Refused::NoRoom)
        }
        Refusal::TooLarge => {
            let sentence = "This folder has more names than one listing may hold.";
            Response::error(StatusCode::INTERNAL_SERVER_ERROR, sentence)
        }
        Refusal::Failed | Refusal::Elsewhere => {
            Response::error(StatusCode::INTERNAL_SERVER_ERROR, "The server's file system could not read the file.")
        }
    }
}
