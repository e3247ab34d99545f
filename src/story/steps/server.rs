//! The server's half: the steps of a connection, as the server's record has them.

use super::order::Limits;
use super::roles::Roles;
use super::say::say;
use super::step::Step;
use super::{ending, exchange, handshake, order, segments};
use crate::language::Language;
use crate::record::Named;
use crate::record::connection::Record;

/// The steps of a connection; `limits`: the client's moments, where they are known.
pub(super) fn steps(record: &Record, limits: Option<Limits>, language: Language) -> Vec<Step> {
    let arrival = order::first_arrival(record);
    let roles = Roles::of_record(record);
    let mut steps = handshake::steps(record, arrival, limits, &roles, language);
    steps.extend(record.named.map(|named| by_proxy(&named, record, language)));
    let mut later = Vec::new();
    for (index, exchange) in record.exchanges.iter().enumerate() {
        let before = index.checked_sub(1).and_then(|before| record.exchanges.get(before));
        later.extend(exchange::steps(exchange, before, record, &roles, language));
    }
    later.extend(left_out(record, language));
    later.extend(ending::seen(record, &roles, language));
    match &record.close {
        Some(close) => later.extend(ending::steps(close, record, &roles, language)),
        None if record.continues => later.push(Step::note(
            "continues",
            say!(
                language,
                "this connection's record continues in part {}" / "이 연결의 기록은 {}부에서 이어집니다",
                record.part + 1
            ),
        )),
        None => later.extend(open(record, language)),
    }
    later.extend(segments::steps(record, &roles, language));
    order::append(&mut steps, later, roles.is_captured());
    steps
}

/// What a proxy said before the first request.
fn by_proxy(named: &Named, record: &Record, language: Language) -> Step {
    let title = say!(
        language,
        "the client is {}, named by the proxy {} ({})" / "클라이언트: {}. 알린 프록시: {}({})",
        named,
        record.client.ip().to_canonical(),
        named.by.name()
    );
    Step::note("named", title)
}

fn left_out(record: &Record, language: Language) -> Option<Step> {
    let count = record.exchanges_left_out;
    (count > 0).then(|| {
        let title = say!(
            language,
            "{} more exchanges on this connection are not recorded: too many at once"
                / "이 연결의 교환 {}개는 기록되지 않음: 한꺼번에 너무 많음",
            count
        );
        Step::note("left-out", title)
    })
}

fn open(record: &Record, language: Language) -> Option<Step> {
    let title = match record.exchanges.last() {
        None => say!(
            language,
            "the connection is open; nothing has come on it" / "연결이 열려 있고 아직 아무것도 오지 않음"
        ),
        Some(last) if last.status == 0 => return None,
        Some(last) if last.is_kept => say!(language, "open for the next request" / "다음 요청을 기다림"),
        Some(_) => say!(language, "the connection is open" / "연결이 열려 있음"),
    };
    Some(Step::note("open", title))
}
