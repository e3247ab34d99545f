//! What can be wrong with a response or a request: its code, and Korean. English is
//! the error's own.

use super::kind::FailureKind;
use crate::http::client::response_error::ResponseError as Error;
use crate::http::client::{MAX_INTERIM, RequestError};
use crate::http::parse::foreign::Foreign;
use crate::language::grouped;

pub(super) fn kind(error: Error) -> FailureKind {
    match error {
        Error::NoResponse
        | Error::NoFinalResponse
        | Error::KeptConnectionEnded
        | Error::HeadCutShort
        | Error::BodyCutShort { .. }
        | Error::ChunksCutShort { .. }
        | Error::TrailerCutShort { .. } => FailureKind::CutShort,
        Error::NoResponseInTime
        | Error::NoFinalResponseInTime
        | Error::HeadTimedOut
        | Error::BodyTimedOut { .. }
        | Error::TrailerTimedOut { .. }
        | Error::SendTimedOut => FailureKind::TimedOut,
        Error::KeptConnectionReset
        | Error::ResetBeforeResponse
        | Error::ResetBeforeFinalResponse
        | Error::ResetInHead
        | Error::ResetInBody { .. } => FailureKind::Reset,
        _ => FailureKind::Malformed,
    }
}

pub(super) fn code(error: Error) -> &'static str {
    match error {
        Error::NotHttp(_) => "not_http",
        Error::StatusLine => "status_line",
        Error::Version => "version",
        Error::HeadTooLarge => "head_too_large",
        Error::TooManyFields => "too_many_fields",
        Error::Field { .. } => "field",
        Error::ContentLength => "content_length",
        Error::ContentLengthTooLarge => "content_length_too_large",
        Error::ContentLengths => "content_lengths",
        Error::TransferEncoding => "transfer_encoding",
        Error::TooManyInterim => "too_many_interim",
        Error::SwitchedProtocols => "switched_protocols",
        Error::ChunkSize => "chunk_size",
        Error::ChunkTooLarge => "chunk_too_large",
        Error::ChunkLine => "chunk_line",
        Error::ChunkLineTooLong => "chunk_line_too_long",
        Error::ChunkLineLf => "chunk_line_lf",
        Error::ChunkEnd => "chunk_end",
        Error::ChunkEndLf => "chunk_end_lf",
        Error::Trailer => "trailer",
        Error::NoResponse => "no_response",
        Error::NoFinalResponse => "no_final_response",
        Error::KeptConnectionEnded => "kept_connection_ended",
        Error::KeptConnectionReset => "kept_connection_reset",
        Error::HeadCutShort => "head_cut_short",
        Error::BodyCutShort { .. } => "body_cut_short",
        Error::ChunksCutShort { .. } => "chunks_cut_short",
        Error::TrailerCutShort { .. } => "trailer_cut_short",
        Error::NoResponseInTime => "no_response_in_time",
        Error::NoFinalResponseInTime => "no_final_response_in_time",
        Error::HeadTimedOut => "head_timed_out",
        Error::BodyTimedOut { .. } => "body_timed_out",
        Error::TrailerTimedOut { .. } => "trailer_timed_out",
        Error::SendTimedOut => "send_timed_out",
        Error::ResetBeforeResponse => "reset_before_response",
        Error::ResetBeforeFinalResponse => "reset_before_final_response",
        Error::ResetInHead => "reset_in_head",
        Error::ResetInBody { .. } => "reset_in_body",
    }
}

pub(super) fn korean(error: Error) -> String {
    match error {
        Error::NotHttp(Foreign::Tls) => {
            "응답이 HTTP가 아니라 TLS입니다. 이 포트는 https://용이고, 이 클라이언트는 https://를 지원하지 않습니다.".into()
        }
        Error::NotHttp(foreign) => match foreign.name() {
            Some(name) => format!("응답이 HTTP/1이 아니라 {name}인 듯합니다. 포트가 맞나요?"),
            None => "응답이 HTTP/로 시작하지 않으므로 HTTP가 아닙니다. 서버가 HTTP/0.9만 한다면 --http 0.9를 써 보세요."
                .into(),
        },
        Error::Field { line } => {
            format!("응답 헤더의 {line}번째 줄이 잘못되었습니다. 헤더 필드는 이름: 값 형식이어야 합니다.")
        }
        Error::BodyCutShort { promised, received } => {
            let [promised, received] = [promised, received].map(grouped);
            format!("응답이 중간에 끊겼습니다. Content-Length는 {promised}바이트인데 {received}바이트만 왔습니다.")
        }
        Error::ChunksCutShort { received } => {
            let received = grouped(received);
            format!("응답이 중간에 끊겼습니다. {received}바이트가 왔고 마지막 청크는 오지 않았습니다.")
        }
        Error::TrailerCutShort { received } => {
            let received = grouped(received);
            format!(
                "응답이 마지막 청크 뒤에서 끊겼습니다. {received}바이트가 왔고 트레일러를 끝내는 빈 줄은 오지 않았습니다."
            )
        }
        Error::BodyTimedOut { received } => {
            let received = grouped(received);
            format!("응답 본문이 제때 다 오지 않았습니다. {received}바이트가 왔습니다.")
        }
        Error::TrailerTimedOut { received } => {
            let received = grouped(received);
            format!(
                "마지막 청크 뒤의 트레일러가 제때 다 오지 않았습니다. {received}바이트가 왔고 트레일러를 끝내는 빈 줄은 오지 않았습니다."
            )
        }
        Error::ResetInBody { received } => {
            let received = grouped(received);
            format!("응답 본문을 받는 중에 연결이 리셋되었습니다. {received}바이트가 왔습니다.")
        }
        Error::StatusLine => {
            "상태 줄의 형식이 잘못되었습니다. HTTP/버전, 빈칸 하나, 숫자 셋, (있으면) NUL과 CR이 없는 사유 구절이어야 합니다.".into()
        }
        Error::Version => {
            "응답의 주 버전이 HTTP/1이 아닙니다. 이 클라이언트는 0.9, 1.0, 1.1을 지원합니다.".into()
        }
        Error::HeadTooLarge => "응답 헤더가 1 MiB보다 큽니다.".into(),
        Error::TooManyFields => "응답의 헤더 필드가 5,000개보다 많습니다.".into(),
        Error::ContentLength => "응답의 Content-Length가 10진수가 아니어서 끝을 알 수 없습니다.".into(),
        Error::ContentLengthTooLarge => "응답의 Content-Length가 64비트에 들어가지 않는 큰 수입니다.".into(),
        Error::ContentLengths => "응답에 서로 다른 Content-Length가 둘 있어서 끝을 알 수 없습니다.".into(),
        Error::TransferEncoding => "응답의 Transfer-Encoding이 chunked가 아닙니다. 다른 것은 지원하지 않습니다.".into(),
        Error::TooManyInterim => {
            format!("서버가 중간 응답(1xx)을 {MAX_INTERIM}개 넘게 보내서 최종 응답을 기다리지 않았습니다.")
        }
        Error::SwitchedProtocols => "서버가 요청하지 않은 다른 프로토콜로 바꾸었습니다(101).".into(),
        Error::ChunkSize => "청크가 16진수 크기로 시작하지 않습니다.".into(),
        Error::ChunkTooLarge => "청크의 크기가 너무 큰 수입니다.".into(),
        Error::ChunkLine => "청크 크기 줄의 형식이 잘못되었습니다.".into(),
        Error::ChunkLineTooLong => "청크 크기 줄이 4 KiB보다 깁니다.".into(),
        Error::ChunkLineLf => "청크 크기 줄이 CRLF가 아니라 LF만으로 끝납니다.".into(),
        Error::ChunkEndLf => "청크 데이터 뒤에 CRLF가 아니라 LF만 있습니다.".into(),
        Error::ChunkEnd => "청크 데이터가 크기에 적힌 곳에서 끝나지 않습니다.".into(),
        Error::Trailer => "마지막 청크 뒤 트레일러의 형식이 잘못되었거나 32 KiB보다 깁니다.".into(),
        Error::NoResponse => "서버가 응답 없이 연결을 닫았습니다.".into(),
        Error::NoFinalResponse => "서버가 중간 응답(1xx)만 보내고 최종 응답 없이 연결을 닫았습니다.".into(),
        Error::KeptConnectionEnded => {
            "서버가 응답하기 전에 유지하던 연결을 닫았습니다. 새 연결에서는 같은 요청이 될 수 있습니다.".into()
        }
        Error::KeptConnectionReset => {
            "응답이 오기 전에 유지하던 연결이 리셋되었습니다. 새 연결에서는 같은 요청이 될 수 있습니다.".into()
        }
        Error::HeadCutShort => "응답 헤더를 보내는 중에 서버가 연결을 닫았습니다.".into(),
        Error::NoResponseInTime => "제때 온 응답이 없습니다.".into(),
        Error::NoFinalResponseInTime => "중간 응답(1xx)은 왔지만 최종 응답이 제때 오지 않았습니다.".into(),
        Error::HeadTimedOut => "응답 헤더가 제때 다 오지 않았습니다.".into(),
        Error::SendTimedOut => "서버가 제때 요청을 받아 가지 않았습니다.".into(),
        Error::ResetBeforeResponse => "응답이 오기 전에 연결이 리셋되었습니다.".into(),
        Error::ResetBeforeFinalResponse => "중간 응답(1xx)이 온 뒤 최종 응답이 오기 전에 연결이 리셋되었습니다.".into(),
        Error::ResetInHead => "응답 헤더를 받는 중에 연결이 리셋되었습니다.".into(),
    }
}

pub(super) fn request_in_korean(error: RequestError) -> &'static str {
    match error {
        RequestError::NotNow => "지금은 이 연결에 요청을 보낼 수 없습니다.",
        RequestError::Target => "요청 대상이 비어 있거나 빈칸이나 제어 문자가 있습니다. 퍼센트 인코딩을 하세요.",
        RequestError::Host => "호스트 이름에 빈칸이나 제어 문자가 있습니다.",
        RequestError::Method => "메서드가 GET이나 POST 같은 단어가 아니거나, 터널을 요청하는 CONNECT입니다.",
        RequestError::Simple => "HTTP/0.9에는 GET만 있습니다. --http 1.0을 써 보세요.",
    }
}
