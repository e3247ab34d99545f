//! A folder as a page: its rows are written one behind the other into one piece
//! of memory, every name escaped for where it stands.

use super::budget::Share;
use super::order::{Column, Order};
use super::read::{Entries, Entry, enlarge};
use super::text::{push_counted, push_escaped, push_number, push_size};
use super::words::Words;
use crate::site::path::{SitePath, encode_segment};
use crate::site::root::Refusal;
use arrayvec::ArrayString;
use bytes::Bytes;
use std::fmt::Write as _;
use std::time::{Duration, UNIX_EPOCH};

/// What no row exceeds, its name left out, in bytes.
const ROW: usize = 160;
/// What no beginning or end of a part of the table exceeds.
const PART: usize = 64;
/// How many rows a browser lays out together.
const LAID_OUT: usize = 100;
/// 9999-12-31T23:59:59Z: a later year has five digits.
const LAST_SECOND: u64 = 253_402_300_799;

const STYLE: &str = concat!("<style>\n", include_str!("page.css"), "</style>\n");
const SCRIPT: &str = concat!("<script type=\"module\">\n", include_str!("page.js"), "</script>\n");

/// The page of the folder at `path`; `share` pays for it, and for as long as
/// anybody sends it.
pub(super) fn page(
    path: &SitePath,
    entries: &Entries,
    order: Order,
    words: &Words,
    share: Share,
) -> Result<Bytes, Refusal> {
    let mut page = Page { bytes: Vec::new(), share };
    let beginning = beginning(path, entries, order, words);
    let rows = entries.list.len() * ROW + entries.written + entries.list.len() / LAID_OUT * PART;
    page.make_room(beginning.len() + PART + rows + PART + SCRIPT.len())?;
    let room = page.bytes.capacity();
    page.push(&beginning);
    if !path.name.is_empty() {
        page.push("<tr><td><a href=\"../\">../</a><td><td>\n");
    }
    let mut day = Day::default();
    for (index, entry) in entries.list.iter().enumerate() {
        if index > 0 && index.is_multiple_of(LAID_OUT) {
            page.begin_rows((entries.list.len() - index).min(LAID_OUT));
        }
        page.push_entry(entry, &entries.names, &mut day, words);
    }
    page.push("</table>\n");
    page.push(SCRIPT);
    debug_assert_eq!(page.bytes.capacity(), room, "a row exceeds its room");
    page.bytes.shrink_to_fit();
    enlarge(&mut page.share, page.bytes.capacity())?;
    Ok(Bytes::from_owner(page))
}

/// All that stands above the rows.
fn beginning(path: &SitePath, entries: &Entries, order: Order, words: &Words) -> String {
    let mut title = String::new();
    push_escaped(&mut title, format!("/{}", String::from_utf8_lossy(&path.name)).as_bytes());
    let mut page = format!(
        "<!doctype html>\n<html lang=\"{}\">\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n<link rel=\"icon\" href=\"data:,\">\n\
         <title>{title}</title>\n{STYLE}<main>\n<h1>{}</h1>\n<p>{}</p>\n<table>\n<thead><tr>",
        words.tag,
        way(path),
        summary(entries, words)
    );
    for column in Column::ALL {
        let aria = match (order.by == column, order.is_descending) {
            (true, false) => " aria-sort=\"ascending\"",
            (true, true) => " aria-sort=\"descending\"",
            (false, _) => "",
        };
        // A form and not a link: a client that follows all links finds each listing once.
        let _ = write!(
            page,
            "<th scope=\"col\"{aria}><form><input type=\"hidden\" name=\"sort\" value=\"{}\">\
             <input type=\"hidden\" name=\"order\" value=\"{}\"><input type=\"submit\" value=\"{}\"></form>",
            column.key(),
            order.after_click(column).direction(),
            words.column(column)
        );
    }
    page.push_str("\n<tbody>\n");
    page
}

/// The path, in which each folder above is a link.
fn way(path: &SitePath) -> String {
    let segments: Vec<&[u8]> = path.name.split(|&byte| byte == b'/').filter(|segment| !segment.is_empty()).collect();
    let Some((last, above)) = segments.split_last() else { return "/".to_owned() };
    let mut way = format!("<a href=\"{}\">/</a>", "../".repeat(segments.len()));
    for (index, segment) in above.iter().enumerate() {
        let _ = write!(way, "<a href=\"{}\">", "../".repeat(above.len() - index));
        push_escaped(&mut way, segment);
        way.push_str("</a>/");
    }
    push_escaped(&mut way, last);
    way.push('/');
    way
}

fn summary(entries: &Entries, words: &Words) -> String {
    let folders = entries.list.iter().filter(|entry| entry.is_folder).count() as u64;
    let files = entries.list.len() as u64 - folders;
    let mut text = words.before_folders.to_owned();
    push_counted(&mut text, folders, words.folders);
    text.push_str(", ");
    text.push_str(words.before_files);
    push_counted(&mut text, files, words.files);
    let mut sizes = entries.list.iter().filter(|entry| !entry.is_folder).map(Entry::size);
    // Without the size of one, nobody knows the sum.
    if let Some(bytes) = sizes.try_fold(0, |sum: u64, size| Some(sum.saturating_add(size?))) {
        text.push_str(", <span title=\"");
        push_counted(&mut text, bytes, words.bytes);
        text.push_str("\">");
        push_size(&mut text, bytes);
        text.push_str("</span>");
    }
    let [before, after] = words.zone;
    let _ = write!(text, "; {before}<span id=\"zone\">UTC</span>{after}");
    text
}

/// A page on its way, and the memory that it takes.
struct Page {
    bytes: Vec<u8>,
    share: Share,
}

impl AsRef<[u8]> for Page {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

impl Page {
    /// Room for all of it, out of the budget.
    fn make_room(&mut self, bytes: usize) -> Result<(), Refusal> {
        enlarge(&mut self.share, bytes)?;
        self.bytes.try_reserve_exact(bytes).map_err(|_| Refusal::NoRoom)
    }

    fn begin_rows(&mut self, rows: usize) {
        if rows == LAID_OUT {
            self.push("<tbody>\n");
        } else {
            self.push("<tbody style=\"--rows:");
            push_number(&mut self.bytes, rows as u64);
            self.push("\">\n");
        }
    }

    fn push_entry(&mut self, entry: &Entry, names: &[u8], day: &mut Day, words: &Words) {
        let name = entry.name(names);
        self.push("<tr><td><a href=\"");
        match entry.is_plain {
            true => self.bytes.extend_from_slice(name),
            false => encode_segment(name).for_each(|piece| self.push(piece)),
        }
        self.push(if entry.is_folder { "/\">" } else { "\">" });
        match entry.is_plain {
            true => self.bytes.extend_from_slice(name),
            false => push_escaped(&mut self.bytes, name),
        }
        self.push(if entry.is_folder { "/</a><td" } else { "</a><td" });
        if let Some(size) = entry.size() {
            self.push(" title=\"");
            push_counted(&mut self.bytes, size, words.bytes);
            self.push("\">");
            push_size(&mut self.bytes, size);
            self.push("<td>");
        } else {
            self.push("><td>");
        }
        self.push_time(entry.modified, day);
        self.push("\n");
    }

    /// `1994-11-06 08:49`, in UTC: what sorts by eye. Times before 1970, and
    /// those of files that were given none, say nothing.
    fn push_time(&mut self, seconds: u64, day: &mut Day) {
        if !(2..=LAST_SECOND).contains(&seconds) {
            return;
        }
        let date = day.of(seconds);
        let time = two_digits([seconds / 3600 % 24, seconds / 60 % 60, seconds % 60]);
        self.push("<time datetime=\"");
        self.push(date);
        self.push("T");
        self.bytes.extend_from_slice(&time);
        self.push("Z\">");
        self.push(date);
        self.push(" ");
        self.bytes.extend_from_slice(&time[..5]);
        self.push("</time>");
    }

    fn push(&mut self, text: &str) {
        self.bytes.extend_from_slice(text.as_bytes());
    }
}

/// The day that was written last: many files are of the same one.
#[derive(Default)]
struct Day {
    number: u64,
    text: ArrayString<32>,
}

impl Day {
    /// `1994-11-06`
    fn of(&mut self, seconds: u64) -> &str {
        let number = seconds / 86_400;
        if self.text.is_empty() || self.number != number {
            self.number = number;
            self.text.clear();
            let moment = UNIX_EPOCH + Duration::from_secs(seconds);
            let _ = write!(self.text, "{}", humantime::format_rfc3339_seconds(moment));
            self.text.truncate(10);
        }
        &self.text
    }
}

/// `08:49:37`
fn two_digits([hours, minutes, seconds]: [u64; 3]) -> [u8; 8] {
    let [[h, o], [m, i], [s, e]] =
        [hours, minutes, seconds].map(|two| [b'0' + (two / 10) as u8, b'0' + (two % 10) as u8]);
    [h, o, b':', m, i, b':', s, e]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_and_times_are_those_of_the_calendar() {
        let mut day = Day::default();
        for (seconds, date, time) in [
            (86_399, "1970-01-01", "23:59:59"),
            (86_400, "1970-01-02", "00:00:00"),
            (784_111_777, "1994-11-06", "08:49:37"),
            (1_709_164_800, "2024-02-29", "00:00:00"),
            (LAST_SECOND, "9999-12-31", "23:59:59"),
        ] {
            assert_eq!(day.of(seconds), date);
            let time_of_day = two_digits([seconds / 3600 % 24, seconds / 60 % 60, seconds % 60]);
            assert_eq!(time_of_day, time.as_bytes());
        }
    }

    #[test]
    fn the_way_leads_to_each_folder_above() {
        let way = |path| way(&SitePath::decode(path).expect("a path"));
        assert_eq!(way("/"), "/");
        assert_eq!(way("/a/"), "<a href=\"../\">/</a>a/");
        assert_eq!(
            way("/a&b/c%20d/e/"),
            "<a href=\"../../../\">/</a><a href=\"../../\">a&amp;b</a>/<a href=\"../\">c d</a>/e/"
        );
    }
}
