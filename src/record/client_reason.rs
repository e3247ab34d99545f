//! Why a client's connection ended: its code, and a sentence in each language.

use super::failure::Failure;
use super::reason::Reason;
use crate::http::client::Ending;
use crate::language::Language;
use serde::ser::SerializeStruct;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// The reason why the client's end of a connection closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClientReason(pub Ending);

impl ClientReason {
    /// The name by which programs know it; of a response that failed, that of its failure.
    pub fn code(self) -> &'static str {
        match self.0 {
            Ending::NoMoreRequests => "no_more_requests",
            Ending::NotSent => "not_sent",
            Ending::SimpleRequest => "simple_request",
            Ending::Http10 => "http10",
            Ending::NotOffered => "not_offered",
            Ending::WeAskedClose => "client_asked_close",
            Ending::ServerAskedClose => "server_asked_close",
            Ending::HalfClosed => "half_closed",
            Ending::UntilClose => "until_close",
            Ending::DoubtfulFraming => "doubtful_framing",
            Ending::RespondedEarly => "responded_early",
            Ending::Unasked => "unasked",
            Ending::ServerClosed => "server_closed",
            Ending::Reset => "reset",
            Ending::GivenUp => "given_up",
            Ending::Failed(error) => Failure::Response(error).code(),
        }
    }

    /// The reason in words.
    pub fn sentence(self, language: Language) -> String {
        let (english, korean) = match self.0 {
            Ending::Failed(error) => return Failure::Response(error).sentence(language),
            // What the server says of the same.
            Ending::SimpleRequest => return Reason::SimpleRequest.said(language).to_owned(),
            Ending::Http10 => return Reason::Http10.said(language).to_owned(),
            Ending::WeAskedClose => return Reason::ClientAskedClose.said(language).to_owned(),
            Ending::NoMoreRequests => (
                "The client had no further request, and closed the connection.",
                "보낼 요청이 더 없어 클라이언트가 연결을 닫았습니다.",
            ),
            Ending::NotSent => (
                "The client closed the connection without sending its request.",
                "클라이언트가 요청을 보내지 않고 연결을 닫았습니다.",
            ),
            Ending::NotOffered => (
                "The response is HTTP/1.0 and does not say Connection: keep-alive.",
                "응답이 HTTP/1.0이고 Connection: keep-alive가 없습니다.",
            ),
            Ending::ServerAskedClose => {
                ("The server asked for it with Connection: close.", "서버가 Connection: close로 종료를 요청했습니다.")
            }
            Ending::HalfClosed => (
                "The client had closed its sending side behind the request, so no other could follow.",
                "요청 뒤에 보내는 쪽을 닫았으므로 다음 요청을 보낼 수 없습니다.",
            ),
            Ending::UntilClose => (
                "The response did not say its length, so its end is the connection's end.",
                "응답에 길이가 없어 연결의 끝이 곧 응답의 끝입니다.",
            ),
            Ending::DoubtfulFraming => (
                "The response has a Transfer-Encoding beside a Content-Length or in HTTP/1.0: what follows it is in doubt.",
                "Transfer-Encoding이 Content-Length와 함께 있거나 HTTP/1.0에 있어, 뒤따르는 것을 믿을 수 없습니다.",
            ),
            Ending::RespondedEarly => {
                ("The server responded before it had the whole request.", "서버가 요청을 다 받기 전에 응답했습니다.")
            }
            Ending::Unasked => {
                ("The server sent more than the response that was asked for.", "서버가 요청한 응답보다 더 보냈습니다.")
            }
            Ending::ServerClosed => (
                "The server closed the connection while nothing was asked.",
                "아무것도 요청하지 않은 사이에 서버가 연결을 닫았습니다.",
            ),
            Ending::Reset => (
                "The connection was reset while nothing was asked.",
                "아무것도 요청하지 않은 사이에 연결이 리셋되었습니다.",
            ),
            Ending::GivenUp => (
                "The client stopped before the end of the response.",
                "응답이 끝나기 전에 클라이언트가 그만두었습니다.",
            ),
        };
        match language {
            Language::English => english.to_owned(),
            Language::Korean => korean.to_owned(),
        }
    }
}

impl Serialize for ClientReason {
    /// Beside the other fields of the end: the code, the sentence, and what that is made from.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut object = serializer.serialize_struct("ClientReason", 3)?;
        object.serialize_field("reason", self.code())?;
        object.serialize_field("sentence", &self.sentence(Language::English))?;
        object.serialize_field("ending", &self.0)?;
        object.end()
    }
}

impl<'de> Deserialize<'de> for ClientReason {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        struct SavedEnding {
            ending: Ending,
        }
        Ok(Self(SavedEnding::deserialize(deserializer)?.ending))
    }
}
