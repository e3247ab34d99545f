//! One connection of the client's: a socket, the machine of [`crate::http::client`],
//! and notes of what happened, each beside the call that it describes.

mod receiving;

use super::clock::Clock;
use super::interrupt::Interrupt;
use super::notes::Notes;
use super::sending::Sending;
use super::taking::Taking;
use super::turn::{Pace, Receiver, Turn};
use crate::http::client::{ClientConnection, Ending, Next, RequestHead};
use crate::http::parse::fields::FieldLines;
use crate::kernel::tcp_info::{SendQueue, TcpInfo};
use crate::kernel::timestamps;
use crate::record::Failure;
use crate::record::Nanoseconds;
use crate::record::transfer::{ClientExchange, Ends};
use crate::sys::tcp_option;
use rustix::event::PollFlags;
use rustix::io::Errno;
use rustix::net::{SendFlags, Shutdown, send, shutdown};
use std::os::fd::OwnedFd;
use std::sync::Arc;
use std::time::Instant;

/// A connection.
pub(super) struct Connection {
    pub(super) number: u64,
    pub(super) ends: Ends,
    /// Whom it is with: a host, as it is looked up, and a port.
    pub(super) peer: (String, u16),
    /// How long it took to make it.
    pub(super) made_in: Nanoseconds,
    /// Since when nothing has been asked on it.
    pub(super) free_since: Nanoseconds,
    pub(super) socket: OwnedFd,
    pub(super) machine: ClientConnection,
    pub(super) clock: Clock,
    pub(super) interrupt: Arc<Interrupt>,
    /// Ends, as far as they are known.
    pub(super) client_end: Option<Nanoseconds>,
    /// When that call had returned, and what was queued before its FIN.
    pub(super) client_shut: Option<Nanoseconds>,
    pub(super) queue_before_end: Option<SendQueue>,
    /// TCP's state right before it.
    pub(super) state_before_end: Option<&'static str>,
    pub(super) server_end: Option<Nanoseconds>,
    pub(super) is_reset: bool,
    /// Bytes that were read when the machine had already ended.
    pub(super) read_beyond: u64,
    /// Whether the kernel says when bytes were acknowledged, and how many were sent.
    asks_kernel: bool,
    sent: u32,
    /// What was read and not yet used.
    input: Vec<u8>,
    start: usize,
    end: usize,
}

impl Connection {
    pub(super) fn new(
        number: u64,
        peer: (String, u16),
        made_in: Nanoseconds,
        connected: super::connect::Connected,
        (clock, interrupt): (Clock, Arc<Interrupt>),
    ) -> Self {
        Self {
            number,
            ends: connected.ends,
            peer,
            made_in,
            free_since: clock.now(),
            socket: connected.socket,
            machine: ClientConnection::new(),
            clock,
            interrupt,
            client_end: None,
            client_shut: None,
            queue_before_end: None,
            state_before_end: None,
            server_end: None,
            is_reset: false,
            read_beyond: 0,
            asks_kernel: connected.asks_kernel,
            sent: 0,
            input: Vec::new(),
            start: 0,
            end: 0,
        }
    }

    /// Whether another request may be sent on it. Looks whether the server has ended it meanwhile.
    pub(super) fn is_free(&mut self) -> bool {
        if self.machine.next() == Next::Ask
            && !self.interrupt.wait(&self.socket, PollFlags::IN, Instant::now()).is_empty()
        {
            // Nothing was asked: whatever is there is the end, or nobody's.
            self.read_unasked();
        }
        self.machine.next() == Next::Ask
    }

    /// Sends `request`, with `body` behind its head, and hands its response to `receiver`.
    pub(super) fn exchange(
        &mut self,
        request: &RequestHead<'_>,
        body: Option<Arc<[u8]>>,
        pace: &Pace,
        receiver: &mut dyn Receiver,
    ) -> (ClientExchange, Result<(), Failure>) {
        let mut head = Vec::new();
        let asked = self.machine.ask(request, &mut head);
        let length = head.len() + body.as_ref().map_or(0, |body| body.len());
        let mut turn = Turn {
            notes: Notes::new(self.machine.exchanges() + 1, &head, length),
            pace,
            receiver,
            sending: Sending::new(head, body, pace.dribble),
            taking: Taking::new(pace.timeout),
            deadline: Instant::now() + pace.timeout,
            next_read: None,
            is_cut: false,
            is_unwanted: false,
            is_flowing: false,
            failure: asked.err().map(Failure::Request),
        };
        while turn.failure.is_none() && self.step(&mut turn) {}
        self.take_acknowledgements(&mut turn.notes);
        self.free_since = self.clock.now();
        let failure = turn.failure.take().or(match self.machine.next() {
            Next::Close(Ending::Failed(error)) if !turn.is_unwanted => {
                turn.notes.unread(&self.input[self.start..self.end], error);
                Some(Failure::from(error))
            }
            _ => None,
        });
        (turn.notes.exchange(self.asks_kernel), failure.map_or(Ok(()), Err))
    }

    /// Does what is next; `false`: the exchange is over.
    fn step(&mut self, turn: &mut Turn<'_>) -> bool {
        let mut events = PollFlags::IN;
        let mut sends_at = None;
        match self.machine.next() {
            Next::Ask | Next::Drain | Next::Close(_) => return false,
            Next::ShutDown => {
                self.shut_down();
                return true;
            }
            Next::Send(_) if turn.sending.is_broken => {}
            Next::Send(_) => match turn.sending.pause() {
                Some(next) => sends_at = Some(next),
                None if self.send(turn) => return true,
                None => events |= PollFlags::OUT,
            },
            Next::Receive => {}
        }
        if let Some(next) = turn.next_read {
            // The socket does not end the pause: it has something to say as soon as an acknowledgement comes.
            self.interrupt.pause(sends_at.map_or(next, |sends_at| next.min(sends_at)));
            if Instant::now() >= next {
                turn.next_read = None;
            }
            return !self.is_interrupted(turn);
        }
        if self.is_flowing(turn) && self.receive(turn) {
            return true;
        }
        let until = [sends_at, turn.taking.look_at()].into_iter().flatten().fold(turn.deadline, Instant::min);
        let ready = self.interrupt.wait(&self.socket, events, until);
        if self.is_interrupted(turn) {
            return false;
        }
        // Also those that come behind the head: while they lie there, every wait ends at once.
        if !turn.notes.has_head() || ready.contains(PollFlags::ERR) {
            self.take_acknowledgements(&mut turn.notes);
        }
        if Instant::now() >= turn.taking.look_at().map_or(turn.deadline, |look_at| look_at.min(turn.deadline)) {
            self.look_at_taking(turn);
        }
        let is_late = Instant::now() >= turn.deadline;
        if turn.is_unwanted && is_late {
            turn.notes.aborted();
            self.machine.give_up();
        } else if ready.intersects(PollFlags::IN | PollFlags::HUP | PollFlags::ERR) {
            self.receive(turn);
        } else if ready.is_empty() && is_late {
            if turn.taking.is_under_way() {
                self.machine.send_timed_out();
            } else {
                self.machine.timed_out();
            }
        }
        true
    }

    /// What the server's TCP takes late is still taken: the response's time begins behind that.
    fn look_at_taking(&self, turn: &mut Turn<'_>) {
        if turn.notes.has_head() {
            turn.taking.end();
            return;
        }
        let info = tcp_option::info(&self.socket).unwrap_or_default();
        if let Some(at) = turn.taking.look(&TcpInfo(&info), turn.sending.is_over()) {
            turn.taken(at);
        }
    }

    /// Whether Ctrl-C has come: the rest is given up.
    fn is_interrupted(&mut self, turn: &mut Turn<'_>) -> bool {
        if !self.interrupt.has_come() {
            return false;
        }
        if turn.is_unwanted {
            turn.notes.aborted(); // what nobody waits for is not missing
        } else {
            turn.failure = Some(Failure::Interrupted);
        }
        self.machine.give_up();
        true
    }

    /// Sends some of the request; `false`: the kernel takes nothing now.
    fn send(&mut self, turn: &mut Turn<'_>) -> bool {
        // Before the call: the response may be on its way when it returns.
        let now = self.clock.now();
        let result = send(&self.socket, turn.sending.next_bytes(), SendFlags::NOSIGNAL);
        match result {
            Ok(count) => {
                self.sent = self.sent.wrapping_add(count as u32);
                self.machine.sent(count);
                turn.notes.sent(count, now, self.sent.wrapping_sub(1));
                turn.sent(count);
                true
            }
            Err(Errno::AGAIN) => false,
            Err(Errno::INTR) => true,
            Err(_) => {
                // The response may have come before the server left: it is read.
                turn.sending.is_broken = true;
                true
            }
        }
    }

    /// Takes what the kernel says of what the server acknowledged.
    fn take_acknowledgements(&self, notes: &mut Notes) {
        while self.asks_kernel
            && let Some((byte, at)) = timestamps::take_acknowledgement(&self.socket)
        {
            notes.acknowledged(byte, self.clock.at(at));
        }
    }

    /// Closes our sending side.
    pub(super) fn shut_down(&mut self) {
        // Before the call: the server may answer it before it returns.
        let info = tcp_option::info(&self.socket).unwrap_or_default();
        let (state, queue) = (TcpInfo(&info).state(), TcpInfo(&info).send_queue());
        let now = self.clock.now();
        let result = shutdown(&self.socket, Shutdown::Write);
        self.machine.writing_shut_down();
        if result.is_ok() {
            if self.client_end.is_none() {
                (self.client_end, self.client_shut, self.queue_before_end) = (Some(now), Some(self.clock.now()), queue);
            }
            self.state_before_end = self.state_before_end.or(state);
        }
    }

    /// Reads what belongs to no response, and drops it: `false` at the end.
    pub(super) fn read_unasked(&mut self) -> bool {
        let mut buffer = [0; 4096];
        match timestamps::recv(&self.socket, &mut buffer, false) {
            Ok((0, _)) => {
                self.server_end = Some(self.clock.now());
                self.machine.end_of_input();
                false
            }
            Ok((count, _)) => {
                let (used, _) = self.machine.receive(&buffer[..count], &mut FieldLines::new());
                self.read_beyond += count.saturating_sub(used) as u64;
                true
            }
            Err(Errno::AGAIN | Errno::INTR) => {
                // What wakes and is nothing to read: a late acknowledgement.
                while timestamps::take_acknowledgement(&self.socket).is_some() {}
                true
            }
            Err(_) => {
                (self.is_reset, self.server_end) = (true, Some(self.clock.now()));
                self.machine.disconnected();
                false
            }
        }
    }
}
