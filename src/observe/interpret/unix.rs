//! What is known of a connection on a unix socket: what calls say, and nothing of TCP, which is not there.

use crate::observe::report::{Between, Closed};
use crate::record::connection::{Close, Exchange, Handshake, Record};
use crate::record::{End, Endpoint, Figure, How, Moment, Source, Why};

pub(in crate::observe) fn ends(between: &Between) -> [Endpoint; 2] {
    match between {
        Between::Addresses { client, server } => [Endpoint::Internet(*client), Endpoint::Internet(*server)],
        Between::Unix { path } => [Endpoint::Unix(String::new()), Endpoint::Unix(path.clone())],
    }
}

fn nothing<T>() -> Figure<T> {
    Figure::not_visible(Why::NoTcp)
}

/// Nothing shook hands: connect(2) puts a connection into the queue.
pub(super) fn handshake(tick: i64) -> Handshake {
    Handshake {
        syn: nothing(),
        server_sequence: nothing(),
        queued: nothing(),
        tick,
        state: nothing(),
        queue: nothing(),
        rtt: nothing(),
    }
}

/// The same exchange of a connection without TCP, if `record` is one.
pub(in crate::observe) fn exchange(mut exchange: Exchange, record: &Record) -> Exchange {
    if record.addresses().is_none() {
        (exchange.stages.arrived, exchange.stages.acknowledged) = (nothing(), nothing());
    }
    exchange
}

/// The same close of a connection without TCP, if `record` is one.
pub(in crate::observe) fn close(mut close: Close, report: &Closed, record: &Record) -> Close {
    if record.addresses().is_some() {
        return close;
    }
    let (client_end, server_end) = (report.client_end, report.server_end);
    let is_client = client_end != Moment::default() && (server_end == Moment::default() || client_end <= server_end);
    close.first = match close.how {
        How::ResetByClient if server_end == Moment::default() => Figure::measured(End::Client, Source::Reset),
        _ if is_client => Figure::derived(End::Client, Source::EndBeforeClose),
        _ => nothing(),
    };
    // Without TCP there is no reset that could be asked for: what ends without a word ends in order.
    if close.how == How::Fin || close.how == How::ResetByServer && !report.has_unread {
        close.how = How::Closed;
    }
    (close.server_fin, close.left_by) = (nothing(), nothing());
    (close.tcp, close.time_wait, close.unacknowledged) = (nothing(), nothing(), nothing());
    close.reset = None;
    close
}
