//! Who is at the other end of a connection: the client itself, or a proxy, and the client that it names.

use super::steps::say;
use crate::language::Language;
use crate::record::connection::Record;
use crate::record::{Forwarded, Named, ProxyHeaderState};

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
