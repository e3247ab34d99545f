//! How far a long body is: on a terminal, and only once it has taken a while.

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::io::{IsTerminal, stderr, stdout};
use std::time::{Duration, Instant};

const A_WHILE: Duration = Duration::from_millis(500);

/// A bar on standard error, or none.
pub(super) struct Progress {
    /// Whether there may be one.
    is_wanted: bool,
    began: Instant,
    received: u64,
    total: Option<u64>,
    bar: Option<ProgressBar>,
}

impl Progress {
    /// `goes_to_stdout`: the body does, and if that is a terminal, it is progress enough.
    pub(super) fn new(goes_to_stdout: bool, received: u64, total: Option<u64>) -> Self {
        let is_wanted = stderr().is_terminal() && !(goes_to_stdout && stdout().is_terminal());
        Self { is_wanted, began: Instant::now(), received, total, bar: None }
    }

    /// `count` more octets came.
    pub(super) fn advance(&mut self, count: usize) {
        self.received += count as u64;
        if !self.is_wanted || self.bar.is_none() && self.began.elapsed() < A_WHILE {
            return;
        }
        let (received, total) = (self.received, self.total);
        self.bar.get_or_insert_with(|| bar(received, total)).set_position(received);
    }
}

fn bar(received: u64, total: Option<u64>) -> ProgressBar {
    let template = match total {
        Some(_) => "{bytes:>11} of {total_bytes:11} {bar:30} {bytes_per_sec:12} {eta:>4}",
        None => "{bytes:>11} {bytes_per_sec:12} {elapsed:>4}",
    };
    let bar = ProgressBar::with_draw_target(total, ProgressDrawTarget::stderr()).with_position(received);
    bar.reset_eta(); // what came before the bar did says nothing of how fast it comes
    match ProgressStyle::with_template(template) {
        Ok(style) => bar.with_style(style),
        Err(_) => bar,
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}
