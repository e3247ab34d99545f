//! What a proxy says before the first request is no request, whoever it names.

use super::*;
use crate::record::segment::{Segment, Segments};
use crate::record::{Named, NamedBy, ProxyHeader, ProxyHeaderState};

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
fn what_came_of_a_header_is_said() {
    for (state, says) in [
        (ProxyHeaderState::Begun, "a PROXY header has begun: 28 bytes have come"),
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
