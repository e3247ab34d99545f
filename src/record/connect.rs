//! How a client's connection was made, or was not.

use super::figure::{Figure, Nanoseconds};
use super::saved;
use super::system_error::SystemError;
use super::tcp::Negotiated;
use serde::{Deserialize, Serialize};
use std::net::SocketAddr;

/// The two ends of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Ends {
    /// This end.
    pub client: SocketAddr,
    /// The other one.
    pub server: SocketAddr,
}

/// How a connection was made, or was not.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Connect {
    /// Every address that was tried, in order.
    pub attempts: Vec<Attempt>,
    /// The round trip of SYN and SYN+ACK, in nanoseconds.
    pub rtt: Figure<Nanoseconds>,
    /// What the two SYNs agreed on.
    pub negotiated: Figure<Negotiated>,
}

impl Connect {
    /// The attempt whose packets are shown where there is no connection: the one that says most.
    pub(crate) fn seen(&self) -> Option<&Attempt> {
        let mut attempts = self.attempts.iter().rev();
        attempts.find(|attempt| attempt.outcome != ConnectOutcome::Abandoned && attempt.client.is_some())
    }
}

/// One address that was tried.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Attempt {
    /// The address.
    pub server: SocketAddr,
    /// This end, as the system chose it, where it had come to that.
    pub client: Option<SocketAddr>,
    /// When connect(2) was called.
    pub began: Nanoseconds,
    /// When it was clear what came of it.
    pub ended: Nanoseconds,
    /// What came of it.
    pub outcome: ConnectOutcome,
    /// How often the SYN was sent again, nothing having come back by then.
    pub syn_again: Figure<u32>,
}

/// What came of connect(2).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "is", rename_all = "snake_case")]
#[non_exhaustive]
pub enum ConnectOutcome {
    /// There is a connection.
    Connected,
    /// A reset came back: nobody listens there (ECONNREFUSED).
    Refused,
    /// Nothing came back in time.
    TimedOut,
    /// Another address answered first.
    Abandoned,
    /// Ctrl-C came first.
    Interrupted,
    /// There is no way there.
    Unreachable {
        /// What the system says.
        #[serde(flatten, with = "saved::fault")]
        why: SystemError,
    },
    /// Something of this machine.
    Failed {
        /// What the system says.
        #[serde(flatten, with = "saved::fault")]
        why: SystemError,
    },
}

/// A keep-alive connection, used again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Reuse {
    /// For how long nothing was asked on it, in nanoseconds.
    pub idle: Nanoseconds,
    /// How long making it had taken, in nanoseconds: what this request was spared.
    pub saved: Nanoseconds,
}
