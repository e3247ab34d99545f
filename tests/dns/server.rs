//! A name server that answers as a test says, by UDP and TCP on one port.

use hickory_proto::op::{Message, MessageType, OpCode};
use hickory_proto::rr::{Name, RData, Record, RecordType, rdata};
use std::io::{ErrorKind, Read, Write};
use std::net::{IpAddr, SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

/// What carries a question.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum By {
    Udp,
    Tcp,
}

/// Messages to send for a question, in order; none: silence, or the connection's end.
type Script = dyn Fn(&Message, By) -> Vec<Vec<u8>> + Send + Sync;

/// A scripted server; it ends when dropped.
pub struct Server {
    pub address: SocketAddr,
    stop: Arc<AtomicBool>,
    threads: Vec<JoinHandle<()>>,
}

impl Server {
    pub fn start(script: impl Fn(&Message, By) -> Vec<Vec<u8>> + Send + Sync + 'static) -> Self {
        Self::at(([127, 0, 0, 1], 0).into(), script)
    }

    pub fn at(address: SocketAddr, script: impl Fn(&Message, By) -> Vec<Vec<u8>> + Send + Sync + 'static) -> Self {
        let (udp, tcp) = sockets(address);
        let address = udp.local_addr().expect("an address");
        let stop = Arc::new(AtomicBool::new(false));
        let script: Arc<Script> = Arc::new(script);
        let (stop_udp, stop_tcp, script_tcp) = (stop.clone(), stop.clone(), script.clone());
        let threads = vec![
            thread::spawn(move || serve_udp(&udp, &stop_udp, &*script)),
            thread::spawn(move || serve_tcp(&tcp, &stop_tcp, &*script_tcp)),
        ];
        Self { address, stop, threads }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::SeqCst);
        // Each thread is woken to see it.
        let woken = UdpSocket::bind("127.0.0.1:0").and_then(|socket| socket.send_to(&[], self.address));
        let _ = (woken, TcpStream::connect(self.address));
        for thread in self.threads.drain(..) {
            let _ = thread.join();
        }
    }
}

/// A UDP and a TCP socket on one port, a free one if it is 0.
fn sockets(address: SocketAddr) -> (UdpSocket, TcpListener) {
    for _ in 0..100 {
        let udp = UdpSocket::bind(address).expect("a socket");
        match TcpListener::bind(udp.local_addr().expect("an address")) {
            Ok(tcp) => return (udp, tcp),
            // Free for the one need not be free for the other.
            Err(error) => assert_eq!(error.kind(), ErrorKind::AddrInUse, "{error}"),
        }
    }
    panic!("no port is free for both");
}

fn serve_udp(socket: &UdpSocket, stop: &AtomicBool, script: &Script) {
    let mut buffer = [0; 4096];
    while !stop.load(Ordering::SeqCst) {
        let Ok((length, client)) = socket.recv_from(&mut buffer) else { continue };
        let Ok(question) = Message::from_vec(&buffer[..length]) else { continue };
        for message in script(&question, By::Udp) {
            socket.send_to(&message, client).expect("loopback takes it");
        }
    }
}

fn serve_tcp(listener: &TcpListener, stop: &AtomicBool, script: &Script) {
    while !stop.load(Ordering::SeqCst) {
        let Ok((mut stream, _)) = listener.accept() else { continue };
        let _ = stream.set_read_timeout(Some(Duration::from_secs(10)));
        let mut length = [0; 2];
        if stream.read_exact(&mut length).is_err() {
            continue;
        }
        let mut question = vec![0; u16::from_be_bytes(length).into()];
        if stream.read_exact(&mut question).is_err() {
            continue;
        }
        let Ok(question) = Message::from_vec(&question) else { continue };
        for message in script(&question, By::Tcp) {
            let length = u16::try_from(message.len()).expect("it fits");
            let _ = stream.write_all(&[&length.to_be_bytes(), &message[..]].concat());
        }
    }
}

/// An answer to `question` without a record.
pub fn answer(question: &Message) -> Message {
    let mut message = Message::new(question.metadata.id, MessageType::Response, OpCode::Query);
    message.metadata.recursion_available = true;
    message.add_queries(question.queries.clone());
    message
}

/// The bytes of a message.
pub fn bytes(message: &Message) -> Vec<u8> {
    message.to_vec().expect("a message")
}

/// The name that is asked for, without its final dot.
pub fn asked(question: &Message) -> String {
    question.queries[0].name.to_ascii().trim_end_matches('.').to_owned()
}

pub fn name(text: &str) -> Name {
    Name::from_ascii(format!("{text}.")).expect("a name")
}

pub fn cname(owner: &str, target: &str) -> Record {
    Record::from_rdata(name(owner), 60, RData::CNAME(rdata::CNAME(name(target))))
}

pub fn ns(zone: &str, server: &str) -> Record {
    Record::from_rdata(name(zone), 60, RData::NS(rdata::NS(name(server))))
}

pub fn address(owner: &str, address: IpAddr) -> Record {
    let data = match address {
        IpAddr::V4(address) => RData::A(rdata::A(address)),
        IpAddr::V6(address) => RData::AAAA(rdata::AAAA(address)),
    };
    Record::from_rdata(name(owner), 60, data)
}

/// `answer` with one address of the kind that is asked for: 192.0.2.1 or 2001:db8::1.
pub fn answer_with_address(question: &Message) -> Message {
    let mut message = answer(question);
    let is_six = question.queries[0].query_type == RecordType::AAAA;
    let text = if is_six { "2001:db8::1" } else { "192.0.2.1" };
    message.add_answer(address(&asked(question), text.parse().expect("an address")));
    message
}
