//! The lab's own name servers: a root, .kr, and lab.kr's. Each knows its own
//! zone and points further; none passes a question on.
//!
//! ```text
//!   198.41.0.4  "."      ── kr is at 192.5.6.30
//!   192.5.6.30  "kr"     ── lab.kr is at 203.0.113.53
//!   203.0.113.53 "lab.kr" ─ www.lab.kr is 203.0.113.80, server.lab.kr is 10.0.0.2
//! ```
//!
//! Programs that ask a resolver (getaddrinfo) find lab.kr's server in their
//! resolv.conf: see programs.rs.

use super::network::SERVER;
use super::refusal::{Attempt, Refusal};
use crate::lab::network::Network;
use crate::sys::rtnetlink;
use hickory_proto::op::{Message, MessageType, OpCode};
use hickory_proto::rr::{Name, RData, Record, RecordType, rdata};
use std::io;
use std::net::{Ipv4Addr, UdpSocket};

pub(super) const ROOT: Ipv4Addr = Ipv4Addr::new(198, 41, 0, 4);
pub(super) const KR: Ipv4Addr = Ipv4Addr::new(192, 5, 6, 30);
pub(super) const LAB_KR: Ipv4Addr = Ipv4Addr::new(203, 0, 113, 53);
pub(super) const WEB: Ipv4Addr = Ipv4Addr::new(203, 0, 113, 80);
const TTL: u32 = 60;
/// The longest question that is read.
const LONGEST: usize = 1500;

/// Starts them on the server's host. They end with the process.
pub(super) fn serve(network: &Network) -> Result<(), Refusal> {
    let devices = |error| Refusal::new(Attempt::Devices, error);
    for address in [ROOT, KR, LAB_KR, WEB] {
        network.server.run(move || rtnetlink::address("lo", address, 32)).map_err(devices)?;
    }
    for address in [ROOT, KR, LAB_KR] {
        let socket = network.server.run(move || UdpSocket::bind((address, 53))).map_err(devices)?;
        std::thread::Builder::new()
            .name("name server".into())
            .spawn(move || respond(&socket, address))
            .map_err(devices)?;
    }
    Ok(())
}

fn respond(socket: &UdpSocket, at: Ipv4Addr) -> io::Result<()> {
    let mut buffer = [0; LONGEST];
    loop {
        let (count, from) = socket.recv_from(&mut buffer)?;
        let response = buffer
            .get(..count)
            .and_then(|bytes| Message::from_vec(bytes).ok())
            .and_then(|question| response(&question, at));
        if let Some(bytes) = response.and_then(|response| response.to_vec().ok()) {
            socket.send_to(&bytes, from)?;
        }
    }
}

/// What the server at this address says to `question`.
fn response(question: &Message, at: Ipv4Addr) -> Option<Message> {
    let query = question.queries.first()?;
    let asked = query.name.to_ascii().to_lowercase();
    let mut response = Message::new(question.metadata.id, MessageType::Response, OpCode::Query);
    response.metadata.recursion_desired = question.metadata.recursion_desired;
    response.add_queries(question.queries.clone());
    match at {
        ROOT | KR => {
            let (zone, server, address) =
                if at == ROOT { ("kr.", "a.dns.kr.", KR) } else { ("lab.kr.", "ns.lab.kr.", LAB_KR) };
            response.add_authority(record(zone, RData::NS(rdata::NS(name(server)?)))?);
            response.add_additional(record(server, RData::A(rdata::A(address)))?);
        }
        _ => {
            response.metadata.authoritative = true;
            // It recurses for nobody: to a resolver's client it says what it knows itself.
            let known = [("www.lab.kr.", WEB), ("server.lab.kr.", SERVER), ("lab.kr.", SERVER)];
            let address = known.iter().find(|(name, _)| *name == asked).map(|(_, address)| *address);
            match address.filter(|_| query.query_type == RecordType::A) {
                Some(address) => response.add_answer(record(&asked, RData::A(rdata::A(address)))?),
                None => response.add_authority(record("lab.kr.", RData::SOA(soa()?))?),
            };
            if address.is_none() {
                response.metadata.response_code = hickory_proto::op::ResponseCode::NXDomain;
            }
        }
    }
    Some(response)
}

fn name(text: &str) -> Option<Name> {
    Name::from_ascii(text).ok()
}

fn record(owner: &str, data: RData) -> Option<Record> {
    Some(Record::from_rdata(name(owner)?, TTL, data))
}

fn soa() -> Option<rdata::SOA> {
    Some(rdata::SOA::new(name("ns.lab.kr.")?, name("hostmaster.lab.kr.")?, 1, 3600, 600, 86_400, TTL))
}
