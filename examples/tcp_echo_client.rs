//! A TCP echo client that knows when it has its whole response, and one that
//! believes that it knows.
//!
//! The lesson: read() gives what has arrived, at least one byte, at most the
//! buffer. A client that takes one read() for one message gets half a response
//! when it comes in two pieces, and then the rest of it together with the next one.
//! An echo is as long as what was sent, so the right client reads until that
//! much has come back.
//!
//! Run it:      cargo run --example tcp_echo_client
//! Beforehand:  cargo run --example tcp_echo_server
//! The wrong one:         cargo run --example tcp_echo_client -- --naive
//! Where it shows:        cargo run --example tcp_echo_server -- --split 500
//!
//! You see: for each line that you type, the response, and how many reads it took.
//!
//! Try: the naive one without --split: it works. That is what makes it wrong.
//!
//! In the lab: glasshttp lab boundaries
#![allow(clippy::print_stdout)] // a program that shows something

use clap::Parser;
use std::error::Error;
use std::io::{self, BufRead, Read, Write};
use std::net::TcpStream;
use std::process::ExitCode;
use std::time::Duration;

/// The longest line: what is on its way fits the kernel's buffers, so that
/// the server never waits for us while we wait for it.
const LONGEST: usize = 16 * 1024;

fn run(arguments: &Arguments) -> Result<(), Box<dyn Error>> {
    let Arguments { host, port, naive } = arguments;
    let mut server = TcpStream::connect((host.as_str(), *port)).map_err(|error| {
        format!("cannot connect to {host}, port {port}: {error}; is tcp_echo_server running, at that port?")
    })?;
    server.set_read_timeout(Some(Duration::from_secs(30)))?;
    println!("Connected to {} from {}", server.peer_addr()?, server.local_addr()?);
    println!("Type lines; Q ends.");
    let mut keyboard = io::stdin().lock();
    loop {
        let mut line = String::new();
        let typed = keyboard.by_ref().take(LONGEST as u64 + 1).read_line(&mut line);
        if typed.map_err(|error| format!("cannot read your line: {error}"))? == 0 || matches!(line.trim(), "q" | "Q") {
            return Ok(());
        }
        if line.len() > LONGEST {
            return Err(format!("a line has at most {LONGEST} bytes here; try a shorter one").into());
        }
        server.write_all(line.as_bytes()).map_err(|error| format!("the server is gone: {error}"))?;
        let echo = if *naive { one_read(&mut server) } else { whole_echo(&mut server, line.len()) };
        let (echo, reads) = echo.map_err(|error| {
            let turn = matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut);
            if turn {
                "no response: is it another client's turn? Try again".to_owned()
            } else {
                format!("no response: {error}")
            }
        })?;
        println!("sent {} bytes, got {} in {reads}: {:?}", line.len(), echo.len(), String::from_utf8_lossy(&echo));
    }
}

/// Wrong: what one read() gives, be it half a response or one and a half.
fn one_read(server: &mut TcpStream) -> io::Result<(Vec<u8>, String)> {
    let mut buffer = [0; LONGEST];
    match server.read(&mut buffer)? {
        0 => Err(io::ErrorKind::UnexpectedEof.into()),
        count => Ok((buffer[..count].to_vec(), "one read".to_owned())),
    }
}

/// Right: reads until all that was sent has come back.
fn whole_echo(server: &mut TcpStream, length: usize) -> io::Result<(Vec<u8>, String)> {
    let mut echo = vec![0; length];
    let (mut filled, mut reads) = (0, 0);
    while filled < length {
        match server.read(&mut echo[filled..])? {
            0 => return Err(io::ErrorKind::UnexpectedEof.into()),
            count => filled += count,
        }
        reads += 1;
    }
    Ok((echo, if reads == 1 { "1 read".to_owned() } else { format!("{reads} reads") }))
}

/// Sends lines, and shows what comes back, until you type Q.
#[derive(Parser)]
#[command(max_term_width = 80)]
struct Arguments {
    /// The server
    #[arg(default_value = "127.0.0.1")]
    host: String,
    /// The server's port
    #[arg(short, long, default_value_t = 1060)]
    port: u16,
    /// Take one read() for one response, which is wrong
    #[arg(long)]
    naive: bool,
}

fn main() -> ExitCode {
    let Err(error) = run(&Arguments::parse()) else { return ExitCode::SUCCESS };
    eprintln!("tcp_echo_client: {error}");
    ExitCode::FAILURE
}
