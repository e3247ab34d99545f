//! Heads, as they are sent: an answer's and a request's.

use super::client::Request;
use super::message::{Framing, Response, Version};
use super::persistence::{Disposition, Wish};

/// Writes the head of `request`, which has no body: the whole of it, then.
pub(super) fn write_request(request: &Request<'_>, out: &mut Vec<u8>) {
    out.extend_from_slice(if request.head_only { b"HEAD " } else { b"GET " });
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
    out.extend_from_slice(match request.wish {
        Wish::Unsaid => b"\r\n".as_slice(),
        Wish::KeepAlive => b"Connection: keep-alive\r\n\r\n",
        Wish::Close => b"Connection: close\r\n\r\n",
    });
}

/// Writes the head of `response`, dated `date`, after which the connection goes on as `then` says.
pub(super) fn write_head(response: &Response, date: &str, then: Disposition, out: &mut Vec<u8>) {
    let status = response.status;
    out.extend_from_slice(b"HTTP/1.0 ");
    write_decimal(status.code().into(), out);
    out.push(b' ');
    out.extend_from_slice(status.reason().as_bytes());
    out.extend_from_slice(b"\r\nDate: ");
    out.extend_from_slice(date.as_bytes());
    out.extend_from_slice(b"\r\nServer: glasshttp\r\n");
    out.extend_from_slice(response.headers.as_bytes());
    if let (Framing::Length(length), false) = (response.framing, status.is_bodiless()) {
        out.extend_from_slice(b"Content-Length: ");
        write_decimal(length, out);
        out.extend_from_slice(b"\r\n");
    }
    out.extend_from_slice(match then {
        Disposition::Reuse => b"Connection: keep-alive\r\n\r\n",
        Disposition::Close(_) => b"Connection: close\r\n\r\n",
    });
}

fn write_decimal(mut number: u64, out: &mut Vec<u8>) {
    let mut digits = [0; 20];
    let mut start = digits.len();
    loop {
        start -= 1;
        digits[start] = b'0' + (number % 10) as u8;
        number /= 10;
        if number == 0 {
            break;
        }
    }
    out.extend_from_slice(&digits[start..]);
}

#[cfg(test)]
mod tests {
    use super::super::message::{HeaderBlock, StatusCode};
    use super::*;

    fn head(status: StatusCode, framing: Framing, then: Disposition) -> String {
        let headers = HeaderBlock::of(&[("Content-Type", "text/plain")]);
        let mut out = Vec::new();
        write_head(&Response { status, headers, framing }, "Sun, 06 Nov 1994 08:49:37 GMT", then, &mut out);
        String::from_utf8(out).expect("ASCII")
    }

    #[test]
    fn the_status_line_is_always_1_0_and_the_length_is_said() {
        let head = head(StatusCode::OK, Framing::Length(1_234_567_890), Disposition::Reuse);
        assert_eq!(
            head,
            "HTTP/1.0 200 OK\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\nServer: glasshttp\r\n\
             Content-Type: text/plain\r\nContent-Length: 1234567890\r\nConnection: keep-alive\r\n\r\n"
        );
    }

    #[test]
    fn no_length_is_said_where_there_is_none() {
        for (status, framing) in [(StatusCode::NOT_MODIFIED, Framing::Length(0)), (StatusCode::OK, Framing::UntilClose)]
        {
            assert!(!head(status, framing, Disposition::Reuse).contains("Content-Length"));
        }
    }
}
