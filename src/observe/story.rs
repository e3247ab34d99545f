//! The story: each connection told in the terminal, one at a time, in a
//! language that people speak.
//!
//! A connection is told when it has closed, when it has gone quiet after an
//! exchange, when it stays silent, and when a response takes long; what comes
//! later continues it. Blocks are written whole, so connections never mix. Of
//! more connections than a person can read, some are told from beginning to end
//! and the others are counted.

#[cfg(test)]
mod tests;

use super::sink::{LeftOut, News, Sink};
use crate::language::Language;
use crate::record::connection::{Exchange, Record};
use crate::story::layout::Block;
use crate::story::steps::{count, say};
use crate::story::{self, MOST_EXCHANGES, Occasion, Progress};
use std::collections::HashMap;
use std::fmt;
use std::io::Write;
use std::time::{Duration, Instant};

/// How many connections are told each second, unless somebody says otherwise.
pub const PER_SECOND: u32 = 20;

/// For how long nothing is new of a connection that has gone quiet.
const QUIET: Duration = Duration::from_millis(300);
const SECOND: Duration = Duration::from_secs(1);
/// Connections that are remembered while they are open. One more, and the one
/// that nothing was heard of for longest is forgotten.
const MOST_OPEN: usize = 1_000;
/// Exchanges that are held back for one block, where some of them failed.
const MOST_FAILED: usize = 64;

/// Tells connections to a writer, with ANSI styles: the writer strips them where
/// they are not wanted, as `anstream::stdout()` does.
///
/// A writer that fails is written to no more.
pub struct Story<W> {
    /// `None` once it has failed.
    writer: Option<W>,
    language: Language,
    per_second: u32,
    clock: Box<dyn Fn() -> Instant + Send>,
    second: Second,
    /// Connections that are told, and open.
    told: HashMap<u64, Told>,
    /// The highest number of a connection that was heard of.
    newest: u64,
    has_begun: bool,
}

/// What was told and left out since `began`, which is a second ago at most.
struct Second {
    began: Instant,
    connections: u32,
    blocks: u32,
    left_out: LeftOut,
}

struct Told {
    progress: Progress,
    heard: Instant,
    waiting: Option<Waiting>,
}

/// What will be told if the connection stays quiet.
struct Waiting {
    /// With no more exchanges than a block holds.
    record: Record,
    /// The last exchange of the record that was looked at.
    seen: u64,
    total: u64,
}

impl<W: Write + Send> Story<W> {
    /// Tells at most `per_second` connections each second.
    pub fn new(writer: W, language: Language, per_second: u32) -> Self {
        Self::with_clock(writer, language, per_second, Box::new(Instant::now))
    }

    fn with_clock(writer: W, language: Language, per_second: u32, clock: Box<dyn Fn() -> Instant + Send>) -> Self {
        Self {
            writer: Some(writer),
            language,
            per_second,
            second: Second { began: clock(), connections: 0, blocks: 0, left_out: LeftOut::default() },
            clock,
            told: HashMap::new(),
            newest: 0,
            has_begun: false,
        }
    }

    /// Whether this connection is told: decided when it is first heard of, and never again.
    fn is_told(&mut self, record: &Record, news: News, now: Instant) -> bool {
        let number = record.connection;
        if self.told.contains_key(&number) {
            return true;
        }
        if news != News::Opened && number <= self.newest {
            return false;
        }
        self.newest = self.newest.max(number);
        if self.second.connections >= self.per_second {
            self.second.left_out.connections += 1;
            return false;
        }
        self.second.connections += 1;
        if self.told.len() >= MOST_OPEN
            && let Some(oldest) = self.told.iter().min_by_key(|(_, told)| told.heard).map(|(number, _)| *number)
            && let Some(told) = self.told.remove(&oldest)
            && !told.progress.is_introduced
        {
            self.second.left_out.connections += 1;
        }
        self.told.insert(number, Told { progress: Progress::default(), heard: now, waiting: None });
        true
    }

    /// Writes what waits and has been quiet for long enough, in order of accept.
    fn write_quiet(&mut self, now: Instant, quiet: Duration, most: u32) {
        let is_quiet = |told: &Told| told.waiting.is_some() && now.duration_since(told.heard) >= quiet;
        let mut numbers: Vec<u64> =
            self.told.iter().filter(|(_, told)| is_quiet(told)).map(|(number, _)| *number).collect();
        numbers.sort_unstable();
        for number in numbers {
            // The rest waits for the next second, and grows no longer by that.
            if self.second.blocks >= most {
                return;
            }
            let Some(told) = self.told.get_mut(&number) else { continue };
            let Some(Waiting { record, total, .. }) = told.waiting.take() else { continue };
            let text = story::block(&record, total, Occasion::Quiet, &mut told.progress, self.language);
            self.write(&text);
        }
    }

    /// Begins the next second if this one is over, and says what it left out.
    fn turn(&mut self, now: Instant) {
        if now.duration_since(self.second.began) < SECOND {
            return;
        }
        self.say_left_out();
        self.second = Second { began: now, connections: 0, blocks: 0, left_out: LeftOut::default() };
    }

    fn say_left_out(&mut self) {
        let left_out = std::mem::take(&mut self.second.left_out);
        if left_out.is_nothing() {
            return;
        }
        let language = self.language;
        let LeftOut { connections, exchanges, reports, frames } = left_out;
        let mut counts = Vec::new();
        if connections > 0 {
            counts.push(count!(language, connections, "connection", "connections" / "개 연결"));
        }
        if exchanges > 0 {
            counts.push(count!(language, exchanges, "exchange", "exchanges" / "개 교환"));
        }
        if reports > 0 {
            counts.push(count!(language, reports, "report", "reports" / "개 보고"));
        }
        if frames > 0 {
            counts.push(count!(language, frames, "packet", "packets" / "개 패킷"));
        }
        let mut block = Block::default();
        let counts = counts.join(", ");
        block.aside(&say!(language, "… {} left out in the last second" / "… 지난 1초 동안 {} 생략", counts));
        self.write(&block.finish());
    }

    fn write(&mut self, text: &str) {
        let Some(writer) = &mut self.writer else { return };
        let mut whole = String::new();
        if !std::mem::replace(&mut self.has_begun, true) {
            whole = story::legend(self.language);
        }
        whole.push_str(text);
        self.second.blocks += 1;
        if writer.write_all(whole.as_bytes()).and_then(|()| writer.flush()).is_err() {
            self.writer = None;
            self.told = HashMap::new();
        }
    }
}

impl<W: Write + Send> Sink for Story<W> {
    fn tell(&mut self, record: &Record, news: News) {
        if self.writer.is_none() {
            return;
        }
        let now = (self.clock)();
        self.turn(now);
        if !self.is_told(record, news, now) {
            return;
        }
        let Some(told) = self.told.get_mut(&record.connection) else { return };
        told.heard = now;
        let moment = match news {
            News::Opened | News::Receiving | News::Segments => return,
            News::Answered | News::Continues => return told.wait(record),
            News::Silent => Occasion::Silent,
            News::Answering => Occasion::Answering,
            News::Closed => Occasion::Closed,
        };
        told.waiting = None;
        let text = story::block(record, total(record), moment, &mut told.progress, self.language);
        if news == News::Closed {
            self.told.remove(&record.connection);
        }
        self.write(&text);
    }

    fn left_out(&mut self, left_out: LeftOut) {
        self.turn((self.clock)());
        let sum = &mut self.second.left_out;
        sum.connections += left_out.connections;
        sum.exchanges += left_out.exchanges;
        sum.reports += left_out.reports;
        sum.frames += left_out.frames;
    }

    fn pass_time(&mut self) {
        let now = (self.clock)();
        self.turn(now);
        self.write_quiet(now, QUIET, self.per_second.saturating_mul(2));
    }

    fn finish(&mut self) {
        self.write_quiet((self.clock)(), Duration::ZERO, u32::MAX);
        self.say_left_out();
    }
}

impl Told {
    /// Keeps what is new of `record` until it is told.
    fn wait(&mut self, record: &Record) {
        let known = self.progress.exchanges;
        let waiting =
            self.waiting.get_or_insert_with(|| Waiting { record: without_exchanges(record), seen: 0, total: 0 });
        let known = known.max(waiting.seen);
        let new = record.exchanges.iter().filter(|exchange| exchange.number > known);
        for exchange in new {
            let kept = &mut waiting.record.exchanges;
            // What failed is never left out, as far as there is room for it.
            let most = if exchange.status >= 400 { MOST_FAILED } else { MOST_EXCHANGES };
            if kept.len() < most {
                kept.push(exchange.clone());
            }
        }
        waiting.seen = record.exchanges.last().map_or(waiting.seen, |exchange| exchange.number);
        waiting.total = total(record);
    }
}

/// How many exchanges a connection had.
fn total(record: &Record) -> u64 {
    let last = record.exchanges.last().map_or(0, |exchange: &Exchange| exchange.number);
    last.max(record.exchanges.len() as u64 + record.exchanges_left_out)
}

fn without_exchanges(record: &Record) -> Record {
    Record {
        glasshttp: record.glasshttp,
        connection: record.connection,
        model: record.model.clone(),
        client: record.client,
        server: record.server,
        accepted: record.accepted.clone(),
        part: record.part,
        continues: record.continues,
        handshake: record.handshake.clone(),
        exchanges: Vec::new(),
        exchanges_left_out: record.exchanges_left_out,
        close: None,
        segments: None,
    }
}

impl<W> fmt::Debug for Story<W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Story").field("told", &self.told.len()).finish_non_exhaustive()
    }
}
