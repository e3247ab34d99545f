//! What is recorded of the connections, and who gets it: the story, a log, the live
//! page. Each is a sink of the collector's.

use crate::capture::log::{PcapngLog, Unwritten};
use crate::capture::wanted::Packets;
use crate::capture::{Capture, Sockets};
use crate::cli::{Config, LivePage, Log, way_out};
use crate::language::Language;
use crate::listener::{self, Address, Listener, Required};
use crate::observe::access::Format;
use crate::observe::calls::CallsBeside;
use crate::observe::collector::Watching;
use crate::observe::json::JsonLog;
use crate::observe::live::lab::Laboratory;
use crate::observe::live::{Bounds, Hub, LiveSink};
use crate::observe::loads::Loads;
use crate::observe::probe::{Probe, Rate, Scope};
use crate::observe::short::ShortLog;
use crate::observe::sink::{LeftOut, Sink};
use crate::observe::standard_output::{self, StandardOutput};
use crate::observe::story::Story;
use crate::observe::summary::Summary;
use crate::record::{Figure, Source};
use crate::sandbox::InForce;
use crate::story::width::{USUAL, columns};
use crate::watch::Watch;
use anstream::adapter::strip_str;
use anstream::{AutoStream, ColorChoice};
use std::io::{self, IsTerminal};
use std::sync::Arc;
use std::time::Instant;

/// How many connections, and exchanges, are recorded in a second: people can't look
/// at more, and what is left out costs nothing.
const RECORDED: u32 = 500;
/// How many of them a terminal shows in a second.
const STORIES: u32 = 20;

/// What is recorded of a server's connections.
pub struct Recording {
    watching: Option<Watching>,
    hub: Option<Arc<Hub>>,
    page: Option<Watch>,
    capture: Option<Arc<Capture>>,
    /// Whether packets are captured.
    pub packets: Packets,
    /// Where the live page is, best address first; none, if there is no page.
    pub page_urls: Vec<String>,
    /// Where the counts alone are, if there is no page.
    pub metrics_urls: Vec<String>,
    /// Whether others than this machine can reach it.
    pub is_page_public: bool,
    /// Why there is none, though there usually is.
    pub no_page: Option<String>,
    /// What standard output is for.
    pub log: Log,
    is_summed_up: bool,
    began: Instant,
}

/// What is to be said when it is over.
pub struct Outcome {
    /// What was left out.
    pub left_out: LeftOut,
    /// Of a capture file, what of it could not be written.
    pub capture_file: Option<Unwritten>,
    /// The whole run in a line, where it is for people.
    pub summary: Option<String>,
}

/// All that recording needs is open, and nothing is recorded yet.
pub struct Opened {
    scope: Scope,
    sinks: Vec<Box<dyn Sink>>,
    page: OpenedPage,
    /// The URLs of the site, best first.
    pub site_urls: Vec<String>,
    packets: Packets,
    sockets: Option<Sockets>,
    log: Log,
    is_summed_up: bool,
    model: &'static str,
    language: Language,
}

/// The live page's sockets, and what there is to show on it.
struct OpenedPage {
    listeners: Vec<Listener>,
    /// None, where the sockets are for counts alone.
    hub: Option<Arc<Hub>>,
    urls: Vec<String>,
    metrics_urls: Vec<String>,
    is_public: bool,
    why_none: Option<String>,
}

impl Opened {
    /// Opens what is to record what `config` says, of a server on `site`. The live
    /// page has experiments performed by `lab`.
    ///
    /// # Errors
    /// In a sentence: if the live page's port was named and is not available.
    pub fn open(
        config: &Config,
        site: &[Listener],
        page: Vec<Listener>,
        lab: Arc<dyn Laboratory>,
    ) -> Result<Self, String> {
        let language = config.language;
        let log = config.log.unwrap_or_else(|| usual_log(config.is_lesson));
        if log != Log::Off {
            standard_output::check().map_err(|error| way_out::cannot_log(&error, language))?;
        }
        let mut sinks: Vec<Box<dyn Sink>> = Vec::new();
        sinks.extend(sink_of(log, language));
        let page = OpenedPage::open(config, page)?;
        // Before the first thread begins: none of them keeps the right to.
        let addresses: Vec<_> = site.iter().filter_map(Listener::address).collect();
        let is_followed = log == Log::Story || page.hub.is_some();
        let (packets, sockets) = Packets::open(&addresses, is_followed, log == Log::Pcapng, language)?;
        let mut scope = Scope::default();
        if let Log::Lines(format) = log {
            scope.lines = Some(format);
        }
        scope.counts = !page.listeners.is_empty();
        scope.is_followed = is_followed;
        if let Some(hub) = &page.hub {
            hub.show_queue_of(addresses);
            hub.show_lab(lab);
            sinks.push(Box::new(LiveSink::new(hub)));
            scope.page_origins = origins(&page.listeners);
            scope.loads = page.loads(site);
            scope.loads.iter().for_each(|loads| hub.show_loads(loads));
        }
        // For people, and only where each connection is looked at anyway.
        let is_summed_up = matches!(log, Log::Story | Log::Short | Log::Off) && !sinks.is_empty();
        if !sinks.is_empty() || log == Log::Pcapng {
            // Before the server's address is announced: the first SYN is kept, too.
            site.iter().for_each(Listener::save_syn);
            let leaves_nothing_out = matches!(log, Log::Json | Log::Short | Log::Pcapng);
            scope.connections = Some(if leaves_nothing_out { Rate::All } else { Rate::PerSecond(RECORDED) });
        }
        let (site_urls, model) = (listener::urls(site), config.model.name());
        Ok(Self { scope, sinks, page, site_urls, packets, sockets, log, is_summed_up, model, language })
    }

    /// Whether connections are recorded, and with them what clients sent.
    pub fn has_secrets(&self) -> bool {
        self.scope.connections.is_some()
    }

    /// Begins to record: from here on there are threads.
    ///
    /// # Errors
    /// In a sentence: if the system has nothing left for one more.
    pub fn start(self) -> Result<Recording, String> {
        let Self { scope, mut sinks, page, site_urls, sockets, language, .. } = self;
        let OpenedPage { listeners, hub, .. } = page;
        let is_pcapng = self.log == Log::Pcapng;
        let pcapng = is_pcapng.then(|| PcapngLog::new(Box::new(StandardOutput::new()), language));
        let capture = sockets.map(|sockets| Capture::start(sockets, pcapng).map(Arc::new)).transpose();
        let capture = capture.map_err(|error| way_out::cannot_capture(&error, is_pcapng, language))?;
        if let (Some(capture), true) = (&capture, is_pcapng) {
            sinks.push(Box::new(CallsBeside::new(Arc::clone(capture), language)));
        }
        // A file has its packets from the capture itself.
        let joined = capture.clone().filter(|_| !is_pcapng || hub.is_some());
        let failed = |error: io::Error| way_out::cannot_record(&error, language);
        let start = |capture| {
            Watching::start(scope.clone(), self.model.into(), Box::new(StandardOutput::new()), sinks, capture)
        };
        let watching = (!scope.is_nothing()).then(|| start(joined)).transpose().map_err(failed)?;
        let metrics = watching.as_ref().and_then(Watching::metrics);
        let watch = match (&hub, metrics) {
            (Some(hub), metrics) => Some(Watch::start(hub, &site_urls, metrics, listeners, language)),
            (None, Some(metrics)) => Some(Watch::counts_alone(metrics, listeners, language)),
            (None, None) => None,
        };
        Ok(Recording {
            watching,
            hub,
            page: watch.transpose().map_err(failed)?,
            capture,
            packets: self.packets,
            page_urls: page.urls,
            metrics_urls: page.metrics_urls,
            is_page_public: page.is_public,
            no_page: page.why_none,
            log: self.log,
            is_summed_up: self.is_summed_up,
            began: Instant::now(),
        })
    }
}

impl OpenedPage {
    /// Listens where the live page, or the counts alone, are to be.
    fn open(config: &Config, handed_over: Vec<Listener>) -> Result<Self, String> {
        let (listeners, why_none) = page_listeners(config, handed_over)?;
        let urls = listener::urls(&listeners);
        let (urls, metrics_urls) = if config.counts_alone { (Vec::new(), urls) } else { (urls, Vec::new()) };
        let is_public = !config.counts_alone && !listeners.iter().all(Listener::is_on_this_machine);
        let hub = (!listeners.is_empty() && !config.counts_alone).then(|| Hub::new(Bounds::default()));
        Ok(Self { listeners, hub, urls, metrics_urls, is_public, why_none })
    }

    /// The names of loads that pages of `site` may ask for: where the live page is for this machine alone.
    fn loads(&self, site: &[Listener]) -> Option<Arc<Loads>> {
        let url = self.urls.first().filter(|_| !self.is_public)?;
        Some(Arc::new(Loads::new(url, origins(site))))
    }
}

/// The live page's sockets; or why there are none, though there usually are.
fn page_listeners(config: &Config, handed_over: Vec<Listener>) -> Result<(Vec<Listener>, Option<String>), String> {
    let listen = |addresses: &[Address], port| listener::listen(addresses, Required::One, port, PAGE_BACKLOG);
    match &config.live_page {
        LivePage::Off => Ok((Vec::new(), None)),
        LivePage::HandedOver => Ok((handed_over, None)),
        LivePage::At(addresses, port) => match listen(addresses, *port) {
            Ok(listeners) => Ok((listeners, None)),
            Err(error) => Err(way_out::page_cannot_listen(&error, config.language)),
        },
        LivePage::Usual(addresses, port) => match listen(addresses, *port) {
            Ok(listeners) => Ok((listeners, None)),
            Err(error) => Ok((Vec::new(), Some(way_out::why_not(&error, config.language)))),
        },
    }
}

/// The log where none was asked for: at a terminal it is for people.
fn usual_log(is_lesson: bool) -> Log {
    match (io::stdout().is_terminal(), is_lesson) {
        (true, true) => Log::Story,
        (true, false) => Log::Short,
        (false, _) => Log::Lines(Format::Common),
    }
}

/// Who gets the records for this log; a log of lines is written by the serving threads, a capture by itself.
fn sink_of(log: Log, language: Language) -> Option<Box<dyn Sink>> {
    let is_plain = AutoStream::choice(&io::stdout()) == ColorChoice::Never;
    let strip = is_plain.then_some((|text| strip_str(text).to_string()) as fn(&str) -> String);
    match log {
        Log::Story => {
            let story = Story::new(StandardOutput::new(), language, STORIES).stripped_by(strip);
            Some(Box::new(story.as_wide_as(|| columns(io::stdout()).unwrap_or(USUAL))))
        }
        Log::Short => {
            let short = ShortLog::new(StandardOutput::new(), language, || columns(io::stdout()));
            Some(Box::new(short.stripped_by(strip)))
        }
        Log::Json => Some(Box::new(JsonLog::new(StandardOutput::new()))),
        Log::Lines(_) | Log::Pcapng | Log::Off => None,
    }
}

impl Recording {
    /// Says to those who look at records what the server has given up.
    pub fn show_sandbox(&self, in_force: &InForce) {
        let figure = serde_json::to_value(Figure::measured(in_force, Source::Restrictions));
        if let (Some(hub), Ok(figure)) = (&self.hub, figure) {
            hub.show_sandbox(figure);
        }
    }

    /// Whether anything is recorded.
    pub fn is_wanted(&self) -> bool {
        self.watching.is_some()
    }

    /// Descriptors that are to be left to the live page's connections.
    pub fn descriptors(&self) -> u64 {
        self.page.as_ref().map_or(0, Watch::connections)
    }

    /// The probe to hand to the serving threads.
    pub fn probe(&self) -> Probe {
        self.watching.as_ref().map_or(Probe::OFF, Watching::probe)
    }

    /// Shows what is still to be shown, a few seconds at most.
    pub fn finish(self, language: Language) -> Outcome {
        let ran = self.began.elapsed();
        let probe = self.probe();
        let mut capture_file = None;
        let mut left_out = self.watching.map(Watching::finish).unwrap_or_default();
        if let Some(capture) = self.capture {
            standard_output::end(); // a reader that takes nothing holds up the end no longer
            let unwritten = capture.finish();
            // A file has its packets from the capture itself: nobody else has counted what it lacks.
            if self.log == Log::Pcapng {
                left_out.frames = capture.lost() + unwritten.frames;
                capture_file = Some(unwritten);
            }
        }
        // Whether its thread ended well is no matter now.
        let _ = self.page.map(Watch::finish);
        let summary = self.is_summed_up.then(|| Summary::of(&probe));
        let summary = summary.and_then(|summary| summary.line(ran, language));
        Outcome { left_out, capture_file, summary }
    }
}

/// Connections that may wait for the live page.
const PAGE_BACKLOG: u32 = 128;

/// The origins under which a browser may know the page on these sockets.
fn origins(listeners: &[Listener]) -> Vec<String> {
    let urls = listener::urls(listeners).into_iter().map(|url| url.trim_end_matches('/').to_owned());
    let addresses = listeners.iter().filter_map(Listener::address).map(|address| format!("http://{address}"));
    urls.chain(addresses).collect()
}
