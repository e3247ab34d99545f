//! Walks from the root that servers lead astray, or not on.

use super::server::{Server, address, answer, asked, bytes, ns};
use super::{addresses, asking};
use glasshttp::dns::{TraceOptions, resolve, trace};
use glasshttp::record::LookupError;
use hickory_proto::op::ResponseCode;
use hickory_proto::rr::RecordType;
use std::net::Ipv4Addr;
use std::time::Duration;

#[test]
fn a_walk_leads_down_or_ends() {
    let mut quick = TraceOptions::default();
    (quick.timeout, quick.attempts) = (Duration::from_secs(5), 1);
    // Each answer refers to the same zone again.
    let lame = Server::start(|question, _| {
        let mut message = answer(question);
        message.add_authority(ns("test", "ns.test"));
        message.add_additional(address("ns.test", Ipv4Addr::LOCALHOST.into()));
        vec![bytes(&message)]
    });
    let walk = trace("www.a.test", &[lame.address], &quick);
    assert_eq!(walk.error, Some(LookupError::Lame { zone: "test".into(), server: lame.address }));
    assert_eq!(walk.steps.len(), 2);
    assert_eq!(walk.steps[0].referral.as_ref().expect("down").servers[0].addresses, addresses(&["127.0.0.1"]));
    assert!(walk.steps.iter().flat_map(|step| &step.exchanges).all(|exchange| !exchange.recursion_desired));

    // Two zones whose name servers stand in each other, without glue; and glue that nobody may give.
    let circle = Server::start(|question, _| {
        let mut message = answer(question);
        let (zone, other) = if asked(question).ends_with("one") { ("one", "two") } else { ("two", "one") };
        message.add_authority(ns(zone, &format!("ns.{other}")));
        vec![bytes(&message)]
    });
    let walk = trace("www.one", &[circle.address], &quick);
    assert_eq!(walk.error, Some(LookupError::NoServerAddress { zone: "one".into() }));
    assert!(walk.steps.len() < 20, "{} steps", walk.steps.len());
}

/// Nobody delegated the root to who was named as its server: what is said is what that server said.
#[test]
fn a_walk_that_does_not_begin_accuses_no_delegation() {
    let mut quick = TraceOptions::default();
    (quick.timeout, quick.attempts) = (Duration::from_secs(5), 1);
    for (code, upwards, rcode) in [
        (ResponseCode::Refused, false, "REFUSED"),
        (ResponseCode::ServFail, false, "SERVFAIL"),
        (ResponseCode::NoError, false, "NOERROR"),
        (ResponseCode::NoError, true, "NOERROR"),
    ] {
        let server = Server::start(move |question, _| {
            let mut message = answer(question);
            message.metadata.response_code = code;
            if upwards {
                message.add_authority(ns("", "ns.test"));
            }
            vec![bytes(&message)]
        });
        let error = trace("www.a.test", &[server.address], &quick).error.expect("it leads nowhere");
        let expected =
            LookupError::NoWayDown { name: "www.a.test".into(), server: server.address, rcode: rcode.into() };
        assert_eq!(error, expected);
        let said = if rcode == "NOERROR" { "neither an answer nor a referral" } else { rcode };
        let text = error.to_string();
        assert!(text.contains(said) && !text.contains("delegated") && !text.contains("--dns"), "{text}");
        let error = resolve("a.test", &asking(server.address)).error.expect("no address");
        assert!(!upwards || error.to_string().contains("the servers of the root. Try"), "{error}");
    }
    // What refuses one kind of record has answered for the other: it is no stranger to the zone.
    let half = Server::start(|question, _| {
        let mut message = answer(question);
        message.metadata.authoritative = true;
        if question.queries[0].query_type() == RecordType::AAAA {
            message.metadata.response_code = ResponseCode::Refused;
        }
        vec![bytes(&message)]
    });
    let error = trace("a.test", &[half.address], &quick).error.expect("no address");
    assert!(matches!(&error, LookupError::ServerFailed { rcode, .. } if rcode == "REFUSED"), "{error}");
}
