//! glasshttp: a small HTTP/1.0 web server that you can see through.
//!
//! The tour, in reading order:
//!
//! 1. [`http`]: the protocol, as a calculation over bytes. No I/O.
//! 2. [`handler`]: what responds to a request, and what a response is.
//! 3. [`site`]: a folder as a handler.
//! 4. [`listener`]: where connections come in.
//! 5. [`connection`]: one connection, from its accept to its close.
//! 6. [`models`]: who runs the connections: one after another, a process or a thread each, or event loops.
//! 7. [`record`]: the vocabulary of what is recorded, and how each figure is known.
//! 8. [`observe`]: who watches, and makes records of it.
//! 9. [`story`]: records, as people read them.
//! 10. [`packet`]: packets as a calculation: read, followed, delayed, written.
//! 11. [`server`]: all of it in one expression, for a program that responds by itself.
//!
//! Beside these stand [`later`] and [`pool`] for responses that take time, [`capture`] for packets,
//! [`escape`] for text that others chose, and [`language`] for English and Korean.
//!
//! With the feature `program`, which is on by default, there is also what the
//! command `glasshttp` is made of: its live page, `dns`, `fetch` and `lab` are
//! documented here, the rest is in ARCHITECTURE.md.
//!
//! A program that responds by itself, without a folder, takes a few lines: see [`Server`] and
//! `examples/application.rs`; with files beside it, [`site`]. What it needs is re-exported here;
//! the modules have the rest.

// What only the program uses of the rooms below it is not used without it.
#![cfg_attr(not(feature = "program"), allow(dead_code, unused_imports))]

#[cfg(not(target_os = "linux"))]
compile_error!(
    "glasshttp runs on Linux only, because it shows what that kernel knows of a connection; elsewhere run it in a Linux container, on Windows also in WSL2"
);

// The rooms are Linux's alone, so that this is the only error elsewhere.

#[cfg(all(target_os = "linux", feature = "program"))]
#[doc(hidden)]
pub mod activation;
#[cfg(all(target_os = "linux", feature = "program"))]
#[doc(hidden)]
pub mod announcement;
#[cfg(all(target_os = "linux", feature = "program"))]
#[doc(hidden)]
pub mod browser;
#[cfg(target_os = "linux")]
pub mod capture;
#[cfg(all(target_os = "linux", feature = "program"))]
#[doc(hidden)]
pub mod cli;
#[cfg(target_os = "linux")]
pub mod connection;
#[cfg(all(target_os = "linux", feature = "program"))]
pub mod dns;
#[cfg(target_os = "linux")]
pub mod escape;
#[cfg(all(target_os = "linux", feature = "program"))]
#[doc(hidden)]
pub mod farewell;
#[cfg(all(target_os = "linux", feature = "program"))]
pub mod fetch;
#[cfg(target_os = "linux")]
pub mod handler;
#[cfg(target_os = "linux")]
pub mod http;
#[cfg(target_os = "linux")]
mod kernel;
#[cfg(all(target_os = "linux", feature = "program"))]
pub mod lab;
#[cfg(target_os = "linux")]
pub mod language;
#[cfg(target_os = "linux")]
pub mod later;
#[cfg(all(target_os = "linux", feature = "program"))]
#[doc(hidden)]
pub mod lesson;
#[cfg(target_os = "linux")]
pub mod listener;
#[cfg(target_os = "linux")]
mod lock;
#[cfg(target_os = "linux")]
pub mod models;
#[cfg(target_os = "linux")]
pub mod observe;
#[cfg(target_os = "linux")]
mod outlet;
#[cfg(target_os = "linux")]
pub mod packet;
#[cfg(target_os = "linux")]
pub mod pool;
#[cfg(all(target_os = "linux", feature = "program"))]
#[doc(hidden)]
pub mod qr;
#[cfg(target_os = "linux")]
pub mod record;
#[cfg(all(target_os = "linux", feature = "program"))]
#[doc(hidden)]
pub mod recording;
#[cfg(all(target_os = "linux", feature = "program"))]
mod replaced;
#[cfg(all(target_os = "linux", feature = "program"))]
#[doc(hidden)]
pub mod sandbox;
#[cfg(target_os = "linux")]
pub mod server;
#[cfg(all(target_os = "linux", feature = "program"))]
#[doc(hidden)]
pub mod show;
#[cfg(target_os = "linux")]
pub mod site;
#[cfg(target_os = "linux")]
pub mod story;
#[cfg(target_os = "linux")]
mod sys;
#[cfg(all(target_os = "linux", feature = "program"))]
mod target;
#[cfg(all(target_os = "linux", feature = "program"))]
#[doc(hidden)]
pub mod watch;

#[cfg(target_os = "linux")]
pub use self::{
    handler::{Handler, Response},
    http::message::{Method, Request, StatusCode},
    models::{Model, Stop},
    server::Server,
};
