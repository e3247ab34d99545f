//! Why the server's half of a connection could not be laid beside the client's.

use super::failure::Failure;
use super::saved;
use super::system_error::SystemError;
use crate::language::Language;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::net::SocketAddr;
use std::path::PathBuf;

/// Why there is no server's half, where it was asked for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Unjoined {
    /// The server is on another machine.
    OtherMachine,
    /// A log has a connection when it is closed, and this one is open.
    StillOpen,
    /// What was found is another connection.
    OtherConnection,
    /// The live page can't be asked.
    Page(Box<Failure>),
    /// The live page knows nothing of this connection.
    PageStatus {
        /// The page.
        page: SocketAddr,
        /// Its status.
        status: u16,
    },
    /// The live page's record is not one.
    PageUnreadable {
        /// The page.
        page: SocketAddr,
        /// The reader's words.
        words: String,
    },
    /// The log can't be read.
    Log {
        /// The log.
        #[serde(serialize_with = "saved::path")]
        path: PathBuf,
        /// What the system says.
        error: SystemError,
    },
    /// The log has no such connection.
    NotInLog {
        /// The log.
        #[serde(serialize_with = "saved::path")]
        path: PathBuf,
    },
}

impl Unjoined {
    /// Whether it may be otherwise in a moment.
    pub(crate) fn may_change(&self) -> bool {
        matches!(self, Self::PageStatus { .. } | Self::NotInLog { .. })
    }

    /// The name by which programs know it.
    pub fn code(&self) -> &'static str {
        match self {
            Self::OtherMachine => "other_machine",
            Self::StillOpen => "still_open",
            Self::OtherConnection => "other_connection",
            Self::Page(_) => "page",
            Self::PageStatus { .. } => "page_status",
            Self::PageUnreadable { .. } => "page_unreadable",
            Self::Log { .. } => "log",
            Self::NotInLog { .. } => "not_in_log",
        }
    }

    /// The reason in words.
    pub fn sentence(&self, language: Language) -> String {
        match language {
            Language::English => self.english(),
            Language::Korean => self.korean(),
        }
    }

    fn english(&self) -> String {
        match self {
            Self::OtherMachine => "the server is on another machine, whose clock differs".into(),
            Self::StillOpen => "a log records a connection when it is closed".into(),
            Self::OtherConnection => "its record is of another connection".into(),
            Self::Page(failure) => failure.sentence(Language::English),
            Self::PageStatus { page, status } => format!("the response of the live page at {page} is {status}"),
            Self::PageUnreadable { page, words } => format!("the record from {page} can't be read: {words}"),
            Self::Log { path, error } => format!("the log {} can't be read: {error}", path.display()),
            Self::NotInLog { path } => format!("the log {} has no record of this connection", path.display()),
        }
    }

    fn korean(&self) -> String {
        match self {
            Self::OtherMachine => "서버가 다른 컴퓨터에 있어 시계가 다름".into(),
            Self::StillOpen => "로그에는 연결이 닫힐 때 기록됨".into(),
            Self::OtherConnection => "다른 연결의 기록임".into(),
            Self::Page(failure) => failure.sentence(Language::Korean),
            Self::PageStatus { page, status } => format!("{page}에 있는 실시간 페이지의 응답이 {status}"),
            Self::PageUnreadable { page, words } => format!("{page}에서 온 기록을 읽을 수 없음: {words}"),
            Self::Log { path, error } => {
                format!("로그 {}을(를) 읽을 수 없음: {}", path.display(), error.said(Language::Korean))
            }
            Self::NotInLog { path } => format!("로그 {}에 이 연결의 기록이 없음", path.display()),
        }
    }
}

/// How it is saved: a code and a sentence, and what that is made from.
#[derive(Serialize)]
struct SavedWhy<'a> {
    code: &'static str,
    sentence: String,
    facts: &'a Unjoined,
}

/// What of that is read again.
#[derive(Deserialize)]
struct WhyOnly {
    facts: Unjoined,
}

pub(super) fn save<S: Serializer>(why: &Option<Unjoined>, serializer: S) -> Result<S::Ok, S::Error> {
    let saved = why.as_ref().map(|why| SavedWhy { code: why.code(), sentence: why.english(), facts: why });
    saved.serialize(serializer)
}

pub(super) fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Unjoined>, D::Error> {
    Ok(Option::<WhyOnly>::deserialize(deserializer)?.map(|saved| saved.facts))
}
