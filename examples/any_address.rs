//! Listening at one address, at all of them, and at both families.
//!
//! The lesson: a computer has several addresses, and a listening socket hears
//! those that it is bound to. 127.0.0.1 is reached from this computer alone.
//! 0.0.0.0 (INADDR_ANY) stands for all IPv4 addresses that there are, or will
//! be. [::] is the same for IPv6, and unless IPV6_V6ONLY is set, for IPv4 too:
//! dual stack, where an IPv4 client appears as ::ffff:a.b.c.d.
//!
//! Run it:  cargo run --example any_address
//! And:     cargo run --example any_address -- --wait    (then try from elsewhere)
//!
//! You see: a row for each way to listen, a column for each of this computer's
//! addresses: does it answer there, and as whom does it see the client?
//!
//! Try: with --wait, `curl` each address from another computer, or
//! `ss -ltn` beside it; 127.9.9.9, for all of 127.0.0.0/8 is this computer.
//!
//! In the lab: glasshttp lab nobody-there
#![allow(clippy::print_stdout)] // a program that shows something

use clap::Parser;
use socket2::{Domain, Socket, Type};
use std::error::Error;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener, TcpStream};
use std::process::ExitCode;
use std::time::Duration;

fn run(arguments: &Arguments) -> Result<(), Box<dyn Error>> {
    let mut targets: Vec<IpAddr> = vec![Ipv4Addr::LOCALHOST.into(), Ipv4Addr::new(127, 0, 0, 2).into()];
    let interfaces = if_addrs::get_if_addrs().unwrap_or_default();
    targets.extend(interfaces.iter().map(if_addrs::Interface::ip).find(|ip| ip.is_ipv4() && !ip.is_loopback()));
    targets.push(Ipv6Addr::LOCALHOST.into());

    print!("{:<19}", "listening at");
    println!("{}", columns(targets.iter().map(IpAddr::to_string)));
    let ways: [(IpAddr, bool, &str); 4] = [
        (Ipv4Addr::LOCALHOST.into(), false, ""),
        (Ipv4Addr::UNSPECIFIED.into(), false, ""),
        (Ipv6Addr::UNSPECIFIED.into(), true, " v6only"),
        (Ipv6Addr::UNSPECIFIED.into(), false, " dual"),
    ];
    let mut listeners = Vec::new();
    let mut seen = None;
    for (address, only_v6, remark) in ways {
        let listener = match listen(address, only_v6) {
            Ok(listener) => listener,
            Err(error) if address.is_ipv6() => {
                println!("{:<19}this system has no IPv6: {error}", format!("[{address}]{remark}"));
                continue;
            }
            Err(error) => return Err(format!("cannot listen at {address}: {error}; try again").into()),
        };
        let name = listener.local_addr()?;
        let outcomes = targets.iter().map(|target| {
            let outcome = reach(&listener, SocketAddr::new(*target, name.port()));
            if let Ok(IpAddr::V6(client)) = outcome
                && client.to_ipv4_mapped().is_some()
            {
                seen.get_or_insert((*target, client));
            }
            outcome.map_or_else(said, |_| "answers".to_owned())
        });
        println!("{:<19}{}", format!("{name}{remark}"), columns(outcomes));
        listeners.push(listener);
    }
    if let Some((target, client)) = seen {
        println!("\nWith dual stack a client of {target} is seen as {client}.");
    }
    println!("\nOnly what listens at 127.0.0.1 or ::1 is out of reach for other computers.");
    if arguments.wait {
        println!("Enter ends it.");
        io::stdin().read_line(&mut String::new())?;
    }
    Ok(())
}

fn columns(words: impl Iterator<Item = String>) -> String {
    words.map(|word| format!("{word:<16}")).collect::<String>().trim_end().to_owned()
}

fn listen(address: IpAddr, only_v6: bool) -> io::Result<TcpListener> {
    let socket = Socket::new(if address.is_ipv4() { Domain::IPV4 } else { Domain::IPV6 }, Type::STREAM, None)?;
    if address.is_ipv6() {
        socket.set_only_v6(only_v6)?; // systems differ in what it is by itself: say it
    }
    socket.bind(&SocketAddr::new(address, 0).into())?;
    socket.listen(16)?;
    Ok(socket.into())
}

/// Connects there: as whom the listener sees the client.
fn reach(listener: &TcpListener, target: SocketAddr) -> io::Result<IpAddr> {
    let _client = TcpStream::connect_timeout(&target, Duration::from_secs(1))?;
    Ok(listener.accept()?.1.ip())
}

fn said(error: io::Error) -> String {
    match error.kind() {
        io::ErrorKind::ConnectionRefused => "refuses".to_owned(),
        io::ErrorKind::TimedOut => "is silent".to_owned(),
        _ => "is not here".to_owned(),
    }
}

/// Listens in four ways, and tries who is heard.
#[derive(Parser)]
#[command(max_term_width = 80)]
struct Arguments {
    /// Keep listening, until Enter
    #[arg(long)]
    wait: bool,
}

fn main() -> ExitCode {
    let Err(error) = run(&Arguments::parse()) else { return ExitCode::SUCCESS };
    eprintln!("any_address: {error}");
    ExitCode::FAILURE
}
