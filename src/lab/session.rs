//! One call of `glasshttp lab`: list or ask, perform, draw, explain, propose.

use super::blank::{self, blanks};
use super::drawing::{svg, terminal};
use super::experiment::Experiment;
use super::experiments::{all, numbered};
use super::files;
use super::inside::{self, Inside, Outside};
use super::own_programs::{self, Programs};
use super::perform::{Failure, Outcome, Settings, perform};
use super::prose::{self, columns};
use super::recorded::{self, Recorded, Recording, Surroundings};
use super::refusal::{Attempt, Refusal};
use super::report::{self, Source};
use super::run::Run;
use super::stop_order::StopOrder;
use crate::language::sentence::say;
use crate::language::{Language, cause};
use crate::packet::rule::{Conditions, Expected, Unclear};
use crate::replaced;
use anstyle::Style;
use std::io::{self, BufRead, IsTerminal, Write};
use std::path::{Path, PathBuf};

/// What is asked of the lab.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Options {
    /// The experiment's name or number; none: the list.
    pub experiment: Option<String>,
    /// The prediction: a, b, c …
    pub answer: Option<char>,
    /// TCP as in the books.
    pub textbook: bool,
    /// The wire's rules in place of the experiment's own.
    pub wire: Option<String>,
    /// One JSON document in place of the drawing.
    pub json: bool,
    /// Where the capture goes.
    pub pcapng: Option<PathBuf>,
    /// Where the slanted drawing goes.
    pub svg: Option<PathBuf>,
    /// Five figures are left to be filled in.
    pub blank: bool,
    /// Experiments are performed, and their runs written to this folder.
    pub record: Option<PathBuf>,
    /// Those that are, by name or number; without one, all of them.
    pub recorded: Vec<String>,
    /// The learner's own programs in place of an experiment.
    pub programs: Option<Programs>,
    /// The language.
    pub language: Language,
}

/// Why there is no result; each is one line.
#[derive(Debug)]
#[non_exhaustive]
pub enum Problem {
    /// No such experiment.
    Unknown(String),
    /// No such answer to its question: the last one is this.
    Answer(char, char),
    /// It could not be performed.
    Failed(Failure),
    /// The result could not be written.
    Output(PathBuf, io::Error),
    /// What would be written there would mix with the other file, or with standard output.
    OnePlace(PathBuf),
    /// What lies in the folder of recorded runs is none, of this experiment.
    Recorded(PathBuf, &'static str),
    /// Nobody reads standard output.
    Standard(io::Error),
}

impl Problem {
    /// The line.
    pub fn sentence(&self, language: Language) -> String {
        match self {
            Self::Unknown(name) => say!(
                language,
                "there is no experiment '{}'; the list: glasshttp lab"
                    / "없는 실험입니다: '{}'. 목록 보기: glasshttp lab",
                name
            ),
            Self::Answer(answer, last) => say!(
                language,
                "there is no answer '{}' to this question: it has a to {}"
                    / "이 질문에 없는 답입니다: '{}'. 답은 a부터 {}까지입니다",
                answer,
                last
            ),
            Self::Failed(Failure::Refused(refusal)) => match language {
                Language::English => refusal.to_string(),
                Language::Korean => refusal.korean(),
            },
            Self::Failed(Failure::Rules(unclear)) => format!("--wire: {}", not_understood(unclear, language)),
            Self::Failed(Failure::Act(error)) => say!(
                language,
                "the experiment could not be finished: {}" / "실험을 끝내지 못했습니다: {}",
                cause(error, language)
            ),
            Self::OnePlace(path) => say!(
                language,
                "{} would hold two things at once: --svg, --pcapng and standard output each need a place of their own"
                    / "{}에는 두 가지가 섞입니다. --svg, --pcapng, 표준 출력은 저마다 다른 곳이어야 합니다",
                path.display()
            ),
            Self::Output(path, error) => say!(
                language,
                "cannot write {}: {}" / "{}에 쓸 수 없습니다: {}",
                path.display(),
                cause(error, language)
            ),
            Self::Recorded(path, name) => say!(
                language,
                "{} holds no recorded run; try: glasshttp lab --record {} {}"
                    / "{}에는 실행 기록이 없습니다. 다시 기록하려면: glasshttp lab --record {} {}",
                path.display(),
                path.parent().unwrap_or(path).display(),
                name
            ),
            Self::Standard(error) => cause(error, language),
        }
    }
}

/// A word of the wire's rules, and what may stand there.
fn not_understood(unclear: &Unclear, language: Language) -> String {
    if language == Language::English {
        return unclear.to_string();
    }
    let hint = match unclear.expected {
        Expected::Condition => "지연(50ms), 속도(4m), 규칙(>syn:1 drop) 가운데 어느 것도 아닙니다",
        Expected::Kind => "패킷의 종류가 아닙니다: syn, ack, data, fin, rst, udp, any",
        Expected::Numbers => "1부터 세는 번호가 아닙니다: 1이나 1,3이나 2-4나 5-처럼 쓰세요",
        Expected::Action => "동작이 아닙니다: drop, hold=5ms, double, damage, cut=1s",
        Expected::ActionBehind => "뒤에 동작이 빠졌습니다: drop, hold=5ms, double, damage, cut=1s",
        Expected::FewerRules => "규칙은 64개까지 쓸 수 있습니다",
    };
    format!("'{}': {hint}", unclear.word)
}

/// Does what `options` ask for: gives the exit status. The process must have one thread.
///
/// # Errors
/// With the line that says why there is no result.
pub fn run(options: &Options) -> Result<i32, Problem> {
    if let Some(rules) = &options.wire {
        // Before anybody is asked for a prediction.
        Conditions::parse(rules).map_err(|unclear| Problem::Failed(Failure::Rules(unclear)))?;
    }
    // Before a run that would be for nothing.
    let files = options.pcapng.iter().chain(&options.svg);
    files
        .clone()
        .try_for_each(|path| files::can_be_written(path).map_err(|error| Problem::Output(path.clone(), error)))?;
    if let Some(path) = files::in_one_place(files) {
        return Err(Problem::OnePlace(path.clone()));
    }
    let mut out = anstream::stdout().lock();
    if let Some(programs) = &options.programs {
        drop(out);
        return inside(options, Outside::wait_and_give_the_order, |order| played_by(programs, order, options));
    }
    if let Some(folder) = &options.record {
        drop(out);
        let chosen = chosen(&options.recorded)?;
        return inside(options, Outside::wait, |_| record(&chosen, folder).map(|()| 0));
    }
    let Some(name) = &options.experiment else {
        return list(&mut out, options.language).map(|()| 0).map_err(Problem::Standard);
    };
    let experiment = find(name)?;
    let answer = match options.answer {
        Some(answer) if !('a'..=last_answer(experiment)).contains(&answer) => {
            return Err(Problem::Answer(answer, last_answer(experiment)));
        }
        Some(answer) => Some(answer),
        None if options.json => None,
        None => ask(&mut out, experiment, options.language).map_err(Problem::Standard)?,
    };
    drop(out);
    inside(options, Outside::wait, |_| performed(experiment, answer, options).map(|()| 0))
}

/// Runs `task` in namespaces of its own. The process that waits outside has nothing to
/// say: the one inside said it.
fn inside(
    options: &Options,
    wait: fn(Outside) -> io::Result<i32>,
    task: impl FnOnce(&StopOrder) -> Result<i32, Problem>,
) -> Result<i32, Problem> {
    let refused = |refusal| Problem::Failed(Failure::Refused(refusal));
    match inside::enter().map_err(refused)? {
        Inside::Parent(outside) => wait(outside).map_err(|error| refused(Refusal::new(Attempt::Fork, error))),
        Inside::Child(order) => std::process::exit(match task(&order) {
            Ok(status) => status,
            // A reader that has gone, as in `| head`, is no failure.
            Err(Problem::Standard(error)) if error.kind() == io::ErrorKind::BrokenPipe => 0,
            Err(problem) => {
                report::complain(&problem.sentence(options.language), options.language);
                1
            }
        }),
    }
}

fn performed(experiment: &Experiment, answer: Option<char>, options: &Options) -> Result<(), Problem> {
    let settings = Settings { textbook: options.textbook, wire: options.wire.clone(), ..Settings::default() };
    let outcome = perform(experiment, &settings).map_err(Problem::Failed)?;
    let kept = keep(Source::Experiment(experiment), &outcome.runs, options);
    shown(experiment, answer, options, (&settings, &outcome))?;
    kept
}

fn shown(
    experiment: &Experiment,
    answer: Option<char>,
    options: &Options,
    (settings, outcome): (&Settings, &Outcome),
) -> Result<(), Problem> {
    let mut out = anstream::stdout().lock();
    if options.json {
        return report::json(&mut out, experiment, settings, outcome, answer).map_err(Problem::Standard);
    }
    if let (true, Some(run)) = (options.blank, outcome.runs.first()) {
        let blanks = blanks(run);
        terminal::draw(&mut out, run, &blanks, columns(), options.language).map_err(Problem::Standard)?;
        blank::ask(&mut out, &blanks, columns(), options.language).map_err(Problem::Standard)?;
    }
    let written = tell(&mut out, experiment, outcome, answer, options.language);
    written.and_then(|()| out.flush()).map_err(Problem::Standard)
}

/// Performs experiments and keeps their runs, JSON and a drawing in each language; the pages show
/// all that lie in the folder.
fn record(experiments: &[&Experiment], folder: &Path) -> Result<(), Problem> {
    std::fs::create_dir_all(folder).map_err(|error| Problem::Output(folder.into(), error))?;
    let settings = Settings::default();
    for experiment in experiments {
        anstream::eprintln!("{}", experiment.name);
        let outcome = perform(experiment, &settings).map_err(Problem::Failed)?;
        let mut json = Vec::new();
        report::json(&mut json, experiment, &settings, &outcome, None).map_err(Problem::Standard)?;
        written(&document(experiment, folder), &json)?;
        for (language, ending) in [(Language::English, "svg"), (Language::Korean, "ko.svg")] {
            let drawing = svg::draw(Source::Experiment(experiment), &outcome.runs, language);
            written(&folder.join(format!("{}.{ending}", experiment.name)), drawing.as_bytes())?;
        }
    }
    let runs: Vec<_> = numbered().map(|(number, one)| recorded(number, one, folder)).collect::<Result<_, _>>()?;
    for (page, language) in [("index.html", Language::English), ("ko.html", Language::Korean)] {
        written(
            &folder.join(page),
            recorded::page(runs.iter().flatten(), Surroundings::of(folder), language).as_bytes(),
        )?;
    }
    Ok(())
}

/// The run that lies in the folder, if this experiment has one there.
fn recorded(number: u8, experiment: &'static Experiment, folder: &Path) -> Result<Option<Recorded>, Problem> {
    let path = document(experiment, folder);
    let bytes = match std::fs::read(&path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        read => read.ok(),
    };
    let run = bytes.and_then(|bytes| Recording::read(&bytes));
    run.map_or(Err(Problem::Recorded(path, experiment.name)), |run| Ok(Some(Recorded { number, experiment, run })))
}

fn document(experiment: &Experiment, folder: &Path) -> PathBuf {
    folder.join(format!("{}.json", experiment.name))
}

/// Writes a file whole, or leaves what was there.
fn written(path: &Path, bytes: &[u8]) -> Result<(), Problem> {
    replaced::write(path, bytes).map_err(|error| Problem::Output(path.into(), error))
}

/// The learner's own programs: their run is drawn, and nothing concluded.
fn played_by(programs: &Programs, order: &StopOrder, options: &Options) -> Result<i32, Problem> {
    let settings = Settings { textbook: options.textbook, wire: options.wire.clone(), ..Settings::default() };
    let ran = own_programs::run(programs, &settings, order, options.json).map_err(Problem::Failed)?;
    let runs = [ran.run];
    let kept = keep(Source::Programs(programs), &runs, options);
    let mut out = anstream::stdout().lock();
    let written = match (options.json, &runs) {
        (true, runs) => report::json_of_programs(&mut out, &settings, runs),
        (false, [run]) => writeln!(out)
            .and_then(|()| terminal::draw(&mut out, run, &[], columns(), options.language))
            .and_then(|()| report::of_programs(&mut out, run, columns(), options.language)),
    };
    written.and_then(|()| out.flush()).map_err(Problem::Standard)?;
    match (kept, ran.status) {
        (Err(problem), 1..) => {
            // The status is the client's all the same.
            report::complain(&problem.sentence(options.language), options.language);
            Ok(ran.status)
        }
        (kept, status) => kept.map(|()| status),
    }
}

/// Writes the files that were asked for, one whatever becomes of the other.
fn keep(source: Source<'_>, runs: &[Run], options: &Options) -> Result<(), Problem> {
    let capture = options.pcapng.as_ref().map(|path| written(path, &report::pcapng(source, runs, options.language)));
    let drawing = options.svg.as_ref().map(|path| written(path, svg::draw(source, runs, options.language).as_bytes()));
    match (capture, drawing) {
        (Some(Err(first)), Some(Err(second))) => {
            report::complain(&first.sentence(options.language), options.language);
            Err(second)
        }
        (capture, drawing) => capture.into_iter().chain(drawing).collect(),
    }
}

/// Those of these names or numbers; without one, all.
fn chosen(names: &[String]) -> Result<Vec<&'static Experiment>, Problem> {
    if names.is_empty() { Ok(all().collect()) } else { names.iter().map(|name| find(name)).collect() }
}

fn find(name: &str) -> Result<&'static Experiment, Problem> {
    let number = name.parse::<u8>().ok();
    let found = numbered().find(|(place, one)| one.name == name || number == Some(*place));
    found.map(|(_, one)| one).ok_or_else(|| Problem::Unknown(name.to_owned()))
}

fn list(out: &mut impl Write, language: Language) -> io::Result<()> {
    let bold = Style::new().bold();
    for (number, one) in numbered() {
        writeln!(out, "{number:2}  {bold}{:<20}{bold:#}  {}", one.name, one.title.of(language))?;
    }
    match language {
        Language::English => writeln!(out, "\nRun one by name or number: glasshttp lab handshake"),
        Language::Korean => writeln!(out, "\n이름이나 번호로 실행합니다: glasshttp lab handshake"),
    }
}

/// The letter of the last choice.
fn last_answer(experiment: &Experiment) -> char {
    char::from(b'a' + (experiment.choices.len() as u8).saturating_sub(1))
}

/// The question, and the answers that it has.
fn question(out: &mut impl Write, experiment: &Experiment, columns: usize, language: Language) -> io::Result<()> {
    prose::sentence(out, Style::new().bold(), experiment.title.of(language), columns)?;
    prose::sentence(out, Style::new(), experiment.question.of(language), columns)?;
    writeln!(out)?;
    for (letter, choice) in ('a'..).zip(experiment.choices) {
        prose::item(out, Style::new(), &format!("  {letter}  "), choice.of(language), columns)?;
    }
    writeln!(out)
}

/// The same; and, of a person at a terminal, the prediction.
fn ask(out: &mut impl Write, experiment: &Experiment, language: Language) -> io::Result<Option<char>> {
    question(out, experiment, columns(), language)?;
    if !io::stdin().is_terminal() || !io::stdout().is_terminal() {
        return Ok(None);
    }
    let last = last_answer(experiment);
    match language {
        Language::English => write!(out, "Your prediction (a–{last}, or Enter to just see it): ")?,
        Language::Korean => write!(out, "예상하는 답은? (a–{last}, 그냥 보려면 Enter): ")?,
    }
    out.flush()?;
    let mut line = String::new();
    io::stdin().lock().read_line(&mut line)?;
    Ok(line
        .trim()
        .chars()
        .next()
        .map(|letter| letter.to_ascii_lowercase())
        .filter(|letter| ('a'..=last).contains(letter)))
}

/// Drawing, verdict on the prediction, sentences, what to try next.
fn tell(
    out: &mut impl Write,
    experiment: &Experiment,
    outcome: &Outcome,
    answer: Option<char>,
    language: Language,
) -> io::Result<()> {
    let width = columns();
    for (index, run) in outcome.runs.iter().enumerate() {
        if let (true, Some(act)) = (outcome.runs.len() > 1, experiment.acts.get(index)) {
            writeln!(out)?;
            prose::sentence(out, Style::new().bold(), act.title_on(&run.conditions).of(language), width)?;
        } else {
            writeln!(out)?;
        }
        terminal::draw(out, run, &[], width, language)?;
        report::wire(out, run, width, language)?;
    }
    writeln!(out)?;
    report::verdict(out, experiment, outcome, answer, (width, language))?;
    prose::next(out, experiment, width, language)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::story::width::{LEAST, USUAL};
    use unicode_width::UnicodeWidthStr;

    #[test]
    fn no_question_is_wider_than_its_terminal() {
        for (experiment, language) in all().flat_map(|one| Language::ALL.map(|language| (one, language))) {
            for columns in [LEAST, USUAL] {
                let mut out = Vec::new();
                question(&mut out, experiment, columns, language).expect("written");
                let text = String::from_utf8(anstream::adapter::strip_bytes(&out).into_vec()).expect("UTF-8");
                assert!(text.lines().all(|line| line.width() <= columns), "{text}");
                let words = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
                assert!(words(&text).contains(&words(experiment.question.of(language))), "{text}");
            }
        }
    }
}
