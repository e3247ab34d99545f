//! Fill in the numbers: a run is drawn with up to five acknowledgment numbers
//! left blank, and each that is filled in is compared with the real one.

use super::prose;
use super::run::{Run, Segment};
use crate::language::Language;
use anstyle::Style;
use std::io::{self, BufRead, Write};

/// Figures that are left blank, at most.
const MOST: usize = 5;

/// A figure to fill in: which segment's acknowledgment number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Blank {
    /// The segment's number.
    pub(super) segment: usize,
    /// The real figure, as the drawing would show it.
    pub(super) figure: i64,
}

/// The figures of `run` that are worth finding out: acknowledgments that say
/// something new, the SYN+ACK's first.
pub(super) fn blanks(run: &Run) -> Vec<Blank> {
    let mut known = [None, None];
    let mut blanks = Vec::new();
    for segment in &run.segments {
        let (Some(figure), Some(relative)) = (figure(segment), segment.acknowledges()) else { continue };
        let last = &mut known[usize::from(segment.direction == crate::packet::Direction::ToClient)];
        if *last != Some(relative) && blanks.len() < MOST {
            blanks.push(Blank { segment: segment.number, figure });
        }
        *last = Some(relative);
    }
    blanks
}

/// The acknowledgment number that the segment's label shows.
fn figure(segment: &Segment) -> Option<i64> {
    let tcp = segment.tcp.as_ref()?;
    match (segment.has("SYN"), segment.has("RST"), segment.length > 0 && !segment.has("FIN")) {
        (true, ..) => tcp.acknowledgment.map(i64::from),
        (false, false, false) => tcp.relative_acknowledgment,
        _ => None,
    }
}

/// Asks for each, and says after each whether it was right.
pub(super) fn ask(out: &mut impl Write, blanks: &[Blank], columns: usize, language: Language) -> io::Result<()> {
    let bold = Style::new().bold();
    let mut right = 0;
    let mut lines = io::stdin().lock().lines();
    for (number, blank) in (1..).zip(blanks) {
        write!(out, "ack [{number}] = ").and_then(|()| out.flush())?;
        let Some(line) = lines.next().transpose()? else { break };
        let is_right = line.trim().replace(',', "").parse() == Ok(blank.figure);
        right += usize::from(is_right);
        let figure = blank.figure;
        let sentence = match (is_right, language) {
            (true, Language::English) => format!("✓ {figure}"),
            (true, Language::Korean) => format!("✓ {figure}"),
            (false, Language::English) => format!("✗ it was {figure}: the next number that this end awaits"),
            (false, Language::Korean) => format!("✗ 실제로는 {figure}: 이쪽에서 다음에 기다리는 번호입니다"),
        };
        prose::item(out, Style::new(), "    ", &sentence, columns)?;
    }
    let of = blanks.len();
    match language {
        Language::English => writeln!(out, "{bold}{right} of {of}{bold:#}\n"),
        Language::Korean => writeln!(out, "{bold}{of}개 가운데 {right}개{bold:#}\n"),
    }
}
