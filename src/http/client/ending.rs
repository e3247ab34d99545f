//! Why a client's connection ended, and whether it may be used again.

use super::response_error::ResponseError;
use crate::http::message::{ReceivedHead, Version};
use crate::http::persistence::Wish;
use serde::{Deserialize, Serialize};

/// Why a connection ended, from the client's side: each ends for exactly one of these.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Ending {
    /// There was no further request.
    NoMoreRequests,
    /// There was a request, and it was not sent.
    NotSent,
    /// HTTP/0.9 was spoken.
    SimpleRequest,
    /// HTTP/1.0 was spoken, and nothing said of keeping the connection.
    Http10,
    /// The response is HTTP/1.0 and does not say `keep-alive`.
    NotOffered,
    /// We said `Connection: close`.
    WeAskedClose,
    /// The server said `Connection: close`.
    ServerAskedClose,
    /// Our half was closed behind the request.
    HalfClosed,
    /// The body's end was the connection's end.
    UntilClose,
    /// The response's framing contradicts itself (RFC 9112 §6.1).
    DoubtfulFraming,
    /// The whole response came before the request had left.
    #[serde(alias = "answered_early")]
    RespondedEarly,
    /// Bytes came that belong to no response.
    Unasked,
    /// The server closed the connection while nothing was asked.
    ServerClosed,
    /// The connection was reset while nothing was asked.
    Reset,
    /// The caller gave up the response.
    GivenUp,
    /// The response could not be understood, or did not come whole.
    Failed(ResponseError),
}

/// What was asked, as far as it decides the end.
#[derive(Clone, Copy, Debug)]
pub(super) struct Asked {
    pub(super) head_only: bool,
    pub(super) version: Version,
    pub(super) wish: Wish,
    pub(super) half_close: bool,
}

impl Default for Asked {
    fn default() -> Self {
        Self { head_only: false, version: Version::Http10, wish: Wish::Unsaid, half_close: false }
    }
}

/// Why the connection ends after this response; `None`: it may be used again
/// (RFC 9112 §9.3). In order of what outweighs what.
pub(super) fn decide(asked: &Asked, response: &ReceivedHead<'_>) -> Option<Ending> {
    let said = Wish::of(&response.headers);
    match (asked.version, asked.wish) {
        (Version::Http09, _) => Some(Ending::SimpleRequest),
        _ if response.is_doubtful => Some(Ending::DoubtfulFraming),
        _ if asked.half_close => Some(Ending::HalfClosed),
        (_, Wish::Close) => Some(Ending::WeAskedClose),
        // A server that says 1.1 to a request of 1.0 still goes by what was asked.
        (Version::Http10, Wish::Unsaid) => Some(Ending::Http10),
        _ if said == Wish::Close => Some(Ending::ServerAskedClose),
        _ if response.version == Version::Http10 && said == Wish::Unsaid => Some(Ending::NotOffered),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::message::{Field, Framing, Headers, ResponseFraming, StatusCode};

    #[test]
    fn an_older_name_in_a_saved_record_is_read() {
        assert_eq!(serde_json::from_str::<Ending>("\"answered_early\"").ok(), Some(Ending::RespondedEarly));
    }

    #[test]
    fn the_truth_table() {
        use Version::{Http09, Http10, Http11};
        use Wish::{Close, KeepAlive, Unsaid};
        for (version, wish, half_close, response_version, said, is_doubtful, expected) in [
            (Http09, Unsaid, false, Http10, None, false, Some(Ending::SimpleRequest)),
            (Http10, Unsaid, false, Http10, Some("close"), false, Some(Ending::Http10)),
            (Http10, Unsaid, false, Http11, None, false, Some(Ending::Http10)),
            (Http10, KeepAlive, false, Http10, Some("keep-alive"), false, None),
            (Http10, KeepAlive, false, Http10, None, false, Some(Ending::NotOffered)),
            (Http10, KeepAlive, false, Http11, None, false, None),
            (Http10, KeepAlive, false, Http11, Some("close"), false, Some(Ending::ServerAskedClose)),
            (Http11, Unsaid, false, Http11, None, false, None),
            (Http11, Unsaid, false, Http10, Some("keep-alive"), false, None),
            (Http11, Unsaid, false, Http10, None, false, Some(Ending::NotOffered)),
            (Http11, Close, false, Http11, None, false, Some(Ending::WeAskedClose)),
            (Http11, Unsaid, true, Http11, None, false, Some(Ending::HalfClosed)),
            (Http11, Unsaid, false, Http11, None, true, Some(Ending::DoubtfulFraming)),
        ] {
            let fields: Vec<Field<'_>> =
                said.iter().map(|said| Field { name: "Connection", value: said.as_bytes() }).collect();
            let response = ReceivedHead {
                line: b"",
                version: response_version,
                status: StatusCode::OK,
                headers: Headers::new(&fields),
                framing: ResponseFraming::Plain(Framing::Length(0)),
                dropped: &[],
                is_doubtful,
            };
            let asked = Asked { head_only: false, version, wish, half_close };
            assert_eq!(decide(&asked, &response), expected, "{asked:?} {response:?}");
        }
    }
}
