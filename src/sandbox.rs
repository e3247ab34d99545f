//! The sandbox of the serving program: what it gives up once all that it needs is open.
//!
//! ```text
//!   open: root, listeners and their siblings, packets      may still do all that the user may
//!     │
//!   enter ─▶ another account, if root ─▶ no new privileges ─▶ landlock     one thread still
//!     │                                                    what can be reached
//!   threads begin: recording, live page
//!     │
//!   seal ──▶ seccomp, on all threads                        which calls can be made
//!     │
//!   serve
//! ```
//!
//! The order is the one in which each step works: siblings of a listening socket need its user; landlock is
//! a thread's own, inherited by those that it begins; a call that is forbidden can't forbid the next.
//!
//! It is the program's, never the library's. What the kernel lacks is left out, and reported.

mod account;
mod calls;
mod files;

pub use account::{Account, Became, Hindrance, NobodyServes, account_number};
use files::Landlock;
pub use files::Readable;

use landlock::PathFd;
use rustix::fs::Access;
use rustix::process::{DumpableBehavior, set_dumpable_behavior};
use rustix::thread::set_no_new_privs;
use serde::Serialize;
use std::path::Path;

/// What is in force.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct InForce {
    /// Whether there is to be a sandbox.
    pub on: bool,
    /// Files beyond the site's can't be opened.
    pub files: bool,
    /// No port can be bound or connected to, by landlock.
    pub network: bool,
    /// No other process can be signalled.
    pub signals: bool,
    /// Only a server's system calls can be made.
    pub calls: bool,
    /// No program gains a right.
    pub no_new_privileges: bool,
    /// The user that serves.
    pub user: u32,
}

/// What a kernel can lack.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// Landlock itself.
    Files,
    /// Its rules for TCP.
    Network,
    /// Its scopes.
    Signals,
    /// Seccomp.
    Calls,
    /// The flag no_new_privs.
    NoNewPrivileges,
}

impl InForce {
    /// What is not.
    pub fn missing(&self) -> impl Iterator<Item = Part> {
        let parts = [
            (self.files, Part::Files),
            (self.network, Part::Network),
            (self.signals, Part::Signals),
            (self.calls, Part::Calls),
            (self.no_new_privileges, Part::NoNewPrivileges),
        ];
        parts.into_iter().filter(|(is_there, _)| !is_there).map(|(_, part)| part)
    }
}

/// The sandbox of a process that is sealed.
#[derive(Debug)]
pub struct Sandbox {
    /// What became of its account.
    pub became: Became,
    /// What is in force.
    pub in_force: InForce,
    /// Held as long as the process lives: rules are these inodes'.
    _kept: Vec<PathFd>,
}

/// A process that has entered, and is not sealed yet.
#[derive(Debug)]
pub struct Entered {
    became: Became,
    is_wanted: bool,
    landlock: Landlock,
    no_new_privileges: bool,
    kept: Vec<PathFd>,
}

/// Becomes the account that serves `folder`; where the sandbox `is_wanted`, reaches from here on only what
/// is readable. Before the first thread begins.
///
/// # Errors
/// If the process can't become that account, or the account can't enter the folder.
pub fn enter(
    account: &Account,
    folder: &Path,
    readable: &Readable,
    is_wanted: bool,
    has_secrets: bool,
) -> Result<Entered, NobodyServes> {
    let became = account.serve()?;
    if became != Became::Same && rustix::fs::access(folder, Access::EXEC_OK).is_err() {
        return Err(NobodyServes::NoEntry(account.clone(), folder.to_owned()));
    }
    if has_secrets {
        // Nobody else of this account looks into memory that has passwords in it, nor does a dump of it remain.
        let _ = set_dumpable_behavior(DumpableBehavior::NotDumpable);
    }
    let mut entered =
        Entered { became, is_wanted, landlock: Landlock::default(), no_new_privileges: false, kept: Vec::new() };
    if is_wanted {
        entered.no_new_privileges = set_no_new_privs(true).is_ok();
        // A kernel that has it and refuses is one that lacks it.
        (entered.landlock, entered.kept) = files::confine(readable).unwrap_or_default();
    }
    Ok(entered)
}

impl Entered {
    /// Whether files are confined.
    pub fn is_confined(&self) -> bool {
        self.landlock.has_files()
    }

    /// From here on all threads make a server's system calls only.
    pub fn seal(self) -> Sandbox {
        let in_force = InForce {
            on: self.is_wanted,
            files: self.landlock.has_files(),
            network: self.landlock.has_network(),
            signals: self.landlock.has_scopes(),
            calls: self.is_wanted && calls::confine(),
            no_new_privileges: self.no_new_privileges,
            user: rustix::process::geteuid().as_raw(),
        };
        Sandbox { became: self.became, in_force, _kept: self.kept }
    }
}
