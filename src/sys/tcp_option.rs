//! TCP's options and figures that no crate has: tcp(7).

use std::io;
use std::os::fd::{AsFd, AsRawFd};

/// How much [`info`] and [`saved_syn`] may give, in bytes: the longest IP and TCP
/// headers, and all that TCP_INFO has come to.
const MOST: usize = 512;

/// Lets connections of the listening `socket` wait in the kernel for their
/// first bytes, up to about this many seconds (TCP_DEFER_ACCEPT).
///
/// # Errors
/// If the system has no such thing.
pub(crate) fn defer_accept(socket: &impl AsFd, seconds: u16) -> io::Result<()> {
    set(socket, libc::TCP_DEFER_ACCEPT, seconds.into())
}

/// The most hops that a packet can have left, and so that can be asked for.
const MOST_HOPS: libc::c_int = 255;
/// linux/in6.h.
const IPV6_MINHOPCOUNT: libc::c_int = 73;

/// Drops what comes to the listening `socket` and belongs to no handshake: SYNs (IP_MINTTL, ip(7)). Any
/// user may, where newer kernels have [`filter_syn`] for CAP_NET_ADMIN only.
/// The connections that still come of it inherit that: see [`hear_all`].
///
/// # Errors
/// If the system has no such thing.
pub(crate) fn starve_syn(socket: &impl AsFd) -> io::Result<()> {
    hear_from(socket, MOST_HOPS)
}

/// Lets the accepted `socket` hear what comes, from however far.
pub(crate) fn hear_all(socket: &impl AsFd) -> io::Result<()> {
    hear_from(socket, 0)
}

fn hear_from(socket: &impl AsFd, hops: libc::c_int) -> io::Result<()> {
    let v6 = set_at(socket, libc::IPPROTO_IPV6, IPV6_MINHOPCOUNT, hops);
    // One for IPv6 hears both.
    set_at(socket, libc::IPPROTO_IP, libc::IP_MINTTL, hops).or(v6)
}

/// Drops each SYN that comes to the listening `socket` (SO_ATTACH_FILTER): no connection
/// begins any more, and handshakes under way go on.
///
/// # Errors
/// If the system has no such thing, or not for this user.
pub(crate) fn filter_syn(socket: &impl AsFd) -> io::Result<()> {
    const SYN: u32 = 0x02;
    const FLAGS: u32 = 13; // where the TCP header has them, in bytes
    let step = |code: u32, jt, jf, k| libc::sock_filter { code: code as u16, jt, jf, k };
    let mut program = [
        step(libc::BPF_LD | libc::BPF_B | libc::BPF_ABS, 0, 0, FLAGS),
        step(libc::BPF_JMP | libc::BPF_JSET | libc::BPF_K, 0, 1, SYN),
        step(libc::BPF_RET | libc::BPF_K, 0, 0, 0),
        step(libc::BPF_RET | libc::BPF_K, 0, 0, u32::MAX),
    ];
    let filter = libc::sock_fprog { len: program.len() as u16, filter: program.as_mut_ptr() };
    // SAFETY: the descriptor is open for as long as `socket` is borrowed; the kernel
    // copies `filter` and the program that it points to, which outlive the call.
    let result = unsafe {
        libc::setsockopt(
            socket.as_fd().as_raw_fd(),
            libc::SOL_SOCKET,
            libc::SO_ATTACH_FILTER,
            (&raw const filter).cast(),
            size_of_val(&filter) as libc::socklen_t,
        )
    };
    if result == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}

/// Keeps the SYN of each connection to the listening `socket` (TCP_SAVE_SYN).
///
/// # Errors
/// If the system has no such thing.
pub(crate) fn save_syn(socket: &impl AsFd) -> io::Result<()> {
    set(socket, libc::TCP_SAVE_SYN, 1)
}

/// Whether the listening `socket` does.
pub(crate) fn saves_syn(socket: &impl AsFd) -> bool {
    get(socket, libc::TCP_SAVE_SYN).is_ok_and(|value| value.iter().any(|byte| *byte != 0))
}

/// The IP and TCP headers of the SYN that `socket` came from (TCP_SAVED_SYN).
/// It is given once; none is there where it came as a cookie.
///
/// # Errors
/// If the system has no such thing.
pub(crate) fn saved_syn(socket: &impl AsFd) -> io::Result<Vec<u8>> {
    get(socket, libc::TCP_SAVED_SYN)
}

/// `struct tcp_info`, as long as this kernel has it (TCP_INFO).
///
/// # Errors
/// If the socket is none of TCP's.
pub(crate) fn info(socket: &impl AsFd) -> io::Result<Vec<u8>> {
    get(socket, libc::TCP_INFO)
}

fn set(socket: &impl AsFd, option: libc::c_int, value: libc::c_int) -> io::Result<()> {
    set_at(socket, libc::IPPROTO_TCP, option, value)
}

fn set_at(socket: &impl AsFd, level: libc::c_int, option: libc::c_int, value: libc::c_int) -> io::Result<()> {
    // SAFETY: the descriptor is open for as long as `socket` is borrowed, and
    // the option reads one int, which outlives the call.
    let result = unsafe {
        libc::setsockopt(
            socket.as_fd().as_raw_fd(),
            level,
            option,
            (&raw const value).cast(),
            size_of_val(&value) as libc::socklen_t,
        )
    };
    if result == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}

fn get(socket: &impl AsFd, option: libc::c_int) -> io::Result<Vec<u8>> {
    let mut bytes = [0_u8; MOST]; // zeros from the allocator would cost more than the call
    let mut length = MOST as libc::socklen_t;
    // SAFETY: the descriptor is open for as long as `socket` is borrowed; the
    // kernel writes at most `length` bytes into the buffer, which has them.
    let result = unsafe {
        libc::getsockopt(
            socket.as_fd().as_raw_fd(),
            libc::IPPROTO_TCP,
            option,
            bytes.as_mut_ptr().cast(),
            &raw mut length,
        )
    };
    if result != 0 {
        return Err(io::Error::last_os_error());
    }
    Ok(bytes[..MOST.min(length as usize)].to_vec())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::{TcpListener, TcpStream};

    #[test]
    fn a_kept_syn_is_given_once_and_bears_the_clients_port() {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a listener");
        save_syn(&listener).expect("Linux 4.3 or later");
        let client = TcpStream::connect(listener.local_addr().expect("its address")).expect("a connection");
        let (socket, _) = listener.accept().expect("accepted");
        let syn = saved_syn(&socket).expect("a SYN");
        let port = client.local_addr().expect("bound").port().to_be_bytes();
        assert_eq!((syn[0] >> 4, &syn[20..22]), (4, &port[..]));
        assert!(saved_syn(&socket).expect("nothing more").is_empty());
        assert!(info(&socket).expect("figures").len() >= 104);
    }
}
