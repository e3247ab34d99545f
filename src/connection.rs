//! One connection: a socket, the protocol's machine, what is left of the answer.
//!
//! The only reads and writes of a served socket are here. [`Connection::advance`]
//! does what the machine asks for until the socket would block, under every
//! model: the models only decide how to wait for it.

mod answer;
mod input;

use crate::handler::{Handler, Reply};
use crate::http::date::HttpDate;
use crate::http::message::{FieldStorage, Request, Response, StatusCode};
use crate::http::persistence::CloseReason;
use crate::http::server::{Next, ServerConnection, Timer};
use crate::observe::probe::{Exchange, Probe};
use crate::sys::send_queue;
use answer::{Answer, Sent};
use input::Input;
use rustix::io::Errno;
use rustix::net::{RecvFlags, Shutdown, recv, shutdown};
use std::net::SocketAddr;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

/// How many steps a connection that always finds room may go on sending before
/// others have their turn.
const TURN: usize = 8;

/// How often in a row a client may be found to have taken nothing of its answer.
const STALLS: u32 = 3;

/// How long a client may take to end its half when the server itself ends.
const LAST_DRAIN: Duration = Duration::from_secs(1);

/// How long things may take.
#[derive(Clone, Copy, Debug)]
pub struct Timeouts {
    /// For a whole request head, and for a body that is skipped.
    pub head: Duration,
    /// For the next request on a kept connection; `None`: connections are not kept.
    pub keep_alive: Option<Duration>,
    /// For a client to take some more of its answer: three times this long
    /// without taking any ends it.
    pub send: Duration,
    /// For a client to end its half after the last answer.
    pub drain: Duration,
}

impl Timeouts {
    /// Those that follow from the two that a user names: `head`, and `keep_alive` (zero: off).
    pub fn new(head: Duration, keep_alive: Duration) -> Self {
        Self {
            head,
            keep_alive: (!keep_alive.is_zero()).then_some(keep_alive),
            send: head,
            drain: Duration::from_secs(5).min(head),
        }
    }

    fn of(&self, timer: Timer) -> Duration {
        match timer {
            Timer::Head | Timer::Body => self.head,
            Timer::Idle => self.keep_alive.unwrap_or_default(),
            Timer::Send => self.send,
            Timer::Drain => self.drain,
        }
    }
}

/// What all connections of a server share.
pub struct Service {
    /// Who answers.
    pub handler: Box<dyn Handler>,
    /// How long things may take.
    pub timeouts: Timeouts,
    /// Who watches.
    pub probe: Probe,
}

/// What a serving thread keeps for whichever connection it works on: a receive
/// buffer, room for a head, and the date of this second.
pub struct Workspace {
    service: Arc<Service>,
    /// An event loop's own handler, if it has one.
    handler: Option<Box<dyn Handler>>,
    buffer: Vec<u8>,
    /// Where the next answer's head is written.
    head: Vec<u8>,
    now: HttpDate,
    date: String,
}

impl Workspace {
    /// A workspace for connections of `service`.
    pub fn new(service: Arc<Service>) -> Self {
        let now = HttpDate::from_system(SystemTime::now());
        Self { service, handler: None, buffer: Input::buffer(), head: Vec::new(), now, date: now.to_string() }
    }

    /// A workspace for an event loop: it lasts, so that what its handler keeps pays.
    pub fn for_event_loop(service: Arc<Service>) -> Self {
        let handler = service.handler.for_event_loop();
        Self { handler, ..Self::new(service) }
    }

    /// What is asked until the next time had arrived by now: see [`Handler::begin_turn`].
    pub fn begin_turn(&self) {
        if let Some(handler) = &self.handler {
            handler.begin_turn();
        }
    }

    /// `Date`, written anew once a second.
    fn date(&mut self) -> &str {
        let now = HttpDate::from_system(SystemTime::now());
        if now != self.now {
            (self.now, self.date) = (now, now.to_string());
        }
        &self.date
    }
}

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
    /// What is left of the answer, while there is one.
    answer: Option<Answer>,
    deadline: Option<Deadline>,
    client: SocketAddr,
    /// Whether the server ends, and waits for this connection.
    is_last: bool,
    /// What is reported when the exchange has ended; only while somebody watches.
    exchange: Option<Box<Exchange>>,
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
    /// A connection just accepted from `client`; `socket` must not block.
    pub fn new(socket: OwnedFd, client: SocketAddr, service: &Service) -> Self {
        Self {
            socket,
            machine: ServerConnection::new(service.timeouts.keep_alive.is_some()),
            pending: Vec::new(),
            answer: None,
            deadline: None,
            client,
            is_last: false,
            exchange: None,
        }
    }

    /// Makes the coming answer the last one: the server has no room for idle clients.
    pub fn answer_last(&mut self) {
        self.machine.answer_last(CloseReason::ConnectionLimit);
    }

    /// Goes on until the socket would block, or the connection is over.
    pub fn advance(&mut self, workspace: &mut Workspace) -> Progress {
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
                    self.begin_exchange(input.first_line(), None, workspace);
                    self.respond(Reply::error(rejection.status(), &rejection.to_string()), workspace);
                    Ok(())
                }
                // Only a sender may give way: that there is room will be told again.
                Next::SendHead { .. } | Next::SendBody(_) if steps > TURN => Err(Errno::AGAIN),
                Next::SendHead { .. } | Next::SendBody(_) => self.send(next),
                Next::ShutDown => {
                    // It fails only where the connection is gone, which the drain finds out.
                    let _ = shutdown(&self.socket, Shutdown::Write);
                    self.machine.writing_shut_down();
                    Ok(())
                }
                Next::Drain => self.drain(&mut input),
                Next::Close { reason, abort } => break self.close(reason, abort),
            };
            match step {
                Ok(()) | Err(Errno::INTR) => {}
                Err(Errno::AGAIN) => break self.wait(&workspace.service.timeouts),
                Err(Errno::CONNRESET | Errno::PIPE) => self.machine.disconnected(CloseReason::Reset),
                Err(_) => self.machine.disconnected(CloseReason::SocketFailed),
            }
        };
        workspace.buffer = input.store(&mut self.pending);
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
                    self.machine.timed_out();
                }
            }
            _ => self.machine.timed_out(),
        }
        self.advance(workspace)
    }

    /// Uses what was received and answers a request that is complete; only
    /// when more is needed, receives.
    fn receive(&mut self, input: &mut Input, workspace: &mut Workspace) -> Result<(), Errno> {
        let mut storage = FieldStorage::new();
        let (used, request) = self.machine.receive(input.unused(), &mut storage);
        if let Some(request) = request {
            self.begin_exchange(request.line, Some(&request), workspace);
            let handler = workspace.handler.as_ref().unwrap_or(&workspace.service.handler);
            // A handler that panics costs its own request an error, and nobody else anything.
            let reply = catch_unwind(AssertUnwindSafe(|| handler.handle(&request))).unwrap_or_else(|_| {
                Reply::error(StatusCode::INTERNAL_SERVER_ERROR, "The program that answers failed on this request.")
            });
            self.respond(reply, workspace);
        }
        drop(storage);
        input.advance(used);
        if used == 0 && self.machine.next() == Next::Receive {
            if input.is_exhausted() {
                return Err(Errno::AGAIN);
            }
            match recv(&self.socket, input.room(), RecvFlags::empty())?.0 {
                0 => self.machine.end_of_input(),
                count => input.filled(count),
            }
        }
        Ok(())
    }

    fn respond(&mut self, reply: Reply, workspace: &mut Workspace) {
        let Reply { status, headers, body } = reply;
        if let Some(exchange) = &mut self.exchange {
            exchange.status = status.code();
        }
        let mut head = std::mem::take(&mut workspace.head);
        let response = Response { status, headers, framing: body.framing() };
        self.machine.respond(&response, workspace.date(), &mut head);
        let body_follows = match self.machine.next() {
            Next::SendHead { body_follows } => body_follows,
            _ => false,
        };
        self.answer = Some(Answer::new(head, body, body_follows));
    }

    fn send(&mut self, next: Next) -> Result<(), Errno> {
        let Some(answer) = &mut self.answer else { return Err(Errno::INVAL) };
        // The last octets wait for the end of the connection, and share its segment.
        let ends = self.machine.closes_after_answer();
        let sent = match next {
            Next::SendHead { body_follows } => Sent::Some(answer.send_head(&self.socket, body_follows, ends)?),
            Next::SendBody(left) => answer.send_body(&self.socket, left, ends)?,
            _ => return Ok(()),
        };
        match sent {
            Sent::Some(count) => {
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
        match recv(&self.socket, input.room(), RecvFlags::empty())?.0 {
            0 => self.machine.end_of_input(),
            count => self.machine.drained(count),
        }
        Ok(())
    }

    /// The socket itself closes when the connection is dropped.
    fn close(&mut self, reason: CloseReason, abort: bool) -> Progress {
        if abort {
            // A reset, so that nothing sent so far passes for whole; where it
            // can't be had, an early end must do.
            let _ = socket2::SockRef::from(&self.socket).set_linger(Some(Duration::ZERO));
        }
        Progress::Closed(reason)
    }

    /// The socket would block: until when is that all right?
    fn wait(&mut self, timeouts: &Timeouts) -> Progress {
        let (timer, exchange) = (self.machine.timer(), self.machine.exchanges());
        if timer == Timer::Send {
            self.machine.sending_waits();
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

    fn begin_exchange(&mut self, line: &[u8], request: Option<&Request<'_>>, workspace: &Workspace) {
        if !workspace.service.probe.is_on() {
            return;
        }
        let field = |name| request.and_then(|request| request.headers.all(name).next()).unwrap_or_default().to_vec();
        self.exchange = Some(Box::new(Exchange {
            client: self.client.ip().to_canonical(),
            time: SystemTime::now(),
            line: line.to_vec(),
            status: 0,
            body_sent: 0,
            referer: field("referer"),
            user_agent: field("user-agent"),
        }));
    }

    /// Lets go of the answer, and reports the exchange if somebody watches.
    fn end_exchange(&mut self, workspace: &mut Workspace) {
        let Some(answer) = self.answer.take() else { return };
        if let Some(mut exchange) = self.exchange.take() {
            exchange.body_sent = answer.body_sent();
            workspace.service.probe.exchange(&exchange);
        }
        workspace.head = answer.into_room();
    }
}

impl AsFd for Connection {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }
}
