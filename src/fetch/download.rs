//! A body on its way into a file. Until it is whole it is `FILE.part`, and
//! beside that `FILE.part.validator` says of which version it is a part; so
//! that a part never passes for the whole, and never grows by another file's end.

use super::failure::{Failure, Kind};
use super::record::Saved;
use crate::http::message::{Answer, Headers};
use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

/// A date is a strong validator only if the answer is that much younger (RFC 9110 §8.8.2.2).
const STRONG: Duration = Duration::from_secs(1);
/// The longest validator that is kept, in octets.
const LONGEST: usize = 1024;

/// A file that a body goes into.
pub(super) struct Download {
    path: PathBuf,
    /// What there is from before.
    start: Option<Start>,
    state: State,
    last_modified: Option<SystemTime>,
}

/// Some octets from an earlier time.
struct Start {
    /// Where they are: the part, or a file that may be whole.
    file: PathBuf,
    octets: u64,
    /// Of which version: an entity tag, or a date.
    validator: String,
}

enum State {
    /// Nothing was written.
    Waiting,
    /// Into a device or a pipe, as it comes.
    Direct(File),
    /// Into the part, which began with this much.
    Part { file: File, resumed_at: u64, octets: u64 },
    /// There is nothing more to come.
    WasWhole,
}

impl Download {
    /// Into `path`; with `resume`, behind what an earlier time left.
    ///
    /// # Errors
    /// If there can be no such file.
    pub(super) fn new(path: &Path, resume: bool) -> Result<Self, Failure> {
        // What a link names is replaced, not the link.
        let path = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
        if path.is_dir() {
            return Err(Failure::new(Kind::Local, format!("{} is a folder: name a file in it.", path.display())));
        }
        let start = if resume { Start::find(&path) } else { None };
        Ok(Self { path, start, state: State::Waiting, last_modified: None })
    }

    /// Whether the rest alone is asked for.
    pub(super) fn is_resuming(&self) -> bool {
        self.start.is_some()
    }

    /// The fields that ask for the rest alone.
    pub(super) fn fields(&self) -> Vec<(String, String)> {
        let Some(start) = &self.start else { return Vec::new() };
        vec![("Range".into(), format!("bytes={}-", start.octets)), ("If-Range".into(), start.validator.clone())]
    }

    /// Prepares for the body of `answer`: how many octets there are already.
    ///
    /// # Errors
    /// If it is no body for this file, which stays as it is then.
    pub(super) fn begin(&mut self, answer: Option<&Answer<'_>>) -> Result<u64, Failure> {
        let status = answer.map_or(200, |answer| answer.status.code());
        let headers = answer.map(|answer| answer.headers).unwrap_or_default();
        self.last_modified = date(&headers, "last-modified");
        let Some(start) = &self.start else { return self.create(&headers) };
        let range = headers.only("content-range").and_then(|value| std::str::from_utf8(value).ok()).unwrap_or_default();
        match status {
            206 if first_octet(range) == Some(start.octets) => self.go_on(),
            206 => {
                Err(self.kept(Kind::Malformed, &format!("the server sent another range than was asked for, {range:?}")))
            }
            416 if range.strip_prefix("bytes */").and_then(|total| total.parse().ok()) == Some(start.octets) => {
                self.state = State::WasWhole;
                Ok(start.octets)
            }
            416 => Err(self.kept(
                Kind::Status,
                &format!("the server has nothing behind it (416, {range:?}); remove it to begin anew"),
            )),
            // Another version, or a server that knows no ranges: all of it comes.
            200..=299 => self.create(&headers),
            other => Err(self.kept(Kind::Status, &format!("the server answered {other}"))),
        }
    }

    fn go_on(&mut self) -> Result<u64, Failure> {
        let Some(start) = &self.start else { return Ok(0) };
        let part = part(&self.path);
        let opened = || {
            if start.file != part {
                fs::rename(&start.file, &part)?;
                fs::write(validator_of(&part), &start.validator)?;
            }
            File::options().append(true).open(&part)
        };
        let file = opened().map_err(|error| cannot_write(&part, &error))?;
        let octets = start.octets;
        self.state = State::Part { file, resumed_at: octets, octets };
        Ok(octets)
    }

    fn create(&mut self, headers: &Headers<'_>) -> Result<u64, Failure> {
        if fs::metadata(&self.path).is_ok_and(|metadata| !metadata.is_file()) {
            let file = File::options().write(true).open(&self.path);
            self.state = State::Direct(file.map_err(|error| cannot_write(&self.path, &error))?);
            return Ok(0);
        }
        let part = part(&self.path);
        let create = || {
            let file = File::create(&part)?;
            match validator(headers) {
                Some(validator) => fs::write(validator_of(&part), validator)?,
                None => remove(&validator_of(&part))?,
            }
            Ok(file)
        };
        let file = create().map_err(|error: io::Error| cannot_write(&part, &error))?;
        self.state = State::Part { file, resumed_at: 0, octets: 0 };
        Ok(0)
    }

    pub(super) fn write(&mut self, piece: &[u8]) -> Result<(), Failure> {
        let result = match &mut self.state {
            State::Waiting | State::WasWhole => return Ok(()), // the body of a 416
            State::Direct(file) => file.write_all(piece),
            State::Part { file, octets, .. } => file.write_all(piece).inspect(|()| *octets += piece.len() as u64),
        };
        result.map_err(|error| cannot_write(&part(&self.path), &error))
    }

    /// No more comes; `is_whole`: because that was all.
    ///
    /// # Errors
    /// If what is whole can't get its name.
    pub(super) fn finish(self, is_whole: bool) -> Result<Saved, Failure> {
        let part = part(&self.path);
        match self.state {
            State::WasWhole => {
                let resumed_at = self.start.as_ref().map_or(0, |start| start.octets);
                if self.start.is_some_and(|start| start.file == part) {
                    give_its_name(&part, &self.path)?;
                }
                Ok(Saved::File { path: self.path, resumed_at, was_whole: true })
            }
            State::Direct(_) => Ok(Saved::File { path: self.path, resumed_at: 0, was_whole: false }),
            State::Part { file, resumed_at, .. } if is_whole => {
                if let Some(time) = self.last_modified {
                    let _ = file.set_modified(time); // what a later -C goes by
                }
                drop(file);
                give_its_name(&part, &self.path)?;
                Ok(Saved::File { path: self.path, resumed_at, was_whole: false })
            }
            State::Part { octets: 0, .. } => {
                let _ = (remove(&part), remove(&validator_of(&part)));
                Ok(Saved::Dropped)
            }
            State::Part { octets, .. } => Ok(Saved::Part { path: part, octets }),
            State::Waiting => Ok(match self.start {
                Some(start) if start.file == part => Saved::Part { path: part, octets: start.octets },
                _ => Saved::Dropped,
            }),
        }
    }

    /// What is there stays, since: `why`.
    fn kept(&self, kind: Kind, why: &str) -> Failure {
        let file = self.start.as_ref().map_or(&self.path, |start| &start.file);
        Failure::new(kind, format!("Cannot go on with {}, which stays as it is: {why}.", file.display()))
    }
}

impl Start {
    fn find(path: &Path) -> Option<Self> {
        let octets = |file: &Path| {
            let metadata = fs::metadata(file).ok().filter(|metadata| metadata.is_file() && metadata.len() > 0)?;
            Some((metadata.len(), metadata.modified().ok()))
        };
        let part = part(path);
        if let Some((octets, _)) = octets(&part) {
            let validator = fs::read_to_string(validator_of(&part)).ok()?;
            let is_one =
                !validator.is_empty() && validator.len() <= LONGEST && !validator.chars().any(char::is_control);
            return is_one.then_some(Self { file: part, octets, validator });
        }
        // Perhaps another client's part, or the whole: its time is Last-Modified, or the server sends all of it.
        let (octets, modified) = octets(path)?;
        Some(Self { file: path.to_owned(), octets, validator: httpdate::fmt_http_date(modified?) })
    }
}

/// What makes sure that a part is of the same version: a strong entity tag, or a date that is one.
fn validator(headers: &Headers<'_>) -> Option<String> {
    let tag = headers.only("etag").and_then(|value| std::str::from_utf8(value).ok());
    if let Some(tag) = tag.filter(|tag| tag.starts_with('"') && tag.len() <= LONGEST) {
        return Some(tag.to_owned());
    }
    let (modified, answered) = (date(headers, "last-modified")?, date(headers, "date")?);
    (answered.duration_since(modified).ok()? >= STRONG).then(|| httpdate::fmt_http_date(modified))
}

fn date(headers: &Headers<'_>, name: &str) -> Option<SystemTime> {
    httpdate::parse_http_date(std::str::from_utf8(headers.only(name)?).ok()?).ok()
}

/// The first octet of `bytes first-last/total`.
fn first_octet(range: &str) -> Option<u64> {
    range.strip_prefix("bytes ")?.split_once('-')?.0.trim().parse().ok()
}

fn part(path: &Path) -> PathBuf {
    with_suffix(path, ".part")
}

fn validator_of(part: &Path) -> PathBuf {
    with_suffix(part, ".validator")
}

fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = OsString::from(path.as_os_str());
    name.push(suffix);
    name.into()
}

fn give_its_name(part: &Path, path: &Path) -> Result<(), Failure> {
    fs::rename(part, path).and_then(|()| remove(&validator_of(part))).map_err(|error| cannot_write(path, &error))
}

/// A file that is not there is removed already.
fn remove(path: &Path) -> io::Result<()> {
    fs::remove_file(path).or_else(|error| if error.kind() == io::ErrorKind::NotFound { Ok(()) } else { Err(error) })
}

fn cannot_write(path: &Path, error: &io::Error) -> Failure {
    Failure::new(Kind::Local, format!("Cannot write {}: {error}.", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::message::Field;

    #[test]
    fn a_part_is_known_by_a_strong_validator_or_by_none() {
        let now = "Sun, 06 Nov 1994 08:49:37 GMT";
        for (fields, expected) in [
            (&[("ETag", "\"a\"")][..], Some("\"a\"")),
            (&[("ETag", "W/\"a\"")], None),
            (&[("Last-Modified", now)], None),
            (&[("Last-Modified", now), ("Date", now)], None),
            (&[("Last-Modified", now), ("Date", "Sun, 06 Nov 1994 08:49:38 GMT")], Some(now)),
            (&[("ETag", "W/\"a\""), ("Last-Modified", now), ("Date", "Mon, 07 Nov 1994 08:49:38 GMT")], Some(now)),
            (&[], None),
        ] {
            let fields: Vec<Field<'_>> =
                fields.iter().map(|(name, value)| Field { name, value: value.as_bytes() }).collect();
            assert_eq!(validator(&Headers::new(&fields)).as_deref(), expected, "{fields:?}");
        }
    }

    #[test]
    fn content_ranges() {
        for (range, expected) in
            [("bytes 5-9/10", Some(5)), ("bytes 5-9/*", Some(5)), ("bytes */10", None), ("5-9/10", None)]
        {
            assert_eq!(first_octet(range), expected, "{range}");
        }
    }
}
