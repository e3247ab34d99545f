//! Who is at the other end of a connection: the client itself, or a proxy, and the client that it names.

use crate::language::Language;
use crate::language::sentence::say;
use crate::record::connection::Record;
use crate::record::{End, Forwarded, Named, ProxyHeaderState, Reason};

/// Whether the TCP connection is a proxy's: it has said so, in bytes before the first request, or
/// in fields of one, for which it is trusted.
pub(super) fn is_proxied(record: &Record) -> bool {
    let has_header = record.proxy_header.as_ref().is_some_and(|header| header.state == ProxyHeaderState::Whole);
    record.named.is_some() || has_header || by_fields(record).next().is_some()
}

/// The clients that fields name, each with the number of its request.
pub(super) fn by_fields(record: &Record) -> impl Iterator<Item = (u64, Named)> {
    record.exchanges.iter().filter_map(|exchange| match exchange.forwarded {
        Some(Forwarded::Client(named)) => Some((exchange.number, named)),
        _ => None,
    })
}

/// Who has the TCP connection, and behind it whom it names for all of it.
pub(super) fn parties(record: &Record, language: Language) -> Vec<String> {
    if !is_proxied(record) {
        return vec![record.client.to_string()];
    }
    let proxy = say!(language, "proxy {}" / "프록시 {}", record.client);
    let client = record.named.map(|named| say!(language, "client {}" / "클라이언트 {}", named));
    [proxy].into_iter().chain(client).collect()
}

/// Who is at an end of the TCP connection, as it is called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Party {
    Client,
    /// It has the connection in a client's place.
    Proxy,
    Server,
}

impl From<End> for Party {
    fn from(end: End) -> Self {
        match end {
            End::Client => Self::Client,
            End::Server => Self::Server,
        }
    }
}

impl Party {
    /// Who has the connection that the server accepted.
    pub(super) fn of_client(record: &Record) -> Self {
        if is_proxied(record) { Self::Proxy } else { Self::Client }
    }

    /// The same of either end.
    pub(super) fn of(end: End, record: &Record) -> Self {
        match end {
            End::Client => Self::of_client(record),
            End::Server => Self::Server,
        }
    }

    pub(super) fn end(self) -> End {
        match self {
            Self::Client | Self::Proxy => End::Client,
            Self::Server => End::Server,
        }
    }

    /// Its name, without an article. In Korean all of them end in a vowel, so that particles fit.
    pub(super) fn name(self, language: Language) -> &'static str {
        match (self, language) {
            (Self::Client, Language::English) => "client",
            (Self::Client, Language::Korean) => "클라이언트",
            (Self::Proxy, Language::English) => "proxy",
            (Self::Proxy, Language::Korean) => "프록시",
            (Self::Server, Language::English) => "server",
            (Self::Server, Language::Korean) => "서버",
        }
    }
}

/// Why a connection ended. What a reason says of the client, a proxy does where it has the connection.
pub(crate) fn reason(reason: &Reason, record: &Record, language: Language) -> String {
    match reason {
        // A unix socket knows no resets.
        Reason::Reset if record.addresses().is_none() => say!(
            language,
            "The {} closed its socket before it had taken all of the response."
                / "{}가 응답을 다 받기 전에 소켓을 닫았습니다.",
            Party::of_client(record).name(language)
        ),
        _ if !is_proxied(record) => reason.said(language).to_owned(),
        Reason::SimpleRequest => say!(
            language,
            "The proxy spoke HTTP/0.9, where a connection carries one response."
                / "프록시가 HTTP/0.9로 요청했습니다. 0.9에서는 연결 하나에 응답이 하나입니다."
        ),
        Reason::Http10 => say!(
            language,
            "The proxy spoke HTTP/1.0 and did not ask to keep the connection."
                / "HTTP/1.0 프록시가 연결 유지를 요청하지 않았습니다."
        ),
        Reason::ClientAskedClose => say!(
            language,
            "The proxy asked to close, with Connection: close." / "프록시가 Connection: close로 종료를 요청했습니다."
        ),
        Reason::ClientClosed => {
            say!(language, "The proxy closed the keep-alive connection." / "프록시가 유지하던 연결을 닫았습니다.")
        }
        Reason::NoRequest => {
            say!(language, "The proxy closed without sending a request." / "프록시가 요청을 보내지 않고 닫았습니다.")
        }
        Reason::IncompleteBody => say!(
            language,
            "The proxy closed before the body of its request was complete."
                / "프록시가 요청 본문을 다 보내지 않고 닫았습니다."
        ),
        Reason::SilentTimeout => say!(
            language,
            "No request came in time: the proxy connected and sent none."
                / "제때 온 요청이 없습니다. 프록시가 연결하고 요청을 보내지 않았습니다."
        ),
        Reason::SendTimeout => say!(
            language,
            "The proxy read nothing of the response for too long." / "프록시가 너무 오래 응답을 받아 가지 않았습니다."
        ),
        Reason::TooSlow => say!(
            language,
            "The proxy read its response more slowly than the minimum rate, while others waited for its place."
                / "프록시가 응답을 최소 속도보다 느리게 받아 갔고, 다른 연결이 그 자리를 기다렸습니다."
        ),
        Reason::Reset => say!(language, "The proxy reset the connection." / "프록시가 연결을 리셋했습니다."),
        Reason::TlsHandshake => say!(
            language,
            "The proxy began a TLS handshake (https) on a port that speaks plain HTTP."
                / "프록시가 평문 HTTP 포트에 TLS 핸드셰이크(https)를 시작했습니다."
        ),
        Reason::HeadCutShort => say!(
            language,
            "The proxy closed its sending side before the request's head was complete."
                / "요청 헤더가 끝나기 전에 프록시가 보내는 쪽을 닫았습니다."
        ),
        other => other.said(language).to_owned(),
    }
}
