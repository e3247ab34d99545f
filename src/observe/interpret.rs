//! From reported facts to what is told: each figure gets its source, and what
//! nothing reported says so.

use super::report::{Closed, Exchange as ExchangeReport, Opened};
use crate::kernel::tcp_info::{self, TcpInfo};
use crate::record::connection::{Close, Exchange, Handshake, Message, Queue, Record, SCHEMA, Stages, Traffic};
use crate::record::{End, Figure, How, Moment, Nanoseconds, Text, TimeWait};
use std::borrow::Cow;

const NO_TCP_INFO: &str = "this system has no TCP_INFO that says so";
const ACKNOWLEDGED_BY: &str = "SO_TIMESTAMPING (acknowledgement)";
const CLOCK_WAS_SET: &str = "it would lie before what came before it: the system's clock was set meanwhile";

/// The record of a connection that has just been accepted.
pub(super) fn opened(report: &Opened, model: Text) -> Record {
    let info = TcpInfo(&report.tcp_info);
    let no_syn = if report.syn.is_empty() {
        "the kernel kept no SYN (TCP_SAVED_SYN: Linux 4.3 or later, and not under SYN cookies)"
    } else {
        "the kept SYN can't be read"
    };
    Record {
        glasshttp: SCHEMA,
        connection: report.connection,
        model,
        client: report.client,
        server: report.server,
        accepted: humantime::format_rfc3339_nanos(report.accepted.time()).to_string(),
        handshake: Handshake {
            syn: Figure::measured_or(tcp_info::syn(&report.syn), "TCP_SAVED_SYN", no_syn),
            server_sequence: Figure::not_visible(
                "the kernel tells nobody its own sequence number; a packet capture would",
            ),
            queued: match info.last_data_sent() {
                Some(value) => Figure::derived(
                    value,
                    "TCP_INFO: age of the complete connection at accept (tcpi_last_data_sent), counted in ticks of the kernel's clock, often 4 ms",
                ),
                None => Figure::not_visible(NO_TCP_INFO),
            },
            queue: Figure::measured_or(
                report.queue.map(|(waiting, backlog)| Queue { waiting, backlog }),
                "TCP_INFO of the listening socket",
                NO_TCP_INFO,
            ),
            rtt: Figure::measured_or(info.rtt(), "TCP_INFO", NO_TCP_INFO),
        },
        exchanges: Vec::new(),
        exchanges_left_out: 0,
        close: None,
    }
}

/// The moments of a connection, in the order in which they came about. One that lies before
/// those is a clock's that was set back, and not visible: no figure decreases.
struct Course {
    accepted: Moment,
    latest: Moment,
}

impl Course {
    fn since(accepted: Moment) -> Self {
        Self { accepted, latest: accepted }
    }

    fn next(&mut self, moment: Moment, by: &'static str, why_not: &'static str) -> Figure<Nanoseconds> {
        if moment == Moment::default() {
            return Figure::not_visible(why_not);
        }
        if moment < self.latest {
            return Figure::not_visible(CLOCK_WAS_SET);
        }
        self.latest = moment;
        Figure::measured_or(moment.since(self.accepted), by, why_not)
    }
}

/// An exchange, on a connection accepted at `accepted`.
pub(super) fn exchange(report: &ExchangeReport<'_>, accepted: Moment) -> Exchange {
    let mut course = Course::since(accepted);
    let mut at = |moment, by, why_not| course.next(moment, by, why_not);
    let not_reached = if report.is_over { "it did not come to that" } else { "not yet" };
    let stages = &report.stages;
    let first_read = at(stages.first_read, "clock after recv(2)", not_reached);
    let head_complete = at(stages.head_complete, "clock after parsing", not_reached);
    let answer_chosen = at(stages.answer_chosen, "clock after the handler", not_reached);
    let first_write = at(stages.first_write, "clock before the send(2) that took them", not_reached);
    let last_write = at(stages.last_write, "clock before the send(2) or sendfile(2) that took them", not_reached);
    let no_acknowledgement = match (report.is_over, report.asked_kernel) {
        (_, false) => "the kernel was not asked: SO_TIMESTAMPING was not to be had for this socket",
        (true, true) => "no acknowledgement of its last octet was reported",
        (false, true) => "not yet",
    };
    let acknowledged = at(stages.acknowledged, ACKNOWLEDGED_BY, no_acknowledgement);
    let next = [&first_read, &head_complete, &answer_chosen, &first_write, &last_write, &acknowledged];
    let arrived = arrived(stages.arrived.since(accepted), next.into_iter().find_map(Figure::value));
    Exchange {
        number: report.number,
        request: message(&report.request, report.request_is_cut),
        answer: message(&report.answer, report.answer_is_cut),
        status: report.status,
        resource: Figure::measured_or(
            report.resource.as_deref().map(str::to_owned),
            "the handler",
            "the answer was made from no file",
        ),
        is_kept: report.is_kept,
        stages: Stages { arrived, first_read, head_complete, answer_chosen, first_write, last_write, acknowledged },
        traffic: Figure::measured(
            Traffic {
                reads: report.reads,
                request_head: report.request_head,
                writes: report.writes,
                answer_head: report.answer_head,
                answer_body: report.answer_body,
            },
            "what recv(2), send(2) and sendfile(2) returned",
        ),
    }
}

/// The first octets may have arrived before the accept, and so lie below zero; never after the `next` stage.
fn arrived(at: Option<Nanoseconds>, next: Option<&Nanoseconds>) -> Figure<Nanoseconds> {
    match (at, next) {
        (Some(at), Some(next)) if at > *next => Figure::not_visible(CLOCK_WAS_SET),
        _ => Figure::measured_or(
            at,
            "SO_TIMESTAMPING (receive)",
            "the kernel was not asked in time, or the request came with the one before",
        ),
    }
}

/// When the client's TCP acknowledged an answer of these `stages`, on a connection accepted at `accepted`.
pub(super) fn acknowledged(at: Moment, accepted: Moment, stages: &Stages) -> Figure<Nanoseconds> {
    // Visible ones never decrease, and none but the arrival is negative.
    let known = stages.named();
    let latest =
        known[..known.len() - 1].iter().filter_map(|(_, figure)| figure.value()).next_back().map_or(0, |at| 0.max(*at));
    match at.since(accepted) {
        Some(at) if at < latest => Figure::not_visible(CLOCK_WAS_SET),
        at => Figure::measured_or(at, ACKNOWLEDGED_BY, "no acknowledgement of its last octet was reported"),
    }
}

fn message(head: &[u8], is_cut: bool) -> Message {
    Message { head: String::from_utf8_lossy(head).into_owned(), is_cut }
}

/// The end, of a connection accepted at `accepted`.
pub(super) fn close(report: &Closed, accepted: Moment) -> Close {
    let at = |moment, by, why_not| Course::since(accepted).next(moment, by, why_not);
    let ends = Course { accepted, latest: accepted.max(report.client_end).max(report.server_end) };
    let how = if report.is_reset {
        How::ResetByClient
    } else if report.is_abrupt || report.has_unread {
        How::ResetByServer
    } else if report.is_timeout {
        How::Timeout
    } else {
        How::Fin
    };
    let (reason, sentence) = report.reason.clone().unwrap_or((
        Cow::Borrowed("GraceOver"),
        Cow::Borrowed("The server was told to stop, and its time for this connection was over."),
    ));
    let info = TcpInfo(&report.tcp_info);
    let first = who_was_first(how, &info, report);
    Close {
        at: { ends }.next(report.at, "clock at close(2)", "nobody saw it"),
        reason,
        sentence,
        how,
        time_wait: time_wait(how, &first),
        first,
        client_end: at(
            report.client_end,
            "clock after recv(2)",
            "the server closed its socket before it heard of the client's end",
        ),
        server_end: at(report.server_end, "clock before shutdown(2)", "close(2) ended both halves at once"),
        tcp: Figure::measured_or(info.told(), "TCP_INFO right before close(2)", NO_TCP_INFO),
    }
}

/// Why nobody heard of a connection's end.
#[derive(Clone, Copy, Debug)]
pub(super) enum Lost {
    /// Its process was killed.
    Process,
    /// The report of it was dropped.
    Report,
    /// The server ended.
    Server,
}

/// The end of a connection of which nobody heard.
pub(super) fn lost(lost: Lost) -> Close {
    let (reason, sentence, why) = match lost {
        Lost::Process => (
            "ProcessEnded",
            "The process that served it was ended from outside.",
            "the process that served it was ended from outside",
        ),
        Lost::Report => {
            ("EndUntold", "It has ended, and the report of how found no room.", "the report of its end found no room")
        }
        Lost::Server => (
            "ServerEnded",
            "The server ended before it was told how this connection did.",
            "the server ended before it was told",
        ),
    };
    let unseen = || Figure::<Nanoseconds>::not_visible(why);
    Close {
        at: unseen(),
        reason: Cow::Borrowed(reason),
        sentence: Cow::Borrowed(sentence),
        how: How::Lost,
        first: Figure::not_visible(why),
        client_end: unseen(),
        server_end: unseen(),
        tcp: Figure::not_visible(why),
        time_wait: Figure::not_visible(why),
    }
}

/// The state of the socket right before the server ended its half says it:
/// later states don't. LAST-ACK and TIME-WAIT both become CLOSED.
fn who_was_first(how: How, info: &TcpInfo<'_>, report: &Closed) -> Figure<End> {
    let (state, source) = match tcp_info::state(report.state_before_end) {
        Some(state) => (Some(state), "TCP_INFO's state right before shutdown(2)"),
        None => (info.state(), "TCP_INFO's state right before close(2)"),
    };
    match (state, how) {
        (Some("CLOSE-WAIT" | "LAST-ACK"), _) => Figure::derived(End::Client, source),
        (_, How::ResetByClient) if report.server_end.0 == 0 => Figure::measured(End::Client, "ECONNRESET or EPIPE"),
        (_, How::ResetByServer) if report.is_abrupt => Figure::measured(End::Server, "SO_LINGER 0 and close(2)"),
        (Some("ESTABLISHED" | "FIN-WAIT-1" | "FIN-WAIT-2"), _) => Figure::derived(End::Server, source),
        (Some("CLOSED"), _) => Figure::derived(End::Client, source), // a reset that was not read yet
        _ if report.client_end.0 != 0 => Figure::derived(End::Client, "the order of the end of input and close(2)"),
        _ => Figure::not_visible("neither the socket's state nor an end of input was reported"),
    }
}

/// Who ends first keeps the port (RFC 9293 §3.6.1); a reset leaves nothing.
fn time_wait(how: How, first: &Figure<End>) -> Figure<TimeWait> {
    match (how, first.value()) {
        (How::ResetByClient | How::ResetByServer, _) => Figure::derived(TimeWait::Nobody, "a reset leaves no state"),
        (_, Some(End::Client)) => Figure::derived(TimeWait::Client, "who ended first"),
        (_, Some(End::Server)) => Figure::derived(TimeWait::Server, "who ended first"),
        (_, None) => Figure::not_visible("it is not known who ended first"),
    }
}

#[cfg(test)]
mod tests {
    use super::super::report::Stages as StagesReport;
    use super::*;
    use proptest::prelude::*;

    const ACCEPTED: Moment = Moment(1_800_000_000_000_000_000);

    /// Moments around the accept, hours before and after; some were not reported.
    fn moment() -> impl Strategy<Value = Moment> {
        const HOURS: i64 = 40_000_000_000_000;
        prop_oneof![
            Just(Moment::default()),
            (-HOURS..HOURS).prop_map(|by| Moment(ACCEPTED.0.wrapping_add_signed(by))),
            (0..50_i64).prop_map(|by| Moment(ACCEPTED.0.wrapping_add_signed(by))),
        ]
    }

    fn stages() -> impl Strategy<Value = StagesReport> {
        proptest::array::uniform7(moment()).prop_map(
            |[arrived, first_read, head_complete, answer_chosen, first_write, last_write, acknowledged]| StagesReport {
                arrived,
                first_read,
                head_complete,
                answer_chosen,
                first_write,
                last_write,
                acknowledged,
            },
        )
    }

    proptest! {
        /// Whatever was reported: what is visible never decreases, and only the arrival may precede the accept.
        #[test]
        fn no_visible_stage_lies_before_the_one_above(stages in stages(), late in moment()) {
            let report = ExchangeReport { stages, is_over: true, asked_kernel: true, ..ExchangeReport::default() };
            let mut told = exchange(&report, ACCEPTED);
            for _ in 0..2 {
                let visible: Vec<_> = told.stages.named().into_iter().filter_map(|(_, figure)| figure.value()).collect();
                prop_assert!(visible.is_sorted(), "{:?}", told.stages);
                let after_accept = told.stages.named()[1..].iter().all(|(_, figure)| figure.value().is_none_or(|at| *at >= 0));
                prop_assert!(after_accept, "{:?}", told.stages);
                told.stages.acknowledged = acknowledged(late, ACCEPTED, &told.stages);
            }
        }

        #[test]
        fn no_end_lies_before_the_accept(at in moment(), client_end in moment(), server_end in moment()) {
            let told = close(&Closed { at, client_end, server_end, ..Closed::default() }, ACCEPTED);
            for end in [&told.client_end, &told.server_end].into_iter().filter_map(Figure::value) {
                prop_assert!(*end >= 0 && told.at.value().is_none_or(|at| at >= end), "{told:?}");
            }
            prop_assert!(told.at.value().is_none_or(|at| *at >= 0));
        }
    }

    #[test]
    fn a_clock_that_was_set_is_the_reason() {
        let stages = StagesReport { first_read: Moment(ACCEPTED.0 - 1), ..StagesReport::default() };
        let told = exchange(&ExchangeReport { stages, ..ExchangeReport::default() }, ACCEPTED);
        assert_eq!(told.stages.first_read, Figure::not_visible(CLOCK_WAS_SET));
        assert_eq!(told.stages.head_complete, Figure::not_visible("not yet"));
    }
}
