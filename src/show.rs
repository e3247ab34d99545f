//! `glasshttp show FILE`: a saved log, or a saved fetch, shown again in today's words.

mod values;

use crate::language::sentence::say;
use crate::language::{Language, cause};
use crate::record::LeftOut;
use crate::record::connection::Record;
use crate::record::entry::Entry;
use crate::record::transfer::FetchRecord;
use crate::story::left_out::not_recorded;
use crate::story::{self, Occasion, Progress, transfer};
use std::collections::HashMap;
use std::fs::File;
use std::io::{self, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use values::Values;

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

/// Shows the records of a file, one after another, in lines of at most `width` columns. What the server said to be
/// in no record is said `beside` them, in the line with which it ended.
///
/// # Errors
/// In a sentence: if the file can't be read, or something in it is not a record.
pub fn run(options: &Options, width: usize, out: &mut impl Write, beside: &mut impl Write) -> Result<(), String> {
    let (file, language) = (options.file.display(), options.language);
    let input: Box<dyn Read> = match options.file.as_path() {
        path if path == Path::new("-") => Box::new(io::stdin()),
        path => Box::new(File::open(path).map_err(|error| {
            let (cause, hint) = (cause(&error, language), hint(language));
            say!(language, "cannot read {}: {}; {}" / "{}을(를) 읽을 수 없습니다: {}. {}", file, cause, hint)
        })?),
    };
    let mut teller = Teller {
        language,
        width,
        parts: HashMap::new(),
        has_shown: [false; 2],
        left_out: LeftOut::default(),
        bad: None,
        count: 0,
        version: None,
        experiment: None,
    };
    let shown = teller.show(Values::new(BufReader::new(input)), out);
    if shown.is_ok() && !teller.left_out.is_nothing() {
        // Nobody may be reading.
        let _ = writeln!(beside, "{}", not_recorded(teller.left_out, language));
    }
    match shown {
        // A reader that has gone, as in `show FILE | head`, is no failure.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        Err(error) => {
            let cause = cause(&error, language);
            Err(say!(language, "cannot read {}: {}" / "{}을(를) 읽을 수 없습니다: {}", file, cause))
        }
        Ok(()) => teller.complaint(&options.file).map_or(Ok(()), Err),
    }
}

/// What to try.
fn hint(language: Language) -> String {
    say!(
        language,
        "name a file that glasshttp --log json or glasshttp fetch --json wrote"
            / "glasshttp --log json이나 glasshttp fetch --json이 쓴 파일을 쓰세요"
    )
}

/// A run of the lab has its drawing beside it, if `lab --record` wrote it.
fn not_drawn(file: &Path, experiment: &str, language: Language) -> String {
    let drawing = file.with_extension(match language {
        Language::English => "svg",
        Language::Korean => "ko.svg",
    });
    if drawing.is_file() {
        return say!(
            language,
            "{} holds a run of the lab, not a record; its drawing: {}"
                / "{}에는 연결 기록이 아니라 실험의 실행 기록이 있습니다. 그 그림: {}",
            file.display(),
            drawing.display()
        );
    }
    let is_name = !experiment.is_empty() && experiment.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-');
    let name = if is_name && experiment != "programs" { format!(" {experiment}") } else { String::new() };
    say!(
        language,
        "{} holds a run of the lab, not a record; to see a new one: glasshttp lab{}"
            / "{}에는 연결 기록이 아니라 실험의 실행 기록이 있습니다. 새로 보려면: glasshttp lab{}",
        file.display(),
        name
    )
}

struct Teller {
    language: Language,
    width: usize,
    /// Of connections that are recorded in parts: what was shown of them.
    parts: HashMap<u64, Progress>,
    /// Whether a connection was shown, and a fetch.
    has_shown: [bool; 2],
    /// What the log says to be in no record, in all.
    left_out: LeftOut,
    /// The line where the first value begins that is not a record.
    bad: Option<u64>,
    /// How many there are.
    count: u64,
    /// The version of one that is a record of another program's.
    version: Option<u32>,
    /// The experiment of one that is a run of the lab.
    experiment: Option<String>,
}

impl Teller {
    fn show(&mut self, mut values: Values<impl io::BufRead>, out: &mut impl Write) -> io::Result<()> {
        while let Some((line, entry)) = values.next()? {
            match entry {
                Entry::Connection(record) => self.connection(&record, out)?,
                Entry::Run(run) => self.run(*run, out)?,
                Entry::LeftOut(left_out) => self.left_out.add(left_out),
                Entry::Version(version) | Entry::RunOfVersion(version) => {
                    self.version.get_or_insert(version);
                    self.bad(line);
                }
                Entry::Experiment(name) => {
                    self.experiment.get_or_insert(name);
                    self.bad(line);
                }
                Entry::Incomplete | Entry::Other | Entry::NotJson => self.bad(line),
            }
        }
        out.flush()
    }

    fn bad(&mut self, line: u64) {
        self.bad.get_or_insert(line);
        self.count += 1;
    }

    fn connection(&mut self, record: &Record, out: &mut impl Write) -> io::Result<()> {
        if !std::mem::replace(&mut self.has_shown[0], true) {
            out.write_all(story::legend(self.width, self.language).as_bytes())?;
        }
        let mut progress = self.parts.remove(&record.connection).filter(|_| record.part > 1).unwrap_or_default();
        let text = story::block(record, Occasion::Closed, &mut progress, self.width, self.language);
        if record.continues && self.parts.len() < MOST_PARTS {
            self.parts.insert(record.connection, progress);
        }
        out.write_all(text.as_bytes())
    }

    fn run(&mut self, run: FetchRecord, out: &mut impl Write) -> io::Result<()> {
        if !std::mem::replace(&mut self.has_shown[1], true) {
            out.write_all(transfer::legend(self.width, self.language).as_bytes())?;
        }
        let mut before = FetchRecord { transfers: Vec::new(), not_begun: None, ..run };
        for transfer in run.transfers {
            let text = transfer::text(&transfer, &before, false, self.width, self.language);
            out.write_all(text.as_bytes())?;
            if let Some(failed) = &transfer.failure {
                out.write_all(transfer::failure(failed, self.width, self.language).as_bytes())?;
            }
            before.transfers.push(transfer);
        }
        if let Some(failed) = &run.not_begun {
            out.write_all(transfer::failure(failed, self.width, self.language).as_bytes())?;
        }
        Ok(())
    }

    /// What is wrong with the file, in one line.
    fn complaint(&self, path: &Path) -> Option<String> {
        let (language, first, file) = (self.language, self.bad, path.display());
        let hint = hint(language);
        if let Some(experiment) = &self.experiment {
            return Some(not_drawn(path, experiment, language));
        }
        if let Some(version) = self.version {
            return Some(say!(
                language,
                "{}: the record on line {} is of version {}, which this glasshttp does not read; show it with the glasshttp that wrote it"
                    / "{}: {}번째 줄의 기록은 버전 {}이고 이 glasshttp가 읽지 못합니다. 기록한 glasshttp로 보세요",
                file,
                first.unwrap_or_default(),
                version
            ));
        }
        match (self.has_shown, first) {
            ([false, false], None) if !self.left_out.is_nothing() => None,
            ([false, false], _) => {
                Some(say!(language, "{} holds no record; {}" / "{}에 기록이 없습니다. {}", file, hint))
            }
            (_, None) => None,
            (_, Some(first)) if self.count == 1 => Some(say!(
                language,
                "{}: line {} is not a record; {}" / "{}: {}번째 줄은 기록이 아닙니다. {}",
                file,
                first,
                hint
            )),
            (_, Some(first)) => Some(say!(
                language,
                "{}: {} lines are not records, the first is line {}; {}"
                    / "{}: {}줄은 기록이 아니고 처음은 {}번째 줄입니다. {}",
                file,
                self.count,
                first,
                hint
            )),
        }
    }
}
