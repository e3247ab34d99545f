//! Frames as they pass this machine's interfaces: AF_PACKET, see packet(7). They
//! are read from a ring that the kernel shares, so that a burst waits there.

use super::device_socket;
use rustix::mm::{MapFlags, ProtFlags, mmap, munmap};
use socket2::{Domain, SockFilter, Socket, Type};
use std::ffi::c_void;
use std::fmt;
use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd};
use std::ptr::{NonNull, null_mut};
use std::sync::atomic::{AtomicU32, Ordering};

/// Ports that one filter looks for, at most.
const MOST_PORTS: usize = 64;
/// A block of the ring; it is handed over when full, or after [`RETIRE`]: many small ones outlast
/// a reader that is not scheduled for a while. The longest frame has room.
const BLOCK: usize = 128 * 1024;
/// After how many milliseconds a block that is not full is handed over.
const RETIRE: u32 = 4;
/// `struct virtio_net_hdr`, which lies right before each frame.
const VNET_HEADER: usize = 10;

/// Which interfaces are listened to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Interfaces {
    /// Loopback, of this index: each frame once, as it comes in.
    Loopback(u32),
    /// All but loopback, of this index: frames as they come in and go out.
    Others(u32),
}

/// What the kernel counted since it was last asked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Statistics {
    /// Frames that were meant, those without room among them.
    pub(crate) seen: u32,
    /// Frames that found no room in the ring.
    pub(crate) dropped: u32,
}

/// A frame in the ring.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Frame<'a> {
    /// When it passed: nanoseconds since 1970.
    pub(crate) at: u64,
    /// How long it was.
    pub(crate) length: u32,
    /// Its beginning.
    pub(crate) bytes: &'a [u8],
    /// The interface's index.
    pub(crate) interface: u32,
    /// The interface's kind (ARPHRD_…).
    pub(crate) hardware: u16,
    /// Whether it was on its way out.
    pub(crate) is_outgoing: bool,
    /// Whether its transport checksum was still to be computed by the interface.
    pub(crate) is_checksum_open: bool,
    /// If it was handed over at once for the interface to cut: how much data each segment gets.
    pub(crate) cut_into: Option<u16>,
}

/// Which frames a socket hears: it can be changed while another thread reads them.
#[derive(Debug)]
pub(crate) struct Filter {
    socket: Socket,
    interfaces: Interfaces,
    snap: u32,
}

/// A socket that hears frames of TCP from and to some ports.
pub(crate) struct PacketSocket {
    socket: Socket,
    interfaces: Interfaces,
    snap: u32,
    ring: NonNull<c_void>,
    blocks: usize,
    next: usize,
}

// SAFETY: the ring belongs to the socket alone, whoever has it.
unsafe impl Send for PacketSocket {}

impl fmt::Debug for PacketSocket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PacketSocket").field("socket", &self.socket).finish_non_exhaustive()
    }
}

impl PacketSocket {
    /// Hears frames from and to `ports`, `snap` bytes of each, in a ring of so many blocks.
    ///
    /// # Errors
    /// EPERM without CAP_NET_RAW; ENOMEM where the ring finds no room.
    pub(crate) fn open(interfaces: Interfaces, ports: &[u16], snap: u32, blocks: usize) -> io::Result<Self> {
        // Protocol 0 hears nothing before bind(2): no frame passes the filter by.
        let socket = Socket::new(Domain::PACKET, Type::RAW, Some(0.into()))?;
        socket.set_nonblocking(true)?;
        socket.attach_filter(&filter(interfaces, ports, snap))?;
        if matches!(interfaces, Interfaces::Loopback(_)) {
            set(&socket, libc::PACKET_IGNORE_OUTGOING, &1_i32)?;
        }
        set(&socket, libc::PACKET_VNET_HDR, &1_i32)?;
        set(&socket, libc::PACKET_VERSION, &(libc::tpacket_versions::TPACKET_V3 as i32))?;
        let request = libc::tpacket_req3 {
            tp_block_size: BLOCK as u32,
            tp_block_nr: blocks as u32,
            tp_frame_size: 2048,
            tp_frame_nr: (BLOCK / 2048 * blocks) as u32,
            tp_retire_blk_tov: RETIRE,
            tp_sizeof_priv: 0,
            tp_feature_req_word: 0,
        };
        set(&socket, libc::PACKET_RX_RING, &request)?;
        // SAFETY: a new mapping, of the ring's whole length, at an address of the kernel's choice.
        let ring = unsafe {
            mmap(null_mut(), BLOCK * blocks, ProtFlags::READ | ProtFlags::WRITE, MapFlags::SHARED, &socket, 0)?
        };
        let ring = NonNull::new(ring).ok_or(io::ErrorKind::OutOfMemory)?;
        let open = Self { socket, interfaces, snap, ring, blocks, next: 0 };
        let index = match interfaces {
            Interfaces::Loopback(index) => index,
            Interfaces::Others(_) => 0,
        };
        device_socket::bind(&open.socket, index)?;
        Ok(open)
    }

    /// Hands over the frames of every block that is ready; gives how many there were.
    pub(crate) fn read(&mut self, mut take: impl FnMut(Frame<'_>)) -> usize {
        let mut count = 0;
        for _ in 0..self.blocks {
            // SAFETY: `next` is below `blocks`: the block lies in the mapping.
            let block = unsafe { self.ring.as_ptr().cast::<u8>().add(self.next * BLOCK) };
            // SAFETY: the status is a u32 at offset 8 of each block, aligned as the mapping is; the
            // kernel and we change it only as a whole.
            let status = unsafe { AtomicU32::from_ptr(block.add(STATUS).cast()) };
            if status.load(Ordering::Acquire) & libc::TP_STATUS_USER == 0 {
                break;
            }
            // SAFETY: the status says that the block is ours until we give it back: nobody writes to it.
            let bytes = unsafe { std::slice::from_raw_parts(block, BLOCK) };
            count += frames(bytes).map(&mut take).count();
            status.store(libc::TP_STATUS_KERNEL, Ordering::Release);
            self.next = (self.next + 1) % self.blocks;
        }
        count
    }

    /// What was counted since this was last asked.
    pub(crate) fn statistics(&self) -> Statistics {
        let mut counted = [0_u32; 3]; // struct tpacket_stats_v3: packets, drops, freezes
        let mut length = size_of_val(&counted) as libc::socklen_t;
        // SAFETY: the descriptor is open, and the kernel writes at most `length` bytes.
        let result = unsafe {
            libc::getsockopt(
                self.socket.as_raw_fd(),
                libc::SOL_PACKET,
                libc::PACKET_STATISTICS,
                counted.as_mut_ptr().cast(),
                &raw mut length,
            )
        };
        let [seen, dropped, _] = if result == 0 { counted } else { [0; 3] };
        Statistics { seen, dropped }
    }

    /// What decides which frames it hears, for another thread.
    pub(crate) fn filter(&self) -> io::Result<Filter> {
        Ok(Filter { socket: self.socket.try_clone()?, interfaces: self.interfaces, snap: self.snap })
    }
}

impl Filter {
    /// From now on only frames from and to these ports are heard.
    pub(crate) fn only(&self, ports: &[u16]) -> io::Result<()> {
        self.socket.attach_filter(&filter(self.interfaces, ports, self.snap))
    }
}

impl AsFd for PacketSocket {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }
}

impl Drop for PacketSocket {
    fn drop(&mut self) {
        // SAFETY: the mapping is ours, and nothing that was read from it is borrowed any more.
        let _ = unsafe { munmap(self.ring.as_ptr(), BLOCK * self.blocks) };
    }
}

fn set<T>(socket: &Socket, option: libc::c_int, value: &T) -> io::Result<()> {
    // SAFETY: the descriptor is open, and the value is as long as is said.
    let result = unsafe {
        libc::setsockopt(
            socket.as_raw_fd(),
            libc::SOL_PACKET,
            option,
            std::ptr::from_ref(value).cast(),
            size_of::<T>() as libc::socklen_t,
        )
    };
    if result == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}

/// Where a block says whose it is: `struct tpacket_block_desc`.
const STATUS: usize = 8;
const COUNT: usize = 12;
const FIRST: usize = 16;

/// The frames of a block: `struct tpacket3_hdr`, then `struct sockaddr_ll`.
fn frames(block: &[u8]) -> impl Iterator<Item = Frame<'_>> {
    let count = u32_at(block, COUNT).unwrap_or(0);
    let mut start = u32_at(block, FIRST).unwrap_or(0) as usize;
    (0..count).map_while(move |_| {
        let header = block.get(start..)?;
        start += u32_at(header, 0)? as usize;
        frame(header)
    })
}

fn frame(header: &[u8]) -> Option<Frame<'_>> {
    const ADDRESS: usize = 48;
    let (captured, mac) = (u32_at(header, 12)? as usize, usize::from(u16_at(header, 24)?));
    let vnet = header.get(mac.checked_sub(VNET_HEADER)?..mac)?;
    let (flags, kind, size) = (vnet[0], vnet[1], u16_at(vnet, 4)?);
    Some(Frame {
        at: u64::from(u32_at(header, 4)?) * 1_000_000_000 + u64::from(u32_at(header, 8)?),
        length: u32_at(header, 16)?,
        bytes: header.get(mac..mac + captured)?,
        interface: u32_at(header, ADDRESS + 4)?,
        hardware: u16_at(header, ADDRESS + 8)?,
        is_outgoing: *header.get(ADDRESS + 10)? == libc::PACKET_OUTGOING,
        is_checksum_open: flags & 1 != 0, // VIRTIO_NET_HDR_F_NEEDS_CSUM
        cut_into: (kind != 0).then_some(size).filter(|size| *size > 0),
    })
}

fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    bytes.get(at..at + 4)?.try_into().ok().map(u32::from_ne_bytes)
}

fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    bytes.get(at..at + 2)?.try_into().ok().map(u16::from_ne_bytes)
}

const LOAD_WORD: u16 = 0x20; // ld [k]
const LOAD_HALF: u16 = 0x28; // ldh [k]
const LOAD_BYTE: u16 = 0x30; // ldb [k]
const LOAD_HALF_AT_X: u16 = 0x48; // ldh [x + k]
const X_FROM_HEADER: u16 = 0xb1; // ldxb 4*([k]&0xf)
const JUMP: u16 = 0x05; // ja k
const IF_EQUAL: u16 = 0x15;
const IF_SET: u16 = 0x45;
const RET: u16 = 0x06;

/// What the kernel keeps beside a frame, and its network header, whatever the link's is.
const BESIDE: u32 = libc::SKF_AD_OFF.cast_unsigned();
const NET: u32 = libc::SKF_NET_OFF.cast_unsigned();

/// Classic BPF: TCP over IPv4 or IPv6 from or to `ports`. An IPv6 packet with
/// extension headers passes: who reads it looks again.
fn filter(interfaces: Interfaces, ports: &[u16], snap: u32) -> Vec<SockFilter> {
    let step = SockFilter::new;
    let ports = || ports.iter().take(MOST_PORTS).flat_map(|port| accept_if(u32::from(*port), snap));
    let mut program = Vec::new();
    if let Interfaces::Others(loopback) = interfaces {
        program.push(step(LOAD_WORD, 0, 0, BESIDE.wrapping_add(libc::SKF_AD_IFINDEX.cast_unsigned())));
        program.extend([step(IF_EQUAL, 0, 1, loopback), step(RET, 0, 0, 0)]);
    }
    let by_ports = |loads: [SockFilter; 2]| {
        let [source, destination] = loads;
        let mut steps = vec![source];
        steps.extend(ports());
        steps.push(destination);
        steps.extend(ports());
        steps.push(step(RET, 0, 0, 0));
        steps
    };
    let mut version_4 = vec![
        step(LOAD_BYTE, 0, 0, NET + 9),
        step(IF_EQUAL, 1, 0, 6),
        step(RET, 0, 0, 0),
        step(LOAD_HALF, 0, 0, NET + 6),
        step(IF_SET, 0, 1, 0x1fff), // a later fragment has no ports
        step(RET, 0, 0, 0),
        step(X_FROM_HEADER, 0, 0, NET),
    ];
    version_4.extend(by_ports([step(LOAD_HALF_AT_X, 0, 0, NET), step(LOAD_HALF_AT_X, 0, 0, NET + 2)]));
    let mut version_6 = vec![step(LOAD_BYTE, 0, 0, NET + 6)];
    for extension in [0, 43, 60] {
        version_6.extend(accept_if(extension, snap));
    }
    version_6.extend([step(IF_EQUAL, 1, 0, 6), step(RET, 0, 0, 0)]);
    version_6.extend(by_ports([step(LOAD_HALF, 0, 0, NET + 40), step(LOAD_HALF, 0, 0, NET + 42)]));

    program.push(step(LOAD_HALF, 0, 0, BESIDE.wrapping_add(libc::SKF_AD_PROTOCOL.cast_unsigned())));
    program.push(step(IF_EQUAL, 0, 1, libc::ETH_P_IP as u32));
    program.push(step(JUMP, 0, 0, 2 + version_6.len() as u32)); // IPv4 lies behind IPv6
    program.push(step(IF_EQUAL, 1, 0, libc::ETH_P_IPV6 as u32));
    program.push(step(RET, 0, 0, 0));
    program.extend(version_6);
    program.extend(version_4);
    program
}

fn accept_if(value: u32, snap: u32) -> [SockFilter; 2] {
    [SockFilter::new(IF_EQUAL, 0, 1, value), SockFilter::new(RET, 0, 0, snap)]
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
        let mut socket = PacketSocket::open(Interfaces::Loopback(loopback), &ports, 128, 2).expect("CAP_NET_RAW");
        let clients = [0, 1, 2]
            .map(|index| TcpStream::connect(listeners[index].local_addr().expect("bound")).expect("connected"));
        drop(clients);
        let mut lengths = Vec::new();
        while lengths.len() < 8 {
            let timeout = Timespec { tv_sec: 5, tv_nsec: 0 };
            assert_eq!(poll(&mut [PollFd::new(&socket, PollFlags::IN)], Some(&timeout)), Ok(1));
            socket.read(|frame| {
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
