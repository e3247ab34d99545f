//! Secrets are withheld from what is written and shown: the values of fields
//! that let their reader pass for another.

use super::connection::{Exchange, HeadState, Message, Record};
use std::borrow::Cow;

/// Whether the values of fields that let their reader pass for another are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Secrets {
    /// How long they are, and no more.
    Withheld,
    /// As they were sent.
    Shown,
}

/// The fields whose values are secrets.
const SECRET: [&str; 4] = ["cookie", "set-cookie", "authorization", "proxy-authorization"];

/// Whether the value of the field `name` is a secret.
pub(crate) fn is_secret(name: &str) -> bool {
    SECRET.iter().any(|secret| name.trim().eq_ignore_ascii_case(secret))
}

/// The same of the line of a field: each line of a log is looked at, and most begin otherwise.
fn is_secret_field(line: &str) -> bool {
    let line = line.trim_start();
    SECRET.iter().any(|secret| {
        let (name, rest) = line.split_at_checked(secret.len()).unwrap_or_default();
        name.eq_ignore_ascii_case(secret) && rest.trim_start().starts_with(':')
    })
}

/// What stands in the place of a secret; of one that is withheld already, the same.
pub(crate) fn withheld_value(value: &str) -> String {
    let length = value.strip_suffix(" bytes, not shown").or_else(|| value.strip_suffix(" byte, not shown"));
    if length.is_some_and(|length| length.parse::<usize>().is_ok()) {
        return value.to_owned();
    }
    match value.len() {
        1 => "1 byte, not shown".to_owned(),
        length => format!("{length} bytes, not shown"),
    }
}

/// A head without its secrets, line by line; its line ends stay as they are.
pub(crate) fn withheld_head(head: &str) -> Cow<'_, str> {
    if !head.lines().any(is_secret_field) {
        return Cow::Borrowed(head);
    }
    let mut shown = String::with_capacity(head.len());
    let mut goes_on = false;
    for line in head.split_inclusive('\n') {
        // A line that begins with a blank goes on with the field before (obs-fold, RFC 9112 §5.2).
        let is_fold = goes_on && line.starts_with([' ', '\t']);
        let field = if is_fold { Some(("", line)) } else { line.split_once(':').filter(|_| is_secret_field(line)) };
        goes_on = field.is_some();
        match field {
            Some((name, rest)) => {
                let value = rest.trim_end_matches(['\r', '\n']);
                let end = &rest[value.len()..];
                let colon = if is_fold { "" } else { ":" };
                shown.push_str(&format!("{name}{colon} {}{end}", withheld_value(value.trim())));
            }
            None => shown.push_str(line),
        }
    }
    Cow::Owned(shown)
}

/// Whether what the ends of a connection sent may hold a secret: unless all of it is in the
/// record, and none of that is one.
pub fn may_hold(record: &Record) -> bool {
    let is_harmless = |message: &Message| !message.is_cut && matches!(withheld_head(&message.head), Cow::Borrowed(_));
    let is_plain = |exchange: &Exchange| {
        let takes_no_body =
            ["GET ", "HEAD ", "OPTIONS "].iter().any(|method| exchange.request.head.starts_with(method));
        let is_whole = exchange.head == Some(HeadState::Complete);
        takes_no_body && is_whole && is_harmless(&exchange.request) && is_harmless(&exchange.response)
    };
    let is_all = record.part == 1 && record.exchanges_left_out == 0 && record.close.is_some();
    !is_all || record.exchanges.is_empty() || !record.exchanges.iter().all(is_plain)
}

/// A record without its secrets.
pub fn withheld(record: &Record) -> Cow<'_, Record> {
    let has_secret = |message: &Message| matches!(withheld_head(&message.head), Cow::Owned(_));
    if !record.exchanges.iter().any(|exchange| has_secret(&exchange.request) || has_secret(&exchange.response)) {
        return Cow::Borrowed(record);
    }
    let mut record = record.clone();
    for exchange in &mut record.exchanges {
        for message in [&mut exchange.request, &mut exchange.response] {
            message.head = withheld_head(&message.head).into_owned();
        }
    }
    Cow::Owned(record)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_its_length_and_nothing_else_changes() {
        let head = "GET / HTTP/1.1\r\nHost: a\r\nCOOKIE: id=12345\r\nAuthorization:Bearer x\r\n\r\n";
        let shown = withheld_head(head);
        assert_eq!(
            shown,
            "GET / HTTP/1.1\r\nHost: a\r\nCOOKIE: 8 bytes, not shown\r\nAuthorization: 8 bytes, not shown\r\n\r\n"
        );
        assert!(matches!(withheld_head("GET / HTTP/1.1\r\nHost: a:80\r\n\r\n"), Cow::Borrowed(_)));
        assert_eq!(
            withheld_head("GET / HTTP/1.1\r\nCookie: a=1;\r\n b=22\r\n\tc=3\r\nHost: a\r\n folded\r\n\r\n"),
            "GET / HTTP/1.1\r\nCookie: 4 bytes, not shown\r\n 4 bytes, not shown\r\n 3 bytes, not shown\r\nHost: a\r\n folded\r\n\r\n"
        );
        assert!(!withheld_head("Set-Cookie: a=한글\n").contains("한글"));
        assert_eq!(withheld_head(&shown), shown, "nothing is withheld twice");
    }
}
