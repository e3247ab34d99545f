//! Questions to bytes, bytes to answers. The only file that names hickory-proto.

use crate::record::MessageFault;
use crate::record::lookup::{DnsResponse, Ignored, QueryType, ResourceRecord};
use hickory_proto::ProtoError;
use hickory_proto::op::{Edns, Message, MessageType, OpCode, Query, ResponseCode};
use hickory_proto::rr::{DNSClass, Name, RData, Record, RecordType};
use std::hash::{BuildHasher, RandomState};

/// The UDP payload that is offered: what passes any path unfragmented (DNS flag day 2020).
pub(super) const PAYLOAD: u16 = 1232;

/// A question, ready to be sent.
#[derive(Clone, Debug)]
pub(super) struct Question {
    pub(super) id: u16,
    pub(super) bytes: Vec<u8>,
    query: Query,
}

/// What bytes are to a question.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    Response(DnsResponse),
    Ignored(Ignored),
    Malformed(MessageFault),
}

impl Question {
    /// A question for `name`, with a number that nobody can foresee.
    ///
    /// # Errors
    /// What is wrong with the name.
    pub(super) fn new(name: &str, kind: QueryType, recursion_desired: bool, edns: bool) -> Result<Self, ProtoError> {
        // The standard library's hash keys are random; so is a hash of nothing.
        let id = RandomState::new().hash_one(()) as u16;
        // `from_ascii` wants more of a host than DNS does: no hyphen in front, for one.
        let by_labels = |_| Name::from_labels(name.split('.').map(str::as_bytes));
        let mut asked = Name::from_ascii(name).or_else(by_labels)?;
        asked.set_fqdn(true);
        let query = Query::query(asked, record_type(kind));
        let mut message = Message::new(id, MessageType::Query, OpCode::Query);
        message.metadata.recursion_desired = recursion_desired;
        message.add_query(query.clone());
        if edns {
            let mut edns = Edns::new();
            edns.set_max_payload(PAYLOAD);
            message.set_edns(edns);
        }
        let bytes = message.to_vec()?;
        Ok(Self { id, bytes, query })
    }

    /// What `bytes` are to this question.
    pub(super) fn judge(&self, bytes: &[u8]) -> Verdict {
        let [high, low, flags, _, ..] = bytes else {
            return Verdict::Malformed(MessageFault::TooShort { bytes: bytes.len() });
        };
        let id = u16::from_be_bytes([*high, *low]);
        if id != self.id {
            return Verdict::Ignored(Ignored::WrongId { id });
        }
        if flags & 0x80 == 0 {
            return Verdict::Ignored(Ignored::NoResponse);
        }
        match Message::from_vec(bytes) {
            Ok(message) => self.judge_message(&message, bytes.len()),
            // Cut within a record: what counts is that more would not fit.
            Err(_) if flags & 0x02 != 0 => Verdict::Response(truncated(*flags, bytes.len())),
            Err(error) => Verdict::Malformed(MessageFault::Undecodable { words: error.to_string() }),
        }
    }

    fn judge_message(&self, message: &Message, bytes: usize) -> Verdict {
        let is_ours = |query: &Query| {
            query.name.eq_ignore_root(&self.query.name)
                && query.query_type == self.query.query_type
                && query.query_class == self.query.query_class
        };
        let rcode = message.metadata.response_code;
        match &message.queries[..] {
            [query] if is_ours(query) => {}
            // A server that could not read the question need not repeat it.
            [] if rcode != ResponseCode::NoError => {}
            [] => return Verdict::Ignored(Ignored::WrongQuestion { question: "(none)".to_owned() }),
            [query, ..] => {
                let question = format!("{} {}", text(&query.name), query.query_type);
                return Verdict::Ignored(Ignored::WrongQuestion { question });
            }
        }
        Verdict::Response(DnsResponse {
            rcode: rcode_name(rcode),
            rcode_number: rcode.into(),
            authoritative: message.metadata.authoritative,
            truncated: message.metadata.truncation,
            recursion_available: message.metadata.recursion_available,
            bytes,
            answers: records(&message.answers),
            authority: records(&message.authorities),
            additional: records(&message.additionals),
        })
    }
}

fn truncated(flags: u8, bytes: usize) -> DnsResponse {
    DnsResponse {
        rcode: "NOERROR".to_owned(),
        rcode_number: 0,
        authoritative: flags & 0x04 != 0,
        truncated: true,
        recursion_available: false,
        bytes,
        answers: vec![],
        authority: vec![],
        additional: vec![],
    }
}

fn record_type(kind: QueryType) -> RecordType {
    match kind {
        QueryType::A => RecordType::A,
        QueryType::Aaaa => RecordType::AAAA,
    }
}

/// The mnemonics of the registry (RFC 6895 §2.3), as dig writes them.
fn rcode_name(code: ResponseCode) -> String {
    match u16::from(code) {
        0 => "NOERROR",
        1 => "FORMERR",
        2 => "SERVFAIL",
        3 => "NXDOMAIN",
        4 => "NOTIMP",
        5 => "REFUSED",
        16 => "BADVERS",
        other => return format!("RCODE{other}"),
    }
    .to_owned()
}

fn records(records: &[Record]) -> Vec<ResourceRecord> {
    records
        .iter()
        .map(|record| ResourceRecord {
            name: text(&record.name),
            kind: record.record_type().to_string(),
            class: class(record),
            ttl: record.ttl,
            data: match &record.data {
                RData::CNAME(name) => text(name),
                RData::NS(name) => text(name),
                // It has no presentation form here; nor is it asked for.
                RData::OPT(_) => String::new(),
                data => data.to_string(),
            },
        })
        .collect()
}

/// The class, where it is not IN; an OPT has a size in its place (RFC 6891 §6.1.2).
fn class(record: &Record) -> Option<String> {
    let is_usual = record.dns_class == DNSClass::IN || matches!(record.data, RData::OPT(_));
    (!is_usual).then(|| record.dns_class.to_string())
}

/// A name in ASCII, controls escaped, without the final dot.
fn text(name: &Name) -> String {
    let text = name.to_ascii();
    let text = text.strip_suffix('.').filter(|rest| !rest.is_empty()).unwrap_or(&text);
    // It escapes a hyphen in front of a label, which is a letter like others.
    let label = |label: &str| label.strip_prefix(r"\-").map_or_else(|| label.to_owned(), |rest| format!("-{rest}"));
    text.split('.').map(label).collect::<Vec<_>>().join(".")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn question() -> Question {
        Question::new("www.example.test", QueryType::A, true, true).expect("a name")
    }

    fn answer(question: &Question) -> Message {
        let mut message = Message::response(question.id, OpCode::Query);
        message.add_query(question.query.clone());
        message
    }

    #[test]
    fn an_answer_must_bear_the_number_and_the_question() {
        let question = question();
        assert_eq!(question.judge(&question.bytes), Verdict::Ignored(Ignored::NoResponse));
        let mut other = answer(&question);
        other.metadata.id = question.id.wrapping_add(1);
        let id = other.metadata.id;
        let bytes = other.to_vec().expect("a message");
        assert_eq!(question.judge(&bytes), Verdict::Ignored(Ignored::WrongId { id }));
        let mut other = answer(&question);
        other.queries[0].name = Name::from_ascii("evil.test.").expect("a name");
        let Verdict::Ignored(Ignored::WrongQuestion { question: asked }) =
            question.judge(&other.to_vec().expect("a message"))
        else {
            panic!("taken for an answer")
        };
        assert_eq!(asked, "evil.test A");
        // Some servers change the case (or keep one that we mixed).
        let mut same = answer(&question);
        same.queries[0].name = Name::from_ascii("WWW.Example.test.").expect("a name");
        assert!(matches!(question.judge(&same.to_vec().expect("a message")), Verdict::Response(_)));
    }

    #[test]
    fn what_dns_can_hold_is_asked() {
        for name in ["-a.example", "a-.example", "_a.-.example"] {
            let question = Question::new(name, QueryType::A, true, true).expect(name);
            assert!(Message::from_vec(&question.bytes).is_ok_and(|message| text(&message.queries[0].name) == name));
        }
    }

    #[test]
    fn a_record_of_another_class_is_no_address() {
        let question = question();
        let mut message = answer(&question);
        let data = RData::A(hickory_proto::rr::rdata::A::new(192, 0, 2, 1));
        let mut record = Record::from_rdata(question.query.name.clone(), 60, data);
        message.add_answer(record.clone());
        record.dns_class = DNSClass::CH;
        message.add_answer(record);
        let Verdict::Response(response) = question.judge(&message.to_vec().expect("a message")) else {
            panic!("no answer")
        };
        let classes: Vec<Option<&str>> = response.answers.iter().map(|record| record.class.as_deref()).collect();
        assert_eq!(classes, [None, Some("CH")]);
        let of_name = |answers| crate::dns::resolve::addresses("www.example.test", QueryType::A, answers).len();
        assert_eq!((of_name(&response.answers[..]), of_name(&response.answers[1..])), (1, 0));
    }

    #[test]
    fn a_message_cut_within_a_record_is_truncated_or_malformed() {
        let question = question();
        let mut message = answer(&question);
        let record = Record::from_rdata(
            question.query.name.clone(),
            60,
            RData::A(hickory_proto::rr::rdata::A::new(192, 0, 2, 1)),
        );
        message.add_answer(record);
        let mut bytes = message.to_vec().expect("a message");
        bytes.truncate(bytes.len() - 2);
        assert!(matches!(question.judge(&bytes), Verdict::Malformed(_)));
        bytes[2] |= 0x02;
        assert!(matches!(question.judge(&bytes), Verdict::Response(response) if response.truncated));
        assert!(matches!(question.judge(&bytes[..3]), Verdict::Malformed(_)));
    }

    proptest! {
        /// No bytes make it panic, whatever their number.
        #[test]
        fn any_bytes_are_judged(mut bytes in prop::collection::vec(any::<u8>(), 0..200), is_ours in any::<bool>()) {
            let question = question();
            if is_ours && bytes.len() >= 4 {
                bytes[..2].copy_from_slice(&question.id.to_be_bytes());
                bytes[2] |= 0x80;
            }
            question.judge(&bytes);
        }
    }
}
