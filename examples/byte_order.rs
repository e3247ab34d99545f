//! The same integer in both byte orders, and why ports go big-endian.
//!
//! The lesson: a number of several bytes has to begin with one of them. Most
//! processors put the least significant first (little-endian), some the most
//! significant. Two computers must agree before they speak, so the protocols
//! chose: most significant first, network byte order. A program converts at its
//! border (htons, ntohs; in Rust to_be_bytes, from_be_bytes) and nowhere else.
//!
//! Run it:  cargo run --example byte_order
//! And:     cargo run --example byte_order -- 80 258 305419896
//!
//! You see: each number's bytes in both orders, what somebody reads who takes
//! one for the other, and an address as the kernel of this machine keeps it.
//!
//! Try: 257 (the same in both); 65535; a port whose other reading is a port of
//! your system: a server that forgets htons listens there.
//!
//! In the lab: glasshttp lab ports
#![allow(clippy::print_stdout)] // a program that shows something

use clap::Parser;
use std::error::Error;
use std::net::TcpListener;
use std::process::ExitCode;

fn run(arguments: &Arguments) -> Result<(), Box<dyn Error>> {
    let own = if cfg!(target_endian = "little") { "little-endian" } else { "big-endian" };
    println!("This machine is {own}.\n");
    println!("{:>10}  {:<12} {:<14} {:>20}", "number", "big-endian", "little-endian", "one taken for other");
    for &number in &arguments.numbers {
        let (big, little, mistaken) = match u16::try_from(number) {
            Ok(port) => (hex(&port.to_be_bytes()), hex(&port.to_le_bytes()), port.swap_bytes().into()),
            Err(_) => (hex(&number.to_be_bytes()), hex(&number.to_le_bytes()), number.swap_bytes()),
        };
        println!("{number:>10}  {big:<12} {little:<14} {mistaken:>20}");
    }

    let listener = TcpListener::bind("127.0.0.1:0").map_err(|error| format!("cannot listen: {error}; try again"))?;
    let port = listener.local_addr()?.port();
    println!("\nA socket listens at 127.0.0.1, port {port}. The four bytes of the address are");
    println!("7f 00 00 01 on every wire; and as numbers, in the table of the kernel:");
    match as_the_kernel_says(port) {
        Some((address, port)) => println!("  address {address}, port {port}     (/proc/net/tcp)"),
        None => println!("  not visible: this system has no /proc/net/tcp"),
    }
    println!("The port was converted (ntohs) before it was printed; the address was not: on a");
    println!("little-endian machine its bytes stand in reverse.");
    Ok(())
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().join(" ")
}

/// The line of the socket that listens at this port, proc_net(5): each address
/// is a number in hexadecimal, as this machine reads the bytes in network order.
fn as_the_kernel_says(port: u16) -> Option<(String, String)> {
    let table = std::fs::read_to_string("/proc/net/tcp").ok()?;
    let port = format!("{port:04X}");
    let (before, _) = table.split_once(&format!(":{port} 00000000:0000 0A "))?; // 0A: it listens
    Some((before.rsplit(' ').next()?.to_owned(), port))
}

/// Shows the bytes of numbers.
#[derive(Parser)]
#[command(max_term_width = 80)]
struct Arguments {
    /// Numbers up to 4294967295; up to 65535 they are shown as ports, in two bytes
    #[arg(default_values_t = [1060, 305_419_896])]
    numbers: Vec<u32>,
}

fn main() -> ExitCode {
    let Err(error) = run(&Arguments::parse()) else { return ExitCode::SUCCESS };
    eprintln!("byte_order: {error}");
    ExitCode::FAILURE
}
