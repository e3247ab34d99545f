//! Dates and ranges: what is read is the same when it is written and read again.

#![no_main]

use glasshttp::http::content_range::ContentRange;
use glasshttp::http::date::HttpDate;
use libfuzzer_sys::fuzz_target;

fn round(date: HttpDate) {
    let text = date.to_string();
    assert_eq!(text.len(), "Sun, 06 Nov 1994 08:49:37 GMT".len(), "{text}");
    assert_eq!(HttpDate::parse(text.as_bytes()), Some(date), "{text}");
    assert_eq!(HttpDate::from_unix(date.unix() as i64), Some(date));
}

fuzz_target!(|data: &[u8]| {
    if let Some((seconds, _)) = data.split_first_chunk() {
        let seconds = i64::from_le_bytes(*seconds);
        // The years up to 9999, and times before and behind them.
        HttpDate::from_unix(seconds).into_iter().chain(HttpDate::from_unix(seconds >> 26)).for_each(round);
    }
    if let Some(date) = HttpDate::parse(data) {
        round(date);
    }
    if let Some(ContentRange::Part { first, last, complete }) = ContentRange::parse(data) {
        assert!(first <= last && complete.is_none_or(|complete| last < complete));
        let complete = complete.map_or("*".to_owned(), |complete| complete.to_string());
        let text = format!("bytes {first}-{last}/{complete}");
        assert!(matches!(ContentRange::parse(text.as_bytes()), Some(ContentRange::Part { .. })), "{text}");
    }
});
