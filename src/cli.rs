//! The command line: [`Args`] is what was typed, [`Config`] is what it means.
//! Nothing is opened here.

mod fetch;
mod hosts;
mod lab;
mod values;

use crate::connection::Timeouts;
use crate::language::Language;
use crate::listener::{Address, Port};
use crate::models::{Limits, Model};
use crate::observe::clf::Format;
use crate::site::{Hosts, SiteOptions};
use clap::error::ErrorKind;
use clap::{CommandFactory, Parser, Subcommand, ValueEnum};
use fetch::FetchArgs;
use hosts::{NamedHost, host};
use lab::LabArgs;
use std::ffi::OsString;
use std::net::{Ipv4Addr, Ipv6Addr};
use std::path::PathBuf;
use std::time::Duration;
use values::{
    LanguageName, USUAL_WATCH_PORT, WatchAddress, address, field_value, header, positive_seconds, seconds,
    watch_address,
};

/// The port that is tried first where none is named.
const USUAL_PORT: u16 = 8080;

/// The model where none is named: the fastest that the system has.
const USUAL_MODEL: &str = if cfg!(target_os = "linux") { "multiplex" } else { "thread" };

/// Serve a folder over HTTP/1.0.
#[derive(Clone, Debug, Parser)]
#[command(name = "glasshttp", version, max_term_width = 80)]
#[command(about = "A small HTTP/1.0 web server that you can see through.")]
#[command(after_help = "Stop it with Ctrl-C; what is under way is finished first.")]
#[command(args_conflicts_with_subcommands = true)]
pub struct Args {
    #[command(subcommand)]
    command: Option<Command>,

    /// The folder to serve [default: ./public if there is one, else the current folder]
    #[arg(value_name = "DIR")]
    folder: Option<PathBuf>,

    /// The port to listen on; 0 takes any free one [default: 8080, or the next free one]
    #[arg(short, long, value_name = "PORT", help_heading = "Where")]
    port: Option<u16>,

    /// An address to listen on; may be repeated [default: 127.0.0.1 and ::1]
    #[arg(short, long, value_name = "ADDRESS", help_heading = "Where", value_parser = address)]
    bind: Vec<Address>,

    /// Listen on every interface, for the local network
    #[arg(long, conflicts_with = "bind", help_heading = "Where")]
    lan: bool,

    /// A name to respond to, beside localhost; may be repeated, * is any [with --bind or --lan: any]
    #[arg(long = "host", value_name = "NAME", help_heading = "Where", value_parser = host)]
    hosts: Vec<NamedHost>,

    /// Who serves: one client after another, a process or a thread for each, or event loops for all
    #[arg(long, value_enum, default_value = USUAL_MODEL, help_heading = "How")]
    model: ModelName,

    /// Event loops of the multiplex model [default: one for each core]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1024), help_heading = "How")]
    workers: Option<u32>,

    /// How long a kept connection may be idle; 0 keeps none
    #[arg(long, value_name = "SECONDS", default_value = "10", value_parser = seconds, help_heading = "How")]
    keep_alive: Duration,

    /// How long a request head may take; three times as long, how long a client may take nothing of its response
    #[arg(long, value_name = "SECONDS", default_value = "10", value_parser = positive_seconds, help_heading = "How")]
    timeout: Duration,

    /// How long to finish what is under way when told to stop
    #[arg(long, value_name = "SECONDS", default_value = "10", value_parser = seconds, help_heading = "How")]
    grace: Duration,

    /// Connections served at once; further ones wait in the backlog [default: 1024; 65536 for multiplex]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..), help_heading = "How")]
    max_connections: Option<u32>,

    /// Connections that may wait to be accepted
    #[arg(long, value_name = "N", default_value = "4096", value_parser = clap::value_parser!(u32).range(1..), help_heading = "How")]
    backlog: u32,

    /// Memory in which each event loop may keep files that it served; 0 keeps none
    #[arg(long, value_name = "MIB", default_value = "32", value_parser = clap::value_parser!(u32).range(..=65536), help_heading = "How")]
    cache: u32,

    /// A header field for every response of the site; may be repeated
    #[arg(long = "header", value_name = "NAME: VALUE", value_parser = header, help_heading = "What")]
    headers: Vec<(String, String)>,

    /// The Cache-Control of files
    #[arg(long, value_name = "VALUE", default_value = "no-cache", value_parser = field_value, help_heading = "What")]
    cache_control: String,

    /// Answer paths that name nothing with the root's index.html
    #[arg(long, help_heading = "What")]
    spa: bool,

    /// Serve and list names that begin with a dot
    #[arg(long, help_heading = "What")]
    hidden: bool,

    /// Follow symbolic links that lead out of the folder
    #[arg(long, help_heading = "What")]
    follow_symlinks: bool,

    /// Answer 404 for folders without an index.html, rather than list them
    #[arg(long, help_heading = "What")]
    no_listing: bool,

    /// What is told on standard output [default: story on a terminal, else common]
    #[arg(long, value_enum, help_heading = "What is shown")]
    log: Option<LogName>,

    /// Where the live page is: PORT, ADDRESS or ADDRESS:PORT [default: 8081 or the next free one, if only loopback is served]
    #[arg(long, value_name = "ADDR", value_parser = watch_address, help_heading = "What is shown")]
    watch: Option<WatchAddress>,

    /// No live page
    #[arg(long, conflicts_with = "watch", help_heading = "What is shown")]
    no_watch: bool,

    /// The language of the story and of listings
    #[arg(long, value_enum, default_value = "en", global = true, help_heading = "What is shown")]
    lang: LanguageName,
}

#[derive(Clone, Debug, Subcommand)]
enum Command {
    Fetch(Box<FetchArgs>),
    Lab(Box<LabArgs>),
    /// Tell a saved log (--log json) again, in the terminal
    Show {
        /// The log; - is standard input
        #[arg(value_name = "FILE")]
        file: PathBuf,
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
    /// Tell a saved log again.
    Show(crate::show::Options),
}

impl Args {
    /// Reads a command line, the program's name first.
    ///
    /// # Errors
    /// If it can't be meant, or asks for help.
    pub fn read(words: impl IntoIterator<Item = impl Into<OsString> + Clone>) -> Result<Task, clap::Error> {
        let mut args = Self::try_parse_from(words)?;
        match args.command.take() {
            None => Ok(Task::Serve(Box::new(args.into()))),
            Some(Command::Show { file }) => Ok(Task::Show(crate::show::Options { file, language: args.lang.into() })),
            Some(Command::Lab(lab)) => Ok(Task::Lab(Box::new(lab.options(args.lang.into())))),
            Some(Command::Fetch(fetch)) => {
                let options = fetch.options(args.lang);
                options
                    .map(|options| Task::Fetch(Box::new(options)))
                    .map_err(|why| Self::command().error(ErrorKind::ValueValidation, why))
            }
        }
    }
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum ModelName {
    Iterative,
    Process,
    Thread,
    #[cfg(target_os = "linux")]
    Multiplex,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum LogName {
    /// Each connection, from its SYN to its end, for people
    Story,
    /// A line for each request, for people
    Short,
    /// A line for each exchange: Common Log Format
    Common,
    /// The same, with referer and user agent
    Combined,
    /// A JSON object for each connection: docs/records.md
    Json,
    /// Packets for Wireshark, whole: glasshttp --log pcapng | wireshark -k -i -
    Pcapng,
    /// Nothing
    Off,
}

/// What is told on standard output.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Log {
    /// Each connection, for people.
    Story,
    /// A line for each request, for people.
    Short,
    /// A line for each exchange.
    Lines(Format),
    /// A JSON object for each connection.
    Json,
    /// Every packet, as a capture file.
    Pcapng,
    /// Nothing.
    Off,
}

/// Where the live page is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LivePage {
    /// Nowhere.
    Off,
    /// There, if it can be had: the server serves without it, too.
    Usual(Vec<Address>, Port),
    /// There, or the server does not start.
    At(Vec<Address>, Port),
}

/// What is to be done.
#[derive(Clone, Debug)]
pub struct Config {
    /// The folder to serve; `None`: `./public` if there is one, else the current folder.
    pub folder: Option<PathBuf>,
    /// How to serve it.
    pub site: SiteOptions,
    /// The addresses to listen on.
    pub addresses: Vec<Address>,
    /// Whether they were typed: then each of them is wanted.
    pub addresses_are_named: bool,
    /// The port.
    pub port: Port,
    /// The length of the queue of accepted-to-be connections.
    pub backlog: u32,
    /// Who runs the connections.
    pub model: Model,
    /// How much is taken on.
    pub limits: Limits,
    /// How long things may take.
    pub timeouts: Timeouts,
    /// What is told on standard output; `None`: what suits it.
    pub log: Option<Log>,
    /// In which language.
    pub language: Language,
    /// Where the live page is.
    pub live_page: LivePage,
}

impl From<Args> for Config {
    fn from(args: Args) -> Self {
        let addresses_are_named = !args.bind.is_empty();
        // Whoever chooses the addresses has said who may ask.
        let hosts = if addresses_are_named || args.lan { Hosts::Any } else { hosts::all(args.hosts) };
        let addresses = if args.lan {
            vec![Ipv4Addr::UNSPECIFIED.into(), Ipv6Addr::UNSPECIFIED.into()]
        } else if args.bind.is_empty() {
            loopbacks()
        } else {
            args.bind
        };
        let model = match args.model {
            ModelName::Iterative => Model::Iterative,
            ModelName::Process => Model::Process,
            ModelName::Thread => Model::Thread,
            #[cfg(target_os = "linux")]
            ModelName::Multiplex => {
                Model::Multiplex { workers: args.workers.map_or_else(one_for_each_core, |workers| workers as usize) }
            }
        };
        let connections = args.max_connections.unwrap_or(match model {
            Model::Iterative | Model::Process | Model::Thread => 1024,
            #[cfg(target_os = "linux")]
            Model::Multiplex { .. } => 65_536,
        });
        let port = args.port.map_or(Port::From(USUAL_PORT), Port::Exactly);
        let live_page = match args.watch {
            _ if args.no_watch => LivePage::Off,
            Some(address) => address.live_page(),
            // The instrument is not for the network.
            None if addresses.iter().any(|address| !address.ip.is_loopback()) => LivePage::Off,
            None if port == Port::Exactly(0) => LivePage::Usual(loopbacks(), Port::Exactly(0)),
            None => LivePage::Usual(loopbacks(), Port::From(USUAL_WATCH_PORT)),
        };
        Self {
            folder: args.folder,
            site: SiteOptions {
                hidden: args.hidden,
                follow_symlinks: args.follow_symlinks,
                listing: !args.no_listing,
                hosts,
                language: args.lang.into(),
                spa: args.spa,
                cache_control: args.cache_control,
                headers: args.headers,
                cache: args.cache as usize * 1024 * 1024,
            },
            addresses,
            addresses_are_named,
            port,
            backlog: args.backlog,
            model,
            limits: Limits { connections: connections as usize, grace: args.grace },
            timeouts: Timeouts::new(args.timeout, args.keep_alive),
            log: args.log.map(|log| match log {
                LogName::Story => Log::Story,
                LogName::Short => Log::Short,
                LogName::Common => Log::Lines(Format::Common),
                LogName::Combined => Log::Lines(Format::Combined),
                LogName::Json => Log::Json,
                LogName::Pcapng => Log::Pcapng,
                LogName::Off => Log::Off,
            }),
            language: args.lang.into(),
            live_page,
        }
    }
}

impl WatchAddress {
    fn live_page(self) -> LivePage {
        let port = self.port.map_or(Port::From(USUAL_WATCH_PORT), Port::Exactly);
        LivePage::At(self.address.map_or_else(loopbacks, |address| vec![address]), port)
    }
}

/// Both, because `localhost` may mean either.
fn loopbacks() -> Vec<Address> {
    vec![Ipv4Addr::LOCALHOST.into(), Ipv6Addr::LOCALHOST.into()]
}

fn one_for_each_core() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(arguments: &[&str]) -> Result<Config, String> {
        let arguments = ["glasshttp"].iter().chain(arguments);
        Args::try_parse_from(arguments).map(Config::from).map_err(|error| error.to_string())
    }

    #[test]
    fn nothing_typed_means_public_on_both_loopbacks() {
        let config = config(&[]).expect("valid");
        assert_eq!(config.folder, None);
        assert_eq!(config.port, Port::From(8080));
        assert_eq!(config.addresses, [Ipv4Addr::LOCALHOST.into(), Ipv6Addr::LOCALHOST.into()]);
    }

    #[test]
    fn what_can_not_be_meant_is_refused() {
        for arguments in [
            &["--header", "X: a\r\nb"][..],
            &["--header", "no colon"],
            &["--header", "Content-Length: 5"],
            &["--header", " X: a"],
            &["--cache-control", "a\nb"],
            &["--port", "65536"],
            &["--bind", "here"],
            &["--bind", "fe80::1%no-such-interface"],
            &["--bind", "fe80::1%"],
            &["--bind", "127.0.0.1%lo"],
            &["--lan", "--bind", "::1"],
            &["--timeout", "0"],
            &["--keep-alive", "-1"],
            &["--keep-alive", "nan"],
            &["--max-connections", "0"],
            &["--watch", "here"],
            &["--watch", "8081", "--no-watch"],
            &["--lang", "de"],
            &["a", "b"],
        ] {
            assert!(config(arguments).is_err(), "{arguments:?}");
        }
        assert!(config(&["--header", "X-Frame-Options: DENY", "--keep-alive", "0.5", "-b", "[::1]"]).is_ok());
        for zoned in ["fe80::1%lo", "[fe80::1%lo]", "fe80::1%1", "fe80::1%25lo"] {
            let address = config(&["--bind", zoned]).expect("valid").addresses[0];
            assert_eq!((address.ip.to_string(), address.zone), ("fe80::1".to_owned(), 1), "{zoned}");
        }
    }

    #[test]
    fn the_live_page_is_never_on_the_network_unasked() {
        let page = |arguments: &[&str]| config(arguments).expect("valid").live_page;
        assert_eq!(page(&[]), LivePage::Usual(loopbacks(), Port::From(8081)));
        assert_eq!(page(&["-b", "127.0.0.1", "-p", "0"]), LivePage::Usual(loopbacks(), Port::Exactly(0)));
        assert_eq!(page(&["--lan"]), LivePage::Off);
        assert_eq!(page(&["-b", "::"]), LivePage::Off);
        assert_eq!(page(&["--lan", "--watch", "9000"]), LivePage::At(loopbacks(), Port::Exactly(9000)));
        assert_eq!(
            page(&["--watch", "[::1]:9000"]),
            LivePage::At(vec![Ipv6Addr::LOCALHOST.into()], Port::Exactly(9000))
        );
    }

    #[test]
    fn serve_has_at_most_26_flags() {
        use clap::CommandFactory;
        // Those of the program as a whole, for every command, are not serve's own.
        let flags = Args::command().get_opts().filter(|option| !option.is_global_set()).count();
        assert!(flags <= 26, "{flags}");
    }
}
