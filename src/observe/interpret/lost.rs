//! What nobody reported: the end of a connection, and that of the exchange that was under way on it.

use crate::language::Language::English;
use crate::record::connection::{Close, Exchange, HeadState};
use crate::record::{Figure, How, Nanoseconds, Reason, Why};

/// Why nobody heard of a connection's end.
#[derive(Clone, Copy, Debug)]
pub(in crate::observe) enum Lost {
    /// Its process was killed.
    Process,
    /// The report of it was dropped.
    Report,
    /// The server ended.
    Server,
}

impl Lost {
    fn why(self) -> Why {
        match self {
            Self::Process => Why::ProcessEnded,
            Self::Report => Why::ReportDropped,
            Self::Server => Why::ServerEnded,
        }
    }
}

/// The end of a connection of which nobody heard.
pub(in crate::observe) fn lost(lost: Lost) -> Close {
    let reason = match lost {
        Lost::Process => Reason::ProcessEnded,
        Lost::Report => Reason::ReportDropped,
        Lost::Server => Reason::ServerEnded,
    };
    let why = lost.why();
    let unseen = || Figure::<Nanoseconds>::not_visible(why.clone());
    Close {
        called: unseen(),
        at: unseen(),
        sentence: reason.said(English).to_owned().into(),
        reason,
        how: How::Lost,
        first: Figure::not_visible(why.clone()),
        client_end: unseen(),
        server_end: unseen(),
        server_fin: unseen(),
        left_by: unseen(),
        reset: None,
        unacknowledged: Figure::not_visible(why.clone()),
        tcp: Figure::not_visible(why.clone()),
        time_wait: Figure::not_visible(why),
    }
}

/// Ends an exchange of which no more will be heard. What was still to come may have come unreported:
/// only of the acknowledgement it is known what there is to say, that none was reported of what was sent.
pub(in crate::observe) fn end(exchange: &mut Exchange, lost: Lost) {
    let stages = &mut exchange.stages;
    let is_sent = !stages.first_write.is_to_come();
    if is_sent && stages.acknowledged.is_to_come() {
        stages.acknowledged = Figure::not_visible(Why::NoAcknowledgement);
    }
    for figure in stages.all_mut().into_iter().filter(|figure| figure.is_to_come()) {
        *figure = Figure::not_visible(lost.why());
    }
    exchange.head.get_or_insert(HeadState::Unfinished);
}
