//! A body on its way into a file. Until it is whole it is `FILE.part`, and
//! beside that `FILE.part.validator` says of which version it is a part; so
//! that a part never passes for the whole, and never grows by another file's end.
//!
//! Nothing is opened before there is something to write: a response without a
//! body leaves all files as they are.

mod part;
mod start;

use crate::http::content_range::ContentRange;
use crate::http::message::{Framing, Headers, ReceivedHead, ResponseFraming};
use crate::record::Failure;
use crate::record::failure::{FileFault, RangeFault};
use crate::record::transfer::Saved;
use part::{Part, cannot_write};
use rustix::fs::Access;
use start::{Start, StartPlace, date, validator};
use std::fs::{self, File};
use std::io::{Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// How much is gathered before it is written, in bytes; `flush` writes what there is.
const GATHERED: usize = 64 * 1024;

/// A file that a body goes into.
pub(super) struct Download {
    path: PathBuf,
    /// What there is from before.
    start: Option<Start>,
    /// A range was asked for by hand: what comes is all that is wanted.
    is_range_wanted: bool,
    plan: Plan,
    state: State,
    gathered: Vec<u8>,
    last_modified: Option<SystemTime>,
}

/// What the head of the response made of it.
enum Plan {
    /// There is no body for this file.
    Nothing,
    /// A new part, of the version that this names.
    Create { validator: Option<String>, range: Option<Range> },
    /// Behind what there is.
    Append { range: Range },
    /// The server sends all of it, and of the same version: its beginning is there already.
    Skip { bytes: u64 },
    /// There is nothing more to come.
    WasWhole,
}

/// Where a part ends, and the whole.
#[derive(Clone, Copy)]
struct Range {
    /// The first byte behind it.
    end: u64,
    complete: Option<u64>,
}

enum State {
    /// Nothing was written.
    Waiting,
    /// Into a device or a pipe, as it comes.
    Direct(File),
    /// Into the part, which began with this much.
    Growing { part: Part, resumed_at: u64, bytes: u64 },
}

impl Download {
    /// Into `path`; with `resume`, behind what an earlier time left.
    ///
    /// # Errors
    /// If there can be no such file.
    pub(super) fn new(path: &Path, resume: bool, is_range_wanted: bool) -> Result<Self, Failure> {
        // What a link names is replaced, not the link.
        let path = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
        if path.is_dir() {
            return Err(Failure::File { path, fault: FileFault::Folder });
        }
        if path.exists() {
            rustix::fs::access(&path, Access::WRITE_OK).map_err(|error| cannot_write(&path, &error.into()))?;
        }
        let start = if resume { Start::find(&path)? } else { None };
        let (plan, state) = (Plan::Nothing, State::Waiting);
        Ok(Self { path, start, is_range_wanted, plan, state, gathered: Vec::new(), last_modified: None })
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
    ///
    /// # Errors
    /// If it is no body for this file, which stays as it is then.
    pub(super) fn begin(&mut self, response: Option<&ReceivedHead<'_>>) -> Result<u64, Failure> {
        self.plan = self.plan(response)?;
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

    /// The head itself is what goes into the file.
    pub(super) fn begin_head(&mut self) {
        self.plan = Plan::Create { validator: None, range: None };
    }

    fn plan(&self, response: Option<&ReceivedHead<'_>>) -> Result<Plan, Failure> {
        let status = response.map_or(200, |response| response.status.code());
        let framing = response.map_or(ResponseFraming::Plain(Framing::UntilClose), |response| response.framing);
        let headers = response.map(|response| response.headers).unwrap_or_default();
        let create = |range| Ok(Plan::Create { validator: validator(&headers), range });
        let has_no_body = matches!(framing, ResponseFraming::NoBody);
        let is_empty = has_no_body || framing == ResponseFraming::Plain(Framing::Length(0));
        if status == 206 && !self.is_range_wanted {
            return self.plan_range(&headers, framing);
        }
        match (&self.start, status) {
            (None, _) if has_no_body => Ok(Plan::Nothing),
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
        let value = content_range(headers);
        let range = headers.only("content-range").and_then(ContentRange::parse);
        let Some(ContentRange::Part { first, last, complete }) = range else {
            return Err(self.kept(RangeFault::Unnamed { value }));
        };
        if first != wanted {
            return Err(self.kept(RangeFault::Other { value }));
        }
        if let ResponseFraming::Plain(Framing::Length(length)) = framing
            && length != (last - first).saturating_add(1)
        {
            return Err(self.kept(RangeFault::Length { length, value }));
        }
        let range = Range { end: last.saturating_add(1), complete };
        let Some(start) = &self.start else {
            return Ok(Plan::Create { validator: validator(headers), range: Some(range) });
        };
        if !start.is_same_version(headers) {
            return Err(self.kept(RangeFault::Version));
        }
        Ok(Plan::Append { range })
    }

    fn plan_unsatisfied(&self, headers: &Headers<'_>, start: &Start) -> Result<Plan, Failure> {
        let is_whole = headers.only("content-range").and_then(ContentRange::parse)
            == Some(ContentRange::Unsatisfied { complete: start.bytes });
        if is_whole && start.is_same_version(headers) {
            return Ok(Plan::WasWhole);
        }
        Err(self.kept(RangeFault::Unsatisfied { value: content_range(headers) }))
    }

    /// Takes some of the body.
    ///
    /// # Errors
    /// If it can't be written, or is more than was announced.
    pub(super) fn write(&mut self, piece: &[u8]) -> Result<(), Failure> {
        if matches!(self.plan, Plan::Nothing | Plan::WasWhole) {
            return Ok(()); // the body of a 416
        }
        self.open()?;
        let piece = self.without_skipped(piece);
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
        let (file, path) = match &mut self.state {
            State::Waiting => return Ok(()),
            State::Direct(file) => (file, &self.path),
            State::Growing { part, .. } => (&mut part.file, &part.path),
        };
        file.write_all(bytes).map_err(|error| cannot_write(path, &error))
    }

    /// Opens what is written into, if that is not done yet.
    fn open(&mut self) -> Result<(), Failure> {
        if !matches!(self.state, State::Waiting) {
            return Ok(());
        }
        if fs::metadata(&self.path).is_ok_and(|metadata| !metadata.is_file()) {
            let file = File::options().write(true).open(&self.path);
            self.state = State::Direct(file.map_err(|error| cannot_write(&self.path, &error))?);
            return Ok(());
        }
        let start = self.start.take();
        let opened = match (&self.plan, start) {
            (Plan::Append { .. } | Plan::Skip { .. }, Some(start)) => start.into_part(&self.path),
            (Plan::Create { validator, .. }, start) => {
                let part = match start {
                    Some(Start { place: StartPlace::Part(part), .. }) => Ok(part),
                    _ => Part::open(&self.path, true),
                };
                part.and_then(|part| {
                    part.set_validator(None)?; // in this order: it never names the other version's bytes
                    part.file.set_len(0)?;
                    (&part.file).seek(SeekFrom::Start(0))?;
                    part.set_validator(validator.as_deref())?;
                    Ok((part, 0))
                })
            }
            (Plan::Nothing | Plan::WasWhole, _) | (_, None) => return Ok(()),
        };
        let (part, bytes) = opened.map_err(|error| cannot_write(&part::path_of(&self.path), &error))?;
        self.state = State::Growing { part, resumed_at: bytes, bytes };
        Ok(())
    }

    /// No more comes; `is_whole`: because that was all. What became of it, and
    /// whether that is what was wanted.
    pub(super) fn finish(mut self, is_whole: bool) -> (Saved, Result<(), Failure>) {
        let result = match self.state {
            State::Waiting if is_whole => self.finish_empty(),
            _ => self.flush(),
        };
        let is_whole = is_whole && result.is_ok();
        let last_modified = self.last_modified;
        match std::mem::replace(&mut self.state, State::Waiting) {
            State::Direct(_) => (Saved::File { path: self.path, resumed_at: 0, was_whole: false }, result),
            State::Growing { part, resumed_at, .. } if is_whole && self.is_complete(&part) => {
                if let Some(time) = last_modified {
                    let _ = part.file.set_modified(time); // what a later -C goes by
                }
                match part.become_whole(&self.path) {
                    Ok(()) => (Saved::File { path: self.path, resumed_at, was_whole: false }, Ok(())),
                    Err(error) => (Saved::Dropped, Err(cannot_write(&self.path, &error))),
                }
            }
            State::Growing { part, .. } => {
                let result = result.and_then(|()| if is_whole { Err(self.falls_short(&part)) } else { Ok(()) });
                match part.length() {
                    Ok(0) => (part.remove().map_or(Saved::Dropped, |()| Saved::Dropped), result),
                    length => (Saved::Part { path: part.path, bytes: length.unwrap_or_default() }, result),
                }
            }
            State::Waiting => self.finish_unwritten(result),
        }
    }

    /// The body was whole, and empty.
    fn finish_empty(&mut self) -> Result<(), Failure> {
        match (&self.plan, &self.start) {
            (Plan::Nothing | Plan::WasWhole, _) => Ok(()),
            (Plan::Create { range: None, .. }, None) => self.open(), // a whole of 0 bytes is a file, too
            (_, None) => Err(Failure::EmptyPart),
            (_, Some(_)) => Err(self.kept(RangeFault::Empty)),
        }
    }

    fn finish_unwritten(self, result: Result<(), Failure>) -> (Saved, Result<(), Failure>) {
        let saved = match (self.plan, self.start) {
            (Plan::WasWhole, Some(Start { place, bytes, .. })) => {
                if let StartPlace::Part(part) = place
                    && let Err(error) = part.become_whole(&self.path)
                {
                    return (Saved::Dropped, Err(cannot_write(&self.path, &error)));
                }
                Saved::File { path: self.path, resumed_at: bytes, was_whole: true }
            }
            (_, Some(Start { place: StartPlace::Part(part), bytes, .. })) => Saved::Part { path: part.path, bytes },
            _ => Saved::Dropped,
        };
        (saved, result)
    }

    /// Whether the part is the whole, by what the server said of it.
    fn is_complete(&self, part: &Part) -> bool {
        match &self.plan {
            Plan::Append { range } | Plan::Create { range: Some(range), .. } => {
                range.complete == Some(range.end) && part.length().is_ok_and(|length| length == range.end)
            }
            Plan::Skip { bytes } => *bytes == 0,
            _ => true,
        }
    }

    fn falls_short(&self, part: &Part) -> Failure {
        let length = part.length().unwrap_or_default();
        match &self.plan {
            Plan::Append { range } | Plan::Create { range: Some(range), .. } => match range.complete {
                _ if length < range.end => Failure::RangeEndsEarly { length, end: range.end },
                Some(complete) => Failure::RangeIsPart { length, complete },
                None => Failure::RangeWithoutTotal,
            },
            _ => Failure::ShorterThanPart,
        }
    }

    /// What is there stays, since the response is not what it lacks.
    fn kept(&self, fault: RangeFault) -> Failure {
        let path = match &self.start {
            Some(Start { place: StartPlace::Part(_), .. }) => part::path_of(&self.path),
            _ => self.path.clone(),
        };
        Failure::Range { path, is_resume: self.start.is_some(), fault }
    }
}

fn content_range(headers: &Headers<'_>) -> String {
    headers.all("content-range").next().map(String::from_utf8_lossy).unwrap_or_default().into_owned()
}
