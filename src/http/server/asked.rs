//! What is remembered of the request that is being served.

use crate::http::message::Version;
use crate::http::persistence::{CloseReason, Wish};

/// What is remembered of the request that is being served.
#[derive(Clone, Copy, Debug)]
pub(super) struct Asked {
    pub(super) is_head: bool,
    pub(super) version: Version,
    pub(super) wish: Wish,
    /// Why its body is not read to the end, if it is not.
    pub(super) unread: Option<CloseReason>,
}

pub(super) const NOTHING_ASKED: Asked =
    Asked { is_head: false, version: Version::Http10, wish: Wish::Unsaid, unread: None };
