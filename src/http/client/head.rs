//! A request's head, as it is sent.

use super::step::RequestHead;
use crate::http::message::Version;
use crate::http::persistence::Wish;

/// Writes the head of `request`.
pub(super) fn write_request(request: &RequestHead<'_>, out: &mut Vec<u8>) {
    out.extend_from_slice(request.method.as_bytes());
    out.push(b' ');
    out.extend_from_slice(request.target.as_bytes());
    out.extend_from_slice(match request.version {
        Version::Http09 => return out.extend_from_slice(b"\r\n"),
        Version::Http10 => b" HTTP/1.0\r\n",
        Version::Http11 => b" HTTP/1.1\r\n",
    });
    if let Some(host) = request.host {
        out.extend_from_slice(b"Host: ");
        out.extend_from_slice(host.as_bytes());
        out.extend_from_slice(b"\r\n");
    }
    out.extend_from_slice(request.headers.as_bytes());
    if let Some(length) = request.content_length {
        out.extend_from_slice(format!("Content-Length: {length}\r\n").as_bytes());
    }
    out.extend_from_slice(match request.wish {
        Wish::Unsaid => b"\r\n".as_slice(),
        Wish::KeepAlive => b"Connection: keep-alive\r\n\r\n",
        Wish::Close => b"Connection: close\r\n\r\n",
    });
}
