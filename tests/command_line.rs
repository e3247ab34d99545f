//! What is typed, and what is printed in return.

mod ending;
mod log;
mod meant;
mod requests;
mod short;

use crate::closing::folder_with;
use crate::harness::{Client, Response, Server, glasshttp, refusal};
use std::io::BufRead;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener, TcpStream};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::time::Duration;

const PATIENCE: Duration = Duration::from_secs(5);

/// What a run that ends by itself printed.
fn output(command: &mut Command) -> (String, String, Option<i32>) {
    let Output { status, stdout, stderr } = command.output().expect("it starts");
    (String::from_utf8(stdout).expect("UTF-8"), String::from_utf8(stderr).expect("UTF-8"), status.code())
}

fn responds_at(address: SocketAddr) -> bool {
    let mut client = Client::connect(address);
    client.send(b"GET /small.txt HTTP/1.0\r\n\r\n");
    Response::parse(&client.read_to_end()).text() == "small\n"
}

fn is_refused_at(address: SocketAddr) -> bool {
    TcpStream::connect_timeout(&address, PATIENCE).is_err()
}

#[test]
fn both_loopbacks_response_by_default_and_are_called_localhost() {
    let (folder, _) = folder_with(0);
    let server = Server::start(folder.path(), &[]);
    assert_eq!(server.url, format!("http://localhost:{}/", server.port()));
    assert_ne!(server.port(), 0);
    assert!(responds_at((Ipv4Addr::LOCALHOST, server.port()).into()));
    assert!(responds_at((Ipv6Addr::LOCALHOST, server.port()).into()));
}

#[test]
fn the_first_line_names_the_one_address_that_is_bound() {
    let (folder, _) = folder_with(0);
    let server = Server::start(folder.path(), &["-b", "127.0.0.1"]);
    assert_eq!(server.url, format!("http://127.0.0.1:{}/", server.port()));
    assert!(responds_at(server.address) && is_refused_at((Ipv6Addr::LOCALHOST, server.port()).into()));

    let server = Server::start(folder.path(), &["-b", "::1"]);
    assert_eq!(server.url, format!("http://[::1]:{}/", server.port()));
    assert!(responds_at((Ipv6Addr::LOCALHOST, server.port()).into()) && is_refused_at(server.address));
}

#[test]
fn without_a_name_it_serves_public_if_it_is_there_and_else_the_current_folder() {
    let folder = crate::harness::folder();
    std::fs::write(folder.path().join("small.txt"), "small\n").expect("a file");
    let start = || {
        let options = ["--port", "0", "--log", "off", "--no-watch"];
        let mut server = Server::spawn(glasshttp().current_dir(folder.path()).args(options));
        let mut said = String::new();
        while !said.contains("Ctrl-C") {
            assert_ne!(server.stdout.read_line(&mut said).expect("a line"), 0, "{said}");
        }
        (server, said)
    };
    let (server, said) = start();
    assert!(responds_at(server.address));
    let here = folder.path().canonicalize().expect("a path");
    assert!(said.contains("no ./public here") && said.contains(&here.display().to_string()), "{said}");
    std::fs::create_dir(folder.path().join("public")).expect("a folder");
    std::fs::write(folder.path().join("public/small.txt"), "of public").expect("a file");
    let (server, said) = start();
    assert_eq!(server.get("/small.txt").text(), "of public");
    assert!(!said.contains("no ./public"), "{said}");
}

#[test]
fn a_link_local_address_wants_its_interface() {
    let (folder, _) = folder_with(0);
    let folder = folder.path().to_str().expect("a path");
    let bind = |address: &str| refusal(&["--port", "0", "--no-watch", "--bind", address, folder]);
    let (message, code) = bind("fe80::1");
    assert!(message.contains("needs its interface; as in fe80::1%eth0"), "{message}");
    assert_eq!((message.trim_end().lines().count(), code), (1, 1));
    let (message, code) = bind("fe80::1%nowhere0");
    assert!(message.contains("this machine has no interface nowhere0"), "{message}");
    assert_eq!(code, 2);
}

#[test]
#[ignore = "makes a network namespace, as root, and needs curl"]
fn a_zone_is_listened_in_and_printed_as_a_url() {
    let (folder, _) = folder_with(0);
    let script = "ip link set lo up; \
                  ip -6 addr add fe80::7/64 dev lo nodad; \
                  timeout 20 \"$0\" --port 8080 --log off --no-watch --bind fe80::7%lo \"$1\" > said & \
                  for i in $(seq 1000); do grep -q Ctrl-C said && break; done; head -1 said; \
                  curl -sS --max-time 10 'http://[fe80::7%25lo]:8080/small.txt'; kill %1";
    let work = crate::harness::folder();
    let mut command = Command::new("unshare");
    command.args(["--net", "bash", "-c", script, crate::harness::program()]).arg(folder.path());
    let (said, complaint, _) = output(command.current_dir(work.path()));
    assert!(said.contains("http://[fe80::7%25lo]:8080/\nsmall\n"), "{said} {complaint}");
}

#[test]
fn lan_lists_a_url_for_each_interface() {
    let (folder, _) = folder_with(0);
    let mut server = Server::start(folder.path(), &["--lan"]);
    let mut said = server.url.clone();
    while !said.contains("Ctrl-C") {
        assert_ne!(server.stdout.read_line(&mut said).expect("a line"), 0, "{said}");
    }
    assert!(said.contains(&format!("http://localhost:{}/", server.port())), "{said}");
    for interface in if_addrs::get_if_addrs().expect("the interfaces") {
        if interface.is_loopback() || interface.is_link_local() {
            continue;
        }
        let url = format!("http://{}/", SocketAddr::new(interface.ip(), server.port()));
        assert!(said.contains(&url), "{url} is missing: {said}");
    }
    assert!(responds_at(server.address) && responds_at((Ipv6Addr::LOCALHOST, server.port()).into()));
}

/// One line, that says what failed and what to do about it.
fn assert_refused(arguments: &[&str], code: i32, failed: &str, way_out: &str) {
    let (said, exit) = refusal(arguments);
    assert_eq!(exit, code, "{arguments:?}: {said}");
    assert!(said.starts_with("error: ") && said.ends_with('\n') && said.lines().count() == 1, "one line: {said:?}");
    assert!(said.contains(failed) && said.contains(way_out), "{arguments:?}: {said}");
}

#[test]
fn what_fails_says_so_in_one_line_with_a_way_out_and_exits_with_1() {
    let (folder, _) = folder_with(0);
    let path = folder.path().to_str().expect("UTF-8");
    assert_refused(&["/no/such/folder"], 1, "/no/such/folder: no such directory", "glasshttp .");
    assert_refused(&[&format!("{path}/small.txt")], 1, "small.txt: not a directory", &format!("glasshttp {path}"));
    assert_refused(&["-b", "192.0.2.123", "-p", "0", path], 1, "192.0.2.123", "try --lan");

    let taken = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = taken.local_addr().expect("its address").port().to_string();
    assert_refused(&["-p", &port, path], 1, &format!("127.0.0.1:{port}: the port is taken"), "--port 0");
}

#[test]
fn what_can_not_be_meant_is_one_line_and_exits_with_2() {
    for arguments in [
        &["--frobnicate"][..],
        &["--timeout", "soon"],
        &["--timeout", "0"],
        &["--keep-alive=-1"],
        &["--grace", "inf"],
        &["--max-connections", "0"],
        &["--header", "no colon"],
        &["--header", "X: a\r\nSet-Cookie: b"],
        &["--header", "X: a\nb"],
        &["--header", "X\r\nY: a"],
        &["--header", "Content-Length: 1"],
        &["--cache-control", "a\r\nb"],
        &["--cache-control", "*.js: a\r\nb"],
        &["--cache-control", "*.js:"],
        &["--cache-control", ": no-store"],
        &["--cache-control", "*.{js,css: no-store"],
        &["--bind", "example.org"],
        &["--lan", "--bind", "::1"],
        &["--model", "magic"],
        &["--log", "everything"],
        &["one", "two"],
    ] {
        assert_refused(arguments, 2, "", "--help");
    }
}

#[test]
fn a_privileged_port_without_the_right_says_what_to_try() {
    let first = std::fs::read_to_string("/proc/sys/net/ipv4/ip_unprivileged_port_start");
    if !first.is_ok_and(|first| first.trim().parse().is_ok_and(|first: u16| first > 80)) {
        eprintln!("not tested: here everybody may listen on port 80 (ip_unprivileged_port_start)");
        return;
    }
    // A copy, because the build may lie where that user may not look.
    let (folder, _) = folder_with(0);
    let program = folder.path().join("glasshttp");
    std::fs::copy(glasshttp().get_program(), &program).expect("a copy");
    let everybody = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    std::fs::set_permissions(folder.path(), everybody).expect("our folder");

    let mut command = Command::new(&program);
    if rustix::process::geteuid().is_root() {
        command = Command::new("setpriv");
        command.args(["--reuid", "65534", "--clear-groups", "--inh-caps=-all"]).arg(&program);
    }
    let (_, said, code) = output(command.args(["-p", "80"]).arg(folder.path()));
    assert_eq!(code, Some(1), "{said}");
    assert_eq!(said.lines().count(), 1, "{said}");
    assert!(said.contains(":80: permission denied") && said.contains("try --port 8080"), "{said}");
}

#[test]
fn the_usual_port_taken_and_none_named_leads_to_the_next_and_says_so() {
    let (folder, _) = folder_with(0);
    // Whether this one takes it or somebody has it already: it is taken.
    let _taken = TcpListener::bind("127.0.0.1:8080");
    let mut server = Server::spawn(glasshttp().args(["--log", "off"]).arg(folder.path()));
    assert!(server.port() > 8080, "{}", server.url);
    assert!(responds_at(server.address));
    let mut said = String::new();
    while !said.contains("Ctrl-C") {
        assert_ne!(server.stdout.read_line(&mut said).expect("a line"), 0, "{said}");
    }
    assert!(said.contains("8080 is taken"), "{said}");
}

#[test]
fn an_address_that_was_typed_and_cannot_be_had_is_an_error() {
    let (folder, _) = folder_with(0);
    let options = ["--port", "0", "--log", "off", "--no-watch", "--bind", "127.0.0.1", "--bind", "203.0.113.9"];
    let (said, complaint, code) = output(glasshttp().args(options).arg(folder.path()));
    assert!(code == Some(1) && said.is_empty(), "{said}");
    assert!(complaint.contains("cannot listen on 203.0.113.9: this machine has no such address"), "{complaint}");
}

#[test]
fn an_address_to_which_nobody_can_connect_is_an_error() {
    let (folder, _) = folder_with(0);
    // The kernel lets a socket listen there.
    for (language, site, page) in [
        (
            "en",
            "no TCP connection can come to a broadcast address; try --lan",
            "; name one of this machine alone, or --no-watch",
        ),
        (
            "ko",
            "브로드캐스트 주소로는 TCP 연결이 올 수 없습니다. --lan으로",
            "이 컴퓨터만의 주소를 쓰세요. 끄려면 --no-watch",
        ),
    ] {
        for (options, expected) in [
            (["--no-watch", "--bind", "127.255.255.255"], site),
            (["--bind", "127.0.0.1", "--watch=127.255.255.255:0"], page),
        ] {
            let mut command = glasshttp();
            command.args(["--port", "0", "--log", "off", "--lang", language]).args(options).arg(folder.path());
            let (said, complaint, code) = output(&mut command);
            assert!(code == Some(1) && said.is_empty(), "{said}");
            assert!(complaint.contains(" 127.255.255.255") || complaint.contains("127.255.255.255에서"), "{complaint}");
            assert!(complaint.contains(expected), "{complaint}");
        }
    }
}

#[test]
fn help_fits_80_columns() {
    for columns in ["80", "200"] {
        for option in ["--help", "-h"] {
            let (said, errors, code) = output(glasshttp().arg(option).env("COLUMNS", columns));
            assert_eq!((errors.as_str(), code), ("", Some(0)));
            let widest = said.lines().max_by_key(|line| line.chars().count()).expect("lines");
            assert!(widest.chars().count() <= 80, "{widest:?}");
            for word in ["Usage: glasshttp", "--port", "--bind", "--lan", "--model", "--log"] {
                assert!(said.contains(word), "{word}: {said}");
            }
        }
    }
}

#[test]
fn the_help_of_fetch_is_a_man_page_in_each_language() {
    let english = ["NAME\n  glasshttp fetch - ", "SYNOPSIS", "DESCRIPTION", "OPTIONS", "EXIT STATUS", "EXAMPLES"];
    let korean = ["이름\n  glasshttp fetch - ", "사용법", "설명", "옵션", "종료 상태", "예\n"];
    for (language, sections) in [("en", english), ("ko", korean)] {
        let (said, errors, code) = output(glasshttp().args(["--lang", language, "fetch", "--help"]));
        assert_eq!((errors.as_str(), code), ("", Some(0)));
        let mut rest = said.as_str();
        for section in sections {
            let at = rest.find(section).unwrap_or_else(|| panic!("{section} is missing or out of order: {said}"));
            rest = &rest[at..];
        }
        for line in said.lines() {
            assert!(unicode_width::UnicodeWidthStr::width(line) <= 80, "{line:?}");
        }
        for option in ["--http", "-X, --method", "-d, --data", "-4, --ipv4", "-q, --quiet", "--trace-dns", "--lang"] {
            assert!(said.contains(option), "{option}: {said}");
        }
        // Each exit code stands on a line of its own.
        for exit in (0..=11).chain([130]) {
            let is_code = |line: &str| line.trim_start().starts_with(&format!("{exit}  "));
            assert!(said.lines().any(is_code), "{exit}: {said}");
        }
    }
    let (environment, ..) = output(glasshttp().args(["fetch", "--help"]).env("LC_ALL", "ko_KR.UTF-8"));
    assert!(environment.starts_with("이름\n"), "{environment}");
    // An invalid command line is said in Korean, too.
    for (arguments, words) in [
        (&["https://h/"][..], "암호화된 주소"),
        (&["-C", "h"], "파일 하나를 이어받습니다"),
        (&["--http", "0.9", "--head", "h"], "GET과 경로만"),
        (&["--dns", "x", "h"], "네임 서버 주소가 아닙니다"),
        (&["-X", "CONNECT", "h"], "프록시"),
        (&["--read-rate", "x", "h"], "바이트 수가 아닙니다"),
    ] {
        let (_, said, code) = output(glasshttp().args(["--lang", "ko", "fetch"]).args(arguments));
        assert!(code == Some(2) && said.contains(words) && said.lines().count() == 1, "{arguments:?}: {said}");
    }
}

/// What the program says of a folder that is not there, in this environment.
fn complaint(options: &[&str], environment: &[(&str, &str)]) -> String {
    let mut command = glasshttp();
    command.args(options).arg("/no/such/folder").env_remove("LC_ALL").env_remove("LC_MESSAGES").env_remove("LANG");
    output(command.envs(environment.iter().copied())).1
}

#[test]
fn the_language_is_that_of_the_environment_unless_it_is_named() {
    let (english, korean) = ("error: cannot serve", "오류: /no/such/folder");
    for (options, environment, begin) in [
        (&[][..], &[][..], english),
        (&[], &[("LANG", "ko_KR.UTF-8")], korean),
        (&[], &[("LANG", "ko")], korean),
        (&[], &[("LC_ALL", "C"), ("LANG", "ko_KR.UTF-8")], english),
        (&[], &[("LC_ALL", ""), ("LC_MESSAGES", "ko_KR"), ("LANG", "C")], korean),
        (&["--lang", "en"], &[("LANG", "ko_KR.UTF-8")], english),
        (&["--lang=ko"], &[("LC_ALL", "POSIX")], korean),
    ] {
        let said = complaint(options, environment);
        assert!(said.starts_with(begin), "{options:?} {environment:?}: {said}");
    }
    // Also where the command line itself is what is wrong.
    let said = complaint(&["--lang", "ko", "--port", "many"], &[]);
    assert!(said.starts_with("오류: --port many:") && said.contains("0부터 65535까지의 수"), "{said}");
}

#[test]
fn version_is_one_line() {
    let (said, errors, code) = output(glasshttp().arg("--version"));
    assert_eq!((said, errors), (format!("glasshttp {}\n", env!("CARGO_PKG_VERSION")), String::new()));
    assert_eq!(code, Some(0));
}

/// Runs it on a terminal of its own (script(1)) until it ends by itself.
fn on_a_terminal(arguments: &str, no_color: Option<&str>) -> String {
    let mut command = Command::new("script");
    let line = format!("'{}' {arguments}", Path::new(glasshttp().get_program()).display());
    command.args(["--quiet", "--return", "--command", &line, "/dev/null"]).env("TERM", "xterm").env_remove("NO_COLOR");
    // Its job control is none of ours: a process stopped and continued has its reads interrupted.
    command.process_group(0).env_remove("CLICOLOR").env_remove("CLICOLOR_FORCE").stdin(Stdio::null());
    if let Some(value) = no_color {
        command.env("NO_COLOR", value);
    }
    output(&mut command).0
}

#[test]
fn colours_are_for_terminals_that_want_them() {
    let (folder, _) = folder_with(0);
    for arguments in [&["--help"][..], &["--version"], &["/no/such/folder"], &["--no-such-flag"]] {
        let (said, errors, _) = output(glasshttp().args(arguments).env("TERM", "xterm"));
        assert!(!said.contains('\x1b') && !errors.contains('\x1b'), "through a pipe: {said}{errors}");
        if Command::new("script").arg("--version").output().is_err() {
            eprintln!("not tested on a terminal: there is no script(1)");
            continue;
        }
        let plain = on_a_terminal(&arguments.join(" "), Some("1"));
        assert!(!plain.is_empty() && !plain.contains('\x1b'), "with NO_COLOR: {plain:?}");
    }
    let server = Server::start(folder.path(), &[]);
    assert!(!server.url.contains('\x1b'), "{:?}", server.url);
    let coloured = on_a_terminal("/no/such/folder", None);
    assert!(coloured.contains('\x1b'), "on a terminal: {coloured:?}");
}

#[test]
fn a_log_that_cannot_be_written_is_refused_at_the_start() {
    let (folder, _) = folder_with(0);
    let for_reading = || std::fs::File::open("/dev/null").expect("nothing");
    let mut command = glasshttp();
    let (_, complaint, code) =
        output(command.args(["-p", "0", "--log", "common"]).arg(folder.path()).stdout(for_reading()));
    assert_eq!(code, Some(1), "{complaint}");
    assert!(complaint.contains("cannot write the log to standard output: it is not open for writing"), "{complaint}");
}

#[test]
fn a_limit_that_is_lowered_is_said() {
    let (folder, _) = folder_with(0);
    let mut command = Command::new("sh");
    let words = "ulimit -n 100 && exec \"$0\" \"$@\"";
    command.args(["-c", words]).arg(glasshttp().get_program()).env("LC_ALL", "C");
    let mut server = Server::spawn(command.args(["--port", "0", "--log", "off", "--no-watch"]).arg(folder.path()));
    let mut said = String::new();
    while !said.contains("Ctrl-C") {
        assert!(server.stdout.read_line(&mut said).expect("a line") > 0, "{said}");
    }
    assert!(said.contains("connections at once, by the limit of open files"), "{said}");
    assert!(responds_at(server.address));
}

#[test]
fn one_connection_at_a_time_is_not_laid_to_a_limit() {
    let (folder, _) = folder_with(0);
    let options = ["--port", "0", "--log", "off", "--no-watch", "--model", "iterative"];
    let mut server = Server::spawn(glasshttp().args(options).arg(folder.path()).env("LC_ALL", "C"));
    let mut said = String::new();
    while !said.contains("Ctrl-C") {
        assert!(server.stdout.read_line(&mut said).expect("a line") > 0, "{said}");
    }
    assert!(!said.contains("limit of open files"), "{said}");
}

#[test]
#[ignore = "needs root and setpriv: .ci/run has them"]
fn a_folder_that_may_not_be_entered_is_refused_at_the_start() {
    use std::os::unix::fs::PermissionsExt;
    let (folder, _) = folder_with(0);
    std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(0o700)).expect("closed");
    let mut command = Command::new("setpriv");
    command.args(["--reuid", "65533", "--clear-groups"]).arg(glasshttp().get_program()).env("LC_ALL", "C");
    let (_, complaint, code) = output(command.args(["-p", "0", "--log", "off"]).arg(folder.path()));
    assert_eq!(code, Some(1), "{complaint}");
    assert!(complaint.contains("permission denied; try another folder"), "{complaint}");
}
