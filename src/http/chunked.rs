//! The chunked coding, undone (RFC 9112 §7.1).
//!
//! A decoder eats the framing between the data and hands out the data as
//! slices of what it was given. It keeps no bytes, so its memory is constant:
//! a trailer section alone is left with the caller until it is whole.

use super::client::response_error::ResponseError;

/// The longest line of a chunk's size, extensions included, in bytes.
pub const MAX_LINE: usize = 4 * 1024;
/// The longest trailer section, in bytes.
pub const MAX_TRAILER: usize = 32 * 1024;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Position {
    /// Within the digits of a size: the number so far, and how long the line is.
    Size {
        size: u64,
        line: usize,
    },
    /// Behind the digits: extensions, which are dropped, up to a CR.
    Extension {
        size: u64,
        line: usize,
        is_quiet: bool,
    },
    /// Behind that CR.
    SizeEnd {
        size: u64,
    },
    /// Within data, so much of it to come.
    Data(u64),
    /// Behind data: its CR, then its LF.
    DataCr,
    DataLf,
    Trailer,
}

/// What a step of decoding found.
///
/// Exhaustive on purpose: a caller that ignores one of them loses part of a body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Piece {
    /// Framing was eaten, or more bytes are needed.
    Nothing,
    /// The bytes used are data.
    Data,
    /// What was not used begins with the trailer section.
    Trailer,
}

/// Undoes the chunked coding of one body.
#[derive(Clone, Copy, Debug)]
pub struct Decoder(Position);

impl Default for Decoder {
    /// A decoder at a body's beginning.
    fn default() -> Self {
        Self(Position::Size { size: 0, line: 0 })
    }
}

impl Decoder {
    /// Takes bytes: how many were used, and what they were. The bytes used are
    /// all framing or all data.
    ///
    /// # Errors
    /// What is wrong with the framing.
    pub fn decode(&mut self, input: &[u8]) -> Result<(usize, Piece), ResponseError> {
        if let Position::Data(left) = self.0 {
            let used = left.min(input.len() as u64);
            self.0 = if used == left { Position::DataCr } else { Position::Data(left - used) };
            return Ok((used as usize, Piece::Data));
        }
        for (used, &byte) in input.iter().enumerate() {
            match self.0 {
                Position::Data(_) => return Ok((used, Piece::Nothing)),
                Position::Trailer => return Ok((used, Piece::Trailer)),
                state => self.0 = step(state, byte)?,
            }
        }
        Ok((input.len(), if self.0 == Position::Trailer { Piece::Trailer } else { Piece::Nothing }))
    }
}

/// One byte of framing.
fn step(state: Position, byte: u8) -> Result<Position, ResponseError> {
    match (state, byte) {
        (Position::Size { line: MAX_LINE, .. } | Position::Extension { line: MAX_LINE, .. }, _) => {
            Err(ResponseError::ChunkLineTooLong)
        }
        (Position::Size { size, line }, byte) => match (byte as char).to_digit(16) {
            Some(_) if size >> 60 != 0 => Err(ResponseError::ChunkTooLarge),
            Some(digit) => Ok(Position::Size { size: size << 4 | u64::from(digit), line: line + 1 }),
            None if line == 0 => Err(ResponseError::ChunkSize),
            None => match byte {
                b'\r' => Ok(Position::SizeEnd { size }),
                b';' => Ok(Position::Extension { size, line, is_quiet: false }),
                // Spaces behind the size: some servers pad it.
                b' ' | b'\t' => Ok(Position::Extension { size, line, is_quiet: true }),
                // The size is one; its line ends in another way than by CRLF. A bare LF would be
                // a line end to some and text to others (RFC 9112 §2.2).
                b'\n' => Err(ResponseError::ChunkLineLf),
                _ if byte < b' ' || byte == 0x7f => Err(ResponseError::ChunkLine),
                _ => Err(ResponseError::ChunkSize),
            },
        },
        (Position::Extension { size, .. }, b'\r') => Ok(Position::SizeEnd { size }),
        (Position::Extension { size, line, is_quiet }, byte) => match byte {
            b' ' | b'\t' => Ok(Position::Extension { size, line: line + 1, is_quiet }),
            b';' => Ok(Position::Extension { size, line: line + 1, is_quiet: false }),
            b'\n' => Err(ResponseError::ChunkLineLf),
            _ if is_quiet || byte < b' ' || byte == 0x7f => Err(ResponseError::ChunkLine),
            _ => Ok(Position::Extension { size, line: line + 1, is_quiet }),
        },
        (Position::SizeEnd { size: 0 }, b'\n') => Ok(Position::Trailer),
        (Position::SizeEnd { size }, b'\n') => Ok(Position::Data(size)),
        (Position::SizeEnd { .. }, _) => Err(ResponseError::ChunkLine),
        (Position::DataCr, b'\r') => Ok(Position::DataLf),
        (Position::DataLf, b'\n') => Ok(Position::Size { size: 0, line: 0 }),
        (Position::DataCr, b'\n') => Err(ResponseError::ChunkEndLf),
        (Position::DataCr | Position::DataLf, _) => Err(ResponseError::ChunkEnd),
        (Position::Data(_) | Position::Trailer, _) => Ok(state),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The data of `wire` cut in pieces of `size`, and what stands behind the last chunk.
    fn decoded(wire: &[u8], size: usize) -> Result<(Vec<u8>, Vec<u8>), ResponseError> {
        let (mut decoder, mut data) = (Decoder::default(), Vec::new());
        let mut at = 0;
        while at < wire.len() {
            let input = &wire[at..wire.len().min(at + size)];
            let (used, piece) = decoder.decode(input)?;
            at += used;
            match piece {
                Piece::Data => data.extend_from_slice(&input[..used]),
                Piece::Trailer => return Ok((data, wire[at..].to_vec())),
                Piece::Nothing => {}
            }
        }
        Ok((data, vec![]))
    }

    #[test]
    fn the_coding_is_undone_however_it_is_cut() {
        let wire = b"4\r\nWiki\r\n00A ;x=\"a;b\";y\r\n in\r\n\r\nchu\r\n6 \r\nnks.\r\n\r\n0\r\nA: b\r\n\r\n";
        let expected = (b"Wiki in\r\n\r\nchunks.\r\n".to_vec(), b"A: b\r\n\r\n".to_vec());
        for size in 1..=wire.len() {
            assert_eq!(decoded(wire, size).as_ref(), Ok(&expected), "pieces of {size}");
        }
    }

    #[test]
    fn errors_are_told_apart() {
        let endless = format!("1;{}", "x".repeat(MAX_LINE));
        let digits = "0".repeat(MAX_LINE + 1);
        for (wire, expected) in [
            ("x\r\n", ResponseError::ChunkSize),
            ("\r\n", ResponseError::ChunkSize),
            ("-1\r\n", ResponseError::ChunkSize),
            ("0x5\r\n", ResponseError::ChunkSize),
            ("10000000000000000\r\n", ResponseError::ChunkTooLarge),
            ("5\nhello\r\n", ResponseError::ChunkLineLf),
            ("0\n\n", ResponseError::ChunkLineLf),
            ("\n5\r\n", ResponseError::ChunkSize),
            ("5;a\nhello\r\n", ResponseError::ChunkLineLf),
            ("5 \nhello\r\n", ResponseError::ChunkLineLf),
            ("5\0\r\nhello\r\n", ResponseError::ChunkLine),
            ("5 5\r\n", ResponseError::ChunkLine),
            ("5\rhello", ResponseError::ChunkLine),
            ("3\r\nhello\r\n", ResponseError::ChunkEnd),
            ("5\r\nhello\n0\r\n", ResponseError::ChunkEndLf),
            ("5\r\nhello\r0\r\n", ResponseError::ChunkEnd),
            (&endless, ResponseError::ChunkLineTooLong),
            (&digits, ResponseError::ChunkLineTooLong),
        ] {
            for size in [1, 3, wire.len()] {
                assert_eq!(decoded(wire.as_bytes(), size), Err(expected), "{wire:?}");
            }
        }
    }
}
