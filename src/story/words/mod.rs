//! Figures put into phrases of the story of a fetch.

mod filling;

pub(super) use filling::{counted, fill};
