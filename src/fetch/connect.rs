//! Making a connection: each address in turn, and what came of it.

use super::clock::{Clock, wait};
use crate::kernel::tcp_info::TcpInfo;
use crate::kernel::timestamps;
use crate::record::transfer::{Attempt, Connect, Ends, Outcome};
use crate::record::{Failure, Kind};
use crate::record::{Figure, Source, Why};
use crate::sys::tcp_option;
use rustix::event::PollFlags;
use rustix::io::Errno;
use socket2::{Domain, Protocol, Socket, Type};
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::os::fd::OwnedFd;
use std::time::{Duration, Instant};

/// A socket with the two ends of its connection.
pub(super) struct Connected {
    pub(super) socket: OwnedFd,
    pub(super) ends: Ends,
    /// Whether the kernel says when octets arrived and were acknowledged.
    pub(super) asks_kernel: bool,
}

/// Tries `addresses` in order, `timeout` for all of them; `buffer`: the receive
/// buffer, in octets, where it is to be a small one.
pub(super) fn connect(
    addresses: &[IpAddr],
    port: u16,
    timeout: Duration,
    buffer: Option<usize>,
    clock: Clock,
) -> (Connect, Option<Connected>) {
    let deadline = Instant::now() + timeout;
    let mut attempts = Vec::new();
    let mut connected = None;
    for (index, &ip) in addresses.iter().enumerate() {
        // An address that is silent leaves half of the time to the others.
        let left = deadline.saturating_duration_since(Instant::now());
        let share = if index + 1 < addresses.len() { left / 2 } else { left };
        let (attempt, socket) = attempt((ip, port).into(), Instant::now() + share, buffer, clock);
        attempts.push(attempt);
        if socket.is_some() {
            connected = socket;
            break;
        }
    }
    let info = connected.as_ref().and_then(|connected| tcp_option::info(&connected.socket).ok()).unwrap_or_default();
    let info = TcpInfo(&info);
    let why_not = if connected.is_some() { Why::NoTcpInfo } else { Why::NoConnection };
    let told = Connect {
        attempts,
        rtt: Figure::measured_or(info.rtt(), Source::TcpInfo, why_not.clone()),
        negotiated: Figure::measured_or(info.negotiated(), Source::TcpInfo, why_not),
    };
    (told, connected)
}

fn attempt(server: SocketAddr, deadline: Instant, buffer: Option<usize>, clock: Clock) -> (Attempt, Option<Connected>) {
    let began = clock.now();
    let mut attempt = Attempt { server, client: None, began, ended: began, outcome: Outcome::Connected };
    let result = open(&mut attempt, deadline, buffer, clock);
    let connected = match result {
        Ok(connected) => Some(connected),
        Err(error) => {
            attempt.ended = clock.now();
            attempt.outcome = outcome(&error);
            None
        }
    };
    (attempt, connected)
}

fn open(attempt: &mut Attempt, deadline: Instant, buffer: Option<usize>, clock: Clock) -> io::Result<Connected> {
    let socket = Socket::new(Domain::for_address(attempt.server), Type::STREAM, Some(Protocol::TCP))?;
    socket.set_nonblocking(true)?;
    socket.set_tcp_nodelay(true)?;
    if let Some(octets) = buffer {
        socket.set_recv_buffer_size(octets)?; // before connecting: the window follows from it
    }
    attempt.began = clock.now();
    let pending = |error: &io::Error| error.raw_os_error() == Some(Errno::INPROGRESS.raw_os_error());
    match socket.connect(&attempt.server.into()) {
        Err(error) if pending(&error) => {
            // The port is chosen by now, whatever comes of it.
            attempt.client = socket.local_addr().ok().and_then(|address| address.as_socket());
            if wait(&socket, PollFlags::OUT, deadline).is_empty() {
                return Err(io::ErrorKind::TimedOut.into());
            }
            if let Some(error) = socket.take_error()? {
                return Err(error);
            }
        }
        result => result?,
    }
    attempt.ended = clock.now();
    let client = socket.local_addr()?.as_socket().ok_or(io::ErrorKind::Unsupported)?;
    attempt.client = Some(client);
    let socket = OwnedFd::from(socket);
    let asks_kernel = timestamps::set(&socket, true).is_ok();
    Ok(Connected { socket, ends: Ends { client, server: attempt.server }, asks_kernel })
}

fn outcome(error: &io::Error) -> Outcome {
    use io::ErrorKind as Is;
    let why = words(error);
    match error.kind() {
        Is::ConnectionRefused => Outcome::Refused,
        Is::TimedOut => Outcome::TimedOut,
        Is::HostUnreachable | Is::NetworkUnreachable | Is::NetworkDown => Outcome::Unreachable { why },
        // A firewall of this machine; no address of this family.
        Is::PermissionDenied | Is::AddrNotAvailable => Outcome::Unreachable { why },
        _ => Outcome::Failed { why },
    }
}

/// The system's words, without the number behind them.
fn words(error: &io::Error) -> String {
    let text = error.to_string();
    text.split(" (os error").next().unwrap_or(&text).to_owned()
}

/// Why there is no connection to `host`, in one sentence.
pub(super) fn failure(host: &str, attempts: &[Attempt]) -> Failure {
    let at = |wanted: fn(&Outcome) -> bool| attempts.iter().find(|attempt| wanted(&attempt.outcome));
    let to = |attempt: &Attempt| match attempts.len() {
        1 => format!("{}", attempt.server),
        count => format!("{} (nor to any other of {count} addresses)", attempt.server),
    };
    if let Some(attempt) = at(|outcome| *outcome == Outcome::Refused) {
        let address = to(attempt);
        return Failure::new(
            Kind::Refused,
            format!(
                "Cannot connect to {address}: refused. Nobody listens there; is the server running, and at this port?"
            ),
        );
    }
    if let Some(attempt) = at(|outcome| *outcome == Outcome::TimedOut) {
        let address = to(attempt);
        return Failure::new(
            Kind::TimedOut,
            format!(
                "Cannot connect to {address}: no answer in time. Is it the right address, or does a firewall drop it?"
            ),
        );
    }
    match attempts.iter().find_map(|attempt| match &attempt.outcome {
        Outcome::Unreachable { why } => Some((Kind::Unreachable, attempt, why)),
        Outcome::Failed { why } => Some((Kind::Local, attempt, why)),
        _ => None,
    }) {
        Some((kind, attempt, why)) => {
            let ways_out = if kind == Kind::Unreachable { ". There is no way there from this machine." } else { "." };
            Failure::new(kind, format!("Cannot connect to {}: {why}{ways_out}", to(attempt)))
        }
        None => Failure::new(Kind::Name, format!("{host} has no address to connect to.")),
    }
}
