//! What no crate offers safely: one kernel facility a file, and the only place
//! where `unsafe` is allowed.
#![allow(unsafe_code)]

pub(crate) mod fork;
pub(crate) mod inherited;
pub(crate) mod send_queue;
pub(crate) mod tcp_option;
