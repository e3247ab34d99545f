//! A folder with files of any names: its listing holds no markup but its own,
//! and each row's link and text are the name, and lead to the file.

#![no_main]

use glasshttp::escape;
use glasshttp::site::{Site, SiteOptions};
use glasshttp_fuzz::html::{rows, unescaped};
use glasshttp_fuzz::server::{check_response, converse};
use libfuzzer_sys::fuzz_target;
use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::sync::LazyLock;

static PLACE: LazyLock<tempfile::TempDir> = LazyLock::new(|| tempfile::tempdir().expect("a folder"));

/// Names stand one behind the other, with NUL or `/` between them.
fn names(data: &[u8]) -> BTreeSet<&[u8]> {
    let names = data.split(|byte| matches!(byte, 0 | b'/'));
    names.filter(|name| (1..=255).contains(&name.len()) && *name != b"." && *name != b"..").take(8).collect()
}

fuzz_target!(|data: &[u8]| {
    let names = names(data);
    // The folder's own name is the first one.
    let Some(first) = names.first() else { return };
    let root = tempfile::tempdir_in(PLACE.path()).expect("a folder");
    let folder = root.path().join(OsStr::from_bytes(first));
    fs::create_dir(&folder).expect("a folder");
    for (index, name) in names.iter().enumerate() {
        let path = folder.join(OsStr::from_bytes(name));
        let made = if index % 3 == 1 { fs::create_dir(path) } else { fs::write(path, name) };
        made.expect("a name that a file can have");
    }
    let mut options = SiteOptions::default();
    options.hidden = true;
    let site = Site::open(root.path(), options).expect("a site");
    let ask = |path: &str| {
        let request = format!("GET {path} HTTP/1.0\r\n\r\n");
        let mut conversation = converse(&site, &[request.as_bytes()]);
        check_response(&conversation.responses[0]);
        conversation.responses.remove(0)
    };
    let encoded = |name: &[u8]| percent_encoding::percent_encode(name, percent_encoding::NON_ALPHANUMERIC).to_string();
    let path = format!("/{}/", encoded(first));
    let sent = ask(&path);
    if !sent.head.starts_with(b"HTTP/1.0 200") || names.iter().any(|name| *name == b"index.html") {
        assert!(names.iter().any(|name| *name == b"index.html"), "{}", String::from_utf8_lossy(&sent.head));
        return;
    }
    let page = String::from_utf8(sent.body).expect("a page in UTF-8");
    let mut listed = BTreeSet::new();
    for (target, text) in rows(&page) {
        if target.starts_with(b"../") {
            continue;
        }
        let name = target.strip_suffix(b"/").unwrap_or(&target);
        // What would deceive a reader is shown by its number.
        let shown = unescaped(&escape::html(&String::from_utf8_lossy(name)));
        assert_eq!(text.trim_end_matches('/'), shown, "{page}");
        listed.insert(name.to_vec());
    }
    let expected: BTreeSet<Vec<u8>> = names.iter().map(|name| name.to_vec()).collect();
    assert_eq!(listed, expected, "{page}");
    for (index, name) in names.iter().enumerate() {
        if index % 3 != 1 {
            let sent = ask(&format!("{path}{}", encoded(name)));
            assert!(sent.body == *name, "{}", String::from_utf8_lossy(&sent.head));
        }
    }
});
