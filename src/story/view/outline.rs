//! A connection in a list: a line about it, how it ended, its lane.

use super::lane::Lane;
use crate::language::Language;
use crate::record::How;
use crate::record::connection::Record;
use crate::story::steps::{Tone, request_line, say};
use serde::Serialize;

/// A record in a list.
#[derive(Clone, Debug, Serialize)]
pub struct Outline {
    /// What the last request asked for.
    pub about: String,
    /// What came of it: a status, or words.
    pub status: String,
    /// The class of that status.
    pub tone: Tone,
    /// How many exchanges there are beside the last one.
    pub more: u64,
    /// How the connection ended.
    pub ended: String,
    /// All that for somebody who hears it.
    pub spoken: String,
    /// Its drawing on an axis of time.
    pub lane: Lane,
}

impl Outline {
    /// That of `record`.
    pub fn of(record: &Record, language: Language) -> Self {
        let (about, status, tone) = last(record, language);
        let before = record.exchanges.last().map_or(0, |last| last.number.saturating_sub(1));
        let more = (record.exchanges.len() as u64 + record.exchanges_left_out).saturating_sub(1).max(before);
        let ended = ended(record, language);
        let number = say!(language, "connection {}" / "연결 {}", record.connection);
        let line = [about.as_str(), status.as_str()].into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>();
        let spoken = format!("{number}, {}, {}, {ended}", record.client, line.join(" → "));
        Self { about, status, tone, more, ended, spoken, lane: Lane::of(record) }
    }
}

fn last(record: &Record, language: Language) -> (String, String, Tone) {
    let Some(last) = record.exchanges.last() else {
        return (say!(language, "silent" / "침묵"), String::new(), Tone::Plain);
    };
    let line = request_line(last, language);
    let line = line.rsplit_once(" HTTP/").map_or(line.as_str(), |(line, _)| line).to_owned();
    let status = match (last.status, &record.close) {
        (0, Some(_)) => say!(language, "no whole request" / "온전한 요청 없음"),
        (0, None) => "…".to_owned(),
        (status, _) => status.to_string(),
    };
    (line, status, Tone::of(last.status))
}

/// How a connection ended, in a few words.
pub(super) fn ended(record: &Record, language: Language) -> String {
    let Some(close) = &record.close else {
        return match record.continues {
            true => say!(language, "continues in part {}" / "{}부에서 이어짐", record.part + 1),
            false => say!(language, "open" / "열림"),
        };
    };
    match close.how {
        How::Fin => say!(language, "closed in order, by FINs" / "FIN으로 차례대로 닫힘"),
        How::ResetByClient => say!(language, "reset by the client" / "클라이언트가 리셋함"),
        How::ResetByServer => say!(language, "reset by the server" / "서버가 리셋함"),
        How::Timeout => say!(language, "ended by a deadline of the server" / "서버의 제한 시간이 지나 끝남"),
        How::Lost => close.reason.said(language).to_owned(),
    }
}
