//! The C library's allocator, where address space is short: mallopt(3).

/// Lets all threads allocate from one arena. Otherwise glibc reserves 64 MiB of address
/// space for each of some threads, which is no cost but where that is limited (RLIMIT_AS).
pub(crate) fn share_one_arena() {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    // SAFETY: it sets a number in the allocator, and touches no memory of ours.
    unsafe {
        libc::mallopt(libc::M_ARENA_MAX, 1);
    }
}
