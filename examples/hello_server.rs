//! The first server: socket, bind, listen, accept once, say hello, close.
//!
//! The lesson: what other languages do in one call are five, and each leaves
//! something behind. A file descriptor is a small number by which this process
//! knows an open thing, be it a file or a socket; a listening socket only
//! hands out further sockets, one for each connection.
//!
//! Run it:      cargo run --example hello_server
//! And beside:  cargo run --example hello_client
//!
//! You see: what each call does, the two descriptors, and the client's address,
//! which nobody chose before it connected.
//!
//! Try: start the client twice (nobody listens any more); start two servers
//! (the address is taken); while it waits, look at /proc/PID/fd.
//!
//! In the lab: glasshttp lab handshake
#![allow(clippy::print_stdout)] // a program that shows something

use clap::Parser;
use socket2::{Domain, Socket, Type};
use std::error::Error;
use std::io::Write;
use std::net::{Ipv4Addr, SocketAddr};
use std::process::ExitCode;

fn run(arguments: &Arguments) -> Result<(), Box<dyn Error>> {
    println!("This is process {}; 0, 1 and 2 are its standard streams.", std::process::id());

    let listener = Socket::new(Domain::IPV4, Type::STREAM, None)?;
    println!("socket()  descriptor {}: an open socket that has no address yet", number(&listener));

    let address = SocketAddr::from((arguments.host, arguments.port));
    // So that a second run need not wait for what the first left behind: see port_owner.
    listener.set_reuse_address(true)?;
    listener.bind(&address.into()).map_err(|error| format!("cannot bind to {address}: {error}; try -p 0"))?;
    println!("bind()    now it has: others can find it");

    listener.listen(5).map_err(|error| format!("cannot listen at {address}: {error}; try -p 0"))?;
    println!("listen()  from now on the kernel completes connections; 5 or so may wait");
    println!("Listening at {}", name(listener.local_addr()?.as_socket()));

    let (mut connection, client) = listener.accept()?;
    println!("accept()  descriptor {}: a second socket, for one client", number(&connection));
    println!("          the client is {}", name(client.as_socket()));
    println!("          our end is    {}", name(connection.local_addr()?.as_socket()));

    let hello = b"Hello from the other end!\n";
    connection.write_all(hello).map_err(|error| format!("the client is gone: {error}"))?;
    println!("write()   {} bytes", hello.len());

    println!("close()   descriptor {}: the client's read() finds the end", number(&connection));
    drop(connection); // in Rust the end of its owner closes a descriptor
    println!("close()   descriptor {}: nobody can connect any more", number(&listener));
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
    address.map_or("an address of another family".to_owned(), |address| address.to_string())
}

/// Says hello to one client.
#[derive(Parser)]
#[command(max_term_width = 80)]
struct Arguments {
    /// The address to listen at
    #[arg(default_value_t = Ipv4Addr::LOCALHOST)]
    host: Ipv4Addr,
    /// The port to listen at; 0 takes any free one
    #[arg(short, long, default_value_t = 1060)]
    port: u16,
}

fn main() -> ExitCode {
    let Err(error) = run(&Arguments::parse()) else { return ExitCode::SUCCESS };
    eprintln!("hello_server: {error}");
    ExitCode::FAILURE
}
