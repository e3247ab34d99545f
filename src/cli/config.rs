//! What a command line means for a server.

use super::hosts::where_chosen;
use crate::activation::HandedOver;
use crate::connection::{Timeouts, Trust};
use crate::kernel::cgroup;
use crate::language::Language;
use crate::listener::{Address, Listener, Port, Required, UnixPlace};
use crate::models::{Limits, Model};
use crate::observe::access::Format;
use crate::site::SiteOptions;
use std::path::PathBuf;

/// What is written to standard output.
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
    /// There, if it is available: the server serves without it, too.
    Usual(Vec<Address>, Port),
    /// There, or the server does not start.
    At(Vec<Address>, Port),
    /// On sockets that were handed over.
    HandedOver,
}

impl LivePage {
    /// Whether it will be open to this machine alone; of sockets that were handed over, they say so.
    pub fn is_on_loopback(&self, handed_over: &[Listener]) -> bool {
        match self {
            Self::Off => false,
            Self::Usual(addresses, _) | Self::At(addresses, _) => {
                addresses.iter().all(|address| address.ip.is_loopback())
            }
            Self::HandedOver => handed_over.iter().all(Listener::is_on_this_machine),
        }
    }
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
    /// The paths to listen on.
    pub paths: Vec<UnixPlace>,
    /// Which of them are required: all that were typed.
    pub required: Required,
    /// The port.
    pub port: Port,
    /// The length of the queue of accepted-to-be connections.
    pub backlog: u32,
    /// Who runs the connections.
    pub model: Model,
    /// How much is taken on.
    pub limits: Limits,
    /// Whose word on a client is taken.
    pub trust: Trust,
    /// How long things may take.
    pub timeouts: Timeouts,
    /// What is written to standard output; `None`: what suits it.
    pub log: Option<Log>,
    /// In which language.
    pub language: Language,
    /// Where the live page is.
    pub live_page: LivePage,
    /// Whether there is no page, but the counts alone.
    pub counts_alone: bool,
    /// Whether the built-in site is served, and no folder.
    pub is_lesson: bool,
    /// What is less than was asked for.
    pub lowered: Lowered,
    /// Whether a browser is to show the site.
    pub opens_browser: bool,
    /// Whether the site is for the local network, and so for telephones.
    pub is_for_lan: bool,
    /// The user that is to serve, where root starts it.
    pub user: Option<String>,
    /// Whether what serves gives up what it does not need.
    pub has_sandbox: bool,
}

/// What the system's limits leave of what was asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Lowered {
    /// As many connections, where it is fewer.
    pub connections: Option<usize>,
    /// The limit of this process's memory, where its caches are smaller for it.
    pub memory: Option<u64>,
}

/// What was typed though it is decided by a socket that was handed over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GivenPlace {
    /// Addresses or a port of the site.
    Site,
    /// The live page's.
    Page,
}

impl Config {
    /// The same with no larger caches than the limit of memory allows: all event loops together take a
    /// quarter of that.
    #[must_use]
    pub fn within_memory(mut self) -> Self {
        if let (Model::Multiplex { workers }, Some(limit)) = (self.model, cgroup::memory_limit()) {
            let share = usize::try_from(limit / 4).unwrap_or(usize::MAX) / workers.max(1);
            if share < self.site.cache {
                self.site.cache = share;
                self.lowered.memory = Some(limit);
            }
        }
        self
    }

    /// The same where the limit of open files leaves this many connections.
    #[must_use]
    pub fn within_connections(mut self, affordable: usize) -> Self {
        // A server that serves one at a time is not held back by files.
        let is_lowered = self.model != Model::Iterative && affordable < self.limits.connections;
        self.lowered.connections = is_lowered.then_some(affordable);
        self
    }

    /// The same where these sockets take the place of those that it names.
    ///
    /// # Errors
    /// If a place was typed that a socket has already decided.
    pub fn with_handed_over(mut self, sockets: &HandedOver) -> Result<Self, GivenPlace> {
        if !sockets.site.is_empty() {
            let is_typed = self.required == Required::All
                || !self.paths.is_empty()
                || self.addresses.iter().any(|address| !address.ip.is_loopback())
                || matches!(self.port, Port::Exactly(_));
            if is_typed {
                return Err(GivenPlace::Site);
            }
            let addresses = || sockets.site.iter().filter_map(Listener::address);
            self.port = addresses().next().map_or(self.port, |first| Port::Exactly(first.port()));
            self.addresses = addresses().map(|address| address.ip().into()).collect();
            self.site.hosts = where_chosen(self.site.hosts);
            // The instrument is not for the network.
            let is_loopback = self.addresses.iter().all(|address| address.ip.is_loopback());
            if matches!(self.live_page, LivePage::Usual(..)) && !is_loopback {
                self.live_page = LivePage::Off;
            }
        }
        if !sockets.page.is_empty() {
            if matches!(self.live_page, LivePage::At(..)) {
                return Err(GivenPlace::Page);
            }
            self.live_page = LivePage::HandedOver;
        }
        Ok(self)
    }
}
