//! Where an exchange begins and ends for those who watch: the counts, the access log, the notes.

use super::input::first_line;
use super::outgoing::Outgoing;
use super::{Connection, Workspace};
use crate::http::message::Request;
use crate::http::server::Next;
use crate::observe::access::{Begun, Format, Via};
use crate::observe::counts::Count;
use crate::observe::entry::Entry;
use crate::observe::report::Report;
use crate::record::connection::HeadState;
use crate::record::{Named, NotNamed, Reason};
use std::net::IpAddr;

impl Connection {
    /// `head` is what there is of the request; `line` its first line.
    pub(super) fn begin_exchange(
        &mut self,
        head: &[u8],
        line: &[u8],
        state: HeadState,
        request: Option<&Request<'_>>,
        workspace: &mut Workspace,
    ) {
        workspace.counts.begin(request.map(|request| request.method));
        let trust = &workspace.service.trust;
        let forwarded = match request {
            Some(request) if !trust.is_nobody() => trust.client(self.hop(), &request.headers),
            _ => None,
        };
        if let Some(format) = workspace.service.probe.lines() {
            let mut entry = workspace.entry.take().unwrap_or_default();
            let is_whole = request.is_some() || head.trim_ascii_start().contains(&b'\n');
            self.begin_entry(&mut entry, format, (line, is_whole), request, forwarded, workspace);
            self.entry = Some(entry);
        }
        if let Some(notes) = &mut self.notes {
            notes.begin_exchange(head, state, forwarded, &self.socket, &workspace.service.probe);
        }
    }

    /// The address that speaks for the client, if its own word is not taken; none: a unix socket's.
    fn hop(&self) -> Option<IpAddr> {
        let named = self.named.as_ref().map(|named| named.client);
        named.or_else(|| self.peer.map(|peer| peer.ip())).map(|address| address.to_canonical())
    }

    fn begin_entry(
        &self,
        entry: &mut Entry,
        format: Format,
        (line, is_whole): (&[u8], bool),
        request: Option<&Request<'_>>,
        forwarded: Option<Result<Named, NotNamed>>,
        workspace: &mut Workspace,
    ) {
        let (date, nanoseconds) = match format {
            Format::Requests => workspace.time(),
            Format::Common | Format::Combined => (workspace.date(), 0),
        };
        let (client, via) = match forwarded {
            Some(Ok(named)) => (Some(named.client), Some(self.hop())),
            _ => (self.hop(), self.named.as_ref().map(|_| self.peer.map(|peer| peer.ip().to_canonical()))),
        };
        let facts = Begun {
            client,
            via: via.map(|via| via.map_or(Via::Unix, Via::Address)),
            connection: self.number,
            exchange: u64::from(self.machine.exchanges()) + 1,
            date,
            nanoseconds,
            line,
            is_whole,
            is_understood: request.is_some(),
        };
        let field = |name: &str| request.and_then(|request| request.headers.all(name).next()).unwrap_or_default();
        entry.begin(format, &facts, field);
    }

    /// Lets go of the response, and reports the exchange if it is watched.
    pub(super) fn end_exchange(&mut self, cut_short: Option<Reason>, workspace: &mut Workspace) {
        let (response, awaited) = (self.outgoing.take(), self.awaited.take());
        let awaited_body = std::mem::take(&mut self.awaits_body);
        if response.is_none() && awaited.is_none() && !awaited_body {
            return;
        }
        self.end_with(response, cut_short, workspace);
    }

    /// Nobody responds to what has come of a request, `head`: the connection is over.
    pub(super) fn end_in_head(&mut self, head: &[u8], why: Reason, workspace: &mut Workspace) {
        self.begin_exchange(head, first_line(head), HeadState::Unfinished, None, workspace);
        self.end_with(None, Some(why), workspace);
    }

    fn end_with(&mut self, response: Option<Outgoing>, cut_short: Option<Reason>, workspace: &mut Workspace) {
        let status = if response.is_some() { self.status } else { 0 };
        workspace.counts.exchange(status);
        workspace.counts.add(Count::CutShort, u64::from(cut_short.is_some()));
        let (probe, outbox) = (&workspace.service.probe, &mut workspace.outbox);
        if probe.records_connections() && !self.notes.as_ref().is_some_and(|notes| notes.records_exchange()) {
            workspace.counts.unrecorded(status);
        }
        if let Some(mut entry) = self.entry.take() {
            let sent = response.as_ref().map_or(0, |response| response.body_sent());
            let line = entry.finish(status, sent, cut_short.as_ref().map(Reason::code));
            outbox.push(probe, &Report::Line(line.as_bytes().into()));
            workspace.entry = Some(entry);
        }
        if let Some(notes) = &mut self.notes {
            let is_kept = matches!(self.machine.next(), Next::Receive | Next::Respond | Next::Reject(_));
            notes.end_exchange(is_kept, &self.socket, probe, outbox);
        }
        if let Some(response) = response {
            workspace.head = response.into_room();
        }
    }
}
