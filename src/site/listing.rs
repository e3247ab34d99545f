//! A folder as a page: folders first, sortable by its column heads, every name
//! escaped for where it stands. Works without script, in lynx as in Chromium.

use super::path::{SitePath, encode_segment, is_hidden};
use super::root::{Refusal, Root};
use crate::http::date::HttpDate;
use rustix::fs::{Dir, FileType};
use std::cmp::Ordering;
use std::fmt::Write;

/// One line of the listing.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Entry {
    name: Vec<u8>,
    is_folder: bool,
    size: u64,
    modified: Option<HttpDate>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Column {
    Name,
    Size,
    Modified,
}

impl Column {
    const ALL: [(Self, &'static str, &'static str); 3] =
        [(Self::Name, "name", "Name"), (Self::Size, "size", "Size"), (Self::Modified, "modified", "Last modified")];
}

#[derive(Clone, Copy, PartialEq, Eq)]
struct Order {
    by: Column,
    descending: bool,
}

impl Order {
    /// Reads `sort=name|size|modified` and `order=asc|desc`; by name otherwise.
    fn of(query: Option<&str>) -> Self {
        let mut order = Self { by: Column::Name, descending: false };
        for pair in query.unwrap_or_default().split('&') {
            match pair.split_once('=') {
                Some(("sort", wanted)) => {
                    if let Some((column, ..)) = Column::ALL.iter().find(|(_, key, _)| *key == wanted) {
                        order.by = *column;
                    }
                }
                Some(("order", direction)) => order.descending = direction == "desc",
                _ => {}
            }
        }
        order
    }

    fn compare(self, a: &Entry, b: &Entry) -> Ordering {
        let by_column = match self.by {
            Column::Name => Ordering::Equal,
            Column::Size => a.size.cmp(&b.size),
            Column::Modified => a.modified.cmp(&b.modified),
        };
        let by_name =
            || a.name.to_ascii_lowercase().cmp(&b.name.to_ascii_lowercase()).then_with(|| a.name.cmp(&b.name));
        let ordering = by_column.then_with(by_name);
        b.is_folder.cmp(&a.is_folder).then(if self.descending { ordering.reverse() } else { ordering })
    }
}

/// The page that lists the folder at `path`, in the order that `query` asks for.
pub(super) fn page(root: &Root, path: &SitePath, query: Option<&str>, show_hidden: bool) -> Result<String, Refusal> {
    let order = Order::of(query);
    let mut entries = read(root, path, show_hidden)?;
    entries.sort_by(|a, b| order.compare(a, b));
    Ok(render(path, &entries, order))
}

/// What in the folder can be asked for: what would be a 404 is left out.
fn read(root: &Root, path: &SitePath, show_hidden: bool) -> Result<Vec<Entry>, Refusal> {
    let folder = Dir::new(root.open_folder(&path.name)?)?;
    let mut entries = Vec::new();
    for entry in folder {
        let entry = entry?;
        let name = entry.file_name().to_bytes();
        if matches!(name, b"." | b"..") || (is_hidden(name) && !show_hidden) {
            continue;
        }
        let Ok(state) = root.state(&path.child(name)) else { continue };
        let is_folder = match FileType::from_raw_mode(state.st_mode) {
            FileType::Directory => true,
            FileType::RegularFile => false,
            _ => continue,
        };
        #[allow(clippy::unnecessary_cast)] // the fields' types differ between systems
        entries.push(Entry {
            name: name.to_vec(),
            is_folder,
            size: if is_folder { 0 } else { state.st_size as u64 },
            modified: HttpDate::from_unix(state.st_mtime as i64),
        });
    }
    Ok(entries)
}

fn render(path: &SitePath, entries: &[Entry], order: Order) -> String {
    let title = escape(&format!("/{}", String::from_utf8_lossy(&path.name)));
    let mut page = String::with_capacity(2048 + entries.len() * 200);
    page.push_str(HEAD);
    // Writing to a String does not fail.
    let _ = write!(page, "<title>{title}</title>\n<h1>{title}</h1>\n<table>\n<thead><tr>");
    for (column, key, label) in Column::ALL {
        let is_current = order.by == column;
        let (next, aria) = match (is_current, order.descending) {
            (true, false) => ("desc", " aria-sort=\"ascending\""),
            (true, true) => ("asc", " aria-sort=\"descending\""),
            (false, _) => ("asc", ""),
        };
        let _ = write!(page, "<th scope=\"col\"{aria}><a href=\"?sort={key}&amp;order={next}\">{label}</a></th>");
    }
    page.push_str("</tr></thead>\n<tbody>\n");
    if !path.name.is_empty() {
        page.push_str("<tr><td><a href=\"../\">../</a></td><td></td><td></td></tr>\n");
    }
    for entry in entries {
        render_entry(&mut page, entry);
    }
    let _ = writeln!(page, "</tbody>\n</table>\n<p>{}</p>", summary(entries));
    page
}

fn render_entry(page: &mut String, entry: &Entry) {
    let slash = if entry.is_folder { "/" } else { "" };
    let link = encode_segment(&entry.name);
    let name = escape(&String::from_utf8_lossy(&entry.name));
    let size = if entry.is_folder { String::new() } else { grouped(entry.size) };
    let modified = entry.modified.map(iso).unwrap_or_default();
    let _ = writeln!(
        page,
        "<tr><td><a href=\"{link}{slash}\">{name}{slash}</a></td><td>{size}</td><td>{modified}</td></tr>"
    );
}

fn summary(entries: &[Entry]) -> String {
    let folders = entries.iter().filter(|entry| entry.is_folder).count();
    let files = entries.len() - folders;
    let octets: u64 = entries.iter().map(|entry| entry.size).sum();
    let plural = |count: usize, noun: &str| if count == 1 { format!("1 {noun}") } else { format!("{count} {noun}s") };
    format!("{}, {}, {} bytes", plural(folders, "folder"), plural(files, "file"), grouped(octets))
}

/// `12 345 678`, with thin spaces.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push('\u{202f}');
        }
        text.push(digit);
    }
    text
}

/// `1994-11-06 08:49`, in UTC: what sorts by eye.
fn iso(date: HttpDate) -> String {
    let text = date.to_string();
    let month = match &text[8..11] {
        "Jan" => "01",
        "Feb" => "02",
        "Mar" => "03",
        "Apr" => "04",
        "May" => "05",
        "Jun" => "06",
        "Jul" => "07",
        "Aug" => "08",
        "Sep" => "09",
        "Oct" => "10",
        "Nov" => "11",
        _ => "12",
    };
    format!("{}-{month}-{} {}", &text[12..16], &text[5..7], &text[17..22])
}

/// Text as HTML, safe in an element and in a quoted attribute.
fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            _ => escaped.push(character),
        }
    }
    escaped
}

const HEAD: &str = r##"<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta name="color-scheme" content="light dark">
<style>
body { font: 1rem/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 60rem; padding: 0 1rem }
h1 { font-size: 1.25rem; overflow-wrap: anywhere }
table { border-collapse: collapse; width: 100% }
th, td { border-bottom: 1px solid #8884; padding: .3rem .75rem .3rem 0; text-align: left; vertical-align: top }
td:first-child { overflow-wrap: anywhere }
th + th, td + td { text-align: right; white-space: nowrap; font-variant-numeric: tabular-nums }
th a { color: inherit }
th[aria-sort=ascending] a::after { content: " ▲" }
th[aria-sort=descending] a::after { content: " ▼" }
p { color: GrayText }
@media (max-width: 36rem) { th:last-child, td:last-child { display: none } }
</style>
"##;

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(name: &str, is_folder: bool, size: u64) -> Entry {
        Entry { name: name.into(), is_folder, size, modified: HttpDate::from_unix(784_111_777) }
    }

    #[test]
    fn names_are_escaped_for_where_they_stand() {
        let path = SitePath::decode("/a&b/").expect("a path");
        let page = render(&path, &[entry("<b>\"'&?#% 한:.txt", false, 1234)], Order::of(None));
        let link = "%3Cb%3E%22%27%26%3F%23%25%20%ED%95%9C%3A.txt";
        assert!(page.contains(&format!("<a href=\"{link}\">&lt;b&gt;&quot;&#39;&amp;?#% 한:.txt</a>")), "{page}");
        assert!(page.contains("<h1>/a&amp;b</h1>"), "{page}");
        assert!(page.contains("<td>1\u{202f}234</td><td>1994-11-06 08:49</td>"), "{page}");
    }

    #[test]
    fn folders_come_first_in_every_order() {
        let mut entries = [entry("b", false, 3), entry("a", false, 9), entry("z", true, 0), entry("B", false, 1)];
        let mut names = |query| {
            let order = Order::of(query);
            entries.sort_by(|a, b| order.compare(a, b));
            entries.iter().map(|entry| String::from_utf8_lossy(&entry.name).into_owned()).collect::<String>()
        };
        assert_eq!(names(None), "zaBb");
        assert_eq!(names(Some("sort=size")), "zBba");
        assert_eq!(names(Some("sort=size&order=desc")), "zabB");
        assert_eq!(names(Some("sort=<x>&order=")), "zaBb");
    }
}
