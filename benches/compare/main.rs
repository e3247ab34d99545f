//! One command that compares glasshttp with the other web servers of this
//! machine: `cargo bench --bench compare`. What it does is in [`comparison`].
//!
//! Linux only: what a server costs is read from its CPU clock and from /proc.

#[cfg(target_os = "linux")]
mod comparison;
#[cfg(target_os = "linux")]
mod exchange;
#[cfg(target_os = "linux")]
mod generator;
#[cfg(target_os = "linux")]
mod machine;
#[cfg(target_os = "linux")]
mod report;
#[cfg(target_os = "linux")]
mod running;
#[cfg(target_os = "linux")]
mod server;
#[cfg(target_os = "linux")]
mod workload;

use std::error::Error;

fn main() -> Result<(), Box<dyn Error>> {
    // `cargo test --all-targets` runs benchmarks too, without this flag.
    if !std::env::args().any(|argument| argument == "--bench") {
        eprintln!("nothing is compared without --bench: cargo bench --bench compare");
        return Ok(());
    }
    #[cfg(target_os = "linux")]
    return comparison::main();
    #[cfg(not(target_os = "linux"))]
    return Err("the comparison reads /proc: it runs on Linux only".into());
}
