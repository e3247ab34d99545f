//! A folder as a page: its rows are written one behind the other into one piece
//! of memory, every name escaped for where it stands.

use super::budget::Share;
use super::order::{Column, Order};
use super::read::{Entries, Entry, enlarge};
use super::words::Words;
use crate::site::path::{SitePath, encode_segment};
use crate::site::root::Refusal;
use bytes::Bytes;
use std::fmt::Write as _;
use std::time::{Duration, UNIX_EPOCH};

/// What most rows take, their names (twice) left out.
const ROW: usize = 128;
/// What no row exceeds, its name left out.
const LONGEST_ROW: usize = 256;
/// What no byte of a name exceeds, encoded in a link and escaped as text.
const LONGEST_BYTE: usize = 3 + 6;
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
    page.make_room(beginning.len() + entries.names.len() * 2 + entries.list.len() * ROW + LONGEST_ROW)?;
    page.push(&beginning);
    if !path.name.is_empty() {
        page.push("<tr><td><a href=\"../\">../</a><td><td>\n");
    }
    for (index, entry) in entries.list.iter().enumerate() {
        if index > 0 && index.is_multiple_of(LAID_OUT) {
            page.begin_rows((entries.list.len() - index).min(LAID_OUT));
        }
        page.make_room(LONGEST_ROW + LONGEST_BYTE * entry.name(&entries.names).len())?;
        page.push_entry(entry, &entries.names, words);
    }
    page.make_room(SCRIPT.len() + LONGEST_ROW)?;
    page.push("</table>\n");
    page.push(SCRIPT);
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
        // A form and not a link: whoever follows all links finds each listing once.
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
    let bytes = entries.list.iter().fold(0, |sum: u64, entry| sum.saturating_add(entry.size));
    let mut text = String::new();
    let counts = [(words.before_folders, folders, words.folders), (words.before_files, files, words.files)];
    for (before, count, forms) in counts {
        text.push_str(before);
        push_counted(&mut text, count, forms);
        text.push_str(", ");
    }
    text.push_str("<span title=\"");
    push_counted(&mut text, bytes, words.bytes);
    text.push_str("\">");
    push_size(&mut text, bytes);
    let [before, after] = words.zone;
    let _ = write!(text, "</span>; {before}<span id=\"zone\">UTC</span>{after}");
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
    /// Room for as many bytes more, out of the budget.
    fn make_room(&mut self, more: usize) -> Result<(), Refusal> {
        let capacity = self.bytes.capacity();
        if capacity - self.bytes.len() >= more {
            return Ok(());
        }
        let wanted = (self.bytes.len() + more).max(capacity + capacity / 8);
        enlarge(&mut self.share, wanted)?;
        self.bytes.try_reserve_exact(wanted - self.bytes.len()).map_err(|_| Refusal::Exhausted)
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

    fn push_entry(&mut self, entry: &Entry, names: &[u8], words: &Words) {
        let name = entry.name(names);
        self.push("<tr><td><a href=\"");
        encode_segment(name).for_each(|piece| self.push(piece));
        self.push(if entry.is_folder { "/\">" } else { "\">" });
        push_escaped(&mut self.bytes, name);
        if entry.is_folder {
            self.push("/</a><td><td>");
        } else {
            self.push("</a><td title=\"");
            push_counted(&mut self.bytes, entry.size, words.bytes);
            self.push("\">");
            push_size(&mut self.bytes, entry.size);
            self.push("<td>");
        }
        self.push_time(entry.modified);
        self.push("\n");
    }

    /// `1994-11-06 08:49`, in UTC: what sorts by eye. Times before 1970, and
    /// those of files that were given none, say nothing.
    fn push_time(&mut self, seconds: u64) {
        if !(2..=LAST_SECOND).contains(&seconds) {
            return;
        }
        let mut time = arrayvec::ArrayString::<32>::new();
        let moment = UNIX_EPOCH + Duration::from_secs(seconds);
        let _ = write!(time, "{}", humantime::format_rfc3339_seconds(moment));
        self.push("<time datetime=\"");
        self.push(&time);
        self.push("\">");
        self.push(&time[..10]);
        self.push(" ");
        self.push(&time[11..16]);
        self.push("</time>");
    }

    fn push(&mut self, text: &str) {
        self.bytes.extend_from_slice(text.as_bytes());
    }
}

/// Where text goes: the page, or a piece of it.
trait Text {
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

/// A name as HTML, safe in an element and in a quoted attribute; what is not
/// UTF-8 in it as replacement characters.
fn push_escaped(to: &mut impl Text, name: &[u8]) {
    for chunk in name.utf8_chunks() {
        let mut rest = chunk.valid();
        while let Some(at) = rest.bytes().position(|byte| matches!(byte, b'&' | b'<' | b'>' | b'"' | b'\'')) {
            to.put(&rest[..at]);
            to.put(match rest.as_bytes()[at] {
                b'&' => "&amp;",
                b'<' => "&lt;",
                b'>' => "&gt;",
                b'"' => "&quot;",
                _ => "&#39;",
            });
            rest = &rest[at + 1..];
        }
        to.put(rest);
        if !chunk.invalid().is_empty() {
            to.put("\u{fffd}");
        }
    }
}

/// `1 folder`, `2 folders`.
fn push_counted(to: &mut impl Text, count: u64, [one, other]: [&str; 2]) {
    push_grouped(to, count);
    to.put(if count == 1 { one } else { other });
}

fn push_number(to: &mut impl Text, number: u64) {
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
fn push_size(to: &mut impl Text, bytes: u64) {
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

    #[test]
    fn names_are_escaped_for_where_they_stand() {
        let mut text = String::new();
        push_escaped(&mut text, b"<b>\"'&?#% \xed\x95\x9c:\xff\xfe.txt");
        assert_eq!(text, "&lt;b&gt;&quot;&#39;&amp;?#% 한:\u{fffd}\u{fffd}.txt");
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
