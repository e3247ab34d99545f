//! What is known of a connection as a whole: a name, a figure, and how it is known.

use super::outline::ended;
use crate::language::Language;
use crate::record::connection::Record;
use crate::record::{Figure, Named, NamedBy, Source};
use crate::story::layout::{grouped, span};
use crate::story::parties::{self, is_proxied};
use crate::story::steps::{Place, how, say, waited_in_queue};
use serde::Serialize;

/// Clients that fields name are listed up to this number, and as many requests of each.
const MOST_CLIENTS: usize = 4;
const MOST_NUMBERS: usize = 8;

/// One of them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Fact {
    /// Whose it is, if it is one end's alone.
    pub place: Option<Place>,
    /// Its name.
    pub name: String,
    /// The figure, or a sentence.
    pub text: String,
    /// How it is known.
    pub how: String,
}

pub(super) fn facts(record: &Record, language: Language) -> Vec<Fact> {
    let handshake = &record.handshake;
    let fact = |name: String, text: String, how: String| Fact { place: None, name, text, how };
    let accepted = record.accepted.replace('T', " ").trim_end_matches('Z').to_owned();
    let of = |figure: &Figure<i64>| figure.value().map(|value| span(*value)).unwrap_or_default();
    let queued = waited_in_queue(record, language).unwrap_or_default();
    let part = match record.part > 1 || record.continues {
        true => say!(language, "part {}" / "{}부", record.part),
        false => String::new(),
    };
    let of_connection = vec![
        Fact {
            place: Some(Place::Server),
            ..fact(
                say!(language, "Server" / "서버"),
                record.server.to_string(),
                say!(language, "model: {}" / "모델: {}", record.model),
            )
        },
        fact(
            say!(language, "Accepted" / "수락"),
            format!("{accepted} UTC"),
            how(&Figure::measured((), Source::Accept), language),
        ),
        fact(say!(language, "Accept queue" / "수락 대기열"), queued, how(&handshake.queued, language)),
        fact(
            say!(language, "Round trip of the handshake" / "핸드셰이크의 왕복 시간"),
            of(&handshake.rtt),
            how(&handshake.rtt, language),
        ),
        fact(
            say!(language, "State" / "상태"),
            [ended(record, language), part].into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join("; "),
            record.close.as_ref().map(|close| parties::why_it_ended(close, record, language)).unwrap_or_default(),
        ),
    ];
    clients(record, language).into_iter().chain(of_connection).collect()
}

/// Who has the TCP connection; where that is a proxy, the clients that it names too.
fn clients(record: &Record, language: Language) -> Vec<Fact> {
    let fact = |name: String, text: String, how: String| Fact { place: Some(Place::Client), name, text, how };
    let client = || say!(language, "Client" / "클라이언트");
    if !is_proxied(record) {
        return vec![fact(client(), record.client.to_string(), String::new())];
    }
    let has = say!(language, "has the TCP connection" / "TCP 연결을 가짐");
    let mut facts = vec![fact(say!(language, "Proxy" / "프록시"), record.client.to_string(), has)];
    let by = |by: NamedBy| say!(language, "named by the proxy ({})" / "프록시가 알림({})", by.name());
    facts.extend(record.named.map(|named| fact(client(), named.to_string(), by(named.by))));
    let mut by_fields: Vec<(Named, Vec<String>)> = Vec::new();
    for (number, named) in parties::by_fields(record) {
        match by_fields.iter_mut().find(|(known, _)| *known == named) {
            Some((_, numbers)) => numbers.push(grouped(number)),
            None => by_fields.push((named, vec![grouped(number)])),
        }
    }
    let more = by_fields.len().saturating_sub(MOST_CLIENTS);
    facts.extend(by_fields.into_iter().take(MOST_CLIENTS).map(|(named, numbers)| {
        let mut listed = numbers.iter().take(MOST_NUMBERS).map(String::as_str).collect::<Vec<_>>();
        listed.extend((numbers.len() > MOST_NUMBERS).then_some("…"));
        let of = say!(language, "Client of request {}" / "{}번째 요청의 클라이언트", listed.join(", "));
        fact(of, named.to_string(), by(named.by))
    }));
    if more > 0 {
        let text = say!(language, "{} more" / "{}개 더", more);
        facts.push(fact(say!(language, "Further clients" / "그 밖의 클라이언트"), text, String::new()));
    }
    if facts.len() == 1 {
        facts.push(fact(client(), say!(language, "not named" / "알리지 않음"), String::new()));
    }
    facts
}
