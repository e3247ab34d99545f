//! The order of a listing: what a query asks for, and how names compare.
//!
//! Names are in natural order: `img2` before `img10`, whatever the case. No kept
//! crate compares bytes that need not be UTF-8, at a few nanoseconds a name, and
//! without taking `02` for a fraction.

use super::read::{Entries, Entry};
use std::cmp::Ordering;

/// What a listing can be sorted by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Column {
    Name,
    Size,
    Modified,
}

impl Column {
    pub(super) const ALL: [Self; 3] = [Self::Name, Self::Size, Self::Modified];

    /// How a query names it.
    pub(super) fn key(self) -> &'static str {
        match self {
            Self::Name => "name",
            Self::Size => "size",
            Self::Modified => "modified",
        }
    }

    /// Whether it is the largest or the newest that is looked for first.
    fn begins_descending(self) -> bool {
        self != Self::Name
    }
}

/// A column, and which end of it comes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Order {
    pub(super) by: Column,
    pub(super) is_descending: bool,
}

impl Order {
    /// Reads `sort=name|size|modified` and `order=asc|desc`. Without an order,
    /// names ascend, and sizes and times descend.
    pub(super) fn of(query: Option<&str>) -> Self {
        let (mut by, mut is_descending) = (Column::Name, None);
        for pair in query.unwrap_or_default().split('&') {
            match pair.split_once('=') {
                Some(("sort", key)) => {
                    by = Column::ALL.into_iter().find(|column| column.key() == key).unwrap_or(by);
                }
                Some(("order", "asc")) => is_descending = Some(false),
                Some(("order", "desc")) => is_descending = Some(true),
                _ => {}
            }
        }
        Self { by, is_descending: is_descending.unwrap_or(by.begins_descending()) }
    }

    /// What a click on the head of `column` asks for: the other direction of the
    /// current column, the first direction of any other.
    pub(super) fn after_click(self, column: Column) -> Self {
        let is_descending = if column == self.by { !self.is_descending } else { column.begins_descending() };
        Self { by: column, is_descending }
    }

    /// How a query names the direction.
    pub(super) fn direction(self) -> &'static str {
        if self.is_descending { "desc" } else { "asc" }
    }

    /// Folders come first in every order, and what is equal stands by name.
    pub(super) fn sort(self, entries: &mut Entries) {
        let Entries { names, list, .. } = entries;
        let name = |entry: &Entry| entry.name(names);
        let first = list.first().map(name).unwrap_or_default();
        let shared = list.iter().fold(first.len(), |shared, entry| shared_beginning(&first[..shared], name(entry)));
        let shared = before_number(first, shared);
        list.iter_mut().for_each(|entry| entry.rank = rank(&entry.name(names)[shared..]));
        let by_name = |a: &Entry, b: &Entry| a.rank.cmp(&b.rank).then_with(|| natural(name(a), name(b)));
        let by_column = |a: &Entry, b: &Entry| match self.by {
            Column::Name => by_name(a, b),
            Column::Size => a.size().cmp(&b.size()),
            Column::Modified => a.modified.cmp(&b.modified),
        };
        let directed = |ordering: Ordering| if self.is_descending { ordering.reverse() } else { ordering };
        list.sort_unstable_by(|a, b| {
            b.is_folder.cmp(&a.is_folder).then_with(|| directed(by_column(a, b))).then_with(|| by_name(a, b))
        });
    }
}

/// Compares names as people do: numbers in them by their value, letters without
/// regard to case. Only equal names are equal.
fn natural(a: &[u8], b: &[u8]) -> Ordering {
    let at = before_number(a, shared_beginning(a, b));
    let (mut rest_a, mut rest_b) = (&a[at..], &b[at..]);
    loop {
        let ordering = match (rest_a, rest_b) {
            ([b'0'..=b'9', ..], [b'0'..=b'9', ..]) => numbers(&mut rest_a, &mut rest_b),
            ([first_a, more_a @ ..], [first_b, more_b @ ..]) => {
                (rest_a, rest_b) = (more_a, more_b);
                first_a.to_ascii_lowercase().cmp(&first_b.to_ascii_lowercase())
            }
            // One begins with the other, or they differ by case or leading zeros alone.
            _ => return rest_a.len().cmp(&rest_b.len()).then_with(|| a.cmp(b)),
        };
        if ordering.is_ne() {
            return ordering;
        }
    }
}

/// Where to begin to compare names that share what is before `at`: a number that
/// begins there is compared as a whole.
fn before_number(name: &[u8], mut at: usize) -> usize {
    while at > 0 && name[at - 1].is_ascii_digit() {
        at -= 1;
    }
    at
}

/// What the beginning of a name counts for: of two different ranks, the smaller
/// one is of the name that comes first. A number is written as a digit, how long
/// it is, and its digits; so most names need not be looked at again.
fn rank(mut name: &[u8]) -> u64 {
    let mut rank = [0; 8];
    let mut at = 0;
    let mut put = |byte: u8| {
        if let Some(place) = rank.get_mut(at) {
            *place = byte;
        }
        at += 1;
        at < 8
    };
    while let [first, more @ ..] = name {
        if !first.is_ascii_digit() {
            name = more;
            if put(first.to_ascii_lowercase()) {
                continue;
            }
            break;
        }
        let number = &name[..name.iter().take_while(|byte| byte.is_ascii_digit()).count()];
        name = &name[number.len()..];
        let digits = &number[number.iter().take_while(|&&digit| digit == b'0').count()..];
        // No number of a name has more digits than a byte can count; if one had, it would be looked at.
        let length = u8::try_from(digits.len()).unwrap_or(u8::MAX);
        if !(put(b'0') && put(length) && digits.iter().all(|&digit| put(digit))) || length == u8::MAX {
            break;
        }
    }
    u64::from_be_bytes(rank)
}

/// How many bytes both begin with. Most names of a folder share many, and most
/// of the time that sorting takes is spent here: eight at a time.
fn shared_beginning(a: &[u8], b: &[u8]) -> usize {
    let mut at = 0;
    while let (Some(a), Some(b)) = (a[at..].first_chunk::<8>(), b[at..].first_chunk::<8>()) {
        let difference = u64::from_le_bytes(*a) ^ u64::from_le_bytes(*b);
        if difference != 0 {
            return at + difference.trailing_zeros() as usize / 8;
        }
        at += 8;
    }
    while at < a.len() && at < b.len() && a[at] == b[at] {
        at += 1;
    }
    at
}

/// Takes the number that each begins with, and compares both: the longer one is
/// larger, of those as long the first digit that differs decides.
fn numbers(a: &mut &[u8], b: &mut &[u8]) -> Ordering {
    while let [b'0', more @ ..] = *a {
        *a = more;
    }
    while let [b'0', more @ ..] = *b {
        *b = more;
    }
    let mut ordering = Ordering::Equal;
    loop {
        match (*a, *b) {
            ([digit_a @ b'0'..=b'9', more_a @ ..], [digit_b @ b'0'..=b'9', more_b @ ..]) => {
                ordering = ordering.then(digit_a.cmp(digit_b));
                (*a, *b) = (more_a, more_b);
            }
            ([b'0'..=b'9', ..], _) => return Ordering::Greater,
            (_, [b'0'..=b'9', ..]) => return Ordering::Less,
            _ => return ordering,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn numbers_in_names_are_compared_by_their_value() {
        let names: [&str; 17] = [
            "",
            "1",
            "1a",
            "02",
            "2",
            "2.5",
            "2.10",
            "10",
            "99999999999999999999999999",
            "100000000000000000000000000",
            "a",
            "A1",
            "a01b",
            "a2",
            "img2.png",
            "IMG10.png",
            "img10.png.gz",
        ];
        for (index, a) in names.iter().enumerate() {
            for b in &names[index + 1..] {
                assert_eq!(natural(a.as_bytes(), b.as_bytes()), Ordering::Less, "{a} {b}");
                assert_eq!(natural(b.as_bytes(), a.as_bytes()), Ordering::Greater, "{b} {a}");
            }
        }
    }

    #[test]
    fn a_query_that_says_no_direction_gets_the_end_that_is_looked_for() {
        for (query, by, is_descending) in [
            ("", Column::Name, false),
            ("sort=size", Column::Size, true),
            ("sort=modified", Column::Modified, true),
            ("order=asc&sort=size", Column::Size, false),
            ("order=desc", Column::Name, true),
            ("sort=<x>&order=&=&", Column::Name, false),
        ] {
            assert_eq!(Order::of(Some(query)), Order { by, is_descending }, "{query}");
        }
    }

    proptest! {
        #[test]
        fn the_order_of_names_is_total(names in prop::collection::vec("a{0,9}[aAb019é/.]{0,6}", 3)) {
            let [a, b, c] = [&names[0], &names[1], &names[2]].map(|name| name.as_bytes());
            prop_assert_eq!(natural(a, b), natural(b, a).reverse());
            prop_assert_eq!(natural(a, b).is_eq(), a == b);
            let shared = a.iter().zip(b).take_while(|(a, b)| a == b).count();
            prop_assert_eq!(shared_beginning(a, b), shared);
            let from = before_number(a, shared);
            for from in [0, from] {
                let by_rank = rank(&a[from..]).cmp(&rank(&b[from..]));
                prop_assert!(by_rank.is_eq() || by_rank == natural(a, b), "{:?}", by_rank);
            }
            if natural(a, b).is_le() && natural(b, c).is_le() {
                prop_assert!(natural(a, c).is_le());
            }
        }
    }
}
