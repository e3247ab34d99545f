//! Files on storage that may hang: only separate processes touch them.
//!
//! ```text
//!   an event loop          a thread of the pool         a helper process
//!   begin() ── work ──▶ takes a helper, or forks one
//!                          ── what is asked ──▶        opens, reads, lists;
//!                          ◀── response, piece ──      may hang there for ever
//!   ◀── Later: readable ──
//! ```
//!
//! Why processes: a thread that waits in the kernel for a file system that does
//! not respond can't be ended, not by SIGKILL either (a request that a FUSE
//! server has taken, a dying disk), and a process ends only with its last
//! thread. So the server could not end. A helper hangs by itself: its socket is
//! all that it shares with the server, and it ends when that is closed.
//!
//! All is bounded: [`BOUNDS`] says how many may hang at a time on one mount and in
//! all. Requests beyond that wait in a queue, and are turned away when it is full.
//! A helper that hangs keeps its thread, so that it is counted; the client gets a
//! 503 after `--timeout`.
//!
//! While a response is under way, the helper that found its file keeps it open (a
//! lease) and reads the pieces: a file that is replaced or deleted meanwhile is
//! sent to its end. As many as four helpers keep files of one mount.

mod helper;
mod helpers;
mod message;
mod open_files;

use super::listing::{Beside, Budget};
use super::mounts::SlowMounts;
use super::refused::{refused, unavailable};
use super::root::Refusal;
use crate::handler::{Body, Handler, Pieces, Response};
use crate::http::message::{HeaderBlock, Request, StatusCode};
use crate::language::Language;
use crate::later::Later;
use crate::lock::lock;
use crate::pool::{Bounds, Full, Pool};
use bytes::Bytes;
use helpers::Helpers;
use message::{Ask, FileOf, HelperBody, HelperResponse};
use rustix::process::{Pid, Signal, kill_process};
use std::io;
use std::path::Path;
use std::sync::{Arc, Mutex};

/// Threads, each with a helper at most. A quarter of them for one mount: one
/// that hangs leaves the others theirs.
const BOUNDS: Bounds = Bounds { threads: 16, of_one_kind: 4, waiting: 64 };

/// The kind of work for what is on another mount than the root, by a link or by
/// a mount that is not slow itself: which one is known only by going there.
const CROSSING: u64 = 0;

/// The helpers, and the pool that waits for them.
#[derive(Clone, Debug)]
pub(super) struct Storage {
    pool: Pool,
    helpers: Arc<Helpers>,
}

impl Storage {
    /// Storage of `site`, which must respond at once, and whose locks nobody but helpers takes.
    /// What they make and send whole has its part of `budget`.
    pub(super) fn of(site: Box<dyn Handler>, budget: &Arc<Budget>) -> Self {
        let budget = Arc::clone(budget);
        let helpers = Arc::new(Helpers::of(site, budget, BOUNDS.of_one_kind));
        let trimmed = Arc::clone(&helpers);
        Self { pool: Pool::with_rest(BOUNDS, Arc::new(move || trimmed.trim())), helpers }
    }

    /// The response to `request`, made by a helper; `mount` is where it lies.
    pub(super) fn respond(
        &self,
        mount: Option<u64>,
        request: &Request<'_>,
        language: Language,
    ) -> Result<Later<Response>, Full> {
        let (number, mount) = (self.helpers.number(), mount.unwrap_or(CROSSING));
        let (ask, storage) = (Ask::respond(request, number), self.clone());
        self.pool.run(mount, move || match storage.helpers.ask(mount, &ask) {
            Ok((process, HelperResponse::Response { status, headers, resource, refused, body }, payload)) => {
                let body = match body {
                    HelperBody::Payload => Body::Bytes(payload),
                    HelperBody::File { file, offset, length } => {
                        let lease = Arc::new(Lease { storage, mount, number, keeper: Mutex::new(process) });
                        Body::Pieces(length, Box::new(FileElsewhere { lease, file: Arc::new(file), offset }))
                    }
                };
                let status = StatusCode::from_code(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
                let response = Response::new(status, HeaderBlock::from_lines(headers), body);
                Response { resource: resource.map(Arc::from), refused, ..response }
            }
            Err(error) if error.kind() == io::ErrorKind::OutOfMemory => refused(Refusal::NoRoom, language),
            Ok(_) | Err(_) => unavailable(language),
        })
    }

    /// What has a helper list the folder that `request` is for.
    pub(super) fn listing(&self, request: &Request<'_>) -> Beside {
        let (ask, pool, helpers) = (Ask::list(request), self.pool.clone(), Arc::clone(&self.helpers));
        Box::new(move |end| pool.run(CROSSING, move || end(helpers.page(CROSSING, &ask))).ok())
    }

    /// The server ends: helpers that work or hang are killed, and not waited
    /// for. How many there were.
    pub(super) fn abandon(&self) -> usize {
        let working = self.helpers.working();
        for helper in &working {
            // One that is stuck in the kernel ends as soon as it is let go.
            let _ = kill_process(*helper, Signal::KILL);
        }
        working.len()
    }
}

/// The mount that may hang and on which `path` lies: by its text, or by where
/// the root really is.
pub(super) fn mount_of(mounts: &SlowMounts, roots: [&Path; 2], name: &[u8]) -> Option<u64> {
    use std::os::unix::ffi::OsStrExt;
    let name = std::ffi::OsStr::from_bytes(name);
    roots.iter().find_map(|root| mounts.at(root).or_else(|| mounts.at(&root.join(name))))
}

/// A part of a file that a helper reads.
struct FileElsewhere {
    lease: Arc<Lease>,
    file: Arc<FileOf>,
    /// Where the part begins.
    offset: u64,
}

impl Pieces for FileElsewhere {
    fn read(&mut self, position: u64, most: usize) -> Option<Later<io::Result<Bytes>>> {
        let (file, offset, lease) = (FileOf::clone(&self.file), self.offset + position, Arc::clone(&self.lease));
        let ask = Ask::Read { lease: lease.number, file, offset, most: most as u32 };
        // Each connection reads one piece at a time: that is bound enough.
        self.lease.storage.pool.go_on(self.lease.mount, move || match lease.ask(&ask)? {
            (HelperResponse::Piece, payload) => Ok(payload),
            _ => Err(io::ErrorKind::InvalidData.into()),
        })
    }
}

/// That a file stays open in a helper while its response is under way.
struct Lease {
    storage: Storage,
    mount: u64,
    number: u64,
    /// The helper that has it open.
    keeper: Mutex<Pid>,
}

impl Lease {
    /// Asks the helper that has the file open; one that was given up, or hangs
    /// with another file, leaves it to the next, which has to find it again.
    fn ask(&self, ask: &Ask) -> io::Result<(HelperResponse, Bytes)> {
        let (helpers, keeper) = (&self.storage.helpers, *lock(&self.keeper));
        if let Some(response) = helpers.ask_keeper(keeper, ask) {
            return response;
        }
        let (process, response, payload) = helpers.ask(self.mount, ask)?;
        *lock(&self.keeper) = process;
        if process != keeper {
            helpers.end(keeper, self.number);
        }
        Ok((response, payload))
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        let (helpers, keeper) = (Arc::clone(&self.storage.helpers), *lock(&self.keeper));
        helpers.end(keeper, self.number);
        // A thread does it: to write to a helper that hangs could take for ever.
        // Without one, it is done when the helper has worked the next time.
        let _ = self.storage.pool.leave(self.mount, move || helpers.settle(keeper));
    }
}
