//! The end of listening, which loses nobody: a client that has begun to connect is served.
//!
//! ```text
//!   linger over ─▶ SYNs dropped ─▶ handshakes under way complete ─▶ queue accepted empty ─▶ close
//!                     └─▶ each comes again after a second, and finds the successor
//! ```
//!
//! A listening socket that simply closes resets the connections that are complete
//! and wait in its accept queue: their clients have connected, many have sent a
//! request, and nobody is there. Where other sockets listen on the same address
//! (SO_REUSEPORT) each has a queue of its own, and takes it along.
//!
//! A unix socket has no SYNs: connect(2) is refused from then on, and the clients that have come are served.
//!
//! A socket that was handed over is only let go: its queue belongs to the successor.

use super::crowd::others_wait;
use super::wait::wait;
use crate::kernel::socket_table::SocketTable;
use crate::listener::{Listener, Peer};
use rustix::event::{PollFd, PollFlags};
use std::os::fd::OwnedFd;
use std::time::{Duration, Instant};

/// How long handshakes have that the kernel does not report, and how often it is asked.
const LOOK: Duration = Duration::from_millis(5);
/// How long a handshake may take: as long as the kernel waits before it sends its SYN+ACK
/// again, and holds a silent client back (TCP_DEFER_ACCEPT), and a little.
const LONGEST: Duration = Duration::from_millis(1500);

/// Listening sockets at which no connection begins any more.
pub(super) struct Draining {
    listeners: Vec<Listener>,
    table: Option<SocketTable>,
    next_look: Instant,
    last_look: Instant,
}

impl Draining {
    pub(super) fn begin(mut listeners: Vec<Listener>) -> Self {
        listeners.retain(|listener| !listener.is_handed_over());
        listeners.iter().for_each(Listener::refuse_syn);
        let now = Instant::now();
        Self { listeners, table: SocketTable::open().ok(), next_look: now + LOOK, last_look: now + LONGEST }
    }

    /// When [`Draining::is_over`] is to be asked.
    pub(super) fn next_look(&self) -> Instant {
        self.next_look
    }

    /// Whether what has begun is complete, so that what is in the queues now is all that comes.
    pub(super) fn is_over(&mut self) -> bool {
        let now = Instant::now();
        if now < self.next_look {
            return self.listeners.is_empty();
        }
        self.next_look = now + LOOK;
        now >= self.last_look || !self.is_any_under_way()
    }

    /// Where the kernel does not say, [`LOOK`] has to do.
    fn is_any_under_way(&self) -> bool {
        let Some(table) = &self.table else { return false };
        let mut addresses = self.listeners.iter().filter_map(Listener::address);
        addresses.any(|address| table.handshakes(address).is_ok_and(|count| count > 0))
    }

    /// The next connection that has come, and where. Out of descriptors, those in the queue are lost with it.
    pub(super) fn accept(&mut self) -> Option<(&Listener, OwnedFd, Peer)> {
        let mut index = 0;
        loop {
            match self.listeners.get(index)?.accept() {
                Ok(Some((socket, client))) => {
                    let listener = &self.listeners[index];
                    listener.hear(&socket);
                    return Some((listener, socket, client));
                }
                // The last one of a unix socket has come; poll(2) would go on to call it readable.
                Ok(None) if self.listeners[index].address().is_none() => drop(self.listeners.remove(index)),
                Ok(None) | Err(_) => index += 1,
            }
        }
    }

    /// Whether a connection waits to be accepted.
    pub(super) fn is_awaited(&self) -> bool {
        others_wait(&self.listeners)
    }

    /// Gives each connection that comes to `take`, and waits for it, until none does any more.
    pub(super) fn accept_to_the_end(mut self, mut take: impl FnMut(&Listener, OwnedFd, Peer)) {
        loop {
            let is_over = self.is_over();
            while let Some((listener, socket, client)) = self.accept() {
                take(listener, socket, client);
            }
            let mut fds: Vec<_> = self.listeners.iter().map(|listener| PollFd::new(listener, PollFlags::IN)).collect();
            if is_over || wait(&mut fds, Some(self.next_look)).is_err() {
                return;
            }
        }
    }
}
