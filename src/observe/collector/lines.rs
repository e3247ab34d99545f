//! The access log's lines, as they leave; those that find no room are counted.

use crate::outlet::Outlet;
use std::io::Write;

/// Where lines are written.
pub(super) struct Lines {
    out: Outlet<Box<dyn Write + Send>>,
}

impl Lines {
    pub(super) fn to(out: Box<dyn Write + Send>) -> Self {
        Self { out: Outlet::to(out) }
    }

    /// Writes whole lines; gives how many of them are missing, where that is worth saying.
    pub(super) fn write(&mut self, lines: &[u8]) -> u64 {
        let written = if lines.is_empty() || !self.out.begin_line() { 0 } else { self.out.write(lines) };
        if self.out.is_gone() {
            return 0;
        }
        let missing = &lines[written..];
        missing.iter().filter(|byte| **byte == b'\n').count() as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::outlet::tests::Disk;
    use std::io;

    #[test]
    fn a_line_that_a_full_disk_tore_makes_no_other_one_unreadable() {
        // Whatever room there is when it becomes full, and for how long it is.
        for (room, lines_meanwhile) in (1..=10).flat_map(|room| [(room, 0), (room, 1), (room, 3)]) {
            let disk = Disk::default();
            let mut lines = Lines::to(Box::new(disk.clone()));
            let mut write = |room: usize, text: &str| {
                disk.room(room);
                lines.write(text.as_bytes())
            };
            let missing = write(room, "one\ntwo\n3\n") + (0..lines_meanwhile).map(|_| write(0, "four\n")).sum::<u64>();
            assert_eq!(write(usize::MAX, "five\n") + write(usize::MAX, "six\n"), 0);
            let text = disk.text();
            let whole: Vec<&str> =
                text.lines().filter(|line| ["one", "two", "3", "five", "six"].contains(line)).collect();
            // A line that lacks its end alone counts as missing, and is whole by the one that comes later.
            let lacks_its_end = [3, 7, 9].contains(&room);
            assert_eq!(
                whole.len() as u64 + missing,
                5 + lines_meanwhile + u64::from(lacks_its_end),
                "{room}: {text:?}"
            );
            assert!(text.ends_with("five\nsix\n") && text.lines().count() <= whole.len() + 1, "{room}: {text:?}");
        }
    }

    #[test]
    fn lines_that_nobody_reads_are_not_missed() {
        let (read, write) = io::pipe().unwrap();
        drop(read);
        let mut lines = Lines::to(Box::new(write));
        assert_eq!((lines.write(b"one\n"), lines.write(b"two\n")), (0, 0));
    }
}
