//! The head of a request: the reads that gave it, and how far it came.

use super::phrase::{bytes, reads};
use super::say::say;
use super::step::{AT_ONCE, Step, is_unreached};
use crate::language::Language;
use crate::record::connection::{Exchange, HeadState};
use crate::record::{Figure, Reason, Source};

/// The reads that gave the head, and when it was known to be complete, or refused.
pub(super) fn read(exchange: &Exchange, is_pipelined: bool, language: Language) -> Vec<Step> {
    let stages = &exchange.stages;
    let traffic = exchange.traffic.value();
    let label = say!(language, "read" / "읽기");
    let is_refused = exchange.is_refused_in_head();
    let end = if is_refused { &stages.response_chosen } else { &stages.head_complete };
    let has_more = traffic.is_some_and(|traffic| traffic.reads > 1);
    let title = read_title(exchange, is_pipelined, language);
    let sentence = read_sentence(exchange, is_pipelined, language);
    let took = stages.first_read.value().zip(end.value()).map(|(from, to)| to.saturating_sub(*from));
    let is_in_steps = !is_pipelined && (has_more || is_refused) && took.is_none_or(|took| took >= AT_ONCE);
    if is_in_steps || is_refused && end.value().is_none() {
        let first = match traffic.filter(|_| !has_more) {
            Some(traffic) => {
                let (bytes, reads) = (bytes(traffic.request_head, language), reads(traffic.reads, language));
                say!(language, "{} in {}" / "{} ({})", bytes, reads)
            }
            None => say!(language, "first bytes" / "첫 바이트"),
        };
        let first = Step::event("read", stages.first_read.clone(), label.clone(), first).captioned("recv()");
        let first =
            Some(first.known_by_its_time(language)).filter(|_| !is_pipelined && !is_unreached(&stages.first_read));
        let head = match end.value() {
            Some(_) => Step::event("head", end.clone(), label, title).known_by_its_time(language),
            // When its last bytes were read is not known.
            None => Step::note("head", title).known_by(&Figure::measured((), Source::Calls), language),
        };
        return first.into_iter().chain([head.saying(sentence)]).collect();
    }
    let is_later = (is_pipelined || is_refused) && end.value().is_some();
    let at = if is_later { end } else { &stages.first_read };
    if is_unreached(at) {
        return Vec::new();
    }
    vec![Step::event("read", at.clone(), label, title).captioned("recv()").known_by_its_time(language).saying(sentence)]
}

/// How far the head came, and in how many reads.
fn read_title(exchange: &Exchange, is_pipelined: bool, language: Language) -> String {
    let state = match (exchange.head, exchange.status) {
        (Some(HeadState::Complete), _) => say!(language, "head complete" / "헤더 끝까지 읽음"),
        (Some(HeadState::Simple), _) => {
            say!(language, "a line of HTTP/0.9, which has no head" / "HTTP/0.9의 한 줄, 헤더는 없음")
        }
        (Some(HeadState::Refused), _) => refused_at(exchange.refused.as_ref(), language),
        (Some(HeadState::Unfinished), 0) => say!(language, "the head is incomplete" / "헤더가 끝나지 않음"),
        (Some(HeadState::Unfinished), _) => {
            say!(language, "refused before the head was complete" / "헤더가 끝나기 전에 거절함")
        }
        (None, 0) => say!(language, "the head is not complete yet" / "헤더가 아직 끝나지 않음"),
        (None, _) => say!(language, "request read" / "요청을 읽음"),
    };
    let Some(traffic) = exchange.traffic.value() else { return state };
    let bytes = bytes(traffic.request_head, language);
    match (is_pipelined, traffic.reads) {
        (true, 0) => say!(language, "{}: {}, read with the ones before" / "{}: {}, 앞의 것과 함께 읽음", state, bytes),
        // How many of them came with the request before is not recorded.
        (true, count) => say!(
            language,
            "{}: {}, some with the request before, the rest in {}" / "{}: {}, 일부는 앞 요청과 함께, 나머지는 {}",
            state,
            bytes,
            reads(count, language)
        ),
        (false, count) => say!(language, "{}: {} in {}" / "{}: {} ({})", state, bytes, reads(count, language)),
    }
}

/// Where the head was refused: what comes behind that was not looked at, and may have been there.
fn refused_at(why: Option<&Reason>, language: Language) -> String {
    match why {
        Some(Reason::NotHttp | Reason::TlsHandshake) => {
            say!(language, "refused at its first byte" / "첫 바이트에서 거절함")
        }
        Some(Reason::BadRequestLine | Reason::LineTooLong | Reason::BadVersion | Reason::BadTarget) => {
            say!(language, "refused at its request line" / "요청 줄에서 거절함")
        }
        Some(Reason::HeadTooLarge | Reason::TooManyFields | Reason::BadField) => {
            say!(language, "refused at its header fields" / "헤더 필드에서 거절함")
        }
        _ => say!(language, "refused while its head was read" / "헤더를 읽다가 거절함"),
    }
}

fn read_sentence(exchange: &Exchange, is_pipelined: bool, language: Language) -> String {
    // A beginning that came with the request before took a read, too.
    let has_more = exchange.traffic.value().is_some_and(|traffic| traffic.reads > u32::from(!is_pipelined));
    match exchange.head {
        Some(HeadState::Complete) if has_more => say!(
            language,
            "An empty line ends the head. TCP is a stream without borders, so a read may return any part of it."
                / "빈 줄이 헤더를 끝냅니다. TCP는 경계가 없는 흐름이므로, 한 번의 읽기는 그 일부일 수 있습니다."
        ),
        Some(HeadState::Complete) => say!(
            language,
            "An empty line ends the head; before that, nothing can be decided."
                / "빈 줄이 헤더를 끝냅니다. 그전에는 아무것도 정할 수 없습니다."
        ),
        Some(HeadState::Simple) => say!(
            language,
            "The client spoke HTTP/0.9: GET and a path, and no header fields."
                / "클라이언트가 HTTP/0.9로 말했습니다. GET과 경로뿐이고 헤더 필드가 없습니다."
        ),
        Some(HeadState::Refused | HeadState::Unfinished) | None => {
            say!(language, "These are the bytes of the request that were read." / "읽힌 요청의 바이트입니다.")
        }
    }
}
