//! A transfer's segments between its calls: those in a role of their own, and the rest.

use super::connect::refused;
use crate::language::Language;
use crate::record::transfer::Transfer;
use crate::record::{End, Figure, Nanoseconds, Source};
use crate::story::steps::order;
use crate::story::steps::phrase::{fin_seen, refusal_seen, reset_seen, said_first};
use crate::story::steps::roles::{Role, Roles};
use crate::story::steps::say::say;
use crate::story::steps::segments;
use crate::story::steps::step::{Kind, Place, Step};

/// The steps with the segments; what they report is not drawn twice.
pub(super) fn joined(steps: Vec<Step>, transfer: &Transfer, roles: &Roles<'_>, language: Language) -> Vec<Step> {
    let Some(seen) = roles.segments() else { return steps };
    let called = |step: Step| match step.kind {
        Kind::Arrow if step.segment.is_none() => {
            let kind = if step.at.value().is_some() { Kind::Event } else { Kind::Note };
            Step { kind, place: Place::Client, direction: None, ..step }
        }
        _ => step,
    };
    let calls = steps.into_iter().map(called);
    let ends = ends(transfer, roles, language);
    let plain = segments::plain(seen, |index| roles.is_drawn(index), language);
    order::by_time(calls.chain(handshake(roles, language)).chain(ends).chain(plain).collect())
}

fn handshake(roles: &Roles<'_>, language: Language) -> Vec<Step> {
    let parts = [
        (
            Role::Syn,
            "syn",
            say!(
                language,
                "The client asks for a connection, and says where its byte numbers begin."
                    / "클라이언트가 연결을 요청하며 바이트 번호의 시작을 알립니다."
            ),
        ),
        (
            Role::SynAck,
            "syn-ack",
            say!(
                language,
                "The server agrees, says where its own numbers begin, and acknowledges the SYN, which counts as one."
                    / "서버가 받아들이며 자기 번호의 시작을 알리고 SYN을 확인합니다. SYN은 하나로 셉니다."
            ),
        ),
        (
            Role::Ack,
            "ack",
            say!(
                language,
                "The client acknowledges the server's SYN: the handshake is complete."
                    / "클라이언트가 서버의 SYN을 확인합니다. 핸드셰이크가 끝났습니다."
            ),
        ),
    ];
    let drawn = |(role, id, sentence): (Role, &str, String)| {
        let arrow = segments::arrow(id, roles.get(role)?.numbered, "", language);
        let sentence = format!("{sentence} {}", arrow.sentence);
        Some(arrow.saying(sentence))
    };
    parts.into_iter().filter_map(drawn).collect()
}

/// FINs and resets that were seen.
fn ends(transfer: &Transfer, roles: &Roles<'_>, language: Language) -> Vec<Step> {
    let Some(moments) = roles.segments().map(|segments| &segments.moments) else { return Vec::new() };
    let ends = [
        (Role::Fin(End::Client), "client-fin", moments.client_fin),
        (Role::Reset(End::Client), "client-reset", moments.client_reset),
        (Role::Fin(End::Server), "server-fin", moments.server_fin),
        (Role::Reset(End::Server), "server-reset", moments.server_reset),
    ];
    let has_fin = |end| ends.iter().any(|(role, _, at)| *role == Role::Fin(end) && at.is_some());
    let drawn = |(role, id, at): (Role, &str, Option<Nanoseconds>)| {
        // Who ended first did so by this; a reset behind a FIN was not that.
        let first = |end| match &transfer.close {
            Some(close) if role == Role::Fin(end) || !has_fin(end) => said_first(&close.first, end, language),
            _ => String::new(),
        };
        let (label, (words, sentence)) = match role {
            Role::Reset(End::Server) if refused(transfer).is_some() => ("RST", refusal_seen(language)),
            Role::Reset(end) => ("RST", reset_seen(end, &first(end), language)),
            Role::Fin(end) => ("FIN", fin_seen(end, &first(end), language)),
            _ => return None,
        };
        let step = match roles.get(role) {
            Some(cast) if cast.is_drawn => segments::arrow(id, cast.numbered, &words, language),
            Some(cast) => segments::within(id, cast, label.to_owned(), words, language),
            // It was seen, and is not among those that the record keeps.
            None => {
                let at = Figure::measured(at?, Source::Packets);
                let event = Step::event(id, at, label, words);
                Step { place: Place::Wire, ..event }.known_by_its_time(language)
            }
        };
        let sentence = format!("{sentence} {}", step.sentence).trim().to_owned();
        Some(step.saying(sentence))
    };
    ends.into_iter().filter_map(drawn).collect()
}
