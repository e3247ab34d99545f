//! The story: connections shown in the terminal, one at a time, in sentences.
//!
//! A connection is shown when it has closed, when it has gone quiet after an
//! exchange, when it stays silent, and when a response takes long; what comes
//! later continues it. Blocks are written whole, so connections never mix. Of
//! more connections than a person can read, some are shown from beginning to end;
//! the others are counted, and each of their failures is a line.

mod left_out;
#[cfg(test)]
mod tests;

use super::pieces::Pieces;
use super::sink::{LeftOut, News, Records, Sink};
use crate::language::Language;
use crate::record::connection::Record;
use crate::story::steps::{count, say};
use crate::story::width::USUAL;
use crate::story::{self, MOST_ROWS, Occasion, Progress};
use left_out::NotShown;
use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::io::Write;
use std::time::{Duration, Instant};

/// How many connections are shown each second, unless another rate is given.
pub const PER_SECOND: u32 = 20;

/// For how long nothing is new of a connection that has gone quiet.
const QUIET: Duration = Duration::from_millis(300);
const SECOND: Duration = Duration::from_secs(1);
/// Connections that are remembered while they are open. One more, and the one
/// that nothing was heard of for longest is forgotten.
const MOST_OPEN: usize = 1_000;
/// Exchanges that are held back for one block: with as many failures, it is written at once.
const MOST_HELD: usize = 2 * MOST_ROWS;

/// Shows connections to a writer that keeps nothing back, with ANSI styles where they are wanted.
///
/// A writer that nobody reads any more is written to no more.
pub struct Story<W> {
    out: Pieces<W>,
    language: Language,
    width: fn() -> usize,
    per_second: u32,
    clock: Box<dyn Fn() -> Instant + Send>,
    second: Second,
    /// Connections that are shown, and open.
    shown: HashMap<u64, OpenConnection>,
    not_shown: NotShown,
    /// The highest number of a connection that was heard of.
    newest: u64,
    has_begun: bool,
}

/// What was shown since `began`, which is a second ago at most.
struct Second {
    began: Instant,
    connections: u32,
    blocks: u32,
}

struct OpenConnection {
    progress: Progress,
    heard: Instant,
    /// Whether the server has closed it, and its packets are not over.
    is_closing: bool,
    /// What will be shown if the connection stays quiet, with no more exchanges than a block holds.
    waiting: Option<Record>,
}

/// Whether more can be held back.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Held {
    Partly,
    Full,
}

impl<W: Write + Send> Story<W> {
    /// Shows at most `per_second` connections each second.
    pub fn new(writer: W, language: Language, per_second: u32) -> Self {
        Self::with_clock(writer, language, per_second, Box::new(Instant::now))
    }

    fn with_clock(writer: W, language: Language, per_second: u32, clock: Box<dyn Fn() -> Instant + Send>) -> Self {
        Self {
            out: Pieces::to(writer),
            language,
            width: || USUAL,
            per_second,
            second: Second { began: clock(), connections: 0, blocks: 0 },
            clock,
            shown: HashMap::new(),
            not_shown: NotShown::default(),
            newest: 0,
            has_begun: false,
        }
    }

    /// Asks before each block how wide its lines may be; else it is [`USUAL`].
    pub fn as_wide_as(self, width: fn() -> usize) -> Self {
        Self { width, ..self }
    }

    /// Where styles are not wanted: `strip` takes them away.
    #[must_use]
    pub fn stripped_by(self, strip: Option<fn(&str) -> String>) -> Self {
        Self { out: self.out.stripped_by(strip), ..self }
    }

    /// Whether this connection is shown: decided when it is first heard of, and never again.
    fn is_shown(&mut self, record: &Record, news: News, now: Instant) -> bool {
        let number = record.connection;
        if self.shown.contains_key(&number) {
            return true;
        }
        if news != News::Opened && number <= self.newest {
            return false;
        }
        self.newest = self.newest.max(number);
        if self.second.connections >= self.per_second {
            self.not_shown.leave_out(number, 0);
            return false;
        }
        self.second.connections += 1;
        if self.shown.len() >= MOST_OPEN
            && let Some(oldest) = self.shown.iter().min_by_key(|(_, shown)| shown.heard).map(|(number, _)| *number)
        {
            self.forget(oldest);
        }
        self.shown.insert(
            number,
            OpenConnection { progress: Progress::default(), heard: now, is_closing: false, waiting: None },
        );
        true
    }

    /// Shows no more of this connection than what waits.
    fn forget(&mut self, number: u64) {
        self.write_waiting(number, Occasion::Full, None);
        if let Some(shown) = self.shown.remove(&number) {
            self.not_shown.leave_out(number, shown.progress.exchanges);
        }
    }

    /// Keeps what is new until the connection is quiet, or until there is much of it.
    fn hold_back(&mut self, record: &Record) {
        while let Some(shown) = self.shown.get_mut(&record.connection)
            && shown.wait(record) == Held::Full
        {
            self.write_waiting(record.connection, Occasion::Full, Some(record));
        }
    }

    /// Shows what waits of a connection together with the segments that were seen of it, where there are any.
    fn write_quiet_one(&mut self, number: u64, records: &mut dyn Records) {
        let Some(shown) = self.shown.get_mut(&number) else { return };
        let occasion = if shown.is_closing { Occasion::Closing } else { Occasion::Quiet };
        match records.of(number) {
            Some(record) if record.segments.is_some() && !shown.is_beyond(record) => {
                let mut record = Record { close: None, ..record.clone() };
                record.exchanges.retain(|exchange| exchange.number <= shown.progress.seen);
                shown.waiting = None;
                (shown.progress.seen, shown.progress.passed) = (shown.progress.exchanges, 0);
                let text = story::block(&record, occasion, &mut shown.progress, (self.width)(), self.language);
                self.write(&text);
            }
            known => self.write_waiting(number, occasion, known),
        }
    }

    /// Shows what waits of a connection, with the segments that had been seen by its end and are `known`.
    fn write_waiting(&mut self, number: u64, occasion: Occasion, known: Option<&Record>) {
        let Some(shown) = self.shown.get_mut(&number) else { return };
        let Some(mut record) = shown.waiting.take() else { return };
        let segments = known.and_then(|known| known.segments.clone());
        let times = record.exchanges.last().into_iter().flat_map(|last| last.stages.named());
        let end = times.filter_map(|(_, at)| at.value().copied()).max();
        record.segments = segments.zip(end).map(|(segments, end)| segments.until(end));
        let text = story::block(&record, occasion, &mut shown.progress, (self.width)(), self.language);
        self.write(&text);
    }

    /// Writes what waits and has been quiet for long enough, in order of accept.
    fn write_quiet(&mut self, now: Instant, quiet: Duration, most: u32, records: &mut dyn Records) {
        let is_quiet = |shown: &OpenConnection| shown.waiting.is_some() && now.duration_since(shown.heard) >= quiet;
        let mut numbers: Vec<u64> =
            self.shown.iter().filter(|(_, shown)| is_quiet(shown)).map(|(number, _)| *number).collect();
        numbers.sort_unstable();
        for number in numbers {
            // The rest waits for the next second, and grows no longer by that.
            if self.second.blocks >= most {
                return;
            }
            if !records.are_segments_read(number) {
                continue;
            }
            self.write_quiet_one(number, records);
        }
    }

    /// Begins the next second if this one is over, and says what it left out.
    fn turn(&mut self, now: Instant) {
        if now.duration_since(self.second.began) < SECOND {
            return;
        }
        self.say_left_out();
        self.second = Second { began: now, connections: 0, blocks: 0 };
    }

    fn say_left_out(&mut self) {
        let text = self.not_shown.take((self.width)(), self.language);
        if !text.is_empty() {
            self.write(&text);
        }
    }

    fn write(&mut self, text: &str) {
        let legend = if self.has_begun { String::new() } else { story::legend((self.width)(), self.language) };
        let is_written = self.out.write(&(legend + text), |_| 1, not_written(self.language));
        self.has_begun |= is_written;
        self.second.blocks += 1;
        if self.out.is_gone() {
            self.shown = HashMap::new();
            self.not_shown.forget();
        }
    }
}

/// How many blocks are missing.
fn not_written(language: Language) -> impl FnOnce(u64) -> String {
    move |blocks| {
        let blocks = count!(language, blocks, "block", "blocks" / "블록 {}개");
        say!(language, "… {} not written\n\n" / "… {} 쓰지 못함\n\n", blocks)
    }
}

impl<W: Write + Send> Sink for Story<W> {
    fn take(&mut self, record: &Record, news: News) {
        if self.out.is_gone() {
            return;
        }
        let now = (self.clock)();
        self.turn(now);
        if !self.is_shown(record, news, now) {
            return self.not_shown.hear(record, news, self.language);
        }
        let Some(shown) = self.shown.get_mut(&record.connection) else { return };
        shown.heard = now;
        let moment = match news {
            News::Opened | News::Receiving | News::Segments => return,
            News::Responded | News::Continues => return self.hold_back(record),
            // What waits is shown when it has been quiet; the end, when all of it is known.
            News::Closing => {
                shown.is_closing = true;
                return self.hold_back(record);
            }
            News::Silent => Occasion::Silent,
            News::Responding => Occasion::Responding,
            News::Closed => Occasion::Closed,
        };
        if shown.is_beyond(record) {
            self.write_waiting(record.connection, Occasion::Full, Some(record));
        }
        let Some(shown) = self.shown.get_mut(&record.connection) else { return };
        if shown.waiting.take().is_some() {
            (shown.progress.seen, shown.progress.passed) = (shown.progress.exchanges, 0);
        }
        let text = story::block(record, moment, &mut shown.progress, (self.width)(), self.language);
        if news == News::Closed {
            self.shown.remove(&record.connection);
        }
        self.write(&text);
    }

    fn left_out(&mut self, left_out: LeftOut) {
        self.turn((self.clock)());
        self.not_shown.add_not_recorded(left_out);
    }

    fn unrecorded(&mut self, exchanges: &BTreeMap<u16, u64>) {
        self.turn((self.clock)());
        self.not_shown.add_unrecorded(exchanges);
    }

    fn pass_time(&mut self, records: &mut dyn Records) {
        let now = (self.clock)();
        self.turn(now);
        self.write_quiet(now, QUIET, self.per_second.saturating_mul(2), records);
    }

    fn finish(&mut self) {
        self.write_quiet((self.clock)(), Duration::ZERO, u32::MAX, &mut ());
        self.say_left_out();
        self.out.say_unwritten(not_written(self.language));
    }

    fn unwritten_pieces(&self) -> u64 {
        self.out.unwritten()
    }
}

impl OpenConnection {
    /// Keeps what is new of `record` until it is shown; what failed is never left out.
    fn wait(&mut self, record: &Record) -> Held {
        let progress = &mut self.progress;
        progress.seen = progress.seen.max(progress.exchanges);
        for exchange in &record.exchanges {
            if exchange.number <= progress.seen {
                continue;
            }
            let kept = &mut self.waiting.get_or_insert_with(|| empty_before(record, exchange.number)).exchanges;
            if kept.len() >= MOST_HELD {
                return Held::Full;
            }
            progress.seen = exchange.number;
            if exchange.has_failed() || kept.len() < MOST_ROWS {
                kept.push(exchange.clone());
            } else {
                progress.passed += 1;
            }
        }
        Held::Partly
    }

    /// Whether some of what waits is no longer in the connection's record, of which a further part began.
    fn is_beyond(&self, record: &Record) -> bool {
        let first = |record: &Record| record.exchanges.first().map(|exchange| exchange.number);
        let waiting = self.waiting.as_ref().and_then(first);
        waiting.is_some_and(|waiting| first(record).is_none_or(|first| waiting < first))
    }
}

/// The record without its exchanges, to which those from this number on are added.
fn empty_before(record: &Record, number: u64) -> Record {
    Record {
        glasshttp: record.glasshttp,
        connection: record.connection,
        model: record.model.clone(),
        client: record.client.clone(),
        server: record.server.clone(),
        accepted: record.accepted.clone(),
        part: record.part,
        continues: record.continues,
        earlier: record.before(number),
        handshake: record.handshake.clone(),
        exchanges: Vec::new(),
        exchanges_left_out: record.exchanges_left_out,
        close: None,
        named: record.named,
        proxy_header: record.proxy_header.clone(),
        segments: None,
    }
}

impl<W> fmt::Debug for Story<W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Story").field("shown", &self.shown.len()).finish_non_exhaustive()
    }
}
