//! A server that runs: started on its core, asked for what it cost, ended.

use nix::sched::{CpuSet, sched_getaffinity, sched_setaffinity};
use nix::sys::time::TimeValLike;
use nix::time::{clock_getcpuclockid, clock_gettime};
use nix::unistd::{Pid, SysconfVar, sysconf};
use rustix::process::{Signal, kill_process};
use std::error::Error;
use std::fs;
use std::io::{self, BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

/// How long a server may take to start, or to end when told to.
const PATIENCE: Duration = Duration::from_secs(5);
/// Between two looks at what nothing tells us.
const GLANCE: Duration = Duration::from_millis(1);

/// Which core serves, and which one makes the load.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cores {
    pub(crate) server: usize,
    pub(crate) load: usize,
}

impl Cores {
    /// The first two that this process may use; one for both, if it is alone.
    /// From here on this process, and whatever it starts, is on the second.
    pub(crate) fn take() -> Result<Self, Box<dyn Error>> {
        let allowed = sched_getaffinity(Pid::from_raw(0))?;
        let mut free = (0..CpuSet::count()).filter(|&core| allowed.is_set(core).unwrap_or(false));
        let server = free.next().ok_or("no core is allowed")?;
        let cores = Self { server, load: free.next().unwrap_or(server) };
        pin(cores.load)?;
        Ok(cores)
    }

    /// Starts `command` on the server's core.
    fn spawn(self, command: &mut Command) -> Result<Child, Box<dyn Error>> {
        // A child begins where its parent is: no taskset stands between.
        pin(self.server)?;
        let child = command.spawn();
        pin(self.load)?;
        Ok(child?)
    }
}

fn pin(core: usize) -> nix::Result<()> {
    let mut set = CpuSet::new();
    set.set(core)?;
    sched_setaffinity(Pid::from_raw(0), &set)
}

/// A started server; it ends when this is dropped.
pub(crate) struct Running {
    child: Child,
    cores: Cores,
    /// Its children are nobody's to wait for: all that its core does is its own.
    owns_core: bool,
    pub(crate) port: u16,
}

impl Running {
    /// Starts a server that listens on `port`, or says the port in a URL on its
    /// first line if that is 0. Whether it responds is not waited for.
    pub(crate) fn start(
        command: &mut Command,
        cores: Cores,
        port: u16,
        owns_core: bool,
    ) -> Result<Self, Box<dyn Error>> {
        command.stdin(Stdio::null()).stderr(Stdio::null());
        command.stdout(if port == 0 { Stdio::piped() } else { Stdio::null() });
        let child = cores.spawn(command)?;
        let mut running = Self { child, cores, owns_core, port };
        if let Some(output) = running.child.stdout.take() {
            let mut line = String::new();
            BufReader::new(output).read_line(&mut line)?;
            let port = line.trim_end().trim_end_matches('/').rsplit(':').next();
            running.port =
                port.and_then(|port| port.parse().ok()).ok_or_else(|| format!("it names no port: {line}"))?;
        }
        Ok(running)
    }

    /// Asks until `is_ready` has a response: nothing tells us when a server listens.
    pub(crate) fn wait_until<T>(
        &mut self,
        mut is_ready: impl FnMut(u16) -> io::Result<T>,
    ) -> Result<T, Box<dyn Error>> {
        let start = Instant::now();
        loop {
            let error = match is_ready(self.port) {
                Ok(value) => return Ok(value),
                Err(error) => error,
            };
            if let Some(status) = self.child.try_wait()? {
                return Err(format!("it ended: {status}").into());
            }
            if start.elapsed() > PATIENCE {
                return Err(error.into());
            }
            // A server with a core of its own is not kept from starting by our asking.
            if self.cores.server == self.cores.load {
                thread::sleep(GLANCE);
            }
        }
    }

    /// The processor time that it has used so far, in seconds.
    pub(crate) fn cpu_seconds(&self) -> Result<f64, Box<dyn Error>> {
        let ticks = sysconf(SysconfVar::CLK_TCK)?.ok_or("the length of a tick is not known")? as f64;
        if self.owns_core {
            let all = fs::read_to_string("/proc/stat")?;
            let name = format!("cpu{} ", self.cores.server);
            let line = all.lines().find_map(|line| line.strip_prefix(&name)).ok_or("the core is not in /proc/stat")?;
            let fields: Vec<f64> = line.split_whitespace().map_while(|field| field.parse().ok()).collect();
            // user, nice, system, irq, softirq (proc_stat(5)).
            return Ok([0, 1, 2, 5, 6].iter().filter_map(|&index| fields.get(index)).sum::<f64>() / ticks);
        }
        let mut seconds = 0.0;
        for process in self.tree()? {
            // In nanoseconds, over all threads; only the children that have
            // ended are counted in ticks.
            let Ok(clock) = clock_getcpuclockid(Pid::from_raw(process.id)) else { continue };
            let Ok(used) = clock_gettime(clock) else { continue };
            seconds += used.num_nanoseconds() as f64 / 1e9 + process.waited_ticks / ticks;
        }
        Ok(seconds)
    }

    /// The memory of its own that it uses, in bytes: not files, not the kernel's.
    pub(crate) fn user_memory(&self) -> Result<u64, Box<dyn Error>> {
        let mut kilobytes = 0;
        for process in self.tree()? {
            let sums = fs::read_to_string(format!("/proc/{}/smaps_rollup", process.id))?;
            let line = sums.lines().find_map(|line| line.strip_prefix("Anonymous:"));
            let amount = line.and_then(|line| line.split_whitespace().next()).and_then(|amount| amount.parse().ok());
            kilobytes += amount.unwrap_or(0_u64);
        }
        Ok(kilobytes * 1024)
    }

    /// Itself and what descends from it.
    fn tree(&self) -> io::Result<Vec<Process>> {
        let mut others: Vec<Process> = fs::read_dir("/proc")?
            .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok())
            .filter_map(Process::read)
            .collect();
        let mut tree: Vec<Process> = Process::read(self.child.id() as i32).into_iter().collect();
        let mut next = 0;
        while let Some(parent) = tree.get(next).map(|process| process.id) {
            tree.extend(others.extract_if(.., |process| process.parent == parent));
            next += 1;
        }
        Ok(tree)
    }
}

struct Process {
    id: i32,
    parent: i32,
    /// Used by children that it has waited for.
    waited_ticks: f64,
}

impl Process {
    fn read(id: i32) -> Option<Self> {
        let line = fs::read_to_string(format!("/proc/{id}/stat")).ok()?;
        // Behind the name, which may hold anything: state, parent, … (proc_pid_stat(5)).
        let fields: Vec<&str> = line.rsplit_once(')')?.1.split_whitespace().collect();
        let number = |index: usize| fields.get(index)?.parse::<f64>().ok();
        Some(Self { id, parent: number(1)? as i32, waited_ticks: number(13)? + number(14)? })
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let Ok(pid) = i32::try_from(self.child.id()) else { return };
        if let Some(pid) = rustix::process::Pid::from_raw(pid) {
            // Not yet waited for, so the number is still its own.
            let _ = kill_process(pid, Signal::TERM);
        }
        let start = Instant::now();
        while start.elapsed() < PATIENCE {
            match self.child.try_wait() {
                Ok(None) => thread::sleep(GLANCE),
                _ => return,
            }
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
