//! Where the bytes of a response come from: a small file is read at once, and of a
//! large one its beginning, if the media type depends on it.
//!
//! A size is what stat(2) says, and may say nothing: files of /proc have none,
//! those of /sys a page, and others grow while they are read. Of a small file
//! what was read is what is sent, and if that is not what was measured, nothing
//! else that stat says of it is believed either.

use super::root::Refusal;
use crate::handler::Body;
use bytes::Bytes;
use std::fs::File;
use std::io::{self, ErrorKind, Read};
use std::os::unix::fs::FileExt;
use std::sync::Arc;

/// Up to this size, in bytes, a file is read and leaves in one piece with its
/// head; above, the kernel moves it.
pub(super) const SMALL: u64 = 16 * 1024;

/// The bytes of an open file.
#[derive(Debug)]
pub(super) enum Source {
    /// All of them.
    Memory(Bytes),
    /// They are in the file, which has as many as was measured.
    File { file: Arc<File>, is_at_rest: bool },
    /// Nobody knows how many there are; these are the first ones.
    Unmeasured { beginning: Bytes, file: Arc<File> },
}

impl Source {
    /// Those of `file`, which was measured at `size`.
    pub(super) fn of(file: &Arc<File>, size: u64, is_at_rest: bool) -> Result<Self, Refusal> {
        if size > SMALL {
            return Ok(Self::File { file: Arc::clone(file), is_at_rest });
        }
        // One more than there should be, or as many as there may be: where the size
        // is right, one read says so.
        let room = if size == 0 { SMALL } else { size };
        let mut bytes = vec![0; room as usize + 1];
        let mut length = read_at(file, &mut bytes, 0)?;
        if length as u64 != size {
            bytes.resize(SMALL as usize + 1, 0);
            length += read_to_end(file, &mut bytes, length)?;
        }
        bytes.truncate(length);
        if length as u64 > SMALL {
            return Ok(Self::Unmeasured { beginning: bytes.into(), file: Arc::clone(file) });
        }
        Ok(Self::Memory(bytes.into()))
    }

    /// How many bytes there are, if that is known.
    pub(super) fn length(&self, measured: u64) -> Option<u64> {
        match self {
            Self::Memory(bytes) => Some(bytes.len() as u64),
            Self::File { .. } => Some(measured),
            Self::Unmeasured { .. } => None,
        }
    }

    /// The first bytes: all of a small file.
    pub(super) fn beginning(&self) -> Result<Bytes, Refusal> {
        match self {
            Self::Memory(bytes) | Self::Unmeasured { beginning: bytes, .. } => Ok(bytes.clone()),
            Self::File { file, .. } => {
                let mut bytes = vec![0; SMALL as usize];
                let length = read_at(file, &mut bytes, 0)?;
                bytes.truncate(length);
                Ok(bytes.into())
            }
        }
    }

    /// This part of it; of what nobody has measured, the whole.
    pub(super) fn body(&self, offset: u64, length: u64) -> Body {
        match self {
            Self::Memory(bytes) => Body::Bytes(bytes.slice(offset as usize..(offset + length) as usize)),
            Self::File { file, is_at_rest } => {
                Body::File { file: Arc::clone(file), offset, length, is_at_rest: *is_at_rest }
            }
            Self::Unmeasured { beginning, file } => {
                let rest = Rest { file: Arc::clone(file), position: beginning.len() as u64 };
                Body::Stream(Box::new(io::Cursor::new(beginning.clone()).chain(rest)))
            }
        }
    }
}

/// What follows the beginning of a file that nobody has measured.
struct Rest {
    file: Arc<File>,
    position: u64,
}

impl Read for Rest {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.file.read_at(buffer, self.position)?;
        self.position += count as u64;
        Ok(count)
    }
}

fn read_at(file: &File, buffer: &mut [u8], offset: usize) -> Result<usize, Refusal> {
    loop {
        match file.read_at(buffer, offset as u64) {
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            result => return result.map_err(|_| Refusal::Failed),
        }
    }
}

/// Fills `buffer` from `offset` on, until it or the file ends.
fn read_to_end(file: &File, buffer: &mut [u8], offset: usize) -> Result<usize, Refusal> {
    let mut length = 0;
    while offset + length < buffer.len() {
        match read_at(file, &mut buffer[offset + length..], offset + length)? {
            0 => break,
            count => length += count,
        }
    }
    Ok(length)
}
