//! The command line of `glasshttp lab`.

use super::meant;
use crate::lab::{Options, Programs, experiments};
use crate::language::Language;
use clap::Args;
use std::path::PathBuf;

const AFTER: &str = "\
Examples:
  glasshttp lab                         list the experiments
  glasshttp lab lost-segment            predict, run, see, understand
  glasshttp lab 9 --wire '>data:1,2 drop'
  glasshttp lab close --textbook --pcapng close.pcapng
  glasshttp lab --server 'python3 server.py' -- python3 client.py
  glasshttp lab -- curl http://10.0.0.2/     our own server, your client

Your programs: the client is 10.0.0.1, the server 10.0.0.2 (also server.lab.kr).
The client starts when the server listens, or has bound a UDP socket; the server
is stopped one second after the client has ended.

Rules of the wire: a delay (50ms), a rate (4m: 4 Mbit/s), and what is done to
which packets: > to the server or < to the client; syn, ack, data, fin, rst, udp
or any; which of them (:1,3 or :2-4); drop, hold=5ms, double, damage or cut=1s.
What you leave out stays as it is: a delay alone keeps rate and rules. Rules
stand in place of all of the experiment's; clean removes them. If some of its
parts have rules, the others get none: they are there to compare. A rate of 100g
is none.";

/// What is recorded is every experiment as it stands.
const CANNOT_RECORD: [&str; 8] = ["experiment", "answer", "textbook", "wire", "json", "pcapng", "svg", "blank"];

/// Experiments on a wire that is this program: predict, run, see every segment
#[derive(Clone, Debug, Args)]
#[command(after_help = AFTER)]
pub(super) struct LabArgs {
    /// The experiment's name or number; without it, the list
    #[arg(value_name = "EXPERIMENT", display_order = 0)]
    experiment: Option<String>,

    /// Your prediction; without it you are asked for one
    #[arg(long, value_name = "LETTER")]
    answer: Option<char>,

    /// TCP as in the books: no SACK, timestamps, window scaling, RACK or tail probes
    #[arg(long)]
    textbook: bool,

    /// Delay, rate or rules for the wire in place of the experiment's own
    #[arg(long, value_name = "RULES")]
    wire: Option<String>,

    /// Print one JSON document: facts, segments, calls
    #[arg(long)]
    json: bool,

    /// Write a capture that Wireshark opens
    #[arg(long, value_name = "FILE")]
    pcapng: Option<PathBuf>,

    /// Write the drawing as SVG
    #[arg(long, value_name = "FILE")]
    svg: Option<PathBuf>,

    /// Leave five figures of the drawing blank, and ask for them
    #[arg(long, conflicts_with = "json")]
    blank: bool,

    /// Perform all experiments, or those named behind DIR, and write each run to this folder as JSON and SVG, with a page that shows them (glasshttp DIR)
    #[arg(long, value_names = ["DIR", "EXPERIMENT"], num_args = 1.., conflicts_with_all = CANNOT_RECORD)]
    record: Vec<PathBuf>,

    /// Your own server, a command for the shell; needs a client behind --
    #[arg(long, value_name = "COMMAND", requires = "client", conflicts_with = "experiment")]
    server: Option<String>,

    /// Your own client: a program and its arguments
    #[arg(last = true, value_name = "CLIENT", display_order = 1, conflicts_with = "experiment")]
    client: Vec<String>,
}

impl LabArgs {
    /// What was typed as an experiment and is none, and the one of nearly that name.
    pub(super) fn nearly(&self) -> Option<(&str, &'static str)> {
        let recorded = self.record.iter().skip(1).filter_map(|name| name.to_str());
        let mut typed = self.experiment.as_deref().into_iter().chain(recorded);
        typed.find_map(|typed| {
            let is_one = experiments().any(|(name, number)| name == typed || typed == number.to_string());
            let meant = meant::alike(experiments().map(|(name, _)| name), typed).filter(|_| !is_one)?;
            Some((typed, meant))
        })
    }

    pub(super) fn options(self, language: Language) -> Options {
        let mut record = self.record.into_iter();
        Options {
            experiment: self.experiment,
            answer: self.answer.map(|letter| letter.to_ascii_lowercase()),
            textbook: self.textbook,
            wire: self.wire,
            json: self.json,
            pcapng: self.pcapng,
            svg: self.svg,
            blank: self.blank,
            record: record.next(),
            recorded: record.map(|name| name.to_string_lossy().into_owned()).collect(),
            programs: (!self.client.is_empty()).then_some(Programs { server: self.server, client: self.client }),
            language,
        }
    }
}
