//! The connections that an event loop waits for: what each waits for, and until
//! when.

use crate::connection::{Connection, Progress};
use rustix::event::epoll::{self, EventData, EventFlags};
use rustix::io::Errno;
use slab::Slab;
use std::io;
use std::os::fd::OwnedFd;
use std::time::{Duration, Instant};

/// Deadlines are looked through no more often than this.
const SWEEP: Duration = Duration::from_millis(100);

/// Waiting connections by their place, which is their events' data.
pub(super) struct Table {
    entries: Slab<Entry>,
    /// When deadlines are to be looked through; none runs out earlier.
    next_sweep: Option<Instant>,
}

struct Entry {
    connection: Connection,
    interest: EventFlags,
    deadline: Instant,
}

impl Table {
    /// A table for this number of `connections`; fewer, where there is no memory for them. It never
    /// grows, for what can't be had then would end the server.
    pub(super) fn with_room(connections: &mut usize) -> Self {
        while *connections > 1 && Vec::<Entry>::new().try_reserve_exact(2 * *connections).is_err() {
            *connections /= 2;
        }
        Self { entries: Slab::with_capacity(*connections), next_sweep: None }
    }

    /// The connection whose client takes its response most slowly, of those that are too slow.
    pub(super) fn slowest(&mut self, now: Instant) -> Option<usize> {
        let rates = self.entries.iter_mut().filter_map(|(key, entry)| Some((entry.connection.slow_rate(now)?, key)));
        rates.min().map(|(_, key)| key)
    }

    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }

    pub(super) fn keys(&self) -> Vec<usize> {
        self.entries.iter().map(|(key, _)| key).collect()
    }

    pub(super) fn connection(&mut self, key: usize) -> Option<&mut Connection> {
        self.entries.get_mut(key).map(|entry| &mut entry.connection)
    }

    /// Takes all of them out.
    pub(super) fn drain(&mut self) -> impl Iterator<Item = Connection> {
        self.entries.drain().map(|entry| entry.connection)
    }

    /// Takes in a connection that came to wait; gives back one that is over.
    pub(super) fn insert(
        &mut self,
        epoll: &OwnedFd,
        connection: Connection,
        progress: Progress,
    ) -> io::Result<Option<Connection>> {
        let Some((interest, deadline)) = interest(progress) else { return Ok(Some(connection)) };
        let vacant = self.entries.vacant_entry();
        epoll::add(epoll, &connection, EventData::new_u64(vacant.key() as u64), interest)?;
        await_work(epoll, vacant.key(), &connection)?;
        vacant.insert(Entry { connection, interest, deadline });
        self.sweep_by(deadline);
        Ok(None)
    }

    /// Notes what a connection now waits for. One that is over is given back:
    /// closing its descriptor takes it out of the epoll set (epoll(7)).
    pub(super) fn update(&mut self, epoll: &OwnedFd, key: usize, progress: Progress) -> io::Result<Option<Connection>> {
        let (Some((interest, deadline)), Some(entry)) = (interest(progress), self.entries.get_mut(key)) else {
            return Ok(self.entries.try_remove(key).map(|entry| entry.connection));
        };
        if interest != entry.interest {
            epoll::modify(epoll, &entry.connection, EventData::new_u64(key as u64), interest)?;
        }
        if await_work(epoll, key, &entry.connection).is_err() {
            // What can't be waited for (epoll_ctl(2), ENOSPC) closes, alone.
            self.entries.try_remove(key);
            return Ok(None);
        }
        (entry.interest, entry.deadline) = (interest, deadline);
        self.sweep_by(deadline);
        Ok(None)
    }

    /// When to look for late ones again.
    pub(super) fn next_sweep(&self) -> Option<Instant> {
        self.next_sweep
    }

    /// Asks for a look at `deadline`, if none comes earlier.
    pub(super) fn sweep_by(&mut self, deadline: Instant) {
        if self.next_sweep.is_none_or(|next| deadline < next) {
            self.next_sweep = Some(deadline);
        }
    }

    /// Asks for a look soon.
    pub(super) fn sweep_soon(&mut self) {
        self.sweep_by(Instant::now() + SWEEP);
    }

    /// Those whose deadline has passed. Looks through all: so not for every one,
    /// but for those of a tenth of a second together.
    pub(super) fn late(&mut self, now: Instant) -> Vec<usize> {
        let earliest = self.entries.iter().map(|(_, entry)| entry.deadline).filter(|deadline| *deadline > now).min();
        self.next_sweep = earliest.map(|earliest| earliest.max(now + SWEEP));
        self.entries.iter().filter(|(_, entry)| entry.deadline <= now).map(|(key, _)| key).collect()
    }

    /// Whether this one waits for its client to send.
    pub(super) fn awaits_input(&self, key: usize) -> bool {
        self.entries.get(key).is_some_and(|entry| entry.interest.contains(EventFlags::IN))
    }

    /// Whether the deadline of this one has passed.
    pub(super) fn is_late(&self, key: usize, now: Instant) -> bool {
        self.entries.get(key).is_some_and(|entry| entry.deadline <= now)
    }
}

/// What a connection waits for beside its socket has the same place. It leaves
/// the set when the connection closes its descriptor, which nobody else has.
fn await_work(epoll: &OwnedFd, key: usize, connection: &Connection) -> io::Result<()> {
    let Some(awaited) = connection.awaited() else { return Ok(()) };
    match epoll::add(epoll, awaited, EventData::new_u64(key as u64), EventFlags::IN) {
        Ok(()) | Err(Errno::EXIST) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

fn interest(progress: Progress) -> Option<(EventFlags, Instant)> {
    match progress {
        Progress::Readable(deadline) => Some((EventFlags::IN, deadline)),
        Progress::Writable(deadline) => Some((EventFlags::OUT, deadline)),
        // That the client has gone is reported unasked (epoll_ctl(2), EPOLLHUP).
        Progress::Elsewhere(deadline) => Some((EventFlags::empty(), deadline)),
        Progress::Closed(_) => None,
    }
}
