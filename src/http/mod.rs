//! The protocol core: HTTP as a calculation over bytes.
//!
//! Nothing here reads a socket, a file or a clock, waits, or starts a thread.
//! Bytes that arrived go in, what to do next comes out, so every rule can be
//! tested with a byte string and no network.
//!
//! Reading order: [`message`] (the nouns), [`parse`] (bytes to a request, or to
//! a [rejection](server::rejection)), [`persistence`] (close or reuse), [`server`] (the machine
//! that joins them). The client's half is the same the other way round:
//! [`client`] over [`parse::response`] and [`chunked`], with its [errors](client::response_error).

pub mod chunked;
pub mod client;
pub mod content_range;
pub mod date;
pub mod field;
pub mod host;
pub mod message;
pub mod parse;
pub mod persistence;
pub mod server;
pub mod status;
