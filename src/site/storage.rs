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

mod helper;
mod message;

use super::listing::{Beside, Budget, Made};
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
use helper::Helper;
use message::{Ask, FileOf, HelperBody, HelperResponse};
use rustix::process::{Pid, Signal, kill_process};
use std::fmt;
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

/// The helper processes.
struct Helpers {
    /// Those that have nothing to do; the last one to have worked is the next.
    free: Mutex<Vec<Helper>>,
    /// Those that work, or hang.
    working: Mutex<Vec<Pid>>,
    /// What each of them serves.
    site: Box<dyn Handler>,
    /// The memory that pages may take.
    budget: Arc<Budget>,
}

impl fmt::Debug for Helpers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} helpers at work", lock(&self.working).len())
    }
}

impl Storage {
    /// Storage of `site`, which must respond at once, and whose locks nobody but helpers takes.
    /// What they make and send whole has its part of `budget`.
    pub(super) fn of(site: Box<dyn Handler>, budget: &Arc<Budget>) -> Self {
        let budget = Arc::clone(budget);
        let helpers = Arc::new(Helpers { free: Mutex::default(), working: Mutex::default(), site, budget });
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
        let (ask, storage, mount) = (Ask::respond(request), self.clone(), mount.unwrap_or(CROSSING));
        self.pool.run(mount, move || match storage.helpers.ask(&ask) {
            Ok((HelperResponse::Response { status, headers, resource, refused, body }, payload)) => {
                let body = match body {
                    HelperBody::Payload => Body::Bytes(payload),
                    HelperBody::File { file, offset, length } => {
                        Body::Pieces(length, Box::new(FileElsewhere { storage, mount, file: Arc::new(file), offset }))
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
        Box::new(move |end| pool.run(CROSSING, move || end(helpers.page(&ask))).ok())
    }

    /// The server ends: helpers that work or hang are killed, and not waited
    /// for. How many there were.
    pub(super) fn abandon(&self) -> usize {
        let working = lock(&self.helpers.working);
        for helper in working.iter() {
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

impl Helpers {
    /// Asks a helper, and waits for its reply.
    fn ask(&self, ask: &Ask) -> io::Result<(HelperResponse, Bytes)> {
        // One that has rested may have ended meanwhile.
        while let Some(helper) = self.take() {
            match self.ask_of(helper, ask) {
                Err(error) if error.kind() != io::ErrorKind::OutOfMemory => {}
                result => return result,
            }
        }
        self.ask_of(Helper::fork(self.site.as_ref())?, ask)
    }

    /// The page that a helper makes.
    fn page(&self, ask: &Ask) -> Made {
        match self.ask(ask) {
            Ok((HelperResponse::Response { status, body: HelperBody::Payload, .. }, page)) => match status {
                200 => Ok(page),
                404 => Err(Refusal::NotFound),
                500 => Err(Refusal::TooLarge),
                _ => Err(Refusal::NoRoom),
            },
            Err(error) if error.kind() == io::ErrorKind::OutOfMemory => Err(Refusal::NoRoom),
            Ok(_) | Err(_) => Err(Refusal::Failed),
        }
    }

    fn ask_of(&self, mut helper: Helper, ask: &Ask) -> io::Result<(HelperResponse, Bytes)> {
        let process = helper.process;
        lock(&self.working).push(process);
        let response = helper.ask(ask, &self.budget);
        lock(&self.working).retain(|working| *working != process);
        if response.is_ok() {
            lock(&self.free).push(helper);
        }
        response
    }

    fn take(&self) -> Option<Helper> {
        lock(&self.free).pop()
    }

    /// A thread ends for lack of work: the helper that has rested longest, too.
    fn trim(&self) {
        let helper = {
            let mut free = lock(&self.free);
            if free.is_empty() { None } else { Some(free.remove(0)) }
        };
        drop(helper);
    }
}

/// A part of a file that helpers read.
struct FileElsewhere {
    storage: Storage,
    mount: u64,
    file: Arc<FileOf>,
    /// Where the part begins.
    offset: u64,
}

impl Pieces for FileElsewhere {
    fn read(&mut self, position: u64, most: usize) -> Option<Later<io::Result<Bytes>>> {
        let ask = Ask::Read { file: FileOf::clone(&self.file), offset: self.offset + position, most: most as u32 };
        let helpers = Arc::clone(&self.storage.helpers);
        // Each connection reads one piece at a time: that is bound enough.
        self.storage.pool.go_on(self.mount, move || match helpers.ask(&ask)? {
            (HelperResponse::Piece, payload) => Ok(payload),
            _ => Err(io::ErrorKind::InvalidData.into()),
        })
    }
}
