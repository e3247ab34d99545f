//! Which hosts the live page's port responds to: a name could belong to somebody else, who points
//! it here (DNS rebinding).

use crate::http::message::Request;
use std::net::{IpAddr, SocketAddr};

/// The addresses that the port is open on.
#[derive(Debug)]
pub(super) struct Bound(Vec<IpAddr>);

impl Bound {
    pub(super) fn to(addresses: &[SocketAddr]) -> Self {
        Self(addresses.iter().map(|address| address.ip().to_canonical()).collect())
    }

    /// Whether the host that is asked is what the port is bound to. Without one, it is no browser.
    pub(super) fn is_asked_by(&self, request: &Request<'_>) -> bool {
        let Some(host) = request.host else { return true };
        let Some(name) = std::str::from_utf8(host).ok().and_then(without_port) else { return false };
        let is_bound_to = |is: &dyn Fn(IpAddr) -> bool| self.0.iter().any(|&ip| ip.is_unspecified() || is(ip));
        if name.eq_ignore_ascii_case("localhost") {
            return is_bound_to(&|ip| ip.is_loopback());
        }
        let literal = name.strip_prefix('[').and_then(|name| name.strip_suffix(']')).unwrap_or(name);
        literal.parse().is_ok_and(|named: IpAddr| is_bound_to(&|ip| ip == named.to_canonical()))
    }
}

/// The name or the address in `name:port`. The port may differ: a tunnel has another.
fn without_port(host: &str) -> Option<&str> {
    let end = if host.starts_with('[') { host.find(']')? + 1 } else { host.find(':').unwrap_or(host.len()) };
    let (name, port) = host.split_at(end);
    let is_port = port.is_empty() || port.strip_prefix(':')?.bytes().all(|byte| byte.is_ascii_digit());
    is_port.then_some(name)
}
