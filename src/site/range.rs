//! `Range`: which part of a file is asked for (RFC 9110 §14).

/// What a `Range` field comes to for a file of a certain size.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    /// The field is ignored: malformed, of another unit, or of several ranges.
    Whole,
    /// These bytes: the first, and how many (at least one).
    Of { offset: u64, length: u64 },
    /// No byte of the file is in the range: 416.
    Unsatisfiable,
}

/// Reads `value` for a file of `size` bytes.
pub(super) fn part(value: &[u8], size: u64) -> Part {
    let Some((first, last)) = bounds(value) else {
        return Part::Whole;
    };
    let (first, last) = match (first, last) {
        (Some(first), last) if last.is_none_or(|last| first <= last) => (first, last.unwrap_or(u64::MAX)),
        // A range that ends before it begins is no range (§14.1.1).
        (Some(_), _) | (None, None) => return Part::Whole,
        (None, Some(0)) => return Part::Unsatisfiable,
        // The whole of nothing is satisfiable, and no 206 can say it.
        (None, Some(_)) if size == 0 => return Part::Whole,
        (None, Some(suffix)) => (size.saturating_sub(suffix), u64::MAX),
    };
    if first >= size {
        return Part::Unsatisfiable;
    }
    Part::Of { offset: first, length: last.min(size - 1) - first + 1 }
}

/// The two numbers of `bytes=first-last`, either of which may be absent.
fn bounds(value: &[u8]) -> Option<(Option<u64>, Option<u64>)> {
    let text = std::str::from_utf8(value).ok()?;
    let (unit, range) = text.split_once('=')?;
    let (first, last) = range.trim().split_once('-')?;
    let is_number = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if !unit.eq_ignore_ascii_case("bytes") || !is_number(first) || !is_number(last) {
        return None;
    }
    // Digits that overflow are a position behind every end.
    let number = |text: &str| (!text.is_empty()).then(|| text.parse().unwrap_or(u64::MAX));
    Some((number(first), number(last)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_of_ten_bytes() {
        for (value, expected) in [
            ("bytes=0-0", Part::Of { offset: 0, length: 1 }),
            ("bytes=2-5", Part::Of { offset: 2, length: 4 }),
            ("bytes=7-", Part::Of { offset: 7, length: 3 }),
            ("bytes=-4", Part::Of { offset: 6, length: 4 }),
            ("bytes=-99", Part::Of { offset: 0, length: 10 }),
            ("bytes=5-99999999999999999999999", Part::Of { offset: 5, length: 5 }),
            ("BYTES=0-3", Part::Of { offset: 0, length: 4 }),
            ("bytes=10-", Part::Unsatisfiable),
            ("bytes=99999999999999999999999-", Part::Unsatisfiable),
            ("bytes=-0", Part::Unsatisfiable),
            ("bytes=5-2", Part::Whole),
            ("bytes=0-1,4-5", Part::Whole),
            ("bytes=", Part::Whole),
            ("bytes=-", Part::Whole),
            ("bytes=a-b", Part::Whole),
            ("bytes=+1-2", Part::Whole),
            ("lines=0-1", Part::Whole),
            ("0-1", Part::Whole),
        ] {
            assert_eq!(part(value.as_bytes(), 10), expected, "{value}");
        }
    }

    #[test]
    fn ranges_of_nothing() {
        assert_eq!(part(b"bytes=0-", 0), Part::Unsatisfiable);
        assert_eq!(part(b"bytes=-5", 0), Part::Whole);
    }
}
