//! What is said of a FIN, and of bytes that came early, holds for what the record knows of them.

use super::*;
use crate::record::connection::RequestBody;
use crate::story::steps::step::Bound;

fn some<T: std::fmt::Debug>(strategy: impl Strategy<Value = T>) -> T {
    strategy.new_tree(&mut proptest::test_runner::TestRunner::deterministic()).expect("a value").current()
}

/// An exchange of which every stage is known, a millisecond apart from `start` on.
pub(super) fn known(number: u64, start: Nanoseconds, reads: u32) -> Exchange {
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
pub(super) fn ended(server_fin: Figure<Nanoseconds>) -> Record {
    let close = Close {
        at: figure(Some(3000 * MS)),
        how: How::Timeout,
        first: Figure::derived(End::Server, Source::StateBeforeShutdown),
        client_end: Figure::not_visible(Why::ClientEndUnseen),
        server_end: figure(Some(8 * MS)),
        server_fin,
        ..some(close())
    };
    Record { exchanges: vec![known(1, 0, 1)], exchanges_left_out: 0, close: Some(close), ..some(record()) }
}

#[test]
fn a_fin_is_drawn_only_where_it_is_known_to_have_left() {
    let step = |fin| steps(&ended(fin), Language::English).into_iter().find(|step| step.id == "server-end");
    let left = step(Figure::derived(8 * MS, Source::NothingUnsent)).expect("its end");
    assert!(left.kind == Kind::Arrow && left.how.contains("no more than one segment waited to be sent"), "{left:?}");
    for (why, says) in
        [(Why::BytesUnsent, "follows bytes that waited"), (Why::NoTcpInfo, "When the FIN left: not visible")]
    {
        let call = step(Figure::not_visible(why)).expect("its end");
        assert!(
            call.kind == Kind::Event && call.title.starts_with("shutdown()") && call.sentence.contains(says),
            "{call:?}"
        );
    }
}

#[test]
fn a_fin_left_between_the_moments_around_its_call() {
    let step = |by| {
        let record = ended(Figure::derived(8 * MS, Source::NothingUnsent));
        let close = record.close.map(|close| Close { left_by: by, ..close });
        let record = Record { close, ..record };
        steps(&record, Language::English).into_iter().find(|step| step.id == "server-end").expect("its end")
    };
    let exactly = step(figure(Some(8 * MS)));
    assert!(exactly.bound.is_none() && !exactly.sentence.contains("meanwhile"), "{exactly:?}");
    let late = step(figure(Some(20 * MS)));
    assert_eq!((late.at.value(), late.bound), (Some(&(8 * MS)), Some(Bound::AtLeast)));
    assert!(late.sentence.contains("took 12 ms, and it left meanwhile"), "{late:?}");
    let open = step(Figure::not_visible(Why::SharedSocket));
    assert!(open.bound == Some(Bound::AtLeast) && open.sentence.contains("may have had the socket"), "{open:?}");
}

#[test]
fn a_fin_and_a_reset_of_close_stand_where_it_was_called() {
    for how in [How::Fin, How::ResetByServer] {
        let record = ended(Figure::derived(2_998 * MS, Source::NothingUnsent));
        let close = record.close.map(|close| Close {
            how,
            called: figure(Some(2_998 * MS)),
            server_end: Figure::not_visible(Why::OneClose),
            left_by: close.at.clone(),
            ..close
        });
        let record = Record { close, ..record };
        let steps = steps(&record, Language::English);
        let place = |id: &str| steps.iter().position(|step| step.id == id).expect(id);
        assert_eq!(steps[place("server-end")].at.value(), Some(&(2_998 * MS)), "{how:?}");
        assert!(place("server-end") < place("closed"), "{how:?}");
    }
}

/// Two requests of which the second's beginning was read with the end of the first.
fn begun_with_the_one_before(reads: u32) -> Record {
    let mut second = known(2, 150 * MS, reads);
    let first = known(1, 0, 1);
    second.stages.first_read = first.stages.first_read.clone();
    second.stages.arrived = first.stages.arrived.clone();
    Record { exchanges: vec![first, second], close: None, ..some(record()) }
}

#[test]
fn the_rest_of_a_pipelined_request_is_not_said_to_have_come_with_the_one_before() {
    for (reads, says) in [(0, "waited their turn in the server"), (1, "and the rest later")] {
        let steps = steps(&begun_with_the_one_before(reads), Language::English);
        let request = steps.iter().find(|step| step.id == "2-request").expect("the second request");
        assert!(request.title.contains("pipelined") && request.sentence.contains(says), "{request:?}");
    }
}

#[test]
fn the_beginning_of_a_pipelined_request_is_not_said_to_have_come_in_its_later_reads() {
    for (language, reads, says) in [
        (Language::English, 0, "30 bytes, read with the ones before"),
        (Language::English, 1, "30 bytes, some with the request before, the rest in 1 read"),
        (Language::English, 2, "30 bytes, some with the request before, the rest in 2 reads"),
        (Language::Korean, 2, "30바이트, 일부는 앞 요청과 함께, 나머지는 2회 읽음"),
    ] {
        let steps = steps(&begun_with_the_one_before(reads), language);
        let read = steps.iter().find(|step| step.id == "2-read").expect("its reads");
        assert!(read.title.ends_with(says), "{read:?}");
        let is_in_parts = read.sentence.contains("without borders") || read.sentence.contains("흐름");
        assert_eq!(is_in_parts, reads > 0, "{read:?}");
    }
}

#[test]
fn a_request_that_began_behind_the_body_of_the_one_before_is_pipelined() {
    let mut record = begun_with_the_one_before(1);
    let last_read = figure(Some(100 * MS));
    record.exchanges[1].stages.first_read = last_read.clone();
    record.exchanges[0].request_body = Some(RequestBody { length: 9, is_awaited: true, read: 9, last_read });
    let steps = steps(&record, Language::English);
    let title = |id: &str| &steps.iter().find(|step| step.id == id).expect("a step").title;
    assert!(title("2-request").contains("pipelined"), "{steps:?}");
    assert!(title("2-read").ends_with("some with the request before, the rest in 1 read"), "{steps:?}");
}

#[test]
fn a_fin_is_a_half_close_only_where_the_rest_of_the_response_was_taken() {
    let said = |acknowledged: Figure<Nanoseconds>| {
        let mut record = ended(figure(Some(9 * MS)));
        record.exchanges[0].stages.acknowledged = acknowledged;
        record.handshake.state = Figure::measured("CLOSE_WAIT".into(), Source::StateAtAccept);
        // Before the last write.
        let close = record.close.as_mut().expect("it has ended");
        (close.client_end, close.how) = (figure(Some(1)), How::Fin);
        let steps = steps(&record, Language::English);
        let of = |id| steps.iter().find(|step: &&Step| step.id == id).expect("a step").clone();
        let at_accept = of("half-closed").sentence;
        assert!(at_accept.contains("a FIN does not tell") && !at_accept.contains("gets its whole"), "{at_accept}");
        of("client-end").title.contains("half-close")
    };
    assert!(said(figure(Some(20 * MS))));
    assert!(!said(Figure::not_visible(Why::NoAcknowledgement)), "a closed socket has a reset for an answer");
}

#[test]
fn what_an_open_connection_waits_for_is_what_its_last_exchange_lacks() {
    let open = |from: usize, is_kept: bool| {
        let mut last = Exchange { is_kept, ..known(1, 0, 1) };
        last.status = if from <= 3 { 0 } else { 200 };
        let mut names = 0..;
        last.stages = Stages::all(|_| match names.next().expect("a number") {
            at if at < from => figure(Some(at as i64 * MS)),
            _ => Figure::not_visible(Why::NotYet),
        });
        let record = Record { exchanges: vec![last], close: None, continues: false, ..some(record()) };
        let steps = steps(&record, Language::English);
        steps.into_iter().find(|step| step.id == "open").map(|step| step.title)
    };
    let index = |name: &str| Stages::all(|_| figure(None)).named().iter().position(|(known, _)| *known == name);
    let [chosen, last_write, acknowledged] =
        ["response_chosen", "last_write", "acknowledged"].map(|name| index(name).expect("a stage"));
    for is_kept in [true, false] {
        assert_eq!(open(chosen, is_kept).as_deref(), Some("the response is not made yet"));
        assert_eq!(open(last_write, is_kept), None);
        let unacknowledged = "the connection is open; the response is not acknowledged yet";
        assert_eq!(open(acknowledged, is_kept).as_deref(), Some(unacknowledged));
    }
    assert_eq!(open(acknowledged + 1, true).as_deref(), Some("open for the next request"));
    assert_eq!(open(acknowledged + 1, false).as_deref(), Some("the connection is open"));
}

#[test]
fn of_what_was_under_way_when_its_process_was_killed_no_more_is_said_than_was_reported() {
    let lost = || Figure::not_visible(Why::ProcessEnded);
    for (length, status, language, said) in [
        (Some(500_000), 200, Language::English, "at least head 20 + body 300,000 of 500,000 bytes"),
        (Some(500_000), 200, Language::Korean, "적어도 헤더 20 + 본문 500,000바이트 중 300,000"),
        (None, 0, Language::English, "of the body, 2 bytes of 9 bytes were reported"),
        (None, 0, Language::Korean, "본문 9바이트 중 2바이트까지 보고됨"),
    ] {
        let mut record = ended(lost());
        let close = record.close.as_mut().expect("its end");
        (close.how, close.at, close.called, close.client_end) = (How::Lost, lost(), lost(), lost());
        let exchange = &mut record.exchanges[0];
        (exchange.status, exchange.body_length) = (status, length);
        (exchange.stages.last_write, exchange.stages.acknowledged) = (lost(), lost());
        if status == 0 {
            (exchange.stages.response_chosen, exchange.stages.first_write) = (lost(), lost());
            exchange.request_body = Some(RequestBody { length: 9, is_awaited: true, read: 2, last_read: lost() });
            exchange.traffic =
                Figure::measured(Traffic { writes: 0, ..*exchange.traffic.value().expect("calls") }, Source::Calls);
        } else {
            exchange.request_body = None;
        }
        let titles: Vec<String> = steps(&record, language).into_iter().map(|step| step.title).collect();
        assert!(titles.iter().any(|title| title == said), "{titles:#?}");
        assert!(!titles.iter().any(|title| title.contains("so far") || title.contains("yet")), "{titles:#?}");
    }
}
