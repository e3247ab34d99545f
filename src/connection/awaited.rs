//! A response that is being made elsewhere, and what is needed when it comes.

use super::rejected::failed;
use crate::handler::Response;
use crate::language::Language;
use crate::later::Later;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::task::Poll;

/// A response to come.
#[derive(Debug)]
pub(super) struct Awaited {
    response: Later<Response>,
    /// The request's `Origin`: the request itself is gone by then.
    pub(super) origin: Option<Box<[u8]>>,
}

impl Awaited {
    pub(super) fn new(response: Later<Response>, origin: Option<&[u8]>) -> Self {
        Self { response, origin: origin.map(Box::from) }
    }

    /// The response, if it is ready.
    pub(super) fn take(&self, language: Language) -> Option<Response> {
        match self.response.take() {
            Poll::Pending => None,
            Poll::Ready(response) => Some(response.unwrap_or_else(|| failed(language))),
        }
    }
}

impl AsFd for Awaited {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.response.as_fd()
    }
}

/// Whether the client reset the connection. One that only ended its sending
/// side may still read.
pub(super) fn is_reset(socket: &OwnedFd) -> bool {
    let mut fds = [PollFd::new(socket, PollFlags::empty())];
    poll(&mut fds, Some(&Timespec { tv_sec: 0, tv_nsec: 0 })).is_ok() && fds[0].revents().contains(PollFlags::HUP)
}
