//! Eleven kinds of traffic under each model, told in both languages: whatever
//! came, no invariant is broken; and of each kind, what was is said.

use super::invariants::{LANGUAGES, check, check_steps};
use super::{Watched, port};
use crate::closing::{folder_with, under_each_model};
use crate::fetch::peer::reset;
use crate::harness::{Client, PATIENCE};
use glasshttp::fetch::url::Url;
use glasshttp::fetch::{Interrupt, Options, Watched as Half, fetch};
use glasshttp::http::message::Version;
use glasshttp::language::Language;
use glasshttp::record::connection::Record;
use glasshttp::story::steps::{of_transfer, steps};
use std::net::{Ipv6Addr, SocketAddr, TcpListener};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

const GET: &[u8] = b"GET /small.txt HTTP/1.1\r\nHost: a\r\n\r\n";
/// The beginning of a TLS handshake: a record of version 3.1 with a ClientHello.
const CLIENT_HELLO: &[u8] = b"\x16\x03\x01\x00\xc8\x01\x00\x00\xc4\x03\x03rest";

/// A kind of traffic: its name, what a client does, and the words that must be told of it.
type Scene = (&'static str, fn(&mut Client), &'static [&'static str], &'static [&'static str]);

const SCENES: &[Scene] = &[
    ("plain", plain, &["head complete: ", "200 OK from small.txt", "HTTP/1.0"], &["헤더 끝까지 읽음", "200 OK"]),
    ("keep-alive", kept, &["request 2", "The client closed the keep-alive connection."], &["2번째 요청"]),
    ("pipelined", pipelined, &["request 2, pipelined", "request 3, pipelined"], &["파이프라이닝"]),
    ("half-closed before", half_closed_before, &["has closed its sending side"], &["보내는 쪽을 닫"]),
    ("half-closed after", half_closed_after, &["has closed its sending side"], &["보내는 쪽을 닫"]),
    ("reset", resets, &["reset the connection"], &["리셋함"]),
    ("silent", silent, &["stayed silent"], &["침묵했습니다"]),
    ("late", late, &["before the head was complete", "not complete in time"], &["헤더가 끝나기 전에"]),
    ("TLS", tls, &["TLS handshake"], &["TLS 핸드셰이크"]),
    ("HTTP/0.9", simple, &["a line of HTTP/0.9, which has no head"], &["HTTP/0.9의 한 줄"]),
    ("POST", post, &["405"], &["405"]),
];

fn plain(client: &mut Client) {
    client.send(b"GET /small.txt HTTP/1.0\r\n\r\n");
    client.read_to_end();
}

fn kept(client: &mut Client) {
    client.send(GET);
    client.response();
    client.send(GET);
    client.response();
}

fn pipelined(client: &mut Client) {
    client.send(&GET.repeat(3));
    (0..3).for_each(|_| drop(client.response()));
}

fn half_closed_before(client: &mut Client) {
    client.send(GET);
    client.half_close();
    client.read_to_end();
}

fn half_closed_after(client: &mut Client) {
    client.send(GET);
    client.response();
    client.half_close();
    client.read_to_end();
}

fn resets(client: &mut Client) {
    client.send(GET);
    client.response();
    reset(&client.socket);
}

fn silent(client: &mut Client) {
    client.read_to_end();
}

fn late(client: &mut Client) {
    client.send(b"GET /small.txt HTTP/1.1\r\nHost: x\r\n");
    client.read_to_end();
}

fn tls(client: &mut Client) {
    client.send(CLIENT_HELLO);
    client.read_to_end();
}

fn simple(client: &mut Client) {
    client.send(b"GET /small.txt\r\n");
    client.read_to_end();
}

fn post(client: &mut Client) {
    client.send(b"POST /small.txt HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc");
    client.response();
}

/// All that is told of a record, in one text.
fn shown(record: &Record, language: Language) -> String {
    steps(record, language).iter().map(|step| format!("{} {}\n", step.label, step.title)).collect()
}

#[test]
fn no_invariant_is_broken_by_any_kind_of_traffic() {
    let (folder, _) = folder_with(0);
    under_each_model(|model| {
        let mut watched = Watched::start(folder.path(), model, &["--timeout", "1"]);
        for (kind, scene, english, korean) in SCENES {
            let mut client = watched.connect();
            let address = port(&client);
            scene(&mut client);
            drop(client);
            let record = watched.record(address);
            check(&record, kind);
            for (language, words) in LANGUAGES.into_iter().zip([english, korean]) {
                let shown = shown(&record, language);
                for words in *words {
                    assert!(shown.contains(words), "{kind}, {model}: {words:?} is not shown: {shown}");
                }
            }
        }
    });
}

#[test]
fn what_comes_in_parts_or_is_refused_late_is_said_at_its_time() {
    let (folder, _) = folder_with(0);
    under_each_model(|model| {
        let mut watched = Watched::start(folder.path(), model, &["--timeout", "1"]);
        let mut client = watched.connect();
        let address = port(&client);
        late(&mut client);
        let record = watched.record(address);
        let told = steps(&record, Language::English);
        let refused = told.iter().find(|step| step.title.starts_with("refused before the head")).expect("that");
        assert!(refused.at.value().is_some_and(|at| *at >= 900_000_000), "{model}: {refused:?}");

        let mut options = options(&format!("{}small.txt", watched.server.url), Path::new("none"));
        (options.dribble, options.repeat, options.watch) = (Some(Duration::from_millis(3)), 1, None);
        let fetched = fetch(&options, &Arc::new(Interrupt::default()), None).0.expect("a record");
        let transfer = &fetched.transfers[0];
        let record = watched.record(transfer.ends.expect("both ends").client);
        let mut before = fetched.clone();
        before.transfers.clear();
        let line = "first bytes of GET /small.txt HTTP/1.0";
        for (told, end) in [
            (steps(&record, Language::English), "1-head"),
            (of_transfer(transfer, &before, Language::English), "1-sent"),
        ] {
            let at = |id: &str| told.iter().find(|step| step.id == id).and_then(|step| step.at.value().copied());
            let (first, complete) = at("1-request").zip(at(end)).expect("both");
            assert!(complete - first >= 40_000_000, "{model}: {told:#?}");
            assert_eq!(told.iter().find(|step| step.id == "1-request").expect("it").label, line, "{model}");
        }
    });
}

#[test]
fn nor_over_ipv6() {
    if TcpListener::bind((Ipv6Addr::LOCALHOST, 0)).is_err() {
        eprintln!("skipped: this machine has no IPv6");
        return;
    }
    let (folder, _) = folder_with(0);
    under_each_model(|model| {
        let mut watched = Watched::start(folder.path(), model, &["--bind", "::1"]);
        let mut client = Client::connect(SocketAddr::from((Ipv6Addr::LOCALHOST, watched.server.port())));
        let address = port(&client);
        plain(&mut client);
        drop(client);
        let record = watched.record(address);
        check(&record, "IPv6");
        assert!(shown(&record, Language::English).contains("hop limit"), "{}", shown(&record, Language::English));
    });
}

/// The client's half of the same, and both halves from the server's log.
#[test]
fn nor_by_a_client_s_record_and_both_joined() {
    let (folder, _) = folder_with(60_000);
    under_each_model(|model| {
        let log = folder.path().join(format!("{model}.json"));
        let out = std::fs::File::create(&log).expect("a file");
        let mut command = super::command(folder.path(), model, &[]);
        // The first line says where it is, on standard error; standard output is the log's.
        command.stdout(out).stderr(std::process::Stdio::piped());
        let mut child = Ended(command.spawn().expect("the program starts"));
        let mut said = std::io::BufReader::new(child.0.stderr.take().expect("a pipe"));
        let mut line = String::new();
        std::io::BufRead::read_line(&mut said, &mut line).expect("a line");
        let url = line.split_whitespace().find(|word| word.starts_with("http://")).expect("a URL").to_owned();
        for name in ["small.txt", "big.bin", "nothing", ""] {
            for (version, keep_alive, half_close) in [
                (Version::Http10, false, false),
                (Version::Http11, true, false),
                (Version::Http10, false, true),
                (Version::Http09, false, false),
            ] {
                let mut options = options(&format!("{url}{name}"), &log);
                (options.version, options.keep_alive, options.half_close) = (version, keep_alive, half_close);
                let (record, failures) = fetch(&options, &Arc::new(Interrupt::default()), None);
                assert!(failures.is_empty(), "{failures:?}");
                let mut before = record.expect("a record");
                for transfer in std::mem::take(&mut before.transfers) {
                    for language in LANGUAGES {
                        let steps = of_transfer(&transfer, &before, language);
                        let about = |what: &str| format!("{what}: {model}, {name:?}: {steps:#?}");
                        check_steps(&steps, language, &about);
                        // One machine has one clock.
                        assert!(!steps.iter().any(|step| step.id == "clocks"), "{}", about("clocks"));
                        let is_joined = steps.iter().any(|step| step.id.starts_with("server-"));
                        assert_eq!(is_joined, transfer.server.is_some(), "{}", about("joined"));
                        assert!(transfer.close.is_none() || is_joined, "{:?} {}", transfer.no_server, about("joined"));
                    }
                    before.transfers.push(transfer);
                }
            }
        }
    });
}

/// A child that ends with the test, however that does.
struct Ended(std::process::Child);

impl Drop for Ended {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn options(url: &str, log: &Path) -> Options {
    let mut options = Options::new(vec![Url::parse(url).expect("a URL")]);
    (options.repeat, options.timeout) = (2, PATIENCE.min(Duration::from_secs(10)));
    (options.json, options.quiet) = (true, true); // the body goes nowhere
    options.watch = Some(Half::Log(log.to_owned()));
    options
}
