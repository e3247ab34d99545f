//! Which mounts may hang: network file systems, and those that a process
//! serves (FUSE). What lies there is not touched by what serves others.
//!
//! A poll of /proc/self/mountinfo reports every change of the mounts
//! (proc_pid_mountinfo(5)). It is polled ten times a second at most, and only
//! while requests come that look for files.

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use std::ffi::OsString;
use std::fs::File;
use std::os::unix::ffi::OsStringExt;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How long mounts are taken to be what they were when the kernel was asked.
const UNSEEN: Duration = Duration::from_millis(100);
/// The most that is read of mountinfo, in bytes.
const LONGEST: usize = 4 << 20;

/// File systems whose storage is across a network or behind a process: the
/// types in the kernel's own tree, as mountinfo names them.
const MAY_HANG: [&str; 23] = [
    "9p",
    "acfs",
    "afs",
    "autofs",
    "beegfs",
    "ceph",
    "cifs",
    "coda",
    "fuse",
    "fuseblk",
    "gfs",
    "gfs2",
    "glusterfs",
    "gpfs",
    "lustre",
    "ncpfs",
    "nfs",
    "nfs4",
    "ocfs2",
    "smb3",
    "smbfs",
    "virtiofs",
    "vboxsf",
];

/// The mounts of this process, as they were a moment ago.
#[derive(Debug)]
pub(super) struct Mounts {
    /// That of the process that began: a sandbox lets it, and its children, read this one.
    path: PathBuf,
    /// Opened at the first look, so that a forked child has its own.
    mountinfo: Option<File>,
    looked: Option<Instant>,
    slow: Option<Arc<SlowMounts>>,
}

/// The mounts that may hang; at least one.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct SlowMounts {
    /// All mounts in the order in which they were made: of two at one place the later is seen.
    mounts: Vec<Mount>,
}

#[derive(Debug, PartialEq, Eq)]
struct Mount {
    id: u64,
    point: PathBuf,
    is_slow: bool,
}

impl Default for Mounts {
    fn default() -> Self {
        let process = std::fs::read_link("/proc/self").unwrap_or_else(|_| "self".into());
        let path = Path::new("/proc").join(process).join("mountinfo");
        Self { path, mountinfo: None, looked: None, slow: None }
    }
}

impl Mounts {
    /// Looks again, if the last look was too long ago: whether those that may
    /// hang are others now.
    pub(super) fn look(&mut self, now: Instant) -> bool {
        if self.looked.is_some_and(|looked| now - looked < UNSEEN) {
            return false;
        }
        self.looked = Some(now);
        if !self.has_changed() {
            return false;
        }
        let slow = self.read().and_then(|mountinfo| SlowMounts::of(&mountinfo)).map(Arc::new);
        let is_other = slow != self.slow;
        self.slow = slow;
        is_other
    }

    /// Those that may hang, if there is any.
    pub(super) fn slow(&self) -> Option<Arc<SlowMounts>> {
        self.slow.clone()
    }

    /// Whether there may be something new; also where nothing can be known.
    fn has_changed(&mut self) -> bool {
        let Some(mountinfo) = &self.mountinfo else {
            self.mountinfo = File::open(&self.path).ok();
            return true;
        };
        let mut fds = [PollFd::new(mountinfo, PollFlags::PRI)];
        let changed = poll(&mut fds, Some(&Timespec { tv_sec: 0, tv_nsec: 0 }));
        changed.is_err() || fds[0].revents().intersects(PollFlags::PRI | PollFlags::ERR)
    }

    fn read(&self) -> Option<Vec<u8>> {
        let mountinfo = self.mountinfo.as_ref()?;
        let mut text = vec![0; 4 << 10];
        let mut length = 0;
        loop {
            match mountinfo.read_at(&mut text[length..], length as u64) {
                Ok(0) | Err(_) => break,
                Ok(count) => length += count,
            }
            if length == text.len() {
                if length >= LONGEST {
                    break;
                }
                text.resize(2 * length, 0);
            }
        }
        text.truncate(length);
        Some(text)
    }
}

impl SlowMounts {
    /// Reads mountinfo; `None`: no mount may hang.
    fn of(mountinfo: &[u8]) -> Option<Self> {
        let mounts: Vec<Mount> = mountinfo.split(|&byte| byte == b'\n').filter_map(Mount::of).collect();
        mounts.iter().any(|mount| mount.is_slow).then_some(Self { mounts })
    }

    /// The mount on which `path` lies, if it may hang: by the path's text, which
    /// knows nothing of links.
    pub(super) fn at(&self, path: &Path) -> Option<u64> {
        // Of several the innermost, and of those the last.
        let around = self.mounts.iter().filter(|mount| path.starts_with(&mount.point));
        let mount = around.max_by_key(|mount| mount.point.as_os_str().len())?;
        mount.is_slow.then_some(mount.id)
    }

    /// Whether one of them lies beneath `folder`.
    pub(super) fn lie_beneath(&self, folder: &Path) -> bool {
        self.mounts.iter().any(|mount| mount.is_slow && mount.point.starts_with(folder))
    }
}

impl Mount {
    /// A line: `id parent dev root point options [tags…] - type source options`.
    fn of(line: &[u8]) -> Option<Self> {
        let mut fields = line.split(|&byte| byte == b' ');
        let id = std::str::from_utf8(fields.next()?).ok()?.parse().ok()?;
        let point = PathBuf::from(OsString::from_vec(unescaped(fields.nth(3)?)));
        let mut fields = fields.skip_while(|field| *field != b"-");
        let kind = std::str::from_utf8(fields.nth(1)?).ok()?;
        let is_slow = MAY_HANG.contains(&kind) || kind.starts_with("fuse.") || kind.starts_with("nfs");
        Some(Self { id, point, is_slow })
    }
}

/// A path as the kernel writes it: space, tab, newline and backslash as `\ooo`.
fn unescaped(field: &[u8]) -> Vec<u8> {
    let mut path = Vec::with_capacity(field.len());
    let mut rest = field;
    while let [first, after @ ..] = rest {
        let digits = after.get(..3).and_then(|digits| std::str::from_utf8(digits).ok());
        let byte = digits.filter(|_| *first == b'\\').and_then(|digits| u8::from_str_radix(digits, 8).ok());
        path.push(byte.unwrap_or(*first));
        rest = if byte.is_some() { &after[3..] } else { after };
    }
    path
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOCAL: &str = "22 27 0:21 / /proc rw,relatime - proc proc rw\n27 1 254:0 / / rw - ext4 /dev/vda rw\n";

    fn slow(more: &str) -> Option<SlowMounts> {
        SlowMounts::of(format!("{LOCAL}{more}").as_bytes())
    }

    #[test]
    fn local_mounts_are_none_that_may_hang() {
        assert_eq!(
            slow("40 27 0:30 / /srv rw shared:1 - overlay overlay rw\n41 27 0:3 / /t rw - tmpfs fuse rw\n"),
            None
        );
        assert_eq!(SlowMounts::of(b""), None);
        assert_eq!(SlowMounts::of(b"torn 1 2\n\n- - -\n"), None);
    }

    #[test]
    fn what_lies_on_one_is_told_by_its_path() {
        let mounts = slow(
            "50 27 0:40 / /srv/net\\040work rw shared:7 master:2 - nfs4 server:/a rw\n\
             51 50 0:41 / /srv/net\\040work/local rw - tmpfs tmpfs rw\n\
             52 27 0:42 / /mnt rw - fuse.sshfs a:/ rw\n53 27 0:43 / /mnt rw - ext4 /dev/b rw\n",
        )
        .expect("two");
        for (path, expected) in [
            ("/srv", None),
            ("/srv/net work", Some(50)),
            ("/srv/net work/a/b", Some(50)),
            ("/srv/net workshop", None),
            ("/srv/net work/local/a", None),
            ("/mnt/a", None), // another was mounted over it
            ("/", None),
        ] {
            assert_eq!(mounts.at(Path::new(path)), expected, "{path}");
        }
        assert!(mounts.lie_beneath(Path::new("/srv")) && mounts.lie_beneath(Path::new("/")));
        assert!(!mounts.lie_beneath(Path::new("/srv/net work/local")));
    }

    #[test]
    fn each_kind_of_far_storage_is_known() {
        for kind in
            ["nfs", "nfs4", "cifs", "smb3", "9p", "ceph", "afs", "fuse", "fuseblk", "fuse.glusterfs", "virtiofs"]
        {
            let mounts = slow(&format!("60 27 0:50 / /x rw - {kind} source rw\n"));
            assert!(mounts.is_some_and(|mounts| mounts.at(Path::new("/x/y")) == Some(60)), "{kind}");
        }
    }

    #[test]
    fn this_systems_mounts_can_be_read() {
        let mut seen = Mounts::default();
        assert!(seen.has_changed());
        let text = seen.read().expect("/proc/self/mountinfo");
        assert!(text.split(|&byte| byte == b'\n').filter_map(Mount::of).any(|mount| mount.point == Path::new("/")));
        seen.read(); // a second time, from the beginning
    }
}
