//! Which of a connection's segments a block in a terminal shows: each once, in the
//! first block that knows it. Of those that are nothing in particular, the first and
//! the last of what is new; the others are counted where they would stand.

use super::steps::{Step, count};
use crate::language::Language;
use crate::record::segment::Segments;
use std::collections::{BTreeMap, BTreeSet};

/// Rows of such segments in one block, at either end.
const FIRST: usize = 16;
const LAST: usize = 8;

/// What is shown, by places in the record's list.
#[derive(Debug, Default)]
pub(super) struct Shown {
    rows: BTreeSet<usize>,
    /// How many are left out one after another, by the first of them.
    left_out: BTreeMap<usize, u64>,
    /// Of those that the record left out, the ones that no earlier block counted.
    unlisted: u64,
    /// Whether the record's own count of those stands as it is.
    pub(super) has_gap: bool,
    /// How many segments of the connection are known.
    pub(super) known: u64,
}

impl Shown {
    /// `before` segments were shown, or left out, earlier; `is_row`: whether a step's
    /// exchange is shown by such steps.
    pub(super) fn of(segments: Option<&Segments>, steps: &[Step], before: u64, is_row: impl Fn(&Step) -> bool) -> Self {
        let Some(segments) = segments else { return Self { known: before, ..Self::default() } };
        let is_new = |index: usize| {
            let left_out = if index >= segments.left_out_behind { segments.left_out } else { 0 };
            left_out.saturating_add(index as u64) >= before
        };
        let new = || steps.iter().filter(|step| place(step).is_some_and(is_new));
        let plain: Vec<usize> = new().filter(|step| is_plain(step)).filter_map(place).collect();
        let is_short = plain.len() <= FIRST + LAST;
        let (first, last) = if is_short { (plain.len(), 0) } else { (FIRST, LAST) };
        let middle: BTreeSet<usize> = plain[first..plain.len() - last].iter().copied().collect();
        let counted = before.saturating_sub(segments.left_out_behind as u64);
        let unlisted = segments.left_out.saturating_sub(counted);
        let mut shown = Self { unlisted, has_gap: counted == 0, known: segments.count(), ..Self::default() };
        let mut run = None;
        for step in steps.iter().filter(|step| is_gap(step) || place(step).is_some_and(is_new)) {
            match place(step) {
                Some(index) if middle.contains(&index) || !is_row(step) => {
                    *shown.left_out.entry(*run.get_or_insert(index)).or_default() += 1;
                }
                Some(index) => {
                    shown.rows.insert(index);
                    run = None;
                }
                None => run = None,
            }
        }
        shown
    }

    /// Whether the step has a row.
    pub(super) fn has(&self, step: &Step) -> bool {
        place(step).is_some_and(|index| self.rows.contains(&index))
    }

    /// How many are left out, if this one is the first of them.
    pub(super) fn left_out_at(&self, step: &Step) -> Option<u64> {
        match place(step) {
            Some(index) => self.left_out.get(&index).copied(),
            None => Some(self.unlisted).filter(|count| *count > 0 && is_gap(step) && !self.has_gap),
        }
    }
}

/// That many are left out.
pub(super) fn more(count: u64, language: Language) -> String {
    let words = count!(language, count, "more segment", "more segments" / "세그먼트 {}개를 더 생략");
    format!("… {words}")
}

/// Whether the step says how many the record left out.
pub(super) fn is_gap(step: &Step) -> bool {
    step.id.ends_with("segments-left-out")
}

/// The place of the segment that a step draws.
fn place(step: &Step) -> Option<usize> {
    step.segment.as_ref().map(|segment| segment.index)
}

/// Whether the segment that a step draws is nothing in particular.
fn is_plain(step: &Step) -> bool {
    step.id.strip_prefix("server-").unwrap_or(&step.id).starts_with("segment-")
}
