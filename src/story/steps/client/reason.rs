//! Why a connection ended, in the words of each language.

use crate::language::Language;
use crate::record::transfer::Close;

/// The reason's sentence.
pub(super) fn said(close: &Close, language: Language) -> String {
    match language {
        Language::English => close.sentence.clone(),
        Language::Korean => korean(&close.reason).unwrap_or(&close.sentence).to_owned(),
    }
}

pub(in crate::story::steps) fn korean(reason: &str) -> Option<&'static str> {
    Some(match reason {
        "NoMoreRequests" => "보낼 요청이 더 없어 연결을 닫았습니다.",
        "SimpleRequest" => "HTTP/0.9로 말했고, 한 연결에 응답은 하나뿐입니다.",
        "Http10" => "HTTP/1.0으로 말하면서 연결 유지를 요청하지 않았습니다.",
        "NotOffered" => "응답이 HTTP/1.0이고 Connection: keep-alive가 없습니다.",
        "WeAskedClose" => "이쪽이 Connection: close로 요청했습니다.",
        "ServerAskedClose" => "서버가 Connection: close로 요청했습니다.",
        "HalfClosed" => "요청 뒤에 보내는 쪽을 닫았으므로 다음 요청을 보낼 수 없습니다.",
        "UntilClose" => "응답이 길이를 말하지 않아 연결의 끝이 곧 응답의 끝입니다.",
        "DoubtfulFraming" => {
            "Transfer-Encoding이 Content-Length와 함께 있거나 HTTP/1.0에 있어, 뒤따르는 것을 믿을 수 없습니다."
        }
        "AnsweredEarly" => "서버가 요청을 다 받기 전에 응답했습니다.",
        "Unasked" => "서버가 요청한 응답보다 더 보냈습니다.",
        "ServerClosed" => "아무것도 묻지 않은 사이에 서버가 연결을 닫았습니다.",
        "Reset" => "아무것도 묻지 않은 사이에 연결이 끊겼습니다 (RST).",
        "GivenUp" => "응답이 끝나기 전에 이쪽이 그만두었습니다.",
        "NotHttp" => "온 것은 HTTP 응답이 아닙니다.",
        "StatusLine" => "상태 줄의 형식이 잘못되었습니다.",
        "Version" => "HTTP/1이 아닌 판의 응답입니다.",
        "HeadTooLarge" => "응답의 헤더가 1 MiB보다 깁니다.",
        "TooManyFields" => "응답의 헤더 필드가 100개를 넘습니다.",
        "Field" => "응답의 헤더 필드 하나가 형식에 어긋납니다.",
        "ContentLength" => "Content-Length가 십진수가 아니어서 끝을 알 수 없습니다.",
        "ContentLengths" => "Content-Length가 서로 다른 값으로 두 번 있어 끝을 알 수 없습니다.",
        "TransferEncoding" => "Transfer-Encoding이 chunked가 아닙니다.",
        "TooManyInterim" => "중간 응답(1xx)만 이어지고 최종 응답이 없습니다.",
        "SwitchedProtocols" => "요청하지 않았는데 서버가 프로토콜을 바꾸었습니다 (101).",
        "ChunkSize" => "청크가 십육진수 크기로 시작하지 않습니다.",
        "ChunkTooLarge" => "청크의 크기가 너무 큰 수입니다.",
        "ChunkLine" => "청크 크기의 줄이 잘못되었거나 4 KiB보다 깁니다.",
        "ChunkEnd" => "청크의 내용이 그 크기에서 끝나지 않습니다.",
        "Trailer" => "마지막 청크 뒤의 필드가 잘못되었거나 32 KiB보다 깁니다.",
        "NoResponse" => "서버가 응답하지 않고 연결을 닫았습니다.",
        "KeptConnectionEnded" => "응답하기 전에 서버가 유지하던 연결을 닫았습니다.",
        "HeadCutShort" => "서버가 응답의 헤더 도중에 연결을 닫았습니다.",
        "BodyCutShort" => "응답이 Content-Length보다 일찍 끝났습니다.",
        "ChunksCutShort" => "마지막 청크가 오기 전에 응답이 끝났습니다.",
        "NoResponseInTime" => "시간 안에 응답이 오지 않았습니다.",
        "HeadTimedOut" => "응답의 헤더가 시간 안에 다 오지 않았습니다.",
        "BodyTimedOut" => "응답의 본문이 시간 안에 다 오지 않았습니다.",
        "SendTimedOut" => "서버가 시간 안에 요청을 받아들이지 않았습니다.",
        "ResetBeforeResponse" => "응답이 오기 전에 연결이 끊겼습니다 (RST).",
        "ResetInHead" => "응답의 헤더 도중에 연결이 끊겼습니다 (RST).",
        "ResetInBody" => "응답의 본문 도중에 연결이 끊겼습니다 (RST).",
        _ => return None,
    })
}
