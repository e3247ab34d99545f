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
    use crate::fetch::url::Url;
    use crate::record::secrets::{withheld_line, without_userinfo_in_query};
    use proptest::prelude::*;

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

    /// What is in no query a password, and what is one.
    const HARMLESS: [&str; 22] = [
        "urn:ietf:wg:oauth:2.0:oob",
        "urn:http:a:b@c",
        "Meeting:12:30@Room",
        "//logo@2x.png",
        "/img//logo@2x.png",
        "see+//logo@2x.png",
        "see%20//logo@2x.png",
        "%2F%2Flogo%402x.png",
        "http://h:80",
        "http://h:80/@me",
        "http%3A%2F%2Fh:80/",
        "//h:80/a:b@c",
        "mailto:ada@example.org",
        "ada@example.org",
        "a:b@c",
        "bob:x:y@h",
        "x-http:a:b@c",
        "HTTP:+12:30@Room",
        "About%20http:%20a:b@c",
        "a/http:foo@bar",
        "@",
        "%",
    ];
    const SECRET: [&str; 20] = [
        "//bob:s3cret@h/",
        "see+//bob:s3cret@h",
        "%22//bob:s3cret@h%22",
        "//bob%3As3cret@h",
        "\\\\bob:s3cret@h",
        "/a?b=//bob:s3cret@h",
        "x,//bob:s3cret@h",
        "http://bob:s3cret@h/",
        "http://s3cret@h/",
        "HTTP://bob:s3cret@h",
        "http%3A//bob:s3cret@h",
        "x:y://bob:s3cret@h",
        "http:bob:s3cret@h",
        "https:/bob:s3cret@h",
        "ftp:u:s3cret@h",
        "see+ftp:u:s3cret@h",
        "see%20wss:u:s3cret@h",
        "(http:u:s3cret@h)",
        "mailto:b:s3cret@h",
        "sip:b:s3cret@h",
    ];

    /// A request for it in all the ways it is passed on, each with what was sent; its query, decoded, is the first.
    fn views(query: &str) -> Vec<(String, String)> {
        let target = format!("/auth//x?{query}");
        let url = format!("http://127.0.0.1{target}");
        let line = format!("GET {target} HTTP/1.0");
        let head = format!("{line}\r\nReferer: {url}\r\nLink: <{target}>; rel=\"a\", <{url}>\r\n\r\n");
        let shown = without_userinfo(&url).into_owned();
        let decoded = |url: &str| Url::parse(url).expect("a URL").query();
        let pairs = decoded(&url).into_iter().zip(decoded(&shown));
        let mut views: Vec<(String, String)> = pairs
            .map(|((name, value), (shown_name, shown_value))| {
                let shown = [without_userinfo_in_query(&shown_name), without_userinfo_in_query(&shown_value)];
                (format!("{name}={value}"), shown.join("="))
            })
            .collect();
        let logged = withheld_line(line.as_bytes(), true).into_owned();
        views.push((line, String::from_utf8(logged).expect("text")));
        views.push((target.clone(), passed_on("location", &target).into_owned()));
        views.push((head.clone(), withheld_head(&head).into_owned()));
        views.push((url, shown));
        views
    }

    fn a_query() -> impl Strategy<Value = Vec<(&'static str, usize)>> {
        let name = proptest::sample::select(vec!["client", "redirect_uri", "z", "u=v", "a[b]", "x:y", "\u{d55c}"]);
        proptest::collection::vec((name, 0..HARMLESS.len()), 1..5)
    }

    proptest! {
        #[test]
        fn a_harmless_query_is_in_all_views_as_it_was_sent(fields in a_query()) {
            let fields: Vec<String> = fields.iter().map(|(name, at)| format!("{name}={}", HARMLESS[*at])).collect();
            for (sent, shown) in views(&fields.join("&")) {
                prop_assert_eq!(sent, shown);
            }
        }

        #[test]
        fn a_query_s_secret_is_in_no_view(fields in a_query(), place: usize, secret in 0..SECRET.len()) {
            let mut fields: Vec<String> =
                fields.iter().map(|(name, at)| format!("{name}={}", HARMLESS[*at])).collect();
            let at = place % fields.len();
            fields.insert(at, format!("next={}", SECRET[secret]));
            let views = views(&fields.join("&"));
            prop_assert_eq!(views.len(), fields.len() + 4, "each field is there");
            for (_, shown) in views {
                prop_assert!(!shown.contains("s3cret"), "{}", shown);
            }
        }
    }
}
