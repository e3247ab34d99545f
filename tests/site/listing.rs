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
        ("?sort=size&order=desc", "alpha/ Zoo/ c.txt b.txt A.txt"),
        ("?sort=size", "alpha/ Zoo/ c.txt b.txt A.txt"),
        ("?sort=modified&order=asc", "Zoo/ alpha/ b.txt c.txt A.txt"),
        ("?sort=modified&order=desc", "alpha/ Zoo/ A.txt c.txt b.txt"),
        ("?sort=modified", "alpha/ Zoo/ A.txt c.txt b.txt"),
        ("?order=desc", "Zoo/ alpha/ c.txt b.txt A.txt"),
        ("?sort=colour", "alpha/ Zoo/ A.txt b.txt c.txt"),
        ("?sort=%00&order=%zz&&=", "alpha/ Zoo/ A.txt b.txt c.txt"),
    ] {
        assert_eq!(listed(&server, &format!("/{query}")).join(" "), order, "{query}");
    }
}

#[test]
fn numbers_in_names_count_as_numbers() {
    let folder = Folder::of(&["img10.png", "IMG2.png", "img1.png", "img01.png", "v1.10/x", "v1.9/x"]);
    assert_eq!(listed(&folder.serve(&[]), "/"), ["v1.9/", "v1.10/", "img01.png", "img1.png", "IMG2.png", "img10.png"]);
}

/// What each column's form asks for, and what its button says.
fn forms(page: &str) -> Vec<(String, String, String)> {
    let value = |form: &str, of: &str| {
        let (_, rest) = form.split_once(of).unwrap_or_else(|| panic!("{of} in {form}"));
        let (_, rest) = rest.split_once("value=\"").expect("a value");
        rest.split('"').next().unwrap_or_default().to_owned()
    };
    let forms = page.split("<form>").skip(1).map(|rest| rest.split_once("</form>").expect("its end").0);
    forms.map(|form| (value(form, "name=\"sort\""), value(form, "name=\"order\""), value(form, "submit"))).collect()
}

#[test]
fn a_click_on_a_head_shows_the_largest_or_newest_first_and_a_second_the_other_end() {
    let folder = folder();
    let server = folder.serve(&[]);
    for (query, orders, current) in [
        ("", ["desc", "desc", "desc"], "<th scope=\"col\" aria-sort=\"ascending\">"),
        ("?sort=size", ["asc", "asc", "desc"], "<th scope=\"col\" aria-sort=\"descending\">"),
        ("?sort=size&order=asc", ["asc", "desc", "desc"], "<th scope=\"col\" aria-sort=\"ascending\">"),
        ("?sort=modified", ["asc", "desc", "asc"], "<th scope=\"col\" aria-sort=\"descending\">"),
    ] {
        let page = server.get(&format!("/{query}")).text();
        let wanted = [("name", "Name"), ("size", "Size"), ("modified", "Last modified")];
        let wanted = wanted.iter().zip(orders).map(|(&(key, label), order)| (key.into(), order.into(), label.into()));
        assert_eq!(forms(&page), wanted.collect::<Vec<_>>(), "{query}");
        assert!(page.contains(current) && page.matches("aria-sort=\"").count() == 1, "{page}");
        assert!(!page.contains("href=\"?"), "a reader that follows links finds no other order: {page}");
    }
    assert!(!server.get("/?sort=<script>&order=\"><script>").text().contains("<script>"));
}

#[test]
fn sizes_are_short_and_exact_in_the_title_and_times_are_utc() {
    let folder = folder();
    let page = folder.serve(&[]).get("/").text();
    let row = "<a href=\"c.txt\">c.txt</a><td title=\"1\u{202f}234\u{202f}567 bytes\">1.2 MB\
               <td><time datetime=\"1970-01-01T00:33:20Z\">1970-01-01 00:33</time>";
    assert!(page.contains(row), "{page}");
    let summary = "2 folders, 3 files, <span title=\"1\u{202f}234\u{202f}887 bytes\">1.2 MB</span>; \
                   times in <span id=\"zone\">UTC</span>";
    assert!(page.contains(summary), "{page}");
    assert!(page.contains("<html lang=\"en\">") && page.contains("<main>") && page.contains("<link rel=\"icon\""));
}

#[test]
fn a_listing_speaks_korean() {
    let folder = folder();
    let server = folder.serve(&["--lang", "ko"]);
    let page = server.get("/").text();
    let summary = "폴더 2개, 파일 3개, <span title=\"1\u{202f}234\u{202f}887바이트\">1.2 MB</span>; \
                   시각은 <span id=\"zone\">UTC</span> 기준";
    assert!(page.contains("<html lang=\"ko\">") && page.contains(summary), "{page}");
    let labels: Vec<String> = forms(&page).into_iter().map(|(_, _, label)| label).collect();
    assert_eq!(labels, ["이름", "크기", "수정한 시각"]);
    assert_eq!(listed(&server, "/?sort=size").join(" "), "alpha/ Zoo/ c.txt b.txt A.txt");
}

#[test]
fn a_time_that_says_nothing_is_left_out() {
    let folder = Folder::of(&["zero", "one", "before"]);
    for (name, time) in [("zero", "@0"), ("one", "@1"), ("before", "1901-01-01")] {
        let touched = std::process::Command::new("touch").args(["-d", time]).arg(folder.path(name)).status();
        assert!(touched.expect("touch runs").success());
    }
    let page = folder.serve(&[]).get("/").text();
    assert!(!page.contains("<time") && page.contains("0 folders, 3 files"), "{page}");
}

#[test]
fn an_empty_folder_is_listed_empty() {
    let server = Folder::new();
    let response = server.serve(&[]).get("/");
    assert_eq!((response.status, response.header("Content-Type")), (200, Some("text/html; charset=utf-8")));
    assert!(response.text().contains("0 folders, 0 files, <span title=\"0 bytes\">0 B</span>"));
    assert!(!response.text().contains("../"), "nothing is above the root");
}

#[test]
fn a_listing_below_the_root_leads_back() {
    let folder = Folder::of(&["sub/deep/x.txt"]);
    let server = folder.serve(&[]);
    assert!(server.get("/sub/").text().contains("<tr><td><a href=\"../\">../</a>"));
    assert_eq!(listed(&server, "/sub/"), ["deep/"]);
    let way = "<h1><a href=\"../../\">/</a><a href=\"../\">sub</a>/deep/</h1>";
    assert!(server.get("/sub/deep/").text().contains(way));
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

#[test]
#[ignore = "needs wget: .ci/run installs it"]
fn a_mirror_stores_each_listing_once() {
    let folder = Folder::of(&["a.txt", "sub/b.txt", "sub/deep/c.txt"]);
    let server = folder.serve(&[]);
    let mirror = crate::harness::folder();
    let wget = ["-q", "-r", "-l", "inf", "-nH", "-e", "robots=off", &server.url];
    let ended = std::process::Command::new("wget").args(wget).current_dir(mirror.path()).status();
    assert!(ended.expect("wget runs").success());
    let mut stored = Vec::new();
    let mut folders = vec![mirror.path().to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            match path.is_dir() {
                true => folders.push(path),
                false => stored.push(path.strip_prefix(mirror.path()).expect("in it").display().to_string()),
            }
        }
    }
    stored.sort();
    let pages = ["index.html", "sub/index.html", "sub/deep/index.html"];
    let mut expected = [&["a.txt", "sub/b.txt", "sub/deep/c.txt"][..], &pages].concat();
    expected.sort_unstable();
    assert_eq!(stored, expected);
}
