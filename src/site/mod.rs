//! A folder as a site: [`Site`] turns a request into the response that its files
//! make. No socket is known here.
//!
//! One request, top down: method, path, what is there, which neighbour stands
//! for it, conditions, range.

mod cache;
mod cache_control;
mod conditions;
mod content;
mod hosts;
mod listing;
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

use crate::handler::{Begun, Body, Handler, Response};
use crate::http::message::{HeaderBlock, Headers, Method, Request, StatusCode};
use crate::language::Language;
use cache::Cache;
pub use cache_control::CacheControl;
pub use hosts::{Host, Hosts};
use listing::{Budget, Listings};
use mounts::{Mounts, SlowMounts};
pub use options::SiteOptions;
use path::{PathError, SitePath};
use place::Place;
use prepared::{Opened, Prepared, Representation};
use refused::{malformed_path, misdirected, moved, refused, unavailable, unknown_method};
use representation::{Coding, Preference};
use root::{Destination, Refusal, Root};
use rustix::fs::{FileType, Stat};
use std::fs::File;
use std::io;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;
use storage::{Storage, mount_of};
use tags::Tags;
use types::{Named, has_known_extension};

/// The methods that every path supports (RFC 9110 §10.2.1).
const ALLOWED: &str = "GET, HEAD, OPTIONS";
/// How many large files an event loop keeps open.
const KEPT_OPEN: usize = 8;

/// A folder that is served.
#[derive(Debug)]
pub struct Site {
    place: Arc<Place>,
    options: Arc<SiteOptions>,
    listings: Arc<Listings>,
    tags: Arc<Tags>,
    /// The root and files made ready; only where one event loop asks. All
    /// else asks opens the root for each request, and keeps nothing.
    cache: Option<Mutex<Cache>>,
    /// Which storage may hang, where no event loop keeps that.
    mounts: Arc<Mutex<Mounts>>,
    /// Where such storage is read; the helpers that do so have none.
    storage: Option<Storage>,
}

impl Handler for Site {
    fn handle(&self, request: &Request<'_>) -> Response {
        let response = match request.method {
            _ if !self.options.hosts.include(request.host) => misdirected(self.options.language),
            Method::Get | Method::Head => match self.kept(request) {
                Some(response) => response,
                None => self.respond(request).unwrap_or_else(|refusal| self.refuse(refusal, request.target.path)),
            },
            Method::Options => {
                Response::new(StatusCode::NO_CONTENT, HeaderBlock::of(&[("Allow", ALLOWED)]), Body::EMPTY)
            }
            Method::Unknown => unknown_method(self.options.language),
            _ => Response::method_not_allowed_in(self.options.language, ALLOWED),
        };
        self.options.finish(response)
    }

    fn begin(&self, request: &Request<'_>) -> Begun {
        if !matches!(request.method, Method::Get | Method::Head) || !self.options.hosts.include(request.host) {
            return Begun::Now(self.handle(request));
        }
        let beside = self.storage.as_ref().zip(self.slow_mounts());
        if let Some((storage, mounts)) = &beside {
            let name = SitePath::decode(request.target.path).map(|path| path.name).unwrap_or_default();
            if let Some(mount) = mount_of(mounts, self.place.paths(), &name) {
                return self.begin_beside(request, storage, Some(mount));
            }
        }
        if let Some(response) = self.kept(request) {
            return Begun::Now(self.options.finish(response));
        }
        let begun = match self.find(request) {
            Ok(Chosen::Response(response)) => Ok(Begun::Now(response)),
            Ok(Chosen::Listing(root, path)) => {
                let beside = beside.as_ref().map(|(storage, _)| storage.listing(request));
                self.listings.begin(&root, &path, request.target.query, self.cache.is_some(), beside)
            }
            Err(refusal) => Err(refusal),
        };
        match (begun, &beside) {
            (Ok(Begun::Now(response)), _) => Begun::Now(self.options.finish(response)),
            (Ok(begun), _) => begun,
            (Err(Refusal::Elsewhere), Some((storage, _))) => self.begin_beside(request, storage, None),
            (Err(refusal), _) => Begun::Now(self.options.finish(self.refuse(refusal, request.target.path))),
        }
    }

    /// A folder takes no bodies.
    fn body_limit(&self, _request: &Request<'_>) -> u64 {
        0
    }

    fn language(&self) -> Language {
        self.options.language
    }

    fn begin_turn(&self) {
        if let Some(mut cache) = self.cache() {
            cache.begin_turn();
        }
    }

    fn end_turn(&self) -> Option<Instant> {
        let cached = self.cache()?.end_turn();
        [cached, self.listings.expire()].into_iter().flatten().min()
    }

    fn for_event_loop(&self) -> Option<Box<dyn Handler>> {
        let cache = Mutex::new(Cache::new(self.options.cache, KEPT_OPEN));
        Some(Box::new(Self {
            place: Arc::clone(&self.place),
            options: Arc::clone(&self.options),
            listings: Arc::clone(&self.listings),
            tags: Arc::clone(&self.tags),
            cache: Some(cache),
            mounts: Arc::clone(&self.mounts),
            storage: self.storage.clone(),
        }))
    }
}

impl Site {
    /// The site in `folder`.
    ///
    /// # Errors
    /// If there is no such folder, or it may not be entered, or nothing on this
    /// system can keep names beneath it.
    pub fn open(folder: &Path, options: SiteOptions) -> io::Result<Self> {
        let place = Arc::new(Place::of(folder, options.follow_symlinks)?);
        let options = Arc::new(options);
        let budget = Budget::new();
        let listings = listings_of(&options, &budget);
        let (mounts, tags) = (Arc::default(), Arc::new(Tags::new()));
        let helped = Self { place, listings, tags, options, cache: None, mounts, storage: None };
        let storage = Storage::of(
            Box::new(Self {
                place: Arc::clone(&helped.place),
                // A helper is a copy of this process: what it locks must be nobody else's.
                listings: listings_of(&helped.options, &Budget::new()),
                tags: Arc::new(Tags::new()),
                options: Arc::clone(&helped.options),
                cache: None,
                mounts: Arc::default(),
                storage: None,
            }),
            &budget,
        );
        Ok(Self { storage: Some(storage), ..helped })
    }

    /// What is to be called when serving has ended: it lets go of storage that
    /// does not respond, and gives how many requests still waited for it.
    pub fn ending(&self) -> impl Fn() -> usize + use<> {
        let storage = self.storage.clone();
        move || storage.as_ref().map_or(0, Storage::abandon)
    }

    /// Has the response made by a helper, for it lies on storage that may hang.
    fn begin_beside(&self, request: &Request<'_>, storage: &Storage, mount: Option<u64>) -> Begun {
        match storage.respond(mount, request, self.options.language) {
            Ok(response) => Begun::Later(response),
            Err(_full) => Begun::Now(self.options.finish(unavailable(self.options.language))),
        }
    }

    /// The mounts that may hang, if there is any.
    fn slow_mounts(&self) -> Option<Arc<SlowMounts>> {
        if let Some(mut cache) = self.cache() {
            return cache.slow_mounts();
        }
        self.storage.as_ref()?;
        let mut mounts = self.mounts.lock().unwrap_or_else(PoisonError::into_inner);
        mounts.look(Instant::now());
        mounts.slow()
    }

    fn respond(&self, request: &Request<'_>) -> Result<Response, Refusal> {
        match self.find(request)? {
            Chosen::Response(response) => Ok(response),
            Chosen::Listing(root, path) => self.listings.now(&root, &path, request.target.query),
        }
    }

    fn find(&self, request: &Request<'_>) -> Result<Chosen, Refusal> {
        let root = self.root()?;
        match self.find_beneath(&root, request) {
            Err(Refusal::NotFound) => {
                let current = self.current(&root)?;
                if current.is(&root) { Err(Refusal::NotFound) } else { self.find_beneath(&current, request) }
            }
            result => result,
        }
    }

    /// Where a request looks: a root opened for it, or the one that the event loop keeps.
    fn root(&self) -> Result<Root, Refusal> {
        match self.cache() {
            Some(mut cache) => cache.root(&self.place),
            None => Ok(self.place.find()?.within(self.place.reach(self.slow_mounts().as_deref()))),
        }
    }

    /// `root`, or what has taken its place by now.
    fn current(&self, root: &Root) -> Result<Root, Refusal> {
        match self.cache() {
            Some(mut cache) => cache.root_now(&self.place),
            None => Ok(root.clone()),
        }
    }

    fn find_beneath(&self, root: &Root, request: &Request<'_>) -> Result<Chosen, Refusal> {
        let path = match SitePath::decode(request.target.path) {
            Ok(path) => path,
            Err(PathError::Impossible) => return Err(Refusal::NotFound),
            Err(PathError::Malformed) => {
                return Ok(Chosen::Response(malformed_path(self.options.language)));
            }
        };
        if path.is_hidden() && !self.options.hidden {
            return Err(Refusal::NotFound);
        }
        match root.find(&path.name) {
            Ok(Destination::File(file, state)) if !path.names_folder => {
                self.file(root, request, &path.name, file, state).map(Chosen::Response)
            }
            Ok(Destination::File(..)) => Err(Refusal::NotFound),
            Ok(Destination::Folder) if path.names_folder => self.folder(root, request, &path),
            Ok(Destination::Folder) => Ok(Chosen::Response(self.redirect(&path, request.target.query))),
            Err(Refusal::NotFound) => self.instead(root, request, &path).map(Chosen::Response),
            Err(refusal) => Err(refusal),
        }
    }

    /// What stands for a path that names nothing: the page of that name, else the application's.
    fn instead(&self, root: &Root, request: &Request<'_>, path: &SitePath) -> Result<Response, Refusal> {
        let mut found = Err(Refusal::NotFound);
        if let Some(page) = path.page() {
            found = self.file_named(root, request, &page);
        }
        match found {
            Err(Refusal::NotFound) if self.options.spa && !has_known_extension(path.last()) => {
                self.file_named(root, request, b"index.html")
            }
            found => found,
        }
    }

    fn file_named(&self, root: &Root, request: &Request<'_>, name: &[u8]) -> Result<Response, Refusal> {
        match root.find(name)? {
            Destination::File(file, state) => self.file(root, request, name, file, state),
            Destination::Folder => Err(Refusal::NotFound),
        }
    }

    fn folder(&self, root: &Root, request: &Request<'_>, path: &SitePath) -> Result<Chosen, Refusal> {
        let index = path.child(b"index.html");
        match root.find(&index) {
            Ok(Destination::File(file, state)) => {
                return self.file(root, request, &index, file, state).map(Chosen::Response);
            }
            Ok(Destination::Folder) | Err(Refusal::NotFound) => {}
            Err(refusal) => return Err(refusal),
        }
        if !self.options.listing {
            return Err(Refusal::NotFound);
        }
        let root = self.current(root)?;
        if root.is_on_one_mount() {
            return Err(Refusal::Elsewhere);
        }
        Ok(Chosen::Listing(root, path.clone()))
    }

    /// The response that the open file `name`, or a precompressed neighbour, makes.
    fn file(
        &self,
        root: &Root,
        request: &Request<'_>,
        name: &[u8],
        file: Arc<File>,
        state: Stat,
    ) -> Result<Response, Refusal> {
        let neighbours = neighbours(root, &request.headers, name)?;
        let mut representation = self.representation(name, file, state)?;
        representation.varies = neighbours.any;
        if let Some(coding) = neighbours.best {
            let neighbour = [name, coding.suffix()].concat();
            if let Ok(Destination::File(file, state)) = root.find(&neighbour) {
                // Its type, charset included, is that of what it is in another coding.
                representation.file = Opened::new(&file, state, &self.tags)?;
                representation.name = path::display(&neighbour);
                representation.coding = Some(coding);
            }
        }
        let (is_only_one, state) = (!representation.varies, representation.file.state);
        let prepared = Prepared::new(representation, &self.options, &self.tags);
        let response = prepared.response(request);
        if let (Some(mut cache), true) = (self.cache(), is_only_one) {
            cache.put(request.target.path, name, state, prepared);
        }
        Ok(response)
    }

    fn representation(&self, name: &[u8], file: Arc<File>, state: Stat) -> Result<Representation<'_>, Refusal> {
        let file = Opened::new(&file, state, &self.tags)?;
        let (media_type, coding) = file.media_type(Named::by(name))?;
        let cache_control = self.options.cache_control.of(name);
        Ok(Representation { name: path::display(name), media_type, coding, cache_control, varies: false, file })
    }

    fn kept(&self, request: &Request<'_>) -> Option<Response> {
        self.cache()?.response(request)
    }

    /// The event loop's cache: locked for nobody else, so at once.
    fn cache(&self) -> Option<MutexGuard<'_, Cache>> {
        self.cache.as_ref().map(|cache| cache.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn refuse(&self, refusal: Refusal, path: &str) -> Response {
        match refusal {
            Refusal::NotFound => self.not_found(path),
            refusal => refused(refusal, self.options.language),
        }
    }

    fn not_found(&self, path: &str) -> Response {
        let kept = self.cache().and_then(|mut cache| {
            cache.put_missing(path);
            cache.not_found()
        });
        kept.unwrap_or_else(|| {
            let response = self.not_found_page();
            if let Some(mut cache) = self.cache() {
                cache.put_not_found(&response);
            }
            response
        })
    }

    /// The root's own `404.html`, or a page of ours.
    fn not_found_page(&self) -> Response {
        let page = self.root().and_then(|root| match root.find(b"404.html")? {
            Destination::File(file, state) => self.representation(b"404.html", file, state),
            Destination::Folder => Err(Refusal::NotFound),
        });
        if let Ok(Representation { media_type, file, .. }) = page {
            let headers = HeaderBlock::of(&[("Content-Type", &media_type), ("Cache-Control", "no-cache")]);
            return Response::new(StatusCode::NOT_FOUND, headers, file.whole()).made_from("404.html".into());
        }
        refused(Refusal::NotFound, self.options.language)
    }

    /// Where the folder is, if its name came without a slash.
    fn redirect(&self, path: &SitePath, query: Option<&str>) -> Response {
        let mut location = path.encoded_folder();
        if let Some(query) = query {
            location.push('?');
            location.push_str(&path::encode_query(query));
        }
        moved(&location, self.options.language)
    }
}

fn listings_of(options: &Arc<SiteOptions>, budget: &Arc<Budget>) -> Arc<Listings> {
    let finished = Arc::clone(options);
    Arc::new(Listings::new(options.hidden, options.language, budget, move |response| finished.finish(response)))
}

/// What responds to a request.
enum Chosen {
    Response(Response),
    /// The listing of this folder.
    Listing(Root, SitePath),
}

struct Neighbours {
    any: bool,
    best: Option<Coding>,
}

/// The precompressed neighbours of `name`: whether there is any, and the
/// coding of the one that the client wants most.
fn neighbours(root: &Root, headers: &Headers<'_>, name: &[u8]) -> Result<Neighbours, Refusal> {
    let mut neighbours = Neighbours { any: false, best: None };
    let preference = Preference::of(headers);
    let mut best_weight = 0;
    for coding in Coding::ALL {
        let state = root.state(&[name, coding.suffix()].concat());
        if state.is_err_and(|refusal| refusal == Refusal::Elsewhere) {
            return Err(Refusal::Elsewhere);
        }
        if !state.is_ok_and(|state| FileType::from_raw_mode(state.st_mode) == FileType::RegularFile) {
            continue;
        }
        neighbours.any = true;
        let weight = preference.weight(coding);
        if weight > best_weight {
            (neighbours.best, best_weight) = (Some(coding), weight);
        }
    }
    Ok(neighbours)
}
