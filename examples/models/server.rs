//! The server that is measured: this program once more, as a process of its
//! own; and what the system reports of it, in proc(5).

use crate::clients::WORK;
use glasshttp::connection::Timeouts;
use glasshttp::{Model, Request, Response, StatusCode, Stop};
use rustix::process::{Pid, Signal, kill_process};
use std::error::Error;
use std::fmt;
use std::fs;
use std::io::{self, BufRead, BufReader, Write};
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};
use std::str::FromStr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

/// Connections at once, and as many that wait: more than there are clients.
const ROOM: u16 = 1024;
/// How long a server has to end.
const GRACE: Duration = Duration::from_secs(2);
/// How long between two looks at a server.
const BLINK: Duration = Duration::from_millis(1);

/// A model, and how many event loops it has.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Contender(pub(crate) Model);

impl Contender {
    /// Every model; one of event loops with one alone, and with one for each core.
    pub(crate) fn all() -> io::Result<Vec<Self>> {
        let cores = thread::available_parallelism()?.get();
        let with_loops = |model: &Model| [1, cores].map(|count| Self(model.with_workers(|| count)));
        let mut all: Vec<Self> = Model::ALL.iter().flat_map(with_loops).collect();
        all.dedup(); // a model without event loops, a machine of one core
        Ok(all)
    }
}

impl fmt::Display for Contender {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Model::Multiplex { workers } => write!(f, "{}-{workers}", self.0.name()),
            model => f.write_str(model.name()),
        }
    }
}

impl FromStr for Contender {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        let found = Self::all().map_err(|error| error.to_string())?.into_iter().find(|one| one.to_string() == name);
        found.ok_or_else(|| format!("there is no model {name:?}"))
    }
}

/// Is the server: prints its URL and serves until it is told to stop.
pub(crate) fn serve(contender: Contender, work: Duration) -> Result<(), Box<dyn Error>> {
    // The measuring process may be killed: then nobody else would end this process.
    #[cfg(target_os = "linux")]
    rustix::process::set_parent_process_death_signal(Some(Signal::TERM))?;
    let handler = move |request: &Request<'_>| {
        if request.target.path == WORK {
            // Stands for a disk, a database, another server.
            thread::sleep(work);
        }
        Response::text(StatusCode::OK, "Here you are.\n")
    };
    let stop = Arc::new(Stop::on_signals()?);
    let server = glasshttp::Server::new(handler).listen("127.0.0.1:0")?.model(contender.0).connections(ROOM.into());
    writeln!(io::stdout(), "{}", server.urls().concat())?;
    let long = Duration::from_secs(60);
    Ok(server.timeouts(Timeouts::new(long, long)).ending(Duration::ZERO, GRACE).run(&stop)?)
}

/// A running server; it is ended when dropped.
pub(crate) struct Server {
    child: Child,
    pub(crate) address: SocketAddr,
}

/// The most that was seen of a server at a time.
#[derive(Default)]
pub(crate) struct Peak {
    pub(crate) processes: usize,
    pub(crate) threads: usize,
    /// The proportional set size: what processes share is divided among them.
    kibibytes: u64,
}

impl Peak {
    pub(crate) fn mebibytes(&self) -> f64 {
        self.kibibytes as f64 / 1024.0
    }
}

impl Server {
    /// Starts this program as a server, and lets it respond once.
    pub(crate) fn start(contender: Contender, work: Duration) -> Result<Self, Box<dyn Error>> {
        let mut child = Command::new(std::env::current_exe()?)
            .args(["--serve", &contender.to_string(), "--work-ms", &work.as_millis().to_string()])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()?;
        let stdout = child.stdout.take();
        let mut server = Self { child, address: SocketAddr::from(([127, 0, 0, 1], 0)) };
        let mut line = String::new();
        BufReader::new(stdout.ok_or("no pipe")?).read_line(&mut line)?;
        let address = line.trim().trim_start_matches("http://").trim_end_matches('/');
        server.address = address.parse().map_err(|_| format!("the server of {contender} did not start: {line:?}"))?;
        crate::clients::run(server.address, crate::clients::Conduct::AskForWork, 1, work)?;
        Ok(server)
    }

    /// Looks at the server again and again during `run`; `None`: it can't be seen.
    pub(crate) fn watch<T, E>(&self, run: impl FnOnce() -> Result<T, E>) -> Result<(T, Option<Peak>), E> {
        let is_over = AtomicBool::new(false);
        thread::scope(|scope| {
            let watcher = scope.spawn(|| {
                let mut peak = None;
                while !is_over.load(Ordering::Relaxed) {
                    if let Ok(seen) = look(self.child.id()) {
                        let most: &mut Peak = peak.get_or_insert_default();
                        most.processes = most.processes.max(seen.processes);
                        most.threads = most.threads.max(seen.threads);
                        most.kibibytes = most.kibibytes.max(seen.kibibytes);
                    }
                    thread::sleep(BLINK);
                }
                peak
            });
            let result = run();
            is_over.store(true, Ordering::Relaxed);
            Ok((result?, watcher.join().ok().flatten()))
        })
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended already; then all this does nothing.
        let _ = kill_process(Pid::from_child(&self.child), Signal::TERM);
        let deadline = Instant::now() + 2 * GRACE;
        while matches!(self.child.try_wait(), Ok(None)) && Instant::now() < deadline {
            thread::sleep(BLINK);
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// One look at a process and its children.
fn look(server: u32) -> io::Result<Peak> {
    let children = fs::read_to_string(format!("/proc/{server}/task/{server}/children"))?;
    let mut seen = Peak::default();
    let mut alive = vec![(server.to_string(), threads(&server.to_string())?)];
    // Children that have ended meanwhile, or have and nobody asked yet, are none.
    alive.extend(children.split_whitespace().filter_map(|child| Some((child.to_owned(), threads(child).ok()?))));
    for (process, threads) in &alive {
        seen.processes += 1;
        seen.threads += threads;
        match field(&format!("/proc/{process}/smaps_rollup"), "Pss:") {
            Ok(kibibytes) => seen.kibibytes += kibibytes,
            Err(error) if *process == server.to_string() => return Err(error),
            Err(_) => {}
        }
    }
    Ok(seen)
}

/// How many threads a living process has.
fn threads(process: &str) -> io::Result<usize> {
    let path = format!("/proc/{process}/status");
    let status = fs::read_to_string(&path)?;
    if status.lines().any(|line| line.starts_with("State:\tZ")) {
        return Err(io::ErrorKind::NotFound.into());
    }
    usize::try_from(field(&path, "Threads:")?).map_err(io::Error::other)
}

/// The number behind `name` in a file of lines.
fn field(path: &str, name: &str) -> io::Result<u64> {
    let text = fs::read_to_string(path)?;
    let value = text.lines().find_map(|line| line.strip_prefix(name)?.split_whitespace().next()?.parse().ok());
    value.ok_or_else(|| io::ErrorKind::NotFound.into())
}
