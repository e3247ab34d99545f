//! Any frame is taken apart or refused; what is said of it lies within it. A
//! connection is followed whatever its segments say.

#![no_main]

use glasshttp::packet::Direction;
use glasshttp::packet::segment::Packet;
use glasshttp::packet::tracker::Tracker;
use libfuzzer_sys::fuzz_target;

fn check(packet: &Packet<'_>, bytes: &[u8]) {
    for range in [&packet.ip_header, &packet.transport_header] {
        assert!(range.start <= range.end && range.end <= bytes.len(), "{packet:?}");
    }
    assert!(packet.payload.len() <= bytes.len());
    let (all, payload) = (bytes.as_ptr_range(), packet.payload.as_ptr_range());
    assert!(packet.payload.is_empty() || (all.start <= payload.start && payload.end <= all.end));
    assert_eq!(packet.tcp().is_some() && packet.addresses().is_none(), false);
}

// Frames stand one behind the other, each with its length before it, in a byte.
fuzz_target!(|data: &[u8]| {
    let mut tracker = Tracker::default();
    let mut rest = data;
    while let Some((head, behind)) = rest.split_first_chunk::<2>() {
        let (frame, behind) = behind.split_at(behind.len().min(usize::from(head[0])));
        rest = behind;
        // As long on the wire as it is here, or longer: the capture was cut.
        let length = frame.len() + usize::from(head[1] >> 2) * 40;
        let packet = match head[1] & 1 {
            0 => Packet::from_ethernet(frame, length),
            _ => Packet::from_ip(frame, length),
        };
        let Ok(packet) = packet else { continue };
        check(&packet, frame);
        let Some(tcp) = packet.tcp() else { continue };
        let direction = if head[1] & 2 == 0 { Direction::ToServer } else { Direction::ToClient };
        let before = tracker.half(direction).counts;
        tracker.is_another(direction, tcp);
        tracker.follow(direction, tcp);
        let half = tracker.half(direction);
        assert_eq!(half.counts.segments, before.segments + 1);
        assert_eq!(half.counts.bytes, before.bytes + u64::from(tcp.length));
        assert!(half.counts.again + half.counts.filled_gaps <= half.counts.segments);
        assert!(half.fin().is_none_or(|fin| fin < half.end()), "{half:?}");
    }
});
