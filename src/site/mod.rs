//! A folder as a site: [`Site`] turns a request into the response that its files
//! make. No socket is known here.
//!
//! One request, top down: method, path, what is there, which neighbour stands
//! for it, conditions, range.
//!
//! # Beside pages of your own
//!
//! A handler of yours hands on to a site what it does not respond to itself:
//!
//! ```no_run
//! use glasshttp::handler::Begun;
//! use glasshttp::site::{Site, SiteOptions};
//! use glasshttp::{Handler, Request, Response, Server, StatusCode, Stop};
//!
//! struct Application {
//!     files: Site,
//! }
//!
//! impl Handler for Application {
//!     fn handle(&self, _: &Request<'_>) -> Response {
//!         Response::html(StatusCode::OK, "<!doctype html>\n<link rel=stylesheet href=style.css>\n<h1>Hello</h1>\n")
//!     }
//!
//!     // Not the site's `handle`: storage that hangs would hold up all clients of an event loop.
//!     fn begin(&self, request: &Request<'_>) -> Begun {
//!         match request.target.path {
//!             "/" => Begun::Now(self.handle(request)),
//!             _ => self.files.begin(request),
//!         }
//!     }
//!
//!     // A folder takes no bodies. A page that takes a form says here how long it may be.
//!     fn body_limit(&self, request: &Request<'_>) -> u64 {
//!         self.files.body_limit(request)
//!     }
//! }
//!
//! # fn main() -> std::io::Result<()> {
//! let files = Site::open("static".as_ref(), SiteOptions::default())?;
//! let server = Server::new(Application { files }).listen("127.0.0.1:8080")?;
//! server.run(&std::sync::Arc::new(Stop::on_signals()?))
//! # }
//! ```
//!
//! # State of each event loop around a site
//!
//! Above, each file is looked up anew for each request, and what pages share must be `Sync`. An event
//! loop's own handler wraps the site's, which keeps files in memory, and has its state without a lock:
//!
//! ```
//! use glasshttp::handler::{Begun, Ends, LoopHandler};
//! use glasshttp::site::{Site, SiteOptions};
//! use glasshttp::{Handler, Request, Response, Server, StatusCode, Stop};
//! use std::time::Instant;
//!
//! struct Application {
//!     files: Site,
//! }
//!
//! impl Handler for Application {
//!     // Of models that have no event loops.
//!     fn handle(&self, request: &Request<'_>) -> Response {
//!         self.files.handle(request)
//!     }
//!
//!     fn body_limit(&self, request: &Request<'_>) -> u64 {
//!         self.files.body_limit(request)
//!     }
//!
//!     fn for_event_loop(&self) -> Option<Box<dyn LoopHandler>> {
//!         let files = self.files.for_event_loop()?;
//!         Some(Box::new(OfOneLoop { files, visits: 0 }))
//!     }
//! }
//!
//! struct OfOneLoop {
//!     files: Box<dyn LoopHandler>,
//!     visits: u64,
//! }
//!
//! impl LoopHandler for OfOneLoop {
//!     fn begin_on(&mut self, request: &Request<'_>, ends: Ends<'_>) -> Begun {
//!         if request.target.path != "/visits" {
//!             return self.files.begin_on(request, ends);
//!         }
//!         self.visits += 1;
//!         Begun::Now(Response::text(StatusCode::OK, &format!("Visit {} of this event loop.\n", self.visits)))
//!     }
//!
//!     // Without these two, files that change would be served as they were.
//!     fn begin_turn(&mut self, now: Instant) {
//!         self.files.begin_turn(now);
//!     }
//!
//!     fn end_turn(&mut self, now: Instant) -> Option<Instant> {
//!         self.files.end_turn(now)
//!     }
//! }
//!
//! # fn main() -> std::io::Result<()> {
//! # let folder = tempfile::tempdir()?;
//! # std::fs::write(folder.path().join("hello.txt"), "Hello\n")?;
//! # let folder = folder.path();
//! let mut options = SiteOptions::default();
//! options.listing = false;
//! let files = Site::open(folder, options)?;
//! let server = Server::new(Application { files }).listen("127.0.0.1:0")?; // an event loop is the usual model
//! # let address = server.addresses()[0];
//! # let stop = std::sync::Arc::new(Stop::new()?);
//! # std::thread::scope(|scope| {
//! #     let serving = scope.spawn(|| server.run(&stop));
//! #     let get = |path: &str| {
//! #         let (mut response, mut client) = (String::new(), std::net::TcpStream::connect(address)?);
//! #         std::io::Write::write_all(&mut client, format!("GET {path} HTTP/1.0\r\n\r\n").as_bytes())?;
//! #         std::io::Read::read_to_string(&mut client, &mut response)?;
//! #         Ok::<_, std::io::Error>(response)
//! #     };
//! #     let responses = ["/visits", "/hello.txt", "/visits", "/"].map(get);
//! #     stop.set();
//! #     serving.join().expect("it does not panic")?;
//! #     for (response, end) in responses.into_iter().zip(["Visit 1 of this event loop.\n", "Hello\n", "Visit 2 of this event loop.\n", "\n"]) {
//! #         let response = response?;
//! #         assert!(response.ends_with(end), "{response}");
//! #     }
//! #     Ok(())
//! # })
//! # }
//! ```

mod cache;
mod cache_control;
mod conditions;
mod content;
mod hosts;
mod listing;
mod lookup;
mod mounts;
mod options;
mod path;
mod place;
mod prepared;
mod range;
mod refused;
mod representation;
mod root;
mod source;
mod storage;
mod tags;
mod types;
mod version;

use crate::handler::{Begun, Ends, Handler, LoopHandler, Response};
use crate::http::message::Request;
use crate::language::Language;
use cache::Cache;
pub use cache_control::CacheControl;
pub use hosts::{Host, Hosts};
use listing::{Budget, Listings};
use lookup::{Lookup, Shared};
pub use options::SiteOptions;
use place::Place;
use rustix::fs::{Mode, OFlags};
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;
use storage::Storage;
use tags::Tags;

/// How many large files an event loop keeps open.
const KEPT_OPEN: usize = 8;

/// A folder that is served.
#[derive(Debug)]
pub struct Site {
    shared: Shared,
}

impl Handler for Site {
    fn handle(&self, request: &Request<'_>) -> Response {
        Lookup::of(&self.shared).handle(request)
    }

    fn begin(&self, request: &Request<'_>) -> Begun {
        Lookup::of(&self.shared).begin(request)
    }

    /// A folder takes no bodies.
    fn body_limit(&self, _request: &Request<'_>) -> u64 {
        0
    }

    fn language(&self) -> Language {
        self.shared.options.language
    }

    fn for_event_loop(&self) -> Option<Box<dyn LoopHandler>> {
        let cache = Cache::new(self.shared.options.cache, KEPT_OPEN);
        Some(Box::new(KeepingSite { shared: self.shared.clone(), cache }))
    }
}

/// A site as one event loop has it: it keeps the root, and files made ready. All else
/// that asks opens the root for each request, and keeps nothing.
struct KeepingSite {
    shared: Shared,
    cache: Cache,
}

impl LoopHandler for KeepingSite {
    fn begin_on(&mut self, request: &Request<'_>, _ends: Ends<'_>) -> Begun {
        Lookup::keeping(&self.shared, &mut self.cache).begin(request)
    }

    fn begin_turn(&mut self, now: Instant) {
        self.cache.begin_turn(now);
    }

    fn end_turn(&mut self, now: Instant) -> Option<Instant> {
        [self.cache.end_turn(now), self.shared.listings.expire()].into_iter().flatten().min()
    }
}

impl Site {
    /// The site in `folder`.
    ///
    /// # Errors
    /// If there is no such folder, or it may not be entered, or nothing on this
    /// system can keep names beneath it.
    pub fn open(folder: &Path, options: SiteOptions) -> io::Result<Self> {
        // One that nobody here may enter can be opened, and no more (path_resolution(7)).
        rustix::fs::open(folder.join("."), OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty())?;
        let place = Arc::new(Place::of(folder, options.follow_symlinks)?);
        let options = Arc::new(options);
        let budget = Budget::new();
        let listings = listings_of(&options, &budget);
        let (mounts, tags) = (Arc::default(), Arc::new(Tags::new()));
        let shared = Shared { place, listings, tags, options, mounts, storage: None };
        let helper = Shared {
            // A helper is a copy of this process: what it locks must be nobody else's.
            listings: listings_of(&shared.options, &Budget::new()),
            tags: Arc::new(Tags::new()),
            mounts: Arc::default(),
            ..shared.clone()
        };
        let storage = Storage::of(Box::new(Self { shared: helper }), &budget);
        Ok(Self { shared: Shared { storage: Some(storage), ..shared } })
    }

    /// The path of its folder, and where that really is.
    pub fn paths(&self) -> [&Path; 2] {
        self.shared.place.paths()
    }

    /// A sandbox has closed around it: another folder at its path may be out of reach.
    pub fn is_confined(&self) {
        self.shared.place.is_confined();
    }

    /// What is to be called when serving has ended, before the program ends or goes on: it is needed
    /// where files may lie on storage that may hang (a network file system, FUSE), for such files are
    /// read by helper processes. Those that still wait are killed; gives how many requests that were.
    /// Elsewhere there are none, and it does nothing.
    ///
    /// ```no_run
    /// # fn main() -> std::io::Result<()> {
    /// # let stop = std::sync::Arc::new(glasshttp::Stop::on_signals()?);
    /// let files = glasshttp::site::Site::open("/mnt/files".as_ref(), Default::default())?;
    /// let abandon_storage = files.ending(); // the server takes the site
    /// glasshttp::Server::new(files).listen("127.0.0.1:8080")?.run(&stop)?;
    /// let unresponded = abandon_storage();
    /// if unresponded > 0 {
    ///     eprintln!("Storage did not respond to {unresponded} requests.");
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn ending(&self) -> impl Fn() -> usize + use<> {
        let storage = self.shared.storage.clone();
        move || storage.as_ref().map_or(0, Storage::abandon)
    }
}

fn listings_of(options: &Arc<SiteOptions>, budget: &Arc<Budget>) -> Arc<Listings> {
    let finished = Arc::clone(options);
    Arc::new(Listings::new(options.hidden, options.language, budget, move |response| finished.finish(response)))
}
