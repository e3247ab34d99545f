//! A run as it is written and passed on: without its secrets, whose lengths stand in their place.

use crate::record::connection::Message;
use crate::record::secrets::{self, passed_on, withheld_head, withheld_lines, withheld_status_line, without_userinfo};
use crate::record::transfer::{FetchRecord, Field};

/// `record` without the values that let their reader pass for another.
pub(super) fn run(record: &FetchRecord) -> FetchRecord {
    let mut record = record.clone();
    for transfer in &mut record.transfers {
        let leading = transfer.redirected_from.iter_mut().chain(&mut transfer.redirects_to);
        for url in leading.chain([&mut transfer.url]) {
            *url = without_userinfo(url).into_owned();
        }
        if let Some(body) = &mut transfer.unsent_body {
            body.media_type = passed_on("content-type", &body.media_type).into_owned();
        }
        if let Some(exchange) = &mut transfer.exchange {
            message(&mut exchange.request);
            for interim in &mut exchange.interim_heads {
                message(&mut interim.head);
                interim.line = withheld_status_line(&interim.line).into_owned();
                fields(&mut interim.fields);
            }
            if let Some(response) = &mut exchange.response {
                message(&mut response.head);
                response.line = withheld_status_line(&response.line).into_owned();
                fields(&mut response.fields);
                fields(&mut response.trailers);
                for line in &mut response.dropped {
                    *line = escaped(line);
                }
            }
            if let Some(unread) = &mut exchange.unread {
                unread.line = unread.line.as_deref().map(escaped);
                unread.text = escaped(&unread.text);
            }
        }
        if let Some(server) = &mut transfer.server {
            **server = secrets::withheld(server).into_owned();
        }
    }
    record
}

fn message(message: &mut Message) {
    message.head = withheld_head(&message.head).into_owned();
}

fn fields(fields: &mut [Field]) {
    for field in fields {
        field.value = passed_on(&field.name, &field.value).into_owned();
    }
}

/// Lines that are escaped as in source code: how long a value was, its length does not say.
fn escaped(text: &str) -> String {
    // Where lines end and go on, only the bytes say; each is taken as a letter.
    let plain: String = unescaped(text).into_iter().map(char::from).collect();
    let shown = withheld_lines(&plain, |_| "not shown".to_owned());
    shown.chars().map(|letter| std::ascii::escape_default(letter as u8).to_string()).collect()
}

/// What `escape_ascii` was given.
fn unescaped(text: &str) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, behind @ ..] = rest {
        let (byte, behind) = match (first, behind) {
            (b'\\', [b'x', high, low, behind @ ..]) => (digit(*high) << 4 | digit(*low), behind),
            (b'\\', [letter, behind @ ..]) => {
                let byte = match letter {
                    b't' => b'\t',
                    b'r' => b'\r',
                    b'n' => b'\n',
                    other => *other,
                };
                (byte, behind)
            }
            _ => (*first, behind),
        };
        bytes.push(byte);
        rest = behind;
    }
    bytes
}

fn digit(letter: u8) -> u8 {
    char::from(letter).to_digit(16).unwrap_or_default() as u8
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_can_t_be_read_holds_no_secret_either() {
        let text = r"HTTP/1.0 200 OK\r\nSet-Cookie: q=s3cret\r\nX Y\r\nSet-Cookie: s3cr";
        assert_eq!(escaped(text), r"HTTP/1.0 200 OK\r\nSet-Cookie: not shown\r\nX Y\r\nSet-Cookie: not shown");
        for text in [
            r"\tSet-Cookie: s3cret",
            r"A: b\r\nSet-Cookie: a=1;\r\n b=s3cret\r\nContent-Le",
            r"A: b\r\n\tSet-Cookie: a=s3cret\r\nbad line",
            r"Set-Cookie\x0b: s3cret",
            r"Location: http://u:s3cret@h/\x01",
            r"X: \\nCookie: a\nCookie: s3cret",
        ] {
            assert!(!escaped(text).contains("s3cret"), "{}", escaped(text));
        }
        let bytes: Vec<u8> = (0..=u8::MAX).collect();
        let text = bytes.escape_ascii().to_string();
        assert_eq!((unescaped(&text), escaped(&text)), (bytes, text));
        let mut list = [("cookie", "q=s"), ("Host", "a")]
            .map(|(name, value)| Field { name: name.to_owned(), value: value.to_owned() });
        fields(&mut list);
        assert_eq!((list[0].value.as_str(), list[1].value.as_str()), ("3 bytes, not shown", "a"));
    }
}
