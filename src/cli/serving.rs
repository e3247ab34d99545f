//! What was typed, as it is meant for a server.

use super::bind::Bind;
use super::names::{LogName, with_workers};
use super::values::{USUAL_WATCH_PORT, WatchAddress, cache_control, trust};
use super::{Args, Config, LivePage, Lowered, hosts};
use crate::connection::Timeouts;
use crate::language::Language;
use crate::listener::{Address, Port, Required};
use crate::models::Limits;
use crate::site::SiteOptions;
use std::net::{Ipv4Addr, Ipv6Addr};

/// The port that is tried first where none is named.
const USUAL_PORT: u16 = 8080;

impl Args {
    /// What it means for a server.
    pub(super) fn config(self, language: Language) -> Config {
        let args = self;
        let required = if args.bind.is_empty() { Required::One } else { Required::All };
        let hosts = hosts::all(args.hosts);
        let hosts = if required == Required::All || args.place.lan { hosts::where_chosen(hosts) } else { hosts };
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
    use clap::Parser;

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
