//! What arrives: read, handed to the machine piece by piece, and what that finds to who wants it.

use super::Connection;
use crate::fetch::turn::{Turn, UNWANTED, Wanted};
use crate::http::client::{Next, Received};
use crate::http::message::{Framing as Plain, ReceivedHead, ResponseFraming};
use crate::http::parse::fields::FieldLines;
use crate::kernel::tcp_info::TcpInfo;
use crate::kernel::timestamps;
use crate::record::Nanoseconds;
use crate::record::transfer::Framing;
use crate::sys::tcp_option;
use rustix::io::Errno;
use std::time::{Duration, Instant};

/// How much is read at a time, in bytes.
const PIECE: usize = 64 * 1024;

/// The same, of a body that comes faster than it is read.
const BIG_PIECE: usize = 256 * 1024;

/// The same, until the head is complete.
const FIRST: usize = 4 * 1024;

impl Connection {
    /// Whether a body comes as fast as it is read: then the kernel need not be
    /// asked before each read whether there is something.
    pub(super) fn is_flowing(&self, turn: &Turn<'_>) -> bool {
        turn.is_flowing
            && turn.pace.read_rate.is_none()
            && self.machine.next() == Next::Receive
            && !self.interrupt.has_come()
    }

    /// `false`: there was nothing to read.
    pub(super) fn receive(&mut self, turn: &mut Turn<'_>) -> bool {
        // Of a long first read, the kernel reports when its last bytes came.
        let most = if turn.notes.has_head() { self.input.len().min(BIG_PIECE) } else { FIRST };
        let most = turn.pace.read_rate.map_or(most, |rate| (rate / 10).clamp(1, most as u64) as usize);
        self.make_room();
        let room = most.min(self.input.len() - self.end);
        let was_flowing = std::mem::take(&mut turn.is_flowing);
        let buffer = &mut self.input[self.end..][..room];
        // Only of the first bytes it is recorded when they arrived.
        match timestamps::recv(&self.socket, buffer, !turn.notes.has_head()) {
            Ok((0, _)) => {
                let now = self.clock.now();
                self.server_end = Some(now);
                self.machine.end_of_input();
                self.use_input(turn, now);
            }
            Ok((count, arrived)) => {
                let now = self.clock.now();
                self.end += count;
                let order = || TcpInfo(&tcp_option::info(&self.socket).unwrap_or_default()).order();
                turn.notes.read(count, self.clock.at(arrived), now, order);
                let before = self.reached(turn);
                self.use_input(turn, now);
                if self.reached(turn) != before {
                    turn.extend();
                }
                if let Some(rate) = turn.pace.read_rate {
                    turn.rest(Duration::from_secs_f64(count as f64 / rate as f64));
                }
                if turn.notes.has_head() {
                    turn.is_flowing = was_flowing || count == room;
                    if count == room && room == PIECE && self.input.len() < BIG_PIECE {
                        self.input.resize(BIG_PIECE, 0);
                    }
                }
            }
            Err(Errno::AGAIN | Errno::INTR) => return false,
            Err(_) => {
                (self.is_reset, self.server_end) = (true, Some(self.clock.now()));
                self.machine.disconnected();
            }
        }
        true
    }

    /// How far the response is: what frames a body, as the line of a chunk's size, is none of it.
    fn reached(&self, turn: &Turn<'_>) -> (bool, u64, bool) {
        (turn.notes.has_head(), turn.notes.body_so_far(), self.machine.is_in_trailers())
    }

    /// Makes room behind what was read and is still to be used.
    fn make_room(&mut self) {
        self.input.copy_within(self.start..self.end, 0);
        (self.start, self.end) = (0, self.end - self.start);
        if self.input.is_empty() {
            self.input = vec![0; PIECE]; // not before the request has left, which would wait for it
        }
        if self.input.len() - self.end < PIECE / 2 {
            self.input.resize(self.input.len() * 2, 0); // a long head: the machine bounds it
        }
    }

    /// Hands what was read to the machine, and what that finds to the receiver.
    fn use_input(&mut self, turn: &mut Turn<'_>, now: Nanoseconds) {
        let before = turn.notes.body_so_far();
        self.use_pieces(turn, now);
        let bytes = usize::try_from(turn.notes.body_so_far() - before).unwrap_or(usize::MAX);
        if bytes > 0
            && turn.failure.is_none()
            && let Err(failure) = turn.receiver.pause(bytes)
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
                Some(Received::Interim(response)) => {
                    turn.notes.interim(&response, &self.input[self.start..][..used], now);
                    Ok(Wanted::More)
                }
                Some(Received::Head(response)) => {
                    turn.notes.head(&response, framing(&response), &self.input[self.start..][..used], now);
                    turn.receiver.head(Some(&response))
                }
                Some(Received::Bare) => {
                    turn.notes.bare(now);
                    turn.receiver.head(None)
                }
                Some(Received::Body(bytes)) => turn.body(bytes),
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
                    if turn.is_cut || has_enough && !self.machine.has_whole_response() {
                        turn.notes.aborted();
                        self.machine.give_up();
                        return;
                    }
                }
            }
            if self.machine.has_whole_response() {
                turn.notes.complete(now);
            }
            if used == 0 && !is_found {
                return;
            }
        }
    }
}

fn framing(response: &ReceivedHead<'_>) -> Framing {
    match response.framing {
        ResponseFraming::NoBody => Framing::NoBody,
        ResponseFraming::Chunked => Framing::Chunked,
        ResponseFraming::Plain(Plain::Length(bytes)) => Framing::ContentLength { bytes },
        ResponseFraming::Plain(Plain::UntilClose) => Framing::Close,
        ResponseFraming::Unknown(_) => Framing::Unknown,
    }
}
