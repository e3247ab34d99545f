//! A connection's steps in a terminal: which of them are new since the last
//! block, and how each becomes a row.

use super::layout::{Arrow, Block, bold, dim, plain, span};
use super::rows;
use super::segments::{self, Shown};
use super::steps::{Kind, Known, Step, say, steps};
use crate::language::Language;
use crate::record::Nanoseconds;
use crate::record::connection::Record;
use std::collections::BTreeSet;

/// Exchanges that one block tells; further ones are counted, unless they failed.
pub(crate) const MOST_EXCHANGES: usize = 8;
/// When a connection is called silent.
const SILENT: Nanoseconds = 1_000_000_000;
/// Remarks that are remembered, of one connection.
const MOST_REMARKS: usize = 64;

/// What was told of a connection so far.
#[derive(Debug, Default)]
pub(crate) struct Progress {
    /// The header and the handshake.
    pub(crate) is_introduced: bool,
    /// The number of the last exchange that was told to its end, or left out.
    pub(crate) exchanges: u64,
    /// Whether the one after it was told as far as its response.
    is_begun: bool,
    /// The latest time that was told.
    latest: Option<Nanoseconds>,
    /// How many of its segments were told or left out.
    segments: u64,
    /// What was said not to be visible.
    remarks: BTreeSet<String>,
}

/// Why a block is written now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Occasion {
    Silent,
    Answering,
    Quiet,
    Closed,
}

/// How times and arrows are to be read: said once.
pub(crate) fn legend(language: Language) -> String {
    let mut block = Block::default();
    block.aside(&say!(
        language,
        "Times since accept(), + since the row above, ~ derived, ≤ at most"
            / "시간은 accept()부터, +는 윗줄부터, ~는 계산한 값, ≤는 그 이전"
    ));
    block.finish()
}

/// The block that tells what is new of `record`, which had `total` exchanges so far.
pub(crate) fn block(
    record: &Record,
    total: u64,
    occasion: Occasion,
    progress: &mut Progress,
    language: Language,
) -> String {
    let mut teller = Teller { block: Block::default(), above: None, progress, language };
    teller.header(record);
    let last = record.exchanges.last().map_or(0, |exchange| exchange.number);
    let chosen = teller.chosen(record);
    let mut remarks = Vec::new();
    let was_introduced = std::mem::replace(&mut teller.progress.is_introduced, true);
    let steps = steps(record, language);
    let shown = Shown::of(record.segments.as_ref(), &steps, teller.progress.segments);
    teller.progress.segments = shown.known;
    for step in steps {
        if let Some(count) = shown.left_out_from(&step) {
            teller.leave_out_segments(count);
        }
        let is_new = match step.exchange {
            Some(number) => chosen.contains(&number) && !teller.is_told(number, &step),
            None if step.is_of_handshake() => !was_introduced,
            None if segments::place(&step).is_some() => shown.has(&step),
            None => occasion == Occasion::Closed && step.id != "open",
        };
        if !is_new || step.is_drawn_only {
            continue;
        }
        match step.kind {
            Kind::Note if !step.id.ends_with("-request") => remarks.push(step),
            _ => teller.row(&step),
        }
    }
    let under_way = occasion == Occasion::Answering;
    teller.advance(last, total, under_way, &chosen);
    teller.outlook(record, occasion);
    for step in remarks {
        teller.remark(&step);
    }
    teller.block.finish()
}

struct Teller<'a> {
    block: Block,
    above: Option<Nanoseconds>,
    progress: &'a mut Progress,
    language: Language,
}

impl Teller<'_> {
    fn header(&mut self, record: &Record) {
        let time = record.accepted.get(11..23).unwrap_or(&record.accepted);
        if self.progress.is_introduced {
            let again = say!(self.language, "#{} again" / "#{} 이어서", record.connection);
            return self.block.header(&[bold(again), plain(record.client.to_string())]);
        }
        self.block.header(&[
            bold(format!("#{}", record.connection)),
            bold(record.client.to_string()),
            dim(say!(self.language, "accepted {} UTC" / "연결 수락 {} UTC", time)),
            dim(record.model.clone()),
        ]);
    }

    /// The exchanges of this block: the first ones that are new, and all that failed.
    fn chosen(&self, record: &Record) -> BTreeSet<u64> {
        let new = record.exchanges.iter().filter(|exchange| exchange.number > self.progress.exchanges);
        let is_shown = |(index, failed): (usize, bool)| index < MOST_EXCHANGES || failed;
        new.enumerate()
            .filter(|(index, exchange)| {
                is_shown((*index, exchange.status >= 400 || exchange.is_whole() == Some(false)))
            })
            .map(|(_, exchange)| exchange.number)
            .collect()
    }

    /// Whether this step of an exchange was told when its response was under way.
    fn is_told(&self, number: u64, step: &Step) -> bool {
        let was_begun = self.progress.is_begun && number == self.progress.exchanges + 1;
        was_begun && !(step.id.ends_with("-sent") || step.id.ends_with("-ack"))
    }

    fn leave_out_segments(&mut self, count: u64) {
        self.block.remark(&[dim(segments::more(count, self.language))]);
    }

    /// Counts what was told, and says what was left out.
    fn advance(&mut self, last: u64, total: u64, under_way: bool, chosen: &BTreeSet<u64>) {
        let end = total.max(last).saturating_sub(u64::from(under_way));
        let new = end.saturating_sub(self.progress.exchanges);
        let told = chosen.iter().filter(|number| **number > self.progress.exchanges && **number <= end).count() as u64;
        let more = new.saturating_sub(told);
        if more > 0 {
            let text = say!(
                self.language,
                "… {} more exchanges on this connection, none failed"
                    / "… 이 연결의 교환 {}개를 더 생략, 실패한 것은 없음",
                more
            );
            self.block.remark(&[dim(text)]);
        }
        self.progress.exchanges = end.max(self.progress.exchanges);
        self.progress.is_begun = under_way;
    }

    /// What is to be expected of the connection now.
    fn outlook(&mut self, record: &Record, occasion: Occasion) {
        let is_kept = record.exchanges.last().is_some_and(|exchange| exchange.is_kept);
        let (time, label, text) = match occasion {
            Occasion::Silent => (
                span(SILENT),
                say!(self.language, "silent" / "침묵"),
                say!(
                    self.language,
                    "open for 1 s, and silent: a browser's spare connection?"
                        / "1초째 요청이 없음: 브라우저의 예비 연결일 수 있음"
                ),
            ),
            Occasion::Quiet if is_kept => (
                String::new(),
                say!(self.language, "open" / "열림"),
                say!(self.language, "keep-alive: waits for the next request" / "keep-alive: 다음 요청을 기다림"),
            ),
            Occasion::Quiet => (
                String::new(),
                say!(self.language, "open" / "열림"),
                say!(
                    self.language,
                    "the client has not closed its sending side yet" / "클라이언트가 아직 보내는 쪽을 닫지 않음"
                ),
            ),
            Occasion::Closed | Occasion::Answering => return,
        };
        self.block.row(&time, Arrow::Inside, &label, &[plain(text)]);
    }

    fn row(&mut self, step: &Step) {
        let (time, late) = self.time(step);
        rows::write(&mut self.block, &time, step, late);
    }

    /// The time of a row; and beside it one that lies before what an earlier block told.
    fn time(&mut self, step: &Step) -> (String, String) {
        let Some(at) = step.at.value().copied() else { return (String::new(), String::new()) };
        if self.progress.latest.is_some_and(|latest| at < latest) {
            return (String::new(), say!(self.language, "(at {})" / "({}에)", span(at)));
        }
        let time = rows::time(step, self.above);
        (self.above, self.progress.latest) = (Some(at), Some(at));
        (time, String::new())
    }

    /// A sentence; of what is not visible, each once.
    fn remark(&mut self, step: &Step) {
        let is_missing = step.known == Known::NotVisible && !step.how.is_empty();
        let mut is_new =
            || self.progress.remarks.len() < MOST_REMARKS && self.progress.remarks.insert(step.title.clone());
        if is_missing && !is_new() {
            return;
        }
        self.block.remark(&[dim(step.title.clone())]);
    }
}
