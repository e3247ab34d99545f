//! Each exchange's stages as a table, and its heads as they were read and sent.

use crate::language::Language;
use crate::record::connection::{Exchange, HeadState, Message, Record};
use crate::record::secrets::{Secrets, withheld_head};
use crate::record::{Figure, Nanoseconds};
use crate::story::layout::grouped;
use crate::story::parties::Party;
use crate::story::steps::{Known, Place, Tone, count, how, queued_since, request_line, say};
use serde::Serialize;

/// A request and its response.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct Sheet {
    /// From 1, on its connection.
    pub number: u64,
    /// What was asked.
    pub title: String,
    /// What came of it.
    pub status: String,
    /// The class of that status.
    pub tone: Tone,
    /// Between its moments.
    pub stages: Vec<Stage>,
    /// The request's and the response's.
    pub heads: Vec<Head>,
    /// Whether they are without values that are secrets.
    pub withheld: bool,
}

/// What lay between two moments.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct Stage {
    /// What was done.
    pub name: String,
    /// Where.
    pub place: Place,
    /// When it began, in nanoseconds since the accept.
    pub at: Option<Nanoseconds>,
    /// How long it was.
    pub lasts: Option<Nanoseconds>,
    /// How that is known.
    pub known: Known,
    /// The same in words.
    pub how: String,
}

/// A head.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Head {
    /// Whose, and how large.
    pub title: String,
    /// Its bytes, as text; empty where there was none.
    pub text: String,
    /// What is said in its place, where there was none.
    pub none: String,
}

pub(super) fn sheets(record: &Record, secrets: Secrets, language: Language) -> Vec<Sheet> {
    let sheet = |exchange: &Exchange| Sheet {
        number: exchange.number,
        title: say!(
            language,
            "Exchange {}: {}" / "교환 {}: {}",
            grouped(exchange.number),
            request_line(exchange, language)
        ),
        status: match exchange.status {
            0 if record.close.is_none() && exchange.stages.response_chosen.is_to_come() => "…".to_owned(),
            0 => say!(language, "no complete request" / "완전한 요청 없음"),
            status => status.to_string(),
        },
        tone: Tone::of(exchange.status),
        stages: stages(exchange, record, language),
        heads: heads(exchange, secrets, language),
        withheld: secrets == Secrets::Withheld
            && [&exchange.request, &exchange.response]
                .iter()
                .any(|message| withheld_head(&message.head) != message.head),
    };
    record.exchanges.iter().map(sheet).collect()
}

fn stages(exchange: &Exchange, record: &Record, language: Language) -> Vec<Stage> {
    // A connection waits there once.
    let mut rows: Vec<Stage> = (exchange.number == 1).then(|| in_queue(record, language)).into_iter().collect();
    let stages = &exchange.stages;
    let [arrived, first_read, complete, chosen, first_write, last_write, acknowledged] = names(language);
    let mut row = |name: String, place: Place, from: (&Figure<Nanoseconds>, &str), to: (&Figure<Nanoseconds>, &str)| {
        rows.push(between(name, place, from, to, language));
    };
    let done = exchange.head.is_none_or(|head| head == HeadState::Complete);
    row(
        say!(language, "From arrival to the first read" / "도착부터 첫 읽기까지"),
        Place::Client,
        (&stages.arrived, &arrived),
        (&stages.first_read, &first_read),
    );
    if done {
        row(
            say!(language, "From there to the head's end" / "거기서 헤더의 끝까지"),
            Place::Client,
            (&stages.first_read, &first_read),
            (&stages.head_complete, &complete),
        );
    }
    let body = exchange.request_body.as_ref().filter(|body| body.is_awaited && done);
    let lacks_body = body.is_some_and(|body| !body.is_whole());
    let body_end = say!(language, "the body's end" / "본문의 끝");
    let came = body.filter(|body| body.is_whole() && body.last_read.value() > stages.head_complete.value());
    if let Some(body) = came {
        row(
            say!(language, "Until the body had come" / "본문이 다 올 때까지"),
            Place::Client,
            (&stages.head_complete, &complete),
            (&body.last_read, &body_end),
        );
    }
    let (known, name) = match came {
        Some(body) => (&body.last_read, &body_end),
        None if done => (&stages.head_complete, &complete),
        None => (&stages.first_read, &first_read),
    };
    let is_refused = exchange.is_refused_in_head();
    row(
        match (is_refused, lacks_body) {
            (true, _) => say!(language, "From there until it was refused" / "거기서 거절까지"),
            (false, true)
                if stages.response_chosen.is_lost()
                    || record.close.is_none() && stages.response_chosen.is_to_come() =>
            {
                say!(language, "Waiting for the body" / "본문을 기다림")
            }
            (false, true) => say!(language, "Waiting for a body that did not come" / "오지 않은 본문을 기다림"),
            (false, false) => say!(language, "Choosing the response" / "응답을 정함"),
        },
        if is_refused || lacks_body { Place::Client } else { Place::Server },
        (known, name),
        (&stages.response_chosen, &chosen),
    );
    row(
        say!(language, "Until the first write" / "첫 쓰기까지"),
        Place::Server,
        (&stages.response_chosen, &chosen),
        (&stages.first_write, &first_write),
    );
    row(
        say!(language, "Sending, first write to last" / "전송, 첫 쓰기부터 마지막까지"),
        Place::Server,
        (&stages.first_write, &first_write),
        (&stages.last_write, &last_write),
    );
    row(
        say!(language, "Until the {} acknowledged" / "{}의 ACK까지", Party::of_client(record).name(language)),
        Place::Wire,
        (&stages.last_write, &last_write),
        (&stages.acknowledged, &acknowledged),
    );
    rows
}

fn in_queue(record: &Record, language: Language) -> Stage {
    let queued = queued_since(record);
    let handshake = &record.handshake;
    Stage {
        name: say!(language, "In the accept queue" / "수락 대기열에서"),
        place: Place::Wire,
        at: queued,
        lasts: queued.map(Nanoseconds::saturating_neg),
        known: if queued.is_some() { Known::Derived } else { Known::NotVisible },
        how: match (queued, handshake.queued.value()) {
            (None, Some(_)) => {
                say!(language, "not visible: shorter than the kernel's ticks" / "보이지 않음: 커널의 틱보다 짧음")
            }
            _ => how(&handshake.queued, language),
        },
    }
}

fn names(language: Language) -> [String; 7] {
    [
        say!(language, "the arrival" / "도착"),
        say!(language, "the first read" / "첫 읽기"),
        say!(language, "the head's end" / "헤더의 끝"),
        say!(language, "the choice of the response" / "응답의 결정"),
        say!(language, "the first write" / "첫 쓰기"),
        say!(language, "the last write" / "마지막 쓰기"),
        say!(language, "the acknowledgement" / "ACK"),
    ]
}

/// How long it is from one moment to another, and how that is known.
fn between(
    name: String,
    place: Place,
    (from, from_name): (&Figure<Nanoseconds>, &str),
    (to, to_name): (&Figure<Nanoseconds>, &str),
    language: Language,
) -> Stage {
    let at = from.value().copied();
    let unseen = |name: &str, figure: &Figure<Nanoseconds>| format!("{name}: {}", how(figure, language));
    let (lasts, how) = match (at, to.value()) {
        (None, _) => (None, unseen(from_name, from)),
        (_, None) => (None, unseen(to_name, to)),
        (Some(at), Some(to)) => (
            Some(to.saturating_sub(at)),
            say!(language, "derived: from {} to {}" / "계산: {}부터 {}까지", from_name, to_name),
        ),
    };
    Stage { name, place, at, lasts, known: if lasts.is_some() { Known::Derived } else { Known::NotVisible }, how }
}

fn heads(exchange: &Exchange, secrets: Secrets, language: Language) -> Vec<Head> {
    let traffic = exchange.traffic.value();
    let head = |name: String, message: &Message, bytes: Option<u64>| {
        let size = bytes.map(|bytes| count!(language, bytes, "byte", "bytes" / "{}바이트"));
        let cut = message.is_cut.then(|| say!(language, "its beginning" / "앞부분"));
        Head {
            title: [Some(name), size, cut].into_iter().flatten().collect::<Vec<_>>().join(", "),
            text: match secrets {
                Secrets::Withheld => withheld_head(&message.head).into_owned(),
                Secrets::Shown => message.head.clone(),
            },
            none: if message.head.is_empty() {
                say!(language, "None came." / "없었습니다.")
            } else {
                String::new()
            },
        }
    };
    let request = match exchange.head {
        Some(HeadState::Simple) => say!(language, "Request line (HTTP/0.9)" / "요청 줄(HTTP/0.9)"),
        Some(HeadState::Refused | HeadState::Unfinished) => say!(language, "Bytes of the request" / "요청의 바이트"),
        Some(HeadState::Complete) | None => say!(language, "Request head" / "요청 헤더"),
    };
    vec![
        head(request, &exchange.request, traffic.map(|traffic| traffic.request_head)),
        head(
            say!(language, "Response head" / "응답 헤더"),
            &exchange.response,
            traffic.map(|traffic| traffic.response_head),
        ),
    ]
}
