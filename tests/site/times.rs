//! Modification times that other servers die of.

use super::{Folder, listed};
use crate::harness::Response;
use rustix::fs::{AtFlags, CWD, Timespec, Timestamps, utimensat};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::time::SystemTime;

/// In memory where possible: there a file can have any time, on disk they are cut.
fn folder() -> Folder {
    let memory = Path::new("/dev/shm");
    if !memory.is_dir() {
        return Folder::new();
    }
    let mut folder = tempfile::Builder::new();
    Folder::within(folder.permissions(fs::Permissions::from_mode(0o755)).tempdir_in(memory).expect("a folder"))
}

fn set_time(folder: &Folder, name: &str, seconds: i64, nanoseconds: i32) {
    let time = Timespec { tv_sec: seconds, tv_nsec: nanoseconds.into() };
    let times = Timestamps { last_access: time, last_modification: time };
    utimensat(CWD, folder.path(name), &times, AtFlags::empty()).expect("a time");
}

fn date(response: &Response, name: &str) -> Option<SystemTime> {
    response.header(name).map(|value| httpdate::parse_http_date(value).unwrap_or_else(|_| panic!("{name}: {value}")))
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
            let response = server.get_with(&format!("/{name}"), fields);
            assert!([200, 206, 304].contains(&response.status), "{name}: {}", response.status);
            assert!(date(&response, "Last-Modified") <= date(&response, "Date"), "{name}: {}", response.head);
        }
    }
    assert_eq!(listed(&server, "/?sort=modified").len(), times.len());
    assert_eq!(server.get("/1970").header("Last-Modified"), None);
    assert_eq!(server.get("/1994").header("Last-Modified"), Some("Sun, 06 Nov 1994 08:49:37 GMT"));
}

#[test]
fn a_time_that_tools_give_to_every_file_is_not_said() {
    let folder = folder();
    // Container layers, Nix, the first that zip knows (and SOURCE_DATE_EPOCH, and buildpacks), npm.
    let pinned = [0, 1, 315_532_800, 315_532_801, 499_162_500];
    for (seconds, name) in pinned.iter().zip(["0", "1", "zip", "buildpacks", "npm"]) {
        folder.write(name, name);
        set_time(&folder, name, *seconds, 0);
    }
    folder.write("1971", "1971");
    set_time(&folder, "1971", 31_536_000, 0);
    let server = folder.serve(&[]);
    for name in ["0", "1", "zip", "buildpacks", "npm", "1971"] {
        let response = server.get(&format!("/{name}"));
        assert_eq!(response.header("Last-Modified").is_some(), name == "1971", "{name}: {}", response.head);
        // A client that has such a date from elsewhere gets the file, unless its tag says that it has it.
        let since = format!("If-Modified-Since: {}\r\n", response.header("Date").expect("a date"));
        let expected = if name == "1971" { 304 } else { 200 };
        assert_eq!(server.get_with(&format!("/{name}"), &since).status, expected, "{name}");
        let tag = format!("If-None-Match: {}\r\n", response.header("ETag").expect("a tag"));
        assert_eq!(server.get_with(&format!("/{name}"), &tag).status, 304, "{name}");
    }
}

#[test]
fn a_time_later_than_now_is_never_a_reason_for_304() {
    let folder = folder();
    folder.write("later", "1");
    set_time(&folder, "later", 4_102_444_800, 5);
    let server = folder.serve(&[]);
    let response = server.get("/later");
    folder.write("later", "2");
    set_time(&folder, "later", 4_102_444_800, 5);
    for name in ["Last-Modified", "Date"] {
        let since = format!("If-Modified-Since: {}\r\n", response.header(name).expect("a date"));
        assert_eq!(server.get_with("/later", &since).text(), "2", "{name}");
    }
}

#[test]
fn a_time_before_1970_leaves_the_tag_as_validator() {
    let folder = folder();
    folder.write("old", "old");
    set_time(&folder, "old", -1, 0);
    let server = folder.serve(&[]);
    let response = server.get_with("/old", "If-Modified-Since: Sun, 06 Nov 1994 08:49:37 GMT\r\n");
    assert_eq!(response.text(), "old");
    let condition = format!("If-None-Match: {}\r\n", response.header("ETag").expect("a tag"));
    assert_eq!(server.get_with("/old", &condition).status, 304);
}
