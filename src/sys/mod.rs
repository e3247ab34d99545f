//! What no crate offers safely: one kernel facility a file, and the only place
//! where `unsafe` is allowed.
#![allow(unsafe_code)]

pub(crate) mod allocator;
pub(crate) mod descriptors;
pub(crate) mod detached;
pub(crate) mod device_socket;
pub(crate) mod ethtool;
pub(crate) mod fork;
pub(crate) mod inherited;
mod packet_filter;
mod packet_frame;
mod packet_queue;
mod packet_ring;
pub(crate) mod packet_socket;
pub(crate) mod rtnetlink;
pub(crate) mod send_queue;
pub(crate) mod shared_counters;
pub(crate) mod tcp_option;
