//! A response's head, as it is sent.

use crate::http::message::{Framing, ResponseHead};
use crate::http::persistence::Disposition;

/// Writes the head of `response`, dated `date`, after which the connection goes on as `then` says.
pub(super) fn write_head(response: &ResponseHead, date: &str, then: Disposition, out: &mut Vec<u8>) {
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

fn write_decimal(number: u64, out: &mut Vec<u8>) {
    out.extend_from_slice(itoa::Buffer::new().format(number).as_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::field::RESPONSE;
    use crate::http::message::{HeaderBlock, StatusCode};

    fn head(status: StatusCode, framing: Framing, then: Disposition) -> String {
        let headers = HeaderBlock::of(&[("Content-Type", "text/plain")]);
        let mut out = Vec::new();
        write_head(&ResponseHead { status, headers, framing }, "Sun, 06 Nov 1994 08:49:37 GMT", then, &mut out);
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

    #[test]
    fn each_name_that_is_written_is_in_the_list() {
        let head = head(StatusCode::OK, Framing::Length(3), Disposition::Reuse);
        let names: Vec<_> =
            head.lines().skip(1).filter_map(|line| line.split_once(": ")).map(|(name, _)| name).collect();
        assert_eq!(names.len(), 5, "{names:?}");
        for name in names {
            assert!(RESPONSE.iter().any(|(known, _)| *known == name), "{name}");
        }
    }
}
