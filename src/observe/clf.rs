//! The Common and the Combined Log Format: one line an exchange, as log
//! analysers read it.

use super::access::{Begun, LONGEST};
use crate::escape::push_quoted;
use std::fmt::Write as _;

/// `host - - [time] "request line" `, of a request whose head was complete at that time.
pub(super) fn begin(line: &mut String, facts: &Begun<'_>) {
    let date = facts.date; // Sun, 06 Nov 1994 08:49:37 GMT
    // Writing to a String does not fail.
    let _ = match facts.client {
        Some(client) => write!(line, "{client} - - [{}/{}/", &date[5..7], &date[8..11]),
        None => write!(line, "unix: - - [{}/{}/", &date[5..7], &date[8..11]),
    };
    line.extend([&date[12..16], ":", &date[17..25], " +0000] \""]);
    push_quoted(line, facts.line, LONGEST);
    line.push_str("\" ");
}

/// ` "referer" "user agent"`.
pub(super) fn begin_after<'a>(after: &mut String, field: impl Fn(&str) -> &'a [u8]) {
    for name in ["referer", "user-agent"] {
        after.push_str(" \"");
        push_quoted(after, field(name), LONGEST);
        after.push('"');
    }
}

/// `status bytes`, what comes behind them, and behind what analysers read the reason `why`
/// the request was refused, or its response cut short.
pub(super) fn finish(line: &mut String, after: &str, status: u16, body_sent: u64, why: Option<&str>) {
    // Writing to a String does not fail.
    let _ = match status {
        0 => write!(line, "- -{after}"),
        _ => write!(line, "{status} {body_sent}{after}"),
    };
    if let Some(why) = why {
        line.extend([" ", why]);
    }
}
