//! What is told of a fetch: the story, the record, the HAR.

use super::peer::{Peer, end, read_request};
use super::{fetch, fetch_in};
use crate::closing::folder_with;
use crate::harness::Server;
use serde_json::Value;

#[test]
fn the_story_stands_beside_the_body_and_fits_a_terminal() {
    let (folder, _) = folder_with(0);
    let server = Server::start(folder.path(), &[]);
    let url = format!("http://127.0.0.1:{}/small.txt", server.port());
    let run = fetch(&[&url]);
    assert_eq!(run.text(), "small\n");
    // The kernel begins to take timestamps a moment after it is asked to: the first response may have none.
    let first = match run.stderr.contains("the kernel gave no timestamp") {
        true => " ·  first   first bytes read, ",
        false => "◀── first   the first read's bytes, all in the client's kernel, ",
    };
    for (index, words) in [
        "Times since start",
        "#1  http://127.0.0.1:",
        " name    127.0.0.1 is an address: no DNS was needed",
        "──▶ connect 127.0.0.1:",
        " ·  open    after ",
        "──▶ GET /small.txt HTTP/1.0  ",
        first,
        " head    HTTP/1.0 200 OK · head ",
        " body    6 bytes by Content-Length in 1 read",
        " ·  FIN     read() returned 0: the server has closed its sending side",
        "──▶ FIN     the client closed its socket",
        " closed  shortest rtt ",
        "The client spoke HTTP/1.0 and did not ask to keep the connection.",
    ]
    .iter()
    .enumerate()
    {
        let at = run.stderr.find(words).unwrap_or_else(|| panic!("{words:?} is missing: {}", run.stderr));
        assert!(index == 0 || at > 0, "{}", run.stderr);
    }
    assert!(run.stderr.contains("TIME_WAIT: server"), "{}", run.stderr);
    // Neither bar nor colour where there is no terminal.
    assert!(!run.stderr.contains(['\x1b', '\r']), "{:?}", run.stderr);
    for line in run.stderr.lines() {
        assert!(line.chars().count() <= 80, "{line}");
    }
}

#[test]
fn the_story_is_shown_in_korean_too() {
    let (folder, _) = folder_with(0);
    let server = Server::start(folder.path(), &[]);
    let run = fetch(&["--lang", "ko", &format!("{}small.txt", server.url)]);
    for words in ["시간은 시작부터", " 연결됨 ", "서버가 보내는 쪽을 닫음", "연결 유지를 요청하지 않았습니다"]
    {
        assert!(run.stderr.contains(words), "{words}: {}", run.stderr);
    }
    assert!(!run.stderr.contains("the server"), "{}", run.stderr);
}

#[test]
fn the_head_alone_is_printed_when_it_alone_was_asked_for() {
    let (folder, _) = folder_with(0);
    let server = Server::start(folder.path(), &[]);
    let run = fetch(&["--head", &format!("{}small.txt", server.url)]);
    assert!(
        run.text().starts_with("HTTP/1.0 200 OK\nDate: ") && run.text().contains("\nContent-Length: 6\n"),
        "{run:?}"
    );
}

#[test]
fn headers_are_sent_as_given() {
    let peer = Peer::responding("HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n");
    let given = ["-H", "Host: other", "-H", "User-Agent: me", "-H", "X-A: b: c"];
    let record = fetch(&[&["--json"][..], &given, &[&peer.url("/x?y=z")]].concat()).record();
    assert_eq!(
        record["transfers"][0]["exchange"]["request"]["head"],
        "GET /x?y=z HTTP/1.0\r\nHost: other\r\nUser-Agent: me\r\nX-A: b: c\r\n\r\n"
    );
}

/// The times of an exchange, in the order in which they must be.
#[test]
fn times_are_in_order_and_say_where_they_came_from() {
    let (folder, _) = folder_with(0);
    let server = Server::start(folder.path(), &[]);
    let record = fetch(&["--json", &format!("{}small.txt", server.url)]).record();
    let transfer = &record["transfers"][0];
    let attempts = transfer["connect"]["attempts"].as_array().expect("attempts");
    let stages = &transfer["exchange"]["stages"];
    let time = |value: &Value| value.as_i64().unwrap_or_else(|| panic!("no time in {transfer}"));
    let times = [
        time(&transfer["name"]["began"]),
        time(&transfer["name"]["ended"]),
        time(&attempts[attempts.len() - 1]["began"]),
        time(&attempts[attempts.len() - 1]["ended"]),
        time(&stages["first_sent"]["value"]),
        time(&stages["arrived"]["value"]),
        time(&stages["first_read"]["value"]),
        time(&stages["complete"]["value"]),
        time(&transfer["close"]["server_end"]["value"]),
        time(&transfer["close"]["at"]),
    ];
    assert!(times.is_sorted(), "{times:?}");
    assert_eq!(stages["arrived"]["is"], "measured");
    assert!(time(&stages["acknowledged"]["value"]) >= times[4], "{stages}");
}

#[test]
fn the_har_has_all_that_the_format_asks_for() {
    let (folder, _) = folder_with(0);
    let server = Server::start(folder.path(), &[]);
    let place = crate::harness::folder();
    let ok = format!("{}small.txt?a=b&c", server.url);
    let failed = "http://127.0.0.1:1/";
    let run = fetch_in(place.path(), &["--har", "a.har", "-k", &ok, &ok, failed]);
    assert_eq!(run.code, 4, "{}", run.stderr);
    let har: Value = serde_json::from_slice(&std::fs::read(place.path().join("a.har")).expect("a HAR")).expect("JSON");
    let log = &har["log"];
    assert_eq!(log["version"], "1.2");
    assert!(log["creator"]["name"].is_string() && log["creator"]["version"].is_string());
    let entries = log["entries"].as_array().expect("entries");
    assert_eq!(entries.len(), 3);
    entries.iter().for_each(assert_is_entry);
    let (first, second, third) = (&entries[0], &entries[1], &entries[2]);
    assert_eq!(first["request"]["queryString"][0], serde_json::json!({"name": "a", "value": "b"}));
    assert_eq!((&first["response"]["status"], &first["response"]["content"]["size"]), (&200.into(), &6.into()));
    assert!(first["timings"]["connect"].as_f64().expect("a time") > 0.0);
    // What was not done again took no time that anybody could see.
    assert_eq!((&second["timings"]["dns"], &second["timings"]["connect"]), (&(-1.0).into(), &(-1.0).into()));
    assert_eq!((&first["connection"], &second["connection"]), (&"1".into(), &"1".into()));
    assert_eq!(third["response"]["status"], 0);
    assert!(third["response"]["_error"].as_str().expect("an error").contains("refused"));
}

/// The entry of this one fetch.
fn har_of(arguments: &[&str]) -> Value {
    let place = crate::harness::folder();
    let run = fetch_in(place.path(), &[&["--har", "a.har"], arguments].concat());
    assert_eq!(run.code, 0, "{}", run.stderr);
    let har: Value = serde_json::from_slice(&std::fs::read(place.path().join("a.har")).expect("a HAR")).expect("JSON");
    let entry = har["log"]["entries"][0].clone();
    assert_is_entry(&entry);
    entry
}

/// A peer that reads head and body, and responds with these bytes.
fn taking(body: usize, bytes: &'static str) -> Peer {
    Peer::start(move |_, stream| {
        read_request(stream);
        std::io::Read::read_exact(stream, &mut vec![0; body]).expect("the body");
        std::io::Write::write_all(stream, bytes.as_bytes()).expect("the client reads");
        end(stream);
    })
}

#[test]
fn the_json_has_no_secrets() {
    let peer = Peer::responding("HTTP/1.1 200 OK\r\nSet-Cookie: id=s3cret\r\nContent-Length: 2\r\n\r\nok");
    let record = fetch(&["--json", "-H", "Cookie: q=s3cret", &peer.url("/")]).record().to_string();
    assert!(!record.contains("s3cret") && record.contains("Cookie: 8 bytes, not shown"), "{record}");
}

#[test]
fn where_no_file_can_be_nobody_is_asked() {
    let (folder, _) = folder_with(0);
    let server = Server::start(folder.path(), &[]);
    let url = format!("{}small.txt", server.url);
    let run = fetch(&["--json", "-k", "--repeat", "2", "-o", "/", &url]);
    assert_eq!(run.code, 1, "{}", run.stderr);
    for transfer in run.record()["transfers"].as_array().expect("transfers") {
        for part in ["name", "connect", "exchange", "reuse", "close"] {
            assert!(transfer[part].is_null(), "{part}: {transfer}");
        }
        assert_eq!(transfer["failure"]["code"], "file_is_folder", "{transfer}");
    }
}

#[test]
fn the_har_has_what_was_sent_but_no_secrets() {
    const OK: &str = "HTTP/1.1 200 OK\r\nSet-Cookie: id=s3cret\r\nContent-Length: 2\r\n\r\nok";
    let peer = taking(12, OK);
    let arguments = ["-d", "a=b&c=%ED%95", "-H", "Authorization: Basic s3cret", "-H", "Cookie: s3cret", &peer.url("/")];
    let entry = har_of(&arguments);
    let (request, response) = (&entry["request"], &entry["response"]);
    assert_eq!(
        request["postData"],
        serde_json::json!({
            "mimeType": "application/x-www-form-urlencoded",
            "text": "a=b&c=%ED%95",
        })
    );
    assert_eq!((&request["method"], &request["bodySize"]), (&"POST".into(), &12.into()));
    assert_eq!((&response["bodySize"], &response["content"]["size"]), (&2.into(), &2.into()));
    assert_eq!(response["headersSize"], OK.len() - 2);
    assert!(!entry.to_string().contains("s3cret"), "{entry}");
    // What is not text has its length, and what is long its beginning.
    let place = crate::harness::folder();
    let file = |name: &str, bytes: &[u8]| {
        std::fs::write(place.path().join(name), bytes).expect("a file");
        place.path().join(name).display().to_string()
    };
    let binary = file("a.png", b"\x89PNG\xff");
    let post = har_of(&["--data-file", &binary, &taking(5, OK).url("/")])["request"]["postData"].clone();
    assert_eq!((&post["mimeType"], &post["text"]), (&"image/png".into(), &"".into()));
    assert_eq!(post["comment"], "not text: 5 bytes");
    let long = file("long.txt", "한".repeat(30_000).as_bytes());
    let post = har_of(&["--data-file", &long, &taking(90_000, OK).url("/")])["request"]["postData"].clone();
    assert_eq!(post["text"].as_str().map(str::len), Some(65_535));
    assert_eq!(post["comment"], "the beginning of 90,000 bytes");
    assert!(har_of(&[&taking(0, OK).url("/")])["request"]["postData"].is_null());
}

#[test]
fn the_har_has_interim_responses_beside_the_final_one() {
    const HINTS: &str = "HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\n\r\n";
    const OK: &str = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n";
    let peer = Peer::responding(format!("{HINTS}{OK}ok"));
    let entry = har_of(&["--http", "1.1", &peer.url("/")]);
    let response = &entry["response"];
    assert_eq!((&response["status"], &response["headersSize"]), (&200.into(), &OK.len().into()));
    assert_eq!(
        response["_interim"],
        serde_json::json!([{
            "status": 103,
            "statusText": "Early Hints",
            "headers": [{"name": "Link", "value": "</a.css>"}],
        }])
    );
}

/// HAR 1.2: the fields that are not optional, and that times add up.
fn assert_is_entry(entry: &Value) {
    let started = entry["startedDateTime"].as_str().expect("a time");
    humantime::parse_rfc3339(started).expect("ISO 8601");
    let request = &entry["request"];
    for field in ["method", "url", "httpVersion"] {
        assert!(request[field].is_string(), "request.{field}: {entry}");
    }
    let response = &entry["response"];
    for field in ["statusText", "httpVersion", "redirectURL"] {
        assert!(response[field].is_string(), "response.{field}: {entry}");
    }
    assert!(response["status"].is_u64() && response["content"]["mimeType"].is_string());
    assert!(response["content"]["size"].is_u64() && entry["cache"].is_object());
    for message in [request, response] {
        assert!(message["headersSize"].is_i64() && message["bodySize"].is_i64(), "{entry}");
        assert!(message["cookies"].is_array());
        for header in message["headers"].as_array().expect("headers") {
            assert!(header["name"].is_string() && header["value"].is_string(), "{header}");
        }
    }
    assert!(request["queryString"].is_array());
    let timings = entry["timings"].as_object().expect("timings");
    let sum: f64 = timings
        .iter()
        .filter(|(name, _)| *name != "ssl")
        .map(|(_, time)| time.as_f64().expect("a time").max(0.0))
        .sum();
    assert!((sum - entry["time"].as_f64().expect("a time")).abs() < 0.001, "{entry}");
    for needed in ["send", "wait", "receive"] {
        assert!(timings[needed].as_f64().expect("a time") >= 0.0, "{entry}");
    }
}
