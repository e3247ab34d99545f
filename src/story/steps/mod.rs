//! The one derivation: what happened, as ordered steps. The terminal of the
//! server and of `fetch`, the live page and `show` lay these out, and add nothing.
//!
//! ```text
//!   the server's record:    handshake ─▶ exchanges ─▶ close, segments   ┐
//!   the client's record:    name ─▶ connect ─▶ exchange ─▶ close        ├─▶ in the order of cause and time
//!   both, on one clock:     the two, merged                             ┘
//! ```
//!
//! A step is a function of the record's figures: an arrow stands for a segment
//! that a fact carries, what no fact carries is a note that says why. Where
//! packets were captured, arrows are those, and calls are events.

mod body;
mod client;
mod ending;
mod exchange;
mod handshake;
mod head;
mod joined;
mod order;
mod phrase;
mod roles;
mod say;
mod segments;
mod server;
mod step;
#[cfg(test)]
mod tests;
mod unix;

pub(crate) use exchange::request_line;
pub(crate) use handshake::waited_in_queue;
pub(crate) use order::queued_since;
pub(crate) use roles::is_pipelined;
pub(crate) use step::how;
pub use step::{Bound, Direction, Kind, Known, Place, SegmentFigures, Step, Tone};

use crate::language::Language;
use crate::record::connection::Record;
use crate::record::transfer::{FetchRecord, Transfer};
pub(crate) use say::{count, say};

/// The steps of a connection as the server recorded it, in order, in this language.
pub fn steps(record: &Record, language: Language) -> Vec<Step> {
    server::steps(record, None, language)
}

/// The steps of a transfer as the client recorded it, with the server's half
/// between them where that is there; `before`: the run so far.
pub fn of_transfer(transfer: &Transfer, before: &FetchRecord, language: Language) -> Vec<Step> {
    joined::steps(transfer, before, language)
}
