//! The memory that all listings of a site may take together.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Bytes that listings may take: those being made, those kept, and those that a
/// client has not yet taken.
pub(crate) const MOST: usize = 56 << 20;

/// What is left of [`MOST`].
#[derive(Debug)]
pub(crate) struct Budget(AtomicUsize);

/// A part of the budget, returned when it is dropped.
#[derive(Debug)]
pub(crate) struct Share {
    budget: Arc<Budget>,
    bytes: usize,
}

impl Budget {
    pub(crate) fn new() -> Arc<Self> {
        Arc::new(Self(AtomicUsize::new(MOST)))
    }

    /// Whether less than half of it is left.
    pub(super) fn is_scarce(&self) -> bool {
        self.0.load(Ordering::Relaxed) < MOST / 2
    }

    /// A part without a byte, to be enlarged.
    pub(crate) fn share(self: &Arc<Self>) -> Share {
        Share { budget: Arc::clone(self), bytes: 0 }
    }
}

impl Share {
    /// Makes it `bytes` large, if what is left allows that.
    #[must_use]
    pub(crate) fn resize(&mut self, bytes: usize) -> bool {
        let Budget(left) = &*self.budget;
        if let Some(fewer) = self.bytes.checked_sub(bytes) {
            left.fetch_add(fewer, Ordering::Relaxed);
        } else {
            let more = bytes - self.bytes;
            if left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(more)).is_err() {
                return false;
            }
        }
        self.bytes = bytes;
        true
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        self.budget.0.fetch_add(self.bytes, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_never_exceed_the_budget_and_come_back() {
        let budget = Budget::new();
        let (mut one, mut other) = (budget.share(), budget.share());
        assert!(one.resize(MOST - 10) && other.resize(10));
        assert!(!other.resize(11), "all is taken");
        assert!(one.resize(100) && other.resize(MOST - 100));
        drop(other);
        assert!(one.resize(MOST) && !one.resize(MOST + 1) && one.resize(0));
    }
}
