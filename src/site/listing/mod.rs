//! A folder as a page for people: read, ordered, written. It works without a
//! script, in lynx as in Chromium.
//!
//! Work and memory are bounded. A folder of a few names is read at once, anew
//! for each request. A larger one is read and written by a thread of a small
//! pool, once for all who ask ([`shared`]), and nobody else of an event loop
//! waits for it. All pages, and what they are made from, share one budget.

mod budget;
mod order;
mod page;
mod read;
mod shared;
mod text;
mod words;

use super::path::{self, SitePath};
use super::refused::refused;
use super::root::{Refusal, Root};
use crate::handler::{Begun, Body, Response};
use crate::http::field;
use crate::http::message::{HeaderBlock, StatusCode};
use crate::language::Language;
use crate::later::Later;
use crate::pool::{Bounds, Pool};
pub(super) use budget::{Budget, MOST as MOST_OF_PAGES, Share};
use bytes::Bytes;
use order::Order;
use read::Reading;
use rustix::fs::fstat;
pub(super) use shared::Made;
use shared::{Availability, Duty, Key, SharedPages};
use std::sync::Arc;
use std::time::Instant;
use words::Words;

/// What caches may do with a listing.
const KEPT: &str = "no-cache";

/// How many names are read at once: in well under a millisecond.
const FEW: usize = 256;

/// The threads that read larger folders, and the listings that may wait for one.
const BOUNDS: Bounds = Bounds { threads: 2, of_one_kind: 2, waiting: 64 };

/// The listings of a site, and the memory that they share.
#[derive(Debug)]
pub(super) struct Listings {
    hidden: bool,
    language: Language,
    budget: Arc<Budget>,
    shared: Arc<SharedPages>,
    pool: Pool,
}

/// Has a page made by a process that may go where others must not, and hands it to
/// the function given.
pub(super) type Beside = Box<dyn FnOnce(Box<dyn FnOnce(Made) + Send>) -> Option<Later<()>> + Send>;

/// One folder to be listed.
#[derive(Clone)]
struct Task {
    root: Root,
    path: SitePath,
    order: Order,
    hidden: bool,
    words: &'static Words,
    budget: Arc<Budget>,
}

impl Listings {
    /// Of a site that speaks `language`; `hidden` lists what begins with a dot,
    /// and each response passes through `finish` before it leaves.
    pub(super) fn new(
        hidden: bool,
        language: Language,
        budget: &Arc<Budget>,
        finish: impl Fn(Response) -> Response + Send + Sync + 'static,
    ) -> Self {
        let shared = SharedPages::new(move |path, made| finish(response(path, made, language)));
        Self { hidden, language, budget: Arc::clone(budget), shared: Arc::new(shared), pool: Pool::new(BOUNDS) }
    }

    /// The response that lists the folder at `path`, in the order that `query`
    /// asks for; made at once, however long that takes.
    pub(super) fn now(&self, root: &Root, path: &SitePath, query: Option<&str>) -> Result<Response, Refusal> {
        let mut reading = Reading::of(root.open_folder(&path.name)?, self.budget.share())?;
        let task = self.task(root, path, Order::of(query));
        task.read(&mut reading, usize::MAX)?;
        Ok(response(&path.name, task.page(reading), self.language))
    }

    /// The same, made later and by others if the folder is large. `keeps` says that the caller asks [`Listings::expire`] to let
    /// go of what is kept for the next request.
    pub(super) fn begin(
        &self,
        root: &Root,
        path: &SitePath,
        query: Option<&str>,
        keeps: bool,
        beside: Option<Beside>,
    ) -> Result<Begun, Refusal> {
        let folder = root.open_folder(&path.name)?;
        let order = Order::of(query);
        let key = Key::new(&path.name, &fstat(&folder)?, order);
        if let Some(found) = self.shared.find(&key)? {
            return Ok(begun(&path.name, found, self.language));
        }
        let task = self.task(root, path, order);
        let mut reading = Reading::of(folder, self.budget.share())?;
        if task.read(&mut reading, FEW)? {
            return Ok(Begun::Now(response(&path.name, task.page(reading), self.language)));
        }
        match self.shared.find_or_take_on(key.clone(), keeps)? {
            Availability::Duty(duty, later) => {
                self.make(&key, duty, task, reading, beside);
                Ok(Begun::Later(later))
            }
            found => Ok(begun(&path.name, found, self.language)),
        }
    }

    fn task(&self, root: &Root, path: &SitePath, order: Order) -> Task {
        let (hidden, words, budget) = (self.hidden, Words::of(self.language), Arc::clone(&self.budget));
        Task { root: root.clone(), path: path.clone(), order, hidden, words, budget }
    }

    /// Has a page made by the pool. Where that takes no more work, or the work
    /// fails, those who wait hear of it from the duty.
    fn make(&self, key: &Key, duty: Duty, task: Task, mut reading: Reading, beside: Option<Beside>) {
        let (shared, its_key) = (Arc::clone(&self.shared), key.clone());
        let work = move || {
            if !duty.is_awaited() {
                return;
            }
            if task.budget.is_scarce() {
                shared.give_way();
            }
            let made = task.read(&mut reading, usize::MAX).and_then(|_| task.page(reading));
            match (made, beside) {
                // One of its many names leads where this thread must not go.
                (Err(Refusal::Elsewhere), Some(beside)) => {
                    if let Some(work) = beside(Box::new(|made| duty.end(made))) {
                        shared.hold(&its_key, work);
                    }
                }
                (made, _) => duty.end(made),
            }
        };
        if let Ok(work) = self.pool.run(0, work) {
            self.shared.hold(key, work);
        }
    }

    /// Lets go of pages that have outlived their time; gives when the next one will have.
    pub(super) fn expire(&self) -> Option<Instant> {
        self.shared.expire()
    }
}

impl Task {
    fn read(&self, reading: &mut Reading, most: usize) -> Result<bool, Refusal> {
        reading.read(&self.root, &self.path, self.hidden, most)
    }

    fn page(&self, reading: Reading) -> Result<Bytes, Refusal> {
        let mut entries = reading.into_entries();
        self.order.sort(&mut entries);
        page::page(&self.path, &entries, self.order, self.words, self.budget.share())
    }
}

fn begun(name: &[u8], found: Availability, language: Language) -> Begun {
    match found {
        Availability::Made(page) => Begun::Now(response(name, Ok(page), language)),
        Availability::Later(later) | Availability::Duty(_, later) => Begun::Later(later),
    }
}

/// The response where a condition says that the client needs no page of the folder `name`.
pub(super) fn not_modified(name: &[u8]) -> Response {
    let headers = HeaderBlock::of(&[(field::CACHE_CONTROL, KEPT)]);
    Response::new(StatusCode::NOT_MODIFIED, headers, Body::EMPTY).made_from(path::display(name))
}

/// The response of a folder's page, or of why there is none.
fn response(name: &[u8], made: Made, language: Language) -> Response {
    match made {
        Ok(page) => {
            Response::html(StatusCode::OK, page).with(field::CACHE_CONTROL, KEPT).made_from(path::display(name))
        }
        Err(refusal) => refused(refusal, language),
    }
}
