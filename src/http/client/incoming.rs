//! Bytes of a response, taken apart: what they are, and how many. No state of the machine is changed here.

use super::response_error::ResponseError;
use super::state::Body;
use super::step::Received;
use crate::http::chunked::{Decoder, MAX_TRAILER, Piece};
use crate::http::message::{Framing, Headers, ReceivedHead, ResponseFraming};
use crate::http::parse::fields::{FieldLines, Section};
use crate::http::parse::response::{self, Lines, MAX_HEAD};

/// A whole head and its length, once it is there.
pub(super) fn head<'r, 'b: 'r>(
    lines: &mut Lines,
    input: &'b [u8],
    head_only: bool,
    storage: &'r mut FieldLines<'b>,
) -> Result<Option<(usize, ReceivedHead<'r>)>, ResponseError> {
    let head = &input[..input.len().min(MAX_HEAD)];
    let had_line = lines.start > 0;
    let end = lines.section_end(head);
    if !had_line && lines.start > 0 {
        response::first_line(head)?; // known before the rest
    }
    match end {
        Some(end) => Ok(Some((end, response::head(&head[..end], head_only, storage)?))),
        None if head.len() == MAX_HEAD => Err(ResponseError::HeadTooLarge),
        None => Ok(None),
    }
}

/// The body that this framing announces; `None`: none, or one of no bytes.
pub(super) fn begin_body(framing: ResponseFraming) -> Result<Option<Body>, ResponseError> {
    match framing {
        ResponseFraming::NoBody | ResponseFraming::Plain(Framing::Length(0)) => Ok(None),
        ResponseFraming::Plain(Framing::Length(promised)) => Ok(Some(Body::Length { promised, left: promised })),
        ResponseFraming::Plain(Framing::UntilClose) => Ok(Some(Body::UntilClose { ended: false })),
        ResponseFraming::Chunked => Ok(Some(Body::Chunked(Decoder::default()))),
        ResponseFraming::Unknown(error) => Err(error),
    }
}

/// How many bytes belong to the body, and whether they are data.
pub(super) fn body(body: &mut Body, input: &[u8]) -> Result<(usize, bool), ResponseError> {
    Ok(match body {
        Body::Length { left, .. } => {
            let used = (*left).min(input.len() as u64);
            *left -= used;
            (used as usize, true)
        }
        Body::UntilClose { .. } => (input.len(), true),
        Body::Trailer | Body::BareRest => (0, false),
        Body::Chunked(decoder) => {
            let (used, piece) = decoder.decode(input)?;
            if piece == Piece::Trailer {
                *body = Body::Trailer;
            }
            (used, piece == Piece::Data)
        }
    })
}

/// What stands behind the last chunk, if anything does, and its length, once it is there.
pub(super) fn trailers<'r, 'b: 'r>(
    lines: &mut Lines,
    input: &'b [u8],
    storage: &'r mut FieldLines<'b>,
) -> Result<Option<(usize, Option<Received<'r>>)>, ResponseError> {
    let section = &input[..input.len().min(MAX_TRAILER)];
    let Some(end) = lines.section_end(section) else {
        return if section.len() == MAX_TRAILER { Err(ResponseError::Trailer) } else { Ok(None) };
    };
    storage.read(&section[..end], Section::Trailer, 0).map_err(|_| ResponseError::Trailer)?;
    let FieldLines { fields, dropped } = storage;
    let is_empty = fields.is_empty() && dropped.is_empty();
    Ok(Some((end, (!is_empty).then_some(Received::Trailers { fields: Headers::new(fields), dropped }))))
}
