//! An independent witness: what tshark saw on the same port.

use super::{Watched, measured, port, since_accept};
use crate::closing::{folder_with, narrow_client, under_each_model};
use crate::harness::other::Other;
use crate::harness::{PATIENCE, Server};
use glasshttp::record::connection::Record;
use glasshttp::record::{End, How};
use socket2::SockRef;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::SocketAddr;
use std::process::{Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::{Duration, Instant, UNIX_EPOCH};

/// Fields that tshark prints of each segment, in the order of [`Segment`]'s.
const FIELDS: [&str; 10] = [
    "frame.time_epoch",
    "tcp.srcport",
    "tcp.dstport",
    "tcp.flags",
    "tcp.seq_raw",
    "tcp.len",
    "tcp.options.mss_val",
    "tcp.options.wscale.shift",
    "tcp.window_size_value",
    "ip.ttl",
];
const FIN: u64 = 1;
const SYN: u64 = 2;
const RST: u64 = 4;
const ACK: u64 = 16;

/// A segment as it passed.
struct Segment {
    nanoseconds: u64,
    from: u16,
    to: u16,
    flags: u64,
    sequence: u32,
    bytes: u64,
    mss: Option<u16>,
    scale: Option<u8>,
    window: u16,
    ttl: u8,
}

impl Segment {
    fn parse(line: &str) -> Self {
        let mut fields = line.split('\t');
        let [time, from, to, flags, sequence, bytes, mss, scale, window, ttl] =
            std::array::from_fn(|_| fields.next().unwrap_or_else(|| panic!("ten fields: {line:?}")));
        let (seconds, fraction) = time.split_once('.').expect("seconds and a fraction");
        let flags = u64::from_str_radix(flags.trim_start_matches("0x"), 16).expect("flags");
        Self {
            nanoseconds: format!("{seconds}{fraction:0<9.9}").parse().expect("a time"),
            from: from.parse().expect("a port"),
            to: to.parse().expect("a port"),
            flags,
            sequence: sequence.parse().expect("a number"),
            bytes: bytes.parse().expect("a length"),
            mss: mss.parse().ok(),
            scale: scale.parse().ok(),
            window: window.parse().expect("a window"),
            ttl: ttl.parse().expect("a TTL"),
        }
    }

    fn has(&self, flag: u64) -> bool {
        self.flags & flag != 0
    }

    /// When it passed, as the record counts.
    fn at(&self, record: &Record) -> i64 {
        since_accept(record, UNIX_EPOCH + Duration::from_nanos(self.nanoseconds))
    }
}

/// A running tshark; it is ended when dropped.
struct Witness {
    _tshark: Other,
    lines: Receiver<String>,
    seen: Vec<Segment>,
}

impl Witness {
    /// Watches the port of `server`, and does so already.
    fn of(server: &Server) -> Self {
        let mut command = Command::new("tshark");
        command.args(["-l", "-n", "-i", "lo", "-f", &format!("tcp port {}", server.port()), "-T", "fields"]);
        command.args(FIELDS.iter().flat_map(|field| ["-e", field]));
        let mut tshark = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().expect("tshark starts");
        let stdout = BufReader::new(tshark.stdout.take().expect("a pipe"));
        let (send, lines) = channel();
        // The test that waited for a line may have failed.
        thread::spawn(move || stdout.lines().map_while(Result::ok).for_each(|line| drop(send.send(line))));
        let mut witness = Self { _tshark: Other(tshark), lines, seen: Vec::new() };
        let begun = Instant::now();
        // That it captures is known when it has captured something.
        while witness.seen.is_empty() {
            assert!(begun.elapsed() < PATIENCE, "tshark captures nothing: is this root?");
            drop(server.connect());
            witness.look(Duration::from_millis(200));
        }
        witness
    }

    fn look(&mut self, patience: Duration) {
        if let Ok(line) = self.lines.recv_timeout(patience) {
            self.seen.push(Segment::parse(&line));
        }
    }

    /// The segments of a client's connection, as soon as it was seen to end.
    fn connection(&mut self, client: SocketAddr) -> Vec<&Segment> {
        let port = client.port();
        let begun = Instant::now();
        loop {
            let ends = |end: fn(&Segment) -> u16| self.seen.iter().any(|it| end(it) == port && it.has(FIN));
            let is_reset = self.seen.iter().any(|it| (it.from == port || it.to == port) && it.has(RST));
            if is_reset || (ends(|it| it.from) && ends(|it| it.to)) {
                break;
            }
            assert!(begun.elapsed() < PATIENCE, "the end of {client} was not seen");
            self.look(Duration::from_millis(200));
        }
        self.seen.iter().filter(|it| it.from == port || it.to == port).collect()
    }

    /// Holds a record to what was seen.
    fn agrees(&mut self, record: &Record) {
        let (server, client) = record.addresses().expect("TCP's");
        let segments = self.connection(client);
        let client = client.port();
        let first = segments.iter().find(|it| it.flags & (SYN | ACK) == SYN).expect("a SYN");
        assert_eq!((first.from, first.to), (client, server.port()));
        let syn = measured(&record.handshake.syn);
        assert_eq!((syn.sequence, syn.mss, syn.window_scale), (first.sequence, first.mss, first.scale));
        assert_eq!((syn.window, syn.ttl), (first.window, first.ttl));

        let close = record.close.as_ref().expect("its end");
        let reset = segments.iter().find(|it| it.has(RST));
        let is_reset = match close.how {
            How::ResetByClient => reset.is_some_and(|it| it.from == client),
            How::ResetByServer => reset.is_some_and(|it| it.to == client),
            How::Fin | How::Timeout => reset.is_none(),
            _ => panic!("{close:?}"),
        };
        assert!(is_reset, "{close:?}");
        let end = segments.iter().find(|it| it.has(FIN | RST)).expect("an end");
        let by = if end.from == client { End::Client } else { End::Server };
        assert_eq!(close.first.value(), Some(&by), "{close:?}");

        if let Some(exchange) = record.exchanges.first() {
            let request = segments.iter().find(|it| it.from == client && it.bytes > 0).expect("a request");
            let after = measured(&exchange.stages.arrived) - request.at(record);
            assert!((-1_000_000..50_000_000).contains(&after), "it arrived {after} ns after it passed");
        }
    }
}

#[test]
#[ignore = "needs tshark: .ci/run installs it"]
fn tshark_saw_the_same_syn_the_same_first_end_and_the_same_resets() {
    let (folder, _) = folder_with(20_000_000);
    under_each_model(|model| {
        let mut watched = Watched::start(folder.path(), model, &["--timeout", "1", "--keep-alive", "1"]);
        let mut witness = Witness::of(&watched.server);
        let kept = b"GET /small.txt HTTP/1.1\r\nHost: a\r\n\r\n";
        let agree = |watched: &mut Watched, witness: &mut Witness, client: SocketAddr, how: How, first: End| {
            let record = watched.record(client);
            let close = record.close.as_ref().expect("its end");
            assert_eq!((close.how, close.first.value()), (how, Some(&first)), "{model}: {close:?}");
            witness.agrees(&record);
        };

        // The server ends first, then the client.
        let mut client = watched.connect();
        client.send(b"GET /small.txt HTTP/1.0\r\n\r\n");
        client.read_to_end();
        let address = port(&client);
        drop(client);
        agree(&mut watched, &mut witness, address, How::Fin, End::Server);

        // The client ends its half with its request.
        let mut client = watched.connect();
        let sent = SockRef::from(&client.socket).send_with_flags(kept, libc::MSG_MORE);
        assert_eq!(sent.expect("sent"), kept.len());
        client.half_close();
        client.read_to_end();
        let address = port(&client);
        drop(client);
        agree(&mut watched, &mut witness, address, How::Fin, End::Client);

        // The client resets in the middle of a response.
        let mut client = watched.connect();
        client.send(b"GET /big.bin HTTP/1.0\r\n\r\n");
        client.socket.read_exact(&mut [0; 1000]).expect("the beginning");
        SockRef::from(&client.socket).set_linger(Some(Duration::ZERO)).expect("an option");
        let address = port(&client);
        drop(client);
        agree(&mut watched, &mut witness, address, How::ResetByClient, End::Client);

        // The client says nothing more, and then nothing at all.
        let mut client = watched.connect();
        client.send(kept);
        client.response();
        assert_eq!(client.read_to_end(), b"");
        let address = port(&client);
        drop(client);
        agree(&mut watched, &mut witness, address, How::Timeout, End::Server);

        // The client takes nothing.
        let mut client = narrow_client(watched.server.address);
        client.write_all(b"GET /big.bin HTTP/1.0\r\n\r\n").expect("a request");
        let address = client.local_addr().expect("bound");
        agree(&mut watched, &mut witness, address, How::ResetByServer, End::Server);
    });
}
