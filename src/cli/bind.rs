//! `--bind`: where the site listens, an address or a path. Whatever else people write there
//! gets a hint at what they probably meant.

use super::values::{address, of_one};
use crate::escape;
use crate::language::Sentence;
use crate::language::sentence::both;
use crate::listener::{Address, UnixPlace};

/// What `--bind` names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Bind {
    Address(Address),
    Unix(UnixPlace),
}

/// Who may connect to a unix socket where that is not said: everybody, as to a port.
const USUAL_MODE: u32 = 0o666;
/// All permissions that a socket can have.
const ALL: u32 = 0o777;
/// connect(2) asks for it: unix(7).
const OWNER_WRITES: u32 = 0o200;

/// An address or `unix:PATH`, behind `proxy:` or not.
pub(super) fn bind(text: &str) -> Result<Bind, Sentence> {
    let (proxy, behind) = text.split_at(text.strip_prefix("proxy:").map_or(0, |behind| text.len() - behind.len()));
    let is_proxied = !proxy.is_empty();
    match behind.strip_prefix("unix:") {
        Some(path) => Ok(Bind::Unix(UnixPlace { is_proxied, ..unix(path)? })),
        None if behind == "unix" || behind.starts_with(['/', '.']) => unix("").map(Bind::Unix),
        None => match address(behind) {
            Some(Ok(address)) => Ok(Bind::Address(Address { is_proxied, ..of_one(address)? })),
            Some(Err(why)) if !behind.contains("]:") => Err(why),
            _ => Err(meant(proxy, behind)),
        },
    }
}

/// What was probably meant by something that is not an address.
fn meant(proxy: &str, text: &str) -> Sentence {
    let bare = text.strip_prefix("http://").unwrap_or(text).trim_end_matches('/');
    let (host, port) = match bare.rsplit_once(':').map(|(host, port)| (host, port.parse::<u16>())) {
        // Not the last group of an IPv6 address that is none.
        Some((host, Ok(port))) if !host.contains(':') || matches!(address(host), Some(Ok(_))) => (host, Some(port)),
        _ => (bare, None),
    };
    let with_port = port.map(|port| format!(" --port {port}")).unwrap_or_default();
    match (host, port) {
        ("", Some(port)) => {
            both!(
                "a port is not an address; try --port {port}",
                "주소가 아니라 포트입니다. 이렇게 쓰세요: --port {port}"
            )
        }
        ("*", _) => both!(
            "for every address of this machine, try --lan{with_port}",
            "이 컴퓨터의 모든 주소라면 이렇게 쓰세요: --lan{with_port}"
        ),
        (host, Some(_)) if matches!(address(host), Some(Ok(_))) => {
            let host = host.trim_matches(['[', ']']);
            both!(
                "the port has an option of its own; try --bind {proxy}{host}{with_port}",
                "포트는 따로 적습니다. 이렇게 쓰세요: --bind {proxy}{host}{with_port}"
            )
        }
        (host, None) if let Ok(port) = host.parse::<u16>() => meant(proxy, &format!(":{port}")),
        (_, port) => {
            let and_port = port.map(|port| both!(" (and --port {port})", "(그리고 --port {port})"));
            let Sentence { en, ko } = and_port.unwrap_or_default();
            both!(
                "not an IP address; try 127.0.0.1, ::1 or --lan{en}, which respond to any name",
                "IP 주소가 아닙니다. 다음 가운데 하나를 쓰세요: 127.0.0.1, ::1, --lan{ko}. 어느 이름으로 물어도 응답합니다"
            )
        }
    }
}

/// An invalid combination: a path or an address named twice in two ways, or an address and all addresses of
/// its family; a port, and no address that has it.
pub(super) fn contradiction(named: &[Bind], port: Option<u16>) -> Option<Sentence> {
    let paths = || {
        named.iter().filter_map(|bind| match bind {
            Bind::Unix(place) => Some(place),
            Bind::Address(_) => None,
        })
    };
    if let Some(twice) = paths().find(|place| paths().any(|other| other.path == place.path && other != *place)) {
        let path = escape::terminal(&twice.path.display().to_string());
        return Some(both!(
            "--bind unix:{path}: named twice, with different options; leave one out",
            "--bind unix:{path}: 서로 다르게 두 번 적었습니다. 하나를 빼세요"
        ));
    }
    if let Some(sentence) = overlap(named) {
        return Some(sentence);
    }
    let port = port.filter(|_| !named.is_empty() && paths().count() == named.len())?;
    Some(both!(
        "--port {port}: a path has no port; leave it out, or add --bind 127.0.0.1",
        "--port {port}: 경로에는 포트가 없습니다. 빼거나 --bind 127.0.0.1을 더하세요"
    ))
}

/// Two addresses that can't have the same port.
fn overlap(named: &[Bind]) -> Option<Sentence> {
    let addresses = || {
        named.iter().filter_map(|bind| match bind {
            Bind::Address(address) => Some(address),
            Bind::Unix(_) => None,
        })
    };
    let is_within = |one: &Address, all: &Address| all.ip.is_unspecified() && one.ip.is_ipv4() == all.ip.is_ipv4();
    let pairs = || addresses().flat_map(|all| addresses().map(move |one| (one, all)));
    if let Some((one, _)) = pairs().find(|(one, all)| one.ip == all.ip && one.zone == all.zone && one != all) {
        let ip = one.ip;
        return Some(both!(
            "--bind {ip}: named twice, with and without proxy:; leave one out",
            "--bind {ip}: proxy:를 붙여서, 또 붙이지 않고 두 번 적었습니다. 하나를 빼세요"
        ));
    }
    let (one, all) = pairs().find(|(one, all)| one.ip != all.ip && is_within(one, all))?;
    let (one, all) = (one.ip, all.ip);
    Some(both!(
        "--bind {all}: it includes {one}, on the same port; leave one out",
        "--bind {all}: 같은 포트의 {one}까지 포함합니다. 하나를 빼세요"
    ))
}

/// `PATH`, behind it `,mode=OCTAL` and `,replace` or not. A slip in those (`,mdoe=660`) would have let
/// everybody in: so the socket's own name has no comma.
fn unix(text: &str) -> Result<UnixPlace, Sentence> {
    let usage = || {
        both!(
            "try unix:PATH, as in unix:/run/site.sock, with ,mode=660 or ,replace behind it",
            "unix:경로 꼴로 쓰세요. 예: unix:/run/site.sock. 뒤에 ,mode=660이나 ,replace를 붙일 수 있습니다"
        )
    };
    let name = text.rfind('/').map_or(0, |slash| slash + 1);
    let path = text[name..].find(',').map_or(text, |comma| &text[..name + comma]);
    if path.len() == name {
        return Err(usage()); // no name, or a folder's
    }
    let (mut chosen, mut replaces) = (None, false);
    for option in text[path.len()..].split(',').skip(1) {
        match option.split_once('=') {
            Some(("mode", octal)) if chosen.is_none() => chosen = Some(mode(octal)?),
            None if option == "replace" && !replaces => replaces = true,
            _ => return Err(usage()),
        }
    }
    Ok(UnixPlace { path: path.into(), mode: chosen.unwrap_or(USUAL_MODE), replaces, is_proxied: false })
}

fn mode(octal: &str) -> Result<u32, Sentence> {
    let digits = octal.bytes().all(|digit| digit.is_ascii_digit()).then_some(octal);
    match digits.and_then(|digits| u32::from_str_radix(digits, 8).ok()).filter(|mode| *mode <= ALL) {
        Some(mode) if mode & OWNER_WRITES != 0 => Ok(mode),
        Some(mode) => Err(both!(
            "with mode {mode:o} not even its owner could connect, which takes the right to write; try unix:PATH,mode=660",
            "권한이 {mode:o}이면 소유자도 연결할 수 없습니다. 연결에는 쓰기 권한이 필요합니다. unix:경로,mode=660처럼 쓰세요"
        )),
        None => Err(both!(
            "not the mode of a socket, up to 777 in octal; try unix:PATH,mode=660",
            "소켓의 권한(8진수 777까지)이 아닙니다. unix:경로,mode=660처럼 쓰세요"
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_has_options_behind_it() {
        let place = |path: &str, mode, replaces| UnixPlace { path: path.into(), mode, replaces, is_proxied: false };
        for (typed, meant) in [
            ("unix:/run/s", place("/run/s", 0o666, false)),
            ("unix:s,mode=0660", place("s", 0o660, false)),
            ("unix:/a,b/s,replace", place("/a,b/s", 0o666, true)),
            ("unix:./s,replace,mode=200", place("./s", 0o200, true)),
        ] {
            assert_eq!(bind(typed), Ok(Bind::Unix(meant)), "{typed}");
        }
        for typed in [
            "unix",
            "unix:",
            "/run/s",
            "./s",
            "unix:/run/",
            "unix:,mode=660",
            "unix:/s,",
            "unix:/s,mdoe=660",
            "unix:/s,mode",
            "unix:/s,mode=660,mode=600",
            "unix:/s,replce",
            "unix:/s,replace=1",
        ] {
            let why = bind(typed).expect_err(typed);
            assert!(why.en.contains("try unix:PATH, as in") && why.ko.contains("unix:경로"), "{typed}: {why}");
        }
        for mode in [
            "",
            "8",
            "1777",
            "-1",
            "+660",
            "rw",
            "u=rw",
            "0x1b0",
            "99999999999",
            "0",
            "000",
            "444",
            "066",
            "432",
            "111",
        ] {
            let why = bind(&format!("unix:/s,mode={mode}")).expect_err(mode);
            assert!(why.en.ends_with("try unix:PATH,mode=660"), "{mode}: {why}");
        }
    }

    #[test]
    fn a_path_is_named_in_one_way_and_a_port_is_an_address_s() {
        let contradicts = |named: &[&str], port| {
            let named: Vec<Bind> = named.iter().map(|text| bind(text).expect(text)).collect();
            contradiction(&named, port).map(|sentence| sentence.en)
        };
        for (named, port) in [
            (&[][..], Some(80)),
            (&["unix:/a", "unix:/b,replace"], None),
            (&["unix:/a", "unix:/a"], None),
            (&["unix:/a", "::1"], Some(80)),
            (&["0.0.0.0", "::"], None),
            (&["0.0.0.0", "0.0.0.0", "::1"], None),
            (&["127.0.0.1", "proxy:127.0.0.2"], None),
        ] {
            assert_eq!(contradicts(named, port), None, "{named:?}");
        }
        assert!(contradicts(&["unix:/a", "unix:/a,replace"], None).is_some_and(|why| why.contains("named twice")));
        for (named, all, one) in [
            (&["0.0.0.0", "127.0.0.1"][..], "0.0.0.0", "127.0.0.1"),
            (&["localhost", "unix:/a", "proxy:0.0.0.0"], "0.0.0.0", "127.0.0.1"),
            (&["0.0.0.0", "::1", "::"], "::", "::1"),
        ] {
            let why = contradicts(named, None).expect(all);
            assert!(why.starts_with(&format!("--bind {all}: it includes {one},")), "{why}");
        }
        let twice = contradicts(&["::1", "proxy:[::1]"], None);
        assert!(twice.is_some_and(|why| why.starts_with("--bind ::1: named twice, with and without proxy:")));
        assert!(contradicts(&["unix:/a", "unix:/b"], Some(80)).is_some_and(|why| why.contains("has no port")));
    }

    #[test]
    fn what_is_no_address_leads_to_what_was_meant() {
        for (typed, meant) in [
            ("127.0.0.1:9501", "try --bind 127.0.0.1 --port 9501"),
            ("[::1]:80", "try --bind ::1 --port 80"),
            ("localhost:80", "try --bind localhost --port 80"),
            ("proxy:0.0.0.0:80", "try --bind proxy:0.0.0.0 --port 80"),
            ("http://127.0.0.1:8080/", "try --bind 127.0.0.1 --port 8080"),
            ("[fe80::1%lo]:80", "try --bind fe80::1%lo --port 80"),
            (":80", "try --port 80"),
            ("8080", "try --port 8080"),
            ("*", "try --lan"),
            ("*:80", "try --lan --port 80"),
            ("www.example.org", "try 127.0.0.1, ::1 or --lan, which"),
            ("www.example.org:80", "::1 or --lan (and --port 80)"),
            ("127.0.0.1:70000", "not an IP address"),
            ("[::1", "::1 or --lan, which"),
            ("[::1:80", "::1 or --lan, which"),
            ("1::2::3", "::1 or --lan, which"),
            ("1:2:3:4:5:6:7:8:80", "try --bind 1:2:3:4:5:6:7:8 --port 80"),
            ("1.2.3", "not an IP address"),
            ("255.255.255.255", "no TCP connection can come to"),
            ("224.0.0.1", "no TCP connection can come to"),
            ("proxy:ff02::1%lo", "no TCP connection can come to"),
            ("", "not an IP address"),
        ] {
            let why = bind(typed).expect_err(typed);
            assert!(why.en.contains(meant), "{typed}: {why}");
            let options = |text: &str| text.match_indices("--").count();
            assert_eq!(options(&why.en), options(&why.ko), "{typed}: {}", why.ko);
        }
    }
}
