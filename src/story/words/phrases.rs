//! What the story says, whatever the language: a language is a value of
//! [`Phrases`], and nothing else.
//!
//! `{0}`, `{1}` and so on stand for figures. Where a phrase has two forms, the
//! first is for one of a thing, the second for any other number.

use crate::language::Language;

/// One language. Labels are seven columns wide at most.
#[derive(Debug)]
pub(crate) struct Phrases {
    pub(crate) language: Language,
    pub(crate) legend: &'static str,
    /// Accepted at a time of day.
    pub(crate) accepted: &'static str,
    /// After the number of a connection that was told of before.
    pub(crate) again: &'static str,
    pub(crate) labels: Labels,
    pub(crate) handshake: HandshakePhrases,
    pub(crate) exchange: ExchangePhrases,
    pub(crate) end: EndPhrases,
    pub(crate) left_out: LeftOutPhrases,
    /// Figures, and why they are not visible.
    pub(crate) not_visible: &'static str,
    pub(crate) names: Names,
}

#[derive(Debug)]
pub(crate) struct Labels {
    pub(crate) accept: &'static str,
    pub(crate) read: &'static str,
    pub(crate) answer: &'static str,
    pub(crate) sent: &'static str,
    pub(crate) kept: &'static str,
    pub(crate) open: &'static str,
    pub(crate) silent: &'static str,
    pub(crate) closed: &'static str,
    pub(crate) timeout: &'static str,
    pub(crate) lost: &'static str,
}

#[derive(Debug)]
pub(crate) struct HandshakePhrases {
    pub(crate) sequence: &'static str,
    pub(crate) acknowledges: &'static str,
    pub(crate) mss: &'static str,
    pub(crate) window_scale: &'static str,
    pub(crate) ttl: &'static str,
    pub(crate) hop_limit: &'static str,
    /// The server's sequence number, without a capture.
    pub(crate) no_server_sequence: &'static str,
    pub(crate) complete: &'static str,
    pub(crate) rtt: &'static str,
    pub(crate) queued: &'static str,
    pub(crate) queued_hardly: &'static str,
    pub(crate) queue: &'static str,
}

#[derive(Debug)]
pub(crate) struct ExchangePhrases {
    /// The second request and later ones, by number.
    pub(crate) request: &'static str,
    pub(crate) no_line: &'static str,
    pub(crate) first_octets: &'static str,
    pub(crate) head_complete: &'static str,
    pub(crate) head_incomplete: &'static str,
    pub(crate) head: &'static str,
    pub(crate) body: &'static str,
    pub(crate) head_and_body: &'static str,
    pub(crate) reads: [&'static str; 2],
    pub(crate) writes: [&'static str; 2],
    pub(crate) octets: [&'static str; 2],
    /// The resource that the answer was made from.
    pub(crate) from: &'static str,
    pub(crate) bare: &'static str,
    pub(crate) slow: &'static str,
    pub(crate) acknowledged: &'static str,
    pub(crate) more: [&'static str; 2],
    pub(crate) kept: &'static str,
    pub(crate) not_closed: &'static str,
    pub(crate) silent: &'static str,
}

#[derive(Debug)]
pub(crate) struct EndPhrases {
    pub(crate) client: &'static str,
    /// Before the server had written all.
    pub(crate) client_half: &'static str,
    pub(crate) server: &'static str,
    /// close(2) alone, which ends what was not ended before.
    pub(crate) server_close: &'static str,
    pub(crate) reset_by_client: &'static str,
    pub(crate) reset_by_server: &'static str,
    /// After who was the first to end; with a place for the mark.
    pub(crate) first: &'static str,
    pub(crate) rtt: &'static str,
    pub(crate) nothing_again: &'static str,
    pub(crate) again: [&'static str; 2],
    /// TIME-WAIT is the client's, the server's, nobody's.
    pub(crate) time_wait: [&'static str; 3],
}

#[derive(Debug)]
pub(crate) struct LeftOutPhrases {
    /// What was left out in the last second.
    pub(crate) line: &'static str,
    pub(crate) connections: [&'static str; 2],
    pub(crate) exchanges: [&'static str; 2],
    pub(crate) reports: [&'static str; 2],
}

/// What figures are called where they are missing.
#[derive(Debug)]
pub(crate) struct Names {
    pub(crate) queued: &'static str,
    pub(crate) queue: &'static str,
    pub(crate) rtt: &'static str,
    pub(crate) arrived: &'static str,
    pub(crate) first_read: &'static str,
    pub(crate) head_complete: &'static str,
    pub(crate) answer_chosen: &'static str,
    pub(crate) first_write: &'static str,
    pub(crate) last_write: &'static str,
    pub(crate) acknowledged: &'static str,
    pub(crate) traffic: &'static str,
    pub(crate) close: &'static str,
    pub(crate) first: &'static str,
    pub(crate) client_end: &'static str,
    pub(crate) server_end: &'static str,
    pub(crate) tcp: &'static str,
    pub(crate) time_wait: &'static str,
}
