//! Large listings that several clients ask for at once are made once.
//!
//! ```text
//!   first who asks ──▶ has it made ────────▶ sends it         kept for LIFE
//!   others         ──▶ wait for that one ──▶ send the same    since it was begun
//! ```
//!
//! A page is known by its path, by the folder's device, inode and ctime, which
//! every name that comes or goes changes, and by its order. The sizes and times
//! of the files in it change without a trace in the folder: for their sake it
//! lives only a second.

use super::order::Order;
use crate::handler::Response;
use crate::later::{Later, Promise, later};
use crate::site::root::Refusal;
use bytes::Bytes;
use rustix::fs::Stat;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// How long a page may stand for its folder.
const LIFE: Duration = Duration::from_secs(1);
/// How far apart the ticks of the clock may be that stamps changes: what changed
/// so recently may change once more without another ctime.
const TICK: Duration = Duration::from_millis(20);

/// What a page is made from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Key {
    path: Vec<u8>,
    device: u64,
    inode: u64,
    changed: (i64, i64),
    order: Order,
}

impl Key {
    #[allow(clippy::unnecessary_cast)] // the fields' types differ between systems
    pub(super) fn new(path: &[u8], folder: &Stat, order: Order) -> Self {
        Self {
            path: path.to_vec(),
            device: folder.st_dev as u64,
            inode: folder.st_ino as u64,
            changed: (folder.st_ctime as i64, folder.st_ctime_nsec as i64),
            order,
        }
    }

    /// Whether the folder could change without another ctime.
    fn has_just_changed(&self) -> bool {
        let (seconds, nanoseconds) = self.changed;
        let changed = Duration::new(seconds.unsigned_abs(), u32::try_from(nanoseconds).unwrap_or(0));
        SystemTime::now().duration_since(UNIX_EPOCH).is_ok_and(|now| now < changed + TICK)
    }
}

/// What a page that was made, or why it was not.
pub(crate) type Made = Result<Bytes, Refusal>;

type Respond = dyn Fn(&[u8], Made) -> Response + Send + Sync;

/// The pages that are being made or were made a moment ago.
pub(super) struct SharedPages {
    /// The response that a page makes, or the lack of one.
    respond: Box<Respond>,
    pages: Mutex<Vec<Shareable>>,
    /// How many there are, to be read without the lock.
    count: AtomicUsize,
}

#[derive(Debug)]
struct Shareable {
    key: Key,
    until: Instant,
    state: State,
}

enum State {
    /// It is being made by this work; these wait for it.
    Making {
        waiting: Vec<Promise<Response>>,
        work: Option<Later<()>>,
    },
    Made(Bytes),
}

/// What there is of a page.
pub(super) enum Availability {
    Made(Bytes),
    /// Another request makes it.
    Later(Later<Response>),
    /// The one who asked is to make it, and waits for it like others.
    Duty(Duty, Later<Response>),
}

/// The duty to make a page. If it is dropped without one, those who wait are asked to try again.
pub(super) struct Duty {
    shared: Arc<SharedPages>,
    key: Key,
    made: Option<Made>,
}

impl SharedPages {
    /// No pages yet; `respond` makes the response that those who wait get, of
    /// the folder's path and its page.
    pub(super) fn new(respond: impl Fn(&[u8], Made) -> Response + Send + Sync + 'static) -> Self {
        Self { respond: Box::new(respond), pages: Mutex::default(), count: AtomicUsize::new(0) }
    }

    /// The page of `key`, if it is at hand or about to be.
    pub(super) fn find(&self, key: &Key) -> Result<Option<Availability>, Refusal> {
        if self.count.load(Ordering::Relaxed) == 0 {
            return Ok(None);
        }
        self.expire();
        find(&mut self.lock(), key)
    }

    /// The same; where nothing is, the duty to make it. `keeps` says whether the
    /// page may be used again when it is made.
    pub(super) fn find_or_take_on(self: &Arc<Self>, key: Key, keeps: bool) -> Result<Availability, Refusal> {
        let mut pages = self.lock();
        if let Some(found) = find(&mut pages, &key)? {
            return Ok(found);
        }
        let life = if keeps && !key.has_just_changed() { LIFE } else { Duration::ZERO };
        let (promise, later) = later().map_err(|_| Refusal::Exhausted)?;
        let state = State::Making { waiting: vec![promise], work: None };
        pages.push(Shareable { key: key.clone(), until: Instant::now() + life, state });
        self.count.store(pages.len(), Ordering::Relaxed);
        Ok(Availability::Duty(Duty { shared: Arc::clone(self), key, made: None }, later))
    }

    /// Holds on to the work that makes the page of `key`: nobody else waits for that itself.
    pub(super) fn hold(&self, key: &Key, its_work: Later<()>) {
        let mut pages = self.lock();
        if let Some(State::Making { work, .. }) = pages.iter_mut().find(|page| page.key == *key).map(|p| &mut p.state) {
            *work = Some(its_work);
        }
    }

    /// Lets go of what has outlived its time; gives when that of others ends.
    pub(super) fn expire(&self) -> Option<Instant> {
        if self.count.load(Ordering::Relaxed) == 0 {
            return None;
        }
        let now = Instant::now();
        self.retain(|page| now < page.until)
    }

    /// Lets go of all that is only kept: others need the memory.
    pub(super) fn give_way(&self) {
        self.retain(|_| false);
    }

    fn retain(&self, stays: impl Fn(&Shareable) -> bool) -> Option<Instant> {
        let mut pages = self.lock();
        pages.retain(|page| page.is_being_made() || stays(page));
        self.count.store(pages.len(), Ordering::Relaxed);
        pages.iter().filter(|page| !page.is_being_made()).map(|page| page.until).min()
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Shareable>> {
        self.pages.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn find(pages: &mut [Shareable], key: &Key) -> Result<Option<Availability>, Refusal> {
    Ok(match pages.iter_mut().find(|page| page.key == *key).map(|page| &mut page.state) {
        None => None,
        Some(State::Made(page)) => Some(Availability::Made(page.clone())),
        Some(State::Making { waiting, .. }) => {
            let (promise, later) = later().map_err(|_| Refusal::Exhausted)?;
            waiting.push(promise);
            Some(Availability::Later(later))
        }
    })
}

impl Shareable {
    fn is_being_made(&self) -> bool {
        matches!(self.state, State::Making { .. })
    }
}

impl std::fmt::Debug for SharedPages {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.lock().iter()).finish()
    }
}

impl std::fmt::Debug for State {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Making { waiting, .. } => write!(f, "Making for {}", waiting.len()),
            Self::Made(page) => write!(f, "Made of {} bytes", page.len()),
        }
    }
}

impl Duty {
    /// Whether anybody waits for the page.
    pub(super) fn is_awaited(&self) -> bool {
        let pages = self.shared.lock();
        pages.iter().any(|page| match &page.state {
            State::Making { waiting, .. } => page.key == self.key && waiting.iter().any(Promise::is_awaited),
            State::Made(_) => false,
        })
    }

    /// Hands the page, or why there is none, to all who wait for it.
    pub(super) fn end(mut self, made: Made) {
        self.made = Some(made);
    }
}

impl Drop for Duty {
    fn drop(&mut self) {
        let made = self.made.take().unwrap_or(Err(Refusal::Exhausted));
        let mut pages = self.shared.lock();
        let Some(at) = pages.iter().position(|page| page.key == self.key && page.is_being_made()) else { return };
        let page = &mut pages[at];
        let is_kept = made.is_ok() && Instant::now() < page.until;
        let state = match &made {
            Ok(bytes) if is_kept => std::mem::replace(&mut page.state, State::Made(bytes.clone())),
            _ => pages.swap_remove(at).state,
        };
        self.shared.count.store(pages.len(), Ordering::Relaxed);
        drop(pages);
        if let State::Making { waiting, .. } = state {
            let respond = &self.shared.respond;
            waiting.into_iter().for_each(|promise| promise.keep(respond(&self.key.path, made.clone())));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::message::StatusCode;
    use crate::site::listing::order::Column;
    use std::task::Poll;

    fn key(path: &str) -> Key {
        let order = Order { by: Column::Name, is_descending: false };
        Key { path: path.into(), device: 1, inode: 2, changed: (3, 4), order }
    }

    fn later(shared: &SharedPages) -> Later<Response> {
        match shared.find(&key("a")) {
            Ok(Some(Availability::Later(later))) => later,
            _ => panic!("it is not being made"),
        }
    }

    fn duty(shared: &Arc<SharedPages>, keeps: bool) -> (Duty, Later<Response>) {
        match shared.find_or_take_on(key("a"), keeps) {
            Ok(Availability::Duty(duty, later)) => (duty, later),
            _ => panic!("another makes it"),
        }
    }

    fn shared() -> Arc<SharedPages> {
        Arc::new(SharedPages::new(|path, made| {
            assert_eq!(path, b"a");
            let status = made.as_ref().map_or(StatusCode::SERVICE_UNAVAILABLE, |_| StatusCode::OK);
            Response::html(status, made.unwrap_or_default())
        }))
    }

    fn status(later: &Later<Response>) -> StatusCode {
        match later.take() {
            Poll::Ready(Some(response)) => response.status,
            other => panic!("no response: {other:?}"),
        }
    }

    #[test]
    fn a_page_is_made_once_for_all_who_ask_and_kept_for_a_moment() {
        let shared = shared();
        assert!(matches!(shared.find(&key("a")), Ok(None)));
        let (duty, first) = duty(&shared, true);
        let waiting = [first, later(&shared), later(&shared)];
        assert!(matches!(shared.find_or_take_on(key("a"), true), Ok(Availability::Later(_))), "one makes it");
        assert!(duty.is_awaited() && waiting[0].take().is_pending());
        duty.end(Ok(Bytes::from_static(b"page")));
        assert!(waiting.iter().all(|later| status(later) == StatusCode::OK));
        assert!(matches!(shared.find(&key("a")), Ok(Some(Availability::Made(page))) if page == "page"));
        let until = shared.expire().expect("it is kept");
        assert!(until <= Instant::now() + LIFE);
        shared.give_way();
        assert!(matches!(shared.find(&key("a")), Ok(None)));
    }

    #[test]
    fn a_page_that_may_not_be_kept_is_shared_by_those_who_waited() {
        let shared = shared();
        let (duty, first) = duty(&shared, false);
        let second = later(&shared);
        duty.end(Ok(Bytes::from_static(b"page")));
        assert_eq!([status(&first), status(&second)], [StatusCode::OK; 2]);
        assert!(matches!(shared.find(&key("a")), Ok(None)));
    }

    #[test]
    fn those_who_wait_hear_of_a_failure_and_work_for_nobody_can_be_left_out() {
        let shared = shared();
        let (failing, waits) = duty(&shared, true);
        drop(failing);
        assert_eq!(status(&waits), StatusCode::SERVICE_UNAVAILABLE);
        let (useless, waits) = duty(&shared, true);
        drop(waits);
        assert!(!useless.is_awaited());
    }
}
