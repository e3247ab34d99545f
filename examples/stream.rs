//! A body of unknown length: it is sent as it is made, and its end is the connection's end.
//!
//! The lesson: HTTP/1.0 has two ways to say where a body ends. A server that knows the
//! length says it first (Content-Length); one that does not closes the connection after
//! the body. Then the client can't tell a whole body from one that broke off, unless a
//! reset says so.
//!
//! Run it:  cargo run --example stream
//! Ask it:  curl -iN http://127.0.0.1:PORT/        (with the port that it prints)
//!          glasshttp fetch -v http://127.0.0.1:PORT/
//!
//! You see: a line every fifth of a second, no Content-Length, and the end by FIN.
//!
//! Try: stop curl half way, and ask again; ask from two terminals at once;
//! `curl -I`: a HEAD has no body, so the connection can be reused.
//!
//! In the lab: glasshttp lab close

use clap::Command;
use glasshttp::{Model, Request, Response, Server, StatusCode, Stop};
use std::io::{self, Read};
use std::sync::Arc;
use std::time::Duration;

#[allow(clippy::print_stdout)] // an example speaks to its user
fn main() -> Result<(), Box<dyn std::error::Error>> {
    Command::new("stream").about("A body whose end is the connection's end").get_matches();
    let count = |_: &Request<'_>| Response::stream(StatusCode::OK, "text/plain; charset=utf-8", Count(10));
    let server = Server::new(count).listen("127.0.0.1:0")?.model(Model::Thread);
    println!("Listening at {}", server.urls().join(", "));
    Ok(server.run(&Arc::new(Stop::on_signals()?))?)
}

/// Counts down, a line every fifth of a second.
struct Count(u32);

impl Read for Count {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.0 == 0 {
            return Ok(0);
        }
        std::thread::sleep(Duration::from_millis(200));
        let line = format!("{}\n", self.0);
        self.0 -= 1;
        buffer[..line.len()].copy_from_slice(line.as_bytes());
        Ok(line.len())
    }
}
