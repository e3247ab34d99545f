//! Sizes that say nothing: of a small file, what was read is what is said.

use super::Folder;
use crate::harness::{MODELS, Response, Server, glasshttp};
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

fn serve(folder: &Path, model: &str) -> Server {
    Server::start(folder, &["--model", model, "--follow-symlinks"])
}

fn has_no_validators(response: &Response) {
    for name in ["ETag", "Last-Modified", "Accept-Ranges", "Content-Range"] {
        assert_eq!(response.header(name), None, "{}", response.head);
    }
}

#[test]
fn files_of_proc_are_sent_at_the_length_that_was_read() {
    for model in MODELS {
        let folder = Folder::new();
        for name in ["version", "filesystems", "sys/kernel/ostype"] {
            folder.link(&name.replace('/', "-"), Path::new("/proc").join(name));
        }
        folder.write("empty", "");
        let server = serve(&folder.root(), model);
        for name in ["version", "filesystems", "sys/kernel/ostype"] {
            let content = fs::read(Path::new("/proc").join(name)).expect("a file of /proc");
            let path = format!("/{}", name.replace('/', "-"));
            for fields in [
                "",
                "Range: bytes=0-1\r\n",
                "If-None-Match: \"x\"\r\n",
                "If-Modified-Since: Fri, 31 Dec 9999 23:59:59 GMT\r\n",
            ] {
                let response = server.get_with(&path, fields);
                assert_eq!((response.status, &response.body), (200, &content), "{model} {path} {fields}");
                assert_eq!(response.header("Content-Length"), Some(content.len().to_string().as_str()));
                has_no_validators(&response);
            }
            let head = Response::parse(&server.ask(format!("HEAD {path} HTTP/1.0\r\n\r\n").as_bytes()));
            assert_eq!(head.header("Content-Length"), Some(content.len().to_string().as_str()));
        }
        // A file that is really empty has all that others have.
        assert!(server.get("/empty").header("ETag").is_some());
    }
}

#[test]
fn a_long_file_of_unknown_length_ends_with_the_connection() {
    let folder = Folder::new();
    folder.link("symbols", "/proc/kallsyms");
    let content = fs::read("/proc/kallsyms").unwrap_or_default();
    if content.len() < 100_000 {
        eprintln!("skipped: this kernel shows no symbols");
        return;
    }
    for model in MODELS {
        let server = serve(&folder.root(), model);
        let response = server.get_with("/symbols", "Connection: keep-alive\r\n");
        assert_eq!((response.status, response.body.len()), (200, content.len()), "{model}");
        assert_eq!((response.header("Content-Length"), response.header("Connection")), (None, Some("close")));
        has_no_validators(&response);
    }
}

#[test]
fn files_of_sys_are_shorter_than_they_say() {
    let file = Path::new("/sys/kernel/mm/transparent_hugepage/enabled");
    let others = [Path::new("/sys/class/net/lo/mtu"), Path::new("/sys/devices/system/cpu/online")];
    let folder = Folder::new();
    let files: Vec<&Path> = others.into_iter().chain([file]).filter(|file| file.exists()).collect();
    assert!(!files.is_empty(), "no /sys here");
    for (index, file) in files.iter().enumerate() {
        folder.link(&index.to_string(), file);
    }
    let server = serve(&folder.root(), "multiplex");
    for (index, file) in files.iter().enumerate() {
        let content = fs::read(file).expect("a file of /sys");
        let response = server.get(&format!("/{index}"));
        assert_eq!((response.status, &response.body), (200, &content), "{}", file.display());
        has_no_validators(&response);
    }
}

#[test]
#[ignore = "needs strace"]
fn errors_that_do_not_mean_absence_are_not_404() {
    let folder = Folder::of(&["file.txt", "404.html"]);
    let cases = [
        ("ENOTCONN", 500),
        ("ESTALE", 500),
        ("EIO", 500),
        ("ETIMEDOUT", 500),
        ("EHOSTDOWN", 500),
        ("ENOMEM", 503),
        ("EMFILE", 503),
        ("EACCES", 403),
        ("ENOENT", 404),
        ("ENOTDIR", 404),
        ("ENAMETOOLONG", 404),
        ("ELOOP", 404),
    ];
    for model in ["iterative", "multiplex"] {
        for (error, status) in cases {
            // The first openat2(2) is the start's; then a dead mount, say.
            let inject = format!("inject=openat2:error={error}:when=2+");
            let mut command = Command::new("strace");
            command.args(["-D", "-f", "-qq", "-o", "/dev/null", "-e", "trace=openat2", "-e", &inject]);
            command.arg(glasshttp().get_program()).args([
                "--port",
                "0",
                "--log",
                "off",
                "--no-watch",
                "--workers",
                "1",
            ]);
            let server = Server::spawn(command.args(["--model", model]).arg(folder.root()).stdin(Stdio::null()));
            for path in ["/file.txt", "/", "/missing"] {
                assert_eq!(server.get(path).status, status, "{model} {error} {path}");
            }
        }
    }
}
