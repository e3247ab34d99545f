//! The servers that are compared, and how each is told to serve a folder with
//! one worker and without a log.

use crate::exchange;
use crate::machine::version;
use crate::peers;
use crate::running::{Cores, Running};
use crate::workload::{Load, Workload};
use std::error::Error;
use std::ffi::OsStr;
use std::fs;
use std::io;
use std::net::{Ipv4Addr, TcpListener};
use std::path::Path;
use std::process::Command;

/// How often a free port is looked for.
const PORTS_TRIED: usize = 5;

/// What a server is told: which folder, where to keep files of its own, which
/// port, and for which workload.
pub(crate) struct Task<'t> {
    pub(crate) root: &'t Path,
    pub(crate) folder: &'t Path,
    pub(crate) workload: &'t Workload,
}

/// This package's own program, and what it is told where it is compared.
const OWN: &str = env!("CARGO_BIN_EXE_glasshttp");
const COMPARED: [&str; 4] = ["--model", "multiplex", "--workers", "1"];

/// A program that serves a folder.
pub(crate) struct Server {
    /// What it is called in the report.
    pub(crate) name: &'static str,
    pub(crate) program: &'static str,
    pub(crate) version: String,
    keeps: bool,
    owns_core: bool,
    /// Finds a port by itself and says which.
    chooses_port: bool,
    command: Start,
}

type Start = Box<dyn Fn(&Task<'_>, u16) -> io::Result<Command>>;

/// This package's own program, in the model that is compared with others.
pub(crate) fn own() -> Server {
    Server {
        name: "glasshttp",
        program: "glasshttp",
        version: env!("CARGO_PKG_VERSION").to_owned(),
        keeps: true,
        owns_core: false,
        chooses_port: true,
        command: Box::new(|task, port| Ok(glasshttp(OWN, task, port, &COMPARED))),
    }
}

/// The program as it was, or will be: built elsewhere, compared like another's.
pub(crate) fn beside(program: &Path) -> Server {
    let program = program.to_owned();
    Server {
        name: "beside",
        command: Box::new(move |task, port| Ok(glasshttp(&program, task, port, &COMPARED))),
        ..own()
    }
}

/// This package's own program in each of its models, the fastest one first.
pub(crate) fn models() -> Vec<Server> {
    vec![Server { name: "multiplex", ..own() }, one_model("thread"), one_model("process"), one_model("iterative")]
}

fn one_model(name: &'static str) -> Server {
    Server { name, command: Box::new(move |task, port| Ok(glasshttp(OWN, task, port, &["--model", name]))), ..own() }
}

/// This package's own program with nobody watching, and watched in each way; with packets where
/// that is said, and there is the right to see them.
pub(crate) fn watching() -> Vec<Server> {
    type Start = fn(&Task<'_>, u16) -> io::Result<Command>;
    let ways: [(&'static str, Start); 7] = [
        ("common", |task, port| Ok(logged(task, port, &["--log", "common", "--no-watch"]))),
        ("json-requests", |task, port| Ok(logged(task, port, &["--log", "json-requests", "--no-watch"]))),
        ("json", |task, port| Ok(logged(task, port, &["--log", "json", "--no-watch"]))),
        ("story", |task, port| Ok(logged(task, port, &["--log", "story", "--no-watch"]))),
        ("story, packets", |task, port| Ok(captured(logged(task, port, &["--log", "story", "--no-watch"])))),
        ("live page", |task, port| Ok(logged(task, port, &["--log", "off", "--watch", "0"]))),
        ("story and page", |task, port| Ok(logged(task, port, &["--log", "story", "--watch", "0"]))),
    ];
    let watched = ways.map(|(name, command)| Server { name, command: Box::new(command), chooses_port: false, ..own() });
    [Server { name: "quiet", ..own() }].into_iter().chain(watched).collect()
}

/// The other servers that are installed, and the names of those that are not.
pub(crate) fn others() -> (Vec<Server>, Vec<&'static str>) {
    type Known = (&'static str, &'static str, fn(&Task<'_>, u16) -> io::Result<Command>);
    let known: [Known; 11] = [
        ("nginx", "-v", peers::nginx),
        ("lighttpd", "-v", peers::lighttpd),
        ("h2o", "-v", peers::h2o),
        ("lwan", "--help", peers::lwan),
        ("darkhttpd", "--help", peers::darkhttpd),
        ("static-web-server", "--version", peers::static_web_server),
        ("miniserve", "--version", peers::miniserve),
        ("dufs", "--version", peers::dufs),
        ("caddy", "version", peers::caddy),
        ("busybox", "--help", peers::busybox),
        ("python3", "--version", peers::python),
    ];
    let (mut found, mut missing) = (Vec::new(), Vec::new());
    for (name, argument, command) in known {
        let Some(version) = version(name, argument) else {
            missing.push(name);
            continue;
        };
        // It forks for each connection, closes it after one response, and lets
        // the kernel reap the child.
        let forks = name == "busybox";
        found.push(Server {
            name,
            program: name,
            version,
            keeps: !forks && name != "python3", // which speaks HTTP/1.0, and closes
            owns_core: forks,
            chooses_port: false,
            command: Box::new(command),
        });
    }
    (found, missing)
}

impl Server {
    /// Whether it can do at all what the workload asks.
    pub(crate) fn can(&self, workload: &Workload) -> bool {
        self.keeps || !workload.keeps
    }

    /// Starts it and waits for `is_ready`.
    pub(crate) fn start<T>(
        &self,
        task: &Task<'_>,
        cores: Cores,
        is_ready: impl Fn(u16) -> io::Result<T>,
    ) -> Result<(Running, T), Box<dyn Error>> {
        fs::create_dir_all(task.folder)?;
        // Exec to first response is timed from outside, for all of them alike.
        let chooses_port = self.chooses_port && task.workload.load != Load::Start;
        let mut last = None;
        for _ in 0..PORTS_TRIED {
            let port = if chooses_port { 0 } else { free_port()? };
            let mut running = Running::start(&mut (self.command)(task, port)?, cores, port, self.owns_core)?;
            match running.wait_until(&is_ready) {
                Ok(value) => return Ok((running, value)),
                Err(error) => last = Some(error),
            }
        }
        Err(last.unwrap_or_else(|| "it does not start".into()))
    }

    /// Starts it and waits until it accepts connections.
    pub(crate) fn listen(&self, task: &Task<'_>, cores: Cores) -> Result<Running, Box<dyn Error>> {
        self.start(task, cores, |port| exchange::connect(port).map(drop)).map(|(running, ())| running)
    }
}

/// A port that was free a moment ago; another program may be faster.
fn free_port() -> io::Result<u16> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port())
}

fn glasshttp(program: impl AsRef<OsStr>, task: &Task<'_>, port: u16, model: &[&str]) -> Command {
    let mut command = Command::new(program);
    command.args(model).args(["--log", "off", "--no-watch"]);
    at(&mut command, task, port);
    command
}

/// The same with packets.
fn captured(mut command: Command) -> Command {
    command.env_remove("GLASSHTTP_PACKETS");
    command
}

/// The same with one event loop, told as `options` say; its output goes to a file.
fn logged(task: &Task<'_>, port: u16, options: &[&str]) -> Command {
    let mut command = Command::new("sh");
    command.args(["-c", "exec \"$@\" > \"$OUTPUT\"", "sh", OWN]);
    command.env("GLASSHTTP_PACKETS", "off");
    command.env("OUTPUT", task.folder.join("log")).args(["--model", "multiplex", "--workers", "1"]).args(options);
    at(&mut command, task, port);
    command
}

fn at(command: &mut Command, task: &Task<'_>, port: u16) {
    command.args(["--bind", "127.0.0.1", "--port", &port.to_string()]);
    command.args(["--keep-alive", "600", "--backlog", "4096", "--max-connections", "100000"]).arg(task.root);
}
