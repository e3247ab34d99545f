//! How the arguments of fetch are read.

use crate::cli::usage::Named;
use crate::cli::values::{USUAL_WATCH_PORT, WatchAddress, field, field_value, watch_address};
use crate::dns::server_address;
use crate::fetch::Watched;
use crate::fetch::url::Url;
use crate::http::message::is_tchar;
use crate::language::sentence::both;
use crate::language::{Language, Sentence};
use crate::record::Failure;
use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

impl WatchAddress {
    fn socket_address(self) -> SocketAddr {
        let address = self.address.unwrap_or(Ipv4Addr::LOCALHOST.into());
        address.with_port(self.port.unwrap_or(USUAL_WATCH_PORT))
    }
}

pub(super) fn url(text: &str) -> Result<Url, Named> {
    Url::parse(text).map_err(|failure| Named(in_both(&failure)))
}

/// A sentence as a part of another one, which ends for itself.
pub(super) fn in_both(failure: &Failure) -> Sentence {
    let part = |language| failure.sentence(language).trim_end_matches('.').to_owned();
    Sentence { en: part(Language::English), ko: part(Language::Korean) }
}

pub(super) fn name_server(text: &str) -> Result<SocketAddr, Sentence> {
    server_address(text).map_err(|_| {
        both!(
            "not a name server's address, such as 9.9.9.9 or [::1]:5353",
            "9.9.9.9나 [::1]:5353 같은 네임 서버 주소가 아닙니다"
        )
    })
}

/// `Name: value`, of a field that is the user's to send.
pub(super) fn header(text: &str) -> Result<(String, String), Sentence> {
    let (name, value) = field(text)?;
    for (ours, instead) in [
        ("connection", "--keep-alive"),
        ("content-length", "--data or --data-file"),
        ("transfer-encoding", "--data or --data-file"),
    ] {
        if name.eq_ignore_ascii_case(ours) {
            return Err(both!(
                "the connection itself writes {name}; try {instead}",
                "{name} 필드는 연결이 직접 씁니다. {instead}을(를) 쓰세요"
            ));
        }
    }
    Ok((name, field_value(&value)?))
}

/// A token; CONNECT would ask for a tunnel.
pub(super) fn method(text: &str) -> Result<String, Sentence> {
    match text {
        "CONNECT" => Err(both!(
            "CONNECT requests a tunnel from a proxy, and proxies are not supported",
            "CONNECT는 프록시에 터널을 요청하는 메서드이고, 프록시는 지원하지 않습니다"
        )),
        _ if !text.is_empty() && text.bytes().all(is_tchar) => Ok(text.to_owned()),
        _ => Err(both!("a method is one word, such as POST", "메서드는 POST 같은 단어 하나입니다")),
    }
}

/// `5ms`, `1s`, `250us`; without a unit: milliseconds.
pub(super) fn pause(text: &str) -> Result<Duration, Sentence> {
    let whole = if text.bytes().all(|byte| byte.is_ascii_digit()) { format!("{text}ms") } else { text.to_owned() };
    match humantime::parse_duration(&whole) {
        Ok(pause) if pause <= Duration::from_secs(60) => Ok(pause),
        Ok(_) => Err(both!("the longest interval is a minute", "가장 긴 간격은 1분입니다")),
        Err(_) => Err(both!("not a time, such as 5ms or 1s", "5ms나 1s 같은 시간이 아닙니다")),
    }
}

/// Bytes: `100`, `100k` (1024 each), `1M`.
pub(super) fn size(text: &str) -> Result<u64, Sentence> {
    let lower = text.to_ascii_lowercase();
    let (digits, unit) = match lower.as_bytes().last() {
        Some(b'k') => (&lower[..lower.len() - 1], 1 << 10),
        Some(b'm') => (&lower[..lower.len() - 1], 1 << 20),
        Some(b'g') => (&lower[..lower.len() - 1], 1 << 30),
        _ => (&lower[..], 1),
    };
    let number: Option<u64> = digits.parse().ok();
    number.and_then(|number| number.checked_mul(unit)).ok_or_else(|| {
        both!("not a number of bytes, such as 500, 100k or 1M", "500, 100k, 1M 같은 바이트 수가 아닙니다")
    })
}

pub(super) fn rate(text: &str) -> Result<u64, Sentence> {
    match size(text)? {
        0 => Err(both!("at 0 bytes per second nothing ever comes", "초당 0바이트로는 아무것도 오지 않습니다")),
        rate => Ok(rate),
    }
}

/// An address, or the path of a file: with a slash or a point in it.
pub(super) fn watched(text: &str) -> Result<Watched, Sentence> {
    match watch_address(text).map(WatchAddress::socket_address) {
        Ok(page) => Ok(Watched::Page(page)),
        Err(_) if text.contains(['/', '.']) => Ok(Watched::Log(text.into())),
        Err(Sentence { en, ko }) => Err(both!("{en}, or ./log for a file", "{ko}. 파일은 ./log처럼 쓰세요")),
    }
}
