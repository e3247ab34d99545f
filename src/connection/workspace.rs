//! What a serving thread keeps for the connections that it works on.

use super::budget::Budget;
use super::input::Input;
use super::service::Service;
use crate::handler::{Begun, Ends, LoopHandler};
use crate::http::date::HttpDate;
use crate::http::message::Request;
use crate::observe::counts::{Tally, UnderWay};
use crate::observe::entry::Entry;
use crate::observe::probe::Outbox;
use rustix::time::{ClockId, clock_gettime};
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// How long an event loop gathers reports: to hand over each by itself would
/// wake the collector as often, which costs more than all the rest of it.
const REPORTS: Duration = Duration::from_millis(10);

/// What a serving thread keeps for the connections that it works on: a receive
/// buffer, room for a head, the date of this second, reports not yet handed over.
pub struct Workspace {
    pub(super) service: Arc<Service>,
    /// An event loop's own handler, if it has one.
    handler: Option<Box<dyn LoopHandler>>,
    pub(super) buffer: Vec<u8>,
    /// What its connections may hold, together with those of other threads.
    pub(super) budget: Budget,
    /// Room for what is copied from a file to a socket.
    pub(super) copy: Vec<u8>,
    /// Where the next response's head is written.
    pub(super) head: Vec<u8>,
    /// Room for an entry of the access log.
    pub(super) entry: Option<Box<Entry>>,
    pub(super) outbox: Outbox,
    pub(super) counts: Tally,
    /// Whether reports may wait for others, and until when.
    is_event_loop: bool,
    report_by: Option<Instant>,
    now: HttpDate,
    date: String,
    /// A second since 1970, and how RFC 3339 writes it.
    second: (u64, String),
}

impl Workspace {
    /// A workspace for connections of `service`.
    pub fn new(service: Arc<Service>) -> Self {
        let now = this_second();
        Self {
            service,
            handler: None,
            buffer: Input::buffer(),
            budget: Budget::default(),
            copy: Vec::new(),
            head: Vec::new(),
            entry: None,
            outbox: Outbox::default(),
            counts: Tally::default(),
            is_event_loop: false,
            report_by: None,
            now,
            date: now.to_string(),
            second: (u64::MAX, String::new()),
        }
    }

    /// A workspace for an event loop: it lasts, so that what its handler keeps pays.
    pub fn for_event_loop(service: Arc<Service>) -> Self {
        let handler = service.handler.for_event_loop();
        Self { handler, is_event_loop: true, ..Self::new(service) }
    }

    /// Asks what responds to the requests of its connections.
    pub(super) fn ask(&mut self, request: &Request<'_>, ends: Ends<'_>) -> Begun {
        match &mut self.handler {
            Some(own) => own.begin_on(request, ends),
            None => self.service.handler.begin_on(request, ends),
        }
    }

    /// The same, sharing this budget with others.
    #[must_use]
    pub fn within(mut self, budget: &Budget) -> Self {
        self.budget = budget.clone();
        self
    }

    /// This process may be killed at any moment: what it counts stands at once, and what is not over in `under_way`.
    pub(crate) fn count_at_once(&mut self, under_way: UnderWay) {
        self.counts = self.service.probe.at_once(under_way);
    }

    /// What is asked until the next time had arrived by now: see [`LoopHandler::begin_turn`].
    pub fn begin_turn(&mut self, now: Instant) {
        if let Some(handler) = &mut self.handler {
            handler.begin_turn(now);
        }
    }

    /// The event loop is about to wait: gives until when at most, if it matters.
    /// Reports are handed over some at a time; the handler lets go of what it
    /// kept: see [`LoopHandler::end_turn`].
    pub fn end_turn(&mut self, now: Instant) -> Option<Instant> {
        let handler = self.handler.as_mut().and_then(|handler| handler.end_turn(now));
        self.service.probe.count(&mut self.counts);
        [self.reports_wait(now), handler].into_iter().flatten().min()
    }

    fn reports_wait(&mut self, now: Instant) -> Option<Instant> {
        if self.outbox.is_empty() {
            self.report_by = None;
            return None;
        }
        let report_by = *self.report_by.get_or_insert(now + REPORTS);
        if report_by <= now {
            self.hand_over();
        }
        self.report_by
    }

    /// Hands over all reports, and what was counted.
    pub fn hand_over(&mut self) {
        self.service.probe.count(&mut self.counts);
        self.outbox.flush(&self.service.probe);
        self.report_by = None;
    }

    /// A connection is about to wait: without an event loop, nobody else will hand over its reports,
    /// or use the room.
    pub(super) fn connection_waits(&mut self) {
        if !self.is_event_loop {
            self.hand_over();
            self.copy = Vec::new();
        }
    }

    /// `Date`, written anew once a second.
    pub(super) fn date(&mut self) -> &str {
        let now = this_second();
        if now != self.now {
            (self.now, self.date) = (now, now.to_string());
        }
        &self.date
    }

    /// This moment as RFC 3339 writes it, and its nanoseconds: the second is written anew once.
    pub(super) fn time(&mut self) -> (&str, u32) {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        if now.as_secs() != self.second.0 {
            let text = humantime::format_rfc3339_seconds(UNIX_EPOCH + Duration::from_secs(now.as_secs())).to_string();
            self.second = (now.as_secs(), text.trim_end_matches('Z').to_owned());
        }
        (&self.second.1, now.subsec_nanos())
    }
}

/// By the clock that is read fastest: it goes on with every tick of the kernel's.
fn this_second() -> HttpDate {
    let now = clock_gettime(ClockId::RealtimeCoarse).tv_sec;
    HttpDate::from_unix(now).unwrap_or_else(|| HttpDate::from_system(SystemTime::now()))
}
