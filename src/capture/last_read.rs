//! How far the reader of a capture is: what had passed by a moment is known, or is not.

use std::time::Instant;

/// When the sockets were read.
#[derive(Clone, Copy, Debug)]
pub(crate) struct LastRead {
    /// The last time, or since then what lies there was left alone until the next second.
    looked: Instant,
    /// The last time that nothing was left.
    emptied: Instant,
}

impl LastRead {
    pub(super) fn now() -> Self {
        let now = Instant::now();
        Self { looked: now, emptied: now }
    }

    /// They were looked at, at this moment; `is_pausing`: what is left has to wait.
    pub(super) fn looked(&mut self, at: Instant, is_pausing: bool) {
        self.looked = at;
        if !is_pausing {
            self.emptied = at;
        }
    }

    /// Whether what had passed before `then` is known, or has to wait.
    pub(crate) fn has_looked(&self, then: Instant) -> bool {
        self.looked >= then
    }

    /// Whether it is known.
    pub(crate) fn has_all(&self, then: Instant) -> bool {
        self.emptied >= then
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn what_was_left_alone_is_not_known() {
        let mut last = LastRead::now();
        let then = Instant::now() + Duration::from_secs(1);
        assert!(!last.has_looked(then) && !last.has_all(then));
        last.looked(then, true);
        assert!(last.has_looked(then) && !last.has_all(then));
        last.looked(then, false);
        assert!(last.has_all(then));
    }
}
