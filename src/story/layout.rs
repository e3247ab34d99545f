//! Columns: how lines are aligned, wrapped and kept within the terminal's width,
//! whatever a client sent and however wide its letters are.
//!
//! ```text
//! |     time|arrow|label   |what happened
//! |  ~-41 µs| ──▶ |SYN     |seq 727050008, MSS 65495
//! ```

use super::width::LEAST as LEAST_WIDTH;
use crate::escape;
pub(crate) use crate::language::grouped;
use anstyle::Style;
use std::fmt::Write as _;
use unicode_width::UnicodeWidthStr;

/// Where labels begin: after the time and the arrow.
const LABEL: usize = TIME + 5;
const TIME: usize = 9;
/// The fewest columns of a line of the client's that a remark stands behind.
const LEAST: usize = 16;
/// The most columns of the left one of two sides: its arrows stay near its words.
const MOST_OF_SIDE: usize = 48;
/// Where what happened begins: after the label and a space.
const WORDS: usize = LABEL + 8;

/// Who sent something to whom.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Arrow {
    ToServer,
    ToClient,
    Inside,
}

impl Arrow {
    fn as_str(self) -> &'static str {
        match self {
            Self::ToServer => "──▶",
            Self::ToClient => "◀──",
            Self::Inside => " · ",
        }
    }
}

/// Some words in one style.
pub(crate) type Words = (Style, String);

/// Words that stand out in no way.
pub(crate) fn plain(text: impl Into<String>) -> Words {
    (Style::new(), text.into())
}

/// Words that step back.
pub(crate) fn dim(text: impl Into<String>) -> Words {
    (Style::new().dimmed(), text.into())
}

/// Words that stand out.
pub(crate) fn bold(text: impl Into<String>) -> Words {
    (Style::new().bold(), text.into())
}

/// Lines that are written together.
#[derive(Debug)]
pub(crate) struct Block {
    text: String,
    /// The widest line.
    width: usize,
}

impl Block {
    pub(crate) fn new(width: usize) -> Self {
        Self { text: String::new(), width: width.max(LEAST_WIDTH) }
    }

    /// The line that a connection's rows stand under; its parts move to a second one if they have to.
    pub(crate) fn header(&mut self, parts: &[Words]) {
        let mut column = 0;
        for (style, part) in parts {
            let part = fit(part, self.width - 4);
            if column > 0 && column + 2 + part.width() > self.width {
                self.text.push_str("\n    ");
                column = 4;
            } else if column > 0 {
                self.text.push_str("  ");
                column += 2;
            }
            let _ = write!(self.text, "{style}{part}{style:#}");
            column += part.width();
        }
        self.text.push('\n');
    }

    /// One stage: when, which way, what it is called, and its figures.
    pub(crate) fn row(&mut self, time: &str, arrow: Arrow, label: &str, words: &[Words]) {
        self.start(time, arrow);
        self.text.push_str(label);
        if words.iter().all(|(_, text)| text.is_empty()) {
            return self.text.push('\n');
        }
        let end = LABEL + label.width();
        self.spaces(WORDS.saturating_sub(end).max(1));
        self.wrapped(WORDS.max(end + 1), WORDS, words);
    }

    /// A row of one line, which is the client's and is cut rather than wrapped; the remark after it is not.
    pub(crate) fn line(&mut self, time: &str, arrow: Arrow, text: &str, remark: Option<&str>) {
        self.start(time, arrow);
        let room = self.width - LABEL;
        let beside = remark.and_then(|remark| Some((remark, room.checked_sub(remark.width() + 2)?)));
        let beside = beside.filter(|(_, room)| *room >= LEAST.min(text.width()));
        let bold = Style::new().bold();
        let _ = write!(self.text, "{bold}{}{bold:#}", fit(text, beside.map_or(room, |(_, room)| room)));
        if let Some((remark, _)) = beside {
            let dim = Style::new().dimmed();
            let _ = write!(self.text, "  {dim}{remark}{dim:#}");
        }
        self.text.push('\n');
        if let (Some(remark), None) = (remark, beside) {
            self.remark(&[dim(remark)]);
        }
    }

    /// A whole exchange on one line: what was asked for, which is cut, and figures, which are not; the remark
    /// stands below where it has no room.
    pub(crate) fn folded(&mut self, time: &str, arrow: Arrow, request: &str, figures: &[Words], remark: Option<&str>) {
        self.start(time, arrow);
        let room = self.width - LABEL;
        let figures_take: usize = figures.iter().map(|(_, figure)| 2 + figure.width()).sum();
        let beside = remark.filter(|remark| LEAST.min(request.width()) + figures_take + 2 + remark.width() <= room);
        let behind = figures_take + beside.map_or(0, |remark| 2 + remark.width());
        self.text.push_str(&fit(request, room.saturating_sub(behind).max(LEAST)));
        for (style, figure) in figures.iter().cloned().chain(beside.map(dim)) {
            let _ = write!(self.text, "  {style}{figure}{style:#}");
        }
        self.text.push('\n');
        if let (Some(remark), None) = (remark, beside) {
            self.remark(&[dim(remark)]);
        }
    }

    /// What one of two ends did, in its own column: the client on the left, the server on the right.
    pub(crate) fn sides(&mut self, time: &str, left: Option<&Words>, arrow: Option<Arrow>, right: Option<&Words>) {
        let lines = |words: Option<&Words>, room| {
            words.map_or_else(Vec::new, |(style, text)| {
                folded(text, room).into_iter().map(|line| (*style, line)).collect::<Vec<Words>>()
            })
        };
        let side = self.side_width();
        let (left, right) = (lines(left, side), lines(right, self.width - TIME - side - 6));
        for index in 0..left.len().max(right.len()) {
            self.time(if index == 0 { time } else { "" });
            let arrow = arrow.filter(|_| index == 0);
            self.side(left.get(index), arrow, right.get(index));
        }
    }

    /// Columns of the left side: half of what time and arrow leave.
    fn side_width(&self) -> usize {
        ((self.width - TIME - 6) / 2).min(MOST_OF_SIDE)
    }

    fn side(&mut self, left: Option<&Words>, arrow: Option<Arrow>, right: Option<&Words>) {
        let mut column = 0;
        if let Some((style, text)) = left {
            let _ = write!(self.text, " {style}{text}{style:#}");
            column = 1 + text.width();
        }
        if arrow.is_some() || right.is_some() {
            self.spaces(self.side_width() + 2 - column);
            let arrow = arrow.map_or("   ", Arrow::as_str);
            self.text.push_str(if right.is_none() { arrow.trim_end() } else { arrow });
        }
        if let Some((style, text)) = right {
            let _ = write!(self.text, " {style}{text}{style:#}");
        }
        self.text.push('\n');
    }

    /// A sentence below the rows.
    pub(crate) fn remark(&mut self, words: &[Words]) {
        self.spaces(LABEL);
        self.wrapped(LABEL, LABEL, words);
    }

    /// A line as it was sent, but for what drives a terminal; it may be longer than a terminal is wide.
    pub(crate) fn verbatim(&mut self, mark: &str, line: &str) {
        let dim = Style::new().dimmed();
        self.spaces(TIME - 1);
        let _ = writeln!(self.text, "{dim}{mark}{dim:#} {}", escape::terminal(line));
    }

    /// A line that belongs to no connection.
    pub(crate) fn aside(&mut self, text: &str) {
        self.wrapped(0, 0, &[dim(text)]);
    }

    /// The text, with an empty line after it.
    pub(crate) fn finish(mut self) -> String {
        self.text.push('\n');
        self.text
    }

    fn time(&mut self, time: &str) {
        let dim = Style::new().dimmed();
        self.spaces(TIME.saturating_sub(time.width()));
        if !time.is_empty() {
            let _ = write!(self.text, "{dim}{time}{dim:#}");
        }
    }

    fn start(&mut self, time: &str, arrow: Arrow) {
        self.time(time);
        let _ = write!(self.text, " {} ", arrow.as_str());
    }

    /// Fills lines from `column` on, the following ones from `indent` on, and ends the last.
    fn wrapped(&mut self, mut column: usize, indent: usize, words: &[Words]) {
        let mut at_start = true;
        for (style, text) in words {
            let text = escape::terminal(text);
            let mut is_styled = false;
            for word in text.split(' ').filter(|word| !word.is_empty()) {
                let word = fit(word, self.width - indent);
                let needs_line = column + usize::from(!at_start) + word.width() > self.width;
                if is_styled && needs_line {
                    let _ = write!(self.text, "{style:#}");
                    is_styled = false;
                }
                if needs_line {
                    self.text.push('\n');
                    self.spaces(indent);
                    column = indent;
                } else if !at_start {
                    self.text.push(' ');
                    column += 1;
                }
                if !is_styled {
                    let _ = write!(self.text, "{style}");
                    is_styled = true;
                }
                self.text.push_str(&word);
                column += word.width();
                at_start = false;
            }
            if is_styled {
                let _ = write!(self.text, "{style:#}");
            }
        }
        self.text.push('\n');
    }

    fn spaces(&mut self, count: usize) {
        self.text.extend(std::iter::repeat_n(' ', count));
    }
}

/// `text` in lines of at most `room` columns; the following ones are indented.
fn folded(text: &str, room: usize) -> Vec<String> {
    let text = escape::terminal(text);
    let mut lines = vec![String::new()];
    for word in text.split(' ').filter(|word| !word.is_empty()) {
        let word = fit(word, room - 2);
        let last = lines.len() - 1;
        let gap = usize::from(!lines[last].trim().is_empty());
        if gap == 1 && lines[last].width() + gap + word.width() > room {
            lines.push(format!("  {word}"));
            continue;
        }
        if gap == 1 {
            lines[last].push(' ');
        }
        lines[last].push_str(&word);
    }
    lines
}

/// `text` without what drives a terminal or turns its direction, in at most
/// `room` columns: what is cut ends in an ellipsis.
pub(crate) fn fit(text: &str, room: usize) -> String {
    // Letters without a width could be many: four to a column are enough for any script.
    let enough: String = text.chars().take(room * 4 + 1).collect();
    let text = escape::terminal(&enough);
    if text.width() <= room && text.chars().count() <= room * 4 {
        return text;
    }
    let mut cut = String::new();
    for character in text.chars().take(room * 4) {
        cut.push(character);
        if cut.width() >= room {
            cut.pop();
            break;
        }
    }
    cut.push('…');
    cut
}

/// A span of time, to about three digits, in the unit that suits it.
pub(crate) fn span(nanoseconds: i64) -> String {
    let sign = if nanoseconds < 0 { "-" } else { "" };
    let size = nanoseconds.unsigned_abs();
    // Where rounding would make 1000 of one unit, the next one begins.
    let (unit, name) = match size {
        0..=999_499 => (1_000, "µs"),
        999_500..=999_499_999 => (1_000_000, "ms"),
        _ => (1_000_000_000, "s"),
    };
    #[expect(clippy::cast_precision_loss, reason = "three digits are shown")]
    let amount = size as f64 / unit as f64;
    let digits = match size {
        _ if size.is_multiple_of(unit) => 0,
        _ if unit == 1_000 => usize::from(size < 9_950),
        _ if size < unit / 1_000 * 9_995 => 2,
        _ if size < unit / 100 * 9_995 => 1,
        _ => 0,
    };
    match digits {
        0 => format!("{sign}{} {name}", grouped((size + unit / 2) / unit)),
        _ => format!("{sign}{amount:.digits$} {name}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_have_three_digits_and_the_unit_that_suits_them() {
        for (nanoseconds, expected) in [
            (0, "0 µs"),
            (412, "0.4 µs"),
            (9_949, "9.9 µs"),
            (9_950, "10 µs"),
            (-41_300, "-41 µs"),
            (999_499, "999 µs"),
            (999_500, "1.00 ms"),
            (4_000_000, "4 ms"),
            (9_994_999, "9.99 ms"),
            (9_995_000, "10.0 ms"),
            (-99_949_000, "-99.9 ms"),
            (99_950_000, "100 ms"),
            (999_500_000, "1.00 s"),
            (1_000_000_000, "1 s"),
            (61_234_000_000, "61.2 s"),
            (86_400_500_000_000, "86,401 s"),
            (i64::MIN, "-9,223,372,037 s"),
        ] {
            assert_eq!(span(nanoseconds), expected, "{nanoseconds}");
        }
    }

    #[test]
    fn what_a_client_sent_neither_drives_the_terminal_nor_fills_it() {
        assert_eq!(
            fit("GET /\x1b[2J\u{7}\u{9b}\u{202e}한 HTTP/1.0", 60),
            "GET /\\x1b[2J\\x07\\u{9b}\\u{202e}한 HTTP/1.0"
        );
        assert_eq!(fit("GET /안녕하세요", 11), "GET /안녕…");
        assert_eq!(fit("12345", 5), "12345");
        assert_eq!(fit("123456", 5), "1234…");
        let zalgo = format!("a{}", "\u{301}".repeat(100_000));
        assert!(fit(&zalgo, 10).chars().count() <= 41);
    }

    #[test]
    fn numbers_are_grouped_by_thousands() {
        for (number, expected) in [(0, "0"), (999, "999"), (1204, "1,204"), (10_000_000, "10,000,000")] {
            assert_eq!(grouped(number), expected);
        }
    }
}
