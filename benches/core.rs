//! What the core costs without any socket: `cargo bench --bench core`.
//!
//! Reading a head, writing one, and finding the response to a request, through the
//! public library.

#![allow(clippy::expect_used, reason = "a benchmark whose fixture fails has nothing to measure")]

use divan::{Bencher, black_box, black_box_drop};
use glasshttp::handler::{Begun, Ends, Handler, Response};
use glasshttp::http::message::{FieldStorage, Framing, HeaderBlock, Request, ResponseHead, StatusCode};
use glasshttp::http::parse;
use glasshttp::http::server::ServerConnection;
use glasshttp::site::{Site, SiteOptions};
use std::fs;
use std::os::fd::AsFd;
use tempfile::TempDir;

const SHORT: &str = "GET /small.html HTTP/1.0\r\nHost: localhost\r\n\r\n";
const BROWSER: &str = "GET /small.html HTTP/1.1\r\n\
    Host: localhost:8080\r\n\
    Connection: keep-alive\r\n\
    Cache-Control: max-age=0\r\n\
    sec-ch-ua: \"Chromium\";v=\"142\", \"Not_A Brand\";v=\"99\"\r\n\
    sec-ch-ua-mobile: ?0\r\n\
    sec-ch-ua-platform: \"Linux\"\r\n\
    Upgrade-Insecure-Requests: 1\r\n\
    User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36\r\n\
    Accept: text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8\r\n\
    Sec-Fetch-Site: none\r\n\
    Sec-Fetch-Mode: navigate\r\n\
    Sec-Fetch-User: ?1\r\n\
    Sec-Fetch-Dest: document\r\n\
    Accept-Encoding: gzip, deflate, br, zstd\r\n\
    Accept-Language: en-GB,en;q=0.9,ko;q=0.8\r\n\r\n";
const NOWHERE: &str = "GET /no/such/file.html HTTP/1.0\r\nHost: localhost\r\n\r\n";
const DEEP: &str = "GET /a/b/c/d/e/f/g/h/i/%6a/deep.html HTTP/1.0\r\nHost: localhost\r\n\r\n";
const DATE: &str = "Sun, 06 Nov 1994 08:49:37 GMT";

fn main() {
    divan::main();
}

#[divan::bench(args = ["short", "browser"])]
fn parse_head(bencher: Bencher<'_, '_>, whose: &str) {
    let head = if whose == "browser" { BROWSER } else { SHORT };
    bencher.bench(|| {
        let mut storage = FieldStorage::new();
        let read = parse::head(black_box(head.as_bytes()), true, &mut storage);
        black_box(read.is_ok())
    });
}

#[divan::bench(args = ["short", "browser"])]
fn receive_head(bencher: Bencher<'_, '_>, whose: &str) {
    let head = if whose == "browser" { BROWSER } else { SHORT };
    bencher.bench(|| {
        let mut storage = FieldStorage::new();
        let mut connection = ServerConnection::new(true);
        let (_, request) = connection.receive(black_box(head.as_bytes()), &mut storage, |_| 0);
        black_box(request.is_some())
    });
}

#[divan::bench]
fn write_head(bencher: Bencher<'_, '_>) {
    let headers = HeaderBlock::of(&[
        ("Content-Type", "text/html; charset=utf-8"),
        ("Accept-Ranges", "bytes"),
        ("Last-Modified", DATE),
        ("ETag", "\"18e9ec61c4a889cb-2c\""),
        ("Cache-Control", "no-cache"),
    ]);
    let response = ResponseHead::new(StatusCode::OK, headers, Framing::Length(1024));
    // One buffer, as a serving thread has; it is empty for each response.
    let mut out = Vec::with_capacity(4096);
    let asked = || {
        let mut connection = ServerConnection::new(true);
        let mut storage = FieldStorage::new();
        connection.receive(SHORT.as_bytes(), &mut storage, |_| 0);
        connection
    };
    bencher.with_inputs(asked).bench_local_refs(|connection| {
        out.clear();
        connection.respond(black_box(&response), black_box(DATE), &mut out);
    });
    assert!(out.starts_with(b"HTTP/1.0 200 OK\r\n") && out.ends_with(b"\r\n\r\n"));
}

#[divan::bench]
fn small_file_cached(bencher: Bencher<'_, '_>) {
    let (_folder, site) = site();
    let mut site = site.for_event_loop().expect("a site keeps files for each event loop");
    let stdin = std::io::stdin();
    let ends = Ends::new(Some(([127, 0, 0, 1], 1).into()), stdin.as_fd());
    let handle_request = |request: &Request<'_>| match site.begin_on(request, ends) {
        Begun::Now(response) => response,
        _ => unreachable!("local files need no helper"),
    };
    handle(bencher, handle_request, SHORT, StatusCode::OK);
}

#[divan::bench]
fn small_file_uncached(bencher: Bencher<'_, '_>) {
    let (_folder, site) = site();
    handle(bencher, |request| site.handle(request), SHORT, StatusCode::OK);
}

#[divan::bench]
fn not_found(bencher: Bencher<'_, '_>) {
    let (_folder, site) = site();
    handle(bencher, |request| site.handle(request), NOWHERE, StatusCode::NOT_FOUND);
}

#[divan::bench]
fn deep_path_uncached(bencher: Bencher<'_, '_>) {
    let (_folder, site) = site();
    handle(bencher, |request| site.handle(request), DEEP, StatusCode::OK);
}

/// A folder with a small file, and one ten folders down.
fn site() -> (TempDir, Site) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let deep = folder.path().join("a/b/c/d/e/f/g/h/i/j");
    fs::create_dir_all(&deep).expect("folders");
    fs::write(folder.path().join("small.html"), [b'x'; 1024]).expect("a file");
    fs::write(deep.join("deep.html"), [b'x'; 1024]).expect("a file");
    let site = Site::open(folder.path(), SiteOptions::default()).expect("a site");
    (folder, site)
}

fn handle(bencher: Bencher<'_, '_>, mut handle: impl FnMut(&Request<'_>) -> Response, head: &str, status: StatusCode) {
    let mut storage = FieldStorage::new();
    let (request, _) = parse::head(head.as_bytes(), true, &mut storage).expect("a request").expect("a whole request");
    assert_eq!(handle(&request).status, status);
    bencher.bench_local(|| {
        // Dropped here: closing the file is part of what it costs.
        let response: Response = handle(black_box(&request));
        black_box_drop(response);
    });
}
