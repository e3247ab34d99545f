//! The wire: a thread that takes each frame from one end, asks
//! [`crate::packet::link`] what becomes of it, and puts it out at the other end
//! when it is due. It notes both moments, on one clock, and by how much it was
//! itself too late.
//!
//! ```text
//!   client's end ─recv─▶ take(now) ─▶ frames under way ─▶ deliver(now) ─send─▶ server's end
//!                            └ or lost: by a rule, for want of room
//! ```

use super::decision;
pub(super) use super::feed::Passage;
use super::feed::{Feed, Moment};
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
    /// Why a wire that a person is has carried its last frame.
    pub(super) ending: Option<Ending>,
}

/// Why a person is the wire no longer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ending {
    /// Nothing was decided for so long.
    NoDecision,
    /// However much was decided: the time that a run may take is over.
    TimeIsOver,
    /// Nobody looks on any more.
    Gone,
}

/// Who looks on at a wire, and who is it.
#[derive(Debug, Default)]
pub(super) struct LookingOn {
    pub(super) feed: Option<Feed>,
    pub(super) hand: Option<Hand>,
}

/// A person who decides what becomes of each frame.
#[derive(Debug)]
pub(super) struct Hand {
    /// Where the decisions come from.
    pub(super) decisions: OwnedFd,
    /// How long the wire waits for one.
    pub(super) patience: Duration,
}

impl Passages {
    /// The frame of this number, from 1, if it is kept.
    fn of(&mut self, number: u64) -> Option<&mut Passage> {
        self.frames.get_mut(usize::try_from(number).ok()?.checked_sub(1)?)
    }
}

/// How many frames are under way for one that has this fate.
fn under_way(fate: Fate) -> u64 {
    match fate {
        Fate::Carried { is_doubled, .. } => 1 + u64::from(is_doubled),
        Fate::Waiting => 1,
        Fate::Dropped | Fate::Cut | Fate::NoRoom => 0,
    }
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
    pub(super) fn start(ends: [OwnedFd; 2], conditions: Conditions, looking_on: LookingOn) -> io::Result<Self> {
        let stop = eventfd(0, EventfdFlags::CLOEXEC)?;
        let shared = Arc::new(Shared::default());
        let carrier = Carrier {
            ends,
            stop: stop.try_clone()?,
            link: Link::new(conditions),
            shared: Arc::clone(&shared),
            begun: Instant::now(),
            decided: Instant::now(),
            looking_on,
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

    /// Why a person is this wire no longer, if so; and how many frames are under way or wait.
    pub(super) fn progress(&self) -> (Option<Ending>, u64) {
        let passages = self.shared.lock();
        (passages.ending, passages.under_way)
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
    looking_on: LookingOn,
    begun: Instant,
    /// When a person decided last.
    decided: Instant,
    buffer: Vec<u8>,
}

impl Carrier {
    fn run(mut self) -> io::Result<()> {
        loop {
            let due = self.link.next_due().map(|due| due.saturating_sub(self.begun.elapsed()));
            let hand = self.looking_on.hand.as_ref();
            let rest = hand.map(|hand| hand.patience.saturating_sub(self.decided.elapsed()));
            if rest.is_some_and(|rest| rest.is_zero()) {
                return self.ended(Ending::NoDecision);
            }
            let wait = due.into_iter().chain(rest).min();
            let timeout = wait.and_then(|wait| Timespec::try_from(wait).ok());
            let mut fds = vec![
                PollFd::new(&self.ends[0], PollFlags::IN),
                PollFd::new(&self.ends[1], PollFlags::IN),
                PollFd::new(&self.stop, PollFlags::IN),
            ];
            fds.extend(hand.map(|hand| PollFd::new(&hand.decisions, PollFlags::IN)));
            match poll(&mut fds, timeout.as_ref()) {
                Ok(_) | Err(Errno::INTR) => {}
                Err(error) => return Err(error.into()),
            }
            let is_ready = |index: usize| fds.get(index).is_some_and(|fd| !fd.revents().is_empty());
            let [client, server, stop, decision] = [0, 1, 2, 3].map(is_ready);
            if stop {
                return Ok(());
            }
            if decision && !self.decide()? {
                return self.ended(Ending::Gone);
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
            let now = self.begun.elapsed();
            let taken = match self.looking_on.hand {
                Some(_) => self.link.hold(now, direction, frame.clone()),
                None => self.link.take(now, direction, frame.clone()),
            };
            let passage =
                Passage { direction, frame, sent, arrived: None, copy_arrived: None, fate: taken.fate, decided: None };
            if let Some(feed) = &self.looking_on.feed {
                feed.show(Moment::Left { number: taken.number, passage: Box::new(passage.clone()) });
            }
            let mut passages = self.shared.lock();
            passages.last = Some(sent);
            passages.under_way += under_way(taken.fate);
            if passages.frames.len() < MOST_FRAMES {
                passages.frames.push(passage);
            } else {
                passages.unkept += 1;
            }
        }
        Ok(())
    }

    /// Reads one decision, and does it; `false`: nobody is there to decide.
    fn decide(&mut self) -> io::Result<bool> {
        let Some(hand) = &self.looking_on.hand else { return Ok(true) };
        let mut message = [0; decision::SIZE];
        let length = match recv(&hand.decisions, &mut message, RecvFlags::DONTWAIT) {
            Ok((length, _)) => length,
            Err(Errno::AGAIN | Errno::INTR) => return Ok(true),
            Err(error) => return Err(error.into()),
        };
        let Some((number, decided)) = decision::decode(&message[..length]) else { return Ok(false) };
        let at = Instant::now();
        let Some(fate) = self.link.decide(self.begun.elapsed(), number, decided) else { return Ok(true) };
        self.decided = at;
        if let Some(feed) = &self.looking_on.feed {
            feed.show(Moment::Decided { number, at, fate });
        }
        let mut passages = self.shared.lock();
        passages.under_way = passages.under_way - under_way(Fate::Waiting) + under_way(fate);
        if let Some(passage) = passages.of(number) {
            (passage.fate, passage.decided) = (fate, Some(at));
        }
        Ok(true)
    }

    fn ended(&self, ending: Ending) -> io::Result<()> {
        self.shared.lock().ending = Some(ending);
        self.shared.moved.notify_all();
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
            if let Some(feed) = self.looking_on.feed.as_ref().filter(|_| is_out) {
                feed.show(Moment::Arrived { number: arrival.number, at: now, is_copy: arrival.is_copy });
            }
            let mut passages = self.shared.lock();
            passages.under_way -= 1;
            passages.last = Some(now);
            passages.late = passages.late.max(late);
            if let Some(passage) = passages.of(arrival.number) {
                let place = if arrival.is_copy { &mut passage.copy_arrived } else { &mut passage.arrived };
                *place = is_out.then_some(now);
                if !is_out && !arrival.is_copy {
                    passage.fate = Fate::NoRoom;
                }
            }
            self.shared.moved.notify_all();
        }
    }
}
