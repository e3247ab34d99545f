//! One connection: a socket, the protocol's machine, what is left of the response.
//!
//! The only reads and writes of a served socket are here. [`Connection::advance`]
//! does what the machine asks for until the socket would block, under every
//! model: the models only decide how to wait for it.

mod awaited;
mod budget;
mod deadline;
mod exchange;
mod forwarded;
mod input;
mod notes;
mod outgoing;
mod proxied;
mod rejected;
mod request;
mod service;
mod timeouts;
mod waiting;
mod workspace;

pub use budget::{Budget, MOST_HELD, SMALL};
pub use deadline::LEAST_RATE;
pub use forwarded::Trust;
pub use service::Service;
pub use timeouts::Timeouts;
pub use workspace::Workspace;

use crate::http::persistence::CloseReason;
use crate::http::server::{Next, ServerConnection};
use crate::listener::Peer;
use crate::observe::counts::Count;
use crate::observe::entry::Entry;
use crate::record::{Named, Reason};
use awaited::{Awaited, is_reset};
use budget::Held;
use deadline::{Deadline, Pace};
use input::Input;
use notes::Notes;
use outgoing::{Outgoing, Sent};
use rejected::overdue;
use rustix::io::Errno;
use rustix::net::{Shutdown, shutdown};
use std::net::SocketAddr;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::time::{Duration, Instant};

/// How many steps a connection that always finds room may go on sending before
/// others have their turn.
const TURN: usize = 8;

/// What a connection waits for.
///
/// Exhaustive on purpose: a model that ignores one of them waits for ever.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// Bytes from the client, until this moment at the latest.
    Readable(Instant),
    /// Room for bytes to the client, until this moment at the latest.
    Writable(Instant),
    /// Work that is done elsewhere ([`Connection::awaited`]), until this moment
    /// at the latest; of the client, only that it has gone.
    Elsewhere(Instant),
    /// Nothing: it is over.
    Closed(CloseReason),
}

/// One accepted connection.
pub struct Connection {
    socket: OwnedFd,
    machine: ServerConnection,
    /// Received and not yet used; while a body is read, its request's head, and
    /// the body so far if the handler takes it (`awaits_body`).
    pending: Vec<u8>,
    /// What it holds while it waits, if that is much.
    held: Option<Held>,
    /// The response that is being made elsewhere, while there is one.
    awaited: Option<Box<Awaited>>,
    awaits_body: bool,
    /// What is left of the response, while there is one, and its status.
    outgoing: Option<Outgoing>,
    status: u16,
    deadline: Option<Deadline>,
    /// How fast the response is taken, where its client had to be waited for.
    pace: Option<Box<Pace>>,
    /// Who is at the other end: the client, or a proxy; none has an address on a unix socket.
    peer: Option<SocketAddr>,
    /// The client that a proxy named at the beginning (PROXY protocol).
    named: Option<Box<Named>>,
    /// Its number, if anybody asks.
    number: u64,
    /// Whether the server ends, and waits for this connection.
    is_last: bool,
    /// The exchange's entry in the access log, if there is one.
    entry: Option<Box<Entry>>,
    /// What is noted of a connection that is recorded.
    notes: Option<Box<Notes>>,
}

impl Connection {
    /// A connection just accepted from `peer` by `listener`; `socket` must not block.
    pub fn new(socket: OwnedFd, peer: impl Into<Peer>, listener: BorrowedFd<'_>, service: &Service) -> Self {
        let Peer { address: peer, is_proxied } = peer.into();
        let mut machine = ServerConnection::new(service.timeouts.keep_alive.is_some());
        let number = service.probe.number_connection();
        let notes = Notes::begin(number, &service.probe, &socket, peer, listener);
        if notes.is_some() {
            machine.await_client_end();
        }
        if is_proxied {
            machine.await_proxy_header();
        }
        Self {
            socket,
            machine,
            pending: Vec::new(),
            held: None,
            awaited: None,
            awaits_body: false,
            outgoing: None,
            status: 0,
            deadline: None,
            pace: None,
            peer,
            named: None,
            number,
            is_last: false,
            entry: None,
            notes,
        }
    }

    /// Makes the coming response the last one: the server has no room for idle clients.
    pub fn respond_last(&mut self) {
        self.machine.respond_last(CloseReason::ConnectionLimit);
    }

    /// The server is about to end: the next response to be chosen is the last one.
    pub fn prepare_to_shut_down(&mut self) {
        self.machine.respond_last(CloseReason::ShuttingDown);
    }

    /// Its number, if it is recorded.
    pub fn number(&self) -> Option<u64> {
        self.notes.as_ref().map(|notes| notes.connection())
    }

    /// What is readable when work that is done elsewhere is ready.
    pub fn awaited(&self) -> Option<BorrowedFd<'_>> {
        let response = self.awaited.as_ref().map(|awaited| awaited.as_fd());
        response.or_else(|| self.outgoing.as_ref().and_then(Outgoing::awaited))
    }

    /// Goes on until the socket would block, or the connection is over.
    pub fn advance(&mut self, workspace: &mut Workspace) -> Progress {
        if let Some(notes) = &mut self.notes {
            notes.go_on(&self.socket, &workspace.service.probe, &mut workspace.outbox);
        }
        let mut nothing = Vec::new();
        let pending = if self.awaits_body { &mut nothing } else { &mut self.pending };
        let mut input = Input::load(std::mem::take(&mut workspace.buffer), pending);
        let mut steps = 0;
        let progress = loop {
            let next = self.machine.next();
            steps += 1;
            let is_under_way = match next {
                Next::Respond | Next::RespondOverdue | Next::SendHead { .. } | Next::SendBody(_) => true,
                // Of a request that is refused for its body the exchange has begun.
                Next::ReceiveBody | Next::Reject(_) => self.awaits_body,
                _ => false,
            };
            if !is_under_way && (self.outgoing.is_some() || self.awaited.is_some() || self.awaits_body) {
                let cut_short = match next {
                    Next::Close { reason, .. } if reason.cuts_short() => Some(reason.into()),
                    _ => None,
                };
                self.end_exchange(cut_short, workspace);
            }
            let step = match next {
                Next::Receive => self.receive(&mut input, workspace),
                Next::ReceiveBody => self.receive_body(&mut input),
                Next::ReceiveProxyHeader => self.receive_proxy_header(&mut input, workspace),
                Next::Respond if self.awaits_body => self.respond_to_whole(workspace),
                Next::Respond => self.take_awaited(workspace),
                Next::RespondOverdue => {
                    let response = overdue(workspace.service.handler.language());
                    self.respond_awaited(response, workspace);
                    Ok(())
                }
                Next::Reject(rejection) => {
                    self.reject(rejection, &input, workspace);
                    Ok(())
                }
                // Only a sender may give way: room is reported again.
                Next::SendHead { .. } | Next::SendBody(_) if steps > TURN => Err(Errno::AGAIN),
                Next::SendHead { .. } | Next::SendBody(_) => self.send(next, workspace),
                Next::ShutDown => {
                    if let Some(notes) = &mut self.notes {
                        notes.shuts_down(&self.socket);
                    }
                    // It fails only where the connection is gone, which the drain finds out.
                    let _ = shutdown(&self.socket, Shutdown::Write);
                    self.note(Notes::has_shut_down);
                    self.machine.writing_shut_down();
                    Ok(())
                }
                Next::Drain => self.drain(&mut input),
                Next::Close { reason, abort } => break self.close(reason, abort, &input, workspace),
            };
            match step {
                Ok(()) | Err(Errno::INTR) => {}
                Err(Errno::AGAIN) if !self.holds(&mut input, workspace) => self.machine.give_way(CloseReason::NoRoom),
                Err(Errno::AGAIN) => break self.wait(&input, workspace),
                Err(Errno::CONNRESET | Errno::PIPE) => {
                    self.note(Notes::reset);
                    self.disconnected(CloseReason::Reset, &input, workspace);
                }
                Err(_) => self.disconnected(CloseReason::SocketFailed, &input, workspace),
            }
        };
        let is_over = matches!(progress, Progress::Closed(_));
        if is_over {
            workspace.counts.add(Count::Closed, 1);
            input.discard();
        }
        workspace.buffer = if self.awaits_body { input.into_buffer() } else { input.store(&mut self.pending) };
        if !is_over {
            workspace.connection_waits();
        }
        progress
    }

    fn disconnected(&mut self, why: CloseReason, input: &Input, workspace: &mut Workspace) {
        let is_in_head = self.machine.is_in_head();
        self.machine.disconnected(why);
        if is_in_head {
            self.end_in_head(input.unused(), why.into(), workspace);
        }
    }

    /// It is over ([`Progress::Closed`]): closes the socket.
    pub fn end(self, workspace: &mut Workspace) {
        let Self { socket, notes, .. } = self;
        if let Some(notes) = notes {
            notes.end(socket, &workspace.service.probe, &mut workspace.outbox);
        }
        workspace.connection_waits();
    }

    /// This process has the socket from another one, which closes it, too.
    pub fn share(&mut self) {
        self.note(Notes::share);
    }

    /// The server ends: a request that has already arrived is still read, what
    /// is under way is finished, what is idle closes.
    pub fn shut_down(&mut self, workspace: &mut Workspace) -> Progress {
        self.advance(workspace);
        self.machine.shut_down();
        self.is_last = true;
        self.advance(workspace)
    }

    /// The server's time is over: the connection is dropped as it is.
    pub fn abandon(mut self, workspace: &mut Workspace) {
        self.end_exchange(Some(Reason::GraceOver), workspace);
        if self.machine.is_in_head() {
            let head = std::mem::take(&mut self.pending);
            self.end_in_head(&head, Reason::GraceOver, workspace);
        }
        if let Some(notes) = &mut self.notes {
            notes.close(None, false, &self.pending, &self.socket, &workspace.service.probe, &mut workspace.outbox);
        }
        workspace.counts.add(Count::Closed, 1);
        self.end(workspace);
    }

    fn send(&mut self, next: Next, workspace: &mut Workspace) -> Result<(), Errno> {
        let Some(response) = &mut self.outgoing else { return Err(Errno::INVAL) };
        self.machine.source_waits(false);
        // The last bytes wait for the end of the connection, and share its segment.
        let ends = self.machine.closes_after_response();
        let begun = self.notes.as_ref().filter(|notes| notes.records_exchange()).map(|notes| notes.now());
        let sent = match next {
            Next::SendHead { body_follows } => Sent::Some(response.send_head(&self.socket, body_follows, ends)?),
            Next::SendBody(left) => response.send_body(&self.socket, left, ends, &mut workspace.copy)?,
            _ => return Ok(()),
        };
        match sent {
            Sent::Some(count) => {
                self.note(|notes| notes.sent(count, begun.unwrap_or_default()));
                workspace.counts.add(Count::Bytes, count as u64);
                self.machine.sent(count);
                // A client that takes some of the response has the full time for the next.
                self.deadline = None;
            }
            Sent::Awaited if is_reset(&self.socket) => return Err(Errno::CONNRESET),
            Sent::Awaited => {
                self.machine.source_waits(true);
                return Err(Errno::AGAIN);
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
            count => {
                self.machine.drained(count);
                self.deadline.iter_mut().for_each(|deadline| deadline.drained(count));
            }
        }
        Ok(())
    }

    fn note(&mut self, fact: impl FnOnce(&mut Notes)) {
        if let Some(notes) = &mut self.notes {
            fact(notes);
        }
    }

    /// The socket itself closes in [`Connection::end`].
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
}

impl AsFd for Connection {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What each idle connection takes of an event loop's table. What few of them
    /// need is behind a pointer.
    #[test]
    #[cfg(target_pointer_width = "64")]
    fn a_connection_is_small() {
        assert!(
            size_of::<Connection>() <= 320,
            "{} bytes: machine {}, outgoing {}, held {}, deadline {}, peer {}",
            size_of::<Connection>(),
            size_of::<ServerConnection>(),
            size_of::<Option<Outgoing>>(),
            size_of::<Option<Held>>(),
            size_of::<Option<Deadline>>(),
            size_of::<Option<SocketAddr>>(),
        );
    }
}
