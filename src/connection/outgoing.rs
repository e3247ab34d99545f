//! What is left to send of a response, and how it leaves: few, large sends.

use crate::handler::Body;
use crate::later::Later;
use bytes::{Buf, Bytes};
use rustix::io::Errno;
use rustix::net::{SendFlags, send};
use std::fs::File;
use std::io::{self, ErrorKind};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::fs::FileExt;
use std::task::Poll;

/// Bodies in memory up to this size leave in one send with their head.
const JOINED: usize = 16 * 1024;
/// A joined body of no more bytes stays with its head while it waits: one send is worth more.
const FEW: u64 = 1024;
/// How much of a body that is copied is read at a time, at most, and at least: as much
/// again as the socket took the last time, for what it does not take is read once more.
const CHUNK: usize = 128 * 1024;
const LEAST_CHUNK: usize = 8 * 1024;
/// How much of a file at rest is handed to the kernel at a time.
const FILE_CHUNK: u64 = 1024 * 1024;

/// Not a signal, an error: send(2).
const SEND: SendFlags = SendFlags::NOSIGNAL;
/// More follows at once: the head waits for it in the kernel, and both share segments.
const MORE: SendFlags = SEND.union(SendFlags::MORE);

/// A response on its way.
#[derive(Debug)]
pub(super) struct Outgoing {
    /// The head, and with it a small body: what of them is not yet sent.
    head: Vec<u8>,
    body: Body,
    /// Bytes of `body` that are sent, or that lie behind the head in `head`.
    position: u64,
    /// How much of a body that is copied to read next.
    appetite: usize,
    /// Whether the socket took less of a copy than it was offered: it has no room just now.
    is_full: bool,
    /// What is kept of a body that has to be; few have.
    kept: Option<Box<Kept>>,
}

/// What is kept of a body between two sends.
#[derive(Debug, Default)]
struct Kept {
    /// What was read of a stream, and not yet taken by the socket.
    remainder: Vec<u8>,
    /// A piece of a body that is read elsewhere.
    piece: Piece,
}

/// A piece of a body that is read elsewhere.
#[derive(Debug)]
enum Piece {
    /// What the socket has not yet taken of it, or the first of that.
    Here(Bytes),
    Coming(Later<io::Result<Bytes>>),
}

impl Default for Piece {
    fn default() -> Self {
        Self::Here(Bytes::new())
    }
}

/// What became of a piece of the body.
pub(super) enum Sent {
    /// The socket took this many bytes, at least one.
    Some(usize),
    /// Nothing: the next piece is being read elsewhere.
    Awaited,
    /// The body has no more.
    Ended,
    /// It could not be read.
    Failed,
}

impl Kept {
    fn bytes(&self) -> usize {
        let piece = match &self.piece {
            Piece::Here(bytes) => bytes.len(),
            Piece::Coming(_) => 0,
        };
        self.remainder.capacity() + piece
    }
}

impl Outgoing {
    /// A response of this head and body; `body_follows` says whether any of the body is to be sent.
    pub(super) fn new(mut head: Vec<u8>, body: Body, body_follows: bool) -> Self {
        let mut position = 0;
        if let (Body::Bytes(bytes), true) = (&body, body_follows)
            && bytes.len() <= JOINED
        {
            head.extend_from_slice(bytes);
            position = bytes.len() as u64;
        }
        Self { head, body, position, appetite: CHUNK, is_full: false, kept: None }
    }

    /// The room that the head took, for another.
    pub(super) fn into_room(mut self) -> Vec<u8> {
        self.head.clear();
        self.head
    }

    /// What is readable when the next piece of the body is there, if that is awaited.
    pub(super) fn awaited(&self) -> Option<BorrowedFd<'_>> {
        match &self.kept.as_ref()?.piece {
            Piece::Coming(piece) => Some(piece.as_fd()),
            Piece::Here(_) => None,
        }
    }

    /// The socket takes no more for a while: gives the bytes that the response holds till
    /// then. A small body that was joined to its head is not held twice.
    pub(super) fn settle(&mut self) -> usize {
        if let Body::Bytes(_) = &self.body {
            let joined = self.position.min(self.head.len() as u64);
            if joined > FEW {
                self.position -= joined;
                self.head.truncate(self.head.len() - joined as usize);
            }
        }
        self.head.shrink_to(self.head.len());
        self.head.capacity() + self.kept.as_ref().map_or(0, |kept| kept.bytes())
    }

    /// Bytes of the body that the socket took.
    pub(super) fn body_sent(&self) -> u64 {
        self.position.saturating_sub(self.head.len() as u64)
    }

    /// Sends some of the head, and of the body that is joined to it; `ends` says
    /// that the connection ends right behind the response.
    pub(super) fn send_head(&mut self, socket: &OwnedFd, body_follows: bool, ends: bool) -> Result<usize, Errno> {
        let has_more = match &self.body {
            Body::Bytes(bytes) => (bytes.len() as u64) > self.position,
            Body::File { .. } | Body::Pieces(..) | Body::Stream(_) => true,
        };
        let count = send(socket, &self.head, if ends || (body_follows && has_more) { MORE } else { SEND })?;
        self.head.drain(..count);
        Ok(count)
    }

    /// Sends some of the body, of which `left` bytes remain, if that is known;
    /// `copy` is room for what is copied.
    pub(super) fn send_body(
        &mut self,
        socket: &OwnedFd,
        left: Option<u64>,
        ends: bool,
        copy: &mut Vec<u8>,
    ) -> Result<Sent, Errno> {
        if !self.head.is_empty() {
            return self.send_head(socket, true, ends).map(Sent::Some);
        }
        if std::mem::take(&mut self.is_full) {
            return Err(Errno::AGAIN);
        }
        let (position, left) = (self.position, left.unwrap_or(0));
        let copied = left.min(self.appetite as u64) as usize;
        let sent = match &mut self.body {
            Body::Bytes(bytes) => send_memory(socket, &bytes[position as usize..], ends)?,
            Body::File { file, offset, is_at_rest: true, .. } => {
                lend_file(socket, file, *offset + position, left.min(FILE_CHUNK) as usize)?
            }
            // What the socket does not take is not kept, but read again at its place.
            Body::File { file, offset, .. } => {
                let read = |room: &mut [u8]| file.read_at(room, *offset + position);
                send_copy(socket, room(copy, copied), read, &mut self.is_full)?
            }
            Body::Pieces(_, source) => {
                let piece = &mut self.kept.get_or_insert_default().piece;
                match piece.arrive(|| source.read(position, copied)) {
                    Err(none) => none,
                    Ok(bytes) => send_piece(socket, bytes, &mut self.appetite)?,
                }
            }
            Body::Stream(_)
                if let Some(Kept { remainder, .. }) = self.kept.as_deref_mut()
                    && !remainder.is_empty() =>
            {
                let count = send(socket, remainder, SEND)?;
                remainder.drain(..count);
                remainder.shrink_to_fit();
                self.is_full = !remainder.is_empty();
                Sent::Some(count)
            }
            Body::Stream(source) => {
                let room = room(copy, self.appetite);
                send_stream(socket, room, |room| source.read(room), &mut self.kept, &mut self.is_full)?
            }
        };
        if let Sent::Some(count) = sent {
            self.appetite = (2 * count).clamp(LEAST_CHUNK, CHUNK);
            self.position += count as u64;
        }
        Ok(sent)
    }
}

impl Piece {
    /// The piece, asked for by `ask` if there is none; or why it is not there.
    fn arrive(&mut self, ask: impl FnOnce() -> Option<Later<io::Result<Bytes>>>) -> Result<&mut Bytes, Sent> {
        if matches!(self, Self::Here(bytes) if bytes.is_empty()) {
            *self = Self::Coming(ask().ok_or(Sent::Failed)?);
        }
        if let Self::Coming(next) = self {
            match next.take() {
                Poll::Pending => return Err(Sent::Awaited),
                Poll::Ready(Some(Ok(bytes))) if bytes.is_empty() => return Err(Sent::Ended),
                Poll::Ready(Some(Ok(bytes))) => *self = Self::Here(bytes),
                Poll::Ready(Some(Err(_)) | None) => return Err(Sent::Failed),
            }
        }
        match self {
            Self::Here(bytes) => Ok(bytes),
            Self::Coming(_) => Err(Sent::Awaited),
        }
    }
}

fn send_memory(socket: &OwnedFd, rest: &[u8], ends: bool) -> Result<Sent, Errno> {
    if rest.is_empty() {
        return Ok(Sent::Ended);
    }
    // A socket that could take megabytes would hold up all others of the loop.
    let piece = &rest[..rest.len().min(CHUNK)];
    send(socket, piece, if ends || piece.len() < rest.len() { MORE } else { SEND }).map(Sent::Some)
}

/// The socket borrows the file's own pages.
fn lend_file(socket: &OwnedFd, file: &File, mut offset: u64, count: usize) -> Result<Sent, Errno> {
    match rustix::fs::sendfile(socket, file, Some(&mut offset), count) {
        Ok(0) => Ok(Sent::Ended),
        Ok(count) => Ok(Sent::Some(count)),
        Err(Errno::IO | Errno::INVAL | Errno::OVERFLOW) => Ok(Sent::Failed),
        Err(error) => Err(error),
    }
}

fn send_copy(
    socket: &OwnedFd,
    room: Option<&mut [u8]>,
    source: impl FnMut(&mut [u8]) -> io::Result<usize>,
    is_full: &mut bool,
) -> Result<Sent, Errno> {
    match read(room, source) {
        Err(none) => Ok(none),
        Ok(bytes) => {
            let count = send(socket, bytes, SEND)?;
            *is_full = count < bytes.len();
            Ok(Sent::Some(count))
        }
    }
}

fn send_piece(socket: &OwnedFd, bytes: &mut Bytes, appetite: &mut usize) -> Result<Sent, Errno> {
    let sent = send(socket, bytes, SEND);
    bytes.advance(*sent.as_ref().unwrap_or(&0));
    // Of what a slow client leaves, little is kept: the rest is read again.
    *appetite = if bytes.is_empty() { CHUNK } else { LEAST_CHUNK };
    if bytes.len() > LEAST_CHUNK {
        *bytes = Bytes::copy_from_slice(&bytes[..LEAST_CHUNK]);
    }
    sent.map(Sent::Some)
}

/// A stream can't be read again: what the socket does not take is kept.
fn send_stream(
    socket: &OwnedFd,
    room: Option<&mut [u8]>,
    source: impl FnMut(&mut [u8]) -> io::Result<usize>,
    kept: &mut Option<Box<Kept>>,
    is_full: &mut bool,
) -> Result<Sent, Errno> {
    let bytes = match read(room, source) {
        Err(none) => return Ok(none),
        Ok(bytes) => bytes,
    };
    let count = match send(socket, bytes, SEND) {
        Err(Errno::AGAIN | Errno::INTR) => 0,
        result => result?,
    };
    let rest = &bytes[count..];
    if !rest.is_empty() {
        let remainder = &mut kept.get_or_insert_default().remainder;
        if remainder.try_reserve_exact(rest.len()).is_err() {
            return Ok(Sent::Failed);
        }
        remainder.extend_from_slice(rest);
    }
    *is_full = count > 0 && count < bytes.len();
    if count == 0 { Err(Errno::AGAIN) } else { Ok(Sent::Some(count)) }
}

/// This much of `copy`, which grows for it, if there is memory.
fn room(copy: &mut Vec<u8>, count: usize) -> Option<&mut [u8]> {
    let missing = count.saturating_sub(copy.len());
    if missing > 0 && copy.try_reserve_exact(missing).is_ok() {
        copy.resize(count, 0);
    }
    copy.get_mut(..count)
}

/// What one read into `room` gave; `Err`: what became of the body, where that is nothing.
fn read(room: Option<&mut [u8]>, mut source: impl FnMut(&mut [u8]) -> io::Result<usize>) -> Result<&[u8], Sent> {
    let room = room.ok_or(Sent::Failed)?;
    loop {
        match source(room) {
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Ok(0) => return Err(Sent::Ended),
            result => return result.map(|count| &room[..count]).map_err(|_| Sent::Failed),
        }
    }
}
