//! The client's half: the steps of a transfer, as the client's record has them.
//!
//! ```text
//!   name ─▶ connect or reuse ─▶ exchange ─▶ body ─▶ close, or kept ─▶ what comes next
//! ```

mod captured;
mod connect;
mod ending;
mod exchange;
mod name;
mod saved;

pub(super) use connect::made;

use super::order;
use super::roles::Roles;
use super::say::say;
use super::step::{Kind, Place, Step};
use crate::language::Language;
use crate::record::End;
use crate::record::segment::Segments;
use crate::record::transfer::{FetchRecord, Transfer};

/// The calls of `transfer`, which followed those of `before`; its segments, where there are `seen` ones,
/// are drawn by others.
pub(super) fn steps(
    transfer: &Transfer,
    before: &FetchRecord,
    seen: Option<&Segments>,
    language: Language,
) -> Vec<Step> {
    of_calls(transfer, before, &Roles::of_none(seen), language)
}

/// The same with the segments that the client's machine saw: those are the arrows then, and what a
/// call or the kernel reports is an event.
pub(super) fn with_segments(transfer: &Transfer, before: &FetchRecord, language: Language) -> Vec<Step> {
    let roles = Roles::of_transfer(transfer);
    let steps = of_calls(transfer, before, &roles, language);
    captured::joined(steps, transfer, &roles, language).into_iter().map(at_client).collect()
}

fn of_calls(transfer: &Transfer, before: &FetchRecord, roles: &Roles<'_>, language: Language) -> Vec<Step> {
    let mut steps: Vec<Step> = transfer.name.iter().flat_map(|name| name::steps(name, language)).collect();
    steps.extend(connect::steps(transfer, before, roles, language));
    steps.extend(withheld(transfer, language));
    if let Some(exchange) = &transfer.exchange {
        steps.extend(exchange::steps(exchange, transfer.is_body_unwanted, roles, language));
    }
    steps.extend(saved::step(transfer, language));
    match &transfer.close {
        Some(close) => steps.extend(ending::steps(close, transfer, roles, language)),
        None if transfer.is_kept => steps.push(kept(language)),
        None => {}
    }
    steps.extend(next(transfer, language));
    order::by_time(steps).into_iter().map(at_client).collect()
}

/// What is seen by the client happened there.
fn at_client(step: Step) -> Step {
    let is_state = step.kind == Kind::Wait || step.place == Place::Wire;
    let place = if is_state { step.place } else { Place::Client };
    Step { place, seen_by: End::Client, ..step }
}

fn withheld(transfer: &Transfer, language: Language) -> Option<Step> {
    (!transfer.withheld.is_empty()).then(|| {
        let fields = transfer.withheld.join(", ");
        Step::note(
            "withheld",
            say!(language, "not sent to another origin: {}" / "다른 출처로는 보내지 않음: {}", fields),
        )
    })
}

fn kept(language: Language) -> Step {
    let title = say!(language, "open for the next request" / "다음 요청을 위해 열어 둠");
    Step::remark("kept", say!(language, "kept" / "유지"), title)
}

fn next(transfer: &Transfer, language: Language) -> Option<Step> {
    let label = say!(language, "next" / "다음");
    match &transfer.redirects_to {
        Some(url) => Some(Step::remark("next", label, url.clone())),
        None if transfer.is_retried => {
            let title = say!(language, "retried on a new connection" / "새 연결로 한 번 더");
            Some(Step::remark("next", label, title))
        }
        None => None,
    }
}
