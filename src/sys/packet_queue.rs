//! A packet socket's frames from its queue: unlike a ring it need not be set up and
//! released, and each frame is there as soon as it has passed. A system call each.

use super::packet_frame::Frame;
use nix::sys::socket::{
    self, ControlMessageOwned, LinkAddr, MsgFlags, setsockopt,
    sockopt::{RcvBufForce, ReceiveTimestampns},
};
use nix::sys::time::TimeSpec;
use std::io::{self, IoSliceMut};
use std::os::fd::{AsFd, AsRawFd};
use std::time::{SystemTime, UNIX_EPOCH};

/// How many bytes of frames may wait: each counts whole, 64 KiB on loopback, and more.
const ROOM: usize = 16 << 20;
/// `struct virtio_net_hdr`, which comes before each frame.
const VNET_HEADER: usize = 10;

/// The queue of a socket.
pub(super) struct Queue {
    buffer: Vec<u8>,
    control: Vec<u8>,
}

impl Queue {
    /// Of `socket`, which hears nothing yet: frames with their times, `snap` bytes of each.
    ///
    /// # Errors
    /// EPERM without CAP_NET_ADMIN: only few frames would have room.
    pub(super) fn of(socket: &impl AsFd, snap: u32) -> io::Result<Self> {
        setsockopt(socket, RcvBufForce, &ROOM)?;
        setsockopt(socket, ReceiveTimestampns, &true)?;
        Ok(Self { buffer: vec![0; VNET_HEADER + snap as usize], control: nix::cmsg_space!(TimeSpec) })
    }

    /// Hands over frames that wait, `most` of them; gives how many there were.
    pub(super) fn read(&mut self, socket: &impl AsRawFd, most: usize, mut take: impl FnMut(Frame<'_>)) -> usize {
        let mut count = 0;
        while count < most
            && let Some(frame) = self.receive(socket)
        {
            take(frame);
            count += 1;
        }
        count
    }

    /// The next frame, if one waits.
    fn receive(&mut self, socket: &impl AsRawFd) -> Option<Frame<'_>> {
        let Self { buffer, control } = self;
        // What does not fit is cut, and its length given all the same.
        let flags = MsgFlags::MSG_DONTWAIT | MsgFlags::MSG_TRUNC;
        let (length, from, at) = {
            let mut parts = [IoSliceMut::new(buffer)];
            let message = socket::recvmsg::<LinkAddr>(socket.as_raw_fd(), &mut parts, Some(control), flags).ok()?;
            let at = message.cmsgs().ok().and_then(|mut messages| messages.find_map(|message| moment(&message)));
            (message.bytes, message.address?, at)
        };
        let (vnet, bytes) = buffer.split_at_checked(VNET_HEADER)?;
        let length = length.checked_sub(VNET_HEADER)?;
        let size = u16::from_ne_bytes([vnet[4], vnet[5]]);
        Some(Frame {
            at: at.unwrap_or_else(now),
            length: u32::try_from(length).ok()?,
            bytes: bytes.get(..length).unwrap_or(bytes),
            interface: u32::try_from(from.ifindex()).ok()?,
            hardware: from.hatype(),
            is_outgoing: from.pkttype() == libc::PACKET_OUTGOING,
            is_checksum_open: vnet[0] & 1 != 0, // VIRTIO_NET_HDR_F_NEEDS_CSUM
            cut_into: (vnet[1] != 0).then_some(size).filter(|size| *size > 0),
        })
    }
}

/// The time of one that has none.
fn now() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_nanos()).unwrap_or(0)
}

/// When it passed, in nanoseconds since 1970.
fn moment(message: &ControlMessageOwned) -> Option<u64> {
    let ControlMessageOwned::ScmTimestampns(stamp) = message else { return None };
    let (seconds, nanoseconds) = (u64::try_from(stamp.tv_sec()).ok()?, u64::try_from(stamp.tv_nsec()).ok()?);
    Some(seconds * 1_000_000_000 + nanoseconds)
}
