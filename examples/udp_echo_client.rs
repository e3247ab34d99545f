//! A UDP echo client: datagrams out, datagrams back, with or without a
//! connected socket.
//!
//! The lesson: three sends are three receives, never two and never four. An
//! unconnected socket says with each send_to() to whom, and hears everybody.
//! connect() on UDP sends nothing: it notes a peer. Then send() goes to that
//! one, the kernel drops what others send, and it can tell whom an ICMP "port
//! unreachable" concerns: only a connected socket hears of the refusal.
//!
//! Run it:      cargo run --example udp_echo_client -- one two three
//! Beforehand:  cargo run --example udp_echo_server
//! Or:          cargo run --example udp_echo_client -- --connected one two three
//!
//! You see: each response with its sender. Without a server, the unconnected
//! client waits in vain; the connected one is refused.
//!
//! Try: no server, with and without --connected. `--size 3000` (the server has
//! room for 1024). `--size 65508`: one byte more than UDP over IPv4 can carry.
//!
//! In the lab: glasshttp lab udp
#![allow(clippy::print_stdout)] // a program that shows something

use clap::Parser;
use std::error::Error;
use std::io::ErrorKind::{ConnectionRefused, TimedOut, WouldBlock};
use std::net::{SocketAddr, ToSocketAddrs, UdpSocket};
use std::process::ExitCode;
use std::time::Duration;

fn run(arguments: &Arguments) -> Result<(), Box<dyn Error>> {
    let Arguments { host, port, connected, size, timeout, messages } = arguments;
    let server = (host.as_str(), *port)
        .to_socket_addrs()
        .map_err(|error| format!("cannot find {host}: {error}; try 127.0.0.1"))?
        .next()
        .ok_or_else(|| format!("{host} has no address; try 127.0.0.1"))?;
    let any: SocketAddr = if server.is_ipv4() { ([0; 4], 0).into() } else { ([0u16; 8], 0).into() };
    let socket = UdpSocket::bind(any)?;
    socket.set_read_timeout(Some(Duration::from_millis(*timeout)))?;
    if *connected {
        socket.connect(server).map_err(|error| format!("cannot connect to {server}: {error}"))?;
        println!("Connected: from {} to {server}", socket.local_addr()?);
    }

    let messages = size.map_or(messages.clone(), |size| vec!["x".repeat(size.into())]);
    for message in &messages {
        let sent =
            if *connected { socket.send(message.as_bytes()) } else { socket.send_to(message.as_bytes(), server) };
        sent.map_err(|error| said(&error, server))?;
        println!("sent      {:>5} bytes to   {server}", message.len());
    }
    let mut buffer = vec![0; 65_536]; // more than any datagram
    for _ in &messages {
        // Whatever comes, from whomever it comes: an unconnected socket must look at the sender.
        let (count, sender) = socket.recv_from(&mut buffer).map_err(|error| said(&error, server))?;
        let text = String::from_utf8_lossy(&buffer[..count.min(20)]);
        let rest = if count > 20 { " ..." } else { "" };
        println!("received  {count:>5} bytes from {sender}: {text:?}{rest}");
    }
    Ok(())
}

fn said(error: &std::io::Error, server: SocketAddr) -> String {
    match error.kind() {
        ConnectionRefused => format!("{server} refused an earlier datagram: {error}; is udp_echo_server running?"),
        WouldBlock | TimedOut => format!("no response from {server} in time; nobody says why. Is the server running?"),
        _ => format!("{server}: {error}; try a datagram of at most 65507 bytes, to an address of this network"),
    }
}

/// Sends datagrams, and shows what comes back.
#[derive(Parser)]
#[command(max_term_width = 80)]
struct Arguments {
    /// The server
    #[arg(long, default_value = "127.0.0.1")]
    host: String,
    /// The server's port
    #[arg(short, long, default_value_t = 1060)]
    port: u16,
    /// Connect the socket first
    #[arg(short, long)]
    connected: bool,
    /// Send one datagram of this number of bytes instead
    #[arg(short, long, value_name = "BYTES", conflicts_with = "messages")]
    size: Option<u16>,
    /// How long to wait for a response, which may never come
    #[arg(short, long, value_name = "MS", default_value_t = 1000, value_parser = clap::value_parser!(u64).range(1..=60_000))]
    timeout: u64,
    /// The messages, a datagram each
    #[arg(default_values = ["one", "two", "three"])]
    messages: Vec<String>,
}

fn main() -> ExitCode {
    let Err(error) = run(&Arguments::parse()) else { return ExitCode::SUCCESS };
    eprintln!("udp_echo_client: {error}");
    ExitCode::FAILURE
}
