//! `Content-Range`, which says where a part belongs (RFC 9110 §14.4).

/// What a `Content-Range` of bytes says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ContentRange {
    /// `bytes first-last/complete`: the body is this part.
    Part {
        /// The first byte, from 0.
        first: u64,
        /// The last one, which is in the part.
        last: u64,
        /// How long the whole is; `None`: `*`, the server does not say.
        complete: Option<u64>,
    },
    /// `bytes */complete`: nothing of what was asked for exists.
    Unsatisfied {
        /// How long the whole is.
        complete: u64,
    },
}

impl ContentRange {
    /// Reads the value of the field; `None`: it is not one of bytes, or contradicts itself.
    pub fn parse(value: &[u8]) -> Option<Self> {
        let text = std::str::from_utf8(value).ok()?.trim_matches([' ', '\t']);
        let (unit, rest) = text.split_once([' ', '\t'])?;
        if !unit.eq_ignore_ascii_case("bytes") {
            return None;
        }
        let (range, complete) = rest.trim_start_matches([' ', '\t']).split_once('/')?;
        if range == "*" {
            return Some(Self::Unsatisfied { complete: number(complete)? });
        }
        let (first, last) = range.split_once('-')?;
        let (first, last) = (number(first)?, number(last)?);
        let complete = if complete == "*" { None } else { Some(number(complete)?) };
        let is_valid = first <= last && last < complete.unwrap_or(u64::MAX);
        is_valid.then_some(Self::Part { first, last, complete })
    }
}

/// Digits alone: `u64::from_str` would take a sign.
fn number(text: &str) -> Option<u64> {
    text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_and_what_is_not_there() {
        let part = |first, last, complete| Some(ContentRange::Part { first, last, complete });
        for (value, expected) in [
            ("bytes 5-9/10", part(5, 9, Some(10))),
            ("Bytes 5-9/*", part(5, 9, None)),
            (" BYTES\t0-0/1 ", part(0, 0, Some(1))),
            ("bytes */10", Some(ContentRange::Unsatisfied { complete: 10 })),
            ("bytes */*", None),
            ("bytes 5-10/10", None),
            ("bytes 9-5/10", None),
            ("bytes +5-9/10", None),
            ("bytes 5-9", None),
            ("bytes=5-9/10", None),
            ("bytes 5 - 9 / 10", None),
            ("bytes 5-9/10, bytes 0-1/10", None),
            ("bytes -5/10", None),
            ("items 5-9/10", None),
            ("5-9/10", None),
            ("bytes 5-99999999999999999999/*", None),
            ("", None),
        ] {
            assert_eq!(ContentRange::parse(value.as_bytes()), expected, "{value:?}");
        }
    }
}
