//! The way in: this process makes the namespaces, its child is the first
//! process inside and does all the work; this one waits for its exit status.

use super::namespace;
use super::refusal::{Attempt, Refusal};
use crate::sys::fork::{Fork, fork, heed_signals};
use nix::mount::{MsFlags, mount};
use rustix::process::{Signal, WaitOptions, set_parent_process_death_signal, waitpid};

/// Which of the two this is.
pub(super) enum Inside {
    /// The child is over, with this exit status.
    Parent(i32),
    /// Inside.
    Child,
}

/// Enters.
pub(super) fn enter() -> Result<Inside, Refusal> {
    namespace::enter()?;
    match fork().map_err(|error| Refusal::new(Attempt::Fork, error))? {
        Fork::Parent(child) => loop {
            match waitpid(Some(child), WaitOptions::empty()) {
                Ok(Some((_, status))) => break Ok(Inside::Parent(status.exit_status().unwrap_or(1))),
                Ok(None) | Err(rustix::io::Errno::INTR) => {}
                Err(error) => break Err(Refusal::new(Attempt::Fork, error.into())),
            }
        },
        Fork::Child => {
            heed_signals();
            // If the one who waits is ended, so is everything here.
            let _ = set_parent_process_death_signal(Some(Signal::KILL));
            // What is mounted here is seen by nobody else.
            mount(None::<&str>, "/", None::<&str>, MsFlags::MS_REC | MsFlags::MS_PRIVATE, None::<&str>)
                .map_err(|errno| Refusal::new(Attempt::Mount, errno.into()))?;
            super::programs::resolver_files()?;
            Ok(Inside::Child)
        }
    }
}
