//! The languages that the program speaks to people: which one is asked for, what
//! is said in both at once, and what the system's errors mean in each.

pub mod number;
pub mod os_error;
pub(crate) mod particle;
pub mod sentence;
pub mod spoken;

pub use number::grouped;
pub use os_error::cause;
pub use sentence::{Sentence, Text};
pub use spoken::Language;
