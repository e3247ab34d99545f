//! Names and passwords in URLs.

use std::borrow::Cow;

/// What stands in the place of a name and a password in a URL.
pub(crate) const WITHHELD: &str = "...";

/// Where an authority ends in a URL, and where among other things.
pub(super) const ENDS: [char; 4] = ['/', '\\', '?', '#'];
pub(super) const ENDS_AMONG: [char; 11] = ['/', '\\', '?', '#', ' ', '\t', '\r', '\n', '<', '>', '"'];

/// A URL, or text with one, without its name and password.
pub(crate) fn without_userinfo(text: &str) -> Cow<'_, str> {
    without(text, &ENDS, Place::Outside, false)
}

/// The same of a name or a value of a query, decoded: by what its URL is judged by.
pub(crate) fn without_userinfo_in_query(text: &str) -> Cow<'_, str> {
    without(text, &ENDS, Place::Value, false)
}

/// The same of text with URLs among other things: they end where none goes on.
pub(super) fn without_userinfo_among(text: &str) -> Cow<'_, str> {
    without(text, &ENDS_AMONG, Place::Outside, false)
}

/// Where in a URL something stands.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// In none, or before its path; a URL that begins here may lack its scheme.
    Outside,
    /// Before its path, in a line whose URL is a path.
    Origin,
    /// In its path.
    Path,
    /// In its query or behind it.
    Query,
    /// In a value of its query that was decoded: `&` is of the value.
    Value,
}

impl Place {
    /// The place behind `byte`, which ends what stands among other things if `is_end`.
    fn behind(self, byte: u8, is_end: bool, start: Self) -> Self {
        match (self, byte) {
            (Self::Value, b'&' | b'=') | (_, b'?' | b'#') => Self::Query,
            (Self::Outside | Self::Origin, b'/' | b'\\') => Self::Path,
            (Self::Path, _) if is_outside(byte) => start,
            (Self::Query, _) if is_end && is_outside(byte) => start,
            _ => self,
        }
    }
}

/// Text without what stands between the beginning of an authority and its `@`; it goes on up to one of `ends`, and in
/// a query up to `&`. `goes_on`: so did the text, and its last authority with it, maybe.
pub(super) fn without<'t>(text: &'t str, ends: &[char], start: Place, goes_on: bool) -> Cow<'t, str> {
    if !text.contains('@') && !goes_on {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len());
    let mut from = 0;
    let mut search = Search { text: text.as_bytes(), is_among: ends.contains(&' '), start, at: 0, place: start };
    while let Some(has) = search.authority() {
        let begin = search.at;
        let is_end = |letter: char| ends.contains(&letter) || letter == '&' && search.place == Place::Query;
        let length = text[begin..].find(is_end).unwrap_or(text.len() - begin);
        let known = text[begin..begin + length].trim_end();
        if goes_on && begin + length == text.len() && may_have_password(known) {
            shown.push_str(&text[from..begin]);
            shown.push_str(WITHHELD);
            from = begin + known.len();
        } else if let Some(sign) = known.rfind('@').filter(|sign| has == Userinfo::Name || has_colon(&known[..*sign])) {
            shown.push_str(&text[from..begin]);
            shown.push_str(WITHHELD);
            from = begin + sign;
        }
        search.at = begin + length;
    }
    shown.push_str(&text[from..]);
    if shown == text { Cow::Borrowed(text) } else { Cow::Owned(shown) }
}

fn has_colon(text: &str) -> bool {
    text.contains(':') || text.as_bytes().windows(3).any(|escape| escape.eq_ignore_ascii_case(b"%3a"))
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

/// What stands before an authority's `@`.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Userinfo {
    /// A name, with a password or without.
    Name,
    /// Only what has a password: `mailto:a@b` is an address, `//logo@2x.png` in a query a path.
    Password,
}

/// Schemes whose authority needs no slashes (WHATWG URL, "special scheme"), and others with a name and no slashes.
const SPECIAL: [&str; 5] = ["http", "https", "ftp", "ws", "wss"];
const OF_ADDRESSES: [&str; 3] = ["mailto", "sip", "sips"];

/// A search for authorities.
struct Search<'t> {
    text: &'t [u8],
    /// Whether URLs are among other things.
    is_among: bool,
    start: Place,
    /// How far it is, and where in a URL that is.
    at: usize,
    place: Place,
}

impl Search<'_> {
    /// Goes to where the next authority begins: behind two slashes, which may be backslashes, where a path does not
    /// go on; behind some schemes' colons also without any. Gives what stands in it.
    fn authority(&mut self) -> Option<Userinfo> {
        let (mut slashes, mut behind_slashes, mut behind_scheme) = (0, None, None);
        while let Some(&byte) = self.text.get(self.at) {
            let before = &self.text[..self.at];
            match byte {
                b'/' | b'\\' => {
                    if slashes == 0 {
                        behind_slashes = self.place.begins(before);
                    }
                    slashes += 1;
                }
                b'\t' | b'\r' | b'\n' => {} // passed over
                b' ' if before.ends_with(b"\n") || before.ends_with(b"\r") => {} // a fold's
                _ => {
                    let found = behind_slashes.filter(|_| slashes >= 2);
                    let found = found.or(behind_scheme.and_then(|has| self.behind_colon(has)));
                    if found.is_some() {
                        return found;
                    }
                    slashes = 0;
                    behind_scheme = if byte == b':' { self.place.begins_by_scheme(before) } else { None };
                }
            }
            self.place = self.place.behind(byte, self.is_among, self.start);
            self.at += 1;
        }
        None
    }

    /// The same behind a scheme's colon without slashes. A blank there may be a mistake, and of a password only; in a
    /// query, which has blanks in other ways, too, what stands before it is a word.
    fn behind_colon(&self, has: Userinfo) -> Option<Userinfo> {
        let rest = &self.text[self.at..];
        match self.place {
            Place::Query if rest.starts_with(b"+") || rest.starts_with(b"%20") => None,
            Place::Query | Place::Value if rest.starts_with(b" ") => None,
            _ if rest.starts_with(b" ") => Some(Userinfo::Password),
            _ => Some(has),
        }
    }
}

impl Place {
    /// What slashes behind `before`, which is in this place, may begin: an authority behind a scheme's colon; that of
    /// a URL without one, where that itself begins: in angle brackets, quotes, behind `url=`. In a query that is only
    /// one with a password.
    fn begins(self, before: &[u8]) -> Option<Userinfo> {
        let is_begin = match self.last(before) {
            Some(b':') => return Some(Userinfo::Name),
            Some(b'=' | b'\'' | b'(' | b',' | b';') => self != Self::Path, // a path has these, too
            Some(b'?' | b'#' | b'&') => matches!(self, Self::Query | Self::Value),
            last => last.is_none_or(is_outside),
        };
        match self {
            _ if !is_begin => None,
            Self::Origin => None,
            Self::Outside | Self::Path => Some(Userinfo::Name),
            Self::Query | Self::Value => Some(Userinfo::Password),
        }
    }

    /// What the colon behind `before` may begin without slashes: a URL that begins with its scheme; behind another's
    /// colon or in a word it is none. In a path, `http:` may be another URL's if it has a password.
    fn begins_by_scheme(self, before: &[u8]) -> Option<Userinfo> {
        let ends_with = |scheme: &&&str| {
            let at = before.len().checked_sub(scheme.len());
            at.is_some_and(|at| {
                let is_word = |last: u8| last.is_ascii_alphanumeric() || b"+-.:".contains(&last);
                before[at..].eq_ignore_ascii_case(scheme.as_bytes()) && !self.last(&before[..at]).is_some_and(is_word)
            })
        };
        let scheme = SPECIAL.iter().chain(&OF_ADDRESSES).find(ends_with)?;
        let is_part = before[..before.len() - scheme.len()].ends_with(b"/");
        match (SPECIAL.contains(scheme), is_part) {
            (true, false) => Some(Userinfo::Name),
            (false, false) => Some(Userinfo::Password),
            (_, true) => scheme.starts_with("http").then_some(Userinfo::Password),
        }
    }

    /// The last letter; in a query, what it stands for.
    fn last(self, before: &[u8]) -> Option<u8> {
        match before {
            [.., b'%', high, low] if self == Self::Query => {
                let digit = |byte: u8| char::from(byte).to_digit(16);
                digit(*high).zip(digit(*low)).map_or(Some(*low), |(high, low)| Some((high << 4 | low) as u8))
            }
            [.., b'+'] if self == Self::Query => Some(b' '),
            _ => before.last().copied(),
        }
    }
}

fn is_outside(byte: u8) -> bool {
    byte <= b' ' || matches!(byte, b'<' | b'>' | b'"')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_decoded_value_is_judged_as_its_url() {
        for (value, expected) in [
            ("http://bob:s3&cret@h/", "http://...@h/"),
            ("a=http://h:80&b=c@d", "a=http://h:80&b=c@d"),
            ("a=//bob:s3cret@h&b=c@d", "a=//...@h&b=c@d"),
            ("Meeting:12:30@Room", "Meeting:12:30@Room"),
            ("see //logo@2x.png", "see //logo@2x.png"),
            ("see //bob:s3cret@h", "see //...@h"),
        ] {
            assert_eq!(without_userinfo_in_query(value), expected);
        }
        assert_eq!(without_userinfo("http: u:s3cret@h/"), "http:...@h/");
        assert_eq!(without_userinfo("/proxy/http:/u:s3cret@h/"), "/proxy/http:/...@h/");
    }
}
