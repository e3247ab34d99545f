//! What is made of reports, whatever they say.

use super::*;
use crate::kernel::tcp_info::Order;
use crate::observe::report::Between;
use crate::record::Moments as StagesReport;
use proptest::array::UniformArrayStrategy;
use proptest::prelude::*;

const ACCEPTED: Moment = Moment(1_800_000_000_000_000_000);

/// Moments around the accept, hours before and after; some were not reported.
fn moment() -> impl Strategy<Value = Moment> {
    const HOURS: i64 = 40_000_000_000_000;
    prop_oneof![
        Just(Moment::default()),
        (-HOURS..HOURS).prop_map(|by| Moment(ACCEPTED.0.wrapping_add_signed(by))),
        (0..50_i64).prop_map(|by| Moment(ACCEPTED.0.wrapping_add_signed(by))),
    ]
}

fn stages() -> impl Strategy<Value = StagesReport> {
    UniformArrayStrategy::<_, [Moment; Stages::COUNT]>::new(moment()).prop_map(StagesReport::of)
}

proptest! {
    /// Whatever was reported: what is visible never decreases, and only the arrival may precede the accept.
    #[test]
    fn no_visible_stage_lies_before_the_one_above(stages in stages(), late in moment()) {
        let report = ExchangeReport { stages, is_over: true, asked_kernel: true, ..ExchangeReport::default() };
        let mut recorded = exchange(&report, ACCEPTED);
        for _ in 0..2 {
            let visible: Vec<_> = recorded.stages.named().into_iter().filter_map(|(_, figure)| figure.value()).collect();
            prop_assert!(visible.is_sorted(), "{:?}", recorded.stages);
            let after_accept = recorded.stages.named()[1..].iter().all(|(_, figure)| figure.value().is_none_or(|at| *at >= 0));
            prop_assert!(after_accept, "{:?}", recorded.stages);
            recorded.stages.acknowledged = acknowledged(late, ACCEPTED, &recorded.stages);
        }
    }

    #[test]
    fn no_end_lies_before_the_accept(at in moment(), client_end in moment(), server_end in moment()) {
        let recorded = close(&Closed { at, client_end, server_end, ..Closed::default() }, ACCEPTED);
        for end in [&recorded.client_end, &recorded.server_end].into_iter().filter_map(Figure::value) {
            prop_assert!(*end >= 0 && recorded.at.value().is_none_or(|at| at >= end), "{recorded:?}");
        }
        prop_assert!(recorded.at.value().is_none_or(|at| *at >= 0));
    }
}

/// `struct tcp_info` in this state, of a response of 300 bytes.
fn tcp_info(state: u8, acknowledged: u64, not_sent: u32) -> Vec<u8> {
    let mut info = vec![0; 216];
    info[0] = state;
    info[16..20].copy_from_slice(&200_u32.to_ne_bytes());
    info[80..84].copy_from_slice(&10_u32.to_ne_bytes());
    info[120..128].copy_from_slice(&acknowledged.to_ne_bytes());
    info[144..148].copy_from_slice(&not_sent.to_ne_bytes());
    // 50 bytes were sent twice.
    info[200..208].copy_from_slice(&(350 - u64::from(not_sent)).to_ne_bytes());
    info[208..216].copy_from_slice(&50_u64.to_ne_bytes());
    info
}

#[test]
fn time_wait_is_derived_only_where_both_fins_are_known() {
    let [established, fin_wait1, fin_wait2, closed, close_wait] = [1, 4, 5, 7, 8_u8];
    let waits = |before: u8, client_end: bool, tcp_info: Vec<u8>| {
        let client_end = Moment(if client_end { ACCEPTED.0 + 9 } else { 0 });
        let server_end = Moment(ACCEPTED.0 + 5);
        let report = Closed {
            at: Moment(ACCEPTED.0 + 10),
            state_before_end: before,
            client_end,
            server_end,
            tcp_info,
            ..Closed::default()
        };
        close(&report, ACCEPTED).time_wait
    };
    let derived = |end| Figure::derived(end, Source::FirstWaits);
    assert_eq!(waits(established, true, tcp_info(closed, 301, 0)), derived(TimeWait::Server));
    assert_eq!(waits(close_wait, true, tcp_info(closed, 301, 0)), derived(TimeWait::Client));
    assert_eq!(waits(close_wait, true, tcp_info(close_wait, 300, 0)), derived(TimeWait::Client));
    // The client sends nothing more that the server sees: it may reset.
    for info in [tcp_info(fin_wait2, 301, 0), tcp_info(fin_wait1, 100, 0), tcp_info(closed, 301, 0)] {
        assert_eq!(waits(established, false, info), Figure::not_visible(Why::ClientEndUnseen));
    }
    assert_eq!(waits(established, false, tcp_info(fin_wait1, 100, 150)), Figure::not_visible(Why::FirstUnknown));
    // Reset before the server's FIN was acknowledged, or bytes before it.
    for info in [tcp_info(closed, 300, 0), tcp_info(close_wait, 150, 0), tcp_info(close_wait, 150, 150)] {
        assert_eq!(waits(close_wait, true, info), Figure::not_visible(Why::CloseUnseen));
    }
    assert_eq!(waits(close_wait, true, vec![close_wait]), Figure::not_visible(Why::CloseUnseen));
}

#[test]
fn what_the_client_had_not_acknowledged_is_counted_without_the_fin() {
    let unacknowledged = |tcp_info| close(&Closed { tcp_info, ..Closed::default() }, ACCEPTED).unacknowledged;
    let [fin_wait2, closed, close_wait] = [5, 7, 8_u8];
    let bytes = |count| Figure::derived(count, Source::TcpInfoBeforeClose);
    assert_eq!(unacknowledged(tcp_info(close_wait, 100, 150)), bytes(200), "sent or not");
    assert_eq!(unacknowledged(tcp_info(closed, 100, 0)), bytes(200), "a reset does not acknowledge");
    assert_eq!(unacknowledged(tcp_info(fin_wait2, 301, 0)), bytes(0));
    assert_eq!(unacknowledged(vec![close_wait]), Figure::not_visible(Why::NoTcpInfo));
}

#[test]
fn a_fin_left_at_once_where_nothing_was_before_it() {
    let left = |state: u8, acknowledged: u64, not_sent: u32, window: u32| {
        let mut info = tcp_info(state, acknowledged, not_sent);
        info.resize(228, 0);
        info.extend(window.to_ne_bytes());
        let report = Closed {
            at: Moment(ACCEPTED.0 + 10),
            server_end: Moment(ACCEPTED.0 + 5),
            state_before_end: state,
            queue_before_end: TcpInfo(&info).send_queue(),
            ..Closed::default()
        };
        close(&report, ACCEPTED).server_fin
    };
    let [established, closed, close_wait] = [1, 7, 8_u8];
    let at_once = Figure::derived(5, Source::NothingUnsent);
    assert_eq!(left(established, 300, 0, 1000), at_once);
    assert_eq!(left(close_wait, 0, 0, 301), at_once, "it is sent behind what is on its way");
    // The FIN counts, too.
    assert_eq!(left(established, 0, 0, 300), Figure::not_visible(Why::BytesUnsent));
    assert_eq!(left(established, 300, 1, 1000), at_once, "a segment's rest leaves with it");
    assert_eq!(left(established, 300, 201, 1000), Figure::not_visible(Why::BytesUnsent));
    assert_eq!(left(closed, 300, 0, 1000), Figure::not_visible(Why::CloseUnseen));
    let old = Closed { server_end: Moment(ACCEPTED.0 + 5), state_before_end: 1, ..Closed::default() };
    assert_eq!(close(&old, ACCEPTED).server_fin, Figure::not_visible(Why::NoTcpInfo));
}

#[test]
fn a_fin_that_waits_behind_bytes_is_not_first() {
    let [established, fin_wait1, fin_wait2, closed, closing] = [1, 4, 5, 7, 11_u8];
    let info = |state: u8, acknowledged: u64, not_sent: u32| {
        let mut info = tcp_info(state, acknowledged, not_sent);
        info.resize(228, 0);
        info.extend(1000_u32.to_ne_bytes());
        info
    };
    let first = |before: u32, report: Closed| {
        let report = Closed {
            at: Moment(ACCEPTED.0 + 10),
            server_end: Moment(ACCEPTED.0 + 5),
            state_before_end: established,
            queue_before_end: TcpInfo(&info(established, 100, before)).send_queue(),
            ..report
        };
        close(&report, ACCEPTED).first
    };
    let server = Figure::derived(End::Server, Source::StateBeforeShutdown);
    let at_close = |tcp_info| Closed { tcp_info, ..Closed::default() };
    let with_end = |tcp_info| Closed { client_end: Moment(ACCEPTED.0 + 9), ..at_close(tcp_info) };
    let reset = |tcp_info| Closed { is_reset: true, ..with_end(tcp_info) };
    assert_eq!(first(0, reset(info(closed, 100, 0))), server);
    assert_eq!(first(0, Closed { is_reset: true, ..Closed::default() }), server);
    // It waits still when the socket is closed.
    assert_eq!(first(250, reset(info(closed, 100, 201))), Figure::measured(End::Client, Source::Reset));
    let derived = Figure::derived(End::Client, Source::EndBeforeClose);
    assert_eq!(first(250, with_end(info(closing, 100, 201))), derived);
    assert_eq!(first(250, at_close(info(fin_wait1, 100, 201))), Figure::not_visible(Why::BytesUnsent));
    // It left meanwhile.
    assert_eq!(first(250, at_close(info(fin_wait1, 100, 0))), server);
    assert_eq!(first(250, with_end(info(closed, 301, 0))), server);
    assert_eq!(first(250, reset(info(closed, 301, 0))), server);
    assert_eq!(first(0, with_end(info(closing, 300, 0))), server);
    // Either FIN may have been the first.
    assert_eq!(first(250, with_end(info(closing, 300, 0))), Figure::not_visible(Why::NoStateNoEnd));
    assert_eq!(first(250, Closed::default()), Figure::not_visible(Why::NoStateNoEnd));

    let closed_at_once = |not_sent| close(&at_close(info(established, 300, not_sent)), ACCEPTED).first;
    assert_eq!(closed_at_once(0), Figure::derived(End::Server, Source::StateBeforeClose));
    assert_eq!(closed_at_once(201), Figure::not_visible(Why::BytesUnsent));
    assert_eq!(first(0, at_close(info(fin_wait2, 301, 0))), server);
}

#[test]
fn a_clock_that_was_set_is_the_reason() {
    let stages = StagesReport { first_read: Moment(ACCEPTED.0 - 1), ..StagesReport::default() };
    let recorded = exchange(&ExchangeReport { stages, ..ExchangeReport::default() }, ACCEPTED);
    assert_eq!(recorded.stages.first_read, Figure::not_visible(Why::BeforeItsCause));
    assert_eq!(recorded.stages.head_complete, Figure::not_visible(Why::NotYet));
}

#[test]
fn what_was_not_sent_is_not_acknowledged_even_if_the_kernel_was_asked() {
    let why = |first_write: u64, is_over: bool, asked_kernel: bool| {
        let stages = StagesReport { first_write: Moment(first_write), ..StagesReport::default() };
        let report = ExchangeReport { stages, is_over, asked_kernel, status: 200, ..ExchangeReport::default() };
        exchange(&report, ACCEPTED).stages.acknowledged
    };
    let sent = ACCEPTED.0 + 1;
    for asked in [false, true] {
        assert_eq!(why(0, true, asked), Figure::not_visible(Why::NotReached));
        assert_eq!(why(0, false, asked), Figure::not_visible(Why::NotYet));
    }
    assert_eq!(why(sent, true, false), Figure::not_visible(Why::NotAsked));
    assert_eq!(why(sent, true, true), Figure::not_visible(Why::NoAcknowledgement));
}

#[test]
fn fins_that_cross_leave_both_ends_waiting() {
    let [established, closing] = [1, 11];
    let report = Closed {
        at: Moment(ACCEPTED.0 + 10),
        server_end: Moment(ACCEPTED.0 + 5),
        state_before_end: established,
        client_end: Moment(ACCEPTED.0 + 9),
        tcp_info: tcp_info(closing, 300, 0),
        ..Closed::default()
    };
    assert_eq!(close(&report, ACCEPTED).time_wait, Figure::derived(TimeWait::Both, Source::FinsCrossed));
}

#[test]
fn a_round_trip_that_may_be_a_cookies_is_not_visible() {
    let between = Between::Addresses { client: ([127, 0, 0, 1], 1).into(), server: ([127, 0, 0, 1], 2).into() };
    let mut info = tcp_info(1, 0, 0);
    info[68..72].copy_from_slice(&85_000_u32.to_ne_bytes());
    info[148..152].copy_from_slice(&85_000_u32.to_ne_bytes());
    let report =
        Opened { connection: 1, between, accepted: ACCEPTED, syn: Vec::new(), tcp_info: info.clone(), queue: None };
    let record = opened(&report, "multiplex".into());
    assert_eq!(record.handshake.rtt, Figure::not_visible(Why::MaybeCookie));
    let mut shortest = |acknowledged: u64| {
        info[120..128].copy_from_slice(&acknowledged.to_ne_bytes());
        let report = Closed { at: Moment(ACCEPTED.0 + 10), tcp_info: info.clone(), ..Closed::default() };
        let close = without_a_doubtful_rtt(close(&report, ACCEPTED), &record.handshake);
        close.tcp.value().expect("it is reported").min_rtt
    };
    assert_eq!(shortest(0), None);
    assert_eq!(shortest(300), Some(85_000_000), "another was measured since");
}

#[test]
fn what_the_kernel_reckons_of_a_syn_ack_that_was_sent_again_is_no_round_trip() {
    let between = Between::Addresses { client: ([127, 0, 0, 1], 1).into(), server: ([127, 0, 0, 1], 2).into() };
    let mut tcp_info = tcp_info(1, 0, 0);
    tcp_info[68..72].copy_from_slice(&2_310_000_u32.to_ne_bytes());
    let report = Opened { connection: 1, between, accepted: ACCEPTED, syn: vec![1], tcp_info, queue: None };
    let again = |count: u32| {
        let mut report = report.clone();
        report.tcp_info[100..104].copy_from_slice(&count.to_ne_bytes());
        opened(&report, "multiplex".into()).handshake.rtt
    };
    assert_eq!(again(0), Figure::measured(2_310_000_000, Source::TcpInfo));
    assert_eq!(again(1), Figure::not_visible(Why::HandshakeAgain));
}

#[test]
fn where_segments_came_out_of_order_no_stamp_says_when_a_request_arrived() {
    let stages = StagesReport {
        arrived: Moment(ACCEPTED.0 + 1),
        first_read: Moment(ACCEPTED.0 + 60),
        ..StagesReport::default()
    };
    let arrived = |order| exchange(&ExchangeReport { stages, order, ..ExchangeReport::default() }, ACCEPTED);
    let kept = arrived(Order::Kept);
    assert_eq!(kept.stages.arrived, Figure::measured(1, Source::ReceiveStamp));
    assert_eq!(arrived(Order::Lost).stages.arrived, Figure::not_visible(Why::OutOfOrder));
    assert_eq!(arrived(Order::Unknown).stages.arrived, Figure::not_visible(Why::OrderUnknown));

    // What is known at the close is said of all of them, but not of what packets showed.
    let established = 1;
    let mut by_packets = kept.clone();
    by_packets.stages.arrived = Figure::measured(9, Source::Packets);
    let between = Between::Unix { path: String::new() };
    let report =
        Opened { connection: 1, between, accepted: ACCEPTED, syn: Vec::new(), tcp_info: Vec::new(), queue: None };
    let mut record = opened(&report, "test".into());
    record.exchanges = vec![kept, by_packets];
    let mut info = tcp_info(established, 300, 0);
    info.resize(232, 0);
    doubt_arrivals(&mut record, &Closed { tcp_info: info.clone(), ..Closed::default() });
    assert_eq!(record.exchanges[0].stages.arrived, Figure::measured(1, Source::ReceiveStamp));
    info[224] = 1;
    doubt_arrivals(&mut record, &Closed { tcp_info: info, ..Closed::default() });
    assert_eq!(record.exchanges[0].stages.arrived, Figure::not_visible(Why::OutOfOrder));
    assert_eq!(record.exchanges[1].stages.arrived, Figure::measured(9, Source::Packets));
}

#[test]
fn how_far_a_head_came_is_known_as_soon_as_it_is_complete_or_refused() {
    for (head, is_over, recorded) in [
        (HeadState::Unfinished, false, None),
        (HeadState::Unfinished, true, Some(HeadState::Unfinished)),
        (HeadState::Complete, false, Some(HeadState::Complete)),
        (HeadState::Simple, false, Some(HeadState::Simple)),
        (HeadState::Refused, false, Some(HeadState::Refused)),
    ] {
        let report = ExchangeReport { head, is_over, ..ExchangeReport::default() };
        assert_eq!(exchange(&report, ACCEPTED).head, recorded, "{head:?}");
    }
}
