//! What is said, in each language.

mod english;
mod filling;
mod korean;
mod language;
mod phrases;

pub(crate) use filling::{counted, fill};
pub(crate) use phrases::Phrases;
