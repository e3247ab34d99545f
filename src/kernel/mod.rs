//! Where facts come from without a privilege: a clock that goes on evenly,
//! TCP_INFO, timestamps of packets, the kernel's table of sockets.

#[cfg(feature = "program")]
pub(crate) mod cgroup;
pub(crate) mod clock;
pub(crate) mod pacing;
pub(crate) mod socket_table;
pub(crate) mod tcp_info;
pub(crate) mod timestamps;
