//! From a record to a block: which rows a connection has, and what of it was
//! told before. How a figure is known is marked as the legend says; a figure
//! that nobody reported is named below the rows, with its reason, once.

use super::layout::{Arrow, Block, Words, bold, dim, plain};
use super::rows::{Row, Rows, Stamp, What, stamp};
use super::words::{Phrases, counted, fill};
use crate::record::connection::{Exchange, Record};
use crate::record::{Figure, Nanoseconds, Why};

/// Exchanges that one block tells; further ones are counted.
pub(crate) const MOST_EXCHANGES: usize = 8;
/// When a connection is called silent.
const SILENT: Nanoseconds = 1_000_000_000;
/// Missing figures that are named, of one connection.
const MOST_MISSING: usize = 64;

/// What was told of a connection so far.
#[derive(Debug, Default)]
pub(crate) struct Progress {
    /// The header and the handshake.
    pub(crate) is_introduced: bool,
    /// The number of the last exchange that was told to its end, or left out.
    pub(crate) exchanges: u64,
    /// Whether the request after it was told.
    pub(super) is_begun: bool,
    /// Figures that were said to be missing, and why.
    missing: Vec<(&'static str, Why)>,
}

/// Why a block is written now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Occasion {
    Silent,
    Answering,
    Quiet,
    Closed,
}

/// The block that tells what is new of `record`, which had `total` exchanges so far.
pub(crate) fn block(
    record: &Record,
    total: u64,
    moment: Occasion,
    progress: &mut Progress,
    phrases: &'static Phrases,
) -> String {
    let teller = Teller { rows: Rows::default(), floor: 0, phrases, progress, missing: Vec::new() };
    teller.tell(record, total, moment)
}

pub(super) struct Teller<'a> {
    pub(super) rows: Rows,
    /// Below this row stands what the connection did last.
    pub(super) floor: usize,
    pub(super) phrases: &'static Phrases,
    pub(super) progress: &'a mut Progress,
    /// What this block lacks.
    missing: Vec<(&'static str, Why)>,
}

impl Teller<'_> {
    fn tell(mut self, record: &Record, total: u64, moment: Occasion) -> String {
        let told = self.progress.exchanges;
        let new: Vec<&Exchange> = record.exchanges.iter().filter(|exchange| exchange.number > told).collect();
        let mut block = Block::default();
        self.header(&mut block, record);
        if !std::mem::replace(&mut self.progress.is_introduced, true) {
            self.handshake(&record.handshake, record.client.is_ipv6());
        }
        for (index, exchange) in new.iter().take(MOST_EXCHANGES).enumerate() {
            self.exchange(exchange, moment == Occasion::Answering && index + 1 == new.len());
        }
        let under_way = u64::from(moment == Occasion::Answering);
        let more = total.saturating_sub(self.progress.exchanges + under_way);
        if more > 0 {
            self.remark([dim(counted(self.phrases.exchange.more, more))]);
            self.progress.exchanges += more;
            self.progress.is_begun = false;
        }
        self.outlook(record, moment, new.last().is_some_and(|exchange| exchange.is_kept));
        self.say_missing();
        self.rows.write(&mut block);
        block.finish()
    }

    fn header(&self, block: &mut Block, record: &Record) {
        let time = record.accepted.get(11..23).unwrap_or(&record.accepted);
        if self.progress.is_introduced {
            let again = format!("#{} {}", record.connection, self.phrases.again);
            return block.header(&[bold(again), plain(record.client.to_string())]);
        }
        block.header(&[
            bold(format!("#{}", record.connection)),
            bold(record.client.to_string()),
            dim(fill(self.phrases.accepted, &[time])),
            dim(record.model.clone()),
        ]);
    }

    /// What is to be expected of the connection now.
    fn outlook(&mut self, record: &Record, moment: Occasion, is_kept: bool) {
        let (phrases, labels) = (&self.phrases.exchange, &self.phrases.labels);
        match (moment, &record.close) {
            (Occasion::Silent, _) => {
                self.stage(Some((SILENT, "")), Arrow::Inside, labels.silent, [plain(phrases.silent)]);
            }
            (Occasion::Quiet, _) if is_kept => {
                self.stage(None, Arrow::Inside, labels.kept, [plain(phrases.kept)]);
            }
            (Occasion::Quiet, _) => self.stage(None, Arrow::Inside, labels.open, [plain(phrases.not_closed)]),
            (Occasion::Closed, Some(close)) => self.close(close, record),
            (Occasion::Closed, None) | (Occasion::Answering, _) => {}
        }
    }

    /// A figure with its mark; if it is missing, that is noted.
    pub(super) fn figure<T>(
        &mut self,
        figure: &Figure<T>,
        name: &'static str,
        show: impl Fn(&T) -> String,
    ) -> Option<String> {
        match figure {
            Figure::Measured { value, .. } => Some(show(value)),
            Figure::Derived { value, .. } => Some(format!("~{}", show(value))),
            Figure::NotVisible { why } => {
                let missing = (name, why.clone());
                if self.progress.missing.len() < MOST_MISSING && !self.progress.missing.contains(&missing) {
                    self.progress.missing.push(missing.clone());
                    self.missing.push(missing);
                }
                None
            }
        }
    }

    /// A time for the left column; if it is missing, that is noted.
    pub(super) fn time(&mut self, figure: &Figure<Nanoseconds>, name: &'static str) -> Stamp {
        self.figure(figure, name, |_| String::new());
        stamp(figure)
    }

    /// Adds a row.
    pub(super) fn stage<const N: usize>(&mut self, at: Stamp, arrow: Arrow, label: &'static str, words: [Words; N]) {
        self.rows.push(Row { at, what: What::Stage(arrow, label, words.into()) });
    }

    /// Adds a sentence.
    pub(super) fn remark<const N: usize>(&mut self, words: [Words; N]) {
        self.rows.push(Row { at: None, what: What::Remark(words.into()) });
    }

    /// What this connection lacks and was not said to lack, by reason.
    fn say_missing(&mut self) {
        let mut groups: Vec<(&Why, Vec<&str>)> = Vec::new();
        for (name, why) in &self.missing {
            match groups.iter_mut().find(|(known, _)| *known == why) {
                Some((_, names)) => names.push(name),
                None => groups.push((why, vec![name])),
            }
        }
        if groups.is_empty() {
            return;
        }
        let groups: Vec<String> = groups
            .iter()
            .map(|(why, names)| format!("{} ({})", names.join(", "), why.said(self.phrases.language)))
            .collect();
        self.remark([dim(self.phrases.not_visible), dim(groups.join("; "))]);
    }
}
