//! The client's name for the one program that is both: see message_server.rs.
//!
//! The lesson: which of the two a program is, is not in the program. It is in
//! what it does first: wait for somebody, or go to somebody who waits.
//!
//! Run it:      cargo run --example message_client -- client 127.0.0.1
//! Beforehand:  cargo run --example message_server -- server 127.0.0.1
//!
//! You see: both addresses of the connection, and the server's response to the
//! line that you type.
//!
//! Try: `message_client server 127.0.0.1`: now it is the server.
//!
//! In the lab: glasshttp lab cycle

#[path = "message_server.rs"]
mod message;

fn main() -> std::process::ExitCode {
    message::main()
}
