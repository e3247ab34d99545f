//! Packets of the served connections, where there is the right to see them
//! (CAP_NET_RAW): a thread reads them, and the collector asks for what it records.
//!
//! ```text
//!   lo ──────────▶ ring ─┐                  ┌──▶ connections' segments ◀── collector
//!   other devices ▶ ring ─┴─▶ this thread ──┴──▶ pcapng, where it is the log
//! ```
//!
//! What finds no room in a ring is counted by the kernel. A machine under load
//! is left alone: beyond `MOST_PER_SECOND` frames the capture pauses.

mod flows;
pub mod log;
pub mod wanted;

use super::standard_output;
use crate::packet::segment::Packet;
use crate::record::Moment;
use crate::record::segment::Segments;
use crate::sys::packet_socket::{Frame, Interfaces, PacketSocket};
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
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// How much of a frame is looked at where only its headers count, in bytes.
const HEADERS: u32 = 256;
/// All of it, for a file.
const WHOLE: u32 = 262_144;
/// Blocks of 128 KiB in each ring: for headers, and for whole frames.
const BLOCKS: usize = 64;
const BLOCKS_FOR_WHOLE: usize = 256;
/// Frames in a second beyond which a capture pauses until the next, unless they go to a file.
const MOST_PER_SECOND: usize = 30_000;
/// How long a wait for frames is at most: while some came lately, and otherwise.
const TURN: Timespec = Timespec { tv_sec: 0, tv_nsec: 20_000_000 };
const IDLE: Timespec = Timespec { tv_sec: 0, tv_nsec: 200_000_000 };
/// After how long everything that has passed lies in a ring: twice the time after which a block is handed over.
const LATEST: Duration = Duration::from_millis(10);

/// Sockets that hear the packets of a server: to be opened before any thread
/// begins, so that none keeps the right to.
#[derive(Debug)]
pub struct Sockets {
    sockets: Vec<(PacketSocket, Interfaces)>,
    addresses: Vec<SocketAddr>,
    ports: Vec<u16>,
    is_whole: bool,
}

impl Sockets {
    /// Hears packets to and from these addresses, whole ones or their headers;
    /// then gives up the right to open such sockets.
    ///
    /// # Errors
    /// [`io::ErrorKind::PermissionDenied`] without CAP_NET_RAW.
    pub fn open(addresses: &[SocketAddr], is_whole: bool) -> io::Result<Self> {
        let mut ports: Vec<u16> = addresses.iter().map(SocketAddr::port).collect();
        ports.sort_unstable();
        ports.dedup();
        let loopback = if_nametoindex("lo")?;
        let mut interfaces = vec![Interfaces::Loopback(loopback)];
        if addresses.iter().any(|address| !address.ip().to_canonical().is_loopback()) {
            interfaces.push(Interfaces::Others(loopback));
        }
        let (snap, blocks) = extent(is_whole);
        let open = |interfaces| Ok((PacketSocket::open(interfaces, &ports, snap, blocks)?, interfaces));
        let sockets = interfaces.into_iter().map(open).collect::<io::Result<_>>()?;
        give_up_the_right();
        Ok(Self { sockets, addresses: addresses.to_vec(), ports, is_whole })
    }
}

fn extent(is_whole: bool) -> (u32, usize) {
    if is_whole { (WHOLE, BLOCKS_FOR_WHOLE) } else { (HEADERS, BLOCKS) }
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
        let (flows, names, lost) = Default::default();
        let shared = Arc::new(Shared { flows, names, lost, last_read: Mutex::new(Instant::now()), end });
        let reader =
            Reader { shared: Arc::clone(&shared), sockets, log, second: Instant::now(), frames: 0, is_paused: false };
        let thread = std::thread::Builder::new().name("packets".into()).spawn(move || reader.run())?;
        Ok(Self { shared, thread: Mutex::new(Some(thread)) })
    }

    /// How many segments of a connection were seen; `None` where its beginning was not.
    pub(super) fn count(&self, server: SocketAddr, client: SocketAddr) -> Option<u64> {
        self.flows(|flows| flows.count(&pair(server, client)))
    }

    /// The segments of a connection that was accepted at `accepted`.
    pub(super) fn record(&self, server: SocketAddr, client: SocketAddr, accepted: Moment) -> Option<Segments> {
        let pair = pair(server, client);
        let interface = self.flows(|flows| flows.interface(&pair))?;
        let name = self.shared.name(interface);
        let lost = self.lost();
        self.flows(|flows| flows.record(&pair, accepted, lost, &name))
    }

    /// Whether what had passed some milliseconds before `then` is known.
    pub(super) fn has_read(&self, then: Instant) -> bool {
        *self.shared.last_read.lock().unwrap_or_else(PoisonError::into_inner) >= then
    }

    /// Nobody will ask for this connection any more.
    pub(super) fn forget(&self, server: SocketAddr, client: SocketAddr) {
        self.flows(|flows| flows.forget(&pair(server, client)));
    }

    /// Frames that passed and found no room.
    pub(super) fn lost(&self) -> u64 {
        self.shared.lost.load(Ordering::Relaxed)
    }

    /// Ends it, when what has passed is read.
    pub fn finish(&self) {
        standard_output::end();
        // It can't be full: it is written once.
        let _ = rustix::io::write(&self.shared.end, &1_u64.to_ne_bytes());
        let thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(thread) = thread {
            // A reader that panicked has said so.
            let _ = thread.join();
        }
    }

    fn flows<T>(&self, ask: impl FnOnce(&mut Flows) -> T) -> T {
        ask(&mut self.shared.flows.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Shared {
    fn name(&self, interface: u32) -> String {
        let mut names = self.names.lock().unwrap_or_else(PoisonError::into_inner);
        let unknown = || if_indextoname(interface).ok().and_then(|name| name.into_string().ok()).unwrap_or_default();
        names.entry(interface).or_insert_with(unknown).clone()
    }
}

fn pair(server: SocketAddr, client: SocketAddr) -> Pair {
    let canonical = |address: SocketAddr| SocketAddr::new(address.ip().to_canonical(), address.port());
    (canonical(server), canonical(client))
}

/// The thread that reads.
struct Reader {
    shared: Arc<Shared>,
    sockets: Sockets,
    log: Option<PcapngLog>,
    /// When the second began in which `frames` came.
    second: Instant,
    frames: usize,
    is_paused: bool,
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
            self.read();
            *self.shared.last_read.lock().unwrap_or_else(PoisonError::into_inner) = begun;
            self.spare();
        }
        if let Some(log) = &mut self.log {
            log.finish(self.shared.lost.load(Ordering::Relaxed));
        }
    }

    /// Waits for frames; gives whether it is time to end.
    fn wait(&self) -> bool {
        let rings = self.sockets.sockets.iter().map(|(socket, _)| PollFd::new(socket, PollFlags::IN));
        let mut waited: Vec<PollFd<'_>> =
            std::iter::once(PollFd::new(&self.shared.end, PollFlags::IN)).chain(rings).collect();
        let is_ready = poll(&mut waited, Some(if self.frames > 0 { &TURN } else { &IDLE })).is_ok();
        is_ready && waited.first().is_some_and(|end| end.revents().contains(PollFlags::IN))
    }

    fn read(&mut self) {
        let Self { shared, sockets, log, frames, .. } = self;
        let addresses = &sockets.addresses;
        let is_ours = |address: SocketAddr| {
            addresses.iter().any(|own| {
                own.port() == address.port() && (own.ip().is_unspecified() || own.ip().to_canonical() == address.ip())
            })
        };
        for (socket, interfaces) in &mut sockets.sockets {
            let is_loopback = matches!(interfaces, Interfaces::Loopback(_));
            let mut flows = shared.flows.lock().unwrap_or_else(PoisonError::into_inner);
            let counted = socket.statistics();
            let lost = shared.lost.fetch_add(counted.dropped.into(), Ordering::Relaxed) + u64::from(counted.dropped);
            *frames += socket.read(|frame| {
                let Ok(packet) = taken_apart(&frame) else {
                    shared.lost.fetch_add(1, Ordering::Relaxed);
                    return;
                };
                let is_outgoing = (!is_loopback).then_some(frame.is_outgoing);
                let Some((pair, direction)) = flows::sort(&packet, is_outgoing, is_ours) else { return };
                let Some(tcp) = packet.tcp() else { return };
                let followed = flows::Frame {
                    at: Moment(frame.at),
                    interface: frame.interface,
                    packet: &packet,
                    tcp,
                    is_checksum_open: frame.is_checksum_open,
                    cut_into: frame.cut_into,
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

    /// Leaves a machine alone that has other things to do.
    fn spare(&mut self) {
        let (snap, _) = extent(self.sockets.is_whole);
        if self.second.elapsed() >= Duration::from_secs(1) {
            (self.second, self.frames) = (Instant::now(), 0);
            if std::mem::take(&mut self.is_paused) {
                for (socket, interfaces) in &self.sockets.sockets {
                    // It was attached before: it can be again.
                    let _ = socket.resume(*interfaces, &self.sockets.ports, snap);
                }
            }
        } else if self.frames > MOST_PER_SECOND && !self.is_paused && self.log.is_none() {
            self.is_paused = true;
            for (socket, _) in &self.sockets.sockets {
                let _ = socket.pause();
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
