//! HTTP dates: seconds since 1970, written and read in the forms of RFC 9110 §5.6.7.

use std::fmt;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// 9999-12-31T23:59:59Z: a later year does not fit the four digits of an HTTP date.
const LAST_SECOND: u64 = 253_402_300_799;

/// A moment with the resolution of an HTTP date: whole seconds, 1970 to 9999.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct HttpDate(u64);

impl HttpDate {
    /// `seconds` after 1970-01-01T00:00:00Z; `None` where an HTTP date cannot say it.
    pub fn from_unix(seconds: i64) -> Option<Self> {
        u64::try_from(seconds).ok().filter(|&seconds| seconds <= LAST_SECOND).map(Self)
    }

    /// The second in which `time` lies, moved into the years that can be written.
    pub fn from_system(time: SystemTime) -> Self {
        let seconds = time.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
        Self(seconds.min(LAST_SECOND))
    }

    /// Reads any of the three forms; `None` for anything else, which callers
    /// ignore (RFC 9110 §13.1.3).
    pub fn parse(value: &[u8]) -> Option<Self> {
        let text = std::str::from_utf8(value).ok()?;
        httpdate::parse_http_date(text).ok().map(Self::from_system)
    }

    /// Whole seconds since 1970.
    pub fn unix(self) -> u64 {
        self.0
    }
}

impl fmt::Display for HttpDate {
    /// The preferred form, IMF-fixdate: `Sun, 06 Nov 1994 08:49:37 GMT`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let time = UNIX_EPOCH + Duration::from_secs(self.0);
        httpdate::HttpDate::from(time).fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_three_forms_are_one_moment() {
        for form in ["Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994"] {
            let date = HttpDate::parse(form.as_bytes()).expect(form);
            assert_eq!(date.unix(), 784_111_777, "{form}");
            assert_eq!(date.to_string(), "Sun, 06 Nov 1994 08:49:37 GMT");
        }
    }

    #[test]
    fn what_is_no_date_is_none() {
        for text in ["", "yesterday", "Sun, 06 Nov 1994", "Mon, 06 Nov 1994 08:49:37 GMT", "\u{ff}", "784111777"] {
            assert_eq!(HttpDate::parse(text.as_bytes()), None, "{text}");
        }
    }

    #[test]
    fn years_that_cannot_be_written() {
        assert_eq!(HttpDate::from_unix(-1), None);
        assert_eq!(HttpDate::from_unix(i64::MAX), None);
        let last = HttpDate::from_unix(253_402_300_799).expect("the last second");
        assert_eq!(last.to_string(), "Fri, 31 Dec 9999 23:59:59 GMT");
    }
}
