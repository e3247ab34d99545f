//! A request on its way out.

use std::sync::Arc;
use std::time::{Duration, Instant};

/// A body up to this long, in bytes, leaves together with its head.
const TOGETHER: usize = 16 * 1024;

/// A request on its way out: its head, and what follows it.
pub(super) struct Sending {
    head: Vec<u8>,
    body: Arc<[u8]>,
    sent: usize,
    dribble: Option<Duration>,
    /// Before which nothing is sent.
    next: Option<Instant>,
    /// The kernel takes no more of it.
    pub(super) is_broken: bool,
}

impl Sending {
    pub(super) fn new(mut head: Vec<u8>, body: Option<Arc<[u8]>>, dribble: Option<Duration>) -> Self {
        let mut body = body.unwrap_or_default();
        if body.len() <= TOGETHER {
            head.extend_from_slice(&body);
            body = Arc::default();
        }
        Self { head, body, sent: 0, dribble, next: None, is_broken: false }
    }

    /// How long all of it is, in bytes.
    pub(super) fn length(&self) -> usize {
        self.head.len() + self.body.len()
    }

    /// Until when nothing is to be sent.
    pub(super) fn pause(&self) -> Option<Instant> {
        self.next.filter(|next| *next > Instant::now())
    }

    /// How long the next byte waits for its turn: that is not the server's time.
    pub(super) fn pause_after(&self) -> Option<Duration> {
        self.dribble.filter(|_| !self.is_over())
    }

    pub(super) fn next_bytes(&self) -> &[u8] {
        let left = match self.sent.checked_sub(self.head.len()) {
            None => &self.head[self.sent..],
            Some(sent) => &self.body[sent..],
        };
        if self.dribble.is_some() { &left[..left.len().min(1)] } else { left }
    }

    pub(super) fn sent(&mut self, count: usize) {
        self.sent += count;
        self.next = self.dribble.map(|pause| Instant::now() + pause);
    }

    pub(super) fn is_over(&self) -> bool {
        self.sent == self.length()
    }
}
