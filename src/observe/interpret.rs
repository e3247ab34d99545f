//! From reported facts to what is recorded: each figure gets its source, or the
//! reason why it is not visible.

mod lost;
pub(super) mod unix;

use super::report::{self, Closed, Exchange as ExchangeReport, Opened};
use crate::kernel::clock;
use crate::kernel::tcp_info::{self, TcpInfo};
use crate::language::Language::English;
use crate::record::connection::{
    Close, Exchange, Handshake, HeadState, Message, Queue, Record, RequestBody, SCHEMA, Traffic,
};
use crate::record::{
    End, Figure, Forwarded, How, Moment, Nanoseconds, ProxyHeader, Reason, Reset, Source, Stages, Text, TimeWait, Why,
};
use std::borrow::Cow;

pub(super) use lost::{Lost, end, lost};

/// The record of a connection that has just been accepted.
pub(super) fn opened(report: &Opened, model: Text) -> Record {
    let info = TcpInfo(&report.tcp_info);
    let no_syn = if report.syn.is_empty() { Why::NoSyn } else { Why::SynUnreadable };
    let [client, server] = unix::ends(&report.between);
    let is_tcp = client.address().is_some();
    let record = Record {
        glasshttp: SCHEMA,
        connection: report.connection,
        model,
        client,
        server,
        accepted: humantime::format_rfc3339_nanos(report.accepted.time()).to_string(),
        handshake: Handshake {
            syn: Figure::measured_or(tcp_info::syn(&report.syn), Source::SavedSyn, no_syn),
            server_sequence: Figure::not_visible(Why::OwnSequence),
            queued: match info.last_data_sent() {
                Some(value) => Figure::derived(value, Source::AgeAtAccept),
                None => Figure::not_visible(Why::NoTcpInfo),
            },
            tick: clock::tick(),
            state: Figure::measured_or(info.state().map(Cow::Borrowed), Source::StateAtAccept, Why::NoTcpInfo),
            queue: Figure::measured_or(
                report.queue.map(|(waiting, backlog)| Queue { waiting, backlog }),
                Source::ListenerTcpInfo,
                Why::NoTcpInfo,
            ),
            rtt: match report.syn.is_empty() {
                true => Figure::not_visible(Why::MaybeCookie),
                // Before the accept nothing else is sent: that was the SYN+ACK.
                false if info.retransmissions().is_some_and(|again| again > 0) => {
                    Figure::not_visible(Why::HandshakeAgain)
                }
                false => Figure::measured_or(info.rtt().filter(|rtt| *rtt > 0), Source::TcpInfo, Why::NoTcpInfo),
            },
        },
        part: 1,
        continues: false,
        earlier: None,
        exchanges: Vec::new(),
        exchanges_left_out: 0,
        close: None,
        named: None,
        proxy_header: None,
        segments: None,
    };
    if is_tcp { record } else { Record { handshake: unix::handshake(clock::tick()), ..record } }
}

/// A header of the PROXY protocol, on a connection accepted at `accepted`.
pub(super) fn proxy_header(report: &report::ProxyHeader, accepted: Moment) -> ProxyHeader {
    ProxyHeader {
        state: report.state,
        version: match report.first_byte {
            b'P' => Some(1),
            b'\r' => Some(2),
            _ => None,
        },
        bytes: report.bytes,
        read: Course::since(accepted).next(report.read, Source::ClockAfterRecv, Why::NotReached),
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

    fn next(&mut self, moment: Moment, by: Source, why_not: Why) -> Figure<Nanoseconds> {
        if moment == Moment::default() {
            return Figure::not_visible(why_not);
        }
        if moment < self.latest {
            return Figure::not_visible(Why::BeforeItsCause);
        }
        self.latest = moment;
        Figure::measured_or(moment.since(self.accepted), by, why_not)
    }
}

/// An exchange, on a connection accepted at `accepted`.
pub(super) fn exchange(report: &ExchangeReport<'_>, accepted: Moment) -> Exchange {
    let mut course = Course::since(accepted);
    let mut stages = report.stages.figures(|moment, by, why| match by {
        // It may lie before the accept: the others first.
        Source::ReceiveStamp => Figure::not_visible(why),
        _ => course.next(moment, by, unseen(why, report)),
    });
    let next = stages.named().into_iter().find_map(|(_, figure)| figure.value());
    stages.arrived = match report.order.doubt().filter(|_| report.stages.arrived != Moment::default()) {
        Some(doubt) => Figure::not_visible(doubt),
        None => arrived(report.stages.arrived.since(accepted), next),
    };
    Exchange {
        number: report.number,
        request: message(&report.request, report.request_is_cut),
        // One that is not complete may still become so.
        head: Some(report.head).filter(|head| *head != HeadState::Unfinished || report.is_over || report.status != 0),
        request_body: report.body.map(|body| RequestBody {
            length: body.length,
            is_awaited: body.is_awaited,
            read: body.read,
            last_read: Course::since(accepted).next(body.last_read, Source::ClockAfterRecv, Why::NotReached),
        }),
        response: message(&report.response, report.response_is_cut),
        status: report.status,
        body_length: report.body_length.filter(|_| report.status != 0),
        resource: Figure::measured_or(report.resource.as_deref().map(str::to_owned), Source::Handler, Why::NoFile),
        refused: report.refused.clone(),
        forwarded: report.forwarded.map(|forwarded| match forwarded {
            Ok(named) => Forwarded::Client(named),
            Err(ignored) => Forwarded::Ignored { ignored },
        }),
        is_kept: report.is_kept,
        stages,
        traffic: Figure::measured(
            Traffic {
                reads: report.reads,
                request_head: report.request_head,
                writes: report.writes,
                response_head: report.response_head,
                response_body: report.response_body,
            },
            Source::Calls,
        ),
    }
}

/// Why a stage is not visible that nobody reported, where it is `why` once the exchange is over.
fn unseen(why: Why, report: &ExchangeReport<'_>) -> Why {
    let is_sent = report.stages.first_write != Moment::default();
    match (why, report.is_over) {
        // What was not sent nobody acknowledges.
        (Why::NoAcknowledgement, true) if !is_sent => Why::NotReached,
        (Why::NoAcknowledgement, _) if is_sent && !report.asked_kernel => Why::NotAsked,
        (Why::NoAcknowledgement, true) if report.is_held => Why::NotYet,
        // A response says that the head was given up before.
        (Why::HeadUnfinished, _) if report.status != 0 => Why::HeadUnfinished,
        (Why::HeadUnfinished, true) => Why::NotReached,
        (why, true) => why,
        (_, false) => Why::NotYet,
    }
}

/// The first bytes may have arrived before the accept, and so lie below zero; never after the `next` stage.
fn arrived(at: Option<Nanoseconds>, next: Option<&Nanoseconds>) -> Figure<Nanoseconds> {
    match (at, next) {
        (Some(at), Some(next)) if at > *next => Figure::not_visible(Why::BeforeItsCause),
        _ => Figure::measured_or(at, Source::ReceiveStamp, Why::NoArrival),
    }
}

/// What TCP_INFO says at the end of when requests arrived: with segments out of order, stamps may be wrong.
pub(super) fn doubt_arrivals(record: &mut Record, report: &Closed) {
    let Some(doubt) = TcpInfo(&report.tcp_info).order().doubt() else { return };
    for arrived in record.exchanges.iter_mut().map(|exchange| &mut exchange.stages.arrived) {
        if matches!(arrived, Figure::Measured { by: Source::ReceiveStamp, .. }) {
            *arrived = Figure::not_visible(doubt.clone());
        }
    }
}

/// When the client's TCP acknowledged a response of these `stages`, on a connection accepted at `accepted`.
pub(super) fn acknowledged(at: Moment, accepted: Moment, stages: &Stages) -> Figure<Nanoseconds> {
    // Visible ones never decrease, and none but the arrival is negative.
    let known = stages.named();
    let latest =
        known[..known.len() - 1].iter().filter_map(|(_, figure)| figure.value()).next_back().map_or(0, |at| 0.max(*at));
    match at.since(accepted) {
        Some(at) if at < latest => Figure::not_visible(Why::BeforeItsCause),
        at => Figure::measured_or(at, Source::AcknowledgementStamp, Why::NoAcknowledgement),
    }
}

fn message(head: &[u8], is_cut: bool) -> Message {
    // Nearly all is UTF-8, and known to be many bytes at a time.
    let head = str::from_utf8(head).map_or_else(|_| String::from_utf8_lossy(head), Cow::Borrowed);
    Message { head: head.into_owned(), is_cut }
}

/// The end, of a connection accepted at `accepted`.
pub(super) fn close(report: &Closed, accepted: Moment) -> Close {
    let at = |moment, by, why_not| Course::since(accepted).next(moment, by, why_not);
    let mut ends = Course { accepted, latest: accepted.max(report.client_end).max(report.server_end) };
    let how = if report.is_reset {
        How::ResetByClient
    } else if report.is_abrupt || report.has_unread {
        How::ResetByServer
    } else if report.is_timeout {
        How::Timeout
    } else {
        How::Fin
    };
    let reason = report.reason.clone().unwrap_or(Reason::GraceOver);
    let info = TcpInfo(&report.tcp_info);
    let first = who_was_first(how, &info, report);
    let called = ends.next(report.called, Source::ClockBeforeClose, Why::CloseUnseen);
    let closed = ends.next(report.at, Source::ClockAfterClose, Why::CloseUnseen);
    let server_end = at(report.server_end, Source::ClockBeforeShutdown, Why::OneClose);
    let is_shut = server_end.value().is_some();
    let client_end =
        at(report.client_end, if report.is_reset { Source::Reset } else { Source::EndOfInput }, Why::ClientEndUnseen);
    let left_by = left_by(is_shut && how != How::ResetByServer, &closed, report, accepted);
    Close {
        server_fin: fin(how, if is_shut { &server_end } else { &called }, &info, report),
        reset: match how {
            How::ResetByClient => Some(Reset { by: End::Client, at: client_end.clone() }),
            How::ResetByServer => Some(Reset { by: End::Server, at: left_by.clone() }),
            _ => None,
        },
        left_by,
        called,
        at: closed,
        sentence: sentence(&reason),
        reason,
        how,
        time_wait: time_wait(how, &first, &info, report),
        first,
        client_end,
        unacknowledged: match unacknowledged(&info) {
            // The FIN counts as one that is acknowledged.
            Some(bytes) => Figure::derived(u64::try_from(bytes).unwrap_or(0), Source::TcpInfoBeforeClose),
            None => Figure::not_visible(Why::NoTcpInfo),
        },
        server_end,
        tcp: Figure::measured_or(info.figures(), Source::TcpInfoBeforeClose, Why::NoTcpInfo),
    }
}

/// When the server's FIN or reset had left: the call that sends it had returned.
fn left_by(by_shutdown: bool, closed: &Figure<Nanoseconds>, report: &Closed, accepted: Moment) -> Figure<Nanoseconds> {
    match report.is_shared {
        _ if by_shutdown => Course { accepted, latest: accepted.max(report.server_end) }.next(
            report.server_shut,
            Source::ClockAfterShutdown,
            Why::CloseUnseen,
        ),
        true => Figure::not_visible(Why::SharedSocket),
        false => closed.clone(),
    }
}

/// The same without a shortest round trip that may be no more than what a handshake with a SYN cookie, or one
/// that took several tries, seemed to take: later ones are right, and shorter.
pub(super) fn without_a_doubtful_rtt(mut close: Close, handshake: &Handshake) -> Close {
    let is_doubtful = match handshake.rtt {
        Figure::NotVisible { why: Why::MaybeCookie | Why::HandshakeAgain } => true,
        Figure::Derived { from: Source::Packets, .. } => true, // the kernel's was not taken
        _ => false,
    };
    if let (true, Figure::Measured { value: tcp, .. }) = (is_doubtful, &mut close.tcp) {
        // Bytes are acknowledged, or a FIN: there was another one.
        tcp.min_rtt = tcp.min_rtt.filter(|_| tcp.bytes_acknowledged.is_some_and(|bytes| bytes > 0));
    }
    close
}

/// When the FIN left, if the server closed its sending side, or both sides, at `ended`.
fn fin(how: How, ended: &Figure<Nanoseconds>, info: &TcpInfo<'_>, report: &Closed) -> Figure<Nanoseconds> {
    if matches!(how, How::ResetByServer) {
        return Figure::not_visible(Why::NotReached);
    }
    let queue = match report.server_end.0 {
        0 => info.send_queue(),
        _ => report.queue_before_end,
    };
    tcp_info::fin_left(queue, ended.value().copied().filter(|_| how != How::ResetByClient))
}

/// The state of the socket right before the server closed its sending side says it.
fn who_was_first(how: How, info: &TcpInfo<'_>, report: &Closed) -> Figure<End> {
    let (state, source) = match tcp_info::state(report.state_before_end) {
        Some(state) => (Some(state), Source::StateBeforeShutdown),
        None => (info.state(), Source::StateBeforeClose),
    };
    let by_state = state.and_then(|state| End::first_by_state(End::Server, state));
    match (state, how) {
        _ if by_state == Some(End::Client) => Figure::derived(End::Client, source),
        (_, How::ResetByClient) if report.server_end.0 == 0 => Figure::measured(End::Client, Source::Reset),
        (_, How::ResetByServer) if report.is_abrupt => Figure::measured(End::Server, Source::NoLinger),
        // Its FIN may have waited behind bytes, and may never have left.
        _ if by_state == Some(End::Server) => match has_end_left(how, info, report) {
            Some(true) => Figure::derived(End::Server, source),
            Some(false) if how == How::ResetByClient => Figure::measured(End::Client, Source::Reset),
            Some(false) if report.client_end.0 != 0 => Figure::derived(End::Client, Source::EndBeforeClose),
            Some(false) => Figure::not_visible(Why::BytesUnsent),
            None => Figure::not_visible(Why::NoStateNoEnd),
        },
        (Some("CLOSED"), _) => Figure::derived(End::Client, source), // a reset that was not read yet
        _ if report.client_end.0 != 0 => Figure::derived(End::Client, Source::EndBeforeClose),
        _ => Figure::not_visible(Why::NoStateNoEnd),
    }
}

/// Whether the server's FIN or reset had left when it closed its socket, or leaves with that; `None` where that is
/// not known, or not in which order FINs passed.
fn has_end_left(how: How, info: &TcpInfo<'_>, report: &Closed) -> Option<bool> {
    if how == How::ResetByServer {
        return Some(true); // it waits for nothing
    }
    if report.server_end == Moment::default() {
        return info.send_queue()?.is_clear();
    }
    let was_clear = report.queue_before_end.and_then(|queue| queue.is_clear());
    match (info.not_sent(), was_clear) {
        // Bytes that wait behind a shutdown(2) are the FIN, and those before it.
        (Some(1..), _) => Some(false),
        (_, Some(true)) => Some(true),
        (Some(0), _) if info.state() != Some("CLOSING") => Some(true),
        _ => None,
    }
}

/// Who keeps the port, where both FINs are known to have come.
fn time_wait(how: How, first: &Figure<End>, info: &TcpInfo<'_>, report: &Closed) -> Figure<TimeWait> {
    // In this state both wait, no matter which was first.
    let crossed = Figure::derived(End::Server, Source::StateBeforeClose);
    let first = if info.state() == Some("CLOSING") { &crossed } else { first };
    TimeWait::by_state(TimeWait::after(how, first, || missing(info, report)), info.state())
}

/// Why it is not known that both FINs came.
fn missing(info: &TcpInfo<'_>, report: &Closed) -> Option<Why> {
    let Some(state) = info.state() else { return Some(Why::NoTcpInfo) };
    let has_client_fin = |state| matches!(state, "CLOSE_WAIT" | "LAST_ACK" | "CLOSING" | "TIME_WAIT");
    let was = tcp_info::state(report.state_before_end);
    if report.client_end == Moment::default() && !has_client_fin(state) && !was.is_some_and(has_client_fin) {
        return Some(Why::ClientEndUnseen);
    }
    match unacknowledged(info) {
        // A socket that is CLOSED by then had its FIN acknowledged, or was reset.
        Some(left) if left < 0 || left == 0 && state != "CLOSED" => None,
        _ => Some(Why::CloseUnseen),
    }
}

/// Bytes that were sent, or are still to be, and have not been acknowledged; -1, where the FIN behind
/// them has been: it counts as one that is acknowledged (linux/tcp.h: `struct tcp_info`, of 4.19 or later).
fn unacknowledged(info: &TcpInfo<'_>) -> Option<i64> {
    let u64_at = |offset| {
        let bytes = info.0.get(offset..offset + 8)?;
        bytes.try_into().ok().map(u64::from_ne_bytes)
    };
    let (acknowledged, sent, again) = (u64_at(120)?, u64_at(200)?, u64_at(208)?);
    let sent = sent.checked_sub(again)?.checked_add(info.not_sent()?.into())?;
    Some(sent.wrapping_sub(acknowledged).cast_signed())
}

fn sentence(reason: &Reason) -> Text {
    Cow::Owned(reason.said(English).to_owned())
}

#[cfg(test)]
mod tests;
