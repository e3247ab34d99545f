//! The pages that the connection itself responds with: the request was refused
//! before a handler was asked, or the handler did not respond.

use crate::handler::{Refused, Response};
use crate::http::field;
use crate::http::message::StatusCode;
use crate::http::server::rejection::Rejection;
use crate::language::Language;
use crate::language::sentence::{Text, text};
use crate::record::Reason;

/// The response to a request that is refused.
pub(super) fn rejected(rejection: Rejection, language: Language) -> Response {
    let response = Response::error_in(language, rejection.status(), sentence(rejection).of(language));
    if rejection == Rejection::NoRoom { response.with(field::RETRY_AFTER, "1") } else { response }
}

/// The response where the handler panicked.
pub(super) fn failed(language: Language) -> Response {
    let sentence = text(
        "The program behind this address failed on this request.",
        "이 주소의 프로그램이 이 요청을 처리하다가 실패했습니다.",
    );
    Response::error_in(language, StatusCode::INTERNAL_SERVER_ERROR, sentence.of(language)).refusing(Refused::Failed)
}

/// The response where the handler's was not ready in time. 503, and not 504, which
/// is for gateways (RFC 9110 §15.6.5): what is late is a part of this server.
pub(super) fn overdue(language: Language) -> Response {
    let sentence = text(
        "Something that this address depends on is not responding: try again later.",
        "이 주소에 필요한 것이 지금 응답하지 않습니다. 나중에 다시 시도하세요.",
    );
    Response::error_in(language, StatusCode::SERVICE_UNAVAILABLE, sentence.of(language))
        .with(field::RETRY_AFTER, "10")
        .refusing(Refused::Overdue)
}

/// Why a handler refused, as the record and the access log have it.
pub(super) fn reason(refused: Refused) -> Reason {
    match refused {
        Refused::OtherHost => Reason::OtherHost,
        Refused::NoRoom => Reason::NoRoom,
        Refused::BadPath => Reason::BadPath,
        Refused::UnknownMethod => Reason::UnknownMethod,
        Refused::Forbidden => Reason::Forbidden,
        Refused::NoEntry => Reason::NoEntry,
        Refused::NoRoot => Reason::NoRoot,
        Refused::Held => Reason::FileHeld,
        Refused::Exhausted => Reason::Exhausted,
        Refused::ListingTooLong => Reason::ListingTooLong,
        Refused::Unreadable => Reason::Unreadable,
        Refused::OutOfReach => Reason::FolderOutOfReach,
        Refused::StorageBusy => Reason::StorageBusy,
        Refused::Overdue => Reason::Overdue,
        Refused::Failed => Reason::HandlerFailed,
    }
}

/// A sentence for the one who sent the request.
fn sentence(rejection: Rejection) -> Text {
    match rejection {
        Rejection::NotHttp | Rejection::TlsHandshake => text(
            "These bytes are not an HTTP request. If this was https://, try http://.",
            "받은 바이트는 HTTP 요청이 아닙니다. https://였다면 http://로 시도하세요.",
        ),
        Rejection::RequestLine => text(
            "The request line must read: METHOD, one space, target, one space, HTTP/version.",
            "요청 줄은 METHOD, 공백 하나, 대상, 공백 하나, HTTP/버전의 순서여야 합니다.",
        ),
        Rejection::LineTooLong => text("The request line is longer than 16 KiB.", "요청 줄이 16 KiB보다 깁니다."),
        Rejection::HeadTooLarge => text("The request head is larger than 32 KiB.", "요청 헤더가 32 KiB보다 큽니다."),
        Rejection::TooManyFields => {
            text("The request has more than 100 header fields.", "요청의 헤더 필드가 100개보다 많습니다.")
        }
        Rejection::Field => text(
            "A header field is malformed: it must read Name: value, on one line.",
            "형식이 잘못된 헤더 필드가 있습니다. 한 줄에 '이름: 값'으로 써야 합니다.",
        ),
        Rejection::Version => text(
            "This server responds with HTTP/1.0 and understands 0.9, 1.0 and 1.1.",
            "이 서버는 HTTP/1.0으로 응답하고 0.9, 1.0, 1.1을 이해합니다.",
        ),
        Rejection::Target => text(
            "The request target must be a path that begins with /, or an http:// address; \
             bytes that are not UTF-8 must be percent-encoded, as in /%E9.",
            "요청 대상은 /로 시작하는 경로나 http:// 주소여야 합니다. \
             UTF-8이 아닌 바이트는 /%E9처럼 퍼센트 인코딩해야 합니다.",
        ),
        Rejection::Host => text(
            "An HTTP/1.1 request needs exactly one Host field that names a host.",
            "HTTP/1.1 요청에는 호스트를 밝히는 Host 필드가 정확히 하나 있어야 합니다.",
        ),
        Rejection::ContentLength => {
            text("Content-Length must be one decimal number.", "Content-Length는 10진수 하나여야 합니다.")
        }
        Rejection::TransferEncoding => text(
            "HTTP/1.0 has no Transfer-Encoding: send the body with a Content-Length.",
            "HTTP/1.0에는 Transfer-Encoding이 없습니다. 본문을 Content-Length와 함께 보내세요.",
        ),
        Rejection::BodyTooLong => {
            text("The request body is longer than this address takes.", "요청 본문이 이 주소가 받는 것보다 깁니다.")
        }
        Rejection::Expectation => text(
            "HTTP/1.0 has no 100 Continue: send the request again, without Expect.",
            "HTTP/1.0에는 100 Continue가 없습니다. Expect 없이 다시 보내세요.",
        ),
        Rejection::BodyTimedOut => {
            text("The request body was not complete in time.", "요청 본문이 제때 다 오지 않았습니다.")
        }
        Rejection::BodyIncomplete => text(
            "The client stopped sending before its request body was complete.",
            "요청 본문이 끝나기 전에 클라이언트가 보내기를 멈췄습니다.",
        ),
        Rejection::NoRoom => text(
            "The server has no memory for a request of this size just now. Try again in a moment.",
            "지금은 이만한 요청을 받을 메모리가 서버에 없습니다. 잠시 뒤에 다시 시도하세요.",
        ),
        Rejection::TimedOut => {
            text("The request head was not complete in time.", "요청 헤더가 제때 다 오지 않았습니다.")
        }
        Rejection::Incomplete => text(
            "The client stopped sending before its request head was complete.",
            "요청 헤더가 끝나기 전에 클라이언트가 보내기를 멈췄습니다.",
        ),
    }
}
