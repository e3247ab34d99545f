//! A connection that was refused: by what, as far as that was seen.

use super::transfers::{attempt, run};
use super::{Kind, MS};
use crate::language::Language;
use crate::record::segment::{FirstSeen, Segments};
use crate::record::transfer::{Connect, ConnectOutcome, Ends, Transfer};
use crate::record::{Figure, Why};
use crate::story::steps::{Step, of_transfer};

/// A SYN, and the reset that came back.
fn segments() -> Segments {
    let segment = |segment| serde_json::from_value(segment).expect("a segment");
    let syn = serde_json::json!({"at": MS, "from": "client", "flags": "SYN", "sequence": 7, "relative_sequence": 0,
        "length": 0, "window": 1, "ttl": 64});
    let reset = serde_json::json!({"at": 2 * MS, "from": "server", "flags": "RST+ACK", "sequence": 0,
        "relative_sequence": 0, "relative_acknowledgment": 1, "length": 0, "window": 0, "ttl": 64});
    let moments = FirstSeen { server_reset: Some(2 * MS), ..FirstSeen::default() };
    Segments { list: vec![segment(syn), segment(reset)], moments, ..Segments::default() }
}

fn steps(outcome: ConnectOutcome, segments: Option<Segments>, language: Language) -> Vec<Step> {
    let attempt = attempt(MS, 2 * MS, outcome, Some(0));
    let is_made = attempt.outcome == ConnectOutcome::Connected;
    let ends = attempt.client.filter(|_| is_made).map(|client| Ends { client, server: attempt.server });
    let connect = Connect {
        attempts: vec![attempt],
        rtt: Figure::not_visible(Why::NoConnection),
        negotiated: Figure::not_visible(Why::NoConnection),
    };
    let transfer = Transfer { connect: Some(connect), ends, segments, ..Transfer::default() };
    of_transfer(&transfer, &run(), language)
}

fn titles(steps: &[Step]) -> String {
    steps.iter().map(|step| format!("{}\n", step.title)).collect()
}

#[test]
fn a_reset_that_responds_to_a_syn_refuses_a_connection_that_never_was() {
    for (language, refuses, by, resets) in [
        (Language::English, "the server refused the connection", ", by a reset:", "reset the connection"),
        (Language::Korean, "서버가 연결을 거부함", "RST로 거부됨", "연결을 리셋함"),
    ] {
        let seen = steps(ConnectOutcome::Refused, Some(segments()), language);
        let said = titles(&seen);
        assert!(said.contains(refuses) && said.contains(by) && !said.contains(resets), "{said}");
        assert!(seen.iter().any(|step| step.kind == Kind::Arrow && step.label == "RST"), "{seen:#?}");
        let made = titles(&steps(ConnectOutcome::Connected, Some(segments()), language));
        assert!(made.contains(resets) && !made.contains(refuses), "{made}");
    }
}

#[test]
fn a_refusal_that_nobody_saw_came_by_a_reset_or_by_icmp() {
    let unseen = titles(&steps(ConnectOutcome::Refused, None, Language::English));
    assert!(unseen.contains(", by a reset or ICMP:"), "{unseen}");
    let syn_alone = Segments { list: segments().list[..1].to_vec(), ..Segments::default() };
    let other = titles(&steps(ConnectOutcome::Refused, Some(syn_alone), Language::English));
    assert!(other.contains(", by a reset or ICMP:"), "{other}");
}

#[test]
fn a_connect_that_ctrl_c_ended_is_no_timeout() {
    let said = titles(&steps(ConnectOutcome::Interrupted, None, Language::English));
    assert!(said.contains("by Ctrl-C after 2 ms; nothing had come back"), "{said}");
    let said = titles(&steps(ConnectOutcome::Interrupted, None, Language::Korean));
    assert!(said.contains("Ctrl-C"), "{said}");
}
