//! The URLs of listening sockets: one for each name under which they can be reached.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

/// The URLs under which these addresses can be reached, best first.
pub(super) fn all(addresses: &[SocketAddr]) -> Vec<String> {
    let Some(port) = addresses.first().map(SocketAddr::port) else {
        return Vec::new();
    };
    let has = |ip: IpAddr| addresses.iter().any(|address| address.ip() == ip);
    let everywhere_4 = has(Ipv4Addr::UNSPECIFIED.into()) || (addresses.len() == 1 && has(Ipv6Addr::UNSPECIFIED.into()));
    let everywhere_6 = has(Ipv6Addr::UNSPECIFIED.into());
    let mut hosts = Vec::new();
    let loopbacks = has(Ipv4Addr::LOCALHOST.into()) && has(Ipv6Addr::LOCALHOST.into());
    if loopbacks || everywhere_4 {
        hosts.push("localhost".to_owned());
    }
    for address in addresses {
        let ip = address.ip();
        let is_said = loopbacks && ip.is_loopback();
        if !ip.is_unspecified() && !is_said {
            hosts.push(host(*address));
        }
    }
    for interface in if_addrs::get_if_addrs().unwrap_or_default() {
        let ip = interface.ip();
        let is_link_local = matches!(ip, IpAddr::V6(ip) if ip.is_unicast_link_local());
        if (ip.is_ipv4() && everywhere_4 || ip.is_ipv6() && everywhere_6) && !ip.is_loopback() && !is_link_local {
            hosts.push(host(SocketAddr::new(ip, port)));
        }
    }
    hosts.into_iter().map(|host| format!("http://{host}:{port}/")).collect()
}

/// The best of those URLs for other machines; `None` where only this one is listened to.
pub(super) fn of_lan(bound: &[SocketAddr]) -> Option<String> {
    let port = bound.first()?.port();
    let has = |ip: IpAddr| bound.iter().any(|address| address.ip() == ip);
    let (everywhere_4, everywhere_6) = (has(Ipv4Addr::UNSPECIFIED.into()), has(Ipv6Addr::UNSPECIFIED.into()));
    let interfaces = if_addrs::get_if_addrs().unwrap_or_default();
    let mut addresses: Vec<IpAddr> = interfaces.iter().map(|interface| interface.ip()).collect();
    addresses.retain(|ip| !ip.is_loopback() && !matches!(ip, IpAddr::V6(ip) if ip.is_unicast_link_local()));
    addresses.retain(|ip| if ip.is_ipv4() { everywhere_4 || everywhere_6 } else { everywhere_6 });
    let best = addresses.iter().min_by_key(|ip| ip.is_ipv6())?;
    Some(format!("http://{}/", SocketAddr::new(*best, port)))
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
