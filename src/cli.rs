//! The command line: [`Args`] is what was typed, [`Config`] is what it means.
//! Nothing is opened here.

mod bind;
mod config;
mod fetch;
mod hosts;
mod korean;
mod lab;
mod meant;
mod names;
mod shared;
pub mod usage;
mod values;
pub mod way_out;

use crate::connection::Timeouts;
use crate::language::Language;
use crate::listener::{Address, Port, Required};
use crate::models::{Limits, Model};
use crate::site::{Hosts, SiteOptions};
use bind::{Bind, bind, contradiction};
use clap::{ArgAction, CommandFactory, FromArgMatches, Parser, Subcommand};
pub use config::{Config, GivenPlace, LivePage, Log, Lowered};
use fetch::FetchArgs;
use hosts::{NamedHost, host};
use lab::LabArgs;
use names::{LogName, USUAL_MODEL, model, with_workers};
use shared::{Place, Shown};
use std::ffi::OsString;
use std::net::{Ipv4Addr, Ipv6Addr};
use std::path::{Path, PathBuf};
use std::time::Duration;
use usage::NoTask;
use values::{
    LanguageName, Trusted, USUAL_WATCH_PORT, WatchAddress, cache_control, cache_rule, header, number, positive_seconds,
    seconds, trust, trusted, user,
};

/// The port that is tried first where none is named.
const USUAL_PORT: u16 = 8080;

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

    /// Respond to this host name, besides localhost; repeatable; * is any [with --bind or --lan: any]
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
    #[arg(long, value_name = "NAME|UID", value_parser = user, help_heading = "Server")]
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

impl Args {
    /// The command line as clap knows it, explained in this language.
    pub fn command_in(language: Language) -> clap::Command {
        match language {
            Language::English => Self::command(),
            Language::Korean => korean::translated(Self::command()),
        }
    }

    /// Reads a command line, the program's name first.
    ///
    /// # Errors
    /// If it is invalid, or asks for help.
    pub fn read(words: impl IntoIterator<Item = impl Into<OsString>>) -> Result<Task, NoTask> {
        let mut words: Vec<OsString> = words.into_iter().map(Into::into).collect();
        // `--lang ko lab` means `lab --lang ko`: else options and commands exclude each other.
        if let [_, option, _, name, ..] = &words[..]
            && option == "--lang"
            && Self::command().get_subcommands().any(|command| name == command.get_name())
        {
            words[1..4].rotate_right(1);
        }
        let language = asked_language(&words).unwrap_or_else(Language::of_environment);
        let matches = Self::command_in(language).try_get_matches_from(&words);
        let args = matches.and_then(|matches| Self::from_arg_matches(&matches));
        let program = Self::command();
        let commands: Vec<&str> = program.get_subcommands().map(clap::Command::get_name).collect();
        let first = words.get(1).and_then(|word| meant::alike(commands.iter().copied(), word.to_str()?));
        let is_typed = first.is_some_and(|first| words.get(1).is_some_and(|word| word == first));
        let mut args = args.map_err(|error| match first {
            Some(command) if is_typed => NoTask::of_command(error, command, &program, language),
            first => NoTask::of(error, first, &program, language),
        })?;
        let folder = args.folder.as_deref().filter(|folder| !folder.exists()).and_then(Path::to_str);
        if let Some((folder, meant)) =
            folder.and_then(|typed| Some((typed, meant::instead_of_folder(typed, &commands)?)))
        {
            return Err(NoTask::instead_of_folder(folder, &meant, language));
        }
        if let Some(sentence) = contradiction(&args.bind, args.place.port) {
            return Err(NoTask::invalid(&sentence, language));
        }
        match args.command.take() {
            None => Ok(Task::Serve(Box::new(args.config(language)))),
            Some(Command::Lesson { place, shown }) => {
                (args.place, args.shown) = (place, shown);
                Ok(Task::Serve(Box::new(Config { is_lesson: true, ..args.config(language) })))
            }
            Some(Command::Show { file }) => Ok(Task::Show(crate::show::Options { file, language })),
            Some(Command::Lab(lab)) => match lab.nearly() {
                Some((typed, meant)) => Err(NoTask::instead_of_experiment(typed, meant, language)),
                None => Ok(Task::Lab(Box::new(lab.options(language)))),
            },
            Some(Command::Fetch(fetch)) => {
                let options = fetch.options(language);
                let options = options.map_err(|sentence| NoTask::invalid(&sentence, language))?;
                Ok(Task::Fetch(Box::new(options)))
            }
            Some(Command::Help { command }) => {
                if let Some(typed) = command.as_ref().filter(|typed| commands.iter().all(|name| typed != name)) {
                    let typed = typed.to_string_lossy();
                    return Err(NoTask::no_command(&typed, meant::alike(commands, &typed), language));
                }
                let words = words.first().cloned().into_iter().chain(command).chain(["--help".into()]);
                let lang = ["--lang".into(), language.tag().into()];
                Self::read(words.chain(lang).collect::<Vec<OsString>>())
            }
        }
    }
}

/// What `--lang` says, also in a command line that is invalid elsewhere.
fn asked_language(words: &[OsString]) -> Option<Language> {
    let options: Vec<_> = words.iter().take_while(|word| *word != "--").filter_map(|word| word.to_str()).collect();
    let apart = options.windows(2).find_map(|pair| (pair[0] == "--lang").then_some(pair[1]));
    let joined = || options.iter().find_map(|word| word.strip_prefix("--lang="));
    apart.or_else(joined).and_then(Language::of_tag)
}

impl Args {
    /// What it means for a server.
    fn config(self, language: Language) -> Config {
        let args = self;
        let required = if args.bind.is_empty() { Required::One } else { Required::All };
        // A choice of addresses says who may ask.
        let hosts = if required == Required::All || args.place.lan { Hosts::Any } else { hosts::all(args.hosts) };
        let mut paths = Vec::new();
        let addresses = if args.place.lan {
            vec![Ipv4Addr::UNSPECIFIED.into(), Ipv6Addr::UNSPECIFIED.into()]
        } else if args.bind.is_empty() {
            loopbacks()
        } else {
            // One that is named twice is taken once.
            let mut named = Vec::new();
            for bind in args.bind {
                match bind {
                    Bind::Address(address) if !named.contains(&address) => named.push(address),
                    Bind::Unix(place) if !paths.contains(&place) => paths.push(place),
                    Bind::Address(_) | Bind::Unix(_) => {}
                }
            }
            named
        };
        let model = with_workers(args.model, args.workers);
        let connections = args.max_connections.map_or(model.usual_connections(), |most| most as usize);
        let port = args.place.port.map_or(Port::From(USUAL_PORT), Port::Exactly);
        let live_page = match args.shown.watch {
            None if args.shown.no_watch => LivePage::Off,
            Some(address) => address.live_page(),
            // The instrument is not for the network.
            None if addresses.iter().any(|address| !address.ip.is_loopback()) => LivePage::Off,
            None if port == Port::Exactly(0) => LivePage::Usual(loopbacks(), Port::Exactly(0)),
            None => LivePage::Usual(loopbacks(), Port::From(USUAL_WATCH_PORT)),
        };
        Config {
            folder: args.folder,
            site: SiteOptions {
                hidden: args.hidden,
                follow_symlinks: args.follow_symlinks,
                listing: !args.no_listing,
                hosts,
                language,
                spa: args.spa,
                cache_control: cache_control(args.cache_control),
                headers: args.headers,
                cache: args.cache as usize * 1024 * 1024,
            },
            addresses,
            paths,
            required,
            port,
            backlog: args.backlog,
            model,
            limits: Limits::new(connections).ending_after(args.linger, args.grace),
            trust: trust(&args.trust),
            timeouts: Timeouts::new(args.timeout, args.keep_alive),
            log: args.shown.log.map(LogName::log),
            language,
            live_page,
            counts_alone: args.shown.no_watch,
            is_lesson: false,
            lowered: Lowered::default(),
            opens_browser: args.shown.open,
            is_for_lan: args.place.lan,
            user: args.user,
            has_sandbox: !args.no_sandbox,
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

#[cfg(test)]
mod tests {
    use super::*;

    fn config(arguments: &[&str]) -> Result<Config, String> {
        let args = Args::try_parse_from(["glasshttp"].iter().chain(arguments)).map_err(|error| error.to_string())?;
        Ok(args.config(Language::English))
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
            &["--cache-control", ""],
            &["--cache-control", " "],
            &["--user", ""],
            &["--user", "4294967295"],
            &["--user", "4294967296"],
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
    fn serve_has_at_most_28_flags() {
        use clap::CommandFactory;
        // Those of the program as a whole, for every command, are not serve's own.
        let is_own = |option: &&clap::Arg| !option.is_global_set() && option.get_id() != "version";
        let flags = Args::command().get_opts().filter(is_own).count();
        assert!(flags <= 28, "{flags}");
    }
}
