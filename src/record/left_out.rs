//! What is in no record, in numbers.

use serde::{Deserialize, Serialize};

/// What was counted and not recorded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct LeftOut {
    /// Connections that are not recorded.
    pub connections: u64,
    /// Exchanges on connections that are.
    pub exchanges: u64,
    /// Reports that found no room on their way to the collector.
    pub reports: u64,
    /// Frames that passed unread: there was no room for them, or too many came at once.
    pub frames: u64,
}

impl LeftOut {
    /// Whether everything was recorded.
    pub fn is_nothing(&self) -> bool {
        *self == Self::default()
    }

    /// Adds what `other` counts; a file may count anything.
    pub(crate) fn add(&mut self, other: Self) {
        let Self { connections, exchanges, reports, frames } = other;
        self.connections = self.connections.saturating_add(connections);
        self.exchanges = self.exchanges.saturating_add(exchanges);
        self.reports = self.reports.saturating_add(reports);
        self.frames = self.frames.saturating_add(frames);
    }
}
