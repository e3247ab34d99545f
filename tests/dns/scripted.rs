//! Servers that lie, stammer, cut short and stay silent.

use super::server::{By, Server, address, answer, answer_with_address, asked, bytes, cname, ns};
use super::{addresses, asking, assert_addresses, options, response, transports};
use glasshttp::dns::{Families, Options, TraceOptions, resolve, trace};
use glasshttp::record::LookupError;
use glasshttp::record::lookup::{Ignored, QueryOutcome, Source};
use hickory_proto::op::{Message, ResponseCode};
use std::collections::BTreeSet;
use std::fs;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

#[test]
fn an_address_needs_no_dns() {
    for (text, expected) in [("192.0.2.7", "192.0.2.7"), ("[2001:db8::7]", "2001:db8::7")] {
        let lookup = resolve(text, &Options::default());
        assert_eq!((lookup.source, lookup.addresses), (Source::Numeric, addresses(&[expected])));
        assert!(lookup.exchanges.is_empty() && lookup.system.is_none() && lookup.error.is_none());
    }
    let lookup = resolve("a..b", &Options::default());
    assert!(matches!(lookup.error, Some(LookupError::InvalidName { .. })), "{:?}", lookup.error);
}

#[test]
fn the_hosts_file_comes_first_and_the_system_is_compared() {
    let folder = crate::harness::folder();
    let hosts = folder.path().join("hosts");
    fs::write(&hosts, "127.0.0.1 localhost\n192.0.2.9 Only-Here.Test\n").expect("a file");
    let mut options = options(|options| options.hosts.clone_from(&hosts));
    let lookup = resolve("localhost", &options);
    assert_eq!(lookup.source, Source::HostsFile { path: hosts.clone(), lines: vec![1] });
    let system = lookup.system.expect("it was asked");
    assert!(system.addresses.iter().all(|address| address.is_loopback()), "{system:?}");
    options.system = None;
    // There it has no IPv6 address: it is this machine all the same (RFC 6761 §6.3).
    options.families = Families::Six;
    let lookup = resolve("localhost", &options);
    assert_eq!(lookup.source, Source::Localhost);
    assert!(lookup.addresses.contains(&Ipv6Addr::LOCALHOST.into()), "{:?}", lookup.addresses);
    options.families = Families::Both;
    let lookup = resolve("only-here.test", &options);
    assert_eq!(
        (lookup.source, lookup.addresses),
        (Source::HostsFile { path: hosts, lines: vec![2] }, addresses(&["192.0.2.9"]))
    );
}

#[test]
fn messages_that_are_not_listed_are_counted() {
    let server = Server::start(|question, _| {
        let mut wrong = answer_with_address(question);
        wrong.metadata.id = question.metadata.id.wrapping_add(1);
        let mut all = vec![bytes(&wrong); 40];
        all.push(bytes(&answer_with_address(question)));
        all
    });
    let lookup = resolve("name.test", &asking(server.address));
    for exchange in &lookup.exchanges {
        assert_eq!((exchange.ignored.len(), exchange.ignored_left_out), (16, 24));
    }
}

#[test]
fn what_is_no_answer_to_the_question_is_ignored_and_recorded() {
    let server = Server::start(|question, _| {
        let mut wrong_id = answer_with_address(question);
        wrong_id.metadata.id = question.metadata.id.wrapping_add(1);
        let mut wrong_question = answer_with_address(question);
        wrong_question.queries[0].name = super::server::name("evil.test");
        [wrong_id, wrong_question, question.clone(), answer_with_address(question)].iter().map(bytes).collect()
    });
    let lookup = resolve("bücher.test", &asking(server.address));
    assert_eq!(lookup.ascii.as_deref(), Some("xn--bcher-kva.test"));
    assert_addresses(&lookup.addresses, &["192.0.2.1", "2001:db8::1"]);
    assert_eq!(lookup.exchanges.len(), 2);
    for exchange in &lookup.exchanges {
        let question = format!("evil.test {}", exchange.record);
        let expected = [
            Ignored::WrongId { id: exchange.id.wrapping_add(1) },
            Ignored::WrongQuestion { question },
            Ignored::NoResponse,
        ];
        assert_eq!(exchange.ignored, expected);
        assert!(response(exchange).recursion_available && exchange.time > Duration::ZERO);
        assert_eq!(response(exchange).answers[0].ttl, 60);
    }
    let json = serde_json::to_value(&lookup).expect("it is data");
    assert_eq!(json["exchanges"][0]["record"], "AAAA");
    assert!(json["exchanges"][0]["time_ns"].is_u64() && json["source"]["kind"] == "servers", "{json}");
}

#[test]
fn rubbish_is_malformed() {
    let server = Server::start(|question, _| {
        let mut rubbish = bytes(question)[..9].to_vec();
        rubbish[2] |= 0x80;
        vec![rubbish]
    });
    let lookup = resolve("a.test", &asking(server.address));
    assert!(matches!(lookup.error, Some(LookupError::Malformed { .. })), "{:?}", lookup.error);
}

#[test]
fn what_is_truncated_is_asked_again_over_tcp() {
    let server = Server::start(|question, by| {
        let mut message = if by == By::Udp { answer(question) } else { answer_with_address(question) };
        message.metadata.truncation = by == By::Udp;
        vec![bytes(&message)]
    });
    let lookup = resolve("a.test", &asking(server.address));
    assert_addresses(&lookup.addresses, &["192.0.2.1", "2001:db8::1"]);
    assert_eq!(transports(&lookup), (2, 2));

    let always = Server::start(|question, _| {
        let mut message = answer(question);
        message.metadata.truncation = true;
        vec![bytes(&message)]
    });
    assert_eq!(
        resolve("a.test", &asking(always.address)).error,
        Some(LookupError::Truncated { server: always.address })
    );

    let cut = Server::start(|question, by| {
        let mut message = answer(question);
        message.metadata.truncation = true;
        if by == By::Udp { vec![bytes(&message)] } else { vec![] }
    });
    let lookup = resolve("a.test", &asking(cut.address));
    assert_eq!(lookup.exchanges.last().expect("one").outcome, QueryOutcome::CutShort);
    assert!(matches!(lookup.error, Some(LookupError::Malformed { .. })), "{:?}", lookup.error);
}

#[test]
fn silence_is_asked_again_and_then_said() {
    let silent = UdpSocket::bind("127.0.0.1:0").expect("a socket");
    let server = silent.local_addr().expect("an address");
    let mut options = asking(server);
    (options.timeout, options.attempts) = (Some(Duration::from_millis(30)), Some(3));
    let lookup = resolve("a.test", &options);
    assert_eq!(lookup.error, Some(LookupError::NoResponse { tries: 3, server }));
    assert_eq!(lookup.exchanges.iter().map(|exchange| exchange.attempt).collect::<Vec<_>>(), [1, 2, 3, 1, 2, 3]);
    assert!(lookup.exchanges.iter().all(|exchange| exchange.outcome == QueryOutcome::TimedOut));
    assert!(lookup.time >= Duration::from_millis(90), "{:?}", lookup.time);
    // They did arrive.
    silent.set_read_timeout(Some(Duration::from_secs(5))).expect("a timeout");
    assert!((0..6).all(|_| silent.recv(&mut [0; 512]).is_ok()));
}

#[test]
fn nobody_listening_is_told_apart_from_silence() {
    // An address that no other test uses: nobody takes the port meanwhile.
    let server = UdpSocket::bind("127.77.0.1:0").and_then(|socket| socket.local_addr()).expect("an address");
    let lookup = resolve("a.test", &asking(server));
    assert_eq!(lookup.error, Some(LookupError::Refused { server }));
    assert!(lookup.time < Duration::from_secs(5));
}

/// A server that refers to others has not said that there is no address (RFC 2308 §2.2).
#[test]
fn a_referral_is_no_word_on_addresses() {
    let lone = Server::start(refers);
    let error = resolve("a.test", &asking(lone.address)).error.expect("nobody knows it");
    let expected = LookupError::Referred { name: "a.test".into(), zone: "test".into(), server: lone.address };
    assert_eq!(error, expected);
    assert!(!error.to_string().contains("no address"), "{error}");
}

fn refers(question: &Message, _: By) -> Vec<Vec<u8>> {
    let mut message = answer(question);
    message.metadata.recursion_available = false;
    message.add_authority(ns("test", "ns.test"));
    vec![bytes(&message)]
}

#[test]
#[ignore = "needs root, for port 53: run by .ci/run"]
fn behind_a_server_that_refers_to_others_the_next_one_is_asked() {
    let _refers = Server::at(([127, 9, 9, 4], 53).into(), refers);
    let _knows = Server::at(([127, 9, 9, 5], 53).into(), |question, _| vec![bytes(&answer_with_address(question))]);
    let folder = crate::harness::folder();
    let lookup = resolve("a.test", &by_file(folder.path(), "nameserver 127.9.9.4\nnameserver 127.9.9.5\n"));
    assert_addresses(&lookup.addresses, &["192.0.2.1", "2001:db8::1"]);
}

#[test]
fn of_a_kind_that_was_not_asked_for_nothing_is_said() {
    let server = Server::start(|question, _| vec![bytes(&answer(question))]);
    for (families, version) in [(Families::Four, 4), (Families::Six, 6)] {
        let mut options = asking(server.address);
        options.families = families;
        let error = resolve("a.test", &options).error;
        assert_eq!(error, Some(LookupError::NoRecord { name: "a.test".into(), version, server: server.address }));
    }
}

/// Options of a resolv.conf in `folder` with this text.
fn by_file(folder: &std::path::Path, text: &str) -> Options {
    let path = folder.join("resolv.conf");
    fs::write(&path, text).expect("a file");
    options(|options| {
        options.resolv_conf.clone_from(&path);
        (options.hosts, options.system) = (folder.join("none"), None);
    })
}

#[test]
fn who_is_asked_by_tcp_alone_was_not_asked_by_udp() {
    let folder = crate::harness::folder();
    let options = by_file(folder.path(), "nameserver 127.77.0.2\noptions use-vc\n");
    let error = resolve("a.test", &options).error.expect("nobody listens");
    assert_eq!(error, LookupError::TcpRefused { server: ([127, 77, 0, 2], 53).into() });
    assert!(!error.to_string().contains("datagram"), "{error}");
}

#[test]
fn a_response_that_does_not_fit_and_does_not_come_by_tcp_was_a_response() {
    // An address that no other test uses: nobody takes the port meanwhile.
    let udp = UdpSocket::bind("127.77.0.3:0").expect("a socket");
    let refused = udp.local_addr().expect("an address");
    let truncates = std::thread::spawn(move || {
        for _ in 0..2 {
            let mut buffer = [0; 4096];
            let (length, client) = udp.recv_from(&mut buffer).expect("a question");
            let mut message = answer(&Message::from_vec(&buffer[..length]).expect("a message"));
            message.metadata.truncation = true;
            udp.send_to(&bytes(&message), client).expect("loopback takes it");
        }
    });
    let mut options = asking(refused);
    options.attempts = Some(1);
    assert_eq!(resolve("a.test", &options).error, Some(LookupError::NoTcp { server: refused }));
    truncates.join().expect("no panic");
}

#[test]
fn a_server_without_edns_is_asked_without_it() {
    let server = Server::start(|question, _| {
        let mut message = answer_with_address(question);
        if question.edns.is_some() {
            message = answer(question);
            message.metadata.response_code = ResponseCode::FormErr;
        }
        vec![bytes(&message)]
    });
    let lookup = resolve("a.test", &asking(server.address));
    assert!(lookup.error.is_none());
    assert_eq!(
        lookup.exchanges.iter().map(|exchange| exchange.edns_payload).collect::<Vec<_>>(),
        [Some(1232), None, Some(1232), None]
    );
}

#[test]
fn errors_of_the_server_are_named() {
    for (code, rcode) in [(ResponseCode::ServFail, "SERVFAIL"), (ResponseCode::Refused, "REFUSED")] {
        let server = Server::start(move |question, _| {
            let mut message = answer(question);
            message.metadata.response_code = code;
            vec![bytes(&message)]
        });
        let expected = LookupError::ServerFailed { name: "a.test".into(), server: server.address, rcode: rcode.into() };
        let lookup = resolve("a.test", &asking(server.address));
        assert_eq!(lookup.error, Some(expected.clone()));
        assert!(expected.to_string().contains(rcode));
    }
}

/// A server that does not go and find out gives one alias at a time.
#[test]
fn aliases_are_followed_by_hand_until_they_run_in_a_circle() {
    let server = Server::start(|question, _| {
        let asked = asked(question);
        let mut message = answer(question);
        message.metadata.recursion_available = false;
        match asked.as_str() {
            "a.test" => message.add_answer(cname("a.test", "b.test")),
            "b.test" => message.add_answer(cname("b.test", "c.test")),
            "c.test" => message.add_answer(address("c.test", Ipv4Addr::new(192, 0, 2, 3).into())),
            "x.test" => message.add_answer(cname("x.test", "y.test")),
            "y.test" => message.add_answer(cname("y.test", "x.test")),
            _ => {
                let deeper = format!("n{asked}");
                message.add_answer(cname(&asked, &deeper[..deeper.len().min(60)]))
            }
        };
        vec![bytes(&message)]
    });
    let lookup = resolve("a.test", &asking(server.address));
    assert_eq!(lookup.aliases, ["b.test", "c.test"]);
    assert_addresses(&lookup.addresses, &["192.0.2.3"]);
    let lookup = resolve("x.test", &asking(server.address));
    assert_eq!(lookup.error, Some(LookupError::AliasLoop { name: "x.test".into() }));
    let lookup = resolve("n.test", &asking(server.address));
    assert!(matches!(lookup.error, Some(LookupError::TooManyAliases { .. })), "{:?}", lookup.error);
    assert!(lookup.exchanges.len() <= 40);
}

#[test]
fn glue_is_believed_within_its_zone_only() {
    let asked_before = AtomicBool::new(false);
    let server = Server::start(move |question, _| {
        let mut message = answer(question);
        if asked(question) != "www.a.test" {
            message.metadata.response_code = ResponseCode::NXDomain;
        } else if asked_before.swap(true, Ordering::SeqCst) {
            // As the server of "test", it may not say where "elsewhere" is.
            message.add_authority(ns("a.test", "ns.elsewhere"));
            message.add_additional(address("ns.elsewhere", Ipv4Addr::new(192, 0, 2, 66).into()));
        } else {
            message.add_authority(ns("test", "ns.elsewhere"));
            message.add_additional(address("ns.elsewhere", Ipv4Addr::LOCALHOST.into()));
        }
        vec![bytes(&message)]
    });
    let walk = trace("www.a.test", &[server.address], &TraceOptions::default());
    let server_of = |step: usize| walk.steps[step].referral.as_ref().expect("down").servers[0].clone();
    // The root may: all names lie below it.
    assert!(server_of(0).glue && server_of(0).addresses == addresses(&["127.0.0.1"]));
    assert!(!server_of(1).glue && server_of(1).addresses.is_empty());
    assert_eq!((walk.steps[2].depth, walk.steps[2].name.as_str()), (1, "ns.elsewhere"));
    assert_eq!(walk.error, Some(LookupError::NoServerAddress { zone: "a.test".into() }));
}

#[test]
fn a_limit_ends_it_all() {
    let silent = UdpSocket::bind("127.0.0.1:0").expect("a socket");
    let server = silent.local_addr().expect("an address");
    let limit = Duration::from_millis(50);
    let mut options = asking(server);
    (options.limit, options.attempts) = (Some(limit), Some(5));
    let lookup = resolve("a.test", &options);
    assert!(matches!(lookup.error, Some(LookupError::NoResponse { .. })), "{:?}", lookup.error);
    assert!(lookup.time >= limit && lookup.time < Duration::from_secs(5), "{:?}", lookup.time);
    let mut options = TraceOptions::default();
    options.limit = limit;
    let walk = trace("a.test", &[server], &options);
    assert!(walk.error.is_some() && walk.time < Duration::from_secs(3), "{walk:?}");
}

#[test]
#[ignore = "needs root, for port 53: run by .ci/run"]
fn resolv_conf_names_the_server_and_the_search_domains() {
    let at = SocketAddr::from(([127, 9, 8, 7], 53));
    let server = Server::at(at, |question, _| {
        let mut message = answer_with_address(question);
        if asked(question) != "www.second.test" {
            message = answer(question);
            message.metadata.response_code = ResponseCode::NXDomain;
        }
        vec![bytes(&message)]
    });
    let folder = crate::harness::folder();
    let path = folder.path().join("resolv.conf");
    fs::write(&path, "nameserver 127.9.8.7\nsearch first.test second.test\n").expect("a file");
    let options = options(|options| {
        options.resolv_conf.clone_from(&path);
        (options.hosts, options.system) = (folder.path().join("none"), None);
    });
    let lookup = resolve("www", &options);
    assert_eq!(lookup.source, Source::Servers { servers: vec![server.address], path: Some(path), is_default: false });
    assert_eq!(lookup.candidates, ["www.first.test", "www.second.test"]);
    assert_addresses(&lookup.addresses, &["192.0.2.1", "2001:db8::1"]);
    let lookup = resolve("www.", &options);
    assert_eq!(lookup.error, Some(LookupError::NoSuchName { name: "www".into(), server: at }));
}

#[test]
#[ignore = "needs root, for port 53: run by .ci/run"]
fn resolv_conf_may_ask_for_tcp_and_for_turns() {
    let heard: Arc<Mutex<Vec<(u8, By)>>> = Arc::default();
    let _servers: Vec<Server> = [1, 2, 3]
        .map(|last| {
            let heard = heard.clone();
            Server::at(([127, 9, 9, last], 53).into(), move |question, by| {
                heard.lock().expect("no panic").push((last, by));
                vec![bytes(&answer_with_address(question))]
            })
        })
        .into();
    let folder = crate::harness::folder();
    let options = by_file(folder.path(), "");
    let path = &options.resolv_conf;
    let servers = "nameserver 127.9.9.1\nnameserver 127.9.9.2\nnameserver 127.9.9.3\n";
    // By TCP from the first question on, and the first server only.
    fs::write(path, format!("{servers}options use-vc\n")).expect("a file");
    let lookup = resolve("a.test", &options);
    assert_addresses(&lookup.addresses, &["192.0.2.1", "2001:db8::1"]);
    assert_eq!(transports(&lookup), (0, 2));
    assert_eq!(std::mem::take(&mut *heard.lock().expect("no panic")), [(1, By::Tcp); 2]);
    // In turn: each run begins with one of them, and all have their turn some time.
    fs::write(path, format!("{servers}options rotate\n")).expect("a file");
    let mut first = BTreeSet::new();
    for _ in 0..1_000 {
        assert_addresses(&resolve("a.test", &options).addresses, &["192.0.2.1", "2001:db8::1"]);
        let asked: BTreeSet<(u8, By)> = std::mem::take(&mut *heard.lock().expect("no panic")).into_iter().collect();
        assert_eq!(asked.len(), 1, "one server is asked in a run: {asked:?}");
        first.extend(asked);
        if first.len() == 3 {
            break;
        }
    }
    assert_eq!(first.into_iter().collect::<Vec<_>>(), [(1, By::Udp), (2, By::Udp), (3, By::Udp)]);
}
