//! Writes the seeds: the requests of tests/wire, and a few inputs by hand. A
//! program of one file: `fuzz/run --seeds` compiles and runs it in this folder.

#[path = "../tests/wire/document.rs"]
#[allow(dead_code, unreachable_pub)]
mod document;

use std::fs;
use std::path::Path;

/// Longer requests try limits; repeated bytes are found without them.
const LONGEST: usize = 2000;

fn main() {
    let seeds = Path::new("seeds");
    let write = |target: &str, name: &str, bytes: &[u8]| {
        let folder = seeds.join(target);
        fs::create_dir_all(&folder).expect("a folder");
        fs::write(folder.join(name), bytes).expect("a file");
    };
    for (name, request) in requests() {
        // The link seeds/site leads here, too.
        write("server", &name, &[b"\x06\x00\x40\x02", request.as_slice()].concat());
    }
    for (index, (choice, response)) in RESPONSES.iter().enumerate() {
        write(
            "client",
            &index.to_string(),
            &[&[*choice], b"\x06\x00\x40\x02".as_slice(), response.as_bytes()].concat(),
        );
    }
    for (target, texts) in TEXTS {
        for (index, text) in texts.iter().enumerate() {
            write(target, &index.to_string(), text.as_bytes());
        }
    }
    write("records", "example", record().as_bytes());
    write("packets", "syn", &[b"\x3c\x01".as_slice(), &SYN].concat());
}

/// The requests of all documents of tests/wire, each under a name of its own.
fn requests() -> Vec<(String, Vec<u8>)> {
    let mut requests = Vec::new();
    let mut files: Vec<_> = fs::read_dir("../tests/wire")
        .expect("the documents")
        .map(|entry| entry.expect("one").path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "md"))
        .collect();
    files.sort();
    for file in files {
        let text = fs::read_to_string(&file).expect("a document");
        let stem = file.file_stem().expect("a name").to_string_lossy().into_owned();
        for (index, case) in document::cases(&text, &|_, _| "\"a-1\"".to_owned()).iter().enumerate() {
            let bytes = case.exchanges.iter().flat_map(|exchange| exchange.request.clone()).collect::<Vec<u8>>();
            if bytes.len() <= LONGEST {
                requests.push((format!("{stem}-{index:02}"), bytes));
            }
        }
    }
    requests
}

/// The example of docs/records.md, without its indentation.
fn record() -> String {
    let text = fs::read_to_string("../docs/records.md").expect("the description");
    let example = text.split("```json\n").nth(1).and_then(|rest| rest.split("```").next()).expect("an example");
    example.lines().map(str::trim_start).collect()
}

/// What is asked (see `client::request`), and a response.
const RESPONSES: &[(u8, &str)] = &[
    (1, "HTTP/1.0 200 OK\r\nContent-Length: 5\r\nConnection: keep-alive\r\n\r\nhello"),
    (1, "HTTP/1.0 200 OK\r\n\r\nuntil the end"),
    (2, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5;a=b\r\nhello\r\n0\r\nA: b\r\n\r\n"),
    (2, "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n"),
    (6, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n"),
    (18, "HTTP/1.1 304 Not Modified\r\nETag: \"a\"\r\n\r\n"),
    (0, "<p>no head"),
    (0, "HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n"),
    (2, "HTTP/1.1 200 OK\nA: b\n c\n: d\nContent-Length: 1, 1\n\nxy"),
    (2, "HTTP/1.1 101 Switching Protocols\r\n\r\n"),
    (2, "SSH-2.0-OpenSSH_9.2\r\n"),
];

/// By target.
const TEXTS: &[(&str, &[&str])] = &[
    ("chunked", &["\x02\x03\x04\x055\r\nhello\r\nA;x\r\n0123456789\r\n0\r\n\r\n", "\x00\x00\x00\x00f \r\n"]),
    ("listing", &["a.txt\0b<i>\0\u{d55c}\0\"'&\0.c\0e f", "<script>\0javascript:x\0..a\0%2e%2e\0\u{202e}txt.exe"]),
    (
        "logs",
        &[
            "\u{40}\u{40}GET / HTTP/1.0http://a.example/curl/8.14.1",
            "\u{60}\u{40}GET /\"\\ HTTP/1.1\"a\\\u{1b}[2J\u{202e}\u{200b}\u{9b}x\u{7f}",
        ],
    ),
    (
        "names",
        &[
            "http://localhost:8080/a?b=c#d\n../e",
            "[fe80::1%lo]:81/a",
            "b\u{fc}cher.example/\u{e4} b",
            "1.2.3.4",
            "[::1]:53",
            "a.example.\n//b/",
            "\0\0\u{1}\0\0\u{1}\0\u{1}\0\0\0\0\u{1}a\u{4}test\0\0\u{1}\0\u{1}",
        ],
    ),
    (
        "dates",
        &[
            "Sun, 06 Nov 1994 08:49:37 GMT",
            "Sunday, 06-Nov-94 08:49:37 GMT",
            "Sun Nov  6 08:49:37 1994",
            "Fri, 31 Dec 9999 23:59:60 GMT",
            "bytes 5-9/10",
            "bytes */10",
        ],
    ),
];

/// A SYN with its options, over IPv4.
const SYN: [u8; 60] = [
    0x45, 0x00, 0x00, 0x3c, 0x1c, 0x46, 0x40, 0x00, 0x40, 0x06, 0x20, 0x74, 0x7f, 0x00, 0x00, 0x01, 0x7f, 0x00, 0x00,
    0x01, 0xc3, 0x51, 0x1f, 0x90, 0x2b, 0x55, 0xe2, 0x18, 0x00, 0x00, 0x00, 0x00, 0xa0, 0x02, 0xff, 0xd7, 0xfe, 0x30,
    0x00, 0x00, 0x02, 0x04, 0xff, 0xd7, 0x04, 0x02, 0x08, 0x0a, 0xbb, 0x40, 0xe6, 0x4d, 0x00, 0x00, 0x00, 0x00, 0x01,
    0x03, 0x03, 0x07,
];
