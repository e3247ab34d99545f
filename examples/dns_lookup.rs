//! Names to addresses, and addresses to names.
//!
//! The lesson: connect() takes addresses; names are for people, and a library
//! finds what they stand for: in /etc/hosts, then by asking DNS servers. One
//! name may have several addresses and several other names, one of them the
//! canonical one; an address may have a name, which its owner has chosen and
//! nobody checks. (The notes' gethostbyname and gethostbyaddr know IPv4 only;
//! getaddrinfo and getnameinfo are their successors.)
//!
//! Run it:  cargo run --example dns_lookup -- localhost 127.0.0.1
//! And:     cargo run --example dns_lookup -- www.naver.com dns.google 8.8.8.8
//!
//! You see: for each name its canonical name and all its addresses, in the
//! order in which a client should try them; for each address its name, and
//! whether that name leads back to it; and what was not found.
//!
//! Try: a name that ends with .invalid, which no name may (RFC 6761); the name
//! of this computer; a name of many addresses, twice: does their order change?
//!
//! In the lab: glasshttp lab cycle
#![allow(clippy::print_stdout)] // a program that shows something

use clap::Parser;
use dns_lookup::{AddrInfoHints, LookupError, LookupErrorKind, SockType, getaddrinfo, getnameinfo};
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::process::ExitCode;

/// AI_CANONNAME and NI_NAMEREQD, which are numbers of each system's own.
#[cfg(unix)]
const CANONICAL_NAME: i32 = libc::AI_CANONNAME;
#[cfg(unix)]
const NAME_REQUIRED: i32 = libc::NI_NAMEREQD;
#[cfg(windows)]
const CANONICAL_NAME: i32 = 2;
#[cfg(windows)]
const NAME_REQUIRED: i32 = 4;

/// The canonical name as the resolver says it, and the addresses.
fn look_up(name: &str) -> Result<(Option<String>, Vec<IpAddr>), LookupError> {
    // One kind of socket: else each address comes once for each kind.
    let hints = AddrInfoHints { flags: CANONICAL_NAME, socktype: SockType::Stream.into(), ..Default::default() };
    let found = getaddrinfo(Some(name), None, Some(hints))?.collect::<io::Result<Vec<_>>>()?;
    let canonical = found.iter().find_map(|info| info.canonname.clone());
    let mut addresses: Vec<IpAddr> = found.iter().map(|info| info.sockaddr.ip()).collect();
    addresses.dedup();
    Ok((canonical, addresses))
}

fn show_addresses_of(name: &str) -> Result<(), LookupError> {
    let (canonical, addresses) = look_up(name)?;
    match canonical {
        Some(canonical) if canonical.eq_ignore_ascii_case(name) => println!("  this is the canonical name"),
        Some(canonical) => println!("  an alias of  {canonical}"),
        None => println!("  no canonical name"),
    }
    for address in addresses {
        println!("  {:<12} {address}", if address.is_ipv4() { "address" } else { "IPv6 address" });
    }
    Ok(())
}

fn show_name_of(address: IpAddr) -> Result<(), LookupError> {
    // A name, or an error: without the flag an unknown address is its own name.
    let (name, _port) = getnameinfo(&SocketAddr::new(address, 0), NAME_REQUIRED)?;
    println!("  name         {name}");
    // The owner of an address can call it anything; the owner of the name must agree.
    match look_up(&name) {
        Ok((_, addresses)) if addresses.contains(&address) => println!("  which leads back to {address}"),
        Ok(_) => println!("  which leads elsewhere: do not believe it"),
        Err(error) => println!("  which leads nowhere: {}", explained(error)),
    }
    Ok(())
}

fn explained(error: LookupError) -> String {
    let what_to_do = match error.kind() {
        LookupErrorKind::NoName | LookupErrorKind::NoData => "not found; is it spelt right?",
        LookupErrorKind::Again => "no name server answers; is there a network? Try again, or localhost",
        _ => "cannot be looked up; try localhost",
    };
    let reason = io::Error::from(error);
    format!("{what_to_do} ({reason})")
}

/// Looks up names and addresses.
#[derive(Parser)]
#[command(max_term_width = 80)]
struct Arguments {
    /// Names like localhost, addresses like 127.0.0.1
    #[arg(default_values = ["localhost", "127.0.0.1"])]
    names: Vec<String>,
}

fn main() -> ExitCode {
    let mut found_all = true;
    for name in Arguments::parse().names {
        println!("{name}");
        let found = match name.parse() {
            Ok(address) => show_name_of(address),
            Err(_) => show_addresses_of(&name),
        };
        if let Err(error) = found {
            eprintln!("dns_lookup: {name}: {}", explained(error));
            found_all = false;
        }
    }
    if found_all { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
