//! The client: the other end of the wire, stage by stage.
//!
//! Reading order: [`url`] and [`Options`] (what is asked), [`crate::dns`] (a name to
//! addresses), `connect` (an address to a connection), `connection` (the
//! machine of [`crate::http::client`] on a socket, with `notes` of what
//! happens), `closing` (who ended it first), `body`, `download` and `outlet` (where the
//! response goes), `session` (all of it in order: keep-alive connections, redirects),
//! `standard_error` (where it speaks to who started it).
//! The result is a [record](crate::record::transfer), from which [`crate::story`], `har` and JSON are
//! made; `joined` lays the server's half beside it. `clash` finds what would be written to one place.

mod body;
pub(crate) mod clash;
mod clock;
mod closing;
mod connect;
mod connection;
mod download;
mod fault;
mod har;
mod interrupt;
mod job;
mod joined;
mod name;
mod notes;
mod options;
mod outlet;
mod partial;
mod payload;
mod progress;
mod retry;
mod seen;
mod sending;
mod session;
mod standard_error;
mod taking;
mod turn;
pub mod url;
mod withheld;

pub use interrupt::Interrupt;
pub use options::{Data, Options, Output, Watched};
pub use session::{fetch, run};
pub use standard_error::StandardError;
