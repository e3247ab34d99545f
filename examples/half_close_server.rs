//! Half-close, the sender's side: "that was all from me; I am still listening".
//!
//! The lesson: a connection is two streams, and each ends by itself.
//! shutdown(SHUT_WR) ends ours: the other end reads all of it, and then the end
//! of file. Its own stream goes on. close() ends both: what still comes is
//! answered by the kernel with a reset, and the program never sees it.
//!
//! Run it:      cargo run --example half_close_server -- Cargo.toml
//! And beside:  cargo run --example half_close_client
//! What close loses:  cargo run --example half_close_server -- Cargo.toml --close
//!
//! You see: the file leaves, then our end of it, and the client's thanks still
//! arrive. With --close they don't, and a reset tells the client so.
//!
//! Try: a file of some megabytes; stop the client with Ctrl-Z, and see how much
//! of the file the kernel has taken.
//!
//! In the lab: glasshttp lab half-close
#![allow(clippy::print_stdout)] // a program that shows something

use clap::Parser;
use std::error::Error;
use std::fs::File;
use std::io::{self, Read};
use std::net::{Shutdown, TcpListener};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

fn run(arguments: &Arguments) -> Result<(), Box<dyn Error>> {
    let Arguments { file: path, host, port, close } = arguments;
    let cannot_read = |error| format!("cannot read {}: {error}; try Cargo.toml", path.display());
    let mut file = File::open(path).map_err(cannot_read)?;
    if !file.metadata().map_err(cannot_read)?.is_file() {
        return Err(format!("{} is no file; try Cargo.toml", path.display()).into());
    }
    let listener = TcpListener::bind((host.as_str(), *port))
        .map_err(|error| format!("cannot listen at {host}, port {port}: {error}; try 127.0.0.1, or -p 0"))?;
    println!("Listening at {}", listener.local_addr()?);
    let (mut client, address) = listener.accept().map_err(|error| format!("cannot accept: {error}"))?;
    client.set_write_timeout(Some(Duration::from_secs(60)))?;
    client.set_read_timeout(Some(Duration::from_secs(10)))?;

    let count = io::copy(&mut file, &mut client).map_err(|error| format!("{address} takes no more: {error}"))?;
    println!("Sent {count} bytes to {address}");
    if *close {
        drop(client);
        println!("Closed: whatever {address} has to say, nobody hears it");
        return Ok(());
    }
    client.shutdown(Shutdown::Write).map_err(|error| format!("{address} is gone: {error}"))?;
    println!("Ended our direction, and still listen to the other one");
    let mut response = Vec::new();
    client.take(1024).read_to_end(&mut response).map_err(|error| format!("no response from {address}: {error}"))?;
    println!("Received {} bytes: {:?}", response.len(), String::from_utf8_lossy(&response));
    Ok(())
}

/// Sends a file to one client, and hears what it says to that.
#[derive(Parser)]
#[command(max_term_width = 80)]
struct Arguments {
    /// The file to send
    #[arg(default_value = "Cargo.toml")]
    file: PathBuf,
    /// The address to listen at
    #[arg(long, default_value = "127.0.0.1")]
    host: String,
    /// The port to listen at; 0 takes any free one
    #[arg(short, long, default_value_t = 1060)]
    port: u16,
    /// Close both directions after the file
    #[arg(short, long)]
    close: bool,
}

fn main() -> ExitCode {
    let Err(error) = run(&Arguments::parse()) else { return ExitCode::SUCCESS };
    eprintln!("half_close_server: {error}");
    ExitCode::FAILURE
}
