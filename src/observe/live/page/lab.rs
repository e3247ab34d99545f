//! What the page of experiments asks for: the list, a run, a decision about a frame, a
//! recorded run. A refusal says why, as JSON.

use crate::handler::Response;
use crate::http::message::StatusCode;
use crate::language::Language;
use crate::observe::live::hub::Hub;
use crate::observe::live::lab::wish::Wish;
use crate::observe::live::lab::{Laboratory, NotBegun};
use crate::packet::link::Decision;
use crate::story::steps::say;
use serde::Deserialize;
use serde_json::{Value, json};
use std::io::{self, Read};
use std::sync::Arc;

/// Bytes of a wish, and of a decision.
const LONGEST_WISH: u64 = 4096;
const LONGEST_DECISION: u64 = 256;

/// A line of JSON each.
const LINES: &str = "application/x-ndjson";

/// What becomes of a frame, as the page says it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Decided {
    #[serde(rename = "do")]
    decision: Decision,
}

/// The lines of a run, as long as the server serves.
struct UntilOver {
    hub: Arc<Hub>,
    lines: Box<dyn Read + Send>,
}

impl Read for UntilOver {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        // A run says at least once a second that it goes on.
        if self.hub.is_over() { Ok(0) } else { self.lines.read(buffer) }
    }
}

/// The longest body that a POST to this path may have; 0: it takes none.
pub(super) fn longest_body(path: &str) -> u64 {
    match path {
        "run" => LONGEST_WISH,
        _ if path.starts_with("frame/") => LONGEST_DECISION,
        _ => 0,
    }
}

/// What is said to a request for `path` below `/lab/`.
pub(super) fn response(hub: &Arc<Hub>, site: &[String], path: &str, body: &[u8], language: Language) -> Response {
    let Some(lab) = hub.lab() else { return not_here(language) };
    if let Some(name) = path.strip_prefix("recorded/") {
        let recorded = lab.recorded(name, language);
        return recorded.map_or_else(|| unknown(language), |lines| Response::memory(StatusCode::OK, LINES, lines));
    }
    if let Some(frame) = path.strip_prefix("frame/") {
        return decide(lab.as_ref(), frame, body, language);
    }
    match path {
        "experiments" => {
            let list: Value = serde_json::from_slice(&lab.list(language)).unwrap_or_default();
            said(StatusCode::OK, &json!({ "site": site, "list": list }))
        }
        "run" => run(hub, lab.as_ref(), body, language),
        _ => unknown(language),
    }
}

fn run(hub: &Arc<Hub>, lab: &dyn Laboratory, body: &[u8], language: Language) -> Response {
    let wish = match Wish::read(body) {
        Ok(wish) => wish,
        Err(why) => return refused(StatusCode::BAD_REQUEST, &why.sentence(language)),
    };
    match lab.run(&wish, language) {
        Ok(lines) => Response::stream(StatusCode::OK, LINES, UntilOver { hub: Arc::clone(hub), lines }),
        Err(NotBegun::Unknown) => {
            let why = say!(language, "There is no experiment of this name." / "그런 이름의 실험은 없습니다.");
            refused(StatusCode::BAD_REQUEST, &why)
        }
        Err(NotBegun::NotHere) => not_here(language),
        Err(NotBegun::UnderWay) => {
            let why = say!(
                language,
                "Another experiment is under way; only one can be at a time. Try again when it is over."
                    / "다른 실험이 진행 중입니다. 실험은 한 번에 하나만 할 수 있습니다. 끝난 뒤 다시 시도하세요."
            );
            refused(StatusCode::CONFLICT, &why)
        }
        Err(NotBegun::Unavailable) => {
            let why = say!(
                language,
                "No process could be had for the experiment. Start glasshttp again, or run it in a terminal: glasshttp lab"
                    / "실험을 실행할 프로세스를 만들지 못했습니다. glasshttp를 다시 시작하거나 터미널에서 glasshttp lab을 실행하세요."
            );
            refused(StatusCode::SERVICE_UNAVAILABLE, &why)
        }
    }
}

fn decide(lab: &dyn Laboratory, frame: &str, body: &[u8], language: Language) -> Response {
    let Ok(Decided { decision }) = serde_json::from_slice(body) else {
        let why = say!(
            language,
            "A frame is delivered, dropped, doubled or damaged: {{\"do\":\"deliver\"}} and the like."
                / "프레임에 할 수 있는 것은 deliver, drop, double, damage입니다. 예: {{\"do\":\"deliver\"}}"
        );
        return refused(StatusCode::BAD_REQUEST, &why);
    };
    match frame.parse().is_ok_and(|frame| lab.decide(frame, decision)) {
        true => said(StatusCode::OK, &json!({})),
        false => {
            let why = say!(language, "No frame of this number waits." / "그 번호의 프레임은 기다리고 있지 않습니다.");
            refused(StatusCode::NOT_FOUND, &why)
        }
    }
}

fn not_here(language: Language) -> Response {
    let why = say!(
        language,
        "Experiments are run only where the live page is open to this machine alone."
            / "실험은 실시간 페이지가 이 컴퓨터에만 열려 있을 때 실행할 수 있습니다."
    );
    refused(StatusCode::SERVICE_UNAVAILABLE, &why)
}

fn unknown(language: Language) -> Response {
    let why = say!(language, "The lab has nothing of this name." / "실험실에 그런 것은 없습니다.");
    refused(StatusCode::NOT_FOUND, &why)
}

fn refused(status: StatusCode, why: &str) -> Response {
    said(status, &json!({ "why": why }))
}

fn said(status: StatusCode, value: &Value) -> Response {
    Response::memory(status, "application/json", value.to_string().into_bytes())
}
