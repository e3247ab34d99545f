//! Experiments on the program's own wire, as somebody without root runs them.
//!
//! Where the kernel refuses namespaces, tests say so and check the recorded
//! runs; as root, which `.ci/run` is, they become nobody, and a refusal fails.

/// Each experiment: its facts, and what holds on any wire.
mod experiments;

/// The live page's lab: over sockets, and in a browser.
mod page;
mod page_in_browser;

/// Programs of one's own on the wire, and what a command line can get wrong.
mod programs;

/// The site's recorded runs.
mod recorded;

/// Other witnesses: tshark reads the captures.
mod witness;

use crate::harness::glasshttp;
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::OnceLock;

/// The program, about to be started as nobody if this is root.
pub fn unprivileged() -> Command {
    if !rustix::process::getuid().is_root() {
        return glasshttp();
    }
    let mut command = Command::new("setpriv");
    command.args(["--reuid=65534", "--regid=65534", "--clear-groups"]).arg(copy()).current_dir("/");
    command
}

/// The program where nobody may execute it: the build's folder may be closed to others.
fn copy() -> &'static Path {
    static COPY: OnceLock<PathBuf> = OnceLock::new();
    COPY.get_or_init(|| {
        use std::os::unix::fs::PermissionsExt;
        let folder = crate::harness::folder().keep();
        std::fs::set_permissions(&folder, PermissionsExt::from_mode(0o755)).expect("open to all");
        let copy = folder.join("glasshttp");
        std::fs::copy(crate::harness::program(), &copy).expect("a copy");
        copy
    })
}

/// Runs `lab` with these words, `--json` among them: the document; nothing,
/// where namespaces are refused to somebody who is not root.
pub fn lab(words: &[&str]) -> Option<Value> {
    let output = unprivileged().arg("lab").args(words).output().expect("it runs");
    if is_refused(&output) {
        return None;
    }
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "lab {words:?}: {errors}");
    Some(serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("lab {words:?}: {error}")))
}

/// Whether a kernel or a container forbids what the lab needs. As root it must not.
pub fn is_refused(output: &Output) -> bool {
    let errors = String::from_utf8_lossy(&output.stderr);
    let is_refusal = errors.contains("sudo glasshttp lab");
    assert!(!is_refusal || !rustix::process::getuid().is_root(), "refused in .ci/run: {errors}");
    if is_refusal {
        eprintln!("skipped, the recorded runs are checked instead: {errors}");
    }
    is_refusal
}

/// The same, again while the machine was too busy for the wire to be on time.
pub fn undisturbed(words: &[&str]) -> Option<Value> {
    let mut document = lab(words)?;
    for _ in 0..4 {
        if document["disturbed"] == false && !document["measured"].is_null() {
            break;
        }
        document = lab(words)?;
    }
    Some(document)
}
