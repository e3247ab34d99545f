//! A saved log, read for a page: the page sends some lines, and gets back what to draw
//! for each. Nothing of them is kept.

use crate::language::Language;
use crate::record::connection::{Record, SCHEMA};
use crate::record::secrets::Secrets;
use crate::story::steps::say;
use crate::story::view::{self, Outline};
use serde::{Deserialize, Serialize};

/// What was read.
#[derive(Debug, Default, Serialize)]
pub(super) struct Read {
    records: Vec<Shown>,
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

/// What is looked at of a line that is not a record.
#[derive(Debug, Deserialize)]
struct Other {
    glasshttp: Option<u64>,
    left_out: Option<serde_json::Value>,
}

/// Reads lines of a log.
pub(super) fn read(lines: &[u8], language: Language) -> Read {
    let mut read = Read::default();
    for (index, line) in lines.split(|byte| *byte == b'\n').enumerate() {
        let line_number = index + 1;
        if line.trim_ascii().is_empty() {
            continue;
        }
        match record(line, language) {
            Ok(Some(record)) => {
                read.records.push(Shown { line: line_number, view: Outline::of(&record, language) });
            }
            Ok(None) => {}
            Err(why) => {
                read.bad.count += 1;
                read.bad.first.get_or_insert(BadLine { line: line_number, why });
            }
        }
    }
    read
}

/// All that a drawing shows of the record in this line.
pub(super) fn view(line: &[u8], secrets: Secrets, language: Language) -> Result<view::View, String> {
    let record = record(line, language)?;
    record
        .map(|record| view::view(&record, secrets, language))
        .ok_or_else(|| say!(language, "it is not a record" / "기록이 아닙니다"))
}

/// The record in a line; `None` where it says what was left out; else why it is not one.
fn record(line: &[u8], language: Language) -> Result<Option<Record>, String> {
    if let Ok(record) = serde_json::from_slice(line) {
        return Ok(Some(record));
    }
    match serde_json::from_slice::<Other>(line) {
        Ok(Other { left_out: Some(_), .. }) => Ok(None),
        Ok(Other { glasshttp: Some(version), .. }) if version > u64::from(SCHEMA) => Err(say!(
            language,
            "it is of version {}; this program reads versions up to {}"
                / "버전 {}의 기록인데, 이 프로그램은 {}까지 읽습니다",
            version,
            SCHEMA
        )),
        Ok(Other { glasshttp: Some(_), .. }) => Err(say!(
            language,
            "a part of the record is missing or has another type" / "기록의 일부가 없거나 형식이 다릅니다"
        )),
        Ok(_) => Err(say!(language, "it is not a record of glasshttp" / "glasshttp의 기록이 아닙니다")),
        Err(_) => Err(say!(language, "it is not JSON" / "JSON이 아닙니다")),
    }
}
