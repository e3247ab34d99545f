//! JSON that is safe to show in a terminal: control characters, line breaks and
//! marks of direction are escaped, as JSON allows (RFC 8259 §7).

mod writer;

use crate::escape::{self, is_treacherous};
use serde::Serialize;
use serde_json::Value;
use serde_json::ser::{PrettyFormatter, Serializer};
use std::io;
use writer::Writer;

/// Writes `value` behind what is in `out`, on one line.
///
/// # Errors
/// If it can't be made.
pub(crate) fn write(out: &mut Vec<u8>, value: &impl Serialize) -> io::Result<()> {
    Ok(value.serialize(Writer(out))?)
}

/// Writes `value` behind what is in `out`, indented.
///
/// # Errors
/// If it can't be made.
pub(crate) fn write_pretty(out: &mut Vec<u8>, value: &impl Serialize) -> io::Result<()> {
    let start = out.len();
    let mut serializer = Serializer::with_formatter(&mut *out, PrettyFormatter::new());
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
    use crate::record::connection::Record;
    use crate::record::{Endpoint, Figure, Source, Why};
    use std::collections::BTreeMap;
    use std::net::SocketAddr;

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

    /// What the compact form has to be: `serde_json`'s, and the rest of the escapes.
    fn reference(value: &impl Serialize) -> String {
        let mut json = serde_json::to_vec(value).expect("JSON");
        escape::in_json(&mut json, 0);
        String::from_utf8(json).expect("UTF-8")
    }

    fn written(value: &impl Serialize) -> String {
        let mut json = Vec::new();
        write(&mut json, value).expect("memory");
        String::from_utf8(json).expect("UTF-8")
    }

    /// Each form that serde knows.
    #[derive(Serialize)]
    enum Form {
        Unit,
        Newtype(f64),
        Tuple(i8, u128, char),
        Struct { empty: [u8; 0], text: Option<String>, none: Option<()> },
    }

    #[derive(Serialize)]
    struct Unit;

    #[derive(Serialize)]
    struct Pair(f32, bool);

    #[derive(Serialize)]
    struct All<'a> {
        forms: Vec<Form>,
        unit: (Unit, Pair, ()),
        maps: (BTreeMap<i32, u64>, BTreeMap<&'a str, &'a str>),
        bytes: &'a serde_bytes::Bytes,
        #[serde(flatten)]
        flat: BTreeMap<String, i128>,
    }

    #[test]
    fn a_line_is_what_serde_json_writes() {
        let all = |text: &str| {
            let text = text.to_owned();
            let forms = vec![
                Form::Unit,
                Form::Newtype(f64::MAX),
                Form::Newtype(f64::NAN),
                Form::Tuple(i8::MIN, u128::MAX, '\u{85}'),
                Form::Struct { empty: [], text: Some(text), none: None },
            ];
            let maps = (BTreeMap::from([(-1, 1), (2, u64::MAX)]), BTreeMap::from([("a\"", "\r\n"), ("", "")]));
            let flat = BTreeMap::from([("\u{202e}".to_owned(), i128::MIN), ("b".to_owned(), 0)]);
            let all =
                All { forms, unit: (Unit, Pair(0.1, true), ()), maps, bytes: serde_bytes::Bytes::new(b"ab"), flat };
            assert_eq!(written(&all), reference(&all));
        };
        let characters: Vec<char> = (0..=0x10_ffff).filter_map(char::from_u32).collect();
        for text in characters.chunks(1000).map(String::from_iter) {
            assert_eq!(written(&text), reference(&text));
        }
        ["", "a", "\\\"\u{7f}\u{8}\u{c}\t", "\u{e0001}한글\u{0}", "GET / HTTP/1.0\r\nHost: a\r\n"]
            .into_iter()
            .for_each(all);
        let ends: Vec<SocketAddr> = ["127.0.0.1:80", "[fe80::1%2]:1"].map(|text| text.parse().expect("an end")).into();
        let ends: Vec<Endpoint> = ends.into_iter().map(Endpoint::Internet).collect();
        assert_eq!(
            written(&(ends, Endpoint::Unix("/a\"\u{1b}".into()))),
            "[[\"127.0.0.1:80\",\"[fe80::1%2]:1\"],\"unix:/a\\\"\\u001b\"]"
        );
        let record = Record::example();
        assert_eq!(written(&record), reference(&record));
        let sources = Source::ALL.iter().cloned().chain([Source::Other("a\"\u{1b}".into())]);
        let whys = Why::ALL.iter().cloned().chain([Why::Other("\u{202e}".into())]);
        let figures: Vec<Figure<u8>> = sources
            .flat_map(|source| [Figure::measured(1, source.clone()), Figure::derived(2, source)])
            .chain(whys.map(Figure::not_visible))
            .collect();
        assert_eq!(written(&figures), reference(&figures));
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
