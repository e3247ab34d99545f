//! The story of a fetch, for people: each transfer told when it is over, in
//! the look of the server's story. Where the server's half is there too, the
//! two stand side by side.

mod connection;
mod english;
mod exchange;
mod joined;
mod korean;
mod name;
mod phrases;

use super::notes::NOT_REACHED;
use super::record::{Record, Transfer};
use crate::language::Language;
use crate::observe::record::{Figure, Nanoseconds};
use crate::observe::story::layout::{Arrow, Block, Words, bold, dim, plain, span};
use crate::observe::story::phrases::fill;
use phrases::Phrases;

/// Up to where three digits show microseconds.
const FINE: Nanoseconds = 9_995_000;

/// How times and arrows are to be read: said once.
pub(super) fn legend(language: Language) -> String {
    let mut block = Block::default();
    block.aside(phrases::of(language).legend);
    block.finish()
}

/// Tells a transfer; `before`: those that were told already.
pub(super) fn tell(transfer: &Transfer, before: &Record, language: Language) -> String {
    let phrases = phrases::of(language);
    let mut block = Block::default();
    block.header(&[bold(format!("#{}", transfer.number)), bold(transfer.url.clone())]);
    if let Some(name) = &transfer.name {
        name::tell(name, &mut block, phrases);
    }
    let server = joined::half(transfer);
    let mut rows = Rows::default();
    connection::tell(transfer, before, server.is_some(), &mut rows, phrases);
    if server.is_none() {
        if let Some(exchange) = &transfer.exchange {
            exchange::tell(exchange, &mut rows, phrases);
        }
        connection::tell_end(transfer, &mut rows, phrases);
    }
    rows.write(&mut block);
    if let Some(half) = &server {
        joined::tell(transfer, half, &before.began, &mut block, phrases);
    }
    remarks(transfer, server.is_some(), &mut block, phrases);
    block.finish()
}

/// What belongs to no moment.
fn remarks(transfer: &Transfer, is_joined: bool, block: &mut Block, phrases: &Phrases) {
    if !transfer.withheld.is_empty() {
        block.remark(&[plain(fill(phrases.exchange.withheld, &[&transfer.withheld.join(", ")]))]);
    }
    exchange::tell_body(transfer, block, phrases);
    let inside = |block: &mut Block, label, words: &[Words]| block.row("", Arrow::Inside, label, words);
    if transfer.is_kept {
        inside(block, phrases.labels.kept, &[plain(phrases.end.kept)]);
    }
    if let Some(close) = &transfer.close {
        inside(block, phrases.labels.closed, &[plain(connection::counts(close, phrases))]);
        let known = phrases.reasons.iter().find(|(name, _)| *name == close.reason);
        block.remark(&[dim(known.map_or(close.sentence.as_str(), |(_, sentence)| sentence))]);
    }
    if let Some(url) = &transfer.redirects_to {
        inside(block, phrases.labels.next, &[plain(url.clone())]);
    }
    if transfer.is_retried {
        inside(block, phrases.labels.next, &[plain(phrases.exchange.retried)]);
    }
    not_visible(transfer, block, phrases);
    if let (Some(why), false) = (&transfer.no_server, is_joined) {
        block.remark(&[dim(phrases.no_server), dim(why.clone())]);
    }
}

/// What the kernel might have told of the exchange, and did not.
fn not_visible(transfer: &Transfer, block: &mut Block, phrases: &Phrases) {
    let Some(exchange) = &transfer.exchange else { return };
    for (name, figure) in phrases.names.iter().zip([&exchange.stages.acknowledged, &exchange.stages.arrived]) {
        if let Figure::NotVisible { why } = figure
            && why != NOT_REACHED
        {
            let why = phrases.whys.iter().find(|(known, _)| *known == why).map_or(why.as_ref(), |(_, told)| told);
            block.remark(&[dim(phrases.not_visible), dim(format!("{name} ({why})"))]);
        }
    }
}

/// Rows that are told in the order of time.
#[derive(Default)]
struct Rows(Vec<Row>);

struct Row {
    /// `None`: it stays where it is, behind the row before.
    at: Option<Nanoseconds>,
    place: Nanoseconds,
    mark: &'static str,
    arrow: Arrow,
    what: What,
}

enum What {
    Stage(&'static str, Vec<Words>),
    /// A request line, and a remark.
    Line(String, String),
}

impl Rows {
    fn stage(&mut self, at: &Figure<Nanoseconds>, arrow: Arrow, label: &'static str, words: Vec<Words>) {
        let row = Row { at: at.value().copied(), place: 0, mark: mark(at), arrow, what: What::Stage(label, words) };
        self.0.push(row);
    }

    fn stage_at(&mut self, at: Nanoseconds, arrow: Arrow, label: &'static str, text: impl Into<String>) {
        self.stage(&Figure::measured(at, ""), arrow, label, vec![plain(text)]);
    }

    fn line(&mut self, at: &Figure<Nanoseconds>, text: String, remark: String) {
        let (at, mark) = (at.value().copied(), mark(at));
        self.0.push(Row { at, place: 0, mark, arrow: Arrow::ToServer, what: What::Line(text, remark) });
    }

    fn write(mut self, block: &mut Block) {
        let mut latest = Nanoseconds::MIN;
        for row in &mut self.0 {
            latest = row.at.unwrap_or(latest);
            row.place = latest;
        }
        self.0.sort_by_key(|row| row.place);
        let mut above = None;
        for row in &self.0 {
            let time = row.at.map(|at| format!("{}{}", row.mark, time(at, above))).unwrap_or_default();
            above = row.at.or(above);
            match &row.what {
                What::Stage(label, words) => block.row(&time, row.arrow, label, words),
                What::Line(text, remark) => block.line(&time, row.arrow, text, Some(remark)),
            }
        }
    }
}

/// The time of a row: from the row above, where three digits would not tell them apart.
fn time(at: Nanoseconds, above: Option<Nanoseconds>) -> String {
    match above.map(|above| at - above) {
        Some(step @ 0..) if at > FINE && step < at / 100 => format!("+{}", span(step)),
        _ => span(at),
    }
}

/// `~` before what was not measured.
fn mark<T>(figure: &Figure<T>) -> &'static str {
    if matches!(figure, Figure::Derived { .. }) { "~" } else { "" }
}

#[cfg(test)]
mod tests;
