//! What failed before anything could be served, and what to try. The errors
//! themselves know no option: here are those that lead out.

use super::config::GivenPlace;
use crate::activation::Unusable;
use crate::language::sentence::{say, text};
use crate::language::{Language, cause};
use crate::listener::{ListenError, NoUnixSocket, NotListening, Obstacle, Occupant, UnixPlace};
use crate::models::{Model, TooFewDescriptors};
use crate::sandbox::{Hindrance, NobodyServes};
use std::io;
use std::path::Path;

/// Nothing listens at the site's address.
pub fn site_cannot_listen(error: &ListenError, language: Language) -> String {
    let way = match error.obstacle() {
        Obstacle::NoSuchAddress | Obstacle::Broadcast => {
            say!(language, "try --lan for all of this machine's" / "--lan으로 이 컴퓨터의 모든 주소를 쓰세요")
        }
        obstacle => on_port(obstacle, "--port", language),
    };
    cannot_listen(error, &way, language)
}

/// Nothing listens on a path.
pub fn no_unix_socket(place: &UnixPlace, error: &NoUnixSocket, user: &str, language: Language) -> String {
    let shown = place.path.display();
    let why = match error {
        NoUnixSocket::Taken => say!(
            language,
            "another program listens there; stop it, name another path, or take over from it: unix:{},replace"
                / "다른 프로그램이 쓰는 소켓입니다. 그 프로그램을 멈추거나, 다른 경로를 주거나, 이어받으세요: unix:{},replace",
            shown
        ),
        NoUnixSocket::Occupied(Occupant::Directory) => say!(
            language,
            "it is a directory; name a path in it: unix:{}" / "폴더입니다. 그 안의 경로를 주세요: unix:{}",
            place.path.join("http.sock").display()
        ),
        NoUnixSocket::Occupied(Occupant::Link) => say!(
            language,
            "it is a symbolic link, and stays; name another path, or the one that it leads to"
                / "심볼릭 링크가 이미 있어 건드리지 않습니다. 다른 경로나 링크가 가리키는 경로를 주세요"
        ),
        NoUnixSocket::Occupied(Occupant::File) => say!(
            language,
            "it is a file and not a socket, and stays; name another path"
                / "소켓이 아닌 파일이 이미 있어 건드리지 않습니다. 다른 경로를 주세요"
        ),
        NoUnixSocket::TooLong => say!(
            language,
            "the path is too long for a socket (107 bytes, and 103 where it replaces another); name a shorter one"
                / "소켓 경로로는 너무 깁니다(107바이트까지, 다른 소켓을 대신하려면 103바이트까지). 더 짧은 경로를 주세요"
        ),
        NoUnixSocket::NotRemovable => say!(
            language,
            "the user that serves, {}, could not remove it at the end; name a path in a folder of that user, or try another --user"
                / "{} 사용자로 제공하게 되어 끝날 때 소켓을 지울 수 없습니다. 그 사용자의 폴더를 쓰거나 --user로 고르세요",
            user
        ),
        NoUnixSocket::Other(error) => {
            let cause = cause(error, language);
            say!(
                language,
                "{}; name a path in a folder where you may write" / "{}. 쓸 수 있는 폴더의 경로를 주세요",
                cause
            )
        }
    };
    say!(language, "cannot listen on unix:{}: {}" / "unix:{}에서 연결을 기다릴 수 없습니다: {}", shown, why)
}

/// What a service manager handed over is of no use.
pub fn not_handed_over(error: &Unusable, language: Language) -> String {
    match error {
        Unusable::Variable(name) => say!(
            language,
            "cannot take over sockets: invalid {}; to start without them, try: env -u LISTEN_PID glasshttp"
                / "소켓을 넘겨받을 수 없습니다: {}의 값이 잘못되었습니다. 넘겨받지 않고 시작하려면 env -u LISTEN_PID glasshttp로 쓰세요",
            name
        ),
        Unusable::NotOpen(error) => say!(
            language,
            "cannot take over the sockets that LISTEN_FDS counts: {}; to start without them, try: env -u LISTEN_PID glasshttp"
                / "LISTEN_FDS에 적힌 수만큼 소켓을 넘겨받을 수 없습니다: {}. 넘겨받지 않고 시작하려면 env -u LISTEN_PID glasshttp로 쓰세요",
            cause(error, language)
        ),
        Unusable::NotListening(number, name, NotListening::NoStream) => say!(
            language,
            "cannot take over descriptor {} ({}): it is no stream socket; try ListenStream= with a port or a path"
                / "{}번 디스크립터({})를 넘겨받을 수 없습니다: 스트림 소켓이 아닙니다. ListenStream=에 포트나 경로를 주세요",
            number,
            name
        ),
        Unusable::NotListening(number, name, NotListening::NotYet) => say!(
            language,
            "cannot take over descriptor {} ({}): it does not listen; try Accept=no"
                / "{}번 디스크립터({})를 넘겨받을 수 없습니다: 연결을 기다리는 소켓이 아닙니다. Accept=no로 하세요",
            number,
            name
        ),
    }
}

/// A place was typed, and a socket that was handed over has another.
pub fn place_is_given(place: GivenPlace, language: Language) -> String {
    match place {
        GivenPlace::Site => say!(
            language,
            "a socket for the site was handed over (LISTEN_FDS); leave out --port, --bind and --lan"
                / "사이트의 소켓을 넘겨받았습니다(LISTEN_FDS). --port, --bind, --lan을 빼세요"
        ),
        GivenPlace::Page => say!(
            language,
            "a socket for the live page was handed over (LISTEN_FDS); leave out --watch"
                / "실시간 페이지의 소켓을 넘겨받았습니다(LISTEN_FDS). --watch를 빼세요"
        ),
    }
}

/// Nothing listens at the live page's address, which was named.
pub fn page_cannot_listen(error: &ListenError, language: Language) -> String {
    let way = on_port(error.obstacle(), "--watch", language);
    let why = cannot_listen(error, &way, language);
    say!(language, "the live page {}, or --no-watch" / "실시간 페이지: {}. 끄려면 --no-watch", why)
}

/// What failed, and why.
fn cannot_listen(error: &ListenError, way: &str, language: Language) -> String {
    let address = match error.obstacle() {
        Obstacle::NoSuchAddress | Obstacle::Broadcast => error.address().ip().to_string(), // on any port
        _ => error.address().to_string(),
    };
    let why = why_not(error, language);
    say!(language, "cannot listen on {}: {}; {}" / "{}에서 연결을 기다릴 수 없습니다: {}. {}", address, why, way)
}

/// Why nothing listens there.
pub fn why_not(error: &ListenError, language: Language) -> String {
    match error.obstacle() {
        Obstacle::Taken => say!(language, "the port is taken" / "이미 쓰이는 포트입니다"),
        Obstacle::NotPermitted => say!(
            language,
            "permission denied; ports below 1024 need root or CAP_NET_BIND_SERVICE"
                / "권한이 없습니다. 1024보다 작은 포트에는 root나 CAP_NET_BIND_SERVICE가 필요합니다"
        ),
        Obstacle::NoSuchAddress => say!(language, "this machine has no such address" / "이 컴퓨터에 없는 주소입니다"),
        Obstacle::NoInterface => {
            say!(language, "a link-local address needs its interface" / "링크 로컬 주소에는 인터페이스를 붙여야 합니다")
        }
        Obstacle::Broadcast => say!(
            language,
            "no TCP connection can come to a broadcast address" / "브로드캐스트 주소로는 TCP 연결이 올 수 없습니다"
        ),
        Obstacle::Other => cause(error.cause(), language),
    }
}

/// What leads past an obstacle, where `option` names the port.
fn on_port(obstacle: Obstacle, option: &str, language: Language) -> String {
    match obstacle {
        Obstacle::Taken => say!(
            language,
            "try another {0}, or {0} 0 for any free one" / "{0}에 다른 포트를, 또는 빈 포트를 쓰려면 0을 주세요",
            option
        ),
        Obstacle::NotPermitted => say!(language, "try {} 8080" / "{} 8080을 쓰세요", option),
        Obstacle::NoSuchAddress => say!(language, "name one that it has" / "이 컴퓨터의 주소를 쓰세요"),
        Obstacle::Broadcast => say!(language, "name one of this machine alone" / "이 컴퓨터만의 주소를 쓰세요"),
        Obstacle::NoInterface => say!(language, "as in fe80::1%eth0" / "예: fe80::1%eth0"),
        Obstacle::Other => say!(language, "try another address or port" / "다른 주소나 포트를 쓰세요"),
    }
}

/// The folder can't be served.
pub fn cannot_serve(folder: &Path, error: &io::Error, language: Language) -> String {
    let shown = folder.display();
    let why = match error.kind() {
        io::ErrorKind::NotFound => {
            say!(language, "no such directory; try: glasshttp ." / "그런 폴더가 없습니다. 이렇게 하세요: glasshttp .")
        }
        io::ErrorKind::NotADirectory => {
            let parent = folder.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
            say!(
                language,
                "not a directory; try: glasshttp {}" / "폴더가 아닙니다. 이렇게 하세요: glasshttp {}",
                parent.display()
            )
        }
        io::ErrorKind::PermissionDenied => say!(
            language,
            "permission denied; try another folder, or run as a user who may enter it"
                / "권한이 없습니다. 다른 폴더를 쓰거나, 들어갈 수 있는 사용자로 실행하세요"
        ),
        io::ErrorKind::Unsupported => cause(error, language),
        _ => say!(language, "{}; try another folder" / "{}. 다른 폴더를 쓰세요", cause(error, language)),
    };
    say!(language, "cannot serve {}: {}" / "{}을(를) 제공할 수 없습니다: {}", shown, why)
}

/// Standard output can't take a log.
pub fn cannot_log(error: &io::Error, language: Language) -> String {
    let why = match error.kind() {
        io::ErrorKind::StorageFull => say!(language, "its disk is full" / "디스크가 가득 찼습니다"),
        _ => say!(language, "it is not open for writing" / "쓰기로 열려 있지 않습니다"),
    };
    say!(
        language,
        "cannot write the log to standard output: {}; try --log off"
            / "표준 출력에 로그를 쓸 수 없습니다: {}. 로그 없이 쓰려면 --log off",
        why
    )
}

/// The built-in site can't be laid out.
pub fn no_lesson(error: &io::Error, language: Language) -> String {
    say!(
        language,
        "cannot lay out the lesson in {}: {}; set TMPDIR to another folder"
            / "{}에 수업 파일을 쓸 수 없습니다: {}. TMPDIR로 다른 폴더를 정하세요",
        std::env::temp_dir().display(),
        cause(error, language)
    )
}

/// Signals can't be watched for.
pub fn no_signals(error: &io::Error, language: Language) -> String {
    say!(language, "cannot watch for signals: {}" / "신호를 받을 준비를 할 수 없습니다: {}", cause(error, language))
}

/// Serving ended by itself.
pub fn cannot_go_on(error: &io::Error, language: Language) -> String {
    say!(language, "cannot go on serving: {}" / "서비스를 계속할 수 없습니다: {}", cause(error, language))
}

/// The limit of open files leaves no room for a client; without a record there may be.
pub fn too_few_descriptors(lack: TooFewDescriptors, records: bool, language: Language) -> String {
    let TooFewDescriptors { limit, needed, .. } = lack;
    let way = match records {
        true => say!(
            language,
            "raise the limit (ulimit -Hn), or try --no-watch --log off"
                / "한도를 올리거나(ulimit -Hn) --no-watch --log off로 시작하세요"
        ),
        false => say!(language, "raise the limit (ulimit -Hn)" / "한도를 올리세요(ulimit -Hn)"),
    };
    say!(
        language,
        "cannot serve: open files are limited to {}, and a first client needs at least {}; {}"
            / "제공할 수 없습니다: 파일을 {}개까지만 열 수 있는데 클라이언트 하나에도 {}개는 있어야 합니다. {}",
        limit,
        needed,
        way
    )
}

/// Nothing is left for one more thread or pipe.
pub fn cannot_record(error: &io::Error, language: Language) -> String {
    say!(
        language,
        "cannot record connections: {}; try --log off --no-watch"
            / "연결을 기록할 수 없습니다: {}. 기록 없이 쓰려면 --log off --no-watch",
        cause(error, language)
    )
}

/// Packets could be captured by right, and yet can't; they may be all that is logged.
pub fn cannot_capture(error: &io::Error, is_log: bool, language: Language) -> String {
    let way = match is_log {
        true => say!(language, "try another --log" / "다른 --log를 쓰세요"),
        false => {
            say!(language, "to do without them, set GLASSHTTP_PACKETS=off" / "캡처 없이 쓰려면 GLASSHTTP_PACKETS=off")
        }
    };
    say!(language, "cannot capture packets: {}; {}" / "패킷을 캡처할 수 없습니다: {}. {}", cause(error, language), way)
}

/// Nobody is there to serve the folder.
pub fn nobody_serves(error: &NobodyServes, language: Language) -> String {
    match error {
        NobodyServes::Unknown(name) => say!(
            language,
            "there is no user {}; try --user with a name of /etc/passwd, or a number"
                / "{} 사용자가 없습니다. --user에 /etc/passwd의 이름이나 번호를 주세요",
            name
        ),
        NobodyServes::NotRoot(account) => say!(
            language,
            "cannot serve as {}: only root can become another user; leave out --user, or try sudo"
                / "{} 사용자로 제공할 수 없습니다. root만 다른 사용자가 될 수 있습니다. --user를 빼거나 sudo로 실행하세요",
            account
        ),
        NobodyServes::Hindered(account, hindrance) => say!(
            language,
            "cannot serve as {}: {}, or serve as root (--user root)"
                / "{} 사용자로 제공할 수 없습니다. {}, root로 제공하세요(--user root)",
            account,
            way_past(*hindrance, language)
        ),
        NobodyServes::Refused(account, error) => say!(
            language,
            "cannot serve as {}: {}; try another --user"
                / "{} 사용자로 제공할 수 없습니다: {}. --user에 다른 사용자를 주세요",
            account,
            cause(error, language)
        ),
        NobodyServes::NoEntry(account, folder) => say!(
            language,
            "cannot serve {} as {}: that user may not enter the folder; allow it (chmod a+rX), or try another --user"
                / "{}을(를) {} 사용자로 제공할 수 없습니다. 그 사용자는 폴더에 들어갈 수 없습니다. 들어갈 수 있게 하거나(chmod a+rX) \
                   --user로 다른 사용자를 정하세요",
            folder.display(),
            account
        ),
    }
}

/// What keeps root from becoming another, and what lets it.
fn way_past(hindrance: Hindrance, language: Language) -> &'static str {
    let said = match hindrance {
        Hindrance::GroupsStay => text(
            "this user namespace forbids setgroups(2); map groups with newgidmap",
            "이 사용자 네임스페이스에서는 setgroups(2)를 쓸 수 없습니다. newgidmap으로 그룹을 매핑하거나",
        ),
        Hindrance::NoCapability => text(
            "this root lacks CAP_SETUID or CAP_SETGID; grant them",
            "이 root에는 CAP_SETUID나 CAP_SETGID가 없습니다. 둘 다 주거나",
        ),
    };
    said.of(language)
}

/// No further socket for an event loop, or no pipe for threads to wait with.
pub fn no_sockets(model: Model, error: &io::Error, language: Language) -> String {
    let cause = cause(error, language);
    match model {
        Model::Multiplex { .. } => say!(
            language,
            "cannot listen for each event loop: {}; try --workers 1"
                / "이벤트 루프마다 연결을 기다릴 수 없습니다: {}. --workers 1로 하세요",
            cause
        ),
        _ => say!(
            language,
            "cannot serve: {}; raise the limit of open files (ulimit -Hn)"
                / "제공할 수 없습니다: {}. 열 수 있는 파일 수의 한도를 올리세요(ulimit -Hn)",
            cause
        ),
    }
}
