//! Bytes to a request; [`response`]: to a response. Only here httparse is named.
//!
//! httparse reads a head whole; what it cannot say is added here: HTTP/0.9,
//! versions other than 1.0 and 1.1, limits, and what the fields mean for
//! framing. The verdict on a head depends on its bytes alone, never on the
//! segments in which they came.

pub mod fields;
pub mod foreign;
pub mod response;
mod target;

use super::host;
use super::message::{Field, FieldStorage, Headers, MAX_FIELDS, Method, Request, Version, is_tchar};
use super::server::rejection::Rejection;
use std::mem::MaybeUninit;

/// What a TLS record of a handshake begins with (RFC 8446 §5.1); it begins no method.
const TLS_HANDSHAKE: u8 = 0x16;
/// The longest request line, in bytes (RFC 9112 §3 asks for at least 8,000).
pub const MAX_LINE: usize = 16 * 1024;
/// The longest head, request line and blank line included, in bytes.
pub const MAX_HEAD: usize = 32 * 1024;

/// Reads the head that `bytes` begin with, its fields into `storage`.
///
/// `first` says that nothing came before it on its connection: only then is a
/// simple request of HTTP/0.9 one. Gives the request and the length of its
/// head, or `None` while more bytes are needed.
///
/// # Errors
/// A [`Rejection`], as soon as the line that is at fault is complete.
pub fn head<'r, 'b: 'r>(
    bytes: &'b [u8],
    first: bool,
    storage: &'r mut FieldStorage<'b>,
) -> Result<Option<(Request<'r>, usize)>, Rejection> {
    let bytes = &bytes[..bytes.len().min(MAX_HEAD)];
    if let Some(&byte) = bytes.first().filter(|&&byte| !is_tchar(byte)) {
        return Err(if byte == TLS_HANDSHAKE { Rejection::TlsHandshake } else { Rejection::NotHttp });
    }
    if bytes.len() > MAX_LINE && !bytes[..=MAX_LINE].contains(&b'\n') {
        return Err(Rejection::LineTooLong);
    }

    match complete(bytes, first, storage) {
        Err(rejection) => judged(bytes, first, rejection),
        Ok(None) if bytes.len() == MAX_HEAD => Err(Rejection::HeadTooLarge),
        read => read,
    }
}

/// An error in a line waits for that line's end: what is wrong with the lines
/// that are complete, if anything is.
#[cold]
fn judged<'r>(bytes: &[u8], first: bool, rejection: Rejection) -> Result<Option<(Request<'r>, usize)>, Rejection> {
    let end = bytes.iter().rposition(|&byte| byte == b'\n').map_or(0, |at| at + 1);
    if end == bytes.len() {
        return Err(rejection);
    }
    match complete(&bytes[..end], first, &mut FieldStorage::new()) {
        Err(rejection) => Err(rejection),
        Ok(_) if bytes.len() == MAX_HEAD => Err(Rejection::HeadTooLarge),
        Ok(_) => Ok(None),
    }
}

/// The same without regard to where lines end, nor to the limit of a head.
fn complete<'r, 'b: 'r>(
    bytes: &'b [u8],
    first: bool,
    storage: &'r mut FieldStorage<'b>,
) -> Result<Option<(Request<'r>, usize)>, Rejection> {
    let mut fields = [const { MaybeUninit::uninit() }; MAX_FIELDS];
    let mut parsed = httparse::Request::new(&mut []);
    match parsed.parse_with_uninit_headers(bytes, &mut fields) {
        Ok(httparse::Status::Complete(length)) => {
            let (method, target) = (parsed.method.unwrap_or_default(), parsed.path.unwrap_or_default());
            let version = if parsed.version == Some(0) { Version::Http10 } else { Version::Http11 };
            keep(parsed.headers, storage);
            let line = &bytes[..method.len() + target.len() + " HTTP/1.x ".len()];
            request(line, method, target, version, storage).map(|request| Some((request, length)))
        }
        Ok(httparse::Status::Partial) => Ok(None),
        Err(error) => unusual(bytes, first, error, storage),
    }
}

/// What httparse refuses: HTTP/0.9, a later 1.x, or indeed an error.
fn unusual<'r, 'b: 'r>(
    bytes: &'b [u8],
    first: bool,
    error: httparse::Error,
    storage: &'r mut FieldStorage<'b>,
) -> Result<Option<(Request<'r>, usize)>, Rejection> {
    let Some(end) = bytes.iter().position(|&byte| byte == b'\n') else {
        return Ok(None);
    };
    let line = &bytes[..end];
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    let words: Vec<&[u8]> = line.split(|&byte| byte == b' ').collect();
    match words[..] {
        [b"GET", target] if first && target::is_target(target) => {
            request(line, "GET", target::as_text(target)?, Version::Http09, storage)
                .map(|request| Some((request, end + 1)))
        }
        [method, target, version] if method.iter().copied().all(is_tchar) && target::is_target(target) => {
            let [method, version] = [method, version].map(|word| std::str::from_utf8(word).unwrap_or_default());
            let target = target::as_text(target);
            match version {
                "HTTP/1.0" | "HTTP/1.1" if target.is_ok() => Err(match error {
                    httparse::Error::TooManyHeaders => Rejection::TooManyFields,
                    _ => Rejection::Field,
                }),
                _ => fields_alone(bytes, end + 1, (line, method, target, self::version(version)?), storage),
            }
        }
        _ => Err(Rejection::RequestLine),
    }
}

/// A version or a target that httparse does not read: the fields after the line that ends at `start`.
fn fields_alone<'r, 'b: 'r>(
    bytes: &'b [u8],
    start: usize,
    (line, method, target, version): (&'b [u8], &'b str, Result<&'b str, Rejection>, Version),
    storage: &'r mut FieldStorage<'b>,
) -> Result<Option<(Request<'r>, usize)>, Rejection> {
    let mut fields = [httparse::EMPTY_HEADER; MAX_FIELDS];
    match httparse::parse_headers(&bytes[start..], &mut fields) {
        Ok(httparse::Status::Complete((length, fields))) => {
            keep(fields, storage);
            request(line, method, target?, version, storage).map(|request| Some((request, start + length)))
        }
        Ok(httparse::Status::Partial) => Ok(None),
        Err(httparse::Error::TooManyHeaders) => Err(Rejection::TooManyFields),
        Err(_) => Err(Rejection::Field),
    }
}

fn keep<'b>(fields: &[httparse::Header<'b>], storage: &mut FieldStorage<'b>) {
    storage.clear();
    storage.extend(fields.iter().map(|field| Field { name: field.name, value: field.value }));
}

/// The request that these words and fields make, if they make one.
fn request<'r, 'b: 'r>(
    line: &'b [u8],
    method: &'b str,
    target: &'b str,
    version: Version,
    storage: &'r mut FieldStorage<'b>,
) -> Result<Request<'r>, Rejection> {
    let (target, authority) = target::read(method, target)?;
    let fields: &'r [Field<'b>] = storage;
    let HostAndLength { host, content_length } = host_and_length(fields, version)?;
    Ok(Request {
        line,
        method: Method::from_token(method),
        target,
        version,
        headers: Headers::new(fields),
        host: authority.or(host),
        content_length,
        body: &[],
    })
}

/// What the fields say of the request as a whole.
struct HostAndLength<'r> {
    host: Option<&'r [u8]>,
    content_length: u64,
}

/// What the fields say of where the request ends, in one pass. A
/// `Transfer-Encoding` outweighs the rest: it ends the connection in any case.
fn host_and_length<'r>(fields: &'r [Field<'_>], version: Version) -> Result<HostAndLength<'r>, Rejection> {
    let mut host = None;
    let mut host_is_valid = true;
    let mut length = None;
    let mut length_is_valid = true;
    for field in fields {
        match field.name.len() {
            4 if field.name.eq_ignore_ascii_case("host") => {
                host_is_valid &= host.is_none() && host::is_valid(field.value);
                host = Some(field.value);
            }
            14 if field.name.eq_ignore_ascii_case("content-length") => {
                let number = decimal(field.value);
                length_is_valid &= number.is_some() && (length.is_none() || length == number);
                length = number;
            }
            17 if field.name.eq_ignore_ascii_case("transfer-encoding") => return Err(Rejection::TransferEncoding),
            _ => {}
        }
    }
    if !host_is_valid || (host.is_none() && version == Version::Http11) {
        return Err(Rejection::Host);
    }
    let content_length = if length_is_valid { length.unwrap_or(0) } else { return Err(Rejection::ContentLength) };
    Ok(HostAndLength { host, content_length })
}

/// `Content-Length = 1*DIGIT`, no sign, no space, no list (RFC 9110 §8.6).
fn decimal(value: &[u8]) -> Option<u64> {
    let text = std::str::from_utf8(value).ok()?;
    text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok()).flatten()
}

/// `HTTP-version = "HTTP/" DIGIT "." DIGIT` (RFC 9112 §2.3); every 1.x from 1.1
/// on is 1.1 (RFC 9110 §2.5). Longer numbers, as RFC 1945 §3.1 had them, are
/// versions that nobody speaks.
fn version(text: &str) -> Result<Version, Rejection> {
    match text.as_bytes() {
        b"HTTP/1.0" => Ok(Version::Http10),
        [b'H', b'T', b'T', b'P', b'/', b'1', b'.', b'1'..=b'9'] => Ok(Version::Http11),
        [b'H', b'T', b'T', b'P', b'/', numbers @ ..] => {
            let is_number = |digits: &[u8]| !digits.is_empty() && digits.iter().all(u8::is_ascii_digit);
            let mut parts = numbers.splitn(2, |&byte| byte == b'.');
            let are_numbers = parts.next().is_some_and(is_number) && parts.next().is_some_and(is_number);
            Err(if are_numbers { Rejection::Version } else { Rejection::RequestLine })
        }
        _ => Err(Rejection::RequestLine),
    }
}

/// How many bytes of empty lines `input` begins with.
pub(super) fn blank_lines(input: &[u8]) -> usize {
    let mut rest = input;
    while let Some(after) = rest.strip_prefix(b"\n").or_else(|| rest.strip_prefix(b"\r\n")) {
        rest = after;
    }
    input.len() - rest.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What `bytes` are as the first thing on a connection: method, target, version, length of the head.
    fn read(bytes: &[u8]) -> Result<Option<(Method, String, Version, usize)>, Rejection> {
        let mut storage = FieldStorage::new();
        Ok(head(bytes, true, &mut storage)?
            .map(|(request, length)| (request.method, request.target.path.to_owned(), request.version, length)))
    }

    #[track_caller]
    fn is_version(bytes: &[u8], version: Version) {
        let (_, _, got, length) = read(bytes).expect("no rejection").expect("complete");
        assert_eq!((got, length), (version, bytes.len()), "{}", bytes.escape_ascii());
    }

    #[track_caller]
    fn is_rejected(bytes: &[u8], rejection: Rejection) {
        assert_eq!(read(bytes), Err(rejection), "{}", bytes.escape_ascii());
    }

    #[test]
    fn versions() {
        is_version(b"GET /\r\n", Version::Http09);
        is_version(b"GET /\n", Version::Http09);
        is_version(b"GET / HTTP/1.0\r\n\r\n", Version::Http10);
        is_version(b"GET / HTTP/1.0\n\n", Version::Http10);
        is_version(b"GET / HTTP/1.1\r\nHost:\r\n\r\n", Version::Http11);
        is_version(b"GET / HTTP/1.9\r\nHost: a\r\n\r\n", Version::Http11);
        for version in ["2.0", "0.9", "3.1", "11.0", "1.10", "1.32", "01.0", "1.00", "20.0"] {
            let line = format!("GET / HTTP/{version}");
            is_rejected(format!("{line}\r\n\r\n").as_bytes(), Rejection::Version);
        }
    }

    #[test]
    fn a_simple_request_is_get_and_a_path_and_comes_first() {
        for line in ["GET /x ", "GET  /x", "HEAD /x", "GET", "GET ", "get /x", "GET /x HTTP/1.0 x"] {
            is_rejected(format!("{line}\r\n").as_bytes(), Rejection::RequestLine);
        }
        let mut storage = FieldStorage::new();
        let second = head(b"GET /\r\n", false, &mut storage).map(|_| ());
        assert_eq!(second, Err(Rejection::RequestLine));
    }

    #[test]
    fn malformed_lines() {
        for line in [
            "GET / HTTP/1.",
            "GET / HTTP/1",
            "GET / http/1.0",
            "GET / HTTP/1.x",
            "GET / HTTP/1.0 ",
            "GET\t/ HTTP/1.0",
            "GET / HTTP/1",
            "GET / HTTP/1.\u{661}",
        ] {
            is_rejected(format!("{line}\r\n\r\n").as_bytes(), Rejection::RequestLine);
        }
        is_rejected(b"GET /caf\xe9 HTTP/1.x\r\n\r\n", Rejection::RequestLine);
        is_rejected(b"GET / HTTP/1.\xe9\r\n\r\n", Rejection::RequestLine);
        is_rejected(b"\x16\x03\x01\x02\x00", Rejection::TlsHandshake);
        is_rejected(b" GET / HTTP/1.0\r\n\r\n", Rejection::NotHttp);
        is_rejected(b"/x\r\n", Rejection::NotHttp);
        for field in ["A : b", " A: b", "A", ": b", "A: b\r\n c", "A: \0"] {
            is_rejected(format!("GET / HTTP/1.0\r\n{field}\r\n\r\n").as_bytes(), Rejection::Field);
        }
    }

    #[test]
    fn a_target_that_is_not_utf_8_is_at_fault_itself() {
        is_rejected(b"GET /caf\xe9\r\n", Rejection::Target);
        for version in ["1.0", "1.1", "1.2"] {
            let head = [b"GET /caf\xe9 HTTP/", version.as_bytes(), b"\r\nHost: a\r\n"].concat();
            assert_eq!(read(&head), Ok(None), "the head goes on");
            is_rejected(&[&head[..], b"\r\n"].concat(), Rejection::Target);
            is_rejected(&[&head[..], b"A\r\n\r\n"].concat(), Rejection::Field);
        }
        is_rejected(b"GET /caf\xe9 HTTP/2.0\r\n\r\n", Rejection::Version);
    }

    #[test]
    fn an_error_waits_for_its_line() {
        for field in ["Con\u{1}", "A: 1\rB: 2", " folded", "A", "A : b", ": b"] {
            let head = format!("GET / HTTP/1.1\r\nHost: a\r\n{field}");
            assert_eq!(read(head.as_bytes()), Ok(None), "{field:?}");
            is_rejected(format!("{head}\n").as_bytes(), Rejection::Field);
        }
        assert_eq!(read(b"GET /\x01"), Ok(None));
        is_rejected(b"GET /\x01\r\n", Rejection::RequestLine);
    }

    #[test]
    fn limits_are_decided_while_the_head_still_grows() {
        let line = [b"GET /".as_slice(), &vec![b'a'; MAX_LINE]].concat();
        is_rejected(&line, Rejection::LineTooLong);
        assert_eq!(read(&line[..8_000]), Ok(None));
        let head = [b"GET / HTTP/1.0\r\nA: ".as_slice(), &vec![b'a'; MAX_HEAD]].concat();
        is_rejected(&head, Rejection::HeadTooLarge);
        let fields = |count: usize| format!("GET / HTTP/1.0\r\n{}\r\n", "A: b\r\n".repeat(count)).into_bytes();
        is_version(&fields(MAX_FIELDS), Version::Http10);
        is_rejected(&fields(MAX_FIELDS + 1), Rejection::TooManyFields);
    }

    #[test]
    fn framing_is_never_in_doubt() {
        let request = |fields: &str| format!("GET / HTTP/1.0\r\n{fields}\r\n\r\n").into_bytes();
        for fields in ["", " ", "+5", "-1", "5 5", "5,5", "0x5", "99999999999999999999", "5\r\nContent-Length: 6"] {
            is_rejected(&request(&format!("Content-Length: {fields}")), Rejection::ContentLength);
        }
        is_version(&request("Content-Length: 5\r\ncontent-length: 5"), Version::Http10);
        for coding in ["chunked", "identity", "", "x"] {
            is_rejected(
                &request(&format!("Content-Length: 5\r\nTransfer-Encoding: {coding}")),
                Rejection::TransferEncoding,
            );
        }
    }

    #[test]
    fn exactly_one_host_in_1_1() {
        is_rejected(b"GET / HTTP/1.1\r\n\r\n", Rejection::Host);
        is_rejected(b"GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n", Rejection::Host);
        is_rejected(b"GET / HTTP/1.0\r\nHost: a\r\nHost: b\r\n\r\n", Rejection::Host);
        is_rejected(b"GET / HTTP/1.1\r\nHost: a/b\r\n\r\n", Rejection::Host);
        is_version(b"GET / HTTP/1.1\r\nHost: [::1]:8080\r\n\r\n", Version::Http11);
    }

    #[test]
    fn the_authority_of_an_absolute_target_outweighs_host() {
        for (head, host) in [
            ("GET http://a:80/ HTTP/1.1\r\nHost: b\r\n\r\n", Some("a:80")),
            ("GET http://user:a@b/ HTTP/1.1\r\nHost: c\r\n\r\n", Some("b")),
            ("GET http://a HTTP/1.0\r\n\r\n", Some("a")),
            ("GET / HTTP/1.1\r\nHost: b\r\n\r\n", Some("b")),
            ("GET / HTTP/1.1\r\nHost:\r\n\r\n", Some("")),
            ("GET / HTTP/1.0\r\n\r\n", None),
        ] {
            let mut storage = FieldStorage::new();
            let (request, _) = super::head(head.as_bytes(), true, &mut storage).expect("valid").expect("complete");
            assert_eq!(request.host, host.map(str::as_bytes), "{head}");
        }
    }
}
