//! When the kernel had the client's bytes, and when the client's TCP had
//! acknowledged ours: SO_TIMESTAMPING (socket(7), the kernel's timestamping.rst).

use crate::record::Moment;
use nix::sys::socket::{self, ControlMessageOwned, MsgFlags, TimestampingFlag, sockopt::Timestamping};
use rustix::io::Errno;
use rustix::net::{self, RecvFlags};
use std::io::IoSliceMut;
use std::net::{Ipv4Addr, UdpSocket};
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::time::{Duration, Instant};

/// Room for the control messages of one recvmsg(2), in bytes.
const CONTROL: usize = 256;

/// Starts or stops to ask for them. From the start on, bytes that are sent are
/// counted from 0; that is how acknowledgements name them.
pub(crate) fn set(socket: &impl AsFd, is_on: bool) -> Result<(), Errno> {
    let asked = libc::SOF_TIMESTAMPING_SOFTWARE
        | libc::SOF_TIMESTAMPING_RX_SOFTWARE
        | libc::SOF_TIMESTAMPING_TX_ACK
        | libc::SOF_TIMESTAMPING_OPT_ID
        | libc::SOF_TIMESTAMPING_OPT_ID_TCP
        | libc::SOF_TIMESTAMPING_OPT_TSONLY;
    let flags = TimestampingFlag::from_bits_retain(if is_on { asked } else { 0 });
    socket::setsockopt(socket, Timestamping, &flags).map_err(errno)
}

/// A socket for as long as which the kernel stamps whatever arrives: it does so
/// only while a socket asks, and the first bytes of a connection may come
/// before that is asked of its own socket. The first to ask has the kernel change
/// its own code, for which every processor stops: better before there is anything to time.
pub(crate) fn keep_stamping() -> Option<UdpSocket> {
    let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).ok()?;
    set(&socket, true).ok()?;
    socket.set_read_timeout(Some(Duration::from_millis(1))).ok()?;
    let address = socket.local_addr().ok()?;
    // It begins a moment after it was asked (net_enable_timestamp() leaves it to a kernel thread).
    let is_stamped = || matches!(recv(&socket, &mut [0], true), Ok((1, arrived)) if arrived != Moment::default());
    let deadline = Instant::now() + Duration::from_millis(100);
    while socket.send_to(&[0], address).is_ok() && !is_stamped() && Instant::now() < deadline {}
    Some(socket)
}

/// recv(2), and, if that `is_asked` for, when the kernel had the last bytes that it gave.
pub(crate) fn recv(
    socket: &(impl AsFd + AsRawFd),
    buffer: &mut [u8],
    is_asked: bool,
) -> Result<(usize, Moment), Errno> {
    if !is_asked {
        // No control messages: they cost, though there be none.
        return net::recv(socket, buffer, RecvFlags::empty()).map(|(count, _)| (count, Moment::default()));
    }
    let mut control = [0; CONTROL];
    let mut parts = [IoSliceMut::new(buffer)];
    let message =
        socket::recvmsg::<()>(socket.as_raw_fd(), &mut parts, Some(&mut control), MsgFlags::empty()).map_err(errno)?;
    let arrived = message.cmsgs().ok().and_then(|mut messages| messages.find_map(|message| moment(&message)));
    Ok((message.bytes, arrived.unwrap_or_default()))
}

/// Takes the next that the kernel has to say of acknowledgements, if there is more: the last byte of
/// which it speaks, and its moment.
pub(crate) fn take_acknowledgement(socket: &OwnedFd) -> Option<(u32, Moment)> {
    let mut control = [0; CONTROL];
    let flags = MsgFlags::MSG_ERRQUEUE | MsgFlags::MSG_DONTWAIT;
    while let Ok(message) = socket::recvmsg::<()>(socket.as_raw_fd(), &mut [], Some(&mut control), flags) {
        let (mut at, mut byte) = (None, None);
        for message in message.cmsgs().into_iter().flatten() {
            at = at.or_else(|| moment(&message));
            if let ControlMessageOwned::Ipv4RecvErr(error, _) | ControlMessageOwned::Ipv6RecvErr(error, _) = message {
                byte = Some(error.ee_data);
            }
        }
        if let Some(acknowledgement) = byte.zip(at) {
            return Some(acknowledgement);
        }
    }
    None
}

fn moment(message: &ControlMessageOwned) -> Option<Moment> {
    let ControlMessageOwned::ScmTimestampsns(stamps) = message else { return None };
    let (seconds, nanoseconds) = (stamps.system.tv_sec(), stamps.system.tv_nsec());
    Some(Moment(u64::try_from(seconds).ok()? * 1_000_000_000 + u64::try_from(nanoseconds).ok()?))
}

fn errno(error: nix::Error) -> Errno {
    Errno::from_raw_os_error(error as i32)
}
