//! How far an exchange is that is not over.

use super::connection::{Exchange, HeadState};
use super::figure::Figure;
use super::why::Why;

impl<T> Figure<T> {
    /// Whether it is not known because it is still to come.
    pub(crate) fn is_to_come(&self) -> bool {
        matches!(self, Self::NotVisible { why: Why::NotYet })
    }

    /// Whether it is not known because the connection's end was not reported: it may have come to it.
    pub(crate) fn is_lost(&self) -> bool {
        matches!(self, Self::NotVisible { why: Why::ProcessEnded | Why::ReportDropped | Why::ServerEnded })
    }
}

impl Exchange {
    /// Whether the request is whole, as far as it is waited for, and its response is still to come.
    pub(crate) fn awaits_response(&self) -> bool {
        let has_head = matches!(self.head, Some(HeadState::Complete | HeadState::Simple));
        let lacks_body = self.request_body.as_ref().is_some_and(|body| body.is_awaited && !body.is_whole());
        has_head && !lacks_body && self.stages.response_chosen.is_to_come()
    }

    /// Whether the kernel is still to take more of its response.
    pub(crate) fn is_under_way(&self) -> bool {
        self.stages.last_write.is_to_come()
    }
}
