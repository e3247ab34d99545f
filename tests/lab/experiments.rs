//! Each experiment's facts, and what holds on any wire: nobody acknowledges
//! what has not come, nobody sends beyond a window.

use super::undisturbed;
use serde_json::Value;
use std::collections::HashMap;

/// A fact that is a number.
fn number(facts: &Value, name: &str) -> f64 {
    facts[name].as_f64().unwrap_or_else(|| panic!("{name} is no number in {facts}"))
}

fn numbers(facts: &Value, name: &str) -> Vec<f64> {
    let list = facts[name].as_array().unwrap_or_else(|| panic!("{name} is no list in {facts}"));
    list.iter().filter_map(Value::as_f64).collect()
}

/// Performs an experiment three times, each time with the right choice, and
/// hands its facts to `check`.
fn experiment(name: &str, choice: &str, check: impl Fn(&Value)) {
    for _ in 0..3 {
        let Some(document) = undisturbed(&[name, "--json"]) else { return recorded(name, choice, check) };
        assert_eq!(document["measured"], choice, "{name}: {:#}", document["facts"]);
        assert!(!document["sentences"].as_array().expect("sentences").is_empty(), "{name} explains");
        check(&document["facts"]);
        document["acts"].as_array().expect("acts").iter().for_each(holds_on_any_wire);
    }
}

/// The run that the site shows.
fn recorded(name: &str, choice: &str, check: impl Fn(&Value)) {
    let document = recorded_document(name);
    assert_eq!(document["measured"], choice);
    check(&document["facts"]);
    document["acts"].as_array().expect("acts").iter().for_each(holds_on_any_wire);
}

fn recorded_document(name: &str) -> Value {
    let path = format!("{}/public/lab/{name}.json", env!("CARGO_MANIFEST_DIR"));
    serde_json::from_slice(&std::fs::read(path).expect("a recorded run")).expect("JSON")
}

/// By departure and arrival, over all connections of one act.
fn holds_on_any_wire(act: &Value) {
    /// What one end of a connection has heard: up to where it may send, and what it may acknowledge.
    #[derive(Default)]
    struct Heard {
        edge: i64,
        end: i64,
    }
    let mut events: Vec<(f64, bool, &Value)> = Vec::new();
    for segment in act["segments"].as_array().expect("segments") {
        events.push((segment["sent_ms"].as_f64().expect("sent"), false, segment));
        events.extend(segment["arrived_ms"].as_f64().map(|at| (at, true, segment)));
        if let Some(arrived) = segment["arrived_ms"].as_f64() {
            assert!(arrived > segment["sent_ms"].as_f64().expect("sent"), "{segment}");
        }
        assert_eq!(
            segment["arrived_ms"].is_null(),
            matches!(segment["wire"].as_str(), Some("dropped" | "cut")),
            "lost only by a rule: {segment}"
        );
    }
    events.sort_by(|a, b| a.0.total_cmp(&b.0));
    let mut heard: HashMap<(String, String), Heard> = HashMap::new();
    for (_, is_arrival, segment) in events {
        let Some(sequence) = segment["relative_sequence"].as_i64() else { continue };
        if segment["flags"].as_str().is_some_and(|flags| flags.contains("RST")) {
            continue;
        }
        let (from, to) = (segment["source"].to_string(), segment["destination"].to_string());
        let length = segment["length"].as_i64().expect("length");
        let flags = segment["flags"].as_str().expect("flags");
        let span = length + i64::from(flags.contains("SYN")) + i64::from(flags.contains("FIN"));
        if is_arrival {
            if segment["wire"] == "damaged" {
                continue;
            }
            let ear = heard.entry((to, from)).or_default();
            ear.end = ear.end.max(sequence + span);
            if let (Some(number), Some(window)) =
                (segment["relative_acknowledgment"].as_i64(), segment["window"].as_i64())
            {
                ear.edge = ear.edge.max(number + window);
            }
        } else {
            let mouth = heard.entry((from, to)).or_default();
            if let Some(number) = segment["relative_acknowledgment"].as_i64() {
                assert!(number <= mouth.end, "acknowledges {number}, has {}: {segment}", mouth.end);
            }
            if length > 0 && mouth.edge > 0 {
                assert!(sequence + length <= mouth.edge, "beyond the window {}: {segment}", mouth.edge);
            }
        }
    }
}

#[test]
fn cycle_asks_from_the_root_down_and_takes_sixteen_packets() {
    experiment("cycle", "c", |facts| {
        assert_eq!(facts["fetched"], true);
        assert_eq!(number(facts, "questions"), number(facts, "responses"));
        let order = facts["asked_in_order"].as_str().expect("an order");
        assert!(order.starts_with("root, .kr, lab.kr"), "{order}");
        assert!((14.0..=18.0).contains(&number(facts, "packets")), "{facts}");
        assert_eq!(facts["fin_rides_on_the_response"], true);
    });
}

#[test]
fn ports_differ_at_the_client_alone() {
    experiment("ports", "b", |facts| {
        assert_eq!(numbers(facts, "server_ports"), [8080.0, 8080.0]);
        let clients = numbers(facts, "client_ports");
        assert_ne!(clients[0], clients[1]);
        assert_eq!(facts["port_on_the_wire"], "1f 90");
        assert_eq!(facts["udp_binds_the_same_number"], true);
    });
}

#[test]
fn handshake_numbers_its_syns_and_needs_no_third_segment() {
    experiment("handshake", "b", |facts| {
        assert_eq!(number(facts, "numbers_taken_by_syn"), 1.0);
        assert_eq!(facts["request_has_the_number_of_the_third"], true);
        assert!(facts["shape"].as_str().expect("a shape").starts_with(">SYN <SYN+ACK >ACK >D18"), "{facts}");
        assert_eq!((&facts["third_was_lost"], &facts["it_was_sent_again"]), (&true.into(), &false.into()));
        assert_eq!(facts["response_came"], true);
    });
}

#[test]
fn queue_completes_connections_before_accept_and_drops_when_full() {
    experiment("queue", "b", |facts| {
        assert!((18.0..400.0).contains(&number(facts, "connect_took_ms")), "{facts}");
        assert!(number(facts, "accept_returned_after_ms") >= 900.0, "{facts}");
        assert_eq!(facts["established_before_accept"], true);
        assert_eq!(number(facts, "clients_that_asked_again"), 2.0);
        assert!((900.0..4200.0).contains(&number(facts, "asked_again_after_ms")), "{facts}");
        assert_eq!(number(facts, "resets"), 0.0);
    });
}

#[test]
fn nobody_there_is_refused_by_a_reset_or_waits() {
    experiment("nobody-there", "b", |facts| {
        assert_eq!(number(facts, "resets"), 1.0);
        assert_eq!(facts["closed_port"], "connect() ECONNREFUSED");
        let syns = numbers(facts, "syns_at_ms");
        assert!(syns.len() >= 2 && syns[1] >= 900.0, "{facts}");
        assert_eq!(facts["silence"], "connect() ETIMEDOUT");
    });
}

#[test]
fn numbers_count_bytes_and_a_lost_ack_costs_nothing() {
    experiment("numbers", "b", |facts| {
        assert_eq!(numbers(facts, "data_begins_at"), [1.0, 101.0]);
        assert!(numbers(facts, "acknowledged").contains(&201.0), "{facts}");
        assert_eq!(numbers(facts, "acknowledged").last(), Some(&202.0));
        assert_eq!((&facts["an_ack_was_lost"], &facts["data_was_sent_again"]), (&true.into(), &false.into()));
    });
}

#[test]
fn boundaries_are_made_by_whoever_reads() {
    experiment("boundaries", "c", |facts| {
        assert_eq!(numbers(facts, "read_late"), [11.0]);
        assert_eq!(numbers(facts, "read_in_small_pieces"), [4.0, 4.0, 3.0]);
    });
}

#[test]
fn window_closes_is_asked_about_and_never_passed() {
    experiment("window", "b", |facts| {
        assert_eq!(facts["window_closed"], true);
        assert_eq!(number(facts, "bytes_beyond_the_window"), 0.0);
        assert!(number(facts, "bytes_that_left_before") < 20_000.0);
        assert!(number(facts, "probes") >= 2.0, "{facts}");
        let gaps = numbers(facts, "gaps_between_probes_ms");
        assert!(gaps.windows(2).all(|pair| pair[1] >= pair[0] * 1.5), "{facts}");
        assert_eq!(number(facts, "bytes_read"), 20_000.0);
    });
}

#[test]
fn lost_request_waits_for_the_clients_timer() {
    experiment("lost-request", "b", |facts| {
        assert!(number(facts, "again_after_ms") >= 190.0, "{facts}");
        assert_eq!(numbers(facts, "gaps_ms").len(), 4);
        assert!((1.7..2.4).contains(&number(facts, "last_gap_to_the_one_before")), "{facts}");
    });
}

#[test]
fn lost_segment_is_reported_by_acks_and_read_in_order() {
    experiment("lost-segment", "b", |facts| {
        assert!((19.0..120.0).contains(&number(facts, "again_after_ms")), "{facts}");
        assert!(number(facts, "acks_for_the_same_number") >= 3.0);
        assert_eq!(facts["acks_name_what_came"], true);
        assert_eq!(facts["nothing_read_before"], true);
    });
}

#[test]
fn lost_segment_as_in_the_books_waits_for_the_third_duplicate() {
    let Some(document) = undisturbed(&["lost-segment", "--json", "--textbook"]) else { return };
    assert_eq!(document["textbook"], true);
    assert_eq!(document["facts"]["acks_name_what_came"], false, "{:#}", document["facts"]);
    let segments = document["acts"][0]["segments"].as_array().expect("segments");
    let again =
        segments.iter().find(|one| one["again"] == true && one["length"].as_u64() > Some(0)).expect("sent again");
    let lost = segments.iter().find(|one| one["arrived_ms"].is_null()).expect("lost");
    let duplicates = segments.iter().filter(|one| {
        one["relative_acknowledgment"] == lost["relative_sequence"]
            && one["length"] == 0
            && one["facts"].to_string().contains("duplicate_ack")
            && one["arrived_ms"].as_f64() <= again["sent_ms"].as_f64()
    });
    // The third makes the sender act (RFC 5681 §3.2); a fourth may be there by then.
    assert!((3..=4).contains(&duplicates.count()), "{segments:#?}");
    assert_eq!(segments[0]["mss"], 1460);
}

#[test]
fn late_twice_damaged_gives_the_same_bytes() {
    experiment("late-twice-damaged", "b", |facts| {
        for what in ["overtaken", "doubled", "damaged"] {
            assert_eq!(facts[format!("{what}_gives_the_same_bytes")], true, "{facts}");
        }
        assert!(number(facts, "d_sack_after_doubling") >= 1.0, "{facts}");
        assert_eq!(number(facts, "damaged_seen_by_kernel"), 1.0, "{facts}");
        assert!(number(facts, "sent_again_after_damage") >= 1.0, "{facts}");
    });
}

#[test]
fn slow_start_begins_with_ten_and_doubles() {
    experiment("slow-start", "b", |facts| {
        assert!(numbers(facts, "flights").starts_with(&[10.0, 20.0, 40.0]), "{facts}");
    });
}

#[test]
fn nagle_and_the_delayed_ack_cost_forty_milliseconds() {
    experiment("nagle", "c", |facts| {
        assert!(number(facts, "median_of_two_writes_ms") >= 35.0, "{facts}");
        assert!(number(facts, "median_with_nodelay_ms") <= 15.0, "{facts}");
    });
}

#[test]
fn close_takes_three_segments_or_four_with_a_pause() {
    experiment("close", "b", |facts| {
        assert_eq!(number(facts, "segments_of_the_close"), 3.0);
        assert_eq!(number(facts, "segments_with_a_pause"), 4.0);
        assert_eq!((&facts["time_wait_at_server"], &facts["time_wait_at_client"]), (&true.into(), &false.into()));
    });
}

#[test]
fn last_ack_is_repeated_by_the_kernel_in_time_wait() {
    experiment("last-ack", "b", |facts| {
        assert_eq!((&facts["the_lost_one_was_the_last_ack"], &facts["answered"]), (&true.into(), &true.into()));
        assert!(number(facts, "fin_again_after_ms") >= 180.0, "{facts}");
        assert_eq!((&facts["server_state"], &facts["client_state"]), (&"TIME_WAIT".into(), &"LAST_ACK".into()));
        assert_eq!(
            (&facts["bind_again"], &facts["bind_again_with_so_reuseaddr"]),
            (&"EADDRINUSE".into(), &"ok".into())
        );
    });
}

#[test]
fn half_close_hears_the_thanks_and_close_resets_them() {
    experiment("half-close", "b", |facts| {
        assert_eq!(facts["thanks_read"], "Thank you!");
        assert_eq!(facts["close_was_answered_by_a_reset"], true);
        assert_eq!(facts["sends_after_a_close"], "9, EPIPE");
    });
}

#[test]
fn reset_comes_three_ways() {
    experiment("reset", "b", |facts| {
        assert_eq!(facts["reads_of_an_unread_close"], "32, ECONNRESET");
        assert_eq!(
            (&facts["late_reads_after_the_reset"], &facts["large_reads_after_the_reset"]),
            (&true.into(), &true.into())
        );
        assert_eq!(facts["late_reads"], "32, ECONNRESET");
        assert_eq!(number(facts, "large_handed_over"), 20_000.0);
        assert_eq!(number(facts, "large_read"), number(facts, "large_left"));
        assert!(number(facts, "large_left") < 20_000.0, "{facts}");
        assert_eq!(facts["sends_to_a_closed_end"], "3, 4, EPIPE");
        assert_eq!(facts["reads_after_an_abort"], "3, ECONNRESET");
        assert_eq!((number(facts, "resets_of_an_abort"), number(facts, "fins_of_an_abort")), (1.0, 0.0));
    });
}

#[test]
fn keep_alive_saves_four_handshakes() {
    experiment("keep-alive", "b", |facts| {
        assert_eq!((number(facts, "handshakes_of_five"), number(facts, "handshakes_of_one")), (5.0, 1.0));
        assert!(number(facts, "segments_of_one") * 2.0 <= number(facts, "segments_of_five"), "{facts}");
        let (saved, handshakes) = (
            number(facts, "time_of_five_ms") - number(facts, "time_of_one_ms"),
            number(facts, "further_handshakes_took_ms"),
        );
        assert!(handshakes >= 80.0, "four round trips of 20 ms: {facts}");
        assert!((0.75..2.0).contains(&(saved / handshakes)), "{facts}");
    });
}

#[test]
fn many_wait_for_a_silent_one_in_the_iterative_model_alone() {
    experiment("many", "a", |facts| {
        assert!(number(facts, "iterative_waited_ms") >= 800.0, "{facts}");
        for model in ["process", "thread", "multiplex"] {
            assert!(number(facts, &format!("{model}_waited_ms")) < 400.0, "{facts}");
        }
    });
}

#[test]
fn many_clients_fins_leave_when_they_close_under_every_model() {
    let document = undisturbed(&["many", "--json"]).unwrap_or_else(|| recorded_document("many"));
    for (act, model) in
        document["acts"].as_array().expect("acts").iter().zip(["iterative", "process", "thread", "multiplex"])
    {
        let all = |what: &str| act[what].as_array().expect("a list").iter();
        let closed: Vec<f64> = all("calls")
            .filter(|call| call["call"] == "close()" || call["call"] == "the silent one ends")
            .filter_map(|call| call["at_ms"].as_f64())
            .collect();
        let fins: Vec<f64> = all("segments")
            .filter(|one| one["destination"].as_str().is_some_and(|to| to.ends_with(":80")))
            .filter(|one| one["flags"].as_str().is_some_and(|flags| flags.contains("FIN")) && one["again"] == false)
            .filter_map(|one| one["sent_ms"].as_f64())
            .collect();
        assert_eq!((closed.len(), fins.len()), (3, 3), "{model}");
        for (closed, fin) in closed.iter().zip(&fins) {
            // A copy in a child of the server would hold it back until the child is told to end, 250 ms later.
            assert!((0.0..100.0).contains(&(fin - closed)), "{model}: close() at {closed} ms, FIN at {fin} ms");
        }
    }
}

#[test]
fn udp_keeps_borders_and_promises_nothing() {
    experiment("udp", "c", |facts| {
        assert_eq!(numbers(facts, "received"), [3.0, 7.0]);
        assert_eq!(number(facts, "said_by_the_other_end"), 0.0);
        assert_eq!(number(facts, "pieces"), 3.0);
        assert!(numbers(facts, "received_of_pieces").is_empty());
        assert_eq!(
            (&facts["second_send_unconnected"], &facts["second_send_connected"]),
            (&"ok".into(), &"ECONNREFUSED".into())
        );
    });
}
