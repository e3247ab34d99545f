//! Memory for what connections hold while they wait: unfinished heads, what was
//! pipelined, what was read of a stream. All of it together is bounded.
//!
//! What fits into [`SMALL`] is always held, so that an ordinary request is never
//! refused because of others who hold much: its bound is the number of connections.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Bytes that all connections of a server together may hold, beside [`SMALL`] each.
pub const MOST_HELD: usize = 64 * 1024 * 1024;
/// Bytes that a connection may hold whatever others do: more than most heads have.
pub const SMALL: usize = 2 * 1024;

/// What connections hold, and how much that may be. A clone shares both.
#[derive(Clone, Debug)]
pub struct Budget {
    held: Arc<AtomicUsize>,
    most: usize,
}

impl Default for Budget {
    /// [`MOST_HELD`], or an eighth of the address space where that is limited (RLIMIT_AS).
    fn default() -> Self {
        use rustix::process::{Resource, getrlimit};
        let eighth = getrlimit(Resource::As).current.map_or(usize::MAX, |bytes| bytes as usize / 8);
        Self { held: Arc::default(), most: MOST_HELD.min(eighth) }
    }
}

impl Budget {
    /// Lets a connection hold `bytes`, rather than what `held` says: whether there is room.
    /// Most hold nothing, or little, and are not counted.
    pub(super) fn hold(&self, bytes: usize, held: &mut Option<Held>) -> bool {
        if bytes <= SMALL {
            *held = None;
            return true;
        }
        let before = held.as_ref().map_or(0, |held| held.bytes);
        if bytes != before {
            let others = self.held.load(Ordering::Relaxed).saturating_sub(before);
            if bytes > before && others + bytes > self.most {
                return false;
            }
            *held = None;
            self.held.fetch_add(bytes, Ordering::Relaxed);
            *held = Some(Held { all: Arc::clone(&self.held), bytes });
        }
        true
    }
}

/// What one connection holds, given back when dropped.
#[derive(Debug)]
pub(super) struct Held {
    all: Arc<AtomicUsize>,
    bytes: usize,
}

impl Drop for Held {
    fn drop(&mut self) {
        self.all.fetch_sub(self.bytes, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_held_is_counted_and_given_back_and_little_is_always_held() {
        let budget = Budget { held: Arc::default(), most: 10_000 };
        let (mut first, mut second, mut third) = (None, None, None);
        assert!(budget.hold(6000, &mut first) && budget.hold(4000, &mut second));
        assert!(!budget.hold(SMALL + 1, &mut third) && third.is_none());
        assert!(budget.hold(SMALL, &mut third) && third.is_none());
        assert!(!budget.hold(6001, &mut first), "it may not grow, and keeps what it had");
        assert!(budget.hold(5000, &mut first) && budget.hold(SMALL + 1, &mut third) == (5000 + 4000 + SMALL < 10_000));
        drop((first, second, third));
        assert_eq!(budget.held.load(Ordering::Relaxed), 0);
    }
}
