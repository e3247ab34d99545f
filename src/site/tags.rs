//! What is known of the content of large files: read once each, by one thread
//! behind the loops, and remembered by their versions.
//!
//! ```text
//!   asked for ─▶ waits ─▶ is read ─▶ known: (device, inode, ctime, size) ─▶ tag
//!                  ▲         │ nobody has asked for a second, or holds it open
//!                  └──────── put aside, closed; goes on where it was when asked again
//! ```
//!
//! The thread ends when nothing waits, so an idle server has none. A descriptor
//! is held no longer than another program could need the file. A forked child
//! would take what it knows with it: there files of some size are read at once,
//! which keeps nobody else waiting, and larger ones stay unknown.

use super::content::{Content, ContentReader};
use super::version::Version;
use crate::lock::lock;
use rustix::fs::fstat;
use std::collections::{HashMap, VecDeque};
use std::fs::File;
use std::os::unix::fs::FileExt;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// Contents that are remembered: at most twice this many, of some 100 bytes each.
const REMEMBERED: usize = 16 * 1024;
/// Files that may wait to be read, and that may be put aside unfinished.
const WAITING: usize = 32;
const PUT_ASIDE: usize = 16;
/// How much is read at a time.
const PIECE: usize = 256 * 1024;
/// How long a file is read on for a request, when nobody holds it open any more.
const WANTED: Duration = Duration::from_secs(1);
/// How often it is looked whether those that wait are still wanted.
const BETWEEN_LOOKS: Duration = Duration::from_millis(100);
/// Up to this size a forked child reads a file at once.
const AT_ONCE: u64 = 1024 * 1024;
/// How much the reader gives way to those that serve (nice(2)).
const GIVES_WAY: i32 = 10;

/// What is known of large files; shared by all who serve.
#[derive(Debug)]
pub(super) struct Tags {
    /// The process that can remember.
    process: u32,
    shared: Arc<SharedTags>,
}

#[derive(Debug, Default)]
struct SharedTags {
    known: Mutex<Known>,
    work: Mutex<Work>,
}

/// Contents by version, in two generations: when the younger is full it becomes
/// the older one, and what nobody has asked for since the last time is forgotten.
#[derive(Debug, Default)]
struct Known {
    younger: HashMap<Version, Content>,
    older: HashMap<Version, Content>,
}

#[derive(Debug, Default)]
struct Work {
    has_reader: bool,
    /// What is being read, and when it was last asked for.
    current: Option<(Version, Instant)>,
    waiting: VecDeque<Job>,
    /// Begun, and not wanted for now: without a descriptor.
    aside: VecDeque<(Version, ContentReader, u64)>,
}

/// A file to be read.
#[derive(Debug)]
struct Job {
    version: Version,
    file: Arc<File>,
    asked: Instant,
    reading: ContentReader,
    position: u64,
}

impl Tags {
    pub(super) fn new() -> Self {
        Self { process: std::process::id(), shared: Arc::default() }
    }

    /// What is known by now of the content of a file in this version, which must
    /// be settled: another event loop may have asked for it.
    pub(super) fn known(&self, version: &Version) -> Option<Content> {
        lock(&self.shared.known).get(version)
    }

    /// What is known of the content of `file`, in this version, which must be
    /// settled. What is not yet known will be.
    pub(super) fn of(&self, version: Version, file: &Arc<File>) -> Option<Content> {
        if let Some(content) = self.known(&version) {
            return Some(content);
        }
        if std::process::id() != self.process {
            return (version.size <= AT_ONCE).then(|| Job::new(version, file).read_on(|_| true)).flatten();
        }
        lock(&self.shared.work).ask(version, file);
        if !std::mem::replace(&mut lock(&self.shared.work).has_reader, true) {
            let shared = Arc::clone(&self.shared);
            let reader = std::thread::Builder::new().name("entity tags".into());
            if reader.spawn(move || shared.read_all()).is_err() {
                *lock(&self.shared.work) = Work::default(); // another request may have more luck
            }
        }
        None
    }
}

impl Known {
    fn get(&mut self, version: &Version) -> Option<Content> {
        if let Some(content) = self.younger.get(version) {
            return Some(*content);
        }
        let content = self.older.remove(version)?;
        self.put(*version, content);
        Some(content)
    }

    fn put(&mut self, version: Version, content: Content) {
        if self.younger.len() >= REMEMBERED {
            self.older = std::mem::take(&mut self.younger);
        }
        self.younger.insert(version, content);
    }
}

impl Work {
    fn ask(&mut self, version: Version, file: &Arc<File>) {
        let now = Instant::now();
        if let Some((current, asked)) = &mut self.current
            && *current == version
        {
            *asked = now;
        } else if let Some(job) = self.waiting.iter_mut().find(|job| job.version == version) {
            job.asked = now;
        } else if self.waiting.len() < WAITING {
            let mut job = Job::new(version, file);
            if let Some(index) = self.aside.iter().position(|(aside, ..)| *aside == version)
                && let Some((_, reading, position)) = self.aside.remove(index)
            {
                (job.reading, job.position) = (reading, position);
            }
            self.waiting.push_back(job);
        }
    }

    /// Lets go of those that wait and that nobody wants any more.
    fn prune(&mut self) {
        for job in std::mem::take(&mut self.waiting) {
            if is_wanted(&job.file, job.asked) { self.waiting.push_back(job) } else { self.put_aside(job) }
        }
    }

    fn put_aside(&mut self, job: Job) {
        if job.position > 0 {
            self.aside.truncate(PUT_ASIDE - 1);
            self.aside.push_front((job.version, job.reading, job.position));
        }
    }
}

impl SharedTags {
    /// The reader: one file after another, until none waits.
    fn read_all(&self) {
        // Where it can't give way, it doesn't.
        let _ = rustix::process::nice(GIVES_WAY);
        while let Some(mut job) = self.next() {
            let mut looked = Instant::now();
            let content = job.read_on(|file| {
                if looked.elapsed() < BETWEEN_LOOKS {
                    return true;
                }
                looked = Instant::now();
                let mut work = lock(&self.work);
                work.prune();
                work.current.is_some_and(|(_, asked)| is_wanted(file, asked))
            });
            match content {
                Some(content) => lock(&self.known).put(job.version, content),
                None => lock(&self.work).put_aside(job),
            }
        }
    }

    fn next(&self) -> Option<Job> {
        let mut work = lock(&self.work);
        let job = work.waiting.pop_front();
        work.current = job.as_ref().map(|job| (job.version, job.asked));
        work.has_reader = job.is_some();
        job
    }
}

impl Job {
    fn new(version: Version, file: &Arc<File>) -> Self {
        Self { version, file: Arc::clone(file), asked: Instant::now(), reading: ContentReader::default(), position: 0 }
    }

    /// Reads to the end, while it is wanted: the content, if the file is still
    /// in the version that was to be read.
    fn read_on(&mut self, mut is_wanted: impl FnMut(&Arc<File>) -> bool) -> Option<Content> {
        let mut piece = vec![0; PIECE];
        while self.position < self.version.size {
            if !is_wanted(&self.file) {
                return None;
            }
            match self.file.read_at(&mut piece, self.position) {
                Ok(count) if count > 0 => {
                    self.reading.go_on(&piece[..count]);
                    self.position += count as u64;
                }
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
                // It has changed, or can't be read: nothing that was read is of use.
                _ => {
                    self.position = 0;
                    return None;
                }
            }
        }
        let is_the_same = fstat(&self.file).is_ok_and(|state| Version::of(&state) == self.version);
        let is_whole = is_the_same && self.position == self.version.size;
        if !is_whole {
            self.position = 0;
        }
        is_whole.then(|| self.reading.end())
    }
}

/// Whether a file was asked for a moment ago, or is held open: a
/// download that is under way.
fn is_wanted(file: &Arc<File>, asked: Instant) -> bool {
    asked.elapsed() < WANTED || Arc::strong_count(file) > 1
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    /// A file of `size` bytes, in a version that is taken to be settled.
    fn file(size: usize) -> (Arc<File>, Version) {
        let mut file = tempfile::tempfile().expect("a file");
        file.write_all(&vec![b'x'; size]).expect("written");
        let version = Version::of(&fstat(&file).expect("a state"));
        (Arc::new(file), version)
    }

    #[test]
    fn what_is_read_in_pieces_and_put_aside_is_the_same_in_the_end() {
        let (file, version) = file(3 * PIECE + 7);
        let mut work = Work::default();
        work.ask(version, &file);
        for _ in 0..4 {
            let mut job = work.waiting.pop_front().expect("it waits");
            let mut pieces = 0;
            let content = job.read_on(|_| {
                pieces += 1;
                pieces <= 1
            });
            if let Some(content) = content {
                assert_eq!(content, Content::of(&vec![b'x'; 3 * PIECE + 7]));
                return;
            }
            work.put_aside(job);
            work.ask(version, &file);
        }
        panic!("it never ends");
    }

    #[test]
    fn what_changes_while_it_is_read_is_not_known() {
        let (file, version) = file(2 * PIECE);
        let mut job = Job::new(version, &file);
        assert_eq!(
            job.read_on(|file| {
                file.write_all_at(b"y", 0).expect("written");
                file.set_len(2 * PIECE as u64 + 1).expect("longer");
                true
            }),
            None
        );
    }

    #[test]
    fn what_waits_and_what_is_remembered_is_bounded() {
        let (file, version) = file(1);
        let numbered = |number: usize| Version { size: number as u64, ..version };
        let mut work = Work::default();
        (0..2 * WAITING).for_each(|number| work.ask(numbered(number), &file));
        assert_eq!(work.waiting.len(), WAITING);
        let mut known = Known::default();
        for number in 0..5 * REMEMBERED {
            known.put(numbered(number), Content::of(b""));
            assert!(known.get(&numbered(0)).is_some(), "what is asked for stays, {number}");
        }
        assert!(known.younger.len() + known.older.len() <= 2 * REMEMBERED);
        assert!(known.get(&numbered(1)).is_none());
    }
}
