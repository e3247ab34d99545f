//! The thread that reads what the sockets hear.

use super::flow::Frame;
use super::flows;
use super::log::{PcapngLog, Unwritten};
use super::pace::{self, Pace, Turn};
use super::shared::{LATEST, Shared};
use crate::lock::lock;
use crate::record::{End, Moment};
use crate::sys::packet_socket::{PacketSocket, Statistics};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use std::net::{SocketAddr, UdpSocket};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

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
    pace: Pace,
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
        let pace = Pace::since(Instant::now());
        Self { shared, sockets, loopback, here, log, pace, mark: None, _stamping: stamping }
    }

    /// Reads until it is over; gives what the log could not write.
    pub(super) fn run(mut self) -> Unwritten {
        loop {
            self.wait();
            if self.shared.is_over.load(Ordering::Relaxed) {
                break;
            }
            let begun = Instant::now();
            let counted = self.count();
            let read = match self.turn(begun, &counted) {
                Turn::Read(most) => {
                    self.read(most, &counted);
                    self.read_up_to(begun)
                }
                // Nobody is to wait for what is let go of.
                Turn::LetGo(by) => {
                    let is_done = self.let_go(by, &counted);
                    by.filter(|_| is_done)
                }
            };
            if let Some(read) = read {
                lock(&self.shared.known).last_read.looked(read);
            }
            self.shared.progress.notify_all();
        }
        if self.log.is_some() {
            self.read_the_rest(); // otherwise nobody asks any more
        }
        let lost = self.shared.lost.load(Ordering::Relaxed);
        self.log.map(|mut log| log.finish(lost)).unwrap_or_default()
    }

    /// What the kernel counted of each socket since it was last asked.
    fn count(&mut self) -> Vec<Statistics> {
        self.sockets.iter_mut().map(PacketSocket::statistics).collect()
    }

    /// What is to be done with what waits. A file gets all that there is room for.
    fn turn(&mut self, begun: Instant, counted: &[Statistics]) -> Turn {
        let waiting = self.sockets.iter().map(PacketSocket::waiting).sum();
        let turn = self.pace.turn(begun, counted, waiting);
        if self.log.is_some() { Turn::Read(u64::MAX) } else { turn }
    }

    /// Lets go of what waits, but for the newest frames, and counts it; gives whether no more are left.
    fn let_go(&mut self, by: Option<Instant>, counted: &[Statistics]) -> bool {
        self.mark = None;
        let mut is_done = true;
        for (socket, counted) in self.sockets.iter_mut().zip(counted) {
            let left = pace::left(by, *counted);
            let rest = socket.waiting().saturating_sub(left);
            let gone = socket.read(usize::try_from(rest).unwrap_or(usize::MAX), |_| ()) as u64;
            is_done &= gone >= rest;
            self.shared.lost.fetch_add(gone + u64::from(counted.dropped), Ordering::Relaxed);
        }
        is_done
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
        self.read_all();
        let (counted, _): (Vec<u64>, Vec<u64>) = self.sockets.iter().map(PacketSocket::progress).unzip();
        let unread = |reader: &Self| -> u64 {
            let rest = reader.sockets.iter().zip(&counted);
            rest.map(|(socket, counted)| counted.saturating_sub(socket.progress().1)).sum()
        };
        while unread(self) > 0 && begun.elapsed() < OVERDUE {
            let mut ready: Vec<_> = self.sockets.iter().map(|socket| PollFd::new(socket, PollFlags::IN)).collect();
            // Where that fails, it is read more often.
            let _ = poll(&mut ready, Some(&PROMPT));
            self.read_all();
        }
        self.shared.lost.fetch_add(unread(self), Ordering::Relaxed);
    }

    fn read_all(&mut self) {
        let counted = self.count();
        self.read(u64::MAX, &counted);
    }

    /// Whether the machine has other things to do, and no file is to have all that there is room for.
    fn is_pausing(&self) -> bool {
        self.pace.is_over() && self.log.is_none()
    }

    /// Waits for frames, or until asked for them.
    fn wait(&self) {
        let is_pausing = self.is_pausing();
        // What is not to be read yet wakes nobody.
        let events = if is_pausing { PollFlags::empty() } else { PollFlags::IN };
        let frames = self.sockets.iter().map(|socket| PollFd::new(socket, events));
        let mut waited: Vec<PollFd<'_>> =
            std::iter::once(PollFd::new(&self.shared.wake, PollFlags::IN)).chain(frames).collect();
        let turn = match self.here {
            _ if is_pausing => &TURN,
            End::Client if !self.shared.is_prompt => &PROMPT,
            End::Server if !self.pace.is_idle() || self.log.as_ref().is_some_and(PcapngLog::is_holding) => &TURN,
            _ => &IDLE,
        };
        let is_ready = poll(&mut waited, Some(turn)).is_ok();
        if is_ready && waited.first().is_some_and(|wake| wake.revents().contains(PollFlags::IN)) {
            // What counts is that they were asked for, not how often.
            let _ = rustix::io::read(&self.shared.wake, &mut [0; 8]);
        }
    }

    /// Reads some `most` frames that wait.
    fn read(&mut self, most: u64, counted: &[Statistics]) {
        let Self { shared, sockets, loopback, here, log, pace, .. } = self;
        let mut rest = usize::try_from(most).unwrap_or(usize::MAX);
        let addresses = lock(&shared.addresses).clone();
        let is_server = |address: SocketAddr| {
            addresses.iter().any(|own| {
                own.port() == address.port() && (own.ip().is_unspecified() || own.ip().to_canonical() == address.ip())
            })
        };
        for (socket, counted) in sockets.iter_mut().zip(counted) {
            let mut known = lock(&shared.known);
            // What waits had room: what had none came behind it.
            let before = shared.lost.fetch_add(counted.dropped.into(), Ordering::Relaxed);
            let lost = before..=before + u64::from(counted.dropped);
            let read = socket.read(rest, |frame| {
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
            rest = rest.saturating_sub(read);
            pace.read(read as u64);
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
