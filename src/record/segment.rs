//! A connection's segments as they passed this machine's interface: one vantage
//! point, and times say when they were seen there.

use super::ending::{End, Outcome, Reset};
use super::figure::{Figure, Nanoseconds, Text};
use super::source::Source;
use crate::packet::pcapng::LinkType;
pub use crate::packet::tracker::{Counts, Fact, Relative};
use serde::{Deserialize, Serialize};
use std::ops::Not;
use std::sync::Arc;

/// The segments of a connection: the first and the last ones, where there were very many.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Segments {
    /// In the order in which they were seen.
    pub list: Vec<Segment>,
    /// How many more were seen and are not in the list.
    pub left_out: u64,
    /// Behind how many of the list those belong.
    pub left_out_behind: usize,
    /// Frames, of any connection, that passed unread while this one was open: there was no room for them, or
    /// too many came at once.
    pub not_seen: u64,
    /// The interface on which they were seen.
    pub interface: String,
    /// Until when they were followed.
    #[serde(default)]
    pub followed: Followed,
    /// What the client sent.
    pub from_client: Counts,
    /// What the server sent.
    pub from_server: Counts,
    /// When what a connection consists of was seen for the first time.
    pub moments: FirstSeen,
}

impl Segments {
    /// How many segments there were.
    pub fn count(&self) -> u64 {
        self.left_out.saturating_add(self.list.len() as u64)
    }

    /// How the connection came to its end, as far as that was seen.
    pub(crate) fn outcome(&self) -> Outcome {
        let moments = &self.moments;
        let are_acknowledged = moments.client_fin_acknowledged.max(moments.server_fin_acknowledged);
        let over = moments.client_fin_acknowledged.and(moments.server_fin_acknowledged).and(are_acknowledged);
        let reset = moments.client_reset.into_iter().chain(moments.server_reset).min();
        match (over, reset) {
            (over, Some(reset)) if over.is_none_or(|over| reset < over) => Outcome::Reset,
            _ if self.have_fins_crossed() => Outcome::Crossed,
            (Some(_), _) => Outcome::InOrder,
            (None, _) => Outcome::Unseen,
        }
    }

    /// Whether a reset of `end` was what ended it.
    pub(crate) fn is_reset_by(&self, end: End) -> bool {
        let [own, other] = match end {
            End::Client => [self.moments.client_reset, self.moments.server_reset],
            End::Server => [self.moments.server_reset, self.moments.client_reset],
        };
        let is_first = own.is_some_and(|own| other.is_none_or(|other| own < other));
        is_first && self.outcome() == Outcome::Reset
    }

    /// Whether neither end's first FIN acknowledges the other's.
    fn have_fins_crossed(&self) -> bool {
        let fin = |end| self.list.iter().find(|segment| segment.from == end && segment.has("FIN"));
        let acknowledges = |one: &Segment, other: &Segment| {
            let end = other.relative_sequence.saturating_add(other.length.into());
            one.relative_acknowledgment.is_none_or(|number| number > end)
        };
        fin(End::Client)
            .zip(fin(End::Server))
            .is_some_and(|(client, server)| !acknowledges(client, server) && !acknowledges(server, client))
    }

    /// The first segment that acknowledges this byte of `end`, by its place in the list, unless that may be one
    /// that is not in the list.
    pub(crate) fn acknowledgment_of(&self, end: End, byte: i64) -> Option<usize> {
        let covers = |segment: &Segment| {
            segment.from != end && segment.relative_acknowledgment.is_some_and(|number| number > byte)
        };
        let index = self.list.iter().position(covers)?;
        let behind = self.left_out_behind;
        let is_behind_gap = self.left_out > 0 && index >= behind;
        let before = self.list.get(behind..index).unwrap_or_default();
        let is_first = !is_behind_gap || before.iter().any(|segment| segment.from != end);
        is_first.then_some(index)
    }

    /// With all times later by this much: since another moment.
    #[must_use]
    pub fn later_by(mut self, span: Nanoseconds) -> Self {
        self.list.iter_mut().for_each(|segment| segment.at = segment.at.saturating_add(span));
        self.moments = self.moments.map(|at| at.map(|at| at.saturating_add(span)));
        self
    }

    /// Those that had been seen by then.
    #[must_use]
    pub fn until(mut self, then: Nanoseconds) -> Self {
        let end = self.list.iter().position(|segment| segment.at > then).unwrap_or(self.list.len());
        self.list.truncate(end);
        if end <= self.left_out_behind {
            (self.left_out, self.left_out_behind) = (0, end);
        }
        self.moments = self.moments.map(|at| at.filter(|at| *at <= then));
        self
    }

    /// Without the first `shown` segments; what was counted stays the whole connection's.
    #[must_use]
    pub fn behind(mut self, shown: u64) -> Self {
        let first = shown.min(self.left_out_behind as u64);
        let left_out = (shown - first).min(self.left_out);
        let gone = (shown - left_out).min(self.list.len() as u64) as usize;
        self.list.drain(..gone);
        self.left_out -= left_out;
        self.left_out_behind = self.left_out_behind.saturating_sub(gone);
        self
    }
}

/// Until when a connection's segments were followed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Followed {
    /// Further ones may be seen.
    #[default]
    SoFar,
    /// Until it was over: both FINs were acknowledged, or it was reset.
    ToItsEnd,
    /// Until the kernel had let go of it: how it ended was not seen.
    ToTheKernelsEnd,
    /// For [`Followed::LONGEST`] seconds after close(2): it was not over by then.
    ForItsTime,
    /// Until close(2): too many others were followed.
    WithoutRoom,
    /// Until the server ended.
    ToTheServersEnd,
}

impl Followed {
    /// For how long after close(2) a connection is followed at most, in seconds.
    pub const LONGEST: u64 = 10;
}

/// A line each: what a connection consists of.
macro_rules! first_seen {
    ($($(#[$about:meta])* $name:ident;)*) => {
        /// When what a connection consists of was seen for the first time, whether that
        /// segment is listed or not.
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
        #[non_exhaustive]
        pub struct FirstSeen<T = Option<Nanoseconds>> {
            $($(#[$about])* pub $name: T,)*
        }

        impl<T> FirstSeen<T> {
            /// The same, of each what `of` makes of it.
            pub fn map<U>(self, mut of: impl FnMut(T) -> U) -> FirstSeen<U> {
                FirstSeen { $($name: of(self.$name),)* }
            }

            /// The same, of each what `of` makes of both.
            pub fn beside<U, V>(self, other: FirstSeen<U>, mut of: impl FnMut(T, U) -> V) -> FirstSeen<V> {
                FirstSeen { $($name: of(self.$name, other.$name),)* }
            }
        }
    };
}

first_seen! {
    /// The client's SYN.
    syn;
    /// The server's SYN, which acknowledges that.
    syn_ack;
    /// The client's acknowledgment of the server's SYN.
    ack;
    /// The client's FIN.
    client_fin;
    /// The server's acknowledgment of it.
    client_fin_acknowledged;
    /// The server's FIN.
    server_fin;
    /// The client's acknowledgment of it.
    server_fin_acknowledged;
    /// A reset by the client.
    client_reset;
    /// A reset by the server.
    server_reset;
}

impl FirstSeen {
    /// Whose FIN or RST passed first.
    pub fn first_end(&self) -> Option<End> {
        let client = self.client_fin.into_iter().chain(self.client_reset).min();
        let server = self.server_fin.into_iter().chain(self.server_reset).min();
        match (client, server) {
            (Some(client), Some(server)) => Some(if client <= server { End::Client } else { End::Server }),
            (Some(_), None) => Some(End::Client),
            (None, Some(_)) => Some(End::Server),
            (None, None) => None,
        }
    }
}

impl FirstSeen {
    /// The first reset that passed.
    pub(crate) fn reset(&self) -> Option<Reset> {
        let of = |by, at: Option<Nanoseconds>| at.map(|at| (at, by));
        let resets = of(End::Client, self.client_reset).into_iter().chain(of(End::Server, self.server_reset));
        resets.min_by_key(|(at, _)| *at).map(|(at, by)| Reset { by, at: Figure::measured(at, Source::Packets) })
    }
}

/// One segment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Segment {
    /// When it was seen here.
    pub at: Nanoseconds,
    /// Who sent it.
    pub from: End,
    /// Its control bits, as in `SYN+ACK`.
    pub flags: Text,
    /// Its sequence number.
    pub sequence: u32,
    /// The same, relative to the initial one: the first byte is 1.
    pub relative_sequence: Relative,
    /// Bytes of data.
    pub length: u32,
    /// The next sequence number that its sender expects.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub acknowledgment: Option<u32>,
    /// The same, relative to the other end's initial one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub relative_acknowledgment: Option<Relative>,
    /// Its window as it stands in the header.
    pub window: u16,
    /// The same in bytes, once the scale is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub window_bytes: Option<u64>,
    /// Its options.
    #[serde(default, skip_serializing_if = "is_default")]
    pub options: Options,
    /// Time to live (IPv6: hop limit).
    pub ttl: u8,
    /// If it was handed down at once for the interface to cut, or came in put
    /// together: how much data each segment on a wire has.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cut_into: Option<u16>,
    /// Its checksum; `None` where it is not yet computed: the interface does that,
    /// and loopback needs none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub checksum: Option<u16>,
    /// What it is, in the light of those before it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub facts: Vec<Fact>,
    /// Its frame, as far as that is kept; never written into a log.
    #[serde(skip)]
    pub frame: Option<Frame>,
}

/// The frame that a segment came in.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Frame {
    /// When it was seen: nanoseconds since 1970.
    pub at: u64,
    /// How long it was, in bytes.
    pub length: u32,
    /// Its bytes, or the first of them.
    pub bytes: Arc<[u8]>,
    /// What they begin with.
    pub link: LinkType,
}

impl Frame {
    /// How many of its bytes are kept at most: all of an Ethernet's, and of loopback's long ones, of up
    /// to 64 KiB, the headers and the beginning of the data.
    pub const MOST: usize = 2048;
}

/// A segment's options.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Options {
    /// The largest segment that its sender takes, in bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mss: Option<u16>,
    /// By how many bits its sender's later windows are shifted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub window_scale: Option<u8>,
    /// Whether selective acknowledgments are permitted.
    #[serde(default, skip_serializing_if = "Not::not")]
    pub sack_permitted: bool,
    /// Timestamp, and the one that is echoed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timestamps: Option<(u32, u32)>,
}

fn is_default(options: &Options) -> bool {
    *options == Options::default()
}

impl Segment {
    /// Whether this control bit is set, by its name.
    pub fn has(&self, flag: &str) -> bool {
        self.flags.split('+').any(|name| name == flag)
    }

    /// How many segments on a wire carry it: derived, where it was handed down at once.
    pub fn on_a_wire(&self) -> Option<u32> {
        let size = u32::from(self.cut_into?);
        (size > 0 && self.length > size).then(|| self.length.div_ceil(size))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_shown_goes_from_the_front_whether_it_is_listed_or_not() {
        let segment = |at| {
            serde_json::json!({"at": at, "from": "client", "flags": "ACK", "sequence": 1,
            "relative_sequence": 1, "length": 0, "window": 1, "ttl": 64})
        };
        let list: Vec<Segment> = (0..6).map(|at| serde_json::from_value(segment(at)).expect("a segment")).collect();
        // 0 1 2, then four that are not listed, then 3 4 5.
        let segments = Segments { list, left_out: 4, left_out_behind: 3, ..Segments::default() };
        assert_eq!(segments.count(), 10);
        for (shown, first, left_out, behind) in [
            (0, Some(0), 4, 3),
            (2, Some(2), 4, 1),
            (3, Some(3), 4, 0),
            (5, Some(3), 2, 0),
            (7, Some(3), 0, 0),
            (9, Some(5), 0, 0),
            (10, None, 0, 0),
            (99, None, 0, 0),
        ] {
            let rest = segments.clone().behind(shown);
            assert_eq!(rest.list.first().map(|segment| segment.at), first, "{shown}");
            assert_eq!((rest.left_out, rest.left_out_behind), (left_out, behind), "{shown}");
        }
    }

    /// A client's FIN behind one byte, and the server's behind two: what each acknowledges.
    fn fins(client_acknowledges: i64, server_acknowledges: i64) -> Segments {
        let fin = |at, from, relative: i64, acknowledgment: i64| {
            serde_json::from_value(serde_json::json!({"at": at, "from": from, "flags": "FIN+ACK", "sequence": 1,
            "relative_sequence": relative, "relative_acknowledgment": acknowledgment, "length": 0, "window": 1,
            "ttl": 64}))
            .expect("a segment")
        };
        let list = vec![fin(1, "server", 3, server_acknowledges), fin(2, "client", 2, client_acknowledges)];
        let moments = FirstSeen {
            client_fin: Some(2),
            client_fin_acknowledged: Some(3),
            server_fin: Some(1),
            server_fin_acknowledged: Some(4),
            ..FirstSeen::default()
        };
        Segments { list, moments, ..Segments::default() }
    }

    #[test]
    fn fins_have_crossed_where_neither_acknowledges_the_other() {
        assert_eq!(fins(3, 2).outcome(), Outcome::Crossed);
        assert_eq!(fins(4, 2).outcome(), Outcome::InOrder, "the client's is an answer");
        assert_eq!(fins(3, 3).outcome(), Outcome::InOrder, "the server's is");
    }

    #[test]
    fn a_reset_ends_a_connection_unless_both_fins_were_acknowledged_before() {
        let with = |change: fn(&mut FirstSeen)| {
            let mut segments = fins(4, 2);
            change(&mut segments.moments);
            segments.outcome()
        };
        assert_eq!(with(|moments| moments.client_reset = Some(9)), Outcome::InOrder);
        assert_eq!(with(|moments| moments.client_reset = Some(3)), Outcome::Reset);
        let mut reset = fins(4, 2);
        assert!(!reset.is_reset_by(End::Client));
        reset.moments.client_reset = Some(3);
        assert!(reset.is_reset_by(End::Client) && !reset.is_reset_by(End::Server));
        assert_eq!(with(|moments| moments.server_fin_acknowledged = None), Outcome::Unseen);
    }
}
