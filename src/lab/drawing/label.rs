//! What is written on a segment's arrow.

use crate::lab::deed::UNDER_WAY;
use crate::lab::run::{Deed, Protocol, Segment};
use crate::language::Language;
use crate::packet::arp::Arp;
use crate::packet::tracker::{Fact, Relative};

/// `SYN seq 2145370668`, `bytes 1–33, again`, `ACK 16`.
pub(crate) fn label(segment: &Segment, language: Language) -> String {
    label_with(segment, None, language)
}

/// The same, with this in place of the acknowledgment number, if something is.
pub(crate) fn label_with(segment: &Segment, blank: Option<String>, language: Language) -> String {
    let mut label = what_it_carries(segment, blank, language);
    if let Some(note) = segment.wire.and_then(|deed| deed.note(language)) {
        label.push_str(", ");
        label.push_str(note);
    }
    label
}

/// The same, of a run that is over: what had not arrived by then says so.
pub(crate) fn last_label(segment: &Segment, blank: Option<String>, language: Language) -> String {
    let label = label_with(segment, blank, language);
    match what_it_still_did(segment, language) {
        Some(end) => format!("{label}, {end}"),
        None => label,
    }
}

/// What a segment still did when all ended.
pub(crate) fn what_it_still_did(segment: &Segment, language: Language) -> Option<&'static str> {
    let waits = segment.wire.filter(|deed| *deed == Deed::Waiting).map(|deed| deed.sentence(language));
    segment.is_under_way().then(|| waits.unwrap_or(UNDER_WAY.of(language)))
}

fn what_it_carries(segment: &Segment, blank: Option<String>, language: Language) -> String {
    let ko = language == Language::Korean;
    let Some(tcp) = &segment.tcp else {
        let name = match segment.protocol {
            Protocol::Udp => "UDP",
            Protocol::Icmp => "ICMP",
            Protocol::Fragment => {
                if ko {
                    "IP 조각"
                } else {
                    "IP fragment"
                }
            }
            Protocol::Tcp | Protocol::Other => "IP",
            Protocol::Arp => return segment.arp.as_ref().map(|message| arp(message, ko)).unwrap_or_default(),
            Protocol::Ethernet => &ethernet(segment.ether_type),
        };
        return match (segment.icmp, ko) {
            (Some((3, 3)), false) => "ICMP port unreachable".into(),
            (Some((3, 3)), true) => "ICMP 포트 도달 불가".into(),
            (Some((kind, code)), _) => format!("ICMP {kind}/{code}"),
            (None, false) => format!("{name} {} byte{}", segment.length, if segment.length == 1 { "" } else { "s" }),
            (None, true) => format!("{name} {}바이트", segment.length),
        };
    };
    let mut words = Vec::new();
    let bytes = segment.bytes().map(|(first, last)| match (ko, range(first, last)) {
        (true, range) => format!("바이트 {range}"),
        (false, range) if first == last => format!("byte {range}"),
        (false, range) => format!("bytes {range}"),
    });
    if segment.has("SYN") {
        words.push(format!("{} seq {}", if segment.has("ACK") { "SYN+ACK" } else { "SYN" }, tcp.sequence));
        words.extend(tcp.acknowledgment.map(|number| format!("ack {}", blank.unwrap_or(number.to_string()))));
        words.extend(bytes);
    } else if segment.has("RST") {
        words.push("RST".into());
        words.extend(bytes);
    } else {
        words.extend(bytes);
        if segment.has("FIN") {
            words.push(format!("FIN {}", tcp.relative_sequence + i64::from(segment.length)));
        }
        let name = if words.is_empty() { "ACK " } else { "ack " };
        if segment.length == 0 || segment.has("FIN") {
            let number = tcp.relative_acknowledgment.map(|number| blank.unwrap_or(number.to_string()));
            words.extend(number.map(|number| format!("{name}{number}")));
        }
        if tcp.window == Some(0) {
            words.push(if ko { "윈도 0".into() } else { "window 0".into() });
        }
    }
    for fact in &tcp.facts {
        words.extend(note(*fact, ko));
    }
    words.join(", ")
}

/// A frame that is not taken apart, by its EtherType; below 0x0600 that field is a length (IEEE 802.3).
fn ethernet(ether_type: Option<u16>) -> String {
    match ether_type {
        Some(kind @ 0x0600..) => format!("EtherType 0x{kind:04x}"),
        _ => "IEEE 802.3".into(),
    }
}

fn arp(message: &Arp, ko: bool) -> String {
    let Arp { sender, sender_mac, target, .. } = message;
    match (message.operation, ko) {
        (1, false) => format!("ARP who has {target}?"),
        (1, true) => format!("ARP {target}의 MAC 주소는?"),
        (2, false) => format!("ARP {sender} is at {sender_mac}"),
        (2, true) => format!("ARP {sender}의 MAC 주소는 {sender_mac}"),
        (operation, false) => format!("ARP operation {operation}"),
        (operation, true) => format!("ARP 동작 {operation}"),
    }
}

/// Numbers from one to another; one alone may be a FIN's.
fn range(first: Relative, last: Relative) -> String {
    if first == last { first.to_string() } else { format!("{first}–{last}") }
}

fn note(fact: Fact, ko: bool) -> Option<String> {
    let text = match (fact, ko) {
        (Fact::Again | Fact::PartlyAgain { .. }, false) => "again".into(),
        (Fact::Again | Fact::PartlyAgain { .. }, true) => "재전송".into(),
        (Fact::ReportsGap { from, to }, false) => format!("has {}", range(from, to)),
        (Fact::ReportsGap { from, to }, true) => format!("{} 받음", range(from, to)),
        (Fact::ReportsDuplicate { from, to }, false) => format!("{} twice", range(from, to)),
        (Fact::ReportsDuplicate { from, to }, true) => format!("{} 두 번 받음", range(from, to)),
        (Fact::WindowProbe, false) => "window probe".into(),
        (Fact::WindowProbe, true) => "윈도 확인".into(),
        (Fact::WindowOpened, false) => "window open".into(),
        (Fact::WindowOpened, true) => "윈도 열림".into(),
        _ => return None,
    };
    Some(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lab::recorded::in_the_folder;
    use crate::lab::run::tenths;
    use crate::packet::link::Fate;
    use std::time::Duration;

    const LANGUAGES: [Language; 2] = [Language::English, Language::Korean];

    #[test]
    fn one_byte_is_no_range() {
        let mut run = in_the_folder("close").acts.remove(0);
        let data = run.segments.iter_mut().find(|one| one.is_data() && !one.has("FIN")).expect("data");
        data.length = 1;
        let tcp = data.tcp.as_mut().expect("TCP");
        (tcp.relative_sequence, tcp.facts) = (10, vec![Fact::ReportsDuplicate { from: 6, to: 6 }]);
        let labels = LANGUAGES.map(|language| label(data, language));
        assert_eq!(labels, ["byte 10, 6 twice", "바이트 10, 6 두 번 받음"]);
        (data.tcp, data.protocol) = (None, Protocol::Udp);
        assert_eq!(LANGUAGES.map(|language| label(data, language)), ["UDP 1 byte", "UDP 1바이트"]);
        data.length = 2;
        assert_eq!(label(data, Language::English), "UDP 2 bytes");
    }

    #[test]
    fn data_on_a_syn_stands_there_with_the_numbers_of_its_bytes() {
        let mut run = in_the_folder("close").acts.remove(0);
        for (index, length, said) in [(0, 15, ["bytes 1–15", "바이트 1–15"]), (1, 1, ["byte 1", "바이트 1"])]
        {
            let syn = &mut run.segments[index];
            assert!(syn.has("SYN") && !label(syn, Language::English).contains("byte"));
            syn.length = length;
            for (language, said) in LANGUAGES.into_iter().zip(said) {
                assert!(label(syn, language).ends_with(&format!(", {said}")), "{}", label(syn, language));
            }
        }
    }

    #[test]
    fn a_segment_that_is_doubled_and_damaged_is_said_to_be_both() {
        let mut segment = in_the_folder("close").acts.remove(0).segments.remove(0);
        segment.wire = Deed::of(Fate::Carried { held: Duration::ZERO, is_doubled: true, is_damaged: true });
        for (language, said) in LANGUAGES.into_iter().zip([", damaged, doubled", ", 손상됨, 둘이 됨"]) {
            assert!(label(&segment, language).ends_with(said), "{}", label(&segment, language));
        }
        assert!(segment.is_damaged());
    }

    #[test]
    fn nearly_nothing_has_no_sign() {
        assert_eq!([-0.04, 0.04, -0.06, -28.6].map(tenths), ["0.0", "0.0", "-0.1", "-28.6"]);
    }
}
