//! What a connection waits for, and until when.

use super::deadline::{Deadline, LEAST_RATE, Pace, WINDOW};
use super::input::Input;
use super::notes::Notes;
use super::outgoing::Outgoing;
use super::{Connection, Progress, Workspace};
use crate::http::persistence::CloseReason;
use crate::http::server::{Next, Timer};
use crate::sys::send_queue;
use std::time::{Duration, Instant};

/// How often in a row a client may be found to have taken nothing of its response.
const STALLS: u32 = 3;

/// How long a client may take to close its sending side when the server itself ends.
const LAST_DRAIN: Duration = Duration::from_secs(1);

impl Connection {
    /// Whether there is room for what it holds while it waits. Else that is let go of.
    pub(super) fn holds(&mut self, input: &mut Input, workspace: &Workspace) -> bool {
        if !self.awaits_body {
            self.pending = Vec::new();
        }
        let received = input.unused().len() + self.pending.capacity();
        let bytes = received + self.outgoing.as_mut().map_or(0, Outgoing::settle);
        if bytes == 0 {
            self.held = None;
            return true;
        }
        let has_room = workspace.budget.hold(bytes, &mut self.held) && input.reserve(&mut self.pending);
        if !has_room {
            (self.held, self.pending) = (None, Vec::new());
            input.discard();
        }
        has_room
    }

    /// The socket would block: until when is that all right?
    pub(super) fn wait(&mut self, input: &Input, workspace: &mut Workspace) -> Progress {
        let timeouts = workspace.service.timeouts;
        let (timer, exchange) = (self.machine.timer(), self.machine.exchanges());
        if timer == Timer::Send {
            self.machine.sending_waits();
        }
        if self.machine.is_in_head() {
            workspace.counts.head_waits();
        }
        if let Some(notes) = &mut self.notes {
            let (probe, outbox) = (&workspace.service.probe, &mut workspace.outbox);
            match timer {
                Timer::Send => notes.sending_waits(probe, outbox),
                Timer::Respond | Timer::Source => notes.handler_waits(probe, outbox),
                _ => match self.machine.next() {
                    Next::ReceiveProxyHeader => notes.proxy_header_waits(input.unused(), probe, outbox),
                    Next::ReceiveBody => notes.body_waits(probe, outbox),
                    _ if timer == Timer::Head => notes.head_waits(input.unused(), probe, outbox),
                    _ => {}
                },
            }
            if probe.is_followed() {
                notes.acknowledgements_wait(probe, outbox);
            }
        }
        let at = match self.deadline {
            Some(deadline) if (deadline.timer, deadline.exchange) == (timer, exchange) => deadline.at,
            _ => {
                let at = Instant::now()
                    + match timer {
                        Timer::Drain if self.is_last => timeouts.drain.min(LAST_DRAIN),
                        _ => timeouts.of(timer),
                    };
                let unacknowledged = match timer {
                    Timer::Send => send_queue::unacknowledged(&self.socket).unwrap_or(0),
                    _ => 0,
                };
                if timer == Timer::Send && self.pace.as_ref().is_none_or(|pace| pace.exchange != exchange) {
                    let taken = self.taken(unacknowledged);
                    self.pace = Some(Box::new(Pace { exchange, since: at - timeouts.of(timer), taken }));
                }
                self.deadline = Some(Deadline { timer, exchange, at, bytes: unacknowledged, times: 0 });
                at
            }
        };
        match timer {
            Timer::Send => Progress::Writable(at),
            Timer::Respond | Timer::Source => Progress::Elsewhere(at),
            _ => Progress::Readable(at),
        }
    }

    /// Bytes of the response's body that the client's TCP has, if `unacknowledged` are on their way.
    fn taken(&self, unacknowledged: u32) -> u64 {
        let sent = self.outgoing.as_ref().map_or(0, Outgoing::body_sent);
        sent.saturating_sub(unacknowledged.into())
    }

    /// How many bytes a second the client takes of its response, if fewer than [`LEAST_RATE`].
    pub fn slow_rate(&mut self, now: Instant) -> Option<u64> {
        let pace = self.pace.as_deref().copied().filter(|pace| pace.exchange == self.machine.exchanges())?;
        let passed = now.saturating_duration_since(pace.since);
        if self.machine.timer() != Timer::Send || passed < WINDOW {
            return None;
        }
        let taken = self.taken(send_queue::unacknowledged(&self.socket).ok()?);
        let rate = taken.saturating_sub(pace.taken) * 1000 / passed.as_millis() as u64;
        if rate >= LEAST_RATE {
            self.pace = Some(Box::new(Pace { since: now, taken, ..pace }));
        }
        (rate < LEAST_RATE).then_some(rate)
    }

    /// Its client is too slow, and others wait for its place.
    pub fn give_way(&mut self, workspace: &mut Workspace) -> Progress {
        self.machine.give_way(CloseReason::TooSlow);
        self.advance(workspace)
    }

    /// The deadline passed: gives up, unless the client still takes its response.
    pub fn time_out(&mut self, workspace: &mut Workspace) -> Progress {
        match &mut self.deadline {
            Some(deadline) if deadline.timer == Timer::Send => {
                // Acknowledgements may go on though the window never opens wide
                // enough for the socket to become writable.
                let now = send_queue::unacknowledged(&self.socket).unwrap_or(deadline.bytes);
                deadline.times = if now < deadline.bytes { 0 } else { deadline.times + 1 };
                deadline.bytes = now;
                deadline.at = Instant::now() + workspace.service.timeouts.of(Timer::Send);
                if deadline.times == STALLS {
                    self.give_up_waiting();
                }
            }
            Some(deadline) => {
                // The server's own end waits for nobody.
                let goes_on = !self.is_last && deadline.is_put_off(workspace.service.timeouts.drain);
                if !goes_on {
                    self.give_up_waiting();
                }
            }
            None => self.give_up_waiting(),
        }
        self.advance(workspace)
    }

    fn give_up_waiting(&mut self) {
        if !matches!(self.machine.timer(), Timer::Drain | Timer::ClientEnd) {
            self.note(Notes::timed_out);
        }
        self.machine.timed_out();
    }
}
