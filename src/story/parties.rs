//! Who is at the other end of a connection: the client itself, or a proxy, and the client that it names.

use crate::language::Language;
use crate::language::particle::SUBJECT;
use crate::language::sentence::say;
use crate::record::connection::{Close, Record};
use crate::record::{End, Forwarded, How, Named, ProxyHeaderState, Reason, Reset};

/// Whether the TCP connection is a proxy's: it has said so, in bytes before the first request, or
/// in fields of one, for which it is trusted.
pub(super) fn is_proxied(record: &Record) -> bool {
    let has_header = record.proxy_header.as_ref().is_some_and(|header| header.state == ProxyHeaderState::Whole);
    record.named.is_some() || has_header || by_fields(record).next().is_some()
}

/// The clients that fields name, each with the number of its request.
pub(super) fn by_fields(record: &Record) -> impl Iterator<Item = (u64, Named)> {
    record.exchanges.iter().filter_map(|exchange| match exchange.forwarded {
        Some(Forwarded::Client(named)) => Some((exchange.number, named)),
        _ => None,
    })
}

/// Who has the TCP connection, and behind it whom it names for all of it.
pub(super) fn parties(record: &Record, language: Language) -> Vec<String> {
    if !is_proxied(record) {
        return vec![record.client.to_string()];
    }
    let proxy = say!(language, "proxy {}" / "프록시 {}", record.client);
    let client = record.named.map(|named| say!(language, "client {}" / "클라이언트 {}", named));
    [proxy].into_iter().chain(client).collect()
}

/// Who is at an end of the TCP connection, as it is called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Party {
    Client,
    /// It has the connection in a client's place.
    Proxy,
    Server,
}

impl From<End> for Party {
    fn from(end: End) -> Self {
        match end {
            End::Client => Self::Client,
            End::Server => Self::Server,
        }
    }
}

impl Party {
    /// Who has the connection that the server accepted.
    pub(super) fn of_client(record: &Record) -> Self {
        if is_proxied(record) { Self::Proxy } else { Self::Client }
    }

    /// The same of either end.
    pub(super) fn of(end: End, record: &Record) -> Self {
        match end {
            End::Client => Self::of_client(record),
            End::Server => Self::Server,
        }
    }

    pub(super) fn end(self) -> End {
        match self {
            Self::Client | Self::Proxy => End::Client,
            Self::Server => End::Server,
        }
    }

    /// Its name, without an article.
    pub(super) fn name(self, language: Language) -> &'static str {
        match (self, language) {
            (Self::Client, Language::English) => "client",
            (Self::Client, Language::Korean) => "클라이언트",
            (Self::Proxy, Language::English) => "proxy",
            (Self::Proxy, Language::Korean) => "프록시",
            (Self::Server, Language::English) => "server",
            (Self::Server, Language::Korean) => "서버",
        }
    }
}

/// Why a connection ended; where the server had a reason of its own, also whether the response was cut short by a reset.
pub(crate) fn why_it_ended(close: &Close, record: &Record, language: Language) -> String {
    let reason = reason(&close.reason, record, language);
    match close.reason {
        // Those two are the other end's, and say it.
        Reason::Reset | Reason::ClientClosed => reason,
        _ if is_cut_by_reset(close, record) => {
            format!("{reason} {}", reset_before_all(Party::of_client(record), language))
        }
        _ => reason,
    }
}

/// A reason, with the party that has the connection as the subject, and whether it had the response by then.
pub(super) fn reason(reason: &Reason, record: &Record, language: Language) -> String {
    let client = SUBJECT.after(Party::of_client(record).name(language), language);
    match reason {
        // A unix socket knows no resets.
        Reason::Reset if record.addresses().is_none() => say!(
            language,
            "The {} closed its socket before it had taken all of the response."
                / "{} 응답을 다 받기 전에 소켓을 닫았습니다.",
            client
        ),
        Reason::Reset if is_response_under_way(record) => reset_before_all(Party::of_client(record), language),
        // A FIN acknowledges all that had come before it.
        Reason::ClientClosed if has_unacknowledged(record) => match &record.close {
            Some(Close { reset: Some(Reset { by: End::Client, .. }), .. }) => say!(
                language,
                "The {} closed its sending side before it had all of the response, and then reset the connection."
                    / "{} 응답을 다 받기 전에 보내는 쪽을 닫았고, 그 뒤에 연결을 리셋했습니다.",
                client
            ),
            _ => say!(
                language,
                "The {} closed its sending side before it had all of the response."
                    / "{} 응답을 다 받기 전에 보내는 쪽을 닫았습니다.",
                client
            ),
        },
        _ if is_proxied(record) => reason.said_of_proxy(language).to_owned(),
        _ => reason.said(language).to_owned(),
    }
}

fn reset_before_all(client: Party, language: Language) -> String {
    say!(
        language,
        "The {} reset the connection before it had acknowledged all of the response."
            / "응답 전체의 ACK가 오기 전에 {} 연결을 리셋했습니다.",
        SUBJECT.after(client.name(language), language)
    )
}

/// Whether the client's reset is known to have come before its acknowledgment of the last response's end.
fn is_cut_by_reset(close: &Close, record: &Record) -> bool {
    let has_response = record.exchanges_left_out > 0 || record.exchanges.last().is_some_and(|last| last.status != 0);
    let is_reset = close.reset.as_ref().is_some_and(|reset| reset.by == End::Client);
    match close.how {
        _ if !has_response => false,
        How::ResetByClient => has_unacknowledged(record),
        // What is acknowledged after close(2) the segments alone show.
        _ => is_reset && is_end_seen_unacknowledged(record),
    }
}

/// Whether all segments were seen, and none of them acknowledges the last response's last byte.
fn is_end_seen_unacknowledged(record: &Record) -> bool {
    let bytes = record.response_bytes();
    let are_known = record.exchanges_left_out == 0 && bytes.len() == record.exchanges.len();
    let (Some(segments), Some(last)) = (&record.segments, bytes.last().filter(|_| are_known)) else { return false };
    // Each acknowledgment includes those before it: the latest says it, unless that may not be listed.
    let behind_gap = segments.list.get(segments.left_out_behind..).filter(|_| segments.left_out > 0);
    let latest = behind_gap.unwrap_or(&segments.list).iter().rev().find_map(|segment| match segment.from {
        End::Client => segment.relative_acknowledgment,
        End::Server => None,
    });
    segments.not_seen == 0 && !last.is_empty() && latest.is_some_and(|next| next <= *last.end())
}

/// Whether bytes of the last response had not been acknowledged when the server closed its socket.
fn has_unacknowledged(record: &Record) -> bool {
    record.close.as_ref().and_then(|close| close.unacknowledged.value()).is_some_and(|bytes| *bytes > 0)
}

/// The same, or the kernel had not taken all of it.
fn is_response_under_way(record: &Record) -> bool {
    let last = record.exchanges.last().filter(|_| record.exchanges_left_out == 0);
    // A response that is over either keeps its connection, or is the reason of its end.
    has_unacknowledged(record) || last.is_some_and(|last| last.status != 0 && !last.is_kept)
}
