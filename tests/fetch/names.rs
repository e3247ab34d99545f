//! Names, shown: the question and the response beside the connection that they lead to.

use super::fetch;
use crate::closing::folder_with;
use crate::dns::server::{Server as NameServer, address, answer, asked, bytes, cname};
use crate::harness::Server;
use hickory_proto::op::ResponseCode;
use hickory_proto::rr::RecordType;

/// A name server that knows www.example, an alias of host.example, here; it is an authority.
fn name_server() -> NameServer {
    NameServer::start(|question, _| {
        let mut message = answer(question);
        message.metadata.authoritative = true;
        match asked(question).as_str() {
            "www.example" | "host.example" => {
                if asked(question) == "www.example" {
                    message.add_answer(cname("www.example", "host.example"));
                }
                if question.queries[0].query_type == RecordType::A {
                    message.add_answer(address("host.example", [127, 0, 0, 1].into()));
                }
            }
            _ => message.metadata.response_code = ResponseCode::NXDomain,
        }
        vec![bytes(&message)]
    })
}

#[test]
fn the_server_that_is_named_is_asked_and_its_answer_followed() {
    let (folder, _) = folder_with(0);
    let server = Server::start(folder.path(), &[]);
    let names = name_server();
    let dns = names.address.to_string();
    let url = format!("http://www.example:{}/small.txt", server.port());
    let run = fetch(&["--dns", &dns, &url]);
    assert_eq!(run.text(), "small\n", "{}", run.stderr);
    let story = run.stderr.split_whitespace().collect::<Vec<_>>().join(" ");
    for words in [
        &format!("A www.example? {dns} by UDP,"),
        "CNAME host.example (TTL 60 s), 127.0.0.1 (TTL 60 s)",
        "www.example is 127.0.0.1",
        "Host: www.example",
    ] {
        let said =
            if words.starts_with("Host") { fetch(&["--json", "--dns", &dns, &url]).text() } else { story.clone() };
        assert!(said.contains(words), "{words}: {said}");
    }
    fetch(&["--dns", &dns, "http://nowhere.example/"]).assert_failed(3, &["nowhere.example does not exist", &dns]);
}

#[test]
fn a_walk_from_the_root_is_shown_by_its_steps() {
    let (folder, _) = folder_with(0);
    let server = Server::start(folder.path(), &[]);
    let names = name_server();
    let url = format!("http://host.example:{}/small.txt", server.port());
    let run = fetch(&["--root", &names.address.to_string(), &url]);
    assert_eq!(run.text(), "small\n", "{}", run.stderr);
    assert!(run.stderr.contains("DNS     A host.example? 127.0.0.1:"), "{}", run.stderr);
    let record = fetch(&["--json", "--root", &names.address.to_string(), &url]).record();
    let name = &record["transfers"][0]["name"];
    assert!(name["lookup"].is_null() && name["trace"]["steps"][0]["zone"] == ".", "{name}");
}

/// A name server that gives `name.example` these addresses, AAAA after a while.
fn late_server(addresses: &'static [[u8; 4]], late: std::time::Duration) -> NameServer {
    NameServer::start(move |question, _| {
        let mut message = answer(question);
        message.metadata.recursion_available = true;
        if question.queries[0].query_type == RecordType::A {
            for ip in addresses {
                message.add_answer(address("name.example", (*ip).into()));
            }
        } else if !late.is_zero() {
            // The questions come one after the other to one thread: silence is as late as can be.
            return vec![];
        }
        vec![bytes(&message)]
    })
}

#[test]
fn a_late_answer_to_the_other_question_delays_nothing() {
    let (folder, _) = folder_with(0);
    let server = Server::start(folder.path(), &["-b", "127.0.0.1"]);
    let names = late_server(&[[127, 0, 0, 1]], std::time::Duration::from_secs(9));
    let url = format!("http://name.example:{}/small.txt", server.port());
    let before = std::time::Instant::now();
    let run = fetch(&["--json", "--dns", &names.address.to_string(), &url]);
    let record = run.record();
    assert!(run.code == 0 && before.elapsed() < std::time::Duration::from_secs(4), "{:?}", before.elapsed());
    let name = &record["transfers"][0]["name"];
    assert_eq!(name["lookup"]["not_awaited"], serde_json::json!(["AAAA"]));
    let took = name["ended"].as_i64().zip(name["began"].as_i64()).map(|(ended, began)| ended - began);
    assert!(took.is_some_and(|took| (50_000_000..2_000_000_000).contains(&took)), "{took:?}");
}

/// A name server that gives `name.example` 127.0.0.9 at once, and ::1 a while after.
fn split_server() -> (std::net::SocketAddr, std::thread::JoinHandle<()>) {
    use hickory_proto::op::Message;
    let socket = std::net::UdpSocket::bind("127.0.0.1:0").expect("a socket");
    let at = socket.local_addr().expect("an address");
    let thread = std::thread::spawn(move || {
        let (mut buffer, mut late) = ([0; 4096], None);
        for _ in 0..2 {
            let (length, client) = socket.recv_from(&mut buffer).expect("a question");
            let question = Message::from_vec(&buffer[..length]).expect("a message");
            let mut message = answer(&question);
            if question.queries[0].query_type == RecordType::A {
                message.add_answer(address("name.example", [127, 0, 0, 9].into()));
                socket.send_to(&bytes(&message), client).expect("loopback takes it");
            } else {
                message.add_answer(address("name.example", std::net::Ipv6Addr::LOCALHOST.into()));
                late = Some((bytes(&message), client));
            }
        }
        // Longer than the other kind of address is waited for (RFC 8305 §3), which is a pause: nothing comes.
        socket.set_read_timeout(Some(std::time::Duration::from_millis(400))).expect("a timeout");
        assert!(socket.recv_from(&mut buffer).is_err(), "another question");
        let (message, client) = late.expect("AAAA was asked for");
        socket.send_to(&message, client).expect("loopback takes it");
    });
    (at, thread)
}

#[test]
fn an_address_that_comes_late_is_tried_when_the_others_have_failed() {
    let (folder, _) = folder_with(0);
    let server = Server::start(folder.path(), &["-b", "::1"]);
    let (names, thread) = split_server();
    let url = format!("http://name.example:{}/small.txt", server.port());
    let record = fetch(&["--json", "--dns", &names.to_string(), &url]).record();
    thread.join().expect("the name server");
    let transfer = &record["transfers"][0];
    assert_eq!(transfer["exchange"]["response"]["status"], 200, "{transfer}");
    assert_eq!(transfer["name"]["addresses"], serde_json::json!(["127.0.0.9", "::1"]));
    let attempts = transfer["connect"]["attempts"].as_array().expect("attempts");
    let outcomes: Vec<&str> = attempts.iter().filter_map(|attempt| attempt["outcome"]["is"].as_str()).collect();
    assert_eq!(outcomes, ["refused", "connected"]);
}

#[test]
fn a_silent_address_costs_a_quarter_of_a_second() {
    let (folder, _) = folder_with(0);
    let server = Server::start(folder.path(), &["-b", "127.0.0.1"]);
    // Where the accept queue is full, the kernel drops each further SYN.
    let silent = socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None).expect("a socket");
    let at = std::net::SocketAddr::from(([127, 0, 0, 9], server.port()));
    silent.bind(&at.into()).expect("another address has the port free");
    silent.listen(0).expect("it listens");
    let _full: Vec<socket2::Socket> = (0..4)
        .map(|_| {
            let client = socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None).expect("a socket");
            client.set_nonblocking(true).expect("it does not wait");
            let _ = client.connect(&at.into());
            client
        })
        .collect();
    let names = late_server(&[[127, 0, 0, 9], [127, 0, 0, 1]], std::time::Duration::ZERO);
    let dns = names.address.to_string();
    let url = format!("http://name.example:{}/small.txt", server.port());
    let record = fetch(&["--json", "--dns", &dns, &url]).record();
    let attempts = record["transfers"][0]["connect"]["attempts"].as_array().expect("attempts");
    let outcomes: Vec<&str> =
        attempts.iter().map(|attempt| attempt["outcome"]["is"].as_str().expect("a word")).collect();
    assert_eq!(outcomes, ["abandoned", "connected"]);
    let began = |index: usize| attempts[index]["began"].as_i64().expect("a time");
    assert!((250_000_000..2_000_000_000).contains(&(began(1) - began(0))), "{attempts:?}");
    let run = fetch(&["--dns", &dns, &url]);
    assert_eq!((run.text().as_str(), run.code), ("small\n", 0));
    assert_eq!(run.stderr.matches(" connect ").count(), 2, "{}", run.stderr);
    let story = run.stderr.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(story.contains(&format!("dropped 127.0.0.9:{}: after ", server.port())), "{story}");
    assert!(story.contains("another address responded first"), "{story}");
}

#[test]
fn localhost_asks_no_server() {
    let (folder, _) = folder_with(0);
    let server = Server::start(folder.path(), &["-b", "127.0.0.1"]);
    let (say, heard) = std::sync::mpsc::channel();
    let names = NameServer::start(move |question, _| {
        let _ = say.send(asked(question));
        vec![bytes(&answer(question))]
    });
    for host in ["localhost", "LOCALHOST", "app.localhost", "a.b.localhost", "localhost.", "x.localhost."] {
        let url = format!("http://{host}:{}/small.txt", server.port());
        for options in [&["--dns", &names.address.to_string()][..], &["--root", &names.address.to_string()], &[]] {
            let run = fetch(&[options, &[&url]].concat());
            assert_eq!((run.text().as_str(), run.code), ("small\n", 0), "{host}: {}", run.stderr);
        }
    }
    assert!(heard.try_recv().is_err(), "it was asked");
}

#[test]
fn one_family_alone_if_that_is_wanted() {
    let (folder, _) = folder_with(0);
    let server = Server::start(folder.path(), &["-b", "127.0.0.1"]);
    let (say, heard) = std::sync::mpsc::channel();
    let names = NameServer::start(move |question, _| {
        say.send(question.queries[0].query_type).expect("the test listens");
        let mut message = answer(question);
        if question.queries[0].query_type == RecordType::A {
            message.add_answer(address("name.example", [127, 0, 0, 1].into()));
        }
        vec![bytes(&message)]
    });
    let dns = names.address.to_string();
    let url = format!("http://name.example:{}/small.txt", server.port());
    assert_eq!(fetch(&["-4", "--dns", &dns, &url]).text(), "small\n");
    assert_eq!(heard.try_iter().collect::<Vec<_>>(), [RecordType::A]);
    fetch(&["-6", "--dns", &dns, &url]).assert_failed(3, &["name.example"]);
    assert_eq!(heard.try_iter().collect::<Vec<_>>(), [RecordType::AAAA]);
    fetch(&["-6", &format!("http://127.0.0.1:{}/", server.port())]).assert_failed(3, &["IPv6", "-6"]);
    assert_eq!(fetch(&["-4", "-6", "h"]).code, 2);
}

/// A name server that is silent, but for what is asked with EDNS of `rubbish.example`, which the system does not use.
#[test]
#[ignore = "needs root, for port 53: run by .ci/run"]
fn one_time_for_a_name_covers_all_that_is_asked_and_is_shown_whole() {
    let _names = NameServer::at(([127, 9, 9, 6], 53).into(), |question, _| {
        let mut rubbish = bytes(question)[..9].to_vec();
        rubbish[2] |= 0x80;
        if asked(question) == "rubbish.example" && question.edns.is_some() { vec![rubbish] } else { vec![] }
    });
    let place = crate::harness::folder();
    std::fs::write(place.path().join("resolv.conf"), "nameserver 127.9.9.6\n").expect("a file");
    for host in ["silent.example", "rubbish.example"] {
        let script = "mount --bind resolv.conf /etc/resolv.conf && exec \"$0\" fetch \"$@\"";
        let told = |format: &[&str]| {
            let mut command = std::process::Command::new("unshare");
            command.args(["--mount", "sh", "-c", script]).arg(crate::harness::glasshttp().get_program());
            let url = format!("http://{host}/");
            command.args([format, &["--har", "a.har", "--timeout", "2", &url]].concat()).current_dir(place.path());
            super::run(command.env("GLASSHTTP_PACKETS", "off").env("LC_ALL", "C"))
        };
        let record = told(&["--json"]).record();
        let name = &record["transfers"][0]["name"];
        let system = name["lookup"]["system"]["time_ns"].as_i64().expect("it was waited for");
        assert!((1_000_000_000..3_000_000_000).contains(&system), "{name}");
        let took = name["ended"].as_i64().zip(name["began"].as_i64()).map(|(ended, began)| ended - began);
        assert!(took >= Some(system), "{name}");
        let har = std::fs::read(place.path().join("a.har")).expect("an archive");
        let har: serde_json::Value = serde_json::from_slice(&har).expect("JSON");
        let timings = &har["log"]["entries"][0]["timings"];
        assert!(timings["dns"].as_f64() > Some(1_000.0) && timings["blocked"].as_f64() < Some(900.0), "{timings}");
        let story = told(&[]).stderr;
        let words = story.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(words.contains("the system's own resolver (getaddrinfo), "), "{story}");
    }
}
