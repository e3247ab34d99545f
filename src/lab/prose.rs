//! Sentences around a drawing, in lines no wider than its terminal.

use super::experiment::Experiment;
use crate::language::Language;
use crate::story::width::{self, USUAL};
use anstyle::Style;
use std::io::{self, Write};
use unicode_width::UnicodeWidthStr;

/// The widest that lines of prose are still easy to read, and a drawing to follow.
pub(super) const WIDEST: usize = 110;

/// Columns of standard output's terminal, as far as they are used; where it is none, the usual.
pub(super) fn columns() -> usize {
    width::columns(io::stdout()).unwrap_or(USUAL).min(WIDEST)
}

/// A sentence, in as many lines as it takes.
pub(super) fn sentence(out: &mut impl Write, style: Style, text: &str, columns: usize) -> io::Result<()> {
    item(out, style, "", text, columns)
}

/// `text` behind its `mark`, which its further lines keep clear of.
pub(super) fn item(out: &mut impl Write, style: Style, mark: &str, text: &str, columns: usize) -> io::Result<()> {
    let indent = mark.width();
    for (index, line) in width::lines(text, Some(columns.saturating_sub(indent))).into_iter().enumerate() {
        let mark = if index == 0 { mark } else { "" };
        writeln!(out, "{style}{mark}{:clear$}{line}{style:#}", "", clear = indent - mark.width())?;
    }
    Ok(())
}

/// What to try next: each command whole, so that it can be copied, and why behind it, or below.
pub(super) fn next(
    out: &mut impl Write,
    experiment: &Experiment,
    columns: usize,
    language: Language,
) -> io::Result<()> {
    let dim = Style::new().dimmed();
    let label = match language {
        Language::English => "Try",
        Language::Korean => "해 보기",
    };
    for (command, why) in experiment.next {
        let (command, why) = (format!("{label}: glasshttp {command}"), why.of(language));
        if command.width() + 3 + why.width() <= columns {
            writeln!(out, "{dim}{command}   {why}{dim:#}")?;
        } else {
            writeln!(out, "{dim}{command}{dim:#}")?;
            item(out, dim, "    ", why, columns)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::experiments::all;
    use super::*;

    #[test]
    fn a_sentence_stays_clear_of_its_mark() {
        let mut out = Vec::new();
        item(&mut out, Style::new(), "  a  ", "세그먼트 둘 and more", 18).expect("written");
        assert_eq!(String::from_utf8_lossy(&out), "  a  세그먼트 둘\n     and more\n");
    }

    #[test]
    fn commands_stay_whole() {
        for (experiment, language) in all().flat_map(|one| Language::ALL.map(|language| (one, language))) {
            let mut out = Vec::new();
            next(&mut out, experiment, width::LEAST, language).expect("written");
            let out = anstream::adapter::strip_bytes(&out).into_vec();
            let text = String::from_utf8(out).expect("UTF-8");
            for (command, _) in experiment.next {
                assert!(text.contains(command), "{text}");
            }
            assert!(text.lines().all(|line| line.width() <= width::LEAST), "{text}");
        }
    }
}
