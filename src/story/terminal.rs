//! A connection's steps in a terminal: which of them are new since the last
//! block, and how each becomes a row.

use super::layout::{Arrow, Block, bold, dim, plain, span};
use super::parties::{Party, is_proxied, parties};
use super::rows;
use super::segments::{self, Shown};
use super::short;
use super::steps::{Kind, Known, Step, count, is_pipelined, say, steps};
use crate::language::Language;
use crate::language::particle::{OBJECT, SUBJECT};
use crate::record::connection::{Exchange, Record};
use crate::record::{Forwarded, Nanoseconds, ProxyHeaderState};
use std::collections::BTreeSet;

/// Exchanges of one block that are shown step by step: of more than that, the
/// first and those that failed. The others are a row each.
const MOST_WHOLE: usize = 4;
/// Such rows in one block; further exchanges are counted, unless they failed.
pub(crate) const MOST_ROWS: usize = 64;
/// When a connection is called silent.
const SILENT: Nanoseconds = 1_000_000_000;
/// Remarks that are remembered, of one connection.
const MOST_REMARKS: usize = 64;

/// What was shown of a connection so far.
#[derive(Debug, Default)]
pub(crate) struct Progress {
    /// The header and the handshake.
    pub(crate) is_introduced: bool,
    /// The number of the last exchange that was shown to its end, or left out.
    pub(crate) exchanges: u64,
    /// That of the last one that was looked at for the next block.
    pub(crate) seen: u64,
    /// How many of those are not in its record: none of them failed.
    pub(crate) passed: u64,
    /// Whether the one after it was shown as far as its response.
    is_begun: bool,
    /// The latest time that was shown.
    latest: Option<Nanoseconds>,
    /// How many of its segments were shown or left out.
    segments: u64,
    /// What was said not to be visible.
    remarks: BTreeSet<String>,
}

/// Why a block is written now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Occasion {
    Silent,
    Responding,
    /// More of its exchanges have failed than are held back.
    Full,
    Quiet,
    /// The server has closed its socket, and packets of the connection still pass.
    Closing,
    Closed,
}

/// How times and arrows are to be read: said once.
pub(crate) fn legend(width: usize, language: Language) -> String {
    let mut block = Block::new(width);
    block.aside(&say!(
        language,
        "Times since accept(), + since the row above, ~ derived, ≤ at most, ≥ at least"
            / "시간은 accept()부터, +는 윗줄부터, ~는 계산한 값, ≤는 그 이전, ≥는 그 이후"
    ));
    block.finish()
}

/// The block that shows what is new of `record`.
pub(crate) fn block(
    record: &Record,
    occasion: Occasion,
    progress: &mut Progress,
    width: usize,
    language: Language,
) -> String {
    let mut rows = Rows { block: Block::new(width), above: None, progress, language };
    rows.header(record);
    let chosen = rows.chosen(record);
    let mut folded = chosen.folded.clone();
    let mut remarks = Vec::new();
    let was_introduced = std::mem::replace(&mut rows.progress.is_introduced, true);
    let steps = steps(record, language);
    let is_row = |step: &Step| {
        step.exchange.is_none_or(|exchange| {
            let is_its_row = chosen.folded.contains(&exchange) && step.id.ends_with("-request");
            exchange <= rows.progress.exchanges || chosen.whole.contains(&exchange) || is_its_row
        })
    };
    let shown = Shown::of(record.segments.as_ref(), &steps, rows.progress.segments, is_row);
    rows.progress.segments = shown.known;
    for step in steps {
        if let Some(count) = shown.left_out_at(&step) {
            rows.leave_out_segments(count);
        }
        if let Some(exchange) =
            step.exchange.filter(|number| folded.remove(number)).and_then(|number| of(record, number))
        {
            rows.fold(&step, exchange, of(record, exchange.number.wrapping_sub(1)));
        }
        let is_new = match step.exchange {
            // Each segment once, whenever it is known.
            Some(number) if step.segment.is_some() => shown.has(&step) && !chosen.folded.contains(&number),
            None if step.segment.is_some() => shown.has(&step),
            Some(number) => chosen.whole.contains(&number) && !rows.is_shown(number, &step),
            None if step.is_of_handshake() => !was_introduced,
            None if step.id == "proxy-header" => !was_introduced || occasion == Occasion::Closed && !is_proxied(record),
            None if segments::is_gap(&step) => occasion == Occasion::Closed && shown.has_gap,
            None => occasion == Occasion::Closed && step.id != "open",
        };
        if !is_new || step.is_drawn_only {
            continue;
        }
        match step.kind {
            Kind::Note if !step.id.ends_with("-request") => remarks.push(step),
            _ => rows.row(&step),
        }
    }
    rows.advance(record, occasion == Occasion::Responding, &chosen);
    rows.outlook(record, occasion);
    for step in remarks {
        rows.remark(&step);
    }
    rows.block.finish()
}

/// Exchanges of a block, by their numbers.
#[derive(Debug, Default)]
struct Chosen {
    /// Told step by step.
    whole: BTreeSet<u64>,
    /// A row each.
    folded: BTreeSet<u64>,
}

struct Rows<'a> {
    block: Block,
    above: Option<Nanoseconds>,
    progress: &'a mut Progress,
    language: Language,
}

impl Rows<'_> {
    fn header(&mut self, record: &Record) {
        let time = record.accepted.get(11..23).unwrap_or(&record.accepted);
        if self.progress.is_introduced {
            let again = say!(self.language, "#{} again" / "#{} 이어서", record.connection);
            let parties = parties(record, self.language).into_iter().map(plain);
            return self.block.header(&[bold(again)].into_iter().chain(parties).collect::<Vec<_>>());
        }
        let number = bold(format!("#{}", record.connection));
        let accepted = dim(say!(self.language, "accepted {} UTC" / "연결 수락 {} UTC", time));
        let parties = parties(record, self.language).into_iter().map(bold);
        let words = [number].into_iter().chain(parties).chain([accepted, dim(record.model.clone())]);
        self.block.header(&words.collect::<Vec<_>>());
    }

    /// What is new and stands in this block: all that failed, and as much of the rest as finds room.
    fn chosen(&self, record: &Record) -> Chosen {
        let new = record.exchanges.iter().filter(|exchange| exchange.number > self.progress.exchanges);
        let are_few = new.clone().count() <= MOST_WHOLE;
        let mut chosen = Chosen::default();
        for (index, exchange) in new.enumerate() {
            let has_failed = exchange.has_failed();
            if are_few || index == 0 || (has_failed && chosen.whole.len() < MOST_WHOLE) {
                chosen.whole.insert(exchange.number);
            } else if has_failed || index < MOST_ROWS {
                chosen.folded.insert(exchange.number);
            }
        }
        chosen
    }

    /// An exchange as one row, whose time and arrow are those of its first step.
    fn fold(&mut self, first: &Step, exchange: &Exchange, before: Option<&Exchange>) {
        let (time, late) = self.time(first);
        let mut figures = short::figures(exchange, self.language);
        if let Some(Forwarded::Client(named)) = exchange.forwarded {
            figures.push(dim(say!(self.language, "client {}" / "클라이언트 {}", named)));
        }
        figures.extend(Some(dim(late)).filter(|(_, late)| !late.is_empty()));
        let request = short::request(exchange, usize::MAX / 8, self.language);
        // It came with what was before it, and its time is when its turn was.
        let remark = is_pipelined(exchange, before).then(|| say!(self.language, "pipelined" / "파이프라이닝"));
        self.block.folded(&time, rows::arrow(first), &request, &figures, remark.as_deref());
    }

    /// Whether this step of an exchange was shown when its response was under way.
    fn is_shown(&self, number: u64, step: &Step) -> bool {
        let was_begun = self.progress.is_begun && number == self.progress.exchanges + 1;
        was_begun && !(step.id.ends_with("-sent") || step.id.ends_with("-ack"))
    }

    fn leave_out_segments(&mut self, count: u64) {
        self.block.remark(&[dim(segments::more(count, self.language))]);
    }

    /// Counts what was shown, and says what was left out.
    fn advance(&mut self, record: &Record, under_way: bool, chosen: &Chosen) {
        let last = record.exchanges.last().map_or(0, |exchange| exchange.number);
        let end = last.max(self.progress.seen).saturating_sub(u64::from(under_way));
        let is_left_out = |number: &u64| {
            (self.progress.exchanges + 1..=end).contains(number)
                && !chosen.whole.contains(number)
                && !chosen.folded.contains(number)
        };
        let left_out = record.exchanges.iter().map(|exchange| exchange.number).filter(is_left_out).count();
        let more = std::mem::take(&mut self.progress.passed) + left_out as u64;
        if more > 0 {
            let more = count!(self.language, more, "more exchange", "more exchanges" / "교환 {}개");
            let text = say!(
                self.language,
                "… {} on this connection, none failed" / "… 이 연결의 {} 더 생략, 실패한 것은 없음",
                OBJECT.after(more, self.language)
            );
            self.block.remark(&[dim(text)]);
        }
        self.progress.exchanges = end.max(self.progress.exchanges);
        self.progress.is_begun = under_way;
    }

    /// What is to be expected of the connection now.
    fn outlook(&mut self, record: &Record, occasion: Occasion) {
        let begun = record.proxy_header.as_ref().filter(|header| header.state == ProxyHeaderState::Begun);
        let is_kept = record.exchanges.last().is_some_and(|exchange| exchange.is_kept);
        let (time, label, text) = match occasion {
            Occasion::Silent if is_proxied(record) => (
                String::new(),
                say!(self.language, "open" / "열림"),
                say!(
                    self.language,
                    "no request has followed the PROXY header yet" / "PROXY 헤더 뒤에 아직 요청이 없음"
                ),
            ),
            Occasion::Silent if begun.is_some() => (
                String::new(),
                say!(self.language, "open" / "열림"),
                say!(self.language, "the rest of the PROXY header is waited for" / "PROXY 헤더의 나머지를 기다림"),
            ),
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
                    "the {} has not closed its sending side yet" / "{} 아직 보내는 쪽을 닫지 않음",
                    SUBJECT.after(Party::of_client(record).name(self.language), self.language)
                ),
            ),
            Occasion::Closing => (
                String::new(),
                say!(self.language, "closing" / "닫는 중"),
                say!(
                    self.language,
                    "the server has closed its socket; packets still pass" / "서버는 소켓을 닫았고 패킷은 아직 오감"
                ),
            ),
            Occasion::Closed | Occasion::Responding | Occasion::Full => return,
        };
        self.block.row(&time, Arrow::Inside, &label, &[plain(text)]);
    }

    fn row(&mut self, step: &Step) {
        let (time, late) = self.time(step);
        rows::write(&mut self.block, &time, step, late);
    }

    /// The time of a row; and beside it one that lies before what an earlier block showed.
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

fn of(record: &Record, number: u64) -> Option<&Exchange> {
    record.exchanges.iter().find(|exchange| exchange.number == number)
}
