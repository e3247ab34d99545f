//! How far a long body is: on a terminal, and only once it has taken a while.

use super::standard_error::hint;
use crate::language::Language;
use rustix::termios::tcgetwinsize;
use std::collections::VecDeque;
use std::io::{IsTerminal, stderr, stdout};
use std::time::{Duration, Instant};

const A_WHILE: Duration = Duration::from_millis(500);
/// How often the line is written anew.
const OFTEN: Duration = Duration::from_millis(100);
/// How many lines back the rate looks: five seconds, so that it says what is now.
const SAMPLES: usize = 50;
/// How wide the bar is at most, in columns.
const BAR: usize = 16;
/// How wide the line is where the terminal does not say how wide it is, in columns.
const USUAL_WIDTH: usize = 60;
/// A time left that is longer than this says nothing.
const LONGEST: u64 = 100 * 3600; // seconds
/// Begin of line, and nothing on it (ECMA-48: CR, EL).
const CLEAR: &str = "\r\x1b[K";

/// A line on standard error, or none.
pub(super) struct Progress {
    /// Whether there may be one.
    is_wanted: bool,
    language: Language,
    began: Instant,
    /// What is there now, in bytes; what was there from before counts in it.
    received: u64,
    total: Option<u64>,
    /// When the line was written, and how much there was.
    shown: VecDeque<(Duration, u64)>,
}

impl Progress {
    /// `goes_to_stdout`: the body does, and if that is a terminal, it is progress enough.
    /// `received`: what is there from before, in bytes.
    pub(super) fn new(goes_to_stdout: bool, received: u64, total: Option<u64>, language: Language) -> Self {
        let is_wanted = stderr().is_terminal() && !(goes_to_stdout && stdout().is_terminal());
        let shown = VecDeque::from([(Duration::ZERO, received)]);
        Self { is_wanted, language, began: Instant::now(), received, total, shown }
    }

    /// `count` more bytes came.
    pub(super) fn advance(&mut self, count: usize) {
        self.received += count as u64;
        if !self.is_wanted {
            return;
        }
        let elapsed = self.began.elapsed();
        let due = match &self.shown {
            shown if shown.len() < 2 => A_WHILE,
            shown => shown[shown.len() - 1].0 + OFTEN,
        };
        if elapsed >= due {
            show(&self.line(elapsed, width()));
            self.shown.push_back((elapsed, self.received));
            if self.shown.len() > SAMPLES {
                self.shown.pop_front();
            }
        }
    }

    /// What has come, of how much, how fast, and how long it may still take.
    fn line(&self, elapsed: Duration, width: usize) -> String {
        let (since, before) = self.shown.front().copied().unwrap_or_default();
        let milliseconds = (elapsed.saturating_sub(since)).as_millis().max(1);
        let rate = u64::try_from(u128::from(self.received - before) * 1000 / milliseconds).unwrap_or(u64::MAX);
        let mut parts = Vec::new();
        // Nothing is a part of a total that was surpassed.
        let total = self.total.filter(|total| *total > 0 && self.received <= *total);
        if let Some(total) = total {
            parts.push(format!("{:>3} %", u128::from(self.received) * 100 / u128::from(total)));
        }
        parts.push(match (total, self.language) {
            (None, _) => size(self.received),
            (Some(total), Language::English) => format!("{} of {}", size(self.received), size(total)),
            (Some(total), Language::Korean) => format!("{} / {}", size(self.received), size(total)),
        });
        parts.push(format!("{}/s", size(rate)));
        let left = total.and_then(|total| (total - self.received).checked_div(rate));
        parts.extend(left.filter(|left| *left < LONGEST).map(|left| match self.language {
            Language::English => format!("{} left", clock(left)),
            Language::Korean => format!("{} 남음", clock(left)),
        }));
        let text = parts.join("  ");
        // A Korean letter is two columns wide; the last column is left free, or the line might wrap.
        let columns = unicode_width::UnicodeWidthStr::width(text.as_str());
        let room = width.saturating_sub(columns + 2).min(BAR);
        match total {
            Some(total) if room >= 4 => {
                let filled = (u128::from(self.received) * room as u128 / u128::from(total)) as usize;
                format!("{}{} {text}", "█".repeat(filled), "░".repeat(room - filled))
            }
            _ if columns < width => text,
            _ => parts.swap_remove(0), // what matters most
        }
    }
}

/// Bytes in three digits and the unit that suits them.
fn size(bytes: u64) -> String {
    const UNITS: [&str; 7] = ["B", "kB", "MB", "GB", "TB", "PB", "EB"];
    let (mut unit, mut scale) = (0, 1u64);
    while bytes / scale >= 1000 {
        unit += 1;
        scale *= 1000;
    }
    let (whole, rest) = (bytes / scale, bytes % scale);
    match (unit, whole) {
        (0, _) => format!("{bytes} B"),
        (_, 100..) => format!("{whole} {}", UNITS[unit]),
        (_, 10..) => format!("{whole}.{} {}", rest / (scale / 10), UNITS[unit]),
        _ => format!("{whole}.{:02} {}", rest / (scale / 100), UNITS[unit]),
    }
}

/// `0:05`, `1:30`, `2:03:04`.
fn clock(seconds: u64) -> String {
    let (hours, minutes, seconds) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    match hours {
        0 => format!("{minutes}:{seconds:02}"),
        _ => format!("{hours}:{minutes:02}:{seconds:02}"),
    }
}

fn width() -> usize {
    tcgetwinsize(stderr()).map_or(USUAL_WIDTH, |size| match size.ws_col {
        0 => USUAL_WIDTH,
        columns => columns.into(),
    })
}

fn show(line: &str) {
    hint(&format!("{CLEAR}{line}"));
}

impl Drop for Progress {
    fn drop(&mut self) {
        if self.is_wanted && self.shown.len() > 1 {
            show("");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use unicode_width::UnicodeWidthStr;

    fn progress(before: u64, received: u64, total: Option<u64>) -> Progress {
        let shown = VecDeque::from([(Duration::ZERO, before)]);
        Progress { is_wanted: true, language: Language::English, began: Instant::now(), received, total, shown }
    }

    #[test]
    fn the_line_says_how_much_of_what_how_fast_and_how_long() {
        let line = progress(0, 2_000_000, Some(8_000_000)).line(Duration::from_secs(1), 60);
        assert_eq!(line, "██░░░░░░░░░  25 %  2.00 MB of 8.00 MB  2.00 MB/s  0:03 left");
        // What was there before says nothing of how fast it comes.
        let resumed = progress(6_000_000, 7_000_000, Some(8_000_000)).line(Duration::from_secs(2), 80);
        assert!(resumed.ends_with(" 87 %  7.00 MB of 8.00 MB  500 kB/s  0:02 left"), "{resumed}");
        assert_eq!(progress(0, 5000, None).line(Duration::from_secs(5), 60), "5.00 kB  1.00 kB/s");
        let mut korean = progress(0, 2_000_000, Some(8_000_000));
        korean.language = Language::Korean;
        assert!(korean.line(Duration::from_secs(1), 60).ends_with("2.00 MB / 8.00 MB  2.00 MB/s  0:03 남음"));
    }

    #[test]
    fn the_rate_is_that_of_the_last_seconds() {
        let mut slow = progress(0, 11_000_000, Some(21_000_000));
        slow.shown = VecDeque::from([(Duration::from_secs(10), 10_000_000)]);
        assert!(slow.line(Duration::from_secs(15), 60).ends_with("200 kB/s  0:50 left"));
    }

    #[test]
    fn it_fits_whatever_comes() {
        for language in [Language::English, Language::Korean] {
            for (before, received, total) in [
                (0, 0, Some(9)),
                (0, 9, Some(0)),
                (0, 99, Some(9)),
                (0, 123_456_789_012, Some(999_999_999_999)),
                (0, u64::MAX, Some(u64::MAX)),
                (0, u64::MAX, None),
                (u64::MAX, u64::MAX, Some(u64::MAX)),
            ] {
                for width in [0, 10, 20, 30, 40, 59, 60, 61, 80, 200] {
                    for elapsed in [0, 1, 500, 3_600_000, 400_000_000] {
                        let mut progress = progress(before, received, total);
                        progress.language = language;
                        let line = progress.line(Duration::from_millis(elapsed), width);
                        assert!(line.width() < width.max(12), "{width}: {line}");
                    }
                }
            }
        }
        assert_eq!([size(999), size(1000), size(99_949), size(123_456)], ["999 B", "1.00 kB", "99.9 kB", "123 kB"]);
        assert_eq!([clock(5), clock(90), clock(7384)], ["0:05", "1:30", "2:03:04"]);
    }
}
