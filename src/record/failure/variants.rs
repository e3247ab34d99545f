//! All that can go wrong with a fetch.

use super::faults::{ConnectFault, FileFault, RangeFault, UrlFault};
use crate::http::client::RequestError;
use crate::http::client::response_error::ResponseError;
use crate::record::lookup_error::LookupError;
use crate::record::saved;
use crate::record::system_error::SystemError;
use serde::{Deserialize, Serialize};
use std::net::SocketAddr;
use std::path::PathBuf;

/// Why a fetch failed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Failure {
    /// Ctrl-C.
    Interrupted,
    /// Ctrl-C, before these were begun.
    NotBegun {
        /// The first of them.
        url: String,
        /// How many they are.
        fetches: u64,
    },
    /// What was typed is no URL to fetch.
    Url {
        /// What was typed.
        text: String,
        /// What is wrong with it.
        fault: UrlFault,
    },
    /// The name has no address.
    Lookup(LookupError),
    /// The name has no address of a kind that may be used.
    NoAddress {
        /// The name.
        host: String,
        /// The only version of IP that may be used, where it is one.
        only: Option<u8>,
    },
    /// A URL's zone is no interface.
    NoInterface {
        /// The zone.
        zone: String,
    },
    /// There is no connection.
    Connect {
        /// The address that says it.
        server: SocketAddr,
        /// How many were tried.
        addresses: usize,
        /// How many the name has.
        #[serde(default)]
        known: usize,
        /// What came of it.
        fault: ConnectFault,
    },
    /// The request cannot be sent.
    Request(RequestError),
    /// The response can't be understood, or did not come whole.
    Response(ResponseError),
    /// The response's status says that it failed, and that counts.
    Status {
        /// The URL.
        url: String,
        /// Code and reason phrase, as sent.
        status: String,
    },
    /// A redirect leads to what cannot be fetched.
    Redirect {
        /// Where to.
        location: String,
        /// What is wrong with it.
        fault: UrlFault,
    },
    /// Where a redirect leads, can't be read.
    LostRedirect {
        /// The line that should say it.
        line: String,
    },
    /// One redirect after another.
    TooManyRedirects {
        /// How many were followed.
        most: usize,
        /// Where the last one leads.
        url: String,
    },
    /// The response is not what a file lacks, and the file stays as it is.
    Range {
        /// The file, or its part.
        #[serde(serialize_with = "saved::path")]
        path: PathBuf,
        /// Whether there was something to go on from.
        is_resume: bool,
        /// What is wrong with the response.
        fault: RangeFault,
    },
    /// A part that nobody asked for, which went out as it came.
    Partial {
        /// What is wrong with it.
        fault: RangeFault,
    },
    /// More came than `Content-Range` says.
    RangeSurplus,
    /// The part does not reach the end that its `Content-Range` says.
    RangeEndsEarly {
        /// How long the part is, in bytes.
        length: u64,
        /// Where it should end.
        end: u64,
    },
    /// The server sent a part, and that is all.
    RangeIsPart {
        /// How long the part is, in bytes.
        length: u64,
        /// How long the whole is.
        complete: u64,
    },
    /// How long the whole is, is not known.
    RangeWithoutTotal,
    /// All was sent again, and is shorter than what there is.
    ShorterThanPart,
    /// A part was announced, and nothing of it came.
    EmptyPart,
    /// A file can't be read or written.
    File {
        /// The file.
        #[serde(serialize_with = "saved::path")]
        path: PathBuf,
        /// What is wrong with it.
        fault: FileFault,
    },
    /// Standard output can't be written.
    Stdout(SystemError),
    /// The reader of standard output has gone.
    StdoutClosed,
}
