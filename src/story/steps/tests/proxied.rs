//! What a proxy says before the first request is no request, with or without a client that it names.

use super::*;
use crate::record::connection::Earlier;
use crate::record::segment::{Segment, Segments};
use crate::record::{Named, NamedBy, ProxyHeader, ProxyHeaderState, Reason};

const HEADER: u32 = 28;

fn some<T: std::fmt::Debug>(strategy: impl Strategy<Value = T>) -> T {
    strategy.new_tree(&mut proptest::test_runner::TestRunner::deterministic()).expect("a value").current()
}

fn from_client((sequence, length): (u32, u32)) -> Segment {
    let value = serde_json::json!({
        "at": 1000 * i64::from(sequence), "from": "client", "flags": "PSH+ACK", "sequence": sequence,
        "relative_sequence": sequence, "length": length, "window": 1, "ttl": 64
    });
    serde_json::from_value(value).expect("a segment")
}

/// A connection whose header is read at 10 ms, and whose request, if there is one, at 20 ms.
fn record(state: ProxyHeaderState, named: Option<Named>, segments: &[(u32, u32)], has_request: bool) -> Record {
    let mut request = some(exchange(1));
    request.stages = Stages::all(|_| figure(Some(20 * MS)));
    let header = ProxyHeader { state, version: Some(2), bytes: HEADER.into(), read: figure(Some(10 * MS)) };
    let list: Vec<_> = segments.iter().copied().map(from_client).collect();
    Record {
        exchanges: if has_request { vec![request] } else { Vec::new() },
        exchanges_left_out: 0,
        close: None,
        named,
        proxy_header: Some(header),
        segments: (!list.is_empty()).then(|| Segments { list, ..Segments::default() }),
        ..some(super::record())
    }
}

#[test]
fn the_segment_of_a_header_is_not_the_request_whether_it_names_a_client_or_not() {
    let client = Named { client: [203, 0, 113, 7].into(), port: Some(5000), by: NamedBy::ProxyV2 };
    for named in [None, Some(client)] {
        for (segments, request) in [
            (&[(1, HEADER), (1 + HEADER, 30)][..], 1),
            (&[(1, 20), (21, 8), (1 + HEADER, 30)], 2),
            // All in one, and a header whose end comes with the request.
            (&[(1, HEADER + 30)], 0),
            (&[(1, 20), (21, 38)], 1),
        ] {
            let record = record(ProxyHeaderState::Whole, named, segments, true);
            let steps = steps(&record, Language::English);
            let step = steps.iter().find(|step| step.id == "1-request").expect("the request");
            assert_eq!(step.segment.as_ref().map(|segment| segment.index), Some(request), "{segments:?}");
        }
    }
}

#[test]
fn the_first_request_of_a_further_part_is_the_one_behind_those_of_the_earlier_parts() {
    let mut record = record(ProxyHeaderState::Whole, None, &[(1, HEADER), (29, 30), (59, 30)], true);
    (record.part, record.exchanges[0].number) = (2, 2);
    let traffic = Traffic { reads: 1, request_head: 30, ..Traffic::default() };
    record.exchanges[0].traffic = Figure::measured(traffic, Source::Calls);
    let request = |record: &Record| {
        let step = steps(record, Language::English).into_iter().find(|step| step.id == "2-request").expect("a request");
        step.segment.map(|segment| segment.index)
    };
    assert_eq!(request(&record), None, "what came before is not known: it may have brought that");
    record.earlier = Some(Earlier { exchanges: 1, requests: 30, responses: 300 });
    assert_eq!(request(&record), Some(2));
    assert_eq!(record.response_bytes().first().map(|bytes| *bytes.start()), Some(301));
    // Another one between them was not recorded.
    record.exchanges[0].number = 3;
    let steps = steps(&record, Language::English);
    let step = steps.iter().find(|step| step.id == "3-request").expect("a request");
    assert!(step.segment.is_none() && record.response_bytes().is_empty());
}

#[test]
fn what_came_of_a_header_is_said() {
    for (state, says) in [
        (ProxyHeaderState::Begun, "a PROXY header has begun: 28 bytes so far"),
        (ProxyHeaderState::Malformed, "not a PROXY header: 28 bytes came instead"),
        (ProxyHeaderState::Whole, "the proxy 127.0.0.1 names no client"),
    ] {
        let steps = steps(&record(state, None, &[], false), Language::English);
        let step = steps.iter().find(|step| step.id == "proxy-header").expect("the header");
        assert_eq!((step.title.as_str(), step.at.value()), (says, Some(&(10 * MS))));
        let open = steps.iter().find(|step| step.id == "open").expect("it is open");
        assert!(!open.title.contains("nothing has come"), "{open:?}");
    }
}

/// What a step says, all of it.
fn words(step: &Step) -> String {
    format!("{} {} {} {}", step.label, step.caption, step.title, step.sentence)
}

fn ended(how: How, named: Option<Named>) -> Record {
    let close = Close {
        reason: if how == How::ResetByClient { Reason::Reset } else { Reason::Http10 },
        how,
        client_end: figure(Some(30 * MS)),
        time_wait: Figure::measured(TimeWait::Client, Source::Clock),
        ..some(super::close())
    };
    let state = if named.is_some() { ProxyHeaderState::Whole } else { ProxyHeaderState::Malformed };
    let record = record(state, named, &[(1, HEADER), (1 + HEADER, 30)], true);
    Record { close: Some(close), ..record }
}

#[test]
fn who_has_a_proxied_connection_is_the_proxy_from_the_syn_to_time_wait() {
    let client = Named { client: [203, 0, 113, 7].into(), port: Some(5000), by: NamedBy::ProxyV1 };
    for how in [How::Fin, How::ResetByClient, How::ResetByServer, How::Timeout] {
        for is_captured in [true, false] {
            let mut record = ended(how, Some(client));
            if !is_captured {
                record.segments = None;
            }
            let is_of_proxy = |step: &&Step| step.id != "proxy-header";
            for step in steps(&record, Language::English).iter().filter(is_of_proxy) {
                assert!(!words(step).to_lowercase().contains("the client"), "{how:?}: {}", words(step));
            }
            for step in steps(&record, Language::Korean).iter().filter(is_of_proxy) {
                assert!(!words(step).contains("클라이언트"), "{how:?}: {}", words(step));
            }
        }
    }
}

#[test]
fn a_reset_of_a_proxy_is_its_own_and_a_client_is_still_a_client() {
    let client = Named { client: [203, 0, 113, 7].into(), port: Some(5000), by: NamedBy::ProxyV1 };
    let said = |named, language| {
        let steps = steps(&ended(How::ResetByClient, named), language);
        let of = |id| steps.iter().find(|step: &&Step| step.id == id).expect("a step").title.clone();
        let closed = of("closed");
        [of("reset"), of("reason"), closed[closed.find("TIME_WAIT").expect("it")..].to_owned()]
    };
    let proxy = said(Some(client), Language::English);
    assert!(proxy[0].starts_with("a call failed: the proxy reset the connection"), "{proxy:?}");
    assert_eq!(proxy[1..], ["The proxy reset the connection.", "TIME_WAIT: proxy"]);
    let korean = said(Some(client), Language::Korean);
    assert!(korean[0].starts_with("호출이 실패함: 프록시가 연결을 리셋함"), "{korean:?}");
    assert_eq!(korean[1..], ["프록시가 연결을 리셋했습니다.", "TIME_WAIT: 프록시"]);
    // What is no PROXY header makes nobody a proxy.
    let plain = said(None, Language::English);
    assert_eq!(plain[1..], ["The client reset the connection.", "TIME_WAIT: client"]);
}
