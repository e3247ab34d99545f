//! Watching without touching: what serving threads report ([`probe`]), and who
//! makes something of it ([`log`]). Serving never waits for any of this.

pub mod log;
pub mod probe;
pub mod record;
pub mod sink;
