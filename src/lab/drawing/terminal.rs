//! A run in the terminal: departures stand beside the sender, arrivals beside
//! the receiver, a lost segment stops on its way, and one
//! that had not arrived when all ended is left open. What the programs did stands
//! on their own side.
//!
//! ```text
//!     ms  client                                          server     ms
//!    0.0 ─ SYN seq 2145370668 ─────────────────────────────────▶   11.3
//!                              ✗──────────────────── bytes 1–33 ─   36.3
//!   47.1 recv() 33
//! ```

use super::label::last_label;
use crate::escape;
use crate::lab::blank::Blank;
use crate::lab::end::Side;
use crate::lab::prose::WIDEST;
use crate::lab::run::{Call, Ms, Run, Segment, tenths};
use crate::language::Language;
use crate::packet::Direction;
use anstyle::{AnsiColor, Style};
use std::io::{self, Write};
use unicode_width::UnicodeWidthStr;

/// Columns of a time, and the space beside it.
const TIME: usize = 8;
/// The narrowest drawing; a text that needs more goes on in the next row.
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
    let width = width.clamp(NARROWEST, WIDEST);
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
                let label = last_label(segment, place.map(|place| format!("[{}]", place + 1)), language);
                draw_segment(out, segment, &label, width)?;
            }
            Row::Call(call) => draw_call(out, call, width, language)?,
        }
    }
    if let Some(missing) = run.what_is_missing(language) {
        for row in broken(&format!("… {missing}"), " ", width - TIME - 1) {
            writeln!(out, "{dim}{:TIME$} {row}{dim:#}", "")?;
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
        _ if segment.is_damaged() => AnsiColor::Red.on_default(),
        (_, Direction::ToServer) => AnsiColor::Blue.on_default(),
        (_, Direction::ToClient) => AnsiColor::Yellow.on_default(),
    };
    let rows = broken(label, ", ", middle - 6);
    let (label, more) = rows.split_first().map_or(("", &[][..]), |(first, more)| (first.as_str(), more));
    let used = label.width() + 2;
    let sent = format!("{:>TIME$.1}", segment.sent_ms);
    let arrived = segment.arrived_ms.map_or_else(|| " ".repeat(TIME), |at| format!("{at:>TIME$.1}"));
    // A lost or open one stops half way, or behind its label.
    let stops = segment.is_lost() || segment.is_under_way();
    let line = if stops { (middle / 2).max(used + 2) } else { middle };
    let dashes = if segment.is_under_way() { "┄" } else { "─" }.repeat(line.saturating_sub(used + 2));
    let gap = " ".repeat(middle - line.min(middle));
    let head = match (segment.is_lost(), segment.direction) {
        (true, _) => "✗",
        _ if segment.is_under_way() => "┄",
        (false, Direction::ToServer) => "▶",
        (false, Direction::ToClient) => "◀",
    };
    let is_back = segment.direction == Direction::ToClient;
    match is_back {
        false => writeln!(out, "{sent} {colour}─ {label} {dashes}{head}{colour:#}{gap} {arrived}")?,
        true => writeln!(out, "{arrived} {gap}{colour}{head}{dashes} {label} ─{colour:#} {sent}")?,
    }
    // Under the first row, on the sender's side.
    for row in more {
        let before = if is_back { width.saturating_sub(TIME + 3 + row.width()) } else { TIME + 3 };
        writeln!(out, "{:before$}{colour}{row}{colour:#}", "")?;
    }
    Ok(())
}

fn draw_call(out: &mut impl Write, call: &Call, width: usize, language: Language) -> io::Result<()> {
    let dim = Style::new().dimmed();
    let mut time = format!("{:>TIME$}", tenths(call.at_ms));
    // Experiments name their calls themselves, a learner's program has any name.
    for text in broken(&escape::terminal(call.text.of(language)), " ", width - 2 * (TIME + 1)) {
        match call.side {
            Side::Client => writeln!(out, "{time} {dim}{text}{dim:#}")?,
            Side::Server => {
                let gap = " ".repeat(width.saturating_sub(TIME + 1 + text.width()));
                writeln!(out, "{gap}{dim}{text}{dim:#} {time}")?;
            }
        }
        time = " ".repeat(TIME);
    }
    Ok(())
}

/// `text` in rows of that number of columns, broken behind `separator`: no fact is left out for want of room.
fn broken(text: &str, separator: &str, columns: usize) -> Vec<String> {
    let mut rows: Vec<String> = Vec::new();
    for piece in text.split_inclusive(separator) {
        match rows.last_mut() {
            Some(row) if row.width() + piece.trim_end().width() <= columns => row.push_str(piece),
            _ => rows.push(piece.to_owned()),
        }
    }
    rows.iter().map(|row| cut(row.trim_end(), columns)).collect()
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lab::drawing::svg;
    use crate::lab::report::Source;
    use crate::lab::run::Deed;

    #[test]
    fn what_has_no_room_goes_on_in_the_next_row() {
        let label = "SYN+ACK seq 1743073308, ack 1129256312, doubled";
        assert_eq!(broken(label, ", ", 36), ["SYN+ACK seq 1743073308,", "ack 1129256312, doubled"]);
        assert_eq!(broken(label, ", ", 80), [label]);
        assert_eq!(broken("one-word-that-is-too-long", ", ", 10), ["one-word-…"]);
        assert_eq!(broken("", ", ", 10), [""; 0]);
    }

    #[test]
    fn a_narrow_drawing_has_every_number_and_no_row_is_wider() {
        let recorded = crate::lab::recorded::in_the_folder("handshake");
        let mut drawing = Vec::new();
        draw(&mut drawing, &recorded.acts[0], &[], NARROWEST, Language::English).expect("written");
        let text = anstream::adapter::strip_bytes(&drawing).into_vec();
        let text = String::from_utf8(text).expect("text");
        let response = recorded.acts[0].first(|one| one.has("SYN") && one.has("ACK")).expect("a SYN+ACK");
        let number = response.tcp.as_ref().and_then(|tcp| tcp.acknowledgment).expect("its number");
        assert!(text.contains(&format!("ack {number}")) && !text.contains('…'), "{text}");
        assert!(text.lines().all(|row| row.width() <= NARROWEST), "{text}");
    }

    #[test]
    fn what_had_not_arrived_is_lost_only_where_the_wire_lost_it() {
        let mut run = crate::lab::recorded::in_the_folder("close").acts.remove(0);
        let last = run.segments.last_mut().expect("a segment");
        last.arrived_ms = None;
        for (deed, is_lost, said) in [
            (None, false, "still under way when it ended"),
            (Some(Deed::Held), false, "still under way when it ended"),
            (Some(Deed::Waiting), false, "still waiting when it ended"),
            (Some(Deed::Dropped), true, ""),
            (Some(Deed::Cut), true, ""),
        ] {
            run.segments.last_mut().expect("a segment").wire = deed;
            let mut drawing = Vec::new();
            draw(&mut drawing, &run, &[], 110, Language::English).expect("written");
            let picture = svg::draw(Source::ByHand, std::slice::from_ref(&run), Language::English);
            let text = String::from_utf8(drawing).expect("text");
            assert!(text.contains(said) && picture.contains(said), "{text}");
            assert_eq!([text.contains('✗'), picture.contains('✕')], [is_lost; 2], "{text}");
            assert_eq!([text.contains('┄'), picture.contains("stroke-dasharray=\"2 4\"")], [!is_lost; 2], "{text}");
            assert_eq!(run.shape().ends_with('x'), is_lost);
        }
    }
}
