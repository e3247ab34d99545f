//! Why a name has no address, each reason as a sentence.

use serde::Serialize;
use std::fmt;
use std::net::SocketAddr;

/// Why a name has no address.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum LookupError {
    /// The name is none that DNS could hold.
    InvalidName {
        /// The name.
        name: String,
        /// What is wrong with it.
        why: String,
    },
    /// NXDOMAIN: neither the name nor anything below it exists.
    NoSuchName {
        /// The name.
        name: String,
        /// Who said so.
        server: SocketAddr,
    },
    /// The name exists, without an address.
    NoAddress {
        /// The name.
        name: String,
        /// Who said so.
        server: SocketAddr,
    },
    /// A server answered with an error, such as SERVFAIL or REFUSED.
    ServerFailed {
        /// The name.
        name: String,
        /// The last that said so.
        server: SocketAddr,
        /// Its response code.
        rcode: String,
    },
    /// Nobody answered.
    NoResponse {
        /// How many times was asked.
        tries: u32,
        /// The last that was asked.
        server: SocketAddr,
    },
    /// Nobody listens at the server's address.
    Refused {
        /// The server.
        server: SocketAddr,
    },
    /// The server cannot be reached.
    Unreachable {
        /// The server.
        server: SocketAddr,
        /// The system's words.
        why: String,
    },
    /// A CNAME leads back to a name that was passed already.
    AliasLoop {
        /// That name.
        name: String,
    },
    /// The CNAME chain is too long.
    TooManyAliases {
        /// Where it was left.
        name: String,
    },
    /// The answer is marked truncated even over TCP.
    Truncated {
        /// The server.
        server: SocketAddr,
    },
    /// The answer did not fit in a datagram, and the server takes no connection.
    NoTcp {
        /// The server.
        server: SocketAddr,
    },
    /// What came is no DNS message, or ended too early.
    Malformed {
        /// The server.
        server: SocketAddr,
        /// What is wrong with it.
        why: String,
    },
    /// The servers that a zone was delegated to do not know it.
    Lame {
        /// The zone.
        zone: String,
        /// The last that was asked.
        server: SocketAddr,
    },
    /// None of a zone's name servers has an address.
    NoServerAddress {
        /// The zone.
        zone: String,
    },
    /// The time for all questions was over before this name could be asked for.
    NoTime {
        /// The name.
        name: String,
    },
    /// The walk would have taken too many questions, or too long.
    TooLong {
        /// How many were sent.
        questions: u32,
    },
}

impl fmt::Display for LookupError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::InvalidName { name, why } => write!(f, "{name:?} is no name of a host: {why}."),
            Self::NoSuchName { name, server } => {
                write!(f, "{name} does not exist (NXDOMAIN, says {server}). Is it spelled right?")
            }
            Self::NoAddress { name, server } => {
                write!(f, "{name} exists and has no address, neither A nor AAAA, says {server}.")
            }
            Self::ServerFailed { name, server, rcode } => {
                let why = match rcode.as_str() {
                    "SERVFAIL" => "it could not find out",
                    "REFUSED" => "it does not answer us, or not for this name",
                    _ => "it could not answer",
                };
                write!(f, "{server} answered {rcode} for {name}: {why}. Try another server with --dns.")
            }
            Self::NoResponse { tries, server } => {
                let times = if *tries == 1 { "one try".to_owned() } else { format!("{tries} tries") };
                write!(f, "No answer after {times}; the last server asked was {server}. Try another with --dns.")
            }
            Self::Refused { server } => write!(f, "No name server listens at {server}. Try another with --dns."),
            Self::Unreachable { server, why } => write!(f, "The name server {server} cannot be reached: {why}."),
            Self::AliasLoop { name } => write!(f, "The CNAMEs run in a circle: {name} comes up again."),
            Self::TooManyAliases { name } => write!(f, "The chain of CNAMEs is too long; it was left at {name}."),
            Self::Truncated { server } => write!(f, "{server} truncates its answer even over TCP."),
            Self::NoTcp { server } => {
                write!(f, "The answer of {server} does not fit in a datagram, and it takes no connection over TCP.")
            }
            Self::Malformed { server, why } => write!(f, "The answer of {server} cannot be read: {why}."),
            Self::Lame { zone, server } => {
                write!(f, "{zone} is delegated to servers that do not know it; the last asked was {server}.")
            }
            Self::NoServerAddress { zone } => write!(f, "None of the name servers of {zone} has an address."),
            Self::NoTime { name } => write!(f, "No time was left to ask for {name}. Try a longer --timeout."),
            Self::TooLong { questions } => {
                write!(f, "The walk was given up after {questions} questions: it took too many, or too long.")
            }
        }
    }
}

impl std::error::Error for LookupError {}
