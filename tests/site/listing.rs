//! Listings: their order, and what they leave out.

use super::{Folder, listed};
use std::fs;
use std::time::{Duration, SystemTime};

/// Folders `Zoo` and `alpha`, files of other sizes than ages.
fn folder() -> Folder {
    let folder = Folder::new();
    for (name, size, modified) in [("b.txt", 300, 1000), ("A.txt", 20, 3000), ("c.txt", 1_234_567, 2000)] {
        folder.write(name, vec![b'x'; size]);
        touch(&folder, name, modified);
    }
    for (name, modified) in [("Zoo", 100), ("alpha", 200)] {
        fs::create_dir(folder.path(name)).expect("a folder");
        touch(&folder, name, modified);
    }
    folder
}

fn touch(folder: &Folder, name: &str, modified: u64) {
    let file = fs::File::open(folder.path(name)).expect("it is there");
    file.set_modified(SystemTime::UNIX_EPOCH + Duration::from_secs(modified)).expect("a time");
}

#[test]
fn a_listing_can_be_sorted_and_folders_come_first() {
    let folder = folder();
    let server = folder.serve(&[]);
    for (query, order) in [
        ("", "alpha/ Zoo/ A.txt b.txt c.txt"),
        ("?sort=name&order=asc", "alpha/ Zoo/ A.txt b.txt c.txt"),
        ("?sort=name&order=desc", "Zoo/ alpha/ c.txt b.txt A.txt"),
        ("?sort=size&order=asc", "alpha/ Zoo/ A.txt b.txt c.txt"),
        ("?sort=size&order=desc", "Zoo/ alpha/ c.txt b.txt A.txt"),
        ("?sort=modified&order=asc", "Zoo/ alpha/ b.txt c.txt A.txt"),
        ("?sort=modified&order=desc", "alpha/ Zoo/ A.txt c.txt b.txt"),
        ("?order=desc", "Zoo/ alpha/ c.txt b.txt A.txt"),
        ("?sort=colour", "alpha/ Zoo/ A.txt b.txt c.txt"),
        ("?sort=%00&order=%zz&&=", "alpha/ Zoo/ A.txt b.txt c.txt"),
    ] {
        assert_eq!(listed(&server, &format!("/{query}")).join(" "), order, "{query}");
    }
}

#[test]
fn its_heads_link_to_the_other_orders() {
    let folder = folder();
    let server = folder.serve(&[]);
    let page = server.get("/?sort=size&order=asc").text();
    for link in ["?sort=name&amp;order=asc", "?sort=size&amp;order=desc", "?sort=modified&amp;order=asc"] {
        assert!(page.contains(&format!("href=\"{link}\"")), "{link} in {page}");
    }
    assert!(!server.get("/?sort=<script>&order=\"><script>").text().contains("<script>"));
}

#[test]
fn it_tells_sizes_and_times() {
    let folder = folder();
    let page = folder.serve(&[]).get("/").text();
    assert!(page.contains("<td>1\u{202f}234\u{202f}567</td><td>1970-01-01 00:33</td>"), "{page}");
    assert!(page.contains("2 folders, 3 files, 1\u{202f}234\u{202f}887 bytes"), "{page}");
}

#[test]
fn an_empty_folder_is_listed_empty() {
    let server = Folder::new();
    let answer = server.serve(&[]).get("/");
    assert_eq!((answer.status, answer.header("Content-Type")), (200, Some("text/html; charset=utf-8")));
    assert!(answer.text().contains("0 folders, 0 files, 0 bytes"));
    assert!(!answer.text().contains("../"), "nothing is above the root");
}

#[test]
fn a_listing_below_the_root_leads_back() {
    let folder = Folder::of(&["sub/deep/x.txt"]);
    let server = folder.serve(&[]);
    assert!(server.get("/sub/").text().contains("<a href=\"../\">"));
    assert_eq!(listed(&server, "/sub/"), ["deep/"]);
}

#[test]
fn an_index_stands_for_its_folder_and_only_a_file_is_one() {
    let folder = Folder::of(&["index.html", "sub/index.html/x.txt"]);
    let server = folder.serve(&[]);
    assert_eq!(server.get("/").text(), "index.html");
    assert_eq!(listed(&server, "/sub/"), ["index.html/"]);
}

const DOTTED: [&str; 5] = [".env", ".git/config", "sub/.hidden", ".well-known/.secret", "sub/..data"];

#[test]
fn what_begins_with_a_dot_is_hidden_but_for_well_known() {
    let folder = Folder::of(&DOTTED);
    folder.write(".well-known/token", "token");
    folder.write("sub/.well-known/token", "token");
    let server = folder.serve(&[]);
    for name in DOTTED {
        assert_eq!(server.get(&format!("/{name}")).status, 404, "{name}");
    }
    for path in ["/.git", "/.git/", "/sub/../.env", "/%2eenv"] {
        assert_eq!(server.get(path).status, 404, "{path}");
    }
    assert_eq!(listed(&server, "/"), [".well-known/", "sub/"]);
    assert_eq!(listed(&server, "/sub/"), [".well-known/"]);
    assert_eq!(listed(&server, "/.well-known/"), ["token"]);
    for path in ["/.well-known/token", "/sub/.well-known/token"] {
        assert_eq!(server.get(path).text(), "token", "{path}");
    }
}

#[test]
fn hidden_serves_and_lists_them() {
    let folder = Folder::of(&DOTTED);
    let server = folder.serve(&["--hidden"]);
    for name in DOTTED {
        assert_eq!(server.get(&format!("/{name}")).text(), name);
    }
    assert_eq!(listed(&server, "/"), [".git/", ".well-known/", "sub/", ".env"]);
    assert_eq!(listed(&server, "/sub/"), ["..data", ".hidden"]);
}

#[test]
fn no_listing_lists_nothing_and_serves_the_rest() {
    let folder = Folder::of(&["docs/index.html", "sub/inner.txt"]);
    let server = folder.serve(&["--no-listing"]);
    assert_eq!(server.get("/").status, 404);
    assert_eq!(server.get("/sub/").status, 404);
    assert_eq!(server.get("/docs/").text(), "docs/index.html");
    assert_eq!(server.get("/sub/inner.txt").text(), "sub/inner.txt");
}
