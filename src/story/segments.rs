//! Which of a connection's segments a block in a terminal shows, of those that
//! are nothing in particular: the first and the last of what is new.

use super::steps::{Step, count};
use crate::language::Language;
use crate::record::segment::Segments;
use std::collections::BTreeSet;

/// Rows of such segments in one block, at either end.
const FIRST: usize = 16;
const LAST: usize = 8;

/// What is shown, by places in the record's list.
#[derive(Debug, Default)]
pub(super) struct Shown {
    rows: BTreeSet<usize>,
    left_out: BTreeSet<usize>,
    /// How many segments of the connection are known.
    pub(super) known: u64,
}

impl Shown {
    /// `before` segments were shown, or left out, earlier.
    pub(super) fn of(segments: Option<&Segments>, steps: &[Step], before: u64) -> Self {
        let Some(segments) = segments else { return Self { known: before, ..Self::default() } };
        let number = |index: usize| {
            let left_out = if index >= segments.left_out_behind { segments.left_out } else { 0 };
            left_out.saturating_add(index as u64)
        };
        let new: Vec<usize> = steps.iter().filter_map(place).filter(|index| number(*index) >= before).collect();
        let is_short = new.len() <= FIRST + LAST;
        let (first, last) = if is_short { (new.len(), 0) } else { (FIRST, LAST) };
        let (begin, rest) = new.split_at(first);
        let (middle, end) = rest.split_at(rest.len() - last);
        Self {
            rows: begin.iter().chain(end).copied().collect(),
            left_out: middle.iter().copied().collect(),
            known: segments.count(),
        }
    }

    /// Whether the step has a row.
    pub(super) fn has(&self, step: &Step) -> bool {
        place(step).is_some_and(|index| self.rows.contains(&index))
    }

    /// How many are left out, if this one is the first of them.
    pub(super) fn left_out_from(&self, step: &Step) -> Option<u64> {
        let first = self.left_out.first()?;
        (place(step)? == *first).then_some(self.left_out.len() as u64)
    }
}

/// That many are left out.
pub(super) fn more(count: u64, language: Language) -> String {
    let words = count!(language, count, "more segment", "more segments" / "개 세그먼트를 더 생략");
    format!("… {words}")
}

/// The place of the segment that a step is, and nothing else.
pub(super) fn place(step: &Step) -> Option<usize> {
    let segment = step.segment.as_ref()?;
    let id = step.id.strip_prefix("server-").unwrap_or(&step.id);
    id.starts_with("segment-").then_some(segment.index)
}
