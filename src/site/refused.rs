//! The site's own pages: what is said where a request can't be served.

use super::root::Refusal;
use crate::handler::{Refused, Response};
use crate::http::field;
use crate::http::message::StatusCode;
use crate::language::Language;
use crate::language::sentence::{Text, text};

/// The response that says why.
pub(super) fn refused(refusal: Refusal, language: Language) -> Response {
    let (status, why, sentence) = match refusal {
        Refusal::NotFound => {
            (StatusCode::NOT_FOUND, None, text("There is nothing at this address.", "이 주소에는 아무것도 없습니다."))
        }
        Refusal::NoRoot => (
            StatusCode::SERVICE_UNAVAILABLE,
            Some(Refused::NoRoot),
            text(
                "The folder that is served here is missing: it was removed or moved, or is just being made.",
                "여기서 제공하는 폴더가 없습니다. 지워졌거나 옮겨졌거나, 지금 만들어지는 중입니다.",
            ),
        ),
        Refusal::Forbidden => (
            StatusCode::FORBIDDEN,
            Some(Refused::Forbidden),
            text(
                "The permissions of this file or folder, or of a folder above it, do not let this server read it.",
                "이 파일이나 폴더, 또는 그 위 폴더의 권한 때문에 이 서버가 읽을 수 없습니다.",
            ),
        ),
        Refusal::NoEntry => (
            StatusCode::SERVICE_UNAVAILABLE,
            Some(Refused::NoEntry),
            text(
                "The permissions of the folder that is served here, or of one on the way to it, do not let this \
                 server enter it.",
                "여기서 제공하는 폴더나 그 위 폴더의 권한 때문에 이 서버가 들어갈 수 없습니다.",
            ),
        ),
        Refusal::OutOfReach => (
            StatusCode::SERVICE_UNAVAILABLE,
            Some(Refused::OutOfReach),
            text(
                "The folder that is served here was replaced by another, which the server's sandbox does not reach: \
                 restart the server, or start it with --no-sandbox.",
                "여기서 제공하는 폴더가 다른 폴더로 바뀌었는데 서버의 샌드박스 밖에 있습니다. 서버를 다시 시작하거나 \
                 --no-sandbox로 시작하세요.",
            ),
        ),
        Refusal::Held => (
            StatusCode::SERVICE_UNAVAILABLE,
            Some(Refused::Held),
            text(
                "Another program holds this file for now: try again in a moment.",
                "지금은 다른 프로그램이 이 파일을 붙잡고 있습니다. 잠시 뒤에 다시 시도하세요.",
            ),
        ),
        Refusal::Exhausted => (
            StatusCode::SERVICE_UNAVAILABLE,
            Some(Refused::Exhausted),
            text(
                "The server is out of file descriptors or memory for now: try again in a moment.",
                "서버의 파일 디스크립터나 메모리가 지금은 모자랍니다. 잠시 뒤에 다시 시도하세요.",
            ),
        ),
        Refusal::NoRoom => (
            StatusCode::SERVICE_UNAVAILABLE,
            Some(Refused::NoRoom),
            text(
                "The server has no memory left for pages like this: try again in a moment.",
                "서버가 이런 페이지에 쓸 수 있는 메모리를 다 썼습니다. 잠시 뒤에 다시 시도하세요.",
            ),
        ),
        Refusal::TooLarge => (
            StatusCode::INTERNAL_SERVER_ERROR,
            Some(Refused::ListingTooLong),
            text(
                "This folder has more names than one listing may hold.",
                "이 폴더에는 목록 하나에 담을 수 있는 것보다 많은 이름이 있습니다.",
            ),
        ),
        Refusal::Failed | Refusal::Elsewhere => (
            StatusCode::INTERNAL_SERVER_ERROR,
            Some(Refused::Unreadable),
            text("The server's file system could not read the file.", "서버의 파일 시스템이 파일을 읽지 못했습니다."),
        ),
    };
    let response = Response { refused: why, ..page(status, sentence, language) };
    if status == StatusCode::SERVICE_UNAVAILABLE { response.with(field::RETRY_AFTER, "1") } else { response }
}

/// The response to a request for another host (RFC 9110 §15.5.20).
pub(super) fn misdirected(language: Language) -> Response {
    let sentence = text(
        "This server does not respond to requests for this host; to let it, start it with --host NAME.",
        "이 서버는 이 호스트에 대한 요청에 응답하지 않습니다. 응답하게 하려면 --host NAME으로 시작하세요.",
    );
    page(StatusCode::MISDIRECTED_REQUEST, sentence, language).refusing(Refused::OtherHost)
}

/// The response to a method that the server does not know.
pub(super) fn unknown_method(language: Language) -> Response {
    let sentence =
        text("This server supports only GET, HEAD and OPTIONS.", "이 서버는 GET, HEAD, OPTIONS만 지원합니다.");
    page(StatusCode::NOT_IMPLEMENTED, sentence, language).refusing(Refused::UnknownMethod)
}

/// The response to a path whose percent signs mean nothing.
pub(super) fn malformed_path(language: Language) -> Response {
    let sentence = text(
        "In a path, % begins two hexadecimal digits; a literal % is written %25.",
        "경로에서 % 뒤에는 16진수 두 자리가 옵니다. % 자체는 %25로 씁니다.",
    );
    page(StatusCode::BAD_REQUEST, sentence, language).refusing(Refused::BadPath)
}

/// The response where no helper is available.
pub(super) fn unavailable(language: Language) -> Response {
    let sentence = text(
        "The storage behind this address is busy or does not respond: try again in a moment.",
        "이 주소의 저장 장치가 바쁘거나 응답하지 않습니다. 잠시 뒤에 다시 시도하세요.",
    );
    page(StatusCode::SERVICE_UNAVAILABLE, sentence, language)
        .with(field::RETRY_AFTER, "5")
        .refusing(Refused::StorageBusy)
}

/// A folder's address ends with a slash and is in its normal form: relative links in it
/// depend on both. `ended_well` says that it is the form which was another.
pub(super) fn moved(location: &str, ended_well: bool, language: Language) -> Response {
    let sentence = match ended_well {
        false => text("The folder's address ends with a slash.", "폴더의 주소는 /로 끝납니다."),
        true => text(
            "The folder's address is written without //, /./ and /../.",
            "폴더의 주소는 //, /./, /../ 없이 씁니다.",
        ),
    };
    page(StatusCode::MOVED_PERMANENTLY, sentence, language).with(field::LOCATION, location)
}

/// The response where the request's conditions do not hold (RFC 9110 §15.5.13).
pub(super) fn precondition_failed(language: Language) -> Response {
    let sentence = text(
        "The conditions of the request (If-Match, If-Unmodified-Since) do not hold.",
        "요청의 조건(If-Match, If-Unmodified-Since)에 맞지 않습니다.",
    );
    page(StatusCode::PRECONDITION_FAILED, sentence, language)
}

/// The response where a range has nothing of the file's `size` bytes (RFC 9110 §15.5.17).
pub(super) fn out_of_range(size: u64, language: Language) -> Response {
    let sentence = text("The range begins beyond the end of the file.", "범위가 파일의 끝보다 뒤에서 시작합니다.");
    let response = page(StatusCode::RANGE_NOT_SATISFIABLE, sentence, language);
    response.with(field::CONTENT_RANGE, &format!("bytes */{size}"))
}

fn page(status: StatusCode, sentence: Text, language: Language) -> Response {
    Response::error_in(language, status, sentence.of(language))
}
