//! A packet socket's frames in a ring that the kernel shares (TPACKET_V3), so that
//! a burst waits there. To set one up, and to let go of it, takes the kernel some
//! tens of milliseconds each: until no processor can be using the socket as it was.

use super::packet_frame::Frame;
use rustix::mm::{MapFlags, ProtFlags, mmap, munmap};
use std::ffi::c_void;
use std::io;
use std::os::fd::{AsFd, AsRawFd};
use std::ptr::{NonNull, null_mut};
use std::sync::atomic::{AtomicU32, Ordering};

/// How a ring is laid out. A block is handed over when it is full, or after `retire` with what little it
/// has: few frames that come slowly take as many blocks as a burst does. A reader that is not scheduled
/// is outlasted for `blocks` times `retire`, or as many bytes as they hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Shape {
    /// Bytes of a block, a power of two of pages; frames lie whole in one, and have room for several.
    pub(crate) block: usize,
    /// How many blocks there are.
    pub(crate) blocks: usize,
    /// After how many milliseconds a block that is not full is handed over.
    pub(crate) retire: u32,
}

/// `struct virtio_net_hdr`, which lies right before each frame.
const VNET_HEADER: usize = 10;

/// The ring of a socket.
pub(super) struct Ring {
    start: NonNull<c_void>,
    shape: Shape,
    next: usize,
}

// SAFETY: the mapping belongs to the ring alone, in any thread.
unsafe impl Send for Ring {}

impl Ring {
    /// A ring for `socket`, which hears nothing yet.
    ///
    /// # Errors
    /// ENOMEM where it finds no room.
    pub(super) fn of(socket: &(impl AsFd + AsRawFd), shape: Shape) -> io::Result<Self> {
        let Shape { block, blocks, retire } = shape;
        option(socket, libc::PACKET_VERSION, &(libc::tpacket_versions::TPACKET_V3 as i32))?;
        let request = libc::tpacket_req3 {
            tp_block_size: block as u32,
            tp_block_nr: blocks as u32,
            tp_frame_size: 2048,
            tp_frame_nr: (block / 2048 * blocks) as u32,
            tp_retire_blk_tov: retire,
            tp_sizeof_priv: 0,
            tp_feature_req_word: 0,
        };
        option(socket, libc::PACKET_RX_RING, &request)?;
        // SAFETY: a new mapping, of the ring's whole length, at an address of the kernel's choice.
        let start = unsafe {
            mmap(null_mut(), block * blocks, ProtFlags::READ | ProtFlags::WRITE, MapFlags::SHARED, socket, 0)?
        };
        Ok(Self { start: NonNull::new(start).ok_or(io::ErrorKind::OutOfMemory)?, shape, next: 0 })
    }

    /// Hands over the frames of the blocks that are ready, until there were `most`, or some more of the
    /// last block; gives how many there were.
    pub(super) fn read(&mut self, most: usize, mut take: impl FnMut(Frame<'_>)) -> usize {
        let mut count = 0;
        for _ in 0..self.shape.blocks {
            // SAFETY: `next` is below `blocks`: the block lies in the mapping.
            let block = unsafe { self.start.as_ptr().cast::<u8>().add(self.next * self.shape.block) };
            // SAFETY: the status is a u32 at offset 8 of each block, aligned as the mapping is; the
            // kernel and we change it only as a whole.
            let status = unsafe { AtomicU32::from_ptr(block.add(STATUS).cast()) };
            if count >= most || status.load(Ordering::Acquire) & libc::TP_STATUS_USER == 0 {
                break;
            }
            // SAFETY: the status says that the block is ours until we give it back: nobody writes to it.
            let bytes = unsafe { std::slice::from_raw_parts(block, self.shape.block) };
            frames(bytes).for_each(&mut take);
            count += u32_at(bytes, COUNT).unwrap_or(0) as usize;
            status.store(libc::TP_STATUS_KERNEL, Ordering::Release);
            self.next = (self.next + 1) % self.shape.blocks;
        }
        count
    }
}

impl Drop for Ring {
    fn drop(&mut self) {
        // SAFETY: the mapping is ours, and nothing that was read from it is borrowed any more.
        let _ = unsafe { munmap(self.start.as_ptr(), self.shape.block * self.shape.blocks) };
    }
}

/// Sets an option of packet(7).
pub(super) fn option<T>(socket: &impl AsRawFd, option: libc::c_int, value: &T) -> io::Result<()> {
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
