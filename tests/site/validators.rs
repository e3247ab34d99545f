//! Entity tags come from the content: equal wherever the bytes are, different
//! for others, and none where a clock can't tell.

use super::{Folder, pattern};
use crate::harness::{MODELS, PATIENCE, Response, Server};
use std::fs::{self, File};
use std::os::unix::fs::{FileExt, PermissionsExt};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant, SystemTime};
use tempfile::TempDir;

const LARGE: usize = 300_000;

fn tag(response: &Response) -> String {
    response.header("ETag").unwrap_or_else(|| panic!("no tag: {}", response.head)).to_owned()
}

fn head(server: &Server, path: &str) -> Response {
    Response::parse(&server.ask(format!("HEAD {path} HTTP/1.0\r\n\r\n").as_bytes()))
}

/// Whether a tag is made from content: then it names no version.
fn is_of_content(tag: &str) -> bool {
    !tag.contains('-')
}

/// The tag of `path` from its content, as soon as that is known.
fn tag_of_content(server: &Server, path: &str) -> String {
    let begun = Instant::now();
    loop {
        match head(server, path).header("ETag") {
            Some(tag) if is_of_content(tag) => return tag.to_owned(),
            _ => assert!(begun.elapsed() < PATIENCE, "{path}: the content is never known"),
        }
    }
}

#[test]
fn copies_have_the_tags_of_their_bytes() {
    let folder = Folder::new();
    let contents: [(&str, Vec<u8>); 4] = [
        ("empty", Vec::new()),
        ("small", b"some text".to_vec()),
        ("edge", pattern(16 * 1024)),
        ("large", pattern(LARGE)),
    ];
    for (name, content) in &contents {
        folder.write(format!("{name}/1"), content);
        folder.write(format!("{name}/copy.txt"), content);
        let copy = folder.path(format!("{name}/copy.txt"));
        fs::set_permissions(&copy, fs::Permissions::from_mode(0o604)).expect("chmod");
        let file = File::options().write(true).open(&copy).expect("the copy");
        file.set_modified(SystemTime::UNIX_EPOCH + Duration::from_secs(784_111_777)).expect("a time");
        fs::hard_link(&copy, folder.path(format!("{name}/link.html"))).expect("a hard link");
    }
    let mut tags = Vec::new();
    for model in MODELS {
        // Of what a process's child reads no other child knows: up to 1 MiB it reads it itself.
        let server = folder.serve(&["--model", model]);
        for (name, _) in &contents {
            let of = |file: &str| tag_of_content(&server, &format!("/{name}/{file}"));
            let original = of("1");
            assert_eq!((of("copy.txt"), of("link.html")), (original.clone(), original.clone()), "{model} {name}");
            tags.push(original);
        }
    }
    let (first, others) = tags.split_at(contents.len());
    assert!(others.chunks(contents.len()).all(|tags| tags == first), "each server says the same: {tags:?}");
    let mut different = first.to_vec();
    different.sort();
    different.dedup();
    assert_eq!(different.len(), contents.len(), "each content has its own");
}

#[test]
fn a_file_too_large_for_a_child_has_its_machines_tag_there() {
    let folder = Folder::new();
    folder.write("large", pattern(2 << 20));
    let server = folder.serve(&["--model", "process"]);
    let first = settled_tag(&server, "/large");
    assert!(!is_of_content(&first));
    assert_eq!(tag(&server.get("/large")), first);
    let response = server.get_with("/large", &format!("If-Range: {first}\r\nRange: bytes=5-\r\n"));
    assert_eq!(response.status, 206);
}

/// A tag of any kind: none is said before the clock has gone on since the file was made.
fn settled_tag(server: &Server, path: &str) -> String {
    let begun = Instant::now();
    loop {
        if let Some(tag) = head(server, path).header("ETag") {
            return tag.to_owned();
        }
        assert!(begun.elapsed() < PATIENCE, "{path} never has a tag");
    }
}

#[test]
fn a_client_may_go_on_with_either_tag_of_one_version() {
    for model in ["iterative", "thread", "multiplex"] {
        let folder = Folder::new();
        let content = pattern(4 << 20);
        folder.write("large", &content);
        // A client that has a tag from one event loop may meet another one next.
        let workers: &[&str] = if model == "multiplex" { &["--workers", "4"] } else { &[] };
        let server = folder.serve(&[&["--model", model], workers].concat());
        let first = settled_tag(&server, "/large");
        let last = tag_of_content(&server, "/large");
        assert_ne!(first, last, "{model}: the first that asks does not wait");
        for _ in 0..32 {
            assert_eq!(tag(&head(&server, "/large")), last, "{model}: once said, all say it");
        }
        for tag in [&first, &last].repeat(8) {
            let fields = format!("If-Range: {tag}\r\nRange: bytes=4194300-\r\n");
            let response = server.get_with("/large", &fields);
            assert_eq!(response.status, 206, "{model} {tag}");
            assert_eq!(response.body, content[4_194_300..], "{model} {tag}");
            assert_eq!(server.get_with("/large", &format!("If-None-Match: {tag}\r\n")).status, 304);
            assert_eq!(server.get_with("/large", &format!("If-None-Match: W/{tag}\r\n")).status, 304);
            let fields = format!("If-Match: {tag}\r\nRange: bytes=0-0\r\n");
            assert_eq!(server.get_with("/large", &fields).status, 206);
        }
        // One byte changes, and neither is right any more.
        let file = File::options().write(true).open(folder.path("large")).expect("the file");
        file.write_all_at(&[!content[5]], 5).expect("written");
        for tag in [&first, &last] {
            let fields = format!("If-Range: {tag}\r\nRange: bytes=4194300-\r\n");
            assert_eq!(server.get_with("/large", &fields).status, 200, "{model}");
            let fields = format!("If-None-Match: {tag}\r\nRange: bytes=5-5\r\n");
            assert_eq!(server.get_with("/large", &fields).body, [!content[5]], "{model}");
        }
        assert_ne!(tag_of_content(&server, "/large"), last);
    }
}

#[test]
fn a_file_that_is_rewritten_without_end_is_never_said_to_be_another() {
    let folder = Folder::new();
    let server = folder.serve(&[]);
    let mut known: Vec<(String, Vec<u8>)> = Vec::new();
    for round in 0..60_u8 {
        // Two contents in turn, of one size, small and large.
        for (name, size) in [("small", 100), ("large", 40_000)] {
            folder.write(name, vec![b'a' + round % 2; size]);
            let response = server.get(&format!("/{name}"));
            assert_eq!(response.body[0], b'a' + round % 2, "{name} {round}");
            let Some(tag) = response.header("ETag") else { continue };
            known.push((tag.to_owned(), response.body.clone()));
        }
    }
    for (tag, body) in &known {
        assert!(known.iter().all(|(other, content)| other != tag || content == body), "{tag} is of two contents");
    }
}

/// A file system made by `mkfs`, mounted on a folder in it; gone when dropped.
struct Disk {
    folder: TempDir,
}

impl Disk {
    fn make(mkfs: &[&str]) -> Self {
        let folder = crate::harness::folder();
        let image = folder.path().join("image");
        File::create(&image).and_then(|file| file.set_len(16 << 20)).expect("an image");
        fs::create_dir(folder.path().join("disk")).expect("a folder");
        run(Command::new(mkfs[0]).args(&mkfs[1..]).arg(&image));
        run(Command::new("mount").args(["-o", "loop"]).arg(&image).arg(folder.path().join("disk")));
        Self { folder }
    }

    fn path(&self) -> std::path::PathBuf {
        self.folder.path().join("disk")
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        run(Command::new("umount").arg("-l").arg(self.path()));
    }
}

fn run(command: &mut Command) {
    let output = command.stdout(Stdio::null()).stdin(Stdio::null()).output().expect("the command is there");
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
}

#[test]
#[ignore = "makes file systems and mounts them, as root: e2fsprogs, dosfstools"]
fn where_the_clock_is_coarse_each_change_is_seen() {
    let systems: [&[&str]; 3] =
        [&["mkfs.ext4", "-q", "-F", "-I", "128"], &["mkfs.ext3", "-q", "-F", "-I", "128"], &["mkfs.vfat"]];
    let known = fs::read_to_string("/proc/filesystems").expect("the kernel's file systems");
    for mkfs in systems {
        let system = mkfs[0].trim_start_matches("mkfs.");
        if !known.lines().any(|line| line.ends_with(system)) {
            eprintln!("skipped: this kernel has no {system}");
            continue;
        }
        let disk = Disk::make(mkfs);
        for model in MODELS {
            let server = Server::start(&disk.path(), &["--model", model]);
            for (name, size) in [("small.txt", 100), ("large.txt", 40_000)] {
                changes_are_seen(&server, &disk.path().join(name), &format!("/{name}"), size, model == "multiplex");
            }
        }
    }
}

/// Writes other bytes of one size as fast as they can be asked for, for longer
/// than the clock's tick.
fn changes_are_seen(server: &Server, file: &Path, path: &str, size: usize, keeps: bool) {
    let begun = Instant::now();
    let mut client = keeps.then(|| server.connect());
    let mut conditions = String::new();
    for round in 0_u32.. {
        let content = format!("{round:010}").repeat(size / 10);
        if round == 0 {
            fs::write(file, &content).expect("written");
        } else {
            let file = File::options().write(true).open(file).expect("the file");
            file.write_all_at(content.as_bytes(), 0).expect("written in place");
        }
        for fields in [std::mem::take(&mut conditions), String::new()] {
            let response = server.get_with(path, &fields);
            assert_eq!(response.status, 200, "{path} {round}: {fields}");
            assert!(response.body == content.as_bytes(), "{path} {round}: old content");
            if fields.is_empty() {
                let field = |name: &str, condition: &str| {
                    response.header(name).map(|value| format!("{condition}: {value}\r\n")).unwrap_or_default()
                };
                conditions = field("ETag", "If-None-Match");
                if conditions.is_empty() {
                    conditions = field("Last-Modified", "If-Modified-Since");
                }
            }
        }
        // On a connection that is kept, too, where an event loop keeps files.
        if let Some(client) = &mut client {
            client.send(format!("GET {path} HTTP/1.1\r\nHost: a\r\n\r\n").as_bytes());
            assert!(client.response().body == content.as_bytes(), "{path} {round}: old content");
        }
        if begun.elapsed() > Duration::from_secs(3) {
            return;
        }
    }
}
