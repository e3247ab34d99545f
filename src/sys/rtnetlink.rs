//! Devices, addresses, neighbours and routes of this thread's network
//! namespace (rtnetlink(7)).
//!
//! ```text
//!   message ─ header: length, kind, flags, number, port
//!             ├ struct of the kind (ifinfomsg, ifaddrmsg, ndmsg, rtmsg)
//!             └ attributes: length, type, value, padded to four bytes; may hold attributes
//! ```

use rustix::net::netlink::SocketAddrNetlink;
use rustix::net::{AddressFamily, RecvFlags, SendFlags, SocketFlags, SocketType, recv, sendto, socket_with};
use std::io;
use std::net::Ipv4Addr;
use std::os::fd::{AsRawFd, BorrowedFd};

/// linux/rtnetlink.h, linux/netlink.h: kinds and flags of messages.
const RTM_NEWLINK: u16 = 16;
const RTM_NEWADDR: u16 = 20;
const RTM_NEWROUTE: u16 = 24;
const RTM_NEWNEIGH: u16 = 28;
const REQUEST_AND_ACK: u16 = 0x5;
const CREATE: u16 = 0x400;
const EXCLUSIVE: u16 = 0x200;
/// linux/if_link.h, linux/if_addr.h, linux/neighbour.h, linux/veth.h: attributes.
const IFLA_ADDRESS: u16 = 1;
const IFLA_IFNAME: u16 = 3;
const IFLA_LINKINFO: u16 = 18;
const IFLA_NET_NS_FD: u16 = 28;
const IFLA_INFO_KIND: u16 = 1;
const IFLA_INFO_DATA: u16 = 2;
const VETH_INFO_PEER: u16 = 1;
const IFA_ADDRESS: u16 = 1;
const IFA_LOCAL: u16 = 2;
const NDA_DST: u16 = 1;
const NDA_LLADDR: u16 = 2;
const RTA_OIF: u16 = 4;
const RTA_GATEWAY: u16 = 5;
const NUD_PERMANENT: u16 = 0x80;
const IFF_UP: u32 = 1;
const AF_INET: u8 = 2;
/// Bytes of `struct nlmsghdr`.
const HEADER: usize = 16;

/// A hardware address.
pub(crate) type Mac = [u8; 6];

/// Makes a pair of joined devices: `here` in this namespace, `there`, of the
/// hardware address `mac`, in the other one.
///
/// # Errors
/// As the kernel refuses, for want of the right or of memory.
pub(crate) fn veth(here: &str, there: &str, mac: Mac, namespace: BorrowedFd<'_>) -> io::Result<()> {
    let peer = [
        &[0; 16][..], // struct ifinfomsg
        &attribute(IFLA_IFNAME, &text(there)),
        &attribute(IFLA_ADDRESS, &mac),
        &attribute(IFLA_NET_NS_FD, &namespace.as_raw_fd().to_ne_bytes()),
    ]
    .concat();
    let info = [attribute(IFLA_INFO_KIND, &text("veth")), attribute(IFLA_INFO_DATA, &attribute(VETH_INFO_PEER, &peer))]
        .concat();
    let body = [&[0; 16][..], &attribute(IFLA_IFNAME, &text(here)), &attribute(IFLA_LINKINFO, &info)].concat();
    ask(RTM_NEWLINK, CREATE | EXCLUSIVE, &body)
}

/// Switches the device on.
///
/// # Errors
/// If there is no such device, or the right is missing.
pub(crate) fn up(name: &str) -> io::Result<()> {
    let index = index(name)?.to_ne_bytes();
    let flags = IFF_UP.to_ne_bytes();
    ask(RTM_NEWLINK, 0, &[&[0; 4][..], &index, &flags, &flags].concat())
}

/// Whether the device is on, its other end too, and its queue takes frames:
/// the kernel sees to that some time after [`up`].
///
/// # Errors
/// If there is no such device.
pub(crate) fn is_running(name: &str) -> io::Result<bool> {
    const RTM_GETLINK: u16 = 18;
    const REQUEST: u16 = 1;
    const IFF_RUNNING: u32 = 0x40;
    let body = [&[0; 4][..], &index(name)?.to_ne_bytes(), &[0; 8]].concat();
    let reply = exchange(RTM_GETLINK, REQUEST, &body)?;
    // Behind the header, struct ifinfomsg: family, type, index, flags.
    let flags =
        reply.get(HEADER + 8..HEADER + 12).and_then(|bytes| bytes.try_into().ok()).map_or(0, u32::from_ne_bytes);
    Ok(flags & IFF_RUNNING != 0)
}

/// Gives the device an address, in a network of this prefix.
///
/// # Errors
/// If there is no such device, it has the address, or the right is missing.
pub(crate) fn address(name: &str, address: Ipv4Addr, prefix: u8) -> io::Result<()> {
    let bytes = address.octets();
    let body = [
        &[AF_INET, prefix, 0, 0][..], // struct ifaddrmsg
        &index(name)?.to_ne_bytes(),
        &attribute(IFA_LOCAL, &bytes),
        &attribute(IFA_ADDRESS, &bytes),
    ]
    .concat();
    ask(RTM_NEWADDR, CREATE | EXCLUSIVE, &body)
}

/// Tells the device for good which hardware address a neighbour has: nobody need ask (ARP).
///
/// # Errors
/// If there is no such device, or the right is missing.
pub(crate) fn neighbour(name: &str, address: Ipv4Addr, mac: Mac) -> io::Result<()> {
    let body = [
        &[AF_INET, 0, 0, 0][..], // struct ndmsg
        &index(name)?.to_ne_bytes(),
        &NUD_PERMANENT.to_ne_bytes(),
        &[0, 0],
        &attribute(NDA_DST, &address.octets()),
        &attribute(NDA_LLADDR, &mac),
    ]
    .concat();
    ask(RTM_NEWNEIGH, CREATE, &body)
}

/// Sends all that has no nearer route to `gateway`, by the device.
///
/// # Errors
/// If there is no such device or gateway, or the right is missing.
pub(crate) fn default_route(name: &str, gateway: Ipv4Addr) -> io::Result<()> {
    const MAIN: u8 = 254;
    const BOOT: u8 = 3;
    const UNIVERSE: u8 = 0;
    const UNICAST: u8 = 1;
    let body = [
        &[AF_INET, 0, 0, 0, MAIN, BOOT, UNIVERSE, UNICAST, 0, 0, 0, 0][..], // struct rtmsg
        &attribute(RTA_GATEWAY, &gateway.octets()),
        &attribute(RTA_OIF, &index(name)?.to_ne_bytes()),
    ]
    .concat();
    ask(RTM_NEWROUTE, CREATE, &body)
}

fn index(name: &str) -> io::Result<u32> {
    Ok(nix::net::if_::if_nametoindex(name)?)
}

fn text(name: &str) -> Vec<u8> {
    [name.as_bytes(), &[0]].concat()
}

fn attribute(kind: u16, value: &[u8]) -> Vec<u8> {
    let length = 4 + value.len();
    let mut bytes = Vec::with_capacity(length.next_multiple_of(4));
    bytes.extend((length as u16).to_ne_bytes());
    bytes.extend(kind.to_ne_bytes());
    bytes.extend(value);
    bytes.resize(length.next_multiple_of(4), 0);
    bytes
}

/// Sends one message and waits for its acknowledgement, an errno or 0.
fn ask(kind: u16, flags: u16, body: &[u8]) -> io::Result<()> {
    let reply = exchange(kind, REQUEST_AND_ACK | flags, body)?;
    match reply.get(HEADER..HEADER + 4).and_then(|errno| errno.try_into().ok()).map(i32::from_ne_bytes) {
        Some(0) => Ok(()),
        Some(errno) => Err(io::Error::from_raw_os_error(-errno)),
        None => Err(io::Error::from(io::ErrorKind::InvalidData)),
    }
}

/// Sends one message: the first one that comes back.
fn exchange(kind: u16, flags: u16, body: &[u8]) -> io::Result<Vec<u8>> {
    let socket = socket_with(AddressFamily::NETLINK, SocketType::RAW, SocketFlags::CLOEXEC, None)?;
    let mut message = Vec::with_capacity(HEADER + body.len());
    message.extend(((HEADER + body.len()) as u32).to_ne_bytes());
    message.extend(kind.to_ne_bytes());
    message.extend(flags.to_ne_bytes());
    message.extend([0; 8]); // number, port
    message.extend(body);
    sendto(&socket, &message, SendFlags::empty(), &SocketAddrNetlink::new(0, 0))?;
    let mut reply = vec![0; 8192];
    let (count, _) = recv(&socket, reply.as_mut_slice(), RecvFlags::empty())?;
    reply.truncate(count);
    Ok(reply)
}
