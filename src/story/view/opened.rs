//! One captured segment, opened: header by header, to its bytes.

use crate::language::Language;
use crate::packet::layers::{Field, FieldName, Layer, LayerKind, layers};
use crate::record::connection::Record;
use crate::record::secrets::{Secrets, may_hold};
use crate::story::facts;
use crate::story::steps::{count, say};
use serde::Serialize;
use std::fmt::Write as _;
use std::ops::Range;

/// A segment's frame.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct Opened {
    /// What is to be known of it as a whole.
    pub remarks: Vec<String>,
    /// Its headers, the outermost first, and its data.
    pub layers: Vec<OpenedLayer>,
    /// Its bytes, two digits each; without the data, where that is withheld.
    pub bytes: String,
    /// Whether its data is withheld.
    pub withheld: bool,
}

/// A header.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct OpenedLayer {
    /// Its name, and how long it is.
    pub name: String,
    /// Where it stands: from, and up to but without.
    pub range: (usize, usize),
    /// What it says.
    pub fields: Vec<OpenedField>,
}

/// A field.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct OpenedField {
    /// Its name.
    pub name: &'static str,
    /// Its value.
    pub value: String,
    /// Where it stands.
    pub range: (usize, usize),
}

/// The segment at this place in the record's list, if its frame is kept and can be read.
pub fn opened(record: &Record, index: usize, secrets: Secrets, language: Language) -> Option<Opened> {
    let segment = record.segments.as_ref()?.list.get(index)?;
    let frame = segment.frame.as_ref()?;
    let layers = layers(&frame.bytes, frame.length as usize, frame.link).ok()?;
    let data = layers.iter().find(|layer| layer.kind == LayerKind::Data).map(|layer| layer.range.clone());
    let withheld = data.is_some() && secrets == Secrets::Withheld && may_hold(record);
    let end = data.filter(|_| withheld).map_or(frame.bytes.len(), |data| data.start);
    let mut bytes = String::with_capacity(2 * end);
    for byte in frame.bytes.iter().take(end) {
        // Writing to a String does not fail.
        let _ = write!(bytes, "{byte:02x}");
    }
    let mut remarks = Vec::new();
    if segment.checksum.is_none() {
        remarks.push(facts::checksum(language).to_owned());
    }
    if let (Some(size), Some(_)) = (segment.cut_into, segment.on_a_wire()) {
        remarks.push(facts::cut(segment.length, size, segment.checksum.is_none(), language));
    }
    if frame.bytes.len() < frame.length as usize {
        remarks.push(say!(
            language,
            "The first {} of {} bytes are kept." / "{1}바이트 중 처음 {0}바이트를 남겼습니다.",
            frame.bytes.len(),
            frame.length
        ));
    }
    let layers = layers.iter().map(|layer| layer_in_words(layer, segment.length, language)).collect();
    Some(Opened { remarks, layers, bytes, withheld })
}

fn layer_in_words(layer: &Layer, data: u32, language: Language) -> OpenedLayer {
    let length = layer.range.len() as u64;
    let name = match layer.kind {
        LayerKind::Ethernet => "Ethernet".to_owned(),
        LayerKind::Ipv4 => "IPv4".to_owned(),
        LayerKind::Ipv6 => "IPv6".to_owned(),
        LayerKind::Tcp => "TCP".to_owned(),
        LayerKind::Data => say!(language, "data" / "데이터"),
    };
    let length = if layer.kind == LayerKind::Data { data.into() } else { length };
    let name = format!("{name}, {}", count!(language, length, "byte", "bytes" / "{}바이트"));
    let field = |field: &Field| OpenedField {
        name: field_name(field.name, language),
        value: field.value.clone(),
        range: ends(&field.range),
    };
    OpenedLayer { name, range: ends(&layer.range), fields: layer.fields.iter().map(field).collect() }
}

fn ends(range: &Range<usize>) -> (usize, usize) {
    (range.start, range.end)
}

fn field_name(name: FieldName, language: Language) -> &'static str {
    let (english, korean) = match name {
        FieldName::DestinationMac => ("destination (MAC address)", "목적지(MAC 주소)"),
        FieldName::SourceMac => ("source (MAC address)", "출발지(MAC 주소)"),
        FieldName::EtherType => ("EtherType: what it carries", "EtherType: 담긴 것"),
        FieldName::Version => ("version", "버전"),
        FieldName::HeaderLength => ("header length, in bytes", "헤더 길이(바이트)"),
        FieldName::TrafficClass => ("DSCP and ECN", "DSCP와 ECN"),
        FieldName::FlowLabel => ("flow label", "플로 레이블"),
        FieldName::TotalLength => ("total length", "전체 길이"),
        FieldName::PayloadLength => ("payload length", "페이로드 길이"),
        FieldName::Identification => ("identification", "식별자"),
        FieldName::Fragment => ("flags and fragment offset", "플래그와 조각 위치"),
        FieldName::TimeToLive => ("time to live", "TTL"),
        FieldName::HopLimit => ("hop limit", "홉 제한"),
        FieldName::Protocol => ("protocol (6 is TCP)", "프로토콜(6은 TCP)"),
        FieldName::NextHeader => ("next header (6 is TCP)", "다음 헤더(6은 TCP)"),
        FieldName::Checksum => ("checksum", "체크섬"),
        FieldName::Source => ("source address", "출발지 주소"),
        FieldName::Destination => ("destination address", "목적지 주소"),
        FieldName::Extension => ("extension headers, in bytes", "확장 헤더(바이트)"),
        FieldName::SourcePort => ("source port", "출발지 포트"),
        FieldName::DestinationPort => ("destination port", "목적지 포트"),
        FieldName::Sequence => ("sequence number", "순서 번호(seq)"),
        FieldName::Acknowledgment => ("acknowledgment number", "확인 번호(ack)"),
        FieldName::DataOffset => ("data offset, in bytes", "데이터 위치(바이트)"),
        FieldName::Flags => ("control bits", "제어 비트"),
        FieldName::Window => ("window, unscaled", "윈도(배율 전)"),
        FieldName::Urgent => ("urgent pointer", "긴급 포인터"),
        FieldName::MaximumSegmentSize => ("option: maximum segment size", "옵션: 최대 세그먼트 크기(MSS)"),
        FieldName::WindowScale => ("option: window scale, in bits", "옵션: 윈도 스케일(비트)"),
        FieldName::SackPermitted => ("option: SACK permitted", "옵션: SACK 허용"),
        FieldName::Sack => ("option: SACK", "옵션: SACK"),
        FieldName::Timestamps => ("option: timestamp, and its echo", "옵션: 타임스탬프와 되돌린 값"),
        FieldName::Padding => ("option: padding", "옵션: 채움"),
        FieldName::OtherOption => ("option of another kind", "다른 종류의 옵션"),
    };
    match language {
        Language::English => english,
        Language::Korean => korean,
    }
}
