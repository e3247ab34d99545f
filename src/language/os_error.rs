//! What the system's errors mean.

use super::sentence::Sentence;
use super::spoken::Language;
use rustix::io::Errno;
use std::io::{Error, ErrorKind};

/// Why something failed, as part of a sentence.
pub fn cause(error: &Error, language: Language) -> String {
    let own = error.get_ref().and_then(|inner| inner.downcast_ref::<Sentence>());
    match (own, language) {
        (Some(sentence), _) => sentence.of(language).to_owned(),
        (None, Language::English) => error.to_string(),
        (None, Language::Korean) => korean(error),
    }
}

/// The cause as part of a longer sentence that is the same in both languages.
pub(crate) fn both_of(error: &Error, sentence: impl Fn(&str) -> String) -> Sentence {
    let of = |language| sentence(&cause(error, language));
    Sentence { en: of(Language::English), ko: of(Language::Korean) }
}

fn korean(error: &Error) -> String {
    match (error.raw_os_error(), error.kind()) {
        (Some(code), _) => match of_code(code) {
            Some(known) => known.to_owned(),
            None => format!("운영 체제 오류 {code}번"),
        },
        (None, ErrorKind::InvalidData) => "내용의 형식이 잘못되었습니다".to_owned(),
        (None, ErrorKind::UnexpectedEof) => "내용이 중간에 끝났습니다".to_owned(),
        (None, ErrorKind::TimedOut) => "제때 되지 않았습니다".to_owned(),
        (None, ErrorKind::WriteZero) => "더 쓸 수 없습니다".to_owned(),
        (None, ErrorKind::NotFound) => "그런 파일이나 폴더가 없습니다".to_owned(),
        (None, ErrorKind::PermissionDenied) => "권한이 없습니다".to_owned(),
        (None, ErrorKind::Unsupported) => "이 시스템이 지원하지 않습니다".to_owned(),
        (None, ErrorKind::InvalidInput) => "쓸 수 없는 값입니다".to_owned(),
        _ => "알려지지 않은 오류입니다".to_owned(),
    }
}

fn of_code(code: i32) -> Option<&'static str> {
    Some(match Errno::from_raw_os_error(code) {
        Errno::NOENT => "그런 파일이나 폴더가 없습니다",
        Errno::ACCESS => "권한이 없습니다",
        Errno::PERM => "허용되지 않은 일입니다",
        Errno::EXIST => "같은 이름이 이미 있습니다",
        Errno::NOTDIR => "폴더가 아닙니다",
        Errno::ISDIR => "폴더입니다",
        Errno::LOOP => "심볼릭 링크가 너무 많이 이어집니다",
        Errno::NAMETOOLONG => "이름이 너무 깁니다",
        Errno::MFILE => "이 프로세스가 열 수 있는 파일을 다 열었습니다",
        Errno::NFILE => "이 시스템이 열 수 있는 파일을 다 열었습니다",
        Errno::NOMEM => "메모리가 부족합니다",
        Errno::NOSPC => "남은 공간이 없습니다",
        Errno::DQUOT => "디스크 할당량을 다 썼습니다",
        Errno::ROFS => "읽기 전용 파일 시스템입니다",
        Errno::FBIG => "파일이 너무 큽니다",
        Errno::IO => "입출력 오류입니다",
        Errno::BUSY => "다른 곳에서 쓰는 중입니다",
        Errno::TXTBSY => "실행 중인 파일입니다",
        Errno::NOEXEC => "실행할 수 있는 파일이 아닙니다",
        Errno::STALE => "파일이 서버에서 사라졌습니다",
        Errno::PIPE => "읽는 쪽이 닫혔습니다",
        Errno::AGAIN => "지금은 자원이 없습니다",
        Errno::INVAL => "쓸 수 없는 값입니다",
        Errno::NOSYS | Errno::OPNOTSUPP => "이 시스템이 지원하지 않습니다",
        Errno::NODEV | Errno::NXIO => "그런 장치가 없습니다",
        Errno::ADDRINUSE => "이미 쓰이는 주소입니다",
        Errno::ADDRNOTAVAIL => "이 컴퓨터에 없는 주소입니다",
        Errno::AFNOSUPPORT => "이 시스템에 없는 주소 체계입니다",
        Errno::CONNREFUSED => "연결이 거부되었습니다",
        Errno::CONNRESET => "연결이 리셋되었습니다",
        Errno::CONNABORTED => "연결이 중단되었습니다",
        Errno::NOTCONN => "연결되어 있지 않습니다",
        Errno::TIMEDOUT => "시간이 초과되었습니다",
        Errno::HOSTUNREACH => "호스트로 가는 길이 없습니다",
        Errno::NETUNREACH => "네트워크로 가는 길이 없습니다",
        Errno::NETDOWN => "네트워크가 꺼져 있습니다",
        Errno::NOBUFS => "버퍼에 자리가 없습니다",
        Errno::MSGSIZE => "메시지가 너무 깁니다",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::super::sentence::both;
    use super::*;

    #[test]
    fn a_korean_cause_has_no_english_in_it() {
        let of_system = (1..=133).map(Error::from_raw_os_error);
        let of_library = [Error::other("text"), ErrorKind::InvalidData.into(), Error::new(ErrorKind::NotFound, "text")];
        for error in of_system.chain(of_library) {
            let said = cause(&error, Language::Korean);
            assert!(!said.contains(|letter: char| letter.is_ascii_alphabetic()), "{error:?}: {said}");
            assert_eq!(cause(&error, Language::English), error.to_string());
        }
    }

    #[test]
    fn a_cause_of_ours_is_said_in_each_language() {
        let error = Error::new(ErrorKind::TimedOut, both!("the server did not listen", "서버가 듣지 않았습니다"));
        assert_eq!(cause(&error, Language::Korean), "서버가 듣지 않았습니다");
        assert_eq!(cause(&error, Language::English), "the server did not listen");
    }
}
