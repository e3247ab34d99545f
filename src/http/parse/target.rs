//! What a request is for: the target between method and version (RFC 9112 §3.2).

use crate::http::host;
use crate::http::message::Target;
use crate::http::server::rejection::Rejection;

/// The four forms of a target (RFC 9112 §3.2): the part that names something
/// here, and the authority where one is named.
pub(super) fn read<'b>(method: &str, raw: &'b str) -> Result<(Target<'b>, Option<&'b [u8]>), Rejection> {
    if raw.bytes().any(|byte| byte == b'#') {
        return Err(Rejection::Target);
    }
    let (path_and_query, authority) = match (method, raw) {
        ("OPTIONS", "*") => return Ok((Target { path: raw, query: None }, None)),
        ("CONNECT", _) if !raw.starts_with('/') => {
            let authority = Some(raw.as_bytes()).filter(|raw| host::is_valid(raw));
            return Ok((Target { path: raw, query: None }, Some(authority.ok_or(Rejection::Target)?)));
        }
        _ if raw.starts_with('/') => (raw, None),
        _ => split_authority(raw).ok_or(Rejection::Target)?,
    };
    let (path, query) = match path_and_query.split_once('?') {
        Some((path, query)) => (path, Some(query)),
        None => (path_and_query, None),
    };
    Ok((Target { path: if path.is_empty() { "/" } else { path }, query }, authority))
}

/// What follows `http://host:port`, which may be empty or begin with `?`, and
/// that host and port. The host of a URL is never empty (RFC 9110 §4.2.1); whose
/// name and password stand before it is nobody's concern here.
fn split_authority(raw: &str) -> Option<(&str, Option<&[u8]>)> {
    let (scheme, rest) = raw.split_once("://")?;
    let (authority, path_and_query) = rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len()));
    let host = authority.split_once('@').map_or(authority, |(_, host)| host).as_bytes();
    let known = scheme.eq_ignore_ascii_case("http") || scheme.eq_ignore_ascii_case("https");
    let names_host = !matches!(host, [] | [b':', ..]) && host::is_valid(host);
    (known && names_host).then_some((path_and_query, Some(host)))
}

/// Bytes that httparse takes in a target: no space, no control.
pub(super) fn is_target(word: &[u8]) -> bool {
    !word.is_empty() && word.iter().all(|&byte| byte > b' ' && byte != 0x7f)
}

/// A target in UTF-8: other bytes, such as those of Latin-1, stand for characters that nobody names.
pub(super) fn as_text(target: &[u8]) -> Result<&str, Rejection> {
    std::str::from_utf8(target).map_err(|_| Rejection::Target)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn targets_in_all_their_forms() {
        for (method, raw, path, query) in [
            ("GET", "/a?b?c", "/a", Some("b?c")),
            ("GET", "/a?", "/a", Some("")),
            ("GET", "http://host/a?b", "/a", Some("b")),
            ("GET", "HTTP://host:80", "/", None),
            ("GET", "http://host?q", "/", Some("q")),
            ("OPTIONS", "*", "*", None),
            ("CONNECT", "host:443", "host:443", None),
            ("GET", "//host/../x", "//host/../x", None),
        ] {
            assert_eq!(read(method, raw).map(|(target, _)| target), Ok(Target { path, query }), "{method} {raw}");
        }
        for raw in [
            "*",
            "a",
            "ftp://host/",
            "http:///a",
            "/a#b",
            "?q",
            "http://a b/",
            "http://[::1/",
            "http://a:b/",
            "http://%zz/",
            "http://a@b@c/",
            "http://user@/",
            "http://:80/",
            "http://?q",
            "http:/a",
            "http:a",
        ] {
            assert_eq!(read("GET", raw), Err(Rejection::Target), "{raw}");
        }
    }
}
