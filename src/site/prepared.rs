//! From a chosen file to its response: conditions, range, header fields, body.

use super::conditions::{Validators, Verdict};
use super::content::{Content, begins_as_utf_8};
use super::options::SiteOptions;
use super::range::{Part, part};
use super::refused::{out_of_range, precondition_failed};
use super::representation::Coding;
use super::root::Refusal;
use super::source::Source;
use super::tags::Tags;
use super::types::{Named, is_text};
use super::version::Version;
use crate::handler::{Body, Response};
use crate::http::date::HttpDate;
use crate::http::field;
use crate::http::message::{HeaderBlock, Headers, Method, Request, StatusCode};
use crate::language::Language;
use bytes::Bytes;
use rustix::fs::Stat;
use std::borrow::Cow;
use std::fs::File;
use std::sync::Arc;
use std::time::SystemTime;

/// After how many seconds without a change a file is taken to be at rest.
const AT_REST: i64 = 10;

/// The file that stands for what was asked for.
pub(super) struct Representation<'a> {
    /// Its path below the root.
    pub(super) name: Arc<str>,
    /// The `Content-Type`.
    pub(super) media_type: Cow<'static, str>,
    pub(super) coding: Option<Coding>,
    pub(super) cache_control: &'a str,
    /// Whether another request could get another file for the same path.
    pub(super) varies: bool,
    pub(super) file: Opened,
}

/// An open file, and what is known of it.
pub(super) struct Opened {
    pub(super) source: Source,
    pub(super) state: Stat,
    /// Whether there is as much of it as was measured.
    is_as_measured: bool,
    /// Whether a later change will be seen.
    is_settled: bool,
    /// What its bytes say, once they all were read.
    content: Option<Content>,
    opened: SystemTime,
}

/// A representation made ready: what its responses have in common is written once.
#[derive(Debug)]
pub(super) struct Prepared {
    name: Arc<str>,
    validators: Validators,
    /// The fields of a response that bears the file, and of a 304.
    whole: HeaderBlock,
    not_modified: HeaderBlock,
    source: Source,
    /// How many bytes there are, where that is known.
    size: Option<u64>,
    /// Whether that is what was measured: then parts of it can be had.
    has_ranges: bool,
    may_be_kept: bool,
    language: Language,
    /// What its bytes say, if they all were read.
    content: Option<Content>,
    /// Where the tag of the content will be known, if it was not yet.
    late: Option<Box<Late>>,
}

/// Bytes that were a file, and what they say.
#[derive(Debug)]
pub(super) struct Hashed {
    bytes: Bytes,
    content: Content,
}

/// A content that is being read, for every event loop.
#[derive(Debug)]
struct Late {
    version: Version,
    tags: Arc<Tags>,
}

impl Opened {
    /// What there is to know of `file`, opened a moment ago in this state; a
    /// small one is read now. One whose bytes are the `known` ones says what they said.
    pub(super) fn new(file: &Arc<File>, state: Stat, tags: &Tags, known: Option<Hashed>) -> Result<Self, Refusal> {
        let opened = SystemTime::now();
        let version = Version::of(&state);
        let is_settled = version.is_settled(opened, file);
        let source = Source::of(file, version.size, is_at_rest(&state, HttpDate::from_system(opened)))?;
        let is_as_measured = source.length(version.size) == Some(version.size);
        let content = match &source {
            Source::Memory(bytes) => Some(match known {
                Some(known) if known.bytes == bytes => known.content,
                _ => Content::of(bytes),
            }),
            Source::File { .. } if is_settled => tags.of(version, file),
            Source::File { .. } | Source::Unmeasured { .. } => None,
        };
        Ok(Self { source, state, is_as_measured, is_settled, content, opened })
    }

    /// The `Content-Type` of this file where its name says `named`: a charset
    /// only if it is seen to be right.
    pub(super) fn media_type(&self, named: Named) -> Result<(Cow<'static, str>, Option<Coding>), Refusal> {
        if !named.wants_a_look() {
            return Ok((Cow::Borrowed(named.media_type(b"")), None));
        }
        let beginning = self.source.beginning()?;
        let media_type = named.media_type(&beginning);
        let is_utf_8 = self.content.map_or_else(|| begins_as_utf_8(&beginning), |content| content.is_utf_8);
        let media_type = match is_text(media_type) && is_utf_8 {
            true => Cow::Owned(format!("{media_type}; charset=utf-8")),
            false => Cow::Borrowed(media_type),
        };
        Ok((media_type, named.coding(&beginning)))
    }

    /// All of it, for a response without conditions.
    pub(super) fn whole(&self) -> Body {
        let measured = self.state.st_size.unsigned_abs();
        self.source.body(0, self.source.length(measured).unwrap_or(u64::MAX))
    }

    fn validators(&self) -> Validators {
        let version = Version::of(&self.state);
        if !self.is_as_measured {
            return Validators::NONE; // what stat(2) says of it is not so
        }
        let is_large = matches!(self.source, Source::File { .. });
        let of_version = (is_large && self.is_settled).then(|| version.tag());
        Validators::of(&self.state, self.opened, self.content.map(|content| content.tag()), of_version)
    }
}

impl Prepared {
    /// Makes `representation` ready.
    pub(super) fn new(representation: Representation<'_>, options: &SiteOptions, tags: &Arc<Tags>) -> Self {
        let Representation { name, media_type, coding, cache_control, varies, file } = representation;
        let validators = file.validators();
        let mut common: Vec<(&str, &str)> = Vec::with_capacity(8);
        common.extend(validators.last_modified.as_deref().map(|date| (field::LAST_MODIFIED, date)));
        common.extend(validators.tag().map(|tag| (field::ETAG, tag)));
        common.push((field::CACHE_CONTROL, cache_control));
        common.extend(varies.then_some((field::VARY, "Accept-Encoding")));
        let mut fields = vec![(field::CONTENT_TYPE, media_type.as_ref())];
        fields.extend(file.is_as_measured.then_some((field::ACCEPT_RANGES, "bytes")));
        fields.extend(coding.map(|coding| (field::CONTENT_ENCODING, coding.name())));
        fields.extend_from_slice(&common);
        let (whole, not_modified) = (HeaderBlock::of(&fields), HeaderBlock::of(&common));
        let measured = file.state.st_size.unsigned_abs();
        let size = file.source.length(measured);
        // Files of no size may be /proc's: their times say nothing either.
        let may_be_kept = file.is_settled && file.is_as_measured && measured > 0;
        let (has_ranges, language) = (file.is_as_measured, options.language);
        let is_late = matches!(file.source, Source::File { .. }) && may_be_kept && file.content.is_none();
        let late = is_late.then(|| Box::new(Late { version: Version::of(&file.state), tags: Arc::clone(tags) }));
        let (source, content) = (file.source, file.content);
        Self { name, whole, not_modified, source, size, validators, has_ranges, may_be_kept, language, content, late }
    }

    /// Whether it may stand for its file as long as that is in the same version.
    pub(super) fn may_be_kept(&self) -> bool {
        self.may_be_kept
    }

    /// The bytes that it holds, to compare with the file when that is read anew.
    pub(super) fn hashed(&self) -> Option<Hashed> {
        match (&self.source, self.content) {
            (Source::Memory(bytes), Some(content)) => Some(Hashed { bytes: bytes.clone(), content }),
            _ => None,
        }
    }

    /// Whether the tag of the content has become known since it was made: then every event loop says it.
    pub(super) fn is_overtaken(&self) -> bool {
        self.late.as_ref().is_some_and(|late| late.tags.known(&late.version).is_some())
    }

    /// Bytes of memory that it holds, roughly.
    pub(super) fn bytes(&self) -> usize {
        let body = match &self.source {
            Source::Memory(bytes) => bytes.len(),
            Source::File { .. } | Source::Unmeasured { .. } => 0,
        };
        body + self.whole.as_bytes().len() + self.not_modified.as_bytes().len() + size_of::<Self>()
    }

    /// Whether it holds a descriptor.
    pub(super) fn is_open(&self) -> bool {
        matches!(self.source, Source::File { .. })
    }

    /// The response to `request`.
    pub(super) fn response(&self, request: &Request<'_>) -> Response {
        self.judged(request).made_from(Arc::clone(&self.name))
    }

    fn judged(&self, request: &Request<'_>) -> Response {
        let validators = self.validators(&request.headers);
        match validators.judge(&request.headers) {
            Verdict::Proceed => {}
            Verdict::NotModified => {
                return Response::new(StatusCode::NOT_MODIFIED, self.not_modified.clone(), Body::EMPTY);
            }
            Verdict::Failed => {
                return precondition_failed(self.language);
            }
        }
        let size = self.size.unwrap_or(u64::MAX); // unmeasured: the end of the connection says
        match self.part(request, &validators) {
            Part::Whole => Response::new(StatusCode::OK, self.whole.clone(), self.source.body(0, size)),
            Part::Of { offset, length } => {
                let content_range = format!("bytes {offset}-{}/{size}", offset + length - 1);
                let mut headers = self.whole.with(field::CONTENT_RANGE, &content_range);
                if let Some(tag) = self.validators.other_tag(&request.headers) {
                    headers = headers.with_only(field::ETAG, tag);
                }
                Response::new(StatusCode::PARTIAL_CONTENT, headers, self.source.body(offset, length))
            }
            Part::Unsatisfiable => out_of_range(size, self.language),
        }
    }

    /// What conditions are judged by: with the tag of the content as soon as any
    /// event loop has asked for it, for a client may have it from there.
    fn validators(&self, headers: &Headers<'_>) -> Cow<'_, Validators> {
        let late = self.late.as_ref().filter(|_| Validators::may_be_named(headers));
        match late.and_then(|late| late.tags.known(&late.version)) {
            Some(content) => Cow::Owned(self.validators.with_content(content.tag())),
            None => Cow::Borrowed(&self.validators),
        }
    }

    fn part(&self, request: &Request<'_>, validators: &Validators) -> Part {
        match (request.headers.only("range"), self.size) {
            (Some(range), Some(size))
                if request.method == Method::Get && self.has_ranges && validators.allow_range(&request.headers) =>
            {
                part(range, size)
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
