//! Requests to a helper, and its replies: a frame each, with a head in postcard and
//! a payload as it is.

use crate::handler::Refused;
use crate::http::message::{Field, Headers, Method, Request, Target, Version};
use crate::site::listing::{Budget, MOST_OF_PAGES, Share};
use bytes::Bytes;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use std::io::{self, Read, Write};
use std::sync::Arc;

/// The longest head of a frame that is taken, in bytes: a request's or a response's fields and a path, and more.
const LONGEST_HEAD: usize = 256 * 1024;
/// The longest payload: a page as long as all pages may be.
const LONGEST: usize = MOST_OF_PAGES;
/// The longest payload that is taken without a share of the pages' memory: a
/// piece of a file, of which each connection has one.
const LONGEST_PIECE: usize = 128 * 1024;

/// What is asked.
#[derive(Debug, Serialize, Deserialize)]
pub(super) enum Ask {
    /// A response to a GET or HEAD, of which this is what a site looks at. The
    /// file that it names is kept open under the number of this lease.
    Respond { is_head: bool, path: String, query: Option<String>, fields: Vec<(String, Vec<u8>)>, lease: Option<u64> },
    /// A piece of a file that a response named.
    Read { lease: u64, file: FileOf, offset: u64, most: u32 },
    /// These leases are over: their files are closed, and nothing is replied.
    Release { leases: Vec<u64> },
}

/// A file that was opened to be served: where it was, and which one it was.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct FileOf {
    pub(super) path: Vec<u8>,
    pub(super) device: u64,
    /// Its size, and when it was modified and changed, in seconds and nanoseconds.
    pub(super) state: [i64; 5],
}

impl FileOf {
    /// Whether `found` is it, unchanged. Its number says nothing: a file system may give a deleted file's to
    /// the next one, and the same file another one (sshfs, by the kernel's leave to forget it).
    pub(super) fn is(&self, found: &Self) -> bool {
        self.device == found.device && self.state == found.state
    }
}

/// What a helper replies.
#[derive(Debug, Serialize, Deserialize)]
pub(super) enum HelperResponse {
    Response {
        status: u16,
        headers: Vec<u8>,
        resource: Option<String>,
        refused: Option<Refused>,
        body: HelperBody,
    },
    /// The payload is the piece; empty: the file ends before it.
    Piece,
    Failed,
}

#[derive(Debug, Serialize, Deserialize)]
pub(super) enum HelperBody {
    /// It is the payload.
    Payload,
    /// It is to be read.
    File { file: FileOf, offset: u64, length: u64 },
}

impl Ask {
    /// The listing of the folder that `request` is for.
    pub(super) fn list(request: &Request<'_>) -> Self {
        let (path, query) = (request.target.path.to_owned(), request.target.query.map(str::to_owned));
        Self::Respond { is_head: false, path, query, fields: Vec::new(), lease: None }
    }

    /// Everything of `request` that a site looks at, as something that lasts.
    pub(super) fn respond(request: &Request<'_>, lease: u64) -> Self {
        Self::Respond {
            is_head: request.method == Method::Head,
            path: request.target.path.to_owned(),
            query: request.target.query.map(str::to_owned),
            fields: request.headers.iter().map(|field| (field.name.to_owned(), field.value.to_owned())).collect(),
            lease: Some(lease),
        }
    }
}

/// Lets `respond` have the request that was asked: its inverse.
pub(super) fn with_request<T>(
    is_head: bool,
    path: &str,
    query: Option<&str>,
    fields: &[(String, Vec<u8>)],
    respond: impl FnOnce(&Request<'_>) -> T,
) -> T {
    let fields: Vec<Field<'_>> = fields.iter().map(|(name, value)| Field { name, value }).collect();
    respond(&Request {
        line: b"",
        method: if is_head { Method::Head } else { Method::Get },
        target: Target { path, query },
        version: Version::Http10,
        headers: Headers::new(&fields),
        host: None, // who may ask was judged before
        content_length: 0,
        body: &[],
    })
}

/// Writes one frame.
pub(super) fn write<T: Serialize>(to: &mut impl Write, head: &T, payload: &[u8]) -> io::Result<()> {
    let head = postcard::to_stdvec(head).map_err(io::Error::other)?;
    let mut frame = Vec::with_capacity(12 + head.len());
    frame.extend((head.len() as u32).to_ne_bytes());
    frame.extend((payload.len() as u64).to_ne_bytes());
    frame.extend(head);
    to.write_all(&frame)?;
    to.write_all(payload)
}

/// Reads one frame, whose first bytes `lengths` were read already. A payload of
/// some size takes its share of `budget`, and gives it back when it is dropped;
/// where there is none left, that is an error (OutOfMemory). What is allocated
/// is bounded by constants here, whatever the other end says.
pub(super) fn read_behind<T: DeserializeOwned>(
    lengths: [u8; 12],
    from: &mut impl Read,
    budget: Option<&Arc<Budget>>,
) -> io::Result<(T, Bytes)> {
    let [a, b, c, d, payload @ ..] = lengths;
    let (head, payload) = (u32::from_ne_bytes([a, b, c, d]) as usize, u64::from_ne_bytes(payload));
    let payload = usize::try_from(payload).unwrap_or(usize::MAX);
    if head > LONGEST_HEAD || payload > LONGEST {
        return Err(io::ErrorKind::InvalidData.into());
    }
    let head = postcard::from_bytes(&exactly(head, from)?).map_err(io::Error::other)?;
    if payload <= LONGEST_PIECE {
        return Ok((head, exactly(payload, from)?.into()));
    }
    let mut share = budget.ok_or(io::ErrorKind::InvalidData)?.share();
    if !share.resize(payload) {
        return Err(io::ErrorKind::OutOfMemory.into());
    }
    Ok((head, Bytes::from_owner(Payload { bytes: exactly(payload, from)?, _share: share })))
}

fn exactly(count: usize, from: &mut impl Read) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    bytes.try_reserve_exact(count).map_err(|_| io::ErrorKind::OutOfMemory)?;
    bytes.resize(count, 0);
    from.read_exact(&mut bytes)?;
    Ok(bytes)
}

/// A payload, and its share of the pages' memory.
struct Payload {
    bytes: Vec<u8>,
    _share: Share,
}

impl AsRef<[u8]> for Payload {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

/// Reads one frame.
pub(super) fn read<T: DeserializeOwned>(from: &mut impl Read, budget: &Arc<Budget>) -> io::Result<(T, Bytes)> {
    let mut lengths = [0; 12];
    from.read_exact(&mut lengths)?;
    read_behind(lengths, from, Some(budget))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(payload: &[u8]) -> Vec<u8> {
        let mut frame = Vec::new();
        write(&mut frame, &HelperResponse::Piece, payload).expect("written");
        frame
    }

    #[test]
    fn a_page_has_its_share_of_the_budget_and_a_piece_needs_none() {
        let budget = Budget::new();
        let (_, page) =
            read::<HelperResponse>(&mut &frame(&vec![b'x'; LONGEST_PIECE + 1])[..], &budget).expect("a page");
        let mut rest = budget.share();
        assert!(rest.resize(MOST_OF_PAGES - page.len()) && !rest.resize(MOST_OF_PAGES - page.len() + 1));
        let refused =
            read::<HelperResponse>(&mut &frame(&vec![b'x'; LONGEST_PIECE + 1])[..], &budget).expect_err("no room");
        assert_eq!(refused.kind(), io::ErrorKind::OutOfMemory);
        let (_, piece) = read::<HelperResponse>(&mut &frame(&vec![b'x'; LONGEST_PIECE])[..], &budget).expect("a piece");
        assert_eq!(piece.len(), LONGEST_PIECE);
        drop(page);
        assert!(rest.resize(MOST_OF_PAGES), "it was given back");
    }

    #[test]
    fn a_file_is_known_by_its_whole_state() {
        let file = FileOf { path: b"/f".to_vec(), device: 1, state: [3, 4, 5, 6, 7] };
        assert!(file.is(&file));
        for index in 0..5 {
            let mut replaced = file.clone();
            replaced.state[index] += 1;
            assert!(!file.is(&replaced), "{replaced:?}");
        }
        assert!(!file.is(&FileOf { device: 2, ..file.clone() }));
    }

    #[test]
    fn nothing_is_allocated_on_a_word_alone() {
        for (head, payload) in [(1_u32 << 30, 0_u64), (0, MOST_OF_PAGES as u64 + 1), (0, u64::MAX), (u32::MAX, 1)] {
            let lengths = [&head.to_ne_bytes()[..], &payload.to_ne_bytes()].concat();
            let error = read::<HelperResponse>(&mut &lengths[..], &Budget::new()).expect_err("too long");
            assert_eq!(error.kind(), io::ErrorKind::InvalidData, "{head} {payload}");
        }
    }
}
