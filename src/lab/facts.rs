//! What was counted, measured or read of a run, by name: what a conclusion is a
//! function of, and what `--json` shows.

use serde::Serialize;
use std::collections::BTreeMap;

/// Something that was counted, measured or read.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(untagged)]
pub(super) enum Fact {
    Count(u64),
    Milliseconds(f64),
    Holds(bool),
    Word(String),
    Counts(Vec<u64>),
}

/// Facts by name.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(transparent)]
pub(super) struct Facts(BTreeMap<&'static str, Fact>);

impl Facts {
    pub(super) fn count(mut self, name: &'static str, count: usize) -> Self {
        self.0.insert(name, Fact::Count(count as u64));
        self
    }

    /// Milliseconds, to the microsecond; nothing where there are none.
    pub(super) fn ms(mut self, name: &'static str, time: Option<f64>) -> Self {
        if let Some(time) = time {
            self.0.insert(name, Fact::Milliseconds((time * 1e3).round() / 1e3));
        }
        self
    }

    pub(super) fn holds(mut self, name: &'static str, holds: bool) -> Self {
        self.0.insert(name, Fact::Holds(holds));
        self
    }

    pub(super) fn word(mut self, name: &'static str, word: impl Into<String>) -> Self {
        self.0.insert(name, Fact::Word(word.into()));
        self
    }

    pub(super) fn counts(mut self, name: &'static str, counts: Vec<u64>) -> Self {
        self.0.insert(name, Fact::Counts(counts));
        self
    }

    pub(super) fn set(mut self, name: &'static str, fact: Option<Fact>) -> Self {
        if let Some(fact) = fact {
            self.0.insert(name, fact);
        }
        self
    }

    pub(super) fn get_count(&self, name: &str) -> Option<u64> {
        match self.0.get(name)? {
            Fact::Count(count) => Some(*count),
            _ => None,
        }
    }

    pub(super) fn get_ms(&self, name: &str) -> Option<f64> {
        match self.0.get(name)? {
            Fact::Milliseconds(time) => Some(*time),
            _ => None,
        }
    }

    pub(super) fn get_word(&self, name: &str) -> Option<&str> {
        match self.0.get(name)? {
            Fact::Word(word) => Some(word),
            _ => None,
        }
    }

    pub(super) fn get_counts(&self, name: &str) -> Option<&[u64]> {
        match self.0.get(name)? {
            Fact::Counts(counts) => Some(counts),
            _ => None,
        }
    }

    /// Whether it is known, and so.
    pub(super) fn is(&self, name: &str) -> bool {
        self.0.get(name) == Some(&Fact::Holds(true))
    }
}
