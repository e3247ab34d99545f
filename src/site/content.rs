//! What the bytes of a file say, wherever they lie: their entity tag, and
//! whether they are text in UTF-8.

/// How many hexadecimal digits of BLAKE3 a tag has: 160 bits, more than anybody
/// can find two files for.
const DIGITS: usize = 40;

/// What is known of a file all of whose bytes were read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Content {
    hash: blake3::Hash,
    /// Whether all of it can be called UTF-8.
    pub(super) is_utf_8: bool,
}

impl Content {
    /// Of these bytes.
    pub(super) fn of(bytes: &[u8]) -> Self {
        let mut reading = ContentReader::default();
        reading.go_on(bytes);
        reading.end()
    }

    /// The strong entity tag: equal for equal bytes on every machine, different for others.
    pub(super) fn tag(&self) -> String {
        format!("\"{}\"", &self.hash.to_hex()[..DIGITS])
    }
}

/// Bytes that are read one piece after another.
#[derive(Clone, Debug, Default)]
pub(super) struct ContentReader {
    hasher: blake3::Hasher,
    utf_8: Utf8,
}

impl ContentReader {
    pub(super) fn go_on(&mut self, piece: &[u8]) {
        self.hasher.update(piece);
        self.utf_8.go_on(piece);
    }

    pub(super) fn end(&self) -> Content {
        Content { hash: self.hasher.finalize(), is_utf_8: self.utf_8.is_whole() }
    }
}

/// Whether the first bytes of a longer file can be called UTF-8, as far as they
/// tell: nothing but ASCII tells nothing where the file itself names another.
pub(super) fn begins_as_utf_8(prefix: &[u8]) -> bool {
    let mut utf_8 = Utf8::default();
    utf_8.go_on(prefix);
    let says_another = prefix.is_ascii() && declares_another_encoding(prefix);
    !(utf_8.is_broken || says_another)
}

/// Text, pieced together.
#[derive(Clone, Debug, Default)]
struct Utf8 {
    is_broken: bool,
    /// A character that the last piece cut, or the escape that it ended with.
    cut: Vec<u8>,
}

impl Utf8 {
    fn go_on(&mut self, piece: &[u8]) {
        if self.is_broken || piece.is_empty() {
            return;
        }
        let mut joined = Vec::new();
        let piece = if self.cut.is_empty() {
            piece
        } else {
            joined.append(&mut self.cut);
            joined.extend_from_slice(piece);
            &joined
        };
        // UTF-16 of ASCII letters is valid UTF-8, if it weren't for the zeros;
        // ISO 2022 (Japanese and Korean mail) is ASCII, if it weren't for its escapes.
        self.is_broken = piece.contains(&0) || (piece.contains(&ESCAPE) && piece.windows(2).any(is_iso_2022));
        let valid = match std::str::from_utf8(piece) {
            Ok(_) => piece.len(),
            Err(error) => {
                self.is_broken |= error.error_len().is_some();
                error.valid_up_to()
            }
        };
        let kept = if piece.ends_with(&[ESCAPE]) { piece.len() - 1 } else { valid };
        self.cut.extend_from_slice(&piece[kept..]);
    }

    /// Whether nothing is cut off at the end.
    fn is_whole(&self) -> bool {
        !self.is_broken && matches!(self.cut.as_slice(), [] | [ESCAPE])
    }
}

const ESCAPE: u8 = 0x1b;

fn is_iso_2022(pair: &[u8]) -> bool {
    matches!(pair, [ESCAPE, b'$' | b'(' | b')'])
}

/// Whether HTML's `<meta charset>` (looked for where browsers look, in the first
/// 1,024 bytes) or XML's declaration names an encoding that is not UTF-8.
fn declares_another_encoding(prefix: &[u8]) -> bool {
    let head = String::from_utf8_lossy(&prefix[..prefix.len().min(1024)]).to_ascii_lowercase();
    let named = ["charset", "encoding"].iter().find_map(|key| {
        let value = head.split_once(key)?.1.trim_start().strip_prefix('=')?.trim_start();
        let value = value.trim_start_matches(['"', '\'']);
        Some(value.split(|character: char| !character.is_ascii_alphanumeric() && character != '-').next()?.to_owned())
    });
    named.is_some_and(|named| !matches!(named.as_str(), "" | "utf-8" | "utf8" | "us-ascii"))
}

/// Whether bytes look like text (WHATWG MIME Sniffing §7.2): a byte order mark,
/// or no control but those of text.
pub(super) fn looks_like_text(prefix: &[u8]) -> bool {
    let has_mark = [&b"\xef\xbb\xbf"[..], b"\xfe\xff", b"\xff\xfe"].iter().any(|mark| prefix.starts_with(mark));
    has_mark || !prefix.iter().any(|byte| matches!(byte, 0..=8 | 0x0b | 0x0e..=0x1a | 0x1c..=0x1f))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_is_of_the_bytes_alone() {
        assert_eq!(Content::of(b"").tag(), "\"af1349b9f5f9a1a6a0404dea36dcc9499bcb25c9\"");
        assert_eq!(Content::of(b"a").tag(), Content::of(b"a").tag());
        assert_ne!(Content::of(b"a").tag(), Content::of(b"b").tag());
    }

    #[test]
    fn text_is_utf_8_however_it_is_cut() {
        let texts: [(&[u8], bool); 13] = [
            (b"", true),
            ("plain, 한글, \u{1f600}".as_bytes(), true),
            (b"\xef\xbb\xbfwith a mark", true),
            (b"\x1b[31mred\x1b[0m\x1b", true),
            (b"\xc7\xd1\xb1\xdb", false),            // 한글 in EUC-KR
            (b"\x93\xfa\x96\x7b", false),            // 日本 in Shift_JIS
            (b"caf\xe9", false),                     // Latin-1
            (b"\xff\xfeh\0i\0", false),              // UTF-16
            (b"h\0i\0", false),                      // the same, without its mark
            (b"\x1b$BF|K\\\x1b(B", false),           // ISO-2022-JP
            (b"\x1b$)C\x0eGQ1[\x0f", false),         // ISO-2022-KR
            (b"cut \xed\x95", false),                // in the middle of a letter
            (b"\xed\xa0\x80 is half a pair", false), // a surrogate
        ];
        for (text, is_utf_8) in texts {
            for cut in 0..=text.len() {
                let mut reading = ContentReader::default();
                reading.go_on(&text[..cut]);
                reading.go_on(&text[cut..]);
                assert_eq!(reading.end(), Content::of(text), "{text:?} cut at {cut}");
            }
            let mut bytewise = ContentReader::default();
            text.iter().for_each(|byte| bytewise.go_on(&[*byte]));
            assert_eq!((bytewise.end(), bytewise.end().is_utf_8), (Content::of(text), is_utf_8), "{text:?}");
        }
    }

    #[test]
    fn a_beginning_may_end_within_a_letter() {
        let long = "한".repeat(100);
        for end in 0..12 {
            assert!(begins_as_utf_8(&long.as_bytes()[..end]), "{end}");
        }
        assert!(!begins_as_utf_8(b"\xc7\xd1\xb1\xdb"));
        assert!(begins_as_utf_8(b"<!doctype html><meta charset=\"UTF-8\">"));
        assert!(begins_as_utf_8("<meta charset=euc-kr>, which is not so: 한글".as_bytes()));
        assert!(!begins_as_utf_8(b"<META CHARSET=euc-kr>"));
        assert!(!begins_as_utf_8(b"<meta http-equiv=Content-Type content='text/html; charset = Shift_JIS'>"));
        assert!(!begins_as_utf_8(b"<?xml version=\"1.0\" encoding=\"iso-8859-1\"?>"));
        assert!(begins_as_utf_8(b"<?xml version=\"1.0\" encoding='utf-8'?>"));
    }

    #[test]
    fn text_is_told_from_other_bytes() {
        for text in [&b""[..], b"all: build\n\tcc a.c\r\n", b"caf\xe9", b"\xff\xfeh\0", b"\x1b[31mred"] {
            assert!(looks_like_text(text), "{text:?}");
        }
        for other in [&b"\x7fELF\x02\x01\x01\0"[..], b"\x89PNG\r\n\x1a\n", b"PK\x03\x04", b"\x1f\x8b\x08\0"] {
            assert!(!looks_like_text(other), "{other:?}");
        }
    }
}
