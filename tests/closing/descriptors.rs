//! Few descriptors: it refuses to start, or serves whom it accepts.

use super::{assert_same, folder_with};
use crate::harness::{MODELS, Response, Server, glasshttp};
use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;

fn limited(descriptors: u32, options: &[&str], folder: &Path) -> Command {
    let mut command = Command::new("sh");
    command.args(["-c", &format!("ulimit -n {descriptors} && exec \"$0\" \"$@\"")]);
    command.arg(glasshttp().get_program()).args(["--port", "0"]).args(options).arg(folder).env("LC_ALL", "C");
    command
}

/// What it says where it does not serve.
fn refusal(mut command: Command) -> Option<String> {
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("it starts");
    let mut line = String::new();
    BufReader::new(child.stdout.take().expect("piped")).read_line(&mut line).expect("a line, or the end");
    if !line.is_empty() {
        child.kill().expect("it runs");
    }
    let status = child.wait().expect("it ends");
    let mut said = String::new();
    child.stderr.take().expect("piped").read_to_string(&mut said).expect("UTF-8");
    line.is_empty().then(|| {
        assert_eq!(status.code(), Some(1), "{said}");
        said
    })
}

/// The lowest limit with which it serves, by what it says that it needs.
fn least(options: &[&str], folder: &Path) -> u32 {
    let mut descriptors = 14;
    while let Some(said) = refusal(limited(descriptors, options, folder)) {
        assert_eq!(said.lines().count(), 1, "{said}");
        let needed = said.split_once("needs at least ").and_then(|(_, after)| after.split_once(';'));
        descriptors = match needed {
            Some((needed, way)) => {
                assert!(way.contains("ulimit -Hn"), "{said}");
                needed.parse().ok().filter(|needed| *needed > descriptors).expect("a higher one")
            }
            None => descriptors + 4, // it did not come so far
        };
        assert!(descriptors < 100, "{options:?}: {said}");
    }
    descriptors
}

#[test]
fn whom_it_accepts_it_serves_however_few_descriptors_there_are() {
    let (folder, big) = folder_with(1_000_000);
    for model in MODELS {
        for record in [&["--no-watch", "--log", "off"][..], &["--log", "off"]] {
            let options = [&["--model", model], record].concat();
            let options = options.as_slice();
            let least = least(options, folder.path());
            for descriptors in [least, least + 1, least + 7] {
                let server = Server::spawn(&mut limited(descriptors, options, folder.path()));
                thread::scope(|scope| {
                    for _ in 0..20 {
                        let mut client = server.connect();
                        let big = &big;
                        scope.spawn(move || {
                            client.send(b"GET /big.bin HTTP/1.0\r\n\r\n");
                            let response = Response::parse(&client.read_to_end());
                            assert_eq!(response.status, 200, "{options:?}, ulimit -n {descriptors}");
                            assert_same(&response.body, big);
                        });
                    }
                });
            }
        }
    }
}
