//! The sandbox: who serves, what is in force, and each of its walls, tried from within the serving process.

use crate::harness::namespace::Namespace;
use crate::harness::{MODELS, Server, folder, glasshttp, refusal};
use rustix::process::Signal;
use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt, chown, symlink};
use std::path::Path;

mod system_call;
mod walls;

/// An account that owns nothing here.
const SOMEBODY: u32 = 47_110;

/// Fields of /proc/PID/status (proc_pid_status(5)), the first word of each.
fn status(server: &Server, fields: [&str; 4]) -> [String; 4] {
    let status = fs::read_to_string(format!("/proc/{}/status", server.id())).expect("it runs");
    fields.map(|field| {
        let line = status.lines().find_map(|line| line.strip_prefix(field)?.strip_prefix(':'));
        line.and_then(|line| line.split_whitespace().next()).unwrap_or_default().to_owned()
    })
}

fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

/// A server with what is announced, after its first line.
fn announced(command: &mut std::process::Command) -> (Server, String) {
    let server = Server::spawn(command.args(["--port", "0", "--no-watch", "--log", "common"]));
    let said = server.announced.clone();
    (server, said)
}

fn site() -> tempfile::TempDir {
    let place = folder();
    fs::create_dir(place.path().join("site")).expect("a folder");
    fs::write(place.path().join("site/a.txt"), "a").expect("a file");
    place
}

#[test]
fn the_process_that_was_started_serves_in_a_sandbox_without_a_right() {
    let place = site();
    for model in MODELS {
        let server = Server::start(&place.path().join("site"), &["--model", model]);
        assert_eq!(server.get("/a.txt").status, 200);
        let [no_new_privs, seccomp, capabilities, uid] = status(&server, ["NoNewPrivs", "Seccomp", "CapPrm", "Uid"]);
        assert_eq!([no_new_privs, seccomp, capabilities], ["1", "2", "0000000000000000"], "{model}");
        assert!(!is_root() || uid != "0", "{model}: root serves");
    }
}

#[test]
fn it_is_said_whether_the_sandbox_is_on() {
    let place = site();
    let (_server, said) = announced(glasshttp().arg(place.path().join("site")));
    assert!(said.contains("Sandbox on"), "{said}");
    let (server, said) = announced(glasshttp().arg("--no-sandbox").arg(place.path().join("site")));
    assert!(said.contains("Sandbox off."), "{said}");
    assert_eq!(server.get("/a.txt").status, 200);
    let [no_new_privs, seccomp, ..] = status(&server, ["NoNewPrivs", "Seccomp", "CapPrm", "Uid"]);
    assert_eq!([no_new_privs, seccomp], ["0", "0"]);
    let (_server, said) = announced(glasshttp().args(["--lang", "ko"]).arg(place.path().join("site")));
    assert!(said.contains("샌드박스 켜짐"), "{said}");
}

#[test]
fn root_becomes_who_was_named_or_who_called_sudo_or_who_owns_the_folder_or_nobody() {
    if !is_root() {
        return; // only root can become another
    }
    let place = site();
    let root = place.path().join("site");
    let served_by = |command: &mut std::process::Command| {
        let (server, said) = announced(command.arg(&root));
        let [uid, gid, groups, _] = status(&server, ["Uid", "Gid", "Groups", "Pid"]);
        assert_eq!(groups, "", "{said}");
        assert_eq!(server.get("/a.txt").status, 200);
        (uid, gid, said)
    };
    let (uid, _, said) = served_by(&mut glasshttp());
    assert!(uid == "65534" && said.contains("It serves as nobody."), "{uid}: {said}");
    let (uid, gid, _) = served_by(glasshttp().env("SUDO_UID", "47111").env("SUDO_GID", "47112"));
    assert_eq!([uid, gid], ["47111", "47112"]);
    let (uid, gid, said) = served_by(glasshttp().args(["--user", "47113"]).env("SUDO_UID", "47111"));
    assert!([uid, gid] == ["47113", "47113"] && said.contains("It serves as 47113."), "{said}");
    let (uid, ..) = served_by(glasshttp().args(["--user", "daemon"]));
    assert_ne!(uid, "0");
    let (uid, _, said) = served_by(glasshttp().args(["--user", "root"]));
    assert!(uid == "0" && said.contains("It serves as root, without capabilities."), "{said}");
    chown(&root, Some(SOMEBODY), Some(SOMEBODY + 1)).expect("another owner");
    let (uid, gid, _) = served_by(&mut glasshttp());
    assert_eq!([uid, gid], ["47110", "47111"]);
}

#[test]
fn what_only_root_may_read_is_not_served() {
    if !is_root() {
        return;
    }
    let place = site();
    let secret = place.path().join("site/secret.txt");
    fs::write(&secret, "secret").expect("a file");
    fs::set_permissions(&secret, Permissions::from_mode(0o600)).expect("its mode");
    let root = place.path().join("site");
    for model in MODELS {
        let server = Server::start(&root, &["--model", model]);
        assert_eq!(server.get("/secret.txt").status, 403, "{model}");
    }
    let server = Server::start(&root, &["--no-sandbox"]);
    assert_eq!(server.get("/secret.txt").status, 403, "that is the account's, not the sandbox's");
    let server = Server::start(&root, &["--user", "0"]);
    assert_eq!(server.get("/secret.txt").status, 200, "asked for, and root's own");
}

#[test]
fn nobody_serves_a_folder_that_he_may_not_enter() {
    if !is_root() {
        return;
    }
    let place = site();
    let root = place.path().join("site");
    fs::set_permissions(&root, Permissions::from_mode(0o700)).expect("its mode");
    let root = root.to_str().expect("text");
    let (complaint, code) = refusal(&["--port", "0", root]);
    assert!(code == 1 && complaint.lines().count() == 1, "{complaint}");
    for part in [root, "as nobody", "--user"] {
        assert!(complaint.contains(part), "{part} is not in {complaint}");
    }
    let (complaint, code) = refusal(&["--port", "0", "--user", "no such user", root]);
    assert!(code == 1 && complaint.contains("no such user") && complaint.contains("--user"), "{complaint}");
    let (complaint, _) = refusal(&["--port", "0", "--user", "no such user", "--lang", "ko", root]);
    assert!(complaint.contains("사용자가 없습니다"), "{complaint}");
}

/// Serves the folder at `path` while `replace` puts another in its place: the status of a file in that, by and by.
fn after(path: &Path, options: &[&str], replace: impl FnOnce()) -> (u16, String) {
    let server = Server::start(path, options);
    assert_eq!(server.get("/a.txt").text(), "a");
    replace();
    // An event loop serves the old one for a second at most.
    loop {
        let response = server.get("/a.txt");
        if response.text() != "a" {
            return (response.status, response.text());
        }
    }
}

fn rebuild(path: &Path) {
    fs::rename(path, path.with_extension("old")).expect("moved");
    fs::create_dir(path).expect("a folder");
    fs::set_permissions(path, Permissions::from_mode(0o755)).expect("its mode");
    fs::write(path.join("a.txt"), "anew").expect("a file");
}

#[test]
fn a_root_that_is_made_anew_or_a_link_that_is_repointed_is_served() {
    for model in MODELS {
        let place = site();
        let root = place.path().join("site");
        assert_eq!(after(&root, &["--model", model], || rebuild(&root)), (200, "anew".into()), "{model}");
        // By a link on the way, to a folder that was made later.
        let app = place.path().join("app");
        fs::create_dir_all(app.join("releases/1/public")).expect("folders");
        fs::write(app.join("releases/1/public/a.txt"), "a").expect("a file");
        symlink("releases/1", app.join("current")).expect("a link");
        let repoint = || {
            fs::create_dir_all(app.join("releases/2/public")).expect("folders");
            fs::write(app.join("releases/2/public/a.txt"), "two").expect("a file");
            symlink("releases/2", app.join("next")).expect("a link");
            fs::rename(app.join("next"), app.join("current")).expect("repointed");
        };
        let served = after(&app.join("current/public"), &["--model", model], repoint);
        assert_eq!(served, (200, "two".into()), "{model}");
    }
}

/// Puts another folder of this mode where `root` is; gives where the old one lies now.
fn replace(root: &Path, mode: u32) -> tempfile::TempDir {
    let old = folder();
    fs::rename(root, old.path().join("old")).expect("moved");
    fs::create_dir(root).expect("a folder");
    fs::write(root.join("a.txt"), "anew").expect("a file");
    fs::set_permissions(root, Permissions::from_mode(mode)).expect("its mode");
    old
}

/// Asks until the response has this status and this text in it, at once or soon.
fn soon(server: &Server, path: &str, status: u16, text: &str) {
    let begun = std::time::Instant::now();
    loop {
        let response = server.get(path);
        if response.status == status && response.text().contains(text) {
            return;
        }
        assert!(begun.elapsed() < crate::harness::PATIENCE, "{path}: {}{}", response.head, response.text());
    }
}

#[test]
fn a_root_made_anew_beside_what_is_anybodys_is_out_of_reach_and_the_way_out_is_named() {
    for model in MODELS {
        let root = folder();
        fs::write(root.path().join("a.txt"), "a").expect("a file");
        let server = Server::start(root.path(), &["--model", model]);
        assert_eq!(server.get("/a.txt").text(), "a");
        assert_eq!(server.get("/missing").status, 404);
        let _old = replace(root.path(), 0o755);
        soon(&server, "/a.txt", 503, "--no-sandbox");
        // A mirror that gets a 404 would delete its copy: of what is not there, or not yet, nobody knows.
        for path in ["/missing", "/", "/sub/missing.txt", "/new.txt"] {
            soon(&server, path, 503, "--no-sandbox"); // each loop sees it by itself
        }
    }
}

#[test]
fn a_root_that_its_permissions_close_is_laid_to_them_and_not_to_the_sandbox_or_a_file() {
    if !is_root() {
        return; // nobody else closes a folder to himself
    }
    let mode = |folder: &Path, mode| fs::set_permissions(folder, Permissions::from_mode(mode)).expect("its mode");
    let closed = |server: &Server| {
        for path in ["/a.txt", "/", "/missing"] {
            soon(server, path, 503, "The permissions of the folder that is served here");
        }
    };
    for model in MODELS {
        let place = site();
        let root = place.path().join("site");
        let server = Server::start(&root, &["--model", model]);
        for folder in [root.as_path(), place.path()] {
            mode(folder, 0o700);
            closed(&server);
            mode(folder, 0o755);
            soon(&server, "/a.txt", 200, "a");
        }
        let _old = replace(&root, 0o700);
        closed(&server);
        mode(&root, 0o711);
        soon(&server, "/a.txt", 200, "anew");
        soon(&server, "/", 403, "permissions");
        soon(&server, "/missing", 404, "");
        mode(&root, 0o755);
        soon(&server, "/", 200, "a.txt");
        // Where the sandbox does not reach the new one either, one is said after the other.
        let root = folder();
        let server = Server::start(root.path(), &["--model", model]);
        let _old = replace(root.path(), 0o700);
        closed(&server);
        for (permissions, path) in [(0o755, "/a.txt"), (0o755, "/missing"), (0o755, "/"), (0o711, "/a.txt")] {
            mode(root.path(), permissions);
            soon(&server, path, 503, "--no-sandbox");
        }
    }
}

#[test]
fn links_lead_anywhere_where_they_may() {
    let place = site();
    symlink("/etc/passwd", place.path().join("site/passwd")).expect("a link");
    let server = Server::start(&place.path().join("site"), &["--follow-symlinks"]);
    assert_eq!(server.get("/passwd").status, 200);
}

#[test]
fn the_lesson_is_gone_when_its_server_is_and_also_when_that_is_killed() {
    for signal in [Signal::TERM, Signal::KILL] {
        let place = folder();
        let mut command = glasshttp();
        command.args(["lesson", "--port", "0"]).env("TMPDIR", place.path());
        let mut server = Server::spawn(&mut command);
        assert_eq!(server.get("/").status, 200);
        assert_eq!(fs::read_dir(place.path()).expect("a folder").count(), 1);
        server.signal(signal);
        server.wait();
        // Who was killed waits for nobody.
        while signal == Signal::KILL && fs::read_dir(place.path()).expect("a folder").count() > 0 {
            std::thread::yield_now();
        }
        assert_eq!(fs::read_dir(place.path()).expect("a folder").count(), 0);
    }
}

#[test]
#[ignore = "needs unshare"]
fn where_there_is_no_other_account_root_stays_and_has_no_capability() {
    let place = site();
    let mut command = std::process::Command::new("unshare");
    command.args(["--user", "--map-root-user", "--"]).arg(glasshttp().get_program()).env("LC_ALL", "C");
    let (server, said) = announced(command.arg(place.path().join("site")));
    assert!(
        said.contains("It serves as root, without capabilities: it cannot become") && said.contains("Sandbox on."),
        "{said}"
    );
    let [capabilities, seccomp, ..] = status(&server, ["CapPrm", "Seccomp", "Uid", "Gid"]);
    assert_eq!([capabilities, seccomp], ["0000000000000000", "2"]);
    assert_eq!(server.get("/a.txt").status, 200);
}

#[test]
#[ignore = "needs capsh, and root"]
fn root_that_can_not_become_who_was_named_does_not_serve_in_his_place() {
    let place = site();
    let folder = place.path().join("site");
    let shell = |drops: &str, options: &str| {
        let mut command = std::process::Command::new("capsh");
        let run = format!("exec {} {options} \"$@\"", glasshttp().get_program().display());
        command.args([&format!("--drop={drops}"), "--", "-c", &run, "sh"]).env("LC_ALL", "C");
        command
    };
    for drops in ["cap_setgid", "cap_setuid"] {
        let listen = format!("--bind 127.0.0.1 --bind unix:{}/s", place.path().display());
        for options in ["--user nobody", "--user 47110 --no-sandbox", &format!("--user nobody {listen}")] {
            let output = shell(drops, options).args(["--port", "0"]).arg(&folder).output().expect("capsh");
            let said = String::from_utf8_lossy(&output.stderr);
            assert!(output.status.code() == Some(1) && output.stdout.is_empty(), "{drops} {options}: {said}");
            assert!(
                said.lines().count() == 1 && said.contains("cannot serve as") && said.contains("CAP_SETUID"),
                "{said}"
            );
        }
        // Nobody named one, or named root.
        for (options, serves) in [("", "it cannot become nobody here"), ("--user root", "without capabilities.")] {
            let (_server, said) = announced(shell(drops, options).arg(&folder));
            assert!(said.contains(serves), "{drops} {options}: {said}");
        }
    }
}

#[test]
fn a_number_that_no_account_can_have_is_nobodys() {
    let place = site();
    let root = place.path().join("site");
    for user in ["4294967295", "4294967296", ""] {
        let (complaint, code) = refusal(&["--port", "0", "--user", user, root.to_str().expect("text")]);
        assert!(code == 2 && complaint.contains("not a user; try"), "{user}: {complaint}");
    }
    if is_root() {
        let (_server, said) = announced(glasshttp().env("SUDO_UID", "4294967295").arg(&root));
        assert!(said.contains("It serves as nobody."), "{said}");
    }
}

#[test]
#[ignore = "needs strace"]
fn a_look_at_the_clock_costs_no_more_in_the_sandbox() {
    let place = site();
    let calls = |options: &[&str]| {
        let trace = place.path().join("trace");
        let mut command = std::process::Command::new("strace");
        command.args(["-D", "-f", "-e", "trace=clock_gettime", "-o"]).arg(&trace).arg(glasshttp().get_program());
        command.args(["--port", "0", "--no-watch", "--log", "story"]).args(options);
        let mut server = Server::spawn(command.arg(place.path().join("site")));
        (0..50).for_each(|_| assert_eq!(server.get("/a.txt").status, 200));
        server.signal(Signal::TERM);
        server.wait();
        let end = format!("{} +++ exited", server.id());
        loop {
            let trace = fs::read_to_string(&trace).expect("a trace");
            if trace.lines().any(|line| line.split_whitespace().collect::<Vec<_>>().join(" ").starts_with(&end)) {
                return trace.matches("clock_gettime(").count();
            }
            std::thread::yield_now();
        }
    };
    let without = calls(&["--no-sandbox"]);
    // Where the kernel has clocks to be read without a call, it is none (vdso(7)).
    assert!(calls(&[]) <= 2 * without, "{} of {without}", calls(&[]));
}

#[test]
#[ignore = "needs root, for a network namespace with a free port 80"]
fn root_takes_port_80_and_somebody_else_serves_on_it() {
    let place = site();
    let namespace = Namespace::new();
    namespace.ip("link set lo up");
    for model in MODELS {
        let mut command = namespace.command(glasshttp().get_program().to_str().expect("UTF-8"));
        command.args(["--bind", "0.0.0.0", "--port", "80", "--user", &SOMEBODY.to_string(), "--model", model]);
        let server = Server::spawn(command.args(["--no-watch", "--log", "common"]).arg(place.path().join("site")));
        assert_eq!(server.port(), 80);
        let [capabilities, uid, gid, seccomp] = status(&server, ["CapPrm", "Uid", "Gid", "Seccomp"]);
        let somebody = SOMEBODY.to_string();
        assert_eq!([capabilities, uid, seccomp], ["0000000000000000", &somebody, "2"], "{model}");
        assert_ne!(gid, "0");
        let got = namespace.command("curl").args(["-sSf", "--max-time", "20", "http://127.0.0.1/a.txt"]).output();
        let got = got.expect("curl");
        assert_eq!(got.stdout, b"a", "{model}: {}", String::from_utf8_lossy(&got.stderr));
    }
}
