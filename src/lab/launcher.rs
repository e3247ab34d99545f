//! The launcher: a small process that runs experiments for the live page, so that the
//! server itself need never fork, execute or make a namespace.
//!
//! ```text
//!   server ── Order, 12 bytes ──▶ launcher ── fork ──▶ one experiment, in namespaces of its own
//!          ◀── one byte, and the end of a socket ──    │
//!          ◀───────── lines of JSON ───────────────────┘     decisions ──▶
//! ```
//!
//! It is forked before the server has a thread, a listening socket or a sandbox. It keeps
//! one socket and nothing else, does nothing until it is asked, and ends when the server does.

use super::launched;
use super::order::Order;
use crate::lock::lock;
use crate::sys::detached::keep_only;
use crate::sys::fork::{Fork, exit_child, fork};
use nix::unistd::{Gid, Uid, setgid, setgroups, setuid};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::{Errno, FdFlags, fcntl_setfd};
use rustix::net::sockopt::{Timeout, set_socket_timeout};
use rustix::net::{
    AddressFamily, RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, SendAncillaryBuffer, SendAncillaryMessage,
    SendFlags, SocketFlags, SocketType, recv, recvmsg, send, sendmsg, socketpair,
};
use rustix::process::{
    DumpableBehavior, Pid, PidfdFlags, Signal, WaitOptions, getpid, getppid, getuid, kill_process, pidfd_open,
    set_dumpable_behavior, set_parent_process_death_signal, waitpid,
};
use rustix::thread::{CapabilitySet, CapabilitySets, set_capabilities};
use std::io::{self, IoSlice, IoSliceMut};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, OwnedFd};
use std::sync::Mutex;
use std::time::{Duration, Instant};

/// How long a run that has said its last word may take to end, before the next one is refused.
const LAST_MOMENT: Duration = Duration::from_secs(1);
/// How long the server waits for the launcher.
const PATIENCE: Duration = Duration::from_secs(3);

/// The launcher's replies.
const BEGUN: u8 = 0;
const UNDER_WAY: u8 = 1;
const FAILED: u8 = 2;

/// Who runs the experiments where root starts the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Account {
    /// The user's number.
    pub user: u32,
    /// The group's number.
    pub group: u32,
}

impl Account {
    /// This user, in this group.
    pub fn new(user: u32, group: u32) -> Self {
        Self { user, group }
    }
}

/// The server's end of the launcher.
#[derive(Debug)]
pub struct Launcher(Mutex<OwnedFd>);

/// Why nothing was launched.
#[derive(Debug)]
pub(super) enum NotLaunched {
    UnderWay,
    Failed,
}

impl Launcher {
    /// Forks the launcher. The process must have one thread. Root gives its rights up there
    /// for those of `account`, where one is named.
    ///
    /// # Errors
    /// If the system has no process or descriptor left.
    pub fn start(account: Option<Account>) -> io::Result<Self> {
        let (ours, theirs) = socketpair(AddressFamily::UNIX, SocketType::SEQPACKET, SocketFlags::CLOEXEC, None)?;
        let server = getpid();
        match fork()? {
            Fork::Parent(_) => {
                set_socket_timeout(&ours, Timeout::Recv, Some(PATIENCE))?;
                set_socket_timeout(&ours, Timeout::Send, Some(PATIENCE))?;
                Ok(Self(Mutex::new(ours)))
            }
            Fork::Child => {
                if let Ok(socket) = alone(theirs, server, account) {
                    let _ = serve(&socket);
                }
                exit_child()
            }
        }
    }

    /// Has it run `order`: the other end of the run's socket.
    pub(super) fn launch(&self, order: &Order) -> Result<OwnedFd, NotLaunched> {
        let message = order.encode().ok_or(NotLaunched::Failed)?;
        let socket = lock(&self.0);
        send(&*socket, &message, SendFlags::NOSIGNAL).map_err(|_| NotLaunched::Failed)?;
        let mut reply = [FAILED];
        let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
        let mut rights = RecvAncillaryBuffer::new(&mut space);
        let into = &mut [IoSliceMut::new(&mut reply)];
        recvmsg(&*socket, into, &mut rights, RecvFlags::CMSG_CLOEXEC).map_err(|_| NotLaunched::Failed)?;
        let end = rights.drain().find_map(|message| match message {
            RecvAncillaryMessage::ScmRights(mut sockets) => sockets.next(),
            _ => None,
        });
        match (reply, end) {
            ([BEGUN], Some(end)) => Ok(end),
            ([UNDER_WAY], _) => Err(NotLaunched::UnderWay),
            _ => Err(NotLaunched::Failed),
        }
    }
}

/// The new process keeps its socket, and no right that it does not need.
fn alone(socket: OwnedFd, parent: Pid, account: Option<Account>) -> io::Result<OwnedFd> {
    let socket = keep_only(socket);
    fcntl_setfd(&socket, FdFlags::CLOEXEC)?;
    let _ = rustix::thread::set_name(c"glasshttp lab");
    if let (true, Some(account)) = (getuid().is_root(), account) {
        setgroups(&[])?;
        setgid(Gid::from_raw(account.group))?;
        setuid(Uid::from_raw(account.user))?;
    }
    if !getuid().is_root() {
        let none = CapabilitySet::empty();
        set_capabilities(None, CapabilitySets { effective: none, permitted: none, inheritable: none })?;
    }
    dies_with(parent)?;
    Ok(socket)
}

/// If `parent` ends, so does this process; a change of its user would undo that.
fn dies_with(parent: Pid) -> io::Result<()> {
    set_parent_process_death_signal(Some(Signal::KILL))?;
    match getppid() == Some(parent) {
        true => Ok(()),
        false => Err(io::ErrorKind::BrokenPipe.into()),
    }
}

/// An experiment under way.
struct Launched {
    process: Pid,
    end: OwnedFd,
    until: Instant,
}

impl Launched {
    /// Whether it is over by then.
    fn is_over(&self, by: Instant) -> bool {
        let rest = Timespec::try_from(by.saturating_duration_since(Instant::now())).unwrap_or_default();
        matches!(poll(&mut [PollFd::new(&self.end, PollFlags::IN)], Some(&rest)), Ok(1))
    }

    /// Ends it, if it has not ended.
    fn end(self) {
        let _ = kill_process(self.process, Signal::KILL);
        let _ = waitpid(Some(self.process), WaitOptions::empty());
    }
}

/// Runs one experiment after another, until the server has gone.
fn serve(server: &OwnedFd) -> io::Result<()> {
    let mut running: Option<Launched> = None;
    loop {
        let rest = running.as_ref().map(|running| running.until.saturating_duration_since(Instant::now()));
        let timeout = rest.and_then(|rest| Timespec::try_from(rest).ok());
        let mut fds = vec![PollFd::new(server, PollFlags::IN)];
        fds.extend(running.as_ref().map(|running| PollFd::new(&running.end, PollFlags::IN)));
        let count = match poll(&mut fds, timeout.as_ref()) {
            Err(Errno::INTR) => continue,
            count => count?,
        };
        let has_ended = count == 0 || fds.get(1).is_some_and(|fd| !fd.revents().is_empty());
        let is_asked = !fds[0].revents().is_empty();
        drop(fds);
        if has_ended && let Some(running) = running.take() {
            running.end();
        }
        if is_asked {
            let mut message = [0; Order::SIZE + 1];
            let (length, _) = recv(server, &mut message, RecvFlags::empty())?;
            if length == 0 {
                running.into_iter().for_each(Launched::end);
                return Ok(());
            }
            if let Some(last) = running.take_if(|last| last.is_over(Instant::now() + LAST_MOMENT)) {
                last.end();
            }
            match (Order::decode(&message[..length]), &running) {
                (Some(_), Some(_)) => reply(server, UNDER_WAY, None)?,
                (Some(order), None) => running = begin(server, &order)?,
                (None, _) => reply(server, FAILED, None)?,
            }
        }
    }
}

/// Forks the process of one run, and hands its socket's other end to the server.
fn begin(server: &OwnedFd, order: &Order) -> io::Result<Option<Launched>> {
    let pair = socketpair(AddressFamily::UNIX, SocketType::STREAM, SocketFlags::CLOEXEC, None);
    let launcher = getpid();
    let Ok((theirs, ours)) = pair else { return reply(server, FAILED, None).map(|()| None) };
    match fork() {
        Ok(Fork::Child) => {
            let page = keep_only(ours);
            let is_ready = fcntl_setfd(&page, FdFlags::CLOEXEC).is_ok() && dies_with(launcher).is_ok();
            // After a change of user the files of /proc/self would be root's, the map of users among them.
            let _ = set_dumpable_behavior(DumpableBehavior::Dumpable);
            if is_ready {
                launched::run(order, page);
            }
            exit_child()
        }
        Ok(Fork::Parent(process)) => {
            let Ok(end) = pidfd_open(process, PidfdFlags::empty()) else {
                let _ = kill_process(process, Signal::KILL);
                let _ = waitpid(Some(process), WaitOptions::empty());
                return reply(server, FAILED, None).map(|()| None);
            };
            reply(server, BEGUN, Some(&theirs))?;
            Ok(Some(Launched { process, end, until: Instant::now() + order.ended_after() }))
        }
        Err(_) => reply(server, FAILED, None).map(|()| None),
    }
}

fn reply(server: &OwnedFd, reply: u8, end: Option<&OwnedFd>) -> io::Result<()> {
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
    let mut rights = SendAncillaryBuffer::new(&mut space);
    let sent = end.map(|end| [end.as_fd()]);
    if let Some(sent) = &sent {
        rights.push(SendAncillaryMessage::ScmRights(sent));
    }
    sendmsg(server, &[IoSlice::new(&[reply])], &mut rights, SendFlags::NOSIGNAL)?;
    Ok(())
}
