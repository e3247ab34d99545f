//! What one browser is shown: server-sent events, as a body that is read.
//!
//! First a greeting and everything that is kept, the newest first. Then, in
//! turns of a tenth of a second, what has changed since. A stream keeps no
//! queue: it remembers which connections are due, and tells each as it is when
//! its turn comes. A browser that takes nothing for a while thus misses what was
//! forgotten meanwhile, is shown how much that is, and is up to date afterwards.
//!
//! ```text
//!   listen ─▶ hello ─▶ records, 50 at a time: what is kept ─▶ ┌─ a turn, each 100 ms ◀──────────┐
//!                                                             │  changed since the last: due    │
//!                                                             │  of those as many as may be:    │
//!                                                             │    records, waiting, left_out ──┘
//!                                                             ├─ its place is another's: gave_way ─▶ over
//!                                                             └─ the server ends: the rest, end ───▶ over
//! ```

use super::history::Key;
use super::hub::{Hub, State};
use super::queue;
use crate::language::Language;
use crate::record::connection::Record;
use crate::record::secrets::{Secrets, withheld};
use crate::story::json;
use crate::story::view::{self, Outline};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::io::{self, Read, Write};
use std::sync::{Arc, PoisonError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// How often a stream looks for what has changed.
const TURN: Duration = Duration::from_millis(100);
/// Records of one event: browsers draw between two events.
const BATCH: usize = 50;
/// How often what was left out is said anew, at most.
const COUNTED: Duration = Duration::from_secs(1);

/// The stream to one browser.
pub(super) struct Events {
    hub: Arc<Hub>,
    language: Language,
    /// Its place among the streams.
    number: u64,
    /// Written, and not yet read.
    text: Vec<u8>,
    read: usize,
    /// What was kept when the stream began, and is not yet shown: the newest last.
    kept: Vec<Arc<Record>>,
    /// The latest change that was looked at.
    seen: u64,
    /// Records that changed since they were shown.
    due: BTreeSet<Key>,
    /// Records that were shown, as long as they are kept.
    shown: BTreeSet<Key>,
    /// Connections taken in when the stream began, and shown of those that came later.
    admitted_before: u64,
    shown_since: u64,
    /// What was last said to wait for accept(2).
    waiting: Arc<queue::QueueContents>,
    /// What was last said to be left out, and when.
    said: Option<(Instant, LeftOutHere)>,
    /// The calls that it has followed: see [`Events::listen`].
    calls: u64,
    next_turn: Instant,
    last_word: Instant,
    is_over: bool,
}

/// All that this browser was not shown, in numbers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct LeftOutHere {
    /// Connections, by the collector or because there were too many at once.
    connections: u64,
    exchanges: u64,
    reports: u64,
    frames: u64,
    /// Connections that are known and were not shown to this browser.
    untold: u64,
}

/// Exchanges up to which all that is shown of a record goes along with it; of more, a page asks when it needs that.
const MOST_IN_AN_EVENT: usize = 8;
/// Records up to which that is so for each of an event.
const MOST_WHOLE: usize = 8;

/// The server's clock, in milliseconds since 1970: the page's axis ends at it, not at the browser's.
fn now() -> f64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs_f64() * 1000.0
}

/// Writes what a page shows of a record: all of it, or what it is in a list.
fn write_view(out: &mut Vec<u8>, record: &Record, is_one_of_many: bool, language: Language) -> io::Result<()> {
    match record.exchanges.len() <= MOST_IN_AN_EVENT && !is_one_of_many {
        true => json::write_visible(out, &view::view(record, Secrets::Withheld, language)),
        false => json::write_visible(out, &Outline::of(record, language)),
    }
}

/// Writes an array of what `write` writes of each.
fn write_each<T>(out: &mut Vec<u8>, items: &[T], write: impl Fn(&mut Vec<u8>, &T) -> io::Result<()>) -> io::Result<()> {
    out.push(b'[');
    for (index, item) in items.iter().enumerate() {
        out.extend_from_slice(if index == 0 { b"" } else { b"," });
        write(out, item)?;
    }
    out.push(b']');
    Ok(())
}

/// What a stream found when it looked.
enum Event {
    Records(Vec<Arc<Record>>),
    Call,
    /// Another stream has its place.
    Replaced,
    End,
    Nothing,
}

impl Events {
    /// Another stream, which begins with `greeting`, a JSON object, and how many records come
    /// right behind it; `None`: there are as many as may be.
    pub(super) fn listen(hub: &Arc<Hub>, greeting: Value, language: Language) -> Option<Self> {
        let place = hub.lock().admit_stream(hub.bounds.listeners, Instant::now());
        // Some may have gone unnoticed: written to, they are found out. Or one has lost its place.
        hub.bell.notify_all();
        Some(Self::new(Arc::clone(hub), place?, greeting, language))
    }

    fn new(hub: Arc<Hub>, number: u64, mut greeting: Value, language: Language) -> Self {
        let now = Instant::now();
        let (kept, seen, admitted, calls) = {
            let state = hub.lock();
            let history = &state.history;
            (history.records().collect(), history.last_change(), history.admitted(), state.calls)
        };
        let mut events = Self {
            hub,
            language,
            number,
            text: Vec::new(),
            read: 0,
            kept,
            seen,
            due: BTreeSet::new(),
            shown: BTreeSet::new(),
            admitted_before: admitted,
            shown_since: 0,
            waiting: Arc::default(),
            said: None,
            calls,
            next_turn: now,
            last_word: now,
            is_over: false,
        };
        // A browser that lost us asks again after a second; it gets everything anew.
        events.text.extend_from_slice(b"retry: 1000\n");
        greeting["kept"] = events.kept.len().into();
        events.say("hello", greeting.to_string().as_bytes());
        events.shown = events.kept.iter().map(|record| Key::of(record)).collect();
        events
    }

    fn say(&mut self, event: &str, data: &[u8]) {
        // Writing to a Vec does not fail. JSON has no line ends of its own.
        let _ = write!(self.text, "event: {event}\ndata: ");
        self.text.extend_from_slice(data);
        self.text.extend_from_slice(b"\n\n");
        self.last_word = Instant::now();
    }

    fn say_records(&mut self, records: &[Arc<Record>]) {
        let (are_many, language) = (records.len() > MOST_WHOLE, self.language);
        let mut data = format!("{{\"now\":{},\"records\":", now()).into_bytes();
        // Writing to a Vec does not fail.
        let _ = write_each(&mut data, records, |out, record| json::write(out, &*withheld(record)));
        data.extend_from_slice(b",\"views\":");
        let _ = write_each(&mut data, records, |out, record| write_view(out, record, are_many, language));
        data.push(b'}');
        self.say("records", &data);
    }

    /// Says what waits for accept(2), where that has changed.
    fn say_waiting(&mut self) {
        let Some(found) = self.hub.queue().filter(|found| *found != self.waiting) else { return };
        let language = self.language;
        // One that has just been accepted is shown as a record.
        let is_accepted = |client| self.hub.of_client(client).is_some_and(|record| record.close.is_none());
        let waiting = found.waiting.iter().filter(|(_, waiting)| !is_accepted(waiting.client));
        let connections: Vec<Value> = waiting
            .map(|(since, waiting)| {
                let about = view::waiting(waiting.bytes, waiting.is_half_closed, language);
                let spoken = format!("{}, {about}", waiting.client);
                let since = since.0 as f64 / 1e6;
                json!({ "client": waiting.client, "since": since, "bytes": waiting.bytes, "about": about, "spoken": spoken })
            })
            .collect();
        let sentence = view::queue(found.count, found.backlog, language);
        let queue = json!({ "waiting": found.count, "backlog": found.backlog });
        let data = json!({ "now": now(), "connections": connections, "queue": queue, "sentence": sentence });
        self.say("waiting", data.to_string().as_bytes());
        self.waiting = found;
    }

    /// Writes what comes next; returns when there is something, or when it is over.
    fn go_on(&mut self) {
        if !self.kept.is_empty() {
            let batch = self.kept.split_off(self.kept.len().saturating_sub(BATCH));
            return self.say_records(&batch);
        }
        while self.text.is_empty() && !self.is_over {
            match self.wait_for_a_turn() {
                Event::Records(records) => self.say_records(&records),
                Event::Call => self.text.extend_from_slice(b": are you there?\n\n"),
                Event::Replaced => {
                    self.say("gave_way", b"{}");
                    self.is_over = true;
                }
                Event::End => {
                    self.say("end", b"{}");
                    self.is_over = true;
                }
                Event::Nothing => {}
            }
            if !self.is_over {
                self.say_waiting();
            }
            if self.last_word.elapsed() >= self.hub.bounds.heartbeat {
                self.text.extend_from_slice(b": still here\n\n");
                self.last_word = Instant::now();
            }
        }
    }

    /// Waits for the next turn, and looks.
    fn wait_for_a_turn(&mut self) -> Event {
        let hub = Arc::clone(&self.hub);
        let mut state = hub.lock();
        loop {
            let wait = self.next_turn.saturating_duration_since(Instant::now());
            if !state.streams.contains_key(&self.number) {
                return Event::Replaced;
            }
            if wait.is_zero() || state.is_over || state.calls != self.calls {
                break;
            }
            state = hub.bell.wait_timeout(state, wait).unwrap_or_else(PoisonError::into_inner).0;
        }
        self.next_turn = Instant::now() + TURN;
        if state.calls != self.calls {
            self.calls = state.calls;
            return Event::Call;
        }
        self.look(&state)
    }

    fn look(&mut self, state: &State) -> Event {
        let history = &state.history;
        self.due.extend(history.changed_since(self.seen));
        self.seen = history.last_change();
        let room = (self.hub.bounds.shown_per_second as usize / 10).max(1);
        let mut records = Vec::new();
        // Half of the room is for what the browser shows already, the rest for what is new.
        let shown: Vec<Key> = self.due.intersection(&self.shown).take(room.div_ceil(2)).copied().collect();
        let new = self.due.iter().rev().filter(|key| !shown.contains(key)).copied();
        let chosen: Vec<Key> = shown.iter().copied().chain(new).collect();
        for key in chosen {
            if records.len() == room {
                break;
            }
            self.due.remove(&key);
            // What was forgotten meanwhile takes no room.
            if let Some(record) = history.record(key) {
                let is_shown = self.shown.range(key.parts()).next().is_some();
                self.shown.insert(key);
                self.shown_since += u64::from(!is_shown);
                records.push(record);
            }
        }
        for numbers in [&mut self.shown, &mut self.due] {
            if numbers.len() > 2 * self.hub.bounds.connections {
                numbers.retain(|&key| history.is_kept(key));
            }
        }
        let left_out = LeftOutHere {
            connections: state.left_out.connections + history.refused(),
            exchanges: state.left_out.exchanges,
            reports: state.left_out.reports,
            frames: state.left_out.frames,
            untold: (history.admitted() - self.admitted_before).saturating_sub(self.shown_since),
        };
        self.count(left_out, state.is_over && self.due.is_empty());
        match records.is_empty() {
            false => Event::Records(records),
            true if state.is_over => Event::End,
            true => Event::Nothing,
        }
    }

    /// Says what was left out where that has changed, once a second, and at the end.
    fn count(&mut self, left_out: LeftOutHere, is_last: bool) {
        let (is_news, is_due) = match self.said {
            None => (left_out != LeftOutHere::default(), true),
            Some((at, said)) => (left_out != said, is_last || at.elapsed() >= COUNTED),
        };
        if is_news && is_due {
            self.said = Some((Instant::now(), left_out));
            let LeftOutHere { connections, exchanges, reports, frames, untold } = left_out;
            let data = json!({
                "connections": connections, "exchanges": exchanges, "reports": reports, "frames": frames,
                "untold": untold,
            });
            self.say("left_out", data.to_string().as_bytes());
        }
    }
}

impl Read for Events {
    /// Waits for the next event; 0 at the end.
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.read == self.text.len() {
            if let Some(taken) = self.hub.lock().streams.get_mut(&self.number) {
                *taken = Instant::now();
            }
            self.text.clear();
            self.read = 0;
            if !self.is_over {
                self.go_on();
            }
        }
        let count = buffer.len().min(self.text.len() - self.read);
        buffer[..count].copy_from_slice(&self.text[self.read..self.read + count]);
        self.read += count;
        Ok(count)
    }
}

impl Drop for Events {
    fn drop(&mut self) {
        self.hub.lock().streams.remove(&self.number);
    }
}
