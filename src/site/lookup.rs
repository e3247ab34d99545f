//! One request's look into a site, with what an event loop keeps of it, if one asks.

use super::cache::Cache;
use super::conditions::{Validators, Verdict};
use super::listing::{self, Listings};
use super::mounts::{Mounts, SlowMounts};
use super::options::SiteOptions;
use super::path::{self, PathError, SitePath};
use super::place::Place;
use super::prepared::{Hashed, Opened, Prepared, Representation};
use super::refused::{malformed_path, misdirected, moved, precondition_failed, refused, unavailable, unknown_method};
use super::representation::{Coding, Preference};
use super::root::{Destination, Refusal, Root};
use super::storage::{Storage, mount_of};
use super::tags::Tags;
use super::types::{Named, has_known_extension};
use crate::handler::{Begun, Body, Response};
use crate::http::field;
use crate::http::message::{HeaderBlock, Headers, Method, Request, StatusCode};
use arrayvec::ArrayVec;
use rustix::fs::{FileType, Stat};
use std::cmp::Reverse;
use std::fs::File;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

/// The methods that every path supports (RFC 9110 §10.2.1).
const ALLOWED: &str = "GET, HEAD, OPTIONS";

/// What all share who look into a site.
#[derive(Clone, Debug)]
pub(super) struct Shared {
    pub(super) place: Arc<Place>,
    pub(super) options: Arc<SiteOptions>,
    pub(super) listings: Arc<Listings>,
    pub(super) tags: Arc<Tags>,
    /// Which storage may hang, where no event loop keeps that.
    pub(super) mounts: Arc<Mutex<Mounts>>,
    /// Where such storage is read; the helpers that do so have none.
    pub(super) storage: Option<Storage>,
}

/// A site, looked into for a request.
pub(super) struct Lookup<'a> {
    shared: &'a Shared,
    cache: Option<&'a mut Cache>,
}

impl<'a> Lookup<'a> {
    /// The folder is looked into anew, and nothing is kept.
    pub(super) fn of(shared: &'a Shared) -> Self {
        Self { shared, cache: None }
    }

    /// What is kept is used, and what is found is kept.
    pub(super) fn keeping(shared: &'a Shared, cache: &'a mut Cache) -> Self {
        Self { shared, cache: Some(cache) }
    }

    pub(super) fn handle(&mut self, request: &Request<'_>) -> Response {
        let response = match request.method {
            _ if !self.shared.options.hosts.include(request.host) => misdirected(self.shared.options.language),
            Method::Get | Method::Head => match self.kept(request) {
                Some(response) => response,
                None => self.respond(request).unwrap_or_else(|refusal| self.refuse(refusal, request.target.path)),
            },
            Method::Options => {
                Response::new(StatusCode::NO_CONTENT, HeaderBlock::of(&[(field::ALLOW, ALLOWED)]), Body::EMPTY)
            }
            Method::Unknown => unknown_method(self.shared.options.language),
            _ => Response::method_not_allowed_in(self.shared.options.language, ALLOWED),
        };
        self.shared.options.finish(response)
    }

    pub(super) fn begin(&mut self, request: &Request<'_>) -> Begun {
        if !matches!(request.method, Method::Get | Method::Head) || !self.shared.options.hosts.include(request.host) {
            return Begun::Now(self.handle(request));
        }
        let beside = self.shared.storage.as_ref().zip(self.slow_mounts());
        if let Some((storage, mounts)) = &beside {
            let name = SitePath::decode(request.target.path).map(|path| path.name).unwrap_or_default();
            if let Some(mount) = mount_of(mounts, self.shared.place.paths(), &name) {
                return self.begin_beside(request, storage, Some(mount));
            }
        }
        if let Some(response) = self.kept(request) {
            return Begun::Now(self.shared.options.finish(response));
        }
        let begun = match self.find(request) {
            Ok(Chosen::Response(response)) => Ok(Begun::Now(response)),
            Ok(Chosen::Listing(root, path)) => {
                let beside = beside.as_ref().map(|(storage, _)| storage.listing(request));
                self.shared.listings.begin(&root, &path, request.target.query, self.cache.is_some(), beside)
            }
            Err(refusal) => Err(refusal),
        };
        match (begun, &beside) {
            (Ok(Begun::Now(response)), _) => Begun::Now(self.shared.options.finish(response)),
            (Ok(begun), _) => begun,
            (Err(Refusal::Elsewhere), Some((storage, _))) => self.begin_beside(request, storage, None),
            (Err(refusal), _) => Begun::Now(self.shared.options.finish(self.refuse(refusal, request.target.path))),
        }
    }

    /// Has a helper make the response, because the file lies on storage that may hang.
    fn begin_beside(&self, request: &Request<'_>, storage: &Storage, mount: Option<u64>) -> Begun {
        match storage.respond(mount, request, self.shared.options.language) {
            Ok(response) => Begun::Later(response),
            Err(_full) => Begun::Now(self.shared.options.finish(unavailable(self.shared.options.language))),
        }
    }

    /// The mounts that may hang, if there is any.
    fn slow_mounts(&mut self) -> Option<Arc<SlowMounts>> {
        if let Some(cache) = &mut self.cache {
            return cache.slow_mounts();
        }
        self.shared.storage.as_ref()?;
        let mut mounts = self.shared.mounts.lock().unwrap_or_else(PoisonError::into_inner);
        mounts.look(Instant::now());
        mounts.slow()
    }

    fn respond(&mut self, request: &Request<'_>) -> Result<Response, Refusal> {
        match self.find(request)? {
            Chosen::Response(response) => Ok(response),
            Chosen::Listing(root, path) => self.shared.listings.now(&root, &path, request.target.query),
        }
    }

    fn find(&mut self, request: &Request<'_>) -> Result<Chosen, Refusal> {
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
    fn root(&mut self) -> Result<Root, Refusal> {
        match &mut self.cache {
            Some(cache) => cache.root(&self.shared.place),
            None => Ok(self.shared.place.find()?.within(self.shared.place.reach(self.slow_mounts().as_deref()))),
        }
    }

    /// `root`, or what has taken its place by now.
    fn current(&mut self, root: &Root) -> Result<Root, Refusal> {
        match &mut self.cache {
            Some(cache) => cache.root_now(&self.shared.place),
            None => Ok(root.clone()),
        }
    }

    fn find_beneath(&mut self, root: &Root, request: &Request<'_>) -> Result<Chosen, Refusal> {
        let path = match SitePath::decode(request.target.path) {
            Ok(path) => path,
            Err(PathError::Impossible) => return Err(Refusal::NotFound),
            Err(PathError::Malformed) => {
                return Ok(Chosen::Response(malformed_path(self.shared.options.language)));
            }
        };
        if path.is_hidden() && !self.shared.options.hidden {
            return Err(Refusal::NotFound);
        }
        match root.find(&path.name) {
            Ok(Destination::File(file, state)) if !path.names_folder => {
                self.file(root, request, &path.name, file, state).map(Chosen::Response)
            }
            Ok(Destination::File(..)) => Err(Refusal::NotFound),
            Ok(Destination::Folder) if path.is_normal => self.folder(root, request, &path),
            Ok(Destination::Folder) => Ok(Chosen::Response(self.redirect(&path, request.target.query))),
            Err(Refusal::NotFound) => self.instead(root, request, &path).map(Chosen::Response),
            Err(refusal) => Err(refusal),
        }
    }

    /// What stands for a path that names nothing: the page of that name, else the application's.
    fn instead(&mut self, root: &Root, request: &Request<'_>, path: &SitePath) -> Result<Response, Refusal> {
        let mut found = Err(Refusal::NotFound);
        if let Some(page) = path.page() {
            found = self.file_named(root, request, &page);
        }
        match found {
            Err(Refusal::NotFound) if self.shared.options.spa && !has_known_extension(path.last()) => {
                self.file_named(root, request, b"index.html")
            }
            found => found,
        }
    }

    fn file_named(&mut self, root: &Root, request: &Request<'_>, name: &[u8]) -> Result<Response, Refusal> {
        match root.find(name)? {
            Destination::File(file, state) => self.file(root, request, name, file, state),
            Destination::Folder => Err(Refusal::NotFound),
        }
    }

    fn folder(&mut self, root: &Root, request: &Request<'_>, path: &SitePath) -> Result<Chosen, Refusal> {
        let index = path.child(b"index.html");
        match root.find(&index) {
            Ok(Destination::File(file, state)) => {
                return self.file(root, request, &index, file, state).map(Chosen::Response);
            }
            Ok(Destination::Folder) | Err(Refusal::NotFound) => {}
            Err(refusal) => return Err(refusal),
        }
        if !self.shared.options.listing {
            return Err(Refusal::NotFound);
        }
        let root = self.current(root)?;
        if root.is_on_one_mount() {
            return Err(Refusal::Elsewhere);
        }
        let verdict = Validators::NONE.judge(&request.headers);
        if verdict != Verdict::Proceed {
            root.open_folder(&path.name)?; // conditions are for what could be had (RFC 9110 §13.2.1)
        }
        Ok(match verdict {
            Verdict::Proceed => Chosen::Listing(root, path.clone()),
            Verdict::NotModified => Chosen::Response(listing::not_modified(&path.name)),
            Verdict::Failed => Chosen::Response(precondition_failed(self.shared.options.language)),
        })
    }

    /// The response that the open file `name`, or a precompressed neighbour, makes.
    fn file(
        &mut self,
        root: &Root,
        request: &Request<'_>,
        name: &[u8],
        file: Arc<File>,
        state: Stat,
    ) -> Result<Response, Refusal> {
        let known = self.cache.as_mut().and_then(|cache| cache.take_outlived());
        let mut representation = self.representation(name, file, state, known)?;
        let neighbours = match representation.coding {
            // A further coding would have to be named besides (RFC 9110 §8.4).
            Some(_) => Neighbours::default(),
            None => neighbours(root, &request.headers, name)?,
        };
        representation.varies = neighbours.any;
        for coding in neighbours.wanted {
            let neighbour = [name, coding.suffix()].concat();
            let Ok(Destination::File(file, state)) = root.find(&neighbour) else { continue };
            let Ok(file) = Opened::new(&file, state, &self.shared.tags, None) else { continue };
            // Its type, charset included, is that of what it is in another coding.
            representation.file = file;
            representation.name = path::display(&neighbour);
            representation.coding = Some(coding);
            break;
        }
        let (is_only_one, state) = (!representation.varies, representation.file.state);
        let prepared = Prepared::new(representation, &self.shared.options, &self.shared.tags);
        let response = prepared.response(request);
        if let (Some(cache), true) = (&mut self.cache, is_only_one) {
            cache.put(request.target.path, name, state, prepared);
        }
        Ok(response)
    }

    fn representation(
        &self,
        name: &[u8],
        file: Arc<File>,
        state: Stat,
        known: Option<Hashed>,
    ) -> Result<Representation<'a>, Refusal> {
        let file = Opened::new(&file, state, &self.shared.tags, known)?;
        let (media_type, coding) = file.media_type(Named::by(name))?;
        let cache_control = self.shared.options.cache_control.of(name);
        Ok(Representation { name: path::display(name), media_type, coding, cache_control, varies: false, file })
    }

    fn kept(&mut self, request: &Request<'_>) -> Option<Response> {
        self.cache.as_mut()?.response(request)
    }

    fn refuse(&mut self, refusal: Refusal, path: &str) -> Response {
        let refusal = match refusal {
            // Of a folder that can't be read nobody knows what is missing in it.
            Refusal::NotFound if self.is_root_out_of_reach() => Refusal::OutOfReach,
            Refusal::NotFound => return self.not_found(path),
            Refusal::Forbidden => {
                let name = SitePath::decode(path).map(|path| path.name).unwrap_or_default();
                self.shared.place.why_forbidden(&name)
            }
            refusal => refusal,
        };
        refused(refusal, self.shared.options.language)
    }

    fn is_root_out_of_reach(&mut self) -> bool {
        match &mut self.cache {
            Some(cache) => cache.is_root_out_of_reach(&self.shared.place),
            None => self.shared.place.open().is_ok_and(|root| self.shared.place.is_out_of_reach(&root)),
        }
    }

    fn not_found(&mut self, path: &str) -> Response {
        let kept = self.cache.as_mut().and_then(|cache| {
            cache.put_missing(path);
            cache.not_found()
        });
        kept.unwrap_or_else(|| {
            let response = self.not_found_page();
            if let Some(cache) = &mut self.cache {
                cache.put_not_found(&response);
            }
            response
        })
    }

    /// The root's own `404.html`, or a page of ours.
    fn not_found_page(&mut self) -> Response {
        let page = self.root().and_then(|root| match root.find(b"404.html")? {
            Destination::File(file, state) => self.representation(b"404.html", file, state, None),
            Destination::Folder => Err(Refusal::NotFound),
        });
        if let Ok(Representation { media_type, file, .. }) = page {
            let headers = HeaderBlock::of(&[(field::CONTENT_TYPE, &media_type), (field::CACHE_CONTROL, "no-cache")]);
            return Response::new(StatusCode::NOT_FOUND, headers, file.whole()).made_from("404.html".into());
        }
        refused(Refusal::NotFound, self.shared.options.language)
    }

    /// Where the folder is, if its path came without a slash at the end or is not in its normal form.
    fn redirect(&self, path: &SitePath, query: Option<&str>) -> Response {
        let mut location = path.encoded_folder();
        if let Some(query) = query {
            location.push('?');
            location.push_str(&path::encode_query(query));
        }
        moved(&location, path.names_folder, self.shared.options.language)
    }
}

/// What responds to a request.
enum Chosen {
    Response(Response),
    /// The listing of this folder.
    Listing(Root, SitePath),
}

#[derive(Default)]
struct Neighbours {
    any: bool,
    /// Those that the client wants rather than the file as it is, best first.
    wanted: ArrayVec<Coding, { Coding::ALL.len() }>,
}

/// The precompressed neighbours of `name`. One that can't be looked at is there,
/// too: another request may get it.
fn neighbours(root: &Root, headers: &Headers<'_>, name: &[u8]) -> Result<Neighbours, Refusal> {
    let mut neighbours = Neighbours::default();
    let preference = Preference::of(headers);
    for coding in Coding::ALL {
        match root.state(&[name, coding.suffix()].concat()) {
            Ok(state) if FileType::from_raw_mode(state.st_mode) != FileType::RegularFile => continue,
            Err(Refusal::NotFound) => continue,
            Err(Refusal::Elsewhere) => return Err(Refusal::Elsewhere),
            Ok(_) | Err(_) => neighbours.any = true,
        }
        if preference.weight(coding) > 0 {
            neighbours.wanted.push(coding);
        }
    }
    neighbours.wanted.sort_by_key(|coding| Reverse(preference.weight(*coding)));
    Ok(neighbours)
}
