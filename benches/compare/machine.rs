//! Where and when: what a figure means nothing without.

use crate::running::Cores;
use std::fs;
use std::process::{Command, Stdio};
use std::time::SystemTime;

/// The processor, the kernel and the day, as one line.
pub(crate) fn description(cores: Cores) -> String {
    let processors = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = processors.lines().find(|line| line.starts_with("model name")).and_then(|line| line.split_once(": "));
    let model = model.map_or("unknown processor", |(_, model)| model.trim());
    let count = processors.lines().filter(|line| line.starts_with("processor")).count();
    let kernel = fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    let pinning = if cores.server == cores.load {
        "one core only, for the server and the load: neither is measured undisturbed".to_owned()
    } else {
        format!("server on core {}, load on core {}", cores.server, cores.load)
    };
    format!("{model}, {count} cores, Linux {}, {}; {pinning}", kernel.trim(), today())
}

/// What weighs on every figure without being seen: somebody who captures is handed each packet, of
/// loopback too.
pub(crate) fn disturbance() -> Option<String> {
    let sockets = fs::read_to_string("/proc/net/packet").unwrap_or_default().lines().skip(1).count();
    (sockets > 0).then(|| {
        format!(
            "packets are captured on this machine ({sockets} sockets): every figure includes that; /proc/net/packet"
        )
    })
}

/// The day, as in 2026-11-21.
fn today() -> String {
    let date = httpdate::fmt_http_date(SystemTime::now());
    let words: Vec<&str> = date.split(' ').collect();
    let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    match words[..] {
        [_, day, month, year, ..] => {
            let month = months.iter().position(|name| *name == month).map_or(0, |index| index + 1);
            format!("{year}-{month:02}-{day}")
        }
        _ => date,
    }
}

/// What `program` says of itself when asked so; `None` if it can't be run.
pub(crate) fn version(program: &str, argument: &str) -> Option<String> {
    let output = Command::new(program).arg(argument).stdin(Stdio::null()).output().ok()?;
    let text = [output.stdout, output.stderr].concat();
    let text = String::from_utf8_lossy(&text);
    let line = text.lines().find(|line| line.contains(|character: char| character.is_ascii_digit()))?;
    // Its number, out of `nginx version: nginx/1.22.1` or `wrk debian/4.1.0-3+b2 [epoll] …`.
    let words = line.split_whitespace().map(|word| word.rsplit('/').next().unwrap_or(word));
    let numbers = words.map(|word| word.trim_matches(|character: char| !character.is_ascii_alphanumeric()));
    let number = numbers
        .map(|word| word.trim_start_matches('v'))
        .find(|word| word.contains('.') && word.starts_with(|character: char| character.is_ascii_digit()));
    number.map(str::to_owned)
}
