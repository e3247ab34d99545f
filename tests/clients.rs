//! Real clients: each gets the very bytes that are on disk.

mod health;
mod proxy;
pub mod relay;
mod traffic_server;
mod unix;

use crate::closing::{BIG, assert_same, folder_with};
use crate::harness::Server;
use relay::Relay;
use std::path::Path;
use std::process::Command;

/// The site that is served by default.
pub const SITE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/public");

/// A client about to be run, a minute at most, in a folder of its own.
fn client(place: &Path, program: &str, arguments: &[&str]) -> Command {
    let mut command = Command::new("timeout");
    command.args(["60", program]).args(arguments).current_dir(place);
    // No proxy and no personal settings of the user who runs the tests.
    for name in ["http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"] {
        command.env_remove(name);
    }
    command.env("no_proxy", "*").env("LC_ALL", "C.UTF-8").env("HOME", place);
    command
}

/// What it printed on standard output and on standard error; it must succeed.
fn run(place: &Path, program: &str, arguments: &[&str]) -> (Vec<u8>, String) {
    let output = client(place, program, arguments).output().expect("timeout(1) starts");
    let errors = String::from_utf8_lossy(&output.stderr).into_owned();
    let said = String::from_utf8_lossy(&output.stdout[..output.stdout.len().min(2000)]).into_owned();
    assert!(output.status.success(), "{program} {arguments:?}: {}\n{errors}\n{said}", output.status);
    (output.stdout, errors)
}

fn text(output: Vec<u8>) -> String {
    String::from_utf8(output).expect("UTF-8")
}

/// A server of a small and a big file, and a place for what clients store.
struct Stage {
    server: Server,
    folder: tempfile::TempDir,
    place: tempfile::TempDir,
    big: Vec<u8>,
}

impl Stage {
    fn new() -> Self {
        let (folder, big) = folder_with(BIG);
        let server = Server::start(folder.path(), &[]);
        Self { server, folder, place: crate::harness::folder(), big }
    }

    fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.server.address)
    }

    fn run(&self, program: &str, arguments: &[&str]) -> (Vec<u8>, String) {
        run(self.place.path(), program, arguments)
    }

    /// What a client stored.
    fn stored(&self, name: &str) -> Vec<u8> {
        std::fs::read(self.place.path().join(name)).expect("a stored file")
    }

    /// What an interrupted download left behind.
    fn store_a_part(&self, name: &str) {
        std::fs::write(self.place.path().join(name), &self.big[..7_000_001]).expect("a part");
    }
}

#[test]
#[ignore = "needs curl: .ci/run installs it"]
fn curl_fetches_what_is_there() {
    let stage = Stage::new();
    let url = stage.url("/big.bin");
    // No --http0.9: curl never asks that way, and such a response goes to such a request alone.
    for option in ["-0", "--http1.1", "--raw"] {
        assert_same(&stage.run("curl", &["-sS", "--fail", option, &url]).0, &stage.big);
    }
    let head = text(stage.run("curl", &["-sSI", &url]).0);
    assert!(head.starts_with("HTTP/1.0 200 OK\r\n"), "{head}");
    assert!(head.contains(&format!("\r\nContent-Length: {BIG}\r\n")), "{head}");
}

#[test]
#[ignore = "needs curl: .ci/run installs it"]
fn curl_fetches_two_files_over_one_connection() {
    let stage = Stage::new();
    let (small, big) = (stage.url("/small.txt"), stage.url("/big.bin"));
    let written = ["-w", "%{http_code} %{num_connects}\\n"];
    let (said, _) = stage.run("curl", &[&["-sS", "-o", "a", "-o", "b"][..], &written, &[&small, &big]].concat());
    assert_eq!(text(said), "200 1\n200 0\n");
    assert_eq!(stage.stored("a"), b"small\n");
    assert_same(&stage.stored("b"), &stage.big);
}

#[test]
#[ignore = "needs curl: .ci/run installs it"]
fn curl_resumes_a_download() {
    let stage = Stage::new();
    stage.store_a_part("big.bin");
    let (said, _) = stage.run("curl", &["-sS", "-C", "-", "-O", "-w", "%{http_code}", &stage.url("/big.bin")]);
    assert_eq!(text(said), "206");
    assert_same(&stage.stored("big.bin"), &stage.big);
}

#[test]
#[ignore = "needs curl and gzip: .ci/run installs them"]
fn curl_unpacks_the_compressed_neighbour() {
    let stage = Stage::new();
    run(stage.folder.path(), "gzip", &["--keep", "small.txt"]);
    let url = stage.url("/small.txt");
    let (said, head) = stage.run("curl", &["-sS", "--compressed", "-D", "/dev/stderr", &url]);
    assert_eq!(text(said), "small\n");
    assert!(head.contains("Content-Encoding: gzip\r\n") && head.contains("Vary: Accept-Encoding\r\n"), "{head}");
    let (said, head) = stage.run("curl", &["-sS", "-D", "/dev/stderr", &url]);
    assert_eq!(text(said), "small\n");
    assert!(!head.contains("Content-Encoding"), "{head}");
}

#[test]
#[ignore = "needs curl: .ci/run installs it"]
fn curl_asks_whether_a_file_is_newer() {
    let stage = Stage::new();
    let url = stage.url("/small.txt");
    for (date, code) in [("Sat, 01 Jan 2000 00:00:00 GMT", "200"), ("Fri, 01 Jan 2038 00:00:00 GMT", "304")] {
        let (said, _) = stage.run("curl", &["-sS", "-o", "/dev/null", "-w", "%{http_code}", "-z", date, &url]);
        assert_eq!(text(said), code, "since {date}");
    }
    // By the date of the copy, which -R takes over from Last-Modified.
    stage.run("curl", &["-sSRO", &url]);
    let again = ["-sSRO", "-z", "small.txt", "-w", "%{http_code}", &url];
    assert_eq!(text(stage.run("curl", &again).0), "304");
    assert_eq!(stage.stored("small.txt"), b"small\n");
}

#[test]
#[ignore = "needs wget: .ci/run installs it"]
fn wget_fetches_over_one_connection_and_resumes() {
    let stage = Stage::new();
    let (small, big) = (stage.url("/small.txt"), stage.url("/big.bin"));
    let (_, said) = stage.run("wget", &["--no-config", "--tries=1", &small, &big]);
    assert!(said.contains("Reusing existing connection"), "{said}");
    assert_eq!(stage.stored("small.txt"), b"small\n");
    assert_same(&stage.stored("big.bin"), &stage.big);

    stage.store_a_part("big.bin");
    let (_, said) = stage.run("wget", &["--no-config", "--tries=1", "-c", &big]);
    assert!(said.contains("206 Partial Content"), "{said}");
    assert_same(&stage.stored("big.bin"), &stage.big);
    // Whole already: nothing to be done, and no failure (416).
    stage.run("wget", &["--no-config", "--tries=1", "-c", &big]);
    assert_same(&stage.stored("big.bin"), &stage.big);
}

#[test]
#[ignore = "needs aria2: .ci/run installs it"]
fn aria2_fetches_a_file_over_four_connections() {
    let stage = Stage::new();
    let relay = Relay::to(stage.server.address);
    stage.run("aria2c", &["--no-conf", "-x4", "-s4", "-k1M", "--file-allocation=none", &relay.url("/big.bin")]);
    assert_same(&stage.stored("big.bin"), &stage.big);
    assert!(relay.requests().len() >= 4, "{:?}", relay.requests());
}

#[test]
#[ignore = "needs lynx and w3m: .ci/run installs them"]
fn text_browsers_read_the_site_and_a_listing() {
    let site = Server::start(Path::new(SITE), &[]);
    let folder = crate::harness::folder();
    let names = ["a b.txt", "100%.txt", "q?#&.txt", "\"quoted\" 'name'.txt", "한국어.txt", "<b>.txt"];
    for name in names {
        std::fs::write(folder.path().join(name), "inside\n").expect("a file");
    }
    let listing = Server::start(folder.path(), &[]);
    for (program, options) in
        [("lynx", ["-dump", "-display_charset=utf-8", "-width=200"]), ("w3m", ["-dump", "-O", "UTF-8"])]
    {
        let dump = |url: &str| text(run(folder.path(), program, &[&options[..], &[url]].concat()).0);
        let page = dump(&format!("http://{}/", site.address));
        assert!(page.contains("What just happened"), "{program}: {page}");
        let page = dump(&format!("http://{}/ko/", site.address));
        assert!(page.contains("서버"), "{program}: {page}");
        let page = dump(&format!("http://{}/", listing.address));
        for name in names {
            assert!(page.contains(name), "{program}: {name} in {page}");
        }
    }
}

#[test]
#[ignore = "needs node: .ci/run installs it"]
fn the_fetch_of_node_keeps_its_connections() {
    let stage = Stage::new();
    let relay = Relay::to(stage.server.address);
    let script = "const fs = require('fs'); (async () => {
        for (const path of ['small.txt', 'big.bin', 'nothing', 'small.txt', 'big.bin']) {
            const response = await fetch(process.argv[1] + path);
            const body = Buffer.from(await response.arrayBuffer());
            if (response.ok) fs.writeFileSync(path, body);
            console.log(response.status, body.length === Number(response.headers.get('content-length')));
        }
    })()";
    let (said, _) = stage.run("node", &["-e", script, &relay.url("/")]);
    assert_eq!(text(said), "200 true\n200 true\n404 true\n200 true\n200 true\n");
    assert_eq!(stage.stored("small.txt"), b"small\n");
    assert_same(&stage.stored("big.bin"), &stage.big);
    let requests = relay.requests();
    assert_eq!(requests.iter().map(Vec::len).sum::<usize>(), 5, "{requests:?}");
    // Two, with Node's own server as well: its next request may come before it has put the connection back.
    assert!(requests.len() <= 2, "{requests:?}");
}

#[test]
#[ignore = "needs python3: .ci/run installs it"]
fn the_http_client_of_python_keeps_its_connection() {
    let stage = Stage::new();
    let relay = Relay::to(stage.server.address);
    let script = "
import http.client, sys
connection = http.client.HTTPConnection(sys.argv[1], timeout=20)
for path in ['small.txt', 'big.bin']:
    connection.request('GET', '/' + path)
    response = connection.getresponse()
    print(response.status, response.version, response.will_close)
    open(path, 'wb').write(response.read())
";
    let (said, _) = stage.run("/usr/bin/python3", &["-c", script, &relay.address.to_string()]);
    assert_eq!(text(said), "200 10 False\n200 10 False\n");
    assert_eq!(stage.stored("small.txt"), b"small\n");
    assert_same(&stage.stored("big.bin"), &stage.big);
    assert_eq!(relay.requests().len(), 1);
}

/// The figure behind a name at the beginning of a line.
fn figure(report: &str, name: &str) -> u64 {
    let line = report.lines().find_map(|line| line.trim().strip_prefix(name));
    let digits = line.and_then(|rest| rest.split_whitespace().next()).unwrap_or_else(|| panic!("{name}: {report}"));
    digits.parse().expect("a number")
}

#[test]
#[ignore = "needs ab: .ci/run installs apache2-utils"]
fn ab_has_no_failed_request_and_keeps_its_connections() {
    let stage = Stage::new();
    let options = ["-k", "-q", "-n", "5000", "-c", "10"];
    let report = text(stage.run("ab", &[&options[..], &[&stage.url("/small.txt")]].concat()).0);
    assert_eq!(figure(&report, "Complete requests:"), 5000, "{report}");
    assert_eq!(figure(&report, "Failed requests:"), 0, "{report}");
    assert_eq!(figure(&report, "Keep-Alive requests:"), 5000, "{report}");
    assert_eq!(figure(&report, "Document Length:"), 6, "{report}");
    assert!(!report.contains("Non-2xx"), "{report}");

    let report = text(stage.run("ab", &["-q", "-n", "1000", "-c", "10", &stage.url("/small.txt")]).0);
    assert_eq!(figure(&report, "Failed requests:"), 0, "without keep-alive: {report}");
}

#[test]
#[ignore = "needs wrk: .ci/run installs it"]
fn wrk_has_no_failed_request() {
    let stage = Stage::new();
    for path in ["/small.txt", "/big.bin"] {
        let report = text(stage.run("wrk", &["-d1", "-t2", "-c10", &stage.url(path)]).0);
        assert!(report.contains("requests in"), "{report}");
        assert!(!report.contains("Non-2xx") && !report.contains("Socket errors"), "{report}");
    }
}
