//! Watching without touching: what serving threads report ([`probe`]), who
//! makes records of it ([`collector`]), and who gets them ([`sink`]).
//! Serving never waits for any of this.

pub mod access;
#[cfg(feature = "program")]
pub mod calls;
mod clf;
pub mod collector;
pub(crate) mod counts;
pub mod entry;
mod interpret;
#[cfg(feature = "program")]
pub mod json;
#[cfg(feature = "program")]
pub mod live;
pub mod loads;
pub mod metrics;
mod pieces;
pub mod probe;
pub(crate) mod report;
mod requests;
#[cfg(feature = "program")]
pub mod short;
pub mod sink;
pub mod standard_output;
pub mod story;
#[cfg(feature = "program")]
pub mod summary;
