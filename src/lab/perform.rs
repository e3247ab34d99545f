//! An experiment is performed: each act on a fresh network, again where the
//! machine was too busy for the wire to be on time.

use super::end::Calls;
use super::experiment::{Act, Conclusion, Experiment, Stage};
use super::facts::Facts;
use super::network::{Network, TcpSettings};
use super::run::Run;
use super::wire::Wire;
use crate::packet::rule::{Conditions, Unclear};
use std::fmt;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use super::refusal::Refusal;

/// From here on the wire's own lateness may have changed what happened.
const DISTURBED_MS: f64 = 5.0;
/// How often an act is played at most until it is undisturbed.
const TRIES: usize = 3;
/// An act is over when nothing has moved for so long; and at the latest then.
const QUIET: Duration = Duration::from_millis(120);
const LONGEST: Duration = Duration::from_secs(10);

/// How an experiment is to be performed.
#[derive(Clone, Debug, Default)]
pub(super) struct Settings {
    pub(super) textbook: bool,
    /// In place of each act's own wire, or added to it.
    pub(super) wire: Option<String>,
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
    let (mut runs, mut is_disturbed) = (Vec::new(), false);
    for act in experiment.acts {
        let mut run = play(act, settings)?;
        for _ in 1..TRIES {
            if run.late_ms <= DISTURBED_MS {
                break;
            }
            run = play(act, settings)?;
        }
        is_disturbed |= run.late_ms > DISTURBED_MS;
        runs.push(run);
    }
    let facts = (experiment.facts)(&runs);
    // Other rules than the experiment's own make another experiment: its facts
    // are shown, and what they would have meant is not said.
    let conclusion = if settings.wire.is_none() { (experiment.conclude)(&facts) } else { None };
    Ok(Outcome { runs, facts, conclusion, is_disturbed })
}

fn play(act: &Act, settings: &Settings) -> Result<Run, Failure> {
    let wire_rules = match &settings.wire {
        // A delay or rate of one's own stands instead of the act's; so do rules.
        Some(rules) => format!("10ms 4m {rules}"),
        None => act.wire.to_owned(),
    };
    let conditions = Conditions::parse(&wire_rules).map_err(Failure::Rules)?;
    let (network, ends) = Network::new(TcpSettings { textbook: settings.textbook }).map_err(Failure::Refused)?;
    let wire = Wire::start(ends, conditions).map_err(Failure::Act)?;
    let stage = Stage { network: Arc::new(network), calls: Calls::default() };
    let played = (act.play)(&stage);
    wire.settle(QUIET, LONGEST);
    let passages = wire.end().map_err(Failure::Act)?;
    let (calls, found) = stage.calls.all();
    match played {
        Ok(()) => Ok(Run::new(&wire_rules, passages, calls, found)),
        // Under rules of one's own a program may well fail: that is what is to be seen.
        Err(_) if settings.wire.is_some() => Ok(Run::new(&wire_rules, passages, calls, found)),
        Err(error) => Err(Failure::Act(error)),
    }
}
