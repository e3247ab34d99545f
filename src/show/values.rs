//! The values of a file: each on a line of its own, or indented over several, or the elements of an array.

use crate::record::entry::{Entry, is_whole};
use serde::de::IgnoredAny;
use std::io::{self, BufRead, Read};

/// The longest value that is read, in bytes: a record holds 128 exchanges, of some kilobytes each.
const LONGEST: u64 = 16 << 20;
/// The longest array: the server's `/records` are one.
const LONGEST_ARRAY: u64 = 64 << 20;

/// Reads values, and counts lines.
pub(super) struct Values<R> {
    input: R,
    bytes: Vec<u8>,
    /// The line that was read last.
    line: u64,
    array: Option<Array>,
}

/// How far an array is read.
struct Array {
    at: usize,
    line: u64,
}

impl<R: BufRead> Values<R> {
    pub(super) fn new(input: R) -> Self {
        Self { input, bytes: Vec::new(), line: 0, array: None }
    }

    /// The next value, and the line on which it begins.
    pub(super) fn next(&mut self) -> io::Result<Option<(u64, Entry)>> {
        loop {
            if let Some(element) = self.array.take().and_then(|array| self.element(array)) {
                return Ok(Some(element));
            }
            self.bytes.clear();
            if self.read_line(LONGEST)? == 0 {
                return Ok(None);
            }
            let first = self.line;
            let text = self.bytes.trim_ascii_start();
            if text.is_empty() {
                continue;
            }
            // A line of another program's log may begin with a bracket, too.
            let inside = text.strip_prefix(b"[").map(<[u8]>::trim_ascii_start);
            if inside.is_some_and(|inside| matches!(inside.first(), None | Some(b'{' | b']'))) {
                let at = self.bytes.len() - text.len() + 1;
                self.read_array()?;
                self.array = Some(Array { at, line: first });
                continue;
            }
            if serde_json::from_slice::<IgnoredAny>(&self.bytes).is_err_and(|error| error.is_eof()) {
                self.read_indented()?;
            }
            return Ok(Some((first, Entry::of(&self.bytes))));
        }
    }

    /// The next element of an array; `None` behind the last. What is no JSON ends it.
    fn element(&mut self, Array { at, line }: Array) -> Option<(u64, Entry)> {
        let rest = &self.bytes[at..];
        let begin = rest.iter().take_while(|byte| byte.is_ascii_whitespace() || **byte == b',').count();
        let line = line + lines(&rest[..begin]);
        let rest = &rest[begin..];
        if let Some(behind) = rest.strip_prefix(b"]") {
            return (!behind.trim_ascii().is_empty()).then_some((line, Entry::NotJson));
        }
        let mut values = serde_json::Deserializer::from_slice(rest).into_iter::<IgnoredAny>();
        let Some(Ok(_)) = values.next() else { return Some((line, Entry::NotJson)) };
        let element = &rest[..values.byte_offset()];
        self.array = Some(Array { at: at + begin + element.len(), line: line + lines(element) });
        Some((line, Entry::of(element)))
    }

    /// The rest of an array: where it is not on one line, the bracket that closes it begins the last.
    fn read_array(&mut self) -> io::Result<()> {
        if is_whole(&self.bytes) {
            return Ok(());
        }
        loop {
            let begin = self.bytes.len();
            if self.read_line(LONGEST_ARRAY)? == 0 || self.bytes[begin..].starts_with(b"]") {
                return Ok(());
            }
        }
    }

    /// The rest of a value that is indented: its last line is not, and closes it. A line that was torn has none.
    fn read_indented(&mut self) -> io::Result<()> {
        loop {
            let next = self.input.fill_buf()?.first().copied();
            let is_last = match next {
                Some(b' ' | b'\t') => false,
                Some(b'}' | b']') => true,
                _ => return Ok(()),
            };
            if self.read_line(LONGEST)? == 0 || is_last {
                return Ok(());
            }
        }
    }

    fn read_line(&mut self, longest: u64) -> io::Result<usize> {
        let room = longest.saturating_sub(self.bytes.len() as u64);
        self.line += u64::from(self.bytes.is_empty() || self.bytes.ends_with(b"\n"));
        self.input.by_ref().take(room).read_until(b'\n', &mut self.bytes)
    }
}

fn lines(bytes: &[u8]) -> u64 {
    bytes.iter().filter(|byte| **byte == b'\n').count() as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The lines on which the values of `text` begin, and what they are: what was left out of this number of connections,
    /// something else, or nothing.
    fn read(text: &str) -> Vec<(u64, Option<u64>)> {
        let mut values = Values::new(text.as_bytes());
        let mut found = Vec::new();
        while let Some((line, entry)) = values.next().expect("it is read from memory") {
            found.push((line, if let Entry::LeftOut(left_out) = entry { Some(left_out.connections) } else { None }));
        }
        found
    }

    fn left_out(connections: u64) -> String {
        format!("{{\"glasshttp\":2,\"left_out\":{{\"connections\":{connections},\"exchanges\":0,\"reports\":0}}}}")
    }

    fn indented(connections: u64, begin: &str) -> String {
        format!("{{\n{begin}  \"glasshttp\": 2,\n{begin}  \"left_out\": {{\"connections\": {connections}}}\n{begin}}}")
    }

    #[test]
    fn values_are_lines_or_indented_or_in_an_array() {
        let (one, two) = (left_out(1), left_out(2));
        assert_eq!(read(&format!("{one}\n\n{two}")), [(1, Some(1)), (3, Some(2))]);
        let (first, second) = (indented(1, ""), indented(2, ""));
        assert_eq!(read(&format!("{first}\n{second}\n{one}\n")), [(1, Some(1)), (5, Some(2)), (9, Some(1))]);
        let arrays = [
            (format!("[{one},{two}]\n{one}"), [1, 1, 2]),
            (format!("[\n{one},\n{two}\n]\n{one}"), [2, 3, 5]),
            (format!("[\n  {},\n  {}\n]\n{one}", indented(1, "  "), indented(2, "  ")), [2, 6, 11]),
        ];
        for (text, [a, b, c]) in arrays {
            assert_eq!(read(&text), [(a, Some(1)), (b, Some(2)), (c, Some(1))], "{text}");
        }
        assert_eq!(read("[]\n"), []);
    }

    #[test]
    fn what_is_torn_takes_nothing_with_it() {
        let (one, two) = (left_out(1), left_out(2));
        assert_eq!(read(&format!("{}\n{two}\n", &one[..20])), [(1, None), (2, Some(2))]);
        assert_eq!(read(&format!("[{one},{}", &two[..20])), [(1, Some(1)), (1, None)]);
        assert_eq!(
            read(&format!("[06/Nov/1994] GET /\n{one}\n[{two}] x")),
            [(1, None), (2, Some(1)), (3, Some(2)), (3, None)]
        );
    }
}
