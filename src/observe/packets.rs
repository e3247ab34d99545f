//! What was seen of a connection's packets, joined to its record: figures that
//! the kernel does not give become measured.

use crate::record::connection::Record;
use crate::record::segment::Segments;
use crate::record::{End, Figure, Source};

/// Joins `segments` to the record of their connection.
pub(super) fn join(record: &mut Record, segments: Segments) {
    let syn_ack = segments.list.iter().find(|segment| segment.from == End::Server && segment.has("SYN"));
    if let Some(syn_ack) = syn_ack {
        record.handshake.server_sequence = Figure::measured(syn_ack.sequence, Source::Packets);
    }
    // From the ACK on it stood in the accept queue: more exactly than the kernel's ticks have it.
    if let Some(ack) = segments.moments.ack.filter(|ack| *ack <= 0) {
        record.handshake.queued = Figure::derived(ack.saturating_neg(), Source::AckBeforeAccept);
        record.handshake.tick = 1;
    }
    if let (Some(close), Some(first)) = (&mut record.close, first_end(&segments)) {
        close.first = Figure::measured(first, Source::Packets);
    }
    record.segments = Some(segments);
}

/// Whose FIN or RST passed first.
fn first_end(segments: &Segments) -> Option<End> {
    let moments = &segments.moments;
    let client = moments.client_fin.into_iter().chain(moments.client_reset).min();
    let server = moments.server_fin.into_iter().chain(moments.server_reset).min();
    match (client, server) {
        (Some(client), Some(server)) => Some(if client <= server { End::Client } else { End::Server }),
        (Some(_), None) => Some(End::Client),
        (None, Some(_)) => Some(End::Server),
        (None, None) => None,
    }
}
