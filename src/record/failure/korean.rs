//! Failures in Korean.

use super::faults::{ConnectFault, FileFault, RangeFault, UrlFault};
use super::kept_part::KeptPart;
use super::variants::Failure;
use super::{lookup, no_path, response};
use crate::language::Language::Korean;
use crate::language::grouped;
use std::net::SocketAddr;
use std::path::Path;

pub(super) fn sentence(failure: &Failure) -> String {
    match failure {
        Failure::Interrupted => "중단했습니다.".into(),
        Failure::NotBegun { url, fetches: 0 | 1 } => format!("{url}을(를) 받기 전에 중단했습니다."),
        Failure::NotBegun { url, fetches } => {
            format!("중단했습니다. 시작하지 않은 요청이 {}개 있고, 첫 번째는 {url}입니다.", grouped(*fetches))
        }
        Failure::Url { text, fault } => match fault {
            UrlFault::NoFileName => format!("{text}에는 파일 이름이 없습니다. -o FILE로 이름을 정하세요."),
            fault => url(text, fault),
        },
        Failure::Lookup(error) => lookup::korean(error),
        Failure::NoAddress { host, only: Some(version) } => {
            format!("{host}의 IPv{version} 주소가 없습니다. -{version}에는 그 주소가 필요합니다.")
        }
        Failure::NoAddress { host, only: None } => format!("{host}의 주소가 없습니다."),
        Failure::NoInterface { zone } => {
            format!("이 컴퓨터에 {zone:?} 인터페이스가 없습니다. 목록은 ip link로 볼 수 있습니다.")
        }
        Failure::Connect { server, addresses, known, fault } => connect(*server, (*addresses, *known), fault),
        Failure::Request(error) => response::request_in_korean(*error).into(),
        Failure::Response(error) => response::korean(*error),
        Failure::Status { url, status } => format!("{url}의 응답이 {status}입니다."),
        Failure::Redirect { location, fault } => {
            format!("{location:?}(으)로 가는 리다이렉트를 따라가지 않았습니다. {}", url(location, fault))
        }
        Failure::LostRedirect { line } => {
            format!("리다이렉트를 따라가지 않았습니다. Location의 형식이 잘못되었습니다: {line:?}.")
        }
        Failure::TooManyRedirects { most, url } => {
            format!("리다이렉트가 {most}번 넘게 이어졌습니다. 마지막은 {url}(으)로 갑니다.")
        }
        Failure::Range { path, is_resume, fault } => range(path, *is_resume, fault),
        Failure::Partial { fault: RangeFault::Other { value } } => {
            format!("본문이 전부가 아닙니다: Content-Range가 {value:?}입니다.")
        }
        Failure::Partial { fault } => format!("본문이 전부가 아닙니다: {}.", range_fault(fault)),
        Failure::RangeSurplus => "서버가 Content-Range보다 많은 바이트를 보냈습니다.".into(),
        Failure::RangeEndsEarly { length, end } => {
            let [length, end] = [*length, *end].map(grouped);
            format!("응답이 {length}바이트에서 끝났습니다. Content-Range에 따르면 {end}바이트까지여야 합니다.")
        }
        Failure::RangeIsPart { length, complete } => {
            let [length, complete] = [*length, *complete].map(grouped);
            format!("서버가 일부만 보냈습니다. {complete}바이트 가운데 {length}바이트가 있습니다.")
        }
        Failure::RangeWithoutTotal => "서버가 전체 길이를 알려 주지 않았습니다.".into(),
        Failure::ShorterThanPart => "서버가 이미 받은 것보다 적게 보냈습니다.".into(),
        Failure::EmptyPart => "서버가 일부를 보내겠다고 하고 아무것도 보내지 않았습니다.".into(),
        Failure::File { path, fault } => file(path, fault),
        Failure::Stdout(error) => format!("표준 출력에 쓸 수 없습니다: {}.", error.said(Korean)),
        Failure::StdoutClosed => "표준 출력에 쓸 수 없습니다: 읽는 쪽이 닫았습니다.".into(),
    }
}

pub(super) fn kept(part: &KeptPart) -> String {
    let (path, bytes) = (part.path.display(), grouped(part.bytes));
    match part.resumes {
        Some(true) => format!(" {path}에 {bytes}바이트가 있고, -C로 이어받을 수 있습니다."),
        Some(false) => {
            format!(" {path}에 {bytes}바이트가 있지만, 강한 검증자가 함께 남아 있지 않아 -C는 처음부터 다시 받습니다.")
        }
        None => format!(" {path}에 {bytes}바이트가 있습니다."),
    }
}

fn url(text: &str, fault: &UrlFault) -> String {
    let invalid = |why: &str| format!("{text:?}은(는) URL이 아닙니다: {why}. 예: http://localhost:8080/");
    match fault {
        UrlFault::NoHost => invalid("호스트가 없습니다"),
        UrlFault::Ipv6 => invalid("대괄호 안에는 http://[::1]:8080/처럼 IPv6 주소를 씁니다"),
        UrlFault::Ipv4 => invalid("호스트가 IPv4 주소가 아닙니다. IPv4 주소는 255까지의 숫자 네 개입니다"),
        UrlFault::Port => invalid("포트는 65535까지의 숫자입니다"),
        UrlFault::Host => invalid("호스트가 올바른 이름이 아닙니다"),
        UrlFault::Slashes { meant } => {
            format!("{text:?}은(는) URL이 아닙니다: http: 다음에는 빗금이 두 개입니다. 예: {meant}")
        }
        UrlFault::Malformed => invalid("형식이 잘못되었습니다"),
        UrlFault::NoFileName => invalid("파일 이름이 없습니다"),
        UrlFault::NoZone => format!(
            "{text}의 링크 로컬 주소에는 http://[fe80::1%25eth0]/처럼 네트워크 인터페이스도 써야 합니다. 목록은 ip link로 볼 수 있습니다."
        ),
        UrlFault::PortZero => format!("{text}의 포트는 0입니다. 0번 포트에서는 어떤 서버도 기다릴 수 없습니다."),
        UrlFault::Encrypted => format!(
            "{text}은(는) 암호화된 주소입니다. 이 클라이언트는 네트워크에 오가는 것을 보여 주므로 http://만 지원합니다. \
             https://는 curl을 쓰세요."
        ),
        UrlFault::Scheme { scheme } => format!("{scheme}: 주소는 지원하지 않습니다. http://만 지원합니다."),
        UrlFault::Credentials { host } => format!(
            "{host}의 URL에 사용자 이름이나 비밀번호가 있습니다. 빼고, 필요하면 --header 'Authorization: ...'으로 \
             보내세요."
        ),
    }
}

fn connect(server: SocketAddr, (tried, known): (usize, usize), fault: &ConnectFault) -> String {
    let to = match tried {
        0 | 1 if known <= 1 => format!("{server}에"),
        _ if known > tried => format!("{server}에(주소 {known}개 가운데 시도한 {tried}개 모두)"),
        _ => format!("{server}에(주소 {tried}개 모두)"),
    };
    match fault {
        ConnectFault::Refused => format!(
            "{to} 연결할 수 없습니다: 거부되었습니다. 그 포트에서 기다리는 서버가 없거나 방화벽이 막습니다. 서버가 이 포트에서 실행 중인가요?"
        ),
        ConnectFault::TimedOut => {
            format!("{to} 연결할 수 없습니다: 제때 응답이 없습니다. 주소가 맞나요? 방화벽이 막고 있지는 않나요?")
        }
        ConnectFault::Unreachable(error) => {
            let causes = no_path::causes(server, error, Korean).map(|causes| format!(" {causes}"));
            format!("{to} 연결할 수 없습니다: {}.{}", error.said(Korean), causes.unwrap_or_default())
        }
        ConnectFault::Failed(error) => format!("{to} 연결할 수 없습니다: {}.", error.said(Korean)),
    }
}

fn range(path: &Path, is_resume: bool, fault: &RangeFault) -> String {
    let (path, why) = (path.display(), range_fault(fault));
    match is_resume {
        true => format!("{path}을(를) 이어받을 수 없어 그대로 둡니다: {why}."),
        false => format!("{path}에 쓸 것이 없습니다: {why}."),
    }
}

fn range_fault(fault: &RangeFault) -> String {
    match fault {
        RangeFault::Unnamed { value } => {
            format!("서버가 일부를 보내면서 어느 부분인지 밝히지 않았습니다(Content-Range: {value:?})")
        }
        RangeFault::Other { value } => format!("서버가 요청한 것과 다른 범위를 보냈습니다({value:?})"),
        RangeFault::Length { length, value } => {
            format!("Content-Length와 Content-Range가 서로 맞지 않습니다({length}, {value:?})")
        }
        RangeFault::Version => "서버가 다른 버전의 나머지를 보냈습니다".into(),
        RangeFault::Unsatisfied { value, bytes, complete, is_other_version } => {
            let why = match (*complete, *bytes) {
                _ if *is_other_version => "서버에 있는 것은 다른 버전입니다".to_owned(),
                (Some(complete), Some(bytes)) if complete > bytes => {
                    format!("서버에 {}바이트가 있지만 나머지를 보내지 않습니다", grouped(complete))
                }
                (Some(complete), Some(_)) => format!("서버에 있는 것은 {}바이트뿐입니다", grouped(complete)),
                _ => "서버가 나머지를 보내지 않습니다".to_owned(),
            };
            let range = if value.is_empty() { String::new() } else { format!(", Content-Range: {value:?}") };
            format!("{why}(416{range}). 처음부터 받으려면 지우세요")
        }
        RangeFault::NoBody { status } => format!("응답이 {status}이고 본문이 없습니다"),
        RangeFault::Status { status } => format!("응답이 {status}입니다"),
        RangeFault::Empty => "서버가 아무것도 보내지 않았습니다".into(),
    }
}

fn file(path: &Path, fault: &FileFault) -> String {
    let is_stdin = path.as_os_str() == "-"; // what is read, has this name
    let path = path.display();
    let write = |why: &str| format!("{path}에 쓸 수 없습니다: {why}.");
    match fault {
        FileFault::Folder => format!("{path}은(는) 폴더입니다. 그 안의 파일 이름을 쓰세요."),
        FileFault::Busy => write("다른 fetch가 쓰고 있습니다"),
        FileFault::NotRegular => write("일반 파일이 아닙니다"),
        FileFault::Changed => write("그 사이에 바뀌었습니다"),
        FileFault::OtherUrl { url } => format!(
            "{path}을(를) 이어받을 수 없습니다. {url}의 일부입니다. 다른 파일을 지정하거나, 처음부터 받으려면 -C를 빼세요."
        ),
        FileFault::OtherMethod => format!(
            "{path}을(를) 이어받을 수 없습니다. GET 응답의 일부라서 본문 없는 GET으로만 이어받습니다. 다른 파일을 \
             지정하거나, 처음부터 받으려면 -C를 빼세요."
        ),
        FileFault::OtherFields => format!(
            "{path}을(를) 이어받을 수 없습니다. 다른 --header 필드를 보낸 요청의 응답 일부입니다. 같은 필드를 보내거나, \
             다른 파일을 지정하거나, 처음부터 받으려면 -C를 빼세요."
        ),
        FileFault::Write(error) => write(&error.said(Korean)),
        FileFault::Read(error) if is_stdin => format!("표준 입력을 읽을 수 없습니다: {}.", error.said(Korean)),
        FileFault::TooLong { most } if is_stdin => format!("표준 입력이 보낼 수 있는 {most} MiB보다 깁니다."),
        FileFault::Read(error) => format!("{path}을(를) 읽을 수 없습니다: {}.", error.said(Korean)),
        FileFault::TooLong { most } => format!("{path}은(는) 보낼 수 있는 {most} MiB보다 깁니다."),
    }
}
