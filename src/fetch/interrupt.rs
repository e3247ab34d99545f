//! Ctrl-C: a fetch ends in order, and shows what happened so far.

use crate::dns::Stop;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use signal_hook::consts::SIGINT;
use signal_hook::flag;
use signal_hook::low_level::pipe;
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::thread;
use std::time::{Duration, Instant};

/// How often that is looked at which can wake nobody.
pub(super) const OFTEN: Duration = Duration::from_millis(20);

/// Whether SIGINT has come.
#[derive(Debug, Default)]
pub struct Interrupt {
    has_come: Arc<AtomicBool>,
    /// Readable once it has come; `None`: nobody listens.
    woken: Option<OwnedFd>,
}

impl Interrupt {
    /// Listens for SIGINT from now on; a second one ends the program at once.
    ///
    /// # Errors
    /// If the system refuses.
    pub fn on_signal() -> io::Result<Self> {
        let has_come = Arc::new(AtomicBool::new(false));
        flag::register_conditional_default(SIGINT, has_come.clone())?;
        flag::register(SIGINT, has_come.clone())?;
        let (reader, writer) = UnixStream::pair()?;
        pipe::register(SIGINT, writer)?;
        Ok(Self { has_come, woken: Some(reader.into()) })
    }

    /// Whether it has come.
    pub fn has_come(&self) -> bool {
        self.has_come.load(Ordering::SeqCst)
    }

    /// For a lookup: it ends early, with what was asked by then.
    pub(super) fn stop(&self) -> Stop {
        Stop::by(self.has_come.clone())
    }

    /// poll(2) until `socket` is ready for some of `events` (or has failed), or
    /// `deadline` has passed, or SIGINT has come: what it is ready for, else nothing.
    pub(super) fn wait(&self, socket: &impl AsFd, events: PollFlags, deadline: Instant) -> PollFlags {
        self.wait_for_any(&[PollFd::new(socket, events)], deadline)[0]
    }

    /// The same, for several.
    pub(super) fn wait_for_any(&self, sockets: &[PollFd<'_>], deadline: Instant) -> Vec<PollFlags> {
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            let mut fds: Vec<PollFd<'_>> = sockets.to_vec();
            fds.extend(self.woken.as_ref().map(|woken| PollFd::new(woken, PollFlags::IN)));
            let result = poll(&mut fds, Timespec::try_from(left).ok().as_ref());
            if result == Err(Errno::INTR) && !self.has_come() {
                continue;
            }
            fds.truncate(sockets.len());
            return fds.iter().map(PollFd::revents).collect();
        }
    }

    /// Waits until `deadline`, or until SIGINT comes.
    pub(super) fn pause(&self, deadline: Instant) {
        self.wait_for_any(&[], deadline);
    }

    /// What `work` gives, in a thread of its own; `None`: SIGINT came first, or it panicked.
    pub(super) fn unless_it_comes<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Option<T> {
        let (sender, receiver) = channel();
        thread::spawn(move || {
            // Nobody may be waiting any more.
            let _ = sender.send(work());
        });
        loop {
            match receiver.recv_timeout(OFTEN) {
                Ok(done) => return Some(done),
                Err(RecvTimeoutError::Timeout) if !self.has_come() => {}
                Err(_) => return None,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fetch::url::Url;
    use crate::fetch::{Data, Options, fetch};
    use crate::record::{Failure, FailureKind};

    /// Where who writes the data and fetch get one Ctrl-C, its end may be read first.
    #[test]
    fn what_ctrl_c_comes_before_is_not_begun() {
        let url = |text: &str| Url::parse(text).expect("a URL");
        let options = Options {
            data: Some(Data::Form("a=b".into())),
            repeat: 2,
            quiet: true,
            ..Options::new(vec![url("http://127.0.0.1:9/a"), url("http://127.0.0.1:9/b")])
        };
        let interrupt = Interrupt { has_come: Arc::new(AtomicBool::new(true)), woken: None };
        let (record, failures) = fetch(&options, &Arc::new(interrupt), None);
        let record = record.expect("a record");
        let expected = Failure::NotBegun { url: "http://127.0.0.1:9/a".into(), fetches: 4 };
        assert_eq!(failures.iter().map(|failed| &failed.failure).collect::<Vec<_>>(), [&expected]);
        assert_eq!(expected.kind(), FailureKind::Interrupted);
        assert!(record.transfers.is_empty() && record.not_begun.is_some_and(|failed| failed.failure == expected));
    }
}
