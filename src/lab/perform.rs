//! An experiment is performed: each act on a fresh network, again where the
//! machine was too busy for the wire to be on time.

use super::end::{Calls, PATIENCE};
use super::experiment::{Act, Conclusion, Experiment, Stage};
use super::facts::Facts;
use super::feed::{Feed, Moment};
use super::network::{Network, TcpSettings};
use super::run::Run;
use super::wire::{LookingOn, Wire};
use crate::packet::rule::{Conditions, Rule, Unclear};
use std::fmt;
use std::io;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::refusal::Refusal;

/// How often an act is played at most until it is undisturbed.
const TRIES: usize = 3;
/// From then on no act is played again.
const LATE: Duration = Duration::from_secs(5);
/// An act is over when nothing has moved for so long; and at the latest then.
const QUIET: Duration = Duration::from_millis(120);
const LONGEST: Duration = Duration::from_secs(10);

/// How an experiment is to be performed.
#[derive(Clone, Debug, Default)]
pub(super) struct Settings {
    pub(super) textbook: bool,
    /// In place of what each act's own wire has of the same kind: its delay, its rate, its rules.
    pub(super) wire: Option<String>,
    /// In place of each act's own delay.
    pub(super) delay: Option<Duration>,
    /// In place of its rules.
    pub(super) rule: Option<Rule>,
    /// Who looks on.
    pub(super) feed: Option<Feed>,
}

impl Settings {
    /// The wire `own` with what is given in place of what it has.
    pub(super) fn given(&self, mut own: Conditions) -> Result<Conditions, Unclear> {
        if let Some(words) = &self.wire {
            if !Conditions::parse(words)?.rules.is_empty() {
                own.rules.clear();
            }
            own.add(words)?;
        }
        own.delay = self.delay.unwrap_or(own.delay);
        Ok(own)
    }

    /// The wire of `act`, one of those of `experiment`. Where some acts have rules, one that has none
    /// is what they are compared with: it gets none.
    fn conditions(&self, act: &Act, experiment: &Experiment) -> Result<Conditions, Unclear> {
        let mut conditions = self.given(act.own_wire())?;
        let has_rules = |act: &Act| !act.own_wire().rules.is_empty();
        if !has_rules(act) && experiment.acts.iter().any(has_rules) {
            conditions.rules.clear();
        } else if let Some(rule) = &self.rule {
            conditions.rules = vec![rule.clone()];
        }
        Ok(conditions)
    }
}

/// What came of an experiment.
#[derive(Debug)]
pub(super) struct Outcome {
    pub(super) runs: Vec<Run>,
    pub(super) facts: Facts,
    pub(super) conclusion: Option<Conclusion>,
    /// Whether the wire was another one than the experiment's own.
    pub(super) is_another_wire: bool,
    /// Whether the wire was late in the last try, too.
    pub(super) is_disturbed: bool,
}

/// Why an experiment could not be performed.
#[derive(Debug)]
#[non_exhaustive]
pub enum Failure {
    /// The kernel or a container refuses what the lab needs.
    Refused(Refusal),
    /// The wire's rules can't be read.
    Rules(Unclear),
    /// Something failed at one of the ends.
    Act(io::Error),
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused(refusal) => refusal.fmt(f),
            Self::Rules(unclear) => unclear.fmt(f),
            Self::Act(error) => write!(f, "the experiment could not be finished: {error}"),
        }
    }
}

impl std::error::Error for Failure {}

/// Performs all acts of `experiment`.
pub(super) fn perform(experiment: &Experiment, settings: &Settings) -> Result<Outcome, Failure> {
    let begun = Instant::now();
    let (mut runs, mut is_disturbed, mut is_another_wire) = (Vec::new(), false, false);
    for (index, act) in experiment.acts.iter().enumerate() {
        let conditions = settings.conditions(act, experiment).map_err(Failure::Rules)?;
        is_another_wire |= conditions != act.own_wire();
        let mut run = play(index, act, &conditions, settings)?;
        for _ in 1..TRIES {
            if !run.is_disturbed() || (settings.feed.is_some() && begun.elapsed() > LATE) {
                break;
            }
            run = play(index, act, &conditions, settings)?;
        }
        is_disturbed |= run.is_disturbed();
        runs.push(run);
    }
    let facts = (experiment.facts)(&runs);
    // Another wire than the experiment's own makes another experiment: its facts
    // are shown, and what they would have meant is not said.
    let conclusion = if is_another_wire { None } else { (experiment.conclude)(&facts) };
    Ok(Outcome { runs, facts, conclusion, is_another_wire, is_disturbed })
}

fn play(index: usize, act: &Act, conditions: &Conditions, settings: &Settings) -> Result<Run, Failure> {
    if let Some(feed) = &settings.feed {
        feed.show(Moment::Act { index, conditions: conditions.clone() });
    }
    let (network, ends) = Network::new(TcpSettings { textbook: settings.textbook }).map_err(Failure::Refused)?;
    let looking_on = LookingOn { feed: settings.feed.clone(), hand: None };
    let wire = Wire::start(ends, conditions.clone(), looking_on).map_err(Failure::Act)?;
    let calls = Calls::shown_to(settings.feed.clone());
    let stage = Stage { network: Arc::new(network), calls, patience: PATIENCE };
    let played = (act.play)(&stage);
    wire.settle(QUIET, LONGEST);
    let passages = wire.end().map_err(Failure::Act)?;
    let (calls, found) = stage.calls.all();
    match played {
        // On another wire a program may well fail: that is what is to be seen.
        Err(error) if *conditions == act.own_wire() => Err(Failure::Act(error)),
        Ok(()) | Err(_) => Ok(Run::new(&conditions.to_string(), passages, calls, found).on(conditions.clone())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lab::experiments::all;

    fn of(name: &str) -> &'static Experiment {
        all().find(|one| one.name == name).expect("an experiment")
    }

    /// Each act's wire, and its title on it.
    fn on(name: &str, settings: &Settings) -> Vec<(String, String)> {
        let wire = |act: &Act| settings.conditions(act, of(name)).expect("clear");
        of(name).acts.iter().map(|act| (wire(act).to_string(), act.title_on(&wire(act)).en)).collect()
    }

    fn wire(name: &str, words: &str) -> Vec<(String, String)> {
        on(name, &Settings { wire: Some(words.into()), ..Settings::default() })
    }

    #[test]
    fn each_wire_is_said_as_it_is_written() {
        for act in all().flat_map(|one| one.acts) {
            assert_eq!(Conditions::parse(act.wire).expect("clear").to_string(), act.wire);
        }
    }

    #[test]
    fn what_is_given_stands_in_place_of_its_kind_alone() {
        for (name, words, expected) in [
            ("nagle", "<data:2 drop", "1ms <data:2 drop"),
            ("slow-start", "<data:25 drop", "50ms <data:25 drop"),
            ("slow-start", "4m", "50ms 4m"),
            ("lost-request", "20ms", "20ms 4m >data:1 drop"),
            ("lost-request", "1m >fin drop", "10ms 1m >fin drop"),
            ("lost-request", "clean", "10ms 4m"),
        ] {
            assert_eq!(wire(name, words)[0].0, expected, "{name} {words}");
        }
    }

    #[test]
    fn a_rule_is_for_the_same_acts_however_it_is_given() {
        let words = "<syn:1 drop";
        let rule = Conditions::parse(words).expect("clear").rules.remove(0);
        for experiment in all() {
            let typed = wire(experiment.name, words);
            let chosen = on(experiment.name, &Settings { rule: Some(rule.clone()), ..Settings::default() });
            assert_eq!(typed, chosen, "{}", experiment.name);
            assert!(typed.iter().any(|(wire, _)| wire.ends_with(words)), "{}", experiment.name);
        }
        // What an act with rules is compared with stays as it is.
        let wires = |name| wire(name, words).into_iter().map(|(wire, _)| wire).collect::<Vec<_>>();
        assert_eq!(wires("handshake"), ["10ms 4m", "10ms 4m <syn:1 drop"]);
        assert_eq!(wires("nagle"), ["1ms <syn:1 drop"; 2]);
    }

    #[test]
    fn a_title_tells_of_no_loss_that_another_wire_may_not_have() {
        let titles = |acts: Vec<(String, String)>| acts.into_iter().map(|(_, title)| title).collect::<Vec<_>>();
        assert_eq!(titles(wire("lost-request", "20ms")), ["Lost once", "Lost four times"]);
        assert_eq!(titles(wire("lost-request", "clean")), ["No rules", "No rules"]);
        let handshake = ["A connection and a request", "Rule: the server's 1st SYN is lost"];
        assert_eq!(titles(wire("handshake", "<syn:1 drop")), handshake);
        // At another rate a segment that is held may be overtaken by none.
        assert!(titles(wire("late-twice-damaged", "100k"))[0].starts_with("Rule: "));
        let rule = Conditions::parse("<fin:1 drop").expect("clear").rules.remove(0);
        let page = Settings { rule: Some(rule), ..Settings::default() };
        assert_eq!(titles(on("lost-request", &page)), ["Rule: the server's 1st FIN is lost"; 2]);
        for act in all().flat_map(|one| one.acts).filter(|act| act.own_wire().rules.is_empty()) {
            assert!(!act.title.en.contains("lost") && !act.title.ko.contains("잃"), "{}", act.title.en);
        }
    }
}
