//! The first client: socket, connect, read to the end, close.
//!
//! The lesson: a client need not bind. It gets its address when it connects:
//! the port is any free one, and the address is the one of the interface by
//! which the server is reached.
//!
//! Run it:      cargo run --example hello_client
//! Beforehand:  cargo run --example hello_server
//!
//! You see: no address before connect(), a whole one after it, the bytes of
//! each read(), and the read() of 0 bytes that is the end.
//!
//! Try: connect without a server (refused at once: the computer is there, but nobody
//! listens at that port); `hello_client 192.0.2.1` (no such computer: no response).
//!
//! In the lab: glasshttp lab handshake
#![allow(clippy::print_stdout)] // a program that shows something

use clap::Parser;
use socket2::{Domain, Socket, Type};
use std::error::Error;
use std::io::Read;
use std::net::{Ipv4Addr, SocketAddr};
use std::process::ExitCode;
use std::time::Duration;

fn run(arguments: &Arguments) -> Result<(), Box<dyn Error>> {
    let server = SocketAddr::from((arguments.host, arguments.port));
    let mut socket = Socket::new(Domain::IPV4, Type::STREAM, None)?;
    println!("socket()   descriptor {}", number(&socket));
    println!("           our address: {}", name(socket.local_addr()?.as_socket()));

    socket
        .connect_timeout(&server.into(), Duration::from_secs(5))
        .map_err(|error| format!("cannot connect to {server}: {error}; is hello_server running, at that port?"))?;
    println!("connect()  to {server}");
    println!("           our address: {}", name(socket.local_addr()?.as_socket()));

    socket.set_read_timeout(Some(Duration::from_secs(5)))?;
    let mut buffer = [0; 1024];
    loop {
        let count = socket.read(&mut buffer).map_err(|error| format!("nothing comes from {server}: {error}"))?;
        if count == 0 {
            println!("read()     0 bytes: the end, for the server has closed");
            break;
        }
        println!("read()     {count} bytes: {:?}", String::from_utf8_lossy(&buffer[..count]));
    }
    println!("close()    descriptor {}", number(&socket));
    Ok(())
}

/// By which number this process knows the socket: a descriptor, on Windows a handle.
#[cfg(unix)]
fn number(socket: &Socket) -> i32 {
    std::os::fd::AsRawFd::as_raw_fd(socket)
}

#[cfg(windows)]
fn number(socket: &Socket) -> u64 {
    std::os::windows::io::AsRawSocket::as_raw_socket(socket)
}

fn name(address: Option<SocketAddr>) -> String {
    match address {
        Some(address) if address.port() == 0 => format!("{address}, which is none"),
        Some(address) => address.to_string(),
        None => "none".to_owned(), // as some systems say it of a socket that is not bound
    }
}

/// Connects to hello_server and shows what it says.
#[derive(Parser)]
#[command(max_term_width = 80)]
struct Arguments {
    /// The server's address
    #[arg(default_value_t = Ipv4Addr::LOCALHOST)]
    host: Ipv4Addr,
    /// The server's port
    #[arg(short, long, default_value_t = 1060)]
    port: u16,
}

fn main() -> ExitCode {
    let Err(error) = run(&Arguments::parse()) else { return ExitCode::SUCCESS };
    eprintln!("hello_client: {error}");
    ExitCode::FAILURE
}
