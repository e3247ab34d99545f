//! The kept frames of a record, as a file for Wireshark. It is whole: what is
//! withheld on the page is in it.

use crate::language::Language;
use crate::packet::pcapng;
use crate::record::End;
use crate::record::connection::Record;
use crate::record::segment::{Frame, Segment, Segments};
use crate::story::calls::{self, Passed};
use crate::story::steps::{count, say};
use crate::story::{facts, why_it_ended};

/// The file; `None` where no frame is kept.
pub(super) fn pcapng(record: &Record, language: Language) -> Option<Vec<u8>> {
    let segments = record.segments.as_ref()?;
    let first = segments.list.iter().find_map(|segment| segment.frame.as_ref())?;
    let mut out = Vec::new();
    pcapng::begin(&mut out, concat!("glasshttp ", env!("CARGO_PKG_VERSION")), &remarks(record, segments, language));
    pcapng::interface(&mut out, first.link, &segments.interface, "", Frame::MOST as u32);
    let kept: Vec<_> = segments.list.iter().filter_map(|segment| Some((segment, segment.frame.as_ref()?))).collect();
    let passed: Vec<Passed> = kept.iter().map(|(segment, _)| Passed::of(segment)).collect();
    let calls = calls::comments(record, &passed, language);
    let mut is_open_said = false;
    for ((segment, frame), calls) in kept.into_iter().zip(calls) {
        let comments: Vec<String> = said(segment, !is_open_said, language).into_iter().chain(calls).collect();
        is_open_said |= segment.checksum.is_none();
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

/// What is said of one frame: where it stands for several, its checksum, what it is.
fn said(segment: &Segment, is_first_open: bool, language: Language) -> Vec<String> {
    let is_open = segment.checksum.is_none();
    let cut = segment.cut_into.filter(|_| segment.on_a_wire().is_some());
    let cut = cut.map(|size| facts::cut(segment.length, size, is_open, language));
    let checksum = (is_open && is_first_open).then(|| facts::checksum(language).to_owned());
    let facts = segment.facts.iter().map(|fact| facts::sentence(fact, language));
    cut.into_iter().chain(checksum).chain(facts).collect()
}

/// What is said of the file as a whole.
fn remarks(record: &Record, segments: &Segments, language: Language) -> Vec<String> {
    let mut remarks = vec![
        say!(
            language,
            "Connection {} of glasshttp, {} to {}. Nothing in this file is masked: passwords and cookies too."
                / "glasshttp의 연결 {}, {}에서 {}(으)로. 이 파일에는 가려진 것이 없어, 비밀번호와 쿠키도 들어 있습니다.",
            record.connection,
            record.client,
            record.server
        ),
        facts::vantage(language).to_owned(),
    ];
    remarks.extend(record.close.as_ref().map(|close| why_it_ended(close, record, language)));
    let frames = || segments.list.iter().filter_map(|segment| segment.frame.as_ref());
    let cut = frames().filter(|frame| frame.bytes.len() < frame.length as usize).count();
    if cut > 0 {
        remarks.push(say!(
            language,
            "Of each frame at most {} bytes are kept, and of longer ones their lengths; longer here: {}."
                / "프레임마다 {}바이트까지 남깁니다. 이 가운데 {}개는 더 길었으며, 원래 길이는 여기에 있습니다.",
            Frame::MOST,
            cut
        ));
    }
    let missing = segments.left_out + segments.list.iter().filter(|segment| segment.frame.is_none()).count() as u64;
    if missing > 0 {
        remarks.push(count!(
            language,
            missing,
            "more segment was seen and its frame is not kept.",
            "more segments were seen and their frames are not kept."
                / "세그먼트 {}개를 더 보았으나 프레임은 남기지 않았습니다."
        ));
    }
    remarks
}
