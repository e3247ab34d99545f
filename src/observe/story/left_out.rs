//! What the story leaves out: connections that are too many to read. They are
//! counted by status, but each failure has a line.

use crate::language::Language;
use crate::observe::sink::{LeftOut, News};
use crate::record::How;
use crate::record::connection::{Exchange, Record};
use crate::story::layout::{Arrow, Block, Words, grouped, plain};
use crate::story::steps::{count, say};
use crate::story::{short, why_it_ended};
use std::collections::{BTreeMap, HashMap};

/// Columns of a request that is remembered until its second is over.
const MOST_OF_REQUEST: usize = 400;

/// Connections that are not shown.
#[derive(Debug, Default)]
pub(super) struct NotShown {
    /// Those that are open, and the last of their exchanges that was looked at.
    open: HashMap<u64, u64>,
    second: SecondLeftOut,
}

/// What is said of them when the second is over.
#[derive(Debug, Default)]
struct SecondLeftOut {
    connections: u64,
    /// Exchanges by their status.
    statuses: BTreeMap<u16, u64>,
    /// The same failure is one line, however often it came.
    failures: BTreeMap<(u16, String), Failure>,
    /// Connections that the server's side broke off, by the sentence that says why: the first, and how many.
    ends: BTreeMap<String, (String, u64)>,
    not_recorded: LeftOut,
    /// Exchanges that are in no record, by their status.
    unrecorded: BTreeMap<u16, u64>,
}

#[derive(Debug)]
struct Failure {
    /// Where it was first.
    number: String,
    figures: Vec<Words>,
    count: u64,
}

impl NotShown {
    /// The connection is shown no further than to this exchange.
    pub(super) fn leave_out(&mut self, connection: u64, exchange: u64) {
        self.second.connections += 1;
        self.open.insert(connection, exchange);
    }

    /// Looks at what is new of a connection that is not shown.
    pub(super) fn hear(&mut self, record: &Record, news: News, language: Language) {
        if !matches!(news, News::Responded | News::Continues | News::Closed) {
            return;
        }
        let Some(seen) = self.open.get_mut(&record.connection) else { return };
        for exchange in record.exchanges.iter().filter(|exchange| exchange.number > *seen) {
            *self.second.statuses.entry(exchange.status).or_default() += 1;
            if exchange.has_failed() {
                self.second.fail(record, exchange, language);
            }
        }
        // A part may end before exchanges that were seen.
        *seen = record.exchanges.last().map_or(*seen, |exchange| exchange.number.max(*seen));
        if news == News::Closed {
            self.open.remove(&record.connection);
            self.second.close(record, language);
        }
    }

    pub(super) fn add_not_recorded(&mut self, left_out: LeftOut) {
        self.second.not_recorded.add(left_out);
    }

    pub(super) fn add_unrecorded(&mut self, exchanges: &BTreeMap<u16, u64>) {
        for (status, count) in exchanges {
            *self.second.unrecorded.entry(*status).or_default() += count;
        }
    }

    pub(super) fn forget(&mut self) {
        *self = Self::default();
    }

    /// What was left out since this was last asked; empty if that is nothing.
    pub(super) fn take(&mut self, width: usize, language: Language) -> String {
        let second = std::mem::take(&mut self.second);
        let (left_out, not_recorded) = (second.left_out(language), second.not_recorded(language));
        if left_out.is_none() && not_recorded.is_none() {
            return String::new();
        }
        let mut block = Block::new(width);
        left_out.into_iter().for_each(|text| block.aside(&text));
        for ((_, request), failure) in &second.failures {
            let mut figures = failure.figures.clone();
            figures.extend((failure.count > 1).then(|| plain(format!("× {}", grouped(failure.count)))));
            block.folded(&failure.number, Arrow::ToServer, request, &figures, None);
        }
        for (sentence, (first, count)) in &second.ends {
            let count = if *count > 1 { format!("× {}", grouped(*count)) } else { String::new() };
            let closed = say!(language, "closed" / "종료");
            block.row(first, Arrow::Inside, &closed, &[plain(sentence.as_str()), plain(count)]);
        }
        not_recorded.into_iter().for_each(|text| block.aside(&text));
        block.finish()
    }
}

impl SecondLeftOut {
    fn fail(&mut self, record: &Record, exchange: &Exchange, language: Language) {
        let key = (exchange.status, short::request(exchange, MOST_OF_REQUEST, language));
        let number = || format!("#{}.{}", record.connection, exchange.number);
        let first = || Failure { number: number(), figures: short::figures(exchange, language), count: 0 };
        self.failures.entry(key).or_insert_with(first).count += 1;
    }

    /// An end that is the server's fault, and no exchange shows.
    fn close(&mut self, record: &Record, language: Language) {
        let Some(close) = &record.close else { return };
        let is_shown = record.exchanges.iter().any(Exchange::has_failed);
        if is_shown || !matches!(close.how, How::Lost | How::ResetByServer) {
            return;
        }
        let first = || (format!("#{}", record.connection), 0);
        self.ends.entry(why_it_ended(close, record, language)).or_insert_with(first).1 += 1;
    }

    fn left_out(&self, language: Language) -> Option<String> {
        let connections = (self.connections > 0)
            .then(|| count!(language, self.connections, "connection", "connections" / "연결 {}개"));
        let counts: Vec<String> = connections.into_iter().chain(by_status(&self.statuses, language)).collect();
        let counts = (!counts.is_empty()).then(|| counts.join(", "))?;
        Some(say!(language, "… left out in the last second: {}" / "… 지난 1초 동안 생략: {}", counts))
    }

    fn not_recorded(&self, language: Language) -> Option<String> {
        // Of the exchanges, the status of each is known; those of a report that was dropped are reports here.
        let LeftOut { connections, exchanges: _, reports, frames } = self.not_recorded;
        let connections = (connections, count!(language, connections, "connection", "connections" / "연결 {}개"));
        let others = [
            (reports, count!(language, reports, "report", "reports" / "보고 {}개")),
            (frames, count!(language, frames, "packet", "packets" / "패킷 {}개")),
        ];
        let said = |(count, text): (u64, String)| (count > 0).then_some(text);
        let counts = said(connections).into_iter().chain(by_status(&self.unrecorded, language));
        let counts: Vec<String> = counts.chain(others.into_iter().filter_map(said)).collect();
        let counts = (!counts.is_empty()).then(|| counts.join(", "))?;
        Some(say!(language, "… not recorded in the last second: {}" / "… 지난 1초 동안 기록되지 않음: {}", counts))
    }
}

fn by_status(counts: &BTreeMap<u16, u64>, language: Language) -> impl Iterator<Item = String> {
    counts.iter().map(move |(status, count)| short::of_status(*status, *count, language))
}
