//! Records as people read them: the steps of a connection, in the words of each
//! language, and how they are laid out in a terminal.
//!
//! [`steps`] is the one derivation; the terminal's story, the live page and the story of a fetch
//! are laid out from it.

pub(crate) mod calls;
pub(crate) mod facts;
#[cfg(feature = "program")]
pub(crate) mod json;
pub(crate) mod layout;
#[cfg(feature = "program")]
pub mod left_out;
mod parties;
pub(crate) mod rows;
mod segments;
pub(crate) mod short;
pub mod steps;
mod terminal;
#[cfg(feature = "program")]
pub(crate) mod transfer;
#[cfg(feature = "program")]
pub mod view;
pub mod width;

pub(crate) use parties::why_it_ended;
pub(crate) use terminal::{MOST_ROWS, Occasion, Progress, block, legend};
