//! What a report changes: a connection's record grows, is recorded, and where it is
//! full goes on in a further part.

use super::recorded::Recorded;
use super::unsettled::{Unsettled, awaiting, superseded};
use super::{Collector, LOOKS, MOST_EXCHANGES, MOST_EXCHANGES_OF_ALL, MOST_OPEN, MOST_UNACKNOWLEDGED, UNSETTLED};
use crate::observe::interpret::{self, Lost};
use crate::observe::report::{self, Closed, Opened, Report};
use crate::observe::sink::News;
use crate::record::connection::Exchange;
use crate::record::segment::Followed;
use crate::record::{Figure, Why};
use std::time::{Duration, Instant};

impl Collector {
    pub(super) fn hear(&mut self, report: Report<'_>) {
        match report {
            Report::Opened(report) => self.hear_opened(&report),
            Report::ProxyHeader(report) => {
                if let Some(recorded) = self.connections.get_mut(&report.connection) {
                    recorded.record.named = report.named;
                    recorded.last_heard = Instant::now();
                    recorded.record.proxy_header = Some(interpret::proxy_header(&report, recorded.accepted));
                }
            }
            Report::Exchange(report) => self.hear_exchange(&report),
            Report::Acknowledged { connection, number, at } => self.hear_acknowledged(connection, number, at),
            Report::Closed(report) => self.hear_closed(&report),
            Report::Lost { connection, exchanges } => {
                self.end_exchanges(connection, Lost::Process);
                if let Some(recorded) =
                    self.connections.get_mut(&connection).filter(|recorded| recorded.record.close.is_none())
                {
                    self.left_out.exchanges += recorded.count_unreported(exchanges);
                    recorded.record.close = Some(interpret::lost(Lost::Process));
                    self.closing.push_back((Instant::now() + self.look, connection));
                }
            }
            Report::Line(_) | Report::End => {}
        }
    }

    fn hear_opened(&mut self, report: &Opened) {
        self.opened += 1;
        self.note_ends(report);
        if self.connections.len() >= MOST_OPEN {
            self.left_out.connections += 1;
            self.not_taken_in += 1;
            return;
        }
        let record = interpret::opened(report, self.model.clone());
        let last_heard = Instant::now();
        let recorded = Recorded {
            record,
            accepted: report.accepted,
            is_silent: false,
            last_heard,
            segments_seen: 0,
            last_look: None,
            followed: Followed::SoFar,
            in_earlier_parts: 0,
            are_ends_used_again: false,
            held: Unsettled::default(),
        };
        if let Some(ends) = recorded.record.addresses() {
            self.latest_between.insert(ends, report.connection);
        }
        self.connections.insert(report.connection, recorded);
        self.hand_on(report.connection, News::Opened);
    }

    /// Of an older one between the same ends the kernel's table says nothing any more.
    fn note_ends(&mut self, report: &Opened) {
        let [client, server] = interpret::unix::ends(&report.between);
        let before = server.address().zip(client.address()).and_then(|ends| self.latest_between.get(&ends));
        if let Some(before) = before.and_then(|before| self.connections.get_mut(before)) {
            before.are_ends_used_again = true;
        }
    }

    fn hear_exchange(&mut self, report: &report::Exchange<'_>) {
        let Some(recorded) = self.connections.get_mut(&report.connection) else { return };
        let exchange = interpret::exchange(report, recorded.accepted);
        let exchange = interpret::unix::exchange(exchange, &recorded.record);
        recorded.last_heard = Instant::now();
        if report.is_held {
            return self.hold(report.connection, exchange);
        }
        let exchange = match self.take_held(report.connection, report.number) {
            Some(held) => superseded(&held, exchange),
            None => exchange,
        };
        let news = match (report.is_over, report.status) {
            (true, _) => News::Responded,
            (false, 0) => News::Receiving,
            (false, _) => News::Responding,
        };
        self.take_in(report.connection, exchange, news);
    }

    /// Puts an exchange into its connection's record.
    pub(super) fn take_in(&mut self, connection: u64, exchange: Exchange, news: News) {
        let Some(recorded) = self.connections.get_mut(&connection) else { return };
        let exchanges = &mut recorded.record.exchanges;
        // They come in their order: it is the last one, or comes behind it.
        let before = exchanges.iter().rposition(|known| known.number <= exchange.number);
        match before.map(|known| &mut exchanges[known]).filter(|known| known.number == exchange.number) {
            Some(known) => *known = superseded(known, exchange),
            None => {
                exchanges.push(exchange);
                self.exchanges += 1;
                self.end_part(connection);
            }
        }
        self.responding.retain(|responding| *responding != connection);
        match news {
            // Its segments are not read yet.
            News::Responding if self.packets.is_some() => self.responding.push(connection),
            _ => self.hand_on(connection, news),
        }
    }

    /// Where a record is full, or all of them together are, it is recorded, and a further one begins: when
    /// its responses are acknowledged, unless too many wait for that.
    pub(super) fn end_part(&mut self, connection: u64) {
        let are_all_full = self.exchanges > MOST_EXCHANGES_OF_ALL;
        let Some(Recorded { record, held, .. }) = self.connections.get(&connection) else { return };
        let settled = record.exchanges.len().saturating_sub(UNSETTLED);
        let part = match are_all_full {
            true if settled > 0 => settled,
            false if settled >= MOST_UNACKNOWLEDGED => MOST_EXCHANGES,
            false if settled >= MOST_EXCHANGES && awaiting(record, held, MOST_EXCHANGES).is_empty() => MOST_EXCHANGES,
            _ => return,
        };
        self.end_part_behind(connection, part);
        // Several may have waited for the same acknowledgement.
        self.end_part(connection);
    }

    /// The first exchanges, of this number, are a part.
    fn end_part_behind(&mut self, connection: u64, count: usize) {
        let Some(recorded) = self.connections.get_mut(&connection) else { return };
        for place in awaiting(&recorded.record, &recorded.held, count) {
            recorded.record.exchanges[place].stages.acknowledged = Figure::not_visible(Why::PartEnded);
        }
        let next = recorded.record.exchanges.split_off(count);
        recorded.record.continues = true;
        self.hand_on(connection, News::Continues);
        let Some(recorded) = self.connections.get_mut(&connection) else { return };
        let first = next.first().map(|exchange| exchange.number);
        recorded.record.earlier = first.and_then(|first| recorded.record.before(first));
        let settled = std::mem::replace(&mut recorded.record.exchanges, next).len();
        recorded.in_earlier_parts += settled as u64;
        recorded.record.part += 1;
        recorded.record.continues = false;
        self.exchanges -= settled;
    }

    /// No more will be heard of the exchanges of this connection: those that are not over end as they are.
    pub(super) fn end_exchanges(&mut self, connection: u64, lost: Lost) {
        let Some(Recorded { record, held, .. }) = self.connections.get_mut(&connection) else { return };
        let exchanges = record.exchanges.iter_mut().chain(&mut held.exchanges);
        exchanges.for_each(|exchange| interpret::end(exchange, lost));
        self.release(connection, u64::MAX);
        self.responding.retain(|responding| *responding != connection);
    }

    fn hear_closed(&mut self, report: &Closed) {
        // One that was not reported to be over was: there was no room for that.
        self.end_exchanges(report.connection, Lost::Report);
        let Some(recorded) = self.connections.get_mut(&report.connection) else { return };
        self.left_out.exchanges += recorded.count_unreported(report.exchanges);
        interpret::doubt_arrivals(&mut recorded.record, report);
        let close = interpret::close(report, recorded.accepted);
        let close = interpret::without_a_doubtful_rtt(close, &recorded.record.handshake);
        let close = interpret::unix::close(close, report, &recorded.record);
        recorded.record.close = Some(close);
        recorded.say_why_it_ended();
        let has_time = self.closing.len() < LOOKS;
        self.closing.push_back((Instant::now() + if has_time { self.look } else { Duration::ZERO }, report.connection));
    }
}
