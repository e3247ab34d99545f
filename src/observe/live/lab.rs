//! The lab as the live page knows it: a thing that lists experiments, runs one and
//! hands over what happens, line by line. What implements it, this room does not know.
//!
//! ```text
//!   POST /lab/run ──▶ Wish ──▶ Laboratory::run ──▶ lines of JSON ──▶ the page draws
//!   POST /lab/frame/7 ───────▶ Laboratory::decide
//! ```

pub mod wish;

use crate::language::Language;
use crate::packet::link::Decision;
use std::fmt::Debug;
use std::io::Read;
use wish::Wish;

/// What performs experiments for the page.
pub trait Laboratory: Debug + Send + Sync {
    /// All experiments, as a JSON document.
    fn list(&self, language: Language) -> Vec<u8>;

    /// The recorded run of this experiment, in the lines that a run of its own would have given.
    fn recorded(&self, name: &str, language: Language) -> Option<Vec<u8>>;

    /// Begins what is wished for: what happens, as lines of JSON, until it is over. Dropping
    /// them ends it.
    ///
    /// # Errors
    /// If it is not begun.
    fn run(&self, wish: &Wish, language: Language) -> Result<Box<dyn Read + Send>, NotBegun>;

    /// What becomes of a frame that waits in the middle of the wire; `false`: none of this number does.
    fn decide(&self, frame: u32, decision: Decision) -> bool;
}

/// Why an experiment is not begun.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum NotBegun {
    /// There is none of this name.
    Unknown,
    /// Only a page that is for this machine alone may.
    NotHere,
    /// Another one is under way.
    UnderWay,
    /// It is not available at the moment.
    Unavailable,
}
