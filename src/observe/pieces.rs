//! Text for people as it leaves, in lines or blocks: one that finds no room is missing, and the
//! number of those is written, once, as soon as there is room again.

use crate::outlet::Outlet;
use std::borrow::Cow;
use std::io::Write;

/// A writer of text that has ANSI styles.
#[derive(Debug)]
pub(super) struct Pieces<W> {
    out: Outlet<W>,
    /// Takes the styles away, where they are not wanted.
    strip: Option<fn(&str) -> String>,
    /// Pieces that found no room, and were not said to be missing.
    unwritten: u64,
    /// Those that were.
    missing: u64,
}

impl<W: Write> Pieces<W> {
    pub(super) fn to(out: W) -> Self {
        Self { out: Outlet::to(out), strip: None, unwritten: 0, missing: 0 }
    }

    pub(super) fn stripped_by(self, strip: Option<fn(&str) -> String>) -> Self {
        Self { strip, ..self }
    }

    /// Writes `text`, unless no room is left for what `notice` says of those that are missing. Gives
    /// whether all of it is written; of what is not, `count` tells how many pieces that is.
    pub(super) fn write(
        &mut self,
        text: &str,
        count: impl FnOnce(&[u8]) -> u64,
        notice: impl FnOnce(u64) -> String,
    ) -> bool {
        let is_said = self.say_unwritten(notice);
        let text = self.strip.map_or(Cow::Borrowed(text), |strip| strip(text).into());
        let bytes = text.as_bytes();
        let written = if is_said { self.out.write(bytes) } else { 0 };
        self.out.flush();
        if written < bytes.len() && !self.out.is_gone() {
            self.unwritten += count(&bytes[written..]);
        }
        written == bytes.len()
    }

    /// Says how many pieces are missing, if any is: whether there is nothing more to say.
    pub(super) fn say_unwritten(&mut self, notice: impl FnOnce(u64) -> String) -> bool {
        if self.unwritten == 0 {
            return true;
        }
        let notice = notice(self.unwritten);
        let is_said = self.out.begin_line() && self.out.write(notice.as_bytes()) == notice.len();
        if is_said {
            self.missing += std::mem::take(&mut self.unwritten);
        }
        is_said
    }

    /// How many pieces found no room.
    pub(super) fn unwritten(&self) -> u64 {
        self.missing + self.unwritten
    }

    /// Whether nobody reads them any more.
    pub(super) fn is_gone(&self) -> bool {
        self.out.is_gone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::outlet::tests::Disk;

    #[test]
    fn what_found_no_room_is_counted_once_and_written_never() {
        for (room, meanwhile) in (0..=12).flat_map(|room| [(room, 0), (room, 1), (room, 37)]) {
            let disk = Disk::default();
            let mut pieces = Pieces::to(disk.clone());
            let lines = |missing: &[u8]| missing.iter().filter(|byte| **byte == b'\n').count() as u64;
            let mut write = |text: &str| pieces.write(text, lines, |count| format!("{count} missing\n"));
            disk.room(room);
            write("one\ntwo\nthree\n");
            (0..meanwhile).for_each(|_| assert!(!write("four\n")));
            disk.room(usize::MAX);
            assert!(write("five\n") && write("six\n"));
            let text = disk.text();
            let (before, after) = text.split_once(" missing\nfive\nsix\n").unwrap_or_else(|| panic!("{room}: {text}"));
            let (whole, count) = before.rsplit_once('\n').unwrap_or(("", before));
            assert!(after.is_empty() && !whole.contains("missing") && !whole.contains("four"), "{room}: {text}");
            // Each line that has its end, or would have.
            assert_eq!(count, (3 + meanwhile - lines(&text.as_bytes()[..room])).to_string(), "{room}: {text}");
            assert_eq!(pieces.unwritten().to_string(), count);
        }
    }
}
