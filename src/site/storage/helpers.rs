//! The helper processes: which of them is asked, and which keeps what open.

use super::helper::Helper;
use super::message::{Ask, HelperBody, HelperResponse};
use crate::handler::Handler;
use crate::lock::lock;
use crate::site::listing::{Budget, Made};
use crate::site::root::Refusal;
use bytes::Bytes;
use rustix::process::Pid;
use std::fmt;
use std::io;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// How long a piece waits for the helper that has its file open and works for
/// another: longer than a slow storage takes, shorter than one that hangs.
const PATIENCE: Duration = Duration::from_secs(5);
/// After how long without work a helper may end, as the threads of the pool do.
const IDLE: Duration = Duration::from_secs(10);

/// All of them.
pub(super) struct Helpers {
    staff: Mutex<Staff>,
    /// One has come to rest, or was given up.
    changed: Condvar,
    /// What each of them serves.
    site: Box<dyn Handler>,
    /// The memory that pages may take.
    budget: Arc<Budget>,
    /// How many of them keep files of one mount, at most.
    of_one_mount: usize,
    leases: AtomicU64,
}

#[derive(Default)]
struct Staff {
    /// Those that have nothing to do, the last one to have worked at the end.
    free: Vec<Helper>,
    /// Those that work, or hang, and for which mount; one that is being forked has no number yet.
    working: Vec<(Option<Pid>, u64)>,
    /// Leases that are over, and whose helpers have not heard of it.
    ended: Vec<(Pid, u64)>,
}

impl fmt::Debug for Helpers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} helpers at work", lock(&self.staff).working.len())
    }
}

impl Helpers {
    /// Those of `site`, none of them forked yet.
    pub(super) fn of(site: Box<dyn Handler>, budget: Arc<Budget>, of_one_mount: usize) -> Self {
        let (staff, changed, leases) = (Mutex::default(), Condvar::new(), AtomicU64::new(0));
        Self { staff, changed, site, budget, of_one_mount, leases }
    }

    /// The number of a lease, which no other has.
    pub(super) fn number(&self) -> u64 {
        self.leases.fetch_add(1, Ordering::Relaxed)
    }

    /// Asks a helper, and waits for its reply; says which one it was.
    pub(super) fn ask(&self, mount: u64, ask: &Ask) -> io::Result<(Pid, HelperResponse, Bytes)> {
        // One that has rested may have ended meanwhile.
        while let Some(helper) = self.take(mount) {
            let process = helper.process;
            match self.ask_of(helper, ask) {
                Err(error) if error.kind() != io::ErrorKind::OutOfMemory => {}
                result => return result.map(|(response, payload)| (process, response, payload)),
            }
        }
        let helper = self.fork(mount)?;
        let process = helper.process;
        self.ask_of(helper, ask).map(|(response, payload)| (process, response, payload))
    }

    /// Asks the helper that keeps the file in question; `None`: it is no more, or works for too long.
    pub(super) fn ask_keeper(&self, keeper: Pid, ask: &Ask) -> Option<io::Result<(HelperResponse, Bytes)>> {
        let works = |staff: &mut Staff| staff.working.iter().any(|(process, _)| *process == Some(keeper));
        let waited = self.changed.wait_timeout_while(lock(&self.staff), PATIENCE, works);
        let helper = waited.unwrap_or_else(PoisonError::into_inner).0.take(|helper| helper.process == keeper)?;
        match self.ask_of(helper, ask) {
            Err(error) if error.kind() != io::ErrorKind::OutOfMemory => None,
            result => Some(result),
        }
    }

    /// The page that a helper makes.
    pub(super) fn page(&self, mount: u64, ask: &Ask) -> Made {
        match self.ask(mount, ask) {
            Ok((_, HelperResponse::Response { status, body: HelperBody::Payload, .. }, page)) => match status {
                200 => Ok(page),
                404 => Err(Refusal::NotFound),
                500 => Err(Refusal::TooLarge),
                _ => Err(Refusal::NoRoom),
            },
            Err(error) if error.kind() == io::ErrorKind::OutOfMemory => Err(Refusal::NoRoom),
            Ok(_) | Err(_) => Err(Refusal::Failed),
        }
    }

    /// The lease of this number is over, on the file that `keeper` keeps.
    pub(super) fn end(&self, keeper: Pid, number: u64) {
        let mut staff = lock(&self.staff);
        if staff.has(keeper) {
            staff.ended.push((keeper, number));
        }
    }

    /// Lets `keeper`, if it is at rest, know which leases are over.
    pub(super) fn settle(&self, keeper: Pid) {
        let helper = lock(&self.staff).take(|helper| helper.process == keeper);
        if let Some(helper) = helper {
            let rested = helper.rested;
            self.rest(helper, rested);
        }
    }

    /// The processes that work or hang.
    pub(super) fn working(&self) -> Vec<Pid> {
        lock(&self.staff).working.iter().filter_map(|(process, _)| *process).collect()
    }

    /// A thread ends for lack of work: the helpers that have none, and keep nothing, too.
    pub(super) fn trim(&self) {
        let mut idle = Vec::new();
        let mut staff = lock(&self.staff);
        let is_idle = |helper: &Helper| helper.leases.is_empty() && helper.rested.elapsed() >= IDLE;
        while let Some(at) = staff.free.iter().position(is_idle) {
            idle.push(staff.free.remove(at));
        }
        drop(staff);
        drop(idle); // they are waited for
    }

    /// A helper that is at rest and keeps nothing; if there are as many for
    /// this mount as may be, the one that keeps least.
    fn take(&self, mount: u64) -> Option<Helper> {
        let mut staff = lock(&self.staff);
        let mut helper = staff.take(|helper| helper.leases.is_empty());
        if helper.is_none() && staff.of_mount(mount) >= self.of_one_mount {
            let least =
                staff.free.iter().filter(|helper| helper.mount == mount).map(|helper| helper.leases.len()).min();
            helper = staff.take(|helper| helper.mount == mount && Some(helper.leases.len()) == least);
        }
        match &mut helper {
            Some(helper) => staff.assign(helper, mount),
            None => staff.working.push((None, mount)),
        }
        helper
    }

    /// Forks the helper for which there was a place.
    fn fork(&self, mount: u64) -> io::Result<Helper> {
        let forked = Helper::fork(self.site.as_ref());
        let mut staff = lock(&self.staff);
        staff.leave(None, mount);
        let mut helper = forked?;
        helper.mount = mount;
        staff.working.push((Some(helper.process), mount));
        Ok(helper)
    }

    fn ask_of(&self, mut helper: Helper, ask: &Ask) -> io::Result<(HelperResponse, Bytes)> {
        let response = helper.ask(ask, &self.budget);
        match response.is_ok() {
            true => self.rest(helper, Instant::now()),
            false => self.give_up(helper),
        }
        response
    }

    /// Lets `helper` rest, once it knows which leases are over.
    fn rest(&self, mut helper: Helper, since: Instant) {
        loop {
            let mut staff = lock(&self.staff);
            let ended = staff.take_ended(helper.process);
            if ended.is_empty() {
                staff.leave(Some(helper.process), helper.mount);
                helper.rested = since;
                staff.free.push(helper);
                break;
            }
            drop(staff);
            if helper.release(ended).is_err() {
                return self.give_up(helper);
            }
        }
        self.changed.notify_all();
    }

    fn give_up(&self, helper: Helper) {
        let mut staff = lock(&self.staff);
        staff.leave(Some(helper.process), helper.mount);
        staff.take_ended(helper.process);
        drop(staff);
        self.changed.notify_all();
    }
}

impl Staff {
    /// Takes the last one to have worked of those at rest that are so.
    fn take(&mut self, is_meant: impl Fn(&Helper) -> bool) -> Option<Helper> {
        let at = self.free.iter().rposition(is_meant)?;
        let helper = self.free.remove(at);
        self.working.push((Some(helper.process), helper.mount));
        Some(helper)
    }

    /// `helper`, which was taken, works for `mount` from now on.
    fn assign(&mut self, helper: &mut Helper, mount: u64) {
        self.leave(Some(helper.process), helper.mount);
        helper.mount = mount;
        self.working.push((Some(helper.process), mount));
    }

    fn leave(&mut self, process: Option<Pid>, mount: u64) {
        if let Some(at) = self.working.iter().position(|working| *working == (process, mount)) {
            self.working.remove(at);
        }
    }

    fn has(&self, process: Pid) -> bool {
        let works = self.working.iter().any(|(working, _)| *working == Some(process));
        works || self.free.iter().any(|helper| helper.process == process)
    }

    /// How many work for `mount`, or keep files of it.
    fn of_mount(&self, mount: u64) -> usize {
        let working = self.working.iter().filter(|(_, of)| *of == mount).count();
        working + self.free.iter().filter(|helper| helper.mount == mount && !helper.leases.is_empty()).count()
    }

    fn take_ended(&mut self, process: Pid) -> Vec<u64> {
        let ended = self.ended.iter().filter(|(keeper, _)| *keeper == process).map(|(_, number)| *number).collect();
        self.ended.retain(|(keeper, _)| *keeper != process);
        ended
    }
}
