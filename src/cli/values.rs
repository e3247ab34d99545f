//! How each kind of argument is read; an invalid one is refused with a sentence.

use crate::connection::Trust;
use crate::http::field::{CACHE_CONTROL, RESPONSE, Writer};
use crate::http::message::is_tchar;
use crate::language::Sentence;
use crate::language::sentence::both;
use crate::listener::Address;
use crate::sandbox::account_number;
use crate::site::CacheControl;
use clap::{Arg, Command, ValueEnum};
use ipnet::IpNet;
use std::any::TypeId;
use std::ffi::OsString;
use std::fmt::Display;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::ops::RangeInclusive;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

/// Where the live page is, or the first free port after that.
pub(super) const USUAL_WATCH_PORT: u16 = 8081;

/// A language, as it is typed: [`Language::of_tag`] knows its meaning.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(super) enum LanguageName {
    En,
    Ko,
}

/// What `--watch` names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct WatchAddress {
    pub(super) address: Option<Address>,
    pub(super) port: Option<u16>,
}

/// An IP address, in brackets or not, with a zone or not, or `localhost`; `None` if it looks like neither.
pub(super) fn address(text: &str) -> Option<Result<Address, Sentence>> {
    let bare = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')).unwrap_or(text);
    match bare {
        "localhost" => Some(Ok(Ipv4Addr::LOCALHOST.into())),
        _ if bare.contains('%') => Some(zoned(bare)),
        _ => bare.parse::<IpAddr>().ok().map(|ip| Ok(ip.into())),
    }
}

/// The same, to listen there: TCP connects one to one (RFC 9293 §3.9.2.3).
pub(super) fn of_one(address: Address) -> Result<Address, Sentence> {
    let ip = address.ip.to_canonical();
    if ip.is_multicast() || ip == Ipv4Addr::BROADCAST {
        return Err(both!(
            "no TCP connection can come to the address of a group; try --lan for all of this machine's",
            "여럿을 가리키는 주소로는 TCP 연결이 올 수 없습니다. 이 컴퓨터의 모든 주소라면 --lan을 쓰세요"
        ));
    }
    Ok(address)
}

/// Whose word is taken: an address or a network, or all who connect by a unix socket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Trusted {
    Network(IpNet),
    Unix,
}

/// `ADDRESS`, `ADDRESS/PREFIX`, `localhost` or `unix`.
pub(super) fn trusted(text: &str) -> Result<Trusted, Sentence> {
    match text {
        "unix" | "unix:" => Ok(Trusted::Unix),
        _ => network(text).map(Trusted::Network),
    }
}

fn network(text: &str) -> Result<IpNet, Sentence> {
    if text.contains('/') {
        return text.parse::<IpNet>().map(|network| network.trunc()).map_err(|_| {
            both!(
                "not a network; try 10.0.0.0/8 or fd00::/8",
                "네트워크가 아닙니다. 10.0.0.0/8이나 fd00::/8처럼 쓰세요"
            )
        });
    }
    let address = address(text).ok_or_else(|| {
        both!(
            "not an address or a network; try 127.0.0.1, 10.0.0.0/8 or unix",
            "주소도 네트워크도 아닙니다. 127.0.0.1, 10.0.0.0/8 또는 unix처럼 쓰세요"
        )
    })?;
    Ok(IpNet::from(address?.ip.to_canonical()))
}

/// All of these.
pub(super) fn trust(trusted: &[Trusted]) -> Trust {
    let mut trust = Trust::default();
    for proxy in trusted {
        match proxy {
            Trusted::Network(network) => trust.network(*network),
            Trusted::Unix => trust.unix_sockets(),
        }
    }
    trust
}

/// `ADDRESS%ZONE`, as the system writes it (RFC 4007 §11), or as a URL does (`%25`: RFC 6874).
fn zoned(text: &str) -> Result<Address, Sentence> {
    let (ip, zone) = text.split_once('%').unwrap_or((text, ""));
    let ip: Ipv6Addr = ip.parse().map_err(|_| {
        both!(
            "only an IPv6 address has a zone, an interface's name, as in fe80::1%eth0",
            "존(인터페이스 이름)은 IPv6 주소에만 붙습니다. 예: fe80::1%eth0"
        )
    })?;
    let index = |zone: &str| match zone.parse() {
        Ok(number) => nix::net::if_::if_indextoname(number).is_ok().then_some(number),
        Err(_) => nix::net::if_::if_nametoindex(zone).ok(),
    };
    let found = index(zone).or_else(|| zone.strip_prefix("25").and_then(index));
    let zone = found.ok_or_else(|| {
        both!(
            "this machine has no interface {zone}; try: ip link",
            "이 컴퓨터에는 {zone} 인터페이스가 없습니다. ip link로 확인하세요"
        )
    })?;
    Ok(Address { ip: ip.into(), zone, is_proxied: false })
}

/// `PORT`, `ADDRESS` or `ADDRESS:PORT`.
pub(super) fn watch_address(text: &str) -> Result<WatchAddress, Sentence> {
    if let Ok(port) = text.parse() {
        return Ok(WatchAddress { address: None, port: Some(port) });
    }
    if let Some(Ok(address)) = address(text) {
        return Ok(WatchAddress { address: Some(of_one(address)?), port: None });
    }
    let parts = text.rsplit_once(':').and_then(|(ip, port)| Some((address(ip)?.ok()?, port.parse().ok()?)));
    let (ip, port) = parts.ok_or_else(|| {
        both!(
            "not a port or an address; try 8081, 127.0.0.1:8081 or [::1]:8081",
            "포트도 주소도 아닙니다. 8081, 127.0.0.1:8081 또는 [::1]:8081처럼 쓰세요"
        )
    })?;
    Ok(WatchAddress { address: Some(of_one(ip)?), port: Some(port) })
}

/// A user, by name or number; the number is one that an account can have.
pub(super) fn user(text: &str) -> Result<String, Sentence> {
    let is_number = text.bytes().all(|byte| byte.is_ascii_digit());
    // Tools that make users refuse such a name, too (useradd(8)).
    if text.starts_with('-') || is_number && account_number(text).is_none() {
        return Err(both!(
            "not a user; try a name of /etc/passwd, or a number up to 4294967294",
            "사용자가 아닙니다. /etc/passwd의 이름이나 4294967294까지의 번호를 쓰세요"
        ));
    }
    Ok(text.to_owned())
}

/// The same where what an option is given is its value, right or wrong, and no other option: `--port -1`.
/// Of a name or a text, which can begin with anything, an option is the likelier meaning: `-o --json`.
pub(super) fn taking_values(command: Command) -> Command {
    let texts = [TypeId::of::<PathBuf>(), TypeId::of::<OsString>(), TypeId::of::<String>(), TypeId::of::<char>()];
    let taking = |argument: Arg| {
        let kind = argument.get_value_parser().type_id();
        let is_text = texts.iter().any(|text| kind == *text);
        let takes_values = argument.get_action().takes_values() && !argument.is_positional();
        if takes_values && !is_text { argument.allow_hyphen_values(true) } else { argument }
    };
    command.mut_args(taking).mut_subcommands(taking_values)
}

/// A port; 0 is any.
pub(super) fn port(text: &str) -> Result<u16, Sentence> {
    text.parse().map_err(|_| {
        both!("not a port, a number from 0 to 65535", "포트가 아닙니다. 포트는 0부터 65535까지의 수입니다")
    })
}

/// A number within these bounds.
pub(super) fn number<N>(bounds: RangeInclusive<N>) -> impl Fn(&str) -> Result<N, Sentence> + Clone
where
    N: FromStr + PartialOrd + Display + Copy + Send + Sync + 'static,
{
    move |text| {
        let (least, most) = (*bounds.start(), *bounds.end());
        let number = text.parse().ok().filter(|number| bounds.contains(number));
        number.ok_or_else(|| both!("not a number from {least} to {most}", "{least}부터 {most}까지의 수가 아닙니다"))
    }
}

pub(super) fn seconds(text: &str) -> Result<Duration, Sentence> {
    within_a_day(text)?.ok_or_else(|| both!("it must be from 0 to 86400 seconds", "0초부터 86400초까지여야 합니다"))
}

/// A duration of a day at most; `None`: it is longer, or negative.
fn within_a_day(text: &str) -> Result<Option<Duration>, Sentence> {
    let number: f64 = text.parse().map_err(|_| {
        both!("not a number of seconds, such as 10 or 0.5", "초 단위의 수가 아닙니다. 10이나 0.5처럼 쓰세요")
    })?;
    Ok(Duration::try_from_secs_f64(number).ok().filter(|_| number <= 86_400.0))
}

pub(super) fn positive_seconds(text: &str) -> Result<Duration, Sentence> {
    within_a_day(text)?.filter(|duration| !duration.is_zero()).ok_or_else(|| {
        both!("it must be more than 0 seconds, and 86400 at most", "0초보다 길고 86400초를 넘지 않아야 합니다")
    })
}

/// `Name: value`, of a name that is the user's to set.
pub(super) fn header(text: &str) -> Result<(String, String), Sentence> {
    let (name, value) = field(text)?;
    if name.eq_ignore_ascii_case(CACHE_CONTROL) {
        return Err(both!("use --cache-control for that field", "이 필드에는 --cache-control을 쓰세요"));
    }
    let is_ours = |(ours, writer): &(&str, Writer)| *writer == Writer::Server && name.eq_ignore_ascii_case(ours);
    if RESPONSE.iter().any(is_ours) {
        return Err(both!("the server itself writes {name}; leave it out", "{name} 필드는 서버가 직접 씁니다. 빼세요"));
    }
    Ok((name, field_value(&value)?))
}

/// `Name: value`, of any name; what the value may hold is for [`field_value`] to say.
pub(super) fn field(text: &str) -> Result<(String, String), Sentence> {
    let (name, value) =
        text.split_once(':').ok_or_else(|| both!("it must read 'Name: value'", "'이름: 값' 꼴이어야 합니다"))?;
    if name.is_empty() || !name.bytes().all(is_tchar) {
        return Err(both!(
            "a field's name is letters, digits and hyphens, right before the colon",
            "필드 이름은 영문자, 숫자, 붙임표로 쓰고 바로 뒤에 쌍점을 붙입니다"
        ));
    }
    Ok((name.to_owned(), value.trim().to_owned()))
}

/// `VALUE`, or `GLOB: VALUE`. Directives have no colon (RFC 9111 §5.2), but within quotes, behind a `=`.
pub(super) fn cache_rule(text: &str) -> Result<(Option<String>, String), Sentence> {
    match text.split_once(':') {
        Some((glob, value)) if !glob.contains('=') => {
            if glob.trim().is_empty() || value.trim().is_empty() {
                return Err(both!(
                    "try 'GLOB: VALUE', as in '/assets/**: max-age=31536000, immutable'",
                    "'GLOB: VALUE' 꼴로 쓰세요. 예: '/assets/**: max-age=31536000, immutable'"
                ));
            }
            let opens_and_closes = |open, close| glob.matches(open).count() == glob.matches(close).count();
            if !opens_and_closes('[', ']') || !opens_and_closes('{', '}') {
                return Err(both!(
                    "a bracket of the glob {glob} is not closed",
                    "글로브 {glob}의 괄호가 닫히지 않았습니다"
                ));
            }
            Ok((Some(glob.trim().to_owned()), field_value(value.trim())?))
        }
        _ if text.trim().is_empty() => {
            Err(both!("it must name a directive; try no-cache", "지시자가 있어야 합니다. no-cache처럼 쓰세요"))
        }
        _ => Ok((None, field_value(text.trim())?)),
    }
}

/// These rules, in this order.
pub(super) fn cache_control(rules: Vec<(Option<String>, String)>) -> CacheControl {
    let mut all = CacheControl::default();
    for (glob, value) in rules {
        match glob {
            Some(glob) => all.files(glob, value),
            None => all.all(value),
        }
    }
    all
}

/// A field's value: no control byte, above all no CR or LF.
pub(super) fn field_value(text: &str) -> Result<String, Sentence> {
    if text.chars().any(|character| character.is_control() && character != '\t') {
        return Err(both!(
            "a field's value is one line, without control characters",
            "필드 값은 제어 문자가 없는 한 줄이어야 합니다"
        ));
    }
    Ok(text.to_owned())
}
