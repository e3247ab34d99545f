//! Packets of our own connections, those that are served or those of a fetch,
//! where there is the right to see them (CAP_NET_RAW): a thread reads them, and
//! the collector, or the fetch, asks for what it records.
//!
//! ```text
//!   lo ──────────▶ ring ─┐                  ┌──▶ connections' segments ◀── who records them
//!   other devices ▶ ring ─┴─▶ this thread ──┴──▶ pcapng, where it is the log
//! ```
//!
//! What finds no room in a ring is counted by the kernel. A machine under load
//! is left alone: beyond `MOST_PER_SECOND` frames nothing more is read until the
//! next second, and what finds no room meanwhile is counted, too.

mod flows;
pub mod log;
mod names;
pub mod wanted;

use crate::kernel::timestamps::keep_stamping;
use crate::lock::lock;
use crate::record;
use crate::record::segment::Segments;
use crate::record::{End, Moment};
use crate::story::calls::Call;
use crate::sys::packet_socket::{Filter, Interfaces, PacketSocket, Wait};
pub(crate) use flows::SoFar;
use flows::{Flows, pair};
use log::{Calls, PcapngLog};
use names::Names;
use nix::net::if_::if_nametoindex;
use rustix::event::{EventfdFlags, PollFd, PollFlags, Timespec, eventfd, poll};
use rustix::thread::{CapabilitySet, capabilities, set_capabilities};
use std::io;
use std::net::{SocketAddr, UdpSocket};
use std::os::fd::OwnedFd;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// How much of a frame is looked at where it goes to no file, in bytes: whole ones of an Ethernet,
/// and of loopback's long ones the headers and the beginning of the data.
const HEADERS: u32 = record::segment::Frame::MOST as u32;
/// All of it, for a file.
const WHOLE: u32 = 262_144;
/// Blocks of 128 KiB in each ring: for headers, and for whole frames.
const BLOCKS: usize = 64;
const BLOCKS_FOR_WHOLE: usize = 256;
const BLOCKS_FOR_CLIENT: usize = 16;
/// Frames in a second beyond which a capture pauses until the next, unless they go to a file: ten for
/// each of the connections that the story and the page take in.
const MOST_PER_SECOND: usize = 5_000;
/// The same in a second after one in which more than that passed: the machine has enough to do.
const FEW_PER_SECOND: usize = 1_000;
/// How long a wait for frames is at most: while some came lately, and otherwise.
const TURN: Timespec = Timespec { tv_sec: 0, tv_nsec: 20_000_000 };
const IDLE: Timespec = Timespec { tv_sec: 0, tv_nsec: 200_000_000 };
/// The same for a client, which waits for them.
const PROMPT: Timespec = Timespec { tv_sec: 0, tv_nsec: 4_000_000 };
/// Addresses that a client's capture follows: the latest.
const MOST_ADDRESSES: usize = 32;
/// After how long everything that has passed lies in a ring: twice the time after which a block is handed over.
const LATEST: Duration = Duration::from_millis(10);
/// How long what is due at a connection's end is waited for: the last ACK.
const LAST_ACK: Duration = Duration::from_millis(10);
/// Connections whose calls wait to be said beside packets.
const MOST_SAID: usize = 16_384;
/// How long a reader that is not scheduled is waited for.
const UNREAD: Duration = Duration::from_millis(60);

/// Sockets that hear the packets of a server, or of a client's connections: to
/// be opened before any thread begins, so that none keeps the right to.
#[derive(Debug)]
pub struct Sockets {
    sockets: Vec<PacketSocket>,
    /// The index of the loopback interface.
    loopback: u32,
    /// Servers: this one's own, or those that a client connects to.
    addresses: Vec<SocketAddr>,
    /// Which end is here.
    end: End,
    /// From the first frame on each has its time.
    stamping: Option<UdpSocket>,
    /// The names of the interfaces: a sandboxed server can't ask for them later.
    names: Names,
}

impl Sockets {
    /// Hears packets to and from these addresses, whole ones or their headers;
    /// then gives up the right to open such sockets.
    ///
    /// # Errors
    /// [`io::ErrorKind::PermissionDenied`] without CAP_NET_RAW.
    pub fn open(addresses: &[SocketAddr], is_whole: bool) -> io::Result<Self> {
        let is_local = addresses.iter().all(|address| address.ip().to_canonical().is_loopback());
        let loopback = if_nametoindex("lo")?;
        let mut interfaces = vec![Interfaces::Loopback(loopback)];
        interfaces.extend((!is_local).then_some(Interfaces::Others(loopback)));
        let (snap, blocks) = if is_whole { (WHOLE, BLOCKS_FOR_WHOLE) } else { (HEADERS, BLOCKS) };
        let ports = ports(addresses);
        let open = |interfaces| PacketSocket::open(interfaces, &ports, snap, Wait::InRing(blocks));
        let sockets = interfaces.into_iter().map(open).collect::<io::Result<_>>()?;
        give_up_the_right();
        Ok(Self {
            sockets,
            loopback,
            addresses: addresses.to_vec(),
            end: End::Server,
            stamping: None,
            names: Names::of_today(),
        })
    }

    /// Will hear packets of a client's connections, once it is said which: see `Capture::follow`.
    ///
    /// # Errors
    /// As [`Sockets::open`].
    pub fn for_client() -> io::Result<Self> {
        let loopback = if_nametoindex("lo")?;
        let wait = Wait::InQueueOrRing(BLOCKS_FOR_CLIENT);
        let sockets = vec![PacketSocket::open(Interfaces::All(loopback), &[], HEADERS, wait)?];
        give_up_the_right();
        Ok(Self {
            sockets,
            loopback,
            addresses: Vec::new(),
            end: End::Client,
            stamping: keep_stamping(),
            names: Names::of_today(),
        })
    }
}

fn ports(addresses: &[SocketAddr]) -> Vec<u16> {
    let mut ports: Vec<u16> = addresses.iter().map(SocketAddr::port).collect();
    ports.sort_unstable();
    ports.dedup();
    ports
}

/// This thread, and those that it will begin, open no such socket any more.
fn give_up_the_right() {
    if let Ok(mut sets) = capabilities(None) {
        sets.effective.remove(CapabilitySet::NET_RAW);
        sets.permitted.remove(CapabilitySet::NET_RAW);
        sets.inheritable.remove(CapabilitySet::NET_RAW);
        // To give up a right is never refused; were it, the sockets would be no less open.
        let _ = set_capabilities(None, sets);
    }
}

/// A capture that goes on.
#[derive(Debug)]
pub struct Capture {
    shared: Arc<Shared>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

#[derive(Debug)]
struct Shared {
    /// Servers whose packets are meant.
    addresses: Mutex<Vec<SocketAddr>>,
    filters: Vec<Filter>,
    known: Mutex<Known>,
    /// Something was read.
    progress: Condvar,
    names: Names,
    /// Calls that the log has not heard of yet.
    calls: Mutex<Vec<Calls>>,
    /// Frames that passed and found no room.
    lost: AtomicU64,
    /// Whether a frame is ready as soon as it has passed.
    is_prompt: bool,
    is_over: AtomicBool,
    /// Makes the reader look, now.
    wake: OwnedFd,
}

/// What was read.
#[derive(Debug)]
struct Known {
    flows: Flows,
    /// When the sockets were last read: what had passed well before is known.
    last_read: Instant,
}

impl Capture {
    /// Begins to read what `sockets` hear; whole frames go to `log`.
    ///
    /// # Errors
    /// If there are no descriptors or no thread left for it.
    pub fn start(sockets: Sockets, log: Option<PcapngLog>) -> io::Result<Self> {
        let wake = eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK)?;
        let Sockets { sockets, loopback, addresses, end: here, stamping, names } = sockets;
        let shared = Arc::new(Shared {
            addresses: Mutex::new(addresses),
            filters: sockets.iter().map(PacketSocket::filter).collect(),
            known: Mutex::new(Known { flows: Flows::default(), last_read: Instant::now() }),
            progress: Condvar::new(),
            names,
            calls: Mutex::default(),
            lost: AtomicU64::new(0),
            is_prompt: sockets.iter().all(PacketSocket::is_prompt),
            is_over: AtomicBool::new(false),
            wake,
        });
        let (second, frames, most) = (Instant::now(), 0, MOST_PER_SECOND);
        let reader = Reader {
            shared: Arc::clone(&shared),
            sockets,
            loopback,
            here,
            log,
            second,
            frames,
            most,
            _stamping: stamping,
        };
        let thread = std::thread::Builder::new().name("packets".into()).spawn(move || reader.run())?;
        Ok(Self { shared, thread: Mutex::new(Some(thread)) })
    }

    /// Hears packets to and from this server from now on, too.
    pub(crate) fn follow(&self, server: SocketAddr) {
        let mut addresses = lock(&self.shared.addresses);
        if addresses.contains(&server) {
            return;
        }
        addresses.push(server);
        if addresses.len() > MOST_ADDRESSES {
            addresses.remove(0);
        }
        let ports = ports(&addresses);
        // A filter that can't be had: these packets are not seen.
        self.shared.filters.iter().for_each(|filter| drop(filter.only(&ports)));
    }

    /// Waits until what has passed by now is read and, of a connection that `is_over`, what is due
    /// yet: the last ACK. Where that does not come, for some milliseconds.
    pub(crate) fn catch_up(&self, server: SocketAddr, client: SocketAddr, is_over: bool) {
        let passed = Instant::now() + if self.shared.is_prompt { Duration::ZERO } else { LATEST };
        let pair = pair(server, client);
        self.shared.wake();
        let mut known = lock(&self.shared.known);
        loop {
            let is_read = known.last_read >= passed;
            if is_read && (!is_over || known.flows.is_settled(&pair)) {
                return;
            }
            let deadline = passed + if is_read { LAST_ACK } else { UNREAD };
            let rest = deadline.saturating_duration_since(Instant::now());
            if rest.is_zero() {
                return;
            }
            known = self.shared.progress.wait_timeout(known, rest).unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// How far a connection was seen that had begun by `then`; `None` where its beginning was not.
    pub(crate) fn so_far(&self, server: SocketAddr, client: SocketAddr, then: Moment) -> Option<SoFar> {
        self.flows(|flows| flows.so_far(&pair(server, client), then, Moment::now()))
    }

    /// The segments of a connection that had begun by `then`, with times since `since`.
    pub(crate) fn record(
        &self,
        server: SocketAddr,
        client: SocketAddr,
        (then, since): (Moment, Moment),
    ) -> Option<Segments> {
        let pair = pair(server, client);
        let interface = self.flows(|flows| flows.interface(&pair))?;
        let name = self.shared.names.of(interface);
        let lost = self.lost();
        self.flows(|flows| flows.record(&pair, (then, since), lost, &name))
    }

    /// Whether what had passed some milliseconds before `then` is known.
    pub(crate) fn has_read(&self, then: Instant) -> bool {
        lock(&self.shared.known).last_read >= then
    }

    /// Nobody will ask for this connection any more, which had begun by `then`.
    pub(crate) fn forget(&self, server: SocketAddr, client: SocketAddr, then: Moment) {
        self.flows(|flows| flows.forget(&pair(server, client), then));
    }

    /// What a connection's server did, of which the log says it beside the packets.
    pub(crate) fn say_calls(&self, server: SocketAddr, client: SocketAddr, accepted: Moment, calls: Vec<Call>) {
        let mut said = lock(&self.shared.calls);
        if said.len() < MOST_SAID {
            said.push(Calls { pair: pair(server, client), accepted, calls });
        }
    }

    /// Frames that passed and found no room.
    pub(crate) fn lost(&self) -> u64 {
        self.shared.lost.load(Ordering::Relaxed)
    }

    /// Ends it, when what has passed is read.
    pub fn finish(&self) {
        self.shared.is_over.store(true, Ordering::Relaxed);
        self.shared.wake();
        let thread = lock(&self.thread).take();
        if let Some(thread) = thread {
            // A reader that panicked has said so.
            let _ = thread.join();
        }
    }

    fn flows<T>(&self, ask: impl FnOnce(&mut Flows) -> T) -> T {
        ask(&mut lock(&self.shared.known).flows)
    }
}

impl Shared {
    fn wake(&self) {
        // Where it is full, it was written.
        let _ = rustix::io::write(&self.wake, &1_u64.to_ne_bytes());
    }
}

/// The thread that reads.
struct Reader {
    shared: Arc<Shared>,
    sockets: Vec<PacketSocket>,
    loopback: u32,
    /// Which end is here.
    here: End,
    log: Option<PcapngLog>,
    /// When the second began in which `frames` came.
    second: Instant,
    frames: usize,
    /// How many are read in that second at most.
    most: usize,
    _stamping: Option<UdpSocket>,
}

impl Reader {
    fn run(mut self) {
        let mut is_over = false;
        while !is_over {
            self.wait();
            is_over = self.shared.is_over.load(Ordering::Relaxed);
            if is_over && self.log.is_none() {
                return; // nobody asks any more
            }
            if is_over {
                std::thread::sleep(LATEST);
            }
            let begun = Instant::now();
            if begun.duration_since(self.second) >= Duration::from_secs(1) {
                (self.second, self.frames, self.most) = (begun, 0, MOST_PER_SECOND);
            }
            if !self.is_pausing() || is_over {
                self.read();
            }
            lock(&self.shared.known).last_read = begun;
            self.shared.progress.notify_all();
        }
        if let Some(log) = &mut self.log {
            log.finish(self.shared.lost.load(Ordering::Relaxed));
        }
    }

    /// A file gets all that there is room for; otherwise the machine has other things to do.
    fn is_pausing(&self) -> bool {
        self.frames >= self.most && self.log.is_none()
    }

    /// Waits for frames, or until asked for them.
    fn wait(&self) {
        // What is not to be read yet wakes nobody.
        let events = if self.is_pausing() { PollFlags::empty() } else { PollFlags::IN };
        let frames = self.sockets.iter().map(|socket| PollFd::new(socket, events));
        let mut waited: Vec<PollFd<'_>> =
            std::iter::once(PollFd::new(&self.shared.wake, PollFlags::IN)).chain(frames).collect();
        let turn = match self.here {
            End::Client if !self.shared.is_prompt => &PROMPT,
            End::Server if self.frames > 0 || self.log.as_ref().is_some_and(PcapngLog::is_holding) => &TURN,
            _ => &IDLE,
        };
        let is_ready = poll(&mut waited, Some(turn)).is_ok();
        if is_ready && waited.first().is_some_and(|wake| wake.revents().contains(PollFlags::IN)) {
            // What counts is that they were asked for, not how often.
            let _ = rustix::io::read(&self.shared.wake, &mut [0; 8]);
        }
    }

    fn read(&mut self) {
        let Self { shared, sockets, loopback, here, log, frames, most, .. } = self;
        let addresses = lock(&shared.addresses).clone();
        let is_server = |address: SocketAddr| {
            addresses.iter().any(|own| {
                own.port() == address.port() && (own.ip().is_unspecified() || own.ip().to_canonical() == address.ip())
            })
        };
        for socket in sockets {
            let mut known = lock(&shared.known);
            let counted = socket.statistics();
            // What waits had room: what had none came behind it.
            let lost = shared.lost.fetch_add(counted.dropped.into(), Ordering::Relaxed);
            // Those that passed during a pause are counted here, behind it.
            if counted.seen as usize > MOST_PER_SECOND {
                *most = FEW_PER_SECOND;
            }
            let rest = if log.is_some() { usize::MAX } else { most.saturating_sub(*frames) };
            *frames += socket.read(rest, |frame| {
                let Ok(packet) = flows::taken_apart(&frame) else {
                    shared.lost.fetch_add(1, Ordering::Relaxed);
                    return;
                };
                // On loopback both ends are here.
                let is_from_server =
                    (frame.interface != *loopback).then_some(frame.is_outgoing == (*here == End::Server));
                let Some((pair, direction)) = flows::sort(&packet, is_from_server, is_server) else { return };
                let Some(tcp) = packet.tcp() else { return };
                let followed = flows::Frame {
                    at: Moment(frame.at),
                    interface: frame.interface,
                    packet: &packet,
                    tcp,
                    is_checksum_open: frame.is_checksum_open,
                    cut_into: frame.cut_into,
                    bytes: frame.bytes,
                    length: frame.length,
                    link: flows::link_type(frame.hardware),
                };
                let seen = known.flows.take(pair, direction, &followed, lost);
                if let Some(log) = log {
                    log.take((&frame, tcp), (pair, direction), seen.as_ref(), || shared.names.of(frame.interface));
                }
            });
        }
        if let Some(log) = log {
            std::mem::take(&mut *lock(&shared.calls)).into_iter().for_each(|calls| log.hear(calls));
            log.write(Moment::now());
        }
    }
}
