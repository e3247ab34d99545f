//! Watching without touching: what serving threads report ([`probe`]), who
//! makes records of it ([`collector`], [`record`]), and who is told ([`sink`]).
//! Serving never waits for any of this.

pub mod clf;
pub(crate) mod clock;
pub mod collector;
mod interpret;
pub mod json;
pub(crate) mod kernel;
pub mod live;
pub mod probe;
pub mod record;
pub(crate) mod report;
pub mod sink;
pub(crate) mod socket_table;
pub mod standard_output;
pub mod story;
pub(crate) mod timestamps;
