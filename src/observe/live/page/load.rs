//! The record of one load, for the page that was loaded and for nobody else: the
//! only resource that another origin may read, and only the site's own.

use crate::handler::Response;
use crate::http::field;
use crate::http::message::{Request, StatusCode};
use crate::language::Language;
use crate::observe::live::hub::Hub;
use crate::story::{self, steps::say, view};

/// The load of this name, which nobody can guess.
pub(super) fn response(hub: &Hub, name: &str, request: &Request<'_>, language: Language) -> Response {
    let loads = hub.loads();
    let origin = request.headers.all("origin").next();
    let allowed = loads.and_then(|loads| loads.origin(origin?));
    let (Some(loads), Some(allowed)) = (loads, allowed) else {
        let sentence = say!(
            language,
            "A load is shown to the page that was loaded." / "로드의 기록은 그 로드로 열린 페이지에만 보입니다."
        );
        return Response::error_in(language, StatusCode::FORBIDDEN, &sentence);
    };
    let record = loads.named(name).and_then(|(connection, exchange)| Some((hub.record(connection)?, exchange)));
    let load = record.and_then(|(record, exchange)| view::load(&record, exchange, language));
    let response = match load {
        Some(load) => {
            let mut text = Vec::new();
            // Writing to a Vec does not fail.
            let _ = story::json::write(&mut text, &load);
            Response::memory(StatusCode::OK, "application/json", text)
        }
        None => Response::error_in(
            language,
            StatusCode::NOT_FOUND,
            &say!(language, "No record of this load is kept." / "이 로드의 기록이 남아 있지 않습니다."),
        ),
    };
    response.with(field::ALLOW_ORIGIN, allowed).with(field::VARY, "Origin")
}
