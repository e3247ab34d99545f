//! Validators, and the conditions that requests make on them (RFC 9110 §8.8, §13).

use crate::http::date::HttpDate;
use crate::http::message::Headers;
use rustix::fs::Stat;
use std::time::{Duration, SystemTime};

/// What tells one version of a file from another: chosen here and nowhere else.
///
/// A tag made from the content is equal wherever the bytes are; it is sent as
/// soon as it is known. Until then the tag of the version on this machine is
/// sent; both are strong, so a client that has the one may go on with it when
/// the other is known. Where the clock can't tell versions apart there is none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Validators {
    /// From the content.
    of_content: Option<String>,
    /// From inode, time of change and size.
    of_version: Option<String>,
    /// The modification time, if it says something: it is none of those that
    /// tools give to every file, and the tick of a coarse clock is over. It is a
    /// weak validator: two changes within one second no date can tell apart, nor
    /// two files that were given one date (RFC 9110 §8.8.2.2).
    modified: Option<HttpDate>,
    /// The date that is sent.
    pub(super) last_modified: Option<String>,
}

/// Modification times that tools give to every file, so that they say nothing:
/// 1970 (containers, OSTree; Nix: a second later), the first of 1980 (the oldest
/// that zip knows), and npm's.
const PINNED: [i64; 5] = [0, 1, 315_532_800, 315_532_801, 499_162_500];

/// What the conditions leave to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// Respond as if there were none.
    Proceed,
    /// 304.
    NotModified,
    /// 412.
    Failed,
}

/// By how much the clock of `Date` may be behind (CLOCK_REALTIME_COARSE, at 100 Hz): a
/// `Last-Modified` is never later than that.
const TICK: Duration = Duration::from_millis(10);

impl Validators {
    /// Those of a file of which nothing is known.
    pub(super) const NONE: Self = Self { of_content: None, of_version: None, modified: None, last_modified: None };

    /// Those of a file in this state at the time `now`, with the tags that can be made.
    #[allow(clippy::unnecessary_cast)] // the fields' types differ between systems
    pub(super) fn of(state: &Stat, now: SystemTime, of_content: Option<String>, of_version: Option<String>) -> Self {
        let seconds = state.st_mtime as i64;
        // A clock without fractions may be one of two seconds (FAT).
        let tick = if state.st_mtime_nsec == 0 { 2 } else { 0 };
        let now = HttpDate::from_system(now - TICK);
        let is_over = (now.unix() as i64).saturating_sub(seconds) >= tick;
        let modified = HttpDate::from_unix(seconds).filter(|_| is_over && !PINNED.contains(&seconds));
        // A time later than now is sent as now (RFC 9110 §8.8.2.1), and tells nothing.
        let last_modified = modified.or_else(|| (seconds > now.unix() as i64).then_some(now));
        Self { of_content, of_version, modified, last_modified: last_modified.map(|date| date.to_string()) }
    }

    /// The entity tag that is sent.
    pub(super) fn tag(&self) -> Option<&str> {
        self.of_content.as_deref().or(self.of_version.as_deref())
    }

    /// The same, with the tag of the content, which was not known before.
    pub(super) fn with_content(&self, tag: String) -> Self {
        Self { of_content: Some(tag), ..self.clone() }
    }

    /// Whether a request's conditions may name a tag.
    pub(super) fn may_be_named(headers: &Headers<'_>) -> bool {
        ["if-match", "if-none-match", "if-range"].iter().any(|name| headers.all(name).next().is_some())
    }

    fn has(&self, tag: &[u8]) -> bool {
        [&self.of_content, &self.of_version].into_iter().flatten().any(|ours| ours.as_bytes() == tag)
    }

    /// Weighs the conditions in the order of RFC 9110 §13.2.2.
    pub(super) fn judge(&self, headers: &Headers<'_>) -> Verdict {
        let date = |name| headers.only(name).and_then(HttpDate::parse);
        if headers.all("if-match").next().is_some() {
            if !is_any(headers, "if-match") && !headers.list("if-match").any(|tag| self.has(tag)) {
                return Verdict::Failed;
            }
        } else if let (Some(limit), Some(modified)) = (date("if-unmodified-since"), self.modified)
            && modified > limit
        {
            return Verdict::Failed;
        }
        if headers.all("if-none-match").next().is_some() {
            let is_same =
                is_any(headers, "if-none-match") || headers.list("if-none-match").any(|tag| self.matches_weakly(tag));
            return if is_same { Verdict::NotModified } else { Verdict::Proceed };
        }
        let since = headers.only("if-modified-since");
        let modified = self.modified.and(self.last_modified.as_deref());
        if since.is_some() && since == modified.map(str::as_bytes) {
            return Verdict::NotModified; // the very text that it was given: no date need be read
        }
        match (since.and_then(HttpDate::parse), self.modified) {
            (Some(since), Some(modified)) if modified <= since => Verdict::NotModified,
            _ => Verdict::Proceed,
        }
    }

    /// Whether a range of what the client has may be completed (RFC 9110 §13.1.5): by a
    /// strong tag alone. A date would have to be strong, too, and here none is. Two conditions
    /// are none that could be true: which one the client means is not known.
    pub(super) fn allow_range(&self, headers: &Headers<'_>) -> bool {
        headers.all("if-range").next().is_none()
            || headers.only("if-range").is_some_and(|condition| self.has(condition))
    }

    /// The tag that `If-Range` named, where it is another one than is sent: a client that
    /// continues a part by that tag gets it for the same version.
    pub(super) fn other_tag(&self, headers: &Headers<'_>) -> Option<&str> {
        let condition = headers.only("if-range")?;
        let named =
            [&self.of_content, &self.of_version].into_iter().flatten().find(|tag| tag.as_bytes() == condition)?;
        (self.tag() != Some(named)).then_some(named)
    }

    fn matches_weakly(&self, tag: &[u8]) -> bool {
        self.has(tag.strip_prefix(b"W/").unwrap_or(tag))
    }
}

/// `*` stands for any file where it stands alone (RFC 9110 §13.1.1): among tags it is none.
fn is_any(headers: &Headers<'_>, name: &str) -> bool {
    headers.only(name) == Some(b"*")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::message::Field;

    const MODIFIED: u64 = 784_111_777; // Sun, 06 Nov 1994 08:49:37 GMT
    const DATE: &str = "Sun, 06 Nov 1994 08:49:37 GMT";
    const LATER: &str = "Sun, 06 Nov 1994 08:49:38 GMT";
    const EARLIER: &str = "Sun, 06 Nov 1994 08:49:36 GMT";

    fn file() -> Validators {
        let modified = HttpDate::from_unix(MODIFIED as i64);
        let (of_content, of_version) = (Some("\"a\"".into()), Some("\"a-1\"".into()));
        Validators { of_content, of_version, modified, last_modified: Some(DATE.into()) }
    }

    fn with<T>(fields: &[(&str, &str)], ask: impl FnOnce(&Headers<'_>) -> T) -> T {
        let fields: Vec<Field<'_>> =
            fields.iter().map(|&(name, value)| Field { name, value: value.as_bytes() }).collect();
        ask(&Headers::new(&fields))
    }

    #[test]
    fn conditions_in_their_order() {
        use Verdict::{Failed, NotModified, Proceed};
        for (fields, expected) in [
            (vec![], Proceed),
            (vec![("If-None-Match", "\"a-1\"")], NotModified),
            (vec![("If-None-Match", "\"x\", W/\"a-1\"")], NotModified),
            (vec![("If-None-Match", "\"x\""), ("If-None-Match", "\"a-1\"")], NotModified),
            (vec![("If-None-Match", "\"a\"")], NotModified),
            (vec![("If-None-Match", "*")], NotModified),
            (vec![("If-None-Match", "*, \"x\"")], Proceed),
            (vec![("If-None-Match", "\"x\", *")], Proceed),
            (vec![("If-None-Match", "*"), ("If-None-Match", "\"x\"")], Proceed),
            (vec![("If-None-Match", "*, \"a-1\"")], NotModified),
            (vec![("If-None-Match", "**")], Proceed),
            (vec![("If-Match", "*, \"x\"")], Failed),
            (vec![("If-Match", "\"x\""), ("If-Match", "*")], Failed),
            (vec![("If-Match", "*, \"a-1\"")], Proceed),
            (vec![("If-Modified-Since", "Mon, 6 Nov 1994 08:49:37 GMT")], NotModified),
            (vec![("If-Unmodified-Since", "Sun, 06-Nov-94 08:49:36 GMT")], Failed),
            (vec![("If-None-Match", "a-1")], Proceed),
            (vec![("If-None-Match", "\"x\""), ("If-Modified-Since", LATER)], Proceed),
            (vec![("If-Modified-Since", DATE)], NotModified),
            (vec![("If-Modified-Since", "Sunday, 06-Nov-94 08:49:37 GMT")], NotModified),
            (vec![("If-Modified-Since", "Sun Nov  6 08:49:37 1994")], NotModified),
            (vec![("If-Modified-Since", LATER)], NotModified),
            (vec![("If-Modified-Since", EARLIER)], Proceed),
            (vec![("If-Modified-Since", "lately")], Proceed),
            (vec![("If-Match", "\"a-1\"")], Proceed),
            (vec![("If-Match", "*")], Proceed),
            (vec![("If-Match", "W/\"a-1\"")], Failed),
            (vec![("If-Match", "\"x\"")], Failed),
            (vec![("If-Unmodified-Since", DATE)], Proceed),
            (vec![("If-Unmodified-Since", EARLIER)], Failed),
        ] {
            assert_eq!(with(&fields, |headers| file().judge(headers)), expected, "{fields:?}");
        }
    }

    #[test]
    fn a_part_goes_on_by_the_tag_that_it_began_with() {
        let other = |tag| with(&[("If-Range", tag)], |headers| file().other_tag(headers).map(str::to_owned));
        assert_eq!(other("\"a-1\"").as_deref(), Some("\"a-1\""));
        assert_eq!([other("\"a\""), other("\"x\""), other(DATE)], [None, None, None]);
        assert_eq!(with(&[], |headers| file().other_tag(headers).map(str::to_owned)), None);
    }

    #[test]
    fn if_range_takes_strong_validators_only() {
        for (value, allowed) in
            [("\"a\"", true), ("\"a-1\"", true), ("W/\"a-1\"", false), ("\"x\"", false), (DATE, false), (LATER, false)]
        {
            let fields = [("If-Range", value)];
            assert_eq!(with(&fields, |headers| file().allow_range(headers)), allowed, "{value}");
        }
        assert!(with(&[], |headers| file().allow_range(headers)));
        for values in [["\"a\"", "\"x\""], ["\"x\"", "\"a\""]] {
            let fields = values.map(|value| ("If-Range", value));
            assert!(!with(&fields, |headers| file().allow_range(headers)), "{values:?}");
        }
    }
}
