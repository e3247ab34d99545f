//! The four models, measured: who waits how long, and what the server spends.
//!
//! The lesson: a model is a response to "who waits for whom?". Many clients come
//! at once, first with requests that take the server some time each, then with
//! requests that take it none, from clients that take their own time. Each model
//! is good at one of these, at both or at neither, and each has its price.
//!
//! Run it:  cargo run --release --example models
//!          cargo run --release --example models -- --clients 30 --work-ms 50 --svg models.svg
//!
//! You see: two tables, and what they say in sentences. The hundredth client of
//! the iterative server waits for a hundred turns. Processes and threads wait
//! side by side, at the price that stands in the last three columns. An event
//! loop serves all who are slow themselves, and is no better than an iterative
//! server where its handler blocks.
//!
//! How it is measured: each server is a process of its own. All clients start
//! at one moment, from which all their waiting is counted. What the server
//! spends is measured in a second run, so that measuring delays no client.
//!
//! Try: `--clients 1000 --work-ms 2`: what takes longer, the work or making a
//! process for it? And `--clients 1000 --work-ms 20`: what do the threads cost?
#![allow(clippy::print_stdout)] // a program that shows something

mod chart;
mod clients;
mod server;

use clap::Parser;
use clients::Conduct;
use glasshttp::Model;
use server::{Contender, Peak, Server};
use std::error::Error;
use std::path::PathBuf;
use std::time::Duration;

/// Measures the server models side by side.
#[derive(Parser)]
struct Arguments {
    /// How many clients come at once
    #[arg(long, default_value_t = 100, value_name = "N", value_parser = clap::value_parser!(u16).range(2..=1000))]
    clients: u16,
    /// How long the handler takes, and how long a slow client pauses
    #[arg(long, default_value_t = 20, value_name = "MS", value_parser = clap::value_parser!(u16).range(1..=1000))]
    work_ms: u16,
    /// Draw a chart into this file
    #[arg(long, value_name = "FILE")]
    svg: Option<PathBuf>,
    /// Be the server that is measured
    #[arg(long, hide = true, value_name = "MODEL")]
    serve: Option<String>,
}

/// What one kind of clients met with under every model.
struct Scenario {
    title: String,
    rows: Vec<Row>,
}

/// What the clients of one model met with.
struct Row {
    contender: Contender,
    /// From the common start to the end of the response, shortest first.
    waits: Vec<Duration>,
    peak: Option<Peak>,
}

impl Row {
    fn last(&self) -> Duration {
        self.waits.last().copied().unwrap_or_default()
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let arguments = Arguments::parse();
    let work = Duration::from_millis(arguments.work_ms.into());
    if let Some(model) = &arguments.serve {
        return server::serve(model.parse()?, work);
    }
    let count = usize::from(arguments.clients);
    let cores = std::thread::available_parallelism()?.get();
    println!("{count} clients at once, each with one connection; this machine has {}.\n", counted(cores, "core"));

    let title = format!("A handler that blocks for {}", shown(work));
    let blocking = measure(title, Conduct::AskForWork, count, work)?;
    let title = format!("A handler that takes no time, clients that pause for {}", shown(work));
    let pausing = measure(title, Conduct::PauseBetweenRequests, count, work)?;
    // Slow in another way, against the iterative server alone.
    let halves = {
        let server = Server::start(Contender(Model::Iterative), work)?;
        clients::run(server.address, Conduct::PauseWithinHead, count, work)?.last().copied().unwrap_or_default()
    };

    for paragraph in what_it_says(&blocking, &pausing, halves, count, work) {
        println!("{}\n", wrapped(&paragraph));
    }
    if let Some(path) = &arguments.svg {
        std::fs::write(path, chart::draw(&[blocking, pausing], count))?;
        println!("The chart: {}", path.display());
    }
    Ok(())
}

/// Runs the clients against every model, and prints a table of it as it comes.
fn measure(title: String, conduct: Conduct, count: usize, work: Duration) -> Result<Scenario, Box<dyn Error>> {
    println!("{title}\n");
    let places = [1, count.div_ceil(2), count];
    let [first, middle, last] = places.map(|place| format!("{} ms", ordinal(place)));
    println!(
        "{:<12}{first:>9}{middle:>9}{last:>10}{:>13}{:>7}{:>11}{:>9}",
        "model", "responses/s", "MiB", "processes", "threads"
    );
    let mut rows = Vec::new();
    for contender in Contender::all()? {
        let server = Server::start(contender, work)?;
        let run = || {
            clients::run(server.address, conduct, count, work)
                .map_err(|error| format!("a client of {contender}: {error}"))
        };
        let waits = run()?;
        let (_, peak) = server.watch(run)?;
        let row = Row { contender, waits, peak };
        let [first, middle, last] = places.map(|place| row.waits[place - 1].as_secs_f64() * 1e3);
        let rate = count as f64 / row.last().as_secs_f64();
        let spent = match &row.peak {
            Some(peak) => format!("{:>7.1}{:>11}{:>9}", peak.mebibytes(), peak.processes, peak.threads),
            None => format!("{:>27}", "not visible"),
        };
        println!("{:<12}{first:>9.1}{middle:>9.1}{last:>10.1}{rate:>13.0}{spent}", contender.to_string());
        rows.push(row);
    }
    println!();
    Ok(Scenario { title, rows })
}

/// The tables in words; every figure is a measured one.
fn what_it_says(
    blocking: &Scenario,
    pausing: &Scenario,
    halves: Duration,
    count: usize,
    work: Duration,
) -> Vec<String> {
    let last = |scenario: &Scenario, model| {
        scenario.rows.iter().find(|row| row.contender.0 == model).map(|row| shown(row.last())).unwrap_or_default()
    };
    let spent = |scenario: &Scenario, model| {
        let row = scenario.rows.iter().find(|row| row.contender.0 == model);
        row.and_then(|row| row.peak.as_ref()).map_or("not visible".to_owned(), |peak| {
            let (processes, threads) = (counted(peak.processes, "process"), counted(peak.threads, "thread"));
            format!("seen at most: {processes}, {threads}, {:.1} MiB", peak.mebibytes())
        })
    };
    let loops = |scenario: &Scenario| {
        let loops = scenario.rows.iter().filter(|row| matches!(row.contender.0, Model::Multiplex { .. }));
        let said: Vec<String> = loops.map(|row| format!("{} for {}", shown(row.last()), row.contender)).collect();
        said.join(", ")
    };
    use Model::{Iterative, Process, Thread};
    vec![
        "MiB: proportional set size, in which processes divide what they share; the kernel's own memory for \
         each process and thread is not in it. The last three columns are the most seen at a time."
            .to_owned(),
        format!(
            "iterative: the {} client waits {count} turns. {count} × {} = {}, and {} were measured.",
            ordinal(count),
            shown(work),
            shown(work * u32::try_from(count).unwrap_or(u32::MAX)),
            last(blocking, Iterative)
        ),
        format!(
            "process: who waits is a child, and the children wait side by side: {} until the last response ({}).",
            last(blocking, Process),
            spent(blocking, Process)
        ),
        format!("thread: the same within one process: {} ({}).", last(blocking, Thread), spent(blocking, Thread)),
        format!(
            "multiplex: a handler that blocks blocks its event loop with everybody in it, and the last response \
             took {}; to which loop a connection comes is up to a hash, so that several share them unevenly. \
             Multiplexing helps with clients that wait, not with a handler that blocks.",
            loops(blocking)
        ),
        format!(
            "Clients that pause between two requests of a connection are where it does help: {}, in as many \
             threads as loops. A client's pause costs a loop nothing. It costs an iterative server its whole time: \
             {} until the last response.",
            loops(pausing),
            last(pausing, Iterative)
        ),
        format!(
            "Not every slow client holds it up: when the pause lies within the request's head, the iterative \
             server's last client waited {} only. The halves of all clients arrive meanwhile and lie in the \
             kernel until their turn comes.",
            shown(halves)
        ),
    ]
}

fn shown(time: Duration) -> String {
    match time.as_secs_f64() {
        seconds if seconds >= 1.0 => format!("{seconds:.2} s"),
        seconds => format!("{:.0} ms", seconds * 1e3),
    }
}

fn counted(number: usize, what: &str) -> String {
    let ending = match what.ends_with('s') {
        _ if number == 1 => "",
        true => "es",
        false => "s",
    };
    format!("{number} {what}{ending}")
}

fn ordinal(number: usize) -> String {
    let ending = match (number % 10, number % 100) {
        (_, 11..=13) => "th",
        (1, _) => "st",
        (2, _) => "nd",
        (3, _) => "rd",
        _ => "th",
    };
    format!("{number}{ending}")
}

/// In lines of at most 80 columns.
fn wrapped(text: &str) -> String {
    let mut lines = vec![String::new()];
    for word in text.split_whitespace() {
        match lines.last_mut() {
            Some(line) if line.is_empty() => line.push_str(word),
            Some(line) if line.chars().count() + 1 + word.chars().count() <= 80 => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines.join("\n")
}
