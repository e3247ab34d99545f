//! What must hold of every story, whatever the traffic: the invariants a to h.

use glasshttp::language::Language;
use glasshttp::record::connection::{HeadState, Record};
use glasshttp::story::steps::{Kind, Known, Step, steps};
use std::collections::BTreeSet;

pub const LANGUAGES: [Language; 2] = [Language::English, Language::Korean];

/// Holds a server's record, and what is told of it in each language, to the invariants.
pub fn check(record: &Record, kind: &str) {
    for language in LANGUAGES {
        let steps = steps(record, language);
        let about = |what: &str| format!("{what}: {kind}, {}, {language:?}: {steps:#?}", record.model);
        check_steps(&steps, language, &about);
        // b: the handshake in its order, and before all that came over it.
        let place = |id: &str| steps.iter().position(|step| step.id == id);
        let handshake = ["syn", "syn-ack", "ack", "accept"].map(place);
        assert!(handshake.iter().all(Option::is_some) && handshake.is_sorted(), "{}", about("b"));
        let ack = steps.iter().find(|step| step.id == "ack").and_then(|step| step.at.value().copied());
        assert!(ack.is_none_or(|ack| ack <= 0), "{}", about("b"));
        let first = record.exchanges.iter().filter_map(|exchange| exchange.stages.arrived.value()).min();
        assert!(ack.zip(first).is_none_or(|(ack, first)| ack <= *first), "{}", about("b"));
        // d: "all of it" only of a whole response; a complete head only where it was.
        for exchange in &record.exchanges {
            let said = |words: &str| {
                steps.iter().any(|step| step.exchange == Some(exchange.number) && step.title.contains(words))
            };
            let all = said("has all of it") || said("TCP가 모두 받음");
            assert!(!all || exchange.is_whole() == Some(true), "{}", about("d"));
            let complete = said("head complete") || said("헤더 끝까지 읽음");
            assert!(!complete || exchange.head == Some(HeadState::Complete), "{}", about("f"));
        }
    }
}

/// What holds of the steps of any record, the client's and joined ones too.
pub fn check_steps(steps: &[Step], language: Language, about: &dyn Fn(&str) -> String) {
    let times: Vec<i64> = steps.iter().filter_map(|step| step.at.value().copied()).collect();
    assert!(times.is_sorted(), "{}", about("a"));
    let mut ids = BTreeSet::new();
    for step in steps {
        let is_drawn = matches!(step.kind, Kind::Arrow | Kind::Wait);
        assert!(!is_drawn || step.known != Known::NotVisible, "{}", about("c"));
        assert!(step.kind != Kind::Event || step.at.value().is_some(), "{}", about("c"));
        // A question may be asked twice, and a referral follows another.
        let is_unique = ids.insert(&step.id) || step.id.ends_with("dns") || step.id.ends_with("referral");
        assert!(is_unique || step.id.ends_with("dropped"), "{} {}", step.id, about("ids"));
        assert!(!step.title.is_empty() || !step.label.is_empty(), "{}", about("words"));
        let is_korean = |text: &str| text.chars().any(|letter| ('가'..='힣').contains(&letter));
        for text in [&step.sentence, &step.how] {
            match language {
                Language::Korean => assert!(text.is_empty() || is_korean(text), "{text} {}", about("h")),
                Language::English => assert!(!is_korean(text), "{text} {}", about("h")),
            }
        }
    }
}
