//! An echo server for many clients at once, with one thread: by readiness.
//!
//! The lesson: a server that waits for one client makes all others wait. This
//! one asks the kernel which sockets are ready (poll(2), the heir of select),
//! and does what can be done at once: no read() or write() ever waits. What a
//! client does not take is kept, and it is read from again once it took that.
//!
//! Run it:      cargo run --example multiplex_echo
//! And beside:  cargo run --example tcp_echo_client        (in two terminals)
//! To compare:  cargo run --example multiplex_echo -- --model iterative
//!
//! You see: both get their echo at once; with iterative the second waits for the first.
//!
//! Try: ten clients; and `strace -e poll,recvfrom,sendto` on either model.
//!
//! In the lab: glasshttp lab many
#![allow(clippy::print_stdout)] // a program that shows something

use clap::{Parser, ValueEnum};
use rustix::event::{PollFd, PollFlags, poll};
use std::error::Error;
use std::io::{self, ErrorKind::WouldBlock, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::ExitCode;

fn run(arguments: &Arguments) -> Result<(), Box<dyn Error>> {
    let Arguments { host, port, model } = arguments;
    let listener = TcpListener::bind((host.as_str(), *port))
        .map_err(|error| format!("cannot listen at {host}, port {port}: {error}; try 127.0.0.1, or -p 0"))?;
    println!("Listening at {}", listener.local_addr()?);
    match model {
        Model::Multiplex => multiplex(&listener),
        Model::Iterative => loop {
            let (socket, address) = listener.accept().map_err(|error| format!("cannot accept: {error}"))?;
            println!("+ {address}, and nobody else until it ends");
            let _ = io::copy(&mut &socket, &mut &socket); // how it ended is this client's affair
            println!("- {address}");
        },
    }
}

struct Client {
    socket: TcpStream,
    address: SocketAddr,
    pending: Vec<u8>, // read, and not yet sent back
}

fn multiplex(listener: &TcpListener) -> Result<(), Box<dyn Error>> {
    listener.set_nonblocking(true)?; // a client may be gone between poll() and accept()
    let mut clients: Vec<Client> = Vec::new();
    loop {
        let mut waiting = vec![PollFd::new(listener, PollFlags::IN)];
        waiting.extend(clients.iter().map(|client| {
            let wanted = if client.pending.is_empty() { PollFlags::IN } else { PollFlags::OUT };
            PollFd::new(&client.socket, wanted)
        }));
        poll(&mut waiting, None).map_err(|error| format!("cannot wait: {error}"))?;
        let ready: Vec<bool> = waiting.iter().map(|waiting| !waiting.revents().is_empty()).collect();
        for index in (0..clients.len()).rev() {
            if ready[index + 1] && !advance(&mut clients[index]).unwrap_or(false) {
                println!("- {}", clients.swap_remove(index).address);
            }
        }
        if ready[0] {
            let Ok((socket, address)) = listener.accept() else { continue };
            socket.set_nonblocking(true)?;
            clients.push(Client { socket, address, pending: Vec::new() });
            println!("+ {address}: {} at once", clients.len());
        }
    }
}

/// What can be done for a client at once; whether it is still one.
fn advance(client: &mut Client) -> io::Result<bool> {
    if client.pending.is_empty() {
        let mut buffer = [0; 4096];
        match client.socket.read(&mut buffer) {
            Ok(0) => return Ok(false),
            Ok(count) => client.pending.extend_from_slice(&buffer[..count]),
            Err(error) => return Ok(error.kind() == WouldBlock),
        }
    }
    match client.socket.write(&client.pending) {
        Err(error) if error.kind() == WouldBlock => {}
        result => client.pending.drain(..result?).for_each(drop),
    }
    if !client.pending.is_empty() {
        println!("  {} takes no more: {} bytes wait for it", client.address, client.pending.len());
    }
    Ok(true)
}

/// Sends back what clients send, until Ctrl-C.
#[derive(Parser)]
#[command(max_term_width = 80)]
struct Arguments {
    /// The address to listen at
    #[arg(default_value = "127.0.0.1")]
    host: String,
    /// The port to listen at; 0 takes any free one
    #[arg(short, long, default_value_t = 1060)]
    port: u16,
    /// All clients at once, or one after another
    #[arg(short, long, value_enum, default_value = "multiplex")]
    model: Model,
}

#[derive(Clone, Copy, ValueEnum)]
enum Model {
    Multiplex,
    Iterative,
}

fn main() -> ExitCode {
    let Err(error) = run(&Arguments::parse()) else { return ExitCode::SUCCESS };
    eprintln!("multiplex_echo: {error}");
    ExitCode::FAILURE
}
