//! A lookup that is to end before it has found anything: what was asked by then is still recorded.

use std::io::{self, ErrorKind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// How often it is looked at while something is waited for.
const OFTEN: Duration = Duration::from_millis(20);

/// Once its flag is set, nobody is asked and nothing is waited for any more.
#[derive(Clone, Debug, Default)]
pub struct Stop(Arc<AtomicBool>);

impl Stop {
    /// By this flag.
    pub fn by(flag: Arc<AtomicBool>) -> Self {
        Self(flag)
    }

    pub(super) fn has_come(&self) -> bool {
        self.0.load(Ordering::SeqCst)
    }

    /// How long to wait before it is looked at again: at most until `deadline`.
    ///
    /// # Errors
    /// `Interrupted`, once it has come; `TimedOut`, where nothing is left.
    pub(super) fn left(&self, deadline: Instant) -> io::Result<Duration> {
        let left = deadline.saturating_duration_since(Instant::now());
        match self.has_come() {
            true => Err(ErrorKind::Interrupted.into()),
            false if left.is_zero() => Err(ErrorKind::TimedOut.into()),
            false => Ok(left.min(OFTEN)),
        }
    }
}
