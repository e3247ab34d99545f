//! Segments on the page: each an arrow, opened to its bytes, saved for Wireshark.

use super::cases::open;
use super::{Watched, text_of};
use crate::browser::driver::Browser;
use crate::browser::save_screenshot;
use crate::harness::Client;
use serde_json::{Value, json};
use socket2::{SockFilter, SockRef};
use std::process::Command;

const SECRET: &str = "secret-48a1";

/// A connection with a cookie, closed; its record, with segments.
fn connection(watched: &Watched) -> Value {
    let mut client = watched.server.connect();
    let address = client.socket.local_addr().expect("its address");
    client.send(format!("GET /hello.txt HTTP/1.0\r\nHost: localhost\r\nCookie: id={SECRET}\r\n\r\n").as_bytes());
    client.read_to_end();
    drop(client);
    watched.record_of(address, |record| !record["close"].is_null() && record["segments"]["list"].is_array())
}

#[test]
#[ignore = "needs root and tshark: .ci/run has them"]
fn a_saved_file_is_whole_and_tshark_reads_the_same_segments() {
    let watched = Watched::start(&[]);
    let record = connection(&watched);
    let file = watched.ask_page(&format!("/records/{}.pcapng", record["connection"]));
    assert_eq!((file.status, file.header("Content-Type")), (200, Some("application/x-pcapng")));
    let folder = crate::harness::folder();
    let path = folder.path().join("saved.pcapng");
    std::fs::write(&path, &file.body).expect("a file");
    let fields = ["tcp.seq_raw", "tcp.ack_raw", "tcp.len", "tcp.window_size_value"];
    let mut command = Command::new("tshark");
    command.arg("-r").arg(&path).args(["-T", "fields"]);
    fields.iter().for_each(|field| {
        command.args(["-e", field]);
    });
    let output = command.output().expect("tshark starts");
    assert!(output.status.success(), "{output:?}");
    let read: Vec<String> = String::from_utf8(output.stdout).expect("text").lines().map(str::to_owned).collect();
    let list = record["segments"]["list"].as_array().expect("a list");
    let ours: Vec<String> = list
        .iter()
        .map(|segment| {
            let ack = segment["acknowledgment"].as_u64().unwrap_or(0);
            format!("{}\t{ack}\t{}\t{}", segment["sequence"], segment["length"], segment["window"])
        })
        .collect();
    assert_eq!(read, ours);
    assert!(String::from_utf8_lossy(&file.body).contains(SECRET), "it is whole");
    let text = String::from_utf8_lossy(&file.body);
    for part in ["passwords and cookies too", "accept(): ", "recv(): GET /hello.txt HTTP/1.0, ", "send(): head "] {
        assert!(text.contains(part), "{part}");
    }
}

#[test]
#[ignore = "needs root: packets are captured"]
fn a_segment_is_opened_header_by_header_and_its_data_withheld_until_it_is_asked_for() {
    let watched = Watched::start(&[]);
    let record = connection(&watched);
    let number = &record["connection"];
    let list = record["segments"]["list"].as_array().expect("a list");
    for (index, segment) in list.iter().enumerate() {
        let opened: Value =
            serde_json::from_slice(&watched.ask_page(&format!("/records/{number}/segments/{index}")).body)
                .expect("JSON");
        let names: Vec<&str> = opened["layers"]
            .as_array()
            .expect("layers")
            .iter()
            .map(|layer| layer["name"].as_str().and_then(|name| name.split(',').next()).expect("a name"))
            .collect();
        assert_eq!(names[..3], ["Ethernet", "IPv4", "TCP"]);
        let tcp = opened["layers"][2]["fields"].as_array().expect("fields");
        let field = |name: &str| tcp.iter().find(|field| field["name"] == name).expect("a field");
        assert_eq!(field("sequence number")["value"], segment["sequence"].to_string());
        assert_eq!(field("window, unscaled")["value"], segment["window"].to_string());
        // The value is what the bytes say.
        let bytes = opened["bytes"].as_str().expect("digits");
        let range = &field("sequence number")["range"];
        let [from, to] = [0, 1].map(|end| 2 * range[end].as_u64().expect("a place") as usize);
        let raw = u32::from_str_radix(&bytes[from..to], 16).expect("a number");
        assert_eq!(json!(raw), segment["sequence"]);
        // Headers end where the data begins.
        let layers = opened["layers"].as_array().expect("layers");
        assert!(layers.windows(2).all(|pair| pair[0]["range"][1] == pair[1]["range"][0]), "{opened}");
        assert_eq!(opened["withheld"], json!(segment["length"] != 0), "{opened}");
    }
    let with_data = list.iter().position(|segment| segment["length"] != 0).expect("data");
    let open = |query: &str| watched.ask_page(&format!("/records/{number}/segments/{with_data}{query}")).text();
    let digits: String = SECRET.bytes().map(|byte| format!("{byte:02x}")).collect();
    assert!(!open("").contains(&digits) && open("?secrets=shown").contains(&digits));
    assert_eq!(watched.ask_page(&format!("/records/{number}/segments/9999")).status, 404);
}

#[test]
#[ignore = "needs root, chromium and chromedriver: .ci/run has them"]
fn each_segment_is_an_arrow_and_its_numbers_are_relative_or_as_in_the_header() {
    let watched = Watched::start(&[]);
    let browser = Browser::start();
    browser.open(&watched.page_url);
    browser.wait_until("document.querySelector('.state.is-live')", &[]);
    let record = connection(&watched);
    let number = record["connection"].to_string();
    let lane = format!("[...document.querySelectorAll('.lane')].find(lane => lane.innerText.includes('#{number} '))");
    browser.wait_until(&lane, &[]);
    browser.click(&lane, &[]);
    browser.wait_until("document.querySelector('.diagram .tools')", &[]);
    let segments = record["segments"]["list"].as_array().expect("a list");
    let opening = "document.querySelectorAll('.step .opens').length === arguments[0]";
    browser.wait_until(opening, &[json!(segments.len())]);
    let arrows = "[...document.querySelectorAll('.step')].filter(step => step.querySelector('.opens'))
        .every(step => step.querySelector('.arrow.measured')?.getBoundingClientRect().width > 50)";
    browser.wait_until(arrows, &[]);
    browser.click("document.querySelector('.diagram .tools input')", &[]);
    let syn = format!("SYN seq {}", segments[0]["sequence"]);
    browser.wait_until(
        "document.querySelector('[data-step=syn] .what').innerText.startsWith(arguments[0])",
        &[json!(syn)],
    );
    browser.click("document.querySelector('[data-step=syn] .opens')", &[]);
    browser.wait_until("document.querySelector('.packet')", &[]);
    let packet = text_of(&browser, ".packet");
    for part in ["Ethernet", "IPv4", "TCP", "source port", "option: maximum segment size"] {
        assert!(packet.contains(part), "{part} is not in {packet}");
    }
    // A field shows its bytes.
    browser.run("document.querySelector('.packet tr').focus()", &[]);
    browser.wait_until("document.querySelectorAll('.bytes .marked').length === 6", &[]);
    save_screenshot(&browser, "live-packet.png");
    assert_eq!(browser.console(), [""; 0]);
}

#[test]
#[ignore = "needs root, chromium and chromedriver: .ci/run has them"]
fn a_segment_that_is_sent_again_is_marked() {
    let watched = Watched::start(&[]);
    let browser = Browser::start();
    browser.open(&watched.page_url);
    browser.wait_until("document.querySelector('.state.is-live')", &[]);
    let mut client = watched.server.connect();
    let address = client.socket.local_addr().expect("its address");
    watched.record_of(address, |_| true);
    // Whatever arrives is dropped (BPF: ret 0): lost behind the place where it is seen.
    SockRef::from(&client.socket).attach_filter(&[SockFilter::new(0x06, 0, 0, 0)]).expect("SO_ATTACH_FILTER");
    client.send(b"GET /hello.txt HTTP/1.0\r\n\r\n");
    let again = |record: &Value, end: &str| -> usize {
        let list = record["segments"]["list"].as_array().cloned().unwrap_or_default();
        let is_it = |segment: &&Value| {
            let facts = segment["facts"].as_array().cloned().unwrap_or_default();
            segment["from"] == end && facts.iter().any(|fact| fact["fact"] == "again" || fact["fact"] == "partly_again")
        };
        list.iter().filter(is_it).count()
    };
    watched.record_of(address, |record| again(record, "server") > 0);
    SockRef::from(&client.socket).detach_filter().expect("SO_DETACH_FILTER");
    client.read_to_end();
    drop(client);
    browser.click("document.querySelector('input[value=all] + span')", &[]);
    let record = open(&watched, &browser, address);
    let marked = again(&record, "server") + again(&record, "client");
    browser.wait_until("document.querySelectorAll('.step.again').length === arguments[0]", &[json!(marked)]);
    let colours = "const of = line => getComputedStyle(line).stroke;
        return [[...document.querySelectorAll('.step.again .arrow')].map(of),
            [...document.querySelectorAll('.step:not(.again) .arrow')].map(of)]";
    let colours = browser.run(colours, &[]);
    let [marked, others] = [0, 1].map(|index| colours[index].as_array().expect("colours").clone());
    assert!(!marked.is_empty() && marked.iter().all(|colour| *colour == marked[0]), "{marked:?}");
    assert!(!others.contains(&marked[0]), "{marked:?} {others:?}");
    browser.run("document.querySelector('.step.again').scrollIntoView({ block: 'center' })", &[]);
    save_screenshot(&browser, "live-again.png");
    assert_eq!(browser.console(), [""; 0]);
}

#[test]
#[ignore = "needs root, chromium and chromedriver: .ci/run has them"]
fn a_log_offers_no_packets_and_says_why() {
    let watched = Watched::start(&[]);
    let record = connection(&watched);
    let folder = crate::harness::folder();
    let log = folder.path().join("log.json");
    std::fs::write(&log, format!("{record}\n")).expect("a file");
    let browser = Browser::start();
    browser.open(&watched.page_url);
    browser.wait_until("document.querySelector('.state.is-live')", &[]);
    browser.type_into("document.querySelector('input[type=file]')", &log.display().to_string());
    browser.wait_until("document.querySelectorAll('.lane').length === 1", &[]);
    browser.click("document.querySelector('.lane')", &[]);
    browser.wait_until("document.querySelector('.diagram .tools')", &[]);
    assert!(text_of(&browser, ".diagram").contains("--log pcapng"), "{}", text_of(&browser, ".diagram"));
    let offered = "return document.querySelectorAll('.opens, a[href*=pcapng]').length";
    assert_eq!(browser.run(offered, &[]), json!(0));
    assert_eq!(browser.console(), [""; 0]);
}

#[test]
fn without_packets_there_is_no_file_and_that_is_said() {
    let watched =
        Watched::of(crate::harness::Server::spawn(crate::harness::glasshttp().env("GLASSHTTP_PACKETS", "off").args([
            "--port",
            "0",
            "--log",
            "off",
            crate::clients::SITE,
        ])));
    let client = Client::connect(watched.server.address);
    let record = watched.record_of(client.socket.local_addr().expect("its address"), |_| true);
    let response = watched.ask_page(&format!("/records/{}.pcapng", record["connection"]));
    assert!(
        response.status == 404 && response.text().contains("No packets of this connection are kept"),
        "{response:?}"
    );
}
