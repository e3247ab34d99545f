//! What a segment is, in the light of those before it.

use arrayvec::ArrayVec;
use serde::{Deserialize, Serialize};

/// A sequence number relative to the initial one: the SYN is 0, the first byte
/// 1. Where no SYN was seen, the first number seen is 1 by agreement.
pub type Relative = i64;

/// The most facts about one segment.
pub const MOST_FACTS: usize = 12;

/// What a segment is, in the light of what was seen before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "fact", rename_all = "snake_case")]
#[non_exhaustive]
pub enum Fact {
    /// All of it had been seen before: sent again.
    Again,
    /// Its first bytes had been seen before, its last had not.
    PartlyAgain {
        /// How many had been.
        bytes: u64,
    },
    /// It begins behind bytes that have not been seen here, or not yet.
    BehindGap {
        /// How many are missing right before it.
        bytes: u64,
    },
    /// It fills a gap: overtaken on its way, or sent again after a first copy
    /// was lost before it could be seen here.
    FillsGap,
    /// So long ago that what was seen then is no longer remembered.
    Forgotten,
    /// A duplicate acknowledgment by RFC 5681 §2.
    DuplicateAck {
        /// How many for this number, this one included.
        number: u32,
    },
    /// It acknowledges bytes that were not seen here: they passed unseen.
    AcknowledgesUnseen {
        /// How many.
        bytes: u64,
    },
    /// It reports by SACK what arrived behind a gap (RFC 2018).
    ReportsGap {
        /// From which byte, in the numbers of the other end, what arrived begins.
        from: Relative,
        /// The last byte that arrived.
        to: Relative,
    },
    /// It reports by D-SACK that something arrived twice (RFC 2883).
    ReportsDuplicate {
        /// The first byte.
        from: Relative,
        /// The last byte.
        to: Relative,
    },
    /// Its window is 0, and the one before was not.
    WindowClosed,
    /// Its window is 0, as the one before.
    WindowStillClosed,
    /// Its window is more than 0, and the one before was 0.
    WindowOpened,
    /// It asks whether the other end's closed window has opened (RFC 9293 §3.8.6.1).
    WindowProbe,
    /// It ends right where the other end's window does.
    FillsWindow,
    /// It ends beyond the other end's window.
    BeyondWindow {
        /// By how many bytes.
        bytes: u64,
    },
    /// It asks whether the other end is still there (RFC 9293 §3.8.4).
    KeepAliveProbe,
    /// It acknowledges the other end's SYN, for the first time.
    AcknowledgesSyn,
    /// It acknowledges the other end's FIN, for the first time.
    AcknowledgesFin,
    /// Its FIN rides on data.
    FinWithData,
}

/// What is known of one segment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Seen {
    /// Its sequence number.
    pub sequence: Relative,
    /// Its acknowledgment number, if it has one.
    pub acknowledgment: Option<Relative>,
    /// Its window in bytes; `None` while the scale is not known because no SYN was seen.
    pub window: Option<u64>,
    /// What it is.
    pub facts: ArrayVec<Fact, MOST_FACTS>,
}
