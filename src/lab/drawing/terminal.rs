//! A run in the terminal: departures stand beside the sender, arrivals beside
//! the receiver, a lost segment stops on its way. What the programs did stands
//! on their own side.
//!
//! ```text
//!     ms  client                                          server     ms
//!    0.0 ─ SYN seq 2145370668 ─────────────────────────────────▶   11.3
//!                              ✗──────────────────── bytes 1–33 ─   36.3
//!   47.1 recv() 33
//! ```

use super::label::label_with;
use crate::lab::blank::Blank;
use crate::lab::end::Side;
use crate::lab::run::{Call, Deed, Ms, Run, Segment};
use crate::language::Language;
use crate::packet::Direction;
use anstyle::{AnsiColor, Style};
use std::io::{self, Write};
use unicode_width::UnicodeWidthStr;

/// Columns of a time, and the space beside it.
const TIME: usize = 8;
/// The narrowest drawing; a label that needs more is cut.
const NARROWEST: usize = 60;
/// Rows of one act that are drawn: the first and the last of more.
const MOST_ROWS: usize = 70;

/// Draws `run`, no wider than a terminal; `blanks` are left to be filled in.
pub(crate) fn draw(
    out: &mut impl Write,
    run: &Run,
    blanks: &[Blank],
    width: usize,
    language: Language,
) -> io::Result<()> {
    let width = width.clamp(NARROWEST, 110);
    let (client, server) = match language {
        Language::English => ("client", "server"),
        Language::Korean => ("클라이언트", "서버"),
    };
    let dim = Style::new().dimmed();
    let middle = width.saturating_sub(2 * (TIME + 1) + client.width() + server.width());
    writeln!(out, "{dim}{:>TIME$} {client}{:middle$}{server} {:>TIME$}{dim:#}", "ms", "", "ms")?;
    let rows = rows(run);
    let left_out = rows.len().saturating_sub(MOST_ROWS);
    let half = MOST_ROWS / 2;
    for (index, row) in rows.iter().enumerate() {
        if left_out > 0 && index == half {
            let sentence = match language {
                Language::English => format!("… {left_out} rows between them are not shown …"),
                Language::Korean => format!("… 그 사이의 {left_out}줄은 생략했습니다 …"),
            };
            writeln!(out, "{dim}{:TIME$} {sentence}{dim:#}", "")?;
        }
        if left_out > 0 && (half..half + left_out).contains(&index) {
            continue;
        }
        match row {
            Row::Segment(segment) => {
                let place = blanks.iter().position(|blank| blank.segment == segment.number);
                let label = label_with(segment, place.map(|place| format!("[{}]", place + 1)), language);
                draw_segment(out, segment, &label, width)?;
            }
            Row::Call(call) => draw_call(out, call, width, language)?,
        }
    }
    Ok(())
}

enum Row<'a> {
    Segment(&'a Segment),
    Call(&'a Call),
}

/// By departure, and by the end of each call.
fn rows(run: &Run) -> Vec<Row<'_>> {
    let mut rows: Vec<(Ms, Row<'_>)> = run.segments.iter().map(|one| (one.sent_ms, Row::Segment(one))).collect();
    rows.extend(run.calls.iter().map(|one| (one.at_ms, Row::Call(one))));
    rows.sort_by(|a, b| a.0.total_cmp(&b.0));
    rows.into_iter().map(|(_, row)| row).collect()
}

fn draw_segment(out: &mut impl Write, segment: &Segment, label: &str, width: usize) -> io::Result<()> {
    let middle = width - 2 * (TIME + 1);
    let colour = match (segment.is_lost(), segment.direction) {
        (true, _) => AnsiColor::Red.on_default(),
        _ if segment.wire == Some(Deed::Damaged) => AnsiColor::Red.on_default(),
        (_, Direction::ToServer) => AnsiColor::Blue.on_default(),
        (_, Direction::ToClient) => AnsiColor::Yellow.on_default(),
    };
    let label = cut(label, middle - 6);
    let used = label.width() + 2;
    let sent = format!("{:>TIME$.1}", segment.sent_ms);
    let arrived = segment.arrived_ms.map_or_else(|| " ".repeat(TIME), |at| format!("{at:>TIME$.1}"));
    // A lost one stops half way, or behind its label.
    let line = if segment.is_lost() { (middle / 2).max(used + 2) } else { middle };
    let dashes = "─".repeat(line.saturating_sub(used + 2));
    let gap = " ".repeat(middle - line.min(middle));
    match segment.direction {
        Direction::ToServer => {
            let head = if segment.is_lost() { "✗" } else { "▶" };
            writeln!(out, "{sent} {colour}─ {label} {dashes}{head}{colour:#}{gap} {arrived}")
        }
        Direction::ToClient => {
            let head = if segment.is_lost() { "✗" } else { "◀" };
            writeln!(out, "{arrived} {gap}{colour}{head}{dashes} {label} ─{colour:#} {sent}")
        }
    }
}

fn draw_call(out: &mut impl Write, call: &Call, width: usize, language: Language) -> io::Result<()> {
    let time = format!("{:>TIME$.1}", call.at_ms);
    let dim = Style::new().dimmed();
    let text = cut(call.text.of(language), width - 2 * (TIME + 1));
    match call.side {
        Side::Client => writeln!(out, "{time} {dim}{text}{dim:#}"),
        Side::Server => {
            let gap = " ".repeat(width.saturating_sub(TIME + 1 + text.width()));
            writeln!(out, "{gap}{dim}{text}{dim:#} {time}")
        }
    }
}

/// What of `text` fits into that number of columns.
fn cut(text: &str, columns: usize) -> String {
    if text.width() <= columns {
        return text.to_owned();
    }
    let mut short = String::new();
    for character in text.chars() {
        if short.width() + 2 > columns {
            break;
        }
        short.push(character);
    }
    short.push('…');
    short
}
