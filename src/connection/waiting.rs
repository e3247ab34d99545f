//! What a connection waits for, and until when.

use super::deadline::Deadline;
use super::input::Input;
use super::notes::Notes;
use super::{Connection, Progress, Workspace};
use crate::http::server::Timer;
use crate::sys::send_queue;
use std::time::{Duration, Instant};

/// How often in a row a client may be found to have taken nothing of its answer.
const STALLS: u32 = 3;

/// How long a client may take to end its half when the server itself ends.
const LAST_DRAIN: Duration = Duration::from_secs(1);

impl Connection {
    /// The socket would block: until when is that all right?
    pub(super) fn wait(&mut self, input: &Input, workspace: &mut Workspace) -> Progress {
        let timeouts = workspace.service.timeouts;
        let (timer, exchange) = (self.machine.timer(), self.machine.exchanges());
        if timer == Timer::Send {
            self.machine.sending_waits();
        }
        if let Some(notes) = &mut self.notes {
            let (probe, outbox) = (&workspace.service.probe, &mut workspace.outbox);
            match timer {
                Timer::Send => notes.sending_waits(probe, outbox),
                Timer::Head => notes.head_waits(input.unused(), probe, outbox),
                _ => {}
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
                self.deadline = Some(Deadline { timer, exchange, at, unacknowledged, stalls: 0 });
                at
            }
        };
        match timer {
            Timer::Send => Progress::Writable(at),
            Timer::Respond | Timer::Source => Progress::Elsewhere(at),
            _ => Progress::Readable(at),
        }
    }

    /// The deadline passed: gives up, unless the client still takes its answer.
    pub fn time_out(&mut self, workspace: &mut Workspace) -> Progress {
        match &mut self.deadline {
            Some(deadline) if deadline.timer == Timer::Send => {
                // Acknowledgements may go on though the window never opens wide
                // enough for the socket to become writable.
                let now = send_queue::unacknowledged(&self.socket).unwrap_or(deadline.unacknowledged);
                deadline.stalls = if now < deadline.unacknowledged { 0 } else { deadline.stalls + 1 };
                deadline.unacknowledged = now;
                deadline.at = Instant::now() + workspace.service.timeouts.of(Timer::Send);
                if deadline.stalls == STALLS {
                    self.give_up_waiting();
                }
            }
            _ => self.give_up_waiting(),
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
