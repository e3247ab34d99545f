//! Listings of many names: what one costs beside nginx's autoindex, and how long
//! a fast client waits beside readers that take nothing.
//!
//! `cargo bench --bench listing`, on Linux; nginx is compared if it is installed.

#![allow(clippy::print_stdout)] // a benchmark prints

use std::fs;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant, SystemTime};

const ROUNDS: usize = 11;
/// Names of the listing that is compared with nginx's.
const COMPARED: usize = 100_000;
/// Names of the listing beside which a fast client asks, and its silent readers.
const BESIDE: (usize, usize) = (60_000, 50);
/// How long the fast client asks.
const WATCHED: Duration = Duration::from_secs(2);

fn main() -> io::Result<()> {
    let folder = tempfile::tempdir()?;
    fill(folder.path(), COMPARED)?;
    compare(folder.path())?;
    let folder = tempfile::tempdir()?;
    fill(folder.path(), BESIDE.0)?;
    fs::create_dir(folder.path().join("small"))?;
    fs::write(folder.path().join("small/x.txt"), "small")?;
    beside(folder.path())
}

fn fill(folder: &Path, names: usize) -> io::Result<()> {
    (0..names).try_for_each(|index| fs::File::create(folder.join(format!("file{index:06}.txt"))).map(drop))
}

/// A running server; it is ended when dropped.
struct Server {
    child: Child,
    address: SocketAddr,
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn glasshttp(folder: &Path) -> io::Result<Server> {
    let mut command = Command::new(env!("CARGO_BIN_EXE_glasshttp"));
    command.args(["--port", "0", "--log", "off", "--no-watch", "--workers", "1"]).arg(folder);
    let mut child = command.stdout(Stdio::piped()).spawn()?;
    let mut line = String::new();
    BufReader::new(child.stdout.take().ok_or(io::ErrorKind::BrokenPipe)?).read_line(&mut line)?;
    let port = line.trim().trim_end_matches('/').rsplit(':').next().and_then(|port| port.parse().ok());
    Ok(Server { child, address: SocketAddr::from(([127, 0, 0, 1], port.ok_or(io::ErrorKind::InvalidData)?)) })
}

/// nginx, one process, with autoindex; `None` if it is not installed.
fn nginx(folder: &Path, place: &Path) -> io::Result<Option<Server>> {
    let address = TcpListener::bind("127.0.0.1:0")?.local_addr()?;
    let (root, place_name) = (folder.display(), place.display());
    let temporary =
        ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map(|of| format!("{of}_temp_path {place_name}/{of};"));
    let configuration = format!(
        "daemon off; master_process off; pid {place_name}/pid; error_log /dev/null; events {{}}\n\
         http {{ access_log off; sendfile on; {} server {{ listen {address}; root {root}; autoindex on; }} }}\n",
        temporary.join(" ")
    );
    let file = place.join("nginx.conf");
    fs::write(&file, configuration)?;
    let Ok(child) = Command::new("nginx").arg("-c").arg(&file).stderr(Stdio::null()).spawn() else { return Ok(None) };
    let server = Server { child, address };
    let deadline = Instant::now() + Duration::from_secs(10);
    while TcpStream::connect(address).is_err() {
        if Instant::now() > deadline {
            return Ok(None);
        }
    }
    Ok(Some(server))
}

/// Processor time of all threads of `server`, in milliseconds.
fn processor_time(server: &Server) -> io::Result<f64> {
    let mut nanoseconds = 0.0;
    for thread in fs::read_dir(format!("/proc/{}/task", server.child.id()))? {
        let line = fs::read_to_string(thread?.path().join("schedstat"))?;
        nanoseconds += line.split(' ').next().and_then(|time| time.parse::<f64>().ok()).unwrap_or(f64::NAN);
    }
    Ok(nanoseconds / 1e6)
}

/// What a whole listing costs the server; every name must be in it.
fn cost(server: &Server) -> io::Result<f64> {
    let before = processor_time(server)?;
    let mut client = TcpStream::connect(server.address)?;
    client.write_all(b"GET / HTTP/1.0\r\nHost: localhost\r\n\r\n")?;
    let mut page = Vec::with_capacity(32 << 20);
    client.read_to_end(&mut page)?;
    let spent = processor_time(server)? - before;
    let names = String::from_utf8_lossy(&page).matches(".txt\">").count();
    if names == COMPARED { Ok(spent) } else { Err(io::Error::other(format!("{names} names in the listing"))) }
}

fn compare(folder: &Path) -> io::Result<()> {
    let place = tempfile::tempdir()?;
    let (ours, theirs) = (glasshttp(folder)?, nginx(folder, place.path())?);
    let (mut costs, mut ratios) = (Vec::new(), Vec::new());
    for _ in 0..=ROUNDS {
        // A new ctime, so that nothing that was kept will do.
        fs::File::open(folder)?.set_modified(SystemTime::now())?;
        let cost_here = cost(&ours)?;
        costs.push(cost_here);
        if let Some(theirs) = &theirs {
            ratios.push(cost(theirs)? / cost_here);
        }
    }
    say("processor time for a listing of 100,000 names", "ms", &mut costs[1..]);
    match ratios.get_mut(1..) {
        Some(ratios) => say("nginx's autoindex / glasshttp's listing", "", ratios),
        None => println!("nginx is not installed"),
    }
    Ok(())
}

fn beside(folder: &Path) -> io::Result<()> {
    let (mut longest, mut alone, mut memory) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        let server = glasshttp(folder)?;
        let mut fast = TcpStream::connect(server.address)?;
        alone.push(longest_wait(&mut fast)?);
        let before = resident(&server)?;
        let mut silent = Vec::new();
        for _ in 0..BESIDE.1 {
            let mut client = TcpStream::connect(server.address)?;
            client.write_all(b"GET / HTTP/1.0\r\n\r\n")?;
            silent.push(client);
        }
        longest.push(longest_wait(&mut fast)?);
        memory.push(resident(&server)? - before);
        drop(silent);
    }
    say("longest wait of a fast client, alone", "ms", &mut alone);
    say("longest wait beside 50 silent readers of 60,000 names", "ms", &mut longest);
    say("memory that these take", "MiB", &mut memory);
    Ok(())
}

/// The longest that a small file takes within a while, in milliseconds.
fn longest_wait(client: &mut TcpStream) -> io::Result<f64> {
    let (begun, mut longest) = (Instant::now(), Duration::ZERO);
    let mut buffer = [0; 4096];
    while begun.elapsed() < WATCHED {
        let asked = Instant::now();
        client.write_all(b"GET /small/x.txt HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")?;
        let mut received = 0;
        while !buffer[..received].ends_with(b"small") {
            match client.read(&mut buffer[received..])? {
                0 => return Err(io::ErrorKind::UnexpectedEof.into()),
                count => received += count,
            }
        }
        longest = longest.max(asked.elapsed());
    }
    Ok(longest.as_secs_f64() * 1e3)
}

/// In MiB.
fn resident(server: &Server) -> io::Result<f64> {
    let status = fs::read_to_string(format!("/proc/{}/status", server.child.id()))?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap_or_default();
    Ok(line.split_whitespace().next().and_then(|kib| kib.parse::<f64>().ok()).unwrap_or(f64::NAN) / 1024.0)
}

fn say(what: &str, unit: &str, figures: &mut [f64]) {
    figures.sort_by(f64::total_cmp);
    if let [least, .., most] = figures {
        let (least, most) = (*least, *most);
        println!(
            "{what}: {:.2} {unit} (median of {}; {least:.2}–{most:.2})",
            figures[figures.len() / 2],
            figures.len()
        );
    }
}
