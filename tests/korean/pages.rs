//! What a site says to browsers.

use super::{assert_korean, korean};
use crate::closing::folder_with;
use crate::harness::{Response, Server};

/// What a browser would show of a page.
fn shown(page: &str) -> String {
    let mut text = String::new();
    let mut rest = page;
    while let Some((before, tag)) = rest.split_once('<') {
        text.push_str(before);
        text.push('\n');
        let is_hidden = ["style", "script"].into_iter().find(|name| tag.starts_with(name));
        let after = match is_hidden {
            Some(name) => tag.split_once(&format!("</{name}")).map_or("", |(_, after)| after),
            None => tag,
        };
        rest = after.split_once('>').map_or("", |(_, after)| after);
    }
    text + rest
}

#[test]
fn error_pages_and_listings_are_korean() {
    let (folder, _) = folder_with(10);
    std::fs::create_dir(folder.path().join("sub")).expect("a folder");
    let server =
        Server::spawn(korean().args(["-p", "0", "--log", "off", "--no-watch", "--timeout", "1"]).arg(folder.path()));
    let long = format!("GET /{} HTTP/1.0\r\n\r\n", "a".repeat(17 << 10));
    let large = format!("GET / HTTP/1.0\r\nA: {}\r\n\r\n", "a".repeat(33 << 10));
    let many = format!("GET / HTTP/1.0\r\n{}\r\n", "A: b\r\n".repeat(101));
    for request in [
        "GET /nothing HTTP/1.0\r\n\r\n",
        "GET /%zz HTTP/1.0\r\n\r\n",
        "GET /sub HTTP/1.0\r\n\r\n",
        "GET /sub/ HTTP/1.0\r\n\r\n",
        "GET /small.txt HTTP/1.0\r\nRange: bytes=100-\r\n\r\n",
        "GET /small.txt HTTP/1.0\r\nIf-Match: \"a\"\r\n\r\n",
        "POST / HTTP/1.0\r\n\r\n",
        "BREW / HTTP/1.0\r\n\r\n",
        "GET / HTTP/1.1\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: elsewhere.example\r\n\r\n",
        "GET  / HTTP/1.0\r\n\r\n",
        "GET / HTTP/3.0\r\n\r\n",
        "GET nowhere HTTP/1.0\r\n\r\n",
        "GET / HTTP/1.0\r\nA b\r\n\r\n",
        "GET / HTTP/1.0\r\nContent-Length: a\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n",
        "\x01\r\n\r\n",
        "\x16\x03\x01",
        "GET / HT",
        &long,
        &large,
        &many,
    ] {
        let response = Response::parse(&server.ask(request.as_bytes()));
        let page = response.text();
        assert!(page.contains("lang=\"ko\""), "{request:?}: {page}");
        assert_korean(&shown(&page), &["small.txt", "file.bin", "sub"]);
    }
}
