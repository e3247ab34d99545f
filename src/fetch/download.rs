//! A body on its way into a file. Until it is whole it is `FILE.part`, and
//! beside that `FILE.part.validator` says of which version of which URL it is a part, and by which
//! fields it was asked for; so
//! that a part never passes for the whole, and never grows by another file's end.
//! FILE stays as it is through every failure, and is never gone on with.
//!
//! Nothing is opened before there is something to write: a response without a
//! body leaves all files as they are.

mod asked;
mod part;
mod start;

use super::fault::cannot_write;
use super::partial::{Extent, content_range};
use crate::http::content_range::ContentRange;
use crate::http::message::{Framing, Headers, ReceivedHead, ResponseFraming};
use crate::record::Failure;
use crate::record::failure::RangeFault;
use crate::record::transfer::Saved;
pub(super) use asked::Asked;
use part::{Part, Version};
use start::{Start, date, validator};
use std::io::Write;
use std::path::PathBuf;
use std::time::SystemTime;

/// How much is gathered before it is written, in bytes; `flush` writes what there is.
const GATHERED: usize = 64 * 1024;

/// A file that a body goes into.
pub(super) struct Download {
    path: PathBuf,
    asked: Asked,
    /// What there is from before.
    start: Option<Start>,
    plan: Plan,
    state: State,
    gathered: Vec<u8>,
    last_modified: Option<SystemTime>,
}

/// What `path`, its part and the part's validator are called.
pub(super) fn names_of(path: PathBuf) -> [PathBuf; 3] {
    let part = part::path_of(&path);
    let validator = part::validator_of(&part);
    [path, part, validator]
}

/// What the head of the response made of it.
enum Plan {
    /// There is no body for this file.
    Nothing,
    /// A new part, of the version that this names.
    Create { validator: Option<String>, range: Option<Extent> },
    /// Behind what there is.
    Append { range: Extent },
    /// The server sends all of it, and of the same version: its beginning is there already,
    /// and this much of that is still to come.
    Skip { bytes: u64 },
    /// There is nothing more to come.
    WasWhole,
}

enum State {
    /// Nothing was written.
    Waiting,
    /// Into the part, which began with this much.
    Growing { part: Part, resumed_at: u64, bytes: u64 },
}

impl Download {
    /// What was `asked` for into `path`, a regular file or none yet; with `resume`, behind what an earlier time left.
    ///
    /// # Errors
    /// If what there is can't be used.
    pub(super) fn new(path: PathBuf, asked: Asked, resume: bool) -> Result<Self, Failure> {
        let start = if resume { Start::find(&path, &asked)? } else { None };
        let (plan, state) = (Plan::Nothing, State::Waiting);
        Ok(Self { path, asked, start, plan, state, gathered: Vec::new(), last_modified: None })
    }

    /// Whether the rest alone is asked for.
    pub(super) fn is_resuming(&self) -> bool {
        self.start.is_some()
    }

    /// The fields that ask for the rest alone.
    pub(super) fn fields(&self) -> Vec<(String, String)> {
        let Some(start) = &self.start else { return Vec::new() };
        vec![("Range".into(), format!("bytes={}-", start.bytes)), ("If-Range".into(), start.validator.clone())]
    }

    /// Prepares for the body of `response`: how many bytes there are already.
    /// `is_range_wanted`: a range was asked for by hand, and what comes is all that is wanted.
    ///
    /// # Errors
    /// If it is no body for this file, which stays as it is then.
    pub(super) fn begin(&mut self, response: Option<&ReceivedHead<'_>>, is_range_wanted: bool) -> Result<u64, Failure> {
        self.plan = self.plan(response, is_range_wanted)?;
        let headers = response.map(|response| response.headers).unwrap_or_default();
        self.last_modified = date(&headers, "last-modified");
        Ok(match &self.plan {
            Plan::Append { .. } | Plan::WasWhole => self.start.as_ref().map_or(0, |start| start.bytes),
            Plan::Nothing | Plan::Create { .. } | Plan::Skip { .. } => 0,
        })
    }

    /// How long the whole is, where the response is a part of it and says so, in bytes.
    pub(super) fn announced(&self) -> Option<u64> {
        match &self.plan {
            Plan::Append { range } | Plan::Create { range: Some(range), .. } => range.complete,
            _ => None,
        }
    }

    /// Whether nothing was missing: what comes with that is not for the file.
    pub(super) fn was_whole(&self) -> bool {
        matches!(self.plan, Plan::WasWhole)
    }

    /// The head itself is what goes into the file.
    pub(super) fn begin_head(&mut self) {
        self.plan = Plan::Create { validator: None, range: None };
    }

    fn plan(&self, response: Option<&ReceivedHead<'_>>, is_range_wanted: bool) -> Result<Plan, Failure> {
        let status = response.map_or(200, |response| response.status.code());
        let framing = response.map_or(ResponseFraming::Plain(Framing::UntilClose), |response| response.framing);
        let headers = response.map(|response| response.headers).unwrap_or_default();
        let create = |range| Ok(Plan::Create { validator: validator(&headers), range });
        let has_no_body = matches!(framing, ResponseFraming::NoBody);
        let is_empty = has_no_body || framing == ResponseFraming::Plain(Framing::Length(0));
        if status == 206 && !is_range_wanted {
            return self.plan_range(&headers, framing);
        }
        match (&self.start, status) {
            (None, _) if has_no_body => Ok(Plan::Nothing),
            // A range asked for by hand may begin anywhere: a later -C must not go on from its length.
            (None, 206) => Ok(Plan::Create { validator: None, range: None }),
            (None, _) => create(None),
            (Some(start), 416) => self.plan_unsatisfied(&headers, start),
            (Some(_), 200..=299) if is_empty => Err(self.kept(RangeFault::NoBody { status })),
            // The server knows no ranges, or no If-Range.
            (Some(start), 200) if validator(&headers).as_ref() == Some(&start.validator) => {
                Ok(Plan::Skip { bytes: start.bytes })
            }
            // Another version: all of it comes.
            (Some(_), 200 | 203) => create(None),
            (Some(_), status) => Err(self.kept(RangeFault::Status { status })),
        }
    }

    /// What a 206 is: the rest that was asked for, the whole after all, or neither.
    fn plan_range(&self, headers: &Headers<'_>, framing: ResponseFraming) -> Result<Plan, Failure> {
        let wanted = self.start.as_ref().map_or(0, |start| start.bytes);
        let range = Extent::of(headers, framing, wanted).map_err(|fault| self.kept(fault))?;
        let Some(start) = &self.start else {
            return Ok(Plan::Create { validator: validator(headers), range: Some(range) });
        };
        if !start.is_same_version(headers) {
            return Err(self.kept(RangeFault::Version));
        }
        Ok(Plan::Append { range })
    }

    fn plan_unsatisfied(&self, headers: &Headers<'_>, start: &Start) -> Result<Plan, Failure> {
        let complete = match headers.only("content-range").and_then(ContentRange::parse) {
            Some(ContentRange::Unsatisfied { complete }) => Some(complete),
            _ => None,
        };
        let is_other_version = !start.is_same_version(headers);
        if complete == Some(start.bytes) && !is_other_version {
            return Ok(Plan::WasWhole);
        }
        let (value, bytes) = (content_range(headers), Some(start.bytes));
        Err(self.kept(RangeFault::Unsatisfied { value, bytes, complete, is_other_version }))
    }

    /// Takes some of the body.
    ///
    /// # Errors
    /// If it can't be written, or is more than was announced.
    pub(super) fn write(&mut self, piece: &[u8]) -> Result<(), Failure> {
        if matches!(self.plan, Plan::Nothing | Plan::WasWhole) {
            return Ok(()); // the body of a 416
        }
        let piece = self.without_skipped(piece);
        if piece.is_empty() {
            return Ok(()); // nothing is touched before there is more than it holds
        }
        self.open()?;
        let room = self.room();
        let (wanted, surplus) = piece.split_at(piece.len().min(usize::try_from(room).unwrap_or(usize::MAX)));
        if let State::Growing { bytes, .. } = &mut self.state {
            *bytes += wanted.len() as u64;
        }
        self.gather(wanted)?;
        if surplus.is_empty() {
            return Ok(());
        }
        self.flush()?;
        Err(Failure::RangeSurplus)
    }

    /// `piece` without what the part has already.
    fn without_skipped<'p>(&mut self, piece: &'p [u8]) -> &'p [u8] {
        let Plan::Skip { bytes } = &mut self.plan else { return piece };
        let skipped = usize::try_from(*bytes).unwrap_or(usize::MAX).min(piece.len());
        *bytes -= skipped as u64;
        &piece[skipped..]
    }

    /// How much more may come.
    fn room(&self) -> u64 {
        match (&self.plan, &self.state) {
            (Plan::Append { range } | Plan::Create { range: Some(range), .. }, State::Growing { bytes, .. }) => {
                range.end.saturating_sub(*bytes)
            }
            _ => u64::MAX,
        }
    }

    fn gather(&mut self, piece: &[u8]) -> Result<(), Failure> {
        if self.gathered.is_empty() && piece.len() >= GATHERED / 2 {
            return self.put(piece);
        }
        self.gathered.extend_from_slice(piece);
        if self.gathered.len() >= GATHERED { self.flush() } else { Ok(()) }
    }

    /// Writes what was gathered: nothing more comes for a while.
    ///
    /// # Errors
    /// If it can't be written.
    pub(super) fn flush(&mut self) -> Result<(), Failure> {
        let mut gathered = std::mem::take(&mut self.gathered);
        let result = self.put(&gathered);
        gathered.clear();
        self.gathered = gathered; // its room is used again
        result
    }

    fn put(&mut self, bytes: &[u8]) -> Result<(), Failure> {
        let State::Growing { part, .. } = &mut self.state else { return Ok(()) };
        part.file.write_all(bytes).map_err(|error| cannot_write(&part.path, &error))
    }

    /// Opens what is written into, if that is not done yet.
    fn open(&mut self) -> Result<(), Failure> {
        if !matches!(self.state, State::Waiting) {
            return Ok(());
        }
        let opened = match (&self.plan, self.start.take()) {
            (Plan::Append { .. } | Plan::Skip { .. }, Some(start)) => start.into_part(),
            (Plan::Create { .. }, Some(start)) => Ok((start.part, 0)),
            (Plan::Create { .. }, None) => Part::open(&self.path, true).map(|part| (part, 0)),
            (Plan::Nothing | Plan::WasWhole, _) | (_, None) => return Ok(()),
        };
        let (mut part, bytes) = opened.map_err(|error| cannot_write(&part::path_of(&self.path), &error))?;
        if let Plan::Create { validator, .. } = &self.plan {
            let version = validator.as_ref().and_then(|validator| Version::of(validator, &self.asked));
            part = part.emptied(version.as_ref())?;
        }
        self.state = State::Growing { part, resumed_at: bytes, bytes };
        Ok(())
    }

    /// No more comes; `is_whole`: because that was all. What became of it, and
    /// whether that is what was wanted.
    pub(super) fn finish(mut self, is_whole: bool) -> (Saved, Result<(), Failure>) {
        let result = match self.state {
            State::Waiting if is_whole => self.finish_unopened(),
            _ => self.flush(),
        };
        let is_whole = is_whole && result.is_ok();
        let State::Growing { part, resumed_at, .. } = std::mem::replace(&mut self.state, State::Waiting) else {
            return self.finish_unwritten(is_whole, result);
        };
        let judged = if is_whole { self.judge(&part) } else { Ok(()) };
        if is_whole && judged.is_ok() {
            if let Some(time) = self.last_modified {
                let _ = part.file.set_modified(time); // as it is at the server
            }
            return match part.become_whole(&self.path) {
                Ok(()) => (Saved::File { path: self.path, resumed_at, was_whole: false }, Ok(())),
                Err(failure) => (part.put_down(), Err(failure)),
            };
        }
        (part.put_down(), result.and(judged))
    }

    /// The body was whole, and nothing of it had to be written.
    fn finish_unopened(&mut self) -> Result<(), Failure> {
        match (&self.plan, &self.start) {
            (Plan::Nothing | Plan::WasWhole | Plan::Skip { bytes: 0 }, _) => Ok(()),
            (Plan::Create { range: None, .. }, None) => self.open(), // a whole of 0 bytes is a file, too
            (_, None) => Err(Failure::EmptyPart),
            (Plan::Skip { bytes }, Some(start)) if *bytes < start.bytes => Err(Failure::ShorterThanPart),
            (_, Some(_)) => Err(self.kept(RangeFault::Empty)),
        }
    }

    fn finish_unwritten(self, is_whole: bool, result: Result<(), Failure>) -> (Saved, Result<(), Failure>) {
        let was_whole = match self.plan {
            Plan::WasWhole => true,
            Plan::Skip { bytes: 0 } => is_whole,
            _ => false,
        };
        let saved = match self.start {
            Some(Start { part, bytes, .. }) if was_whole => {
                if let Err(failure) = part.become_whole(&self.path) {
                    return (part.put_down(), Err(failure));
                }
                Saved::File { path: self.path, resumed_at: bytes, was_whole: true }
            }
            Some(Start { part, .. }) => part.put_down(),
            None => Saved::Dropped,
        };
        (saved, result)
    }

    /// Whether the part is the whole, by what the server said of it.
    fn judge(&self, part: &Part) -> Result<(), Failure> {
        match &self.plan {
            Plan::Append { range } | Plan::Create { range: Some(range), .. } => {
                range.judge(part.length().unwrap_or_default())
            }
            _ => Ok(()),
        }
    }

    /// What is there stays, since the response is not what it lacks.
    fn kept(&self, fault: RangeFault) -> Failure {
        let path = match &self.start {
            Some(start) => start.part.path.clone(),
            None => self.path.clone(),
        };
        Failure::Range { path, is_resume: self.start.is_some(), fault }
    }
}
