//! Bytes to a response: the client's side of parsing.
//!
//! A response's head is read when it is whole, and its status line as soon as
//! that has ended: the verdict depends on the bytes alone, and bytes that drip
//! in cost their own number. A client is more patient than a server: a head may
//! be 1 MiB, and a line may be folded (RFC 9112 §5.2).

use super::decimal;
use super::fields::{FieldLines, Section};
use super::foreign::Foreign;
use crate::http::client::response_error::ResponseError;
use crate::http::message::{Framing, Headers, ReceivedHead, ResponseFraming, StatusCode, Version};

/// The longest head of a response, in bytes, status line and blank line included.
pub const MAX_HEAD: usize = 1024 * 1024;

/// How long a first line may be that turns HTTP/0.9's bare body into a response with a head.
const MAX_STATUS_LINE: usize = 4 * 1024;

/// What every status line that is read here begins with.
const PREFIX: &[u8] = b"HTTP/";

/// Whether `bytes` begin a status line, as far as they go.
pub fn may_be_status_line(bytes: &[u8]) -> bool {
    let known = bytes.len().min(PREFIX.len());
    bytes[..known] == PREFIX[..known]
}

/// Reads a status line, its line end or none behind it (RFC 9112 §4). Nothing
/// need stand behind the code: many servers leave the reason out.
///
/// # Errors
/// `NotHttp`, `StatusLine` or `Version`.
pub fn status_line(line: &[u8]) -> Result<(Version, StatusCode), ResponseError> {
    let rest = without_end(line).strip_prefix(PREFIX).ok_or_else(|| ResponseError::NotHttp(Foreign::of(line)))?;
    let (version, rest) = rest.split_at_checked(3).ok_or(ResponseError::StatusLine)?;
    let version = match version {
        b"1.0" => Version::Http10,
        [b'1', b'.', b'1'..=b'9'] => Version::Http11,
        [b'0' | b'2'..=b'9', b'.' | b' ', _] => return Err(ResponseError::Version),
        _ => return Err(ResponseError::StatusLine),
    };
    let (code, rest) = rest.split_at_checked(4).ok_or(ResponseError::StatusLine)?;
    let code = code.strip_prefix(b" ").and_then(decimal).and_then(|code| u16::try_from(code).ok());
    let status = code.and_then(StatusCode::from_code).ok_or(ResponseError::StatusLine)?;
    // What the reason says counts for nothing (RFC 9112 §4), a stray control neither. But behind
    // a CR alone some reader sees a field, and a NUL is in no head.
    if rest.first().is_some_and(|&byte| byte != b' ') || rest.iter().any(|byte| matches!(byte, b'\r' | 0)) {
        return Err(ResponseError::StatusLine);
    }
    Ok((version, status))
}

/// Reads the status line that `bytes` begin with, whole.
///
/// # Errors
/// As [`status_line`].
pub fn first_line(bytes: &[u8]) -> Result<(Version, StatusCode), ResponseError> {
    status_line(bytes.split_inclusive(|&byte| byte == b'\n').next().unwrap_or(bytes))
}

/// Reads a whole head, of a response to HEAD or to another method.
///
/// # Errors
/// What is wrong with it.
pub fn head<'r, 'b: 'r>(
    bytes: &'b [u8],
    to_head: bool,
    storage: &'r mut FieldLines<'b>,
) -> Result<ReceivedHead<'r>, ResponseError> {
    let end = bytes.iter().position(|&byte| byte == b'\n').map_or(bytes.len(), |at| at + 1);
    let (line, rest) = bytes.split_at(end);
    let (version, status) = status_line(line)?;
    storage.read(rest, Section::Head, 1)?;
    let FieldLines { fields, dropped } = storage;
    let headers: Headers<'r> = Headers::new(fields);
    // Who does not want the body need not know where it ends.
    let (framing, is_doubtful) =
        framing(&headers, version, status, to_head).unwrap_or_else(|error| (ResponseFraming::Unknown(error), false));
    Ok(ReceivedHead { line: without_end(line), version, status, headers, framing, dropped, is_doubtful })
}

fn without_end(line: &[u8]) -> &[u8] {
    let line = line.strip_suffix(b"\n").unwrap_or(line);
    line.strip_suffix(b"\r").unwrap_or(line)
}

/// Where the body ends (RFC 9112 §6.3), and whether what follows it is in
/// doubt: `Transfer-Encoding` beside `Content-Length`, or in HTTP/1.0 (§6.1).
fn framing(
    headers: &Headers<'_>,
    version: Version,
    status: StatusCode,
    to_head: bool,
) -> Result<(ResponseFraming, bool), ResponseError> {
    if to_head || status.is_bodiless() {
        return Ok((ResponseFraming::NoBody, false));
    }
    let mut codings = headers.list("transfer-encoding");
    if let Some(coding) = codings.next() {
        if !coding.eq_ignore_ascii_case(b"chunked") || codings.next().is_some() {
            return Err(ResponseError::TransferEncoding);
        }
        let is_doubtful = version == Version::Http10 || headers.all("content-length").next().is_some();
        return Ok((ResponseFraming::Chunked, is_doubtful));
    }
    if headers.all("transfer-encoding").next().is_some() {
        return Err(ResponseError::TransferEncoding);
    }
    let framing = content_length(headers)?.map_or(Framing::UntilClose, Framing::Length);
    Ok((ResponseFraming::Plain(framing), false))
}

/// The one number that all `Content-Length` fields say (RFC 9110 §8.6).
fn content_length(headers: &Headers<'_>) -> Result<Option<u64>, ResponseError> {
    let mut length = None;
    for value in headers.all("content-length").flat_map(|value| value.split(|&byte| byte == b',')) {
        let value = value.trim_ascii();
        let is_number = !value.is_empty() && value.iter().all(u8::is_ascii_digit);
        let fault = if is_number { ResponseError::ContentLengthTooLarge } else { ResponseError::ContentLength };
        let number = decimal(value).ok_or(fault)?;
        if length.is_some_and(|length| length != number) {
            return Err(ResponseError::ContentLengths);
        }
        length = Some(number);
    }
    Ok(length)
}

/// Whether a response to HTTP/0.9 has a head all the same, as servers send that
/// no longer speak it; `None` while that is open.
pub fn has_status_line(input: &[u8]) -> Option<bool> {
    if !may_be_status_line(input) {
        return Some(false);
    }
    let line = &input[..input.len().min(MAX_STATUS_LINE)];
    match line.iter().position(|&byte| byte == b'\n') {
        Some(end) => Some(status_line(&line[..end]).is_ok()),
        None => (line.len() == MAX_STATUS_LINE).then_some(false),
    }
}

/// Where a section of lines ends, found in one pass however the bytes come.
#[derive(Clone, Copy, Debug, Default)]
#[non_exhaustive]
pub struct Lines {
    /// Bytes that were looked at.
    pub seen: usize,
    /// Where the line begins that has not ended.
    pub start: usize,
}

impl Lines {
    /// The length of the section that `bytes` begin with, its blank line included.
    pub fn section_end(&mut self, bytes: &[u8]) -> Option<usize> {
        while let Some(at) = bytes[self.seen.min(bytes.len())..].iter().position(|&byte| byte == b'\n') {
            let end = self.seen + at + 1;
            let line = &bytes[self.start..end];
            (self.seen, self.start) = (end, end);
            if matches!(line, b"\n" | b"\r\n") {
                return Some(end);
            }
        }
        self.seen = bytes.len();
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn framing_of(text: &str) -> Result<(ResponseFraming, bool), ResponseError> {
        let mut storage = FieldLines::new();
        match head(text.as_bytes(), false, &mut storage)? {
            ReceivedHead { framing: ResponseFraming::Unknown(error), .. } => Err(error),
            response => Ok((response.framing, response.is_doubtful)),
        }
    }

    #[test]
    fn status_lines() {
        use Version::{Http10, Http11};
        for (line, version, code) in [
            ("HTTP/1.0 200 OK\r\n", Http10, 200),
            ("HTTP/1.1 404 Not Found\n", Http11, 404),
            ("HTTP/1.1 200\r\n", Http11, 200),
            ("HTTP/1.1 200 \r\n", Http11, 200),
            ("HTTP/1.5 999 caf\u{e9}\r\n", Http11, 999),
            ("HTTP/1.1 404 \x1b[31mno\x7f\r\n", Http11, 404),
        ] {
            let status = StatusCode::from_code(code).expect("a code");
            assert_eq!(status_line(line.as_bytes()), Ok((version, status)), "{line:?}");
        }
        for line in [
            "HTTP/1.0200 OK",
            "HTTP/1.0 20",
            "HTTP/1.0 099 x",
            "HTTP/1.0 2000",
            "HTTP/1.x 200",
            "HTTP/",
            "HTTP/1.0  200",
            "HTTP/1.0 200 a\rContent-Length: 5",
            "HTTP/1.0 200 a\0",
        ] {
            assert_eq!(status_line(line.as_bytes()), Err(ResponseError::StatusLine), "{line:?}");
        }
        for line in ["HTTP/2.0 200 OK", "HTTP/2 200", "HTTP/0.9 200 OK"] {
            assert_eq!(status_line(line.as_bytes()), Err(ResponseError::Version), "{line:?}");
        }
        assert_eq!(status_line(b"ICY 200 OK"), Err(ResponseError::NotHttp(Foreign::Unknown)));
    }

    #[test]
    fn a_body_ends_as_rfc_9112_6_3_says() {
        let plain = |framing| Ok((ResponseFraming::Plain(framing), false));
        for (head, expected) in [
            ("HTTP/1.1 200 OK\r\n\r\n", plain(Framing::UntilClose)),
            ("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", plain(Framing::Length(5))),
            ("HTTP/1.1 200 OK\r\nContent-Length: 5\r\ncontent-length: 5\r\n\r\n", plain(Framing::Length(5))),
            ("HTTP/1.1 200 OK\r\nContent-Length: 5, 5\r\n\r\n", plain(Framing::Length(5))),
            ("HTTP/1.1 200 OK\r\nContent-Length: 5, 6\r\n\r\n", Err(ResponseError::ContentLengths)),
            ("HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n", Err(ResponseError::ContentLengths)),
            ("HTTP/1.1 200 OK\r\nContent-Length: \r\n\r\n", Err(ResponseError::ContentLength)),
            ("HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n", Err(ResponseError::ContentLength)),
            (
                "HTTP/1.1 200 OK\r\nContent-Length: 18446744073709551616\r\n\r\n",
                Err(ResponseError::ContentLengthTooLarge),
            ),
            ("HTTP/1.1 200 OK\r\nTransfer-Encoding: Chunked\r\n\r\n", Ok((ResponseFraming::Chunked, false))),
            ("HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", Ok((ResponseFraming::Chunked, true))),
            (
                "HTTP/1.1 200 OK\r\nContent-Length: x\r\nTransfer-Encoding: chunked\r\n\r\n",
                Ok((ResponseFraming::Chunked, true)),
            ),
            ("HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n", Err(ResponseError::TransferEncoding)),
            ("HTTP/1.1 200 OK\r\nTransfer-Encoding: \r\n\r\n", Err(ResponseError::TransferEncoding)),
            ("HTTP/1.1 204 x\r\nContent-Length: 5\r\n\r\n", Ok((ResponseFraming::NoBody, false))),
            ("HTTP/1.1 304 x\r\nTransfer-Encoding: chunked\r\n\r\n", Ok((ResponseFraming::NoBody, false))),
            ("HTTP/1.1 200 OK\nContent-Length: 5\n\n", plain(Framing::Length(5))),
            ("HTTP/1.7 200 OK\r\nContent-Length: 5\r\n\r\n", plain(Framing::Length(5))),
            ("HTTP/1.1 200 OK\r\nA: b\r\n c\r\nContent-Length: 5\r\n\r\n", plain(Framing::Length(5))),
            ("HTTP/1.1 200 OK\r\nA : b\r\nContent-Length: 5\r\n\r\n", plain(Framing::Length(5))),
            ("HTTP/1.1 200 OK\r\nContent-Length : 5\r\n\r\n", Err(ResponseError::Field { line: 2 })),
            ("HTTP/1.7 200 OK\r\nA b\r\n\r\n", Err(ResponseError::Field { line: 2 })),
        ] {
            assert_eq!(framing_of(head), expected, "{head:?}");
        }
    }
}
