//! How far the server's TCP has taken a request that the kernel took long ago: its buffer may hold more than
//! a slow link carries within the time that there is for a response.

use crate::kernel::tcp_info::TcpInfo;
use std::time::{Duration, Instant};

/// How often it is looked at within the time that there is.
const LOOKS: u32 = 8;

/// A request that the server takes.
pub(super) struct Taking {
    every: Duration,
    /// `None`: there is nothing more to see.
    look_at: Option<Instant>,
    /// What had been acknowledged on the connection.
    acknowledged: u64,
    /// Whether some of the request had not been.
    is_under_way: bool,
}

impl Taking {
    pub(super) fn new(timeout: Duration) -> Self {
        let every = timeout / LOOKS;
        Self { every, look_at: Some(Instant::now() + every), acknowledged: 0, is_under_way: false }
    }

    /// When it is to be looked at next.
    pub(super) fn look_at(&self) -> Option<Instant> {
        self.look_at
    }

    /// Whether the server's TCP lacks some of the request.
    pub(super) fn is_under_way(&self) -> bool {
        self.is_under_way
    }

    /// There is a response: it is no longer waited for.
    pub(super) fn end(&mut self) {
        (self.look_at, self.is_under_way) = (None, false);
    }

    /// Looks; `has_left`: the kernel has all of the request. Since when nothing more was taken, if something
    /// was since the last look.
    pub(super) fn look(&mut self, info: &TcpInfo<'_>, has_left: bool) -> Option<Instant> {
        let now = Instant::now();
        let (Some(acknowledged), Some(is_under_way)) = (info.acknowledged(), info.has_unacknowledged()) else {
            self.end(); // an older kernel
            return None;
        };
        self.is_under_way = is_under_way;
        self.look_at = (is_under_way || !has_left).then(|| now + self.every);
        let has_grown = acknowledged > std::mem::replace(&mut self.acknowledged, acknowledged);
        // The last ACK may have been one that took nothing: not long after the one that did.
        let ago = info.last_ack_received().unwrap_or_default();
        if has_grown { now.checked_sub(Duration::from_nanos(ago.unsigned_abs())) } else { None }
    }
}
