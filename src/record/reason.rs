//! Why a connection ended: each ends for exactly one of these.

use super::sentences::sentences;
use crate::http::persistence::CloseReason;
use crate::http::server::rejection::Rejection;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

sentences! {
    /// Why a connection ended.
    Reason {
        SimpleRequest "simple_request" "The " client " spoke HTTP/0.9, where a connection carries one response." "" client "가 HTTP/0.9로 요청했습니다. 0.9에서는 연결 하나에 응답이 하나입니다.";
        Http10 "http10" "The " client " spoke HTTP/1.0 and did not ask to keep the connection." "HTTP/1.0 " client "가 연결 유지를 요청하지 않았습니다.";
        ClientAskedClose "client_asked_close" "The " client " asked to close, with Connection: close." "" client "가 Connection: close로 종료를 요청했습니다.";
        KeepAliveOff "keep_alive_off" "This server does not keep connections open for further requests." "이 서버는 다음 요청을 위해 연결을 유지하지 않습니다.";
        ShuttingDown "shutting_down" "The server is shutting down." "서버가 종료하는 중입니다.";
        ConnectionLimit "connection_limit" "The server has reached its limit of connections." "서버의 연결 수가 한도에 이르렀습니다.";
        UnknownLength "unknown_length" "The length of the response was not known in advance, so the end of the connection is its end." "응답의 길이를 미리 알 수 없어서, 연결의 끝이 곧 응답의 끝입니다.";
        RequestBodyUnread "request_body_unread" "The request's head announces a body that this server does not read." "요청 헤더가 알린 본문을 이 서버는 읽지 않습니다.";
        ClientClosed "client_closed" "The " client " closed the keep-alive connection." "" client "가 유지하던 연결을 닫았습니다.";
        NoProxyHeader "no_proxy_header" "This address expects the PROXY protocol, and no valid PROXY header came at the start of the connection in time." "이 주소는 PROXY 프로토콜을 기다리는데, 연결이 제때 올바른 PROXY 헤더로 시작하지 않았습니다.";
        NoRequest "no_request" "The " client " closed without sending a request." "" client "가 요청을 보내지 않고 닫았습니다.";
        IncompleteBody "incomplete_body" "The " client " closed before the body of its request was complete." "" client "가 요청 본문을 다 보내지 않고 닫았습니다.";
        IdleTimeout "idle_timeout" "No further request came in time." "다음 요청이 제때 오지 않았습니다.";
        SilentTimeout "silent_timeout" "No request came in time: the " client " connected and stayed silent." "제때 온 요청이 없습니다. " client "가 연결만 하고 침묵했습니다.";
        BodyTimeout "body_timeout" "The request's body was not complete in time." "요청 본문이 제때 다 오지 않았습니다.";
        SendTimeout "send_timeout" "The " client " read nothing of the response for too long." "" client "가 너무 오래 응답을 받아 가지 않았습니다.";
        NoRoom "no_room" "The server had used all the memory that it sets aside for this." "서버가 이 일에 쓸 수 있는 메모리가 모두 차 있었습니다.";
        TooSlow "too_slow" "The " client " read its response more slowly than the minimum rate, while others waited for its place." "" client "가 응답을 최소 속도보다 느리게 받아 갔고, 다른 연결이 그 자리를 기다렸습니다.";
        Reset "reset" "The " client " reset the connection." "" client "가 연결을 리셋했습니다.";
        BodyTruncated "body_truncated" "The body of the response was shorter than its Content-Length, so it could not be completed." "응답 본문이 Content-Length보다 짧아서 끝맺을 수 없었습니다.";
        SourceTimeout "source_timeout" "The storage did not deliver the rest of the response's body in time." "응답 본문이 있는 저장 장치가 제때 다음 부분을 주지 않았습니다.";
        BodyFailed "body_failed" "The response's body could not be read to its end." "응답 본문을 끝까지 읽을 수 없었습니다.";
        SocketFailed "socket_failed" "The socket failed." "소켓에 오류가 났습니다.";
        GraceOver "grace_over" "The server was asked to stop, and the grace period of this connection was over." "서버가 종료 명령을 받았고, 이 연결을 마무리할 시간이 끝났습니다.";
        ProcessEnded "process_ended" "The process that served this connection was killed." "이 연결을 맡은 프로세스가 강제로 종료되었습니다.";
        ReportDropped "report_dropped" "The connection has ended; the report of its end was dropped for lack of room." "연결은 끝났으나, 어떻게 끝났는지에 대한 보고가 자리가 없어 버려졌습니다.";
        ServerEnded "server_ended" "The server ended before the end of this connection was reported." "이 연결이 어떻게 끝났는지 보고되기 전에 서버가 끝났습니다.";
        NotHttp "not_http" "The request was refused: its first byte cannot begin an HTTP request." "요청을 거절했습니다. 첫 바이트가 HTTP 요청의 시작이 아닙니다.";
        TlsHandshake "tls_handshake" "The " client " began a TLS handshake (https) on a port that speaks plain HTTP." "" client "가 평문 HTTP 포트에 TLS 핸드셰이크(https)를 시작했습니다.";
        BadRequestLine "bad_request_line" "The request was refused: its request line is malformed." "요청을 거절했습니다. 요청 줄의 형식이 잘못되었습니다.";
        LineTooLong "line_too_long" "The request was refused: its request line is longer than 16 KiB." "요청을 거절했습니다. 요청 줄이 16 KiB보다 깁니다.";
        HeadTooLarge "head_too_large" "The request was refused: its head is larger than 32 KiB." "요청을 거절했습니다. 요청 헤더가 32 KiB보다 큽니다.";
        TooManyFields "too_many_fields" "The request was refused: it has more than 100 header fields." "요청을 거절했습니다. 헤더 필드가 100개보다 많습니다.";
        BadField "bad_field" "The request was refused: one of its header fields is malformed." "요청을 거절했습니다. 형식이 잘못된 헤더 필드가 있습니다.";
        BadVersion "bad_version" "The request was refused: this server understands HTTP/0.9, 1.0 and 1.1 only." "요청을 거절했습니다. 이 서버는 HTTP/0.9, 1.0, 1.1만 이해합니다.";
        BadTarget "bad_target" "The request was refused: its target is neither a path nor an http:// address, or has bytes that must be percent-encoded." "요청을 거절했습니다. 대상이 경로도 http:// 주소도 아니거나, 퍼센트 인코딩해야 할 바이트가 있습니다.";
        BadHost "bad_host" "The request was refused: HTTP/1.1 needs exactly one Host field that names a host." "요청을 거절했습니다. HTTP/1.1에는 호스트를 밝히는 Host 필드가 정확히 하나 있어야 합니다.";
        BadContentLength "bad_content_length" "The request was refused: its Content-Length is not one decimal number." "요청을 거절했습니다. Content-Length가 10진수 하나가 아닙니다.";
        TransferEncoding "transfer_encoding" "The request was refused: HTTP/1.0 has no Transfer-Encoding." "요청을 거절했습니다. HTTP/1.0에는 Transfer-Encoding이 없습니다.";
        BodyTooLong "body_too_long" "The request was refused: its body is longer than this address takes." "요청을 거절했습니다. 본문이 이 주소가 받는 것보다 깁니다.";
        Expectation "expectation" "The request was refused: HTTP/1.0 has no 100 Continue." "요청을 거절했습니다. HTTP/1.0에는 100 Continue가 없습니다.";
        OtherHost "other_host" "The request was refused: it is for a host that this server does not respond to (--host)." "요청을 거절했습니다. 이 서버가 응답하지 않는 호스트에 대한 요청입니다(--host).";
        BadPath "bad_path" "The request was refused: in its path, a % is not followed by two hexadecimal digits." "요청을 거절했습니다. 경로에 16진수 두 자리가 뒤따르지 않는 %가 있습니다.";
        UnknownMethod "unknown_method" "The request was refused: this address does not support its method." "요청을 거절했습니다. 이 주소가 지원하지 않는 메서드입니다.";
        Forbidden "forbidden" "The request was refused: the permissions of this file or folder, or of a folder above it, do not let this server read it." "요청을 거절했습니다. 이 파일이나 폴더, 또는 그 위 폴더의 권한 때문에 이 서버가 읽을 수 없습니다.";
        NoEntry "no_entry" "The request was refused: the permissions of the folder that is served, or of one on the way to it, do not let this server enter it." "요청을 거절했습니다. 제공하는 폴더나 그 위 폴더의 권한 때문에 이 서버가 들어갈 수 없습니다.";
        NoRoot "no_root" "The request was refused: the folder that is served is missing." "요청을 거절했습니다. 제공하던 폴더가 없습니다.";
        FileHeld "file_held" "The request was refused: another program held the file (a lease)." "요청을 거절했습니다. 다른 프로그램이 파일을 붙잡고 있었습니다(리스).";
        Exhausted "exhausted" "The request was refused: the server was out of file descriptors or memory." "요청을 거절했습니다. 서버의 파일 디스크립터나 메모리가 모자랐습니다.";
        ListingTooLong "listing_too_long" "The request was refused: the folder has more names than one listing may hold." "요청을 거절했습니다. 폴더에 목록 하나에 담을 수 있는 것보다 많은 이름이 있습니다.";
        Unreadable "unreadable" "The file system could not read the file." "파일 시스템이 파일을 읽지 못했습니다.";
        FolderOutOfReach "folder_out_of_reach" "The folder that is served was replaced by one that the sandbox does not reach." "제공하는 폴더가 샌드박스 밖의 다른 폴더로 바뀌었습니다.";
        StorageBusy "storage_busy" "The storage behind this address was busy or did not respond." "이 주소의 저장 장치가 바쁘거나 응답하지 않았습니다.";
        Overdue "overdue" "The response was not ready in time." "응답이 제때 준비되지 않았습니다.";
        HandlerFailed "handler_failed" "The program that makes the responses failed on this request." "응답을 만드는 프로그램이 이 요청을 처리하다가 실패했습니다.";
        HeadTimeout "head_timeout" "The request's head was not complete in time." "요청 헤더가 제때 다 오지 않았습니다.";
        HeadCutShort "head_cut_short" "The " client " closed its sending side before the request's head was complete." "요청 헤더가 끝나기 전에 " client "가 보내는 쪽을 닫았습니다.";
    }
}

impl From<CloseReason> for Reason {
    fn from(reason: CloseReason) -> Self {
        match reason {
            CloseReason::SimpleRequest => Self::SimpleRequest,
            CloseReason::Http10 => Self::Http10,
            CloseReason::ClientAskedClose => Self::ClientAskedClose,
            CloseReason::KeepAliveOff => Self::KeepAliveOff,
            CloseReason::ShuttingDown => Self::ShuttingDown,
            CloseReason::ConnectionLimit => Self::ConnectionLimit,
            CloseReason::UnknownLength => Self::UnknownLength,
            CloseReason::RequestBodyUnread => Self::RequestBodyUnread,
            CloseReason::Rejected(rejection) => rejection.into(),
            CloseReason::ClientClosed => Self::ClientClosed,
            CloseReason::NoRequest => Self::NoRequest,
            CloseReason::NoProxyHeader => Self::NoProxyHeader,
            CloseReason::IncompleteBody => Self::IncompleteBody,
            CloseReason::IdleTimeout => Self::IdleTimeout,
            CloseReason::SilentTimeout => Self::SilentTimeout,
            CloseReason::BodyTimeout => Self::BodyTimeout,
            CloseReason::SendTimeout => Self::SendTimeout,
            CloseReason::NoRoom => Self::NoRoom,
            CloseReason::TooSlow => Self::TooSlow,
            CloseReason::Reset => Self::Reset,
            CloseReason::BodyTruncated => Self::BodyTruncated,
            CloseReason::SourceTimeout => Self::SourceTimeout,
            CloseReason::BodyFailed => Self::BodyFailed,
            CloseReason::SocketFailed => Self::SocketFailed,
        }
    }
}

impl From<Rejection> for Reason {
    fn from(rejection: Rejection) -> Self {
        match rejection {
            Rejection::NotHttp => Self::NotHttp,
            Rejection::TlsHandshake => Self::TlsHandshake,
            Rejection::RequestLine => Self::BadRequestLine,
            Rejection::LineTooLong => Self::LineTooLong,
            Rejection::HeadTooLarge => Self::HeadTooLarge,
            Rejection::TooManyFields => Self::TooManyFields,
            Rejection::Field => Self::BadField,
            Rejection::Version => Self::BadVersion,
            Rejection::Target => Self::BadTarget,
            Rejection::Host => Self::BadHost,
            Rejection::ContentLength => Self::BadContentLength,
            Rejection::TransferEncoding => Self::TransferEncoding,
            Rejection::BodyTooLong => Self::BodyTooLong,
            Rejection::Expectation => Self::Expectation,
            Rejection::BodyTimedOut => Self::BodyTimeout,
            Rejection::BodyIncomplete => Self::IncompleteBody,
            Rejection::NoRoom => Self::NoRoom,
            Rejection::TimedOut => Self::HeadTimeout,
            Rejection::Incomplete => Self::HeadCutShort,
        }
    }
}

impl Serialize for Reason {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Other(text) => serializer.serialize_str(text),
            known => serializer.serialize_str(known.code()),
        }
    }
}

impl<'de> Deserialize<'de> for Reason {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let code = String::deserialize(deserializer)?;
        Ok(Self::of(&code, &code))
    }
}
