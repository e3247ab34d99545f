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
//! Its reading: cargo run --example half_close_client -- --shut-read
//!
//! You see: how much came until the end of file, and what became of the thanks.
//!
//! Try: `--output copy`, and compare it with the file; `--close` at the server:
//! the write() succeeds all the same. With --shut-read (SHUT_RD) nothing is sent:
//! the server never knows, and on Linux what has come, or comes, can still be read.
//!
//! In the lab: glasshttp lab half-close
#![allow(clippy::print_stdout)] // a program that shows something

use clap::Parser;
use std::error::Error;
use std::fs::File;
use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::path::PathBuf;
use std::process::ExitCode;
use std::thread::sleep;
use std::time::Duration;

fn run(arguments: &Arguments) -> Result<(), Box<dyn Error>> {
    let Arguments { host, port, output, shut_read } = arguments;
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
    if *shut_read {
        let first = server.read(&mut [0; 10])?;
        server.shutdown(Shutdown::Read)?;
        println!("Read {first} bytes, and ended our reading: read() waits for nothing more");
    }
    let count = io::copy(&mut server, &mut file).map_err(|error| format!("the file is not complete: {error}"))?;
    if *shut_read {
        println!("Read {count} bytes more all the same, then 0: its end, or nothing yet");
    } else {
        println!("Received {count} bytes, and then the end of file");
    }

    server.write_all(b"Thank you").map_err(|error| format!("the server is gone: {error}"))?;
    println!("Wrote \"Thank you\": the kernel has it");
    // Its end has come already, so read() has no news any more. What may come is a reset:
    // it is here within a round trip.
    sleep(Duration::from_millis(200));
    match server.take_error()? {
        None => println!("No reset came: the server's direction had ended, ours had not"),
        Some(error) => println!("A reset came: nobody is there to read it ({error})"),
    }
    Ok(())
}

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
    /// End our reading after the first bytes (SHUT_RD)
    #[arg(long, conflicts_with = "output")]
    shut_read: bool,
}

fn main() -> ExitCode {
    let Err(error) = run(&Arguments::parse()) else { return ExitCode::SUCCESS };
    eprintln!("half_close_client: {error}");
    ExitCode::FAILURE
}
