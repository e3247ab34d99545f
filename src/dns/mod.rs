//! Name resolution, stage by stage: what a resolver does unseen.
//!
//! [`resolve()`] asks as the system would (hosts file, then the name servers of
//! resolv.conf, each question sent by us so that it can be shown) and sets the
//! system resolver's own answer beside it; [`resolve_early`] waits for neither
//! a slow answer to the other kind of question nor for the system. [`trace()`] walks from the root
//! downwards instead. Both give plain records: their caller shows them.
//!
//! Sockets block, with timeouts; nothing here is async. Messages are
//! hickory-proto's, which `message.rs` alone names.
//!
//! Reading order: [`crate::record::lookup`] (the nouns), `config` and `host` (what is asked, and
//! whom), `message` and `exchange` (one question on the wire), `resolve`,
//! `trace`, `order` (which address is tried first), `stop` (what ends a lookup early).

mod config;
mod exchange;
mod host;
mod message;
mod order;
mod resolve;
mod stop;
mod system;
mod trace;

pub use config::{DNS_PORT, Families, Options, server_address};
pub use host::is_localhost;
pub use order::interleaved;
pub use resolve::{Late, resolve, resolve_early};
pub use stop::Stop;
pub use system::System;
pub use trace::{ROOT_SERVERS, TraceOptions, default_roots, trace};

/// What `fuzz/` reads bytes with: nothing else needs it from outside.
#[cfg(fuzzing)]
pub mod fuzzing {
    use super::host::Host;
    use super::message::Question;
    use crate::record::lookup::QueryType;

    /// Judges `message` as a response to a question of ours, with our number and without.
    pub fn judge(message: &[u8]) {
        let Ok(question) = Question::new("a.test", QueryType::A, true, true) else { return };
        question.judge(message);
        if let Some(rest) = message.get(2..) {
            question.judge(&[&question.id.to_be_bytes(), rest].concat());
        }
    }

    /// Reads a host.
    pub fn host(text: &str) {
        let _ = Host::parse(text);
    }
}
