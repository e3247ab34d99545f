//! What a serving thread keeps for whichever connection it works on.

use super::Service;
use super::input::Input;
use crate::handler::Handler;
use crate::http::date::HttpDate;
use crate::observe::probe::Outbox;
use std::sync::Arc;
use std::time::SystemTime;

/// What a serving thread keeps for whichever connection it works on: a receive
/// buffer, room for a head, the date of this second, reports not yet handed over.
pub struct Workspace {
    pub(super) service: Arc<Service>,
    /// An event loop's own handler, if it has one.
    pub(super) handler: Option<Box<dyn Handler>>,
    pub(super) buffer: Vec<u8>,
    /// Where the next answer's head is written.
    pub(super) head: Vec<u8>,
    pub(super) outbox: Outbox,
    /// Whether reports may wait for the end of a turn.
    is_event_loop: bool,
    now: HttpDate,
    date: String,
}

impl Workspace {
    /// A workspace for connections of `service`.
    pub fn new(service: Arc<Service>) -> Self {
        let now = HttpDate::from_system(SystemTime::now());
        Self {
            service,
            handler: None,
            buffer: Input::buffer(),
            head: Vec::new(),
            outbox: Outbox::default(),
            is_event_loop: false,
            now,
            date: now.to_string(),
        }
    }

    /// A workspace for an event loop: it lasts, so that what its handler keeps pays.
    pub fn for_event_loop(service: Arc<Service>) -> Self {
        let handler = service.handler.for_event_loop();
        Self { handler, is_event_loop: true, ..Self::new(service) }
    }

    /// What is asked until the next time had arrived by now: see [`Handler::begin_turn`].
    pub fn begin_turn(&self) {
        if let Some(handler) = &self.handler {
            handler.begin_turn();
        }
    }

    /// The event loop is about to wait: hands over what was reported in this turn.
    pub fn end_turn(&mut self) {
        self.outbox.flush(&self.service.probe);
    }

    /// A connection is about to wait: without an event loop that is the end of a turn.
    pub(super) fn connection_waits(&mut self) {
        if !self.is_event_loop {
            self.end_turn();
        }
    }

    /// `Date`, written anew once a second.
    pub(super) fn date(&mut self) -> &str {
        let now = HttpDate::from_system(SystemTime::now());
        if now != self.now {
            (self.now, self.date) = (now, now.to_string());
        }
        &self.date
    }
}
