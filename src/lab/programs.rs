//! Other programs at the ends of the wire: our own `fetch`, and the learner's.
//! They run as the user who started the lab, with resolver files of the lab's.

use super::end::Side;
use super::experiment::Stage;
use super::names::LAB_KR;
use super::namespace::Namespace;
use super::refusal::{Attempt, Refusal};
use crate::capture::wanted;
use crate::language::sentence::{Sentence, both};
use nix::mount::{MsFlags, mount, umount};
use std::io;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

/// Where a file system in memory is put for as long as the resolver's files are bound from it.
const SCRATCH: &str = "/tmp";
/// How often it is looked whether a program has ended.
const PAUSE: Duration = Duration::from_millis(10);
/// Sockets by which the C library would ask a resolver outside (nscd(8), nss-resolve(8)).
const BYPASSES: [&str; 3] = ["/run/nscd", "/var/run/nscd", "/run/systemd/resolve"];

/// Gives this mount namespace the lab's own resolver files: what asks by the
/// C library asks the lab's name server.
pub(super) fn resolver_files() -> Result<(), Refusal> {
    let refused = |error: io::Error| Refusal::new(Attempt::Mount, error);
    let none = None::<&str>;
    let in_memory = |at: &str| mount(Some("tmpfs"), at, Some("tmpfs"), MsFlags::empty(), Some("size=64k,mode=755"));
    in_memory(SCRATCH).map_err(|errno| refused(errno.into()))?;
    let files = [
        ("/etc/resolv.conf", format!("nameserver {LAB_KR}\noptions timeout:2 attempts:2\n")),
        ("/etc/nsswitch.conf", "hosts: files dns\n".to_owned()),
        ("/etc/hosts", "127.0.0.1 localhost\n10.0.0.1 client\n10.0.0.2 server\n".to_owned()),
    ];
    for (path, text) in files {
        if !Path::new(path).exists() {
            continue; // nothing to put it over: the C library's default then serves
        }
        let copy = format!("{SCRATCH}/{}", path.rsplit('/').next().unwrap_or_default());
        std::fs::write(&copy, text).map_err(refused)?;
        mount(Some(copy.as_str()), path, none, MsFlags::MS_BIND, none).map_err(|errno| refused(errno.into()))?;
    }
    umount(SCRATCH)
        .or_else(|_| nix::mount::umount2(SCRATCH, nix::mount::MntFlags::MNT_DETACH))
        .map_err(|errno| refused(errno.into()))?;
    for path in BYPASSES.iter().filter(|path| Path::new(path).is_dir()) {
        in_memory(path).map_err(|errno| refused(errno.into()))?;
    }
    Ok(())
}

/// Starts our own program with these words on the host `at`; what it prints is not shown.
fn ourselves(at: &Namespace, words: &[&str]) -> io::Result<Child> {
    start(at, our_program(words))
}

/// How `program` ended within `patience`; one that goes on for longer is made to end, and gives nothing.
pub(super) fn ended_within(patience: Duration, mut program: Child) -> io::Result<Option<ExitStatus>> {
    let begun = Instant::now();
    while begun.elapsed() < patience {
        if let Some(status) = program.try_wait()? {
            return Ok(Some(status));
        }
        std::thread::sleep(PAUSE);
    }
    program.kill()?;
    program.wait()?;
    Ok(None)
}

/// Runs our own client with these words, no longer than a call may take: whether it has what it asked for.
pub(super) fn our_client_succeeds(stage: &Stage, words: &[&str]) -> io::Result<bool> {
    let status = ended_within(stage.patience, ourselves(&stage.network.client, words)?)?;
    if status.is_none() {
        let seconds = stage.patience.as_secs();
        stage
            .calls
            .note(Side::Client, both!("fetch is ended: {seconds} s have passed", "{seconds}초가 지나 fetch를 끝냄"));
    }
    Ok(status.is_some_and(|status| status.success()))
}

/// It captures no packets: where it may, each of its connections would be 10 ms late for it, and the
/// lab sees them anyway.
fn our_program(words: &[&str]) -> Command {
    let mut command = Command::new("/proc/self/exe");
    command.args(words).env(wanted::SWITCH, wanted::OFF);
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command
}

/// With which status, or by which signal: `exit status: 0`, `signal: 9 (SIGKILL)`.
pub(super) fn how_it_ended(status: ExitStatus) -> Sentence {
    // What ExitStatus says is English, and a signal's name belongs to no language.
    let en = status.to_string();
    let ko = match (status.code(), en.strip_prefix("signal: ")) {
        (Some(code), _) => format!("종료 상태 {code}"),
        (None, Some(signal)) => format!("시그널 {}", signal.replace("core dumped", "코어 덤프")),
        (None, None) => "비정상 종료".into(),
    };
    Sentence { en, ko }
}

/// The same of a shell, whose own status says which signal ended its command.
pub(super) fn how_a_shell_ended(status: ExitStatus) -> Sentence {
    let own = how_it_ended(status);
    // Without a core: that bit is above the signal's number.
    let signal = status.code().and_then(|code| code.checked_sub(128)).filter(|signal| (1..=64).contains(signal));
    let Some(signal) = signal.map(ExitStatus::from_raw).map(|signal| signal.to_string()) else { return own };
    let signal = signal.trim_start_matches("signal: ");
    Sentence { en: format!("{} = 128 + signal {signal}", own.en), ko: format!("{} = 128 + 시그널 {signal}", own.ko) }
}

/// Starts a command on the host `at`, as the user who started the lab.
pub(super) fn start(at: &Namespace, mut command: Command) -> io::Result<Child> {
    if let Some((user, group)) = invoking_user() {
        command.uid(user).gid(group);
    }
    at.run(move || command.spawn())
}

/// The user who called sudo(8), if any.
fn invoking_user() -> Option<(u32, u32)> {
    if !nix::unistd::getuid().is_root() {
        return None;
    }
    let number = |name: &str| std::env::var(name).ok()?.parse().ok();
    Some((number("SUDO_UID")?, number("SUDO_GID")?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_that_goes_on_for_too_long_is_ended() {
        let program = |script: &str| Command::new("/bin/sh").args(["-c", script]).spawn().expect("a shell");
        let status = ended_within(Duration::from_secs(60), program("exit 3")).expect("it ends");
        assert_eq!(status.and_then(|status| status.code()), Some(3));
        let mut endless = Command::new("/bin/cat");
        endless.stdin(Stdio::piped()); // into which nobody writes
        let begun = Instant::now();
        let endless = endless.spawn().expect("a program");
        // wait() drops the child's own end of the pipe.
        let writer = rustix::io::dup(endless.stdin.as_ref().expect("a pipe")).expect("a copy");
        assert_eq!(ended_within(Duration::from_millis(50), endless).expect("it is ended"), None);
        assert!(begun.elapsed() >= Duration::from_millis(50));
        drop(writer);
    }

    #[test]
    fn our_program_captures_no_packets_in_the_lab() {
        let command = our_program(&["fetch"]);
        let switched = |(name, value): (&std::ffi::OsStr, Option<&std::ffi::OsStr>)| {
            name == wanted::SWITCH && value.is_some_and(|value| value == wanted::OFF)
        };
        assert!(command.get_envs().any(switched), "{command:?}");
    }

    #[test]
    fn a_shell_says_which_signal_ended_its_command() {
        for (code, en) in [
            (139, "exit status: 139 = 128 + signal 11 (SIGSEGV)"),
            (128, "exit status: 128"),
            (3, "exit status: 3"),
            (255, "exit status: 255"),
        ] {
            assert_eq!(how_a_shell_ended(ExitStatus::from_raw(code << 8)).en, en);
        }
        assert_eq!(how_a_shell_ended(ExitStatus::from_raw(9)).ko, "시그널 9 (SIGKILL)");
    }

    #[test]
    fn how_a_program_ended_is_said_in_each_language() {
        for (raw, en, ko) in [
            (0, "exit status: 0", "종료 상태 0"),
            (7 << 8, "exit status: 7", "종료 상태 7"),
            (9, "signal: 9 (SIGKILL)", "시그널 9 (SIGKILL)"),
            (0x80 | 11, "signal: 11 (SIGSEGV) (core dumped)", "시그널 11 (SIGSEGV) (코어 덤프)"),
        ] {
            assert_eq!(how_it_ended(ExitStatus::from_raw(raw)), Sentence { en: en.into(), ko: ko.into() });
        }
    }
}
