//! Rows in the order of time: the column of times, and rows that are known late
//! and happened early.

use super::layout::{Arrow, Block, Words, span};
use crate::record::{Figure, Nanoseconds};

/// When a row happened, if that is known, and the mark of how it is known.
pub(super) type Stamp = Option<(Nanoseconds, &'static str)>;

/// The time of a figure.
pub(super) fn stamp(figure: &Figure<Nanoseconds>) -> Stamp {
    figure.value().map(|at| (*at, mark(figure)))
}

/// How a figure is known: what is measured goes unmarked.
pub(super) fn mark<T>(figure: &Figure<T>) -> &'static str {
    if matches!(figure, Figure::Derived { .. }) { "~" } else { "" }
}

/// One row of a block.
#[derive(Debug)]
pub(super) struct Row {
    pub(super) at: Stamp,
    pub(super) what: What,
}

#[derive(Debug)]
pub(super) enum What {
    /// A stage, its label and its figures.
    Stage(Arrow, &'static str, Vec<Words>),
    /// What the client asked, and which request it is.
    Request(String, Option<String>),
    /// A sentence.
    Remark(Vec<Words>),
}

/// The rows of a block.
#[derive(Debug, Default)]
pub(super) struct Rows(Vec<Row>);

impl Rows {
    /// Adds a row below all others.
    pub(super) fn push(&mut self, row: Row) {
        self.0.push(row);
    }

    /// Adds a row where its time belongs, no higher than at `floor`.
    pub(super) fn insert(&mut self, floor: usize, row: Row) {
        let Some((at, _)) = row.at else { return self.push(row) };
        let time = |index: usize| self.0[index].at.map(|(at, _)| at);
        let below = (floor..self.0.len()).rfind(|index| time(*index).is_some_and(|known| known <= at));
        let above = || (floor..self.0.len()).find(|index| time(*index).is_some());
        let index = below.map(|index| index + 1).or_else(above).unwrap_or(self.0.len());
        self.0.insert(index, row);
    }

    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    /// Lays them out.
    pub(super) fn write(self, block: &mut Block) {
        let mut above = None;
        for Row { at, what } in self.0 {
            let time = at.map(|(at, mark)| format!("{mark}{}", since(at, above))).unwrap_or_default();
            above = at.map(|(at, _)| at).or(above);
            match what {
                What::Stage(arrow, label, words) => block.row(&time, arrow, label, &words),
                What::Request(line, remark) => block.line(&time, Arrow::ToServer, &line, remark.as_deref()),
                What::Remark(words) => block.remark(&words),
            }
        }
    }
}

/// A time since the accept; or since the one above, where three digits would not tell them apart.
fn since(at: Nanoseconds, above: Option<Nanoseconds>) -> String {
    let step = above.map(|above| at.saturating_sub(above));
    match step {
        Some(step) if at >= 1_000_000 && (0..at / 100).contains(&step) => format!("+{}", span(step)),
        _ => span(at),
    }
}
