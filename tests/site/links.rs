//! Symbolic links: inside they work, outside they lead nowhere.

use super::{Folder, listed};
use rustix::fs::{CWD, RenameFlags, renameat_with};
use std::fs;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

#[test]
fn links_that_stay_inside_work() {
    let folder = Folder::of(&["file.txt", "sub/inner.txt"]);
    folder.link("relative", "file.txt");
    folder.link("absolute", folder.path("file.txt"));
    folder.link("sub/up", "../file.txt");
    folder.link("chain", "relative");
    folder.link("mixed-chain", folder.path("chain"));
    folder.link("relative-folder", "sub");
    folder.link("absolute-folder", folder.path("sub"));
    let server = folder.serve(&[]);
    for (path, content) in [
        ("/relative", "file.txt"),
        ("/absolute", "file.txt"),
        ("/sub/up", "file.txt"),
        ("/chain", "file.txt"),
        ("/mixed-chain", "file.txt"),
        ("/relative-folder/inner.txt", "sub/inner.txt"),
        ("/absolute-folder/inner.txt", "sub/inner.txt"),
        ("/relative-folder/up", "file.txt"),
        ("/absolute-folder/up", "file.txt"),
    ] {
        let response = server.get(path);
        assert_eq!((response.status, response.text().as_str()), (200, content), "{path}");
    }
    for path in ["/relative-folder", "/absolute-folder"] {
        let response = server.get(path);
        assert_eq!((response.status, response.header("Location")), (301, Some(format!("{path}/").as_str())));
        assert_eq!(listed(&server, &format!("{path}/")), ["inner.txt", "up"]);
    }
    let names =
        ["absolute-folder/", "relative-folder/", "sub/", "absolute", "chain", "file.txt", "mixed-chain", "relative"];
    assert_eq!(listed(&server, "/"), names);
}

/// Links out of the root of every kind; each leads to the secret.
const OUT: [&str; 11] = [
    "/relative",
    "/absolute",
    "/chain",
    "/absolute-chain",
    "/sub/climbs",
    "/relative-folder/secret.txt",
    "/absolute-folder/secret.txt",
    "/folder-chain/secret.txt",
    "/parent/outside/secret.txt",
    "/namesake",
    "/namesake-folder/secret.txt",
];

fn folder_with_links_out() -> Folder {
    let folder = Folder::of(&["file.txt", "sub/inner.txt"]);
    // A sibling whose path begins with the root's own path, as text.
    fs::create_dir(folder.0.path().join("root-2")).expect("a folder");
    fs::write(folder.0.path().join("root-2/secret.txt"), "secret").expect("a file");
    folder.link("relative", "../outside/secret.txt");
    folder.link("absolute", folder.outside().join("secret.txt"));
    folder.link("chain", "relative");
    folder.link("absolute-chain", folder.path("absolute"));
    folder.link("sub/climbs", "../../outside/secret.txt");
    folder.link("relative-folder", "../outside");
    folder.link("absolute-folder", folder.outside());
    folder.link("folder-chain", folder.path("relative-folder"));
    folder.link("parent", "..");
    folder.link("namesake", folder.0.path().join("root-2/secret.txt"));
    folder.link("namesake-folder", "../root-2");
    folder
}

#[test]
fn links_out_of_the_root_lead_nowhere() {
    let folder = folder_with_links_out();
    folder.link("system", "/");
    let server = folder.serve(&[]);
    for path in OUT {
        assert_eq!(server.get(path).status, 404, "{path}");
    }
    for path in ["/relative-folder", "/absolute-folder/", "/parent/", "/system/", "/system/etc/passwd"] {
        assert_eq!(server.get(path).status, 404, "{path}");
    }
    assert_eq!(listed(&server, "/"), ["sub/", "file.txt"], "what can't be asked for is not listed");
    assert_eq!(listed(&server, "/sub/"), ["inner.txt"]);
}

#[test]
fn follow_symlinks_lets_them_out() {
    let folder = folder_with_links_out();
    let server = folder.serve(&["--follow-symlinks"]);
    for path in OUT {
        let response = server.get(path);
        assert_eq!((response.status, response.text().as_str()), (200, "secret"), "{path}");
    }
    assert_eq!(server.get("/../outside/secret.txt").status, 404, "links may lead out, paths may not");
    assert_eq!(listed(&server, "/relative-folder/"), ["secret.txt"]);
}

#[test]
fn links_to_nothing_and_to_themselves_lead_nowhere() {
    let folder = Folder::of(&["file.txt"]);
    folder.link("dangling", "nothing");
    folder.link("dangling-outside", "../nothing");
    folder.link("itself", "itself");
    folder.link("there", "back");
    folder.link("back", "there");
    let server = folder.serve(&[]);
    for path in ["/dangling", "/dangling-outside", "/itself", "/there", "/back/x"] {
        assert_eq!(server.get(path).status, 404, "{path}");
    }
    assert_eq!(listed(&server, "/"), ["file.txt"]);
}

#[test]
fn what_the_server_looks_for_itself_leads_out_no_more() {
    let folder = Folder::of(&["page.html", "sub/inner.txt"]);
    for name in ["404.html", "sub/index.html", "page.html.gz", "page.html.br"] {
        folder.link(name, folder.outside().join("secret.txt"));
    }
    let server = folder.serve(&["--spa"]);
    assert_eq!(server.get_with("/page.html", "Accept-Encoding: br, gzip\r\n").text(), "page.html");
    for path in ["/missing.txt", "/missing", "/sub/"] {
        assert!(!server.get(path).text().contains("secret"), "{path}");
    }
    folder.link("index.html", "../outside/secret.txt");
    for path in ["/", "/missing"] {
        assert!(!server.get(path).text().contains("secret"), "{path}");
    }
}

/// Exchanges two names in the root without rest while `path` is asked for:
/// every response must be the inside's, or 404.
fn swapped(folder: &Folder, names: [&str; 2], path: &str) {
    const ROUNDS: usize = 1500;
    let server = folder.serve(&[]);
    let [a, b] = names.map(|name| folder.path(name));
    let done = AtomicBool::new(false);
    let mut seen = [0; 2];
    thread::scope(|scope| {
        scope.spawn(|| {
            while !done.load(Ordering::Relaxed) {
                renameat_with(CWD, &a, CWD, &b, RenameFlags::EXCHANGE).expect("an exchange");
            }
        });
        let responses: Vec<_> = (0..ROUNDS).map(|_| server.get(path)).collect();
        done.store(true, Ordering::Relaxed);
        for response in responses {
            match (response.status, response.text().as_str()) {
                (200, "inside") => seen[0] += 1,
                (404, page) if !page.contains("secret") => seen[1] += 1,
                (status, text) => panic!("{status}: {text}"),
            }
        }
    });
    assert!(seen.iter().all(|&count| count > 0), "both sides of the exchange are met: {seen:?}");
}

#[test]
fn a_file_swapped_with_a_link_never_leaks() {
    let folder = Folder::new();
    folder.write("name", "inside");
    folder.link("other", "../outside/secret.txt");
    swapped(&folder, ["name", "other"], "/name");
}

#[test]
fn a_file_swapped_with_an_absolute_link_never_leaks() {
    let folder = Folder::new();
    folder.write("name", "inside");
    folder.link("other", folder.outside().join("secret.txt"));
    swapped(&folder, ["name", "other"], "/name");
}

#[test]
fn a_link_swapped_with_a_link_never_leaks() {
    let folder = Folder::new();
    folder.write("file.txt", "inside");
    folder.link("name", folder.path("file.txt"));
    folder.link("other", folder.outside().join("secret.txt"));
    swapped(&folder, ["name", "other"], "/name");
}

#[test]
fn a_folder_swapped_with_a_link_never_leaks() {
    let folder = Folder::new();
    folder.write("name/secret.txt", "inside");
    folder.link("other", "../outside");
    swapped(&folder, ["name", "other"], "/name/secret.txt");
}
