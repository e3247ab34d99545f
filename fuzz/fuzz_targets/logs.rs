//! A line of the access log is one line, its quotes are balanced, and nothing
//! in it drives a terminal or hides, whatever a client sent.

#![no_main]

use glasshttp::observe::access::{Begun, Format};
use glasshttp::observe::entry::Entry;
use glasshttp_fuzz::text::{quoted, treachery};
use libfuzzer_sys::fuzz_target;

/// Longer ones are cut.
const LONGEST: usize = 4000;

fn check(line: &str, format: Format) {
    assert_eq!(treachery(line), None, "{line:?}");
    assert!(line.len() < LONGEST, "{} bytes", line.len());
    let rest = line.strip_prefix("192.0.2.1 - - [06/Nov/1994:08:49:37 +0000] ").expect("client and time");
    let (_, rest) = quoted(rest).unwrap_or_else(|| panic!("the request line is not quoted: {line:?}"));
    let rest = rest.strip_prefix(" 404 17").unwrap_or_else(|| panic!("status and length: {line:?}"));
    let rest = match format {
        Format::Common => rest,
        Format::Combined => {
            let field = |rest: &'_ str| rest.strip_prefix(' ').and_then(quoted).map(|(_, rest)| rest.len());
            let fields = field(rest).and_then(|left| field(&rest[rest.len() - left..]));
            let left = fields.unwrap_or_else(|| panic!("two fields: {line:?}"));
            &rest[rest.len() - left..]
        }
        format => unreachable!("{format:?} is no line of this log"),
    };
    assert_eq!(rest, "", "{line:?}");
}

fuzz_target!(|data: &[u8]| {
    let Some(([first, second], rest)) = data.split_first_chunk::<2>() else { return };
    let (asked, rest) = rest.split_at(usize::from(*first) * rest.len() / 256);
    let (referer, agent) = rest.split_at(usize::from(*second) * rest.len() / 256);
    let field = |name: &str| if name == "referer" { referer } else { agent };
    let mut facts = Begun {
        client: Some([192, 0, 2, 1].into()),
        via: None,
        connection: 1,
        exchange: 1,
        date: "Sun, 06 Nov 1994 08:49:37 GMT",
        nanoseconds: 0,
        line: asked,
        is_whole: first % 2 == 0,
        is_understood: *first > 100,
    };
    let mut entry = Entry::default();
    for format in [Format::Common, Format::Combined] {
        entry.begin(format, &facts, field);
        check(entry.finish(404, 17, None), format);
    }
    facts.date = "1994-11-06T08:49:37";
    entry.begin(Format::Requests, &facts, field);
    let object = entry.finish(404, 17, None);
    assert_eq!(treachery(object), None, "{object:?}");
    assert!(object.len() < LONGEST && object.starts_with('{') && object.ends_with('}'), "{object:?}");
});
