//! What lies between write() and read(): two buffers and a window.
//!
//! The lesson: write() hands bytes to this kernel's send buffer and returns;
//! read() takes them from the other kernel's receive buffer. In between TCP
//! sends no more than the receiver has room for, its window. When nobody reads,
//! the window closes, the send buffer fills, and write() has to wait. Reading
//! opens the window again, once enough is free: it slides along the stream.
//!
//! Run it:  cargo run --example tcp_buffers
//! And:     cargo run --example tcp_buffers -- --buffer 100000
//!
//! You see: one write taken in four reads; the kernel's own count of both
//! buffers (/proc/net/tcp), and the window as the sender knows it (TCP_INFO),
//! until a write would block and reads make room; and what close() still
//! delivers: all, unless it leaves something unread.
//!
//! Try: other sizes; `ss -tn` shows these queues for any program.
//!
//! In the lab: glasshttp lab window
#![allow(clippy::print_stdout)] // a program that shows something
#![allow(unsafe_code)] // no crate asks for this field of TCP_INFO

use clap::Parser;
use socket2::SockRef;
use std::error::Error;
use std::io::{ErrorKind::WouldBlock, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::ExitCode;
use std::time::Duration;

fn run(arguments: &Arguments) -> Result<(), Box<dyn Error>> {
    let size = arguments.buffer as usize;
    println!("1. One write, four reads");
    let (mut sender, mut receiver) = connection(size)?;
    println!("   write {}", sender.write(&[b'x'; 40])?);
    for _ in 0..4 {
        println!("   read  {}", receiver.read(&mut [0; 10])?);
    }

    println!("2. The window: the sender writes, nobody reads");
    println!("   {:>17} {:>9} {:>18} {:>12} {:>11}", "written", "read", "not acknowledged", "not read", "window");
    let (mut written, mut read) = (0, 0);
    while let Some(count) = at_once(sender.write(&vec![0; size / 2]))? {
        written += count;
        show("write", written, read, &sender, &receiver);
    }
    println!("   write would block: it waits for the reader");
    while at_once(sender.write(&[0; 1]))?.is_none() {
        read += receiver.read(&mut vec![0; size / 2])?;
        show("read", written, read, &sender, &receiver);
    }
    show("write", written + 1, read, &sender, &receiver);
    println!("   write can go on: the window has moved");

    println!("3. close(), with everything read that came");
    after_close(size, false)?;
    println!("4. close(), with 10 bytes that came and were not read");
    after_close(size, true)
}

fn after_close(size: usize, leaves_unread: bool) -> Result<(), Box<dyn Error>> {
    let (mut sender, mut receiver) = connection(size)?;
    let mut written = 0;
    while let Some(count) = at_once(sender.write(&vec![0; size / 2]))? {
        written += count;
    }
    if leaves_unread {
        receiver.write_all(&[0; 10])?;
        while at_once(sender.peek(&mut [0; 10]))?.is_none() {} // until they are there
    }
    drop(sender);
    let mut delivered = Vec::new();
    let end = receiver.read_to_end(&mut delivered).map_or_else(|error| error.to_string(), |_| "the end".to_owned());
    let delivered = delivered.len();
    println!("   written {written}, read after close {delivered}, lost {}", written - delivered);
    println!("   and then: {end}");
    Ok(())
}

/// Both ends of a connection with small buffers, the first of them non-blocking.
fn connection(size: usize) -> Result<(TcpStream, TcpStream), Box<dyn Error>> {
    let listener = TcpListener::bind("127.0.0.1:0").map_err(|error| format!("cannot listen: {error}; try again"))?;
    SockRef::from(&listener).set_recv_buffer_size(size)?; // accepted sockets inherit it; the window follows from it
    let sender = TcpStream::connect(listener.local_addr()?)?;
    SockRef::from(&sender).set_send_buffer_size(size)?;
    sender.set_nonblocking(true)?;
    let (receiver, _) = listener.accept()?;
    receiver.set_read_timeout(Some(Duration::from_secs(5)))?;
    Ok((sender, receiver))
}

/// None if it would have to wait.
fn at_once(result: std::io::Result<usize>) -> std::io::Result<Option<usize>> {
    result.map(Some).or_else(|error| if error.kind() == WouldBlock { Ok(None) } else { Err(error) })
}

fn show(call: &str, written: usize, read: usize, sender: &TcpStream, receiver: &TcpStream) {
    let table = std::fs::read_to_string("/proc/net/tcp").unwrap_or_default();
    let [sent, arrived, window] = [queue(&table, sender, 0), queue(&table, receiver, 1), window(sender)]
        .map(|bytes| bytes.map_or("not visible".to_owned(), |bytes| bytes.to_string()));
    println!("   {call:<7} {written:>9} {read:>9} {sent:>18} {arrived:>12} {window:>11}");
}

/// How many bytes more the other end has room for, as it said last: tcpi_snd_wnd, the
/// last field of Linux's struct tcp_info up to its version 5.4, at byte 228.
#[cfg(target_os = "linux")]
fn window(socket: &TcpStream) -> Option<u64> {
    let mut info = [0_u8; 232];
    let mut length = libc::socklen_t::try_from(info.len()).ok()?;
    let descriptor = std::os::fd::AsRawFd::as_raw_fd(socket);
    // SAFETY: the kernel writes at most `length` bytes, which is the size of `info`.
    let result = unsafe {
        libc::getsockopt(descriptor, libc::IPPROTO_TCP, libc::TCP_INFO, info.as_mut_ptr().cast(), &mut length)
    };
    let field = info.last_chunk().filter(|_| result == 0 && length as usize == info.len())?;
    Some(u32::from_ne_bytes(*field).into())
}

#[cfg(not(target_os = "linux"))]
fn window(_: &TcpStream) -> Option<u64> {
    None
}

/// tx_queue (0) or rx_queue (1) of a socket, proc_net(5).
fn queue(table: &str, socket: &TcpStream, which: usize) -> Option<u64> {
    let address = u32::from_ne_bytes([127, 0, 0, 1]); // see byte_order
    let (local, peer) = (socket.local_addr().ok()?.port(), socket.peer_addr().ok()?.port());
    let (_, row) = table.split_once(&format!("{address:08X}:{local:04X} {address:08X}:{peer:04X} "))?;
    let queues = row.split(' ').nth(1)?;
    u64::from_str_radix(queues.split(':').nth(which)?, 16).ok()
}

/// Fills and empties the buffers of a connection.
#[derive(Parser)]
#[command(max_term_width = 80)]
struct Arguments {
    /// What is asked for each buffer, in bytes; Linux doubles it
    #[arg(short, long, value_name = "BYTES", default_value_t = 20_000, value_parser = clap::value_parser!(u32).range(5000..=200_000))]
    buffer: u32,
}

fn main() -> ExitCode {
    let Err(error) = run(&Arguments::parse()) else { return ExitCode::SUCCESS };
    eprintln!("tcp_buffers: {error}");
    ExitCode::FAILURE
}
