//! Secrets are withheld from what is written and shown: the values of fields
//! that let their reader pass for another.

mod userinfo;

use super::connection::{Exchange, HeadState, Message, Record};
use crate::http::message::is_tchar;
use std::borrow::Cow;
use userinfo::{ENDS, ENDS_AMONG, Place, without, without_userinfo_among};
pub(crate) use userinfo::{WITHHELD, without_userinfo, without_userinfo_in_query};

/// Whether the values of fields that let their reader pass for another are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Secrets {
    /// How long they are, and no more.
    Withheld,
    /// As they were sent.
    Shown,
}

/// The fields whose values are secrets.
const SECRET: [&str; 4] = ["cookie", "set-cookie", "authorization", "proxy-authorization"];

/// Whether the value of the field `name` is a secret.
pub(crate) fn is_secret(name: &str) -> bool {
    SECRET.iter().any(|secret| name.trim().eq_ignore_ascii_case(secret))
}

/// The fields whose values are a URL, which may hold a name and a password, with a blank in it, even. In the values
/// of others, URLs end at what no URL has.
const URL: [&str; 4] = ["location", "content-location", "referer", "refresh"];

/// The value of the field `name` as it may be passed on.
pub(crate) fn passed_on<'v>(name: &str, value: &'v str) -> Cow<'v, str> {
    if is_secret(name) {
        return Cow::Owned(withheld_value(value));
    }
    match URL.iter().any(|url| name.eq_ignore_ascii_case(url)) {
        true => without_userinfo(value),
        false => without_userinfo_among(value),
    }
}

/// Where the name ends, if `line` begins with one of these. Each line of a log is looked at, and most
/// begin otherwise. What no name may have does not count: some reader passes it over; and what stands
/// behind it is the value, whether there is a colon or not.
fn name_end(names: &[&str], line: &[u8]) -> Option<usize> {
    let first = line.iter().find(|byte| is_tchar(**byte))?;
    let ends = |wanted: &&str| {
        let mut letters = line.iter().enumerate().filter(|(_, byte)| is_tchar(**byte));
        let last = wanted.bytes().try_fold(0, |_, wanted| {
            letters.next().filter(|(_, byte)| byte.eq_ignore_ascii_case(&wanted)).map(|(at, _)| at)
        })?;
        line.get(last + 1).is_none_or(|byte| !is_tchar(*byte)).then_some(last + 1)
    };
    names.iter().filter(|name| name.as_bytes()[0].eq_ignore_ascii_case(first)).find_map(ends)
}

fn begins_with(names: &[&str], line: &[u8]) -> bool {
    name_end(names, line).is_some()
}

/// Whether one of these lines begins with a secret's name.
fn has_secret(mut lines: &[u8]) -> bool {
    loop {
        // Nearly all bytes are none of an end's by one look.
        let end = lines.iter().position(|byte| *byte <= b'\r' && matches!(byte, b'\r' | b'\n'));
        let (line, rest) = lines.split_at(end.unwrap_or(lines.len()));
        if begins_with(&SECRET, line) {
            return true;
        }
        let Some((_, behind)) = rest.split_first() else { return false };
        lines = behind;
    }
}

/// A line that begins with one of these names: that with its colon, if there is one, and the value.
fn at_name<'l>(names: &[&str], line: &'l str) -> (&'l str, &'l str) {
    let end = name_end(names, line.as_bytes()).unwrap_or(0);
    let colon = line[end..].find(|letter: char| !letter.is_ascii() || letter == ':' || is_tchar(letter as u8));
    match colon.filter(|at| line[end + at..].starts_with(':')) {
        Some(at) => line.split_at(end + at + 1),
        None => line.split_at(end),
    }
}

/// What stands in the place of a secret; of one that is withheld already, the same.
pub(crate) fn withheld_value(value: &str) -> String {
    let length = value.strip_suffix(" bytes, not shown").or_else(|| value.strip_suffix(" byte, not shown"));
    if length.is_some_and(|length| length.parse::<usize>().is_ok()) {
        return value.to_owned();
    }
    match value.len() {
        1 => "1 byte, not shown".to_owned(),
        length => format!("{length} bytes, not shown"),
    }
}

/// A request line, or what was sent in its place, without its secrets; nearly every line of a log has none, and
/// costs a look for one byte and at its first letter. `is_whole`: its end, which it is without, had come.
pub(crate) fn withheld_line(line: &[u8], is_whole: bool) -> Cow<'_, [u8]> {
    if is_whole && !line.contains(&b'@') && !has_secret(line) {
        return Cow::Borrowed(line);
    }
    in_bytes(line, |text| lines_without(text, is_whole, withheld_value))
}

/// A whole status line without its secrets.
pub(crate) fn withheld_status_line(line: &str) -> Cow<'_, str> {
    lines_without(line, true, withheld_value)
}

/// A whole line that should be a field, without its secrets.
pub(crate) fn withheld_field_line(line: &str) -> Cow<'_, str> {
    lines_without(line, true, withheld_value)
}

/// The value of the field `name` as it may be passed on, as bytes.
pub(crate) fn withheld_field<'v>(name: &str, value: &'v [u8]) -> Cow<'v, [u8]> {
    if !value.contains(&b'@') && !is_secret(name) {
        return Cow::Borrowed(value);
    }
    in_bytes(value, |text| passed_on(name, text))
}

/// What stays as it is keeps its bytes, whatever they are.
fn in_bytes(bytes: &[u8], withhold: impl Fn(&str) -> Cow<'_, str>) -> Cow<'_, [u8]> {
    match withhold(&String::from_utf8_lossy(bytes)) {
        Cow::Borrowed(_) => Cow::Borrowed(bytes),
        Cow::Owned(shown) => Cow::Owned(shown.into_bytes()),
    }
}

/// A head without its secrets, line by line; its line ends stay as they are. One without an empty line at its end
/// is not all of it: its last line may have gone on.
pub(crate) fn withheld_head(head: &str) -> Cow<'_, str> {
    withheld_lines(head, withheld_value)
}

/// The same of lines that may be cut, or no head at all; `stand_in` makes what stands in a value's place.
pub(crate) fn withheld_lines(text: &str, stand_in: impl Fn(&str) -> String) -> Cow<'_, str> {
    lines_without(text, false, stand_in)
}

/// `is_whole`: what has no line end is no less a whole line.
fn lines_without(text: &str, is_whole: bool, stand_in: impl Fn(&str) -> String) -> Cow<'_, str> {
    let is_cut = !is_whole && !text.ends_with("\n\r\n") && !text.ends_with("\n\n");
    let may_have_url = text.contains('@') || is_cut && text.contains(':');
    if !may_have_url && !has_secret(text.as_bytes()) {
        return Cow::Borrowed(text);
    }
    let lines: Vec<&str> = lines(text).collect();
    // Empty lines may come before a request line.
    let first = lines.iter().position(|line| !line.trim().is_empty()).unwrap_or(0);
    let mut shown = String::with_capacity(text.len());
    let mut at = 0;
    while let Some(line) = lines.get(at) {
        let folds = folds(&lines[at..]);
        let whole = &lines[at..=at + folds];
        if begins_with(&SECRET, line.as_bytes()) {
            for (number, line) in whole.iter().enumerate() {
                let (name, value) = if number == 0 { at_name(&SECRET, line) } else { ("", *line) };
                let text = value.trim_end_matches(['\r', '\n']);
                let end = &value[text.len()..];
                match text.trim() {
                    "" if number == 0 && !name.ends_with(':') => shown.push_str(line),
                    text => shown.push_str(&format!("{name} {}{end}", stand_in(text))),
                }
            }
            at += 1 + folds;
        } else if at == first || begins_with(&URL, line.as_bytes()) {
            // A request line holds a URL, too. A fold may stand within a password.
            let is_field = begins_with(&URL, line.as_bytes());
            let folds = if is_field { folds } else { 0 };
            at += 1 + folds;
            let goes_on = is_cut && at == lines.len() && (is_field || !line.ends_with('\n'));
            let whole = lines[at - 1 - folds..at].concat();
            // A name and its colon are no scheme.
            let (name, value) = if is_field { at_name(&URL, &whole) } else { ("", whole.as_str()) };
            shown.push_str(name);
            let start = if is_origin_form(line) { Place::Origin } else { Place::Outside };
            shown.push_str(&without(value, &ENDS, start, goes_on));
        } else {
            at += 1;
            let goes_on = is_cut && at == lines.len() && !line.ends_with('\n');
            // A name and its colon are no scheme here, either.
            let is_name = |name: &str| !name.is_empty() && name.bytes().all(is_tchar);
            let colon = line.find(':').filter(|colon| is_name(&line[..*colon]));
            let (name, value) = line.split_at(colon.map_or(0, |colon| colon + 1));
            shown.push_str(name);
            shown.push_str(&without(value, &ENDS_AMONG, Place::Outside, goes_on));
        }
    }
    if shown == text { Cow::Borrowed(text) } else { Cow::Owned(shown) }
}

/// Lines with their ends. A CR alone ends one, too: some reader takes what stands behind it for a field.
fn lines(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        let end =
            rest.find(['\r', '\n']).map_or(rest.len(), |at| at + if rest[at..].starts_with("\r\n") { 2 } else { 1 });
        let (line, behind) = rest.split_at(end);
        rest = behind;
        (!line.is_empty()).then_some(line)
    })
}

/// How many lines go on with the field of the first: they begin with a blank (obs-fold,
/// RFC 9112 §5.2), or behind a CR alone.
fn folds(lines: &[&str]) -> usize {
    let goes_on = |pair: &[&str]| pair[1].starts_with([' ', '\t']) || pair[0].ends_with('\r');
    lines.windows(2).take_while(|pair| goes_on(pair)).count()
}

/// Whether `line` is a request line whose target is a path: two slashes are none's beginning but a path's, there
/// (RFC 9112 §3.2.1).
fn is_origin_form(line: &str) -> bool {
    let mut words = line.split_ascii_whitespace();
    let is_method = words.next().is_some_and(|word| word.bytes().all(is_tchar));
    is_method && words.next().is_some_and(|target| target.starts_with('/')) && !begins_with(&URL, line.as_bytes())
}

/// Whether what the ends of a connection sent may hold a secret: unless all of it is in the
/// record, and none of that is one.
pub fn may_hold(record: &Record) -> bool {
    let is_harmless = |message: &Message| !message.is_cut && matches!(withheld_head(&message.head), Cow::Borrowed(_));
    let is_plain = |exchange: &Exchange| {
        let takes_no_body =
            ["GET ", "HEAD ", "OPTIONS "].iter().any(|method| exchange.request.head.starts_with(method));
        let is_whole = exchange.head == Some(HeadState::Complete);
        takes_no_body && is_whole && is_harmless(&exchange.request) && is_harmless(&exchange.response)
    };
    let is_all = record.part == 1 && record.exchanges_left_out == 0 && record.close.is_some();
    !is_all || record.exchanges.is_empty() || !record.exchanges.iter().all(is_plain)
}

/// A record without its secrets.
pub fn withheld(record: &Record) -> Cow<'_, Record> {
    let has_secret = |message: &Message| matches!(withheld_head(&message.head), Cow::Owned(_));
    if !record.exchanges.iter().any(|exchange| has_secret(&exchange.request) || has_secret(&exchange.response)) {
        return Cow::Borrowed(record);
    }
    let mut record = record.clone();
    for exchange in &mut record.exchanges {
        for message in [&mut exchange.request, &mut exchange.response] {
            message.head = withheld_head(&message.head).into_owned();
        }
    }
    Cow::Owned(record)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_its_length_and_nothing_else_changes() {
        let head = "GET / HTTP/1.1\r\nHost: a\r\nCOOKIE: id=12345\r\nAuthorization:Bearer x\r\n\r\n";
        let shown = withheld_head(head);
        assert_eq!(
            shown,
            "GET / HTTP/1.1\r\nHost: a\r\nCOOKIE: 8 bytes, not shown\r\nAuthorization: 8 bytes, not shown\r\n\r\n"
        );
        assert!(matches!(withheld_head("GET / HTTP/1.1\r\nHost: a:80\r\n\r\n"), Cow::Borrowed(_)));
        assert_eq!(
            withheld_head("GET / HTTP/1.1\r\nCookie: a=1;\r\n b=22\r\n\tc=3\r\nHost: a\r\n folded\r\n\r\n"),
            "GET / HTTP/1.1\r\nCookie: 4 bytes, not shown\r\n 4 bytes, not shown\r\n 3 bytes, not shown\r\nHost: a\r\n folded\r\n\r\n"
        );
        assert!(!withheld_head("Set-Cookie: a=한글\n").contains("한글"));
        for line in [
            "\u{1}Set-Cookie: s3cret",
            "Cookie\u{b}: s3cret",
            "X: y\rCookie: s3cret",
            "Cookie: a\rs3cret\r\n b",
            "Set-Cookie s3cret=1",
            "Set-Cookie=s3cret",
            "Cookie;s3cret: a",
            "Authorization\tBasic s3cret\r\n s3cret",
            "Set-\u{1}Cookie\u{2}=\u{3}s3cret",
            "Cookie한s3cret",
        ] {
            assert!(!withheld_head(&format!("GET / HTTP/1.1\r\n{line}\r\n\r\n")).contains("s3cret"), "{line:?}");
        }
        assert_eq!(withheld_head(&shown), shown, "nothing is withheld twice");
        let odd = withheld_head("HTTP/1.1 200 OK\r\nSet-Cookie=s3cret\r\n").into_owned();
        assert_eq!(odd, "HTTP/1.1 200 OK\r\nSet-Cookie 7 bytes, not shown\r\n");
        assert_eq!(withheld_head(&odd), odd);
        for other in ["Cookies: a", "Cookie-Policy: a", "X-Cookie: a", "Cookie2=a", "Cookie\r\nA: b"] {
            assert!(matches!(withheld_head(&format!("GET / HTTP/1.1\r\n{other}\r\n")), Cow::Borrowed(_)), "{other}");
        }
    }

    #[test]
    fn what_is_withheld_of_text_is_withheld_of_bytes() {
        for (line, expected) in [
            (&b"GET http://u:s3cret@h/ HTTP/1.0"[..], &b"GET http://...@h/ HTTP/1.0"[..]),
            (b"GET /\xff?u=http://u:s3cret@h/ HTTP/1.0", "GET /\u{fffd}?u=http://...@h/ HTTP/1.0".as_bytes()),
            (b"Authorization: s3cret33", b"Authorization: 8 bytes, not shown"),
            (b"X\rCookie: s3cret", b"X\rCookie: 6 bytes, not shown"),
            (b"Cookie session=s3cret", b"Cookie 14 bytes, not shown"),
            (b"\x01Authorization=s3cret\xff", b"\x01Authorization 10 bytes, not shown"),
        ] {
            assert_eq!(&*withheld_line(line, true), expected, "{}", line.escape_ascii());
        }
        for line in
            [&b"GET / HTTP/1.0"[..], b"POST /a:b HTTP/1.0", b"GET /\xff@b:c HTTP/1.0", b"GET //h/@me HTTP/1.0", b""]
        {
            assert!(
                matches!(withheld_line(line, true), Cow::Borrowed(same) if same == line),
                "{}",
                line.escape_ascii()
            );
        }
        assert_eq!(&*withheld_field("referer", b"http://u:s3cret@h/"), b"http://...@h/");
        for (name, value) in [("referer", &b"http://h/@\xff"[..]), ("user-agent", b"a@b"), ("user-agent", b"\xff")] {
            assert!(matches!(withheld_field(name, value), Cow::Borrowed(same) if same == value), "{name}");
        }
    }

    #[test]
    fn a_url_is_shown_without_its_name_and_password() {
        for (text, expected) in [
            ("http://u:s3cret@h/a@b", "http://...@h/a@b"),
            ("//u:s3cret@h", "//...@h"),
            ("https:u:s3cret@h/", "https:...@h/"),
            ("HTTP:\\\\u:s3@cret@h?x", "HTTP:\\\\...@h?x"),
            ("/to?next=http://u:s3cret@h/", "/to?next=http://...@h/"),
            ("http://a/?b=http://한:글@h/", "http://a/?b=http://...@h/"),
            ("http://h/@me", "http://h/@me"),
            ("mailto:a@b", "mailto:a@b"),
            ("mailto:u:s3cret@h", "mailto:...@h"),
            ("ftp:u:s3cret@h/", "ftp:...@h/"),
            ("FTP:u@h/a:b@c", "FTP:...@h/a:b@c"),
            ("/a?b=c:d:e@f", "/a?b=c:d:e@f"),
            ("a:80/b:c@d", "a:80/b:c@d"),
            ("mailto:...@h", "mailto:...@h"),
            ("http://...@h/", "http://...@h/"),
        ] {
            assert_eq!(without_userinfo(text), expected);
        }
        let head = "GET http://u:s3cret@h/ HTTP/1.1\r\nReferer:http://u:s3\r\n cret@h/\r\nFrom: a@b\r\n\r\n";
        assert_eq!(withheld_head(head), "GET http://...@h/ HTTP/1.1\r\nReferer:http://...@h/\r\nFrom: a@b\r\n\r\n");
        let link = "HTTP/1.1 200 OK\r\nLink: <http://u:s3cret@h/a>; title=\"a@b\", <//h>; title=\"a@b\"\r\nRefresh: 0;url=http://u:s3 cret@h/\r\n";
        let expected = "HTTP/1.1 200 OK\r\nLink: <http://...@h/a>; title=\"a@b\", <//h>; title=\"a@b\"\r\nRefresh: 0;url=http://...@h/\r\n";
        assert_eq!(withheld_head(link), expected);
        assert_eq!(passed_on("X-Any", "see http://u:s3cret@h"), "see http://...@h");
        assert_eq!(passed_on("Refresh", "0; URL='//u:s3cret@h/'"), "0; URL='//...@h/'");
        assert_eq!(passed_on("Link", "</a>, <//u:s3cret@h/>"), "</a>, <//...@h/>");
        for (head, expected) in [
            ("HTTP/1.1 302 a\r\nLocation:mailto:a@b\r\nX: a:b:c@d\r\n\r\n", None),
            ("GET / HTTP/1.1\r\nX: a:b:c@d\r\n\r\n", None),
            ("HTTP/1.1 302 a\r\nLocation:sip:u:s3cret@h\r\n\r\n", Some("HTTP/1.1 302 a\r\nLocation:sip:...@h\r\n\r\n")),
            ("GET / HTTP/1.1\r\nX:urn:http:a:b@c\r\n\r\n", None),
            ("GET / HTTP/1.1\r\nFtp:b@c\r\n\r\n", None),
            ("GET / HTTP/1.1\r\nX:http:u:s3cret@h\r\n\r\n", Some("GET / HTTP/1.1\r\nX:http:...@h\r\n\r\n")),
            ("GET / HTTP/1.1\r\nX://u:s3cret@h\r\n\r\n", Some("GET / HTTP/1.1\r\nX://...@h\r\n\r\n")),
            ("HTTP/1.1 302 to ftp:u:s3cret@h/\r\n\r\n", Some("HTTP/1.1 302 to ftp:...@h/\r\n\r\n")),
            ("GET mailto:u:s3cret", Some("GET mailto:...")),
        ] {
            assert_eq!(withheld_head(head), expected.unwrap_or(head));
        }
        assert_eq!(withheld_status_line("HTTP/1.1 200 see http://u:s3cret@h/ a"), "HTTP/1.1 200 see http://...@h/ a");
        assert_eq!(withheld_status_line("HTTP/1.1 200 http://a:b"), "HTTP/1.1 200 http://a:b");
        assert_eq!(withheld_field_line("Location\u{1}:http:u:s3cret@h/"), "Location\u{1}:http:...@h/");
        let robot = "GET / HTTP/1.1\r\nUser-Agent: x (+http://a; b@c)\r\n\r\n";
        assert!(matches!(withheld_head(robot), Cow::Borrowed(_)));
    }

    #[test]
    fn a_path_with_two_slashes_holds_no_name() {
        for line in [
            "GET /img//logo@2x.png HTTP/1.1",
            "GET //x//y@z HTTP/1.1",
            "GET //y@z",
            "GET /a?b=//c@d HTTP/1.0",
            "GET http://h/img//logo@2x.png HTTP/1.0",
            "\r\nGET //y@z HTTP/1.0",
        ] {
            let head = format!("{line}\r\nReferer: http://h/a//b@c?d=//e@f\r\nX: /a//b@c, a//b@c\r\n\r\n");
            assert!(matches!(withheld_head(&head), Cow::Borrowed(_)), "{}", withheld_head(&head));
            assert!(matches!(withheld_line(line.as_bytes(), true), Cow::Borrowed(_)), "{line}");
        }
        for (line, expected) in [
            ("GET /a//b@c?d=http://u:s3cret@h/ HTTP/1.0", "GET /a//b@c?d=http://...@h/ HTTP/1.0"),
            ("GET \\\\u:s3cret@h/ HTTP/1.0", "GET \\\\...@h/ HTTP/1.0"),
            ("Location: //u:s3cret@h/", "Location: //...@h/"),
            ("Location /a //u:s3cret@h/", "Location /a //...@h/"),
            ("Location=//u:s3cret@h/a//b@c", "Location=//...@h/a//b@c"),
            ("X: /a <//u:s3cret@h/>", "X: /a <//...@h/>"),
        ] {
            assert_eq!(withheld_head(line), expected);
        }
    }

    #[test]
    fn a_password_without_its_end_is_not_shown() {
        for (head, expected) in [
            ("GET http://bob:s3cret", "GET http://..."),
            ("GET http://bob:s3@cret", "GET http://..."),
            ("GET http://bob:12345678", "GET http://..."),
            ("GET /to?next=http://bob:s3cret", "GET /to?next=http://..."),
            ("GET / HTTP/1.0\r\nReferer: http://bob:s3cret", "GET / HTTP/1.0\r\nReferer: http://..."),
            ("GET / HTTP/1.0\r\nReferer: http://bob:s3\r\n cret\r\n", "GET / HTTP/1.0\r\nReferer: http://...\r\n"),
            ("GET / HTTP/1.0\r\nLink: <//bob:s3cret", "GET / HTTP/1.0\r\nLink: <//..."),
            ("GET / HTTP/1.0\r\nX: [http://[bob:s3cret", "GET / HTTP/1.0\r\nX: [http://..."),
        ] {
            assert_eq!(withheld_head(head), expected);
            assert_eq!(withheld_head(expected), expected, "nothing is withheld twice");
        }
        assert_eq!(&*withheld_line(b"GET http://bob:s3cret", false), b"GET http://...");
        assert_eq!(&*withheld_line(b"GET http://bob:s3cret", true), b"GET http://bob:s3cret");
        for head in [
            "GET http://h:80",
            "GET http://[::1",
            "GET http://[fe80::1%25a]:80",
            "GET http://bob",
            "GET http://bob:80/a:b",
            "GET /a//b:c",
            "GET http://a:b\r\n",
            "GET / HTTP/1.0\r\nReferer: http://a:b\r\n\r\n",
            "GET / HTTP/1.0\r\nReferer: http://h:80\r\n",
            "GET / HTTP/1.0\r\nX: http://a:b c",
            "GET / HTTP/1.0\nX: http://a:b\n\n",
        ] {
            assert!(matches!(withheld_head(head), Cow::Borrowed(_)), "{head}: {}", withheld_head(head));
        }
    }
}
