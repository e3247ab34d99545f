//! A small internet of our own: namespaces in which this program may make
//! devices, see every frame and name every host, without root.
//!
//! ```text
//!  parent ── waits, gives the exit status
//!  └ child: user + network + mount + PID namespace of its own   ("the wire")
//!      ├ thread, network namespace of the client   10.0.0.1
//!      └ thread, network namespace of the server   10.0.0.2
//! ```
//!
//! A process may make a user namespace only while it has one thread; a network
//! namespace belongs to a thread. When the child, the first process of its PID
//! namespace, ends, the kernel ends all that it started.

use super::refusal::{Attempt, Refusal};
use nix::sched::{CloneFlags, setns, unshare};
use nix::unistd::{getgid, getuid};
use std::fs::File;
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::thread::{Builder, JoinHandle};

/// Moves this process, which must have one thread, into namespaces of its own.
/// The next child is the first process of the PID namespace.
///
/// Root needs no user namespace, which a kernel or a container may refuse.
pub(super) fn enter() -> Result<(), Refusal> {
    let (user, group) = (getuid(), getgid());
    let mut flags = CloneFlags::CLONE_NEWNET | CloneFlags::CLONE_NEWNS | CloneFlags::CLONE_NEWPID;
    if !user.is_root() {
        flags |= CloneFlags::CLONE_NEWUSER;
    }
    unshare(flags).map_err(|errno| Refusal::new(Attempt::Unshare, errno.into()))?;
    if !user.is_root() {
        // The user's own id stays what it is: some programs, Chromium among
        // them, refuse to run as root (user_namespaces(7)).
        for (file, text) in [
            ("setgroups", "deny".to_owned()),
            ("uid_map", format!("{user} {user} 1")),
            ("gid_map", format!("{group} {group} 1")),
        ] {
            std::fs::write(format!("/proc/self/{file}"), text)
                .map_err(|error| Refusal::new(Attempt::MapUser, error))?;
        }
    }
    Ok(())
}

/// A network namespace, for as long as this value or a thread in it lives.
#[derive(Debug)]
pub(super) struct Namespace(OwnedFd);

impl Namespace {
    /// A new one, without devices but `lo`, that is not yet up.
    pub(super) fn new() -> io::Result<Self> {
        let made = std::thread::spawn(|| {
            unshare(CloneFlags::CLONE_NEWNET)?;
            File::open("/proc/thread-self/ns/net")
        });
        Ok(Self(joined(made)?.into()))
    }

    /// Runs `task` on a thread inside.
    pub(super) fn spawn<T: Send + 'static>(
        &self,
        name: &str,
        task: impl FnOnce() -> T + Send + 'static,
    ) -> io::Result<JoinHandle<io::Result<T>>> {
        let inside = self.0.try_clone()?;
        // Boxed: so a thread is made by one piece of code for all roles, not by one for each.
        let task: Box<dyn FnOnce() -> io::Result<T> + Send> = Box::new(move || {
            setns(&inside, CloneFlags::CLONE_NEWNET)?;
            Ok(task())
        });
        Builder::new().name(name.into()).spawn(task)
    }

    /// Runs `task` inside, and waits for what comes of it.
    pub(super) fn run<T: Send + 'static>(
        &self,
        task: impl FnOnce() -> io::Result<T> + Send + 'static,
    ) -> io::Result<T> {
        joined(self.spawn("inside", task)?)?
    }
}

impl AsFd for Namespace {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

fn joined<T>(thread: JoinHandle<io::Result<T>>) -> io::Result<T> {
    thread.join().unwrap_or_else(|_| Err(io::Error::other("a thread of the lab panicked")))
}
