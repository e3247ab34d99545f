//! What a connection's machine asks of its host.

use super::rejection::Rejection;
use crate::http::persistence::CloseReason;

/// What the host is to do next.
///
/// Exhaustive on purpose: a host that ignores a step cannot go on, so a new one must fail to compile there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// Hand bytes of the client's to [`receive`](super::ServerConnection::receive).
    Receive,
    /// Read what a proxy says before the first request: [`proxy_header`](super::ServerConnection::proxy_header).
    ReceiveProxyHeader,
    /// Hand further bytes of a request's body to [`receive_body`](super::ServerConnection::receive_body).
    ReceiveBody,
    /// Respond to the request, which is complete, or of which nobody wants more:
    /// [`respond`](super::ServerConnection::respond).
    Respond,
    /// Say that the response was not ready in time: [`respond`](super::ServerConnection::respond).
    RespondOverdue,
    /// Respond to a request that was refused: [`respond`](super::ServerConnection::respond).
    Reject(Rejection),
    /// Send the head that `respond` wrote.
    SendHead {
        /// Whether a body comes behind it, and may leave with it.
        body_follows: bool,
    },
    /// Send this much more of the body; `None`: all that its source has.
    SendBody(Option<u64>),
    /// Shut down the sending half: the client sees the end, we still listen.
    ShutDown,
    /// Read and drop what still comes.
    Drain,
    /// Close, abruptly (by a reset) or not.
    Close {
        /// Why.
        reason: CloseReason,
        /// Reset: what was sent must not pass for a whole response, or nobody takes it.
        abort: bool,
    },
}

/// Which deadline is running.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Timer {
    /// For a whole head, and for a body behind it that nobody takes; on a new
    /// connection from its accept on.
    Head,
    /// For the next request on a keep-alive connection.
    Idle,
    /// For the handler, which makes the response.
    Respond,
    /// For a further piece of a body that the handler takes.
    Body,
    /// For more of the body, which is read elsewhere.
    Source,
    /// For the client to take some more of the response.
    Send,
    /// For the client to close its sending side after the last response.
    Drain,
    /// The same, where nothing depends on it: it is only watched for.
    ClientEnd,
}
