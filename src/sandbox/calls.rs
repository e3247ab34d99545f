//! seccomp(2): which system calls the serving process may still make.
//!
//! Two filters, for three verdicts. The first knows the calls of a server; whatever it does not know is
//! `ENOSYS`, as on an older kernel, so that the C library falls back (clone3). The second, which is
//! asked first, refuses by name: `EPERM`. Of two that refuse, its error is the one that counts.
//!
//! The kernel remembers which calls pass both whatever their arguments are, and runs no filter for
//! them: so the calls of every request have no conditions.

use seccompiler::{
    BackendError, BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter,
    SeccompRule, TargetArch, apply_filter_all_threads,
};
use std::collections::BTreeMap;
use std::env::consts::ARCH;

mod names;

/// The rules for a call: one that fits decides; none: the call alone does.
type Rules = BTreeMap<i64, Vec<SeccompRule>>;

/// Flags of clone(2) that make a namespace.
const NAMESPACES: [i32; 7] = [
    libc::CLONE_NEWNS,
    libc::CLONE_NEWCGROUP,
    libc::CLONE_NEWUTS,
    libc::CLONE_NEWIPC,
    libc::CLONE_NEWUSER,
    libc::CLONE_NEWPID,
    libc::CLONE_NEWNET,
];
/// What is asked of descriptors: how much waits, how wide the terminal is, that nothing blocks.
#[allow(clippy::unnecessary_cast)] // musl has some of them as i32
const IOCTLS: [u64; 6] = [
    libc::FIONREAD as u64,
    libc::FIONBIO as u64,
    libc::TIOCOUTQ as u64,
    libc::TIOCGWINSZ as u64,
    libc::TCGETS as u64,
    libc::FIOCLEX as u64,
];
/// A thread's name, and that of memory.
const PRCTLS: [u64; 2] = [libc::PR_SET_NAME as u64, 0x5356_4d41];
/// linux/netlink.h: the table of sockets.
const NETLINK_SOCK_DIAG: u64 = 4;

/// From here on, all threads of this process may make a server's calls only.
///
/// # Errors
/// If this kernel has no seccomp, or its calls are not known here.
pub(super) fn confine() -> Result<(), seccompiler::Error> {
    let arch = TargetArch::try_from(ARCH)?;
    let filter = |rules: Rules, otherwise, fits| -> Result<BpfProgram, BackendError> {
        SeccompFilter::new(rules, otherwise, fits, arch)?.try_into()
    };
    let unknown = SeccompAction::Errno(libc::ENOSYS as u32);
    let refused = SeccompAction::Errno(libc::EPERM as u32);
    let known: Rules = names::ALLOWED.iter().map(|call| (*call, Vec::new())).collect();
    apply_filter_all_threads(&filter(known, unknown, SeccompAction::Allow)?)?;
    apply_filter_all_threads(&filter(refused_by_name()?, SeccompAction::Allow, refused)?)
}

/// What is refused, and of calls that a server makes, which.
fn refused_by_name() -> Result<Rules, BackendError> {
    let mut rules: Rules = names::REFUSED.iter().map(|call| (*call, Vec::new())).collect();
    // Nothing is opened to be written.
    for &(call, flags) in names::OPENS {
        let mut refused = vec![bit(flags, libc::O_CREAT)?, bit(flags, libc::O_TRUNC)?];
        for mode in [libc::O_WRONLY, libc::O_RDWR, libc::O_ACCMODE] {
            refused.push(rule(vec![condition(flags, SeccompCmpOp::MaskedEq(libc::O_ACCMODE as u64), mode as u64)?])?);
        }
        rules.insert(call, refused);
    }
    // Nothing that was written is run.
    for call in [libc::SYS_mmap, libc::SYS_mprotect, libc::SYS_pkey_mprotect] {
        rules.insert(call, vec![bit(2, libc::PROT_EXEC)?]);
    }
    // Threads and children, but none in another namespace.
    rules.insert(libc::SYS_clone, NAMESPACES.into_iter().map(|flag| bit(0, flag)).collect::<Result<_, _>>()?);
    // The only socket that is made asks the kernel's table; pairs are for helpers.
    let netlink = SeccompCondition::new(0, SeccompCmpArgLen::Dword, SeccompCmpOp::Ne, libc::AF_NETLINK as u64)?;
    let table = condition(2, SeccompCmpOp::Ne, NETLINK_SOCK_DIAG)?;
    rules.insert(libc::SYS_socket, vec![rule(vec![netlink])?, rule(vec![table])?]);
    rules.insert(libc::SYS_socketpair, vec![none_of(0, &[libc::AF_UNIX as u64])?]);
    rules.insert(libc::SYS_ioctl, vec![none_of(1, &IOCTLS)?]);
    rules.insert(libc::SYS_prctl, vec![none_of(0, &PRCTLS)?]);
    // Its own limits, not another's.
    rules.insert(libc::SYS_prlimit64, vec![none_of(0, &[0])?]);
    Ok(rules)
}

fn rule(conditions: Vec<SeccompCondition>) -> Result<SeccompRule, BackendError> {
    SeccompRule::new(conditions)
}

fn condition(argument: u8, is: SeccompCmpOp, value: u64) -> Result<SeccompCondition, BackendError> {
    SeccompCondition::new(argument, SeccompCmpArgLen::Dword, is, value)
}

/// Fits where this bit is set.
fn bit(argument: u8, bit: i32) -> Result<SeccompRule, BackendError> {
    let bit = u64::from(bit.cast_unsigned());
    rule(vec![condition(argument, SeccompCmpOp::MaskedEq(bit), bit)?])
}

/// Fits where the argument is none of these.
fn none_of(argument: u8, values: &[u64]) -> Result<SeccompRule, BackendError> {
    rule(values.iter().map(|value| condition(argument, SeccompCmpOp::Ne, *value)).collect::<Result<_, _>>()?)
}
