//! Numbers that a process and its forked children count together: mmap(2), MAP_SHARED.

use rustix::mm::{MapFlags, ProtFlags, mmap_anonymous, munmap};
use std::io;
use std::ops::Deref;
use std::ptr::{self, NonNull};
use std::sync::atomic::AtomicU64;

/// `N` numbers, 0 at first.
#[derive(Debug)]
pub(crate) struct SharedCounters<const N: usize>(NonNull<[AtomicU64; N]>);

// SAFETY: it is reached by shared references alone, and atomics are Sync.
unsafe impl<const N: usize> Send for SharedCounters<N> {}
// SAFETY: as above.
unsafe impl<const N: usize> Sync for SharedCounters<N> {}

impl<const N: usize> SharedCounters<N> {
    /// # Errors
    /// As mmap(2).
    pub(crate) fn new() -> io::Result<Self> {
        // SAFETY: a new mapping at an address of the kernel's choice touches no memory of ours.
        let memory = unsafe {
            mmap_anonymous(
                ptr::null_mut(),
                size_of::<[AtomicU64; N]>(),
                ProtFlags::READ | ProtFlags::WRITE,
                MapFlags::SHARED,
            )?
        };
        NonNull::new(memory.cast()).map(Self).ok_or_else(|| io::ErrorKind::OutOfMemory.into())
    }
}

impl<const N: usize> Deref for SharedCounters<N> {
    type Target = [AtomicU64; N];

    fn deref(&self) -> &Self::Target {
        // SAFETY: the mapping is as large, page-aligned, full of zeros at first, and there until it is dropped.
        unsafe { self.0.as_ref() }
    }
}

impl<const N: usize> Drop for SharedCounters<N> {
    fn drop(&mut self) {
        // SAFETY: it is ours, of this size, and nothing borrows from it any more.
        let _ = unsafe { munmap(self.0.as_ptr().cast(), size_of::<[AtomicU64; N]>()) };
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::Ordering;

    #[test]
    fn what_one_thread_counts_another_reads() {
        let counters = SharedCounters::<3>::new().expect("memory");
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| (0..1000).for_each(|_| _ = counters[2].fetch_add(1, Ordering::Relaxed)));
            }
        });
        let counted: Vec<u64> = counters.iter().map(|count| count.load(Ordering::Relaxed)).collect();
        assert_eq!(counted, [0, 0, 4000]);
    }
}
