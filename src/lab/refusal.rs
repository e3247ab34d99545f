//! Why a kernel or a container doesn't let the lab have its namespaces, and the way out.

use crate::language::{Language, cause};
use std::fmt;
use std::io;

/// What the lab asked the kernel for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Attempt {
    /// Namespaces: unshare(2).
    Unshare,
    /// The user's own id in them: /proc/self/uid_map.
    MapUser,
    /// A child in them.
    Fork,
    /// The resolver's files: mount(2).
    Mount,
    /// Devices, addresses, routes: rtnetlink(7).
    Devices,
    /// The wire's own sockets: packet(7).
    Packets,
}

/// A refusal: what was asked for, and the kernel's error.
#[derive(Debug)]
#[non_exhaustive]
pub struct Refusal {
    /// What was asked for.
    pub attempt: Attempt,
    /// The kernel's error.
    pub error: io::Error,
}

impl Refusal {
    pub(super) fn new(attempt: Attempt, error: io::Error) -> Self {
        Self { attempt, error }
    }

    /// The sentence, in Korean.
    pub fn korean(&self) -> String {
        let error = cause(&self.error, Language::Korean);
        match self.kind() {
            Kind::NoNamespacesLeft => "이 시스템은 사용자 네임스페이스를 허용하지 않습니다(user.max_user_namespaces가 0이거나 가득 찼습니다). 해결: sudo glasshttp lab".into(),
            Kind::Forbidden(what) => format!("커널이나 컨테이너가 막았습니다: {what}({error}). 해결: sudo glasshttp lab, Ubuntu라면 sysctl kernel.apparmor_restrict_unprivileged_userns=0, Docker라면 --security-opt seccomp=unconfined"),
            Kind::Other(what) => format!("실험용 네트워크를 만들지 못했습니다: {what}: {error}"),
        }
    }

    fn kind(&self) -> Kind {
        let what = match self.attempt {
            Attempt::Unshare => "unshare(2)",
            Attempt::MapUser => "/proc/self/uid_map",
            Attempt::Fork => "fork(2)",
            Attempt::Mount => "mount(2)",
            Attempt::Devices => "rtnetlink(7)",
            Attempt::Packets => "packet(7)",
        };
        match self.error.raw_os_error() {
            Some(libc::ENOSPC) if self.attempt == Attempt::Unshare => Kind::NoNamespacesLeft,
            Some(libc::EPERM | libc::EACCES) => Kind::Forbidden(what),
            _ => Kind::Other(what),
        }
    }
}

enum Kind {
    NoNamespacesLeft,
    Forbidden(&'static str),
    Other(&'static str),
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let error = &self.error;
        match self.kind() {
            Kind::NoNamespacesLeft => f.write_str(
                "this system allows no more user namespaces (user.max_user_namespaces); try: sudo glasshttp lab",
            ),
            Kind::Forbidden(what) => write!(
                f,
                "the kernel or a container forbids {what} ({error}); try: sudo glasshttp lab, on Ubuntu sysctl \
                 kernel.apparmor_restrict_unprivileged_userns=0, in Docker --security-opt seccomp=unconfined"
            ),
            Kind::Other(what) => write!(f, "cannot make the lab's network: {what}: {error}"),
        }
    }
}

impl std::error::Error for Refusal {}
