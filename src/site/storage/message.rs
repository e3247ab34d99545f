//! What is asked of a helper, and what it tells: a frame each, with a head by
//! postcard and a payload as it is.

use crate::http::message::{Field, Headers, Method, Request, Target, Version};
use bytes::Bytes;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use std::io::{self, Read, Write};

/// The longest frame that is taken, in bytes: far above any page.
const LONGEST: u64 = 1 << 30;

/// What is asked.
#[derive(Debug, Serialize, Deserialize)]
pub(super) enum Ask {
    /// A response to a GET or HEAD, of which this is what a site looks at.
    Respond { is_head: bool, path: String, query: Option<String>, fields: Vec<(String, Vec<u8>)> },
    /// A piece of a file that a response named.
    Read { file: FileOf, offset: u64, most: u32 },
}

/// A file that was opened to be served: where it was, and which one it was.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct FileOf {
    pub(super) path: Vec<u8>,
    pub(super) device: u64,
    pub(super) inode: u64,
}

/// What is told.
#[derive(Debug, Serialize, Deserialize)]
pub(super) enum Told {
    Response {
        status: u16,
        headers: Vec<u8>,
        resource: Option<String>,
        body: ToldBody,
    },
    /// The payload is the piece; empty: the file ends before it.
    Piece,
    Failed,
}

#[derive(Debug, Serialize, Deserialize)]
pub(super) enum ToldBody {
    /// It is the payload.
    Payload,
    /// It is to be read.
    File { file: FileOf, offset: u64, length: u64 },
}

impl Ask {
    /// Everything of `request` that a site looks at, as something that lasts.
    pub(super) fn respond(request: &Request<'_>) -> Self {
        Self::Respond {
            is_head: request.method == Method::Head,
            path: request.target.path.to_owned(),
            query: request.target.query.map(str::to_owned),
            fields: request.headers.iter().map(|field| (field.name.to_owned(), field.value.to_owned())).collect(),
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

/// Reads one frame, whose first bytes `lengths` were read already.
pub(super) fn read_behind<T: DeserializeOwned>(lengths: [u8; 12], from: &mut impl Read) -> io::Result<(T, Bytes)> {
    let [a, b, c, d, payload @ ..] = lengths;
    let (head, payload) = (u64::from(u32::from_ne_bytes([a, b, c, d])), u64::from_ne_bytes(payload));
    if head.max(payload) > LONGEST {
        return Err(io::ErrorKind::InvalidData.into());
    }
    let mut bytes = vec![0; head as usize];
    from.read_exact(&mut bytes)?;
    let head = postcard::from_bytes(&bytes).map_err(io::Error::other)?;
    let mut bytes = vec![0; payload as usize];
    from.read_exact(&mut bytes)?;
    Ok((head, bytes.into()))
}

/// Reads one frame.
pub(super) fn read<T: DeserializeOwned>(from: &mut impl Read) -> io::Result<(T, Bytes)> {
    let mut lengths = [0; 12];
    from.read_exact(&mut lengths)?;
    read_behind(lengths, from)
}
