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
//! is left alone: beyond some thousand frames in a second the others are let go
//! of unread, and counted, too, until few come or the second is over.

mod flow;
mod flows;
mod last_read;
pub mod log;
mod names;
mod pace;
mod reader;
mod shared;
pub mod wanted;

use crate::kernel::timestamps::keep_stamping;
use crate::lock::lock;
use crate::record;
use crate::record::segment::Segments;
use crate::record::{End, Moment};
use crate::story::calls::Call;
use crate::sys::packet_socket::{Interfaces, PacketSocket, Shape, Wait};
use flows::{Flows, pair};
pub(crate) use flows::{SoFar, Which};
use last_read::LastRead;
use log::{Calls, PcapngLog, Unwritten};
use names::Names;
use nix::net::if_::if_nametoindex;
use reader::Reader;
use rustix::event::{EventfdFlags, eventfd};
use rustix::thread::{CapabilitySet, capabilities, set_capabilities};
use shared::{Known, LATEST, Shared};
use std::io;
use std::net::{SocketAddr, UdpSocket};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// How much of a frame is looked at where it goes to no file, in bytes: whole ones of an Ethernet,
/// and of loopback's long ones the headers and the beginning of the data.
const HEADERS: u32 = record::segment::Frame::MOST as u32;
/// All of it, for a file.
const WHOLE: u32 = 262_144;
/// Where frames wait, for two seconds of a reader that is not scheduled where they come slowly: 8 MiB of
/// headers, 32 MiB of whole frames, for which nobody waits, and of which loopback's have 64 KiB each.
const FOR_HEADERS: Shape = Shape { block: 16 << 10, blocks: 512, retire: 4 };
const FOR_WHOLE: Shape = Shape { block: 256 << 10, blocks: 128, retire: 20 };
const FOR_CLIENT: Shape = Shape { blocks: 128, ..FOR_HEADERS };
/// Addresses that a client's capture follows: the latest.
const MOST_ADDRESSES: usize = 32;
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
        let (snap, shape) = if is_whole { (WHOLE, FOR_WHOLE) } else { (HEADERS, FOR_HEADERS) };
        let ports = ports(addresses);
        let open = |interfaces| PacketSocket::open(interfaces, &ports, snap, Wait::InRing(shape));
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
        let wait = Wait::InQueueOrRing(FOR_CLIENT);
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
    thread: Mutex<Option<JoinHandle<Unwritten>>>,
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
            known: Mutex::new(Known { flows: Flows::default(), last_read: LastRead::now() }),
            progress: Condvar::new(),
            names,
            calls: Mutex::default(),
            lost: AtomicU64::new(0),
            is_prompt: sockets.iter().all(PacketSocket::is_prompt),
            is_over: AtomicBool::new(false),
            wake,
        });
        let reader = Reader::new(Arc::clone(&shared), sockets, (loopback, here), log, stamping);
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
            let is_read = known.last_read.has_read(passed);
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

    /// How far a connection was seen; `None` where its beginning was not.
    pub(crate) fn so_far(&self, server: SocketAddr, client: SocketAddr, which: Which) -> Option<SoFar> {
        self.flows(|flows| flows.so_far(&pair(server, client), which, Moment::now()))
    }

    /// The segments of a connection, with times since `since`.
    pub(crate) fn record(
        &self,
        server: SocketAddr,
        client: SocketAddr,
        (which, since): (Which, Moment),
    ) -> Option<Segments> {
        let pair = pair(server, client);
        let interface = self.flows(|flows| flows.interface(&pair, which))?;
        let name = self.shared.names.of(interface);
        let lost = self.lost();
        self.flows(|flows| flows.record(&pair, (which, since), lost, &name))
    }

    /// How far its reader is.
    pub(crate) fn last_read(&self) -> LastRead {
        lock(&self.shared.known).last_read
    }

    /// Nobody will ask for this connection any more.
    pub(crate) fn forget(&self, server: SocketAddr, client: SocketAddr, which: Which) {
        self.flows(|flows| flows.forget(&pair(server, client), which));
    }

    /// What a connection's server did, of which the log says it beside the packets.
    pub(crate) fn say_calls(&self, server: SocketAddr, client: SocketAddr, accepted: Moment, calls: Vec<Call>) {
        let mut said = lock(&self.shared.calls);
        if said.len() < MOST_SAID {
            said.push(Calls { pair: pair(server, client), accepted, calls });
        }
    }

    /// Frames that passed and were not read: they found no room, or were let go of.
    pub(crate) fn lost(&self) -> u64 {
        self.shared.lost.load(Ordering::Relaxed)
    }

    /// Ends it, when what has passed is read; gives what the log could not write.
    pub fn finish(&self) -> Unwritten {
        self.shared.is_over.store(true, Ordering::Relaxed);
        self.shared.wake();
        let thread = lock(&self.thread).take();
        // A reader that panicked has said so.
        thread.and_then(|thread| thread.join().ok()).unwrap_or_default()
    }

    fn flows<T>(&self, ask: impl FnOnce(&mut Flows) -> T) -> T {
        ask(&mut lock(&self.shared.known).flows)
    }
}
