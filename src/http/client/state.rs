//! The states of a client's machine, as its drawing has them.

use super::ending::Ending;
use crate::http::chunked::Decoder;

#[derive(Clone, Copy, Debug, Default)]
pub(super) enum State {
    #[default]
    Idle,
    Head,
    Body {
        body: Body,
        then: Option<Ending>,
    },
    Drain {
        left: u64,
        ending: Ending,
    },
    Closed(Ending),
}

#[derive(Clone, Copy, Debug)]
pub(super) enum Body {
    Length {
        promised: u64,
        left: u64,
    },
    Chunked(Decoder),
    Trailer,
    /// `ended`: the server has already closed, the caller holds all there is.
    UntilClose {
        ended: bool,
    },
    /// The same, before [`Received::Bare`] was given.
    BareRest,
}
