//! The vocabulary of what is recorded: figures and how each is known, moments,
//! what TCP said, how a connection ended; a [`connection`] as the server records
//! it, a [`transfer`] as the client does, a name's [`lookup`].
//!
//! docs/records.md describes the JSON that these types become.

mod arrivals;
mod client_reason;
mod connect;
pub mod connection;
mod ending;
mod endpoint;
#[cfg(feature = "program")]
pub(crate) mod entry;
pub mod failure;
mod figure;
mod handshake;
mod left_out;
pub mod lookup;
mod lookup_error;
mod moment;
mod named;
mod reason;
mod saved;
pub mod secrets;
pub mod segment;
mod sentences;
mod source;
mod stages;
mod system_error;
mod tcp;
pub mod transfer;
mod under_way;
mod unjoined;
mod unread;
mod why;

pub(crate) use arrivals::{Arrivals, not_shown};
pub use client_reason::ClientReason;
pub use ending::{End, How, Reset, TimeWait};
pub use endpoint::Endpoint;
pub use failure::{Failed, Failure, FailureKind};
pub use figure::{Figure, Nanoseconds, Text};
pub use left_out::LeftOut;
pub(crate) use lookup_error::zone_name;
pub use lookup_error::{LookupError, MessageFault, NameFault, WalkLimit};
pub(crate) use moment::Moment;
pub use named::{Forwarded, Named, NamedBy, NotNamed, ProxyHeader, ProxyHeaderState};
pub use reason::Reason;
pub use source::Source;
pub(crate) use stages::Moments;
pub use stages::Stages;
pub use system_error::SystemError;
pub use tcp::{Negotiated, Syn, Tcp};
pub use unjoined::Unjoined;
pub use why::Why;
