//! A saved log, read for a page: the page sends some lines, and gets back what to draw
//! for each. Nothing of them is kept.

use crate::language::Language;
use crate::record::LeftOut;
use crate::record::connection::SCHEMA;
use crate::record::entry::Entry;
use crate::record::secrets::Secrets;
use crate::story::steps::say;
use crate::story::view::{self, Outline};
use serde::Serialize;

/// What was read.
#[derive(Debug, Default, Serialize)]
pub(super) struct Read {
    records: Vec<Shown>,
    left_out: LeftOut,
    bad: Bad,
}

/// A record, by its line, from 1.
#[derive(Debug, Serialize)]
struct Shown {
    line: usize,
    view: Outline,
}

/// Lines that are not records.
#[derive(Debug, Default, Serialize)]
struct Bad {
    count: usize,
    first: Option<BadLine>,
}

#[derive(Debug, Serialize)]
struct BadLine {
    line: usize,
    why: String,
}

/// Reads lines of a log.
pub(super) fn read(lines: &[u8], language: Language) -> Read {
    let mut read = Read::default();
    for (index, line) in lines.split(|byte| *byte == b'\n').enumerate() {
        let line_number = index + 1;
        if line.trim_ascii().is_empty() {
            continue;
        }
        match Entry::of(line) {
            Entry::Connection(record) => {
                read.records.push(Shown { line: line_number, view: Outline::of(&record, language) });
            }
            Entry::LeftOut(left_out) => read.left_out.add(left_out),
            other => {
                read.bad.count += 1;
                read.bad.first.get_or_insert_with(|| BadLine { line: line_number, why: why_not(&other, language) });
            }
        }
    }
    read
}

/// All that a drawing shows of the record in this line.
pub(super) fn view(line: &[u8], secrets: Secrets, language: Language) -> Result<view::View, String> {
    match Entry::of(line) {
        Entry::Connection(record) => Ok(view::view(&record, secrets, language)),
        other => Err(why_not(&other, language)),
    }
}

/// Why this is not the record of a connection.
fn why_not(entry: &Entry, language: Language) -> String {
    match entry {
        Entry::Version(version) if *version > SCHEMA => say!(
            language,
            "it is of version {}; this program reads versions up to {}"
                / "버전 {}의 기록인데, 이 프로그램은 {}까지 읽습니다",
            version,
            SCHEMA
        ),
        Entry::Version(_) | Entry::Incomplete => {
            say!(
                language,
                "a part of the record is missing or has another type" / "기록의 일부가 없거나 형식이 다릅니다"
            )
        }
        Entry::Run(_) | Entry::RunOfVersion(_) => say!(
            language,
            "it is a record of glasshttp fetch; to see it: glasshttp show FILE"
                / "glasshttp fetch의 기록입니다. 보려면: glasshttp show FILE"
        ),
        Entry::Experiment(_) => {
            say!(language, "it is a run of the lab, not a record" / "연결 기록이 아니라 실험의 실행 기록입니다")
        }
        Entry::Connection(_) | Entry::LeftOut(_) | Entry::Other => {
            say!(language, "it is not a record of glasshttp" / "glasshttp의 기록이 아닙니다")
        }
        Entry::NotJson => say!(language, "it is not JSON" / "JSON이 아닙니다"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_log_says_to_be_missing_adds_up_and_what_is_no_record_is_named() {
        let lines = "{\"glasshttp\":2,\"left_out\":{\"connections\":645,\"reports\":3}}\n\n\
                     {\"glasshttp\":2,\"left_out\":{\"connections\":5,\"frames\":1}}\n{\"glasshttp_fetch\":3}";
        let read = read(lines.as_bytes(), Language::English);
        let LeftOut { connections, exchanges, reports, frames } = read.left_out;
        assert_eq!((connections, exchanges, reports, frames), (650, 0, 3, 1));
        assert_eq!((read.records.len(), read.bad.count), (0, 1));
        for (line, why) in [
            (&b"{\"glasshttp_fetch\":2}"[..], "it is a record of glasshttp fetch; to see it: glasshttp show FILE"),
            (b"{\"glasshttp\":\"x\"}", "it is not a record of glasshttp"),
            (b"{\"glasshttp\":9}", "it is of version 9; this program reads versions up to 2"),
            (b"{\"experiment\":\"close\",\"acts\":[]}", "it is a run of the lab, not a record"),
            (b"{\"glasshttp\":2,\"conn", "it is not JSON"),
        ] {
            assert_eq!(view(line, Secrets::Withheld, Language::English).err().as_deref(), Some(why));
        }
    }
}
