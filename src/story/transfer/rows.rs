//! Rows that are told in the order of time.

use crate::record::{Figure, Nanoseconds, Source};
use crate::story::layout::{Arrow, Block, Words, plain, span};

/// Up to where three digits show microseconds.
const FINE: Nanoseconds = 9_995_000;

/// Rows that are told in the order of time.
#[derive(Default)]
pub(super) struct Rows(Vec<Row>);

struct Row {
    /// `None`: it stays where it is, behind the row before.
    at: Option<Nanoseconds>,
    place: Nanoseconds,
    mark: &'static str,
    arrow: Arrow,
    what: What,
}

enum What {
    Stage(&'static str, Vec<Words>),
    /// A request line, and a remark.
    Line(String, String),
}

impl Rows {
    pub(super) fn stage(&mut self, at: &Figure<Nanoseconds>, arrow: Arrow, label: &'static str, words: Vec<Words>) {
        let row = Row { at: at.value().copied(), place: 0, mark: mark(at), arrow, what: What::Stage(label, words) };
        self.0.push(row);
    }

    pub(super) fn stage_at(&mut self, at: Nanoseconds, arrow: Arrow, label: &'static str, text: impl Into<String>) {
        self.stage(&Figure::measured(at, Source::Clock), arrow, label, vec![plain(text)]);
    }

    pub(super) fn line(&mut self, at: &Figure<Nanoseconds>, text: String, remark: String) {
        let (at, mark) = (at.value().copied(), mark(at));
        self.0.push(Row { at, place: 0, mark, arrow: Arrow::ToServer, what: What::Line(text, remark) });
    }

    pub(super) fn write(mut self, block: &mut Block) {
        let mut latest = Nanoseconds::MIN;
        for row in &mut self.0 {
            latest = row.at.unwrap_or(latest);
            row.place = latest;
        }
        self.0.sort_by_key(|row| row.place);
        let mut above = None;
        for row in &self.0 {
            let time = row.at.map(|at| format!("{}{}", row.mark, time(at, above))).unwrap_or_default();
            above = row.at.or(above);
            match &row.what {
                What::Stage(label, words) => block.row(&time, row.arrow, label, words),
                What::Line(text, remark) => block.line(&time, row.arrow, text, Some(remark)),
            }
        }
    }
}

/// The time of a row: from the row above, where three digits would not tell them apart.
pub(super) fn time(at: Nanoseconds, above: Option<Nanoseconds>) -> String {
    match above.map(|above| at - above) {
        Some(step @ 0..) if at > FINE && step < at / 100 => format!("+{}", span(step)),
        _ => span(at),
    }
}

/// `~` before what was not measured.
pub(super) fn mark<T>(figure: &Figure<T>) -> &'static str {
    if matches!(figure, Figure::Derived { .. }) { "~" } else { "" }
}
