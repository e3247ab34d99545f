//! `/metrics`: counts alone, and so for every user of this machine. On a port of its own, where
//! there is no live page, it is all there is.

use super::host::Bound;
use crate::handler::{Handler, Response};
use crate::http::field;
use crate::http::message::{Method, Request, StatusCode};
use crate::language::Language;
use crate::observe::metrics::{MEDIA_TYPE, Metrics};
use crate::story::steps::say;
use std::net::SocketAddr;

/// Where it is.
pub(super) const PATH: &str = "/metrics";

/// The response with these counts.
pub(super) fn response(metrics: &Metrics, request: &Request<'_>, bound: &Bound, language: Language) -> Response {
    if !bound.is_asked_by(request) {
        let sentence = say!(
            language,
            "The counts are given only under the address that this port listens on, or localhost."
                / "집계는 열려 있는 주소나 localhost로 온 요청에만 보여 줍니다."
        );
        return Response::error_in(language, StatusCode::FORBIDDEN, &sentence);
    }
    match request.method {
        Method::Get | Method::Head => {
            Response::memory(StatusCode::OK, MEDIA_TYPE, metrics.text()).with(field::CACHE_CONTROL, "no-store")
        }
        _ => Response::method_not_allowed_in(language, "GET, HEAD"),
    }
}

/// The counts without a live page.
pub struct CountsAlone {
    metrics: Metrics,
    bound: Bound,
    language: Language,
}

impl CountsAlone {
    /// To be served on these addresses.
    pub fn new(metrics: Metrics, addresses: &[SocketAddr], language: Language) -> Self {
        Self { metrics, bound: Bound::to(addresses), language }
    }
}

impl Handler for CountsAlone {
    fn handle(&self, request: &Request<'_>) -> Response {
        let language = self.language;
        if request.target.path != PATH {
            let sentence = say!(language, "There is only /metrics here." / "여기에는 /metrics만 있습니다.");
            return Response::error_in(language, StatusCode::NOT_FOUND, &sentence);
        }
        response(&self.metrics, request, &self.bound, language)
    }
}
