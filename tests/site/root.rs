//! The root is what lies at its path now: rebuilt, repointed, mounted over, gone.

use super::{Folder, listed, pattern};
use crate::harness::{MODELS, PATIENCE, Response, Server, glasshttp};
use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::Command;
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

/// A change of the root is seen within about a second; a busy machine may take its time.
const ABOUT_A_SECOND: Duration = Duration::from_secs(5);

/// Asks for `path` until the response is as expected, at once or soon.
fn soon(server: &Server, path: &str, is_it: impl Fn(&Response) -> bool) -> Response {
    let begun = Instant::now();
    loop {
        let response = server.get(path);
        if is_it(&response) {
            return response;
        }
        assert!(begun.elapsed() < ABOUT_A_SECOND, "{path} is still {}: {}", response.head, response.text());
    }
}

/// `dist` with these files, each of which contains `content`.
fn build(dist: &Path, names: &[&str], content: &str) {
    for name in names {
        let path = dist.join(name);
        fs::create_dir_all(path.parent().expect("dist at least")).expect("a folder");
        fs::write(path, content).expect("a file");
    }
}

#[test]
fn a_root_that_is_removed_and_built_anew_is_the_new_one() {
    for model in MODELS {
        let folder = crate::harness::folder();
        let dist = folder.path().join("dist");
        build(&dist, &["index.html", "large.bin", "old.txt", "sub/a.txt"], &"old".repeat(10_000));
        let server = Server::start(&dist, &["--model", model]);
        for path in ["/", "/large.bin", "/old.txt", "/sub/a.txt", "/sub/"] {
            assert_eq!(server.get(path).status, 200, "{model} {path}");
        }
        for round in 0..3 {
            fs::remove_dir_all(&dist).expect("removed");
            let content = format!("new {round}").repeat(10_000);
            build(&dist, &["index.html", "large.bin", "sub/b.txt"], &content);
            for path in ["/", "/large.bin", "/sub/b.txt"] {
                soon(&server, path, |response| response.status == 200 && response.text() == content);
            }
            assert_eq!(server.get("/old.txt").status, 404, "{model}");
            assert_eq!(listed(&server, "/sub/"), ["b.txt"], "{model}");
        }
    }
}

#[test]
fn a_root_that_is_missing_is_an_error_that_says_so() {
    for model in MODELS {
        let folder = crate::harness::folder();
        let dist = folder.path().join("dist");
        build(&dist, &["a.txt", "sub/b.txt"], "here");
        let server = Server::start(&dist, &["--model", model]);
        assert_eq!(listed(&server, "/"), ["sub/", "a.txt"]);
        let away = folder.path().join("away");
        let takings: [&dyn Fn(); 3] =
            [&|| fs::remove_dir_all(&dist).expect("removed"), &|| fs::rename(&dist, &away).expect("moved"), &|| {
                fs::rename(&dist, &away).expect("moved");
                fs::write(&dist, "no folder").expect("a file");
            }];
        for take in takings {
            take();
            // What is said to be missing, or listed, is never said of a folder that is no more.
            for path in ["/missing.txt", "/", "/sub/", "/index.html"] {
                let response = server.get(path);
                assert_eq!(response.status, 503, "{model} {path}: {}", response.text());
                assert!(response.text().contains("The folder that is served here is missing"), "{}", response.text());
                assert_eq!(response.header("Retry-After"), Some("1"));
            }
            // What was found may be found a moment longer, in each event loop for itself.
            for path in ["/a.txt", "/sub"] {
                soon(&server, path, |response| response.status == 503);
            }
            if dist.exists() {
                fs::remove_file(&dist).expect("no file any more");
            }
            let _ = fs::remove_dir_all(&away);
            build(&dist, &["a.txt", "sub/b.txt"], "here");
            soon(&server, "/a.txt", |response| response.status == 200);
            assert_eq!(listed(&server, "/"), ["sub/", "a.txt"], "{model}");
        }
    }
}

#[test]
fn a_link_that_a_deploy_repoints_leads_to_the_new_release() {
    for model in MODELS {
        let folder = crate::harness::folder();
        for release in ["1", "2", "3"] {
            build(&folder.path().join(release), &["index.html", "app.js"], release);
        }
        let current = folder.path().join("current");
        symlink("1", &current).expect("a link");
        let server = Server::start(&current, &["--model", model]);
        assert_eq!(server.get("/").text(), "1");
        for release in ["2", "3"] {
            // As Capistrano and git-sync do it: in one step.
            let next = folder.path().join("next");
            symlink(release, &next).expect("a link");
            fs::rename(&next, &current).expect("repointed");
            for path in ["/", "/app.js"] {
                soon(&server, path, |response| response.text() == release);
            }
        }
    }
}

#[test]
fn the_working_directory_is_a_path_too() {
    let folder = crate::harness::folder();
    let dist = folder.path().join("dist");
    build(&dist, &["a.txt"], "old");
    let options = ["--port", "0", "--log", "off", "--no-watch", "."];
    let server = Server::spawn(glasshttp().current_dir(&dist).args(options));
    assert_eq!(server.get("/a.txt").text(), "old");
    fs::remove_dir_all(&dist).expect("removed");
    build(&dist, &["a.txt"], "new");
    soon(&server, "/a.txt", |response| response.text() == "new");
}

/// What the server holds open beneath `folder`, or held when it was removed.
fn open_beneath(server: &Server, folder: &Path) -> Vec<String> {
    let descriptors = fs::read_dir(format!("/proc/{}/fd", server.id())).expect("its descriptors");
    let targets = descriptors.filter_map(|entry| fs::read_link(entry.ok()?.path()).ok());
    targets.filter(|target| target.starts_with(folder)).map(|target| target.display().to_string()).collect()
}

#[test]
fn at_rest_nothing_is_held_open_and_the_server_sleeps() {
    for model in MODELS {
        let folder = Folder::of(&["a.txt", "sub/b.txt"]);
        folder.write("large.bin", pattern(1 << 20));
        let server = folder.serve(&["--model", model]);
        for path in ["/a.txt", "/large.bin", "/sub/", "/missing"] {
            server.get(path);
        }
        fs::remove_file(folder.path("large.bin")).expect("removed");
        let begun = Instant::now();
        while !open_beneath(&server, &folder.root()).is_empty() {
            assert!(begun.elapsed() < ABOUT_A_SECOND, "{model} holds {:?}", open_beneath(&server, &folder.root()));
            thread::yield_now();
        }
        // Soon nothing wakes it any more: not once in two seconds.
        let (_end, silence) = mpsc::channel::<()>();
        loop {
            let before = wakes(&server);
            assert!(silence.recv_timeout(Duration::from_secs(2)).is_err());
            if wakes(&server) == before {
                break;
            }
            assert!(begun.elapsed() < PATIENCE, "{model} does not come to rest");
        }
        assert_eq!(server.get("/a.txt").text(), "a.txt");
    }
}

/// How often the server's threads have waited, all together.
fn wakes(server: &Server) -> u64 {
    let tasks = fs::read_dir(format!("/proc/{}/task", server.id())).expect("its threads");
    let waits = tasks.filter_map(|task| {
        // One may have ended since.
        let status = fs::read_to_string(task.expect("a thread").path().join("status")).ok()?;
        let line = status.lines().find_map(|line| line.strip_prefix("voluntary_ctxt_switches:")).expect("a count");
        Some(line.trim().parse::<u64>().expect("a number"))
    });
    waits.sum()
}

/// Mounts a file system in memory; unmounts it when dropped.
struct Mount<'a>(&'a Path);

impl<'a> Mount<'a> {
    fn at(place: &'a Path) -> Self {
        let status = Command::new("mount").args(["-t", "tmpfs", "none"]).arg(place).status().expect("mount");
        assert!(status.success(), "this test must run as root");
        Self(place)
    }

    /// Whether it could be left.
    fn leave(&self) -> bool {
        Command::new("umount").arg(self.0).stderr(std::process::Stdio::null()).status().expect("umount").success()
    }
}

impl Drop for Mount<'_> {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(self.0).stderr(std::process::Stdio::null()).status();
    }
}

#[test]
#[ignore = "mounts file systems, as root"]
fn a_file_system_mounted_over_the_root_is_served_and_left() {
    for model in MODELS {
        let folder = crate::harness::folder();
        let dist = folder.path().join("dist");
        build(&dist, &["a.txt"], "below");
        let server = Server::start(&dist, &["--model", model]);
        assert_eq!(server.get("/a.txt").text(), "below");
        let mount = Mount::at(&dist);
        build(&dist, &["a.txt", "b.txt"], "above");
        soon(&server, "/a.txt", |response| response.text() == "above");
        assert_eq!(listed(&server, "/"), ["a.txt", "b.txt"]);
        leave_soon(&mount, model);
        soon(&server, "/a.txt", |response| response.text() == "below");
        assert_eq!(server.get("/b.txt").status, 404);
    }
}

#[test]
#[ignore = "mounts file systems, as root"]
fn a_mount_in_the_root_can_be_left_a_second_after_the_last_request() {
    for model in MODELS {
        let folder = Folder::of(&["a.txt", "disk/hidden.txt"]);
        let disk = folder.path("disk");
        let mount = Mount::at(&disk);
        folder.write("disk/small.txt", "small");
        folder.write("disk/large.bin", pattern(8 << 20));
        let server = folder.serve(&["--model", model]);
        let mut client = server.connect();
        for path in ["/disk/small.txt", "/disk/large.bin", "/disk/", "/disk/missing"] {
            client.send(format!("GET {path} HTTP/1.1\r\nHost: a\r\n\r\n").as_bytes());
            client.response();
        }
        leave_soon(&mount, model); // though the connection is still there
        drop(client);
        assert_eq!(server.get("/disk/hidden.txt").text(), "disk/hidden.txt");
    }
}

fn leave_soon(mount: &Mount<'_>, model: &str) {
    let begun = Instant::now();
    while !mount.leave() {
        assert!(begun.elapsed() < ABOUT_A_SECOND, "{model}: still busy");
    }
}

#[test]
#[ignore = "needs strace, and hides /proc in a namespace of its own, as root"]
fn without_a_way_to_keep_names_beneath_the_root_it_refuses_to_start() {
    let folder = Folder::of(&["a.txt"]);
    let program = crate::harness::program();
    let run = |hide: &str, options: &str| {
        let script = format!(
            "{hide} exec strace -f -qq -o /dev/null -e trace=openat2 -e inject=openat2:error=ENOSYS \
             timeout -s TERM 2 {program} --port 0 --log off --no-watch {options} {}",
            folder.root().display()
        );
        Command::new("unshare").args(["--mount", "sh", "-c", &script]).output().expect("unshare")
    };
    let output = run("mount -t tmpfs none /proc;", "");
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(error.contains("mount /proc") && error.trim_end().lines().count() == 1, "{error}");
    assert!(output.stdout.is_empty(), "it does not begin to serve");
    // One way is enough; and where links may lead out, none is needed.
    for (hide, options) in [("", ""), ("mount -t tmpfs none /proc;", "--follow-symlinks")] {
        let output = run(hide, options);
        let started = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(started.contains("Serving"), "{started} {}", String::from_utf8_lossy(&output.stderr));
    }
}
