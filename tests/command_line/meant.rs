//! An invalid command line: the line says what it is, what it is not,
//! and what was probably meant.

use super::{assert_refused, output};
use crate::harness::{MODELS, glasshttp};

#[test]
fn a_value_is_said_with_what_it_is_not() {
    let models = format!("--model magic: not one of {}", MODELS.join(", "));
    for (arguments, said) in [
        (&["--port", "80x"][..], "--port 80x: not a port, a number from 0 to 65535"),
        (&["--port", "70000"], "--port 70000: not a port"),
        (&["--port", ""], "--port '': not a port"),
        (&["--port", "-1"], "--port -1: not a port, a number from 0 to 65535"),
        (&["lesson", "-p", "-1"], "--port -1: not a port"),
        (&["--workers", "-1"], "--workers -1: not a number from 1 to 1024"),
        (&["--keep-alive", "-0.5"], "--keep-alive -0.5: it must be from 0 to 86400 seconds"),
        (&["--timeout", "-1"], "--timeout -1: it must be more than 0 seconds, and 86400 at most"),
        (&["fetch", "--timeout", "0", "h"], "--timeout 0: it must be more than 0 seconds, and 86400 at most"),
        (&["fetch", "--repeat", "-1", "localhost"], "--repeat -1: not a number from 1 to 10000"),
        (&["--watch", "-1"], "--watch -1: not a port or an address"),
        (&["--bind", "-1"], "--bind -1: not an IP address"),
        (&["--user", "-1", "site"], "--user -1: not a user; try"),
        (&["fetch", "--dribble", "-5ms", "h"], "--dribble -5ms: not a time, such as 5ms or 1s"),
        (&["fetch", "--read-rate", "-1k", "h"], "--read-rate -1k: not a number of bytes"),
        (&["fetch", "--watch", "-1", "h"], "--watch -1: not a port or an address"),
        (&["fetch", "--dns", "-1", "h"], "--dns -1: not a name server's address"),
        (&["fetch", "--user", "-1", "h"], "there is no option --user; did you mean glasshttp --user?"),
        (&["fetch", "-1", "h"], "there is no option -1"),
        (&["fetch", "-o", "--json", "h"], ""),
        (&["--timeout", "soon"], "--timeout soon: not a number of seconds"),
        (&["--bind", "my host"], "--bind 'my host': not an IP address"),
        (&["--workers", "0"], "--workers 0: not a number from 1 to 1024"),
        (&["--model", "magic"], models.as_str()),
        (&["fetch", "http://[::1/"], "error: \"http://[::1/\" is not a URL: "),
        (&["fetch", "--http", "2", "localhost"], "--http 2: not one of "),
        (&["lab", "--answer", "ab", "close"], "--answer ab: "),
        (&["--user", "", "site"], "--user '': not a user; try"),
        (&["--user", "4294967295", "site"], "--user 4294967295: not a user; try"),
        (&["--cache-control", "", "site"], "--cache-control '': it must name a directive"),
        (&["-b", "0.0.0.0", "-b", "127.0.0.1"], "--bind 0.0.0.0: it includes 127.0.0.1"),
        (&["-b", "255.255.255.255"], "--bind 255.255.255.255: no TCP connection can come"),
        (&["--watch", "224.0.0.1:80"], "--watch 224.0.0.1:80: no TCP connection can come"),
        (&["-p", "9588", "site", "extra"], "unexpected argument extra; see --help"),
        (&["-p", "9588", "site", "--spa", "extra", "more"], "unexpected argument extra; see --help"),
        (&["-p", "9588", "site", "fetch"], "unexpected argument fetch; see --help"),
        (&["help", "nosuch"], "there is no command nosuch; see --help"),
        (&["help", ""], "there is no command ''; see --help"),
    ] {
        assert_refused(arguments, 2, said, "");
    }
}

#[test]
fn what_is_nearly_right_leads_to_what_was_meant() {
    let folder = crate::harness::folder();
    for (arguments, meant) in [
        (&["--prot", "80"][..], "there is no option --prot; did you mean --port?"),
        (&["--log", "sotry"], "did you mean story?"),
        (&["--lang", "kr"], "--lang kr: not one of en, ko; did you mean ko?"),
        (&["fetch", "--keepalive", "localhost"], "there is no option --keepalive; did you mean --keep-alive?"),
        (&["--directory", "public"], "did you mean glasshttp DIR?"),
        (&["--cors"], "did you mean --header 'Access-Control-Allow-Origin: *'?"),
        (&["fecth", "http://localhost:8080/"], "did you mean glasshttp fetch?"),
        (&["fecth"], "there is no folder fecth; did you mean glasshttp fetch?"),
        (&["fetch", "--lan", "localhost"], "there is no option --lan; did you mean glasshttp --lan?"),
        (&["lesson", "--model", "thread"], "there is no option --model; did you mean glasshttp --model?"),
        (&["--repeat", "3"], "there is no option --repeat; did you mean glasshttp fetch --repeat?"),
        (&["lab", "handshke"], "there is no experiment handshke; did you mean glasshttp lab handshake?"),
        (&["help", "fecth"], "there is no command fecth; did you mean glasshttp help fetch?"),
        (&["lesson", "site"], "unexpected argument site; see glasshttp lesson --help"),
        (&["lab", "close", "more"], "unexpected argument more; see glasshttp lab --help"),
        (&["8000"], "there is no folder 8000; did you mean --port 8000?"),
        (&["http://localhost:8080/"], "did you mean glasshttp fetch http://localhost:8080/?"),
        (
            &["--host", "0.0.0.0"],
            "--host 0.0.0.0: not a host, but every address of this machine: to listen there, use --lan or",
        ),
        (&["--host", "::"], "use --lan or --bind ::"),
    ] {
        let (_, said, code) = output(glasshttp().args(arguments).env("LC_ALL", "C").current_dir(&folder));
        assert!(said.starts_with("error: ") && said.lines().count() == 1 && code == Some(2), "{arguments:?}: {said}");
        assert!(said.contains(meant), "{arguments:?}: {said}");
        let (_, korean, code) = output(glasshttp().args(arguments).env("LC_ALL", "ko_KR.UTF-8").current_dir(&folder));
        assert!(korean.starts_with("오류: ") && code == Some(2), "{arguments:?}: {korean}");
        assert_eq!(korean.contains("혹시 "), said.contains("did you mean"), "{korean}");
    }
}

/// A folder that is called like a port, or like a command, is served by its path.
#[test]
fn a_folder_that_exists_is_meant() {
    let folder = crate::harness::folder();
    std::fs::create_dir(folder.path().join("8000")).expect("a folder");
    let mut command = glasshttp();
    command.args(["8000", "--port", "0", "--log", "off", "--no-watch"]).current_dir(folder.path());
    crate::harness::Server::spawn(&mut command);
}

/// The lesson is a server: it takes what says where a server is and what it shows.
#[test]
fn the_lesson_listens_and_shows_as_the_server_does() {
    let mut command = glasshttp();
    let options = ["lesson", "--port", "0", "--lan", "--log", "short", "--watch", "0", "--lang", "en"];
    let mut server = crate::harness::Server::spawn(command.args(options).env("TZ", "UTC0"));
    assert!(server.announced.starts_with("Serving the lesson at http://"), "{}", server.announced);
    assert_eq!(server.get("/hello.txt").status, 200);
    server.signal(rustix::process::Signal::INT);
    server.wait();
    let mut said = String::new();
    std::io::Read::read_to_string(&mut server.stdout, &mut said).expect("text");
    assert!(said.contains("Watch it at http://localhost:"), "{said}");
    assert!(said.contains("GET /hello.txt  200"), "{said}");
}
