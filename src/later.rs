//! A value that is made elsewhere, and a descriptor to wait for it with.
//!
//! ```text
//!   who makes it                              who waits   
//!   Promise ── keep(value), or dropped ──▶ a byte in a pipe ──▶ Later: readable, take()
//! ```
//!
//! A descriptor, so that the wait is one more entry in an epoll set or a poll,
//! beside the sockets and the order to stop: no model needs another way to wait.

use std::fmt;
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::Poll;

/// The right to hand over the value, once. Dropped without, it breaks the promise.
pub struct Promise<T> {
    value: Arc<Mutex<Poll<Option<T>>>>,
    ready: OwnedFd,
}

/// A value to come. Its descriptor is readable as soon as waiting is over.
pub struct Later<T> {
    value: Arc<Mutex<Poll<Option<T>>>>,
    ready: OwnedFd,
}

/// Both halves of a value to come.
///
/// # Errors
/// If there is no descriptor left for a pipe.
pub fn later<T>() -> io::Result<(Promise<T>, Later<T>)> {
    let (reader, writer) = rustix::pipe::pipe_with(rustix::pipe::PipeFlags::CLOEXEC)?;
    let value = Arc::new(Mutex::new(Poll::Pending));
    Ok((Promise { value: Arc::clone(&value), ready: writer }, Later { value, ready: reader }))
}

impl<T> Promise<T> {
    /// Hands over the value.
    pub fn keep(self, value: T) {
        *self.value.lock().unwrap_or_else(PoisonError::into_inner) = Poll::Ready(Some(value));
    }

    /// Whether anybody still waits: if not, the work can be left out.
    pub fn is_awaited(&self) -> bool {
        Arc::strong_count(&self.value) > 1
    }
}

impl<T> Drop for Promise<T> {
    fn drop(&mut self) {
        let mut value = self.value.lock().unwrap_or_else(PoisonError::into_inner);
        if value.is_pending() {
            *value = Poll::Ready(None);
        }
        drop(value);
        // Written, and not only closed: a child forked meanwhile may hold a copy
        // of the writing end. It fails where nobody waits any more.
        let _ = rustix::io::write(&self.ready, b".");
    }
}

impl<T> Later<T> {
    /// The value, if it was handed over; `Ready(None)`: it never will be. It is
    /// given once.
    pub fn take(&self) -> Poll<Option<T>> {
        let mut value = self.value.lock().unwrap_or_else(PoisonError::into_inner);
        match &mut *value {
            Poll::Pending => Poll::Pending,
            Poll::Ready(value) => Poll::Ready(value.take()),
        }
    }
}

impl<T> AsFd for Later<T> {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.ready.as_fd()
    }
}

impl<T> fmt::Debug for Later<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Later")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rustix::event::{PollFd, PollFlags, Timespec, poll};

    fn is_ready(later: &Later<u8>, at_most: i64) -> bool {
        let patience = Timespec { tv_sec: at_most, tv_nsec: 0 };
        poll(&mut [PollFd::new(later, PollFlags::IN)], Some(&patience)).expect("a poll") == 1
    }

    #[test]
    fn a_kept_promise_is_told_by_the_descriptor_and_given_once() {
        let (promise, later) = later().expect("a pipe");
        assert!(!is_ready(&later, 0) && later.take().is_pending() && promise.is_awaited());
        let maker = std::thread::spawn(move || promise.keep(7));
        assert!(is_ready(&later, 20));
        assert_eq!(later.take(), Poll::Ready(Some(7)));
        assert_eq!(later.take(), Poll::Ready(None));
        maker.join().expect("the maker ends");
    }

    #[test]
    fn a_broken_promise_ends_the_wait() {
        let (promise, later) = later::<u8>().expect("a pipe");
        drop(promise);
        assert!(is_ready(&later, 0));
        assert_eq!(later.take(), Poll::Ready(None));
    }

    #[test]
    fn who_makes_it_can_see_that_nobody_waits() {
        let (promise, later) = later::<u8>().expect("a pipe");
        drop(later);
        assert!(!promise.is_awaited());
        promise.keep(1); // into a pipe that nobody reads: no signal ends the program
    }
}
