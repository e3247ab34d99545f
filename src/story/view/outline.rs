//! A connection in a list: a line about it, how it ended, its lane.

use super::lane::Lane;
use super::requests::{Asked, requests};
use crate::language::Language;
use crate::language::particle::SUBJECT;
use crate::record::connection::{Exchange, Record};
use crate::record::{End, How, ProxyHeaderState, Reset};
use crate::story::parties::{Party, is_proxied, parties, why_it_ended};
use crate::story::steps::{Tone, request_line, say};
use serde::Serialize;

/// A record in a list.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct Outline {
    /// What the first request asked for.
    pub about: String,
    /// What came of it: a status, or words.
    pub status: String,
    /// The class of that status.
    pub tone: Tone,
    /// How many exchanges there are beside the first one.
    pub more: u64,
    /// The worst error among those, so that a list hides none.
    pub failed: Option<Failed>,
    /// Whether its TCP connection is a proxy's.
    pub is_proxied: bool,
    /// How the connection ended.
    pub ended: String,
    /// All that for a screen reader.
    pub spoken: String,
    /// Its drawing on an axis of time.
    pub lane: Lane,
    /// Its requests, a row each.
    pub requests: Vec<Asked>,
}

/// A status that says that something failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Failed {
    /// The status.
    pub status: u16,
    /// Its class.
    pub tone: Tone,
}

impl Outline {
    /// That of `record`.
    pub fn of(record: &Record, language: Language) -> Self {
        let (about, status, tone) = first(record, language);
        let before = record.exchanges.last().map_or(0, |last| last.number.saturating_sub(1));
        let more = (record.exchanges.len() as u64 + record.exchanges_left_out).saturating_sub(1).max(before);
        let ended = ended(record, language);
        let number = match record.part > 1 || record.continues {
            true => say!(language, "connection {}, part {}" / "연결 {}, {}부", record.connection, record.part),
            false => say!(language, "connection {}" / "연결 {}", record.connection),
        };
        let line = [about.as_str(), status.as_str()].into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>();
        let parties = parties(record, language).join(", ");
        let spoken = format!("{number}, {parties}, {}, {ended}", line.join(" → "));
        let failed = record.exchanges.iter().skip(1).filter_map(failed).max_by_key(|failed| failed.status);
        let requests = requests(record, language);
        let is_proxied = is_proxied(record);
        Self { about, status, tone, more, failed, is_proxied, ended, spoken, lane: Lane::of(record), requests }
    }
}

fn failed(exchange: &Exchange) -> Option<Failed> {
    let tone = Tone::of(exchange.status);
    matches!(tone, Tone::ClientError | Tone::ServerError).then_some(Failed { status: exchange.status, tone })
}

fn first(record: &Record, language: Language) -> (String, String, Tone) {
    let Some(first) = record.exchanges.first() else {
        let about = match record.proxy_header.as_ref().map(|header| header.state) {
            None => say!(language, "silent" / "침묵"),
            Some(ProxyHeaderState::Begun) => say!(language, "incomplete PROXY header" / "끝나지 않은 PROXY 헤더"),
            Some(ProxyHeaderState::Malformed) => say!(language, "no PROXY header" / "PROXY 헤더가 아님"),
            Some(ProxyHeaderState::Whole) => say!(language, "PROXY header alone" / "PROXY 헤더뿐"),
        };
        return (about, String::new(), Tone::Plain);
    };
    let line = request_line(first, language);
    let line = line.rsplit_once(" HTTP/").map_or(line.as_str(), |(line, _)| line).to_owned();
    let status = match (first.status, &record.close) {
        (0, Some(_)) => say!(language, "no complete request" / "완전한 요청 없음"),
        (0, None) => "…".to_owned(),
        (status, _) => status.to_string(),
    };
    (line, status, Tone::of(first.status))
}

/// How a connection ended, in a few words.
pub(super) fn ended(record: &Record, language: Language) -> String {
    let Some(close) = &record.close else {
        return match record.continues {
            true => say!(language, "continues in part {}" / "{}부에서 이어짐", record.part + 1),
            false => say!(language, "open" / "열림"),
        };
    };
    match (close.how, &close.reset) {
        (How::Fin, Some(reset)) => then_reset(reset, record, language),
        (How::Fin, None) => say!(language, "closed by FINs" / "FIN으로 닫힘"),
        (How::Closed, _) => say!(language, "closed" / "닫힘"),
        (How::ResetByClient, _) if record.addresses().is_none() => {
            say!(
                language,
                "closed by the {}" / "{} 닫음",
                SUBJECT.after(Party::of_client(record).name(language), language)
            )
        }
        (How::ResetByClient, _) => {
            say!(
                language,
                "reset by the {}" / "{} 리셋함",
                SUBJECT.after(Party::of_client(record).name(language), language)
            )
        }
        (How::ResetByServer, _) => say!(language, "reset by the server" / "서버가 리셋함"),
        (How::Timeout, _) => say!(language, "ended by a deadline of the server" / "서버의 제한 시간이 지나 끝남"),
        (How::Lost, _) => why_it_ended(close, record, language),
    }
}

/// A reset behind the FINs that were seen: both, one, or none.
fn then_reset(reset: &Reset, record: &Record, language: Language) -> String {
    let moments = record.segments.as_ref().map(|segments| segments.moments).unwrap_or_default();
    let name = |end| Party::of(end, record).name(language);
    match (moments.client_fin, moments.server_fin) {
        (Some(_), Some(_)) => say!(language, "closed by FINs, then a reset" / "FIN으로 닫힌 뒤 리셋됨"),
        (Some(_), None) => say!(language, "a FIN of the {}, then a reset" / "{}의 FIN 뒤에 리셋됨", name(End::Client)),
        (None, Some(_)) => say!(language, "a FIN of the {}, then a reset" / "{}의 FIN 뒤에 리셋됨", name(End::Server)),
        (None, None) => say!(language, "reset by the {}" / "{} 리셋함", SUBJECT.after(name(reset.by), language)),
    }
}
