//! A network namespace of a test's own.

use super::PATIENCE;
use std::fs;
use std::process::{Child, Command, Stdio};
use std::time::Instant;

/// A process that keeps a network namespace.
pub struct Namespace(Child);

impl Namespace {
    pub fn new() -> Self {
        let child = Command::new("unshare").args(["--net", "sleep", "120"]).stdout(Stdio::null()).spawn();
        let namespace = Self(child.expect("unshare"));
        let of = |process: &str| fs::read_link(format!("/proc/{process}/ns/net")).ok();
        let (start, own) = (Instant::now(), of("self"));
        while of(&namespace.id()).is_none_or(|its| Some(its) == own) {
            assert!(start.elapsed() < PATIENCE, "no namespace");
            std::thread::yield_now();
        }
        namespace
    }

    /// As whose namespace it is named.
    pub fn id(&self) -> String {
        self.0.id().to_string()
    }

    /// `program`, there. It becomes the process that was started.
    pub fn command(&self, program: &str) -> Command {
        let mut command = Command::new("nsenter");
        command.args(["--net", "--target", &self.id(), program]).env("LC_ALL", "C");
        command
    }

    /// ip(8), there.
    pub fn ip(&self, arguments: &str) {
        let output = self.command("ip").args(arguments.split(' ')).output().expect("ip");
        assert!(output.status.success(), "ip {arguments}: {output:?}");
    }
}

impl Drop for Namespace {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
