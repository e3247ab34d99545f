//! Names and numbers as they stand in a page.

use crate::escape::push_html;

/// What each byte of a name takes at most, in a link and as text.
const WRITTEN: [u8; 256] = {
    let mut written = [3 + 1; 256];
    let mut byte = 0;
    while byte < 256 {
        match byte as u8 {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => written[byte] = 2,
            b'&' | b'\'' => written[byte] = 3 + 5,
            b'<' | b'>' => written[byte] = 3 + 4,
            b'"' => written[byte] = 3 + 6,
            ..=0x1f | 0x7f => written[byte] = 3 + 4, // as \xhh
            0x80.. => written[byte] = 3 + 3, // as a replacement character, or where it would not be seen, as \u{…}
            _ => {}
        }
        byte += 1;
    }
    written
};

/// What a name takes at most, in a link and as text; twice its length if both
/// say it as it is.
pub(super) fn written(name: &[u8]) -> usize {
    name.iter().map(|&byte| usize::from(WRITTEN[usize::from(byte)])).sum()
}

/// Where text goes: the page, or a piece of it.
pub(super) trait Text {
    fn put(&mut self, text: &str);
}

impl Text for String {
    fn put(&mut self, text: &str) {
        self.push_str(text);
    }
}

impl Text for Vec<u8> {
    fn put(&mut self, text: &str) {
        self.extend_from_slice(text.as_bytes());
    }
}

/// A name as HTML, safe in an element and in a quoted attribute.
pub(super) fn push_escaped(to: &mut impl Text, name: &[u8]) {
    push_html(name, |piece| to.put(piece));
}

/// `1 folder`, `2 folders`.
pub(super) fn push_counted(to: &mut impl Text, count: u64, [one, other]: [&str; 2]) {
    push_grouped(to, count);
    to.put(if count == 1 { one } else { other });
}

pub(super) fn push_number(to: &mut impl Text, number: u64) {
    to.put(itoa::Buffer::new().format(number));
}

/// `12 345 678`, with thin spaces.
fn push_grouped(to: &mut impl Text, number: u64) {
    let mut buffer = itoa::Buffer::new();
    let digits = buffer.format(number);
    let (first, mut rest) = digits.split_at((digits.len() - 1) % 3 + 1);
    to.put(first);
    while !rest.is_empty() {
        let (group, more) = rest.split_at(3);
        to.put("\u{202f}");
        to.put(group);
        rest = more;
    }
}

/// `512 B`, `1.2 kB`, `34 MB`: two or three digits, rounded.
pub(super) fn push_size(to: &mut impl Text, bytes: u64) {
    if bytes < 1000 {
        push_number(to, bytes);
        return to.put(" B");
    }
    let mut unit = 1000;
    for name in [" kB", " MB", " GB", " TB", " PB", " EB"] {
        let tenths = bytes.saturating_add(unit / 20) / (unit / 10);
        let whole = bytes.saturating_add(unit / 2) / unit;
        if tenths < 100 {
            push_number(to, tenths / 10);
            to.put(".");
            push_number(to, tenths % 10);
            return to.put(name);
        }
        if whole < 1000 || name == " EB" {
            push_number(to, whole);
            return to.put(name);
        }
        unit *= 1000;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::site::path::encode_segment;

    #[test]
    fn names_are_escaped_for_where_they_stand() {
        let mut text = String::new();
        push_escaped(&mut text, b"<b>\"'&?#% \xed\x95\x9c:\xff\xfe.txt");
        assert_eq!(text, "&lt;b&gt;&quot;&#39;&amp;?#% 한:\u{fffd}\u{fffd}.txt");
    }

    #[test]
    fn no_byte_takes_more_than_it_is_given() {
        for byte in 1..=255 {
            let mut text = String::new();
            push_escaped(&mut text, &[byte]);
            let link = encode_segment(&[byte]).map(str::len).sum::<usize>();
            assert_eq!(link + text.len(), written(&[byte]), "{byte:#x}");
        }
    }

    #[test]
    fn sizes_have_two_or_three_digits() {
        for (bytes, size, grouped) in [
            (0, "0 B", "0"),
            (1, "1 B", "1"),
            (999, "999 B", "999"),
            (1000, "1.0 kB", "1\u{202f}000"),
            (1049, "1.0 kB", "1\u{202f}049"),
            (1050, "1.1 kB", "1\u{202f}050"),
            (9949, "9.9 kB", "9\u{202f}949"),
            (9950, "10 kB", "9\u{202f}950"),
            (999_499, "999 kB", "999\u{202f}499"),
            (999_500, "1.0 MB", "999\u{202f}500"),
            (1_234_567_890, "1.2 GB", "1\u{202f}234\u{202f}567\u{202f}890"),
            (u64::MAX, "18 EB", "18\u{202f}446\u{202f}744\u{202f}073\u{202f}709\u{202f}551\u{202f}615"),
        ] {
            let (mut text, mut exact) = (String::new(), String::new());
            push_size(&mut text, bytes);
            push_grouped(&mut exact, bytes);
            assert_eq!((text.as_str(), exact.as_str()), (size, grouped), "{bytes}");
        }
    }
}
