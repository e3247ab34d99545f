//! The thread that reads what the sockets hear.

use super::flow::Frame;
use super::flows;
use super::log::PcapngLog;
use super::shared::{LATEST, Shared};
use crate::lock::lock;
use crate::record::{End, Moment};
use crate::sys::packet_socket::PacketSocket;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use std::net::{SocketAddr, UdpSocket};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

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
/// How long blocks that are not handed over are waited for in the end.
const OVERDUE: Duration = Duration::from_secs(1);

/// The thread that reads.
pub(super) struct Reader {
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
    /// A moment, and what had passed by then of each socket and is not all read.
    mark: Option<(Instant, Vec<u64>)>,
    _stamping: Option<UdpSocket>,
}

impl Reader {
    pub(super) fn new(
        shared: Arc<Shared>,
        sockets: Vec<PacketSocket>,
        (loopback, here): (u32, End),
        log: Option<PcapngLog>,
        stamping: Option<UdpSocket>,
    ) -> Self {
        let (second, frames, most, mark) = (Instant::now(), 0, MOST_PER_SECOND, None);
        Self { shared, sockets, loopback, here, log, second, frames, most, mark, _stamping: stamping }
    }

    pub(super) fn run(mut self) {
        loop {
            self.wait();
            if self.shared.is_over.load(Ordering::Relaxed) {
                break;
            }
            let begun = Instant::now();
            if begun.duration_since(self.second) >= Duration::from_secs(1) {
                (self.second, self.frames, self.most) = (begun, 0, MOST_PER_SECOND);
            }
            let is_pausing = self.is_pausing();
            let read = if is_pausing {
                self.mark = None;
                Some(begun) // nobody is to wait for what is left alone
            } else {
                self.read();
                self.read_up_to(begun)
            };
            if let Some(read) = read {
                lock(&self.shared.known).last_read.looked(read, is_pausing);
            }
            self.shared.progress.notify_all();
        }
        if self.log.is_some() {
            self.read_the_rest(); // otherwise nobody asks any more
        }
        if let Some(log) = &mut self.log {
            log.finish(self.shared.lost.load(Ordering::Relaxed));
        }
    }

    /// Up to when all that had passed is read, if that is known anew; `begun` is when the kernel was last asked.
    fn read_up_to(&mut self, begun: Instant) -> Option<Instant> {
        let (counted, handed_over): (Vec<u64>, Vec<u64>) = self.sockets.iter().map(PacketSocket::progress).unzip();
        let is_reached = |counted: &[u64]| handed_over.iter().zip(counted).all(|(handed, counted)| handed >= counted);
        if is_reached(&counted) {
            self.mark = None;
            return Some(begun);
        }
        // Where frames come all the time the newest always wait: what counts is an earlier moment.
        let reached = self.mark.take_if(|(_, counted)| is_reached(counted)).map(|(then, _)| then);
        self.mark.get_or_insert((begun, counted));
        reached
    }

    /// What has passed by now, however late its blocks are handed over.
    fn read_the_rest(&mut self) {
        std::thread::sleep(LATEST);
        let begun = Instant::now();
        self.read();
        let (counted, _): (Vec<u64>, Vec<u64>) = self.sockets.iter().map(PacketSocket::progress).unzip();
        let unread = |reader: &Self| -> u64 {
            let rest = reader.sockets.iter().zip(&counted);
            rest.map(|(socket, counted)| counted.saturating_sub(socket.progress().1)).sum()
        };
        while unread(self) > 0 && begun.elapsed() < OVERDUE {
            let mut ready: Vec<_> = self.sockets.iter().map(|socket| PollFd::new(socket, PollFlags::IN)).collect();
            // Where that fails, it is read more often.
            let _ = poll(&mut ready, Some(&PROMPT));
            self.read();
        }
        self.shared.lost.fetch_add(unread(self), Ordering::Relaxed);
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
            let before = shared.lost.fetch_add(counted.dropped.into(), Ordering::Relaxed);
            let lost = before..=before + u64::from(counted.dropped);
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
                let followed = Frame {
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
                let seen = known.flows.take(pair, direction, &followed, lost.clone());
                if let Some(log) = log {
                    log.take((&frame, tcp), (pair, direction), seen.as_ref(), || shared.names.of(frame.interface));
                }
            });
            if let Some(log) = log {
                log.miss(counted.dropped);
            }
        }
        if let Some(log) = log {
            std::mem::take(&mut *lock(&shared.calls)).into_iter().for_each(|calls| log.hear(calls));
            log.write(Moment::now());
        }
    }
}
