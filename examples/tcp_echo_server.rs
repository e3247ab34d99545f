//! An iterative TCP echo server: five clients, one after another, then it ends.
//!
//! The lesson: a TCP connection is a stream of bytes. What one write() sent,
//! one read() need not receive: the server echoes whatever each read() brings,
//! and neither knows nor needs the ends of lines.
//!
//! Run it:      cargo run --example tcp_echo_server
//! And beside:  cargo run --example tcp_echo_client
//!
//! You see: each client's turn and how many bytes it sent. A second client
//! that connects meanwhile can already send, for the kernel completes its
//! connection, but hears nothing until its turn.
//!
//! Try: two clients at once; then the same with multiplex_echo. And
//! `--split 500` with `tcp_echo_client --naive`: half a response, then a wrong one.
//!
//! In the lab: glasshttp lab boundaries
#![allow(clippy::print_stdout)] // a program that shows something

use clap::Parser;
use std::error::Error;
use std::io::{self, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::ExitCode;
use std::time::Duration;

fn run(arguments: &Arguments) -> Result<(), Box<dyn Error>> {
    let Arguments { host, port, clients, split } = arguments;
    let listener = TcpListener::bind((host.as_str(), *port))
        .map_err(|error| format!("cannot listen at {host}, port {port}: {error}; try 127.0.0.1, or -p 0"))?;
    println!("Listening at {}", listener.local_addr()?);
    for turn in 1..=*clients {
        let (client, address) = listener.accept().map_err(|error| format!("cannot accept: {error}"))?;
        println!("Client {turn} of {clients}: {address}");
        // What goes wrong with a client ends its turn, and nobody else's.
        match echo(client, split.map(Duration::from_millis)) {
            Ok(count) => println!("  echoed {count} bytes, until it closed"),
            Err(error) => println!("  its connection failed: {error}"),
        }
    }
    println!("{clients} clients were served");
    Ok(())
}

/// Sends back what comes, until the end.
fn echo(mut client: TcpStream, split: Option<Duration>) -> io::Result<u64> {
    client.set_nodelay(true)?; // each write() leaves at once: nothing is gathered (tcp(7))
    let mut buffer = [0; 1024];
    let mut echoed = 0;
    loop {
        let count = match client.read(&mut buffer)? {
            0 => return Ok(echoed),
            count => count,
        };
        match split {
            None => client.write_all(&buffer[..count])?,
            Some(pause) => {
                let (first, second) = buffer[..count].split_at(count / 2);
                client.write_all(first)?;
                std::thread::sleep(pause);
                client.write_all(second)?;
            }
        }
        echoed += count as u64;
    }
}

/// Sends back what each of a few clients sends.
#[derive(Parser)]
#[command(max_term_width = 80)]
struct Arguments {
    /// The address to listen at
    #[arg(default_value = "127.0.0.1")]
    host: String,
    /// The port to listen at; 0 takes any free one
    #[arg(short, long, default_value_t = 1060)]
    port: u16,
    /// After how many clients it ends
    #[arg(short, long, default_value_t = 5)]
    clients: u32,
    /// Send each echo in two halves, this far apart: networks may do that, too
    #[arg(long, value_name = "MS", value_parser = clap::value_parser!(u64).range(..=10_000))]
    split: Option<u64>,
}

fn main() -> ExitCode {
    let Err(error) = run(&Arguments::parse()) else { return ExitCode::SUCCESS };
    eprintln!("tcp_echo_server: {error}");
    ExitCode::FAILURE
}
