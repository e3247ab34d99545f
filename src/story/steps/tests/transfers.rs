//! The same of a client's records, alone and joined with a server's, whose
//! clock may have been set meanwhile.

use super::{MS, captured, figure, record};
use crate::http::client::Ending;
use crate::language::Language;
use crate::record::connection::{Message, Record};
use crate::record::transfer::{
    Attempt, ClientClose, ClientExchange, ClientStages, ClientTraffic, Connect, ConnectOutcome, Ends, FetchRecord,
    Framing, Interim, Response, SCHEMA, Transfer,
};
use crate::record::{ClientReason, End, Figure, How, Nanoseconds, Source, TimeWait, Why};
use crate::story::steps::{Kind, Known, Step, of_transfer};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;

const SERVER: ([u8; 4], u16) = ([127, 0, 0, 1], 8080);
/// The server's accept, since the run began.
const ACCEPTED: Nanoseconds = 300 * MS;

pub(super) fn run() -> FetchRecord {
    FetchRecord {
        glasshttp_fetch: SCHEMA,
        began: "2026-01-02T03:04:04.700000000Z".into(),
        transfers: vec![],
        not_begun: None,
    }
}

pub(super) fn attempt(began: Nanoseconds, took: Nanoseconds, outcome: ConnectOutcome, again: Option<u32>) -> Attempt {
    Attempt {
        server: SERVER.into(),
        client: Some(([127, 0, 0, 1], 50_000).into()),
        began,
        ended: began + took,
        outcome,
        syn_again: Figure::measured_or(again, Source::TcpInfo, Why::NoTcpInfo),
    }
}

/// An address that failed, perhaps, and the one that responded.
fn connect() -> impl Strategy<Value = Connect> {
    let failed = prop_oneof![
        Just(None),
        Just(Some(ConnectOutcome::Refused)),
        Just(Some(ConnectOutcome::TimedOut)),
        Just(Some(ConnectOutcome::Abandoned))
    ];
    let again = || prop_oneof![Just(None), Just(Some(0)), Just(Some(1)), Just(Some(3))];
    (failed, 0..80 * MS, again(), 150 * MS..295 * MS, 1..80 * MS, again(), prop::option::of(1..9 * MS)).prop_map(
        |(failed, took, before, began, lasted, again, rtt)| Connect {
            attempts: failed
                .map(|outcome| attempt(50 * MS, took, outcome, before))
                .into_iter()
                .chain([attempt(began, lasted, ConnectOutcome::Connected, again)])
                .collect(),
            rtt: figure(rtt),
            negotiated: Figure::not_visible(Why::NoTcpInfo),
        },
    )
}

/// An exchange whose stages follow each other from `start` on.
fn exchange(start: Nanoseconds) -> impl Strategy<Value = ClientExchange> {
    let stages = prop::array::uniform7((0..9 * MS, prop::bool::weighted(0.8)));
    let status = prop_oneof![Just(200_u16), Just(301), Just(404), Just(500)];
    (stages, status, 0..900_u64, 1..4_u32, any::<bool>()).prop_map(move |(parts, status, body, writes, is_aborted)| {
        let mut at = start;
        let [first_sent, last_sent, acknowledged, arrived, first_read, head_complete, complete] =
            parts.map(|(by, is_seen)| {
                at += by;
                figure(is_seen.then_some(at))
            });
        let first_sent = if first_sent.value().is_some() { first_sent } else { figure(Some(start)) };
        let has_head = head_complete.value().is_some() && first_read.value().is_some();
        let interim: Vec<Interim> = first_read.value().map(|at| interim(*at)).into_iter().collect();
        ClientExchange {
            number: 1,
            request: Message { head: "GET /1 HTTP/1.0\r\n\r\n".into(), is_cut: false },
            request_head: None,
            request_body: 0,
            request_text: None,
            response: has_head.then(|| Response {
                line: format!("HTTP/1.0 {status} Any"),
                version: "HTTP/1.0".into(),
                status,
                fields: vec![],
                dropped: vec![],
                dropped_left_out: 0,
                head: Message::default(),
                framing: Framing::ContentLength { bytes: body + u64::from(is_aborted) },
                trailers: vec![],
            }),
            interim: interim.iter().map(|head| head.status).collect(),
            interim_heads: interim,
            unread: None,
            stages: ClientStages {
                first_sent,
                last_sent,
                acknowledged,
                first_arrived: Figure::not_visible(Why::ReadAsWhole),
                arrived,
                first_read,
                head_complete,
                complete,
            },
            traffic: ClientTraffic { writes, request: 19, reads: 1, head: 40, body, read: 40 + body },
            is_aborted,
        }
    })
}

fn interim(at: Nanoseconds) -> Interim {
    let line = "HTTP/1.1 103 Early Hints".to_owned();
    Interim { at, bytes: 28, status: 103, line, fields: vec![], head: Message::default() }
}

fn close() -> impl Strategy<Value = ClientClose> {
    let how = prop_oneof![Just(How::Fin), Just(How::ResetByClient), Just(How::ResetByServer), Just(How::Timeout)];
    let end = || prop::option::of(400 * MS..600 * MS);
    let first = prop_oneof![Just(None), Just(Some(End::Client)), Just(Some(End::Server))];
    (how, end(), end(), first).prop_map(|(how, client, server, first)| {
        let at = 600 * MS;
        ClientClose {
            at,
            reason: ClientReason(Ending::Http10),
            how,
            first: first
                .map_or(Figure::not_visible(Why::FirstUnknown), |end| Figure::derived(end, Source::EndBeforeClose)),
            client_end: client
                .map_or(Figure::derived(at, Source::CloseEnds), |at| Figure::measured(at, Source::ClockBeforeShutdown)),
            client_fin: Figure::derived(client.unwrap_or(at), Source::NothingUnsent),
            client_reset: match how {
                How::ResetByClient => Figure::derived(at, Source::UnreadAtClose),
                _ => Figure::not_visible(Why::NotReached),
            },
            surplus: 0,
            left_by: figure(Some(client.unwrap_or(at) + MS)),
            server_end: Figure::measured_or(server, Source::EndOfInput, Why::ServerEndUnseen),
            tcp: Figure::not_visible(Why::NoTcpInfo),
            time_wait: Figure::derived(TimeWait::Client, Source::FirstWaits),
        }
    })
}

/// What the server would have recorded: its moments between the client's, give or take what `off` is.
fn server(mut record: Record, ours: &ClientExchange, close: Option<&ClientClose>, off: Nanoseconds) -> Record {
    let at = |value: Option<Nanoseconds>| figure(value.map(|at| at - ACCEPTED + off));
    record.exchanges.truncate(1);
    if let Some(theirs) = record.exchanges.first_mut() {
        let sent = ours.stages.first_sent.value().copied();
        let arrived = ours.stages.arrived.value().or(ours.stages.first_read.value()).copied();
        let middle = sent.zip(arrived).map(|(sent, arrived)| sent + (arrived - sent) / 2);
        theirs.stages.arrived = at(sent.map(|sent| sent + 1000).min(middle));
        theirs.stages.first_read = at(middle);
        theirs.stages.head_complete = at(middle);
        theirs.stages.response_chosen = at(middle);
        theirs.stages.first_write = at(middle);
        theirs.stages.last_write = at(middle);
        theirs.stages.acknowledged = at(arrived.map(|arrived| arrived + MS));
    }
    record.close = record.close.map(|theirs| {
        let read = close.and_then(|close| close.client_end.value().copied()).map(|end| end + MS);
        let sent = close.and_then(|close| close.server_end.value().copied()).map(|end| end - MS);
        crate::record::connection::Close {
            called: at(Some(700 * MS)),
            at: at(Some(701 * MS)),
            client_end: at(read),
            server_end: at(sent),
            server_fin: match sent {
                Some(_) => at(sent),
                None => Figure::not_visible(Why::BytesUnsent),
            },
            ..theirs
        }
    });
    record
}

fn transfer() -> impl Strategy<Value = Transfer> {
    let off = prop_oneof![3 => Just(0), 1 => -400 * MS..400 * MS];
    let records = prop::option::of(captured::captured(record()));
    let own = captured::captured(record()).prop_map(|record| record.segments);
    (connect(), exchange(380 * MS), prop::option::of(close()), records, off, any::<bool>(), own).prop_map(
        |(connect, exchange, close, record, off, is_kept, own)| Transfer {
            number: 1,
            url: "http://127.0.0.1:8080/1".into(),
            connect: (!is_kept).then_some(connect),
            connection: Some(1),
            ends: Some(Ends { client: ([127, 0, 0, 1], 50_000).into(), server: SERVER.into() }),
            server: record.map(|record| Box::new(server(record, &exchange, close.as_ref(), off))),
            exchange: Some(exchange),
            is_kept: close.is_none(),
            close,
            segments: own.map(|segments| segments.later_by(ACCEPTED)),
            ..Transfer::default()
        },
    )
}

/// The places of steps in the story, by the end of their names: the first must come before the second.
const CAUSES: &[(&str, &str)] = &[
    ("client-connect-1", "server-syn"),
    ("server-syn", "server-syn-ack"),
    ("server-syn-ack", "server-ack"),
    ("server-ack", "server-accept"),
    ("client-1-request", "server-1-request"),
    ("server-1-request", "server-1-sent"),
    ("server-1-sent", "client-1-first"),
    ("client-1-first", "client-1-interim-1"),
    ("client-1-interim-1", "client-1-head"),
    ("server-server-end", "client-server-end"),
];

fn check(transfer: &Transfer, steps: &[Step]) -> Result<(), TestCaseError> {
    let times: Vec<Nanoseconds> = steps.iter().filter_map(|step| step.at.value().copied()).collect();
    prop_assert!(times.is_sorted(), "a: {times:?}");
    let place = |id: &str| steps.iter().position(|step| step.id == id && step.kind != Kind::Note);
    for (cause, effect) in CAUSES {
        if let (Some(cause_at), Some(effect_at)) = (place(cause), place(effect)) {
            prop_assert!(cause_at < effect_at, "b: {effect} stands before {cause}");
        }
    }
    let has_arrived = transfer.exchange.as_ref().is_some_and(|exchange| exchange.stages.arrived.value().is_some());
    let is_captured =
        transfer.segments.is_some() || transfer.server.as_ref().is_some_and(|record| record.segments.is_some());
    if let (true, false, Some(first), Some(ack)) =
        (has_arrived, is_captured, place("client-1-first"), place("server-1-ack"))
    {
        prop_assert!(first < ack, "b: acknowledged before it arrived");
    }
    if place("server-syn-ack").is_some() {
        let open = steps.iter().rposition(|step| step.id.starts_with("client-open-"));
        prop_assert!(place("server-syn-ack") < open, "b: open before its SYN+ACK");
    }
    for step in steps {
        let is_drawn = matches!(step.kind, Kind::Arrow | Kind::Wait);
        prop_assert!(!is_drawn || step.known != Known::NotVisible, "c: {step:?}");
        prop_assert!(step.kind != Kind::Event || step.at.value().is_some(), "c: {step:?}");
        let is_filled = !step.title.contains('{') && !step.id.is_empty();
        prop_assert!(is_filled);
    }
    let exchange = transfer.exchange.as_ref().expect("there is one");
    let interim = steps.iter().filter(|step| step.title.contains("103 Early Hints")).count();
    prop_assert_eq!(interim, exchange.interim_heads.len());
    let is_acknowledged = exchange.stages.acknowledged.value().is_some();
    let all = steps.iter().any(|step| step.id.ends_with("1-ack") && step.title == "the server's TCP has all of it");
    prop_assert!(!all || is_acknowledged, "d");
    // A cause is said where a fact says it.
    let again = transfer.connect.iter().flat_map(|connect| &connect.attempts);
    let is_again = again.filter(|attempt| attempt.outcome == ConnectOutcome::Connected);
    let is_again = is_again.filter_map(|attempt| attempt.syn_again.value()).any(|again| *again > 0);
    let shown = steps.iter().any(|step| step.title.contains("SYN was sent again"));
    prop_assert!(!shown || is_again, "f");
    Ok(())
}

/// The client's end is drawn as a FIN only where that is known to have left.
#[test]
fn a_client_s_fin_behind_unsent_bytes_is_a_call() {
    let known = close().new_tree(&mut TestRunner::deterministic()).expect("a value").current();
    for client_end in
        [Figure::measured(500 * MS, Source::ClockBeforeShutdown), Figure::derived(500 * MS, Source::CloseEnds)]
    {
        for (client_fin, is_arrow) in [
            (Figure::derived(500 * MS, Source::NothingUnsent), true),
            (Figure::not_visible(Why::BytesUnsent), false),
            (Figure::not_visible(Why::CloseUnseen), false),
        ] {
            let close = ClientClose { how: How::Fin, client_end: client_end.clone(), client_fin, ..known.clone() };
            let transfer = Transfer { close: Some(close), ..Transfer::default() };
            let steps = of_transfer(&transfer, &run(), Language::English);
            let has = |kind: Kind| {
                steps.iter().any(|step| {
                    step.kind == kind && step.id.starts_with("client-") && step.title.contains("the client clos")
                })
            };
            assert_eq!((has(Kind::Arrow), has(Kind::Event)), (is_arrow, !is_arrow), "{steps:#?}");
        }
    }
}

/// A reset behind a FIN has its own moment and its own cause, and what was dropped is counted.
#[test]
fn a_close_behind_a_shutdown_is_a_reset_where_bytes_were_unread() {
    let known = close().new_tree(&mut TestRunner::deterministic()).expect("a value").current();
    let close = ClientClose {
        at: 600 * MS,
        how: How::ResetByClient,
        first: Figure::derived(End::Client, Source::StateBeforeShutdown),
        client_end: Figure::measured(400 * MS, Source::ClockBeforeShutdown),
        client_fin: Figure::derived(400 * MS, Source::NothingUnsent),
        left_by: Figure::measured(400 * MS, Source::ClockAfterShutdown),
        client_reset: Figure::derived(590 * MS, Source::UnreadAtClose),
        surplus: 4096,
        ..known
    };
    let transfer = Transfer { close: Some(close), ..Transfer::default() };
    let steps = of_transfer(&transfer, &run(), Language::English);
    let at = |words: &str| {
        let step = steps.iter().find(|step| step.title.contains(words));
        step.unwrap_or_else(|| panic!("{words}: {steps:#?}")).at.value().copied()
    };
    assert_eq!(at("closed its sending side, ~first"), Some(400 * MS));
    assert_eq!(at("reset it: it closed with bytes unread"), Some(590 * MS));
    assert_eq!(steps.iter().filter(|step| step.title.contains("first")).count(), 1, "{steps:#?}");
    at("read and dropped, as part of no response: 4,096 bytes");
}

fn has_close(transfer: &Transfer) -> bool {
    transfer.server.as_ref().is_some_and(|record| record.close.is_some())
}

proptest! {
    #[test]
    fn of_a_client_s_record_and_of_both_joined(transfer in transfer()) {
        check(&transfer, &of_transfer(&transfer, &run(), Language::English))?;
        let korean = of_transfer(&transfer, &run(), Language::Korean);
        check(&transfer, &korean)?;
        let has_korean = |text: &str| text.is_empty() || text.chars().any(|letter| ('가'..='힣').contains(&letter));
        for step in &korean {
            prop_assert!(has_korean(&step.sentence) && has_korean(&step.how), "h: {step:?}");
        }
    }

    /// What `fetch --json` wrote is shown by `show` as it was at first.
    #[test]
    fn a_saved_run_has_the_same_steps(transfer in transfer()) {
        let saved = serde_json::to_string(&FetchRecord { transfers: vec![transfer.clone()], ..run() }).expect("JSON");
        let read: FetchRecord = serde_json::from_str(&saved).expect("it can be read again");
        for language in Language::ALL {
            let [at_first, again] = [&transfer, &read.transfers[0]].map(|one| of_transfer(one, &run(), language));
            let [at_first, again] = [at_first, again].map(|steps| serde_json::to_value(steps).expect("JSON"));
            prop_assert_eq!(at_first, again);
        }
    }

    /// What the client captured are the segments of both halves: each is drawn once, as seen by the client.
    #[test]
    fn the_client_s_segments_are_those_of_both(transfer in transfer()) {
        let list = transfer.segments.as_ref().map_or(&[][..], |segments| &segments.list);
        let steps = of_transfer(&transfer, &run(), Language::English);
        let is_joined = steps.iter().any(|step| step.id.starts_with("client-1-"));
        if transfer.segments.is_some() {
            let mut drawn: Vec<usize> =
                steps.iter().filter_map(|step| step.segment.as_ref()).map(|segment| segment.index).collect();
            drawn.sort_unstable();
            // A handshake that the client did not make then is none of this transfer's.
            let is_new = transfer.connect.is_some();
            prop_assert!(!is_new || drawn == (0..list.len()).collect::<Vec<_>>(), "{drawn:?} of {}", list.len());
            prop_assert!(steps.iter().all(|step| step.segment.is_none() || step.seen_by == End::Client));
            let arrows = steps.iter().filter(|step| step.kind == Kind::Arrow && step.segment.is_none());
            for step in arrows {
                let is_end = ["-fin", "-reset", "-end"].iter().any(|end| step.id.ends_with(end));
                let is_of_handshake = matches!(step.id.as_str(), "server-syn" | "server-syn-ack" | "server-ack");
                prop_assert!(is_end || is_of_handshake, "drawn, and not seen: {step:?}");
            }
            let heading = steps.iter().find(|step| step.id == "server-segments");
            prop_assert!(heading.is_none_or(|step| step.title.ends_with("captured by the client")));
            prop_assert!(!is_joined || transfer.close.is_none() || heading.is_some() || !has_close(&transfer));
        }
    }

    /// Where by the times of the halves an effect would precede its cause they are not joined, and that is said.
    #[test]
    fn halves_of_two_clocks_are_told_apart(transfer in transfer()) {
        let steps = of_transfer(&transfer, &run(), Language::English);
        let is_apart = steps.iter().any(|step| step.id == "clocks");
        let is_joined = steps.iter().any(|step| step.id.starts_with("client-1-"));
        prop_assert!(!(is_apart && is_joined));
        let has_half = transfer.server.as_ref().is_some_and(|record| !record.exchanges.is_empty());
        prop_assert_eq!(is_apart || is_joined, has_half);
    }
}
