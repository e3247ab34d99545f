//! A path without an extension that names no file means the page of that name.

use super::Folder;
use crate::harness::{MODELS, Response, Server};

#[test]
fn a_page_is_found_without_its_extension_under_each_model() {
    let folder = Folder::of(&[
        "about.html",
        "docs/install.html",
        "v1.2.html",
        "both.html",
        "both/index.html",
        "exact",
        "exact.html",
    ]);
    folder.write("list.html", "x".repeat(100));
    for model in MODELS {
        let server = folder.serve(&["--model", model]);
        for (path, status, text) in [
            ("/about", 200, "about.html"),
            ("/about?q=1", 200, "about.html"),
            ("/docs/install", 200, "docs/install.html"),
            ("/docs/../about", 200, "about.html"),
            ("/exact", 200, "exact"),
        ] {
            let response = server.get(path);
            assert_eq!((response.status, response.text().as_str()), (status, text), "{model}: {path}");
        }
        for path in ["/about/", "/about.html/", "/v1.2", "/about.htm", "/docs/about", "/list/", "/%61bou"] {
            assert_eq!(server.get(path).status, 404, "{model}: {path}");
        }
        assert_eq!(server.get("/both").header("Location"), Some("/both/"), "{model}: a folder of that name is meant");

        let (short, long) = (server.get("/list"), server.get("/list.html"));
        for name in ["Content-Type", "Content-Length", "ETag", "Last-Modified", "Cache-Control", "Vary"] {
            assert_eq!(short.header(name), long.header(name), "{model}: {name}");
        }
        let tag = short.header("ETag").expect("a tag");
        assert_eq!(server.get_with("/list", &format!("If-None-Match: {tag}\r\n")).status, 304, "{model}");
        let part = server.get_with("/list", &format!("Range: bytes=0-9\r\nIf-Range: {tag}\r\n"));
        assert_eq!((part.status, part.body.len()), (206, 10), "{model}");
        let head = Response::parse(&server.ask(b"HEAD /list HTTP/1.0\r\n\r\n"));
        assert_eq!((head.status, head.header("Content-Length"), head.body.len()), (200, Some("100"), 0), "{model}");
    }
}

/// What was not there a moment ago, and what is there no longer.
#[test]
fn a_page_that_comes_and_goes_is_seen() {
    let folder = Folder::of(&["index.html"]);
    let server = folder.serve(&[]);
    let becomes = |path: &str, status: u16| {
        let until = std::time::Instant::now() + std::time::Duration::from_secs(5);
        while server.get(path).status != status {
            assert!(std::time::Instant::now() < until, "{path} is not {status} after 5 s");
        }
    };
    becomes("/late", 404);
    folder.write("late.html", "page");
    becomes("/late", 200);
    folder.write("late", "file");
    let until = std::time::Instant::now() + std::time::Duration::from_secs(5);
    while server.get("/late").text() != "file" {
        assert!(std::time::Instant::now() < until, "the file itself comes first");
    }
    std::fs::remove_file(folder.path("late")).expect("it was there");
    becomes("/late", 200);
    std::fs::remove_file(folder.path("late.html")).expect("it was there");
    becomes("/late", 404);
}

#[test]
fn an_application_s_own_page_comes_before_its_index() {
    let folder = Folder::of(&["index.html", "about.html"]);
    let server = folder.serve(&["--spa"]);
    assert_eq!(server.get("/about").text(), "about.html");
    assert_eq!(server.get("/users").text(), "index.html");
    assert_eq!(server.get("/about/").text(), "index.html");
}

#[test]
fn a_page_is_no_way_out_of_the_folder_and_none_to_what_is_hidden() {
    let folder = Folder::of(&["public/index.html", "secret.html", "public/.draft.html", "public/.git/a.html"]);
    let server = Server::start(&folder.path("public"), &[]);
    for path in ["/../secret", "/%2e%2e/secret", "/.draft", "/.git/a", "/a%2Fb", "/secret%00"] {
        assert_eq!(server.get(path).status, 404, "{path}");
    }
}

#[test]
fn the_precompressed_neighbour_of_a_page_is_its_neighbour_still() {
    let folder = Folder::of(&["about.html", "about.html.gz"]);
    let response = folder.serve(&[]).get_with("/about", "Accept-Encoding: gzip\r\n");
    assert_eq!(response.text(), "about.html.gz");
    assert_eq!((response.header("Content-Encoding"), response.header("Vary")), (Some("gzip"), Some("Accept-Encoding")));
}
