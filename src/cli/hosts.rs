//! `--host`: which names the site responds to, as people write them.

use crate::language::Sentence;
use crate::language::sentence::both;
use crate::site::{Host, Hosts};
use std::net::IpAddr;
use url::Url;

/// What `--host` names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum NamedHost {
    /// `*`
    Any,
    One(Host),
}

/// A host as people write it: a name in any script or an address, with a port
/// or not; it is read as browsers do, since they say it in `Host`.
pub(super) fn host(text: &str) -> Result<NamedHost, Sentence> {
    let hint = || {
        both!(
            "not a host; try a name such as dev.example, an address, or * for any",
            "호스트가 아닙니다. dev.example 같은 이름이나 주소, 또는 모두를 뜻하는 *를 쓰세요"
        )
    };
    if text == "*" {
        return Ok(NamedHost::Any);
    }
    if text.contains('*') {
        return Err(both!(
            "* stands alone and means any host; otherwise name each host",
            "모든 호스트를 뜻하는 *는 따로 쓰세요. 아니면 호스트를 하나씩 적으세요"
        ));
    }
    if let Ok(ip) = text.parse::<IpAddr>() {
        if ip.is_unspecified() {
            return Err(both!(
                "not a host, but every address of this machine: to listen there, use --lan or --bind {text}",
                "호스트가 아니라 이 컴퓨터의 모든 주소입니다. 거기서 연결을 기다리려면 --lan이나 --bind {text}을(를) 쓰세요"
            ));
        }
        return Ok(NamedHost::One(Host::Address(ip.to_canonical())));
    }
    if text.contains(|letter: char| letter.is_whitespace() || letter.is_control() || "/\\?#@".contains(letter)) {
        return Err(hint());
    }
    let url = Url::parse(&format!("http://{text}/")).map_err(|_| hint())?;
    Ok(NamedHost::One(match url.host().ok_or_else(hint)? {
        url::Host::Ipv4(ip) => Host::Address(ip.into()),
        url::Host::Ipv6(ip) => Host::Address(IpAddr::V6(ip).to_canonical()),
        url::Host::Domain(name) => match name.strip_suffix('.').unwrap_or(name) {
            "" => return Err(hint()),
            name if name.split('.').any(str::is_empty) => return Err(hint()),
            name => Host::Name(name.to_owned()),
        },
    }))
}

/// All that were named, together.
pub(super) fn all(named: Vec<NamedHost>) -> Hosts {
    let hosts: Option<Vec<Host>> = named
        .into_iter()
        .map(|host| match host {
            NamedHost::Any => None,
            NamedHost::One(host) => Some(host),
        })
        .collect();
    hosts.map_or(Hosts::Any, Hosts::ThisMachineAnd)
}

/// The same where the addresses were chosen: that says who may ask, unless names say it.
pub(super) fn where_chosen(hosts: Hosts) -> Hosts {
    match hosts {
        Hosts::ThisMachineAnd(named) if !named.is_empty() => Hosts::AnyAddressAnd(named),
        _ => Hosts::Any,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::{Args, Config, Task};
    use std::net::Ipv6Addr;

    fn config(arguments: &[&str]) -> Result<Config, String> {
        match Args::read(["glasshttp", "--lang=en"].iter().chain(arguments)) {
            Ok(Task::Serve(config)) => Ok(*config),
            other => Err(other.expect_err("nothing is served").to_string()),
        }
    }

    #[test]
    fn who_may_ask_is_said_by_addresses_or_by_names() {
        let hosts = |arguments: &[&str]| config(arguments).expect("valid").site.hosts;
        let name = |name: &str| Host::Name(name.to_owned());
        let only = Hosts::ThisMachineAnd;
        assert_eq!(hosts(&[]), only(vec![]));
        assert_eq!(hosts(&["--port", "0", "--watch", "127.0.0.1:0"]), only(vec![]));
        for any in [&["--host", "*"][..], &["--bind", "127.0.0.1"], &["--lan"], &["--host", "a", "--host", "*"]] {
            assert_eq!(hosts(any), Hosts::Any, "{any:?}");
        }
        for chosen in [&["--bind", "127.0.0.1"][..], &["--lan"], &["--bind", "unix:/a"]] {
            let named = |names: &[&'static str]| hosts(&[chosen, names].concat());
            assert_eq!(named(&["--host", "a"]), Hosts::AnyAddressAnd(vec![name("a")]), "{chosen:?}");
            assert_eq!(named(&["--host", "a", "--host", "*"]), Hosts::Any, "{chosen:?}");
        }
        assert_eq!(
            hosts(&["--host", "a.example", "--host", "B.Example.:80"]),
            only(vec![name("a.example"), name("b.example")])
        );
        for (typed, meant) in [
            ("한국.kr", name("xn--3e0b707e.kr")),
            ("my_pc", name("my_pc")),
            ("0x7f.1", Host::Address([127, 0, 0, 1].into())),
            ("192.168.0.5:8080", Host::Address([192, 168, 0, 5].into())),
            ("fd00::5", Host::Address(Ipv6Addr::new(0xfd00, 0, 0, 0, 0, 0, 0, 5).into())),
            ("[fd00::5]:80", Host::Address(Ipv6Addr::new(0xfd00, 0, 0, 0, 0, 0, 0, 5).into())),
            ("::ffff:10.0.0.1", Host::Address([10, 0, 0, 1].into())),
        ] {
            assert_eq!(hosts(&["--host", typed]), only(vec![meant]), "{typed}");
        }
        for bad in ["", ".", "..", "a..b", "http://a/", "a b", "*.a", "a@b", "[::1", "a:x", "a/b", "a?b"] {
            let error = config(&["--host", bad]).expect_err(bad);
            assert!(error.contains("*"), "{bad}: {error}");
        }
    }
}
