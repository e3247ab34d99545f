//! Other servers and another client: the same bytes, and times that agree.

use super::{fetch, run};
use crate::closing::{assert_same, folder_with};
use crate::harness::other::Other;
use crate::harness::{PATIENCE, Server};
use std::io::{BufRead, BufReader};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Instant;

/// Starts `command` for a port that is free, until it listens there.
fn start(command: impl Fn(u16) -> Command) -> (Other, SocketAddr) {
    for _ in 0..10 {
        let port = TcpListener::bind("127.0.0.1:0").and_then(|free| free.local_addr()).expect("a free port").port();
        let address = SocketAddr::from(([127, 0, 0, 1], port));
        let mut other = Other(command(port).stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("it starts"));
        let deadline = Instant::now() + PATIENCE;
        while Instant::now() < deadline && other.0.try_wait().expect("our own child").is_none() {
            if TcpStream::connect(address).is_ok() {
                return (other, address);
            }
            std::thread::yield_now();
        }
    }
    panic!("it does not listen");
}

fn assert_fetched(address: SocketAddr, big: &[u8]) {
    for options in [&["--http", "1.0"][..], &["--http", "1.1"], &["--http", "1.0", "-k"], &["--http", "1.1", "-k"]] {
        let url = format!("http://{address}/big.bin");
        let run = fetch(&[options, &[&url, &format!("http://{address}/small.txt")]].concat());
        assert_eq!(run.code, 0, "{options:?}: {}", run.stderr);
        assert_same(&run.stdout, &[big, b"small\n"].concat());
    }
}

#[test]
#[ignore = "needs nginx: .ci/run installs it"]
fn nginx_is_understood() {
    let (folder, big) = folder_with(3_000_000);
    let place = crate::harness::folder();
    let (_nginx, address) = start(|port| {
        let (root, place) = (folder.path().display(), place.path().display());
        let text = format!(
            "daemon off; master_process off; pid {place}/pid; error_log {place}/error.log; events {{}}\n\
             http {{ access_log off; client_body_temp_path {place}/b; proxy_temp_path {place}/p;\n\
             fastcgi_temp_path {place}/f; uwsgi_temp_path {place}/u; scgi_temp_path {place}/s;\n\
             gzip on; gzip_types text/plain; gzip_min_length 1;\n\
             server {{ listen 127.0.0.1:{port}; root {root}; location = /gone {{ return 302 /small.txt; }} }} }}\n"
        );
        let path = Path::new(&place.to_string()).join("nginx.conf");
        std::fs::write(&path, text).expect("a configuration");
        let mut command = Command::new("nginx");
        command.arg("-e").arg("stderr").arg("-c").arg(path);
        command
    });
    assert_fetched(address, &big);
    let run = fetch(&["-L", "-k", &format!("http://{address}/gone")]);
    assert_eq!(run.text(), "small\n", "{}", run.stderr);
    // Compressed on the fly, so in chunks.
    let url = format!("http://{address}/small.txt");
    let record = fetch(&["--json", "--http", "1.1", "-H", "Accept-Encoding: gzip", &url]).record();
    assert_eq!(record["transfers"][0]["exchange"]["response"]["framing"]["by"], "chunked", "{record}");
}

#[test]
#[ignore = "needs python3: .ci/run installs it"]
fn python_is_understood() {
    let (folder, big) = folder_with(3_000_000);
    let (_python, address) = start(|port| {
        let mut command = Command::new("python3");
        command.args(["-m", "http.server", "--bind", "127.0.0.1", &port.to_string()]).current_dir(folder.path());
        command
    });
    assert_fetched(address, &big);
}

#[test]
#[ignore = "needs busybox: .ci/run installs it"]
fn busybox_is_understood() {
    let (folder, big) = folder_with(3_000_000);
    let (_busybox, address) = start(|port| {
        let mut command = Command::new("busybox");
        command.args(["httpd", "-f", "-p", &format!("127.0.0.1:{port}"), "-h"]).arg(folder.path());
        command
    });
    assert_fetched(address, &big);
}

/// Medians of some runs each, taken in turn: the noise of a machine is common to both.
#[test]
#[ignore = "needs curl: .ci/run installs it"]
fn times_agree_with_those_of_curl() {
    let (folder, _) = folder_with(8_000_000);
    let server = Server::start(folder.path(), &[]);
    let url = format!("http://127.0.0.1:{}/big.bin", server.port());
    let mut times: [[Vec<f64>; 3]; 2] = Default::default();
    for _ in 0..15 {
        let record = fetch(&["--json", &url]).record();
        let transfer = &record["transfers"][0];
        let attempt = &transfer["connect"]["attempts"][0];
        let stages = &transfer["exchange"]["stages"];
        let time = |value: &serde_json::Value| value.as_f64().expect("a time") / 1e6;
        let (began, connected) = (time(&attempt["began"]), time(&attempt["ended"]));
        times[0][0].push(connected - began);
        times[0][1].push(time(&stages["first_read"]["value"]) - connected);
        times[0][2].push(time(&stages["complete"]["value"]) - began);

        let form = "%{time_namelookup} %{time_connect} %{time_starttransfer} %{time_total}";
        let curl = run(Command::new("curl").args(["-sS", "-0", "-o", "/dev/null", "-w", form, &url]));
        let said: Vec<f64> = curl.text().split(' ').map(|time| time.parse::<f64>().expect("seconds") * 1e3).collect();
        times[1][0].push(said[1] - said[0]);
        times[1][1].push(said[2] - said[1]);
        times[1][2].push(said[3] - said[0]);
    }
    let median = |times: &[f64]| {
        let mut times = times.to_vec();
        times.sort_by(f64::total_cmp);
        times[times.len() / 2]
    };
    for (index, stage) in ["connect", "first byte", "in all"].into_iter().enumerate() {
        let (ours, curls) = (median(&times[0][index]), median(&times[1][index]));
        println!("{stage}: {ours:.3} ms, curl {curls:.3} ms");
        // A stage of some tens of microseconds is as long as its own bookkeeping.
        assert!(ours < 4.0 * curls + 2.0 && curls < 4.0 * ours + 2.0, "{stage}: {ours} ms, curl {curls} ms");
    }
}

/// What a capture shows: ports as we told them, and flags where we told FIN and RST.
#[test]
#[ignore = "needs tshark and the right to capture: .ci/run installs it"]
fn ports_and_flags_agree_with_a_capture() {
    let (folder, _) = folder_with(20_000_000);
    let server = Server::start(folder.path(), &[]);
    let filter = format!("tcp port {}", server.port());
    let fields =
        ["-T", "fields", "-e", "tcp.srcport", "-e", "tcp.flags.syn", "-e", "tcp.flags.fin", "-e", "tcp.flags.reset"];
    let place = crate::harness::folder();
    let mut command = Command::new("tshark");
    command.env("TMPDIR", place.path());
    command.args(["-l", "-q", "-n", "-P", "-i", "lo", "-f", &filter]).args(fields);
    let mut capture = Other(command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("it starts"));
    let mut said = BufReader::new(capture.0.stderr.take().expect("a pipe"));
    let mut line = String::new();
    while !line.contains("Capture started") && !line.contains("Capturing on") {
        line.clear();
        assert_ne!(said.read_line(&mut line).expect("a line"), 0, "it does not capture");
    }
    let mut packets = BufReader::new(capture.0.stdout.take().expect("a pipe")).lines();
    // The capture begins some time after it says so: until a SYN is seen, there are more.
    let seen = std::sync::Arc::new(std::sync::Mutex::new(Vec::new()));
    let store = seen.clone();
    let reader = std::thread::spawn(move || {
        while let Some(Ok(packet)) = packets.next() {
            let fields: Vec<String> = packet.split('\t').map(str::to_owned).collect();
            store.lock().expect("no panic").push(fields);
        }
    });
    let is_set = |field: &str| field == "1" || field == "True";
    let deadline = Instant::now() + PATIENCE;
    let mut fetched = Vec::new();
    let url = |name: &str| format!("http://127.0.0.1:{}/{name}", server.port());
    loop {
        for (options, name) in [(&[][..], "small.txt"), (&["--abort-after", "1k"], "big.bin")] {
            let record = fetch(&[&["--json"], options, &[&url(name)]].concat()).record();
            let transfer = &record["transfers"][0];
            let client = transfer["ends"]["client"].as_str().expect("an address").to_owned();
            let port = client.rsplit(':').next().expect("a port").to_owned();
            fetched.push((port, transfer["close"]["how"].as_str().expect("how").to_owned()));
        }
        let packets = seen.lock().expect("no panic").clone();
        let server_port = server.port().to_string();
        let of = |port: &str, field: usize| {
            packets.iter().any(|packet| packet.len() > field && packet[0] == port && is_set(&packet[field]))
        };
        let orderly =
            fetched.iter().find(|(port, how)| how == "fin" && of(port, 1) && of(port, 2) && of(&server_port, 2));
        let reset = fetched.iter().find(|(port, how)| how == "reset_by_client" && of(port, 1) && of(port, 3));
        if orderly.is_some() && reset.is_some() {
            break;
        }
        assert!(Instant::now() < deadline, "{fetched:?} is not in {packets:?}");
    }
    drop(capture);
    reader.join().expect("a reader");
}
