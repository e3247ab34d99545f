//! The rows about a connection: how it was made or used again, and its end.

use super::phrases::Phrases;
use super::rows::{Rows, mark};
use crate::record::transfer::{Attempt, Close, Connect, Outcome, Record, Transfer};
use crate::record::{End, How, TimeWait};
use crate::story::layout::{Arrow, plain, span};
use crate::story::words::{counted, fill};

/// `is_joined`: the sequence tells how the connection was made, if it was.
pub(super) fn tell(transfer: &Transfer, before: &Record, is_joined: bool, rows: &mut Rows, phrases: &Phrases) {
    if let Some(reuse) = &transfer.reuse {
        let number = transfer.connection.unwrap_or_default().to_string();
        let text = fill(phrases.connect.reused, &[&number, &span(reuse.idle), &span(reuse.saved)]);
        rows.stage_at(transfer.began, Arrow::Inside, phrases.labels.reused, text);
    }
    if transfer.connect.is_some() && transfer.name.is_none() {
        let had_ended = before.transfers.last().is_some_and(|last| last.is_kept && last.close.is_some());
        let words = if had_ended { phrases.connect.before } else { phrases.name.known };
        rows.stage_at(transfer.began, Arrow::Inside, phrases.labels.name, words);
    }
    for attempt in transfer.connect.iter().flat_map(|connect| &connect.attempts) {
        if is_joined && attempt.outcome == Outcome::Connected {
            continue;
        }
        tell_attempt(attempt, transfer.connect.as_ref(), rows, phrases);
    }
}

fn tell_attempt(attempt: &Attempt, connect: Option<&Connect>, rows: &mut Rows, phrases: &Phrases) {
    let server = attempt.server.to_string();
    let text = match attempt.client {
        Some(client) => fill(phrases.connect.from_port, &[&server, &client.port().to_string()]),
        None => server,
    };
    rows.stage_at(attempt.began, Arrow::ToServer, phrases.labels.connect, text);
    let took = span(attempt.ended - attempt.began);
    let (arrow, label, text) = match &attempt.outcome {
        Outcome::Connected => (Arrow::ToClient, phrases.labels.open, opened(&took, connect, phrases)),
        Outcome::Refused => (Arrow::ToClient, phrases.labels.refused, fill(phrases.connect.refused, &[&took])),
        Outcome::TimedOut => (Arrow::Inside, phrases.labels.timeout, fill(phrases.connect.timed_out, &[&took])),
        Outcome::Abandoned => (Arrow::Inside, phrases.labels.abandoned, fill(phrases.connect.abandoned, &[&took])),
        Outcome::Unreachable { why } => (Arrow::Inside, phrases.labels.no_way, why.said(phrases.language)),
        Outcome::Failed { why } => (Arrow::Inside, phrases.labels.failed, why.said(phrases.language)),
    };
    rows.stage_at(attempt.ended, arrow, label, text);
}

fn opened(took: &str, connect: Option<&Connect>, phrases: &Phrases) -> String {
    let mut parts = vec![fill(phrases.connect.open, &[took])];
    parts.extend(connect.and_then(|connect| connect.rtt.value()).map(|rtt| format!("rtt {}", span(*rtt))));
    if let Some(agreed) = connect.and_then(|connect| connect.negotiated.value()) {
        parts.push(fill(phrases.connect.mss, &[&agreed.segment_size.to_string()]));
        if let Some((own, other)) = agreed.window_scales {
            parts.push(fill(phrases.connect.window_scales, &[&own.to_string(), &other.to_string()]));
        }
        parts.extend(agreed.sack.then(|| "SACK".to_owned()));
        parts.extend(agreed.timestamps.then(|| phrases.connect.timestamps.to_owned()));
    }
    parts.join(", ")
}

/// The rows of the two ends.
pub(super) fn tell_end(transfer: &Transfer, rows: &mut Rows, phrases: &Phrases) {
    let Some(close) = &transfer.close else { return };
    let first = |end: End| match close.first.value() {
        Some(first) if *first == end => fill(phrases.end.first, &[mark(&close.first)]),
        _ => String::new(),
    };
    if close.server_end.value().is_some() {
        let (label, words) = match close.how {
            How::ResetByServer => ("RST", phrases.end.reset_by_server),
            _ => ("FIN", phrases.end.server),
        };
        rows.stage(&close.server_end, Arrow::ToClient, label, vec![plain(format!("{words}{}", first(End::Server)))]);
    }
    if close.how == How::ResetByServer {
        return; // nothing of ours leaves after a reset
    }
    let before_answer = close
        .client_end
        .value()
        .copied()
        .zip(transfer.exchange.as_ref().and_then(|exchange| exchange.stages.complete.value().copied()));
    let (label, words) = match close.how {
        How::ResetByClient => ("RST", phrases.end.reset_by_client),
        _ if before_answer.is_some_and(|(end, complete)| end < complete) => ("FIN", phrases.end.half_close),
        _ if mark(&close.client_end) == "~" => ("FIN", phrases.end.client_close),
        _ => ("FIN", phrases.end.client),
    };
    rows.stage(&close.client_end, Arrow::ToServer, label, vec![plain(format!("{words}{}", first(End::Client)))]);
}

/// What is known of the connection as a whole, when it is closed.
pub(super) fn counts(close: &Close, phrases: &Phrases) -> String {
    let mut parts = Vec::new();
    if let Some(tcp) = close.tcp.value() {
        parts.push(fill(phrases.end.rtt, &[&span(tcp.rtt), &span(tcp.rtt_variation)]));
        parts.push(match tcp.retransmissions {
            0 => phrases.end.nothing_again.to_owned(),
            again => counted(phrases.end.again, again.into()),
        });
    }
    if let Some(whose) = close.time_wait.value() {
        let index = match whose {
            TimeWait::Client => 0,
            TimeWait::Server => 1,
            TimeWait::Nobody => 2,
        };
        parts.push(fill(phrases.end.time_wait[index], &[mark(&close.time_wait)]));
    }
    parts.join(", ")
}
