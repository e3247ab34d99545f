//! The load: wrk and ab, and what they say they did.

use crate::workload::{FEW, Load, MANY, Workload};
use std::error::Error;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// What came of one run.
#[derive(Debug)]
pub(crate) struct Outcome {
    pub(crate) requests: u64,
    /// Bytes received, heads included.
    pub(crate) bytes: u64,
    /// Responses of another class than 2xx and 3xx.
    refusals: u64,
    /// Connections and requests that failed.
    failures: u64,
}

/// The scripts that make wrk say exact numbers, and ask for many files.
pub(crate) struct Scripts {
    figures: PathBuf,
    many: PathBuf,
    few: PathBuf,
}

const FIGURES: &str = "done = function(summary)
  local e = summary.errors
  print(string.format('figures %.0f %.0f %.0f %.0f', summary.requests, summary.bytes,
    e.status, e.connect + e.read + e.write + e.timeout))
end
";

impl Scripts {
    pub(crate) fn write(folder: &Path) -> io::Result<Self> {
        let place = |name| folder.join(name);
        let scripts = Self { figures: place("figures.lua"), many: place("many.lua"), few: place("few.lua") };
        fs::write(&scripts.figures, FIGURES)?;
        fs::write(&scripts.many, in_turn("/many/f%04d.html", MANY) + FIGURES)?;
        fs::write(&scripts.few, in_turn("/big/f%04d.bin", FEW) + FIGURES)?;
        Ok(scripts)
    }

    /// Loads the server for this many seconds.
    pub(crate) fn run(
        &self,
        workload: &Workload,
        port: u16,
        seconds: u32,
        lines: &[String],
    ) -> Result<Outcome, Box<dyn Error>> {
        let url = format!("http://127.0.0.1:{port}{}", workload.path);
        let (connections, seconds) = (workload.connections.to_string(), seconds.to_string());
        let mut command;
        if workload.load == Load::Ab {
            command = Command::new("ab");
            // -n after -t, which sets it as well.
            command.args(["-q", "-d", "-S", "-r", "-s", "5", "-t", &seconds, "-n", "50000000", "-c", &connections]);
            command.args(workload.keeps.then_some("-k"));
        } else {
            let script = match workload.name {
                "W5" => &self.many,
                "W4d" => &self.few,
                _ => &self.figures,
            };
            let connection = if workload.keeps { "Connection: keep-alive" } else { "Connection: close" };
            command = Command::new("wrk");
            command.args(["-t1", "-c", &connections, "-d", &seconds, "-H", connection, "-s"]).arg(script);
        }
        for line in lines {
            command.args(["-H", line]);
        }
        let output = command.arg(url).stdin(Stdio::null()).output()?;
        let text = String::from_utf8_lossy(&output.stdout);
        let outcome = if workload.load == Load::Ab { read_ab(&text) } else { read_wrk(&text) };
        outcome.ok_or_else(|| {
            let complaint = String::from_utf8_lossy(&output.stderr);
            format!("the load failed: {}", complaint.lines().last().unwrap_or("it says nothing")).into()
        })
    }
}

/// Asks for this many files, one after the other.
fn in_turn(paths: &str, count: usize) -> String {
    let last = count - 1;
    format!(
        "local requests, turn = {{}}, 0
init = function()
  for file = 0, {last} do requests[file] = wrk.format('GET', string.format('{paths}', file)) end
end
request = function()
  turn = (turn + 1) % {count}
  return requests[turn]
end
"
    )
}

fn read_wrk(text: &str) -> Option<Outcome> {
    let figures = text.lines().find_map(|line| line.strip_prefix("figures "))?;
    let figures: Vec<u64> = figures.split(' ').map_while(|figure| figure.parse().ok()).collect();
    let &[requests, bytes, refusals, failures] = &figures[..] else { return None };
    Some(Outcome { requests, bytes, refusals, failures })
}

fn read_ab(text: &str) -> Option<Outcome> {
    let number = |name: &str| {
        let rest = text.lines().find_map(|line| line.strip_prefix(name))?;
        rest.split_whitespace().next()?.parse().ok()
    };
    Some(Outcome {
        requests: number("Complete requests:")?,
        bytes: number("Total transferred:")?,
        // Said only where there are some.
        refusals: number("Non-2xx responses:").unwrap_or(0),
        failures: number("Failed requests:")?,
    })
}

impl Outcome {
    /// What is wrong with it, by counting: the generators do not read bodies.
    pub(crate) fn fault(&self, workload: &Workload) -> Option<String> {
        let Self { requests, bytes, refusals, failures } = *self;
        let expected_refusals = if workload.status >= 400 { requests } else { 0 };
        if requests == 0 {
            Some("no request got a response".to_owned())
        } else if failures > requests / 1_000 {
            Some(format!("{failures} connections or requests failed, of {requests}"))
        } else if refusals.abs_diff(expected_refusals) > failures {
            Some(format!("{refusals} responses of {requests} were 4xx or 5xx, and not {expected_refusals}"))
        } else if workload.status == 200 && bytes < requests * workload.length {
            Some(format!("{bytes} bytes in {requests} responses are too few"))
        } else if workload.status == 304 && bytes >= requests * workload.length {
            Some(format!("{bytes} bytes in {requests} responses are too many: these were no 304"))
        } else {
            None
        }
    }
}
