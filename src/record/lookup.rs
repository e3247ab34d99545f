//! A lookup as it is recorded: plain data. Times are in nanoseconds where they
//! are serialized; names are ASCII, without the final dot, the root is `.`.

use super::lookup_error::{LookupError, MessageFault};
use super::saved;
use super::system_error::SystemError;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

/// How a name became addresses, or did not.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Lookup {
    /// The name as given.
    pub name: String,
    /// The name as asked, in ASCII, where it is a name.
    pub ascii: Option<String>,
    /// Where the answer comes from.
    pub source: Source,
    /// Names that were tried in turn, where search domains apply.
    pub candidates: Vec<String>,
    /// Every question sent, in order; A and AAAA are asked at the same time.
    pub exchanges: Vec<Query>,
    /// Kinds of record that were asked for and not waited for: the other kind had come (RFC 8305 §3).
    pub not_awaited: Vec<QueryType>,
    /// The names that the CNAME chain leads through, the first one left out.
    pub aliases: Vec<String>,
    /// The addresses, in the order in which they are to be tried.
    pub addresses: Vec<IpAddr>,
    /// Why there are none.
    pub error: Option<LookupError>,
    /// How long it all took, the system resolver left out.
    #[serde(rename = "time_ns", with = "saved::nanoseconds")]
    pub time: Duration,
    /// What the system resolver says, where it was asked.
    pub system: Option<SystemLookup>,
}

/// Where an answer comes from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Source {
    /// The host is an address already: no DNS was needed.
    Numeric,
    /// `localhost` or a name below it: this machine, which no server is asked for (RFC 6761 §6.3).
    Localhost,
    /// A line of the hosts file.
    HostsFile {
        /// The file.
        #[serde(serialize_with = "saved::path")]
        path: PathBuf,
        /// The lines, from 1.
        lines: Vec<usize>,
    },
    /// Name servers.
    Servers {
        /// In the order in which they are asked.
        servers: Vec<SocketAddr>,
        /// The file that names them; `None`: the caller did.
        path: Option<PathBuf>,
        /// The file names none, so that of this machine is asked (resolv.conf(5)).
        is_default: bool,
    },
    /// The name cannot be asked for.
    Nowhere,
}

/// The kind of record that is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
#[non_exhaustive]
pub enum QueryType {
    /// IPv4 addresses.
    A,
    /// IPv6 addresses.
    Aaaa,
}

impl fmt::Display for QueryType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::A => "A",
            Self::Aaaa => "AAAA",
        })
    }
}

/// What carries a question.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Transport {
    /// A datagram.
    Udp,
    /// A connection, for what does not fit in a datagram.
    Tcp,
}

impl fmt::Display for Transport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Udp => "UDP",
            Self::Tcp => "TCP",
        })
    }
}

/// One question sent to one server, and what came of it.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Query {
    /// Who was asked.
    pub server: SocketAddr,
    /// By what.
    pub transport: Transport,
    /// The name asked for.
    pub name: String,
    /// The kind of record asked for.
    pub record: QueryType,
    /// The question's number, which its answer must bear.
    pub id: u16,
    /// Whether the server was asked to go and find out (RD).
    pub recursion_desired: bool,
    /// The UDP payload offered by EDNS, in bytes; `None`: no EDNS.
    pub edns_payload: Option<u16>,
    /// Which try of this question this is, from 1: higher ones are retries.
    pub attempt: u32,
    /// When it was sent, since the lookup began.
    #[serde(rename = "began_ns", with = "saved::nanoseconds")]
    pub began: Duration,
    /// From sending to the outcome.
    #[serde(rename = "time_ns", with = "saved::nanoseconds")]
    pub time: Duration,
    /// What came meanwhile and was no answer to this question.
    pub ignored: Vec<Ignored>,
    /// How many more came; they are not listed.
    #[serde(default)]
    pub ignored_left_out: u64,
    /// What came of it.
    pub outcome: QueryOutcome,
}

/// A datagram that was no answer to the question.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Ignored {
    /// It bears another number.
    WrongId {
        /// That number.
        id: u16,
    },
    /// It answers another question.
    WrongQuestion {
        /// That question.
        question: String,
    },
    /// It is a question itself.
    NoResponse,
}

impl fmt::Display for Ignored {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::WrongId { id } => write!(f, "ignored: an answer with another number, {id}"),
            Self::WrongQuestion { question } => write!(f, "ignored: an answer to another question, {question}"),
            Self::NoResponse => f.write_str("ignored: a message that is no answer"),
        }
    }
}

/// What came of a question.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
#[non_exhaustive]
pub enum QueryOutcome {
    /// An answer, good or bad.
    Answered(DnsResponse),
    /// Nothing came in time.
    TimedOut,
    /// Nothing had come when the lookup was interrupted.
    Interrupted,
    /// Nobody listens there: ICMP said so, or the connection was refused.
    Refused,
    /// The question did not get there.
    Unreachable {
        /// What the system says.
        #[serde(flatten, with = "saved::fault")]
        why: SystemError,
    },
    /// What came is no DNS message.
    Malformed {
        /// What is wrong with it.
        #[serde(flatten, with = "saved::fault")]
        why: MessageFault,
    },
    /// The connection ended before the answer was whole.
    CutShort,
}

/// An answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct DnsResponse {
    /// The response code's name, such as `NOERROR` or `NXDOMAIN`.
    pub rcode: String,
    /// Its number (RFC 6895 §2.3).
    pub rcode_number: u16,
    /// AA: the server is an authority for the name.
    pub authoritative: bool,
    /// TC: more would not fit.
    pub truncated: bool,
    /// RA: the server goes and finds out when asked to.
    pub recursion_available: bool,
    /// How long the message is, in bytes.
    pub bytes: usize,
    /// What was asked for.
    pub answers: Vec<ResourceRecord>,
    /// Who knows better, or that nobody does.
    pub authority: Vec<ResourceRecord>,
    /// What may help: addresses of name servers, above all.
    pub additional: Vec<ResourceRecord>,
}

/// A resource record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ResourceRecord {
    /// Whose it is.
    pub name: String,
    /// Its type, such as `A` or `CNAME`.
    #[serde(rename = "type")]
    pub kind: String,
    /// Its class, where that is another than the Internet's (IN): it says nothing of addresses here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub class: Option<String>,
    /// How long it may be kept, in seconds.
    pub ttl: u32,
    /// What it says, in presentation form.
    pub data: String,
}

/// What the system resolver, getaddrinfo(3), says.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[non_exhaustive]
pub struct SystemLookup {
    /// Its addresses, in its order.
    pub addresses: Vec<IpAddr>,
    /// Its words where it has none.
    pub error: Option<String>,
    /// How long it took.
    #[serde(rename = "time_ns", with = "saved::nanoseconds")]
    pub time: Duration,
    /// Whether its addresses are others than ours; their order does not matter.
    pub differs: bool,
}

/// A walk from the root to the servers that know.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Trace {
    /// The name as given.
    pub name: String,
    /// The name as asked, in ASCII, where it is a name.
    pub ascii: Option<String>,
    /// Every step, in order.
    pub steps: Vec<Step>,
    /// The names that the CNAME chain leads through, the first one left out.
    pub aliases: Vec<String>,
    /// The addresses, in the order in which they are to be tried.
    pub addresses: Vec<IpAddr>,
    /// Why there are none.
    pub error: Option<LookupError>,
    /// How long it all took.
    #[serde(rename = "time_ns", with = "saved::nanoseconds")]
    pub time: Duration,
}

/// One step of a walk: the servers of one zone are asked until one answers.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Step {
    /// The zone whose servers are asked.
    pub zone: String,
    /// The name asked for.
    pub name: String,
    /// 0 on the way to the name itself; deeper on the way to the address of a
    /// name server that came without glue.
    pub depth: u32,
    /// The questions sent.
    pub exchanges: Vec<Query>,
    /// Where it leads, if it does.
    pub referral: Option<Referral>,
}

/// A zone below, and who serves it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Referral {
    /// The zone.
    pub zone: String,
    /// Its name servers.
    pub servers: Vec<NameServer>,
}

/// A name server of a zone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct NameServer {
    /// Its name.
    pub name: String,
    /// Its addresses, as far as they are known.
    pub addresses: Vec<IpAddr>,
    /// Whether the addresses came with the referral (glue), or were looked up.
    pub glue: bool,
}

impl SystemLookup {
    /// The words of one that was not waited for any longer.
    pub(crate) const NOT_IN_TIME: &str = "it did not answer in time";
}

impl ResourceRecord {
    /// Whether it is of this type, and of the Internet.
    pub fn is(&self, kind: &str) -> bool {
        self.kind == kind && self.class.is_none()
    }
}

impl DnsResponse {
    /// The zone that the response refers to: name servers, and no SOA, from one who is no authority
    /// (RFC 2308 §2.2). Without an answer and without a referral, there is no such record (NODATA).
    pub fn referral(&self) -> Option<&str> {
        let has_soa = self.authority.iter().any(|record| record.is("SOA"));
        if self.rcode != "NOERROR" || !self.answers.is_empty() || self.authoritative || has_soa {
            return None;
        }
        self.authority.iter().find(|record| record.is("NS")).map(|record| record.name.as_str())
    }
}
