//! How a connection ended, by whom, and whose port waits.

use serde::{Deserialize, Serialize};

/// How a connection ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum How {
    /// Both halves were ended by a FIN, as far as we saw them.
    Fin,
    /// The client reset it.
    ResetByClient,
    /// The server reset it, so that nothing incomplete passes for whole, or by
    /// closing before it had read all that came.
    ResetByServer,
    /// A deadline of the server's passed, then a FIN.
    Timeout,
    /// Nobody heard: the process that served it was ended, or the report found no room.
    Lost,
}

/// One of the two ends of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum End {
    /// Who connected.
    Client,
    /// Who accepted.
    Server,
}

/// Who is left with a port in TIME-WAIT.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TimeWait {
    /// The client: it ended first.
    Client,
    /// The server: it ended first.
    Server,
    /// Nobody: it was reset.
    Nobody,
}
