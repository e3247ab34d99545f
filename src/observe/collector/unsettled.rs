//! The exchanges of a connection of which more is expected at once.

use crate::observe::sink::News;
use crate::record::connection::{Exchange, Record};
use crate::record::{Figure, Source, Why};

/// The last exchanges of a connection, which are not in its record yet.
#[derive(Debug, Default)]
pub(super) struct Unsettled {
    pub(super) exchanges: Vec<Exchange>,
    /// Whether those who follow what is under way are still to be shown the last one, or an acknowledgement.
    pub(super) is_new: bool,
    /// Whether the others have been.
    pub(super) is_shown: bool,
}

impl Unsettled {
    pub(super) fn is_empty(&self) -> bool {
        self.exchanges.is_empty()
    }

    /// Puts the exchanges behind those of `record` while `show` looks at it.
    pub(super) fn beside<T>(&mut self, record: &mut Record, show: impl FnOnce(&mut Record) -> T) -> T {
        let count = record.exchanges.len();
        record.exchanges.append(&mut self.exchanges);
        let shown = show(record);
        self.exchanges = record.exchanges.split_off(count);
        shown
    }

    /// Takes out the one of this number.
    pub(super) fn take(&mut self, number: u64) -> Option<Exchange> {
        let place = self.exchanges.iter().position(|held| held.number == number)?;
        Some(self.exchanges.remove(place))
    }

    /// What is to be said of the last one to all who have not been shown it.
    pub(super) fn news(&self) -> Option<News> {
        let last = self.exchanges.last().filter(|_| !self.is_shown)?;
        Some(if last.status == 0 { News::Receiving } else { News::Responding })
    }
}

/// The places of those of the first `count` exchanges that await their acknowledgement: that of a later one is
/// theirs, too.
pub(super) fn awaiting(record: &Record, held: &Unsettled, count: usize) -> Vec<usize> {
    let exchanges = record.exchanges.iter().chain(&held.exchanges);
    let is_known = |exchange: &Exchange| exchange.stages.acknowledged.value().is_some();
    let known = exchanges.enumerate().filter(|(_, exchange)| is_known(exchange)).last();
    let first = known.map_or(0, |(last, _)| last + 1).min(count);
    let awaits = |place: &usize| awaits_acknowledgement(&record.exchanges[*place]);
    (first..count).filter(awaits).collect()
}

/// Whether its response was sent, and no acknowledgement of it is known that may still be.
fn awaits_acknowledgement(exchange: &Exchange) -> bool {
    let acknowledged = &exchange.stages.acknowledged;
    matches!(acknowledged, Figure::NotVisible { why: Why::NoAcknowledgement | Why::NotYet }) && !exchange.is_under_way()
}

/// An exchange of which more became known; what packets showed of it stays known.
pub(super) fn superseded(known: &Exchange, mut by: Exchange) -> Exchange {
    if matches!(known.stages.arrived, Figure::Measured { by: Source::Packets, .. }) {
        by.stages.arrived = known.stages.arrived.clone();
    }
    by
}
