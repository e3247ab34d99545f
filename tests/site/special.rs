//! What is neither file nor folder: never opened, never waited for.

use super::{Folder, listed};
use crate::harness::MODELS;
use rustix::fs::{CWD, FileType, Mode, OFlags, makedev, mknodat, open};
use rustix::io::Errno;
use std::fs;
use std::os::unix::net::UnixListener;
use std::path::Path;
use std::sync::mpsc;
use std::thread;

/// More than there are worker threads, descriptors in reserve or places in a queue.
const OFTEN: usize = 200;

fn make(folder: &Folder, name: &str, kind: FileType, device: u64) -> Result<(), Errno> {
    mknodat(CWD, folder.path(name), kind, Mode::from_raw_mode(0o666), device)
}

#[test]
fn a_fifo_is_not_found_at_once_and_never_opened() {
    for model in MODELS {
        let folder = Folder::of(&["file.txt"]);
        make(&folder, "fifo", FileType::Fifo, 0).expect("a FIFO");
        folder.link("link", "fifo");
        folder.link("absolute", folder.path("fifo"));
        let server = folder.serve(&["--model", model]);
        for path in ["/fifo", "/link", "/absolute", "/fifo/"] {
            for _ in 0..OFTEN {
                assert_eq!(server.get(path).status, 404, "{path}");
            }
        }
        assert_eq!(listed(&server, "/"), ["file.txt"]);
        // Were the server still reading it, this would succeed.
        let writer = open(folder.path("fifo"), OFlags::WRONLY | OFlags::NONBLOCK, Mode::empty());
        assert_eq!(writer.map(drop), Err(Errno::NXIO), "{model}");
    }
}

#[test]
fn a_writer_that_waits_at_a_fifo_is_not_released() {
    // Even an opening that lasts no time at all would release it.
    let folder = Folder::new();
    make(&folder, "fifo", FileType::Fifo, 0).expect("a FIFO");
    let server = folder.serve(&[]);
    let fifo = folder.path("fifo");
    let (sender, receiver) = mpsc::channel();
    let writer = thread::spawn(move || {
        sender.send(fs::read_link("/proc/thread-self").expect("this thread")).expect("a listener");
        open(fifo, OFlags::WRONLY, Mode::empty()).map(drop)
    });
    let state = Path::new("/proc").join(receiver.recv().expect("the thread")).join("stat");
    while !fs::read_to_string(&state).expect("its state").contains(") S ") {
        thread::yield_now();
    }
    for _ in 0..OFTEN {
        assert_eq!(server.get("/fifo").status, 404);
        listed(&server, "/");
    }
    assert!(!writer.is_finished(), "the writer found a reader");
    let reader = open(folder.path("fifo"), OFlags::RDONLY | OFlags::NONBLOCK, Mode::empty());
    assert_eq!(writer.join().expect("no panic"), Ok(()), "released by us");
    drop(reader);
}

#[test]
fn a_unix_socket_is_not_found() {
    for model in MODELS {
        let folder = Folder::of(&["file.txt"]);
        let listener = UnixListener::bind(folder.path("socket")).expect("a socket");
        listener.set_nonblocking(true).expect("non-blocking");
        let server = folder.serve(&["--model", model]);
        for path in ["/socket", "/socket/", "/socket/x"] {
            assert_eq!(server.get(path).status, 404, "{path}");
        }
        assert_eq!(listed(&server, "/"), ["file.txt"]);
        assert!(listener.accept().is_err(), "nobody connected");
    }
}

#[test]
fn a_link_to_a_device_is_not_found_wherever_links_may_lead() {
    for model in MODELS {
        let folder = Folder::of(&["file.txt"]);
        for device in ["zero", "null", "tty"] {
            folder.link(device, format!("/dev/{device}"));
        }
        for options in [&["--model", model][..], &["--model", model, "--follow-symlinks"]] {
            let server = folder.serve(options);
            for device in ["/zero", "/null", "/tty"] {
                assert_eq!(server.get(device).status, 404, "{device} {options:?}");
            }
            assert_eq!(listed(&server, "/"), ["file.txt"]);
        }
    }
}

#[test]
fn a_device_in_the_root_is_not_found() {
    let folder = Folder::of(&["file.txt"]);
    if let Err(error) = make(&folder, "zero", FileType::CharacterDevice, makedev(1, 5)) {
        eprintln!("skipped: this user can make no device ({error})");
        return;
    }
    let server = folder.serve(&[]);
    assert_eq!(server.get("/zero").status, 404);
    assert_eq!(listed(&server, "/"), ["file.txt"]);
}

#[test]
fn special_files_stand_in_for_nothing() {
    let folder = Folder::of(&["page.html", "sub/inner.txt"]);
    for name in ["404.html", "sub/index.html", "page.html.gz", "index.html"] {
        make(&folder, name, FileType::Fifo, 0).expect("a FIFO");
    }
    let server = folder.serve(&["--spa"]);
    assert_eq!(server.get_with("/page.html", "Accept-Encoding: gzip\r\n").text(), "page.html");
    assert_eq!(server.get("/missing.txt").status, 404);
    assert_eq!(server.get("/missing").status, 404);
    assert_eq!(listed(&server, "/sub/"), ["inner.txt"]);
}
