//! Names and passwords of URLs, and cookies, are in nothing that is passed on.

use super::peer::{Peer, end, read_request};
use super::{fetch, fetch_in};
use serde_json::Value;
use std::io::Write;

const SECRET: &str = "SECRET77";

#[test]
fn a_url_that_is_none_is_shown_without_its_credentials() {
    for rest in ["h:99999/", "[::1/", "a b/", "1.2.3.400/", ""] {
        for scheme in ["http", "https"] {
            let run = fetch(&["--json", &format!("{scheme}://u:{SECRET}@{rest}")]);
            assert!(run.code == 2 && !run.stderr.contains(SECRET), "{rest}: {}", run.stderr);
            assert!(!run.text().contains(SECRET), "{rest}");
        }
    }
}

#[test]
fn a_location_s_credentials_are_in_no_record() {
    for host in ["h:99999", "h", "[::1"] {
        let head = format!("HTTP/1.1 302 Found\r\nLocation: http://u:{SECRET}@{host}/\r\nContent-Length: 0\r\n\r\n");
        let peer = Peer::responding(head);
        let place = crate::harness::folder();
        let run = fetch_in(place.path(), &["-L", "--json", "--har", "run.har", &peer.url("/")]);
        assert_eq!(run.code, 11, "{}", run.stderr);
        let har = std::fs::read_to_string(place.path().join("run.har")).expect("an archive");
        let json = run.text();
        for text in [&run.stderr, &har, &json] {
            assert!(!text.contains(SECRET), "{text}");
        }
        assert!(har.contains(&format!("http://...@{host}/")) && json.contains(&format!("http://...@{host}/")), "{har}");
    }
}

#[test]
fn a_cookie_that_can_not_be_read_is_a_secret_all_the_same() {
    for head in [
        format!("HTTP/1.1 200 OK\r\n\tSet-Cookie: {SECRET}\r\nContent-Length: 0\r\n\r\n"),
        format!("HTTP/1.1 200 OK\r\nA: b\r\nSet-Cookie: a=1;\r\n b={SECRET}\r\nContent-Le"),
        format!("HTTP/1.1 200 OK\r\n\tSet-Cookie: a={SECRET}\r\nbad line\r\n\r\n"),
        format!("HTTP/1.1 200 OK\r\nX: a\rSet-Cookie: {SECRET}\r\nContent-Length: 0\r\n\r\n"),
        format!("HTTP/1.1 200 OK\r\nSet-Cookie a={SECRET}\r\nContent-Length: 0\r\n\r\n"),
        format!("HTTP/1.1 200 OK\r\nSet-Cookie={SECRET}\r\nContent-Length: x\r\n\r\n"),
        format!("HTTP/1.1 200 OK\r\nLocation : http://u:{SECRET}@h/\r\nContent-Length: 0\r\n\r\n"),
    ] {
        let json = fetch(&["--json", &Peer::responding(head).url("/")]).text();
        assert!(json.contains("HTTP/1.1 200 OK") && !json.contains(SECRET), "{json}");
    }
}

#[test]
fn a_url_s_credentials_are_in_no_field() {
    let link = format!("<http://u:{SECRET}@h/a>; rel=next");
    let head = format!(
        "HTTP/1.1 200 OK\r\nRefresh: 0;url=http://u:{SECRET}@h/\r\nLink: {link}\r\nX: //u:{SECRET}@h\r\nContent-Length: 0\r\n\r\n"
    );
    let place = crate::harness::folder();
    let run = fetch_in(place.path(), &["--json", "--har", "run.har", &Peer::responding(head).url("/")]);
    let har = std::fs::read_to_string(place.path().join("run.har")).expect("an archive");
    for text in [&run.text(), &har] {
        assert!(text.contains("<http://...@h/a>; rel=next") && !text.contains(SECRET), "{text}");
    }
}

#[test]
fn what_a_server_says_in_another_place_has_no_credentials_either() {
    let password = format!("bob:{SECRET}");
    let url = format!("http://{password}@h/");
    let long = "x".repeat(50); // the end of the URL is cut off where the line is shortened
    for (line, fields, options) in [
        ("200 OK".to_owned(), format!("Content-Type: text/plain; u=\"{url}\"\r\n"), &[][..]),
        ("206 Partial".to_owned(), format!("Content-Range: {url}\r\n"), &[]),
        (format!("200 see {url} now"), String::new(), &[]),
        (format!("404 {long} {url}"), String::new(), &["-f"]),
        ("302 Found".to_owned(), format!("Location: mailto:{password}@h\r\n"), &["-L"]),
        ("302 Found".to_owned(), format!("Location: ftp:{password}@h/\r\n"), &["-L"]),
        ("302 Found".to_owned(), format!("Location: /?u={url}\r\n"), &["-L"]),
    ] {
        let peer = Peer::responding(format!("HTTP/1.1 {line}\r\n{fields}Content-Length: 2\r\n\r\nok"));
        let place = crate::harness::folder();
        let run = fetch_in(place.path(), &[options, &["--json", "--har", "run.har", &peer.url("/")]].concat());
        let har = std::fs::read_to_string(place.path().join("run.har")).expect("an archive");
        for (text, name) in [(&run.stderr, "stderr"), (&run.text(), "JSON"), (&har, "HAR")] {
            assert!(!text.contains(SECRET), "{name}: {line} {fields}{text}");
        }
    }
}

#[test]
fn a_query_s_credentials_are_not_decoded_into_an_archive() {
    let place = crate::harness::folder();
    fetch_in(place.path(), &["--har", "run.har", &format!("http://127.0.0.1:1/?u=http%3A%2F%2Fbob%3A{SECRET}%40h%2F")]);
    let har = std::fs::read(place.path().join("run.har")).expect("an archive");
    let har: serde_json::Value = serde_json::from_slice(&har).expect("JSON");
    let query = &har["log"]["entries"][0]["request"]["queryString"];
    assert_eq!(query[0]["value"], "http://...@h/", "{query}");
}

/// What was asked for, as `--json` and an archive have it: URL and request line, and the archive's query.
fn asked(query: &str) -> ([String; 3], String, String) {
    let place = crate::harness::folder();
    // A redirect back to it, which is not followed.
    let peer = Peer::start(|_, stream| {
        let request = read_request(stream);
        let target = request.split(' ').nth(1).expect("a target");
        let response = format!("HTTP/1.0 302 Found\r\nLocation: {target}\r\nContent-Length: 0\r\n\r\n");
        let _ = stream.write_all(response.as_bytes());
        end(stream);
    });
    let run = fetch_in(place.path(), &["--json", "--har", "run.har", &peer.url(&format!("/?{query}"))]);
    let har = std::fs::read_to_string(place.path().join("run.har")).expect("an archive");
    let archive: Value = serde_json::from_str(&har).expect("JSON");
    let (json, record) = (run.text(), run.record());
    let transfer = &record["transfers"][0];
    let entry = &archive["log"]["entries"][0];
    let behind = |value: &Value| {
        let text = value.as_str().unwrap_or_else(|| panic!("no text in {json}"));
        let (_, query) = text.split_once("/?").expect("a query");
        query.split([' ', '\r']).next().unwrap_or_default().to_owned()
    };
    let views = [&transfer["url"], &transfer["exchange"]["request"]["head"], &entry["request"]["url"]].map(behind);
    (views, entry["request"]["queryString"].to_string(), json + &har + &run.stderr)
}

#[test]
fn a_harmless_query_is_everywhere_as_it_was_sent() {
    for (query, decoded) in [
        (
            "client=x&redirect_uri=urn:ietf:wg:oauth:2.0:oob&login_hint=ada@example.org&state=7",
            r#"[{"name":"client","value":"x"},{"name":"redirect_uri","value":"urn:ietf:wg:oauth:2.0:oob"},{"name":"login_hint","value":"ada@example.org"},{"name":"state","value":"7"}]"#,
        ),
        ("title=Meeting:12:30@Room", r#"[{"name":"title","value":"Meeting:12:30@Room"}]"#),
        ("next=//logo@2x.png", r#"[{"name":"next","value":"//logo@2x.png"}]"#),
    ] {
        let (views, in_archive, all) = asked(query);
        assert_eq!((views, in_archive.as_str()), ([query; 3].map(str::to_owned), decoded));
        assert!(!all.contains("..."), "{all}");
    }
}

#[test]
fn a_query_s_secret_is_nowhere() {
    let (views, in_archive, all) = asked(&format!("next=//bob:{SECRET}@h/&z=ftp:u:{SECRET}@h&a=b"));
    assert_eq!(views, ["next=//...@h/&z=ftp:...@h&a=b"; 3].map(str::to_owned));
    assert_eq!(
        in_archive,
        r#"[{"name":"next","value":"//...@h/"},{"name":"z","value":"ftp:...@h"},{"name":"a","value":"b"}]"#
    );
    assert!(!all.contains(SECRET), "{all}");
    let (_, in_archive, _) = asked(&format!("http%3A%2F%2Fbob%3A{SECRET}%40h%2F"));
    assert_eq!(in_archive, r#"[{"name":"http://...@h/","value":""}]"#);
}

#[test]
fn the_url_of_a_part_has_no_credentials() {
    let place = crate::harness::folder();
    let peer = Peer::responding("HTTP/1.0 200 OK\r\nETag: \"a\"\r\nContent-Length: 10\r\n\r\n01234");
    fetch_in(place.path(), &["-q", "-o", "f", &peer.url(&format!("/?u=http://bob:{SECRET}@h/"))]);
    let run = fetch_in(place.path(), &["--json", "--har", "run.har", "-C", "-o", "f", &peer.url("/?v=1")]);
    let har = std::fs::read_to_string(place.path().join("run.har")).expect("an archive");
    for text in [run.text(), har, run.stderr] {
        assert!(text.contains("/?u=http://...@h/") && !text.contains(SECRET), "{text}");
    }
}
