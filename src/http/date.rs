//! HTTP dates: seconds since 1970, written and read in the forms of RFC 9110 §5.6.7.

use std::fmt;
use std::ops::RangeInclusive;
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

    /// Reads any of the three forms, also as they are often written wrongly: with
    /// another weekday, a day of one digit or behind a space, a short weekday
    /// before hyphens (RFC 9110 §5.6.7 encourages it). `None` for anything else,
    /// which callers ignore (§13.1.3).
    pub fn parse(value: &[u8]) -> Option<Self> {
        let text = std::str::from_utf8(value).ok()?;
        httpdate::parse_http_date(text).ok().map(Self::from_system).or_else(|| leniently(text))
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

/// A weekday, which says nothing that the rest doesn't, then the parts of one of the forms.
fn leniently(text: &str) -> Option<HttpDate> {
    let mut words = text.split([' ', '-', ',']).filter(|word| !word.is_empty());
    is_weekday(words.next()?).then_some(())?;
    let (first, second) = (words.next()?, words.next()?);
    let (day, month, year, time) = match month(first) {
        // asctime's order: Sun Nov  6 08:49:37 1994
        Some(month) => {
            let time = words.next()?;
            (second, month, year(words.next()?)?, time)
        }
        None => {
            let (year, time) = (year(words.next()?)?, words.next()?);
            matches!(words.next()?, "GMT" | "UTC").then_some((first, month(second)?, year, time))?
        }
    };
    let mut clock = time.split(':').map(|part| number(part, 2..=2));
    let (hour, minute, second) = (clock.next()??, clock.next()??, clock.next()??);
    let day = number(day, 1..=2)?;
    let is_valid = clock.next().is_none()
        && words.next().is_none()
        && (1..=days_in(month, year)).contains(&day)
        && hour < 24
        && minute < 60
        && second <= 60; // a leap second
    is_valid
        .then(|| HttpDate::from_unix(days_before(year, month, day) * 86_400 + hour * 3600 + minute * 60 + second))?
}

fn is_weekday(word: &str) -> bool {
    const DAYS: [&str; 7] = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];
    DAYS.iter().any(|day| word == *day || word == &day[..3])
}

/// From 1 on.
fn month(word: &str) -> Option<i64> {
    const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    MONTHS.iter().position(|month| *month == word).map(|at| at as i64 + 1)
}

/// Of two digits, the century is that of httpdate: 1970 to 2069.
fn year(word: &str) -> Option<i64> {
    match word.len() {
        2 => number(word, 2..=2).map(|year| if year < 70 { 2000 + year } else { 1900 + year }),
        _ => number(word, 4..=4),
    }
}

fn number(word: &str, digits: RangeInclusive<usize>) -> Option<i64> {
    let is_number = digits.contains(&word.len()) && word.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| word.parse().ok())?
}

fn days_in(month: i64, year: i64) -> i64 {
    match month {
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Days from 1970-01-01 to this one, in the Gregorian calendar: years begin in
/// March here, so that the leap day comes last.
fn days_before(year: i64, month: i64, day: i64) -> i64 {
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let before_year = 365 * year + year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400);
    before_year + (153 * month + 2) / 5 + day - 1 - 719_468
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_that_are_written_wrongly_are_read() {
        for form in [
            "Mon, 06 Nov 1994 08:49:37 GMT",
            "Sun, 6 Nov 1994 08:49:37 GMT",
            "Sun,  6 Nov 1994 08:49:37 GMT",
            "Sun 06 Nov 1994 08:49:37 GMT",
            "Sunday, 06 Nov 1994 08:49:37 GMT",
            "Sun, 06-Nov-94 08:49:37 GMT",
            "Sun, 06-Nov-1994 08:49:37 GMT",
            "Monday, 6-Nov-94 08:49:37 GMT",
            "Sun Nov 6 08:49:37 1994",
            "Sun Nov 06 08:49:37 1994",
            "Tue Nov  6 08:49:37 1994",
            "Sun, 06 Nov 1994 08:49:37 UTC",
        ] {
            assert_eq!(HttpDate::parse(form.as_bytes()).map(HttpDate::unix), Some(784_111_777), "{form}");
        }
    }

    #[test]
    fn every_day_of_four_centuries_is_the_day_it_was_written_for() {
        for days in (0..146_097).chain([2_932_896]) {
            let date = HttpDate::from_unix(days * 86_400 + 1).expect("a date");
            assert_eq!(leniently(&date.to_string()), Some(date));
        }
    }

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
        for text in [
            "",
            "yesterday",
            "Sun, 06 Nov 1994",
            "\u{ff}",
            "784111777",
            "Sun, 31 Nov 1994 08:49:37 GMT",
            "Wed, 29 Feb 2023 08:49:37 GMT",
            "Sun, 00 Nov 1994 08:49:37 GMT",
            "Sun, 06 Nov 1994 24:00:00 GMT",
            "Sun, 06 Nov 1994 08:60:37 GMT",
            "Sun, 06 Nov 1994 8:49:37 GMT",
            "Sun, 06 Nov 1994 08:49 GMT",
            "Sun, 06 Nov 1994 08:49:37",
            "Sun, 06 Nov 1994 08:49:37 PST",
            "Sun, 06 Nov 1994 08:49:37 +0000",
            "Sun, 06 Nov 1994 08:49:37 GMT x",
            "Sun, 006 Nov 1994 08:49:37 GMT",
            "Sun, 06 Nov 994 08:49:37 GMT",
            "Sun, 06 Nov 01994 08:49:37 GMT",
            "Sun, 06 Nov 1969 08:49:37 GMT",
            "So, 06 Nov 1994 08:49:37 GMT",
            "06 Nov 1994 08:49:37 GMT",
            "Sun, 06 November 1994 08:49:37 GMT",
            "Sun, +6 Nov 1994 08:49:37 GMT",
        ] {
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
