//! Where an end of a connection is: an address and a port, or a unix socket.

use arrayvec::ArrayString;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;
use std::net::{AddrParseError, IpAddr, SocketAddr, SocketAddrV4};
use std::str::FromStr;

/// What stands before a unix socket's path.
const UNIX: &str = "unix:";

/// One end of a connection. As JSON a text: `127.0.0.1:8080`, `unix:/run/site.sock`, `unix:`.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Endpoint {
    /// TCP's: an address and a port.
    Internet(SocketAddr),
    /// A unix socket of this path; a client's has none.
    Unix(String),
}

impl Endpoint {
    /// Its address and port, if it has one.
    pub fn address(&self) -> Option<SocketAddr> {
        match self {
            Self::Internet(address) => Some(*address),
            Self::Unix(_) => None,
        }
    }

    /// Without the port, as people know it: an IPv4 address as one, a unix socket by its path.
    pub fn host(&self) -> String {
        self.ip().map_or_else(|| self.to_string(), |ip| ip.to_string())
    }

    /// Its IP address, if it has one.
    pub fn ip(&self) -> Option<IpAddr> {
        self.address().map(|address| address.ip().to_canonical())
    }
}

impl<A: Into<SocketAddr>> From<A> for Endpoint {
    fn from(address: A) -> Self {
        Self::Internet(address.into())
    }
}

impl PartialEq<SocketAddr> for Endpoint {
    fn eq(&self, address: &SocketAddr) -> bool {
        self.address() == Some(*address)
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Internet(address) => address.fmt(f),
            Self::Unix(path) => write!(f, "{UNIX}{path}"),
        }
    }
}

impl Serialize for Endpoint {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Internet(SocketAddr::V4(address)) => serializer.serialize_str(&of_v4(*address)),
            _ => serializer.collect_str(self),
        }
    }
}

/// As it displays itself, without what formatting costs for each record.
fn of_v4(address: SocketAddrV4) -> ArrayString<21> {
    let mut text = ArrayString::new();
    for (byte, end) in address.ip().octets().into_iter().zip(['.', '.', '.', ':']) {
        text.push_str(itoa::Buffer::new().format(byte));
        text.push(end);
    }
    text.push_str(itoa::Buffer::new().format(address.port()));
    text
}

impl<'de> Deserialize<'de> for Endpoint {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

impl FromStr for Endpoint {
    type Err = AddrParseError;

    fn from_str(text: &str) -> Result<Self, AddrParseError> {
        match text.strip_prefix(UNIX) {
            Some(path) => Ok(Self::Unix(path.to_owned())),
            None => text.parse().map(Self::Internet),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_endpoint_is_read_as_it_is_written() {
        for text in
            ["127.0.0.1:8080", "255.255.255.255:65535", "0.0.0.0:0", "[fe80::1%2]:80", "unix:", "unix:/run/a site.sock"]
        {
            let json = serde_json::Value::from(text);
            let read: Endpoint = serde_json::from_value(json.clone()).expect("an endpoint");
            assert_eq!(serde_json::to_value(&read).expect("JSON"), json);
        }
        assert!(serde_json::from_str::<Endpoint>("\"127.0.0.1\"").is_err());
    }
}
