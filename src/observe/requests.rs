//! A JSON object for each exchange, on one line: docs/records.md has its fields.

use super::access::{Begun, LONGEST, Via, push_address, push_decimal};
use crate::escape::push_json;
use crate::record::secrets::withheld_field;
use itoa::Buffer;
use std::net::IpAddr;
use std::time::Duration;

/// The object, up to what the response adds.
pub(super) fn begin<'a>(object: &mut String, facts: &Begun<'_>, field: impl Fn(&str) -> &'a [u8]) {
    object.extend(["{\"time\":\"", facts.date, "."]);
    let microseconds = 1_000_000 + facts.nanoseconds / 1000; // six digits, behind the first
    object.push_str(&Buffer::new().format(microseconds)[1..]);
    object.push_str("Z\",\"connection\":");
    push_decimal(object, facts.connection);
    object.push_str(",\"exchange\":");
    push_decimal(object, facts.exchange);
    object.push_str(if facts.exchange > 1 { ",\"reused\":true,\"client\":" } else { ",\"reused\":false,\"client\":" });
    match facts.client {
        Some(client) => push_quoted_address(object, client),
        None => object.push_str("null"),
    }
    match facts.via {
        Some(Via::Address(via)) => {
            object.push_str(",\"via\":");
            push_quoted_address(object, via);
        }
        Some(Via::Unix) => object.push_str(",\"via\":\"unix:\""),
        None => {}
    }
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
            push(object, key, &withheld_field(name, value));
        }
    }
}

/// The rest of it: the response, how long it took, and why it is none, or less than whole.
pub(super) fn finish(object: &mut String, status: u16, body_sent: u64, took: Duration, why: Option<&str>) {
    object.push_str(",\"status\":");
    match status {
        0 => object.push_str("null"),
        _ => push_decimal(object, status),
    }
    object.push_str(",\"bytes\":");
    push_decimal(object, body_sent);
    object.push_str(",\"duration_ns\":");
    push_decimal(object, took.as_nanos());
    if let Some(why) = why {
        object.extend([",\"reason\":\"", why, "\""]);
    }
    object.push('}');
}

fn push_quoted_address(object: &mut String, address: IpAddr) {
    object.push('"');
    push_address(object, address);
    object.push('"');
}

fn push(object: &mut String, key: &str, value: &[u8]) {
    object.extend([",\"", key, "\":"]);
    push_json(object, value, LONGEST);
}

/// What is before the blank at this place, and behind it.
fn split_at_blank(bytes: &[u8], at: Option<usize>) -> (&[u8], &[u8]) {
    at.map_or((bytes, b""), |at| (&bytes[..at], &bytes[at + 1..]))
}
