//! seccomp(2): which system calls the serving process may still make.
//!
//! The filter knows the calls of a server; whatever it does not know is `ENOSYS`, as on an older kernel, so
//! that the C library falls back (clone3). What is refused by name, or for its arguments, is `EPERM`.
//!
//! The kernel remembers which calls pass whatever their arguments are, and runs no filter for
//! them: so the calls of every request have no conditions.

use program::{Forbidden, Verdict, program};
use seccompiler::apply_filter_all_threads;
use std::collections::BTreeMap;
use std::env::consts::ARCH;

mod names;
mod program;

/// Flags of clone(2) that make a namespace.
const NAMESPACES: i32 = libc::CLONE_NEWNS
    | libc::CLONE_NEWCGROUP
    | libc::CLONE_NEWUTS
    | libc::CLONE_NEWIPC
    | libc::CLONE_NEWUSER
    | libc::CLONE_NEWPID
    | libc::CLONE_NEWNET;
/// What is asked of descriptors: how much waits, how wide the terminal is, that nothing blocks.
#[allow(clippy::unnecessary_cast)] // musl has some of them as i32
const IOCTLS: [u32; 6] = [
    libc::FIONREAD as u32,
    libc::FIONBIO as u32,
    libc::TIOCOUTQ as u32,
    libc::TIOCGWINSZ as u32,
    libc::TCGETS as u32,
    libc::FIOCLEX as u32,
];
/// A thread's name, and that of memory.
const PRCTLS: [u32; 2] = [libc::PR_SET_NAME as u32, 0x5356_4d41];
/// linux/netlink.h: the table of sockets.
const NETLINK_SOCK_DIAG: u32 = 4;

/// From here on, all threads of this process may make a server's calls only; false: this kernel has no
/// seccomp, or its calls are not known here.
pub(super) fn confine() -> bool {
    architecture().is_some_and(|here| apply_filter_all_threads(&program(&verdicts(), here)).is_ok())
}

/// linux/audit.h: what this program's calls are.
fn architecture() -> Option<u32> {
    match ARCH {
        "x86_64" => Some(0xC000_003E),
        "aarch64" => Some(0xC000_00B7),
        "riscv64" => Some(0xC000_00F3),
        _ => None,
    }
}

/// The calls that are known. The kernel has all their numbers beneath 2³¹.
fn verdicts() -> BTreeMap<u32, Verdict> {
    let named = |calls: &'static [i64], verdict| calls.iter().map(move |call| (*call, Verdict::clone(&verdict)));
    let calls = named(names::ALLOWED, Verdict::Allowed).chain(named(names::REFUSED, Verdict::Refused));
    let by_arguments = unless().into_iter().map(|(call, forbidden)| (call, Verdict::Unless(forbidden)));
    calls.chain(by_arguments).map(|(call, verdict)| (call as u32, verdict)).collect()
}

/// Of calls that a server makes, those that it does not.
fn unless() -> Vec<(i64, Vec<Forbidden>)> {
    let bits = |argument, bits: i32| Forbidden::Bits(argument, bits.cast_unsigned());
    let all_but = |argument, values: &[u32]| Forbidden::AllBut(argument, u32::MAX, values.to_vec());
    // Nothing is opened to be written.
    let reads = |flags| Forbidden::AllBut(flags, libc::O_ACCMODE as u32, vec![libc::O_RDONLY as u32]);
    let opens = names::OPENS.iter();
    let mut unless: Vec<_> =
        opens.map(|&(call, flags)| (call, vec![bits(flags, libc::O_CREAT | libc::O_TRUNC), reads(flags)])).collect();
    unless.extend([
        // Nothing that was written is run.
        (libc::SYS_mmap, vec![bits(2, libc::PROT_EXEC)]),
        (libc::SYS_mprotect, vec![bits(2, libc::PROT_EXEC)]),
        // Threads and children, but none in another namespace.
        (libc::SYS_clone, vec![bits(0, NAMESPACES)]),
        // The only socket that is made asks the kernel's table; pairs are for helpers.
        (libc::SYS_socket, vec![all_but(0, &[libc::AF_NETLINK as u32]), all_but(2, &[NETLINK_SOCK_DIAG])]),
        (libc::SYS_socketpair, vec![all_but(0, &[libc::AF_UNIX as u32])]),
        (libc::SYS_ioctl, vec![all_but(1, &IOCTLS)]),
        (libc::SYS_prctl, vec![all_but(0, &PRCTLS)]),
        // Its own limits, not another's.
        (libc::SYS_prlimit64, vec![all_but(0, &[0])]),
    ]);
    unless
}
