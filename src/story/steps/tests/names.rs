//! Where a name's addresses come from, and what a response without any is.

use crate::language::Language;
use crate::record::lookup::{
    DnsResponse, Lookup, Query, QueryOutcome, QueryType, ResourceRecord, Source, SystemLookup, Transport,
};
use crate::record::transfer::{FetchRecord, Name, SCHEMA, Transfer};
use crate::story::steps::of_transfer;
use std::net::IpAddr;
use std::time::Duration;

const MS: Duration = Duration::from_millis(1);

fn record(kind: &str, name: &str) -> ResourceRecord {
    ResourceRecord { name: name.into(), kind: kind.into(), class: None, ttl: 60, data: "ns1.example".into() }
}

fn response(authoritative: bool, authority: Vec<ResourceRecord>) -> QueryOutcome {
    QueryOutcome::Answered(DnsResponse {
        rcode: "NOERROR".into(),
        rcode_number: 0,
        authoritative,
        truncated: false,
        recursion_available: false,
        bytes: 40,
        answers: vec![],
        authority,
        additional: vec![],
    })
}

fn lookup(outcome: QueryOutcome, is_default: bool, system: &[IpAddr]) -> Lookup {
    Lookup {
        name: "name.example".into(),
        ascii: Some("name.example".into()),
        source: Source::Servers {
            servers: vec![([127, 0, 0, 53], 53).into()],
            path: Some("/etc/resolv.conf".into()),
            is_default,
        },
        candidates: vec!["name.example".into()],
        exchanges: vec![Query {
            server: ([127, 0, 0, 53], 53).into(),
            transport: Transport::Udp,
            name: "name.example".into(),
            record: QueryType::A,
            id: 1,
            recursion_desired: true,
            edns_payload: None,
            attempt: 1,
            began: MS,
            time: MS * 2,
            ignored: vec![],
            ignored_left_out: 0,
            outcome,
        }],
        not_awaited: vec![],
        aliases: vec![],
        addresses: vec![],
        error: None,
        time: MS * 4,
        system: (!system.is_empty()).then(|| SystemLookup {
            addresses: system.to_vec(),
            error: None,
            time: MS * 9,
            differs: true,
        }),
    }
}

/// All that is told of the name.
fn shown(lookup: Lookup, addresses: &[IpAddr], language: Language) -> String {
    let name = Name {
        host: "name.example".into(),
        began: 0,
        ended: 4_000_000,
        lookup: Some(lookup),
        trace: None,
        addresses: addresses.to_vec(),
    };
    let transfer = Transfer { number: 1, url: "http://name.example/".into(), name: Some(name), ..Transfer::default() };
    let run = FetchRecord {
        glasshttp_fetch: SCHEMA,
        began: "2026-01-02T03:04:04Z".into(),
        transfers: vec![],
        not_begun: None,
    };
    of_transfer(&transfer, &run, language).into_iter().map(|step| step.title + "\n").collect()
}

#[test]
fn addresses_of_the_system_s_resolver_alone_are_said_to_be_that() {
    let here: IpAddr = [10, 0, 0, 1].into();
    for outcome in [QueryOutcome::TimedOut, QueryOutcome::Refused, response(true, vec![record("SOA", "example")])] {
        let text = shown(lookup(outcome, false, &[here]), &[here], Language::English);
        assert!(text.contains("name.example is 10.0.0.1, from the system's resolver alone (getaddrinfo)"), "{text}");
        assert!(!text.contains("otherwise") && !text.contains("the servers are those of"), "{text}");
    }
    let text = shown(lookup(QueryOutcome::TimedOut, false, &[here]), &[here], Language::Korean);
    assert!(text.contains("시스템 리졸버(getaddrinfo)에서만"), "{text}");
}

#[test]
fn the_file_that_names_no_server_is_not_said_to() {
    let text = shown(lookup(QueryOutcome::TimedOut, true, &[]), &[], Language::English);
    assert!(text.contains("/etc/resolv.conf names no server, so the one on this machine is asked"), "{text}");
    let text = shown(lookup(QueryOutcome::TimedOut, false, &[]), &[], Language::English);
    assert!(text.contains("the servers are those of /etc/resolv.conf"), "{text}");
}

/// RFC 2308 §2.2: a SOA, or no name servers, or an authority's word: no such record. Name servers alone: elsewhere.
#[test]
fn a_referral_is_not_nodata() {
    let ns = || record("NS", "example");
    for (authoritative, authority, is_referral) in [
        (false, vec![ns()], true),
        (false, vec![ns(), ns()], true),
        (true, vec![ns()], false),
        (false, vec![record("SOA", "example")], false),
        (false, vec![ns(), record("SOA", "example")], false),
        (false, vec![], false),
    ] {
        let text = shown(lookup(response(authoritative, authority.clone()), false, &[]), &[], Language::English);
        let (yes, no) = ("a referral to the servers of example", "no record of that kind (NODATA)");
        let (yes, no) = if is_referral { (yes, no) } else { (no, yes) };
        assert!(text.contains(yes) && !text.contains(no), "{authority:?}: {text}");
    }
}

/// Where nobody is asked to find out, only an authority's empty response says that there is no such record.
#[test]
fn who_only_has_nothing_does_not_say_that_there_is_none() {
    for (authoritative, authority, said) in [
        (true, vec![], "(NODATA)"),
        (false, vec![], "neither an answer nor a referral"),
        (false, vec![record("NS", ".")], "a referral to the servers of the root"),
    ] {
        let mut lookup = lookup(response(authoritative, authority), false, &[]);
        lookup.exchanges[0].recursion_desired = false;
        let text = shown(lookup, &[], Language::English);
        assert!(text.contains(said) && text.contains("NODATA") == authoritative, "{text}");
    }
}

#[test]
fn where_nobody_responded_it_is_not_said_that_there_is_no_address() {
    let said = |language| shown(lookup(QueryOutcome::TimedOut, false, &[]), &[], language);
    let (english, korean) = (said(Language::English), said(Language::Korean));
    assert!(english.contains("no address was found for name.example;") && !english.contains("has no"), "{english}");
    assert!(korean.contains("name.example: 주소를 찾지 못함") && !korean.contains("주소 없음"), "{korean}");
}

#[test]
fn a_hosts_file_with_the_other_family_alone_is_said_to_have_that() {
    let here: IpAddr = [192, 0, 2, 9].into();
    let source = Source::HostsFile { path: "/etc/hosts".into(), lines: vec![2] };
    let found = Lookup { source, addresses: vec![here], ..lookup(QueryOutcome::TimedOut, false, &[]) };
    for (language, said) in [
        (Language::English, "name.example is in /etc/hosts, line 2: 192.0.2.9 (IPv4 only)\n"),
        (Language::Korean, "name.example: /etc/hosts 2번째 줄에 있음: 192.0.2.9(IPv4뿐)\n"),
    ] {
        assert_eq!(shown(found.clone(), &[], language), said);
    }
    let all = shown(found, &[here], Language::English);
    assert!(all.ends_with(": 192.0.2.9\n"), "{all}");
}
