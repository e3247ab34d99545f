//! One question on the wire: a datagram, or a connection when that is too small.

use super::message::{PAYLOAD, Question, Verdict};
use super::stop::Stop;
use crate::record::lookup::{DnsResponse, Ignored, Query, QueryOutcome, QueryType, Transport};
use crate::record::{LookupError, MessageFault, NameFault};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use socket2::{Domain, Socket, Type};
use std::io::{self, ErrorKind, Read, Write};
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream, UdpSocket};
use std::time::{Duration, Instant};

/// How many messages that are no answer are remembered; more are counted.
const MOST_IGNORED: usize = 16;

/// What is asked, of whom.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ask<'a> {
    pub(super) server: SocketAddr,
    pub(super) name: &'a str,
    pub(super) kind: QueryType,
    pub(super) recursion_desired: bool,
    /// For each transport.
    pub(super) timeout: Duration,
    /// When all of them must be over.
    pub(super) deadline: Option<Instant>,
    pub(super) attempt: u32,
    /// When the lookup began.
    pub(super) origin: Instant,
    /// By TCP at once.
    pub(super) by_tcp: bool,
    /// What ends it early.
    pub(super) stop: &'a Stop,
}

impl Ask<'_> {
    /// Asks by UDP; again without EDNS, if the server does not know it; again by
    /// TCP, if the answer did not fit. The last exchange is what counts.
    ///
    /// # Errors
    /// Where no question can be made of the name.
    pub(super) fn run(&self) -> Result<Vec<Query>, LookupError> {
        let first = if self.by_tcp { Transport::Tcp } else { Transport::Udp };
        let mut exchanges = vec![self.once(first, true)?];
        let knows_no_edns = |exchange: &Query| response(exchange).is_some_and(|response| response.rcode == "FORMERR");
        let mut edns = true;
        if exchanges.last().is_some_and(knows_no_edns) && self.has_time() {
            edns = false;
            exchanges.push(self.once(first, edns)?);
        }
        if !self.by_tcp && exchanges.last().is_some_and(is_truncated) && self.has_time() {
            exchanges.push(self.once(Transport::Tcp, edns)?);
        }
        Ok(exchanges)
    }

    fn has_time(&self) -> bool {
        self.deadline.is_none_or(|deadline| Instant::now() < deadline)
    }

    fn once(&self, transport: Transport, edns: bool) -> Result<Query, LookupError> {
        let question = Question::new(self.name, self.kind, self.recursion_desired, edns)
            .map_err(|_| LookupError::InvalidName { name: self.name.to_owned(), why: NameFault::Unsendable })?;
        let start = Instant::now();
        let mut ignored = Others::default();
        let deadline = start + self.timeout;
        let deadline = self.deadline.map_or(deadline, |all| all.min(deadline));
        let result = match transport {
            Transport::Udp => self.udp(&question, deadline, &mut ignored),
            Transport::Tcp => self.tcp(&question, deadline, &mut ignored),
        };
        Ok(Query {
            server: self.server,
            transport,
            name: self.name.to_owned(),
            record: self.kind,
            id: question.id,
            recursion_desired: self.recursion_desired,
            edns_payload: edns.then_some(PAYLOAD),
            attempt: self.attempt,
            began: start.saturating_duration_since(self.origin),
            time: start.elapsed(),
            ignored: ignored.listed,
            ignored_left_out: ignored.left_out,
            outcome: result.unwrap_or_else(|error| of_error(&error)),
        })
    }

    fn udp(&self, question: &Question, deadline: Instant, ignored: &mut Others) -> io::Result<QueryOutcome> {
        let any: SocketAddr = match self.server {
            SocketAddr::V4(_) => (Ipv4Addr::UNSPECIFIED, 0).into(),
            SocketAddr::V6(_) => (Ipv6Addr::UNSPECIFIED, 0).into(),
        };
        let socket = UdpSocket::bind(any)?;
        // Connected, it hears the server alone, and of ICMP's refusals (udp(7)).
        socket.connect(self.server)?;
        socket.send(&question.bytes)?;
        let mut buffer = [0; 65_535];
        loop {
            socket.set_read_timeout(Some(self.stop.left(deadline)?))?;
            match socket.recv(&mut buffer) {
                Ok(length) => match question.judge(&buffer[..length]) {
                    Verdict::Response(response) => return Ok(QueryOutcome::Answered(response)),
                    Verdict::Malformed(why) => return Ok(QueryOutcome::Malformed { why }),
                    Verdict::Ignored(what) => ignored.add(what),
                },
                Err(error) if is_to_go_on(&error) => {}
                Err(error) => return Err(error),
            }
        }
    }

    fn tcp(&self, question: &Question, deadline: Instant, ignored: &mut Others) -> io::Result<QueryOutcome> {
        let mut stream = self.connect(deadline)?;
        stream.set_write_timeout(Some(self.stop.left(deadline)?))?; // the first bytes always find room
        // The length goes before the message, in one segment with it (RFC 7766 §8).
        let length = u16::try_from(question.bytes.len()).unwrap_or(u16::MAX);
        stream.write_all(&[&length.to_be_bytes(), &question.bytes[..]].concat())?;
        loop {
            let mut length = [0; 2];
            self.read_exact(&mut stream, &mut length, deadline)?;
            let mut message = vec![0; u16::from_be_bytes(length).into()];
            self.read_exact(&mut stream, &mut message, deadline)?;
            match question.judge(&message) {
                Verdict::Response(response) => return Ok(QueryOutcome::Answered(response)),
                Verdict::Malformed(why) => return Ok(QueryOutcome::Malformed { why }),
                Verdict::Ignored(what) => ignored.add(what),
            }
        }
    }

    fn connect(&self, deadline: Instant) -> io::Result<TcpStream> {
        let socket = Socket::new(Domain::for_address(self.server), Type::STREAM, None)?;
        socket.set_nonblocking(true)?;
        match socket.connect(&self.server.into()) {
            Err(error) if error.raw_os_error() == Some(Errno::INPROGRESS.raw_os_error()) => {}
            result => result?,
        }
        loop {
            let a_while = Timespec::try_from(self.stop.left(deadline)?).ok();
            match poll(&mut [PollFd::new(&socket, PollFlags::OUT)], a_while.as_ref()) {
                Ok(0) | Err(Errno::INTR) => {}
                Ok(_) => break,
                Err(error) => return Err(error.into()),
            }
        }
        socket.take_error()?.map_or(Ok(()), Err)?;
        socket.set_nonblocking(false)?;
        Ok(socket.into())
    }

    fn read_exact(&self, stream: &mut TcpStream, mut buffer: &mut [u8], deadline: Instant) -> io::Result<()> {
        while !buffer.is_empty() {
            stream.set_read_timeout(Some(self.stop.left(deadline)?))?;
            match stream.read(buffer) {
                Ok(0) => return Err(ErrorKind::UnexpectedEof.into()),
                Ok(count) => buffer = &mut buffer[count..],
                Err(error) if is_to_go_on(&error) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}

/// Messages that are no answer.
#[derive(Debug, Default)]
struct Others {
    listed: Vec<Ignored>,
    left_out: u64,
}

impl Others {
    fn add(&mut self, what: Ignored) {
        match self.listed.len() < MOST_IGNORED {
            true => self.listed.push(what),
            false => self.left_out += 1,
        }
    }
}

/// The answer, if the exchange had one.
pub(super) fn response(exchange: &Query) -> Option<&DnsResponse> {
    match &exchange.outcome {
        QueryOutcome::Answered(response) => Some(response),
        _ => None,
    }
}

fn is_truncated(exchange: &Query) -> bool {
    response(exchange).is_some_and(|response| response.truncated)
}

/// Why the `exchanges` of one question to one server gave no answer that can be used; `None`: the last one did.
pub(super) fn failure(exchanges: &[Query]) -> Option<LookupError> {
    let (exchange, before) = exchanges.split_last()?;
    let (server, name) = (exchange.server, exchange.name.clone());
    let is_by_tcp = exchange.transport == Transport::Tcp;
    // Then the server is there, and responds by UDP.
    let did_not_fit = is_by_tcp && before.last().is_some_and(is_truncated);
    match &exchange.outcome {
        QueryOutcome::Answered(response) if response.truncated && is_by_tcp => Some(LookupError::Truncated { server }),
        QueryOutcome::Answered(response) if response.truncated => Some(LookupError::NoTcp { server }),
        QueryOutcome::Answered(response) => match response.rcode.as_str() {
            "NOERROR" | "NXDOMAIN" => None,
            rcode => Some(LookupError::ServerFailed { name, server, rcode: rcode.to_owned() }),
        },
        QueryOutcome::TimedOut | QueryOutcome::Refused | QueryOutcome::Unreachable { .. } if did_not_fit => {
            Some(LookupError::NoTcp { server })
        }
        QueryOutcome::Interrupted => Some(LookupError::Interrupted { name }),
        QueryOutcome::TimedOut => Some(LookupError::NoResponse { tries: exchange.attempt, server }),
        QueryOutcome::Refused if is_by_tcp => Some(LookupError::TcpRefused { server }),
        QueryOutcome::Refused => Some(LookupError::Refused { server }),
        QueryOutcome::Unreachable { why } => Some(LookupError::Unreachable { server, why: why.clone() }),
        QueryOutcome::Malformed { why } => Some(LookupError::Malformed { server, why: why.clone() }),
        QueryOutcome::CutShort => Some(LookupError::Malformed { server, why: MessageFault::CutShort }),
    }
}

/// A signal came, or a while passed in which nothing did: whether time is left, [`Stop::left`] says.
fn is_to_go_on(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::Interrupted | ErrorKind::WouldBlock)
}

fn of_error(error: &io::Error) -> QueryOutcome {
    match error.kind() {
        ErrorKind::Interrupted => QueryOutcome::Interrupted,
        ErrorKind::TimedOut | ErrorKind::WouldBlock => QueryOutcome::TimedOut,
        ErrorKind::ConnectionRefused => QueryOutcome::Refused,
        ErrorKind::UnexpectedEof | ErrorKind::ConnectionReset | ErrorKind::BrokenPipe => QueryOutcome::CutShort,
        _ => QueryOutcome::Unreachable { why: error.into() },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::TcpListener;
    use std::thread;

    #[test]
    fn one_deadline_holds_for_both_transports_and_what_was_truncated_was_a_response() {
        // It takes connections and says nothing there.
        let (udp, _tcp) = (0..100)
            .find_map(|_| {
                let udp = UdpSocket::bind("127.0.0.1:0").ok()?;
                let tcp = TcpListener::bind(udp.local_addr().ok()?).ok()?;
                Some((udp, tcp))
            })
            .expect("a port");
        let server = udp.local_addr().expect("an address");
        let truncates = thread::spawn(move || {
            let mut buffer = [0; 512];
            let (length, client) = udp.recv_from(&mut buffer).expect("a question");
            buffer[2] |= 0x82; // QR and TC
            udp.send_to(&buffer[..length], client).expect("loopback takes it");
        });
        let now = Instant::now();
        let ask = Ask {
            server,
            name: "a.test",
            kind: QueryType::A,
            recursion_desired: true,
            timeout: Duration::from_secs(20),
            deadline: Some(now + Duration::from_millis(300)),
            attempt: 1,
            origin: now,
            by_tcp: false,
            stop: &Stop::default(),
        };
        let exchanges = ask.run().expect("a name");
        truncates.join().expect("no panic");
        assert!(now.elapsed() < Duration::from_secs(10), "{:?}", now.elapsed());
        assert_eq!(exchanges.last().map(|last| &last.outcome), Some(&QueryOutcome::TimedOut));
        assert_eq!(failure(&exchanges), Some(LookupError::NoTcp { server }));
        // Nor is it said to be truncated by TCP where no time was left for that.
        assert_eq!(failure(&exchanges[..1]), Some(LookupError::NoTcp { server }));
    }
}
