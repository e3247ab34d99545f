//! One connection of the client's: a socket, the machine of [`crate::http::client`],
//! and notes of what happened, each beside the call that it describes.

use super::clock::{Clock, wait};
use super::notes::Notes;
use super::sending::Sending;
use crate::http::client::{ClientConnection, Ending, Next, Received, Request};
use crate::http::message::{Answer, AnswerFraming, Framing as Plain};
use crate::http::parse::fields::FieldLines;
use crate::kernel::timestamps;
use crate::record::Nanoseconds;
use crate::record::transfer::{Ends, Exchange, Framing};
use crate::record::{Failure, Kind};
use rustix::event::PollFlags;
use rustix::io::Errno;
use rustix::net::{SendFlags, Shutdown, send, shutdown};
use std::os::fd::OwnedFd;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How much is read at a time, in octets.
const PIECE: usize = 64 * 1024;

/// The same, until the head is complete.
const FIRST: usize = 4 * 1024;

/// How long a body that nobody wants may take to come, so that its connection can be kept.
const UNWANTED: Duration = Duration::from_millis(250);

/// How an exchange is paced.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pace {
    /// How long a request and a head may take, each, and how long nothing of a body may come.
    pub(super) timeout: Duration,
    /// Between two octets of the request.
    pub(super) dribble: Option<Duration>,
    /// Octets a second.
    pub(super) read_rate: Option<u64>,
    /// How much of the body is wanted, in octets.
    pub(super) abort_after: Option<u64>,
}

/// Who takes an answer. What fails gives the answer up.
pub(super) trait Receiver {
    /// The head; `None`: there is none (HTTP/0.9).
    fn head(&mut self, answer: Option<&Answer<'_>>) -> Result<Wanted, Failure>;
    /// Some of the body.
    fn body(&mut self, octets: &[u8]) -> Result<Wanted, Failure>;
    /// That was all that one read gave, so much of the body: whoever gathers writes it now.
    fn pause(&mut self, _octets: usize) -> Result<(), Failure> {
        Ok(())
    }
}

/// Whether the rest of an answer is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wanted {
    More,
    /// No: the answer is given up.
    Enough,
    /// None of its body: what becomes of it decides only whether the connection can be kept.
    Nothing,
}

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
    /// Ends, as far as they are known.
    pub(super) client_end: Option<Nanoseconds>,
    pub(super) server_end: Option<Nanoseconds>,
    pub(super) is_reset: bool,
    /// Whether the kernel says when octets were acknowledged, and how many were sent.
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
        clock: Clock,
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
            client_end: None,
            server_end: None,
            is_reset: false,
            asks_kernel: connected.asks_kernel,
            sent: 0,
            input: vec![0; PIECE],
            start: 0,
            end: 0,
        }
    }

    /// Whether another request may be sent on it. Looks whether the server has ended it meanwhile.
    pub(super) fn is_free(&mut self) -> bool {
        if self.machine.next() == Next::Ask && !wait(&self.socket, PollFlags::IN, Instant::now()).is_empty() {
            // Nothing was asked: whatever is there is the end, or nobody's.
            self.read_unasked();
        }
        self.machine.next() == Next::Ask
    }

    /// Sends `request`, with `body` behind its head, and hands its answer to `receiver`.
    pub(super) fn exchange(
        &mut self,
        request: &Request<'_>,
        body: Option<Arc<[u8]>>,
        pace: &Pace,
        receiver: &mut dyn Receiver,
    ) -> (Exchange, Result<(), Failure>) {
        let mut head = Vec::new();
        let asked = self.machine.ask(request, &mut head);
        let length = head.len() + body.as_ref().map_or(0, |body| body.len());
        let mut turn = Turn {
            notes: Notes::new(self.machine.exchanges() + 1, &head, length),
            pace,
            receiver,
            sending: Sending::new(head, body, pace.dribble),
            deadline: Instant::now() + pace.timeout,
            next_read: None,
            is_cut: false,
            is_unwanted: false,
            failure: asked.err().map(|error| Failure::new(Kind::Usage, error.to_string())),
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
        (turn.notes.told(self.asks_kernel), failure.map_or(Ok(()), Err))
    }

    /// Does what is next; `false`: the exchange is over.
    fn step(&mut self, turn: &mut Turn<'_>) -> bool {
        let mut events = PollFlags::IN;
        let mut until = turn.deadline;
        match self.machine.next() {
            Next::Ask | Next::Drain | Next::Close(_) => return false,
            Next::ShutDown => {
                self.shut_down();
                return true;
            }
            Next::Send(_) if turn.sending.is_broken => {}
            Next::Send(_) => match turn.sending.pause() {
                Some(next) => until = until.min(next),
                None if self.send(turn) => return true,
                None => events |= PollFlags::OUT,
            },
            Next::Receive => {}
        }
        if let Some(next) = turn.next_read {
            // The reader is the one who waits: that is not the server's time.
            wait(&self.socket, PollFlags::empty(), next.min(until));
            if Instant::now() >= next {
                turn.next_read = None;
                turn.extend();
            }
            return true;
        }
        let ready = wait(&self.socket, events, until);
        self.take_acknowledgements(&mut turn.notes);
        if ready.intersects(PollFlags::IN | PollFlags::HUP | PollFlags::ERR) {
            self.receive(turn);
        } else if ready.is_empty() && Instant::now() >= turn.deadline {
            if turn.is_unwanted {
                turn.notes.aborted();
                self.machine.give_up();
            } else {
                self.machine.timed_out();
            }
        }
        true
    }

    /// Sends some of the request; `false`: the kernel takes nothing now.
    fn send(&mut self, turn: &mut Turn<'_>) -> bool {
        // Before the call: the answer may be on its way when it returns.
        let now = self.clock.now();
        let result = send(&self.socket, turn.sending.next_octets(), SendFlags::NOSIGNAL);
        match result {
            Ok(count) => {
                self.sent = self.sent.wrapping_add(count as u32);
                self.machine.sent(count);
                turn.sending.sent(count);
                turn.notes.sent(count, now, self.sent.wrapping_sub(1));
                // A head is sent in time as a whole; a body takes what it takes, as long as it goes on.
                if turn.sending.is_over() || turn.sending.is_in_body() {
                    turn.deadline = Instant::now() + turn.pace.timeout;
                }
                true
            }
            Err(Errno::AGAIN) => false,
            Err(Errno::INTR) => true,
            Err(_) => {
                // The answer may have come before the server left: it is read.
                turn.sending.is_broken = true;
                true
            }
        }
    }

    fn receive(&mut self, turn: &mut Turn<'_>) {
        // Of a first read that is long, the kernel tells when its last octets came.
        let most = if turn.notes.has_head() { PIECE } else { FIRST };
        let most = turn.pace.read_rate.map_or(most, |rate| (rate / 10).clamp(1, most as u64) as usize);
        self.make_room();
        let room = most.min(self.input.len() - self.end);
        match timestamps::recv(&self.socket, &mut self.input[self.end..][..room]) {
            Ok((0, _)) => {
                let now = self.clock.now();
                self.server_end = Some(now);
                self.machine.end_of_input();
                self.use_input(turn, now);
            }
            Ok((count, arrived)) => {
                let now = self.clock.now();
                self.end += count;
                turn.notes.read(count, self.clock.at(arrived), now);
                if let Some(rate) = turn.pace.read_rate {
                    turn.next_read = Some(Instant::now() + Duration::from_secs_f64(count as f64 / rate as f64));
                }
                self.use_input(turn, now);
                if turn.notes.has_head() {
                    turn.extend();
                }
            }
            Err(Errno::AGAIN | Errno::INTR) => {}
            Err(_) => {
                (self.is_reset, self.server_end) = (true, Some(self.clock.now()));
                self.machine.disconnected();
            }
        }
    }

    /// Makes room behind what was read and is still to be used.
    fn make_room(&mut self) {
        self.input.copy_within(self.start..self.end, 0);
        (self.start, self.end) = (0, self.end - self.start);
        if self.input.len() - self.end < PIECE / 2 {
            self.input.resize(self.input.len() * 2, 0); // a long head: the machine bounds it
        }
    }

    /// Hands what was read to the machine, and what that finds to the receiver.
    fn use_input(&mut self, turn: &mut Turn<'_>, now: Nanoseconds) {
        let before = turn.notes.body_so_far();
        self.use_pieces(turn, now);
        let octets = usize::try_from(turn.notes.body_so_far() - before).unwrap_or(usize::MAX);
        if octets > 0
            && turn.failure.is_none()
            && let Err(failure) = turn.receiver.pause(octets)
        {
            self.machine.give_up();
            turn.failure = Some(failure);
        }
    }

    fn use_pieces(&mut self, turn: &mut Turn<'_>, now: Nanoseconds) {
        loop {
            let mut storage = FieldLines::new();
            let (used, received) = self.machine.receive(&self.input[self.start..self.end], &mut storage);
            let is_found = received.is_some();
            let result = match received {
                Some(Received::Interim(answer)) => {
                    turn.notes.interim(&answer, &self.input[self.start..][..used]);
                    Ok(Wanted::More)
                }
                Some(Received::Head(answer)) => {
                    turn.notes.head(&answer, framing(&answer), &self.input[self.start..][..used], now);
                    turn.receiver.head(Some(&answer))
                }
                Some(Received::Bare) => {
                    turn.notes.bare(now);
                    turn.receiver.head(None)
                }
                Some(Received::Body(octets)) => turn.body(octets),
                Some(Received::Trailers { fields, dropped }) => {
                    turn.notes.trailers(fields, dropped);
                    Ok(Wanted::More)
                }
                None => Ok(Wanted::More),
            };
            self.start += used;
            match result {
                Err(failure) => {
                    self.machine.give_up();
                    turn.failure = Some(failure);
                }
                Ok(Wanted::Nothing) => {
                    turn.is_unwanted = true;
                    turn.deadline = Instant::now() + UNWANTED.min(turn.pace.timeout);
                }
                Ok(wanted) => {
                    let has_enough = wanted == Wanted::Enough || turn.has_enough();
                    if turn.is_cut || has_enough && !self.machine.is_answered() {
                        turn.notes.aborted();
                        self.machine.give_up();
                        return;
                    }
                }
            }
            if self.machine.is_answered() {
                turn.notes.complete(now);
            }
            if used == 0 && !is_found {
                return;
            }
        }
    }

    /// Takes what the kernel says of what the server acknowledged.
    fn take_acknowledgements(&self, notes: &mut Notes) {
        if self.asks_kernel {
            let clock = self.clock;
            timestamps::take_acknowledgements(&self.socket, |octet, at| notes.acknowledged(octet, clock.at(at)));
        }
    }

    /// Ends our half.
    pub(super) fn shut_down(&mut self) {
        // Before the call: the server may answer it before it returns.
        let now = self.clock.now();
        let result = shutdown(&self.socket, Shutdown::Write);
        self.machine.writing_shut_down();
        if result.is_ok() {
            self.client_end.get_or_insert(now);
        }
    }

    /// Reads what belongs to no answer, and drops it: `false` at the end.
    pub(super) fn read_unasked(&mut self) -> bool {
        let mut buffer = [0; 4096];
        match timestamps::recv(&self.socket, &mut buffer) {
            Ok((0, _)) => {
                self.server_end = Some(self.clock.now());
                self.machine.end_of_input();
                false
            }
            Ok((count, _)) => {
                self.machine.receive(&buffer[..count], &mut FieldLines::new());
                true
            }
            Err(Errno::AGAIN | Errno::INTR) => {
                // What wakes and is nothing to read: a late acknowledgement.
                timestamps::take_acknowledgements(&self.socket, |_, _| {});
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

/// An exchange under way.
struct Turn<'a> {
    notes: Notes,
    pace: &'a Pace,
    receiver: &'a mut dyn Receiver,
    sending: Sending,
    deadline: Instant,
    /// Before which nothing is read.
    next_read: Option<Instant>,
    /// More came than is wanted.
    is_cut: bool,
    /// Nobody wants the body.
    is_unwanted: bool,
    failure: Option<Failure>,
}

impl Turn<'_> {
    /// Something happened: there is as much time again.
    fn extend(&mut self) {
        if !self.is_unwanted {
            self.deadline = Instant::now() + self.pace.timeout;
        }
    }

    /// Hands on what is wanted of `octets`.
    fn body(&mut self, octets: &[u8]) -> Result<Wanted, Failure> {
        let before = self.notes.body_so_far();
        self.notes.body(octets.len());
        let wanted = self.pace.abort_after.map_or(octets.len(), |most| {
            usize::try_from(most.saturating_sub(before)).unwrap_or(usize::MAX).min(octets.len())
        });
        self.is_cut = wanted < octets.len();
        self.receiver.body(&octets[..wanted])
    }

    fn has_enough(&self) -> bool {
        self.notes.has_head() && self.pace.abort_after.is_some_and(|most| self.notes.body_so_far() >= most)
    }
}

fn framing(answer: &Answer<'_>) -> Framing {
    match answer.framing {
        AnswerFraming::NoBody => Framing::NoBody,
        AnswerFraming::Chunked => Framing::Chunked,
        AnswerFraming::Plain(Plain::Length(octets)) => Framing::ContentLength { octets },
        AnswerFraming::Plain(Plain::UntilClose) => Framing::Close,
        AnswerFraming::Unknown(_) => Framing::Unknown,
    }
}
