//! The lab for the live page: lists, begins a run by the launcher, hands over its lines,
//! passes decisions on. One run at a time.

use super::by_hand;
use super::decision;
use super::experiment::Experiment;
use super::experiments::all;
use super::facts::Facts;
use super::launched::{self, END, WAITS};
use super::launcher::{Launcher, NotLaunched};
use super::list;
use super::order::{Order, duration};
use super::perform::Outcome;
use super::recorded::Recording;
use crate::language::Language;
use crate::language::sentence::{Sentence, both};
use crate::lock::lock;
use crate::observe::live::lab::wish::{PATIENCE, Wish};
use crate::observe::live::lab::{Laboratory, NotBegun};
use crate::packet::link::Decision;
use crate::packet::rule::Rule;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use rustix::net::{RecvFlags, SendFlags, recv, send};
use serde_json::json;
use std::collections::BTreeSet;
use std::io::{self, Read};
use std::os::fd::OwnedFd;
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// How often a run in which nothing happens says that it goes on: a page that has gone is
/// noticed when it is written to.
const HEARTBEAT: Timespec = Timespec { tv_sec: 1, tv_nsec: 0 };
/// Bytes that are handed on at once.
const PIECE: usize = 16 << 10;
/// Bytes of a line by which it is known.
const LINE: usize = WAITS.len() + 16;

/// Of a run that broke off: what is known is how long it might have taken.
fn broken_off(longest: Duration) -> Sentence {
    let Sentence { en, ko } = duration(longest);
    both!(
        "It was ended before it was over: it may take {en}.",
        "끝나기 전에 중단되었습니다. {ko}까지 걸릴 수 있습니다."
    )
}

/// Experiments by a launcher.
#[derive(Debug)]
pub struct LabByLauncher {
    launcher: Option<Launcher>,
    under_way: Arc<Mutex<Option<UnderWay>>>,
}

/// The run under way.
#[derive(Debug)]
struct UnderWay {
    decisions: OwnedFd,
    /// Frames that wait for a decision.
    waiting: BTreeSet<u32>,
}

impl LabByLauncher {
    /// Experiments that `launcher` runs; without one, those that were recorded.
    pub fn new(launcher: Option<Launcher>) -> Self {
        Self { launcher, under_way: Arc::default() }
    }
}

impl Laboratory for LabByLauncher {
    fn list(&self, language: Language) -> Vec<u8> {
        list::list(language).to_string().into_bytes()
    }

    fn recorded(&self, name: &str, language: Language) -> Option<Vec<u8>> {
        let experiment = all().find(|one| one.name == name)?;
        let document = crate::lesson::file(&format!("lab/{}.json", experiment.name))?;
        let mut line = result(Recording::read(document)?, experiment, language).to_string().into_bytes();
        line.push(b'\n');
        line.extend_from_slice(END.as_bytes());
        Some(line)
    }

    fn run(&self, wish: &Wish, language: Language) -> Result<Box<dyn Read + Send>, NotBegun> {
        let Some(launcher) = &self.launcher else { return Err(NotBegun::NotHere) };
        let experiment = match all().position(|one| one.name == wish.name) {
            None if wish.name == by_hand::NAME => None,
            None => return Err(NotBegun::Unknown),
            place => place.and_then(|place| u8::try_from(place).ok()),
        };
        let order = Order {
            experiment,
            language,
            textbook: wish.textbook,
            patience: Duration::from_secs(wish.patience_s.unwrap_or(*PATIENCE.end()).into()),
            delay: wish.delay_ms.map(|delay| Duration::from_millis(delay.into())),
            rule: wish.packet.map(|packet| Rule {
                direction: packet.direction,
                kind: packet.kind,
                which: vec![(packet.number.into(), packet.number.into())],
                action: Order::action(packet.action),
            }),
        };
        // Held until it is launched: of two who ask at once, one is first.
        let mut under_way = lock(&self.under_way);
        if under_way.is_some() {
            return Err(NotBegun::UnderWay);
        }
        let socket = launcher.launch(&order).map_err(|why| match why {
            NotLaunched::UnderWay => NotBegun::UnderWay,
            NotLaunched::Failed => NotBegun::Unavailable,
        })?;
        let decisions = socket.try_clone().map_err(|_| NotBegun::Unavailable)?;
        *under_way = Some(UnderWay { decisions, waiting: BTreeSet::new() });
        Ok(Box::new(RunLines {
            socket,
            under_way: Arc::clone(&self.under_way),
            language,
            longest: order.longest(),
            line: Vec::new(),
            text: Vec::new(),
            read: 0,
            is_over: false,
        }))
    }

    fn decide(&self, frame: u32, decided: Decision) -> bool {
        let mut under_way = lock(&self.under_way);
        let Some(run) = under_way.as_mut() else { return false };
        if !run.waiting.remove(&frame) {
            return false;
        }
        send(&run.decisions, &decision::encode(frame, decided), SendFlags::NOSIGNAL | SendFlags::DONTWAIT).is_ok()
    }
}

/// The lines of the run under way; dropping them ends it.
struct RunLines {
    socket: OwnedFd,
    under_way: Arc<Mutex<Option<UnderWay>>>,
    language: Language,
    longest: Duration,
    /// The line that is being received, as far as it matters which one it is.
    line: Vec<u8>,
    /// Received, and not yet read.
    text: Vec<u8>,
    read: usize,
    is_over: bool,
}

impl RunLines {
    fn receive(&mut self) -> io::Result<()> {
        match poll(&mut [PollFd::new(&self.socket, PollFlags::IN)], Some(&HEARTBEAT)) {
            Ok(0) => {
                // Between two lines an empty one says nothing, and within one it would be wrong.
                if self.line.is_empty() || self.line.ends_with(b"\n") {
                    self.text.push(b'\n');
                }
                return Ok(());
            }
            Ok(_) | Err(Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
        let mut piece = [0; PIECE];
        match recv(&self.socket, &mut piece, RecvFlags::DONTWAIT) {
            Ok((0, _)) | Err(Errno::CONNRESET) => {
                if self.line != END.as_bytes() {
                    let sentence = broken_off(self.longest);
                    let sentence = sentence.of(self.language);
                    self.text = format!("\n{}\n{END}", json!({ "event": "failed", "sentence": sentence })).into_bytes();
                }
                self.is_over = true;
            }
            Ok((length, _)) => {
                self.text.extend_from_slice(&piece[..length]);
                self.follow(&piece[..length]);
            }
            Err(Errno::AGAIN | Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
        Ok(())
    }

    /// Notes which frames wait, by what is sent to the page.
    fn follow(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            if self.line.last() == Some(&b'\n') {
                self.line.clear();
            }
            // Of a longer one it is known by now what it is not.
            if self.line.len() < LINE || byte == b'\n' {
                self.line.push(byte);
            }
            if byte != b'\n' {
                continue;
            }
            let number = self
                .line
                .strip_prefix(WAITS.as_bytes())
                .and_then(|rest| std::str::from_utf8(rest).ok()?.trim_end_matches(['}', '\n']).parse().ok());
            if let (Some(number), Some(run)) = (number, lock(&self.under_way).as_mut()) {
                run.waiting.insert(number);
            }
        }
    }
}

impl Read for RunLines {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.read == self.text.len() {
            (self.text, self.read) = (Vec::new(), 0);
            while self.text.is_empty() && !self.is_over {
                self.receive()?;
            }
        }
        let count = buffer.len().min(self.text.len() - self.read);
        buffer[..count].copy_from_slice(&self.text[self.read..self.read + count]);
        self.read += count;
        Ok(count)
    }
}

impl Drop for RunLines {
    fn drop(&mut self) {
        *lock(&self.under_way) = None;
    }
}

/// A recorded run, as a run of its own would have sent it.
fn result(recording: Recording, experiment: &Experiment, language: Language) -> serde_json::Value {
    let (recorded, conclusion) = (recording.when_and_where(language), recording.conclusion());
    let (runs, facts) = (recording.acts, Facts::default());
    let outcome = Outcome { runs, facts, conclusion, is_another_wire: false, is_disturbed: false };
    let mut result = launched::result(experiment, &outcome, language);
    result["recorded"] = recorded.into();
    result
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_that_broke_off_is_said_how_long_it_might_have_taken() {
        let said = broken_off(Duration::from_secs(600));
        assert_eq!(said.en, "It was ended before it was over: it may take 10 minutes.");
        assert_eq!(said.ko, "끝나기 전에 중단되었습니다. 10분까지 걸릴 수 있습니다.");
        assert!(broken_off(Duration::from_secs(15)).en.ends_with("15 s."));
    }
}
