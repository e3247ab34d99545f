//! The command line: [`Args`] is what was typed, [`Config`] is what it means.
//! `reading` and `serving` lead from one to the other. Nothing is opened here.

mod bind;
mod config;
mod fetch;
mod hosts;
mod korean;
mod lab;
mod meant;
mod names;
mod reading;
mod serving;
mod shared;
pub mod usage;
mod values;
pub mod way_out;

use crate::models::Model;
use bind::{Bind, bind};
use clap::{ArgAction, Parser, Subcommand};
pub use config::{Config, GivenPlace, LivePage, Log, Lowered};
use fetch::FetchArgs;
use hosts::{NamedHost, host};
use lab::LabArgs;
use names::{USUAL_MODEL, model};
use shared::{Place, Shown};
use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;
use values::{LanguageName, Trusted, cache_rule, header, number, positive_seconds, seconds, trusted, user};

/// Help and version stand behind a command's own options.
const LAST: usize = 1_000;

const AFTER: &str = "\
Examples:
  glasshttp                        serve ./public, or the current folder
  glasshttp -p 3000 dist           serve dist at http://localhost:3000/
  glasshttp --lan photos           share photos on the local network
  glasshttp fetch localhost:8080   fetch a URL, and show each stage
  glasshttp lesson --open          see in a browser how a page reaches it

Ctrl-C stops the server; responses under way are finished first.";

/// Serve a folder over HTTP/1.0.
#[derive(Clone, Debug, Parser)]
#[command(name = "glasshttp", version, max_term_width = 80)]
#[command(about = "A small HTTP/1.0 web server that you can see through.", after_help = AFTER)]
#[command(args_conflicts_with_subcommands = true, disable_help_subcommand = true)]
#[command(disable_help_flag = true, disable_version_flag = true)]
pub struct Args {
    #[command(subcommand)]
    command: Option<Command>,

    /// Folder to serve [default: ./public if there is one, else the current folder]
    #[arg(value_name = "DIR")]
    folder: Option<PathBuf>,

    /// Print help
    #[arg(short, long, action = ArgAction::Help, global = true, display_order = LAST)]
    help: Option<bool>,

    /// Print the version
    #[arg(short = 'V', long, action = ArgAction::Version, display_order = LAST)]
    version: Option<bool>,

    #[command(flatten)]
    place: Place,

    /// Address or unix:PATH to listen on; with proxy: before it, the PROXY protocol is expected there; repeatable [default: 127.0.0.1 and ::1]
    #[arg(short, long, value_name = "ADDRESS", help_heading = "Address", value_parser = bind, conflicts_with = "lan")]
    bind: Vec<Bind>,

    /// Believe this proxy (an address, a network or unix) about its client (Forwarded, X-Forwarded-For); repeatable
    #[arg(long, value_name = "ADDRESS", help_heading = "Address", value_parser = trusted)]
    trust: Vec<Trusted>,

    /// Respond to this host name, besides localhost; repeatable; * is any [with --bind or --lan, and no name: any]
    #[arg(long = "host", value_name = "NAME", help_heading = "Address", value_parser = host)]
    hosts: Vec<NamedHost>,

    /// Serve the root's index.html for paths that name nothing
    #[arg(long, help_heading = "Files")]
    spa: bool,

    /// Serve and list names that begin with a dot
    #[arg(long, help_heading = "Files")]
    hidden: bool,

    /// Respond 404 for folders without index.html instead of listing them
    #[arg(long, help_heading = "Files")]
    no_listing: bool,

    /// Follow symbolic links that lead out of the folder
    #[arg(long, help_heading = "Files")]
    follow_symlinks: bool,

    /// Add a header field to every response of the site; repeatable
    #[arg(long = "header", value_name = "NAME: VALUE", value_parser = header, help_heading = "Files")]
    headers: Vec<(String, String)>,

    /// Cache-Control of files, or of those that GLOB names; repeatable, the last match decides [default: no-cache]
    #[arg(long, value_name = "[GLOB: ]VALUE", value_parser = cache_rule, help_heading = "Files")]
    cache_control: Vec<(Option<String>, String)>,

    #[command(flatten)]
    shown: Shown,

    /// Language of messages, pages and listings [default: by LC_ALL, LC_MESSAGES or LANG]
    #[arg(long, value_enum, global = true, help_heading = "Output")]
    lang: Option<LanguageName>,

    /// Serve clients one after another, with a process or a thread for each, or with event loops for all
    #[arg(long, default_value = USUAL_MODEL, value_parser = model(), help_heading = "Server")]
    model: Model,

    /// Event loops of the multiplex model [default: one per core]
    #[arg(long, value_name = "N", value_parser = number::<u32>(1..=1024), help_heading = "Server")]
    workers: Option<u32>,

    /// Close a keep-alive connection that was idle for this long; 0 keeps none open
    #[arg(long, value_name = "SECONDS", default_value = "10", value_parser = seconds, help_heading = "Server")]
    keep_alive: Duration,

    /// Wait this long for a request's head, and three times as long for a client that reads nothing of its response
    #[arg(long, value_name = "SECONDS", default_value = "10", value_parser = positive_seconds, help_heading = "Server")]
    timeout: Duration,

    /// After the order to stop, finish open connections for this long
    #[arg(long, value_name = "SECONDS", default_value = "10", value_parser = seconds, help_heading = "Server")]
    grace: Duration,

    /// After the order to stop, go on accepting for this long; each response then closes its connection
    #[arg(long, value_name = "SECONDS", default_value = "0", value_parser = seconds, help_heading = "Server")]
    linger: Duration,

    /// Serve this many connections at once; further ones wait in the backlog [default: 1024; 65536 for multiplex]
    #[arg(long, value_name = "N", value_parser = number::<u32>(1..=u32::MAX), help_heading = "Server")]
    max_connections: Option<u32>,

    /// Let this many connections wait for accept
    #[arg(long, value_name = "N", default_value = "4096", value_parser = number::<u32>(1..=u32::MAX), help_heading = "Server")]
    backlog: u32,

    /// Memory in which each event loop keeps files that it served; 0 keeps none
    #[arg(long, value_name = "MIB", default_value = "32", value_parser = number::<u32>(0..=65536), help_heading = "Server")]
    cache: u32,

    /// Serve as this user, when started as root [default: who called sudo, else the folder's owner, else nobody]
    #[arg(long, value_name = "NAME|UID", allow_hyphen_values = true, value_parser = user, help_heading = "Server")]
    user: Option<String>,

    /// Switch the sandbox off: for kernels on which it does not work
    #[arg(long, help_heading = "Server")]
    no_sandbox: bool,
}

#[derive(Clone, Debug, Subcommand)]
enum Command {
    Fetch(Box<FetchArgs>),
    Lab(Box<LabArgs>),
    /// Serve the built-in lesson on HTTP and TCP, with its live page
    Lesson {
        #[command(flatten)]
        place: Place,
        #[command(flatten)]
        shown: Shown,
    },
    /// Show a saved log (--log json), or a fetch (fetch --json), in the terminal
    Show {
        /// The file; - is standard input
        #[arg(value_name = "FILE")]
        file: PathBuf,
    },
    /// Print this help, or that of a command
    Help {
        /// The command
        #[arg(value_name = "COMMAND")]
        command: Option<OsString>,
    },
}

/// What the program is to do.
#[derive(Clone, Debug)]
pub enum Task {
    /// Serve a folder.
    Serve(Box<Config>),
    /// Fetch URLs.
    Fetch(Box<crate::fetch::Options>),
    /// Perform an experiment.
    Lab(Box<crate::lab::Options>),
    /// Show a saved log again.
    Show(crate::show::Options),
}
