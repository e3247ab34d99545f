//! JSON that is safe to show in a terminal: control characters, line breaks and
//! marks of direction are escaped, as JSON allows (RFC 8259 §7).

use crate::escape::{self, is_treacherous};
use serde::Serialize;
use serde_json::Value;
use serde_json::ser::{CompactFormatter, Formatter, PrettyFormatter, Serializer};
use std::io;

/// Writes `value` behind what is in `out`, on one line.
///
/// # Errors
/// If it can't be made.
pub(crate) fn write(out: &mut Vec<u8>, value: &impl Serialize) -> io::Result<()> {
    write_with(out, value, CompactFormatter)
}

/// Writes `value` behind what is in `out`, indented.
///
/// # Errors
/// If it can't be made.
pub(crate) fn write_pretty(out: &mut Vec<u8>, value: &impl Serialize) -> io::Result<()> {
    write_with(out, value, PrettyFormatter::new())
}

fn write_with(out: &mut Vec<u8>, value: &impl Serialize, formatter: impl Formatter) -> io::Result<()> {
    let start = out.len();
    let mut serializer = Serializer::with_formatter(&mut *out, formatter);
    value.serialize(&mut serializer)?;
    escape::in_json(out, start);
    Ok(())
}

/// Writes `value` behind what is in `out` as a page may show it: its texts stand there as they are drawn.
///
/// # Errors
/// If it can't be made.
pub(crate) fn write_visible(out: &mut Vec<u8>, value: &impl Serialize) -> io::Result<()> {
    let start = out.len();
    value.serialize(&mut Serializer::new(&mut *out))?;
    if !str::from_utf8(&out[start..]).is_ok_and(is_visible) {
        out.truncate(start);
        let mut value = serde_json::to_value(value)?;
        make_visible(&mut value);
        write(out, &value)?;
    }
    Ok(())
}

/// Whether nothing in this JSON is drawn otherwise than it stands there; it may be that and be taken for something else.
fn is_visible(json: &str) -> bool {
    let are_plain = json.match_indices('\\').all(|(at, _)| {
        let escape = &json[at + 1..];
        escape.starts_with(['"', '\\', 'n', 't']) || escape.starts_with("r\\n")
    });
    are_plain && !json.contains(is_treacherous)
}

fn make_visible(value: &mut Value) {
    match value {
        Value::String(text) if text.contains(is_treacherous) => *text = escape::lines(text),
        Value::Array(values) => values.iter_mut().for_each(make_visible),
        Value::Object(fields) => fields.values_mut().for_each(make_visible),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_page_shows_is_as_lines_are_drawn() {
        for text in ["plain 한글 \"\\", "a\r\nb\tc\n", "a\rb", "\u{1b}[2J", "\u{202e}abc", "\\u1", "\u{8}\u{c}\u{7f}"]
        {
            let mut json = Vec::new();
            write_visible(&mut json, &[text]).expect("memory");
            let shown: [String; 1] = serde_json::from_slice(&json).expect("JSON");
            assert_eq!(shown, [escape::lines(text)]);
        }
    }

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
