//! Files that the server may not read.

use super::{Folder, listed};
use crate::harness::Server;
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

/// An account without rights: nobody.
const NOBODY: &str = "65534";

fn allow(path: &Path, mode: u32) {
    fs::set_permissions(path, Permissions::from_mode(mode)).expect("permissions");
}

/// A server to which permissions matter: root's may read everything.
fn serve_without_privilege(folder: &Folder) -> Option<Server> {
    if !rustix::process::geteuid().is_root() {
        return Some(folder.serve(&[]));
    }
    let setpriv = Path::new("/usr/bin/setpriv");
    if !setpriv.exists() {
        eprintln!("skipped: this is root, and there is no setpriv to become somebody else");
        return None;
    }
    // Where it was built, nobody may not be let in.
    let program = folder.0.path().join("glasshttp");
    fs::copy(crate::harness::program(), &program).expect("a copy");
    allow(folder.0.path(), 0o755);
    let mut command = Command::new(setpriv);
    command.args(["--reuid", NOBODY, "--regid", NOBODY, "--clear-groups"]).arg(program);
    Some(Server::spawn(command.args(["--port", "0", "--log", "off"]).arg(folder.root())))
}

#[test]
fn what_may_not_be_read_is_forbidden() {
    let folder =
        Folder::of(&["open.txt", "closed.txt", "closed/x.txt", "passage/x.txt", "sub/index.html", "page.html"]);
    folder.write("page.html.gz", "gzip");
    folder.write("404.html", "own page");
    for (name, mode) in [
        ("closed.txt", 0),
        ("closed", 0),
        ("passage", 0o711),
        ("sub/index.html", 0),
        ("page.html.gz", 0),
        ("404.html", 0),
    ] {
        allow(&folder.path(name), mode);
    }
    if let Some(server) = serve_without_privilege(&folder) {
        for path in ["/closed.txt", "/closed/", "/closed/x.txt", "/passage/", "/sub/"] {
            let response = server.get(path);
            assert_eq!(
                (response.status, response.header("Content-Type")),
                (403, Some("text/html; charset=utf-8")),
                "{path}"
            );
        }
        assert_eq!(server.get("/open.txt").text(), "open.txt");
        assert_eq!(server.get("/passage/x.txt").text(), "passage/x.txt", "who knows the name may pass");
        let page = server.get_with("/page.html", "Accept-Encoding: gzip\r\n");
        assert_eq!((page.status, page.text().as_str()), (200, "page.html"), "the file itself can be read");
        let missing = server.get("/missing");
        assert_eq!((missing.status, missing.text().contains("own page")), (404, false));
        assert!(listed(&server, "/").contains(&"open.txt".to_owned()));
    }
    // So that it can be removed by anybody.
    allow(&folder.path("closed"), 0o755);
}

#[test]
fn a_neighbour_that_may_not_be_read_hides_no_other() {
    let folder = Folder::of(&["page.css", "page.css.br", "page.css.gz"]);
    allow(&folder.path("page.css.br"), 0);
    if let Some(server) = serve_without_privilege(&folder) {
        for (accepted, content) in
            [("br, gzip", "page.css.gz"), ("br, gzip;q=0.5", "page.css.gz"), ("br", "page.css"), ("", "page.css")]
        {
            let page = server.get_with("/page.css", &format!("Accept-Encoding: {accepted}\r\n"));
            assert_eq!((page.status, page.text().as_str()), (200, content), "{accepted}");
            assert_eq!(page.header("Vary"), Some("Accept-Encoding"), "{accepted}");
        }
    }
}

#[test]
fn what_is_forbidden_is_listed_by_its_name_alone() {
    let folder = Folder::of(&["open.txt", "closed.txt", "closed/x.txt"]);
    folder.link("link", "closed/x.txt");
    folder.link("nowhere", "closed.txt/x");
    allow(&folder.path("closed.txt"), 0);
    allow(&folder.path("closed"), 0);
    if let Some(server) = serve_without_privilege(&folder) {
        assert_eq!((server.get("/link").status, server.get("/nowhere").status), (403, 404));
        assert_eq!(listed(&server, "/"), ["closed/", "closed.txt", "link", "open.txt"]);
        let page = server.get("/").text();
        assert!(page.contains("<tr><td><a href=\"link\">link</a><td><td>\n"), "{page}");
        assert!(page.contains("<p>1 folder, 3 files; "), "of what has no size there is no sum: {page}");
        assert_eq!(listed(&server, "/?sort=size&order=desc").last().map(String::as_str), Some("link"));
    }
    // So that it can be removed by anybody.
    allow(&folder.path("closed"), 0o755);
}

#[test]
fn what_is_forbidden_outside_the_root_is_not_found() {
    // 403 would tell what is there from what is not.
    let folder = Folder::new();
    let closed = folder.outside().join("closed");
    fs::create_dir(&closed).expect("a folder");
    fs::write(closed.join("x.txt"), "secret").expect("a file");
    fs::write(folder.outside().join("closed.txt"), "secret").expect("a file");
    allow(&closed, 0);
    allow(&folder.outside().join("closed.txt"), 0);
    folder.link("folder", "../outside/closed");
    folder.link("absolute", &closed);
    folder.link("file.txt", "../outside/closed.txt");
    folder.link("missing", "../outside/missing");
    if let Some(server) = serve_without_privilege(&folder) {
        for path in
            ["/missing/x.txt", "/file.txt", "/folder", "/folder/", "/absolute/", "/folder/x.txt", "/absolute/x.txt"]
        {
            assert_eq!(server.get(path).status, 404, "{path}");
        }
    }
    // So that it can be removed by anybody.
    allow(&closed, 0o755);
}
