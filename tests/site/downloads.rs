//! Files of all sizes arrive whole.

use super::{Folder, pattern};
use crate::harness::{Client, MODELS};
use std::fs::File;

#[test]
fn sizes_around_every_boundary_arrive_whole() {
    let boundaries = [0_usize, 4096, 8192, 16 << 10, 32 << 10, 64 << 10, 1 << 20, 4 << 20];
    let sizes: Vec<usize> = boundaries.iter().flat_map(|&at| [at.saturating_sub(1), at, at + 1]).collect();
    let folder = Folder::new();
    for &size in &sizes {
        folder.write(format!("{size}.bin"), pattern(size));
    }
    for model in MODELS {
        let server = folder.serve(&["--model", model]);
        let mut client = server.connect();
        let request = |size: &usize| format!("GET /{size}.bin HTTP/1.1\r\nHost: a\r\n\r\n");
        client.send(sizes.iter().map(request).collect::<String>().as_bytes());
        for &size in &sizes {
            let response = client.response();
            assert_eq!((response.status, response.body.len()), (200, size), "{model}");
            assert!(response.body == pattern(size), "{size} bytes, {model}");
        }
    }
}

#[test]
fn sixty_four_megabytes_arrive_whole() {
    let content = pattern(64 << 20);
    let folder = Folder::new();
    folder.write("large.bin", &content);
    for model in MODELS {
        let response = folder.serve(&["--model", model]).get("/large.bin");
        assert_eq!(response.header("Content-Length"), Some("67108864"));
        assert!(response.body == content, "{model}");
    }
}

#[test]
fn a_reader_that_takes_little_at_a_time_gets_all() {
    let content = pattern(8 << 20);
    let folder = Folder::new();
    folder.write("large.bin", &content);
    for model in MODELS {
        let server = folder.serve(&["--model", model]);
        let mut client = Client::connect_narrow(server.address);
        client.send(b"GET /large.bin HTTP/1.1\r\nHost: a\r\n\r\n");
        assert!(client.response().body == content, "{model}");
    }
}

#[test]
fn a_reader_that_takes_its_time_keeps_nobody_waiting() {
    let content = pattern(8 << 20);
    let folder = Folder::new();
    folder.write("large.bin", &content);
    folder.write("small.txt", "small");
    let server = folder.serve(&["--model", "thread"]);
    let mut slow = Client::connect_narrow(server.address);
    slow.send(b"GET /large.bin HTTP/1.0\r\n\r\n");
    while slow.received().is_empty() {
        assert!(slow.receive().expect("bytes") > 0);
    }
    for _ in 0..100 {
        assert_eq!(server.get("/small.txt").text(), "small");
    }
    assert!(slow.response().body == content);
}

#[test]
fn lengths_and_offsets_beyond_32_bits_are_exact() {
    // Sparse: five gigabytes that take no room.
    const SIZE: u64 = 5 << 30;
    let folder = Folder::new();
    File::create(folder.path("huge")).and_then(|file| file.set_len(SIZE)).expect("a sparse file");
    {
        use std::os::unix::fs::FileExt;
        let file = File::options().write(true).open(folder.path("huge")).expect("the file");
        file.write_all_at(b"beyond", (4 << 30) + 1).expect("written");
    }
    let server = folder.serve(&[]);
    let mut client = server.connect();
    client.send(b"HEAD /huge HTTP/1.0\r\n\r\n");
    assert_eq!(client.head_response().header("Content-Length"), Some("5368709120"));
    let response = server.get_with("/huge", "Range: bytes=4294967297-4294967302\r\n");
    assert_eq!(response.text(), "beyond");
    assert_eq!(response.header("Content-Range"), Some("bytes 4294967297-4294967302/5368709120"));
    assert_eq!(server.get_with("/huge", "Range: bytes=-100000\r\n").body.len(), 100_000);
}

#[test]
fn a_range_of_a_large_file_arrives_whole() {
    let content = pattern(12 << 20);
    let folder = Folder::new();
    folder.write("large.bin", &content);
    let server = folder.serve(&[]);
    for (first, last) in [(0, 0), (1, 9000), (4_194_303, 4_194_304), (5, 12_582_911), (12_582_000, 12_582_911)] {
        let response = server.get_with("/large.bin", &format!("Range: bytes={first}-{last}\r\n"));
        assert_eq!(response.status, 206);
        assert!(response.body == content[first..=last], "{first}-{last}");
    }
}
