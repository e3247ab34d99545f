//! The Common and the Combined Log Format: one line an exchange, as log
//! analysers read it.

use super::access::{Begun, LONGEST, push_address, push_decimal};
use crate::escape::push_quoted;
use crate::record::secrets::withheld_field;

/// `host - - [time] "request line" `, of a request whose head was complete at that time.
pub(super) fn begin(line: &mut String, facts: &Begun<'_>) {
    let date = facts.date; // Sun, 06 Nov 1994 08:49:37 GMT
    match facts.client {
        Some(client) => push_address(line, client),
        None => line.push_str("unix:"),
    }
    line.extend([" - - [", &date[5..7], "/", &date[8..11], "/", &date[12..16], ":", &date[17..25], " +0000] \""]);
    push_quoted(line, facts.line, LONGEST);
    line.push_str("\" ");
}

/// ` "referer" "user agent"`.
pub(super) fn begin_after<'a>(after: &mut String, field: impl Fn(&str) -> &'a [u8]) {
    for name in ["referer", "user-agent"] {
        after.push_str(" \"");
        push_quoted(after, &withheld_field(name, field(name)), LONGEST);
        after.push('"');
    }
}

/// `status bytes`, what comes behind them, and behind what analysers read the reason `why`
/// the request was refused, or its response cut short.
pub(super) fn finish(line: &mut String, after: &str, status: u16, body_sent: u64, why: Option<&str>) {
    if status == 0 {
        line.push_str("- -");
    } else {
        push_decimal(line, status);
        line.push(' ');
        push_decimal(line, body_sent);
    }
    line.push_str(after);
    if let Some(why) = why {
        line.extend([" ", why]);
    }
}
