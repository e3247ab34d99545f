//! One run for the live page, in a process of its own: what happens is written to a
//! socket as it happens, a line of JSON each; then what came of it.
//!
//! ```text
//!   {"event":"act", …} {"event":"left", …} {"event":"arrived", …} {"event":"call", …}
//!   {"event":"result", …} {"event":"capture", …} {"event":"end"}
//! ```

use super::by_hand;
use super::drawn::{Arrow, CallMark, DrawnAct};
use super::experiment::Experiment;
use super::experiments::all;
use super::feed::{Feed, Moment};
use super::inside::{self, Inside};
use super::order::Order;
use super::perform::{Failure, Outcome, Settings, perform};
use super::report::{self, Source, kernel};
use super::run::{self, Call, Connections, Deed, Run, ms};
use super::session::Problem;
use super::setting::Setting;
use crate::language::Language;
use crate::packet::link::Fate;
use crate::packet::rule::Conditions;
use crate::sys::fork::exit_child;
use serde::Serialize;
use serde_json::{Value, json};
use std::fs::File;
use std::io::{self, Write};
use std::os::fd::OwnedFd;
use std::sync::mpsc::Receiver;
use std::time::{Instant, SystemTime};

/// The last line of a run that came to its end.
pub(super) const END: &str = "{\"event\":\"end\"}\n";
/// The begin of the line that says of a frame that it waits, up to its number.
pub(super) const WAITS: &str = "{\"event\":\"waits\",\"number\":";
/// A capture file that is handed to the page, at most.
const MOST_CAPTURED: usize = 4 << 20;

/// Runs `order` and writes to `page`. The process must have one thread.
pub(super) fn run(order: &Order, page: OwnedFd) {
    let Ok(decisions) = page.try_clone() else { return };
    let mut page = File::from(page);
    let done = match inside::enter() {
        Ok(Inside::Parent(outside)) => {
            let _ = outside.wait();
            return;
        }
        Ok(Inside::Child(_)) => match order.experiment.and_then(|number| all().nth(usize::from(number))) {
            Some(experiment) => {
                end_with_the_page(decisions);
                performed(experiment, order, &page)
            }
            None => by_hand(order, &page, decisions),
        },
        Err(refusal) => Err(Failure::Refused(refusal)),
    };
    let last = done.map_err(|failure| {
        let event = if matches!(failure, Failure::Refused(_)) { "refused" } else { "failed" };
        json!({ "event": event, "sentence": Problem::Failed(failure).sentence(order.language) })
    });
    let written = last.or_else(|failure| line(&mut page, &failure));
    // The reader may have gone.
    let _ = written.and_then(|()| page.write_all(END.as_bytes()));
    exit_child()
}

/// Nobody performs for an empty room: where the page has gone, so has this process, and
/// with it all that it started.
fn end_with_the_page(decisions: OwnedFd) {
    let wait = move || {
        // In an experiment nobody decides anything: what comes is the end.
        let _ = rustix::io::read(&decisions, &mut [0; 1]);
        exit_child()
    };
    let _ = std::thread::Builder::new().name("the page".into()).spawn(wait);
}

fn performed(experiment: &'static Experiment, order: &Order, page: &File) -> Result<(), Failure> {
    let settings =
        Settings { textbook: order.textbook, delay: order.delay, rule: order.rule.clone(), ..Settings::default() };
    let language = order.language;
    let source = Source::Experiment(experiment);
    let titles = move |index: usize, wire: &Conditions| source.act(index, wire, language);
    let outcome =
        watched(page, language, titles, |feed| perform(experiment, &Settings { feed: Some(feed), ..settings }))?;
    let result = result(experiment, &outcome, language);
    let mut page = page;
    line(&mut page, &result).and_then(|()| captured(&mut page, source, &outcome.runs, language)).map_err(Failure::Act)
}

fn by_hand(order: &Order, page: &File, decisions: OwnedFd) -> Result<(), Failure> {
    let language = order.language;
    let title = by_hand::TITLE.of(language);
    let done = watched(page, language, move |_, _| title.to_owned(), |feed| by_hand::play(order, feed, decisions))?;
    let mut page = page;
    let acts = [DrawnAct::of(&done.run, title, language)];
    let result = json!({ "event": "result", "acts": acts, "sentences": by_hand::sentences(&done, language) });
    line(&mut page, &result)
        .and_then(|()| captured(&mut page, Source::ByHand, &[done.run], language))
        .map_err(Failure::Act)
}

/// Runs `play`, and writes what happens meanwhile.
fn watched<T>(
    page: &File,
    language: Language,
    titles: impl Fn(usize, &Conditions) -> String + Send,
    play: impl FnOnce(Feed) -> Result<T, Failure>,
) -> Result<T, Failure> {
    let (feed, moments) = Feed::new();
    std::thread::scope(|scope| {
        let shown = scope.spawn(move || show(page, &moments, language, titles));
        let done = play(feed.clone());
        let missed = feed.end();
        let written = shown.join().unwrap_or_else(|_| Err(io::Error::other("what showed the run panicked")));
        let mut page = page;
        written
            .and_then(
                |()| if missed > 0 { line(&mut page, &json!({ "event": "missed", "count": missed })) } else { Ok(()) },
            )
            .map_err(Failure::Act)?;
        done
    })
}

/// Writes each moment as a line, until the last.
fn show(
    mut page: &File,
    moments: &Receiver<Moment>,
    language: Language,
    titles: impl Fn(usize, &Conditions) -> String,
) -> io::Result<()> {
    let (mut begun, mut connections): (Option<Instant>, Connections) = Default::default();
    let mut early = Vec::new(); // calls before the first frame, from which time is counted
    while let Ok(moment) = moments.recv() {
        let at = |moment: Instant| begun.map_or(0.0, |begun| ms(moment, begun));
        match moment {
            Moment::Act { index, conditions } => {
                (begun, connections) = Default::default();
                early.clear();
                let setting = Setting::of(&conditions, language);
                line(
                    &mut page,
                    &json!({ "event": "act", "index": index, "title": titles(index, &conditions), "setting": setting }),
                )?;
            }
            Moment::Left { number, passage } => {
                let origin = *begun.get_or_insert(passage.sent);
                for call in early.drain(..) {
                    line(&mut page, &called(call, origin, language))?;
                }
                let mut segment = run::segment(&passage, origin, &mut connections);
                segment.number = usize::try_from(number).unwrap_or_default();
                segment.wire = segment.wire.filter(|deed| *deed != Deed::Waiting); // it has not ended
                line(&mut page, &json!({ "event": "left", "segment": Arrow::of(&segment, language) }))?;
                if passage.fate == Fate::Waiting {
                    page.write_all(format!("{WAITS}{number}}}\n").as_bytes())?;
                }
            }
            Moment::Decided { number, at: moment, fate } => {
                let deed = Deed::of(fate);
                let line_of = json!({
                    "event": "decided",
                    "number": number,
                    "at": at(moment),
                    "deed": deed.map(|deed| deed.sentence(language)),
                    "note": deed.and_then(|deed| deed.note(language)),
                    "is_lost": deed.is_some_and(Deed::is_loss),
                    "is_damaged": deed.is_some_and(Deed::is_damage),
                });
                line(&mut page, &line_of)?;
            }
            Moment::Arrived { number, at: moment, is_copy } => {
                line(
                    &mut page,
                    &json!({ "event": "arrived", "number": number, "at": at(moment), "is_copy": is_copy }),
                )?;
            }
            Moment::Called(call) => match begun {
                Some(begun) => line(&mut page, &called(call, begun, language))?,
                None => early.push(call),
            },
            Moment::End => break,
        }
    }
    Ok(())
}

fn called(call: super::feed::NotedCall, begun: Instant, language: Language) -> Value {
    let call = Call { at_ms: ms(call.at, begun), side: call.side, call: call.text.en.clone(), text: call.text };
    json!({ "event": "call", "call": CallMark::of(&call, language) })
}

/// What came of an experiment.
pub(super) fn result(experiment: &Experiment, outcome: &Outcome, language: Language) -> Value {
    let source = Source::Experiment(experiment);
    let acts = outcome
        .runs
        .iter()
        .enumerate()
        .map(|(index, run)| DrawnAct::of(run, &source.act(index, &run.conditions, language), language));
    let (measured, sentences) = match &outcome.conclusion {
        Some(conclusion) => {
            let why = conclusion.why.iter().map(|sentence| sentence.of(language).to_owned());
            (Some(conclusion.choice), why.collect::<Vec<_>>())
        }
        None => (None, vec![report::why_nothing(outcome).of(language).to_owned()]),
    };
    json!({
        "event": "result",
        "acts": acts.collect::<Vec<_>>(),
        "facts": outcome.facts,
        "measured": measured,
        "disturbed": outcome.is_disturbed.then(|| report::DISTURBED.of(language)),
        "sentences": sentences,
        "kernel": kernel(),
        "date": humantime::format_rfc3339_seconds(SystemTime::now()).to_string(),
    })
}

/// The frames as a file for Wireshark, where it is not too long.
fn captured(page: &mut impl Write, source: Source<'_>, runs: &[Run], language: Language) -> io::Result<()> {
    let file = report::pcapng(source, runs, language);
    if file.len() > MOST_CAPTURED {
        return Ok(());
    }
    let hex: String = file.iter().map(|byte| format!("{byte:02x}")).collect();
    line(page, &json!({ "event": "capture", "hex": hex }))
}

fn line(out: &mut impl Write, value: &impl Serialize) -> io::Result<()> {
    let mut text = serde_json::to_vec(value)?;
    text.push(b'\n');
    out.write_all(&text)
}
