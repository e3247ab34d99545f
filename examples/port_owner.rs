//! Whose is a port? Connections share the server's, and a closed one keeps it.
//!
//! The lesson: a connection is known by four numbers, both addresses and both
//! ports. So a client may connect twice to one port: its own ports differ. And
//! the end that closes first keeps the four for a minute, in TIME_WAIT, so that a
//! late segment of the old connection is not taken for one of a new one. A
//! server that is started again meets its own port like that: "address already
//! in use", unless SO_REUSEADDR is set. On Linux both the old and the new
//! socket must have it set, not only the new one. And TCP and UDP count their
//! ports apart: one number may be a server's of each.
//!
//! Run it:  cargo run --example port_owner
//! Beside:  watch -n 0.2 "ss -tan | grep WAIT"
//!
//! You see: two connections of one client; the TIME_WAIT of the end that closed
//! first; which of four servers can be started again at once; and one port twice.
//!
//! Try: run it twice and count `ss -tan state time-wait`; wait a minute, count again.
//!
//! In the lab: glasshttp lab last-ack
#![allow(clippy::print_stdout)] // a program that shows something

use clap::Parser;
use socket2::{Domain, Socket, Type};
use std::error::Error;
use std::io::{self, Read};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::process::ExitCode;
use std::time::{Duration, Instant};

fn run() -> Result<(), Box<dyn Error>> {
    let listener = listen(0, true).map_err(|error| format!("cannot listen: {error}; try again"))?;
    let port = listener.local_addr()?.port();
    println!("1. Two connections from one client to 127.0.0.1:{port}");
    let connections = [connect(&listener)?, connect(&listener)?];
    println!("   {:<24} the server's end", "the client's end");
    for (client, server) in &connections {
        println!("   {:<24} {}", client.local_addr()?.to_string(), server.local_addr()?);
    }

    println!("2. Who closes first has the TIME_WAIT");
    let [one, two] = connections;
    for (name, (first, second)) in [("client", one), ("server", (two.1, two.0))] {
        let (local, peer) = (first.local_addr()?.port(), first.peer_addr()?.port());
        close_in_order(first, second)?;
        match waits(local, peer) {
            Some(true) => println!("   the {name} closed first: TIME_WAIT from port {local} to {peer}"),
            Some(false) => println!("   the {name} closed first: no TIME_WAIT was seen"),
            None => println!("   the {name} closed first: not visible, there is no /proc/net/tcp"),
        }
    }
    drop(listener);

    println!("3. A server closes first, ends, and is started again");
    println!("   SO_REUSEADDR:\n   {:<14} {:<14} the new bind()", "old socket", "new socket");
    for (old, new) in [(false, false), (false, true), (true, false), (true, true)] {
        let listener = listen(0, old)?;
        let port = listener.local_addr()?.port();
        let (client, server) = connect(&listener)?;
        let peer = client.local_addr()?.port();
        close_in_order(server, client)?;
        drop(listener);
        waits(port, peer); // until the port is in that state
        let result = listen(port, new).map_or_else(|error| error.to_string(), |_| "succeeds".to_owned());
        let shown = |is_set| if is_set { "set" } else { "not set" };
        println!("   {:<14} {:<14} {result}", shown(old), shown(new));
    }

    println!("4. TCP and UDP, each with that port");
    let listener = listen(0, true)?;
    let address = listener.local_addr()?;
    println!("   TCP listens at   {address}");
    let result = UdpSocket::bind(address);
    println!("   UDP receives at  {}", result.as_ref().map_or_else(ToString::to_string, |_| address.to_string()));
    let second = UdpSocket::bind(address).map_or_else(|error| error.to_string(), |_| "succeeds".to_owned());
    println!("   a second UDP socket there: {second}");
    Ok(())
}

fn listen(port: u16, reuse: bool) -> io::Result<TcpListener> {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None)?;
    socket.set_reuse_address(reuse)?; // before bind(), which asks for it; std always sets it
    socket.bind(&SocketAddr::from((Ipv4Addr::LOCALHOST, port)).into())?;
    socket.listen(16)?;
    Ok(socket.into())
}

fn connect(listener: &TcpListener) -> io::Result<(TcpStream, TcpStream)> {
    let client = TcpStream::connect(listener.local_addr()?)?;
    Ok((client, listener.accept()?.0))
}

/// The other end closes when it has found the end of the first one.
fn close_in_order(first: TcpStream, mut second: TcpStream) -> io::Result<()> {
    drop(first);
    second.read(&mut [0]).map(drop)
}

/// Waits until the kernel's table has this connection in TIME_WAIT; None if there is no table.
fn waits(local: u16, peer: u16) -> Option<bool> {
    let address = u32::from_ne_bytes([127, 0, 0, 1]); // see byte_order
    // 06 is TIME_WAIT, see the kernel's tcp_states.h.
    let row = format!("{address:08X}:{local:04X} {address:08X}:{peer:04X} 06 ");
    let deadline = Instant::now() + Duration::from_secs(2);
    while Instant::now() < deadline {
        if std::fs::read_to_string("/proc/net/tcp").ok()?.contains(&row) {
            return Some(true);
        }
    }
    Some(false)
}

/// Shows who has a port, and for how long.
#[derive(Parser)]
#[command(max_term_width = 80)]
struct Arguments {}

fn main() -> ExitCode {
    let Arguments {} = Arguments::parse();
    let Err(error) = run() else { return ExitCode::SUCCESS };
    eprintln!("port_owner: {error}");
    ExitCode::FAILURE
}
