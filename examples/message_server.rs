//! One program with two roles: a server that takes a message from each client,
//! and the client that brings it.
//!
//! The lesson: the two ends of a connection differ only in who waits and who
//! comes. The server has a loop of accept, read, respond, close; whatever goes
//! wrong with one client ends that client's turn and not the loop. An empty
//! message is such a case: read() finds the end at once. A server that takes
//! that for an error and leaves its loop, as the notes' version does, can be
//! stopped by anybody; this one responds and accepts the next.
//!
//! Run it:      cargo run --example message_server -- server 127.0.0.1
//! And beside:  cargo run --example message_client -- client 127.0.0.1
//! (Both are this program; with -p PORT it is another port than 1060.)
//!
//! You see: where the server listens, from whom it accepts, what it receives;
//! and its response, which tells the client its own address.
//!
//! Try: press Enter alone; Ctrl-C a client before it has sent; listen at
//! 0.0.0.0 and send from another computer.
//!
//! In the lab: glasshttp lab cycle
#![allow(clippy::print_stdout)] // a program that shows something

use clap::{Parser, ValueEnum};
use std::error::Error;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::process::ExitCode;
use std::time::Duration;

/// The longest message, in bytes with its newline: nobody can fill our memory.
const LONGEST: usize = 1024;
/// How long the other end may keep us waiting.
const PATIENCE: Duration = Duration::from_secs(10);

fn serve(host: &str, port: u16) -> Result<(), Box<dyn Error>> {
    let listener = TcpListener::bind((host, port))
        .map_err(|error| format!("cannot listen at {host}, port {port}: {error}; try 127.0.0.1, or -p 0"))?;
    println!("Listening at {}", listener.local_addr()?);
    loop {
        println!("Waiting for a connection");
        match listener.accept() {
            Ok((client, address)) => {
                println!("Accepted a connection from {address}");
                if let Err(error) = respond(&client) {
                    println!("  that client failed: {error}");
                }
            }
            Err(error) => {
                eprintln!("message_server: cannot accept: {error}");
                std::thread::sleep(Duration::from_millis(100)); // out of descriptors, say: that passes
            }
        }
    }
}

/// One client's turn; the connection closes when it is over.
fn respond(mut client: &TcpStream) -> io::Result<()> {
    client.set_read_timeout(Some(PATIENCE))?;
    client.set_write_timeout(Some(PATIENCE))?;
    let message = read_message(client)?;
    println!("  received {} bytes: {:?}", message.len(), String::from_utf8_lossy(&message));
    writeln!(client, "received well, {}", client.peer_addr()?)
}

/// Up to the newline or the end, however many reads that takes: TCP keeps no messages apart.
fn read_message(connection: &TcpStream) -> io::Result<Vec<u8>> {
    let mut message = Vec::new();
    BufReader::new(connection.take(LONGEST as u64)).read_until(b'\n', &mut message)?;
    Ok(message.trim_ascii_end().to_vec())
}

fn send(host: &str, port: u16) -> Result<(), Box<dyn Error>> {
    let mut server = TcpStream::connect((host, port))
        .map_err(|error| format!("cannot connect to {host}, port {port}: {error}; is the server running there?"))?;
    println!("Connected to {} from {}", server.peer_addr()?, server.local_addr()?);
    server.set_read_timeout(Some(PATIENCE))?;
    println!("Your message, a line:");
    let mut line = String::new();
    io::stdin().lock().take(LONGEST as u64 + 1).read_line(&mut line).map_err(|error| format!("no message: {error}"))?;
    if line.len() > LONGEST {
        return Err(format!("a message has at most {LONGEST} bytes; try a shorter one").into());
    }
    server.write_all(line.trim_end().as_bytes()).map_err(|error| format!("the server is gone: {error}"))?;
    server.shutdown(Shutdown::Write)?; // so the server finds the end, also of no bytes at all
    let response = read_message(&server).map_err(|error| format!("no response: {error}"))?;
    println!("The server says: {}", String::from_utf8_lossy(&response));
    Ok(())
}

/// Sends a message over TCP, or receives messages.
#[derive(Parser)]
#[command(max_term_width = 80)]
struct Arguments {
    /// Which of the two this is
    role: Role,
    /// The interface to listen at, or the host to send to
    host: String,
    /// The port
    #[arg(short, long, default_value_t = 1060)]
    port: u16,
}

#[derive(Clone, Copy, ValueEnum)]
enum Role {
    Server,
    Client,
}

pub(crate) fn main() -> ExitCode {
    let Arguments { role, host, port } = Arguments::parse();
    let (name, result) = match role {
        Role::Server => ("message_server", serve(&host, port)),
        Role::Client => ("message_client", send(&host, port)),
    };
    let Err(error) = result else { return ExitCode::SUCCESS };
    eprintln!("{name}: {error}");
    ExitCode::FAILURE
}
