//! What can be behind a connect(2) that finds no way: connect(2), ip(7) and
//! ip-route(8) say what each number stands for, and no number says more.

use crate::language::{Language, Sentence};
use crate::record::system_error::SystemError;
use rustix::io::Errno;
use std::net::SocketAddr;

/// The possible causes, as a sentence; nothing, where the system's words say all.
pub(super) fn causes(server: SocketAddr, error: &SystemError, language: Language) -> Option<String> {
    let [en, ko] = match Errno::from_raw_os_error(error.number()?) {
        Errno::NETUNREACH if is_for_many(server) => [
            "There is no TCP connection to a multicast or broadcast address.",
            "멀티캐스트나 브로드캐스트 주소로는 TCP 연결을 할 수 없습니다.",
        ],
        Errno::NETUNREACH => [
            "This machine has no route there, or a router says that it has none.",
            "이 컴퓨터에 그곳으로 가는 경로가 없거나, 라우터가 경로가 없다고 알렸습니다.",
        ],
        Errno::HOSTUNREACH => [
            "The host does not respond on its network, or a router, a route or a firewall rejects the connection.",
            "호스트가 그 네트워크에서 응답하지 않거나, 라우터나 경로 설정, 방화벽이 연결을 거절합니다.",
        ],
        // ICMPv6 has codes that come out as EACCES; ICMP has none.
        Errno::ACCESS if server.is_ipv6() => [
            "A firewall, a route or a sandbox of this machine forbids it, or a router or a firewall on the way (ICMPv6).",
            "이 컴퓨터의 방화벽이나 경로 설정, 샌드박스가 막거나, 중간의 라우터나 방화벽이 막습니다(ICMPv6).",
        ],
        Errno::ACCESS | Errno::PERM => [
            "A rule of this machine forbids it: a firewall, a prohibit route or a sandbox.",
            "이 컴퓨터의 규칙(방화벽, prohibit 경로, 샌드박스)이 막습니다.",
        ],
        Errno::ADDRNOTAVAIL => [
            "This machine has no address of that family, or no port is free.",
            "이 컴퓨터에 그 종류의 IP 주소가 없거나 남은 포트가 없습니다.",
        ],
        Errno::INVAL if needs_zone(server) => [
            "A link-local address needs the network interface behind it, as in http://[fe80::1%25eth0]/.",
            "링크 로컬 주소에는 http://[fe80::1%25eth0]/처럼 네트워크 인터페이스도 써야 합니다.",
        ],
        Errno::INVAL => [
            "That is what a blackhole route of this machine gives; to list the routes: ip route",
            "이 컴퓨터의 blackhole 경로가 이 오류를 냅니다. 경로 목록은 ip route로 볼 수 있습니다.",
        ],
        _ => return None,
    };
    Some(Sentence { en: en.to_owned(), ko: ko.to_owned() }.of(language).to_owned())
}

fn is_for_many(server: SocketAddr) -> bool {
    server.ip().is_multicast() || matches!(server, SocketAddr::V4(server) if server.ip().is_broadcast())
}

fn needs_zone(server: SocketAddr) -> bool {
    matches!(server, SocketAddr::V6(server) if server.ip().is_unicast_link_local() && server.scope_id() == 0)
}
