//! Frames as they pass this machine's interfaces: AF_PACKET, see packet(7).

use super::device_socket;
pub(crate) use super::packet_filter::Interfaces;
use super::packet_filter::filter;
pub(crate) use super::packet_frame::Frame;
use super::packet_queue::Queue;
pub(crate) use super::packet_ring::Shape;
use super::packet_ring::{Ring, option};
use rustix::net::{AddressFamily, SendAncillaryBuffer, SendAncillaryMessage, SendFlags, SocketFlags, SocketType};
use rustix::net::{sendmsg, socketpair};
use socket2::{Domain, Socket, Type};
use std::fmt;
use std::io::{self, IoSlice};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd};
use std::sync::Arc;

/// What the kernel counted since it was last asked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Statistics {
    /// Frames that were meant, those without room among them.
    pub(crate) seen: u32,
    /// Frames that found no room in the ring.
    pub(crate) dropped: u32,
}

/// Where frames wait until they are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wait {
    /// In a ring.
    InRing(Shape),
    /// In the socket's queue; where that may not be long, in such a ring.
    InQueueOrRing(Shape),
}

/// Which frames a socket hears: it can be changed while another thread reads them.
#[derive(Debug)]
pub(crate) struct Filter {
    socket: Arc<Open>,
    interfaces: Interfaces,
    snap: u32,
}

/// A socket that hears frames of TCP from and to some ports.
pub(crate) struct PacketSocket {
    /// Let go of before the socket is.
    waiting: Waiting,
    socket: Arc<Open>,
    interfaces: Interfaces,
    snap: u32,
    /// Frames that had room, as far as the kernel was asked, and those that were handed over.
    counted: u64,
    handed_over: u64,
}

enum Waiting {
    Ring(Ring),
    Queue(Queue),
}

impl fmt::Debug for PacketSocket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PacketSocket").field("socket", &self.socket).finish_non_exhaustive()
    }
}

impl PacketSocket {
    /// Hears frames from and to `ports`, `snap` bytes of each.
    ///
    /// # Errors
    /// EPERM without CAP_NET_RAW; ENOMEM where a ring finds no room.
    pub(crate) fn open(interfaces: Interfaces, ports: &[u16], snap: u32, wait: Wait) -> io::Result<Self> {
        // Protocol 0 hears nothing before bind(2): no frame passes the filter by.
        let socket = Open(Socket::new(Domain::PACKET, Type::RAW, Some(0.into()))?);
        socket.0.set_nonblocking(true)?;
        socket.0.attach_filter(&filter(interfaces, ports, snap))?;
        if matches!(interfaces, Interfaces::Loopback(_)) {
            option(&socket.0, libc::PACKET_IGNORE_OUTGOING, &1_i32)?;
        }
        option(&socket.0, libc::PACKET_VNET_HDR, &1_i32)?;
        let waiting = match wait {
            Wait::InRing(shape) => Waiting::Ring(Ring::of(&socket.0, shape)?),
            Wait::InQueueOrRing(shape) => match Queue::of(&socket.0, snap) {
                Ok(queue) => Waiting::Queue(queue),
                Err(_) => Waiting::Ring(Ring::of(&socket.0, shape)?),
            },
        };
        let index = match interfaces {
            Interfaces::Loopback(index) => index,
            Interfaces::Others(_) | Interfaces::All(_) => 0,
        };
        device_socket::bind(&socket.0, index)?;
        Ok(Self { waiting, socket: Arc::new(socket), interfaces, snap, counted: 0, handed_over: 0 })
    }

    /// Hands over frames that are ready, about `most` of them; gives how many there were.
    pub(crate) fn read(&mut self, most: usize, take: impl FnMut(Frame<'_>)) -> usize {
        let count = match &mut self.waiting {
            Waiting::Ring(ring) => ring.read(most, take),
            Waiting::Queue(queue) => queue.read(&self.socket.0, most, take),
        };
        self.handed_over += count as u64;
        count
    }

    /// How many frames with room had passed when the kernel was last asked; how many of them, or later
    /// ones, were handed over. A block that is not full keeps some for a while.
    pub(crate) fn progress(&self) -> (u64, u64) {
        (self.counted, self.handed_over)
    }

    /// How many frames wait, as far as the kernel was asked.
    pub(crate) fn waiting(&self) -> u64 {
        self.counted.saturating_sub(self.handed_over)
    }

    /// Whether a frame is ready as soon as it has passed.
    pub(crate) fn is_prompt(&self) -> bool {
        matches!(self.waiting, Waiting::Queue(_))
    }

    /// What was counted since this was last asked.
    pub(crate) fn statistics(&mut self) -> Statistics {
        let mut counted = [0_u32; 3]; // struct tpacket_stats_v3: packets, drops, and freezes of a ring
        let mut length = size_of_val(&counted) as libc::socklen_t;
        // SAFETY: the descriptor is open, and the kernel writes at most `length` bytes.
        let result = unsafe {
            libc::getsockopt(
                self.socket.0.as_raw_fd(),
                libc::SOL_PACKET,
                libc::PACKET_STATISTICS,
                counted.as_mut_ptr().cast(),
                &raw mut length,
            )
        };
        let [seen, dropped, _] = if result == 0 { counted } else { [0; 3] };
        self.counted += u64::from(seen.saturating_sub(dropped));
        Statistics { seen, dropped }
    }

    /// What decides which frames it hears, for another thread.
    pub(crate) fn filter(&self) -> Filter {
        Filter { socket: Arc::clone(&self.socket), interfaces: self.interfaces, snap: self.snap }
    }
}

impl Filter {
    /// From now on only frames from and to these ports are heard.
    pub(crate) fn only(&self, ports: &[u16]) -> io::Result<()> {
        self.socket.0.attach_filter(&filter(self.interfaces, ports, self.snap))
    }
}

impl AsFd for PacketSocket {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.0.as_fd()
    }
}

/// The socket, until the last who has it lets go of it.
#[derive(Debug)]
struct Open(Socket);

impl Drop for Open {
    /// Closing it takes the kernel some ten milliseconds, because it waits until no processor can be
    /// using it. Nobody needs to wait for that: see [`leave_to_the_kernel`].
    fn drop(&mut self) {
        // Where that fails, it is closed here.
        let _ = leave_to_the_kernel(&self.0);
    }
}

/// Sends `socket` through a pair of sockets that is sent along, so that no process has it any more: such a circle
/// is closed by a thread of the kernel (unix(7), SCM_RIGHTS; before Linux 6.10, here and now).
fn leave_to_the_kernel(socket: &Socket) -> io::Result<()> {
    let (sender, receiver) = socketpair(AddressFamily::UNIX, SocketType::DGRAM, SocketFlags::CLOEXEC, None)?;
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(2))];
    let mut rights = SendAncillaryBuffer::new(&mut space);
    let sent = [socket.as_fd(), receiver.as_fd()];
    rights.push(SendAncillaryMessage::ScmRights(&sent));
    sendmsg(&sender, &[IoSlice::new(&[0])], &mut rights, SendFlags::DONTWAIT)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use rustix::event::{PollFd, PollFlags, Timespec, poll};
    use std::net::{TcpListener, TcpStream};

    #[test]
    #[ignore = "needs CAP_NET_RAW"]
    fn each_frame_on_loopback_is_heard_once_and_none_of_other_ports() {
        let listeners =
            ["127.0.0.1:0", "[::1]:0", "127.0.0.1:0"].map(|address| TcpListener::bind(address).expect("a port"));
        let port = |index: usize| listeners[index].local_addr().expect("bound").port();
        let loopback = nix::net::if_::if_nametoindex("lo").expect("lo");
        let ports = [port(0), port(1)];
        const SHAPE: Shape = Shape { block: 16 * 1024, blocks: 2, retire: 4 };
        let mut socket =
            PacketSocket::open(Interfaces::Loopback(loopback), &ports, 128, Wait::InRing(SHAPE)).expect("CAP_NET_RAW");
        let clients = [0, 1, 2]
            .map(|index| TcpStream::connect(listeners[index].local_addr().expect("bound")).expect("connected"));
        drop(clients);
        let mut lengths = Vec::new();
        while lengths.len() < 8 {
            let timeout = Timespec { tv_sec: 5, tv_nsec: 0 };
            assert_eq!(poll(&mut [PollFd::new(&socket, PollFlags::IN)], Some(&timeout)), Ok(1));
            socket.read(usize::MAX, |frame| {
                assert!(!frame.is_outgoing && frame.is_checksum_open && frame.interface == loopback);
                assert_eq!(frame.hardware, libc::ARPHRD_LOOPBACK);
                lengths.push(frame.length);
            });
        }
        // SYN, SYN+ACK, ACK, FIN, of each of the two; the FIN's ACK may be late.
        assert_eq!(lengths.iter().filter(|length| **length == 74).count(), 2, "{lengths:?}");
        assert_eq!(lengths.iter().filter(|length| **length == 94).count(), 2, "{lengths:?}");
        assert_eq!(socket.statistics().dropped, 0);
    }
}
