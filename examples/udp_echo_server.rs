//! A UDP echo server: each datagram goes back to where it came from.
//!
//! The lesson: there is no connection. One socket hears everybody; each
//! datagram brings its sender's address, and is received whole, by itself, or
//! not at all. What does not fit the buffer of its one read is gone.
//!
//! Run it:      cargo run --example udp_echo_server
//! And beside:  cargo run --example udp_echo_client -- one two three
//!
//! You see: a line for each datagram, however many clients there are, and in
//! whichever order they come.
//!
//! Try: two clients at once: no one waits, though this is one thread and one
//! socket. `--buffer 4`, and a client that sends "Hello": the o is gone.
//!
//! In the lab: glasshttp lab udp
#![allow(clippy::print_stdout)] // a program that shows something

use clap::Parser;
use std::error::Error;
use std::io;
use std::net::{SocketAddr, UdpSocket};
use std::process::ExitCode;

fn run(arguments: &Arguments) -> Result<(), Box<dyn Error>> {
    let Arguments { host, port, buffer } = arguments;
    let socket = UdpSocket::bind((host.as_str(), *port))
        .map_err(|error| format!("cannot receive at {host}, port {port}: {error}; try 127.0.0.1, or -p 0"))?;
    println!("Listening at {}", socket.local_addr()?);
    let mut buffer = vec![0; usize::from(*buffer)];
    loop {
        let received = receive(&socket, &mut buffer).map_err(|error| format!("cannot receive: {error}; try again"))?;
        let Some((received, length, sender)) = received else { continue };
        let datagram = &buffer[..received];
        print!("{sender}: {length} bytes");
        if length > received {
            print!(", of which {} are gone: the buffer holds {received}", length - received);
        }
        println!();
        // To whom it goes is said with each datagram. That one sender can't be answered is its own affair.
        if let Err(error) = socket.send_to(datagram, sender) {
            println!("  cannot answer: {error}");
        }
    }
}

/// The bytes that there was room for, the datagram's length, its sender. recvfrom() alone
/// would not say that something was cut off; with MSG_TRUNC Linux gives the real length, recv(2).
#[cfg(unix)]
fn receive(socket: &UdpSocket, buffer: &mut [u8]) -> io::Result<Option<(usize, usize, SocketAddr)>> {
    use rustix::net::{RecvFlags, recvfrom};
    let (received, length, sender) = recvfrom(socket, buffer, RecvFlags::TRUNC)?;
    let sender = sender.and_then(|sender| SocketAddr::try_from(sender).ok());
    Ok(sender.map(|sender| (received, length, sender)))
}

/// Windows calls a datagram that does not fit an error (WSAEMSGSIZE), which ends this server.
#[cfg(windows)]
fn receive(socket: &UdpSocket, buffer: &mut [u8]) -> io::Result<Option<(usize, usize, SocketAddr)>> {
    let (received, sender) = socket.recv_from(buffer)?;
    Ok(Some((received, received, sender)))
}

/// Sends each datagram back, until Ctrl-C.
#[derive(Parser)]
#[command(max_term_width = 80)]
struct Arguments {
    /// The address to receive at
    #[arg(default_value = "127.0.0.1")]
    host: String,
    /// The port to receive at; 0 takes any free one
    #[arg(short, long, default_value_t = 1060)]
    port: u16,
    /// How many bytes of a datagram it has room for
    #[arg(short, long, value_name = "BYTES", default_value_t = 1024)]
    buffer: u16,
}

fn main() -> ExitCode {
    let Err(error) = run(&Arguments::parse()) else { return ExitCode::SUCCESS };
    eprintln!("udp_echo_server: {error}");
    ExitCode::FAILURE
}
