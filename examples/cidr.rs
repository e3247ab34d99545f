//! Network and host: what a prefix says of an address, and what its class once said.
//!
//! The lesson: the first bits of an IPv4 address name a network, the rest a
//! host in it. Up to 1993 the first bits said how many: class A, B or C, with 8,
//! 16 or 24. That wasted most addresses, so since then the number is written
//! behind them (CIDR, RFC 4632): /26 is 26 bits, as the mask 255.255.255.192.
//! What is in one's own network is sent there directly, all else to a router.
//!
//! Run it:  cargo run --example cidr -- 192.168.10.77/26 192.168.10.130
//! And:     cargo run --example cidr -- 10.0.0.1/8 147.46.10.58
//!
//! You see: the bits and where they part, the first and the last address, which
//! are no host's, the class that it had; and whether the other one is a neighbour.
//!
//! Try: other prefixes until the two are neighbours; /31 and /32; `ip -4 addr`
//! and `ip route get` for this computer's own.
//!
//! In the lab: none; its two hosts are neighbours (10.0.0.1 and 10.0.0.2).
#![allow(clippy::print_stdout)] // a program that shows something

use clap::Parser;
use std::net::Ipv4Addr;
use std::process::ExitCode;

fn show(address: Ipv4Addr, prefix: u32) {
    let mask = mask(prefix);
    let network = address.to_bits() & mask;
    println!("{address}/{prefix}");
    println!("  bits       {}", bits(address, prefix));
    println!("  mask       {}", Ipv4Addr::from_bits(mask));
    println!("  network    {}", Ipv4Addr::from_bits(network));
    println!("  broadcast  {}", Ipv4Addr::from_bits(network | !mask));
    // Between two ends of a line both are hosts' (RFC 3021).
    let all = 1_u64 << (32 - prefix);
    println!("  hosts      {}", if prefix < 31 { all - 2 } else { all });
    println!("  class      {}", class(address));
    println!("  range      {}", range(address));
}

fn mask(prefix: u32) -> u32 {
    u32::MAX.checked_shl(32 - prefix).unwrap_or(0)
}

/// The 32 bits, with a bar where the network's end.
fn bits(address: Ipv4Addr, prefix: u32) -> String {
    let mut shown = String::new();
    for (at, bit) in (0..).zip(format!("{:032b}", address.to_bits()).chars()) {
        if at == prefix {
            shown.push('|');
        } else if at % 8 == 0 && at > 0 {
            shown.push('.');
        }
        shown.push(bit);
    }
    shown
}

/// What the first bits said before 1993.
fn class(address: Ipv4Addr) -> &'static str {
    match address.octets()[0].leading_ones() {
        0 => "A: 8 bits of network (until 1993)",
        1 => "B: 16 bits of network (until 1993)",
        2 => "C: 24 bits of network (until 1993)",
        3 => "D: groups (multicast), to this day",
        _ => "E: reserved, to this day",
    }
}

fn range(address: Ipv4Addr) -> &'static str {
    match address {
        _ if address.is_loopback() => "127.0.0.0/8: this computer",
        _ if address.is_private() => "private (RFC 1918): behind NAT, reached from nowhere else",
        _ if address.is_link_local() => "169.254.0.0/16: chosen by the computer itself, for want of DHCP",
        _ if address.is_multicast() => "multicast",
        _ if address.is_documentation() => "for examples in documents",
        _ => "none of the well-known ones",
    }
}

/// An address and its prefix, as in 192.168.10.77/26.
fn address_and_prefix(text: &str) -> Result<(Ipv4Addr, u32), String> {
    let (address, prefix) = text.split_once('/').ok_or("no prefix; try 192.168.10.77/26")?;
    let address = address.parse().map_err(|_| "not an IPv4 address; try 192.168.10.77/26")?;
    let prefix = prefix.parse().ok().filter(|bits| *bits <= 32).ok_or("a prefix is a number from 0 to 32")?;
    Ok((address, prefix))
}

/// Takes IPv4 addresses apart.
#[derive(Parser)]
#[command(max_term_width = 80)]
struct Arguments {
    /// An address and its prefix
    #[arg(default_value = "192.168.10.77/26", value_parser = address_and_prefix)]
    address: (Ipv4Addr, u32),
    /// Addresses that may be neighbours
    #[arg(default_values = ["192.168.10.66", "192.168.10.130"])]
    others: Vec<Ipv4Addr>,
}

fn main() -> ExitCode {
    let Arguments { address: (address, prefix), others } = Arguments::parse();
    show(address, prefix);
    for other in others {
        let is_near = (other.to_bits() ^ address.to_bits()) & mask(prefix) == 0;
        println!("{other}: {}", if is_near { "a neighbour, reached directly" } else { "elsewhere, by a router" });
    }
    ExitCode::SUCCESS
}
