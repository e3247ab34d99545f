//! Which hosts a site responds to.
//!
//! The owner of a name can point it at 127.0.0.1 (DNS rebinding): a browser
//! then lets that name's pages read what is served here, because it compares names.
//! Only the name tells such a request from others. So where nobody said who may
//! ask, a site on loopback responds only to what nobody else can own.

use crate::http::host::Named;
use std::net::IpAddr;

/// The hosts that a site responds to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Hosts {
    /// All of them: who may ask was decided by choosing the addresses.
    #[default]
    Any,
    /// This machine, by `localhost`, a name below it or a loopback address, and these hosts.
    ThisMachineAnd(Vec<Host>),
    /// This machine by any address, too: nobody can point one elsewhere, and which ones a machine
    /// has may change while it serves.
    AnyAddressAnd(Vec<Host>),
}

/// One host.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Host {
    /// A name as DNS has it (an international one in punycode), without a dot at its end.
    Name(String),
    /// An address.
    Address(IpAddr),
}

impl Hosts {
    /// Whether the site responds to a request for `host` ([`Request::host`]). One
    /// that names none (HTTP/1.0) comes from no browser. Costs no allocation.
    ///
    /// [`Request::host`]: crate::http::message::Request::host
    pub fn include(&self, host: Option<&[u8]>) -> bool {
        match (self, host.map(Named::of)) {
            (Self::Any, _) | (_, None) => true,
            (Self::ThisMachineAnd(hosts), Some(named)) => {
                named.is_this_machine() || hosts.iter().any(|host| host.is(named))
            }
            (Self::AnyAddressAnd(hosts), Some(named)) => {
                let is_address = matches!(named, Named::Address(_));
                is_address || named.is_this_machine() || hosts.iter().any(|host| host.is(named))
            }
        }
    }
}

impl Host {
    fn is(&self, named: Named<'_>) -> bool {
        match (self, named) {
            (Self::Name(ours), Named::Name(name)) => ours.as_bytes().eq_ignore_ascii_case(name),
            (Self::Address(ours), Named::Address(address)) => *ours == address,
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn included(hosts: &Hosts, host: &str) -> bool {
        hosts.include(Some(host.as_bytes()))
    }

    #[test]
    fn without_a_word_only_this_machine_is_meant() {
        let hosts = Hosts::ThisMachineAnd(Vec::new());
        assert!(hosts.include(None), "HTTP/1.0 names no host");
        for host in ["", "localhost", "LOCALHOST:8080", "app.localhost.", "127.0.0.1:80", "[::1]"] {
            assert!(included(&hosts, host), "{host}");
        }
        for host in ["a", "localhost.evil.example", "127.1", "0.0.0.0", "[::]", "192.168.0.1", "127.0.0.1.nip.io"] {
            assert!(!included(&hosts, host), "{host}");
            assert!(included(&Hosts::Any, host), "{host}");
        }
    }

    #[test]
    fn an_address_is_nobody_elses_name() {
        let hosts = Hosts::AnyAddressAnd(vec![Host::Name("dev.example".to_owned())]);
        for host in ["192.168.0.5:8080", "[fd00::5]", "0.0.0.0", "localhost", "dev.example:80"] {
            assert!(included(&hosts, host), "{host}");
        }
        for host in ["evil.example", "192.168.0.5.evil.example", "3232235525", "[v1.a]"] {
            assert!(!included(&hosts, host), "{host}");
        }
    }

    #[test]
    fn named_hosts_are_compared_without_case_port_and_final_dot() {
        let [lan, v6]: [IpAddr; 2] = [[192, 168, 0, 5].into(), [0xfd00, 0, 0, 0, 0, 0, 0, 5].into()];
        let name = |name: &str| Host::Name(name.to_owned());
        let hosts = Hosts::ThisMachineAnd(vec![
            name("dev.example"),
            name("xn--3e0b707e.kr"),
            Host::Address(lan),
            Host::Address(v6),
        ]);
        for host in [
            "dev.example",
            "DEV.Example:8080",
            "dev.example.",
            "dev.example.:1",
            "XN--3E0B707E.kr",
            "192.168.0.5:80",
            "[::ffff:192.168.0.5]",
            "[fd00:0::5]:8080",
            "localhost",
        ] {
            assert!(included(&hosts, host), "{host}");
        }
        for host in ["dev.example..", "a.dev.example", "dev.example.evil.example", "dev", "192.168.0.6", "[fd00::6]"] {
            assert!(!included(&hosts, host), "{host}");
        }
    }
}
