//! Every failure, in each language.

use super::*;
use crate::http::client::RequestError;
use crate::http::parse::foreign::Foreign;
use crate::language::Language::{English, Korean};
use crate::record::{MessageFault, NameFault, SystemError, WalkLimit};
use std::collections::BTreeMap;
use std::io;
use std::net::SocketAddr;

const SERVER: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 53)), 53);

fn system() -> SystemError {
    SystemError::from(&io::Error::from(rustix::io::Errno::HOSTUNREACH))
}

fn lookups() -> Vec<LookupError> {
    let (name, zone, server) = ("host.example".to_owned(), "example".to_owned(), SERVER);
    let mut all: Vec<LookupError> = [
        NameFault::Brackets,
        NameFault::Letters,
        NameFault::TooLong,
        NameFault::LongLabel,
        NameFault::Empty,
        NameFault::Character,
        NameFault::Number,
        NameFault::Unsendable,
    ]
    .map(|why| LookupError::InvalidName { name: name.clone(), why })
    .into();
    let delegated = |error| LookupError::Delegated { zone: zone.clone(), error: Box::new(error) };
    let undecodable = MessageFault::Undecodable { words: "eof".into() };
    all.extend(
        [MessageFault::TooShort { bytes: 3 }, MessageFault::CutShort, undecodable]
            .map(|why| LookupError::Malformed { server, why }),
    );
    all.extend([
        LookupError::NoSuchName { name: name.clone(), server },
        LookupError::NoAddress { name: name.clone(), server },
        LookupError::ServerFailed { name: name.clone(), server, rcode: "SERVFAIL".into() },
        LookupError::NoResponse { tries: 2, server },
        LookupError::NoRecord { name: name.clone(), version: 4, server },
        LookupError::NoRecord { name: name.clone(), version: 6, server },
        LookupError::Refused { server },
        LookupError::TcpRefused { server },
        LookupError::Referred { name: name.clone(), zone: zone.clone(), server },
        LookupError::Unreachable { server, why: system() },
        LookupError::AliasLoop { name: name.clone() },
        LookupError::TooManyAliases { name: name.clone() },
        LookupError::Truncated { server },
        LookupError::NoTcp { server },
        LookupError::Lame { zone: zone.clone(), server },
        LookupError::NoWayDown { name: name.clone(), server, rcode: "REFUSED".into() },
        LookupError::NoWayDown { name: name.clone(), server, rcode: "NOERROR".into() },
        delegated(LookupError::ServerFailed { name: name.clone(), server, rcode: "SERVFAIL".into() }),
        delegated(LookupError::NoResponse { tries: 1, server }),
        delegated(LookupError::Refused { server }),
        LookupError::NoServerAddress { zone: zone.clone() },
        LookupError::Interrupted { name: name.clone() },
        LookupError::NoTime { name },
        LookupError::TooLong { questions: 1, limit: WalkLimit::Time },
        LookupError::TooLong { questions: 200, limit: WalkLimit::Questions },
        LookupError::TooLong { questions: 64, limit: WalkLimit::Referrals },
    ]);
    all
}

fn responses() -> Vec<ResponseError> {
    use ResponseError as E;
    vec![
        E::NotHttp(Foreign::Tls),
        E::NotHttp(Foreign::Ssh),
        E::NotHttp(Foreign::Unknown),
        E::StatusLine,
        E::Version,
        E::HeadTooLarge,
        E::TooManyFields,
        E::Field { line: 3 },
        E::ContentLength,
        E::ContentLengthTooLarge,
        E::ContentLengths,
        E::TransferEncoding,
        E::TooManyInterim,
        E::SwitchedProtocols,
        E::ChunkSize,
        E::ChunkTooLarge,
        E::ChunkLine,
        E::ChunkLineTooLong,
        E::ChunkLineLf,
        E::ChunkEnd,
        E::ChunkEndLf,
        E::Trailer,
        E::NoResponse,
        E::NoFinalResponse,
        E::KeptConnectionEnded,
        E::KeptConnectionReset,
        E::HeadCutShort,
        E::BodyCutShort { promised: 10, received: 4 },
        E::ChunksCutShort { received: 4 },
        E::TrailerCutShort { received: 4 },
        E::NoResponseInTime,
        E::NoFinalResponseInTime,
        E::HeadTimedOut,
        E::BodyTimedOut { received: 4 },
        E::TrailerTimedOut { received: 4 },
        E::SendTimedOut,
        E::ResetBeforeResponse,
        E::ResetBeforeFinalResponse,
        E::ResetInHead,
        E::ResetInBody { received: 4 },
    ]
}

fn of_the_command_line() -> Vec<Failure> {
    let url = |fault| Failure::Url { text: "h".into(), fault };
    let mut all: Vec<Failure> = [
        UrlFault::NoHost,
        UrlFault::Ipv6,
        UrlFault::Ipv4,
        UrlFault::Port,
        UrlFault::PortZero,
        UrlFault::NoZone,
        UrlFault::Host,
        UrlFault::Slashes { meant: "http://h/".into() },
        UrlFault::Malformed,
        UrlFault::Encrypted,
        UrlFault::Scheme { scheme: "ftp".into() },
        UrlFault::Credentials { host: "h".into() },
        UrlFault::NoFileName,
    ]
    .map(url)
    .into();
    let requests =
        [RequestError::NotNow, RequestError::Target, RequestError::Host, RequestError::Method, RequestError::Simple];
    all.extend(requests.map(Failure::Request));
    all
}

fn of_files() -> Vec<Failure> {
    let value = || "bytes 5-9/10".to_owned();
    let range = |fault| Failure::Range { path: "f.part".into(), is_resume: true, fault };
    let file = |fault| Failure::File { path: "f".into(), fault };
    let mut all: Vec<Failure> = [
        RangeFault::Unnamed { value: value() },
        RangeFault::Other { value: value() },
        RangeFault::Length { length: 3, value: value() },
        RangeFault::Version,
        RangeFault::Unsatisfied { value: value(), bytes: Some(5), complete: Some(10), is_other_version: false },
        RangeFault::NoBody { status: 204 },
        RangeFault::Status { status: 500 },
        RangeFault::Empty,
    ]
    .map(range)
    .into();
    all.extend(
        [
            FileFault::Folder,
            FileFault::Busy,
            FileFault::NotRegular,
            FileFault::Changed,
            FileFault::OtherUrl { url: "http://h/".into() },
            FileFault::OtherMethod,
            FileFault::OtherFields,
            FileFault::Write(system()),
            FileFault::Read(system()),
            FileFault::TooLong { most: 64 },
        ]
        .map(file),
    );
    all.extend([
        Failure::Partial { fault: RangeFault::Other { value: "bytes 5-9/10".into() } },
        Failure::Partial { fault: RangeFault::Unnamed { value: String::new() } },
        Failure::RangeSurplus,
        Failure::RangeEndsEarly { length: 4, end: 10 },
        Failure::RangeIsPart { length: 4, complete: 10 },
        Failure::RangeWithoutTotal,
        Failure::ShorterThanPart,
        Failure::EmptyPart,
        Failure::Stdout(system()),
        Failure::StdoutClosed,
    ]);
    all
}

fn all() -> Vec<Failure> {
    let connect = |fault| Failure::Connect { server: SERVER, addresses: 2, known: 2, fault };
    let mut all = of_the_command_line();
    all.extend(of_files());
    all.extend(lookups().into_iter().map(Failure::Lookup));
    all.extend(responses().into_iter().map(Failure::Response));
    all.extend(
        [
            ConnectFault::Refused,
            ConnectFault::TimedOut,
            ConnectFault::Unreachable(system()),
            ConnectFault::Failed(system()),
        ]
        .map(connect),
    );
    all.extend([None, Some(4), Some(6)].map(|only| Failure::NoAddress { host: "h".into(), only }));
    all.extend([
        Failure::Interrupted,
        Failure::NotBegun { url: "http://h/".into(), fetches: 1 },
        Failure::NotBegun { url: "http://h/".into(), fetches: 9_999 },
        Failure::NoInterface { zone: "none9".into() },
        Failure::Status { url: "http://h/".into(), status: "404 Not Found".into() },
        Failure::Redirect { location: "ftp://h/".into(), fault: UrlFault::Scheme { scheme: "ftp".into() } },
        Failure::LostRedirect { line: "Location : /ok".into() },
        Failure::TooManyRedirects { most: 10, url: "http://h/".into() },
    ]);
    all
}

fn is_korean(text: &str) -> bool {
    text.chars().any(|letter| ('가'..='힣').contains(&letter))
}

#[test]
fn each_has_a_code_and_a_line_in_each_language() {
    let mut kinds: BTreeMap<&str, FailureKind> = BTreeMap::new();
    for failure in all() {
        let (code, english, korean) = (failure.code(), failure.sentence(English), failure.sentence(Korean));
        assert!(code.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_'), "{code}");
        assert!(english.len() > 10 && !is_korean(&english) && !english.contains('\n'), "{code}: {english}");
        assert!(is_korean(&korean) && !korean.contains('\n'), "{code}: {korean}");
        // One code means one thing: what says one kind here can't say another there.
        assert_eq!(*kinds.entry(code).or_insert(failure.kind()), failure.kind(), "{code}");
    }
    // Those of one name have one code, as has a part wherever it goes, and a server, chosen or delegated to.
    assert_eq!(kinds.len(), all().len() - (8 - 1) - (3 - 1) - (3 - 1) - (3 - 1) - 1 - 1 - 1 - 2 - 3, "{kinds:?}");
}

#[test]
fn what_is_saved_says_the_same_when_it_is_read_again() {
    for failure in all() {
        let failed = Failed {
            failure,
            url: None,
            part: Some(KeptPart { path: "f.part".into(), bytes: 4, resumes: Some(true) }),
        };
        let saved = serde_json::to_string(&failed).expect("JSON");
        let read: Failed = serde_json::from_str(&saved).unwrap_or_else(|error| panic!("{error}: {saved}"));
        assert_eq!(read, failed);
        for language in [English, Korean] {
            assert_eq!(read.sentence(language), failed.sentence(language));
        }
    }
}

/// Each number has causes of its own; "no route" is one of ENETUNREACH alone.
#[test]
fn a_cause_is_said_of_the_number_that_has_it() {
    use rustix::io::Errno;
    let six: SocketAddr = "[2001:db8::1]:80".parse().expect("an address");
    let local: SocketAddr = "[fe80::1]:80".parse().expect("an address");
    let many: SocketAddr = "224.0.0.1:80".parse().expect("an address");
    for (errno, server, said) in [
        (Errno::NETUNREACH, SERVER, "no route there"),
        (Errno::NETUNREACH, many, "multicast"),
        (Errno::HOSTUNREACH, SERVER, "does not respond on its network"),
        (Errno::ACCESS, SERVER, "prohibit route"),
        (Errno::ACCESS, six, "ICMPv6"),
        (Errno::PERM, six, "prohibit route"),
        (Errno::ADDRNOTAVAIL, SERVER, "no address of that family, or no port is free"),
        (Errno::INVAL, SERVER, "blackhole"),
        (Errno::INVAL, local, "link-local"),
        (Errno::NETDOWN, SERVER, ""),
    ] {
        let fault = ConnectFault::Unreachable(SystemError::from(&io::Error::from(errno)));
        let failure = Failure::Connect { server, addresses: 1, known: 1, fault };
        let (english, korean) = (failure.sentence(English), failure.sentence(Korean));
        assert!(english.contains(said), "{english}");
        assert_eq!(english.contains("no route there"), said == "no route there", "{english}");
        assert_eq!(korean.contains("그곳으로 가는 경로가 없"), said == "no route there", "{korean}");
    }
}

#[test]
fn addresses_that_were_not_tried_are_said_not_to_have_been() {
    for (addresses, known, said) in [
        (1, 1, "192.0.2.53:53: refused"),
        (11, 11, "(nor to any other of 11 addresses)"),
        (11, 38, "(nor to any other of the 11 addresses tried, of 38)"),
        (1, 38, "(tried alone, of 38 addresses)"),
    ] {
        let failure = Failure::Connect { server: SERVER, addresses, known, fault: ConnectFault::Refused };
        assert!(failure.to_string().contains(said), "{failure}");
    }
}

#[test]
fn a_line_names_what_it_is_about_once_and_what_is_left() {
    let part = Some(KeptPart { path: "f.part".into(), bytes: 4, resumes: Some(true) });
    let url = Some("http://h/".to_owned());
    let cut = Failure::Response(ResponseError::BodyCutShort { promised: 10, received: 4 });
    let failed = Failed { failure: cut, url: url.clone(), part: part.clone() };
    let line = failed.sentence(English);
    assert!(line.starts_with("http://h/: ") && line.ends_with(" 4 bytes are in f.part; -C resumes from there."));
    assert!(failed.sentence(Korean).ends_with(" f.part에 4바이트가 있고, -C로 이어받을 수 있습니다."));
    // What -C makes of it is said where it is known.
    let kept = |resumes| {
        let part = part.clone().map(|part| KeptPart { resumes, ..part });
        Failed { failure: Failure::RangeSurplus, url: None, part }
    };
    assert!(kept(Some(false)).sentence(English).contains("4 bytes are in f.part; -C starts over"));
    assert!(kept(Some(false)).sentence(Korean).contains("처음부터"));
    assert!(kept(None).sentence(English).ends_with(" 4 bytes are in f.part."));
    let older: KeptPart = serde_json::from_str(r#"{"path":"f.part","bytes":4}"#).expect("an older record");
    assert_eq!(older.resumes, None);
    let status = Failure::Status { url: "http://h/".into(), status: "404 Not Found".into() };
    let failed = Failed { failure: status, url, part: None };
    assert_eq!(failed.sentence(English).matches("http://h/").count(), 1);
    let json = serde_json::to_value(&failed).expect("JSON");
    assert_eq!(
        json,
        serde_json::json!({
            "kind": "status",
            "code": "status",
            "sentence": "The response to http://h/ is 404 Not Found.",
            "facts": { "status": { "url": "http://h/", "status": "404 Not Found" } },
            "part": null,
        })
    );
    // A part that stays as it was is named by the sentence itself.
    let failure = Failure::Range { path: "f.part".into(), is_resume: true, fault: RangeFault::Version };
    let failed = Failed { failure, url: None, part };
    assert_eq!(failed.sentence(English).matches("f.part").count(), 1);
}

/// 416 says of the length, of the version, or of neither: so does its sentence.
#[test]
fn why_the_rest_is_refused_is_said_as_far_as_the_response_says_it() {
    for (bytes, complete, is_other_version, said) in [
        (Some(5), Some(10), false, "refuses to send the rest, though it has 10 bytes"),
        (Some(5), Some(3), false, "has only 3 bytes"),
        (Some(5), Some(5), true, "another version"),
        (Some(5), None, false, "refuses to send the rest (416"),
        (None, Some(10), false, "refuses to send the rest (416"),
    ] {
        let fault = RangeFault::Unsatisfied { value: "bytes */10".into(), bytes, complete, is_other_version };
        let failure = Failure::Range { path: "f.part".into(), is_resume: true, fault };
        assert!(failure.to_string().contains(said) && failure.to_string().contains("416"), "{failure}");
        assert!(is_korean(&failure.sentence(Korean)));
    }
}

#[test]
fn standard_input_is_named_as_what_it_is() {
    for fault in [FileFault::TooLong { most: 64 }, FileFault::Read(system())] {
        let failure = Failure::File { path: "-".into(), fault };
        let (english, korean) = (failure.sentence(English), failure.sentence(Korean));
        assert!(english.to_lowercase().contains("standard input") && !english.contains("- "), "{english}");
        assert!(korean.contains("표준 입력") && !korean.contains('-'), "{korean}");
    }
}

#[test]
fn a_part_s_url_is_said_without_its_password() {
    let url = "http://h/?u=http://bob:s3cret@h/".to_owned();
    let failed = Failed::new(Failure::File { path: "f.part".into(), fault: FileFault::OtherUrl { url } });
    let json = serde_json::to_string(&failed).expect("JSON");
    assert!(json.contains("http://h/?u=http://...@h/") && !json.contains("s3cret"), "{json}");
}
