//! The learner's own server: a command for the shell, and all that it starts.

use super::end::{Calls, Side};
use super::experiment::Stage;
use super::programs::{how_a_shell_ended, start};
use super::socket_states::{Reachable, reachable};
use super::stop_order::StopOrder;
use crate::language::sentence::{Sentence, both};
use rustix::process::{
    Pid, PidfdFlags, Signal, WaitOptions, kill_process_group, pidfd_open, test_kill_process_group, waitpgid,
};
use std::fs::{File, metadata, read_dir};
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::fs::MetadataExt;
use std::os::unix::process::ExitStatusExt;
use std::process::{Command, ExitStatus};
use std::time::{Duration, Instant};

/// How long a server may take until a client can reach it.
const START: Duration = Duration::from_secs(10);
/// How long it has to end.
const AFTER: Duration = Duration::from_secs(1);
const PAUSE: Duration = Duration::from_millis(10);
/// How often it is looked whether a server in the background lives: that reads all of /proc.
const OFTEN: Duration = Duration::from_millis(200);

/// Started, in a process group of its own.
#[derive(Debug)]
pub(super) struct ServerProgram {
    calls: Calls,
    group: Pid,
    /// Readable once the shell has ended.
    shell: OwnedFd,
    shell_ended: Option<ExitStatus>,
    /// How the last one of the group ended.
    last: Option<ExitStatus>,
    /// The shell's end was not the server's: it is in the background.
    outlived: bool,
    /// Nothing of it lives.
    is_over: bool,
    looked: Instant,
    /// Its host: the device and inode of the network namespace.
    host: (u64, u64),
    /// What could be reached before: the lab's own name servers.
    before: Vec<Reachable>,
}

impl ServerProgram {
    /// Starts `command` on the server's host.
    pub(super) fn start(mut command: Command, stage: &Stage) -> io::Result<Self> {
        use std::os::unix::process::CommandExt;
        let host = File::from(stage.network.server.as_fd().try_clone_to_owned()?).metadata()?;
        let before = stage.network.server.run(reachable)?;
        command.process_group(0);
        let group = Pid::from_child(&start(&stage.network.server, command)?);
        Ok(Self {
            calls: stage.calls.clone(),
            group,
            shell: pidfd_open(group, PidfdFlags::empty())?,
            shell_ended: None,
            last: None,
            outlived: false,
            is_over: false,
            looked: Instant::now(),
            host: (host.dev(), host.ino()),
            before,
        })
    }

    /// Waits until a client can reach it; `false`: the order to stop came first.
    pub(super) fn wait_until_it_is_reachable(&mut self, stage: &Stage, order: &StopOrder) -> io::Result<bool> {
        let begun = Instant::now();
        while begun.elapsed() < START {
            let found = stage.network.server.run(reachable)?;
            if let Some(new) = found.into_iter().find(|one| !self.before.contains(one)) {
                self.calls.note(
                    Side::Server,
                    match new {
                        Reachable::Listening(_) => both!("listens", "연결을 기다림"),
                        Reachable::Bound(_) => both!("has bound a UDP socket", "UDP 포트를 엶"),
                    },
                );
                return Ok(true);
            }
            self.look();
            if let Some(status) = self.shell_ended.filter(|status| self.is_over || !status.success()) {
                let Sentence { en, ko } = how_a_shell_ended(self.last.unwrap_or(status));
                return Err(io::Error::other(both!(
                    "the server ended before it listened or bound a UDP socket ({en})",
                    "서버가 연결을 기다리거나 UDP 포트를 열기 전에 끝났습니다({ko})"
                )));
            }
            if order.wait(PAUSE).is_some() {
                return Ok(false);
            }
        }
        let limit = START.as_secs();
        let late = both!(
            "the server did not listen or bind a UDP socket within {limit} s",
            "서버가 {limit}초 안에 연결을 기다리거나 UDP 포트를 열지 않았습니다"
        );
        Err(io::Error::new(io::ErrorKind::TimedOut, late))
    }

    /// What is readable when it is worth a look; nothing, where there is no such thing.
    pub(super) fn worth_a_look(&self) -> Option<&OwnedFd> {
        self.shell_ended.is_none().then_some(&self.shell)
    }

    /// When the next look is due, where nothing tells.
    pub(super) fn next_look(&self) -> Option<Duration> {
        (self.shell_ended.is_some() && !self.is_over).then_some(PAUSE)
    }

    /// Notes its end, once nothing of it lives.
    pub(super) fn look(&mut self) {
        let mut has_ended = false;
        while let Ok(Some((one, status))) = waitpgid(self.group, WaitOptions::NOHANG) {
            let status = ExitStatus::from_raw(status.as_raw());
            if one == self.group {
                self.shell_ended = Some(status);
            }
            (self.last, has_ended) = (Some(status), true);
        }
        let is_due = has_ended || self.looked.elapsed() >= OFTEN;
        if self.is_over || self.shell_ended.is_none() || !is_due {
            return;
        }
        self.looked = Instant::now();
        // Twice: one that becomes a daemon meanwhile may be missed by one look.
        if self.lives() || self.lives() {
            self.outlived = true;
            return;
        }
        self.is_over = true;
        // Who left the group ended unseen.
        let status = self.last.filter(|_| has_ended || !self.outlived).map(how_a_shell_ended);
        let note = match status {
            Some(Sentence { en, ko }) => both!("server ends, {en}", "서버 끝, {ko}"),
            None => both!("server has ended", "서버가 끝났음"),
        };
        self.calls.note(Side::Server, note);
    }

    /// Whether a process is on its host.
    fn lives(&self) -> bool {
        let Ok(processes) = read_dir("/proc") else { return false };
        processes.flatten().any(|one| {
            let is_process = one.file_name().as_encoded_bytes().first().is_some_and(u8::is_ascii_digit);
            let of = |host: std::fs::Metadata| (host.dev(), host.ino());
            is_process && metadata(one.path().join("ns/net")).is_ok_and(|host| of(host) == self.host)
        })
    }

    /// Asks it and all that it started to end; makes them, if they don't.
    pub(super) fn end(mut self) {
        self.look();
        if self.is_over {
            return;
        }
        self.calls.note(Side::Server, both!("the lab ends the server", "실험실이 서버를 끝냄"));
        for signal in [Signal::TERM, Signal::KILL] {
            let _ = kill_process_group(self.group, signal);
            let begun = Instant::now();
            // Who left the group ends with the lab.
            while !self.is_over && begun.elapsed() < AFTER && test_kill_process_group(self.group).is_ok() {
                std::thread::sleep(PAUSE);
                self.look();
            }
        }
    }
}
