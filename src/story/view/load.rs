//! What the record knows of a page's load and its browser does not show: the
//! address that the name led to, the handshake, the end of the connection.

use super::outline::ended;
use crate::language::Language;
use crate::record::connection::Record;
use crate::record::{Endpoint, Nanoseconds};
use crate::story::steps::{Known, Step, say, steps};
use serde::Serialize;

/// One load. It holds nothing that was sent.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct Load {
    /// The connection that brought it.
    pub connection: u64,
    /// Which exchange on that connection it was.
    pub exchange: u64,
    /// The client's address and port.
    pub client: Endpoint,
    /// The server's.
    pub server: Endpoint,
    /// Whether the connection has ended: more will not be known.
    pub is_over: bool,
    /// The name, and where it led.
    pub dns: Part,
    /// The handshake.
    pub tcp: Part,
    /// The end.
    pub close: Part,
}

/// A row of it.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct Part {
    /// In a sentence.
    pub text: String,
    /// Step by step.
    pub steps: Vec<Row>,
}

/// A step in a line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Row {
    /// When, in nanoseconds since the accept.
    pub at: Option<Nanoseconds>,
    /// What.
    pub text: String,
    /// How that is known.
    pub known: Known,
    /// The same in words.
    pub how: String,
}

/// The load that this exchange was; `None` where it is not in the record.
pub fn load(record: &Record, exchange: u64, language: Language) -> Option<Load> {
    record.exchanges.iter().find(|one| one.number == exchange)?;
    let steps = steps(record, language);
    let rows = |is: fn(&Step) -> bool| steps.iter().filter(|step| is(step) && !step.is_drawn_only).map(row).collect();
    Some(Load {
        connection: record.connection,
        exchange,
        client: record.client.clone(),
        server: record.server.clone(),
        is_over: record.close.is_some(),
        dns: Part { text: led_to(record, language), steps: Vec::new() },
        tcp: Part { text: came_about(record, exchange, language), steps: rows(Step::is_of_handshake) },
        close: Part { text: ended(record, language), steps: rows(Step::is_of_ending) },
    })
}

fn row(step: &Step) -> Row {
    let parts = [step.label.as_str(), step.title.as_str()];
    let text = parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(": ");
    Row { at: step.at.value().copied(), text, known: step.known, how: step.how.clone() }
}

fn led_to(record: &Record, language: Language) -> String {
    say!(
        language,
        "The connection arrived at {}: there the name or the number in the address bar led. The lookup itself takes place before, in the browser's system; a server sees nothing of it."
            / "연결은 {}에 도착했습니다. 주소창의 이름이나 숫자가 이 주소로 이어졌습니다. 조회 자체는 그 전에 브라우저 쪽 시스템에서 일어나므로 서버는 보지 못합니다.",
        record.server.host()
    )
}

fn came_about(record: &Record, exchange: u64, language: Language) -> String {
    match exchange {
        1 => say!(
            language,
            "The handshake of connection {}, on which this load was the first request:"
                / "연결 {}의 핸드셰이크. 이 로드는 이 연결의 첫 요청이었습니다.",
            record.connection
        ),
        _ => say!(
            language,
            "This load was request {} on connection {}: no handshake took place for it. This one had, before:"
                / "이 로드는 연결 {1}의 {0}번째 요청이라 따로 핸드셰이크하지 않았습니다. 그 전에 있었던 핸드셰이크는 다음과 같습니다.",
            exchange,
            record.connection
        ),
    }
}
