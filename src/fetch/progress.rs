//! How far a long body is: on a terminal, and only once it has taken a while.

use crate::story::layout::grouped;
use std::io::{self, IsTerminal, Write, stderr, stdout};
use std::time::{Duration, Instant};

const A_WHILE: Duration = Duration::from_millis(500);
/// How often the line is written anew.
const OFTEN: Duration = Duration::from_millis(100);
/// How wide the bar is, in columns.
const BAR: u64 = 30;
/// Begin of line, and nothing on it (ECMA-48: CR, EL).
const CLEAR: &str = "\r\x1b[K";

/// A line on standard error, or none.
pub(super) struct Progress {
    /// Whether there may be one.
    is_wanted: bool,
    began: Instant,
    /// What was there before, and what is there now, in bytes.
    before: u64,
    received: u64,
    total: Option<u64>,
    /// When the line was written.
    shown: Option<Instant>,
}

impl Progress {
    /// `goes_to_stdout`: the body does, and if that is a terminal, it is progress enough.
    pub(super) fn new(goes_to_stdout: bool, received: u64, total: Option<u64>) -> Self {
        let is_wanted = stderr().is_terminal() && !(goes_to_stdout && stdout().is_terminal());
        Self { is_wanted, began: Instant::now(), before: received, received, total, shown: None }
    }

    /// `count` more bytes came.
    pub(super) fn advance(&mut self, count: usize) {
        self.received += count as u64;
        if !self.is_wanted {
            return;
        }
        let is_due = match self.shown {
            None => self.began.elapsed() >= A_WHILE,
            Some(shown) => shown.elapsed() >= OFTEN,
        };
        if is_due {
            self.shown = Some(Instant::now());
            // A terminal that has gone shows nothing, and that is all.
            let _ = show(&self.line(self.began.elapsed()));
        }
    }

    /// What has come, of how much, how fast, and how long it may still take.
    fn line(&self, elapsed: Duration) -> String {
        let milliseconds = u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX).max(1);
        let rate = (self.received - self.before).saturating_mul(1000) / milliseconds;
        let received = grouped(self.received);
        let Some(total) = self.total.filter(|total| *total > 0) else {
            return format!("{received} bytes, {} a second", grouped(rate));
        };
        let filled = (u128::from(self.received.min(total)) * u128::from(BAR) / u128::from(total)) as usize;
        let bar = format!("{}{}", "█".repeat(filled), "░".repeat(BAR as usize - filled));
        let left =
            total.saturating_sub(self.received).checked_div(rate).map_or(String::new(), |left| format!(", {left} s"));
        format!("{bar} {received} of {} bytes{left}", grouped(total))
    }
}

fn show(line: &str) -> io::Result<()> {
    let mut out = stderr().lock();
    write!(out, "{CLEAR}{line}")?;
    out.flush()
}

impl Drop for Progress {
    fn drop(&mut self) {
        if self.shown.is_some() {
            // As above.
            let _ = show("");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn progress(before: u64, received: u64, total: Option<u64>) -> Progress {
        Progress { is_wanted: true, began: Instant::now(), before, received, total, shown: None }
    }

    #[test]
    fn the_line_says_how_much_of_what_and_how_long() {
        let line = progress(0, 2_000_000, Some(8_000_000)).line(Duration::from_secs(1));
        assert_eq!(line, format!("{}{} 2,000,000 of 8,000,000 bytes, 3 s", "█".repeat(7), "░".repeat(23)));
        // What was there before says nothing of how fast it comes.
        let resumed = progress(6_000_000, 7_000_000, Some(8_000_000)).line(Duration::from_secs(2));
        assert!(resumed.ends_with("7,000,000 of 8,000,000 bytes, 2 s"), "{resumed}");
        assert_eq!(progress(0, 5000, None).line(Duration::from_secs(5)), "5,000 bytes, 1,000 a second");
        for odd in [
            progress(0, 0, Some(9)),
            progress(0, 9, Some(0)),
            progress(0, 99, Some(9)),
            progress(0, 1 << 40, Some(1 << 40)),
        ] {
            assert!(odd.line(Duration::ZERO).chars().count() <= 80);
        }
    }
}
