//! What a fetch costs beside curl: processor time and peak memory of the whole
//! client, for a million small chunks and for a long body into a file; and how long
//! a server waits for the request, once it has the connection.
//!
//! `cargo bench --bench fetch`, on Linux, with curl installed. Both clients take
//! turns in one run. `-- --gib 8` for a longer body (2 by default; it needs that
//! much of the disk), `-- --rounds N`.

#![allow(clippy::print_stdout)] // a benchmark prints

use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::time::TimeValLike;
use std::error::Error;
use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::channel;
use std::thread;
use std::time::{Duration, Instant};

type Result<T> = std::result::Result<T, Box<dyn Error>>;

const CHUNKS: u64 = 1_000_000;
/// One chunk of eight bytes.
const CHUNK: &[u8] = b"8\r\n01234567\r\n";
const SHORT: u64 = 64 << 20;

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if arguments.first().is_some_and(|first| first == "--measure") {
        return measure(&arguments[1..]);
    }
    // `cargo test --all-targets` runs benchmarks too, without this flag.
    if !arguments.iter().any(|argument| argument == "--bench") {
        return Ok(());
    }
    let number = |flag: &str, usual: u64| {
        let value = arguments.iter().skip_while(|argument| *argument != flag).nth(1);
        value.map_or(Ok(usual), |value| value.parse())
    };
    let (gib, rounds) = (number("--gib", 2)?, number("--rounds", 7)?);
    let place = tempfile::tempdir()?;
    let chunks = serve_chunks()?;
    let chunked = format!("http://{chunks}/");
    let (_, theirs) = compare("a million chunks of 8 bytes, to a file", &chunked, CHUNKS * 8, rounds, place.path())?;
    if theirs == 0 {
        return Ok(());
    }
    compare_requests()?;
    let server = Server::start(place.path(), gib << 30)?;
    let url = |name: &str| format!("http://{}/{name}", server.address);
    let (short, _) = compare("64 MiB, to a file", &url("short"), SHORT, rounds, place.path())?;
    let what = format!("{gib} GiB, to a file");
    let (long, _) = compare(&what, &url("long"), gib << 30, rounds.min(5), place.path())?;
    println!("peak memory of glasshttp fetch: {short} KiB for 64 MiB, {long} KiB for {gib} GiB");
    if long > short + short / 4 {
        return Err("memory grows with the body".into());
    }
    Ok(())
}

/// Runs a command, and prints its processor time in microseconds and its peak memory in KiB.
fn measure(command: &[String]) -> Result<()> {
    let (program, arguments) = command.split_first().ok_or("no command")?;
    if !Command::new(program).args(arguments).stdout(Stdio::null()).status()?.success() {
        return Err(format!("{command:?} failed").into());
    }
    let usage = getrusage(UsageWho::RUSAGE_CHILDREN)?;
    let spent = usage.user_time() + usage.system_time();
    println!("{} {}", spent.num_microseconds(), usage.max_rss());
    Ok(())
}

/// The same in a process of its own, which has no other child.
fn measured(command: &[&str]) -> Result<(f64, u64)> {
    let output = Command::new(std::env::current_exe()?).arg("--measure").args(command).output()?;
    let text = String::from_utf8(output.stdout)?;
    let (spent, memory) = text.trim().split_once(' ').ok_or_else(|| format!("{command:?} was not measured"))?;
    Ok((spent.parse::<f64>()? / 1e3, memory.parse()?))
}

/// Both clients in turn; gives their peak memory in KiB, 0 for a curl that is not there.
fn compare(what: &str, url: &str, bytes: u64, rounds: u64, place: &Path) -> Result<(u64, u64)> {
    let file = place.join("body");
    let path = file.to_str().ok_or("a path")?;
    let ours = [env!("CARGO_BIN_EXE_glasshttp"), "fetch", "-q", "--http", "1.1", "-o", path, url];
    let theirs = ["curl", "-s", "-f", "-o", path, url];
    let run = |command: &[&str]| -> Result<(f64, u64)> {
        let figures = measured(command)?;
        let length = fs::metadata(&file)?.len();
        fs::remove_file(&file)?;
        if length == bytes { Ok(figures) } else { Err(format!("{command:?} wrote {length} bytes").into()) }
    };
    let has_curl = Command::new("curl").arg("--version").stdout(Stdio::null()).status().is_ok();
    let (mut costs, mut ratios, mut memory) = ((Vec::new(), Vec::new()), Vec::new(), (0, 0));
    for round in 0..=rounds {
        let (spent, peak) = run(&ours)?;
        let (other, other_peak) = if has_curl { run(&theirs)? } else { (f64::NAN, 0) };
        memory = (memory.0.max(peak), memory.1.max(other_peak));
        // The first turn warms caches, and is not counted.
        if round > 0 {
            costs.0.push(spent);
            costs.1.push(other);
            ratios.push(spent / other);
        }
    }
    println!("{what}:");
    println!("  glasshttp fetch {}, peak memory {} KiB", said(&mut costs.0, "ms"), memory.0);
    if has_curl {
        println!("  curl            {}, peak memory {} KiB", said(&mut costs.1, "ms"), memory.1);
        println!("  glasshttp / curl {}", said(&mut ratios, ""));
    }
    Ok(memory)
}

fn said(figures: &mut [f64], unit: &str) -> String {
    figures.sort_by(f64::total_cmp);
    let (median, least, most) = (figures[figures.len() / 2], figures[0], figures[figures.len() - 1]);
    format!("{median:.2} {unit} (median of {}; {least:.2}–{most:.2})", figures.len())
}

/// From the connection to the request, both clients in turn: what the client itself makes of the time
/// from connect(2) to the first byte of the response.
fn compare_requests() -> Result<()> {
    const TURNS: usize = 301;
    let listener = TcpListener::bind("127.0.0.1:0")?;
    listener.set_nonblocking(true)?;
    let url = format!("http://{}/", listener.local_addr()?);
    let (send, waits) = channel();
    let server = thread::spawn(move || -> io::Result<()> {
        (0..2 * TURNS).try_for_each(|_| send.send(wait_for_request(&listener)?).map_err(io::Error::other))
    });
    let wait = |command: &[&str]| -> Result<f64> {
        measured(command)?;
        Ok(waits.recv()?.as_secs_f64() * 1e6)
    };
    let (mut ours, mut theirs, mut ratios) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..TURNS {
        let own = wait(&[env!("CARGO_BIN_EXE_glasshttp"), "fetch", "-q", "-o", "/dev/null", &url])?;
        let other = wait(&["curl", "-s", "-f", "-o", "/dev/null", &url])?;
        ours.push(own);
        theirs.push(other);
        ratios.push(own / other);
    }
    server.join().map_err(|_| "the server panicked")??;
    println!("from the connection to the request, as a server sees it:");
    println!("  glasshttp fetch {}", said(&mut ours, "us"));
    println!("  curl            {}", said(&mut theirs, "us"));
    println!("  glasshttp / curl {}", said(&mut ratios, ""));
    Ok(())
}

/// Accepts a connection, and gives how long its request took to come. It never sleeps: to be woken takes
/// longer than what is measured.
fn wait_for_request(listener: &TcpListener) -> io::Result<Duration> {
    let mut client = until_ready(|| listener.accept())?.0;
    let begun = Instant::now();
    client.set_nonblocking(true)?;
    until_ready(|| client.read(&mut [0; 4096]))?;
    let waited = begun.elapsed();
    client.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")?;
    Ok(waited)
}

fn until_ready<T>(mut attempt: impl FnMut() -> io::Result<T>) -> io::Result<T> {
    loop {
        match attempt() {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => std::hint::spin_loop(),
            result => return result,
        }
    }
}

/// A server whose every response is a million small chunks, sent as fast as they are read.
fn serve_chunks() -> Result<SocketAddr> {
    const TOGETHER: u64 = 5_000;
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let address = listener.local_addr()?;
    let piece = CHUNK.repeat(TOGETHER as usize);
    thread::spawn(move || {
        while let Ok((mut client, _)) = listener.accept() {
            let mut respond = || {
                read_head(&mut client)?;
                client.write_all(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")?;
                (0..CHUNKS / TOGETHER).try_for_each(|_| client.write_all(&piece))?;
                client.write_all(b"0\r\n\r\n")?;
                client.read(&mut [0]).map(drop)
            };
            let _ = respond(); // a client that fails is found by its file
        }
    });
    Ok(address)
}

fn read_head(client: &mut TcpStream) -> io::Result<()> {
    let mut reader = BufReader::new(client);
    let mut line = String::new();
    while reader.read_line(&mut line)? > 2 {
        line.clear();
    }
    Ok(())
}

/// glasshttp with two files of zeros that take no room; it is ended when dropped.
struct Server {
    child: Child,
    address: SocketAddr,
}

impl Server {
    fn start(place: &Path, long: u64) -> Result<Self> {
        let folder = place.join("site");
        fs::create_dir(&folder)?;
        File::create(folder.join("short"))?.set_len(SHORT)?;
        File::create(folder.join("long"))?.set_len(long)?;
        let mut command = Command::new(env!("CARGO_BIN_EXE_glasshttp"));
        command.args(["--port", "0", "--log", "off", "--no-watch", "--workers", "1"]).arg(&folder);
        let mut child = command.stdout(Stdio::piped()).spawn()?;
        let mut line = String::new();
        BufReader::new(child.stdout.take().ok_or("a pipe")?).read_line(&mut line)?;
        let port = line.trim().trim_end_matches('/').rsplit(':').next().ok_or("a port")?.parse()?;
        Ok(Self { child, address: SocketAddr::from(([127, 0, 0, 1], port)) })
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
