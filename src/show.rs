//! `glasshttp show FILE`: a saved log shown again, in the words of today.

use crate::language::sentence::say;
use crate::language::{Language, cause};
use crate::record::connection::Record;
use crate::story::{self, Occasion, Progress};
use serde::Deserialize;
use std::collections::HashMap;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};

/// The longest line that is read, in bytes: a record holds 128 exchanges, of some kilobytes each.
const MOST_OF_A_LINE: u64 = 16 << 20;
/// Connections of several parts that are remembered.
const MOST_PARTS: usize = 10_000;

/// What is to be shown again.
#[derive(Clone, Debug)]
pub struct Options {
    /// The log; `-` is standard input.
    pub file: PathBuf,
    /// In which language.
    pub language: Language,
}

/// A line that is not a record, but says what was left out.
#[derive(Deserialize)]
struct Missing {
    left_out: serde_json::Value,
}

/// Shows the records of a log, one after another, in lines of at most `width` columns.
///
/// # Errors
/// In a sentence: if the file can't be read, or holds no record.
pub fn run(options: &Options, width: usize, out: &mut impl Write) -> Result<(), String> {
    let (file, language) = (options.file.display(), options.language);
    let input: Box<dyn Read> = match options.file.as_path() {
        path if path == Path::new("-") => Box::new(io::stdin()),
        path => Box::new(File::open(path).map_err(|error| {
            say!(
                language,
                "cannot read {}: {}; name a file that glasshttp --log json wrote"
                    / "{}을(를) 읽을 수 없습니다: {}. glasshttp --log json이 쓴 파일을 쓰십시오",
                file,
                cause(&error, language)
            )
        })?),
    };
    let mut teller = Teller { language, width, parts: HashMap::new(), shown: 0, bad: None, count: 0 };
    match teller.show(BufReader::new(input), out) {
        // A reader that has gone, as in `show FILE | head`, is no failure.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => return Ok(()),
        Err(error) => {
            return Err(say!(
                language,
                "cannot read {}: {}" / "{}을(를) 읽을 수 없습니다: {}",
                file,
                cause(&error, language)
            ));
        }
        Ok(()) => {}
    }
    match (teller.shown, teller.bad) {
        (0, _) => Err(say!(
            language,
            "{} holds no record; name a file that glasshttp --log json wrote"
                / "{}에 기록이 없습니다. glasshttp --log json이 쓴 파일을 쓰십시오",
            file
        )),
        (_, None) => Ok(()),
        (_, Some(first)) => Err(say!(
            language,
            "{}: {} lines are not records; the first is line {}" / "{}: {}줄은 기록이 아닙니다. 처음은 {}번째 줄입니다",
            file,
            teller.count,
            first
        )),
    }
}

struct Teller {
    language: Language,
    width: usize,
    /// Of connections that are recorded in parts: what was shown of them.
    parts: HashMap<u64, Progress>,
    shown: u64,
    bad: Option<u64>,
    count: u64,
}

impl Teller {
    fn show(&mut self, mut input: impl BufRead, out: &mut impl Write) -> io::Result<()> {
        let mut line = Vec::new();
        for number in 1.. {
            line.clear();
            let count = input.by_ref().take(MOST_OF_A_LINE).read_until(b'\n', &mut line)?;
            if count == 0 {
                break;
            }
            if line.trim_ascii().is_empty() {
                continue;
            }
            match serde_json::from_slice::<Record>(&line) {
                Ok(record) => self.record(&record, out)?,
                Err(_) if serde_json::from_slice::<Missing>(&line).is_ok_and(|line| line.left_out.is_object()) => {}
                Err(_) => {
                    self.bad.get_or_insert(number);
                    self.count += 1;
                }
            }
        }
        out.flush()
    }

    fn record(&mut self, record: &Record, out: &mut impl Write) -> io::Result<()> {
        if self.shown == 0 {
            out.write_all(story::legend(self.width, self.language).as_bytes())?;
        }
        self.shown += 1;
        let mut progress = self.parts.remove(&record.connection).filter(|_| record.part > 1).unwrap_or_default();
        let text = story::block(record, Occasion::Closed, &mut progress, self.width, self.language);
        if record.continues && self.parts.len() < MOST_PARTS {
            self.parts.insert(record.connection, progress);
        }
        out.write_all(text.as_bytes())
    }
}
