//! One command that compares glasshttp with the other web servers of this
//! machine: `cargo bench --bench compare`. What it does is in [`comparison`].
//!
//! Linux only: what a server costs is read from its CPU clock and from /proc.

mod chart;
mod comparison;
mod exchange;
mod generator;
mod machine;
mod peers;
mod report;
mod running;
mod server;
mod workload;

use std::error::Error;

fn main() -> Result<(), Box<dyn Error>> {
    // `cargo test --all-targets` runs benchmarks too, without this flag.
    if !std::env::args().any(|argument| argument == "--bench") {
        eprintln!("nothing is compared without --bench: cargo bench --bench compare");
        return Ok(());
    }
    comparison::main()
}
