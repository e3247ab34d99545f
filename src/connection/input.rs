//! What a connection has received and not yet used.

use crate::http::parse::MAX_HEAD;

/// How much one read takes from a socket, in bytes.
const READ: usize = 16 * 1024;

/// The first line of a head, or what there is of it, without its end.
pub(super) fn first_line(head: &[u8]) -> &[u8] {
    head.trim_ascii_start().split(|&byte| byte == b'\n').next().unwrap_or_default().trim_ascii_end()
}

/// A serving thread's receive buffer, lent to the connection that it works on:
/// an idle connection holds none.
#[derive(Debug)]
pub(super) struct Input {
    buffer: Vec<u8>,
    start: usize,
    end: usize,
    /// Whether the last read took all that the socket had.
    is_exhausted: bool,
}

impl Input {
    /// A buffer in which the longest head has room, and a read behind it.
    pub(super) fn buffer() -> Vec<u8> {
        vec![0; MAX_HEAD + READ]
    }

    /// The buffer, filled with what `pending` holds.
    pub(super) fn load(mut buffer: Vec<u8>, pending: &mut Vec<u8>) -> Self {
        let end = pending.len();
        buffer[..end].copy_from_slice(pending);
        *pending = Vec::new();
        Self { buffer, start: 0, end, is_exhausted: false }
    }

    /// Reserves room in `pending` for what is unused; gives whether there is any.
    pub(super) fn reserve(&self, pending: &mut Vec<u8>) -> bool {
        pending.try_reserve_exact(self.unused().len()).is_ok()
    }

    /// The buffer again; what is unused stays in `pending`.
    pub(super) fn store(self, pending: &mut Vec<u8>) -> Vec<u8> {
        pending.extend_from_slice(self.unused());
        self.buffer
    }

    /// The buffer again, of which everything was used.
    pub(super) fn into_buffer(self) -> Vec<u8> {
        self.buffer
    }

    /// What was received and not yet used.
    pub(super) fn unused(&self) -> &[u8] {
        &self.buffer[self.start..self.end]
    }

    /// The first line of it, without its end.
    pub(super) fn first_line(&self) -> &[u8] {
        first_line(self.unused())
    }

    /// `count` bytes were used.
    pub(super) fn advance(&mut self, count: usize) {
        self.start += count;
    }

    /// Drops all of it.
    pub(super) fn discard(&mut self) {
        self.start = self.end;
    }

    /// Room for what is read next, behind what is unused.
    pub(super) fn room(&mut self) -> &mut [u8] {
        self.buffer.copy_within(self.start..self.end, 0);
        (self.start, self.end) = (0, self.end - self.start);
        &mut self.buffer[self.end..]
    }

    /// `count` bytes were put into the room.
    pub(super) fn filled(&mut self, count: usize) {
        self.end += count;
        self.is_exhausted = self.end < self.buffer.len();
    }

    /// Whether another read would find nothing, or only what is just arriving,
    /// which is reported to every model.
    pub(super) fn is_exhausted(&self) -> bool {
        self.is_exhausted
    }
}
