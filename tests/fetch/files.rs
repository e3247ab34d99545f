//! Bodies into files: what is whole has its name, what is not is a part, and a
//! part is gone on with or left alone.

use super::peer::{Peer, end, read_request};
use super::{fetch_in, run};
use crate::closing::{assert_same, folder_with};
use crate::harness::{Server, glasshttp};
use std::fs;
use std::io::Write;
use std::path::Path;
use std::sync::mpsc;
use std::time::Duration;

fn read(place: &Path, name: &str) -> Vec<u8> {
    fs::read(place.join(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// What lies in a folder, in order.
fn names(place: &Path) -> Vec<String> {
    let entries = fs::read_dir(place).expect("a folder");
    let mut names: Vec<String> =
        entries.map(|entry| entry.expect("an entry").file_name().into_string().expect("UTF-8")).collect();
    names.sort();
    names
}

#[test]
fn a_download_is_gone_on_with_where_it_ended() {
    let (folder, big) = folder_with(300_000);
    let server = Server::start(folder.path(), &[]);
    let place = crate::harness::folder();
    let url = format!("{}big.bin", server.url);
    assert_eq!(fetch_in(place.path(), &["-O", "--abort-after", "100k", &url]).code, 0);
    assert_eq!(names(place.path()), ["big.bin.part", "big.bin.part.validator"]);
    assert_same(&read(place.path(), "big.bin.part"), &big[..102_400]);

    let run = fetch_in(place.path(), &["-O", "-C", &url]);
    assert!(run.code == 0 && run.stderr.contains("206 Partial Content"), "{}", run.stderr);
    assert!(run.stderr.contains("behind the 102,400 bytes from before"), "{}", run.stderr);
    assert_eq!(names(place.path()), ["big.bin"]);
    assert_same(&read(place.path(), "big.bin"), &big);

    // Once more: of what it is a whole, nothing says.
    let run = fetch_in(place.path(), &["-O", "-C", "--fail", &url]);
    assert!(run.code == 0 && run.stderr.contains("200 OK"), "{}", run.stderr);
    assert_eq!(names(place.path()), ["big.bin"]);
    assert_same(&read(place.path(), "big.bin"), &big);
}

#[test]
fn a_part_of_another_version_is_begun_anew() {
    let (folder, _) = folder_with(300_000);
    let server = Server::start(folder.path(), &[]);
    let place = crate::harness::folder();
    let url = format!("{}big.bin", server.url);
    assert_eq!(fetch_in(place.path(), &["-O", "--abort-after", "100k", &url]).code, 0);
    let other = vec![b'o'; 200_000];
    fs::write(folder.path().join("new"), &other).expect("a file");
    fs::rename(folder.path().join("new"), folder.path().join("big.bin")).expect("replaced");
    let run = fetch_in(place.path(), &["-O", "-C", &url]);
    assert!(run.code == 0 && run.stderr.contains("200 OK"), "{}", run.stderr);
    assert_same(&read(place.path(), "big.bin"), &other);
    assert_eq!(names(place.path()), ["big.bin"]);
}

#[test]
fn a_part_outlives_a_resume_that_fails() {
    let peer = Peer::start(|index, stream| {
        read_request(stream);
        let response = match index {
            0 => "HTTP/1.0 200 OK\r\nETag: \"a\"\r\nContent-Length: 7\r\n\r\nhalf ",
            1 => "HTTP/1.0 404 Not Found\r\nContent-Length: 2\r\n\r\nno",
            2 => "HTTP/1.0 500 Broken\r\nContent-Length: 2\r\n\r\nno",
            3 => "HTTP/1.0 206 Partial\r\nContent-Range: bytes 4-5/7\r\nContent-Length: 2\r\n\r\nno",
            4 => "HTTP/1.0 416 No\r\nContent-Range: bytes */7\r\nContent-Length: 0\r\n\r\n",
            _ => "garbage\r\n\r\n",
        };
        let _ = stream.write_all(response.as_bytes());
        end(stream);
    });
    let place = crate::harness::folder();
    let url = peer.url("/");
    fetch_in(place.path(), &["-o", "file", &url]).assert_failed(9, &["file.part"]);
    let version = read(place.path(), "file.part.validator");
    let resume_fails = |code: i32, words: &[&str]| {
        fetch_in(place.path(), &["-o", "file", "-C", &url]).assert_failed(code, words);
        assert_eq!(names(place.path()), ["file.part", "file.part.validator"]);
        assert_same(&read(place.path(), "file.part"), b"half ");
        assert_same(&read(place.path(), "file.part.validator"), &version);
    };
    resume_fails(10, &["stays as it is", "404"]);
    resume_fails(10, &["stays as it is", "500"]);
    resume_fails(8, &["a different range"]);
    resume_fails(10, &["416"]);
    resume_fails(8, &["not HTTP"]);
    drop(peer);
    resume_fails(4, &["refused"]);
}

#[test]
fn the_request_of_a_resume_names_range_and_version() {
    let (say, heard) = mpsc::channel();
    let peer = Peer::start(move |index, stream| {
        say.send(read_request(stream)).expect("the test listens");
        let response = match index {
            0 => "HTTP/1.0 200 OK\r\nETag: \"one\"\r\nContent-Length: 10\r\n\r\nhalf ",
            _ => "HTTP/1.0 206 OK\r\nContent-Range: bytes 5-9/10\r\nContent-Length: 5\r\n\r\nwhole",
        };
        stream.write_all(response.as_bytes()).expect("the client reads");
        end(stream);
    });
    let place = crate::harness::folder();
    fetch_in(place.path(), &["-o", "file", &peer.url("/")]).assert_failed(9, &["file.part"]);
    assert_eq!(fetch_in(place.path(), &["-o", "file", "-C", &peer.url("/")]).code, 0);
    assert_eq!(read(place.path(), "file"), b"half whole");
    assert!(!heard.recv().expect("a request").contains("Range"));
    let second = heard.recv().expect("a request");
    assert!(second.contains("\r\nRange: bytes=5-\r\nIf-Range: \"one\"\r\n"), "{second}");
}

#[test]
fn a_file_is_replaced_when_its_successor_is_whole_and_not_before() {
    let place = crate::harness::folder();
    fs::write(place.path().join("file"), "old").expect("a file");
    let peer = Peer::start(|index, stream| {
        read_request(stream);
        let body = if index == 0 { "ne" } else { "new" };
        stream.write_all(format!("HTTP/1.0 200 OK\r\nContent-Length: 3\r\n\r\n{body}").as_bytes()).expect("read");
        end(stream);
    });
    fetch_in(place.path(), &["-o", "file", &peer.url("/")]).assert_failed(9, &["file.part"]);
    assert_eq!((read(place.path(), "file"), read(place.path(), "file.part")), (b"old".to_vec(), b"ne".to_vec()));
    assert_eq!(fetch_in(place.path(), &["-o", "file", &peer.url("/")]).code, 0);
    assert_eq!((read(place.path(), "file"), names(place.path())), (b"new".to_vec(), vec!["file".to_owned()]));
}

#[test]
fn what_can_not_be_written_is_said() {
    let (folder, _) = folder_with(0);
    let server = Server::start(folder.path(), &[]);
    let url = format!("{}small.txt", server.url);
    let place = crate::harness::folder();
    fetch_in(place.path(), &["-o", "no/such/file", &url]).assert_failed(1, &["no/such/file"]);
    fetch_in(place.path(), &["-o", ".", &url]).assert_failed(1, &["folder"]);
    fetch_in(place.path(), &["--har", "no/such.har", &url]).assert_failed(1, &["no/such.har"]);
    assert_eq!(fetch_in(place.path(), &["-o", "/dev/null", &url]).code, 0);
    if Path::new("/dev/full").exists() {
        fetch_in(place.path(), &["-o", "/dev/full", &url]).assert_failed(1, &["/dev/full"]);
    }
    assert!(names(place.path()).is_empty());
}

#[test]
fn a_reader_that_goes_away_ends_the_fetch() {
    let (folder, _) = folder_with(20_000_000);
    let server = Server::start(folder.path(), &[]);
    let script = format!("\"$0\" fetch {}big.bin | head -c 10; exit \"${{PIPESTATUS[0]}}\"", server.url);
    let run = run(std::process::Command::new("bash").arg("-c").arg(script).arg(glasshttp().get_program()));
    assert_eq!(run.stdout.len(), 10);
    run.assert_failed(1, &["standard output", "has closed it"]);
}

/// Fetches `small\n` into `file`, where a test has prepared the place.
fn into_prepared(prepare: impl Fn(&Path), options: &[&str]) -> (super::Run, tempfile::TempDir) {
    let place = crate::harness::folder();
    prepare(place.path());
    let peer = Peer::responding("HTTP/1.0 200 OK\r\nContent-Length: 6\r\n\r\nsmall\n");
    let run = fetch_in(place.path(), &[options, &["-o", "file", &peer.url("/")]].concat());
    (run, place)
}

#[test]
fn what_is_private_stays_private() {
    use std::os::unix::fs::PermissionsExt;
    for mode in [0o600, 0o640, 0o755] {
        let (run, place) = into_prepared(
            |place| {
                fs::write(place.join("file"), "old").expect("a file");
                fs::set_permissions(place.join("file"), fs::Permissions::from_mode(mode)).expect("its mode");
            },
            &[],
        );
        assert_eq!(run.code, 0, "{}", run.stderr);
        assert_eq!(read(place.path(), "file"), b"small\n");
        assert_eq!(fs::metadata(place.path().join("file")).expect("a file").permissions().mode() & 0o777, mode);
    }
}

#[test]
fn a_link_in_the_part_s_place_is_not_followed() {
    let link = |name: &'static str| {
        move |place: &Path| {
            fs::write(place.join("precious"), "precious").expect("a file");
            std::os::unix::fs::symlink("precious", place.join(name)).expect("a link");
        }
    };
    for name in ["file.part", "file.part.validator"] {
        for options in [&[][..], &["-C"]] {
            let (run, place) = into_prepared(link(name), options);
            assert_eq!((run.code, read(place.path(), "precious")), (0, b"precious".to_vec()), "{}", run.stderr);
            assert_eq!(names(place.path()), ["file", "precious"]);
        }
    }
    // A link that is the file's own name is where it leads.
    let (run, place) = into_prepared(link("file"), &[]);
    assert_eq!((run.code, read(place.path(), "precious")), (0, b"small\n".to_vec()), "{}", run.stderr);
    assert!(fs::symlink_metadata(place.path().join("file")).expect("a link").is_symlink());
}

#[test]
fn two_fetches_never_mix_in_one_file() {
    let (say, is_over) = mpsc::channel::<()>();
    let peer = Peer::start(move |_, stream| {
        read_request(stream);
        stream.write_all(b"HTTP/1.0 200 OK\r\nContent-Length: 4\r\n\r\nfi").expect("the client reads");
        is_over.recv_timeout(Duration::from_secs(20)).expect("a word");
        stream.write_all(b"rs").expect("the client reads");
        end(stream);
    });
    let other = Peer::responding("HTTP/1.0 200 OK\r\nContent-Length: 6\r\n\r\nsecond");
    let place = crate::harness::folder();
    let first = std::thread::scope(|scope| {
        let first = scope.spawn(|| fetch_in(place.path(), &["-o", "file", &peer.url("/")]));
        let deadline = std::time::Instant::now() + Duration::from_secs(20);
        while fs::metadata(place.path().join("file.part")).map_or(0, |metadata| metadata.len()) < 2 {
            assert!(std::time::Instant::now() < deadline, "the part does not come");
            std::thread::yield_now();
        }
        for options in [&[][..], &["-C"]] {
            let second = fetch_in(place.path(), &[options, &["-o", "file", &other.url("/")]].concat());
            second.assert_failed(1, &["another fetch"]);
        }
        say.send(()).expect("it listens");
        first.join().expect("a run")
    });
    assert_eq!((first.code, read(place.path(), "file")), (0, b"firs".to_vec()), "{}", first.stderr);
}

#[test]
fn names_may_be_as_long_as_names_can_be() {
    for length in [200, 240, 241, 250, 255] {
        let name = "n".repeat(length);
        let peer = Peer::start(|index, stream| {
            let request = read_request(stream);
            let response: &[u8] = match index {
                0 => b"HTTP/1.0 200 OK\r\nETag: \"a\"\r\nContent-Length: 4\r\n\r\nfi",
                _ => b"HTTP/1.0 206 OK\r\nContent-Range: bytes 2-3/4\r\nContent-Length: 2\r\n\r\nrs",
            };
            assert_eq!(request.contains("Range: bytes=2-"), index == 1, "{request}");
            stream.write_all(response).expect("the client reads");
            end(stream);
        });
        let place = crate::harness::folder();
        let url = peer.url(&format!("/{name}"));
        fetch_in(place.path(), &["-O", &url]).assert_failed(9, &["2 bytes are in"]);
        assert_eq!(names(place.path()).len(), 2);
        let run = fetch_in(place.path(), &["-O", "-C", &url]);
        assert_eq!((run.code, names(place.path())), (0, vec![name.clone()]), "{}", run.stderr);
        assert_eq!(read(place.path(), &name), b"firs");
    }
}

#[test]
fn what_has_no_body_leaves_the_file_alone() {
    let peer = Peer::responding("HTTP/1.0 204 No Content\r\n\r\n");
    let place = crate::harness::folder();
    fs::write(place.path().join("file"), "old").expect("a file");
    let run = fetch_in(place.path(), &["-o", "file", &peer.url("/")]);
    assert_eq!((run.code, read(place.path(), "file")), (0, b"old".to_vec()), "{}", run.stderr);
    // A whole of no bytes is a file, though.
    let peer = Peer::responding("HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n");
    let run = fetch_in(place.path(), &["-o", "file", &peer.url("/")]);
    assert_eq!((run.code, read(place.path(), "file")), (0, vec![]), "{}", run.stderr);
}

#[test]
fn a_head_goes_where_a_body_would() {
    let peer = Peer::responding("HTTP/1.0 200 OK\r\nContent-Length: 5\r\n\r\n");
    let place = crate::harness::folder();
    fs::write(place.path().join("file"), "old").expect("a file");
    let run = fetch_in(place.path(), &["--head", "-o", "file", &peer.url("/")]);
    let head = b"HTTP/1.0 200 OK\nContent-Length: 5\n";
    assert_eq!((run.code, read(place.path(), "file"), run.stdout), (0, head.to_vec(), vec![]), "{}", run.stderr);
    if Path::new("/dev/full").exists() {
        let script = format!("\"$0\" fetch --head {} > /dev/full", peer.url("/"));
        run_script(&script).assert_failed(1, &["standard output"]);
    }
}

fn run_script(script: &str) -> super::Run {
    run(std::process::Command::new("sh").arg("-c").arg(script).arg(glasshttp().get_program()))
}

#[test]
fn a_full_disk_leaves_nothing_empty_behind() {
    for etag in ["", "ETag: \"a\"\r\n"] {
        let place = crate::harness::folder();
        let peer = Peer::responding(format!("HTTP/1.0 200 OK\r\n{etag}Content-Length: 5\r\n\r\nbody\n"));
        // No file may have a byte: what write(2) says then is as on a disk that is full.
        let script = format!("trap '' XFSZ; ulimit -f 0; \"$0\" fetch -o file {}", peer.url("/"));
        let mut command = std::process::Command::new("sh");
        let run = run(command.arg("-c").arg(script).arg(glasshttp().get_program()).current_dir(place.path()));
        run.assert_failed(1, &["Cannot write file.part"]);
        assert_eq!(names(place.path()), Vec::<String>::new());
    }
}
