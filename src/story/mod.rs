//! Records, told to people: which rows a connection or a fetch has, in which
//! words, and how they are laid out in a terminal.
//!
//! `block` tells what is new of a connection as the server recorded it,
//! `transfer` what a fetch recorded.

mod ending;
mod exchange;
mod handshake;
pub(crate) mod layout;
mod rows;
mod telling;
pub(crate) mod transfer;
pub(crate) mod words;

pub(crate) use telling::{MOST_EXCHANGES, Occasion, Progress, block};
