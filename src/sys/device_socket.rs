//! A socket that is one end of a network device: each frame that the device
//! gets is read here, each that is written here leaves by it (packet(7)).

use rustix::net::{AddressFamily, SocketFlags, SocketType, socket_with};
use std::io;
use std::os::fd::{AsRawFd, OwnedFd};

/// Opens the device called `name`; the socket does not block.
///
/// # Errors
/// If there is no such device, or CAP_NET_RAW is missing.
pub(crate) fn open(name: &str) -> io::Result<OwnedFd> {
    let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
    // Protocol 0: nothing is received before it is bound to the device.
    let socket = socket_with(AddressFamily::PACKET, SocketType::RAW, flags, None)?;
    bind(&socket, nix::net::if_::if_nametoindex(name)?)?;
    Ok(socket)
}

/// Hears the interface of this index, or all of them for 0: every protocol's frames.
///
/// # Errors
/// If there is no such interface.
pub(super) fn bind(socket: &impl AsRawFd, index: u32) -> io::Result<()> {
    let address = libc::sockaddr_ll {
        sll_family: libc::AF_PACKET as u16,
        sll_protocol: (libc::ETH_P_ALL as u16).to_be(),
        sll_ifindex: index.cast_signed(),
        sll_hatype: 0,
        sll_pkttype: 0,
        sll_halen: 0,
        sll_addr: [0; 8],
    };
    // SAFETY: the descriptor is open, and `address` is a sockaddr_ll that
    // outlives the call, which reads as many bytes as it has.
    let result = unsafe {
        libc::bind(socket.as_raw_fd(), (&raw const address).cast(), size_of_val(&address) as libc::socklen_t)
    };
    if result == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}
