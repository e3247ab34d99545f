//! From bytes to a request, and from a request to its response.

use super::awaited::{Awaited, is_reset};
use super::input::Input;
use super::notes::Reading;
use super::outgoing::Outgoing;
use super::proxied::{self, Preface};
use super::rejected::{failed, reason, rejected};
use super::{Connection, Workspace};
use crate::handler::{Begun, Ends, Response};
use crate::http::field;
use crate::http::message::{FieldStorage, Request, ResponseHead, Version};
use crate::http::persistence::CloseReason;
use crate::http::server::rejection::Rejection;
use crate::http::server::{BODY_PIECE, Next, Timer};
use crate::observe::counts::Count;
use crate::observe::probe::Probe;
use crate::record::Reason;
use crate::record::connection::HeadState;
use rustix::io::Errno;
use rustix::net::{RecvFlags, recv};
use std::os::fd::AsFd;
use std::panic::{AssertUnwindSafe, catch_unwind};

impl Connection {
    /// Uses what was received and responds to a request that is complete; only
    /// when more is needed, receives.
    pub(super) fn receive(&mut self, input: &mut Input, workspace: &mut Workspace) -> Result<(), Errno> {
        let used = self.use_received(input, workspace);
        input.advance(used);
        if used == 0 && self.machine.next() == Next::Receive { self.receive_more(input) } else { Ok(()) }
    }

    fn use_received(&mut self, input: &Input, workspace: &mut Workspace) -> usize {
        let mut storage = FieldStorage::new();
        let handler = &workspace.service.handler;
        let body_limit = |request: &Request<'_>| {
            catch_unwind(AssertUnwindSafe(|| handler.body_limit(request))).unwrap_or(0) // a handler that panics takes none
        };
        let (used, request) = self.machine.receive(input.unused(), &mut storage, body_limit);
        if let Some(request) = request {
            let state = if request.version == Version::Http09 { HeadState::Simple } else { HeadState::Complete };
            self.begin_exchange(&input.unused()[..used], request.line, state, Some(&request), workspace);
            let next = self.machine.next();
            if request.content_length > 0 {
                self.note(|notes| notes.body_follows(request.content_length, next == Next::ReceiveBody));
            }
            match next {
                Next::Respond => self.handle(&request, workspace),
                // Its body comes first, or was too much to ask.
                _ => {
                    self.awaits_body = true;
                    self.keep(&input.unused()[..used]);
                }
            }
        }
        used
    }

    /// Reads what a proxy says before the first request.
    pub(super) fn receive_proxy_header(&mut self, input: &mut Input, workspace: &mut Workspace) -> Result<(), Errno> {
        let preface = proxied::read(input.unused());
        if preface == Preface::Unfinished {
            return self.receive_more(input);
        }
        if let Some(notes) = &mut self.notes {
            notes.proxy_header(input.unused(), preface, &workspace.service.probe, &mut workspace.outbox);
        }
        match preface {
            Preface::Unfinished => {}
            Preface::Whole(length, named) => {
                input.advance(length);
                self.named = named.map(Box::new);
                self.machine.proxy_header(true);
            }
            Preface::Malformed => {
                input.discard();
                self.machine.proxy_header(false);
            }
        }
        Ok(())
    }

    /// The same of a request's body.
    pub(super) fn receive_body(&mut self, input: &mut Input) -> Result<(), Errno> {
        let (used, keeps) = self.machine.receive_body(input.unused().len());
        if keeps {
            let pieces = self.pending.len() / BODY_PIECE;
            self.keep(&input.unused()[..used]);
            if self.pending.len() / BODY_PIECE > pieces {
                self.deadline = None;
            }
        }
        input.advance(used);
        if used == 0 {
            return self.receive_more(input);
        }
        self.note(|notes| notes.body_read(used));
        Ok(())
    }

    /// Keeps some of a request, if there is memory for it.
    fn keep(&mut self, bytes: &[u8]) {
        match self.pending.try_reserve(bytes.len()) {
            Ok(()) => self.pending.extend_from_slice(bytes),
            Err(_) => self.machine.give_way(CloseReason::NoRoom),
        }
    }

    fn receive_more(&mut self, input: &mut Input) -> Result<(), Errno> {
        if input.is_exhausted() {
            return Err(Errno::AGAIN);
        }
        match self.recv(input)? {
            0 => self.machine.end_of_input(),
            count => input.filled(count),
        }
        Ok(())
    }

    /// Responds to a request whose body was waited for.
    pub(super) fn respond_to_whole(&mut self, workspace: &mut Workspace) -> Result<(), Errno> {
        let kept = std::mem::take(&mut self.pending);
        self.awaits_body = false;
        let mut storage = FieldStorage::new();
        let request = self.machine.whole_request(&kept, &mut storage).ok_or(Errno::INVAL)?;
        self.handle(&request, workspace);
        Ok(())
    }

    /// Refuses a request, or what has come of one.
    pub(super) fn reject(&mut self, rejection: Rejection, input: &Input, workspace: &mut Workspace) {
        if !std::mem::take(&mut self.awaits_body) {
            let state = match rejection {
                Rejection::TimedOut | Rejection::Incomplete | Rejection::NoRoom => HeadState::Unfinished,
                _ if rejection.is_of_whole_head() => HeadState::Complete,
                _ => HeadState::Refused,
            };
            self.begin_exchange(input.unused(), input.first_line(), state, None, workspace);
        }
        workspace.counts.add(Count::Refused, 1);
        let response = rejected(rejection, workspace.service.handler.language());
        match rejection {
            Rejection::NoRoom => self.refuse(Reason::NoRoom),
            _ => {
                let why: Reason = rejection.into();
                if let Some(entry) = &mut self.entry {
                    entry.refuse_by_status(why.code());
                }
                self.note(|notes| notes.refused(why));
            }
        }
        let response = self.chosen(response, None, &workspace.service.probe);
        self.respond(response, workspace);
    }

    /// Asks the handler, and sends its response if that is made at once.
    fn handle(&mut self, request: &Request<'_>, workspace: &mut Workspace) {
        let ends = Ends::new(self.peer, self.socket.as_fd());
        // A handler that panics costs its own request an error, and nobody else anything.
        let begun = catch_unwind(AssertUnwindSafe(|| workspace.ask(request, ends)));
        let origin = request.headers.all("origin").next();
        match begun.unwrap_or_else(|_| Begun::Now(failed(workspace.service.handler.language()))) {
            Begun::Now(response) => {
                let response = self.chosen(response, origin, &workspace.service.probe);
                self.respond(response, workspace);
            }
            Begun::Later(response) => self.awaited = Some(Box::new(Awaited::new(response, origin))),
        }
    }

    /// Sends the response that was made elsewhere, once it is ready.
    pub(super) fn take_awaited(&mut self, workspace: &mut Workspace) -> Result<(), Errno> {
        let language = workspace.service.handler.language();
        match self.awaited.as_ref().and_then(|awaited| awaited.take(language)) {
            Some(response) => {
                self.respond_awaited(response, workspace);
                Ok(())
            }
            None if is_reset(&self.socket) => Err(Errno::CONNRESET),
            None => Err(Errno::AGAIN),
        }
    }

    pub(super) fn respond_awaited(&mut self, response: Response, workspace: &mut Workspace) {
        let origin = self.awaited.take().and_then(|awaited| awaited.origin);
        let response = self.chosen(response, origin.as_deref(), &workspace.service.probe);
        self.respond(response, workspace);
    }

    /// Notes why the request is refused.
    pub(super) fn refuse(&mut self, why: Reason) {
        if let Some(entry) = &mut self.entry {
            entry.refuse(why.code());
        }
        self.note(|notes| notes.refused(why));
    }

    /// Notes the response, and adds what the live page wants of it.
    pub(super) fn chosen(&mut self, mut response: Response, origin: Option<&[u8]>, probe: &Probe) -> Response {
        if let Some(why) = response.refused {
            self.refuse(reason(why));
        }
        if let Some(notes) = &mut self.notes {
            notes.response_chosen(response.status.code(), response.resource.as_ref());
            if !probe.page_origins().is_empty() {
                response = response.with(field::SERVER_TIMING, &notes.server_timing(probe.loads()));
            }
        }
        match probe.page_origins().iter().find(|page| Some(page.as_bytes()) == origin) {
            None => response,
            Some(page) => [field::ALLOW_ORIGIN, field::TIMING_ALLOW_ORIGIN]
                .iter()
                .fold(response.with(field::VARY, "Origin"), |response, name| response.with(name, page)),
        }
    }

    pub(super) fn respond(&mut self, response: Response, workspace: &mut Workspace) {
        let Response { status, headers, body, .. } = response;
        self.status = status.code();
        workspace.counts.respond(self.status);
        let mut head = std::mem::take(&mut workspace.head);
        let response = ResponseHead { status, headers, framing: body.framing() };
        self.machine.respond(&response, workspace.date(), &mut head);
        let body_follows = match self.machine.next() {
            Next::SendHead { body_follows } => body_follows,
            _ => false,
        };
        if let Some(notes) = &mut self.notes {
            notes.response_head(&head, self.machine.body_to_send(), !self.machine.closes_after_response());
        }
        self.outgoing = Some(Outgoing::new(head, body, body_follows));
    }

    pub(super) fn recv(&mut self, input: &mut Input) -> Result<usize, Errno> {
        let Some(notes) = &mut self.notes else { return Ok(recv(&self.socket, input.room(), RecvFlags::empty())?.0) };
        let of = match self.machine.timer() {
            _ if matches!(self.machine.next(), Next::ReceiveBody | Next::ReceiveProxyHeader) => Reading::NoHead,
            Timer::Head | Timer::Idle if input.unused().is_empty() => Reading::Head,
            Timer::Head | Timer::Idle => Reading::RestOfHead,
            _ => Reading::NoHead,
        };
        notes.recv(of, &self.socket, input.room())
    }
}
