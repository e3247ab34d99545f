//! What is left to send of an answer, and how it leaves: few, large sends.

use crate::handler::Body;
use rustix::io::Errno;
use rustix::net::{SendFlags, send};
use std::io::ErrorKind;
use std::os::fd::OwnedFd;
use std::os::unix::fs::FileExt;

/// Bodies in memory up to this size leave in one send with their head.
const JOINED: usize = 16 * 1024;
/// How much of a body that is copied is read at a time.
const CHUNK: usize = 128 * 1024;
/// How much of a file at rest is handed to the kernel at a time.
#[cfg(any(target_os = "linux", target_os = "android"))]
const FILE_CHUNK: u64 = 1024 * 1024;

/// Not a signal, an error: send(2).
const SEND: SendFlags = SendFlags::NOSIGNAL;
/// More follows at once: the head waits for it in the kernel, and both share segments.
const MORE: SendFlags = SEND.union(SendFlags::MORE);

/// An answer on its way.
#[derive(Debug)]
pub(super) struct Answer {
    /// The head, and with it a small body: what of them is not yet sent.
    head: Vec<u8>,
    body: Body,
    /// Octets of `body` that are sent, or that lie behind the head in `head`.
    position: u64,
    chunk: Chunk,
}

/// What became of a piece of the body.
pub(super) enum Sent {
    /// The socket took this many octets, at least one.
    Some(usize),
    /// The body has no more.
    Ended,
    /// It could not be read.
    Failed,
}

impl Answer {
    /// An answer of this head and body; `body_follows` says whether any of the body is to be sent.
    pub(super) fn new(mut head: Vec<u8>, body: Body, body_follows: bool) -> Self {
        let mut position = 0;
        if let (Body::Bytes(bytes), true) = (&body, body_follows)
            && bytes.len() <= JOINED
        {
            head.extend_from_slice(bytes);
            position = bytes.len() as u64;
        }
        Self { head, body, position, chunk: Chunk::default() }
    }

    /// The room that the head took, for another.
    pub(super) fn into_room(mut self) -> Vec<u8> {
        self.head.clear();
        self.head
    }

    /// Octets of the body that the socket took.
    pub(super) fn body_sent(&self) -> u64 {
        self.position.saturating_sub(self.head.len() as u64)
    }

    /// Sends some of the head, and of the body that is joined to it; `ends` says
    /// that the connection ends right behind the answer.
    pub(super) fn send_head(&mut self, socket: &OwnedFd, body_follows: bool, ends: bool) -> Result<usize, Errno> {
        let has_more = match &self.body {
            Body::Bytes(bytes) => (bytes.len() as u64) > self.position,
            Body::File { .. } | Body::Stream(_) => true,
        };
        let count = send(socket, &self.head, if ends || (body_follows && has_more) { MORE } else { SEND })?;
        self.head.drain(..count);
        Ok(count)
    }

    /// Sends some of the body, of which `left` octets remain, if that is known.
    pub(super) fn send_body(&mut self, socket: &OwnedFd, left: Option<u64>, ends: bool) -> Result<Sent, Errno> {
        if !self.head.is_empty() {
            return self.send_head(socket, true, ends).map(Sent::Some);
        }
        let count = match &mut self.body {
            Body::Bytes(bytes) => match &bytes[self.position as usize..] {
                [] => return Ok(Sent::Ended),
                rest => send(socket, rest, if ends { MORE } else { SEND })?,
            },
            #[cfg(any(target_os = "linux", target_os = "android"))]
            Body::File { file, offset, is_at_rest: true, .. } => {
                let mut offset = *offset + self.position;
                let count = left.unwrap_or(0).min(FILE_CHUNK) as usize;
                match rustix::fs::sendfile(socket, file, Some(&mut offset), count) {
                    Ok(0) => return Ok(Sent::Ended),
                    Ok(count) => count,
                    Err(Errno::IO | Errno::INVAL | Errno::OVERFLOW) => return Ok(Sent::Failed),
                    Err(error) => return Err(error),
                }
            }
            Body::File { file, offset, .. } => {
                let offset = *offset + self.position;
                let count = left.unwrap_or(0).min(CHUNK as u64) as usize;
                match self.chunk.send(socket, count, |chunk| file.read_at(chunk, offset))? {
                    Sent::Some(count) => count,
                    other => return Ok(other),
                }
            }
            Body::Stream(source) => match self.chunk.send(socket, CHUNK, |chunk| source.read(chunk))? {
                Sent::Some(count) => count,
                other => return Ok(other),
            },
        };
        self.position += count as u64;
        Ok(Sent::Some(count))
    }
}

/// A piece of a body that is copied: read, and not yet taken by the socket.
#[derive(Debug, Default)]
struct Chunk {
    octets: Vec<u8>,
    sent: usize,
}

impl Chunk {
    /// Sends what is left of the piece; where nothing is, reads the next one,
    /// of at most `most` octets.
    fn send(
        &mut self,
        socket: &OwnedFd,
        most: usize,
        mut read: impl FnMut(&mut [u8]) -> std::io::Result<usize>,
    ) -> Result<Sent, Errno> {
        if self.sent == self.octets.len() {
            self.octets.resize(most, 0);
            self.sent = 0;
            let result = loop {
                match read(&mut self.octets) {
                    Err(error) if error.kind() == ErrorKind::Interrupted => {}
                    result => break result,
                }
            };
            self.octets.truncate(*result.as_ref().unwrap_or(&0));
            match result {
                Ok(0) => return Ok(Sent::Ended),
                Ok(_) => {}
                Err(_) => return Ok(Sent::Failed),
            }
        }
        let count = send(socket, &self.octets[self.sent..], SEND)?;
        self.sent += count;
        Ok(Sent::Some(count))
    }
}
