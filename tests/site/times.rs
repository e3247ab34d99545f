//! Modification times that other servers die of.

use super::{Folder, listed};
use crate::harness::Answer;
use rustix::fs::{AtFlags, CWD, Timespec, Timestamps, utimensat};
use std::path::Path;
use std::time::SystemTime;
use tempfile::TempDir;

/// In memory where possible: there a file can have any time, on disk they are cut.
fn folder() -> Folder {
    let memory = Path::new("/dev/shm");
    Folder::within(if memory.is_dir() { TempDir::new_in(memory) } else { TempDir::new() }.expect("a folder"))
}

fn set_time(folder: &Folder, name: &str, seconds: i64, nanoseconds: i32) {
    let time = Timespec { tv_sec: seconds, tv_nsec: nanoseconds.into() };
    let times = Timestamps { last_access: time, last_modification: time };
    utimensat(CWD, folder.path(name), &times, AtFlags::empty()).expect("a time");
}

fn date(answer: &Answer, name: &str) -> Option<SystemTime> {
    answer.header(name).map(|value| httpdate::parse_http_date(value).unwrap_or_else(|_| panic!("{name}: {value}")))
}

#[test]
fn any_modification_time_is_served_and_none_is_later_than_now() {
    let folder = folder();
    let times = [
        ("far-past", i64::MIN / 4, 0),
        ("1901", -2_147_483_648, 1),
        ("before-1970", -1, 999_999_999),
        ("1970", 0, 0),
        ("1994", 784_111_777, 5),
        ("2038", 2_147_483_648, 0),
        ("2100", 4_102_444_800, 999_999_999),
        ("10000", 253_402_300_800, 0),
        ("20000", 568_971_820_800, 0),
        ("far-future", i64::MAX / 4, 0),
    ];
    for (name, seconds, nanoseconds) in times {
        folder.write(name, name);
        set_time(&folder, name, seconds, nanoseconds);
    }
    let server = folder.serve(&[]);
    for (name, ..) in times {
        let condition = "If-Modified-Since: Sun, 06 Nov 1994 08:49:36 GMT\r\n";
        for fields in ["", condition, "If-Range: Sun, 06 Nov 1994 08:49:37 GMT\r\nRange: bytes=0-\r\n"] {
            let answer = server.get_with(&format!("/{name}"), fields);
            assert!([200, 206, 304].contains(&answer.status), "{name}: {}", answer.status);
            assert!(date(&answer, "Last-Modified") <= date(&answer, "Date"), "{name}: {}", answer.head);
        }
    }
    assert_eq!(listed(&server, "/?sort=modified").len(), times.len());
    assert_eq!(server.get("/1970").header("Last-Modified"), Some("Thu, 01 Jan 1970 00:00:00 GMT"));
    assert_eq!(server.get("/1994").header("Last-Modified"), Some("Sun, 06 Nov 1994 08:49:37 GMT"));
}

#[test]
fn a_time_before_1970_leaves_the_tag_as_validator() {
    let folder = folder();
    folder.write("old", "old");
    set_time(&folder, "old", -1, 0);
    let server = folder.serve(&[]);
    let answer = server.get_with("/old", "If-Modified-Since: Sun, 06 Nov 1994 08:49:37 GMT\r\n");
    assert_eq!(answer.text(), "old");
    let condition = format!("If-None-Match: {}\r\n", answer.header("ETag").expect("a tag"));
    assert_eq!(server.get_with("/old", &condition).status, 304);
}
