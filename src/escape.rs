//! Text that others chose, as each kind of sink may have it: control characters, marks of direction
//! and invisible characters never appear there as themselves. One function decides which those are.
//!
//! | sink | written by |
//! | --- | --- |
//! | a terminal, and what is read in one | [`terminal`], [`lines`] |
//! | HTML, SVG: in an element or a quoted attribute | [`html`], [`push_html`] |
//! | the quotes of an access log | [`push_quoted`] |
//! | JSON | [`in_json`], [`push_json`] |

use std::fmt::Write as _;

/// Controls, breaks, marks of direction and letters that nobody sees.
pub fn is_treacherous(character: char) -> bool {
    if character.is_ascii() {
        return character.is_ascii_control(); // most are, and are known without a table
    }
    matches!(character,
        '\u{80}'..='\u{9f}' | '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}'
        | '\u{e0000}'..='\u{e0fff}')
}

/// `text`, whole, on one line.
pub fn terminal(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    text.chars().for_each(|character| push_visible(&mut escaped, character));
    escaped
}

/// `text`, whole, on its own lines: their ends and tabs are left as they are.
pub fn lines(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for line in text.split_inclusive('\n') {
        let end = if line.ends_with("\r\n") { 2 } else { usize::from(line.ends_with('\n')) };
        let (line, end) = line.split_at(line.len() - end);
        for character in line.chars() {
            if character == '\t' { escaped.push(character) } else { push_visible(&mut escaped, character) }
        }
        escaped.push_str(end);
    }
    escaped
}

/// A character so that it is seen: `\x1b`, `\u{202e}`.
fn push_visible(to: &mut String, character: char) {
    // Writing to a String does not fail.
    let _ = match character {
        _ if character.is_ascii_control() => write!(to, "\\x{:02x}", u32::from(character)),
        _ if is_treacherous(character) => write!(to, "\\u{{{:x}}}", u32::from(character)),
        _ => return to.push(character),
    };
}

/// `text` as HTML or XML, in an element or a quoted attribute.
pub fn html(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    push_html(text.as_bytes(), |piece| escaped.push_str(piece));
    escaped
}

/// The same of any bytes, piece by piece; what is not UTF-8 in them as replacement characters.
pub fn push_html(bytes: &[u8], mut push: impl FnMut(&str)) {
    for chunk in bytes.utf8_chunks() {
        let mut rest = chunk.valid();
        let mut last = None;
        while let Some(at) = rest.bytes().position(may_be_more_than_itself) {
            // No lead byte lies within a character.
            let (before, from) = rest.split_at(at);
            push(before);
            let mut characters = from.chars();
            last = before.chars().next_back().or(last);
            let character = characters.next();
            match character {
                Some('&') => push("&amp;"),
                Some('<') => push("&lt;"),
                Some('>') => push("&gt;"),
                Some('"') => push("&quot;"),
                Some('\'') => push("&#39;"),
                Some(character) if is_treacherous(character) && !joins(last, character, characters.as_str()) => {
                    let mut visible = String::new();
                    push_visible(&mut visible, character);
                    push(&visible);
                }
                Some(character) => push(character.encode_utf8(&mut [0; 4])),
                None => {}
            }
            last = character;
            rest = characters.as_str();
        }
        push(rest);
        if !chunk.invalid().is_empty() {
            push("\u{fffd}");
        }
    }
}

/// Whether it makes pictures into one, as in 👩‍💻, or asks for one's colours: among letters neither is as itself.
fn joins(last: Option<char>, character: char, rest: &str) -> bool {
    let is_picture = |character: char| matches!(character, '\u{2190}'..='\u{2bff}' | '\u{1f000}'..='\u{1faff}');
    let follows = last.is_some_and(|last| is_picture(last) || last == '\u{fe0f}');
    match character {
        '\u{200d}' => follows && rest.chars().next().is_some_and(is_picture),
        '\u{fe0f}' => last.is_some_and(is_picture),
        _ => false,
    }
}

/// Bytes with which something begins that HTML does not have as itself: nearly all names have none.
fn may_be_more_than_itself(byte: u8) -> bool {
    matches!(byte, b'&' | b'<' | b'>' | b'"' | b'\'' | ..=0x1f | 0x7f | 0xc2 | 0xd8 | 0xe1 | 0xe2 | 0xef | 0xf3)
}

/// Bytes between quotes: what could end the quotes, the line, or is treacherous is written as
/// `\xhh`, a quote as `\"`. Nothing is `-`; what is longer than `longest` bytes is cut.
pub fn push_quoted(line: &mut String, bytes: &[u8], longest: usize) {
    if bytes.is_empty() {
        line.push('-');
    }
    if let Some(text) = plain(bytes, longest) {
        return line.push_str(text);
    }
    let end = line.len() + longest;
    for chunk in bytes.utf8_chunks() {
        for character in chunk.valid().chars() {
            if line.len() > end {
                return line.push('…');
            }
            // Writing to a String does not fail.
            let _ = match character {
                _ if is_plain(character) => {
                    line.push(character);
                    Ok(())
                }
                '"' | '\\' => write!(line, "\\{character}"),
                _ => {
                    let mut bytes = [0; 4];
                    let mut bytes = character.encode_utf8(&mut bytes).bytes();
                    bytes.try_for_each(|byte| write!(line, "\\x{byte:02x}"))
                }
            };
        }
        for byte in chunk.invalid() {
            let _ = write!(line, "\\x{byte:02x}");
        }
        if line.len() > end {
            return line.push('…');
        }
    }
}

/// Bytes that stand there as they are, as nearly all do.
fn plain(bytes: &[u8], longest: usize) -> Option<&str> {
    if bytes.len() <= longest && are_plain(bytes) { str::from_utf8(bytes).ok() } else { None }
}

/// Whether bytes stand between quotes as they are, known at once; looking at all of them is many at a time,
/// stopping at the first that does not would not be.
pub fn are_plain(bytes: &[u8]) -> bool {
    bytes.iter().fold(true, |are, byte| are & is_plain_byte(*byte))
}

/// Whether this is an ASCII character that needs no escape between quotes.
pub const fn is_plain_byte(byte: u8) -> bool {
    matches!(byte, b' '..=b'~') & (byte != b'"') & (byte != b'\\')
}

fn is_plain(character: char) -> bool {
    // Nearly all are ASCII: no table is asked for those.
    (matches!(character, ' '..='~') || !is_treacherous(character)) && !matches!(character, '"' | '\\')
}

/// JSON behind `start` that has its own escapes: the rest of them, as `\u202e` (RFC 8259 §7). Outside of its
/// strings there are none to make, and its own line ends stay.
pub fn in_json(json: &mut Vec<u8>, start: usize) {
    // Nearly all is plain; looking at all of it is many bytes at a time, stopping at the first would not be.
    if json[start..].iter().fold(true, |are, byte| are & (*byte == b'\n' || (b' '..0x7f).contains(byte))) {
        return;
    }
    let written = json.split_off(start);
    let text = String::from_utf8_lossy(&written); // it is: a serializer wrote it
    let mut plain = 0;
    for (at, character) in text.char_indices().filter(|&(_, character)| character != '\n' && is_treacherous(character))
    {
        json.extend_from_slice(&text.as_bytes()[plain..at]);
        for unit in character.encode_utf16(&mut [0; 2]) {
            json.extend_from_slice(format!("\\u{unit:04x}").as_bytes());
        }
        plain = at + character.len_utf8();
    }
    json.extend_from_slice(&text.as_bytes()[plain..]);
}

/// Bytes as a JSON string, its quotes included; what is not UTF-8 in them as replacement
/// characters. What is longer than `longest` bytes is cut.
pub fn push_json(line: &mut String, bytes: &[u8], longest: usize) {
    line.push('"');
    match plain(bytes, longest) {
        Some(text) => line.push_str(text),
        None => push_in_json(line, bytes, line.len() + longest),
    }
    line.push('"');
}

/// What is longer than `end` is cut.
fn push_in_json(line: &mut String, bytes: &[u8], end: usize) {
    for chunk in bytes.utf8_chunks() {
        for character in chunk.valid().chars() {
            if line.len() > end {
                return line.push('…');
            }
            match character {
                _ if is_plain(character) => line.push(character),
                '"' | '\\' => line.extend(['\\', character]),
                _ => {
                    for unit in character.encode_utf16(&mut [0; 2]) {
                        // Writing to a String does not fail.
                        let _ = write!(line, "\\u{unit:04x}");
                    }
                }
            }
        }
        if line.len() > end {
            return line.push('…');
        }
        if !chunk.invalid().is_empty() {
            line.push('\u{fffd}');
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use unicode_width::UnicodeWidthChar;

    /// Every sink, as text.
    fn everywhere(text: &str) -> [String; 6] {
        let (mut quoted, mut string) = (String::new(), String::new());
        let mut json = serde_json::to_vec(text).expect("JSON");
        push_json(&mut string, text.as_bytes(), usize::MAX / 2);
        let string = string.trim_matches('"').to_owned();
        push_quoted(&mut quoted, text.as_bytes(), usize::MAX / 2);
        in_json(&mut json, 0);
        let json = String::from_utf8(json).expect("UTF-8").trim_matches('"').to_owned();
        [terminal(text), lines(text), html(text), quoted, json, string]
    }

    #[test]
    fn pictures_are_joined_in_html_and_letters_are_not() {
        for whole in ["👩\u{200d}💻.txt", "❤\u{fe0f}\u{200d}🔥", "🏳\u{fe0f}\u{200d}🌈"] {
            assert_eq!(html(whole), whole);
            assert!(terminal(whole).contains("\\u{200d}"), "{whole}");
        }
        for treacherous in ["a\u{200d}b", "👩\u{200d}a", "\u{200d}💻", "a\u{fe0f}", "👩\u{200d}\u{202e}", "👩\u{200d}"]
        {
            assert!(html(treacherous).contains("\\u{"), "{treacherous:?}: {}", html(treacherous));
        }
    }

    #[test]
    fn nothing_treacherous_is_left_in_any_sink() {
        for character in (0..=0x10_ffff).filter_map(char::from_u32) {
            let is_invisible = character.width().is_none();
            assert!(is_treacherous(character) || !is_invisible, "{character:?}");
            if !is_treacherous(character) {
                assert_eq!(terminal(&character.to_string()), character.to_string());
                continue;
            }
            let text = format!("a{character}한");
            for (sink, written) in everywhere(&text).into_iter().enumerate() {
                let stays = sink == 1 && matches!(character, '\n' | '\t');
                assert!(stays || !written.contains(is_treacherous), "{sink}: {written:?}");
                assert!(written.starts_with('a') && written.ends_with('한'), "{sink}: {written:?}");
            }
        }
    }

    #[test]
    fn what_means_something_to_a_sink_is_escaped_there() {
        assert_eq!(html("<b>\"'&?\u{1b}\u{202e}…é한"), "&lt;b&gt;&quot;&#39;&amp;?\\x1b\\u{202e}…é한");
        let mut page = String::new();
        push_html(b"a\xff\xfe.txt", |piece| page.push_str(piece));
        assert_eq!(page, "a\u{fffd}\u{fffd}.txt");
        assert_eq!(lines("a\tb\r\nc\rd\u{7}"), "a\tb\r\nc\\x0dd\\x07");
    }
}
