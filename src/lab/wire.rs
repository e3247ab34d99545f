//! The wire: a thread that takes each frame from one end, asks
//! [`crate::packet::link`] what becomes of it, and puts it out at the other end
//! when it is due. It notes both moments, on one clock, and by how much it was
//! itself too late.
//!
//! ```text
//!   client's end ─recv─▶ take(now) ─▶ frames under way ─▶ deliver(now) ─send─▶ server's end
//!                            └ or lost: by a rule, for want of room
//! ```

use crate::packet::Direction;
use crate::packet::link::{Fate, Link};
use crate::packet::rule::Conditions;
use rustix::event::{EventfdFlags, PollFd, PollFlags, Timespec, eventfd, poll};
use rustix::io::Errno;
use rustix::net::{RecvFlags, SendFlags, recv, send};
use std::io;
use std::os::fd::OwnedFd;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// Frames of one run that are kept; more are carried, and counted.
const MOST_FRAMES: usize = 20_000;
/// The longest frame: an Ethernet header and the MTU's 1,500 bytes, with room to spare.
const LONGEST: usize = 65_536;
/// Frames taken from one end before the other has its turn.
const TURN: usize = 64;

/// A frame, from its departure to its arrival.
#[derive(Clone, Debug)]
pub(super) struct Passage {
    pub(super) direction: Direction,
    pub(super) frame: Vec<u8>,
    pub(super) sent: Instant,
    pub(super) arrived: Option<Instant>,
    /// Where it was doubled: when the second one arrived.
    pub(super) copy_arrived: Option<Instant>,
    pub(super) fate: Fate,
}

/// All that passed.
#[derive(Debug, Default)]
pub(super) struct Passages {
    pub(super) frames: Vec<Passage>,
    /// Frames beyond those that are kept.
    pub(super) unkept: u64,
    /// By how much a frame was put out too late, at most.
    pub(super) late: Duration,
    under_way: u64,
    last: Option<Instant>,
}

#[derive(Debug, Default)]
struct Shared {
    passages: Mutex<Passages>,
    moved: Condvar,
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Passages> {
        self.passages.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A wire that carries.
#[derive(Debug)]
pub(super) struct Wire {
    shared: Arc<Shared>,
    stop: OwnedFd,
    thread: Option<JoinHandle<io::Result<()>>>,
}

impl Wire {
    /// Joins the two ends, the client's and the server's.
    pub(super) fn start(ends: [OwnedFd; 2], conditions: Conditions) -> io::Result<Self> {
        let stop = eventfd(0, EventfdFlags::CLOEXEC)?;
        let shared = Arc::new(Shared::default());
        let carrier = Carrier {
            ends,
            stop: stop.try_clone()?,
            link: Link::new(conditions),
            shared: Arc::clone(&shared),
            begun: Instant::now(),
            buffer: vec![0; LONGEST],
        };
        let thread = std::thread::Builder::new().name("wire".into()).spawn(|| carrier.run())?;
        Ok(Self { shared, stop, thread: Some(thread) })
    }

    /// Waits until nothing is under way and nothing has come for `quiet`; for `most` at the longest.
    pub(super) fn settle(&self, quiet: Duration, most: Duration) {
        let begun = Instant::now();
        let mut passages = self.shared.lock();
        while begun.elapsed() < most {
            let idle = passages.last.unwrap_or(begun).max(begun).elapsed();
            if passages.under_way == 0 && idle >= quiet {
                return;
            }
            let wait = quiet.saturating_sub(idle).max(Duration::from_millis(1));
            let waited = self.shared.moved.wait_timeout(passages, wait);
            passages = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// Takes the wire away: what passed.
    pub(super) fn end(mut self) -> io::Result<Passages> {
        rustix::io::write(&self.stop, &1_u64.to_ne_bytes())?;
        if let Some(thread) = self.thread.take() {
            thread.join().unwrap_or_else(|_| Err(io::Error::other("the wire panicked")))?;
        }
        Ok(std::mem::take(&mut *self.shared.lock()))
    }
}

/// What the thread has.
struct Carrier {
    ends: [OwnedFd; 2],
    stop: OwnedFd,
    link: Link,
    shared: Arc<Shared>,
    begun: Instant,
    buffer: Vec<u8>,
}

impl Carrier {
    fn run(mut self) -> io::Result<()> {
        loop {
            let wait = self.link.next_due().map(|due| due.saturating_sub(self.begun.elapsed()));
            let timeout = wait.and_then(|wait| Timespec::try_from(wait).ok());
            let mut fds = [
                PollFd::new(&self.ends[0], PollFlags::IN),
                PollFd::new(&self.ends[1], PollFlags::IN),
                PollFd::new(&self.stop, PollFlags::IN),
            ];
            match poll(&mut fds, timeout.as_ref()) {
                Ok(_) | Err(Errno::INTR) => {}
                Err(error) => return Err(error.into()),
            }
            let [client, server, stop] = fds.map(|fd| !fd.revents().is_empty());
            if stop {
                return Ok(());
            }
            if client {
                self.take(0, Direction::ToServer)?;
            }
            if server {
                self.take(1, Direction::ToClient)?;
            }
            self.deliver();
        }
    }

    /// Takes what one end has sent.
    fn take(&mut self, end: usize, direction: Direction) -> io::Result<()> {
        for _ in 0..TURN {
            let length = match recv(&self.ends[end], &mut self.buffer, RecvFlags::empty()) {
                Ok((length, _)) => length,
                Err(Errno::AGAIN) => return Ok(()),
                Err(Errno::INTR) => continue,
                Err(error) => return Err(error.into()),
            };
            let sent = Instant::now();
            let frame = self.buffer[..length].to_vec();
            let taken = self.link.take(self.begun.elapsed(), direction, frame.clone());
            let mut passages = self.shared.lock();
            passages.last = Some(sent);
            if let Fate::Carried { is_doubled, .. } = taken.fate {
                passages.under_way += 1 + u64::from(is_doubled);
            }
            if passages.frames.len() < MOST_FRAMES {
                let passage = Passage { direction, frame, sent, arrived: None, copy_arrived: None, fate: taken.fate };
                passages.frames.push(passage);
            } else {
                passages.unkept += 1;
            }
        }
        Ok(())
    }

    /// Puts out what is due.
    fn deliver(&mut self) {
        while let Some(arrival) = self.link.deliver(self.begun.elapsed()) {
            let to = match arrival.direction {
                Direction::ToServer => 1,
                Direction::ToClient => 0,
            };
            // Before the call: when it returns, the program may have read and responded.
            let (now, late) = (Instant::now(), self.begun.elapsed().saturating_sub(arrival.due));
            // An end whose host is gone takes nothing more: then nothing arrived.
            let is_out = send(&self.ends[to], &arrival.frame, SendFlags::empty()).is_ok();
            let mut passages = self.shared.lock();
            passages.under_way -= 1;
            passages.last = Some(now);
            passages.late = passages.late.max(late);
            if let Some(passage) =
                usize::try_from(arrival.number).ok().and_then(|number| passages.frames.get_mut(number - 1))
            {
                let place = if arrival.is_copy { &mut passage.copy_arrived } else { &mut passage.arrived };
                *place = is_out.then_some(now);
            }
            self.shared.moved.notify_all();
        }
    }
}
