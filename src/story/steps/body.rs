//! The body of a request: how much of it came, of how much that its head announces.

use super::phrase::bytes;
use super::say::say;
use super::step::Step;
use crate::language::Language;
use crate::language::particle::{OBJECT, SUBJECT};
use crate::record::connection::{Exchange, Record, RequestBody};
use crate::record::{Figure, Source};

pub(super) fn step(exchange: &Exchange, record: &Record, language: Language) -> Option<Step> {
    let body = exchange.request_body.as_ref()?;
    let (length, label) = (bytes(body.length, language), say!(language, "body" / "본문"));
    let by_calls = |title: String| Step::remark("body", label.clone(), title).known_by(&counted(), language);
    let is_open = exchange.status == 0 && record.close.is_none();
    Some(match body {
        RequestBody { is_awaited: false, .. } => by_calls(say!(
            language,
            "the head announces a body of {}, and the server does not wait for it"
                / "헤더는 본문 {} 알리지만 서버는 기다리지 않음",
            OBJECT.after(length, language)
        )),
        body if body.is_whole() => {
            let title = say!(language, "body complete: {}" / "본문 끝까지 읽음: {}", length);
            let step = Step::event("body", body.last_read.clone(), label, title).captioned("recv()");
            step.known_by_its_time(language).saying(announced(language))
        }
        body if is_open => {
            let title = say!(
                language,
                "the server waits for the body: {} of {} so far" / "서버가 본문을 기다림: {1} 중 {0} 옴",
                SUBJECT.after(bytes(body.read, language), language),
                length
            );
            by_calls(title).saying(announced(language))
        }
        body if exchange.stages.response_chosen.is_lost() => {
            let title = say!(
                language,
                "of the body, {} of {} were reported" / "본문 {1} 중 {0}까지 보고됨",
                bytes(body.read, language),
                length
            );
            by_calls(title).saying(announced(language))
        }
        body => {
            let title = say!(
                language,
                "the body did not come to its end: {} of {}" / "본문이 끝까지 오지 않음: {1} 중 {0}",
                bytes(body.read, language),
                length
            );
            // Then it is waited for no longer: there is a response, or the connection is over.
            let chosen = &exchange.stages.response_chosen;
            let ends = record.close.iter().flat_map(|close| [&close.client_end, &close.called, &close.at]);
            let at = [chosen].into_iter().chain(ends).find(|at| at.value().is_some()).unwrap_or(chosen);
            Step::event("body", at.clone(), label, title).known_by(&counted(), language).saying(announced(language))
        }
    })
}

fn counted() -> Figure<()> {
    Figure::measured((), Source::Calls)
}

fn announced(language: Language) -> String {
    say!(
        language,
        "The head announces how long the body is (Content-Length), and the server responds when it has come, or when it is waited for no longer."
            / "본문의 길이는 헤더의 Content-Length에 있습니다. 서버는 본문이 다 오거나 더 기다리지 않게 될 때 응답합니다."
    )
}
