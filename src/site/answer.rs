//! From a chosen file to its answer: conditions, range, header fields, body.

use super::conditions::{Validators, Verdict};
use super::range::{Part, part};
use super::representation::Coding;
use super::root::Refusal;
use crate::handler::{Body, Reply};
use crate::http::date::HttpDate;
use crate::http::message::{HeaderBlock, Method, Request, StatusCode};
use rustix::fs::Stat;
use std::borrow::Cow;
use std::fs::File;
use std::io::ErrorKind;
use std::os::unix::fs::FileExt;
use std::time::SystemTime;

/// Up to this size, in octets, a file is read and leaves in one piece with its
/// head; above, the kernel moves it.
const SMALL: u64 = 8 * 1024;

/// The file that stands for what was asked for.
pub(super) struct Representation {
    pub(super) media_type: Cow<'static, str>,
    pub(super) coding: Option<Coding>,
    /// Whether another request could get another file for the same path.
    pub(super) varies: bool,
    pub(super) file: File,
    pub(super) state: Stat,
}

/// The answer that `representation` makes to `request`.
pub(super) fn with(
    representation: Representation,
    request: &Request<'_>,
    cache_control: &str,
) -> Result<Reply, Refusal> {
    let now = HttpDate::from_system(SystemTime::now());
    let size = representation.state.st_size.unsigned_abs();
    let validators = Validators::of(&representation.state, now);
    let state_fields = |rest: &[(&str, &str)]| {
        let modified = validators.modified.map(|date| date.to_string());
        let mut fields: Vec<(&str, &str)> = rest.to_vec();
        fields.extend(modified.as_deref().map(|date| ("Last-Modified", date)));
        fields.extend([("ETag", validators.etag.as_str()), ("Cache-Control", cache_control)]);
        fields.extend(representation.varies.then_some(("Vary", "Accept-Encoding")));
        HeaderBlock::of(&fields)
    };
    match validators.judge(&request.headers) {
        Verdict::Proceed => {}
        Verdict::NotModified => return Ok(Reply::new(StatusCode::NOT_MODIFIED, state_fields(&[]), Body::EMPTY)),
        Verdict::Failed => {
            let sentence = "The file is not in the state that the request's conditions name.";
            return Ok(Reply::error(StatusCode::PRECONDITION_FAILED, sentence));
        }
    }

    let part = match request.headers.only("range") {
        Some(range) if request.method == Method::Get && validators.allow_range(&request.headers, now) => {
            part(range, size)
        }
        _ => Part::Whole,
    };
    let mut fields = vec![("Content-Type", representation.media_type.as_ref()), ("Accept-Ranges", "bytes")];
    fields.extend(representation.coding.map(|coding| ("Content-Encoding", coding.name())));
    match part {
        Part::Whole => Ok(Reply::new(StatusCode::OK, state_fields(&fields), body(representation.file, 0, size)?)),
        Part::Of { offset, length } => {
            let content_range = format!("bytes {offset}-{}/{size}", offset + length - 1);
            fields.push(("Content-Range", &content_range));
            let body = body(representation.file, offset, length)?;
            Ok(Reply::new(StatusCode::PARTIAL_CONTENT, state_fields(&fields), body))
        }
        Part::Unsatisfiable => {
            let sentence = "The range begins behind the end of the file.";
            Ok(Reply::error(StatusCode::RANGE_NOT_SATISFIABLE, sentence)
                .with("Content-Range", &format!("bytes */{size}")))
        }
    }
}

/// This part of the file: a small one is read now, and promised at the length
/// that was really there.
pub(super) fn body(file: File, offset: u64, length: u64) -> Result<Body, Refusal> {
    if length > SMALL {
        return Ok(Body::File { file, offset, length });
    }
    let mut octets = vec![0; length as usize];
    let mut filled = 0;
    while filled < octets.len() {
        match file.read_at(&mut octets[filled..], offset + filled as u64) {
            // It shrank since it was measured: the connection sees that and ends.
            Ok(0) => return Ok(Body::File { file, offset, length }),
            Ok(count) => filled += count,
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(_) => return Err(Refusal::Failed),
        }
    }
    Ok(Body::Bytes(octets.into()))
}
