//! The packets of a fetch's connections, joined to its transfers.

use crate::capture::{Capture, Which};
use crate::record::segment::Segments;
use crate::record::transfer::{Ends, Transfer};
use crate::record::{Arrivals, End, Figure, How, Moment, Nanoseconds, Source, TimeWait, not_shown};

/// Who sees the packets, and what was shown of them.
#[derive(Debug, Default)]
pub(super) struct Seen {
    capture: Option<Capture>,
    /// The connection whose segments were shown last, and how many of them before its last transfer, and with it.
    shown: Option<(Ends, u64, u64)>,
}

impl Seen {
    pub(super) fn by(capture: Option<Capture>) -> Self {
        Self { capture, shown: None }
    }

    pub(super) fn capture(&self) -> Option<&Capture> {
        self.capture.as_ref()
    }

    /// Joins what was seen since the transfer before it on the same connection; times count from `began`.
    pub(super) fn join(&mut self, transfer: &mut Transfer, began: Moment) {
        let Some(ends) = ends(transfer) else { return };
        let before = match self.shown {
            Some((same, _, shown)) if same == ends => shown,
            _ => 0,
        };
        self.join_behind(transfer, ends, before, began);
    }

    /// Joins once more: its connection ended after it had been shown.
    pub(super) fn join_last(&mut self, last: &mut Transfer, began: Moment) {
        if let Some((ends, before, _)) = self.shown {
            self.join_behind(last, ends, before, began);
        }
    }

    fn join_behind(&mut self, transfer: &mut Transfer, ends: Ends, before: u64, began: Moment) {
        let Some(capture) = &self.capture else { return };
        let is_over = transfer.close.is_some() || transfer.exchange.is_none();
        capture.catch_up(ends.server, ends.client, is_over);
        let Some(segments) = capture.record(ends.server, ends.client, (latest(), began)) else { return };
        self.shown = Some((ends, before, segments.count()));
        if let (Some(close), Some(reset)) = (&mut transfer.close, segments.moments.client_reset)
            && close.how == How::Fin
            && segments.is_reset_by(End::Client)
        {
            // What came behind the close, nobody could read: the kernel itself reset it.
            (close.how, close.client_reset) = (How::ResetByClient, Figure::measured(reset, Source::Packets));
        }
        if let (Some(close), Some(first)) = (&mut transfer.close, segments.moments.first_end()) {
            close.first = Figure::measured(first, Source::Packets);
            close.time_wait = TimeWait::again(close.time_wait.clone(), close.how, &close.first, segments.outcome());
        }
        if let Some(exchange) = &mut transfer.exchange {
            let (arrivals, stages) = (Arrivals::of(&segments, End::Server), &mut exchange.stages);
            let since = stages.first_sent.value().copied().unwrap_or(Nanoseconds::MAX);
            arrivals.mend(&mut stages.arrived, since, stages.first_read.value());
            match stages.first_read.value().and_then(|read| arrivals.first(since, *read)) {
                Some(first) => stages.first_arrived = Figure::measured(first, Source::Packets),
                None => not_shown(&mut stages.first_arrived),
            }
        }
        transfer.segments = Some(Segments::behind(segments, before));
        if transfer.close.is_some() {
            capture.forget(ends.server, ends.client, latest());
        }
    }

    /// Nothing more is seen.
    pub(super) fn finish(&mut self) {
        self.capture.take().iter().for_each(|capture| _ = capture.finish()); // it writes no file
    }
}

/// The connection that is there, or was there last.
fn latest() -> Which {
    Which { began_by: Moment::now(), syn: None }
}

/// Those of its connection; of the attempt that says most, where there is none.
fn ends(transfer: &Transfer) -> Option<Ends> {
    let failed = || {
        let attempt = transfer.connect.as_ref()?.seen()?;
        Some(Ends { client: attempt.client?, server: attempt.server })
    };
    transfer.ends.or_else(failed)
}
