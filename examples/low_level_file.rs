//! open, write, read, close: a file by its descriptor, and a socket likewise.
//!
//! The lesson: a descriptor is a number in this process's table of open things.
//! The kernel gives the lowest that is free. read(2) and write(2) do not ask
//! what is behind it: one function copies from a file to a file, from a file to
//! a socket and back. Each may do less than it was asked for, and says how much.
//!
//! Run it:  cargo run --example low_level_file
//! And:     cargo run --example low_level_file -- new.txt     (which is kept)
//!
//! You see: each call with its descriptor and its count. The same number comes
//! back after a close; a read of 0 is the end of a file, and of a connection.
//!
//! Try: `strace -e openat,read,write,close` in front of it: the calls are these.
//!
//! In the lab: none, for a file has no wire.
#![allow(clippy::print_stdout)] // a program that shows something

use clap::Parser;
use rustix::fs::{Mode, OFlags, open};
use rustix::io::{read, write};
use std::error::Error;
use std::net::{TcpListener, TcpStream};
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

fn run(arguments: &Arguments) -> Result<(), Box<dyn Error>> {
    let temporary = std::env::temp_dir().join(format!("low_level_file-{}", std::process::id()));
    let path = arguments.file.as_ref().unwrap_or(&temporary);
    let result = lesson(path);
    if arguments.file.is_none() {
        let _ = std::fs::remove_file(path); // it is not there if it could not be made
    }
    result
}

fn lesson(path: &Path) -> Result<(), Box<dyn Error>> {
    println!("A file");
    // EXCL: made by this call, or an error. Nothing that is there is overwritten.
    let file = open(path, OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL, Mode::RUSR | Mode::WUSR)
        .map_err(|error| format!("cannot make {}: {error}; try a name that is not taken", path.display()))?;
    println!("  open   {} to write", number(&file));
    write_all(&file, b"Let's go!\n")?;
    close(file);
    let file = open(path, OFlags::RDONLY, Mode::empty())?;
    println!("  open   {} to read: the lowest number that is free", number(&file));

    println!("A connection, both ends of it here");
    let listener = TcpListener::bind("127.0.0.1:0").map_err(|error| format!("cannot listen: {error}; try again"))?;
    let client: OwnedFd = TcpStream::connect(listener.local_addr()?)?.into();
    let server: OwnedFd = listener.accept()?.0.into();
    println!("  socket {}, {} and {}", number(&listener), number(&client), number(&server));

    println!("From the file into the connection, 4 bytes at a time");
    copy(&file, &client, 4)?;
    close(file);
    close(client); // the server's read finds the end

    println!("From it to standard output, descriptor 1: three writes are one read, or more");
    copy(&server, std::io::stdout().as_fd(), 100)?;
    close(server);
    Ok(())
}

/// Copies to the end, `size` bytes at a time: what is a file, what a socket, is not its affair.
fn copy(from: impl AsFd, to: impl AsFd, size: usize) -> Result<(), Box<dyn Error>> {
    let mut buffer = vec![0; size];
    loop {
        let count = read(&from, &mut buffer[..]).map_err(|error| format!("cannot read: {error}"))?;
        println!("  read   {}: {count} bytes{}", number(&from), if count == 0 { ", the end" } else { "" });
        if count == 0 {
            return Ok(());
        }
        write_all(&to, &buffer[..count])?;
    }
}

/// Writes all of it: write(2) may take a part.
fn write_all(to: impl AsFd, mut bytes: &[u8]) -> Result<(), Box<dyn Error>> {
    while !bytes.is_empty() {
        let count = write(&to, bytes).map_err(|error| format!("cannot write: {error}"))?;
        println!("  write  {}: {count} bytes {:?}", number(&to), String::from_utf8_lossy(&bytes[..count]));
        bytes = &bytes[count..];
    }
    Ok(())
}

fn close(descriptor: OwnedFd) {
    println!("  close  {}", number(&descriptor));
    drop(descriptor); // what closes it: in Rust, the owner of a descriptor closes it
}

fn number(descriptor: impl AsFd) -> i32 {
    descriptor.as_fd().as_raw_fd()
}

/// Writes and reads a file and a socket with the same calls.
#[derive(Parser)]
#[command(max_term_width = 80)]
struct Arguments {
    /// A new file to write, and keep [default: one that is removed at the end]
    file: Option<PathBuf>,
}

fn main() -> ExitCode {
    let Err(error) = run(&Arguments::parse()) else { return ExitCode::SUCCESS };
    eprintln!("low_level_file: {error}");
    ExitCode::FAILURE
}
