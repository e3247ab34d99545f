//! One connection: a socket, the protocol's machine, what is left of the answer.
//!
//! The only reads and writes of a served socket are here. [`Connection::advance`]
//! does what the machine asks for until the socket would block, under every
//! model: the models only decide how to wait for it.

mod answer;
mod input;
mod notes;
mod service;
mod timeouts;
mod workspace;

pub use service::Service;
pub use timeouts::Timeouts;
pub use workspace::Workspace;

use crate::handler::Reply;
use crate::http::message::{FieldStorage, Request, Response, StatusCode};
use crate::http::persistence::CloseReason;
use crate::http::server::{Next, ServerConnection, Timer};
use crate::observe::clf::Line;
use crate::observe::probe::Probe;
use crate::observe::report::Report;
use crate::sys::send_queue;
use answer::{Answer, Sent};
use input::Input;
use notes::{Notes, Reading};
use rustix::io::Errno;
use rustix::net::{RecvFlags, Shutdown, recv, shutdown};
use std::net::SocketAddr;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant};

/// How many steps a connection that always finds room may go on sending before
/// others have their turn.
const TURN: usize = 8;

/// How often in a row a client may be found to have taken nothing of its answer.
const STALLS: u32 = 3;

/// How long a client may take to end its half when the server itself ends.
const LAST_DRAIN: Duration = Duration::from_secs(1);

/// What a connection waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// Bytes from the client, until this moment at the latest.
    Readable(Instant),
    /// Room for bytes to the client, until this moment at the latest.
    Writable(Instant),
    /// Nothing: it is over.
    Closed(CloseReason),
}

/// One accepted connection.
pub struct Connection {
    socket: OwnedFd,
    machine: ServerConnection,
    /// Received and not yet used.
    pending: Vec<u8>,
    /// What is left of the answer, while there is one, and its status.
    answer: Option<Answer>,
    status: u16,
    deadline: Option<Deadline>,
    client: SocketAddr,
    /// Whether the server ends, and waits for this connection.
    is_last: bool,
    /// The exchange's line in the access log, if there is one.
    line: Option<Box<Line>>,
    /// What is noted of a connection that is told.
    notes: Option<Box<Notes>>,
}

/// When the running timer ends; `timer` and `exchange` tell one from the next.
#[derive(Clone, Copy)]
struct Deadline {
    timer: Timer,
    exchange: u32,
    at: Instant,
    /// What the client had not acknowledged when it was last looked at.
    unacknowledged: u32,
    /// How often in a row it had taken nothing since.
    stalls: u32,
}

impl Connection {
    /// A connection just accepted from `client` by `listener`; `socket` must not block.
    pub fn new(socket: OwnedFd, client: SocketAddr, listener: BorrowedFd<'_>, service: &Service) -> Self {
        let mut machine = ServerConnection::new(service.timeouts.keep_alive.is_some());
        let notes = Notes::begin(&service.probe, &socket, client, listener);
        if notes.is_some() {
            machine.await_client_end();
        }
        Self {
            socket,
            machine,
            pending: Vec::new(),
            answer: None,
            status: 0,
            deadline: None,
            client,
            is_last: false,
            line: None,
            notes,
        }
    }

    /// Makes the coming answer the last one: the server has no room for idle clients.
    pub fn answer_last(&mut self) {
        self.machine.answer_last(CloseReason::ConnectionLimit);
    }

    /// Its number, if it is told.
    pub fn number(&self) -> Option<u64> {
        self.notes.as_ref().map(|notes| notes.connection())
    }

    /// Goes on until the socket would block, or the connection is over.
    pub fn advance(&mut self, workspace: &mut Workspace) -> Progress {
        if let Some(notes) = &mut self.notes {
            notes.go_on(&self.socket, &workspace.service.probe, &mut workspace.outbox);
        }
        let mut input = Input::load(std::mem::take(&mut workspace.buffer), &mut self.pending);
        let mut steps = 0;
        let progress = loop {
            let next = self.machine.next();
            steps += 1;
            if self.answer.is_some() && !matches!(next, Next::SendHead { .. } | Next::SendBody(_)) {
                self.end_exchange(workspace);
            }
            let step = match next {
                Next::Receive | Next::Respond => self.receive(&mut input, workspace),
                Next::Reject(rejection) => {
                    self.begin_exchange(input.unused(), input.first_line(), None, workspace);
                    let reply = Reply::error(rejection.status(), &rejection.to_string());
                    let reply = self.chosen(reply, None, &workspace.service.probe);
                    self.respond(reply, workspace);
                    Ok(())
                }
                // Only a sender may give way: that there is room will be told again.
                Next::SendHead { .. } | Next::SendBody(_) if steps > TURN => Err(Errno::AGAIN),
                Next::SendHead { .. } | Next::SendBody(_) => self.send(next, &mut workspace.copy),
                Next::ShutDown => {
                    if let Some(notes) = &mut self.notes {
                        notes.shuts_down(&self.socket);
                    }
                    // It fails only where the connection is gone, which the drain finds out.
                    let _ = shutdown(&self.socket, Shutdown::Write);
                    self.machine.writing_shut_down();
                    Ok(())
                }
                Next::Drain => self.drain(&mut input),
                Next::Close { reason, abort } => break self.close(reason, abort, &input, workspace),
            };
            match step {
                Ok(()) | Err(Errno::INTR) => {}
                Err(Errno::AGAIN) => break self.wait(&input, workspace),
                Err(Errno::CONNRESET | Errno::PIPE) => {
                    self.note(Notes::reset);
                    self.machine.disconnected(CloseReason::Reset);
                }
                Err(_) => self.machine.disconnected(CloseReason::SocketFailed),
            }
        };
        workspace.buffer = input.store(&mut self.pending);
        workspace.connection_waits();
        progress
    }

    /// The server ends: a request that has already arrived is still read, what
    /// is under way is finished, what is idle closes.
    pub fn shut_down(&mut self, workspace: &mut Workspace) -> Progress {
        self.advance(workspace);
        self.machine.shut_down();
        self.is_last = true;
        self.advance(workspace)
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

    /// The server's time is over: the connection is dropped as it is.
    pub fn abandon(mut self, workspace: &mut Workspace) {
        self.end_exchange(workspace);
        if let Some(notes) = &mut self.notes {
            notes.close(None, false, &self.pending, &self.socket, &workspace.service.probe, &mut workspace.outbox);
        }
        workspace.connection_waits();
    }

    /// Uses what was received and answers a request that is complete; only
    /// when more is needed, receives.
    fn receive(&mut self, input: &mut Input, workspace: &mut Workspace) -> Result<(), Errno> {
        let mut storage = FieldStorage::new();
        let (used, request) = self.machine.receive(input.unused(), &mut storage);
        if let Some(request) = request {
            self.begin_exchange(&input.unused()[..used], request.line, Some(&request), workspace);
            let handler = workspace.handler.as_ref().unwrap_or(&workspace.service.handler);
            // A handler that panics costs its own request an error, and nobody else anything.
            let reply = catch_unwind(AssertUnwindSafe(|| handler.handle(&request))).unwrap_or_else(|_| {
                Reply::error(StatusCode::INTERNAL_SERVER_ERROR, "The program that answers failed on this request.")
            });
            let origin = request.headers.all("origin").next();
            let reply = self.chosen(reply, origin, &workspace.service.probe);
            self.respond(reply, workspace);
        }
        drop(storage);
        input.advance(used);
        if used == 0 && self.machine.next() == Next::Receive {
            if input.is_exhausted() {
                return Err(Errno::AGAIN);
            }
            match self.recv(input)? {
                0 => self.machine.end_of_input(),
                count => input.filled(count),
            }
        }
        Ok(())
    }

    /// Notes the answer, and adds what the live page wants of it.
    fn chosen(&mut self, mut reply: Reply, origin: Option<&[u8]>, probe: &Probe) -> Reply {
        if let Some(notes) = &mut self.notes {
            notes.answer_chosen(reply.status.code(), reply.resource.as_ref());
            if !probe.page_origins().is_empty() {
                reply = reply.with("Server-Timing", &notes.server_timing());
            }
        }
        match probe.page_origins().iter().find(|page| Some(page.as_bytes()) == origin) {
            None => reply,
            Some(page) => ["Access-Control-Allow-Origin", "Timing-Allow-Origin"]
                .iter()
                .fold(reply.with("Vary", "Origin"), |reply, name| reply.with(name, page)),
        }
    }

    fn respond(&mut self, reply: Reply, workspace: &mut Workspace) {
        let Reply { status, headers, body, .. } = reply;
        self.status = status.code();
        let mut head = std::mem::take(&mut workspace.head);
        let response = Response { status, headers, framing: body.framing() };
        self.machine.respond(&response, workspace.date(), &mut head);
        let body_follows = match self.machine.next() {
            Next::SendHead { body_follows } => body_follows,
            _ => false,
        };
        if let Some(notes) = &mut self.notes {
            notes.answer_head(&head, !self.machine.closes_after_answer());
        }
        self.answer = Some(Answer::new(head, body, body_follows));
    }

    fn send(&mut self, next: Next, copy: &mut Vec<u8>) -> Result<(), Errno> {
        let Some(answer) = &mut self.answer else { return Err(Errno::INVAL) };
        // The last octets wait for the end of the connection, and share its segment.
        let ends = self.machine.closes_after_answer();
        let begun = self.notes.as_ref().map(|notes| notes.now());
        let sent = match next {
            Next::SendHead { body_follows } => Sent::Some(answer.send_head(&self.socket, body_follows, ends)?),
            Next::SendBody(left) => answer.send_body(&self.socket, left, ends, copy)?,
            _ => return Ok(()),
        };
        match sent {
            Sent::Some(count) => {
                self.note(|notes| notes.sent(count, begun.unwrap_or_default()));
                self.machine.sent(count);
                // Whoever takes some of the answer has the full time for the next.
                self.deadline = None;
            }
            Sent::Ended => self.machine.body_ended(),
            Sent::Failed => self.machine.body_failed(),
        }
        Ok(())
    }

    fn drain(&mut self, input: &mut Input) -> Result<(), Errno> {
        input.discard();
        match self.recv(input)? {
            0 => self.machine.end_of_input(),
            count => self.machine.drained(count),
        }
        Ok(())
    }

    fn recv(&mut self, input: &mut Input) -> Result<usize, Errno> {
        let Some(notes) = &mut self.notes else { return Ok(recv(&self.socket, input.room(), RecvFlags::empty())?.0) };
        let of = match self.machine.timer() {
            Timer::Head | Timer::Idle if input.unused().is_empty() => Reading::Head,
            Timer::Head | Timer::Idle => Reading::RestOfHead,
            _ => Reading::NoHead,
        };
        notes.recv(of, &self.socket, input.room())
    }

    fn note(&mut self, fact: impl FnOnce(&mut Notes)) {
        if let Some(notes) = &mut self.notes {
            fact(notes);
        }
    }

    /// The socket itself closes when the connection is dropped.
    fn close(&mut self, reason: CloseReason, abort: bool, input: &Input, workspace: &mut Workspace) -> Progress {
        if let Some(notes) = &mut self.notes {
            notes.close(
                Some(reason),
                abort,
                input.unused(),
                &self.socket,
                &workspace.service.probe,
                &mut workspace.outbox,
            );
        }
        if abort {
            // A reset, so that nothing sent so far passes for whole; where it
            // can't be had, an early end must do.
            let _ = socket2::SockRef::from(&self.socket).set_linger(Some(Duration::ZERO));
        }
        Progress::Closed(reason)
    }

    /// The socket would block: until when is that all right?
    fn wait(&mut self, input: &Input, workspace: &mut Workspace) -> Progress {
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
        if timer == Timer::Send { Progress::Writable(at) } else { Progress::Readable(at) }
    }

    /// `head` is what there is of the request; `line` its first line.
    fn begin_exchange(&mut self, head: &[u8], line: &[u8], request: Option<&Request<'_>>, workspace: &mut Workspace) {
        if let Some(format) = workspace.service.probe.lines() {
            let field = |name: &str| request.and_then(|request| request.headers.all(name).next()).unwrap_or_default();
            self.line =
                Some(Box::new(Line::begin(format, self.client.ip().to_canonical(), workspace.date(), line, field)));
        }
        if let Some(notes) = &mut self.notes {
            notes.begin_exchange(head, &self.socket, &workspace.service.probe);
        }
    }

    /// Lets go of the answer, and reports the exchange if somebody watches.
    fn end_exchange(&mut self, workspace: &mut Workspace) {
        let Some(answer) = self.answer.take() else { return };
        let (probe, outbox) = (&workspace.service.probe, &mut workspace.outbox);
        if let Some(line) = self.line.take() {
            let line = line.finish(self.status, answer.body_sent());
            outbox.push(probe, &Report::Line(line.as_bytes().into()));
        }
        if let Some(notes) = &mut self.notes {
            let is_kept = matches!(self.machine.next(), Next::Receive | Next::Respond | Next::Reject(_));
            notes.end_exchange(is_kept, &self.socket, probe, outbox);
        }
        workspace.head = answer.into_room();
    }
}

impl AsFd for Connection {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }
}
