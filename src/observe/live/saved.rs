//! The kept frames of a record, as a file for Wireshark. It is whole: what is
//! withheld on the page is in it.

use crate::language::Language;
use crate::packet::pcapng;
use crate::record::End;
use crate::record::connection::Record;
use crate::record::segment::Segments;
use crate::story::facts;
use crate::story::steps::say;

/// The file; `None` where no frame is kept.
pub(super) fn pcapng(record: &Record, language: Language) -> Option<Vec<u8>> {
    let segments = record.segments.as_ref()?;
    let first = segments.list.iter().find_map(|segment| segment.frame.as_ref())?;
    let mut out = Vec::new();
    pcapng::begin(&mut out, concat!("glasshttp ", env!("CARGO_PKG_VERSION")), &remarks(record, segments, language));
    pcapng::interface(&mut out, first.link, &segments.interface, "", 0);
    for segment in &segments.list {
        let Some(frame) = &segment.frame else { continue };
        let comments: Vec<String> = segment.facts.iter().map(|fact| facts::sentence(fact, language)).collect();
        let frame = pcapng::Frame {
            interface: 0,
            at: frame.at,
            length: frame.length,
            bytes: &frame.bytes,
            is_inbound: Some(segment.from == End::Client),
            comments: &comments,
        };
        pcapng::frame(&mut out, &frame);
    }
    Some(out)
}

/// What is said of the file as a whole.
fn remarks(record: &Record, segments: &Segments, language: Language) -> Vec<String> {
    let mut remarks = vec![
        say!(
            language,
            "Connection {} of glasshttp, {} to {}. This file is whole: passwords and cookies too."
                / "glasshttp의 연결 {}, {}에서 {}(으)로. 이 파일은 가려진 것 없이 온전하며, 비밀번호와 쿠키도 들어 있습니다.",
            record.connection,
            record.client,
            record.server
        ),
        facts::vantage(language).to_owned(),
    ];
    let missing = segments.left_out + segments.list.iter().filter(|segment| segment.frame.is_none()).count() as u64;
    if missing > 0 {
        remarks.push(say!(
            language,
            "{} more segments were seen and their frames are not kept."
                / "세그먼트 {}개를 더 보았으나 프레임은 남기지 않았습니다.",
            missing
        ));
    }
    remarks
}
