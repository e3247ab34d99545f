//! Names and passwords in URLs.

use std::borrow::Cow;

/// What stands in the place of a name and a password in a URL.
pub(crate) const WITHHELD: &str = "...";

/// Where an authority ends in a URL, and where among other things.
pub(super) const ENDS: [char; 4] = ['/', '\\', '?', '#'];
pub(super) const ENDS_AMONG: [char; 11] = ['/', '\\', '?', '#', ' ', '\t', '\r', '\n', '<', '>', '"'];

/// A URL, or text with one, without its name and password.
pub(crate) fn without_userinfo(text: &str) -> Cow<'_, str> {
    without(text, &ENDS, true, false)
}

/// The same of text with URLs among other things: they end where none goes on.
pub(super) fn without_userinfo_among(text: &str) -> Cow<'_, str> {
    without(text, &ENDS_AMONG, true, false)
}

/// Text without what stands between the beginning of an authority and its `@`; it goes on up to one of `ends`.
/// `is_relative`: a URL may lack its scheme. `goes_on`: so did the text, and its last authority with it, maybe.
pub(super) fn without<'t>(text: &'t str, ends: &[char], is_relative: bool, goes_on: bool) -> Cow<'t, str> {
    if !text.contains('@') && !goes_on {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len());
    let (mut from, mut at) = (0, 0);
    // Among other things, a colon is no scheme's.
    let is_url = is_relative && !ends.contains(&' ');
    while let Some((begin, is_of_password)) = authority(text.as_bytes(), at, is_relative, is_url) {
        let length = text[begin..].find(ends).unwrap_or(text.len() - begin);
        let known = text[begin..begin + length].trim_end();
        if goes_on && begin + length == text.len() && may_have_password(known) {
            shown.push_str(&text[from..begin]);
            shown.push_str(WITHHELD);
            from = begin + known.len();
        } else if let Some(sign) = known.rfind('@').filter(|sign| !is_of_password || known[..*sign].contains(':')) {
            shown.push_str(&text[from..begin]);
            shown.push_str(WITHHELD);
            from = begin + sign;
        }
        at = begin + length;
    }
    shown.push_str(&text[from..]);
    if shown == text { Cow::Borrowed(text) } else { Cow::Owned(shown) }
}

/// Whether there is a password in the beginning of an authority, its `@` still to come: what is behind a colon is no
/// port, and the colon is none of an address in brackets.
fn may_have_password(authority: &str) -> bool {
    let is_of_address = |letter: char| letter.is_ascii_hexdigit() || matches!(letter, ':' | '.');
    let behind = authority.strip_prefix('[').map_or(authority, |address| address.trim_start_matches(is_of_address));
    let is_port =
        |port: &str| port.bytes().all(|byte| byte.is_ascii_digit()) && (port.is_empty() || port.parse::<u16>().is_ok());
    behind.split_once(':').is_some_and(|(_, port)| !is_port(port))
}

/// Where the next authority begins: behind two slashes, which may be backslashes, where a path does not go on; behind
/// `http:` and `https:` also without any (WHATWG URL, "special authority slashes state"). `is_url`: so it does behind
/// `ftp:`, and a password may stand behind any scheme, as in `sip:`. Gives whether there is a name in what begins
/// there only together with a password: `mailto:a@b` is an address.
fn authority(text: &[u8], from: usize, is_relative: bool, is_url: bool) -> Option<(usize, bool)> {
    let (mut slashes, mut scheme, mut is_path) = (0, false, false);
    for at in from..text.len() {
        match text[at] {
            b'/' | b'\\' => {
                if slashes == 0 {
                    is_path = !begins(&text[..at], is_relative);
                }
                slashes += 1;
            }
            b'\t' | b'\r' | b'\n' => {} // passed over
            _ if slashes >= 2 && !is_path || scheme => return Some((at, false)),
            byte => {
                if is_url
                    && at > from
                    && byte > b' '
                    && let Some(before) = text[..at].strip_suffix(b":")
                    && let Some(is_special) = scheme_before(before)
                {
                    return Some((at, !is_special));
                }
                let before = text[at.saturating_sub(5)..at].to_ascii_lowercase();
                scheme = byte == b':' && (before.ends_with(b"http") || before == b"https");
                slashes = 0;
            }
        }
    }
    None
}

/// Whether `before` ends with a scheme: whether it is one of those whose authority lacks no slashes (WHATWG URL,
/// "special scheme").
fn scheme_before(before: &[u8]) -> Option<bool> {
    let is_letter = |byte: &u8| byte.is_ascii_alphanumeric() || b"+-.".contains(byte);
    let length = before.iter().rev().take_while(|byte| is_letter(byte)).count();
    let (rest, scheme) = before.split_at(before.len() - length);
    let is_scheme = scheme.first().is_some_and(u8::is_ascii_alphabetic) && begins(rest, true);
    is_scheme.then(|| ["ftp", "ws", "wss"].iter().any(|special| scheme.eq_ignore_ascii_case(special.as_bytes())))
}

/// Whether slashes behind `before` may begin an authority: behind a scheme's colon; of a URL without one,
/// where that itself begins: in angle brackets, quotes, behind `url=`.
fn begins(before: &[u8], is_relative: bool) -> bool {
    let is_outside = |byte: &u8| *byte <= b' ' || matches!(byte, b'<' | b'>' | b'"');
    let goes_on = |byte: &u8| matches!(byte, b'/' | b'\\' | b'?' | b'#');
    match before.last() {
        Some(b':') => true,
        None => is_relative,
        Some(last) if is_outside(last) => is_relative,
        // A path or a query has these, too.
        Some(b'=' | b'\'' | b'(' | b',' | b';') => {
            let nearest = before.iter().rev().find(|byte| is_outside(byte) || goes_on(byte));
            is_relative && !nearest.is_some_and(goes_on)
        }
        Some(_) => false,
    }
}
