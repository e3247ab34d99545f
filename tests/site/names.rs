//! File names: any bytes but `/` and NUL, and each can be reached from its listing.

use super::{Folder, links};
use crate::harness::Server;
use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

const NAMES: [&[u8]; 34] = [
    b"plain.txt",
    b"two words.txt",
    b" leading",
    b"trailing ",
    b"100%.txt",
    b"%2e%2e",
    b"%41.txt",
    b"what?.txt",
    b"sort=size&order=desc",
    b"#hash.txt",
    b"a#b?c%d",
    b"\"quoted\".txt",
    b"it's.txt",
    b"<script>.txt",
    b"a&b.txt",
    b"a&amp;b.txt",
    b"&lt;.txt",
    b"back\\slash.txt",
    b"\\\\host",
    b"co:lon.txt",
    b"javascript:alert(1)",
    b"http:",
    b"new\nline.txt",
    b"carriage\rreturn",
    b"tab\there",
    b"\x01\x7f",
    "한글.txt".as_bytes(),
    "🎉.txt".as_bytes(),
    "e\u{301} and é.txt".as_bytes(),
    "right\u{202e}to left".as_bytes(),
    b"not \xff\xfe utf-8",
    b"\xed\x95",
    b"-rf",
    b"~a;b,c=d+e@f!$(g)*[h]|{i}^`",
];

fn path(name: &[u8]) -> &Path {
    Path::new(OsStr::from_bytes(name))
}

/// The responses behind all links of the listing at `path`, a folder's with its `/`.
fn contents(server: &Server, path: &str) -> BTreeSet<Vec<u8>> {
    let page = server.get(path);
    assert_eq!(page.status, 200);
    let follow = |(text, address): (String, String)| {
        assert!(!address.contains(|c: char| c.is_control() || "\"<>\\^`{|}?# ".contains(c)), "no URI: {address:?}");
        let response = server.get(&format!("{path}{address}"));
        assert_eq!(response.status, 200, "{text:?} at {address:?}");
        response.body
    };
    links(&page.text()).into_iter().map(follow).collect()
}

#[test]
fn each_link_of_a_listing_leads_to_its_file() {
    let folder = Folder::new();
    for name in NAMES {
        folder.write(path(name), name);
    }
    let server = folder.serve(&[]);
    let names: BTreeSet<Vec<u8>> = NAMES.iter().map(|name| name.to_vec()).collect();
    assert_eq!(contents(&server, "/"), names);
    let page = server.get("/").text();
    for raw in ["<script>", "\"quoted\".txt", "a&b.txt", "href=\"javascript:", "href=\"http:"] {
        assert!(!page.contains(raw), "{raw} as it is");
    }
}

#[test]
fn each_folder_can_be_entered_by_its_link_and_by_its_redirect() {
    let folder = Folder::new();
    for name in NAMES {
        folder.write(path(name).join("inner.txt"), name);
    }
    let server = folder.serve(&[]);
    let addresses = links(&server.get("/").text());
    assert_eq!(addresses.len(), NAMES.len());
    let mut found = BTreeSet::new();
    for (text, address) in addresses {
        let entered = contents(&server, &format!("/{address}"));
        assert_eq!(entered.len(), 1, "{text:?}");
        found.extend(entered);
        let moved = server.get(&format!("/{}", address.trim_end_matches('/')));
        assert_eq!((moved.status, moved.header("Location")), (301, Some(format!("/{address}").as_str())), "{text:?}");
    }
    assert_eq!(found, NAMES.iter().map(|name| name.to_vec()).collect());
}

#[test]
fn the_longest_name_is_served_and_a_longer_one_is_not_found() {
    let longest = "n".repeat(255);
    let folder = Folder::of(&[&longest]);
    let server = folder.serve(&[]);
    assert_eq!(server.get(&format!("/{longest}")).text(), longest);
    for path in [format!("/{longest}n"), format!("/{longest}/x"), format!("/{}/x", "n".repeat(3000))] {
        assert_eq!(server.get(&path).status, 404, "{} bytes", path.len());
    }
}

#[test]
fn a_deep_path_is_served_and_one_longer_than_any_path_is_not_found() {
    let folder = Folder::new();
    let deep = vec!["d".repeat(200); 15].join("/");
    folder.write(format!("{deep}/file.txt"), "deep");
    let server = folder.serve(&[]);
    assert_eq!(server.get(&format!("/{deep}/file.txt")).text(), "deep");
    assert_eq!(server.get(&format!("/{}", "d/".repeat(2500))).status, 404);
    assert_eq!(server.get(&format!("/{}/", vec!["d".repeat(200); 40].join("/"))).status, 404);
}

#[test]
fn a_name_with_a_neighbour_longer_than_any_name_is_served() {
    // Beside it a `.br` or `.gz` can't even be looked for.
    let name = "n".repeat(254);
    let folder = Folder::of(&[&name]);
    let response = folder.serve(&[]).get_with(&format!("/{name}"), "Accept-Encoding: br, gzip\r\n");
    assert_eq!((response.status, response.text()), (200, name));
}
