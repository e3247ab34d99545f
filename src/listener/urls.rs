//! The URLs of listening sockets: one for each name under which they can be reached.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

/// The URLs under which these addresses can be reached, best first.
pub(super) fn all(addresses: &[SocketAddr]) -> Vec<String> {
    let Some(port) = addresses.first().map(SocketAddr::port) else {
        return Vec::new();
    };
    let has = |ip: IpAddr| addresses.iter().any(|address| address.ip() == ip);
    let mut hosts = Vec::new();
    let loopbacks = has(Ipv4Addr::LOCALHOST.into()) && has(Ipv6Addr::LOCALHOST.into());
    if loopbacks || is_everywhere(addresses).0 {
        hosts.push("localhost".to_owned());
    }
    for address in addresses {
        let ip = address.ip();
        let is_said = loopbacks && ip.is_loopback();
        if !ip.is_unspecified() && !is_said {
            hosts.push(host(*address));
        }
    }
    hosts.extend(for_others(addresses).into_iter().map(|ip| host(SocketAddr::new(ip, port))));
    hosts.into_iter().map(|host| format!("http://{host}:{port}/")).collect()
}

/// The best of those URLs for other machines; `None` where only this one is listened to.
pub(super) fn of_lan(addresses: &[SocketAddr]) -> Option<String> {
    let port = addresses.first()?.port();
    let best = for_others(addresses).into_iter().min_by_key(IpAddr::is_ipv6)?;
    Some(format!("http://{}/", SocketAddr::new(best, port)))
}

/// Whether all of the machine's addresses are listened to: those of IPv4, those of IPv6. One socket
/// of IPv6 takes both.
fn is_everywhere(addresses: &[SocketAddr]) -> (bool, bool) {
    let has = |ip: IpAddr| addresses.iter().any(|address| address.ip() == ip);
    let v6 = has(Ipv6Addr::UNSPECIFIED.into());
    (has(Ipv4Addr::UNSPECIFIED.into()) || (v6 && addresses.len() == 1), v6)
}

/// What "everywhere" stands for, for other machines.
fn for_others(addresses: &[SocketAddr]) -> Vec<IpAddr> {
    let (v4, v6) = is_everywhere(addresses);
    if !v4 && !v6 {
        return Vec::new(); // then nobody needs to be asked
    }
    let interfaces = if_addrs::get_if_addrs().unwrap_or_default();
    let is_link_local = |ip: &IpAddr| matches!(ip, IpAddr::V6(ip) if ip.is_unicast_link_local());
    let ips = interfaces.iter().map(|interface| interface.ip());
    ips.filter(|ip| if ip.is_ipv4() { v4 } else { v6 && !is_link_local(ip) }).filter(|ip| !ip.is_loopback()).collect()
}

/// As it stands in a URL; a zone by its interface's name (RFC 6874).
fn host(address: SocketAddr) -> String {
    match address {
        SocketAddr::V4(address) => address.ip().to_string(),
        SocketAddr::V6(address) => match address.scope_id() {
            0 => format!("[{}]", address.ip()),
            zone => {
                let name = nix::net::if_::if_indextoname(zone).ok().and_then(|name| name.into_string().ok());
                format!("[{}%25{}]", address.ip(), name.unwrap_or_else(|| zone.to_string()))
            }
        },
    }
}
