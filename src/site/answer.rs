//! From a chosen file to its answer: conditions, range, header fields, body.

use super::conditions::{Validators, Verdict};
use super::range::{Part, part};
use super::representation::Coding;
use super::root::Refusal;
use crate::handler::{Body, Reply};
use crate::http::date::HttpDate;
use crate::http::message::{HeaderBlock, Method, Request, StatusCode};
use bytes::Bytes;
use rustix::fs::Stat;
use std::borrow::Cow;
use std::fs::File;
use std::io::ErrorKind;
use std::os::unix::fs::FileExt;
use std::sync::Arc;
use std::time::SystemTime;

/// Up to this size, in octets, a file is read and leaves in one piece with its
/// head; above, the kernel moves it.
const SMALL: u64 = 16 * 1024;

/// After how many seconds without a change a file is taken to be at rest.
const AT_REST: i64 = 10;

/// The file that stands for what was asked for.
pub(super) struct Representation {
    /// Its path below the root.
    pub(super) name: Arc<str>,
    pub(super) media_type: Cow<'static, str>,
    pub(super) coding: Option<Coding>,
    /// Whether another request could get another file for the same path.
    pub(super) varies: bool,
    pub(super) file: Arc<File>,
    pub(super) state: Stat,
}

/// A representation made ready: what its answers have in common is written once.
#[derive(Debug)]
pub(super) struct Prepared {
    name: Arc<str>,
    validators: Validators,
    /// The fields of an answer that bears the file, and of a 304.
    whole: HeaderBlock,
    not_modified: HeaderBlock,
    source: Source,
    size: u64,
}

#[derive(Debug)]
enum Source {
    Memory(Bytes),
    File { file: Arc<File>, is_at_rest: bool },
}

impl Prepared {
    /// Makes `representation` ready; a small file is read now.
    pub(super) fn new(representation: Representation, cache_control: &str) -> Result<Self, Refusal> {
        let Representation { name, media_type, coding, varies, file, state } = representation;
        let size = state.st_size.unsigned_abs();
        let now = HttpDate::from_system(SystemTime::now());
        let validators = Validators::of(&state, now);
        let is_at_rest = is_at_rest(&state, now);
        let mut common: Vec<(&str, &str)> = Vec::with_capacity(8);
        common.extend(validators.last_modified.as_deref().map(|date| ("Last-Modified", date)));
        common.extend([("ETag", validators.etag.as_str()), ("Cache-Control", cache_control)]);
        common.extend(varies.then_some(("Vary", "Accept-Encoding")));
        let mut fields = vec![("Content-Type", media_type.as_ref()), ("Accept-Ranges", "bytes")];
        fields.extend(coding.map(|coding| ("Content-Encoding", coding.name())));
        fields.extend_from_slice(&common);
        let (whole, not_modified) = (HeaderBlock::of(&fields), HeaderBlock::of(&common));
        Ok(Self { name, whole, not_modified, source: Source::of(file, size, is_at_rest)?, size, validators })
    }

    /// Octets of memory that it holds, roughly.
    pub(super) fn octets(&self) -> usize {
        let body = match &self.source {
            Source::Memory(bytes) => bytes.len(),
            Source::File { .. } => 0,
        };
        body + self.whole.as_bytes().len() + self.not_modified.as_bytes().len() + size_of::<Self>()
    }

    /// Whether it holds a descriptor.
    pub(super) fn is_open(&self) -> bool {
        matches!(self.source, Source::File { .. })
    }

    /// The answer to `request`.
    pub(super) fn answer(&self, request: &Request<'_>) -> Reply {
        self.judged(request).made_from(Arc::clone(&self.name))
    }

    fn judged(&self, request: &Request<'_>) -> Reply {
        match self.validators.judge(&request.headers) {
            Verdict::Proceed => {}
            Verdict::NotModified => {
                return Reply::new(StatusCode::NOT_MODIFIED, self.not_modified.clone(), Body::EMPTY);
            }
            Verdict::Failed => {
                let sentence = "The file is not in the state that the request's conditions name.";
                return Reply::error(StatusCode::PRECONDITION_FAILED, sentence);
            }
        }
        match self.part(request) {
            Part::Whole => Reply::new(StatusCode::OK, self.whole.clone(), self.source.body(0, self.size)),
            Part::Of { offset, length } => {
                let content_range = format!("bytes {offset}-{}/{}", offset + length - 1, self.size);
                let headers = self.whole.with("Content-Range", &content_range);
                Reply::new(StatusCode::PARTIAL_CONTENT, headers, self.source.body(offset, length))
            }
            Part::Unsatisfiable => {
                let sentence = "The range begins behind the end of the file.";
                Reply::error(StatusCode::RANGE_NOT_SATISFIABLE, sentence)
                    .with("Content-Range", &format!("bytes */{}", self.size))
            }
        }
    }

    fn part(&self, request: &Request<'_>) -> Part {
        match request.headers.only("range") {
            Some(range)
                if request.method == Method::Get
                    && self.validators.allow_range(&request.headers, HttpDate::from_system(SystemTime::now())) =>
            {
                part(range, self.size)
            }
            _ => Part::Whole,
        }
    }
}

/// Whether the file has not changed for a while, so that nobody is likely to be
/// writing it now.
#[allow(clippy::unnecessary_cast)] // the field's type differs between systems
pub(super) fn is_at_rest(state: &Stat, now: HttpDate) -> bool {
    (now.unix() as i64).saturating_sub(state.st_ctime as i64) >= AT_REST
}

/// The whole of a file that has no conditions to meet.
pub(super) fn whole(file: Arc<File>, size: u64) -> Result<Body, Refusal> {
    Ok(Source::of(file, size, false)?.body(0, size))
}

impl Source {
    /// A small file is read now, at the length that it was measured at.
    fn of(file: Arc<File>, size: u64, is_at_rest: bool) -> Result<Self, Refusal> {
        if size > SMALL {
            return Ok(Self::File { file, is_at_rest });
        }
        let mut octets = vec![0; size as usize];
        match file.read_exact_at(&mut octets, 0) {
            Ok(()) => Ok(Self::Memory(octets.into())),
            // It shrank since it was measured: the connection will see that, and end.
            Err(error) if error.kind() == ErrorKind::UnexpectedEof => Ok(Self::File { file, is_at_rest }),
            Err(_) => Err(Refusal::Failed),
        }
    }

    fn body(&self, offset: u64, length: u64) -> Body {
        match self {
            Self::Memory(bytes) => Body::Bytes(bytes.slice(offset as usize..(offset + length) as usize)),
            Self::File { file, is_at_rest } => {
                Body::File { file: Arc::clone(file), offset, length, is_at_rest: *is_at_rest }
            }
        }
    }
}
