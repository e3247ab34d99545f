//! What nearly every experiment names.

pub(super) use crate::lab::end::Side;
pub(super) use crate::lab::experiment::{Act, Conclusion, Experiment, Stage};
pub(super) use crate::lab::facts::{Fact, Facts};
pub(super) use crate::lab::run::{Run, Segment};
pub(super) use crate::language::sentence::{Sentence, both, text};
pub(super) use crate::packet::Direction::{ToClient, ToServer};
pub(super) use crate::packet::tracker;
pub(super) use std::io;
pub(super) use std::time::Duration;
