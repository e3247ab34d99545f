//! How each kind of argument is read; what it can't be is said in a sentence.

use crate::http::message::is_tchar;
use crate::language::Language;
use crate::listener::Address;
use clap::ValueEnum;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::time::Duration;

/// Where the live page is, or the first free port after that.
pub(super) const USUAL_WATCH_PORT: u16 = 8081;

/// A language that things are told in.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(super) enum LanguageName {
    En,
    Ko,
}

impl From<LanguageName> for Language {
    fn from(name: LanguageName) -> Self {
        match name {
            LanguageName::En => Self::English,
            LanguageName::Ko => Self::Korean,
        }
    }
}

/// What `--watch` names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct WatchAddress {
    pub(super) address: Option<Address>,
    pub(super) port: Option<u16>,
}

/// An IP address, in brackets or not, with a zone or not, or `localhost`.
pub(super) fn address(text: &str) -> Result<Address, String> {
    let bare = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')).unwrap_or(text);
    match bare {
        "localhost" => Ok(Ipv4Addr::LOCALHOST.into()),
        _ if bare.contains('%') => zoned(bare),
        _ => bare
            .parse::<IpAddr>()
            .map(Address::from)
            .map_err(|_| "this is no IP address; try 127.0.0.1, ::1 or --lan".to_owned()),
    }
}

/// `ADDRESS%ZONE`, as the system writes it (RFC 4007 §11), or as a URL does (`%25`: RFC 6874).
fn zoned(text: &str) -> Result<Address, String> {
    let (ip, zone) = text.split_once('%').unwrap_or((text, ""));
    let ip: Ipv6Addr = ip
        .parse()
        .map_err(|_| "only an IPv6 address has a zone, an interface's name, as in fe80::1%eth0".to_owned())?;
    let index = |zone: &str| match zone.parse() {
        Ok(number) => nix::net::if_::if_indextoname(number).is_ok().then_some(number),
        Err(_) => nix::net::if_::if_nametoindex(zone).ok(),
    };
    let found = index(zone).or_else(|| zone.strip_prefix("25").and_then(index));
    let zone = found.ok_or_else(|| format!("this machine has no interface {zone}; try: ip link"))?;
    Ok(Address { ip: ip.into(), zone })
}

/// `PORT`, `ADDRESS` or `ADDRESS:PORT`.
pub(super) fn watch_address(text: &str) -> Result<WatchAddress, String> {
    if let Ok(port) = text.parse() {
        return Ok(WatchAddress { address: None, port: Some(port) });
    }
    if let Ok(address) = address(text) {
        return Ok(WatchAddress { address: Some(address), port: None });
    }
    let parts = text.rsplit_once(':').and_then(|(ip, port)| Some((address(ip).ok()?, port.parse().ok()?)));
    let (ip, port) = parts.ok_or("this is no port and no address; try 8081, 127.0.0.1:8081 or [::1]:8081")?;
    Ok(WatchAddress { address: Some(ip), port: Some(port) })
}

pub(super) fn seconds(text: &str) -> Result<Duration, String> {
    let number: f64 = text.parse().map_err(|_| "this is no number of seconds".to_owned())?;
    match Duration::try_from_secs_f64(number) {
        Ok(duration) if number <= 86_400.0 => Ok(duration),
        _ => Err("it must be from 0 to 86400 seconds".to_owned()),
    }
}

pub(super) fn positive_seconds(text: &str) -> Result<Duration, String> {
    match seconds(text)? {
        duration if duration.is_zero() => Err("it must be more than 0 seconds".to_owned()),
        duration => Ok(duration),
    }
}

/// `Name: value`, of a name that is the user's to set.
pub(super) fn header(text: &str) -> Result<(String, String), String> {
    /// Those that the server says of its own answers: two different ones would be a lie.
    const OURS: [&str; 12] = [
        "accept-ranges",
        "cache-control",
        "connection",
        "content-encoding",
        "content-length",
        "content-range",
        "content-type",
        "date",
        "etag",
        "last-modified",
        "server",
        "transfer-encoding",
    ];
    let (name, value) = field(text)?;
    if name.eq_ignore_ascii_case("cache-control") {
        return Err("that field has an option of its own, --cache-control".to_owned());
    }
    if OURS.iter().any(|ours| name.eq_ignore_ascii_case(ours)) {
        return Err(format!("the server itself says {name}"));
    }
    Ok((name, field_value(&value)?))
}

/// `Name: value`, of any name; what the value may hold is for [`field_value`] to say.
pub(super) fn field(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once(':').ok_or("it must read 'Name: value'")?;
    if name.is_empty() || !name.bytes().all(is_tchar) {
        return Err("a field's name is letters, digits and hyphens, right before the colon".to_owned());
    }
    Ok((name.to_owned(), value.trim().to_owned()))
}

/// A field's value: no control byte, above all no CR or LF.
pub(super) fn field_value(text: &str) -> Result<String, String> {
    if text.chars().any(|character| character.is_control() && character != '\t') {
        return Err("a field's value is one line, without control characters".to_owned());
    }
    Ok(text.to_owned())
}
