//! A unix socket in place of a port: a name in a folder, with a queue behind it.

use super::activation::HAND_OVER;
use super::{folder_with, under_each_model};
use crate::harness::{PATIENCE, Server, folder, glasshttp, place, refusal};
use rustix::process::Signal;
use serde_json::Value;
use std::fs;
use std::io::{self, BufRead, BufReader, ErrorKind, Read, Write};
use std::os::fd::OwnedFd;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
use std::thread;
use std::time::{Duration, Instant};

/// What the server waits for who is there (`--grace`).
const GRACE: Duration = Duration::from_secs(10);

/// A server on this path and, so that it prints a URL, on a port.
fn serve(folder: &Path, bind: &str, log: &str, options: &[&str]) -> Server {
    Server::start_logging(folder, log, &[&["--bind", bind, "--bind", "127.0.0.1"], options].concat())
}

fn unix(path: &Path) -> String {
    format!("unix:{}", path.display())
}

fn connect(path: &Path) -> io::Result<UnixStream> {
    let socket = UnixStream::connect(path)?;
    socket.set_read_timeout(Some(PATIENCE))?;
    Ok(socket)
}

/// What comes back until the end.
fn ask(path: &Path, request: &str) -> io::Result<String> {
    let mut socket = connect(path)?;
    socket.write_all(request.as_bytes())?;
    let mut response = String::new();
    socket.read_to_string(&mut response)?;
    Ok(response)
}

/// Waits until a hundred more are served.
fn wait_for_more(served: &AtomicUsize, model: &str) {
    let (begun, before) = (Instant::now(), served.load(SeqCst));
    while served.load(SeqCst) < before + 100 {
        assert!(begun.elapsed() < PATIENCE, "{model}");
        thread::yield_now();
    }
}

#[test]
fn a_path_serves_as_a_port_does_and_its_name_goes_with_the_server() {
    let (site, _) = folder_with(100_000);
    under_each_model(|model| {
        let place = place();
        let path = place.path().join("s");
        let options = ["--model", model, "--workers", "2", "--trust", "unix"];
        let mut server = serve(site.path(), &unix(&path), "json-requests", &options);
        let mut kept = connect(&path).expect("it listens");
        for _ in 0..2 {
            kept.write_all(b"GET /small.txt HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: 192.0.2.7\r\n\r\n").expect("room");
            let mut response = Vec::new();
            while !response.ends_with(b"small\n") {
                let mut some = [0; 4096];
                let count = kept.read(&mut some).expect("a response");
                assert_ne!(count, 0, "{model}: {}", String::from_utf8_lossy(&response));
                response.extend_from_slice(&some[..count]);
            }
        }
        drop(kept);
        let big = ask(&path, "HEAD /big.bin HTTP/1.0\r\n\r\n").expect("a response");
        assert!(big.contains("Content-Length: 100000"), "{model}: {big}");
        let begun = Instant::now();
        server.signal(Signal::TERM);
        assert_eq!(server.wait().code(), Some(0), "{model}");
        assert!(begun.elapsed() < GRACE, "{model}: nobody was there to wait for");
        assert!(!path.exists(), "{model}: its name is left");
        let mut said = server.objects();
        said.sort_by_key(|said| said["connection"].as_u64()); // two loops wrote it
        let ends: Vec<_> = said.iter().map(|said| (&said["client"], &said["via"])).collect();
        let (named, via) = (Value::from("192.0.2.7"), Value::from("unix:"));
        assert_eq!(ends, [(&named, &via), (&named, &via), (&Value::Null, &Value::Null)], "{model}");
    });
}

#[test]
fn who_has_connected_is_served_when_it_stops() {
    let (site, _) = folder_with(0);
    under_each_model(|model| {
        let place = place();
        let path = place.path().join("s");
        let (served, is_over) = (AtomicUsize::new(0), AtomicBool::new(false));
        let mut server = serve(site.path(), &unix(&path), "off", &["--model", model, "--workers", "2"]);
        thread::scope(|scope| {
            for _ in 0..16 {
                scope.spawn(|| {
                    while !is_over.load(SeqCst) {
                        match UnixStream::connect(&path) {
                            Ok(mut socket) => {
                                socket.set_read_timeout(Some(PATIENCE)).expect("a timeout");
                                let asked = socket.write_all(b"GET /small.txt HTTP/1.0\r\n\r\n");
                                let mut response = String::new();
                                let read = asked.and_then(|()| socket.read_to_string(&mut response));
                                assert!(read.is_ok() && response.ends_with("small\n"), "{model}: {read:?} {response}");
                                served.fetch_add(1, SeqCst);
                            }
                            // Nobody listens any more, or not yet again.
                            Err(error) => assert!(
                                matches!(error.kind(), ErrorKind::ConnectionRefused | ErrorKind::NotFound),
                                "{model}: {error}"
                            ),
                        }
                    }
                });
            }
            for _ in 0..2 {
                wait_for_more(&served, model);
                server.signal(Signal::TERM);
                assert_eq!(server.wait().code(), Some(0), "{model}");
                server = serve(site.path(), &unix(&path), "off", &["--model", model, "--workers", "2"]);
            }
            is_over.store(true, SeqCst);
        });
    });
}

#[test]
fn a_successor_takes_the_name_over_and_nobody_is_refused_or_lost() {
    let (site, _) = folder_with(0);
    under_each_model(|model| {
        let place = place();
        let path = place.path().join("s");
        let (served, is_over) = (AtomicUsize::new(0), AtomicBool::new(false));
        let start = |option: &str| {
            let options = ["--model", model, "--workers", "2"];
            serve(site.path(), &format!("{}{option}", unix(&path)), "off", &options)
        };
        let mut server = start("");
        thread::scope(|scope| {
            for _ in 0..16 {
                scope.spawn(|| {
                    while !is_over.load(SeqCst) {
                        let response = ask(&path, "GET /small.txt HTTP/1.0\r\n\r\n");
                        assert!(response.as_ref().is_ok_and(|text| text.ends_with("small\n")), "{model}: {response:?}");
                        served.fetch_add(1, SeqCst);
                    }
                });
            }
            for _ in 0..3 {
                wait_for_more(&served, model);
                let successor = start(",replace");
                wait_for_more(&served, model);
                server.signal(Signal::TERM);
                assert_eq!(server.wait().code(), Some(0), "{model}");
                server = successor;
            }
            wait_for_more(&served, model);
            is_over.store(true, SeqCst);
        });
        server.signal(Signal::TERM);
        server.wait();
        assert_eq!(fs::read_dir(place.path()).expect("a folder").count(), 0, "{model}: a name is left");
    });
}

#[test]
fn a_name_that_was_left_behind_is_taken_over_and_nothing_else_is() {
    let (site, _) = folder_with(0);
    let place = place();
    let path = place.path().join("s");
    drop(UnixListener::bind(&path).expect("a socket"));
    let mut server = serve(site.path(), &format!("{},mode=0640", unix(&path)), "off", &[]);
    assert!(server.announced.contains("http://"), "{}", server.announced);
    assert!(ask(&path, "GET /small.txt HTTP/1.0\r\n\r\n").expect("a response").ends_with("small\n"));
    assert_eq!(fs::metadata(&path).expect("a socket").permissions().mode() & 0o777, 0o640);

    let refused = |path: &Path| refusal(&["--no-watch", "--bind", &unix(path), site.path().to_str().expect("UTF-8")]).0;
    let complaint = refused(&path);
    assert!(complaint.contains("another program listens there") && complaint.contains("s,replace"), "{complaint}");
    assert!(ask(&path, "GET /small.txt HTTP/1.0\r\n\r\n").is_ok(), "it is still there");
    let (file, link) = (place.path().join("file"), place.path().join("link"));
    fs::write(&file, "mine").expect("a file");
    std::os::unix::fs::symlink("s", &link).expect("a link");
    for options in ["", ",replace"] {
        let refused = |path: &Path| refused(Path::new(&format!("{}{options}", path.display())));
        for (path, why) in [(&file, "a file and not a socket"), (&link, "a symbolic link")] {
            let complaint = refused(path);
            assert!(complaint.contains(why) && complaint.contains("stays"), "{complaint}");
        }
        let complaint = refused(place.path());
        let inside = unix(&place.path().join("http.sock"));
        assert!(complaint.contains("it is a directory") && complaint.contains(&inside), "{complaint}");
    }
    assert_eq!(fs::read_to_string(&file).expect("a file"), "mine");
    assert!(fs::read_link(&link).is_ok(), "the link is gone");
    let complaint = refused(&place.path().join("n".repeat(120)));
    assert!(complaint.contains("too long"), "{complaint}");
    let complaint = refused(&place.path().join("no/folder"));
    assert!(complaint.contains("cannot listen on unix:"), "{complaint}");

    server.signal(Signal::KILL);
    server.wait();
    let begun = Instant::now();
    while path.exists() {
        assert!(begun.elapsed() < PATIENCE, "its name outlives it");
        thread::yield_now();
    }
}

#[test]
fn a_socket_of_the_same_name_that_came_later_stays() {
    let (site, _) = folder_with(0);
    let place = place();
    let path = place.path().join("s");
    let mut server = serve(site.path(), &unix(&path), "off", &[]);
    fs::remove_file(&path).expect("our own folder");
    let _later = UnixListener::bind(&path).expect("a socket");
    server.signal(Signal::TERM);
    server.wait();
    assert!(path.exists());
}

#[test]
fn who_serves_must_be_able_to_remove_the_name() {
    if !rustix::process::geteuid().is_root() {
        return; // then it is who starts it
    }
    let (site, _) = folder_with(0);
    let place = folder();
    let path = place.path().join("s");
    let site = site.path().to_str().expect("UTF-8");
    let (complaint, _) = refusal(&["--no-watch", "--user", "nobody", "--bind", &unix(&path), site]);
    assert!(complaint.contains("nobody") && complaint.contains("--user"), "{complaint}");
    assert!(!path.exists());
}

#[test]
fn its_record_tells_nothing_of_tcp() {
    let (site, _) = folder_with(0);
    let place = place();
    let path = place.path().join("s");
    let mut server = serve(site.path(), &unix(&path), "json", &[]);
    ask(&path, "GET /small.txt HTTP/1.0\r\n\r\n").expect("a response");
    server.signal(Signal::TERM);
    server.wait();
    let records = server.objects();
    let record = records.iter().find(|record| record["exchanges"][0]["status"] == 200).expect("its record");
    assert_eq!((&record["client"], &record["server"]), (&"unix:".into(), &unix(&path).into()));
    let handshake =
        ["syn", "server_sequence", "queued", "state", "queue", "rtt"].map(|name| &record["handshake"][name]);
    let close = ["server_fin", "left_by", "tcp", "time_wait"].map(|name| &record["close"][name]);
    for figure in handshake.into_iter().chain(close) {
        assert_eq!(figure["code"], "no_tcp", "{record:#}");
    }
    assert_eq!(record["close"]["how"], "closed");
    let log = place.path().join("log");
    fs::write(&log, record.to_string()).expect("a file");
    for (language, accepted) in [("en", "a unix socket"), ("ko", "유닉스 소켓")] {
        let shown = glasshttp().args(["--lang", language, "show"]).arg(&log).output().expect("it runs").stdout;
        let shown = String::from_utf8(shown).expect("text");
        assert!(shown.contains(accepted) && shown.contains("/small.txt"), "{shown}");
        for word in ["SYN", "FIN", "ACK", "TIME_WAIT", "TIME-WAIT"] {
            assert!(!shown.contains(word), "{word}: {shown}");
        }
    }
}

#[test]
fn a_proxy_on_a_path_says_who_its_client_is() {
    let (site, _) = folder_with(0);
    let place = place();
    let path = place.path().join("s");
    let mut server = serve(site.path(), &format!("proxy:{}", unix(&path)), "json-requests", &[]);
    let request = "PROXY TCP4 203.0.113.7 192.0.2.1 5000 80\r\nGET /small.txt HTTP/1.0\r\n\r\n";
    assert!(ask(&path, request).expect("a response").ends_with("small\n"));
    server.signal(Signal::TERM);
    server.wait();
    let said = server.objects();
    assert_eq!((&said[0]["client"], &said[0]["via"]), (&"203.0.113.7".into(), &"unix:".into()));
}

/// A server on paths alone prints no URL: its announcement up to the last line.
fn announced(command: &mut Command) -> (Child, String) {
    let mut child = command.stdout(Stdio::piped()).spawn().expect("it starts");
    let lines = BufReader::new(child.stdout.take().expect("a pipe")).lines().map_while(Result::ok);
    let mut said = String::new();
    for line in lines {
        said.push_str(&line);
        said.push('\n');
        if line.contains("Ctrl-C") {
            break;
        }
    }
    (child, said)
}

#[test]
fn a_socket_that_was_handed_over_stays_and_its_queue_with_it() {
    let (site, _) = folder_with(0);
    let place = place();
    let path: PathBuf = place.path().join("s");
    let socket = UnixListener::bind(&path).expect("a socket");
    let start = || {
        let socket: OwnedFd = socket.try_clone().expect("a descriptor").into();
        let mut command = Command::new("sh");
        command.args(["-c", HAND_OVER, "sh"]).arg(glasshttp().get_program()).stdin(Stdio::from(socket));
        announced(command.args(["--log", "off"]).arg(site.path()).env("LC_ALL", "C"))
    };
    for _ in 0..2 {
        let mut asked = connect(&path).expect("the queue is there");
        asked.write_all(b"GET /small.txt HTTP/1.0\r\n\r\n").expect("room");
        let (mut child, said) = start();
        assert!(said.contains(&unix(&path)) && said.contains("handed over"), "{said}");
        let mut response = String::new();
        asked.read_to_string(&mut response).expect("a response");
        assert!(response.ends_with("small\n"), "{response}");
        rustix::process::kill_process(rustix::process::Pid::from_child(&child), Signal::TERM).expect("it runs");
        assert!(child.wait().expect("our own").success());
        assert!(path.exists());
    }
}

#[test]
fn packets_and_a_browser_are_for_addresses_alone() {
    let (site, _) = folder_with(0);
    let place = place();
    let bind = unix(&place.path().join("s"));
    let (mut child, said) = announced(
        glasshttp()
            .args(["--log", "story", "--lang", "en", "--watch", "127.0.0.1:0", "--bind", &bind])
            .arg(site.path()),
    );
    rustix::process::kill_process(rustix::process::Pid::from_child(&child), Signal::TERM).expect("it runs");
    assert!(child.wait().expect("our own").success());
    assert!(said.contains(&bind) && !said.contains("acket"), "{said}");

    let site = site.path().to_str().expect("UTF-8");
    let (complaint, _) = refusal(&["--no-watch", "--log", "pcapng", "--bind", &bind, site]);
    assert!(complaint.contains("a unix socket has none"), "{complaint}");
    let (complaint, code) = refusal(&["--bind", &bind, "--bind", "unix:other", "--port", "9501", site]);
    assert!(complaint.contains("--port 9501: a path has no port") && code == 2, "{complaint}");
}
