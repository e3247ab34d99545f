//! What the kernel's own structures say: the SYN that it kept, and TCP_INFO.

use super::pacing;
use crate::record::{Figure, Nanoseconds, Negotiated, Source, Syn, Tcp, Why};
use etherparse::{NetSlice, SlicedPacket, TcpOptionElement, TransportSlice};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;

/// Takes the IP and TCP headers of a SYN apart; `None` if there are none.
pub(crate) fn syn(headers: &[u8]) -> Option<Syn> {
    let packet = SlicedPacket::from_ip(&with_lengths_that_fit(headers)).ok().map(|packet| syn_of(&packet, headers));
    packet.flatten()
}

/// The kernel keeps headers only, whose IP lengths may count what is not there
/// (data of a fast open): they are made to say what is.
fn with_lengths_that_fit(headers: &[u8]) -> Vec<u8> {
    let mut headers = headers.to_vec();
    let length = headers.len() as u16;
    match headers.first().map(|first| first >> 4) {
        Some(4) if headers.len() >= 20 => headers[2..4].copy_from_slice(&length.to_be_bytes()),
        Some(6) if headers.len() >= 40 => headers[4..6].copy_from_slice(&(length - 40).to_be_bytes()),
        _ => {}
    }
    headers
}

fn syn_of(packet: &SlicedPacket<'_>, headers: &[u8]) -> Option<Syn> {
    let ttl = match packet.net.as_ref()? {
        NetSlice::Ipv4(ip) => ip.header().ttl(),
        NetSlice::Ipv6(ip) => ip.header().hop_limit(),
        NetSlice::Arp(_) => return None,
    };
    let Some(TransportSlice::Tcp(tcp)) = &packet.transport else { return None };
    let mut syn = Syn {
        sequence: tcp.sequence_number(),
        mss: None,
        window: tcp.window_size(),
        window_scale: None,
        sack_permitted: false,
        timestamp: None,
        ttl,
        headers: hexadecimal(headers),
    };
    for option in tcp.options_iterator().map_while(Result::ok) {
        match option {
            TcpOptionElement::MaximumSegmentSize(mss) => syn.mss = Some(mss),
            TcpOptionElement::WindowScale(scale) => syn.window_scale = Some(scale),
            TcpOptionElement::SelectiveAcknowledgementPermitted => syn.sack_permitted = true,
            TcpOptionElement::Timestamp(value, _) => syn.timestamp = Some(value),
            TcpOptionElement::Noop | TcpOptionElement::SelectiveAcknowledgement(..) => {}
        }
    }
    Some(syn)
}

fn hexadecimal(bytes: &[u8]) -> String {
    let digit = |number: u8| b"0123456789abcdef"[usize::from(number)];
    let mut text = Vec::with_capacity(2 * bytes.len());
    bytes.iter().for_each(|byte| text.extend_from_slice(&[digit(byte >> 4), digit(byte & 15)]));
    String::from_utf8(text).unwrap_or_default() // it is ASCII
}

/// `struct tcp_info` (linux/tcp.h), as long as this kernel has it: what it lacks is `None`.
pub(crate) struct TcpInfo<'a>(pub(crate) &'a [u8]);

impl TcpInfo<'_> {
    fn u32_at(&self, offset: usize) -> Option<u32> {
        let bytes = self.0.get(offset..offset + 4)?;
        bytes.try_into().ok().map(u32::from_ne_bytes)
    }

    fn u64_at(&self, offset: usize) -> Option<u64> {
        let bytes = self.0.get(offset..offset + 8)?;
        bytes.try_into().ok().map(u64::from_ne_bytes)
    }

    fn microseconds_at(&self, offset: usize) -> Option<Nanoseconds> {
        self.u32_at(offset).map(|microseconds| Nanoseconds::from(microseconds) * 1000)
    }

    /// tcpi_rtt.
    pub(crate) fn rtt(&self) -> Option<Nanoseconds> {
        self.microseconds_at(68)
    }

    /// tcpi_min_rtt; `None` while there was none.
    fn min_rtt(&self) -> Option<Nanoseconds> {
        self.microseconds_at(148).filter(|rtt| *rtt > 0 && *rtt < Nanoseconds::from(u32::MAX) * 1000)
    }

    /// tcpi_last_data_sent: milliseconds since data was last sent, or, before
    /// that, since the connection was complete.
    pub(crate) fn last_data_sent(&self) -> Option<Nanoseconds> {
        self.u32_at(44).map(|milliseconds| Nanoseconds::from(milliseconds) * 1_000_000)
    }

    /// tcpi_last_ack_recv: milliseconds since an ACK came.
    pub(crate) fn last_ack_received(&self) -> Option<Nanoseconds> {
        self.u32_at(56).map(|milliseconds| Nanoseconds::from(milliseconds) * 1_000_000)
    }

    /// tcpi_bytes_acked: of what was sent.
    pub(crate) fn acknowledged(&self) -> Option<u64> {
        self.u64_at(120)
    }

    /// tcpi_unacked, tcpi_notsent_bytes: whether the other end lacks some of what it was sent, or is to be.
    pub(crate) fn has_unacknowledged(&self) -> Option<bool> {
        Some(self.u32_at(24)? > 0 || self.not_sent()? > 0)
    }

    /// tcpi_state, by its name.
    pub(crate) fn state(&self) -> Option<&'static str> {
        state(*self.0.first()?)
    }

    /// tcpi_advmss: the MSS that this end's SYN announced, less what timestamps need.
    fn advertised_mss(&self) -> Option<u32> {
        self.u32_at(84)
    }

    /// tcpi_notsent_bytes: what TCP has and has not sent yet, a FIN too.
    pub(crate) fn not_sent(&self) -> Option<u32> {
        self.u32_at(144)
    }

    /// What stood between a FIN and the wire then.
    pub(crate) fn send_queue(&self) -> Option<SendQueue> {
        // tcpi_bytes_sent counts those that were sent again, too.
        let sent = self.u64_at(200)?.checked_sub(self.u64_at(208)?)?;
        let in_flight = sent.saturating_sub(self.acknowledged()?);
        Some(SendQueue {
            state: *self.0.first()?,
            unsent: self.not_sent()?,
            in_flight,
            window: self.u32_at(228)?,
            segment: self.u32_at(16)?,
            may_send: self.u32_at(24)? < self.u32_at(80)?,
            may_be_spaced: pacing::is_on() && self.rest(in_flight)? < longest_space(sent, self.u64_at(104)?),
        })
    }

    /// How long nothing has been sent at least: what is acknowledged was sent a round trip before, and
    /// tcpi_last_data_sent counts in ticks of the kernel's.
    fn rest(&self, in_flight: u64) -> Option<Nanoseconds> {
        const TICKS: Nanoseconds = 20_000_000;
        let by_ticks = self.last_data_sent()?.saturating_sub(TICKS);
        Some(if in_flight == 0 { by_ticks.max(self.min_rtt().unwrap_or_default()) } else { by_ticks })
    }

    /// tcpi_rcv_ooopack: whether segments came behind a gap.
    pub(crate) fn order(&self) -> Order {
        match self.u32_at(224) {
            Some(0) => Order::Kept,
            Some(_) => Order::Lost,
            None => Order::Unknown,
        }
    }

    /// tcpi_total_retrans: segments that were sent again.
    pub(crate) fn retransmissions(&self) -> Option<u32> {
        self.u32_at(100)
    }

    /// What the two SYNs agreed on.
    pub(crate) fn negotiated(&self) -> Option<Negotiated> {
        // linux/tcp.h: TCPI_OPT_TIMESTAMPS, TCPI_OPT_SACK, TCPI_OPT_WSCALE; the
        // two scales share a byte, the sender's in its first four bits.
        let (options, scales) = (*self.0.get(5)?, *self.0.get(6)?);
        let (first, second) =
            if cfg!(target_endian = "little") { (scales & 15, scales >> 4) } else { (scales >> 4, scales & 15) };
        let timestamps = options & 1 != 0;
        // Linux takes from its own copy what each segment's timestamps need (TCPOLEN_TSTAMP_ALIGNED).
        let taken = if timestamps { 12 } else { 0 };
        Some(Negotiated {
            segment_size: self.u32_at(16)?,
            announced_mss: self.advertised_mss().map(|mss| mss.saturating_add(taken)),
            timestamps,
            sack: options & 2 != 0,
            window_scales: (options & 4 != 0).then_some((second, first)),
        })
    }

    /// All that is recorded of it.
    pub(crate) fn figures(&self) -> Option<Tcp> {
        Some(Tcp {
            state: Cow::Borrowed(self.state()?),
            rtt: self.rtt()?,
            rtt_variation: self.microseconds_at(72)?,
            min_rtt: self.min_rtt(),
            retransmissions: self.retransmissions()?,
            bytes_received: self.u64_at(128),
            bytes_acknowledged: self.acknowledged(),
            segments_in: self.u32_at(140),
            segments_out: self.u32_at(136),
            mss: self.u32_at(16)?,
            congestion_window: self.u32_at(80)?,
        })
    }
}

/// Whether the other end's segments came in their order (linux/tcp.h, of 5.4 or later).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Order {
    #[default]
    Kept,
    Lost,
    Unknown,
}

impl Order {
    /// Why it is not known when the bytes of a read arrived, if it is not: the kernel stamps them as the
    /// last segment of which the read gave some.
    pub(crate) fn doubt(self) -> Option<Why> {
        match self {
            Self::Kept => None,
            Self::Lost => Some(Why::OutOfOrder),
            Self::Unknown => Some(Why::OrderUnknown),
        }
    }
}

/// What a FIN that follows has before it (linux/tcp.h, of 5.4 or later).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct SendQueue {
    state: u8,
    /// tcpi_notsent_bytes.
    unsent: u32,
    /// Bytes that were sent and have not been acknowledged.
    in_flight: u64,
    /// tcpi_snd_wnd: how many may be.
    window: u32,
    /// tcpi_snd_mss: bytes of a full segment.
    segment: u32,
    /// tcpi_unacked, tcpi_snd_cwnd: whether the congestion window has room for one more.
    may_send: bool,
    /// Whether TCP may keep a space between what it sent last and what comes next.
    may_be_spaced: bool,
}

/// How long that is at most, where `sent` bytes were: as the last of them need at tcpi_pacing_rate, in
/// bytes a second; 64 KiB are the most that is sent as one.
fn longest_space(sent: u64, rate: u64) -> Nanoseconds {
    const MOST: u64 = 64 * 1024;
    let span = sent.min(MOST).saturating_mul(1_000_000_000) / rate.max(1);
    Nanoseconds::try_from(span).unwrap_or(Nanoseconds::MAX)
}

impl SendQueue {
    /// Whether a FIN leaves as soon as the sending side is closed; `None` where that is not known, or none
    /// can leave any more.
    pub(crate) fn is_clear(&self) -> Option<bool> {
        let may_close = matches!(state(self.state), Some("ESTABLISHED" | "CLOSE_WAIT"));
        // What waits for more to come leaves with the FIN, as one segment; a FIN counts as one byte.
        let behind = self.in_flight.saturating_add(self.unsent.into());
        let has_room = self.may_send && behind < self.window.into();
        let is_clear = self.unsent <= self.segment && has_room;
        (may_close && !(is_clear && self.may_be_spaced)).then_some(is_clear)
    }
}

/// When a FIN left, if a call at this moment put it behind `queue`.
pub(crate) fn fin_left(queue: Option<SendQueue>, at: Option<Nanoseconds>) -> Figure<Nanoseconds> {
    let Some(queue) = queue else { return Figure::not_visible(Why::NoTcpInfo) };
    match (queue.is_clear(), at) {
        (Some(true), Some(at)) => Figure::derived(at, Source::NothingUnsent),
        (Some(false), _) => Figure::not_visible(Why::BytesUnsent),
        _ => Figure::not_visible(Why::CloseUnseen),
    }
}

/// A state of TCP by its name in RFC 9293 (linux/tcp_states.h); `None` for 0.
pub(crate) fn state(number: u8) -> Option<&'static str> {
    const STATES: [&str; 11] = [
        "ESTABLISHED",
        "SYN_SENT",
        "SYN_RECEIVED",
        "FIN_WAIT1",
        "FIN_WAIT2",
        "TIME_WAIT",
        "CLOSED",
        "CLOSE_WAIT",
        "LAST_ACK",
        "LISTEN",
        "CLOSING",
    ];
    STATES.get(usize::from(number).checked_sub(1)?).copied()
}

/// The accept queue, in TCP_INFO of a listening socket: tcpi_unacked
/// connections wait, tcpi_sacked may.
pub(crate) fn accept_queue(listener_info: &[u8]) -> Option<(u32, u32)> {
    let info = TcpInfo(listener_info);
    Some((info.u32_at(24)?, info.u32_at(28)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_order_of_segments_is_known_where_the_kernel_counts_those_behind_a_gap() {
        let mut info = vec![0; 232];
        assert_eq!(TcpInfo(&info).order().doubt(), None);
        info[224..228].copy_from_slice(&2_u32.to_ne_bytes());
        assert_eq!(TcpInfo(&info).order().doubt(), Some(Why::OutOfOrder));
        assert_eq!(TcpInfo(&info[..224]).order().doubt(), Some(Why::OrderUnknown));
    }

    #[test]
    fn a_fin_leaves_at_once_only_where_windows_have_room_and_nothing_spaces_it_out() {
        let established = 1;
        let queue = SendQueue {
            state: established,
            unsent: 0,
            in_flight: 14_480,
            window: 65_535,
            segment: 1_448,
            may_send: true,
            may_be_spaced: false,
        };
        assert_eq!(queue.is_clear(), Some(true), "it follows what is on its way");
        // Ten segments are on their way, and no more may be.
        assert_eq!(SendQueue { may_send: false, ..queue }.is_clear(), Some(false));
        assert_eq!(SendQueue { window: 14_480, ..queue }.is_clear(), Some(false), "it counts as a byte");
        assert_eq!(SendQueue { may_be_spaced: true, ..queue }.is_clear(), None);
        assert_eq!(SendQueue { may_be_spaced: true, unsent: 1_449, ..queue }.is_clear(), Some(false));
    }
}
