//! What is asked of the servers: the table of workloads, and the folder that
//! they all serve.

use std::fs;
use std::io;
use std::path::Path;

/// Files that W5 asks for in turn.
pub(crate) const MANY: usize = 2_000;
/// Large ones that W4d asks for in turn.
pub(crate) const FEW: usize = 4;
/// Connections that W6 tries to keep open.
pub(crate) const IDLE: usize = 10_000;

/// Who makes the load.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Load {
    /// wrk, which speaks HTTP/1.1.
    Wrk,
    /// ab, which speaks HTTP/1.0.
    Ab,
    /// This program: connections that are kept and say nothing.
    Idle,
    /// This program: one request, as soon as the server responds at all.
    Start,
}

/// What is counted, and which way is better.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unit {
    Requests,
    Gigabytes,
    BytesPerConnection,
    Milliseconds,
}

impl Unit {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Requests => "requests / CPU-s",
            Self::Gigabytes => "GB / CPU-s",
            Self::BytesPerConnection => "bytes / connection",
            Self::Milliseconds => "ms",
        }
    }

    /// How much less `ours` costs than `theirs`: 2 is half as much.
    pub(crate) fn ratio(self, ours: f64, theirs: f64) -> f64 {
        match self {
            Self::Requests | Self::Gigabytes => ours / theirs,
            Self::BytesPerConnection | Self::Milliseconds => theirs / ours,
        }
    }

    pub(crate) fn show(self, figure: f64) -> String {
        match self {
            Self::Requests | Self::BytesPerConnection => format!("{figure:.0}"),
            Self::Gigabytes => format!("{figure:.2}"),
            Self::Milliseconds => format!("{figure:.1}"),
        }
    }
}

/// One way to ask.
#[derive(Debug)]
pub(crate) struct Workload {
    pub(crate) name: &'static str,
    pub(crate) what: &'static str,
    pub(crate) load: Load,
    pub(crate) connections: usize,
    /// Whether a connection is used again.
    pub(crate) keeps: bool,
    pub(crate) path: &'static str,
    /// The only status that is right.
    pub(crate) status: u16,
    /// How long the file is.
    pub(crate) length: u64,
    pub(crate) unit: Unit,
}

const USUAL: Workload = Workload {
    name: "W1",
    what: "1 KB, kept connections",
    load: Load::Wrk,
    connections: 64,
    keeps: true,
    path: "/small.html",
    status: 200,
    length: 1 << 10,
    unit: Unit::Requests,
};

pub(crate) const WORKLOADS: [Workload; 13] = [
    USUAL,
    Workload { name: "W1p", what: "10 KB, kept connections", path: "/page.html", length: 10 << 10, ..USUAL },
    Workload { name: "W2", what: "1 KB, a connection each, HTTP/1.0", load: Load::Ab, keeps: false, ..USUAL },
    Workload { name: "W2w", what: "1 KB, a connection each, HTTP/1.1", keeps: false, ..USUAL },
    Workload {
        name: "W3",
        what: "100 KB, kept connections",
        connections: 32,
        path: "/medium.bin",
        length: 100 << 10,
        ..USUAL
    },
    Workload {
        name: "W4",
        what: "64 MiB downloads",
        connections: 4,
        path: "/big.bin",
        length: 64 << 20,
        unit: Unit::Gigabytes,
        ..USUAL
    },
    Workload {
        name: "W4d",
        what: "four files of 64 MiB in turn",
        connections: 4,
        path: "/big/f0000.bin",
        length: 64 << 20,
        unit: Unit::Gigabytes,
        ..USUAL
    },
    Workload { name: "W5", what: "2,000 files of 4 KB in turn", path: "/many/f0000.html", length: 4 << 10, ..USUAL },
    Workload {
        name: "W6",
        what: "idle kept connections, user memory",
        load: Load::Idle,
        connections: IDLE,
        unit: Unit::BytesPerConnection,
        ..USUAL
    },
    Workload { name: "W6a", what: "1 KB, 10,000 kept connections, all active", connections: IDLE, ..USUAL },
    Workload { name: "W7", what: "If-Modified-Since: 304", status: 304, ..USUAL },
    Workload { name: "W8", what: "404", path: "/no/such/file.html", status: 404, length: 0, ..USUAL },
    Workload {
        name: "W9",
        what: "exec to the first response",
        load: Load::Start,
        keeps: false,
        unit: Unit::Milliseconds,
        ..USUAL
    },
];

impl Workload {
    pub(crate) fn named(name: &str) -> Result<&'static Self, String> {
        let names = || WORKLOADS.each_ref().map(|workload| workload.name).join(", ");
        let found = WORKLOADS.iter().find(|workload| workload.name.eq_ignore_ascii_case(name));
        found.ok_or_else(|| format!("there is no workload {name}, only {}", names()))
    }
}

/// Writes the files that the workloads ask for.
pub(crate) fn write_site(root: &Path) -> io::Result<()> {
    let line = b"<p>The quick brown fox jumps over the lazy dog 0123456789.</p>\n";
    let text = |length: u64| line.iter().copied().cycle().take(length as usize).collect::<Vec<u8>>();
    fs::create_dir_all(root.join("many"))?;
    fs::create_dir_all(root.join("big"))?;
    for workload in WORKLOADS.iter().filter(|workload| workload.length > 0) {
        let file = root.join(workload.path.trim_start_matches('/'));
        if !file.exists() {
            fs::write(file, text(workload.length))?;
        }
    }
    for number in 1..FEW {
        fs::write(root.join(format!("big/f{number:04}.bin")), text(64 << 20))?;
    }
    for number in 1..MANY {
        fs::write(root.join(format!("many/f{number:04}.html")), text(4 << 10))?;
    }
    Ok(())
}
