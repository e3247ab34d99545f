//! What the system says of a call that failed, in each language.

use crate::language::Language;
use rustix::io::Errno;
use serde::{Serialize, Serializer};
use std::fmt;
use std::io;

/// An error of a system call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SystemError {
    /// The system's number, where the error is the system's.
    number: Option<i32>,
    /// The system's own words.
    words: String,
}

impl SystemError {
    /// The error in words.
    pub fn said(&self, language: Language) -> String {
        match (language, self.korean()) {
            (Language::English, _) => self.words.clone(),
            (Language::Korean, Some(words)) => words.to_owned(),
            (Language::Korean, None) => format!("시스템 오류({})", self.words),
        }
    }

    fn korean(&self) -> Option<&'static str> {
        Some(match Errno::from_raw_os_error(self.number?) {
            Errno::NOENT => "그런 파일이나 폴더가 없음",
            Errno::ACCESS | Errno::PERM => "권한이 없음",
            Errno::NOTDIR => "폴더가 아님",
            Errno::ISDIR => "폴더임",
            Errno::EXIST => "이미 있음",
            Errno::NOSPC => "디스크에 남은 공간이 없음",
            Errno::DQUOT => "디스크 할당량을 넘음",
            Errno::FBIG => "파일이 너무 큼",
            Errno::ROFS => "읽기 전용 파일 시스템",
            Errno::NAMETOOLONG => "이름이 너무 김",
            Errno::LOOP => "심볼릭 링크가 너무 많음",
            Errno::BUSY | Errno::TXTBSY => "다른 프로그램이 사용 중",
            Errno::MFILE | Errno::NFILE => "열린 파일이 너무 많음",
            Errno::NOMEM | Errno::NOBUFS => "메모리가 부족함",
            Errno::IO => "입출력 오류",
            Errno::PIPE => "읽는 쪽이 닫음",
            Errno::BADF => "열려 있지 않음",
            Errno::INVAL => "잘못된 인수",
            Errno::CONNREFUSED => "연결이 거부됨",
            Errno::CONNRESET => "연결이 리셋됨",
            Errno::TIMEDOUT => "시간 초과",
            Errno::HOSTUNREACH => "호스트까지 가는 경로가 없음",
            Errno::NETUNREACH => "네트워크에 닿을 수 없음",
            Errno::NETDOWN => "네트워크가 꺼져 있음",
            Errno::ADDRNOTAVAIL => "사용할 수 없는 주소",
            Errno::ADDRINUSE => "이미 사용 중인 주소",
            Errno::AFNOSUPPORT => "지원하지 않는 주소 종류",
            _ => return None,
        })
    }
}

impl From<&io::Error> for SystemError {
    fn from(error: &io::Error) -> Self {
        let number = error.raw_os_error();
        let mut words = error.to_string();
        if let Some(number) = number {
            // std writes the number behind the words, which says nothing to people.
            let behind = format!(" (os error {number})");
            words.truncate(words.strip_suffix(&behind).map_or(words.len(), str::len));
        }
        Self { number, words }
    }
}

impl From<io::Error> for SystemError {
    fn from(error: io::Error) -> Self {
        Self::from(&error)
    }
}

impl fmt::Display for SystemError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.words)
    }
}

impl Serialize for SystemError {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.words)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_number_is_left_out_and_what_is_unknown_is_quoted() {
        let error = SystemError::from(&io::Error::from(Errno::NOENT));
        assert_eq!(error.said(Language::English), "No such file or directory");
        assert_eq!(error.said(Language::Korean), "그런 파일이나 폴더가 없음");
        let rare = SystemError::from(&io::Error::from(Errno::XDEV));
        assert_eq!(rare.said(Language::Korean), "시스템 오류(Invalid cross-device link)");
        assert_eq!(SystemError::from(&io::Error::other("odd")).to_string(), "odd");
    }
}
