//! What is said of a FIN, and of bytes that came early, holds for what the record knows of them.

use super::*;
use crate::record::Tcp;

fn some<T: std::fmt::Debug>(strategy: impl Strategy<Value = T>) -> T {
    strategy.new_tree(&mut proptest::test_runner::TestRunner::deterministic()).expect("a value").current()
}

/// An exchange of which every stage is known, a millisecond apart from `start` on.
fn known(number: u64, start: Nanoseconds, reads: u32) -> Exchange {
    let mut at = start;
    let stages = Stages::all(|_| {
        at += MS;
        figure(Some(at))
    });
    let traffic = Traffic { reads, request_head: 30, writes: 1, response_head: 20, response_body: 300_000 };
    Exchange {
        status: 200,
        head: Some(HeadState::Complete),
        body_length: Some(300_000),
        stages,
        traffic: Figure::measured(traffic, Source::Calls),
        ..some(exchange(number))
    }
}

/// The server closes its sending side 8 ms after the accept, and its socket at 3 s.
fn ended(exchanges: Vec<Exchange>, state: &'static str, acknowledged: u64) -> Record {
    let tcp = Tcp {
        state: state.into(),
        rtt: MS,
        rtt_variation: 0,
        min_rtt: Some(MS),
        retransmissions: 0,
        bytes_received: None,
        bytes_acknowledged: Some(acknowledged),
        segments_in: None,
        segments_out: None,
        mss: 1000,
        congestion_window: 10,
    };
    let close = Close {
        at: figure(Some(3000 * MS)),
        how: How::Timeout,
        first: Figure::derived(End::Server, Source::StateBeforeShutdown),
        client_end: Figure::not_visible(Why::ClientEndUnseen),
        server_end: figure(Some(8 * MS)),
        tcp: Figure::measured(tcp, Source::TcpInfoBeforeClose),
        ..some(close())
    };
    Record { exchanges, exchanges_left_out: 0, close: Some(close), ..some(record()) }
}

fn server_end(record: &Record) -> Kind {
    steps(record, Language::English).into_iter().find(|step| step.id == "server-end").expect("its end").kind
}

#[test]
fn a_fin_is_drawn_only_where_it_left_at_once() {
    let unacknowledged = || {
        let mut exchange = known(1, 0, 1);
        exchange.stages.acknowledged = Figure::not_visible(Why::NoAcknowledgement);
        exchange
    };
    // Nothing was before it, or that had arrived.
    assert_eq!(server_end(&ended(vec![], "FIN_WAIT1", 0)), Kind::Arrow);
    assert_eq!(server_end(&ended(vec![known(1, 0, 1)], "FIN_WAIT1", 300_020)), Kind::Arrow);
    // The client's window was closed: for ever, and for three seconds.
    assert_eq!(server_end(&ended(vec![unacknowledged()], "FIN_WAIT1", 4096)), Kind::Event);
    assert_eq!(server_end(&ended(vec![unacknowledged()], "FIN_WAIT2", 300_021)), Kind::Event);
    // The same by close(2) alone, which ends both.
    let by_close = |acknowledged| {
        let mut record = ended(vec![unacknowledged()], "ESTABLISHED", acknowledged);
        record.close.as_mut().expect("its end").server_end = Figure::not_visible(Why::OneClose);
        server_end(&record)
    };
    assert_eq!((by_close(300_020), by_close(4096)), (Kind::Arrow, Kind::Event));
}

#[test]
fn the_rest_of_a_pipelined_request_is_not_said_to_have_come_with_the_one_before() {
    for (reads, says) in [(0, "waited their turn in the server"), (1, "and the rest later")] {
        let mut second = known(2, 150 * MS, reads);
        let first = known(1, 0, 1);
        second.stages.first_read = first.stages.first_read.clone();
        second.stages.arrived = first.stages.arrived.clone();
        let record = Record { exchanges: vec![first, second], close: None, ..some(record()) };
        let steps = steps(&record, Language::English);
        let request = steps.iter().find(|step| step.id == "2-request").expect("the second request");
        assert!(request.title.contains("pipelined") && request.sentence.contains(says), "{request:?}");
    }
}
