//! An experiment is data: a question with its tempting wrong choices, a wire,
//! who does what at both ends, which facts are looked for, and what they mean.
//!
//! ```text
//!   question ─▶ prediction ─▶ acts on the wire ─▶ facts ─▶ conclusion ─▶ sentences
//!                                                    └──▶ none: "it came out differently"
//! ```
//!
//! A conclusion is a function of facts that were seen in this run. What an
//! experiment expects never becomes a sentence.

use super::end::{Calls, End, Side};
use super::facts::Facts;
use super::network::Network;
use super::run::Run;
use super::setting;
use crate::language::sentence::{Sentence, Text};
use crate::packet::rule::Conditions;
use std::io;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

/// One experiment.
#[derive(Debug)]
pub(super) struct Experiment {
    /// Its name on the command line, and of its recorded run.
    pub(super) name: &'static str,
    pub(super) title: Text,
    /// What is asked before it runs.
    pub(super) question: Text,
    /// What may be answered: a, b, c …
    pub(super) choices: &'static [Text],
    /// What is done, one after another, each on a wire of its own.
    pub(super) acts: &'static [Act],
    /// What of the runs matters.
    pub(super) facts: fn(&[Run]) -> Facts,
    /// What the facts mean; nothing, if they aren't those that the sentences are about.
    pub(super) conclude: fn(&Facts) -> Option<Conclusion>,
    /// What to try next: the words behind `glasshttp lab`, and why.
    pub(super) next: &'static [(&'static str, Text)],
}

/// A part of an experiment.
#[derive(Debug)]
pub(super) struct Act {
    /// What both ends do; and, where its wire has rules, what comes of them.
    pub(super) title: Text,
    /// The wire's rules: see [`crate::packet::rule`].
    pub(super) wire: &'static str,
    pub(super) play: fn(&Stage) -> io::Result<()>,
}

impl Act {
    /// Its own wire.
    pub(super) fn own_wire(&self) -> Conditions {
        // A test reads all of them.
        Conditions::parse(self.wire).unwrap_or_default()
    }

    /// Its title on this wire: what other rules, or the same at another rate, come to is not known.
    pub(super) fn title_on(&self, wire: &Conditions) -> Sentence {
        let own = self.own_wire();
        if own.rules.is_empty() || (&own.rules, own.rate) == (&wire.rules, wire.rate) {
            return Sentence { en: self.title.en.into(), ko: self.title.ko.into() };
        }
        setting::rules_in_words(wire)
    }
}

/// What the facts of a run mean.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Conclusion {
    /// Which choice was right, from 0.
    pub(super) choice: usize,
    pub(super) why: Vec<Sentence>,
}

/// Where an act is played: two hosts, and what their programs are seen to do.
#[derive(Debug)]
pub(super) struct Stage {
    pub(super) network: Arc<Network>,
    pub(super) calls: Calls,
    /// How long a call may wait.
    pub(super) patience: Duration,
}

/// A program at one end.
#[derive(Debug)]
pub(super) struct Actor<T>(JoinHandle<io::Result<io::Result<T>>>);

impl<T> Actor<T> {
    /// Whether it has ended.
    pub(super) fn is_over(&self) -> bool {
        self.0.is_finished()
    }

    /// Waits for its end.
    pub(super) fn join(self) -> io::Result<T> {
        self.0.join().unwrap_or_else(|_| Err(io::Error::other("an actor of the experiment panicked")))?
    }
}

impl Stage {
    /// A program on the server's host.
    pub(super) fn server<T: Send + 'static>(
        &self,
        play: impl FnOnce(End) -> io::Result<T> + Send + 'static,
    ) -> io::Result<Actor<T>> {
        let end = self.end(Side::Server);
        Ok(Actor(self.network.server.spawn("server", move || play(end))?))
    }

    /// A program on the client's host.
    pub(super) fn client<T: Send + 'static>(
        &self,
        play: impl FnOnce(End) -> io::Result<T> + Send + 'static,
    ) -> io::Result<Actor<T>> {
        let end = self.end(Side::Client);
        Ok(Actor(self.network.client.spawn("client", move || play(end))?))
    }

    fn end(&self, side: Side) -> End {
        End { side, calls: self.calls.clone(), patience: self.patience }
    }
}
