//! How a connection ended, by whom, and whose port waits.

use super::figure::{Figure, Nanoseconds};
use super::source::Source;
use super::why::Why;
use serde::{Deserialize, Serialize};

/// How a connection ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum How {
    /// Both halves were ended by a FIN, as far as we saw them.
    Fin,
    /// The client reset it.
    ResetByClient,
    /// The server reset it, so that nothing incomplete passes for whole, or by
    /// closing before it had read all that came.
    ResetByServer,
    /// A deadline of the server's passed, and it closed in order.
    Timeout,
    /// Closed in order, on a unix socket, which has no FINs.
    Closed,
    /// Nobody heard: the process that served it was ended, or the report found no room.
    Lost,
}

/// One of the two ends of a connection.
///
/// Exhaustive on purpose: a connection has two ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum End {
    /// Who connected.
    Client,
    /// Who accepted.
    Server,
}

impl End {
    /// Who ended first, by TCP's state at `here` right before this end closed its sending side:
    /// later states don't say it, for LAST_ACK and TIME_WAIT both become CLOSED.
    pub fn first_by_state(here: Self, state: &str) -> Option<Self> {
        let other = match here {
            Self::Client => Self::Server,
            Self::Server => Self::Client,
        };
        match state {
            "CLOSE_WAIT" | "LAST_ACK" => Some(other),
            "ESTABLISHED" | "FIN_WAIT1" | "FIN_WAIT2" => Some(here),
            _ => None,
        }
    }
}

/// A reset, whatever the calls of the end that recorded showed: one that came behind a FIN, too.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Reset {
    /// Who sent it.
    pub by: End,
    /// When it passed, or was found.
    pub at: Figure<Nanoseconds>,
}

/// Who is left with a port in TIME_WAIT.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum TimeWait {
    /// The client: it ended first.
    Client,
    /// The server: it ended first.
    Server,
    /// Both: their FINs crossed (RFC 9293 §3.6, a simultaneous close).
    Both,
    /// Nobody: it was reset.
    Nobody,
}

/// How a connection came to its end, as its segments show it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// Both FINs were acknowledged, and one was an answer to the other.
    InOrder,
    /// Each had left before the other one came.
    Crossed,
    /// One end reset it before that.
    Reset,
    /// They don't show it, or not yet.
    Unseen,
}

impl TimeWait {
    /// Who ends first keeps the port (RFC 9293 §3.6.1), once both FINs have come; a reset leaves nothing.
    /// `missing`: why it is not known that both have.
    pub fn after(how: How, first: &Figure<End>, missing: impl FnOnce() -> Option<Why>) -> Figure<Self> {
        let waits = match (how, first.value()) {
            (How::ResetByClient | How::ResetByServer, _) => {
                return Figure::derived(Self::Nobody, Source::ResetLeavesNothing);
            }
            (_, None) => return Figure::not_visible(Why::FirstUnknown),
            (_, Some(End::Client)) => Self::Client,
            (_, Some(End::Server)) => Self::Server,
        };
        missing().map_or(Figure::derived(waits, Source::FirstWaits), Figure::not_visible)
    }

    /// The same by TCP's state at one end right before its socket was closed.
    pub(crate) fn by_state(known: Figure<Self>, state: Option<&str>) -> Figure<Self> {
        match (known, state) {
            (Figure::Derived { from: Source::FirstWaits, .. }, Some("CLOSING")) => {
                Figure::derived(Self::Both, Source::FinsCrossed)
            }
            (known, _) => known,
        }
    }

    /// The same where it has become known otherwise who was `first`, and how it went on after the close.
    pub(crate) fn again(known: Figure<Self>, how: How, first: &Figure<End>, outcome: Outcome) -> Figure<Self> {
        match (known, outcome) {
            (known @ Figure::Measured { value: Self::Both, .. }, _) => known,
            (_, Outcome::Crossed) => Figure::derived(Self::Both, Source::FinsCrossed),
            (known @ Figure::Measured { .. }, _) => known,
            (_, Outcome::Reset) => Figure::derived(Self::Nobody, Source::ResetLeavesNothing),
            (_, Outcome::InOrder) | (Figure::Derived { from: Source::FirstWaits, .. }, _) => {
                Self::after(how, first, || None)
            }
            (known, Outcome::Unseen) => known,
        }
    }
}
