//! What the options change in responses.

use super::Folder;
use crate::harness::Response;

#[test]
fn spa_serves_the_index_for_what_names_nothing() {
    let folder = Folder::of(&["index.html", "app.js", "sub/inner.txt", ".env"]);
    let server = folder.serve(&["--spa"]);
    for path in ["/", "/users/5", "/about", "/a/b/c/", "/missing/?q=1", "/users/jane.doe", "/v1.2"] {
        let response = server.get(path);
        assert_eq!((response.status, response.text().as_str()), (200, "index.html"), "{path}");
        assert_eq!(response.header("Content-Type"), Some("text/html; charset=utf-8"));
    }
    for path in ["/missing.js", "/app/missing.css", "/logo.png", "/.env", "/.git/config", "/..", "/a%00", "/a%2Fb"] {
        assert_eq!(server.get(path).status, 404, "{path}");
    }
    assert_eq!(server.get("/app.js").text(), "app.js");
    assert_eq!(server.get("/sub/inner.txt").text(), "sub/inner.txt");
    assert_eq!(server.get("/%").status, 400);
}

#[test]
fn a_view_of_the_application_can_be_not_modified() {
    let folder = Folder::of(&["index.html"]);
    let server = folder.serve(&["--spa"]);
    let response = server.get("/users/5");
    let condition = format!("If-None-Match: {}\r\n", response.header("ETag").expect("a tag"));
    assert_eq!(server.get_with("/users/6", &condition).status, 304);
}

#[test]
fn spa_without_an_index_finds_nothing() {
    let folder = Folder::of(&["a.txt"]);
    assert_eq!(folder.serve(&["--spa"]).get("/users/5").status, 404);
}

#[test]
fn each_response_of_the_site_bears_the_headers_asked_for() {
    let folder = Folder::of(&["a.txt", "sub/b.txt"]);
    let server =
        folder.serve(&["--header", "X-Frame-Options: DENY", "--header", "X-Empty:", "--header", "X-Colon: a:b"]);
    for (path, fields, status) in [
        ("/a.txt", "", 200),
        ("/a.txt", "Range: bytes=0-0\r\n", 206),
        ("/a.txt", "Range: bytes=9-\r\n", 416),
        ("/a.txt", "If-None-Match: *\r\n", 304),
        ("/a.txt", "If-Match: \"x\"\r\n", 412),
        ("/sub", "", 301),
        ("/sub/", "", 200),
        ("/missing", "", 404),
        ("/%", "", 400),
    ] {
        let response = server.get_with(path, fields);
        assert_eq!(response.status, status, "{path} {fields}");
        assert_eq!(response.header("X-Frame-Options"), Some("DENY"), "{path} {fields}");
        assert_eq!(response.header("X-Colon"), Some("a:b"), "{path} {fields}");
        assert!(response.head.contains("X-Empty:"), "{path} {fields}");
    }
}

#[test]
fn the_headers_asked_for_are_on_the_response_to_options_too() {
    let folder = Folder::of(&["a.txt"]);
    let server = folder.serve(&["--header", "Access-Control-Allow-Origin: *"]);
    for target in ["*", "/", "/a.txt", "/missing"] {
        let response = Response::parse(&server.ask(format!("OPTIONS {target} HTTP/1.0\r\n\r\n").as_bytes()));
        assert_eq!((response.status, response.header("Allow")), (204, Some("GET, HEAD, OPTIONS")), "{target}");
        assert_eq!(response.header("Access-Control-Allow-Origin"), Some("*"), "{target}");
    }
}

#[test]
fn each_file_bears_the_cache_control_of_the_last_rule_that_fits() {
    let folder = Folder::of(&["index.html", "assets/app.js", "assets/page.html"]);
    let rules = ["max-age=60", "/assets/**: max-age=31536000, immutable", "*.html: no-cache"];
    let options: Vec<&str> = rules.iter().flat_map(|rule| ["--cache-control", rule]).collect();
    let server = folder.serve(&options);
    let said = |path: &str| server.get(path).header("Cache-Control").map(str::to_owned);
    for (path, value) in
        [("/", rules[2]), ("/assets/app.js", rules[1]), ("/assets/page.html", rules[2]), ("/assets/app.js?a", rules[1])]
    {
        let value = value.rsplit(": ").next();
        assert_eq!(said(path).as_deref(), value, "{path}");
        assert_eq!(said(path).as_deref(), value, "{path}, kept");
    }
}

#[test]
fn cache_control_is_said_of_files() {
    let folder = Folder::of(&["a.txt", "index.html"]);
    let server = folder.serve(&["--cache-control", "public, max-age=3600"]);
    for (path, fields) in
        [("/a.txt", ""), ("/", ""), ("/a.txt", "If-None-Match: *\r\n"), ("/a.txt", "Range: bytes=0-0\r\n")]
    {
        let response = server.get_with(path, fields);
        assert_eq!(response.header("Cache-Control"), Some("public, max-age=3600"), "{path} {fields}");
    }
    assert_ne!(server.get("/missing").header("Cache-Control"), Some("public, max-age=3600"));
}

#[test]
fn whatever_a_cache_would_keep_unasked_says_that_it_may_not() {
    // RFC 9110 §15.1: among others 301, 404, 405, 414 and 501. A 301 is kept for ever.
    let folder = Folder::of(&["a.txt", "sub/b.txt"]);
    let long = format!("GET /{} HTTP/1.0\r\n\r\n", "x".repeat(20_000));
    for model in crate::harness::MODELS {
        let server = folder.serve(&["--model", model, "--cache-control", "max-age=3600"]);
        for (request, status) in [
            ("GET /sub HTTP/1.0\r\n\r\n", 301),
            ("GET /missing HTTP/1.0\r\n\r\n", 404),
            ("GET /a.txt/ HTTP/1.0\r\n\r\n", 404),
            ("DELETE /a.txt HTTP/1.0\r\n\r\n", 405),
            (&long, 414),
            ("BREW / HTTP/1.0\r\n\r\n", 501),
            ("GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 501),
            ("GET /sub/ HTTP/1.0\r\n\r\n", 200),
        ] {
            let response = Response::parse(&server.ask(request.as_bytes()));
            assert_eq!((response.status, response.header("Cache-Control")), (status, Some("no-cache")), "{model}");
        }
    }
}

#[test]
fn a_folder_that_becomes_a_file_is_found() {
    let folder = Folder::of(&["page/index.html"]);
    let server = folder.serve(&[]);
    assert_eq!(server.get("/page").header("Location"), Some("/page/"));
    std::fs::remove_dir_all(folder.path("page")).expect("removed");
    folder.write("page", "a file");
    assert_eq!(server.get("/page").text(), "a file");
}

#[test]
fn the_roots_own_404_page_is_sent_as_a_404() {
    let folder = Folder::of(&["404.html", "a.txt"]);
    let server = folder.serve(&[]);
    for path in ["/missing", "/sub/missing.png", "/.hidden", "/a.txt/"] {
        let response = server.get_with(path, "If-None-Match: *\r\nRange: bytes=0-0\r\n");
        assert_eq!((response.status, response.text().as_str()), (404, "404.html"), "{path}");
        assert_eq!(response.header("Content-Type"), Some("text/html; charset=utf-8"));
        assert_eq!(
            (response.header("ETag"), response.header("Last-Modified")),
            (None, None),
            "the page is not the resource"
        );
    }
    assert_eq!(server.get("/404.html").status, 200);
}

#[test]
fn without_one_the_404_page_repeats_nothing_of_the_request() {
    let folder = Folder::new();
    let response = folder.serve(&[]).get("/<script>alert(1)</script>");
    assert_eq!((response.status, response.header("Content-Type")), (404, Some("text/html; charset=utf-8")));
    assert!(!response.text().contains("script"));
}
