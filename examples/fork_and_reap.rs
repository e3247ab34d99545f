//! fork(2): one process becomes two. And what becomes of a child that ends.
//!
//! The lesson: a child has copies of all variables, and the copies part. When
//! it ends, its exit status stays in the process table until the parent takes
//! it: until then it is a zombie, state Z. A server that makes a process for
//! each client and never waits fills the table. SIGCHLD says when to wait.
//!
//! Run it:  cargo run --example fork_and_reap
//! And:     cargo run --example fork_and_reap -- --pause     (then look around)
//!
//! You see: variables that part, a zombie and its end, a status taken apart.
//!
//! Try: with --pause, `ps -eo pid,ppid,stat,comm` in another terminal.
//!
//! In the lab: none, for processes need no wire.
//!
//! It uses `unsafe`, because no crate has a safe fork: the child of a process with
//! several threads may inherit a lock, but not its owner. Needs Linux's /proc.
#![allow(clippy::print_stdout)] // a program that shows something
#![allow(unsafe_code)] // see above

use clap::Parser;
use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, WaitOptions, kill_process, wait, waitid, waitpid};
use signal_hook::{consts::SIGCHLD, iterator::Signals};
use std::error::Error;
use std::process::ExitCode;
use std::sync::atomic::{AtomicI32, Ordering::Relaxed};

static GVAL: AtomicI32 = AtomicI32::new(10);

fn run(arguments: &Arguments) -> Result<(), Box<dyn Error>> {
    if !std::path::Path::new("/proc/self/status").exists() {
        return Err("this system has no /proc that shows its processes; try Linux".into());
    }
    println!("1. Copies. Before fork: gval = 10, lval = 20");
    let mut lval = 20;
    let first = child(|| {
        GVAL.fetch_add(2, Relaxed);
        lval += 2;
        println!("   child:  gval = {}, lval = {lval} (it added 2 to each)", GVAL.load(Relaxed));
        3
    })?;
    GVAL.fetch_sub(2, Relaxed);
    lval -= 2;
    waitid(WaitId::Pid(first), WaitIdOptions::EXITED | WaitIdOptions::NOWAIT)?; // leaves it as it ended
    println!("   parent: gval = {}, lval = {lval} (it took 2 from each)", GVAL.load(Relaxed));

    println!("2. A zombie. The child has ended, and nobody has waited for it");
    println!("   process {first} is in state {}", state(first));
    if arguments.pause {
        println!("   Enter goes on");
        std::io::stdin().read_line(&mut String::new())?;
    }
    reap(first)?;
    println!("   process {first} after wait: {}", state(first));

    println!("3. The other way to end");
    let second = child(|| {
        loop {
            std::thread::park();
        }
    })?;
    kill_process(second, Signal::TERM)?;
    reap(second)?;

    println!("4. SIGCHLD is handled: one signal may stand for several children");
    let mut signals = Signals::new([SIGCHLD])?;
    let mut left = vec![child(|| 0)?, child(|| 1)?, child(|| 2)?];
    while !left.is_empty() {
        signals.wait().for_each(drop);
        // So wait until there is none, and not once for each signal.
        while let Ok(Some((ended, _))) = wait(WaitOptions::NOHANG) {
            left.retain(|child| *child != ended);
            println!("   process {ended}: {}", state(ended));
        }
    }

    println!("5. SIGCHLD is ignored: the kernel keeps no zombie");
    // SAFETY: no code of ours runs when a signal is ignored.
    unsafe { libc::signal(SIGCHLD, libc::SIG_IGN) };
    let last = child(|| 4)?;
    // This waits until it has ended, and then there is nothing to be had (wait(2), NOTES).
    let Err(nothing) = waitpid(Some(last), WaitOptions::empty()) else { return Err("it was kept".into()) };
    println!("   process {last}: {}; wait: {nothing}", state(last));
    Ok(())
}

/// A child that does this, and ends with the status that it gives.
fn child(body: impl FnOnce() -> i32) -> Result<Pid, &'static str> {
    // SAFETY: this process has one thread, so the child finds no lock that another one holds.
    match unsafe { libc::fork() } {
        0 => std::process::exit(body()),
        pid => Pid::from_raw(pid).filter(|_| pid > 0).ok_or("cannot fork: are there too many processes?"),
    }
}

/// Waits for a child, and takes its status apart (wait(2)).
fn reap(child: Pid) -> Result<(), Box<dyn Error>> {
    let (_, status) = waitpid(Some(child), WaitOptions::empty())?.ok_or("it has not ended")?;
    let said = match status.exit_status() {
        Some(code) => format!("it exited with {code}"),
        None => format!("signal {} ended it", status.terminating_signal().unwrap_or_default()),
    };
    println!("   wait: {:#06x}, that is, {said}", status.as_raw());
    Ok(())
}

/// As the process table has it, see proc_pid_status(5).
fn state(process: Pid) -> String {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let state = status.lines().find_map(|line| line.strip_prefix("State:"));
    state.map_or("no longer in the table".to_owned(), |state| state.trim().to_owned())
}

/// Makes children, and shows what becomes of them.
#[derive(Parser)]
#[command(max_term_width = 80)]
struct Arguments {
    /// Wait for Enter while there is a zombie
    #[arg(long)]
    pause: bool,
}

fn main() -> ExitCode {
    let Err(error) = run(&Arguments::parse()) else { return ExitCode::SUCCESS };
    eprintln!("fork_and_reap: {error}");
    ExitCode::FAILURE
}
