//! Listings of many names: whole, made once for all who ask, and bounded in the
//! work and memory that they cost others.

use super::{Folder, links, listed};
use crate::harness::{Client, MODELS, Server, glasshttp};
use std::fs;
use std::process::Command;
use std::time::{Duration, Instant};

/// How long a page may stand for its folder.
const LIFE: Duration = Duration::from_secs(1);
/// Memory that all listings may take together, and some for the rest.
const MEMORY_KIB: u64 = 64 * 1024;

/// A folder of as many names, each of which takes more than 2 KB of a page:
/// a quotation mark is three bytes in a link, and six as text.
fn costly(names: usize) -> Folder {
    let folder = Folder::new();
    for index in 0..names {
        fs::File::create(folder.path(format!("{index:05}{:\"<250}", ""))).expect("a file");
    }
    folder
}

/// A folder of as many names, each as long.
fn crowded(names: usize, length: usize) -> Folder {
    let folder = Folder::new();
    (0..names).for_each(|index| drop(fs::File::create(folder.path(name(index, length))).expect("a file")));
    folder
}

fn name(index: usize, length: usize) -> String {
    let number = index.to_string();
    format!("{}{number}", "n".repeat(length - number.len()))
}

#[test]
fn all_names_are_in_the_one_response_under_every_model() {
    let folder = crowded(3000, 20);
    // Of one length all, so the shorter numbers follow more letters.
    let mut names: Vec<String> = (0..3000).map(|index| name(index, 20)).collect();
    names.sort_by_key(|name| (name.trim_start_matches('n').len().wrapping_neg(), name.clone()));
    for model in MODELS {
        let server = folder.serve(&["--model", model]);
        let mut client = server.connect();
        client.send(b"HEAD / HTTP/1.0\r\n\r\n");
        let head = client.head_response();
        let page = server.get("/");
        assert_eq!((head.status, page.status), (200, 200), "{model}");
        assert_eq!(head.header("Content-Length"), page.header("Content-Length"), "{model}");
        assert_eq!(page.header("Content-Length"), Some(page.body.len().to_string().as_str()), "{model}");
        let mut found: Vec<String> = links(&page.text()).into_iter().map(|(text, _)| text).collect();
        found.sort_by_key(|name| (name.trim_start_matches('n').len().wrapping_neg(), name.clone()));
        assert_eq!(found, names, "{model}");
        assert!(page.text().contains("3\u{202f}000 files") && page.text().trim_end().ends_with("</script>"), "{model}");
    }
}

#[test]
fn a_new_name_is_seen_at_once_and_a_new_size_within_a_second() {
    let folder = crowded(600, 10);
    // The folder must have rested for its page to be kept.
    let rested = fs::metadata(folder.root()).expect("a folder").modified().expect("a time");
    while rested.elapsed().unwrap_or_default() < Duration::from_millis(40) {
        std::thread::yield_now();
    }
    let server = folder.serve(&["--workers", "1"]);
    let has_size = |name: &str, size: &str| {
        let page = server.get("/").text();
        page.contains(&format!(">{name}</a><td title=\"{size} byte"))
    };
    let changed = name(7, 10);
    let begun = Instant::now();
    assert!(has_size(&changed, "0"));
    folder.write(&changed, "abc");
    let is_old = has_size(&changed, "0");
    assert!(is_old || begun.elapsed() >= LIFE, "the page was made anew within its life");
    folder.write("new", "x");
    assert!(listed(&server, "/").contains(&"new".to_owned()), "a name comes with a new ctime of the folder");
    let deadline = Instant::now() + 10 * LIFE;
    while !has_size(&changed, "3") {
        assert!(Instant::now() < deadline, "the old size for ever");
    }
    assert_eq!(listed(&server, "/?sort=size")[..2], [changed, "new".to_owned()]);
}

fn memory_kib(server: &Server, field: &str) -> u64 {
    let status = fs::read_to_string(format!("/proc/{}/status", server.id())).expect("it runs");
    let line = status.lines().find(|line| line.starts_with(field)).expect("such a field");
    line.split_whitespace().nth(1).and_then(|kib| kib.parse().ok()).expect("a number")
}

#[test]
fn readers_of_a_listing_that_take_nothing_hold_up_nobody_and_share_one_page() {
    let folder = crowded(10_000, 40);
    folder.write("small/file.txt", "small");
    let server = folder.serve(&["--workers", "1"]);
    let mut fast = server.connect();
    let mut ask = || {
        let asked = Instant::now();
        fast.send(b"GET /small/file.txt HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
        assert_eq!(fast.response().text(), "small");
        asked.elapsed()
    };
    ask();
    let before = memory_kib(&server, "VmRSS:");
    let silent: Vec<Client> = (0..50)
        .map(|_| {
            let mut client = Client::connect_narrow(server.address);
            client.send(b"GET / HTTP/1.0\r\n\r\n");
            client
        })
        .collect();
    let begun = Instant::now();
    let mut longest = Duration::ZERO;
    while begun.elapsed() < LIFE {
        longest = longest.max(ask());
    }
    // Made by the loop itself, the fifty would take many seconds of this program, which is not optimised.
    assert!(longest < Duration::from_millis(500), "a fast client waited {longest:?}");
    let grown = memory_kib(&server, "VmRSS:").saturating_sub(before);
    assert!(grown < MEMORY_KIB, "{grown} KiB for one page and fifty readers");
    drop(silent);
    assert_eq!(links(&server.get("/").text()).len(), 10_001);
}

#[test]
fn listings_that_do_not_fit_are_refused_for_now_and_end_nothing() {
    let folder = costly(6_000);
    let mut command = Command::new("sh");
    command.args(["-c", "ulimit -v 300000; exec \"$@\"", "sh"]).arg(glasshttp().get_program());
    command.args(["--port", "0", "--log", "off", "--no-watch", "--workers", "1", "--timeout", "60"]).arg(folder.root());
    let server = Server::spawn(&mut command);
    let orders =
        ["name", "size", "modified"].map(|sort| ["asc", "desc"].map(|order| format!("/?sort={sort}&order={order}")));
    let mut readers: Vec<Client> = orders
        .iter()
        .flatten()
        .chain(orders.iter().flatten())
        .map(|path| {
            let mut client = server.connect();
            client.send(format!("GET {path} HTTP/1.0\r\n\r\n").as_bytes());
            client
        })
        .collect();
    let responses: Vec<_> = readers.iter_mut().map(Client::response).collect();
    let refused = responses.iter().filter(|response| response.status == 503).count();
    for response in &responses {
        match response.status {
            200 => assert_eq!(links(&response.text()).len(), 6_000),
            503 => assert_eq!(response.header("Retry-After"), Some("1")),
            other => panic!("{other}: {}", response.text()),
        }
    }
    assert!(refused < responses.len(), "none fits");
    let peak = memory_kib(&server, "VmHWM:");
    assert!(peak < MEMORY_KIB + 32 * 1024, "{peak} KiB at most");
    drop(readers);
    let deadline = Instant::now() + 10 * LIFE;
    while server.get("/").status != 200 {
        assert!(Instant::now() < deadline, "the memory of the others does not come back");
    }
}

#[test]
fn a_folder_whose_listing_never_fits_says_so() {
    let folder = costly(26_000);
    let server = folder.serve(&["--timeout", "60"]);
    let response = server.get("/");
    assert_eq!(response.status, 500);
    assert!(response.text().contains("more names than one listing may hold"), "{}", response.text());
    assert_eq!(server.get(&format!("/00007{}", "%22".repeat(250))).status, 200);
}
