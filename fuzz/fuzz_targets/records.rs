//! A record of any content, as a saved log may have it: written and read again
//! it is the same, one line of JSON and the story hold nothing that drives a
//! terminal or hides.

#![no_main]

use glasshttp::language::Language;
use glasshttp::observe::json::JsonLog;
use glasshttp::observe::sink::{News, Sink};
use glasshttp::observe::story::Story;
use glasshttp::record::connection::Record;
use glasshttp_fuzz::text::{treachery, unstyled};
use libfuzzer_sys::fuzz_target;
use std::io::Write;
use std::sync::{Arc, Mutex};

#[derive(Clone, Default)]
struct Page(Arc<Mutex<Vec<u8>>>);

impl Write for Page {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().expect("one thread").extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl Page {
    fn text(&self) -> String {
        String::from_utf8(self.0.lock().expect("one thread").clone()).expect("UTF-8")
    }
}

/// What this sink writes of a closed connection.
fn recorded<S: Sink>(record: &Record, sink: impl FnOnce(Page) -> S) -> String {
    let page = Page::default();
    let mut sink = sink(page.clone());
    sink.take(record, News::Opened);
    sink.take(record, News::Closed);
    sink.finish();
    page.text()
}

fuzz_target!(|data: &[u8]| {
    let Ok(record) = serde_json::from_slice::<Record>(data) else { return };
    let line = recorded(&record, JsonLog::new);
    let line = line.strip_suffix('\n').expect("a line");
    assert_eq!(treachery(line), None, "{line:?}");
    let again: Record = serde_json::from_str(line).expect("a record");
    assert_eq!(recorded(&again, JsonLog::new).trim_end(), line, "written and read again");
    for language in [Language::English, Language::Korean] {
        let story = recorded(&record, |page| Story::new(page, language, 1));
        let plain = unstyled(&story);
        assert_eq!(treachery(&plain.replace('\n', " ")), None, "{plain:?}");
    }
});
