//! What is said of an outcome: the verdict, one JSON document, a capture file.

use super::drawing::label::{label, what_it_still_did};
use super::experiment::{Conclusion, Experiment};
use super::experiments::numbered;
use super::facts::Facts;
use super::own_programs::Programs;
use super::perform::{Outcome, Settings};
use super::prose;
use super::run::Run;
use crate::escape;
use crate::language::Language;
use crate::language::sentence::{ERROR, Text, text};
use crate::packet::rule::Conditions;
use crate::packet::{Direction, pcapng};
use anstyle::{AnsiColor, Style};
use serde::Serialize;
use std::io::{self, Write};
use std::net::IpAddr;
use std::time::{SystemTime, UNIX_EPOCH};

use super::network::{CLIENT, SERVER};

/// What was run.
#[derive(Clone, Copy, Debug)]
pub(super) enum Source<'a> {
    Experiment(&'a Experiment),
    Programs(&'a Programs),
    /// A person is the wire.
    ByHand,
}

impl Source<'_> {
    /// Its title, and what else is said of it in a file.
    pub(super) fn title(self, language: Language) -> String {
        match self {
            Self::Experiment(experiment) => experiment.title.of(language).to_owned(),
            Self::Programs(programs) => programs.client.join(" "),
            Self::ByHand => super::by_hand::TITLE.of(language).to_owned(),
        }
    }

    /// The title of an act, from 0, on this wire.
    pub(super) fn act(self, index: usize, wire: &Conditions, language: Language) -> String {
        match self {
            Self::Experiment(experiment) => {
                experiment.acts.get(index).map_or_else(String::new, |act| act.title_on(wire).of(language).to_owned())
            }
            Self::Programs(_) | Self::ByHand => String::new(),
        }
    }
}

/// The wire was late, in the last try, too.
pub(super) const DISTURBED: Text = text(
    "The machine was too busy for the wire to be on time: don't trust these times, run it again.",
    "컴퓨터가 바빠서 전선이 늦었습니다. 시간은 믿을 수 없으니 다시 실행해 보세요.",
);
/// The facts are not those that the sentences are about.
const DIFFERENT: Text = text(
    "On this machine it came out differently. The drawing is what really happened.",
    "이 컴퓨터에서는 다르게 나왔습니다. 그림이 실제로 일어난 일입니다.",
);
/// The wire is not the experiment's own.
const ANOTHER_WIRE: Text = text(
    "The wire was another one than the experiment's own, so nothing is concluded. The drawing is what really happened.",
    "실험의 원래 전선과 달라서 결론은 내리지 않습니다. 그림이 실제로 일어난 일입니다.",
);

/// Why nothing is concluded, where nothing is.
pub(super) fn why_nothing(outcome: &Outcome) -> Text {
    if outcome.is_another_wire { ANOTHER_WIRE } else { DIFFERENT }
}

/// One line on standard error.
pub(super) fn complain(sentence: &str, language: Language) {
    let (red, label) = (AnsiColor::Red.on_default().bold(), ERROR.of(language));
    anstream::eprintln!("{red}{label}{red:#} {}", escape::terminal(sentence));
}

/// The wire of a run, and by how much it was late.
pub(super) fn wire(out: &mut impl Write, run: &Run, columns: usize, language: Language) -> io::Result<()> {
    let said = match language {
        Language::English => format!("wire: {}; late by {:.1} ms at most", run.wire, run.late_ms),
        Language::Korean => format!("전선: {}; 최대 {:.1} ms 늦음", run.wire, run.late_ms),
    };
    prose::sentence(out, Style::new().dimmed(), &said, columns)
}

/// A run of the learner's programs, below its drawing: its wire, and whether that was on time.
pub(super) fn of_programs(out: &mut impl Write, run: &Run, columns: usize, language: Language) -> io::Result<()> {
    wire(out, run, columns, language)?;
    if run.is_disturbed() {
        writeln!(out)?;
        prose::sentence(out, Style::new(), DISTURBED.of(language), columns)?;
    }
    Ok(())
}

/// What was predicted against what was measured, and why it was so.
pub(super) fn verdict(
    out: &mut impl Write,
    experiment: &Experiment,
    outcome: &Outcome,
    answer: Option<char>,
    (columns, language): (usize, Language),
) -> io::Result<()> {
    let (plain, bold) = (Style::new(), Style::new().bold());
    let ko = language == Language::Korean;
    if outcome.is_disturbed {
        prose::sentence(out, plain, DISTURBED.of(language), columns)?;
    }
    let Some(conclusion) = &outcome.conclusion else {
        return prose::sentence(out, plain, why_nothing(outcome).of(language), columns);
    };
    let right = (b'a' + conclusion.choice as u8) as char;
    let measured = experiment.choices.get(conclusion.choice).map_or("", |choice| choice.of(language));
    if let Some(answer) = answer {
        let said = usize::from((answer as u8).saturating_sub(b'a'));
        let said = experiment.choices.get(said).map_or("", |choice| choice.of(language));
        let mark = if answer == right { "✓" } else { "✗" };
        let mark = if ko { format!("{mark} 예상  {answer}  ") } else { format!("{mark} You said     {answer}  ") };
        prose::item(out, plain, &mark, said, columns)?;
    }
    let mark = if ko { format!("  측정  {right}  ") } else { format!("  Measured     {right}  ") };
    prose::item(out, bold, &mark, measured, columns)?;
    writeln!(out)?;
    for sentence in &conclusion.why {
        prose::sentence(out, plain, sentence.of(language), columns)?;
    }
    writeln!(out)
}

#[derive(Serialize)]
struct Document<'a> {
    experiment: &'a str,
    number: Option<u8>,
    /// RFC 3339, UTC.
    date: String,
    kernel: String,
    textbook: bool,
    /// What was predicted and what was measured, by letter.
    answer: Option<char>,
    measured: Option<char>,
    disturbed: bool,
    facts: &'a Facts,
    sentences: Vec<Both<'a>>,
    acts: &'a [Run],
}

#[derive(Serialize)]
struct Both<'a> {
    en: &'a str,
    ko: &'a str,
}

/// The outcome as one JSON document.
pub(super) fn json(
    out: &mut impl Write,
    experiment: &Experiment,
    settings: &Settings,
    outcome: &Outcome,
    answer: Option<char>,
) -> io::Result<()> {
    let why = outcome.conclusion.as_ref().map_or(&[][..], |conclusion| &conclusion.why);
    let letter = |conclusion: &Conclusion| (b'a' + conclusion.choice as u8) as char;
    let document = Document {
        experiment: experiment.name,
        number: numbered().find(|(_, one)| one.name == experiment.name).map(|(number, _)| number),
        date: humantime::format_rfc3339_seconds(SystemTime::now()).to_string(),
        kernel: kernel(),
        textbook: settings.textbook,
        answer,
        measured: outcome.conclusion.as_ref().map(letter),
        disturbed: outcome.is_disturbed,
        facts: &outcome.facts,
        sentences: why.iter().map(|one| Both { en: &one.en, ko: &one.ko }).collect(),
        acts: &outcome.runs,
    };
    written(out, &document)
}

/// A run of the learner's programs as one JSON document.
pub(super) fn json_of_programs(out: &mut impl Write, settings: &Settings, runs: &[Run]) -> io::Result<()> {
    let document = Document {
        experiment: "programs",
        number: None,
        date: humantime::format_rfc3339_seconds(SystemTime::now()).to_string(),
        kernel: kernel(),
        textbook: settings.textbook,
        answer: None,
        measured: None,
        disturbed: runs.iter().any(Run::is_disturbed),
        facts: &Facts::default(),
        sentences: Vec::new(),
        acts: runs,
    };
    written(out, &document)
}

fn written(out: &mut impl Write, document: &Document<'_>) -> io::Result<()> {
    let mut json = serde_json::to_vec(document)?;
    escape::in_json(&mut json, 0); // a program's name may be anything
    json.push(b'\n');
    out.write_all(&json)
}

/// `Linux 6.18.44`
pub(super) fn kernel() -> String {
    let name = rustix::system::uname();
    format!("{} {}", name.sysname().to_string_lossy(), name.release().to_string_lossy())
}

/// All acts as a capture: each frame as it left its sender, so that a lost one is there.
pub(super) fn pcapng(source: Source<'_>, runs: &[Run], language: Language) -> Vec<u8> {
    let mut file = Vec::new();
    let mut comments = vec![escape::terminal(&source.title(language))];
    for (index, run) in runs.iter().enumerate() {
        let missing = run.what_is_missing(language).map(|missing| match source.act(index, &run.conditions, language) {
            act if act.is_empty() => missing,
            act => format!("{act}: {missing}"),
        });
        comments.extend(missing);
    }
    pcapng::begin(&mut file, concat!("glasshttp lab ", env!("CARGO_PKG_VERSION")), &comments);
    pcapng::interface(&mut file, pcapng::LinkType::Ethernet, "wire", "the wire, each frame as it left its sender", 0);
    pcapng::names(&mut file, &[(IpAddr::V4(CLIENT), "client"), (IpAddr::V4(SERVER), "server")]);
    let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_nanos() as u64);
    // Acts lie a minute apart, so that Wireshark tells their connections apart.
    for (index, run) in runs.iter().enumerate() {
        let begun = now + index as u64 * 60_000_000_000;
        for (segment, frame) in run.segments.iter().zip(&run.frames) {
            let mut comments = vec![label(segment, language)];
            let deed = segment.wire.map(|deed| deed.sentence(language));
            let still = what_it_still_did(segment, language).filter(|still| deed != Some(still));
            comments.extend(deed.into_iter().chain(still).map(str::to_owned));
            let entry = pcapng::Frame {
                interface: 0,
                at: begun + (segment.sent_ms * 1e6) as u64,
                length: frame.len() as u32,
                bytes: frame,
                is_inbound: Some(segment.direction == Direction::ToClient),
                comments: &comments,
            };
            pcapng::frame(&mut file, &entry);
        }
    }
    file
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lab::drawing::{svg, terminal};
    use crate::lab::drawn::DrawnAct;
    use crate::lab::experiments::all;
    use crate::lab::feed::{NotedCall, Side};
    use crate::lab::recorded::in_the_folder;
    use crate::lab::wire::{Passage, Passages};
    use crate::language::Sentence;
    use crate::language::sentence::both;
    use crate::packet::link::Fate;
    use unicode_width::UnicodeWidthStr;

    #[test]
    fn frames_that_were_not_kept_are_counted_wherever_the_run_is_shown() {
        let mut passages = Passages::default();
        passages.unkept = 21_234;
        let mut run = Run::new("clean", passages, Vec::new(), Vec::new());
        run.segments = in_the_folder("close").acts.remove(0).segments;
        let (programs, runs) = (Programs::default(), [run]);
        for (language, said) in [(Language::English, "21234 more frames"), (Language::Korean, "21234개")] {
            let mut drawing = Vec::new();
            terminal::draw(&mut drawing, &runs[0], &[], 110, language).expect("written");
            let page = serde_json::to_vec(&DrawnAct::of(&runs[0], "", language)).expect("JSON");
            let picture = svg::draw(Source::Programs(&programs), &runs, language).into_bytes();
            let capture = pcapng(Source::Programs(&programs), &runs, language);
            for shown in [drawing, page, picture, capture] {
                let shown = String::from_utf8_lossy(&shown);
                assert!(shown.contains(said), "{shown}");
            }
        }
        let mut document = Vec::new();
        json_of_programs(&mut document, &Settings::default(), &runs).expect("written");
        let document: serde_json::Value = serde_json::from_slice(&document).expect("JSON");
        assert_eq!(document["acts"][0]["unkept"], 21_234);
    }

    #[test]
    fn a_frame_that_is_not_ip_is_drawn_captured_and_in_the_document() {
        let mut request = [[0xff; 6], [2, 0, 10, 0, 0, 1]].concat();
        request.extend([8, 6, 0, 1, 8, 0, 6, 4, 0, 1, 2, 0, 10, 0, 0, 1, 10, 0, 0, 1, 0, 0, 0, 0, 0, 0, 10, 0, 0, 3]);
        let mut reply = request.clone();
        reply[21] = 2;
        let mut cut = request.clone();
        cut.truncate(30);
        let mut other = [2; 12].to_vec();
        other.extend([0x88, 0xb5, 1]);
        let sent = std::time::Instant::now();
        let passage = |frame: &Vec<u8>, fate| Passage {
            direction: Direction::ToServer,
            frame: frame.clone(),
            sent,
            arrived: None,
            copy_arrived: None,
            fate,
            decided: None,
        };
        let frames = [(request, Fate::Dropped), (reply, Fate::Cut), (cut, Fate::Dropped), (other, Fate::Dropped)];
        let mut passages = Passages::default();
        passages.frames = frames.iter().map(|(frame, fate)| passage(frame, *fate)).collect();
        let (programs, runs) = (Programs::default(), [Run::new("clean", passages, Vec::new(), Vec::new())]);
        for (language, said) in [
            (
                Language::English,
                ["ARP who has 10.0.0.3?", "ARP 10.0.0.1 is at 02:00:0a:00:00:01", "16 bytes", "1 byte"],
            ),
            (
                Language::Korean,
                ["ARP 10.0.0.3의 MAC 주소는?", "ARP 10.0.0.1의 MAC 주소는 02:00:0a:00:00:01", "16바이트", "1바이트"],
            ),
        ] {
            let said =
                [said[0], said[1], &format!("EtherType 0x0806 {}", said[2]), &format!("EtherType 0x88b5 {}", said[3])];
            let mut drawing = Vec::new();
            terminal::draw(&mut drawing, &runs[0], &[], 110, language).expect("written");
            let page = serde_json::to_vec(&DrawnAct::of(&runs[0], "", language)).expect("JSON");
            let picture = svg::draw(Source::Programs(&programs), &runs, language).into_bytes();
            let capture = pcapng(Source::Programs(&programs), &runs, language);
            assert!(frames.iter().all(|(frame, _)| capture.windows(frame.len()).any(|bytes| bytes == frame)));
            for shown in [drawing, page, picture, capture] {
                let shown = String::from_utf8_lossy(&shown);
                assert!(said.iter().all(|said| shown.contains(said)), "{shown}");
            }
        }
        let mut document = Vec::new();
        json_of_programs(&mut document, &Settings::default(), &runs).expect("written");
        let document: serde_json::Value = serde_json::from_slice(&document).expect("JSON");
        let segments = &document["acts"][0]["segments"];
        assert_eq!((&segments[0]["protocol"], &segments[0]["wire"]), (&"arp".into(), &"dropped".into()));
        assert_eq!(segments[0]["arp"]["target"], "10.0.0.3");
        assert_eq!((&segments[3]["protocol"], &segments[3]["ether_type"]), (&"ethernet".into(), &0x88b5.into()));
    }

    #[test]
    fn a_programs_name_is_shown_so_that_all_of_it_is_seen() {
        let name = "./a<b>&\"\u{1b}[31m\nred\u{202e}";
        let programs = Programs { client: vec![name.into()], ..Programs::default() };
        let starts = both!("{name} starts", "{name} 시작");
        let call = NotedCall { at: std::time::Instant::now(), side: Side::Client, text: starts };
        let runs = [Run::new("clean", Passages::default(), vec![call], Vec::new())];
        for language in [Language::English, Language::Korean] {
            let (mut drawing, mut document) = (Vec::new(), Vec::new());
            terminal::draw(&mut drawing, &runs[0], &[], 110, language).expect("written");
            let drawing = anstream::adapter::strip_bytes(&drawing).into_vec();
            json_of_programs(&mut document, &Settings::default(), &runs).expect("written");
            let picture = svg::draw(Source::Programs(&programs), &runs, language).into_bytes();
            let capture = pcapng(Source::Programs(&programs), &runs, language);
            for shown in [drawing, document, picture, capture] {
                let shown = String::from_utf8_lossy(&shown).into_owned();
                assert!(!shown.contains(['\u{1b}', '\u{202e}']), "{shown:?}");
                assert!(shown.lines().any(|row| row.contains("[31m") && row.contains("red")), "{shown:?}");
            }
        }
    }

    #[test]
    fn a_run_of_ones_own_programs_tells_its_wire_and_whether_that_was_late() {
        for (late_ms, is_late) in [(0.4, false), (9.8, true)] {
            let mut run = Run::default();
            (run.wire, run.late_ms) = ("10ms 4m".into(), late_ms);
            let mut said = Vec::new();
            of_programs(&mut said, &run, 110, Language::English).expect("written");
            let said = String::from_utf8_lossy(&said).into_owned();
            assert!(said.contains(&format!("wire: 10ms 4m; late by {late_ms} ms at most")), "{said}");
            assert_eq!(said.contains(DISTURBED.en), is_late, "{said}");
            let mut document = Vec::new();
            json_of_programs(&mut document, &Settings::default(), &[run]).expect("written");
            let document: serde_json::Value = serde_json::from_slice(&document).expect("JSON");
            assert_eq!(document["disturbed"], is_late);
        }
    }

    #[test]
    fn a_machine_is_not_blamed_for_the_learners_wire() {
        let experiment = all().next().expect("an experiment");
        for (is_another_wire, reason) in [(true, "The wire was another one"), (false, "On this machine")] {
            let outcome = Outcome {
                runs: Vec::new(),
                facts: Facts::default(),
                conclusion: None,
                is_another_wire,
                is_disturbed: false,
            };
            let mut said = Vec::new();
            verdict(&mut said, experiment, &outcome, Some('a'), (80, Language::English)).expect("written");
            assert!(String::from_utf8_lossy(&said).starts_with(reason), "{said:?}");
        }
    }

    #[test]
    fn no_explanation_is_wider_than_its_terminal() {
        let long = |word: &str| vec![word; 60].join(" ");
        for (experiment, language) in all().flat_map(|one| Language::ALL.map(|language| (one, language))) {
            let why = Sentence { en: long("segments"), ko: long("세그먼트") };
            let outcome = Outcome {
                runs: Vec::new(),
                facts: Facts::default(),
                conclusion: Some(Conclusion { choice: 0, why: vec![why] }),
                is_another_wire: false,
                is_disturbed: true,
            };
            let mut said = Vec::new();
            verdict(&mut said, experiment, &outcome, Some('b'), (60, language)).expect("written");
            let said = String::from_utf8(anstream::adapter::strip_bytes(&said).into_vec()).expect("UTF-8");
            assert!(said.lines().all(|line| line.width() <= 60) && said.lines().count() > 8, "{said}");
        }
    }
}
