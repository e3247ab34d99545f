//! The server's half: the steps of a connection, as the server's record has them.

use super::order::Limits;
use super::phrase::bytes;
use super::roles::Roles;
use super::say::{count, say};
use super::step::Step;
use super::{ending, exchange, handshake, order, segments, unix};
use crate::language::Language;
use crate::language::particle::{SUBJECT, TOPIC};
use crate::record::connection::Record;
use crate::record::{ProxyHeader, ProxyHeaderState, Reason};

/// The steps of a connection; `limits`: the client's moments, where they are known.
pub(super) fn steps(record: &Record, limits: Option<Limits>, language: Language) -> Vec<Step> {
    let arrival = order::first_arrival(record);
    let roles = Roles::of_record(record);
    let is_tcp = record.addresses().is_some();
    let mut steps = match is_tcp {
        true => handshake::steps(record, arrival, limits, &roles, language),
        false => vec![unix::accept(record, language)],
    };
    let mut later: Vec<Step> =
        record.proxy_header.iter().map(|header| proxy_header(header, record, language)).collect();
    for (index, exchange) in record.exchanges.iter().enumerate() {
        let before = index.checked_sub(1).and_then(|before| record.exchanges.get(before));
        later.extend(exchange::steps(exchange, before, record, &roles, language));
    }
    later.extend(left_out(record, language));
    later.extend(ending::seen(record, &roles, language));
    match &record.close {
        Some(close) if !is_tcp => later.extend(unix::ending(close, record, language)),
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

/// What a proxy said before the first request, or as much of it as came.
fn proxy_header(header: &ProxyHeader, record: &Record, language: Language) -> Step {
    let (proxy, bytes) = (record.client.host(), bytes(header.bytes, language));
    let title = match (header.state, record.named) {
        (ProxyHeaderState::Whole, Some(named)) => say!(
            language,
            "the client is {}, named by the proxy {} ({})" / "클라이언트: {}. 알린 프록시: {}({})",
            named,
            proxy,
            named.by.name()
        ),
        (ProxyHeaderState::Whole, None) => {
            say!(
                language,
                "the proxy {} names no client" / "프록시 {} 클라이언트를 알리지 않음",
                SUBJECT.after(proxy, language)
            )
        }
        (ProxyHeaderState::Begun, _) if record.close.is_none() => {
            say!(
                language,
                "a PROXY header has begun: {} so far" / "PROXY 헤더가 시작됨: {} 옴",
                SUBJECT.after(&bytes, language)
            )
        }
        (ProxyHeaderState::Begun, _) => say!(
            language,
            "a PROXY header began and did not come to its end: {}" / "PROXY 헤더가 시작되고 끝까지 오지 않음: {}",
            bytes
        ),
        (ProxyHeaderState::Malformed, _) => {
            say!(
                language,
                "not a PROXY header: {} came instead" / "PROXY 헤더가 아님: 대신 {} 옴",
                SUBJECT.after(&bytes, language)
            )
        }
    };
    let sentence = match (header.state, record.named) {
        (ProxyHeaderState::Whole, None) => say!(
            language,
            "A header of {} precedes the first request. The proxy speaks for itself, as for a health check, or for a client without an IP address."
                / "첫 요청 앞에 {}의 헤더가 있습니다. 프록시가 상태 확인처럼 스스로 연결했거나, 클라이언트에 IP 주소가 없습니다.",
            bytes
        ),
        (ProxyHeaderState::Whole, Some(_)) => say!(
            language,
            "A header of {} precedes the first request: the connection is the proxy's."
                / "첫 요청 앞에 {}의 헤더가 있습니다. 연결은 프록시의 것입니다.",
            bytes
        ),
        (ProxyHeaderState::Begun | ProxyHeaderState::Malformed, _) => say!(
            language,
            "At this address a proxy first names its client (PROXY protocol); before that no request is read."
                / "이 주소에서는 프록시가 먼저 클라이언트를 알립니다(PROXY 프로토콜). 그전에는 요청을 읽지 않습니다."
        ),
    };
    let step = Step::event("proxy-header", header.read.clone(), "PROXY", title);
    step.captioned("PROXY").known_by_its_time(language).saying(sentence)
}

fn left_out(record: &Record, language: Language) -> Option<Step> {
    let count = record.exchanges_left_out;
    (count > 0).then(|| {
        let more = TOPIC.after(count!(language, count, "more exchange", "more exchanges" / "교환 {}개"), language);
        let was_killed = record.close.as_ref().is_some_and(|close| close.reason == Reason::ProcessEnded);
        let title = if was_killed {
            say!(
                language,
                "{} on this connection not recorded: the process was killed before it told of them"
                    / "이 연결의 {} 기록되지 않음: 알리기 전에 프로세스가 강제로 종료됨",
                more
            )
        } else {
            say!(
                language,
                "{} on this connection not recorded: too many at once"
                    / "이 연결의 {} 기록되지 않음: 한꺼번에 너무 많음",
                more
            )
        };
        Step::note("left-out", title)
    })
}

fn open(record: &Record, language: Language) -> Option<Step> {
    let title = match record.exchanges.last() {
        None if record.proxy_header.is_some() => {
            say!(
                language,
                "the connection is open; no request has come on it" / "연결이 열려 있고 아직 요청이 오지 않음"
            )
        }
        None => say!(
            language,
            "the connection is open; nothing has come on it" / "연결이 열려 있고 아직 아무것도 오지 않음"
        ),
        // Its last step says what is waited for.
        Some(last) if last.status == 0 && !last.awaits_response() || last.status != 0 && last.is_under_way() => {
            return None;
        }
        Some(last) if last.status == 0 => {
            say!(language, "the response is not made yet" / "응답이 아직 만들어지지 않음")
        }
        Some(last) if last.stages.acknowledged.is_to_come() => {
            say!(
                language,
                "the connection is open; the response is not acknowledged yet"
                    / "연결이 열려 있고 응답의 ACK는 아직 오지 않음"
            )
        }
        Some(last) if last.is_kept => say!(language, "open for the next request" / "다음 요청을 기다림"),
        Some(_) => say!(language, "the connection is open" / "연결이 열려 있음"),
    };
    Some(Step::note("open", title))
}
