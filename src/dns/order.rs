//! Which address is tried first (RFC 6724), in short.
//!
//! Destinations without a route come last, then IPv6 goes before IPv4; what is
//! equal so far keeps the order in which it was answered. The route is asked of
//! the kernel, as getaddrinfo(3) does: a UDP socket is connected, which sends nothing.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};

/// Sorts `addresses`, each named once; by the system's own order if it has the same ones.
pub(super) fn in_order(addresses: Vec<IpAddr>, system: &[IpAddr]) -> Vec<IpAddr> {
    if same(&addresses, system) {
        return system.to_vec();
    }
    let mut once = Vec::new();
    for address in addresses {
        if !once.contains(&address) {
            once.push(address);
        }
    }
    once.sort_by_cached_key(|address| (!has_route(*address), address.is_ipv4()));
    once
}

/// The same addresses, the two families in turn after the first (RFC 8305 §4):
/// a family that is silent costs one address, not all of its own.
pub fn interleaved(addresses: &[IpAddr]) -> Vec<IpAddr> {
    let Some(first) = addresses.first() else { return Vec::new() };
    let (same, other): (Vec<IpAddr>, Vec<IpAddr>) =
        addresses.iter().partition(|address| address.is_ipv4() == first.is_ipv4());
    let (mut same, mut other) = (same.into_iter(), other.into_iter());
    let mut turns = Vec::with_capacity(addresses.len());
    while turns.len() < addresses.len() {
        turns.extend(same.next());
        turns.extend(other.next());
    }
    turns
}

/// Whether both have the same addresses, in any order.
pub(super) fn same(some: &[IpAddr], others: &[IpAddr]) -> bool {
    some.iter().all(|address| others.contains(address)) && others.iter().all(|address| some.contains(address))
}

/// Whether a packet to `address` would have a way to go.
pub(super) fn has_route(address: IpAddr) -> bool {
    let any: SocketAddr = match address {
        IpAddr::V4(_) => (Ipv4Addr::UNSPECIFIED, 0).into(),
        IpAddr::V6(_) => (Ipv6Addr::UNSPECIFIED, 0).into(),
    };
    UdpSocket::bind(any).is_ok_and(|socket| socket.connect((address, super::config::DNS_PORT)).is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn addresses(texts: &[&str]) -> Vec<IpAddr> {
        texts.iter().map(|text| text.parse().expect("an address")).collect()
    }

    #[test]
    fn the_system_s_order_holds_where_it_has_the_same_addresses() {
        let (ours, system) = (addresses(&["127.0.0.1", "127.0.0.2"]), addresses(&["127.0.0.2", "127.0.0.1"]));
        assert_eq!(in_order(ours.clone(), &system), system);
        assert_eq!(in_order(ours.clone(), &system[..1]), ours);
        assert_eq!(in_order([ours.clone(), ours.clone()].concat(), &[]), ours);
    }

    #[test]
    fn the_families_take_turns() {
        let ours = addresses(&["::1", "::2", "::3", "127.0.0.1"]);
        assert_eq!(interleaved(&ours), addresses(&["::1", "127.0.0.1", "::2", "::3"]));
        assert_eq!(interleaved(&ours[..2]), ours[..2]);
        assert!(interleaved(&[]).is_empty());
    }

    #[test]
    fn ipv6_goes_first_where_it_has_a_route() {
        let ours = addresses(&["127.0.0.1", "::1"]);
        let expected = if has_route(ours[1]) { addresses(&["::1", "127.0.0.1"]) } else { ours.clone() };
        assert_eq!(in_order(ours, &[]), expected);
    }
}
