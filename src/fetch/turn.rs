//! An exchange under way: how it is paced, who takes the response, what came of it so far.

use super::notes::Notes;
use super::sending::Sending;
use super::taking::Taking;
use crate::http::message::ReceivedHead;
use crate::record::Failure;
use std::time::{Duration, Instant};

/// How long a body that nobody wants may take to come, so that its connection can be kept.
pub(super) const UNWANTED: Duration = Duration::from_millis(250);

/// How an exchange is paced.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pace {
    /// How long a head and the trailers may take, each, and how long nothing of a request may be taken, or of
    /// a body come.
    pub(super) timeout: Duration,
    /// Between two bytes of the request.
    pub(super) dribble: Option<Duration>,
    /// Bytes a second.
    pub(super) read_rate: Option<u64>,
    /// How much of the body is wanted, in bytes.
    pub(super) abort_after: Option<u64>,
}

/// Who takes a response. What fails gives the response up.
pub(super) trait Receiver {
    /// The head; `None`: there is none (HTTP/0.9).
    fn head(&mut self, response: Option<&ReceivedHead<'_>>) -> Result<Wanted, Failure>;
    /// Some of the body.
    fn body(&mut self, bytes: &[u8]) -> Result<Wanted, Failure>;
    /// That was all that one read gave, this much of the body: a receiver that gathers writes it now.
    fn pause(&mut self, _bytes: usize) -> Result<(), Failure> {
        Ok(())
    }
}

/// Whether the rest of a response is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wanted {
    More,
    /// No: the response is given up.
    Enough,
    /// None of its body: what becomes of it decides only whether the connection can be kept.
    Nothing,
}

/// An exchange under way.
pub(super) struct Turn<'a> {
    pub(super) notes: Notes,
    pub(super) pace: &'a Pace,
    pub(super) receiver: &'a mut dyn Receiver,
    pub(super) sending: Sending,
    pub(super) taking: Taking,
    pub(super) deadline: Instant,
    /// Before which nothing is read.
    pub(super) next_read: Option<Instant>,
    /// More came than is wanted.
    pub(super) is_cut: bool,
    /// Nobody wants the body.
    pub(super) is_unwanted: bool,
    /// The last read gave all that there was room for.
    pub(super) is_flowing: bool,
    pub(super) failure: Option<Failure>,
}

impl Turn<'_> {
    /// There is as much time again.
    pub(super) fn extend(&mut self) {
        if !self.is_unwanted {
            self.deadline = Instant::now() + self.pace.timeout;
        }
    }

    /// The kernel took `count` bytes of the request: there is as much time again, behind our own pause.
    pub(super) fn sent(&mut self, count: usize) {
        self.sending.sent(count);
        self.extend();
        if !self.is_unwanted
            && let Some(pause) = self.sending.pause_after()
        {
            self.deadline += pause;
        }
    }

    /// The server took some of the request at this time.
    pub(super) fn taken(&mut self, at: Instant) {
        if !self.is_unwanted {
            self.deadline = self.deadline.max(at + self.pace.timeout);
        }
    }

    /// Nothing is read for so long: the reader is the one who waits, that is not the server's time.
    pub(super) fn rest(&mut self, pause: Duration) {
        self.next_read = Some(Instant::now() + pause);
        if !self.is_unwanted {
            self.deadline += pause;
        }
    }

    /// Hands on what is wanted of `bytes`.
    pub(super) fn body(&mut self, bytes: &[u8]) -> Result<Wanted, Failure> {
        let before = self.notes.body_so_far();
        self.notes.body(bytes.len());
        let wanted = self.pace.abort_after.map_or(bytes.len(), |most| {
            usize::try_from(most.saturating_sub(before)).unwrap_or(usize::MAX).min(bytes.len())
        });
        self.is_cut = wanted < bytes.len();
        self.receiver.body(&bytes[..wanted])
    }

    pub(super) fn has_enough(&self) -> bool {
        self.notes.has_head() && self.pace.abort_after.is_some_and(|most| self.notes.body_so_far() >= most)
    }
}
