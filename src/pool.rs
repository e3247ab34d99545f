//! A few threads for work that would hold up its caller.
//!
//! All is bounded: threads, those of them that one kind of work may have at a
//! time, and the work that waits. Threads start when there is work and end when
//! there was none for a while: an idle pool costs nothing.

use crate::later::{Later, Promise, later};
use std::collections::{HashMap, VecDeque};
use std::fmt;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// How long a thread waits for more work before it ends.
const IDLE: Duration = Duration::from_secs(10);
/// The stack of a thread, in bytes; only what is touched is used.
const STACK: usize = 512 * 1024;

/// What kinds of work there are is for its owner to say: a mount, for example.
pub type Kind = u64;

/// Threads, and the work that waits for them.
#[derive(Clone)]
pub struct Pool(Arc<Shared>);

/// What is done whenever a thread ends for lack of work.
type Rest = Arc<dyn Fn() + Send + Sync>;

/// There is as much work waiting as may, or no descriptor left to wait with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Full;

/// How much a pool takes on.
///
/// Exhaustive on purpose: no bound is left to chance.
#[derive(Clone, Copy, Debug)]
pub struct Bounds {
    /// Threads, at most.
    pub threads: usize,
    /// Threads that work of one kind has at a time, at most: the others are left for other kinds.
    pub of_one_kind: usize,
    /// Work of one kind that waits, at most.
    pub waiting: usize,
}

struct Shared {
    bounds: Bounds,
    rest: Option<Rest>,
    queue: Mutex<Queue>,
    changed: Condvar,
}

#[derive(Default)]
struct Queue {
    waiting: VecDeque<(Kind, Box<dyn FnOnce() + Send>)>,
    /// Threads that work, by kind.
    working: HashMap<Kind, usize>,
    threads: usize,
    idle: usize,
}

impl Pool {
    /// A pool of these bounds.
    pub fn new(bounds: Bounds) -> Self {
        Self::make(bounds, None)
    }

    /// The same; `rest` is called whenever a thread ends for lack of work.
    pub fn with_rest(bounds: Bounds, rest: Rest) -> Self {
        Self::make(bounds, Some(rest))
    }

    fn make(bounds: Bounds, rest: Option<Rest>) -> Self {
        Self(Arc::new(Shared { bounds, rest, queue: Mutex::default(), changed: Condvar::new() }))
    }

    /// Has `work` done by one of the threads: what it makes comes later. Work
    /// whose result nobody awaits any more when its turn comes is left out.
    ///
    /// # Errors
    /// [`Full`], at once: work is never waited for here.
    pub fn run<T: Send + 'static>(
        &self,
        kind: Kind,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<Later<T>, Full> {
        let (promise, later) = later().map_err(|_| Full)?;
        self.put(kind, self.0.bounds.waiting, Box::new(move || keep(promise, work)))?;
        Ok(later)
    }

    /// The same for work that goes on with what was begun, and is bounded by
    /// its owner: it may always wait. `None`: there is no descriptor, or no thread.
    pub fn go_on<T: Send + 'static>(&self, kind: Kind, work: impl FnOnce() -> T + Send + 'static) -> Option<Later<T>> {
        let (promise, later) = later().ok()?;
        self.put(kind, usize::MAX, Box::new(move || keep(promise, work))).ok()?;
        Some(later)
    }

    /// The same for work that makes nothing which anybody awaits.
    ///
    /// # Errors
    /// [`Full`]: there is no thread.
    pub fn leave(&self, kind: Kind, work: impl FnOnce() + Send + 'static) -> Result<(), Full> {
        self.put(kind, usize::MAX, Box::new(work))
    }

    fn put(&self, kind: Kind, waiting: usize, work: Box<dyn FnOnce() + Send>) -> Result<(), Full> {
        let threads = self.0.bounds.threads;
        let mut queue = self.0.lock();
        if queue.waiting.iter().filter(|(other, _)| *other == kind).count() >= waiting {
            return Err(Full);
        }
        queue.waiting.push_back((kind, work));
        if queue.idle == 0 && queue.threads < threads {
            let shared = Arc::clone(&self.0);
            let thread = std::thread::Builder::new().name("pool".into()).stack_size(STACK);
            match thread.spawn(move || shared.work()) {
                Ok(_) => queue.threads += 1,
                // Another thread will come to it.
                Err(_) if queue.threads > 0 => {}
                Err(_) => {
                    queue.waiting.pop_back();
                    return Err(Full);
                }
            }
        }
        drop(queue);
        self.0.changed.notify_one();
        Ok(())
    }
}

/// Work that panics breaks its promise, and harms nobody else.
fn keep<T>(promise: Promise<T>, work: impl FnOnce() -> T) {
    if promise.is_awaited() {
        promise.keep(work());
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// One thread's life.
    fn work(&self) {
        let mut queue = self.lock();
        loop {
            if let Some((kind, work)) = queue.next(self.bounds.of_one_kind) {
                drop(queue);
                let _ = std::panic::catch_unwind(std::panic::AssertUnwindSafe(work));
                queue = self.lock();
                queue.done(kind);
                continue;
            }
            queue.idle += 1;
            let (woken, waited) = self.changed.wait_timeout(queue, IDLE).unwrap_or_else(PoisonError::into_inner);
            queue = woken;
            queue.idle -= 1;
            if waited.timed_out() && queue.waiting.is_empty() {
                queue.threads -= 1;
                drop(queue);
                self.rest.iter().for_each(|rest| rest());
                return;
            }
        }
    }
}

impl Queue {
    /// The oldest work whose kind has not all the threads that it may.
    fn next(&mut self, of_one_kind: usize) -> Option<(Kind, Box<dyn FnOnce() + Send>)> {
        let has_room = |kind: &Kind| self.working.get(kind).is_none_or(|working| *working < of_one_kind);
        let at = self.waiting.iter().position(|(kind, _)| has_room(kind))?;
        let (kind, work) = self.waiting.remove(at)?;
        *self.working.entry(kind).or_default() += 1;
        Some((kind, work))
    }

    fn done(&mut self, kind: Kind) {
        if let Some(working) = self.working.get_mut(&kind) {
            *working -= 1;
            if *working == 0 {
                self.working.remove(&kind);
            }
        }
    }
}

impl fmt::Debug for Pool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Pool of {:?}", self.0.bounds)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rustix::event::{PollFd, PollFlags, poll};
    use std::sync::mpsc::channel;

    fn awaited<T>(later: &Later<T>) -> Option<T> {
        poll(&mut [PollFd::new(later, PollFlags::IN)], None).expect("a poll");
        match later.take() {
            std::task::Poll::Ready(value) => value,
            std::task::Poll::Pending => panic!("readable before it was ready"),
        }
    }

    #[test]
    fn work_that_hangs_leaves_threads_for_other_kinds_and_is_bounded() {
        let pool = Pool::new(Bounds { threads: 3, of_one_kind: 2, waiting: 4 });
        let (release, hang) = channel::<()>();
        let hang = Arc::new(Mutex::new(hang));
        let (begun, begins) = channel();
        let hanging = |n: usize| {
            let (hang, begun) = (Arc::clone(&hang), begun.clone());
            pool.run(1, move || {
                begun.send(n).expect("the test listens");
                let _ = hang.lock().expect("nobody panics").recv();
                n
            })
        };
        let mut laters = vec![hanging(0).expect("room"), hanging(1).expect("room")];
        let mut first = [begins.recv().expect("begun"), begins.recv().expect("begun")];
        first.sort_unstable();
        assert_eq!(first, [0, 1]);
        laters.extend((2..6).map(|n| hanging(n).expect("room to wait")));
        assert_eq!(hanging(6).err(), Some(Full));
        // Another kind goes past all of them, again and again.
        for n in 0..20 {
            assert_eq!(awaited(&pool.run(2, move || n).expect("room")), Some(n));
        }
        drop(laters.pop()); // nobody waits for the last one: it is left out
        drop(release);
        let done: Vec<_> = laters.iter().map(awaited).collect();
        assert_eq!(done, [Some(0), Some(1), Some(2), Some(3), Some(4)]);
        assert_eq!(begins.try_iter().collect::<Vec<_>>().len(), 3);
    }

    #[test]
    fn work_that_panics_breaks_its_promise_alone() {
        let pool = Pool::new(Bounds { threads: 1, of_one_kind: 1, waiting: 4 });
        let broken = pool.run(1, || -> u8 { panic!("as a test") }).expect("room");
        assert_eq!(awaited(&broken), None);
        assert_eq!(awaited(&pool.run(1, || 5).expect("room")), Some(5));
    }
}
