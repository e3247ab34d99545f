//! A JSON object for each exchange, on one line: docs/records.md has its fields.

use super::access::{Begun, LONGEST, Via};
use crate::escape::push_json;
use std::fmt::Write as _;
use std::time::Duration;

/// The object, up to what the response adds.
pub(super) fn begin<'a>(object: &mut String, facts: &Begun<'_>, field: impl Fn(&str) -> &'a [u8]) {
    let Begun { connection, exchange, date, nanoseconds, .. } = facts;
    // Writing to a String does not fail.
    let _ = write!(
        object,
        "{{\"time\":\"{date}.{:06}Z\",\"connection\":{connection},\"exchange\":{exchange},\"reused\":{}",
        nanoseconds / 1000,
        *exchange > 1
    );
    let _ = match facts.client {
        Some(client) => write!(object, ",\"client\":\"{client}\""),
        None => write!(object, ",\"client\":null"),
    };
    let _ = match facts.via {
        Some(Via::Address(via)) => write!(object, ",\"via\":\"{via}\""),
        Some(Via::Unix) => write!(object, ",\"via\":\"unix:\""),
        None => Ok(()),
    };
    if facts.is_understood {
        let (method, rest) = split_at_blank(facts.line, facts.line.iter().position(|byte| *byte == b' '));
        let (target, version) = split_at_blank(rest, rest.iter().rposition(|byte| *byte == b' '));
        push(object, "method", method);
        push(object, "target", target);
        // A line without one is HTTP/0.9's.
        push(object, "version", if version.is_empty() { b"HTTP/0.9" } else { version });
    } else {
        object.push_str(",\"method\":null,\"target\":null,\"version\":null");
        push(object, "request_line", facts.line);
    }
    for (key, name) in [("referer", "referer"), ("user_agent", "user-agent")] {
        let value = field(name);
        if !value.is_empty() {
            push(object, key, value);
        }
    }
}

/// The rest of it: the response, how long it took, and why it is none, or less than whole.
pub(super) fn finish(object: &mut String, status: u16, body_sent: u64, took: Duration, why: Option<&str>) {
    // Writing to a String does not fail.
    let _ = match status {
        0 => write!(object, ",\"status\":null"),
        _ => write!(object, ",\"status\":{status}"),
    };
    let _ = write!(object, ",\"bytes\":{body_sent},\"duration_ns\":{}", took.as_nanos());
    if let Some(why) = why {
        object.extend([",\"reason\":\"", why, "\""]);
    }
    object.push('}');
}

fn push(object: &mut String, key: &str, value: &[u8]) {
    object.extend([",\"", key, "\":"]);
    push_json(object, value, LONGEST);
}

/// What is before the blank at this place, and behind it.
fn split_at_blank(bytes: &[u8], at: Option<usize>) -> (&[u8], &[u8]) {
    at.map_or((bytes, b""), |at| (&bytes[..at], &bytes[at + 1..]))
}
