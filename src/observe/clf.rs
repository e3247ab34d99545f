//! The Common and the Combined Log Format: one line an exchange, as log
//! analysers read it.

use crate::escape::push_quoted;
use std::fmt::Write as _;
use std::net::IpAddr;

/// How much of a line a client's request line, referer and user agent may each
/// take, in bytes: together they fit one report.
const LONGEST: usize = 1200;

/// The form of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// `host ident user [time] "request line" status bytes`.
    Common,
    /// The same, and `"referer" "user agent"`.
    Combined,
}

/// A line that lacks what only the exchange's end will tell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    line: String,
    after: String,
    refused: Option<&'static str>,
}

impl Line {
    /// Begins the line of a request from `client`, whose head was complete at
    /// `date` (as HTTP writes it); `field` gives the request's header fields.
    pub fn begin<'a>(
        format: Format,
        client: IpAddr,
        date: &str,
        request_line: &[u8],
        field: impl Fn(&str) -> &'a [u8],
    ) -> Self {
        let mut line = String::with_capacity(160);
        // Writing to a String does not fail. 06/Nov/1994:08:49:37 +0000
        let _ = write!(line, "{client} - - [{}/{}/", &date[5..7], &date[8..11]);
        line.extend([&date[12..16], ":", &date[17..25], " +0000] \""]);
        push_quoted(&mut line, request_line, LONGEST);
        line.push_str("\" ");
        let mut after = String::new();
        if format == Format::Combined {
            for name in ["referer", "user-agent"] {
                after.push_str(" \"");
                push_quoted(&mut after, field(name), LONGEST);
                after.push('"');
            }
        }
        Self { line, after, refused: None }
    }

    /// The request is refused, for the reason of this code.
    pub fn refuse(&mut self, why: &'static str) {
        self.refused = Some(why);
    }

    /// The whole line, of a response of this status with `body_sent` bytes of body;
    /// 0: the client had gone before there was one. A line that refuses, or was
    /// `cut_short`, ends in that reason's code, behind what analysers read.
    pub fn finish(mut self, status: u16, body_sent: u64, cut_short: Option<&str>) -> String {
        // Writing to a String does not fail.
        let _ = match status {
            0 => write!(self.line, "- -{}", self.after),
            _ => write!(self.line, "{status} {body_sent}{}", self.after),
        };
        if let Some(why) = cut_short.or(self.refused) {
            self.line.extend([" ", why]);
        }
        self.line
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::escape::is_treacherous;

    fn line(format: Format, request_line: &[u8], field: &[u8]) -> String {
        let date = "Sun, 06 Nov 1994 08:49:37 GMT";
        let of = |name: &str| if name == "user-agent" { field } else { b"" };
        Line::begin(format, [127, 0, 0, 1].into(), date, request_line, of).finish(200, 6, None)
    }

    #[test]
    fn lines_are_what_log_analysers_read() {
        let (asked, agent) = (b"GET /\xed\x95\x9c HTTP/1.0".as_slice(), b"a \"b\"\n\x1b\xff".as_slice());
        let common = "127.0.0.1 - - [06/Nov/1994:08:49:37 +0000] \"GET /한 HTTP/1.0\" 200 6";
        assert_eq!(line(Format::Common, asked, agent), common);
        let combined = format!("{common} \"-\" \"a \\\"b\\\"\\x0a\\x1b\\xff\"");
        assert_eq!(line(Format::Combined, asked, agent), combined);
    }

    #[test]
    fn a_reason_stands_behind_what_analysers_read() {
        let date = "Sun, 06 Nov 1994 08:49:37 GMT";
        let begin = || Line::begin(Format::Combined, [127, 0, 0, 1].into(), date, b"GET / HTTP/1.0", |_| b"");
        let mut refused = begin();
        refused.refuse("other_host");
        assert!(refused.clone().finish(421, 6, None).ends_with("\" 421 6 \"-\" \"-\" other_host"));
        assert!(refused.finish(421, 6, Some("reset")).ends_with("\" 421 6 \"-\" \"-\" reset"), "the last word");
        assert!(begin().finish(0, 0, Some("reset")).ends_with("\" - - \"-\" \"-\" reset"));
    }

    #[test]
    fn nothing_in_a_line_turns_it_round_or_hides() {
        let agent = "a\u{202e}b\u{200b}c\u{feff}\u{9b}\u{2028}\u{2066}\u{e0041}";
        let line = line(Format::Combined, b"GET / HTTP/1.0", agent.as_bytes());
        assert!(!line.chars().any(is_treacherous), "{line:?}");
        assert!(line.contains("a\\xe2\\x80\\xaeb\\xe2\\x80\\x8bc\\xef\\xbb\\xbf\\xc2\\x9b"), "{line}");
    }

    #[test]
    fn a_line_never_outgrows_a_report() {
        for byte in [0xff, b'a', b'"', 0x1b] {
            let long = vec![byte; 30_000];
            let line = line(Format::Combined, &long, &long);
            assert!(line.len() < 4000, "{}", line.len());
        }
    }
}
