//! Storage that does not respond: clients that ask for it hear so, all others are
//! served as ever, and the server ends in time.

mod fuse;

use crate::harness::{Client, MODELS, Server};
use fuse::{CONTENT, HangingFileSystem, LONG, LONGER, byte_at};
use rustix::process::Signal;
use std::fs;
use std::os::unix::fs::symlink;
use std::process::Stdio;
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// What is asked of the file system, and hangs: each in another operation.
const HANG: [&str; 4] = ["/far/open", "/far/read", "/far/stat", "/far/readdir/"];

/// A local folder with a file, in which storage that hangs is mounted at `far`.
struct Place {
    // In this order: a folder can't be removed under a mount.
    far: HangingFileSystem,
    folder: TempDir,
}

fn place() -> Place {
    let folder = crate::harness::folder();
    fs::write(folder.path().join("near"), "from near by\n").expect("a file");
    fs::create_dir(folder.path().join("far")).expect("a folder");
    let far = HangingFileSystem::mount(&folder.path().join("far"));
    Place { far, folder }
}

fn serve(place: &Place, model: &str, options: &[&str]) -> Server {
    let options = [&["--model", model], options].concat();
    Server::start(place.folder.path(), &options)
}

fn asks(server: &Server, path: &str) -> Client {
    let mut client = server.connect();
    client.send(format!("GET {path} HTTP/1.0\r\n\r\n").as_bytes());
    client
}

#[test]
#[ignore = "mounts a file system: needs root and /dev/fuse"]
fn what_hangs_is_unavailable_in_time_and_what_does_not_is_served() {
    let place = place();
    for model in MODELS {
        let server = serve(&place, model, &["--timeout", "2"]);
        assert_eq!(server.get("/far/fine").body, CONTENT, "{model}");
        assert_eq!(server.get("/far/missing").status, 404, "{model}");
        assert_eq!(server.get("/far/folder").status, 301, "{model}");
        assert!(server.get("/far/folder/").text().contains("href=\"fine\""), "{model}");
        let long = server.get("/far/long").body;
        assert!(long.len() == LONG && long.iter().enumerate().all(|(at, byte)| *byte == byte_at(at)), "{model}");
        let part = server.get_with("/far/long", "Range: bytes=1000000-1999999\r\n");
        assert_eq!((part.status, part.body.len(), part.body[0]), (206, 1_000_000, byte_at(1_000_000)), "{model}");
        for path in HANG {
            let begun = Instant::now();
            let response = server.get(path);
            assert_eq!((response.status, response.header("Retry-After")), (503, Some("10")), "{model}: {path}");
            assert!(begun.elapsed() < Duration::from_secs(8), "{model}: {path}: {:?}", begun.elapsed());
            assert_eq!(server.get("/near").text(), "from near by\n", "{model}");
        }
    }
}

#[test]
#[ignore = "mounts a file system: needs root and /dev/fuse"]
fn a_body_that_hangs_half_way_is_cut_off_and_never_passes_for_whole() {
    for model in MODELS {
        let place = place(); // pages that one waits for are locked for the next
        let server = serve(&place, model, &["--timeout", "2"]);
        let mut client = asks(&server, "/far/late");
        let ended = loop {
            match client.receive() {
                Ok(0) => break "closed",
                Ok(_) => {}
                Err(_) => break "reset",
            }
        };
        let received = client.received().len();
        assert!(ended == "reset" && (1 << 16..LONG).contains(&received), "{model}: {ended} after {received}");
    }
}

#[test]
#[ignore = "mounts a file system: needs root and /dev/fuse"]
fn a_file_that_is_deleted_while_it_is_sent_is_sent_to_its_end_and_closed() {
    for model in MODELS {
        let place = place();
        let server = serve(&place, model, &["--timeout", "20"]);
        let mut client = asks(&server, "/far/fleeting");
        while !client.receive().is_ok_and(|count| count > 0) {}
        // The kernel takes a name to be there for a second; what no response needs is closed after a second.
        let begun = Instant::now();
        let path = place.folder.path().join("far/fleeting");
        while fs::metadata(&path).is_ok() || begun.elapsed() < Duration::from_secs(2) {}
        let body = client.response().body;
        let is_whole = body.len() == LONGER && body.iter().enumerate().all(|(at, byte)| *byte == byte_at(at));
        assert!(is_whole, "{model}: {}", body.len());
        drop(client);
        let ended = Instant::now();
        while !place.far.fleeting.is_closed() {
            assert!(ended.elapsed() < Duration::from_secs(10), "{model}: it is kept open");
        }
    }
}

#[test]
#[ignore = "mounts a file system: needs root and /dev/fuse"]
fn one_event_loop_serves_others_while_six_requests_hang() {
    let place = place();
    let server = serve(&place, "multiplex", &["--workers", "1", "--timeout", "60"]);
    let _hanging: Vec<Client> = HANG.iter().chain(&HANG[..2]).map(|path| asks(&server, path)).collect();
    let waits = |path: &str| -> Vec<Duration> {
        let mut waits: Vec<Duration> = (0..200)
            .map(|_| {
                let begun = Instant::now();
                assert_eq!(server.get(path).status, 200, "{path}");
                begun.elapsed()
            })
            .collect();
        waits.sort_unstable();
        waits
    };
    let waits = waits("/near");
    println!("while six requests hang, 200 others wait {:?} at the median, {:?} at most", waits[100], waits[199]);
    assert!(waits[199] < Duration::from_secs(1), "{:?}", waits[199]);
}

#[test]
#[ignore = "mounts a file system: needs root and /dev/fuse"]
fn a_mount_that_hangs_leaves_room_for_another_and_turns_away_what_is_too_much() {
    let place = place();
    let second = place.folder.path().join("second");
    fs::create_dir(&second).expect("a folder");
    let _second = HangingFileSystem::mount(&second);
    let server = serve(&place, "multiplex", &["--workers", "1", "--timeout", "60"]);
    let mut crowd: Vec<Client> = (0..100).map(|_| asks(&server, "/far/read")).collect();
    // Four hang, and 64 wait for them: the others hear at once.
    assert_eq!(server.get("/near").status, 200);
    crowd.iter().for_each(|client| client.socket.set_nonblocking(true).expect("an option"));
    let deadline = Instant::now() + Duration::from_secs(10);
    let mut turned_away = 0;
    while turned_away < 100 - 68 && Instant::now() < deadline {
        turned_away += crowd.iter_mut().filter_map(|client| client.receive().ok()).filter(|count| *count > 0).count();
    }
    assert!((100 - 68..=100 - 64).contains(&turned_away), "{turned_away}");
    assert_eq!(server.get("/second/fine").body, CONTENT);
}

#[test]
#[ignore = "mounts a file system: needs root and /dev/fuse"]
fn links_and_mounts_made_later_are_no_way_into_a_hang() {
    let folder = crate::harness::folder();
    fs::create_dir(folder.path().join("served")).expect("a folder");
    fs::create_dir(folder.path().join("far")).expect("a folder");
    let served = folder.path().join("served");
    fs::write(served.join("near"), "from near by\n").expect("a file");
    fs::write(served.join("other"), "x").expect("a file");
    symlink("near", served.join("near-link")).expect("a link");
    symlink(served.join("near"), served.join("absolute-link")).expect("a link");
    symlink(folder.path().join("far/stat"), served.join("far-link")).expect("a link");
    let options = ["--model", "multiplex", "--workers", "1", "--timeout", "2", "--follow-symlinks"];
    let server = Server::start(&served, &options);
    assert_eq!(server.get("/near").status, 200);
    let _far = HangingFileSystem::mount(&folder.path().join("far"));
    // Mounts are taken to be what they were for a tenth of a second.
    let mounted = Instant::now();
    while mounted.elapsed() < Duration::from_millis(150) {
        assert_eq!(server.get("/near").status, 200);
    }
    let mut hangs = asks(&server, "/far-link");
    let begun = Instant::now();
    for path in ["/near", "/near-link", "/absolute-link", "/other"] {
        assert_eq!(server.get(path).status, 200, "{path}");
    }
    assert!(begun.elapsed() < Duration::from_secs(1), "{:?}", begun.elapsed());
    assert_eq!(hangs.response().status, 503);
}

#[test]
#[ignore = "mounts a file system: needs root and /dev/fuse"]
fn a_long_listing_with_a_name_that_leads_onto_such_storage_is_whole() {
    let place = place();
    let many = place.folder.path().join("many");
    fs::create_dir(&many).expect("a folder");
    for number in 0..600 {
        fs::write(many.join(format!("file-{number}")), "").expect("a file");
    }
    // Behind the names that are read at once: in which order they come is the file system's to say.
    let link = (0..200).map(|number| many.join(format!("link-{number}"))).find(|link| {
        std::os::unix::fs::symlink("../far/fine", link).expect("a link");
        let names = fs::read_dir(&many).expect("its names").map(|entry| entry.expect("a name").path());
        let is_late = names.into_iter().position(|name| name == *link).is_some_and(|at| at > 300);
        if !is_late {
            fs::remove_file(link).expect("removed");
        }
        is_late
    });
    let link = link.expect("one that comes late");
    let name = link.file_name().expect("a name").to_string_lossy();
    for model in MODELS {
        let server = serve(&place, model, &["--timeout", "60"]);
        for _ in 0..2 {
            let listing = server.get("/many/");
            assert_eq!(listing.status, 200, "{model}: {}", listing.text());
            assert_eq!(listing.text().matches("href=\"file-").count(), 600, "{model}");
            assert!(listing.text().contains(&format!("href=\"{name}\"")), "{model}");
        }
    }
}

#[test]
#[ignore = "mounts a file system: needs root and /dev/fuse"]
fn the_order_to_stop_does_not_wait_for_storage() {
    let place = place();
    for model in MODELS {
        let mut command = crate::harness::glasshttp();
        command.args([
            "--port",
            "0",
            "--log",
            "off",
            "--no-watch",
            "--model",
            model,
            "--timeout",
            "60",
            "--grace",
            "1",
        ]);
        let mut server = Server::spawn(command.arg(place.folder.path()).stderr(Stdio::null()));
        let paths = if model == "iterative" { &HANG[..1] } else { &HANG[..] };
        let _hanging: Vec<Client> = paths.iter().map(|path| asks(&server, path)).collect();
        if model != "iterative" {
            assert_eq!(server.get("/near").status, 200, "{model}");
        }
        let begun = Instant::now();
        server.signal(Signal::TERM);
        assert_eq!(server.wait().code(), Some(0), "{model}");
        // The grace, and a second; and one more where the machine is busy.
        assert!(begun.elapsed() < Duration::from_secs(3), "{model}: ended after {:?}", begun.elapsed());
    }
}
