//! A file system of our own, by the kernel's FUSE protocol (fuse(4)): some of
//! its names never respond. What is asked of them is kept without a response
//! until the file system ends.

use rustix::fs::{Mode, OFlags};
use rustix::mount::{MountFlags, UnmountFlags, mount, unmount};
use std::ffi::CString;
use std::os::fd::{AsRawFd, OwnedFd};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::thread::JoinHandle;

/// What a small file holds.
pub const CONTENT: &[u8] = b"from afar\n";
/// The length of `long`, of which every byte follows from its place.
pub const LONG: usize = 3 << 20;

/// Its names, with their node numbers; the root is 1. What a name says hangs.
const NAMES: [(&str, u64); 9] = [
    ("fine", 2),
    ("open", 3),
    ("read", 4),
    ("stat", 5),
    ("folder", 6),
    ("readdir", 7),
    ("long", 8),
    ("late", 9),            // its first megabyte can be read, the rest can't
    ("fleeting", FLEETING), // it is deleted as soon as somebody has opened it
];
const FLEETING: u64 = 10;
/// The length of `fleeting`: more than sockets hold.
pub const LONGER: usize = 24 << 20;
const ROOT: u64 = 1;
const FOLDERS: [u64; 3] = [ROOT, 6, 7];

/// Operations (linux/fuse.h).
const LOOKUP: u32 = 1;
const FORGET: u32 = 2;
const GETATTR: u32 = 3;
const OPEN: u32 = 14;
const READ: u32 = 15;
const RELEASE: u32 = 18;
const FLUSH: u32 = 25;
const INIT: u32 = 26;
const OPENDIR: u32 = 27;
const READDIR: u32 = 28;
const RELEASEDIR: u32 = 29;
const INTERRUPT: u32 = 36;
const DESTROY: u32 = 38;
const BATCH_FORGET: u32 = 42;
/// One look-up that hangs does not lock its folder.
const PARALLEL_DIROPS: u32 = 1 << 18;
const ENOENT: i32 = 2;
const ENOSYS: i32 = 38;

/// A mounted file system; it ends, and everything that hangs in it fails, when dropped.
pub struct HangingFileSystem {
    point: PathBuf,
    serving: Option<JoinHandle<()>>,
    pub fleeting: Arc<Fleeting>,
}

/// How often `fleeting` was opened and closed.
#[derive(Default)]
pub struct Fleeting {
    opened: AtomicUsize,
    closed: AtomicUsize,
}

impl Fleeting {
    fn is_deleted(&self) -> bool {
        self.opened.load(Relaxed) > 0
    }

    pub fn is_closed(&self) -> bool {
        self.is_deleted() && self.opened.load(Relaxed) == self.closed.load(Relaxed)
    }
}

impl HangingFileSystem {
    /// Mounts it at `point`, an empty folder; needs to be root.
    pub fn mount(point: &Path) -> Self {
        let device = rustix::fs::open("/dev/fuse", OFlags::RDWR | OFlags::CLOEXEC, Mode::empty()).expect("/dev/fuse");
        let options = format!("fd={},rootmode=40000,user_id=0,group_id=0,allow_other", device.as_raw_fd());
        let options = CString::new(options).expect("no NUL");
        mount("afar", point, "fuse.afar", MountFlags::NODEV, &*options).expect("a mount: this needs root");
        let device = Arc::new(device);
        let fleeting = Arc::<Fleeting>::default();
        let kept = Arc::clone(&fleeting);
        let serving = std::thread::spawn(move || serve(&device, &kept));
        Self { point: point.to_owned(), serving: Some(serving), fleeting }
    }
}

impl Drop for HangingFileSystem {
    fn drop(&mut self) {
        // Forced: what hangs fails now, and the device says that it is over.
        let _ = unmount(&self.point, UnmountFlags::FORCE | UnmountFlags::DETACH);
        let _ = self.serving.take().map(JoinHandle::join);
    }
}

/// What byte lies at this place of `long`, `late` and `fleeting`.
pub fn byte_at(position: usize) -> u8 {
    (position % 251) as u8
}

fn serve(device: &OwnedFd, fleeting: &Fleeting) {
    let mut request = vec![0; 1 << 20];
    loop {
        match rustix::io::read(device, &mut request) {
            Ok(length) => {
                let (unique, response) = respond(&request[..length], fleeting);
                let Some((error, data)) = response else { continue };
                let mut message = Vec::with_capacity(16 + data.len());
                message.extend((16 + data.len() as u32).to_ne_bytes());
                message.extend((-error).to_ne_bytes());
                message.extend(unique.to_ne_bytes());
                message.extend(data);
                // One that was interrupted is awaited no more.
                let _ = rustix::io::write(device, &message);
            }
            Err(rustix::io::Errno::INTR | rustix::io::Errno::NOENT) => {}
            Err(_) => return, // unmounted
        }
    }
}

/// The number of a request, and its response: an error and data; `None`: never.
fn respond(request: &[u8], fleeting: &Fleeting) -> (u64, Option<(i32, Vec<u8>)>) {
    let u32_at = |at: usize| u32::from_ne_bytes(request[at..at + 4].try_into().expect("4 bytes"));
    let u64_at = |at: usize| u64::from_ne_bytes(request[at..at + 8].try_into().expect("8 bytes"));
    let (operation, unique, node) = (u32_at(4), u64_at(8), u64_at(16));
    let ok = |data: Vec<u8>| Some((0, data));
    let response = match operation {
        INIT => ok(init(u32_at(48))),
        LOOKUP => {
            let name = &request[40..request.len() - 1];
            match NAMES.iter().find(|(known, _)| known.as_bytes() == name) {
                Some((_, 5)) => None,
                Some((_, FLEETING)) if fleeting.is_deleted() => Some((ENOENT, Vec::new())),
                Some((_, node)) => ok(entry(*node)),
                None => Some((ENOENT, Vec::new())),
            }
        }
        GETATTR if node == 5 => None,
        GETATTR => ok([&1_u64.to_ne_bytes()[..], &[0; 8], &attributes(node)].concat()),
        OPEN if node == 3 => None,
        OPEN if node == FLEETING => {
            fleeting.opened.fetch_add(1, Relaxed);
            ok(vec![0; 16])
        }
        RELEASE if node == FLEETING => {
            fleeting.closed.fetch_add(1, Relaxed);
            ok(Vec::new())
        }
        OPEN | OPENDIR => ok(vec![0; 16]),
        READ if node == 4 => None,
        READ => {
            let (offset, size) = (u64_at(48) as usize, u32_at(56) as usize);
            let end = length(node) as usize;
            let (from, to) = (offset.min(end), (offset + size).min(end));
            match node {
                9 if to > 1 << 20 => None,
                8 | 9 | FLEETING => ok((from..to).map(byte_at).collect()),
                _ => ok(CONTENT[from..to].to_vec()),
            }
        }
        READDIR if node == 7 => None,
        READDIR if u64_at(48) > 0 => ok(Vec::new()),
        READDIR if node == ROOT => ok(NAMES.iter().flat_map(|(name, node)| directory_entry(*node, name)).collect()),
        READDIR => ok(directory_entry(2, "fine")),
        RELEASE | RELEASEDIR | FLUSH | DESTROY => ok(Vec::new()),
        FORGET | BATCH_FORGET | INTERRUPT => None,
        _ => Some((ENOSYS, Vec::new())),
    };
    (unique, response)
}

/// `struct fuse_init_out` of version 7.31.
fn init(readahead: u32) -> Vec<u8> {
    let mut data: Vec<u8> =
        [7_u32, 31, readahead, PARALLEL_DIROPS].iter().flat_map(|field| field.to_ne_bytes()).collect();
    data.extend([0; 4]); // of requests in the background the usual number
    data.extend([128_u32 << 10, 1].iter().flat_map(|field| field.to_ne_bytes()));
    data.resize(64, 0);
    data
}

/// `struct fuse_entry_out`: node, generation, how long it holds.
fn entry(node: u64) -> Vec<u8> {
    let head: Vec<u8> = [node, 0, 1, 1, 0].iter().flat_map(|field| field.to_ne_bytes()).collect();
    [head, attributes(node)].concat()
}

fn length(node: u64) -> u64 {
    match node {
        8 | 9 => LONG as u64,
        FLEETING => LONGER as u64,
        _ => CONTENT.len() as u64,
    }
}

/// `struct fuse_attr`.
fn attributes(node: u64) -> Vec<u8> {
    let changed = 1_700_000_000;
    let numbers = [node, length(node), 0, changed, changed, changed];
    let mut data: Vec<u8> = numbers.iter().flat_map(|field| field.to_ne_bytes()).collect();
    let mode = if FOLDERS.contains(&node) { 0o040_755 } else { 0o100_644 };
    data.extend([0, 0, 0, mode, 1, 0, 0, 0, 4096, 0_u32].iter().flat_map(|field| field.to_ne_bytes()));
    data
}

/// `struct fuse_dirent`, of a kind that is not told.
fn directory_entry(node: u64, name: &str) -> Vec<u8> {
    let mut data: Vec<u8> = [node, 1].iter().flat_map(|field| field.to_ne_bytes()).collect();
    data.extend((name.len() as u32).to_ne_bytes());
    data.extend(0_u32.to_ne_bytes());
    data.extend(name.as_bytes());
    data.resize(data.len().next_multiple_of(8), 0);
    data
}
