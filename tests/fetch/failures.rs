//! Failures as values: the same one in each language, and the code that programs go by.

use super::peer::{Peer, read_request, wait_for_end};
use super::{fetch, fetch_in};
use std::io::Write;

/// A failure of each kind: what to type, the exit code, the code, and Korean words.
fn assert_in_both(arguments: &[&str], exit: i32, code: &str, korean: &[&str]) {
    let place = crate::harness::folder();
    let korean_run = fetch_in(place.path(), &[&["--lang", "ko", "-q"], arguments].concat());
    korean_run.assert_failed(exit, korean);
    let record = fetch_in(place.path(), &[&["--json"], arguments].concat());
    assert_eq!(record.code, exit, "{}", record.stderr);
    let failure = &record.record()["transfers"][0]["failure"];
    assert_eq!(failure["code"], code, "{failure}");
    let sentence = failure["sentence"].as_str().expect("a sentence");
    assert!(record.stderr.contains(sentence), "{sentence}: {}", record.stderr);
}

#[test]
fn each_speaks_korean_and_has_a_code() {
    let closed = {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
        format!("http://{}/", listener.local_addr().expect("its address"))
    };
    assert_in_both(&[&closed], 4, "connection_refused", &["연결할 수 없습니다", "거부"]);
    assert_in_both(&["http://a..b/"], 3, "invalid_name", &["호스트 이름이 아닙니다"]);
    let responding = |bytes: &str| Peer::responding(bytes.to_owned());
    let peer = responding("HTTP/1.0 404 Not Found\r\nContent-Length: 0\r\n\r\n");
    assert_in_both(&["-f", &peer.url("/x")], 10, "status", &["/x의 응답이 404 Not Found입니다"]);
    let peer = responding("HTTP/1.0 302 Found\r\nLocation: ftp://h/\r\n\r\n");
    assert_in_both(&["-L", &peer.url("/")], 11, "redirect_target", &["리다이렉트", "ftp://"]);
    let peer = responding("SSH-2.0-x\r\n");
    assert_in_both(&[&peer.url("/")], 8, "not_http", &["HTTP/1이 아니라 SSH"]);
    let peer = responding("HTTP/1.0 200 OK\r\nContent-Length: 10\r\n\r\nonly");
    assert_in_both(&["-o", "f", &peer.url("/")], 9, "body_cut_short", &["10바이트", "f.part에 4바이트가 있지만"]);
    let peer = responding("HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok");
    assert_in_both(
        &["-o", "no/f", &peer.url("/")],
        1,
        "file_write",
        &["쓸 수 없습니다", "그런 파일이나 폴더가 없습니다"],
    );
    let peer = responding("HTTP/1.0 206 Partial Content\r\n\r\nok");
    assert_in_both(&["-o", "f", &peer.url("/")], 8, "range_unnamed", &["어느 부분인지"]);
    let peer = Peer::start(|_, stream| {
        read_request(stream);
        wait_for_end(stream);
    });
    assert_in_both(&["--timeout", "0.2", &peer.url("/")], 6, "no_response_in_time", &["제때"]);
}

#[test]
fn a_secret_in_a_url_is_in_no_message() {
    for url in ["http://me:s3cret@h/", "https://me:s3cret@h/", "ftp://me:s3cret@h/"] {
        let run = fetch(&[url]);
        assert!(run.code == 2 && run.stderr.matches("s3cret").count() <= 1, "{}", run.stderr);
    }
    let peer = Peer::start(|_, stream| {
        read_request(stream);
        let head = "HTTP/1.0 302 Found\r\nLocation: https://me:s3cret@h/\r\nContent-Length: 0\r\n\r\n";
        stream.write_all(head.as_bytes()).expect("the client reads");
        super::peer::end(stream);
    });
    let run = fetch(&["-L", &peer.url("/")]);
    run.assert_failed(11, &["https://h/", "not followed"]);
    assert!(!run.stderr.contains("s3cret"), "{}", run.stderr);
}
