//! What is known of a connection as a whole: a name, a figure, and how it is known.

use super::outline::ended;
use crate::language::Language;
use crate::record::connection::Record;
use crate::record::{Figure, Source};
use crate::story::layout::span;
use crate::story::steps::{Place, how, say, waited_in_queue};
use serde::Serialize;

/// One of them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
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
    vec![
        Fact {
            place: Some(Place::Client),
            ..fact(say!(language, "Client" / "클라이언트"), record.client.to_string(), String::new())
        },
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
            record.close.as_ref().map(|close| close.reason.said(language).to_owned()).unwrap_or_default(),
        ),
    ]
}
