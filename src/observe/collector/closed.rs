//! Connections whose sockets are closed: each is handed on when its last packets
//! have passed. Those that go on (a slow reader, a FIN that nobody acknowledges, a
//! late reset) are followed until they are over, within bounds.

use super::recorded::{Following, are_packets_read};
use super::{Collector, LOOKS};
use crate::capture::SoFar;
use crate::observe::sink::News;
use crate::record::segment::Followed;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

/// How long after close(2) packets are followed at most, and of how many connections at a time.
const LONGEST: Duration = Duration::from_secs(Followed::LONGEST);
const MOST_FOLLOWED: usize = 1_024;
/// How often the kernel is asked whether it still has the socket of one that is followed.
const ASKED: Duration = Duration::from_secs(1);

impl Collector {
    /// Tells the connections whose last segments have passed, and follows the others.
    pub(super) fn hand_on_closed(&mut self, now: Instant) {
        while self
            .closing
            .front()
            .is_some_and(|(due, _)| *due <= now && are_packets_read(self.packets.as_deref(), *due, now))
        {
            let Some((_, connection)) = self.closing.pop_front() else { return };
            match self.is_over(connection) {
                Some(false) if self.following.len() < MOST_FOLLOWED => {
                    self.look_for_time_wait(connection);
                    self.hand_on(connection, News::Closing);
                    let (until, next_question) = (now + LONGEST, now + ASKED);
                    self.following.push_back(Following { connection, until, next_question });
                }
                Some(false) => self.hand_on_last(connection, Followed::WithoutRoom),
                Some(true) | None => self.hand_on_last(connection, Followed::ToItsEnd),
            }
        }
        self.write_out();
    }

    /// Tells those that are over by now, and what is new of the others.
    pub(super) fn hand_on_followed(&mut self, now: Instant) {
        let mut questions = LOOKS;
        for mut following in std::mem::take(&mut self.following) {
            let connection = following.connection;
            let is_asked = following.next_question <= now && questions > 0;
            if is_asked {
                questions -= 1;
                following.next_question = now + ASKED;
            }
            match self.is_over(connection) {
                Some(true) => self.hand_on_last(connection, Followed::ToItsEnd),
                _ if is_asked && self.is_unknown(connection) => {
                    self.hand_on_last(connection, Followed::ToTheKernelsEnd);
                }
                _ if following.until <= now => self.hand_on_last(connection, Followed::ForItsTime),
                _ => self.following.push_back(following),
            }
        }
        self.write_out();
    }

    /// The server ends: what is followed is handed on as it is. Of those whose end is not among the packets
    /// that were read, which a burst may have outrun, the kernel knows it.
    pub(super) fn stop_following(&mut self) {
        for Following { connection, .. } in std::mem::take(&mut self.following) {
            let is_settled = self.so_far(connection).is_some_and(|so_far| so_far.is_settled);
            let followed = match is_settled {
                true => Followed::ToItsEnd,
                false if self.is_unknown(connection) => Followed::ToTheKernelsEnd,
                false => Followed::ToTheServersEnd,
            };
            self.hand_on_last(connection, followed);
        }
        self.write_out();
    }

    /// What was handed on is written, and counts as finished then.
    fn write_out(&mut self) {
        self.sinks.iter_mut().for_each(|sink| sink.flush());
        self.progress.finished.store(self.closed.saturating_sub(self.unwritten()), Ordering::Relaxed);
    }

    /// Whether no more packets of it are to be expected; `None` where none were seen.
    fn is_over(&self, connection: u64) -> Option<bool> {
        self.so_far(connection).map(|so_far| so_far.is_over)
    }

    fn so_far(&self, connection: u64) -> Option<SoFar> {
        let (packets, recorded) = self.packets.as_ref().zip(self.connections.get(&connection))?;
        recorded.so_far(packets)
    }

    /// Whether the kernel has no socket of it any more, or one that waits for nothing but stray segments.
    fn is_unknown(&self, connection: u64) -> bool {
        let known = self.table.as_ref().zip(self.connections.get(&connection));
        known.is_some_and(|(table, recorded)| {
            let ends = recorded.record.addresses();
            ends.is_some_and(|(server, client)| table.is_over(server, client).unwrap_or(false))
        })
    }

    fn look_for_time_wait(&mut self, connection: u64) {
        if let (Some(table), true) = (&self.table, self.closing.len() < LOOKS)
            && let Some(recorded) = self.connections.get_mut(&connection)
        {
            recorded.look_for_time_wait(|server, client| table.who_waits(server, client));
        }
    }

    /// Tells a connection for the last time.
    fn hand_on_last(&mut self, connection: u64, followed: Followed) {
        self.look_for_time_wait(connection);
        let Some(recorded) = self.connections.get_mut(&connection) else { return };
        recorded.followed = followed;
        self.hand_on(connection, News::Closed);
        let recorded = self.connections.remove(&connection);
        let ends = recorded.as_ref().and_then(|recorded| Some((recorded.record.addresses()?, recorded.which())));
        if let (Some(packets), Some(((server, client), which))) = (&self.packets, ends) {
            packets.forget(server, client, which);
        }
        if let Some((ends, _)) = ends
            && self.latest_between.get(&ends) == Some(&connection)
        {
            self.latest_between.remove(&ends);
        }
        self.exchanges -= recorded.map_or(0, |recorded| recorded.record.exchanges.len());
        self.closed += 1;
        self.progress.steps.fetch_add(1, Ordering::Relaxed);
    }
}
