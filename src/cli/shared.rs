//! Options of every command that serves: where it listens, what it shows.

use super::names::LogName;
use super::values::{WatchAddress, port, watch_address};
use clap::Args;

/// Where a server listens.
#[derive(Clone, Debug, Args)]
pub(super) struct Place {
    /// Port to listen on; 0 takes any free one [default: 8080, or the next free one]
    #[arg(short, long, value_name = "PORT", help_heading = "Address", value_parser = port)]
    pub(super) port: Option<u16>,

    /// Listen on every interface, for the local network
    #[arg(long, help_heading = "Address")]
    pub(super) lan: bool,
}

/// What a server shows.
#[derive(Clone, Debug, Args)]
pub(super) struct Shown {
    /// Open the site in a browser
    #[arg(long, help_heading = "Output")]
    pub(super) open: bool,

    /// What to write to standard output [default: short on a terminal, else common]
    #[arg(long, value_enum, help_heading = "Output")]
    pub(super) log: Option<LogName>,

    /// Where the live page is: PORT, ADDRESS or ADDRESS:PORT [default: 8081 or the next free port, if only loopback is served]
    #[arg(long, value_name = "ADDR", value_parser = watch_address, help_heading = "Output")]
    pub(super) watch: Option<WatchAddress>,

    /// Serve no live page; with --watch, only /metrics is there
    #[arg(long, help_heading = "Output")]
    pub(super) no_watch: bool,
}
