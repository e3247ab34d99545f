//! Making a connection: each address in turn, and what came of it.

use super::clock::Clock;
use super::interrupt::Interrupt;
use crate::capture::Capture;
use crate::kernel::pacing;
use crate::kernel::tcp_info::TcpInfo;
use crate::kernel::timestamps;
use crate::record::Failure;
use crate::record::failure::ConnectFault;
use crate::record::transfer::{Attempt, Connect, ConnectOutcome, Ends};
use crate::record::{Figure, Source, Why};
use crate::sys::tcp_option;
use rustix::event::{PollFd, PollFlags};
use rustix::io::Errno;
use socket2::{Domain, Protocol, Socket, Type};
use std::io;
use std::net::SocketAddr;
use std::os::fd::OwnedFd;
use std::time::{Duration, Instant};

/// A socket with the two ends of its connection.
pub(super) struct Connected {
    pub(super) socket: OwnedFd,
    pub(super) ends: Ends,
    /// TCP_INFO, right after the handshake.
    info: Vec<u8>,
    /// Whether the kernel says when bytes arrived and were acknowledged.
    pub(super) asks_kernel: bool,
}

/// How long an address is alone in being tried (RFC 8305 §5).
const ATTEMPT_DELAY: Duration = Duration::from_millis(250);

/// How to connect.
#[derive(Clone, Copy)]
pub(super) struct How<'a> {
    /// For all addresses together.
    pub(super) timeout: Duration,
    /// The receive buffer, in bytes, where it is to be a small one.
    pub(super) buffer: Option<usize>,
    pub(super) clock: Clock,
    pub(super) interrupt: &'a Interrupt,
    /// Who sees the packets.
    pub(super) capture: Option<&'a Capture>,
}

/// Tries `addresses` in order: the next one when those before it have failed or
/// were silent for a while; the first that answers is taken (RFC 8305 §5).
pub(super) fn connect(addresses: &[SocketAddr], how: &How<'_>) -> (Connect, Option<Connected>) {
    let mut race = Race { how, attempts: Vec::new(), running: Vec::new() };
    let connected = race.run(addresses);
    let attempts = race.attempts;
    let info = TcpInfo(connected.as_ref().map_or(&[], |connected| &connected.info));
    let why_not = if connected.is_some() { Why::NoTcpInfo } else { Why::NoConnection };
    let tried = Connect {
        attempts,
        rtt: Figure::measured_or(info.rtt(), Source::TcpInfo, why_not.clone()),
        negotiated: Figure::measured_or(info.negotiated(), Source::TcpInfo, why_not),
    };
    (tried, connected)
}

/// Attempts side by side.
struct Race<'a> {
    how: &'a How<'a>,
    attempts: Vec<Attempt>,
    /// Those under way: the number of each, and its socket.
    running: Vec<(usize, Socket)>,
}

impl Race<'_> {
    fn run(&mut self, addresses: &[SocketAddr]) -> Option<Connected> {
        let deadline = Instant::now() + self.how.timeout;
        let mut addresses = addresses.iter();
        let mut next_start = Instant::now();
        let connected = loop {
            if (self.running.is_empty() || Instant::now() >= next_start)
                && let Some(&server) = addresses.next()
            {
                next_start = Instant::now() + ATTEMPT_DELAY;
                if let Some(connected) = self.start(server) {
                    break Some(connected);
                }
                continue;
            }
            if self.running.is_empty() {
                break None;
            }
            let until = if addresses.len() > 0 { next_start.min(deadline) } else { deadline };
            let before = self.running.len();
            if let Some(connected) = self.wait(until) {
                break Some(connected);
            }
            if self.running.len() < before {
                next_start = Instant::now(); // one has failed: the next need not wait
            }
            if Instant::now() >= deadline || self.how.interrupt.has_come() {
                break None;
            }
        };
        let left = match &connected {
            Some(_) => ConnectOutcome::Abandoned,
            None if self.how.interrupt.has_come() => ConnectOutcome::Interrupted,
            None => ConnectOutcome::TimedOut,
        };
        let ended = self.how.clock.now();
        for (number, socket) in self.running.drain(..) {
            let attempt = &mut self.attempts[number];
            (attempt.outcome, attempt.ended) = (left.clone(), ended);
            attempt.syn_again = syn_again(&info(&socket));
        }
        connected
    }

    fn start(&mut self, server: SocketAddr) -> Option<Connected> {
        let began = self.how.clock.now();
        let none = Figure::not_visible(Why::NotReached);
        self.attempts.push(Attempt {
            server,
            client: None,
            began,
            ended: began,
            outcome: ConnectOutcome::TimedOut,
            syn_again: none,
        });
        let number = self.attempts.len() - 1;
        match self.begin(number) {
            Ok((socket, true)) => {
                let info = info(&socket);
                return self.end(number, socket, info);
            }
            Ok((socket, false)) => self.running.push((number, socket)),
            Err(error) => self.fail(number, &error),
        }
        None
    }

    /// Calls connect(2): the socket, and whether it is connected already.
    fn begin(&mut self, number: usize) -> io::Result<(Socket, bool)> {
        let attempt = &mut self.attempts[number];
        let socket = Socket::new(Domain::for_address(attempt.server), Type::STREAM, Some(Protocol::TCP))?;
        socket.set_nonblocking(true)?;
        socket.set_tcp_nodelay(true)?;
        self.how.capture.into_iter().for_each(|capture| capture.follow(attempt.server));
        if let Some(bytes) = self.how.buffer {
            socket.set_recv_buffer_size(bytes)?; // before connecting: the window follows from it
        }
        attempt.began = self.how.clock.now();
        let result = socket.connect(&attempt.server.into());
        // The port is chosen by now, unless the call failed before that.
        let client = socket.local_addr().ok().and_then(|address| address.as_socket());
        attempt.client = client.filter(|client| client.port() != 0);
        match result {
            Err(error) if error.raw_os_error() == Some(Errno::INPROGRESS.raw_os_error()) => Ok((socket, false)),
            result => result.map(|()| (socket, true)),
        }
    }

    /// Waits for some attempt to end.
    fn wait(&mut self, until: Instant) -> Option<Connected> {
        let fds: Vec<PollFd<'_>> = self.running.iter().map(|(_, socket)| PollFd::new(socket, PollFlags::OUT)).collect();
        let ready = self.how.interrupt.wait_for_any(&fds, until);
        for index in (0..ready.len()).rev().filter(|index| !ready[*index].is_empty()) {
            let (number, socket) = self.running.remove(index);
            let info = info(&socket);
            match socket.take_error() {
                Ok(None) => return self.end(number, socket, info),
                Ok(Some(error)) | Err(error) => {
                    self.attempts[number].syn_again = syn_again(&info);
                    self.fail(number, &error);
                }
            }
        }
        None
    }

    fn end(&mut self, number: usize, socket: Socket, info: Vec<u8>) -> Option<Connected> {
        let attempt = &mut self.attempts[number];
        (attempt.ended, attempt.syn_again) = (self.how.clock.now(), syn_again(&info));
        let Some(client) = attempt.client else {
            self.fail(number, &io::ErrorKind::Unsupported.into());
            return None;
        };
        attempt.outcome = ConnectOutcome::Connected;
        let socket = OwnedFd::from(socket);
        let asks_kernel = timestamps::set(&socket, true).is_ok();
        pacing::learn(&socket);
        Some(Connected { socket, ends: Ends { client, server: attempt.server }, info, asks_kernel })
    }

    fn fail(&mut self, number: usize, error: &io::Error) {
        let attempt = &mut self.attempts[number];
        (attempt.ended, attempt.outcome) = (self.how.clock.now(), outcome(error));
    }
}

/// TCP_INFO; nothing, where there is none.
fn info(socket: &Socket) -> Vec<u8> {
    tcp_option::info(socket).unwrap_or_default()
}

/// Before anything else was sent, whatever was sent again is the SYN.
fn syn_again(info: &[u8]) -> Figure<u32> {
    Figure::measured_or(TcpInfo(info).retransmissions(), Source::TcpInfo, Why::NoTcpInfo)
}

fn outcome(error: &io::Error) -> ConnectOutcome {
    use io::ErrorKind as Is;
    let why = error.into();
    match error.kind() {
        Is::ConnectionRefused => ConnectOutcome::Refused,
        Is::TimedOut => ConnectOutcome::TimedOut,
        Is::HostUnreachable | Is::NetworkUnreachable | Is::NetworkDown => ConnectOutcome::Unreachable { why },
        // What each may mean, `record::failure` says. EINVAL: a link-local address without a zone, a blackhole route.
        Is::PermissionDenied | Is::AddrNotAvailable | Is::InvalidInput => ConnectOutcome::Unreachable { why },
        _ => ConnectOutcome::Failed { why },
    }
}

/// Why there is no connection to `host`, of which this number of addresses is `known`.
pub(super) fn failure(host: &str, attempts: &[Attempt], known: usize) -> Failure {
    // What says most: something is there, or nothing is known.
    let rank = |outcome: &ConnectOutcome| match outcome {
        ConnectOutcome::Refused => 0,
        ConnectOutcome::TimedOut => 1,
        _ => 2,
    };
    let telling = attempts.iter().min_by_key(|attempt| rank(&attempt.outcome));
    let fault = telling.and_then(|attempt| match &attempt.outcome {
        ConnectOutcome::Refused => Some(ConnectFault::Refused),
        ConnectOutcome::TimedOut => Some(ConnectFault::TimedOut),
        ConnectOutcome::Unreachable { why } => Some(ConnectFault::Unreachable(why.clone())),
        ConnectOutcome::Failed { why } => Some(ConnectFault::Failed(why.clone())),
        ConnectOutcome::Connected | ConnectOutcome::Abandoned | ConnectOutcome::Interrupted => None,
    });
    match telling.zip(fault) {
        Some((attempt, fault)) => Failure::Connect { server: attempt.server, addresses: attempts.len(), known, fault },
        None => Failure::NoAddress { host: host.to_owned(), only: None },
    }
}
