//! The comparison, from the command line to the report: every workload, round
//! by round, each server in turn.

use crate::chart::chart;
use crate::exchange::{self, Idle};
use crate::generator::Scripts;
use crate::machine;
use crate::report::{self, Column, Reading, Row};
use crate::running::{Cores, Running};
use crate::server::{self, Server, Task};
use crate::workload::{IDLE, Load, Unit, WORKLOADS, Workload, write_site};
use clap::Parser;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use std::error::Error;
use std::fs::Permissions;
use std::io::{IsTerminal, stderr};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::Instant;

/// How many seconds the rounds may take altogether, where their number is not given.
const USUAL_BUDGET: u32 = 270;
const QUICK_BUDGET: u32 = 52;
/// More rounds than this move no median.
const MOST_ROUNDS: u32 = 7;
/// Each costs thousands of connections, or a start: their figures hardly vary.
const MOST_IDLE_ROUNDS: u32 = 3;
/// A few, where nothing else is chosen and time is short.
const QUICK: [&str; 5] = ["W1", "W2", "W4", "W5", "W9"];

/// Compares glasshttp with the web servers that are installed.
#[derive(Debug, Parser)]
#[command(name = "cargo bench --bench compare --")]
struct Args {
    /// Only these, as in W1,W2
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    workloads: Vec<String>,
    /// Rounds in which each server has its turn [default: as many as fit, up to 7]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=100))]
    rounds: Option<u32>,
    /// Seconds that one turn takes
    #[arg(long, value_name = "S", default_value = "1", value_parser = clap::value_parser!(u32).range(1..=60))]
    seconds: u32,
    /// Less, in under a minute
    #[arg(long)]
    quick: bool,
    /// The models of glasshttp with each other, on W1 and W2
    #[arg(long)]
    models: bool,
    /// What watching costs: each way of it against none, on W1 and W2
    #[arg(long, conflicts_with = "models")]
    watching: bool,
    /// Another build of glasshttp, as one more server: what a change costs
    #[arg(long, value_name = "PROGRAM", conflicts_with_all = ["models", "watching"])]
    beside: Option<PathBuf>,
    /// Only glasshttp, and what is beside it
    #[arg(long)]
    alone: bool,
    /// Draws what glasshttp saves, too
    #[arg(long, value_name = "FILE", conflicts_with = "watching")]
    svg: Option<PathBuf>,
    /// What cargo says to every benchmark.
    #[arg(long, hide = true)]
    bench: bool,
}

impl Args {
    fn workloads(&self) -> Result<Vec<&'static Workload>, String> {
        let chosen = |names: &[&str]| names.iter().map(|name| Workload::named(name)).collect();
        match self.workloads.iter().map(String::as_str).collect::<Vec<_>>()[..] {
            ref names @ [_, ..] => chosen(names),
            [] if self.models || self.watching => chosen(&["W1", "W2"]),
            [] if self.quick => chosen(&QUICK),
            [] => Ok(WORKLOADS.iter().collect()),
        }
    }

    /// How many rounds there is time for, when one round has `turns` turns.
    fn rounds(&self, turns: usize) -> u32 {
        self.rounds.unwrap_or_else(|| {
            let budget = if self.quick { QUICK_BUDGET } else { USUAL_BUDGET };
            let affordable = budget / (self.seconds * turns as u32).max(1);
            // One of them warms up.
            affordable.saturating_sub(1).clamp(1, MOST_ROUNDS)
        })
    }
}

/// What all workloads share.
struct Comparison {
    cores: Cores,
    servers: Vec<Server>,
    folder: PathBuf,
    root: PathBuf,
    scripts: Scripts,
    seconds: u32,
}

#[expect(clippy::print_stdout, reason = "the report is what this program is for")]
pub(crate) fn main() -> Result<(), Box<dyn Error>> {
    let args = Args::parse();
    let mut workloads = args.workloads()?;
    let mut notes = Vec::new();
    let (mut servers, mut missing) = (vec![server::own()], Vec::new());
    if args.models {
        servers = server::models();
    } else if args.watching {
        servers = server::watching();
    } else {
        servers.extend(args.beside.as_deref().map(server::beside));
        if !args.alone {
            let (others, absent) = server::others();
            servers.extend(others);
            missing = absent;
        }
    }
    let generators = [("wrk", Load::Wrk), ("ab", Load::Ab)].map(|(name, load)| {
        // wrk names its version only beside an error.
        let version = machine::version(name, if load == Load::Wrk { "-v" } else { "-V" });
        if version.is_none() {
            missing.push(name);
            workloads.retain(|workload| workload.load != load);
        }
        version.map(|version| format!("{name} {version}"))
    });
    if !missing.is_empty() {
        notes.push(format!("left out, not installed: {}", missing.join(", ")));
    }
    notes.extend(machine::disturbance());
    raise_descriptor_limit()?;
    let cores = Cores::take()?;

    // Some servers give up root's rights, and are to read it nevertheless.
    let readable = Permissions::from_mode(0o755);
    let temporary = tempfile::Builder::new().permissions(readable).tempdir()?;
    let folder = temporary.path().to_owned();
    let root = folder.join("site");
    write_site(&root)?;
    let scripts = Scripts::write(&folder)?;
    let turns = workloads.iter().flat_map(|workload| servers.iter().filter(|server| server.can(workload))).count();
    let rounds = args.rounds(turns);
    let start = Instant::now();
    let comparison = Comparison { cores, servers, folder, root, scripts, seconds: args.seconds };
    let rows: Vec<Row> = workloads.into_iter().map(|workload| comparison.row(workload, rounds)).collect();
    progress("");

    let servers = &comparison.servers;
    let programs = if args.models || args.watching { &servers[..1] } else { &servers[..] };
    let versions = programs.iter().map(|server| format!("{} {}", server.program, server.version));
    let versions: Vec<String> = versions.chain(generators.into_iter().flatten()).collect();
    println!("{}\n", machine::description(cores));
    println!("{}; rounds: {rounds}, of {} s each", versions.join(", "), args.seconds);
    println!("{}", notes.join("\n"));
    let names: Vec<&str> = servers.iter().map(|server| server.name).collect();
    if let (Some(file), [ours, peers @ ..]) = (&args.svg, &names[..]) {
        std::fs::write(file, chart(&rows, ours, peers))?;
    }
    println!(
        "{}\nIt took {:.0} s.",
        report::tables(&rows, &names, if args.watching { Reading::Keeps } else { Reading::Saves }),
        start.elapsed().as_secs_f64()
    );
    Ok(())
}

/// As many descriptors as allowed, for this process and those that it starts.
fn raise_descriptor_limit() -> Result<(), Box<dyn Error>> {
    let maximum = getrlimit(Resource::Nofile).maximum;
    Ok(setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum })?)
}

/// Says where it is, over what it said before.
fn progress(text: &str) {
    if stderr().is_terminal() {
        eprint!("\r\x1b[K{text}");
    }
}

impl Comparison {
    fn row(&self, workload: &'static Workload, rounds: u32) -> Row {
        let mut notes = Vec::new();
        let able: Vec<&Server> = self.servers.iter().filter(|server| server.can(workload)).collect();
        let columns = match workload.load {
            Load::Wrk | Load::Ab => self.loaded(workload, &able, rounds),
            Load::Idle | Load::Start => {
                self.in_turn(workload, &able, rounds, |server| self.started(server, workload, &mut notes))
            }
        };
        notes.dedup();
        Row { workload, columns, notes }
    }

    /// All servers run; one after the other is under load.
    fn loaded(&self, workload: &'static Workload, servers: &[&Server], rounds: u32) -> Vec<Column> {
        let started: Vec<Result<Running, String>> = servers
            .iter()
            .map(|server| {
                progress(&format!("{}: {} starts", workload.name, server.name));
                let running = self.with_task(server, workload, |task| server.listen(task, self.cores));
                let running = running.map_err(|error| error.to_string())?;
                // Not counted: caches are filled, memory is asked for.
                self.load(&running, workload).map(|_| running).map_err(|error| error.to_string())
            })
            .collect();
        let mut turn = started.iter().cycle();
        self.in_turn(workload, servers, rounds, |_| match turn.next() {
            Some(Ok(running)) => self.load(running, workload),
            Some(Err(fault)) => Err(fault.clone().into()),
            None => Err("it was not started".into()),
        })
    }

    /// A B C, A B C, …: a round's figures come from nearly the same moment.
    fn in_turn(
        &self,
        workload: &Workload,
        servers: &[&Server],
        rounds: u32,
        mut figure: impl FnMut(&Server) -> Result<f64, Box<dyn Error>>,
    ) -> Vec<Column> {
        let is_slow = workload.load == Load::Idle;
        let rounds = if is_slow { rounds.min(MOST_IDLE_ROUNDS) } else { rounds };
        let mut columns: Vec<Column> =
            servers.iter().map(|server| Column { server: server.name, figures: Ok(Vec::new()) }).collect();
        for round in 1..=rounds {
            for (server, column) in servers.iter().zip(&mut columns) {
                progress(&format!("{}: round {round} of {rounds}: {}", workload.name, server.name));
                match (figure(server), &mut column.figures) {
                    (Ok(figure), Ok(figures)) => figures.push(figure),
                    (Err(error), figures @ Ok(_)) => *figures = Err(error.to_string()),
                    // One wrong response is enough: what is wrong is often fast.
                    (_, Err(_)) => {}
                }
            }
        }
        columns
    }

    /// Loads a server: what it did for each second of processor time.
    fn load(&self, running: &Running, workload: &Workload) -> Result<f64, Box<dyn Error>> {
        let lines = exchange::check(workload, running.port)?;
        let before = running.cpu_seconds()?;
        let outcome = self.scripts.run(workload, running.port, self.seconds, &lines)?;
        let seconds = running.cpu_seconds()? - before;
        if let Some(fault) = outcome.fault(workload) {
            return Err(fault.into());
        }
        Ok(match workload.unit {
            Unit::Gigabytes => outcome.bytes as f64 / 1e9 / seconds,
            _ => outcome.requests as f64 / seconds,
        })
    }

    /// Starts a server anew, and says what that or idle connections cost.
    fn started(&self, server: &Server, workload: &Workload, notes: &mut Vec<String>) -> Result<f64, Box<dyn Error>> {
        self.with_task(server, workload, |task| {
            if workload.load == Load::Start {
                let start = Instant::now();
                let response = |port| exchange::ask(&exchange::connect(port)?, workload.path, "");
                let (running, _) = server.start(task, self.cores, response)?;
                let elapsed = start.elapsed();
                exchange::check(workload, running.port)?;
                return Ok(elapsed.as_secs_f64() * 1e3);
            }
            let running = server.listen(task, self.cores)?;
            exchange::check(workload, running.port)?;
            let before = running.user_memory()?;
            let idle = Idle::open(workload, running.port);
            let memory = running.user_memory()?.saturating_sub(before);
            let (kept, served) = (idle.count(), idle.served(workload));
            if kept < IDLE {
                let descriptors = getrlimit(Resource::Nofile).maximum;
                let limit = descriptors.map_or("unlimited".to_owned(), |limit| limit.to_string());
                let note = format!("{} kept {kept} connections of {IDLE}; RLIMIT_NOFILE is {limit}", server.name);
                if !notes.contains(&note) {
                    notes.push(note);
                }
            }
            if served < kept || kept == 0 {
                return Err(format!("of {kept} idle connections {served} got a response afterwards").into());
            }
            Ok(memory as f64 / kept as f64)
        })
    }

    fn with_task<T>(&self, server: &Server, workload: &Workload, work: impl FnOnce(&Task<'_>) -> T) -> T {
        let folder: &Path = &self.folder.join(format!("{}-{}", workload.name, server.name));
        work(&Task { root: &self.root, folder, workload })
    }
}
