//! Why a name has no address, each reason as a sentence.

use super::saved;
use super::system_error::SystemError;
use crate::language::{Language, number};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::net::SocketAddr;

/// Why a name has no address.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
#[non_exhaustive]
pub enum LookupError {
    /// The name is none that DNS could hold.
    InvalidName {
        /// The name.
        name: String,
        /// What is wrong with it.
        #[serde(flatten, with = "saved::fault")]
        why: NameFault,
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
    /// The name exists, without an address of the one kind that was asked for.
    NoRecord {
        /// The name.
        name: String,
        /// Of IP: 4 or 6.
        version: u8,
        /// Who said so.
        server: SocketAddr,
    },
    /// The server did not say: it refers to others, and goes and finds out for nobody (RFC 2308 §2.2).
    Referred {
        /// The name.
        name: String,
        /// The zone whose servers it refers to.
        zone: String,
        /// The last that did so.
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
    /// The server takes no connection, and by TCP alone it was asked (`use-vc` in resolv.conf(5)).
    TcpRefused {
        /// The server.
        server: SocketAddr,
    },
    /// The server cannot be reached.
    Unreachable {
        /// The server.
        server: SocketAddr,
        /// What the system says.
        #[serde(flatten, with = "saved::fault")]
        why: SystemError,
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
    /// The answer did not fit in a datagram, and none came by TCP.
    NoTcp {
        /// The server.
        server: SocketAddr,
    },
    /// What came is no DNS message, or ended too early.
    Malformed {
        /// The server.
        server: SocketAddr,
        /// What is wrong with it.
        #[serde(flatten, with = "saved::fault")]
        why: MessageFault,
    },
    /// The servers that a zone was delegated to do not know it.
    Lame {
        /// The zone.
        zone: String,
        /// The last that was asked.
        server: SocketAddr,
    },
    /// A server that a walk began at does not lead on: nobody delegated the root to it.
    NoWayDown {
        /// The name.
        name: String,
        /// The last that was asked.
        server: SocketAddr,
        /// Its response code; `NOERROR`: with neither an answer nor a referral downwards.
        rcode: String,
    },
    /// The servers that a zone was delegated to failed: a walk knows no others that it could ask.
    Delegated {
        /// The zone.
        zone: String,
        /// How the last of them failed.
        error: Box<LookupError>,
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
    /// It was interrupted before there was one.
    Interrupted {
        /// The name.
        name: String,
    },
    /// The walk was given up on its way.
    TooLong {
        /// How many questions were sent.
        questions: u32,
        /// What it took too much of.
        #[serde(default)]
        limit: WalkLimit,
    },
}

/// What a walk from the root may not take more of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum WalkLimit {
    /// Time.
    Time,
    /// Questions.
    #[default]
    Questions,
    /// Referrals from one zone to another.
    Referrals,
}

/// What keeps a name from being one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum NameFault {
    /// What stands in brackets is no IPv6 address.
    Brackets,
    /// International letters that DNS has no form for.
    Letters,
    /// More than 253 bytes.
    TooLong,
    /// A label of more than 63 bytes.
    LongLabel,
    /// No label, or an empty one.
    Empty,
    /// Another character than DNS's.
    Character,
    /// The last label is a number, and the whole no IPv4 address.
    Number,
    /// No message can be made of it.
    Unsendable,
}

/// What keeps bytes from being a DNS message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum MessageFault {
    /// They are too few.
    TooShort {
        /// How many there are.
        bytes: usize,
    },
    /// The connection ended within it.
    CutShort,
    /// They can't be decoded.
    Undecodable {
        /// The decoder's words.
        words: String,
    },
}

impl LookupError {
    /// The name by which programs know it.
    pub fn code(&self) -> &'static str {
        match self {
            Self::InvalidName { .. } => "invalid_name",
            Self::NoSuchName { .. } => "no_such_name",
            Self::NoAddress { .. } => "no_address",
            Self::NoRecord { version: 4, .. } => "no_a_record",
            Self::NoRecord { .. } => "no_aaaa_record",
            Self::Referred { .. } => "dns_referral",
            Self::ServerFailed { .. } => "dns_server_failed",
            Self::NoResponse { .. } => "dns_no_response",
            Self::Refused { .. } => "dns_refused",
            Self::TcpRefused { .. } => "dns_tcp_refused",
            Self::Unreachable { .. } => "dns_unreachable",
            Self::AliasLoop { .. } => "alias_loop",
            Self::TooManyAliases { .. } => "too_many_aliases",
            Self::Truncated { .. } => "dns_truncated",
            Self::NoTcp { .. } => "dns_no_tcp",
            Self::Malformed { .. } => "dns_malformed",
            Self::Lame { .. } => "lame_delegation",
            Self::NoWayDown { .. } => "no_way_down",
            Self::Delegated { error, .. } => error.code(),
            Self::NoServerAddress { .. } => "no_server_address",
            Self::NoTime { .. } => "dns_no_time",
            Self::Interrupted { .. } => "lookup_interrupted",
            Self::TooLong { .. } => "walk_too_long",
        }
    }
}

/// What a zone is called in a sentence: a dot of its own would be lost there.
pub(crate) fn zone_name(zone: &str, language: Language) -> &str {
    match language {
        _ if zone != "." => zone,
        Language::English => "the root",
        Language::Korean => "루트",
    }
}

impl NameFault {
    fn english(self) -> &'static str {
        match self {
            Self::Brackets => "brackets hold an IPv6 address",
            Self::Letters => "it cannot be written in the letters of DNS",
            Self::TooLong => "it is longer than 253 bytes",
            Self::LongLabel => "a label is longer than 63 bytes",
            Self::Empty => "it is empty, or has two dots in a row",
            Self::Character => "a name has letters, digits, hyphens and dots",
            Self::Number => "it ends in a number and is not an IPv4 address, which has four, each up to 255",
            Self::Unsendable => "no DNS message can be made of it",
        }
    }
}

impl fmt::Display for NameFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.english())
    }
}

impl MessageFault {
    /// The fault in words.
    pub fn said(&self, language: Language) -> String {
        match (language, self) {
            (Language::English, fault) => fault.to_string(),
            (Language::Korean, Self::TooShort { bytes }) => format!("{bytes}바이트는 메시지가 되기에 너무 짧음"),
            (Language::Korean, Self::CutShort) => "메시지 중간에 연결이 끝남".into(),
            (Language::Korean, Self::Undecodable { words }) => format!("DNS 메시지로 해석할 수 없음({words})"),
        }
    }
}

impl fmt::Display for MessageFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooShort { bytes } => write!(f, "too short for a message: {}", number::bytes(*bytes as u64)),
            Self::CutShort => f.write_str("the connection ended within it"),
            Self::Undecodable { words } => f.write_str(words),
        }
    }
}

impl fmt::Display for LookupError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::InvalidName { name, why } => write!(f, "{name:?} is not a host name: {why}."),
            Self::NoSuchName { name, server } => {
                write!(f, "{name} does not exist (NXDOMAIN, says {server}). Is it spelled right?")
            }
            Self::NoAddress { name, server } => {
                write!(f, "{name} exists and has no address, neither A nor AAAA, says {server}.")
            }
            Self::NoRecord { name, version, server } => {
                let kind = if *version == 4 { "A" } else { "AAAA" };
                write!(f, "{name} exists and has no {kind} record, says {server}; another kind was not asked for.")
            }
            Self::Referred { name, zone, server } => write!(
                f,
                "{server} does not look {name} up: it refers to the servers of {}. Try another server with --dns.",
                zone_name(zone, Language::English)
            ),
            Self::ServerFailed { name, server, rcode } => {
                let why = why(rcode);
                write!(f, "The response of {server} for {name} is {rcode}: {why}. Try another server with --dns.")
            }
            Self::NoResponse { tries, server } => {
                let times = times(*tries);
                write!(f, "No response after {times}; the last server asked was {server}. Try another with --dns.")
            }
            Self::Refused { server } => write!(f, "No name server listens at {server}. Try another with --dns."),
            Self::TcpRefused { server } => {
                write!(f, "{server} accepts no connection over TCP, by which alone resolv.conf has it asked (use-vc).")
            }
            Self::Unreachable { server, why } => write!(f, "The name server {server} cannot be reached: {why}."),
            Self::AliasLoop { name } => write!(f, "The CNAMEs run in a circle: {name} comes up again."),
            Self::TooManyAliases { name } => write!(f, "The chain of CNAMEs is too long; it was left at {name}."),
            Self::Truncated { server } => write!(f, "{server} truncates its response even over TCP."),
            Self::NoTcp { server } => {
                write!(f, "The response of {server} does not fit in a datagram, and none came over TCP.")
            }
            Self::Malformed { server, why } => write!(f, "The response of {server} cannot be read: {why}."),
            Self::Lame { zone, server } => {
                write!(f, "{zone} is delegated to servers that do not know it; the last asked was {server}.")
            }
            Self::NoWayDown { server, name, rcode } => {
                let what = match rcode.as_str() {
                    "NOERROR" => "has neither an answer nor a referral downwards",
                    rcode => &format!("is {rcode}"),
                };
                write!(f, "The walk cannot begin at {server}: its response for {name} {what}. Is it a root server?")
            }
            Self::Delegated { zone, error } => match &**error {
                Self::ServerFailed { name, server, rcode } => {
                    let why = why(rcode);
                    write!(f, "The response of {server}, to which {zone} is delegated, for {name} is {rcode}: {why}.")
                }
                Self::NoResponse { tries, server } => {
                    let times = times(*tries);
                    write!(f, "No response from the servers of {zone} after {times}; the last asked was {server}.")
                }
                Self::Refused { server } => {
                    write!(f, "No name server listens at {server}, to which {zone} is delegated.")
                }
                error => error.fmt(f),
            },
            Self::NoServerAddress { zone } => {
                write!(f, "None of the name servers of {} has an address.", zone_name(zone, Language::English))
            }
            Self::NoTime { name } => write!(f, "No time was left to ask for {name}. Try a longer --timeout."),
            Self::Interrupted { name } => write!(f, "The lookup of {name} was interrupted."),
            Self::TooLong { questions, limit } => {
                let questions =
                    if *questions == 1 { "one question".to_owned() } else { format!("{questions} questions") };
                let why = match limit {
                    WalkLimit::Time => "it took too long",
                    WalkLimit::Questions => "it took too many",
                    WalkLimit::Referrals => "one referral followed another",
                };
                write!(f, "The walk was given up after {questions}: {why}.")
            }
        }
    }
}

/// What a server that answers with this code did not do.
fn why(rcode: &str) -> &'static str {
    match rcode {
        "SERVFAIL" => "it could not find out",
        "REFUSED" => "it does not respond to us, or not for this name",
        _ => "it could not resolve it",
    }
}

fn times(tries: u32) -> String {
    if tries == 1 { "one try".to_owned() } else { format!("{tries} tries") }
}

impl std::error::Error for LookupError {}
