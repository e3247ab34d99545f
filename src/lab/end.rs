//! The programs at both ends of the wire: bare sockets whose every call is
//! noted, so that the drawing can say what a program did, saw, and when.

use super::facts::Fact;
use super::feed::{Feed, Moment};
pub(super) use super::feed::{NotedCall, Side};
use crate::language::sentence::Sentence;
use std::io;
use std::net::{Ipv4Addr, Shutdown, SocketAddr, SocketAddrV4};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use socket2::{Domain, SockRef, Socket, Type};

/// Where the calls of a run are noted, and what its programs found out.
#[derive(Clone, Debug, Default)]
pub(super) struct Calls(Arc<Mutex<Noted>>);

#[derive(Debug, Default)]
struct Noted {
    calls: Vec<NotedCall>,
    found: Found,
    /// Who looks on.
    feed: Option<Feed>,
}

/// Facts that only a program can find out, by name.
pub(super) type Found = Vec<(&'static str, Fact)>;

impl Calls {
    /// Calls that a page shows as they happen.
    pub(super) fn shown_to(feed: Option<Feed>) -> Self {
        Self(Arc::new(Mutex::new(Noted { feed, ..Noted::default() })))
    }

    pub(super) fn note(&self, side: Side, text: impl Into<Sentence>) {
        let call = NotedCall { at: Instant::now(), side, text: text.into() };
        let mut noted = self.lock();
        if let Some(feed) = &noted.feed {
            feed.show(Moment::Called(call.clone()));
        }
        noted.calls.push(call);
    }

    pub(super) fn found(&self, name: &'static str, fact: Fact) {
        self.lock().found.push((name, fact));
    }

    /// All calls by time, and all that was found.
    pub(super) fn all(&self) -> (Vec<NotedCall>, Found) {
        let Noted { mut calls, found, .. } = std::mem::take(&mut *self.lock());
        calls.sort_by_key(|call| call.at);
        (calls, found)
    }

    fn lock(&self) -> MutexGuard<'_, Noted> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// No call of an experiment waits longer: a kernel that differs must not hang it.
pub(super) const PATIENCE: Duration = Duration::from_secs(8);

/// One end, at which a program may open sockets.
#[derive(Clone, Debug)]
pub(super) struct End {
    pub(super) side: Side,
    pub(super) calls: Calls,
    /// How long a call may wait.
    pub(super) patience: Duration,
}

impl End {
    pub(super) fn note(&self, text: impl Into<Sentence>) {
        self.calls.note(self.side, text);
    }

    /// A fact that only a program can find out.
    pub(super) fn found(&self, name: &'static str, fact: Fact) {
        self.calls.found(name, fact);
    }

    /// A socket, its port free again at once, that listens.
    pub(super) fn listen(&self, address: (Ipv4Addr, u16), backlog: i32) -> io::Result<Listening> {
        let socket = tcp_with(self.patience)?;
        socket.set_reuse_address(true)?;
        socket.bind(&SocketAddr::V4(SocketAddrV4::new(address.0, address.1)).into())?;
        socket.listen(backlog)?;
        Ok(Listening { socket, end: self.clone() })
    }

    /// A connection to `address`.
    pub(super) fn connect(&self, address: (Ipv4Addr, u16)) -> io::Result<Talk> {
        self.connect_as(&tcp_with(self.patience)?, address)
    }

    /// A connection to `address` by a socket that was prepared for it.
    pub(super) fn connect_as(&self, socket: &Socket, address: (Ipv4Addr, u16)) -> io::Result<Talk> {
        self.note("connect()");
        let result = socket.connect(&SocketAddr::V4(SocketAddrV4::new(address.0, address.1)).into());
        self.note(format!("connect() {}", outcome(&result.as_ref().map(|()| "= 0".to_owned()))));
        result?;
        Ok(Talk { socket: socket.try_clone()?, end: self.clone() })
    }
}

/// A TCP socket whose calls give up some time.
pub(super) fn tcp() -> io::Result<Socket> {
    tcp_with(PATIENCE)
}

fn tcp_with(patience: Duration) -> io::Result<Socket> {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None)?;
    socket.set_read_timeout(Some(patience))?;
    socket.set_write_timeout(Some(patience))?;
    Ok(socket)
}

/// A listening socket.
#[derive(Debug)]
pub(super) struct Listening {
    pub(super) socket: Socket,
    end: End,
}

impl Listening {
    pub(super) fn accept(&self) -> io::Result<Talk> {
        let (socket, _) = self.socket.accept()?;
        self.end.note(format!("accept() = {}", socket.as_raw_fd()));
        socket.set_read_timeout(Some(self.end.patience))?;
        socket.set_write_timeout(Some(self.end.patience))?;
        Ok(Talk { socket, end: self.end.clone() })
    }
}

/// One end of a connection.
#[derive(Debug)]
pub(super) struct Talk {
    pub(super) socket: Socket,
    end: End,
}

impl Talk {
    /// Hands all of `bytes` to the kernel, in one call where it takes them.
    pub(super) fn send(&self, bytes: &[u8]) -> io::Result<()> {
        let mut rest = bytes;
        while !rest.is_empty() {
            match self.socket.send_with_flags(rest, libc::MSG_NOSIGNAL) {
                Ok(count) => rest = rest.get(count..).unwrap_or_default(),
                Err(error) => {
                    self.end.note(format!("send() {}", name(&error)));
                    return Err(error);
                }
            }
        }
        self.end.note(format!("send() {}", bytes.len()));
        Ok(())
    }

    /// One recv() of at most `most` bytes; empty at the end of input.
    pub(super) fn recv(&self, most: usize) -> io::Result<Vec<u8>> {
        let mut bytes = vec![0; most];
        let result = io::Read::read(&mut &self.socket, &mut bytes);
        match &result {
            Ok(count) => self.end.note(format!("recv() {count}")),
            Err(error) => self.end.note(format!("recv() {}", name(error))),
        }
        bytes.truncate(result?);
        Ok(bytes)
    }

    /// Reads to the end of input: how many bytes came.
    pub(super) fn recv_all(&self) -> io::Result<Vec<u8>> {
        let mut all = Vec::new();
        loop {
            match self.recv(65_536)? {
                bytes if bytes.is_empty() => return Ok(all),
                bytes => all.extend(bytes),
            }
        }
    }

    pub(super) fn shut_down(&self) -> io::Result<()> {
        self.end.note("shutdown(SHUT_WR)");
        self.socket.shutdown(Shutdown::Write)
    }

    pub(super) fn close(self) {
        self.end.note("close()");
    }

    pub(super) fn no_delay(&self) -> io::Result<()> {
        SockRef::from(&self.socket).set_tcp_nodelay(true)
    }
}

impl AsFd for Talk {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }
}

fn outcome(result: &Result<String, &io::Error>) -> String {
    match result {
        Ok(text) => text.clone(),
        Err(error) => name(error),
    }
}

/// An error's name as errno(3) has it, where it is one that an experiment meets.
pub(super) fn name(error: &io::Error) -> String {
    let known = [
        (libc::ECONNREFUSED, "ECONNREFUSED"),
        (libc::ECONNRESET, "ECONNRESET"),
        (libc::EPIPE, "EPIPE"),
        (libc::ETIMEDOUT, "ETIMEDOUT"),
        (libc::EADDRINUSE, "EADDRINUSE"),
        (libc::EAGAIN, "EAGAIN"),
        (libc::EHOSTUNREACH, "EHOSTUNREACH"),
        (libc::EINPROGRESS, "EINPROGRESS"),
    ];
    let name = known.iter().find(|(errno, _)| error.raw_os_error() == Some(*errno));
    name.map_or_else(|| error.to_string(), |(_, name)| (*name).to_owned())
}
