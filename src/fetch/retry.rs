//! Whether a request is sent again on a new connection: the reused one had ended while it was on its way.

use super::connection::Connection;
use super::job::Job;
use crate::http::client::{Ending, Next};
use crate::record::transfer::Transfer;

/// Whether a 408 is the end of a reused connection that crossed the request (RFC 9110 §15.5.9).
pub(super) fn may_repeat_408(transfer: &Transfer, job: &Job) -> bool {
    transfer.reuse.is_some() && !job.is_retry && job.is_idempotent()
}

/// Whether the request is sent again; its connection is not asked again then.
pub(super) fn is_due(connection: &mut Connection, transfer: &Transfer, job: &Job, has_failed: bool) -> bool {
    let response = transfer.exchange.as_ref().and_then(|exchange| exchange.response.as_ref());
    if response.is_some_and(|response| response.status == 408) && may_repeat_408(transfer, job) {
        connection.machine.refrain();
        return true;
    }
    has_failed && is_worth_a_retry(connection, job)
}

/// Whether the same request may succeed on a new connection, and was not yet tried there.
fn is_worth_a_retry(connection: &Connection, job: &Job) -> bool {
    !job.is_retry
        && job.is_idempotent()
        && matches!(connection.machine.next(),
            Next::Close(Ending::Failed(error)) if error.is_worth_a_new_connection())
}
