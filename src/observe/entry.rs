//! An entry of the access log, in one of its forms. The serving thread begins it with the
//! request and finishes it with the response; nothing is formatted twice.

use super::access::{Begun, Format};
use super::{clf, requests};
use crate::record::secrets::withheld_line;
use std::time::Instant;

/// An entry that lacks what only the exchange's end will say; its room serves one after the other.
#[derive(Clone, Debug, Default)]
pub struct Entry {
    /// What there is of it.
    text: String,
    /// What comes behind the response's figures.
    after: String,
    why: Option<&'static str>,
    /// Of an object.
    begun: Option<Instant>,
}

impl Entry {
    /// Begins the entry of a request; `field` gives its header fields.
    pub fn begin<'a>(&mut self, format: Format, facts: &Begun<'_>, field: impl Fn(&str) -> &'a [u8]) {
        self.text.clear();
        self.after.clear();
        (self.why, self.begun) = (None, None);
        let line = withheld_line(facts.line, facts.is_whole);
        let facts = &Begun { line: &line, ..*facts };
        match format {
            Format::Common => clf::begin(&mut self.text, facts),
            Format::Combined => {
                clf::begin(&mut self.text, facts);
                clf::begin_after(&mut self.after, field);
            }
            Format::Requests => {
                requests::begin(&mut self.text, facts, field);
                self.begun = Some(Instant::now());
            }
        }
    }

    /// The request is refused, for the reason of this code.
    pub fn refuse(&mut self, why: &'static str) {
        self.why = Some(why);
    }

    /// The same where the status says it: an object says more.
    pub fn refuse_by_status(&mut self, why: &'static str) {
        if self.begun.is_some() {
            self.why = Some(why);
        }
    }

    /// The whole entry, of a response of this status with `body_sent` bytes of body;
    /// 0: the client had gone before there was one. One that refuses, or was `cut_short`,
    /// has that reason's code.
    pub fn finish(&mut self, status: u16, body_sent: u64, cut_short: Option<&str>) -> &str {
        let why = cut_short.or(self.why);
        match self.begun {
            None => clf::finish(&mut self.text, &self.after, status, body_sent, why),
            Some(begun) => requests::finish(&mut self.text, status, body_sent, begun.elapsed(), why),
        }
        &self.text
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::escape::is_treacherous;
    use crate::observe::access::Via;

    fn facts<'a>(format: Format, line: &'a [u8]) -> Begun<'a> {
        let date = match format {
            Format::Requests => "1994-11-06T08:49:37",
            _ => "Sun, 06 Nov 1994 08:49:37 GMT",
        };
        Begun {
            client: Some([127, 0, 0, 1].into()),
            via: None,
            connection: 7,
            exchange: 2,
            date,
            nanoseconds: 5_000,
            line,
            is_whole: true,
            is_understood: true,
        }
    }

    fn begun<'a>(format: Format, facts: &Begun<'_>, field: impl Fn(&str) -> &'a [u8]) -> Entry {
        let mut entry = Entry::default();
        entry.begin(format, facts, field);
        entry
    }

    fn entry(format: Format, line: &[u8], field: &[u8]) -> String {
        begun(format, &facts(format, line), |_| field).finish(200, 6, None).to_owned()
    }

    const ALL: [Format; 3] = [Format::Common, Format::Combined, Format::Requests];

    #[test]
    fn nothing_in_an_entry_turns_it_round_or_hides() {
        let agent = "a\u{202e}b\u{200b}c\u{feff}\u{9b}\u{2028}\u{2066}\u{e0041}";
        for format in ALL {
            let entry = entry(format, format!("GET /{agent} HTTP/1.0").as_bytes(), agent.as_bytes());
            assert!(!entry.chars().any(is_treacherous), "{entry:?}");
        }
        let combined = entry(Format::Combined, b"GET / HTTP/1.0", agent.as_bytes());
        assert!(combined.contains("a\\xe2\\x80\\xaeb\\xe2\\x80\\x8bc\\xef\\xbb\\xbf\\xc2\\x9b"), "{combined}");
    }

    #[test]
    fn an_entry_never_outgrows_a_report() {
        for byte in [0xff, b'a', b'"', 0x1b, b' '] {
            let long = vec![byte; 30_000];
            for format in ALL {
                let entry = entry(format, &long, &long);
                assert!(entry.len() < 4000, "{format:?}: {}", entry.len());
            }
        }
    }

    fn line(format: Format, request_line: &[u8], field: &[u8]) -> String {
        let of = |name: &str| if name == "user-agent" { field } else { b"" };
        begun(format, &facts(format, request_line), of).finish(200, 6, None).to_owned()
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
        let begin = || begun(Format::Combined, &facts(Format::Combined, b"GET / HTTP/1.0"), |_| b"");
        let mut refused = begin();
        refused.refuse_by_status("malformed");
        assert!(refused.clone().finish(400, 6, None).ends_with("\" 400 6 \"-\" \"-\""), "the status says it");
        refused.refuse("other_host");
        assert!(refused.clone().finish(421, 6, None).ends_with("\" 421 6 \"-\" \"-\" other_host"));
        assert!(refused.finish(421, 6, Some("reset")).ends_with("\" 421 6 \"-\" \"-\" reset"), "the last word");
        assert!(begin().finish(0, 0, Some("reset")).ends_with("\" - - \"-\" \"-\" reset"));
    }

    #[cfg(feature = "program")]
    fn object(facts: &Begun<'_>, field: &[u8], why: Option<&str>) -> serde_json::Value {
        let mut entry = begun(Format::Requests, facts, |_| field);
        let text = entry.finish(200, 6, why);
        assert!(!text.contains('\n'), "{text:?}");
        serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"))
    }

    #[cfg(feature = "program")]
    #[test]
    fn an_object_has_what_is_known() {
        let mut facts = facts(Format::Requests, "GET /a b?\u{d55c} HTTP/1.1".as_bytes());
        let known = object(&facts, b"a \"b\"\x1b", None);
        assert_eq!(known["time"], "1994-11-06T08:49:37.000005Z");
        assert_eq!((&known["method"], &known["target"]), (&"GET".into(), &"/a b?\u{d55c}".into()));
        assert_eq!((&known["version"], &known["referer"]), (&"HTTP/1.1".into(), &"a \"b\"\u{1b}".into()));
        assert_eq!((&known["connection"], &known["exchange"], &known["reused"]), (&7.into(), &2.into(), &true.into()));
        assert_eq!(
            (&known["client"], &known["via"], &known["reason"]),
            (&"127.0.0.1".into(), &serde_json::Value::Null, &serde_json::Value::Null)
        );
        (facts.is_understood, facts.line, facts.client, facts.via) = (false, b"hello", None, Some(Via::Unix));
        let known = object(&facts, b"", Some("malformed"));
        assert_eq!((&known["method"], &known["request_line"]), (&serde_json::Value::Null, &"hello".into()));
        assert_eq!(
            (&known["client"], &known["via"], &known["reason"]),
            (&serde_json::Value::Null, &"unix:".into(), &"malformed".into())
        );
        assert!(known.get("referer").is_none() && known["duration_ns"].is_u64());
    }

    #[cfg(feature = "program")]
    proptest::proptest! {
        #[test]
        fn whatever_is_sent_an_object_is_json(line: Vec<u8>, field: Vec<u8>, is_understood: bool) {
            object(&Begun { is_understood, ..facts(Format::Requests, &line) }, &field, None);
        }
    }
}
