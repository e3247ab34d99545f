//! What a network device does in place of the kernel's TCP (SIOCETHTOOL, netdevice(7)).

use rustix::net::{AddressFamily, SocketType, socket};
use std::io;
use std::os::fd::AsRawFd;

/// linux/sockios.h, linux/ethtool.h: the commands that switch off transmit
/// checksums, TCP segmentation, generic segmentation and generic receive merging.
const SIOCETHTOOL: libc::Ioctl = 0x8946;
const COMMANDS: [u32; 4] = [0x17, 0x1f, 0x25, 0x2c];

/// `struct ethtool_value`.
#[repr(C)]
struct Value {
    command: u32,
    data: u32,
}

/// Makes the device called `name` leave its work to the kernel, so that whole
/// segments of the MTU's size, with their checksums, pass through it.
///
/// # Errors
/// If there is no such device, or it refuses.
pub(crate) fn no_offload(name: &str) -> io::Result<()> {
    let socket = socket(AddressFamily::INET, SocketType::DGRAM, None)?;
    for command in COMMANDS {
        let mut value = Value { command, data: 0 };
        // SAFETY: all zero bytes are a valid `ifreq`, which holds plain data.
        let mut request: libc::ifreq = unsafe { std::mem::zeroed() };
        for (to, from) in request.ifr_name[..libc::IFNAMSIZ - 1].iter_mut().zip(name.bytes()) {
            *to = from.cast_signed();
        }
        request.ifr_ifru.ifru_data = (&raw mut value).cast();
        // SAFETY: the descriptor is open; `request` and the `value` that it
        // points to outlive the call, which reads and writes no more than them.
        let result = unsafe { libc::ioctl(socket.as_raw_fd(), SIOCETHTOOL, &raw mut request) };
        if result != 0 {
            return Err(io::Error::last_os_error());
        }
    }
    Ok(())
}
