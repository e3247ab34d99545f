//! Media types and charsets: said by the name where it says something, and seen.

use super::{Folder, pattern};
use crate::harness::{MODELS, PATIENCE, Server};
use std::time::Instant;

/// 한글, and the same in encodings that are not UTF-8.
const EUC_KR: &[u8] = b"\xc7\xd1\xb1\xdb";
const SHIFT_JIS: &[u8] = b"\x93\xfa\x96\x7b";
const LATIN_1: &[u8] = b"caf\xe9";
const UTF_16: &[u8] = b"\xff\xfeh\0i\0";
const UTF_16_UNMARKED: &[u8] = b"h\0i\0";
const ISO_2022_JP: &[u8] = b"\x1b$BF|K\\\x1b(B";

fn content_type(server: &Server, path: &str) -> String {
    server.get(path).header("Content-Type").unwrap_or_default().to_owned()
}

#[test]
fn a_charset_is_said_of_utf_8_and_of_nothing_else() {
    let folder = Folder::new();
    let bodies: [(&str, &[u8], bool); 10] = [
        ("ascii", b"plain", true),
        ("korean", "한글".as_bytes(), true),
        ("marked", b"\xef\xbb\xbfmarked", true),
        ("empty", b"", true),
        ("euc-kr", EUC_KR, false),
        ("shift-jis", SHIFT_JIS, false),
        ("latin-1", LATIN_1, false),
        ("utf-16", UTF_16, false),
        ("utf-16-unmarked", UTF_16_UNMARKED, false),
        ("iso-2022-jp", ISO_2022_JP, false),
    ];
    let types = [
        ("html", "text/html"),
        ("txt", "text/plain"),
        ("css", "text/css"),
        ("js", "text/javascript"),
        ("svg", "image/svg+xml"),
        ("xml", "text/xml"),
        ("json", "application/json"),
    ];
    for (name, body, _) in bodies {
        types.iter().for_each(|(extension, _)| folder.write(format!("{name}.{extension}"), body));
    }
    for model in MODELS {
        let server = folder.serve(&["--model", model]);
        for (name, _, is_utf_8) in bodies {
            for (extension, media_type) in types {
                let expected = if is_utf_8 { format!("{media_type}; charset=utf-8") } else { media_type.to_owned() };
                assert_eq!(content_type(&server, &format!("/{name}.{extension}")), expected, "{model} {name}");
            }
        }
    }
}

#[test]
fn a_letter_cut_at_the_edge_of_what_is_looked_at_is_no_fault() {
    let folder = Folder::new();
    for shift in 0..4 {
        let text = format!("{}{}", "x".repeat(shift), "한".repeat(20_000));
        folder.write(format!("{shift}.txt"), &text);
        folder.write(format!("{shift}-broken.txt"), [text.as_bytes(), EUC_KR].concat());
    }
    let server = folder.serve(&[]);
    for shift in 0..4 {
        assert_eq!(content_type(&server, &format!("/{shift}.txt")), "text/plain; charset=utf-8");
        // What lies behind the edge is seen when all of it was read for the tag.
        let begun = Instant::now();
        while content_type(&server, &format!("/{shift}-broken.txt")) != "text/plain" {
            assert!(begun.elapsed() < PATIENCE, "never seen");
        }
    }
}

#[test]
fn a_large_page_that_begins_in_ascii_and_names_its_encoding_is_believed() {
    let folder = Folder::new();
    let page = |encoding: &str, rest: &[u8]| {
        let head = format!("<!doctype html><meta charset={encoding}><style>{}</style>", " ".repeat(20_000));
        [head.as_bytes(), rest].concat()
    };
    folder.write("euc-kr.html", page("euc-kr", EUC_KR));
    folder.write("utf-8.html", page("utf-8", "한글".as_bytes()));
    let server = folder.serve(&["--model", "process"]); // which sees no more than that of files of some size
    assert_eq!(content_type(&server, "/euc-kr.html"), "text/html");
    assert_eq!(content_type(&server, "/utf-8.html"), "text/html; charset=utf-8");
}

#[test]
fn a_neighbour_has_the_type_of_what_it_is_in_another_coding() {
    let folder = Folder::new();
    for (name, body) in [("utf-8.html", "한글".as_bytes()), ("euc-kr.html", EUC_KR), ("README", b"text")] {
        folder.write(name, body);
        folder.write(format!("{name}.gz"), b"\x1f\x8b not looked into \0\xff");
    }
    let server = folder.serve(&[]);
    for (name, expected) in [
        ("utf-8.html", "text/html; charset=utf-8"),
        ("euc-kr.html", "text/html"),
        ("README", "text/plain; charset=utf-8"),
    ] {
        let response = server.get_with(&format!("/{name}"), "Accept-Encoding: gzip\r\n");
        assert_eq!(response.header("Content-Encoding"), Some("gzip"), "{name}");
        assert_eq!(response.header("Content-Type"), Some(expected), "{name}");
        let archive = server.get(&format!("/{name}.gz"));
        assert_eq!(
            (archive.header("Content-Type"), archive.header("Content-Encoding")),
            (Some("application/gzip"), None)
        );
    }
}

#[test]
fn text_without_a_name_for_it_is_shown() {
    let folder = Folder::new();
    for name in ["README", "LICENSE", "Makefile", "Dockerfile", "go.mod", "v1.2", "notes.unknown", ".well-known/token"]
    {
        folder.write(name, "some text\n");
    }
    folder.write("latin", LATIN_1);
    folder.write("program", b"\x7fELF\x02\x01\x01\0\0");
    folder.write("large", pattern(100_000));
    folder.write("large-text", "line\n".repeat(10_000));
    folder.write("known.bin", "text");
    let server = folder.serve(&[]);
    for name in ["README", "LICENSE", "Makefile", "Dockerfile", "go.mod", "v1.2", "notes.unknown", ".well-known/token"]
    {
        assert_eq!(content_type(&server, &format!("/{name}")), "text/plain; charset=utf-8", "{name}");
    }
    assert_eq!(content_type(&server, "/large-text"), "text/plain; charset=utf-8");
    assert_eq!(content_type(&server, "/latin"), "text/plain");
    for name in ["program", "large", "known.bin"] {
        assert_eq!(content_type(&server, &format!("/{name}")), "application/octet-stream", "{name}");
    }
}

#[test]
fn types_by_name() {
    let folder = Folder::new();
    let types = [
        ("a.woff", "font/woff"),
        ("a.woff2", "font/woff2"),
        ("a.ttf", "font/ttf"),
        ("a.otf", "font/otf"),
        ("a.cjs", "text/javascript; charset=utf-8"),
        ("a.mjs", "text/javascript; charset=utf-8"),
        ("a.zst", "application/zstd"),
        ("a.jsonl", "application/jsonl"),
        ("a.ndjson", "application/x-ndjson"),
        ("a.m4s", "video/iso.segment"),
        ("a.yaml", "application/yaml"),
        ("a.toml", "application/toml"),
        ("a.wasm", "application/wasm"),
        ("a.webmanifest", "application/manifest+json; charset=utf-8"),
        ("a.avif", "image/avif"),
        ("a.m4a", "audio/mp4"),
        ("a.m3u8", "application/vnd.apple.mpegurl"),
        ("a.mpd", "application/dash+xml; charset=utf-8"),
        ("a.vtt", "text/vtt; charset=utf-8"),
        ("a.geojson", "application/geo+json; charset=utf-8"),
        ("types.ts", "text/plain; charset=utf-8"),
    ];
    types.iter().for_each(|(name, _)| folder.write(name, name));
    folder.write("film.ts", b"G\x40\0\x10\0\0\xb0\x0d\0\x01");
    folder.write("drawing.svgz", b"\x1f\x8b\x08\0 coded");
    folder.write("not-coded.svgz", "<svg/>");
    let server = folder.serve(&[]);
    for (name, expected) in types {
        assert_eq!(content_type(&server, &format!("/{name}")), expected, "{name}");
    }
    assert_eq!(content_type(&server, "/film.ts"), "video/mp2t");
    let drawing = server.get("/drawing.svgz");
    let fields = (drawing.header("Content-Type"), drawing.header("Content-Encoding"));
    assert_eq!(fields, (Some("image/svg+xml"), Some("gzip")));
    let drawing = server.get("/not-coded.svgz");
    let fields = (drawing.header("Content-Type"), drawing.header("Content-Encoding"));
    assert_eq!(fields, (Some("image/svg+xml; charset=utf-8"), None));
}

#[test]
fn what_is_coded_by_its_name_has_no_further_coding() {
    let folder = Folder::new();
    let drawing = b"\x1f\x8b\x08\0 coded";
    folder.write("drawing.svgz", drawing);
    folder.write("drawing.svgz.gz", "coded twice");
    folder.write("drawing.svgz.br", "coded twice, otherwise");
    for model in crate::harness::MODELS {
        let server = folder.serve(&["--model", model]);
        for wanted in ["gzip", "br", "gzip, br"] {
            let response = server.get_with("/drawing.svgz", &format!("Accept-Encoding: {wanted}\r\n"));
            assert_eq!((response.header("Content-Encoding"), response.header("Vary")), (Some("gzip"), None), "{model}");
            assert_eq!(response.body, drawing, "{model}");
        }
    }
}
