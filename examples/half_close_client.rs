//! Half-close, the receiver's side: reads to the end of file, and then responds.
//!
//! The lesson: read() = 0 says that the other end has ended its direction, and
//! nothing of ours, so the response can still be sent. Whether it was received is
//! not known from write(), which only hands bytes to the kernel. If nobody is
//! there to read it any more, the other end's kernel says so by a reset.
//!
//! Run it:      cargo run --example half_close_client
//! Beforehand:  cargo run --example half_close_server -- Cargo.toml
//! Or:          cargo run --example half_close_server -- Cargo.toml --close
//!
//! You see: how much came until the end of file, and what became of the thanks.
//!
//! Try: `--output copy`, and compare it with the file; `--close` at the server:
//! the write() succeeds all the same.
#![allow(clippy::print_stdout)] // a program that shows something

use clap::Parser;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use std::error::Error;
use std::fs::File;
use std::io::{self, Write};
use std::net::TcpStream;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

/// Receives a file until its end, and says thank you.
#[derive(Parser)]
#[command(max_term_width = 80)]
struct Arguments {
    /// The server
    #[arg(default_value = "127.0.0.1")]
    host: String,
    /// The server's port
    #[arg(short, long, default_value_t = 1060)]
    port: u16,
    /// Keep what comes in this new file
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
}

fn main() -> ExitCode {
    let Err(error) = run(&Arguments::parse()) else { return ExitCode::SUCCESS };
    eprintln!("half_close_client: {error}");
    ExitCode::FAILURE
}

fn run(arguments: &Arguments) -> Result<(), Box<dyn Error>> {
    let Arguments { host, port, output } = arguments;
    let mut file: Box<dyn Write> = match output {
        None => Box::new(io::sink()),
        Some(path) => Box::new(
            File::create_new(path)
                .map_err(|error| format!("cannot make {}: {error}; try a name that is not taken", path.display()))?,
        ),
    };
    let mut server = TcpStream::connect((host.as_str(), *port)).map_err(|error| {
        format!("cannot connect to {host}, port {port}: {error}; is half_close_server running, at that port?")
    })?;
    server.set_read_timeout(Some(Duration::from_secs(10)))?;
    let count = io::copy(&mut server, &mut file).map_err(|error| format!("the file is not complete: {error}"))?;
    println!("Received {count} bytes, and then the end of file");

    server.write_all(b"Thank you").map_err(|error| format!("the server is gone: {error}"))?;
    println!("Wrote \"Thank you\": the kernel has it");
    // Its end has come already, so read() has no news any more. What may come is a reset.
    let mut waiting = [PollFd::new(&server, PollFlags::empty())];
    poll(&mut waiting, Some(&Timespec { tv_sec: 0, tv_nsec: 200_000_000 }))
        .map_err(|error| format!("cannot wait: {error}"))?;
    match server.take_error()? {
        None => println!("No reset came: the server's direction had ended, ours had not"),
        Some(error) => println!("A reset came: nobody is there to read it ({error})"),
    }
    Ok(())
}
