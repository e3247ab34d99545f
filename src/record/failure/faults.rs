//! What is wrong, where a failure has several ways of being so.

use super::kind::FailureKind;
use crate::record::system_error::SystemError;
use serde::{Deserialize, Serialize};

/// Why there is no connection.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ConnectFault {
    /// A reset came back.
    Refused,
    /// Nothing came back in time.
    TimedOut,
    /// There is no way there.
    Unreachable(SystemError),
    /// Something of this machine.
    Failed(SystemError),
}

impl ConnectFault {
    pub(super) fn kind(&self) -> FailureKind {
        match self {
            Self::Refused => FailureKind::Refused,
            Self::TimedOut => FailureKind::TimedOut,
            Self::Unreachable(_) => FailureKind::Unreachable,
            Self::Failed(_) => FailureKind::Local,
        }
    }
}

/// Why a URL cannot be fetched.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum UrlFault {
    /// It names no host.
    NoHost,
    /// What stands in brackets is no IPv6 address.
    Ipv6,
    /// It looks like an IPv4 address, and is none.
    Ipv4,
    /// The port is no number, or too large a one.
    Port,
    /// A link-local address without a zone: behind which interface it is, is open.
    NoZone,
    /// Port 0.
    PortZero,
    /// The host is no name.
    Host,
    /// `http:` without the two slashes.
    Slashes {
        /// What was probably meant.
        meant: String,
    },
    /// It is no URL in another way.
    Malformed,
    /// `https`.
    Encrypted,
    /// Another scheme.
    Scheme {
        /// Which one.
        scheme: String,
    },
    /// It bears a name or a password; which one is nobody's business.
    Credentials {
        /// The host.
        host: String,
    },
    /// It names no file.
    NoFileName,
}

/// Why a response is not what a file lacks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum RangeFault {
    /// A 206 without a `Content-Range` that says which part it is.
    Unnamed {
        /// The field's value.
        value: String,
    },
    /// Another range than was asked for.
    Other {
        /// The field's value.
        value: String,
    },
    /// `Content-Length` and `Content-Range` contradict each other.
    Length {
        /// What `Content-Length` says.
        length: u64,
        /// What `Content-Range` says.
        value: String,
    },
    /// The rest of another version.
    Version,
    /// 416, and the file is not whole by that.
    Unsatisfied {
        /// The field's value.
        value: String,
        /// How long the part is, in bytes.
        #[serde(default)]
        bytes: Option<u64>,
        /// How long the whole is by that value, in bytes.
        #[serde(default)]
        complete: Option<u64>,
        /// The response has another validator than the part.
        #[serde(default)]
        is_other_version: bool,
    },
    /// A success that has no body.
    NoBody {
        /// The status code.
        status: u16,
    },
    /// Another status.
    Status {
        /// The status code.
        status: u16,
    },
    /// A body of no bytes.
    Empty,
}

impl RangeFault {
    pub(super) fn kind(&self) -> FailureKind {
        match self {
            Self::Unnamed { .. } | Self::Other { .. } | Self::Length { .. } | Self::Version => FailureKind::Malformed,
            Self::Unsatisfied { .. } | Self::NoBody { .. } | Self::Status { .. } => FailureKind::Status,
            Self::Empty => FailureKind::CutShort,
        }
    }
}

/// Why a file can't be used.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum FileFault {
    /// It is a folder.
    Folder,
    /// Another fetch is writing it.
    Busy,
    /// It is a device, a socket or the like.
    NotRegular,
    /// It changed while it was looked at.
    Changed,
    /// It is a part of what another URL names.
    OtherUrl {
        /// That URL.
        url: String,
    },
    /// It is a part of the response to a GET without a body, and another method or a body was asked for.
    OtherMethod,
    /// It is a part of the response to other fields, and no entity tag tells those apart.
    OtherFields,
    /// It can't be written.
    Write(SystemError),
    /// It can't be read.
    Read(SystemError),
    /// It is longer than what may be sent.
    TooLong {
        /// The most, in MiB.
        most: u64,
    },
}
