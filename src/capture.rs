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
pub mod wanted;

use crate::packet::segment::Packet;
use crate::record::segment::Segments;
use crate::record::{End, Moment};
use crate::sys::packet_socket::{Filter, Frame, Interfaces, PacketSocket};
use flows::{Flows, Pair};
use log::PcapngLog;
use nix::net::if_::{if_indextoname, if_nametoindex};
use rustix::event::{EventfdFlags, PollFd, PollFlags, Timespec, eventfd, poll};
use rustix::thread::{CapabilitySet, capabilities, set_capabilities};
use std::collections::HashMap;
use std::io;
use std::net::SocketAddr;
use std::os::fd::OwnedFd;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// How much of a frame is looked at where it goes to no file, in bytes: whole ones of an Ethernet,
/// and of loopback's long ones the headers and the beginning of the data.
const HEADERS: u32 = 2048;
/// All of it, for a file.
const WHOLE: u32 = 262_144;
/// Blocks of 128 KiB in each ring: for headers, and for whole frames.
const BLOCKS: usize = 64;
const BLOCKS_FOR_WHOLE: usize = 256;
const BLOCKS_FOR_CLIENT: usize = 16;
/// Frames in a second beyond which a capture pauses until the next, unless they go to a file.
const MOST_PER_SECOND: usize = 10_000;
/// How long a wait for frames is at most: while some came lately, and otherwise.
const TURN: Timespec = Timespec { tv_sec: 0, tv_nsec: 20_000_000 };
const IDLE: Timespec = Timespec { tv_sec: 0, tv_nsec: 200_000_000 };
/// The same for a client, which waits for them.
const PROMPT: Timespec = Timespec { tv_sec: 0, tv_nsec: 4_000_000 };
/// Addresses that a client's capture follows: the latest.
const MOST_ADDRESSES: usize = 32;
/// After how long everything that has passed lies in a ring: twice the time after which a block is handed over.
const LATEST: Duration = Duration::from_millis(10);

/// Sockets that hear the packets of a server, or of a client's connections: to
/// be opened before any thread begins, so that none keeps the right to.
#[derive(Debug)]
pub struct Sockets {
    sockets: Vec<(PacketSocket, Interfaces)>,
    /// Servers: this one's own, or those that a client connects to.
    addresses: Vec<SocketAddr>,
    /// Which end is here.
    end: End,
}

impl Sockets {
    /// Hears packets to and from these addresses, whole ones or their headers;
    /// then gives up the right to open such sockets.
    ///
    /// # Errors
    /// [`io::ErrorKind::PermissionDenied`] without CAP_NET_RAW.
    pub fn open(addresses: &[SocketAddr], is_whole: bool) -> io::Result<Self> {
        let is_local = addresses.iter().all(|address| address.ip().to_canonical().is_loopback());
        let extent = if is_whole { (WHOLE, BLOCKS_FOR_WHOLE) } else { (HEADERS, BLOCKS) };
        Self::with(addresses, is_local, extent, End::Server)
    }

    /// Will hear packets of a client's connections, once it is said which: see `Capture::follow`.
    ///
    /// # Errors
    /// As [`Sockets::open`].
    pub fn for_client() -> io::Result<Self> {
        Self::with(&[], false, (HEADERS, BLOCKS_FOR_CLIENT), End::Client)
    }

    fn with(addresses: &[SocketAddr], is_local: bool, (snap, blocks): (u32, usize), end: End) -> io::Result<Self> {
        let loopback = if_nametoindex("lo")?;
        let mut interfaces = vec![Interfaces::Loopback(loopback)];
        interfaces.extend((!is_local).then_some(Interfaces::Others(loopback)));
        let ports = ports(addresses);
        let open = |interfaces| Ok((PacketSocket::open(interfaces, &ports, snap, blocks)?, interfaces));
        let sockets = interfaces.into_iter().map(open).collect::<io::Result<_>>()?;
        give_up_the_right();
        Ok(Self { sockets, addresses: addresses.to_vec(), end })
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
    flows: Mutex<Flows>,
    names: Mutex<HashMap<u32, String>>,
    /// Frames that passed and found no room.
    lost: AtomicU64,
    /// When the rings were last read: what had passed well before is known.
    last_read: Mutex<Instant>,
    end: OwnedFd,
}

impl Capture {
    /// Begins to read what `sockets` hear; whole frames go to `log`.
    ///
    /// # Errors
    /// If there are no descriptors or no thread left for it.
    pub fn start(sockets: Sockets, log: Option<PcapngLog>) -> io::Result<Self> {
        let end = eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK)?;
        let Sockets { sockets, addresses, end: here } = sockets;
        let filters = sockets.iter().map(|(socket, _)| socket.filter()).collect::<io::Result<_>>()?;
        let (flows, names, lost) = Default::default();
        let (addresses, last_read) = (Mutex::new(addresses), Mutex::new(Instant::now()));
        let shared = Arc::new(Shared { addresses, filters, flows, names, lost, last_read, end });
        let reader = Reader { shared: Arc::clone(&shared), sockets, here, log, second: Instant::now(), frames: 0 };
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

    /// Waits until what has passed by now is read: a few milliseconds.
    pub(crate) fn catch_up(&self) {
        let then = Instant::now() + LATEST;
        while !self.has_read(then) && Instant::now() < then + LATEST * 5 {
            std::thread::sleep(LATEST / 5);
        }
    }

    /// How many segments of a connection were seen; `None` where its beginning was not.
    pub(crate) fn count(&self, server: SocketAddr, client: SocketAddr) -> Option<u64> {
        self.flows(|flows| flows.count(&pair(server, client)))
    }

    /// The segments of a connection that was accepted at `accepted`.
    pub(crate) fn record(&self, server: SocketAddr, client: SocketAddr, accepted: Moment) -> Option<Segments> {
        let pair = pair(server, client);
        let interface = self.flows(|flows| flows.interface(&pair))?;
        let name = self.shared.name(interface);
        let lost = self.lost();
        self.flows(|flows| flows.record(&pair, accepted, lost, &name))
    }

    /// Whether what had passed some milliseconds before `then` is known.
    pub(crate) fn has_read(&self, then: Instant) -> bool {
        *lock(&self.shared.last_read) >= then
    }

    /// Nobody will ask for this connection any more.
    pub(crate) fn forget(&self, server: SocketAddr, client: SocketAddr) {
        self.flows(|flows| flows.forget(&pair(server, client)));
    }

    /// Frames that passed and found no room.
    pub(crate) fn lost(&self) -> u64 {
        self.shared.lost.load(Ordering::Relaxed)
    }

    /// Ends it, when what has passed is read.
    pub fn finish(&self) {
        // It can't be full: it is written once.
        let _ = rustix::io::write(&self.shared.end, &1_u64.to_ne_bytes());
        let thread = lock(&self.thread).take();
        if let Some(thread) = thread {
            // A reader that panicked has said so.
            let _ = thread.join();
        }
    }

    fn flows<T>(&self, ask: impl FnOnce(&mut Flows) -> T) -> T {
        ask(&mut lock(&self.shared.flows))
    }
}

impl Shared {
    fn name(&self, interface: u32) -> String {
        let mut names = lock(&self.names);
        let unknown = || if_indextoname(interface).ok().and_then(|name| name.into_string().ok()).unwrap_or_default();
        names.entry(interface).or_insert_with(unknown).clone()
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn pair(server: SocketAddr, client: SocketAddr) -> Pair {
    let canonical = |address: SocketAddr| SocketAddr::new(address.ip().to_canonical(), address.port());
    (canonical(server), canonical(client))
}

/// The thread that reads.
struct Reader {
    shared: Arc<Shared>,
    sockets: Vec<(PacketSocket, Interfaces)>,
    /// Which end is here.
    here: End,
    log: Option<PcapngLog>,
    /// When the second began in which `frames` came.
    second: Instant,
    frames: usize,
}

impl Reader {
    fn run(mut self) {
        let mut is_over = false;
        while !is_over {
            is_over = self.wait();
            if is_over {
                std::thread::sleep(LATEST);
            }
            let begun = Instant::now();
            if begun.duration_since(self.second) >= Duration::from_secs(1) {
                (self.second, self.frames) = (begun, 0);
            }
            // A file gets all that there is room for; otherwise the machine has other things to do.
            if self.frames <= MOST_PER_SECOND || self.log.is_some() || is_over {
                self.read();
            }
            *lock(&self.shared.last_read) = begun;
        }
        if let Some(log) = &mut self.log {
            log.finish(self.shared.lost.load(Ordering::Relaxed));
        }
    }

    /// Waits for frames; gives whether it is time to end.
    fn wait(&self) -> bool {
        // What is not to be read yet wakes nobody.
        let events =
            if self.frames > MOST_PER_SECOND && self.log.is_none() { PollFlags::empty() } else { PollFlags::IN };
        let rings = self.sockets.iter().map(|(socket, _)| PollFd::new(socket, events));
        let mut waited: Vec<PollFd<'_>> =
            std::iter::once(PollFd::new(&self.shared.end, PollFlags::IN)).chain(rings).collect();
        let turn = match self.here {
            End::Client => &PROMPT,
            End::Server if self.frames > 0 => &TURN,
            End::Server => &IDLE,
        };
        let is_ready = poll(&mut waited, Some(turn)).is_ok();
        is_ready && waited.first().is_some_and(|end| end.revents().contains(PollFlags::IN))
    }

    fn read(&mut self) {
        let Self { shared, sockets, here, log, frames, .. } = self;
        let addresses = lock(&shared.addresses).clone();
        let is_server = |address: SocketAddr| {
            addresses.iter().any(|own| {
                own.port() == address.port() && (own.ip().is_unspecified() || own.ip().to_canonical() == address.ip())
            })
        };
        for (socket, interfaces) in sockets {
            let is_loopback = matches!(interfaces, Interfaces::Loopback(_));
            let mut flows = lock(&shared.flows);
            let counted = socket.statistics();
            // What is in the ring had room: what had none came behind it.
            let lost = shared.lost.fetch_add(counted.dropped.into(), Ordering::Relaxed);
            *frames += socket.read(|frame| {
                let Ok(packet) = taken_apart(&frame) else {
                    shared.lost.fetch_add(1, Ordering::Relaxed);
                    return;
                };
                let is_from_server = (!is_loopback).then_some(frame.is_outgoing == (*here == End::Server));
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
                    link: log::link_type(frame.hardware),
                };
                let seen = flows.take(pair, direction, &followed, lost);
                if let Some(log) = log {
                    log.take(&frame, direction, seen.as_ref(), || shared.name(frame.interface));
                }
            });
            drop(flows);
            if let Some(log) = log {
                log.write();
            }
        }
    }
}

/// A frame whose interface has Ethernet's header, or none.
fn taken_apart<'a>(frame: &Frame<'a>) -> Result<Packet<'a>, crate::packet::segment::Unreadable> {
    match log::link_type(frame.hardware) {
        crate::packet::pcapng::LinkType::Ethernet => Packet::from_ethernet(frame.bytes, frame.length as usize),
        crate::packet::pcapng::LinkType::Ip => Packet::from_ip(frame.bytes, frame.length as usize),
    }
}
