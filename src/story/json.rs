//! JSON that is safe to show in a terminal: control characters, line breaks and
//! marks of direction are escaped, as JSON allows (RFC 8259 §7).

use crate::escape::{self, is_treacherous};
use serde::Serialize;
use serde_json::Value;
use serde_json::ser::{CompactFormatter, Formatter, PrettyFormatter, Serializer};
use std::io::{self, Write};

/// Writes `value`, on one line.
///
/// # Errors
/// If it can't be written.
pub(crate) fn write(out: &mut impl Write, value: &impl Serialize) -> io::Result<()> {
    write_with(out, value, CompactFormatter)
}

/// Writes `value`, indented.
///
/// # Errors
/// If it can't be written.
pub(crate) fn write_pretty(out: &mut impl Write, value: &impl Serialize) -> io::Result<()> {
    write_with(out, value, PrettyFormatter::new())
}

fn write_with(out: &mut impl Write, value: &impl Serialize, formatter: impl Formatter) -> io::Result<()> {
    let mut serializer = Serializer::with_formatter(out, Escaping(formatter));
    value.serialize(&mut serializer).map_err(io::Error::from)
}

/// `value` as a page may show it: its texts stand there as they are drawn.
///
/// # Errors
/// If it can't be made.
pub(crate) fn visible(value: &impl Serialize) -> serde_json::Result<Value> {
    let mut value = serde_json::to_value(value)?;
    make_visible(&mut value);
    Ok(value)
}

fn make_visible(value: &mut Value) {
    match value {
        Value::String(text) if text.contains(is_treacherous) => *text = escape::lines(text),
        Value::Array(values) => values.iter_mut().for_each(make_visible),
        Value::Object(fields) => fields.values_mut().for_each(make_visible),
        _ => {}
    }
}

struct Escaping<F>(F);

impl<F: Formatter> Formatter for Escaping<F> {
    fn write_string_fragment<W: ?Sized + Write>(&mut self, out: &mut W, fragment: &str) -> io::Result<()> {
        escape::in_json(out, fragment)
    }

    fn begin_array<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.0.begin_array(out)
    }

    fn end_array<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.0.end_array(out)
    }

    fn begin_array_value<W: ?Sized + Write>(&mut self, out: &mut W, first: bool) -> io::Result<()> {
        self.0.begin_array_value(out, first)
    }

    fn end_array_value<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.0.end_array_value(out)
    }

    fn begin_object<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.0.begin_object(out)
    }

    fn end_object<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.0.end_object(out)
    }

    fn begin_object_key<W: ?Sized + Write>(&mut self, out: &mut W, first: bool) -> io::Result<()> {
        self.0.begin_object_key(out, first)
    }

    fn begin_object_value<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.0.begin_object_value(out)
    }

    fn end_object_value<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.0.end_object_value(out)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_drives_a_terminal_and_nothing_is_lost() {
        let value = vec!["plain 한글 \"\\", "\u{9b}2J\u{7f}\u{1b}", "\u{202e}abc\u{2066}\u{e0001}", "a\nb"];
        let (mut line, mut pretty) = (Vec::new(), Vec::new());
        write(&mut line, &value).expect("memory");
        write_pretty(&mut pretty, &value).expect("memory");
        let [line, pretty] = [line, pretty].map(|text| String::from_utf8(text).expect("UTF-8"));
        assert_eq!((line.lines().count(), pretty.lines().count()), (1, 6));
        for text in [line, pretty] {
            assert!(text.chars().all(|character| character == '\n' || !is_treacherous(character)), "{text}");
            assert!(text.contains("한글") && text.contains("\\u009b2J"), "{text}");
            assert_eq!(serde_json::from_str::<Vec<String>>(&text).expect("JSON"), value);
        }
    }
}
