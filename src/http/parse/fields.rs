//! The field lines of a response, as they are sent out there.
//!
//! One odd line must not cost a response: a space before the colon, an empty
//! name, a name in Latin-1, a control character, a blank before the first name.
//! Such a line is dropped and kept for the record; unless it could be
//! one that says where the body ends: then the end would be anybody's guess.

use crate::http::client::response_error::ResponseError;
use crate::http::message::{Field, is_tchar};

/// The most fields of one response, as many as curl takes.
pub const MAX_RESPONSE_FIELDS: usize = 5_000;

/// The fields of one response, and the lines that are none.
#[derive(Debug, Default)]
#[non_exhaustive]
pub struct FieldLines<'b> {
    /// The fields, in order.
    pub fields: Vec<Field<'b>>,
    /// The lines that were dropped, without their ends; folded ones whole.
    pub dropped: Vec<&'b [u8]>,
}

/// What the lines belong to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Section {
    /// A head: its fields say where the body ends.
    Head,
    /// A trailer section, which decides nothing.
    Trailer,
}

impl<'b> FieldLines<'b> {
    /// Room for the fields of one response.
    pub fn new() -> Self {
        Self::default()
    }

    /// Reads the lines of `bytes`, up to the blank one; `above`: how many lines stand before them.
    ///
    /// # Errors
    /// `Field` with the number of the line, or `TooManyFields`.
    pub fn read(&mut self, bytes: &'b [u8], section: Section, above: usize) -> Result<(), ResponseError> {
        self.fields.clear();
        self.dropped.clear();
        let (mut rest, mut number) = (bytes, above);
        while let Some(length) = line_length(rest) {
            let (line, behind) = rest.split_at(length);
            rest = behind;
            number += 1;
            let first_number = number;
            number += line.iter().filter(|&&byte| byte == b'\n').count().saturating_sub(1);
            let line = without_end(line);
            if line.is_empty() {
                return Ok(());
            }
            if self.fields.len() + self.dropped.len() == MAX_RESPONSE_FIELDS {
                return Err(ResponseError::TooManyFields);
            }
            match field(line) {
                Some(field) => self.fields.push(field),
                None if is_hopeless(line) || section == Section::Head && may_frame(line) => {
                    return Err(ResponseError::Field { line: first_number });
                }
                None => self.dropped.push(line),
            }
        }
        Ok(())
    }
}

/// The length of the line that `bytes` begin with, its folds and its end included.
fn line_length(bytes: &[u8]) -> Option<usize> {
    let mut length = 0;
    loop {
        let rest = &bytes[length..];
        match rest.iter().position(|&byte| byte == b'\n') {
            Some(at) => length += at + 1,
            None if bytes.is_empty() => return None,
            None => return Some(bytes.len()),
        }
        let is_blank = matches!(&bytes[..length], b"\n" | b"\r\n");
        if is_blank || !matches!(bytes.get(length), Some(b' ' | b'\t')) {
            return Some(length);
        }
    }
}

fn without_end(line: &[u8]) -> &[u8] {
    let line = line.strip_suffix(b"\n").unwrap_or(line);
    line.strip_suffix(b"\r").unwrap_or(line)
}

/// The field that `line` is, if it is one (RFC 9112 §5).
fn field(line: &[u8]) -> Option<Field<'_>> {
    let colon = line.iter().position(|&byte| byte == b':')?;
    let (name, value) = (&line[..colon], &line[colon + 1..]);
    let is_name = !name.is_empty() && name.iter().copied().all(is_tchar);
    let value = value.trim_ascii();
    if !is_name || !is_value(value) {
        return None;
    }
    std::str::from_utf8(name).ok().map(|name| Field { name, value })
}

/// Text, blanks, and the line ends of folds (RFC 9112 §5.2).
fn is_value(value: &[u8]) -> bool {
    let is_fold = |rest: &[u8]| matches!(rest, [b' ' | b'\t', ..]);
    value.iter().enumerate().all(|(at, &byte)| match byte {
        b'\t' => true,
        b'\r' => value[at + 1..].strip_prefix(b"\n").is_some_and(is_fold),
        b'\n' => is_fold(&value[at + 1..]),
        _ => byte >= b' ' && byte != 0x7f,
    })
}

/// No colon, or a NUL: that is no head any more.
fn is_hopeless(line: &[u8]) -> bool {
    !line.contains(&b':') || line.contains(&0)
}

/// Whether it could be a field that says where the body ends.
fn may_frame(line: &[u8]) -> bool {
    may_be(line, "content-length") || may_be(line, "transfer-encoding")
}

/// Whether some reader could take the line, or what stands behind a line end
/// within it, for the field `name`.
pub fn may_be(line: &[u8], name: &str) -> bool {
    line.split(|byte| matches!(byte, b'\r' | b'\n')).any(|line| {
        let letters = line.split(|&byte| byte == b':').next().unwrap_or_default();
        letters.iter().filter(|&&byte| is_tchar(byte)).map(u8::to_ascii_lowercase).eq(name.bytes())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &[u8], section: Section) -> Result<(Vec<String>, Vec<String>), ResponseError> {
        let mut lines = FieldLines::new();
        lines.read(text, section, 1)?;
        let field = |field: &Field<'_>| format!("{}={}", field.name, field.value.escape_ascii());
        let dropped = lines.dropped.iter().map(|line| line.escape_ascii().to_string());
        Ok((lines.fields.iter().map(field).collect(), dropped.collect()))
    }

    #[test]
    fn an_odd_line_is_dropped_and_kept_aside() {
        for odd in [
            b"X : y".as_slice(),
            b"X\t: y",
            b": y",
            b":",
            b"X\xe9: y",
            b"X Y: z",
            b"X: y\x01",
            b"X: \x7f",
            b"X: y\rz: a",
            b"X\x0b: y",
            b"X : y\r\n folded",
            b"(: )",
        ] {
            let text = [b"A: b\r\n", odd, b"\r\nC:d\n\r\nbody"].concat();
            let expected = (vec!["A=b".to_owned(), "C=d".to_owned()], vec![odd.escape_ascii().to_string()]);
            for section in [Section::Head, Section::Trailer] {
                assert_eq!(read(&text, section), Ok(expected.clone()), "{}", odd.escape_ascii());
            }
        }
        let leading = read(b"\t X: y\r\nA: b\r\n\r\n", Section::Head);
        assert_eq!(leading, Ok((vec!["A=b".to_owned()], vec!["\\t X: y".to_owned()])));
    }

    #[test]
    fn what_could_say_where_the_body_ends_is_never_dropped() {
        for odd in [
            b"Content-Length : 5".as_slice(),
            b"content-length\t: 5",
            b"Content-Length: 5\x01",
            b"\x01Content-Length: 5",
            b"Content-Length\xa0: 5",
            b"Transfer-Encoding : chunked",
            b"Transfer-Encoding\x0b: chunked",
            b"X: y\rContent-Length: 5",
            b"X\x01: y\r\n Content-Length: 5",
            b"no colon",
            b"X: \0",
        ] {
            let text = [b"A: b\r\n c\r\n", odd, b"\r\n\r\n"].concat();
            assert_eq!(read(&text, Section::Head), Err(ResponseError::Field { line: 4 }), "{}", odd.escape_ascii());
        }
        let leading = read(b" Content-Length: 5\r\n\r\n", Section::Head);
        assert_eq!(leading, Err(ResponseError::Field { line: 2 }));
    }

    #[test]
    fn folds_belong_to_their_field() {
        let folded = read(b"A: b\r\n c\n\td\r\nE:\r\n 5\r\n\r\n", Section::Head).expect("fields");
        assert_eq!(folded, (vec!["A=b\\r\\n c\\n\\td".to_owned(), "E=5".to_owned()], vec![]));
    }

    #[test]
    fn fields_are_counted() {
        let many = |count: usize| b"A: b\r\n".repeat(count);
        assert_eq!(read(&many(MAX_RESPONSE_FIELDS), Section::Head).map(|(fields, _)| fields.len()), Ok(5_000));
        assert_eq!(read(&many(MAX_RESPONSE_FIELDS + 1), Section::Head), Err(ResponseError::TooManyFields));
    }
}
