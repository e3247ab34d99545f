//! What the story of a fetch says, whatever the language: see
//! [`crate::story::words`], whose rules hold here too.

use crate::language::Language;

/// One language. Labels are seven columns wide at most.
pub(super) struct Phrases {
    pub(super) language: Language,
    pub(super) legend: &'static str,
    pub(super) labels: Labels,
    pub(super) name: NamePhrases,
    pub(super) connect: ConnectPhrases,
    pub(super) exchange: ExchangePhrases,
    pub(super) body: BodyPhrases,
    pub(super) end: EndPhrases,
    pub(super) joined: JoinedPhrases,
    pub(super) not_visible: &'static str,
    /// The server's half, and why it could not be had.
    pub(super) no_server: &'static str,
    /// What the two figures that only the kernel knows are called where they are missing.
    pub(super) names: [&'static str; 2],
    /// Sentences for the reasons of an end, by the reason's name. What is not here is said as the record says it.
    pub(super) reasons: &'static [(&'static str, &'static str)],
}

pub(super) struct Labels {
    pub(super) name: &'static str,
    pub(super) connect: &'static str,
    pub(super) open: &'static str,
    pub(super) refused: &'static str,
    pub(super) timeout: &'static str,
    pub(super) no_way: &'static str,
    pub(super) abandoned: &'static str,
    pub(super) failed: &'static str,
    pub(super) reused: &'static str,
    pub(super) sent: &'static str,
    pub(super) first: &'static str,
    pub(super) response: &'static str,
    pub(super) body: &'static str,
    pub(super) saved: &'static str,
    pub(super) server: &'static str,
    pub(super) next: &'static str,
    pub(super) kept: &'static str,
    pub(super) closed: &'static str,
}

pub(super) struct NamePhrases {
    pub(super) numeric: &'static str,
    pub(super) localhost: &'static str,
    pub(super) not_awaited: &'static str,
    pub(super) hosts: &'static str,
    pub(super) known: &'static str,
    /// The kind and name asked for, the server, the transport, the time, the outcome.
    pub(super) question: &'static str,
    pub(super) retry: &'static str,
    pub(super) no_response: &'static str,
    pub(super) nobody: &'static str,
    pub(super) unreachable: &'static str,
    pub(super) malformed: &'static str,
    pub(super) cut_short: &'static str,
    pub(super) truncated: &'static str,
    pub(super) no_records: &'static str,
    pub(super) ttl: &'static str,
    pub(super) found: &'static str,
    pub(super) not_found: &'static str,
    pub(super) servers_of: &'static str,
    pub(super) tried_as: &'static str,
    pub(super) referral: &'static str,
    pub(super) more: &'static str,
    pub(super) glue: &'static str,
    /// The system resolver's own response, where it differs.
    pub(super) system_says: &'static str,
    pub(super) system_fails: &'static str,
}

pub(super) struct ConnectPhrases {
    pub(super) from_port: &'static str,
    pub(super) open: &'static str,
    pub(super) mss: &'static str,
    pub(super) window_scales: &'static str,
    pub(super) timestamps: &'static str,
    pub(super) refused: &'static str,
    pub(super) timed_out: &'static str,
    pub(super) abandoned: &'static str,
    pub(super) reused: &'static str,
    pub(super) before: &'static str,
}

pub(super) struct ExchangePhrases {
    pub(super) sent: &'static str,
    pub(super) writes: [&'static str; 2],
    pub(super) acknowledged: &'static str,
    pub(super) first: &'static str,
    pub(super) interim: &'static str,
    pub(super) bare: &'static str,
    pub(super) head: &'static str,
    pub(super) bytes: [&'static str; 2],
    pub(super) reads: [&'static str; 2],
    /// How the body's end is known: length, chunks, the connection's end.
    pub(super) framings: [&'static str; 3],
    pub(super) aborted: &'static str,
    pub(super) so_far: &'static str,
    pub(super) server_timing: &'static str,
    pub(super) retried: &'static str,
    /// A line that is no field.
    pub(super) dropped: &'static str,
    /// Bytes that are no response.
    pub(super) unread: &'static str,
    /// Fields that stay with the origin that they were typed for.
    pub(super) withheld: &'static str,
}

pub(super) struct BodyPhrases {
    pub(super) not_for_terminal: &'static str,
    pub(super) file: &'static str,
    pub(super) resumed: &'static str,
    pub(super) was_whole: &'static str,
    pub(super) part: &'static str,
}

pub(super) struct EndPhrases {
    pub(super) server: &'static str,
    pub(super) client: &'static str,
    pub(super) client_close: &'static str,
    pub(super) half_close: &'static str,
    pub(super) reset_by_server: &'static str,
    pub(super) reset_by_client: &'static str,
    pub(super) first: &'static str,
    pub(super) rtt: &'static str,
    pub(super) nothing_again: &'static str,
    pub(super) again: [&'static str; 2],
    /// TIME-WAIT is the client's, the server's, nobody's.
    pub(super) time_wait: [&'static str; 3],
    pub(super) kept: &'static str,
}

/// The two-column sequence.
pub(super) struct JoinedPhrases {
    pub(super) client: &'static str,
    pub(super) server: &'static str,
    pub(super) connect: &'static str,
    pub(super) connected: &'static str,
    pub(super) send: &'static str,
    pub(super) request_acknowledged: &'static str,
    pub(super) arrived: &'static str,
    pub(super) read: &'static str,
    pub(super) complete: &'static str,
    pub(super) ended: &'static str,
    pub(super) heard_end: &'static str,
    pub(super) heard_reset: &'static str,
    pub(super) closed: &'static str,
    pub(super) queued: &'static str,
    pub(super) accept: &'static str,
    pub(super) server_arrived: &'static str,
    pub(super) head_read: &'static str,
    pub(super) sent: &'static str,
    pub(super) acknowledged: &'static str,
}
