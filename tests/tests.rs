//! The specification, as raw bytes against the running program.
//!
//! Everything here starts the real program on a port that the system chooses,
//! reads the address that it prints, and talks to it over sockets with
//! timeouts. Nothing sleeps: tests wait for facts.
#![allow(unreachable_pub)] // `pub` here means: for the other test modules
#![allow(clippy::expect_used, clippy::panic)] // what helps a test fails as a test does

/// What it may use, however many come and whatever they do.
mod bounds;

/// Handlers that take bodies.
mod bodies;

/// A real browser, driven as its user would.
mod browser;

/// Real clients, from curl to a load balancer.
mod clients;

/// How connections end, in time and in order.
mod closing;

/// What is typed, what is printed, what is logged.
mod command_line;

/// What operators deploy it with: a proxy's configuration, a service's units.
mod deploy;

/// What is released beside the binary: man pages, completions, notices.
mod dist;

/// Names and addresses: scripted servers, and a real hierarchy.
mod dns;

/// The lessons in sockets: each shows what its head promises.
mod examples;

/// Text that others chose, in whatever is written.
mod escaping;

/// The client: what it fetches, what it refuses, what it tells.
mod fetch;

/// Storage that does not respond.
mod hanging;

/// The program under test, and a client of raw bytes.
mod harness;

/// What it says in Korean, and that it is Korean.
mod korean;

/// Who lives where, and who may import whom.
mod house;

/// Experiments on the program's own wire.
mod lab;

/// The example that measures the models: it shows what it promises.
mod lesson;

/// The live page, in raw bytes and in a browser.
mod live;

/// The whole program, watched.
mod watch;

/// Who the client is, where proxies speak for it.
mod proxied;

/// Requests bent at random: the server lives on.
mod mutations;

/// What is told of connections, held to what scripted clients did.
mod records;

/// What the serving process can no longer do.
mod sandbox;

/// Files on disk: what is served of a folder, and what never is.
mod site;

/// The wire, clause by clause: the documents in tests/wire are the test.
mod wire;

/// Packets: taken apart, followed, delayed, written; tshark is the witness.
mod packet;

/// What each model promises beside the protocol.
mod models;
