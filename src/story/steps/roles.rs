//! Which of a connection's captured segments is what: the SYN, the one that
//! brought a request, the ACK of a response. A segment may be several of these
//! at once, and is drawn once: as the first of them.

use crate::record::End;
use crate::record::connection::{Exchange, Record};
use crate::record::segment::{Fact, Segment, Segments};
use crate::record::transfer::{ClientExchange, Transfer};
use std::collections::HashMap;

/// What a segment is for its connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Role {
    Syn,
    SynAck,
    /// It completes the handshake.
    Ack,
    /// It brought the first bytes of this exchange's request.
    Request(u64),
    /// It carries the first byte of this exchange's response.
    Response(u64),
    Reset(End),
    Fin(End),
    /// It acknowledges the last byte of this exchange's response.
    Acknowledges(u64),
    /// It acknowledges the last byte of this exchange's request.
    AcknowledgesRequest(u64),
}

/// A segment and its place in the record's list.
#[derive(Clone, Copy, Debug)]
pub(super) struct Numbered<'a> {
    pub(super) index: usize,
    pub(super) segment: &'a Segment,
}

/// A segment in a role.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cast<'a> {
    pub(super) numbered: Numbered<'a>,
    /// Whether it is drawn in this role, and not in another one.
    pub(super) is_drawn: bool,
}

/// The roles of a connection's segments.
#[derive(Debug, Default)]
pub(super) struct Roles<'a> {
    segments: Option<&'a Segments>,
    by_role: HashMap<Role, usize>,
    drawn_as: HashMap<usize, Role>,
    is_first_ack_dropped: bool,
}

impl<'a> Roles<'a> {
    pub(super) fn of_record(record: &'a Record) -> Self {
        let mut roles = Self { segments: record.segments.as_ref(), ..Self::default() };
        roles.is_first_ack_dropped =
            record.segments.as_ref().is_some_and(|seen| !record.handshake.is_completed_by_ack(seen));
        roles.cast_handshake();
        roles.cast_requests(record);
        let acknowledgments = roles.cast_responses(record);
        roles.cast_ends();
        for (number, index) in acknowledgments {
            roles.cast(Role::Acknowledges(number), Some(index));
        }
        roles
    }

    /// Those of a transfer: its segments are those that were seen since the one before it.
    pub(super) fn of_transfer(transfer: &'a Transfer) -> Self {
        let mut roles = Self { segments: transfer.segments.as_ref(), ..Self::default() };
        roles.cast_handshake();
        let acknowledgments = transfer.exchange.as_ref().map(|exchange| roles.cast_exchange(exchange));
        roles.cast_ends();
        for (role, index) in acknowledgments.into_iter().flatten() {
            roles.cast(role, index);
        }
        roles
    }

    /// None is cast: others draw them.
    pub(super) fn of_none(segments: Option<&'a Segments>) -> Self {
        Self { segments, ..Self::default() }
    }

    /// What was captured of the connection.
    pub(super) fn segments(&self) -> Option<&'a Segments> {
        self.segments
    }

    /// Whether arrows are segments: without any, they are what the kernel and the calls report.
    pub(super) fn is_captured(&self) -> bool {
        self.segments.is_some()
    }

    /// Whether an ACK of the SYN+ACK was seen that the kernel did not take.
    pub(super) fn is_first_ack_dropped(&self) -> bool {
        self.is_first_ack_dropped
    }

    pub(super) fn get(&self, role: Role) -> Option<Cast<'a>> {
        let index = *self.by_role.get(&role)?;
        let segment = self.list().get(index)?;
        Some(Cast { numbered: Numbered { index, segment }, is_drawn: self.drawn_as.get(&index) == Some(&role) })
    }

    /// Whether the segment at this place of the list is drawn in some role.
    pub(super) fn is_drawn(&self, index: usize) -> bool {
        self.drawn_as.contains_key(&index)
    }

    fn list(&self) -> &'a [Segment] {
        self.segments.map_or(&[], |segments| &segments.list)
    }

    fn cast(&mut self, role: Role, index: Option<usize>) {
        if let Some(index) = index {
            self.by_role.insert(role, index);
            self.drawn_as.entry(index).or_insert(role);
        }
    }

    fn find(&self, is_it: impl Fn(&Segment) -> bool) -> Option<usize> {
        self.list().iter().position(is_it)
    }

    fn cast_handshake(&mut self) {
        let syn = self.find(|segment| segment.from == End::Client && segment.has("SYN") && !segment.has("ACK"));
        let syn_ack = self.find(|segment| segment.from == End::Server && segment.has("SYN"));
        // Where the bare ACK was lost, or is late, data brings it: then that is drawn as the request.
        let ack = self.find(|segment| segment.from == End::Client && segment.facts.contains(&Fact::AcknowledgesSyn));
        let is_bare = |index: &usize| self.list().get(*index).is_some_and(|segment| segment.length == 0);
        let ack = ack.filter(|index| !self.is_first_ack_dropped && is_bare(index));
        self.cast(Role::Syn, syn);
        self.cast(Role::SynAck, syn_ack);
        self.cast(Role::Ack, ack);
    }

    /// What a read gave had been seen before it, and behind what the reads before it gave.
    /// What a proxy says of its client comes before all that, and is no request's.
    fn cast_requests(&mut self, record: &Record) {
        let exchanges = &record.exchanges;
        let header = record.proxy_header.as_ref().map_or(0, |header| header.bytes);
        let earlier = record.before_first();
        let mut next_number = earlier.map(|earlier| earlier.exchanges.saturating_add(1));
        // The first byte of all is number 1.
        let first = header.saturating_add(earlier.map_or(0, |earlier| earlier.requests)).saturating_add(1);
        let is_of_these = |segment: &Segment| {
            let next = segment.relative_sequence.saturating_add(segment.length.into());
            next > first.cast_signed()
        };
        let mut fresh: Vec<(i64, usize)> = (self.list().iter().enumerate())
            .filter(|(_, segment)| segment.from == End::Client && is_new_data(segment) && is_of_these(segment))
            .map(|(index, segment)| (segment.at, index))
            .collect();
        fresh.sort_unstable();
        let mut rest = fresh.as_slice();
        for (place, exchange) in exchanges.iter().enumerate() {
            let stages = &exchange.stages;
            // Behind one that is not recorded, an earlier request may have brought it.
            let follows = next_number.replace(exchange.number.saturating_add(1)) == Some(exchange.number);
            let Some(read) = stages.first_read.value() else { continue };
            let (with_first_read, behind) = rest.split_at(rest.partition_point(|(at, _)| at <= read));
            let before = place.checked_sub(1).and_then(|before| exchanges.get(before));
            // One that came late may have brought it.
            let first = with_first_read.iter().min_by_key(|(_, index)| self.first_byte(*index));
            let first = first.filter(|_| follows && !is_pipelined(exchange, before));
            self.cast(Role::Request(exchange.number), first.map(|(_, index)| *index));
            // What its later reads gave: no later than its response, and not what the next one's first gave.
            let next = exchanges.get(place + 1).and_then(|next| next.stages.arrived.value());
            let last = stages.response_chosen.value();
            let is_of_it = |at: &i64| last.is_none_or(|last| at <= last) && next.is_none_or(|next| at < next);
            rest = behind.get(behind.partition_point(|(at, _)| is_of_it(at))..).unwrap_or_default();
        }
    }

    fn first_byte(&self, index: usize) -> Option<i64> {
        self.list().get(index).map(|segment| segment.relative_sequence)
    }

    /// Gives who acknowledges each response's last byte.
    fn cast_responses(&mut self, record: &Record) -> Vec<(u64, usize)> {
        let mut acknowledgments = Vec::new();
        for (exchange, bytes) in record.exchanges.iter().zip(record.response_bytes()) {
            if bytes.is_empty() || exchange.status == 0 {
                continue;
            }
            let has_first = |segment: &Segment| {
                let (from, first) = (segment.relative_sequence, *bytes.start());
                from <= first && first < from.saturating_add(segment.length.into())
            };
            let is_it = |segment: &Segment| segment.from == End::Server && has_first(segment) && is_new_data(segment);
            self.cast(Role::Response(exchange.number), self.find(is_it));
            let acknowledgment = self.acknowledgment_of(End::Server, *bytes.end());
            let acknowledgment = acknowledgment.filter(|_| exchange.stages.last_write.value().is_some());
            acknowledgments.extend(acknowledgment.map(|index| (exchange.number, index)));
        }
        acknowledgments
    }

    /// A client's only exchange: what it sent first once it had called send(2), and what came back
    /// first; gives who acknowledges the last bytes of both.
    fn cast_exchange(&mut self, exchange: &ClientExchange) -> [(Role, Option<usize>); 2] {
        let (number, stages) = (u64::from(exchange.number), &exchange.stages);
        let sent = stages.first_sent.value().copied().unwrap_or(i64::MAX);
        let read = stages.first_read.value().copied().unwrap_or(i64::MIN);
        let request = self.find(|segment| segment.from == End::Client && is_new_data(segment) && segment.at >= sent);
        let is_response = |segment: &Segment| {
            segment.from == End::Server && is_new_data(segment) && (sent..=read).contains(&segment.at)
        };
        let came = self.list().iter().enumerate().filter(|(_, segment)| is_response(segment));
        // The first that was seen may have overtaken it.
        let response = came.min_by_key(|(_, segment)| segment.relative_sequence).map(|(index, _)| index);
        self.cast(Role::Request(number), request);
        self.cast(Role::Response(number), response);
        let traffic = &exchange.traffic;
        let request = self.acknowledgment_from(End::Client, request, traffic.request);
        let response = response.filter(|_| stages.complete.value().is_some());
        let response = self.acknowledgment_from(End::Server, response, traffic.read);
        [(Role::AcknowledgesRequest(number), request), (Role::Acknowledges(number), response)]
    }

    /// Who acknowledges the last of this many bytes of `end`, of which this segment has the first.
    fn acknowledgment_from(&self, end: End, first: Option<usize>, bytes: u64) -> Option<usize> {
        let first = self.list().get(first?)?;
        let is_behind_gap = first.facts.iter().any(|fact| matches!(fact, Fact::BehindGap { .. }));
        let last = first.relative_sequence.saturating_add_unsigned(bytes).saturating_sub(1);
        if is_behind_gap { None } else { self.acknowledgment_of(end, last) }
    }

    fn acknowledgment_of(&self, end: End, byte: i64) -> Option<usize> {
        self.segments?.acknowledgment_of(end, byte)
    }

    fn cast_ends(&mut self) {
        for end in [End::Client, End::Server] {
            let reset = self.find(|segment| segment.from == end && segment.has("RST"));
            let fin = self.find(|segment| segment.from == end && segment.has("FIN"));
            self.cast(Role::Reset(end), reset);
            self.cast(Role::Fin(end), fin);
        }
    }
}

/// Whether its first bytes were read with what came before: then it waited its turn in the server.
pub(crate) fn is_pipelined(exchange: &Exchange, before: Option<&Exchange>) -> bool {
    let was_read = exchange.stages.first_read.value();
    let last_read = |before: &Exchange| {
        let of_body = before.request_body.as_ref().and_then(|body| body.last_read.value().copied());
        before.stages.head_complete.value().copied().max(of_body)
    };
    let had = before.and_then(last_read);
    let has_no_read = exchange.number > 1 && exchange.traffic.value().is_some_and(|traffic| traffic.reads == 0);
    has_no_read || was_read.zip(had).is_some_and(|(read, last)| *read <= last)
}

/// Whether it carries bytes that had not been seen.
fn is_new_data(segment: &Segment) -> bool {
    let is_old = |fact: &Fact| matches!(fact, Fact::Again | Fact::KeepAliveProbe | Fact::WindowProbe);
    segment.length > 0 && !segment.facts.iter().any(is_old)
}
