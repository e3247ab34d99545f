//! What packets are, in words: one sentence for each fact, in each language.

use crate::language::number::bytes;
use crate::language::{Language, grouped};
use crate::record::segment::Fact;

/// Where the packets were seen.
pub(crate) fn vantage(language: Language) -> &'static str {
    match language {
        Language::English => {
            "Seen at one point: an interface of the server's machine. Times say when a packet was seen there."
        }
        Language::Korean => {
            "서버가 실행되는 컴퓨터의 인터페이스 한 곳에서 본 것입니다. 시각은 패킷이 그곳에서 보인 때입니다."
        }
    }
}

/// A checksum that is still to be computed.
pub(crate) fn checksum(language: Language) -> &'static str {
    match language {
        Language::English => {
            "Checksum not yet computed, here and in packets like this one: the interface does that, and loopback needs none."
        }
        Language::Korean => {
            "이 패킷과 이런 패킷들의 체크섬은 아직 계산되지 않았습니다. 인터페이스가 계산하며, 루프백에는 필요하지 않습니다."
        }
    }
}

/// `frames` found no room.
pub(crate) fn missing(frames: u64, language: Language) -> String {
    match language {
        Language::English => {
            format!(
                "Packets that passed at about this time, shortly before this one, and are not in this file, for there was no room for them: {frames}."
            )
        }
        Language::Korean => {
            format!("이 패킷 바로 앞 무렵에 지나갔으나 자리가 없어 이 파일에 담지 못한 패킷: {frames}개.")
        }
    }
}

/// A frame of `length` bytes that stands for segments of `size` bytes of data each.
pub(crate) fn cut(length: u32, size: u16, is_going: bool, language: Language) -> String {
    let (all, each) = match language {
        Language::English => (bytes(length.into()), bytes(size.into())),
        Language::Korean => (grouped(length.into()), grouped(size.into())),
    };
    match (language, is_going) {
        (Language::English, true) => {
            format!("{all} handed down at once; on a wire: segments of {each} (derived).")
        }
        (Language::English, false) => {
            format!("{all} put together by the interface; on the wire: segments of {each} (derived).")
        }
        (Language::Korean, true) => {
            format!("{all}바이트를 한 번에 내려보냈습니다. 선 위에서는 {each}바이트씩의 세그먼트입니다(계산).")
        }
        (Language::Korean, false) => {
            format!("인터페이스가 합친 {all}바이트입니다. 선 위에서는 {each}바이트씩의 세그먼트였습니다(계산).")
        }
    }
}

/// What a segment is, in the light of those before it.
pub(crate) fn sentence(fact: &Fact, language: Language) -> String {
    match language {
        Language::English => english(fact),
        Language::Korean => korean(fact),
    }
}

fn english(fact: &Fact) -> String {
    match fact {
        Fact::Again => "Sent again: all of it was seen before.".into(),
        Fact::PartlyAgain { bytes: first } => {
            format!("Sent again in part, from its start: {} had been seen before.", bytes(*first))
        }
        Fact::BehindGap { bytes: missing } => format!("Not seen here: {} before it.", bytes(*missing)),
        Fact::FillsGap => "Fills a gap: it was overtaken, or is sent again after a loss before this point.".into(),
        Fact::Forgotten => "Older than what is remembered of this connection.".into(),
        Fact::DuplicateAck { number } => format!("Duplicate ACK, number {number} (RFC 5681)."),
        Fact::AcknowledgesUnseen { bytes: unseen } => {
            format!("Acknowledges {} that passed here unseen.", bytes(*unseen))
        }
        Fact::ReportsGap { from, to } => format!("SACK: bytes {from}–{to} have arrived behind a gap."),
        Fact::ReportsDuplicate { from, to } => format!("D-SACK: bytes {from}–{to} arrived twice."),
        Fact::WindowClosed => "Window closed: there is no room for more.".into(),
        Fact::WindowStillClosed => "Window still closed.".into(),
        Fact::WindowOpened => "Window open again.".into(),
        Fact::WindowProbe => "Probe: is the window still closed?".into(),
        Fact::FillsWindow => "Fills the window: no more may be sent for now.".into(),
        Fact::BeyondWindow { bytes: beyond } => format!("Ends {} beyond the window.", bytes(*beyond)),
        Fact::KeepAliveProbe => "Keep-alive probe: are you still there?".into(),
        Fact::AcknowledgesSyn => "Acknowledges the SYN, which counts as one.".into(),
        Fact::AcknowledgesFin => "Acknowledges the FIN, which counts as one.".into(),
        Fact::FinWithData => "The FIN is in a segment with data.".into(),
    }
}

fn korean(fact: &Fact) -> String {
    match fact {
        Fact::Again => "재전송: 모두 이미 본 바이트입니다.".into(),
        Fact::PartlyAgain { bytes } => format!("일부 재전송: 앞의 {}바이트는 이미 본 것입니다.", grouped(*bytes)),
        Fact::BehindGap { bytes } => format!("바로 앞의 {}바이트는 아직 여기에서 보이지 않았습니다.", grouped(*bytes)),
        Fact::FillsGap => "빈자리를 채웁니다. 늦게 왔거나, 여기에 닿기 전에 사라져 다시 보낸 것입니다.".into(),
        Fact::Forgotten => "이 연결에서 기억하고 있는 것보다 오래된 세그먼트입니다.".into(),
        Fact::DuplicateAck { number } => format!("중복 ACK, {number}번째입니다(RFC 5681)."),
        Fact::AcknowledgesUnseen { bytes } => {
            format!("여기에서 보이지 않은 {}바이트에 대한 ACK입니다.", grouped(*bytes))
        }
        Fact::ReportsGap { from, to } => format!("SACK: 빈자리 뒤의 {from}–{to} 바이트는 도착했습니다."),
        Fact::ReportsDuplicate { from, to } => format!("D-SACK: {from}–{to} 바이트가 두 번 도착했습니다."),
        Fact::WindowClosed => "윈도가 닫혔습니다. 받을 자리가 없습니다.".into(),
        Fact::WindowStillClosed => "윈도가 여전히 닫혀 있습니다.".into(),
        Fact::WindowOpened => "윈도가 다시 열렸습니다.".into(),
        Fact::WindowProbe => "윈도 프로브: 아직 닫혀 있는지 묻습니다.".into(),
        Fact::FillsWindow => "윈도를 가득 채웁니다. 지금은 더 보낼 수 없습니다.".into(),
        Fact::BeyondWindow { bytes } => format!("윈도를 {}바이트 넘습니다.", grouped(*bytes)),
        Fact::KeepAliveProbe => "keep-alive 프로브: 상대가 아직 있는지 묻습니다.".into(),
        Fact::AcknowledgesSyn => "SYN에 대한 ACK입니다. SYN은 번호 하나를 씁니다.".into(),
        Fact::AcknowledgesFin => "FIN에 대한 ACK입니다. FIN은 번호 하나를 씁니다.".into(),
        Fact::FinWithData => "FIN이 데이터와 같은 세그먼트에 있습니다.".into(),
    }
}
