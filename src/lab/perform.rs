//! An experiment is performed: each act on a fresh network, again where the
//! machine was too busy for the wire to be on time.

use super::end::{Calls, PATIENCE};
use super::experiment::{Act, Conclusion, Experiment, Stage};
use super::facts::Facts;
use super::feed::{Feed, Moment};
use super::network::{Network, TcpSettings};
use super::run::Run;
use super::setting;
use super::wire::{LookingOn, Wire};
use crate::packet::rule::{Conditions, Rule, Unclear};
use std::fmt;
use std::io;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::refusal::Refusal;

/// From here on the wire's own lateness may have changed what happened.
const DISTURBED_MS: f64 = 5.0;
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
    /// In place of each act's own wire, or added to it.
    pub(super) wire: Option<String>,
    /// In place of each act's own delay.
    pub(super) delay: Option<Duration>,
    /// In place of the rules of those acts that have some; of all, if none has.
    pub(super) rule: Option<Rule>,
    /// Who looks on.
    pub(super) feed: Option<Feed>,
}

impl Settings {
    /// Whether the wire is another one than the experiment's own.
    pub(super) fn is_another_wire(&self) -> bool {
        self.wire.is_some() || self.delay.is_some() || self.rule.is_some()
    }

    /// The wire of `act`, one of those of `experiment`.
    fn conditions(&self, act: &Act, experiment: &Experiment) -> Result<Conditions, Unclear> {
        let own = |act: &Act| Conditions::parse(act.wire);
        let mut conditions = match &self.wire {
            // A delay or rate of one's own stands instead of the act's; so do rules.
            Some(rules) => Conditions::parse(&format!("10ms 4m {rules}"))?,
            None => own(act)?,
        };
        conditions.delay = self.delay.unwrap_or(conditions.delay);
        if let Some(rule) = &self.rule {
            let has_rules = |act: &Act| own(act).is_ok_and(|own| !own.rules.is_empty());
            if has_rules(act) || !experiment.acts.iter().any(has_rules) {
                conditions.rules = vec![rule.clone()];
            }
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
    let (mut runs, mut is_disturbed) = (Vec::new(), false);
    for (index, act) in experiment.acts.iter().enumerate() {
        let conditions = settings.conditions(act, experiment).map_err(Failure::Rules)?;
        let mut run = play(index, act, &conditions, settings)?;
        for _ in 1..TRIES {
            if run.late_ms <= DISTURBED_MS || (settings.feed.is_some() && begun.elapsed() > LATE) {
                break;
            }
            run = play(index, act, &conditions, settings)?;
        }
        is_disturbed |= run.late_ms > DISTURBED_MS;
        runs.push(run);
    }
    let facts = (experiment.facts)(&runs);
    // Another wire than the experiment's own makes another experiment: its facts
    // are shown, and what they would have meant is not said.
    let conclusion = if settings.is_another_wire() { None } else { (experiment.conclude)(&facts) };
    Ok(Outcome { runs, facts, conclusion, is_disturbed })
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
        Err(error) if !settings.is_another_wire() => Err(Failure::Act(error)),
        Ok(()) | Err(_) => {
            let own = match &settings.wire {
                Some(rules) => format!("10ms 4m {rules}"),
                None => act.wire.to_owned(),
            };
            let is_own = settings.delay.is_none() && settings.rule.is_none();
            let wire = if is_own { own } else { setting::in_a_line(conditions) };
            Ok(Run::new(&wire, passages, calls, found).on(conditions.clone()))
        }
    }
}
