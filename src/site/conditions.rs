//! Validators, and the conditions that requests make on them (RFC 9110 §8.8, §13).

use crate::http::date::HttpDate;
use crate::http::message::Headers;
use rustix::fs::Stat;

/// What tells one version of a file from another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Validators {
    /// A strong entity tag: the inode mixed with the time of its last change in
    /// nanoseconds, and the size. Unlike the modification time that one can't be set back
    /// (`cp -p`, `tar -x`), and a file that took another's name in the same tick
    /// of the clock has another inode: changed content never keeps its tag.
    pub(super) etag: String,
    /// The modification time; `None` before 1970, which this server does not write.
    pub(super) modified: Option<HttpDate>,
    /// The same as it is sent.
    pub(super) last_modified: Option<String>,
}

/// What the conditions leave to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// Answer as if there were none.
    Proceed,
    /// 304.
    NotModified,
    /// 412.
    Failed,
}

impl Validators {
    /// Those of a file in this state, at the time `now`.
    #[allow(clippy::unnecessary_cast)] // the fields' types differ between systems
    pub(super) fn of(state: &Stat, now: HttpDate) -> Self {
        let changed = (state.st_ctime as u64).wrapping_mul(1_000_000_000).wrapping_add(state.st_ctime_nsec as u64);
        // Never later than Date (RFC 9110 §8.8.2.1).
        let modified = HttpDate::from_unix(state.st_mtime as i64)
            .or_else(|| (state.st_mtime as i64 > 0).then_some(now))
            .map(|modified| modified.min(now));
        Self {
            etag: format!("\"{:x}-{:x}\"", changed ^ state.st_ino.rotate_left(32), state.st_size),
            modified,
            last_modified: modified.map(|date| date.to_string()),
        }
    }

    /// Weighs the conditions in the order of RFC 9110 §13.2.2.
    pub(super) fn judge(&self, headers: &Headers<'_>) -> Verdict {
        let date = |name| headers.only(name).and_then(HttpDate::parse);
        if headers.all("if-match").next().is_some() {
            if !headers.list("if-match").any(|tag| tag == b"*" || tag == self.etag.as_bytes()) {
                return Verdict::Failed;
            }
        } else if let (Some(limit), Some(modified)) = (date("if-unmodified-since"), self.modified)
            && modified > limit
        {
            return Verdict::Failed;
        }
        if headers.all("if-none-match").next().is_some() {
            let is_same = headers.list("if-none-match").any(|tag| tag == b"*" || self.matches_weakly(tag));
            return if is_same { Verdict::NotModified } else { Verdict::Proceed };
        }
        let since = headers.only("if-modified-since");
        if since.is_some() && since == self.last_modified.as_deref().map(str::as_bytes) {
            return Verdict::NotModified; // the very text that it was given: no date need be read
        }
        match (since.and_then(HttpDate::parse), self.modified) {
            (Some(since), Some(modified)) if modified <= since => Verdict::NotModified,
            _ => Verdict::Proceed,
        }
    }

    /// Whether a range of what the client has may be completed (RFC 9110 §13.1.5):
    /// by a strong tag, or by the very date, if the file had a second to itself.
    pub(super) fn allow_range(&self, headers: &Headers<'_>, now: HttpDate) -> bool {
        let Some(condition) = headers.all("if-range").next() else {
            return true;
        };
        condition == self.etag.as_bytes()
            || HttpDate::parse(condition)
                .is_some_and(|date| self.modified == Some(date) && date < now && headers.only("if-range").is_some())
    }

    fn matches_weakly(&self, tag: &[u8]) -> bool {
        tag.strip_prefix(b"W/").unwrap_or(tag) == self.etag.as_bytes()
    }
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
        Validators { etag: "\"a-1\"".into(), modified, last_modified: Some(DATE.into()) }
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
            (vec![("If-None-Match", "*")], NotModified),
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
    fn if_range_takes_strong_validators_only() {
        let now = HttpDate::from_unix(MODIFIED as i64 + 60).expect("a date");
        for (value, allowed) in
            [("\"a-1\"", true), ("W/\"a-1\"", false), ("\"x\"", false), (DATE, true), (LATER, false)]
        {
            let fields = [("If-Range", value)];
            assert_eq!(with(&fields, |headers| file().allow_range(headers, now)), allowed, "{value}");
        }
        assert!(with(&[], |headers| file().allow_range(headers, now)));
        let same_second = HttpDate::from_unix(MODIFIED as i64).expect("a date");
        assert!(!with(&[("If-Range", DATE)], |headers| file().allow_range(headers, same_second)));
    }
}
