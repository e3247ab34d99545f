//! Which sequence numbers were seen: a few ranges, the lowest of them long.

use super::fact::Relative;

/// Gaps that are remembered at a time; the oldest is forgotten beyond that.
const MOST_GAPS: usize = 64;

/// Sequence numbers that were seen, as ranges that do not touch, in order.
#[derive(Clone, Debug, Default)]
pub(super) struct Ranges {
    /// From, and up to but without.
    ranges: Vec<(Relative, Relative)>,
    /// Below this it is not known what was seen.
    forgotten: Relative,
}

impl Ranges {
    /// Everything below `start` counts as unknown.
    pub(super) fn from_start(start: Relative) -> Self {
        Self { ranges: Vec::new(), forgotten: start }
    }

    /// Counts all numbers from another beginning, below which nothing is forgotten.
    pub(super) fn shift(&mut self, by: Relative) {
        self.ranges.iter_mut().for_each(|range| *range = (range.0 + by, range.1 + by));
        self.forgotten = 0;
    }

    /// Adds `from..to`; gives how many of them had not been seen, `None` if that
    /// is not known.
    pub(super) fn add(&mut self, from: Relative, to: Relative) -> Option<u64> {
        if from < self.forgotten {
            let rest = (self.forgotten, to);
            if rest.0 < rest.1 {
                self.insert(rest.0, rest.1);
            }
            return None;
        }
        Some(self.insert(from, to))
    }

    fn insert(&mut self, from: Relative, to: Relative) -> u64 {
        let first = self.ranges.partition_point(|range| range.1 < from);
        let last = self.ranges.partition_point(|range| range.0 <= to);
        let touched = self.ranges.get(first..last).unwrap_or_default();
        let known: u64 =
            touched.iter().map(|range| range.1.min(to).saturating_sub(range.0.max(from)).max(0) as u64).sum();
        let merged = (
            touched.first().map_or(from, |range| range.0.min(from)),
            touched.last().map_or(to, |range| range.1.max(to)),
        );
        self.ranges.splice(first..last, [merged]);
        if self.ranges.len() > MOST_GAPS {
            let lowest = self.ranges.remove(0);
            self.forgotten = self.ranges.first().map_or(lowest.1, |range| range.0);
        }
        to.abs_diff(from) - known
    }

    /// Numbers that were not seen below the highest that was.
    pub(super) fn missing(&self) -> u64 {
        self.ranges.windows(2).map(|pair| pair[1].0.abs_diff(pair[0].1)).sum()
    }

    /// Numbers from `from` up to but without `to` that were not seen.
    pub(super) fn missing_below(&self, to: Relative, from: Relative) -> u64 {
        let from = from.max(self.forgotten);
        if to <= from {
            return 0;
        }
        let seen: u64 =
            self.ranges.iter().map(|range| range.1.min(to).saturating_sub(range.0.max(from)).max(0) as u64).sum();
        to.abs_diff(from) - seen
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    #[test]
    fn the_oldest_gap_is_forgotten_where_there_are_very_many() {
        let mut ranges = Ranges::default();
        for number in 0..200 {
            assert_eq!(ranges.add(number * 2, number * 2 + 1), Some(1));
        }
        assert_eq!(ranges.ranges.len(), MOST_GAPS);
        assert_eq!(ranges.add(1, 2), None, "nobody knows any more");
        assert_eq!(ranges.add(397, 398), Some(1));
    }

    proptest! {
        #[test]
        fn they_count_as_a_set_of_numbers_does(adds in prop::collection::vec((0_i64..120, 1_i64..20), 1..40)) {
            let (mut ranges, mut set) = (Ranges::default(), BTreeSet::new());
            for (from, length) in adds {
                let fresh = (from..from + length).filter(|number| set.insert(*number)).count();
                prop_assert_eq!(ranges.add(from, from + length), Some(fresh as u64));
                let (low, high) = (*set.first().unwrap(), *set.last().unwrap());
                prop_assert_eq!(ranges.missing(), (high + 1 - low) as u64 - set.len() as u64);
                let below = (3..70).filter(|number| !set.contains(number)).count();
                prop_assert_eq!(ranges.missing_below(70, 3), below as u64);
            }
        }
    }
}
