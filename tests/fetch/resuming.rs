//! A part and the rest: a file is whole where the server's own words say so, and else stays a part.

use super::Run;
use super::fetch_in;
use super::peer::{Peer, end, read_request};
use std::fs;
use std::io::Write;
use std::path::Path;

/// What the server responds to a resume behind `01234` of version "a": what is said, file, part.
fn resumed(response: &str) -> (Run, Option<String>, Option<String>) {
    let place = crate::harness::folder();
    fs::write(place.path().join("file.part"), "01234").expect("a part");
    let peer = Peer::responding(response);
    let version = format!("\"a\"\n{}\n", peer.url("/"));
    fs::write(place.path().join("file.part.validator"), version).expect("its version");
    let run = fetch_in(place.path(), &["--http", "1.1", "-C", "-o", "file", &peer.url("/")]);
    let read = |name: &str| fs::read_to_string(place.path().join(name)).ok();
    (run, read("file"), read("file.part"))
}

#[track_caller]
fn assert_whole(response: &str) {
    let (run, file, part) = resumed(response);
    assert_eq!((run.code, file.as_deref(), part), (0, Some("0123456789"), None), "{response:?}: {}", run.stderr);
}

#[track_caller]
fn assert_part(response: &str, code: i32, words: &str, expected: &str) {
    let (run, file, part) = resumed(response);
    run.assert_failed(code, &[words]);
    assert_eq!((file.as_deref(), part.as_deref()), (None, Some(expected)), "{response:?}: {}", run.stderr);
}

fn partial(fields: &str, body: &str) -> String {
    format!("HTTP/1.1 206 Partial\r\n{fields}\r\n\r\n{body}")
}

#[test]
fn the_rest_makes_it_whole() {
    assert_whole(&partial("Content-Range: bytes 5-9/10\r\nContent-Length: 5", "56789"));
    assert_whole(&partial("content-range: Bytes 5-9/10", "56789"));
    assert_whole(&partial("ETag: \"a\"\r\nContent-Range: BYTES  5-9/10\r\nContent-Length: 5", "56789"));
    assert_whole(&partial("Content-Range: bytes 5-9/10\r\nTransfer-Encoding: chunked", "5\r\n56789\r\n0\r\n\r\n"));
    // All of it, of another version or of the same one.
    assert_whole("HTTP/1.1 200 OK\r\nETag: \"b\"\r\nContent-Length: 10\r\n\r\n0123456789");
    assert_whole("HTTP/1.1 200 OK\r\nETag: \"a\"\r\nContent-Length: 10\r\n\r\n0123456789");
}

#[test]
fn a_part_of_the_rest_is_still_a_part() {
    assert_part(&partial("Content-Range: bytes 5-7/10\r\nContent-Length: 3", "567"), 9, "8 of 10", "01234567");
    assert_part(&partial("Content-Range: bytes 5-7/10", "567"), 9, "8 of 10", "01234567");
    assert_part(&partial("Content-Range: bytes 5-9/10", "567"), 9, "ends at byte 8", "01234567");
    let chunked = partial("Content-Range: bytes 5-9/10\r\nTransfer-Encoding: chunked", "3\r\n567\r\n0\r\n\r\n");
    assert_part(&chunked, 9, "ends at byte 8", "01234567");
    assert_part(&partial("Content-Range: bytes 5-9/*\r\nContent-Length: 5", "56789"), 9, "how long", "0123456789");
    assert_part(&partial("Content-Range: bytes 5-9/10\r\nContent-Length: 5", "567"), 9, "cut short", "01234567");
    assert_part(&partial("Content-Range: bytes 5-9/10", "56789x"), 8, "more bytes", "0123456789");
}

#[test]
fn what_does_not_fit_is_never_joined() {
    for fields in [
        "ETag: \"b\"\r\nContent-Range: bytes 5-9/10\r\nContent-Length: 5",
        "ETag: W/\"a\"\r\nContent-Range: bytes 5-9/10\r\nContent-Length: 5",
        "Content-Range: bytes 4-8/10\r\nContent-Length: 5",
        "Content-Range: bytes 0-4/10\r\nContent-Length: 5",
        "Content-Range: bytes 5-9/9\r\nContent-Length: 5",
        "Content-Range: bytes 5-9/10\r\nContent-Length: 6",
        "Content-Range: bytes 5-9/10\r\nContent-Range: bytes 5-9/10\r\nContent-Length: 5",
        "Content-Range: items 5-9/10\r\nContent-Length: 5",
        "Content-Range: 5-9/10\r\nContent-Length: 5",
        "Content-Type: multipart/byteranges; boundary=x\r\nContent-Length: 5",
        "Content-Length: 5",
    ] {
        assert_part(&partial(fields, "56789"), 8, "stays as it is", "01234");
    }
}

#[test]
fn a_part_outlives_a_response_that_brings_nothing() {
    for head in [
        "HTTP/1.1 204 No Content\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nETag: \"b\"\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 202 Accepted\r\nContent-Length: 2\r\n\r\nok",
        "HTTP/1.1 304 Not Modified\r\n\r\n",
    ] {
        assert_part(head, 10, "stays as it is", "01234");
    }
    assert_part("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 9, "stays as it is", "01234");
    assert_part("HTTP/1.1 200 OK\r\n\r\n", 9, "stays as it is", "01234");
    // The same version from its beginning, and cut: no byte is lost.
    assert_part("HTTP/1.1 200 OK\r\nETag: \"a\"\r\nContent-Length: 10\r\n\r\n01", 9, "cut short", "01234");
    let shorter = "HTTP/1.1 200 OK\r\nETag: \"a\"\r\nContent-Length: 3\r\n\r\n012";
    assert_part(shorter, 9, "less than the file has", "01234");
    let whole = "HTTP/1.1 416 No\r\nETag: \"b\"\r\nContent-Range: bytes */5\r\nContent-Length: 0\r\n\r\n";
    assert_part(whole, 10, "416", "01234");
}

#[test]
fn a_416_tells_that_it_was_whole() {
    for range in ["bytes */5", "Bytes */5"] {
        let (run, file, part) =
            resumed(&format!("HTTP/1.1 416 No\r\nContent-Range: {range}\r\nContent-Length: 2\r\n\r\nno"));
        assert_eq!((run.code, file.as_deref(), part), (0, Some("01234"), None), "{}", run.stderr);
    }
}

#[test]
fn nothing_that_comes_with_a_416_changes_that_it_was_whole() {
    for rest in [
        "Content-Length: 30\r\n\r\nerr",
        "Transfer-Encoding: chunked\r\n\r\nzz\r\n",
        "Content-Length: 18446744073709551615\r\n\r\nno",
    ] {
        let (run, file, part) = resumed(&format!("HTTP/1.1 416 No\r\nContent-Range: bytes */5\r\n{rest}"));
        assert_eq!((run.code, file.as_deref(), part), (0, Some("01234"), None), "{rest:?}: {}", run.stderr);
    }
}

#[test]
fn a_416_is_reported_as_what_it_says() {
    let refused = |fields: &str| format!("HTTP/1.1 416 No\r\n{fields}Content-Length: 0\r\n\r\n");
    assert_part(&refused("Content-Range: bytes */10\r\n"), 10, "though it has 10 bytes", "01234");
    assert_part(&refused("Content-Range: bytes */3\r\n"), 10, "only 3 bytes", "01234");
    assert_part(&refused("Content-Range: bytes */5\r\nETag: \"b\"\r\n"), 10, "another version", "01234");
    assert_part(&refused(""), 10, "refuses to send the rest (416);", "01234");
}

#[test]
fn what_a_later_resume_makes_of_a_part_is_said_as_it_is() {
    let old = "Last-Modified: Sun, 06 Nov 1994 08:49:37 GMT";
    let dated = format!("{old}\r\nDate: Mon, 07 Nov 1994 08:49:37 GMT");
    let cut = |fields: &str| format!("HTTP/1.1 200 OK\r\n{fields}\r\nContent-Length: 10\r\n\r\n01234");
    for (response, options, words) in [
        (cut("ETag: \"a\""), &[][..], "-C resumes from there"),
        (cut(&dated), &[], "-C resumes from there"),
        (cut("ETag: W/\"a\""), &[], "-C starts over"),
        (cut(old), &[], "-C starts over"),
        (cut("X: y"), &[], "-C starts over"),
        (partial("Content-Range: bytes 0-4/10", "01234"), &[], "-C starts over"),
        // It may begin anywhere.
        (partial("ETag: \"a\"\r\nContent-Length: 10", "01234"), &["-H", "Range: bytes=7-16"], "-C starts over"),
    ] {
        let (run, _, part) = fetched(&response, options);
        run.assert_failed(9, &["5 bytes are in file.part", words]);
        assert_eq!(part.as_deref(), Some("01234"), "{response:?}");
        let json = fetched(&response, &[options, &["--json"]].concat()).0.record();
        let resumes = words == "-C resumes from there";
        assert_eq!(json["transfers"][0]["failure"]["part"]["resumes"], resumes, "{response:?}: {json}");
    }
}

/// What `-o file` makes of a response, with these options.
fn fetched(response: &str, options: &[&str]) -> (Run, Option<String>, Option<String>) {
    let place = crate::harness::folder();
    let url = Peer::responding(response);
    let run = fetch_in(place.path(), &[options, &["--http", "1.1", "-o", "file", &url.url("/")]].concat());
    let read = |name: &str| fs::read_to_string(Path::new(place.path()).join(name)).ok();
    (run, read("file"), read("file.part"))
}

#[test]
fn a_206_that_nobody_asked_for_is_no_whole_file() {
    let (run, file, part) = fetched(&partial("Content-Range: bytes 0-4/10\r\nContent-Length: 5", "01234"), &[]);
    run.assert_failed(9, &["5 of 10", "-C"]);
    assert_eq!((file, part.as_deref()), (None, Some("01234")));
    let (run, file, part) = fetched(&partial("Content-Range: bytes 5-9/10\r\nContent-Length: 5", "56789"), &[]);
    run.assert_failed(8, &["a different range"]);
    assert_eq!((file, part), (None, None));
    let (run, file, _) = fetched(&partial("Content-Range: bytes 0-4/5\r\nContent-Length: 5", "01234"), &[]);
    assert_eq!((run.code, file.as_deref()), (0, Some("01234")), "{}", run.stderr);
    // Who asks for a range gets it.
    let response = partial("Content-Range: bytes 5-9/10\r\nContent-Length: 5", "56789");
    let (run, file, _) = fetched(&response, &["-H", "Range: bytes=5-9"]);
    assert_eq!((run.code, file.as_deref()), (0, Some("56789")), "{}", run.stderr);
    fetched(&response, &["-C", "-H", "Range: bytes=5-9"]).0.assert_failed(2, &["-C"]);
}

/// Of what a file is the beginning, its date does not say: others have it, too.
#[test]
fn a_file_that_is_there_is_never_gone_on_with() {
    let old = "Sun, 06 Nov 1994 08:49:37 GMT";
    let dated = format!("Last-Modified: {old}\r\nDate: Mon, 07 Nov 1994 08:49:37 GMT");
    for (body, code, expected, part) in [("0123456789", 0, "0123456789", None), ("01", 9, "AAAAA", Some("01"))] {
        let response = format!("HTTP/1.1 200 OK\r\n{dated}\r\nContent-Length: 10\r\n\r\n{body}");
        let peer = Peer::start(move |_, stream| {
            let request = read_request(stream);
            assert!(!request.contains("Range"), "{request}");
            stream.write_all(response.as_bytes()).expect("the client reads");
            end(stream);
        });
        let place = crate::harness::folder();
        let path = place.path().join("file");
        fs::write(&path, "AAAAA").expect("a file");
        let time = httpdate::parse_http_date(old).expect("a date");
        fs::File::options().write(true).open(&path).expect("a file").set_modified(time).expect("its time");
        let run = fetch_in(place.path(), &["--http", "1.1", "-C", "-o", "file", &peer.url("/")]);
        let read = |name: &str| fs::read_to_string(place.path().join(name)).ok();
        let got = (run.code, read("file"), read("file.part"));
        assert_eq!(got, (code, Some(expected.to_owned()), part.map(str::to_owned)), "{}", run.stderr);
    }
}

/// A validator tells versions of one resource apart, and no resource from another.
#[test]
fn a_part_of_what_another_url_names_is_left_alone() {
    for validator in
        ["ETag: \"a\"", "Last-Modified: Sun, 06 Nov 1994 08:49:37 GMT\r\nDate: Mon, 07 Nov 1994 08:49:37 GMT"]
    {
        let peer = Peer::start(move |_, stream| {
            let request = read_request(stream);
            let response = match (request.contains("GET /2023/"), request.contains("Range: bytes=5-")) {
                (true, false) => format!("HTTP/1.0 200 OK\r\n{validator}\r\nContent-Length: 10\r\n\r\nAAAAA"),
                (true, true) => format!("HTTP/1.0 206 OK\r\n{validator}\r\nContent-Range: bytes 5-9/10\r\n\r\nAAAAA"),
                _ => format!("HTTP/1.0 200 OK\r\n{validator}\r\nContent-Length: 10\r\n\r\nbbbbbbbbbb"),
            };
            stream.write_all(response.as_bytes()).expect("the client reads");
            end(stream);
        });
        let place = crate::harness::folder();
        let read = |name: &str| fs::read_to_string(place.path().join(name)).ok();
        let (first, second) = (peer.url("/2023/r.csv?a"), peer.url("/2024/r.csv"));
        fetch_in(place.path(), &["-O", &first]).assert_failed(9, &["-C resumes"]);
        let other = fetch_in(place.path(), &["-C", "-O", &second]);
        other.assert_failed(1, &["r.csv.part: it is a part of ", &first, "leave out -C"]);
        fetch_in(place.path(), &["-C", "-O", &peer.url("/2023/r.csv")]).assert_failed(1, &[&first]);
        assert_eq!((read("r.csv"), read("r.csv.part").as_deref()), (None, Some("AAAAA")));
        let same = fetch_in(place.path(), &["-C", "-O", &first]);
        assert_eq!((same.code, read("r.csv").as_deref()), (0, Some("AAAAAAAAAA")), "{}", same.stderr);
        let other = fetch_in(place.path(), &["-C", "-O", &second]);
        assert_eq!((other.code, read("r.csv").as_deref()), (0, Some("bbbbbbbbbb")), "{}", other.stderr);
    }
}

const TAG: &str = "ETag: \"a\"";
const DATES: &str = "Last-Modified: Sun, 06 Nov 1994 08:49:37 GMT\r\nDate: Mon, 07 Nov 1994 08:49:37 GMT";

/// What `options` get first, of which some is missing, and what `-C` and `again` make of it then: the run, file, part.
/// What each gets, names its `year`; `is_ranged`: the server sends the rest alone, if it is asked for.
fn twice(validator: &'static str, is_ranged: bool, first: &[&str], again: &[&str]) -> (Run, String, String) {
    let peer = Peer::start(move |index, stream| {
        let head = read_request(stream);
        let length = head.lines().find_map(|line| line.strip_prefix("Content-Length: "));
        let mut body = vec![0; length.map_or(0, |length| length.parse().expect("a length"))];
        std::io::Read::read_exact(stream, &mut body).expect("the body");
        let response = match (index, is_ranged && head.contains("Range: bytes=5-")) {
            (0, _) => format!("HTTP/1.0 200 OK\r\n{validator}\r\nContent-Length: 10\r\n\r\nAAAAA"),
            (_, true) => format!("HTTP/1.0 206 OK\r\n{validator}\r\nContent-Range: bytes 5-9/10\r\n\r\nbbbbb"),
            _ => format!("HTTP/1.0 200 OK\r\n{validator}\r\nContent-Length: 10\r\n\r\nbbbbbbbbbb"),
        };
        stream.write_all(response.as_bytes()).expect("the client reads");
        end(stream);
    });
    let place = crate::harness::folder();
    let run = fetch_in(place.path(), &[&["-o", "file", &peer.url("/")], first].concat());
    let is_get = !first.iter().any(|option| ["-d", "-X"].contains(option));
    run.assert_failed(9, &[if is_get { "-C resumes" } else { "-C starts over" }]);
    let run = fetch_in(place.path(), &[&["-C", "-o", "file", &peer.url("/")], again].concat());
    let read = |name: &str| fs::read_to_string(place.path().join(name)).unwrap_or_default();
    (run, read("file"), read("file.part"))
}

/// Its response is no representation of the URL, of which there would be a rest.
#[test]
fn what_a_method_or_a_body_gets_is_never_gone_on_with() {
    for (validator, is_ranged) in [(TAG, false), (TAG, true), (DATES, false), (DATES, true)] {
        for (first, again) in [
            (&["-d", "2024"][..], &["-d", "2025"][..]),
            (&["-d", "2024"], &["-d", "2024"]),
            (&["-X", "POST"], &[]),
            (&["-X", "GET", "-d", "2024"], &[]),
        ] {
            let (run, file, part) = twice(validator, is_ranged, first, again);
            assert_eq!((run.code, &*file, &*part), (0, "bbbbbbbbbb", ""), "{first:?} {again:?}: {}", run.stderr);
        }
        let (run, file, part) = twice(validator, is_ranged, &[], &["-d", "2025"]);
        run.assert_failed(1, &["file.part: it is a part of the response to a GET", "leave out -C"]);
        assert_eq!((&*file, &*part), ("", "AAAAA"));
    }
}

/// A date is of each user's page, and of each language's.
#[test]
fn a_date_goes_on_with_what_the_same_fields_got() {
    let (ann, bob) = (&["-H", "Cookie: u=ann", "-H", "X: y"][..], &["-H", "Cookie: u=bob", "-H", "X: y"][..]);
    for is_ranged in [false, true] {
        for (first, again) in [(ann, bob), (ann, &[][..]), (&[][..], bob)] {
            let (run, file, part) = twice(DATES, is_ranged, first, again);
            run.assert_failed(1, &["file.part: it is a part", "other --header fields", "leave out -C"]);
            assert_eq!((&*file, &*part), ("", "AAAAA"));
            let (run, file, _) = twice(TAG, is_ranged, first, again);
            assert_eq!((run.code, &*file), (0, "AAAAAbbbbb"), "a tag tells them apart: {}", run.stderr);
        }
        let same = &["-H", "x: y", "-H", "cookie: u=ann"];
        let (run, file, _) = twice(DATES, is_ranged, ann, same);
        assert_eq!((run.code, &*file), (0, "AAAAAbbbbb"), "{}", run.stderr);
    }
}

#[test]
fn a_part_that_turns_out_to_be_whole_is_said_to_have_been() {
    let response = "HTTP/1.1 200 OK\r\nETag: \"a\"\r\nContent-Length: 5\r\n\r\n01234";
    let (run, file, part) = resumed(response);
    assert_eq!((run.code, file.as_deref(), part), (0, Some("01234"), None), "{}", run.stderr);
    let (run, _, part) = resumed("HTTP/1.1 404 No\r\nContent-Length: 0\r\n\r\n");
    assert!(!run.stderr.contains("received") && part.as_deref() == Some("01234"), "{}", run.stderr);
}
