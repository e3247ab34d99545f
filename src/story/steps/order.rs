//! The order of cause and time. The handshake precedes all else, whatever the
//! tick of a source; each chain of causes stays in its order; times never decrease.

use super::step::Step;
use crate::record::Nanoseconds;
use crate::record::connection::{Handshake, Record};

/// When the first bytes of the first request had arrived, where that was before the accept.
pub(super) fn first_arrival(record: &Record) -> Option<Nanoseconds> {
    let arrivals = record.exchanges.iter().filter_map(|exchange| exchange.stages.arrived.value());
    arrivals.min().copied().filter(|at| *at < 0)
}

/// How long a connection stood in the accept queue, as far as that can be known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wait {
    /// About this long, give or take a tick.
    About(Nanoseconds),
    /// No less than this: its first bytes had arrived by then, and its ACK before them.
    AtLeast(Nanoseconds),
    /// It was too short for the ticks in which it is counted: less than this.
    Under(Nanoseconds),
    /// Nothing reports it.
    Unknown,
}

/// The client's moments, since the accept, between which a handshake was.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limits {
    /// connect(2) was called: the SYN had not left before.
    pub(super) began: Nanoseconds,
    /// It was over: the SYN+ACK had come, and its ACK had left.
    pub(super) ended: Nanoseconds,
}

/// `arrival` is that of the first bytes, where it was before the accept. The
/// age is counted in whole ticks: what it says is right to within one. `began`: when the client called connect(2), where that is known:
/// it can't have waited for longer.
pub(super) fn wait(handshake: &Handshake, arrival: Option<Nanoseconds>, began: Option<Nanoseconds>) -> Wait {
    let least = arrival.map_or(0, Nanoseconds::saturating_neg);
    let two_ticks = handshake.tick.max(1).saturating_mul(2);
    let most = began.map(|began| began.saturating_neg().max(0));
    let is_possible = |age: Nanoseconds| age >= least && most.is_none_or(|most| age <= most);
    match handshake.queued.value() {
        Some(age) if *age >= two_ticks && is_possible(*age) => Wait::About(*age),
        _ if least > 0 => Wait::AtLeast(least),
        Some(_) => Wait::Under(most.map_or(two_ticks, |most| most.clamp(1, two_ticks))),
        None => Wait::Unknown,
    }
}

/// Since when a connection is known to have stood in the accept queue; `None` where that was too short to be seen.
pub(crate) fn queued_since(record: &Record) -> Option<Nanoseconds> {
    match wait(&record.handshake, first_arrival(record), None) {
        Wait::About(age) | Wait::AtLeast(age) => Some(age.saturating_neg()),
        Wait::Under(_) | Wait::Unknown => None,
    }
}

/// Adds what came after the handshake, by time; what has none stays behind what it follows.
/// The handshake's times are bounds that lie before all others, or were seen, as the others were.
pub(super) fn append(steps: &mut Vec<Step>, later: Vec<Step>, is_seen: bool) {
    let is_at_accept = |step: &Step| matches!(step.id.as_str(), "half-closed" | "accept");
    let sorted_from = if is_seen { 0 } else { steps.iter().position(is_at_accept).unwrap_or(steps.len()) };
    let together = steps.split_off(sorted_from);
    let latest = steps.iter().filter_map(|step| step.at.value().copied()).max().unwrap_or(Nanoseconds::MIN);
    steps.extend(sorted(latest, together.into_iter().chain(later)));
}

/// By time; what has none stays behind what it follows.
pub(super) fn by_time(steps: Vec<Step>) -> Vec<Step> {
    sorted(Nanoseconds::MIN, steps.into_iter()).collect()
}

fn sorted(mut latest: Nanoseconds, steps: impl Iterator<Item = Step>) -> impl Iterator<Item = Step> {
    let mut keyed: Vec<(Nanoseconds, Step)> = Vec::with_capacity(steps.size_hint().0);
    for step in steps {
        latest = step.at.value().copied().unwrap_or(latest);
        keyed.push((latest, step));
    }
    keyed.sort_by_key(|(at, _)| *at);
    keyed.into_iter().map(|(_, step)| step)
}
