//! Exchanges of which more is expected at once: the acknowledgement of a response, or what a
//! handler makes elsewhere. It may be long in coming.
//!
//! ```text
//!   reported as held ─▶ Unsettled ─┬─ the next beat ─────────▶ sinks that follow what is under way
//!                                  ├─ a second passed ───────▶ the others, as one that is under way
//!                                  └─ more of it, or the next ─▶ the record: Responded
//! ```

use super::recorded::Recorded;
use super::unsettled::{Unsettled, superseded};
use super::{Collector, SILENT};
use crate::observe::interpret;
use crate::observe::sink::News;
use crate::record::connection::Exchange;
use crate::record::{Figure, Moment, Why};
use std::time::Instant;

/// How many of a connection are held: of one that pipelines more, the first go into the record.
const MOST_HELD: usize = 8;

impl Collector {
    /// More of this exchange is expected at once.
    pub(super) fn hold(&mut self, connection: u64, mut exchange: Exchange) {
        let Some(recorded) = self.connections.get_mut(&connection) else { return };
        let (record, held) = (&mut recorded.record, &mut recorded.held);
        let number = exchange.number;
        // The news of it that waits is no longer right.
        let waiting = self.responding.len();
        self.responding.retain(|responding| *responding != connection);
        let was_shown = waiting == self.responding.len();
        let was_held_shown = std::mem::take(&mut held.is_shown);
        if let Some(known) = record.exchanges.pop_if(|known| known.number == number) {
            self.exchanges -= 1;
            held.is_shown = was_shown && known.status != 0;
            exchange = superseded(&known, exchange);
        } else if let Some(known) = held.take(number) {
            held.is_shown = was_held_shown && known.status == exchange.status;
            exchange = superseded(&known, exchange);
        }
        held.exchanges.push(exchange);
        held.is_new = true;
        if held.exchanges.len() > MOST_HELD {
            let first = held.exchanges[0].number;
            self.release(connection, first);
        }
    }

    /// What is held of a connection goes into its record as it is, up to the exchange of this number.
    pub(super) fn release(&mut self, connection: u64, last: u64) {
        while let Some(recorded) = self.connections.get_mut(&connection)
            && let Some(first) = recorded.held.exchanges.first().filter(|first| first.number <= last)
            && let Some(mut exchange) = recorded.held.take(first.number)
        {
            settle(&mut exchange);
            self.take_in(connection, exchange, News::Responded);
        }
    }

    /// Of the exchange of this number more became known: gives it, if it was held. Those before it are settled.
    pub(super) fn take_held(&mut self, connection: u64, number: u64) -> Option<Exchange> {
        self.release(connection, number.saturating_sub(1));
        self.connections.get_mut(&connection)?.held.take(number)
    }

    /// The response of the exchange of this number is acknowledged.
    pub(super) fn hear_acknowledged(&mut self, connection: u64, number: u64, at: Moment) {
        let held = self.take_held(connection, number);
        let Some(recorded) = self.connections.get_mut(&connection) else { return };
        if let Some(mut exchange) = held {
            exchange.stages.acknowledged = interpret::acknowledged(at, recorded.accepted, &exchange.stages);
            return self.take_in(connection, exchange, News::Responded);
        }
        if let Some(known) = recorded.record.exchanges.iter_mut().rfind(|known| known.number == number) {
            known.stages.acknowledged = interpret::acknowledged(at, recorded.accepted, &known.stages);
            recorded.held.is_new = true;
            self.end_part(connection);
        }
    }

    /// Shows what is held: at once to those who follow what is under way, after a while to the others.
    pub(super) fn hand_on_held(&mut self, now: Instant) {
        let has_some = |held: &Unsettled| !held.is_empty() || held.is_new;
        let held = self.connections.iter().filter(|(_, recorded)| has_some(&recorded.held));
        let of = |(number, recorded): (&u64, &Recorded)| {
            let is_long = now.saturating_duration_since(recorded.last_heard) >= SILENT;
            (*number, recorded.held.is_new, recorded.held.news().filter(|_| is_long))
        };
        let due: Vec<_> = held.map(of).filter(|(_, is_new, long)| *is_new || long.is_some()).collect();
        for (connection, is_new, long) in due {
            let Some(recorded) = self.connections.get(&connection) else { continue };
            if is_new {
                // Where none is held, it is of one that is over.
                let news = if recorded.held.is_empty() { News::Responded } else { News::Responding };
                self.hand_on_to(connection, news, |sink| sink.follows_segments());
            }
            let Some(recorded) = self.connections.get_mut(&connection) else { continue };
            recorded.held.is_new = false;
            if let Some(news) = long {
                recorded.held.is_shown = true;
                let Self { sinks, .. } = self;
                let others = sinks.iter_mut().filter(|sink| !sink.follows_segments());
                recorded.held.beside(&mut recorded.record, |record| others.for_each(|sink| sink.take(record, news)));
            }
        }
    }
}

/// Nothing more is expected of it: its response was not acknowledged, as far as is known.
fn settle(exchange: &mut Exchange) {
    if exchange.stages.acknowledged.is_to_come() && !exchange.is_under_way() {
        exchange.stages.acknowledged = Figure::not_visible(Why::NoAcknowledgement);
    }
}
