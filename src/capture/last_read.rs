//! How far the reader of a capture is: what had passed by a moment is known, or is not.

use std::time::Instant;

/// Up to when all that had passed was read, or let go of and counted.
#[derive(Clone, Copy, Debug)]
pub(crate) struct LastRead(Instant);

impl LastRead {
    pub(super) fn now() -> Self {
        Self(Instant::now())
    }

    /// Nothing is left of what had passed by this moment.
    pub(super) fn looked(&mut self, at: Instant) {
        self.0 = self.0.max(at);
    }

    /// Whether nobody is to wait for what had passed before `then`.
    pub(crate) fn has_read(&self, then: Instant) -> bool {
        self.0 >= then
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn what_passed_later_is_not_known() {
        let mut last = LastRead::now();
        let then = Instant::now() + Duration::from_secs(1);
        assert!(!last.has_read(then));
        last.looked(then);
        assert!(last.has_read(then));
        last.looked(then.checked_sub(Duration::from_secs(1)).expect("a moment"));
        assert!(last.has_read(then), "what is known stays known");
    }
}
