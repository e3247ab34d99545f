//! A wire in words: how long a packet travels, how fast, and what is done to which.

use crate::language::Language;
use crate::language::sentence::{Sentence, both};
use crate::packet::Direction;
use crate::packet::rule::{Action, Conditions, Kind, Rule};
use serde::Serialize;
use std::time::Duration;

/// A wire, as the page draws it.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Setting {
    delay_ms: f64,
    /// `4 Mbit/s`; none: as fast as they come.
    rate: Option<String>,
    rules: Vec<RuleInWords>,
}

#[derive(Clone, Debug, Serialize)]
struct RuleInWords {
    direction: Direction,
    sentence: String,
}

impl Setting {
    pub(super) fn of(conditions: &Conditions, language: Language) -> Self {
        let rules = conditions.rules.iter();
        let said =
            |rule: &Rule| RuleInWords { direction: rule.direction, sentence: words(rule).of(language).to_owned() };
        Self { delay_ms: ms(conditions.delay), rate: conditions.rate.map(rate), rules: rules.map(said).collect() }
    }
}

/// What a wire is told to do, in one line. Whether it had to is another matter.
pub(super) fn rules_in_words(conditions: &Conditions) -> Sentence {
    let all: Vec<Sentence> = conditions.rules.iter().map(words).collect();
    let [en, ko] = [Language::English, Language::Korean]
        .map(|language| all.iter().map(|rule| rule.of(language)).collect::<Vec<_>>().join("; "));
    match all.len() {
        0 => both!("No rules", "규칙 없음"),
        1 => both!("Rule: {en}", "규칙: {ko}"),
        _ => both!("Rules: {en}", "규칙: {ko}"),
    }
}

/// `4 Mbit/s`
fn rate(bits: u64) -> String {
    let bits = bits as f64;
    match bits {
        1e9.. => format!("{} Gbit/s", bits / 1e9),
        1e6.. => format!("{} Mbit/s", bits / 1e6),
        _ => format!("{} kbit/s", bits / 1e3),
    }
}

fn ms(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}

/// What a rule does to which packets: `the server's 1st segment with data is lost`.
pub(super) fn words(rule: &Rule) -> Sentence {
    let (whose, of) = match rule.direction {
        Direction::ToServer => ("the client's", "클라이언트의"),
        Direction::ToClient => ("the server's", "서버의"),
    };
    let (one, several, noun) = match rule.kind {
        Kind::Syn => ("SYN", "SYNs", "SYN을"),
        Kind::Ack => ("pure ACK", "pure ACKs", "순수한 ACK를"),
        Kind::Data => ("segment with data", "segments with data", "데이터 세그먼트를"),
        Kind::Fin => ("FIN", "FINs", "FIN을"),
        Kind::Rst => ("RST", "RSTs", "RST를"),
        Kind::Udp => ("UDP datagram", "UDP datagrams", "UDP 데이터그램을"),
        Kind::Any => ("packet", "packets", "패킷을"),
    };
    let bare = noun.trim_end_matches(['을', '를']);
    let (which, number) = numbers(&rule.which);
    let is_one = matches!(rule.which[..], [(from, to)] if from == to);
    let (them, is) = match (is_one, which.is_empty()) {
        (true, _) => (format!("{whose} {which} {one}"), "is"),
        (false, true) => (format!("all of {whose} {several}"), "are"),
        (false, false) => (format!("{whose} {which} {several}"), "are"),
    };
    match rule.action {
        Action::Drop => both!("{them} {is} lost", "{of} {number} {noun} 잃습니다"),
        Action::Hold(time) => {
            let time = ms(time);
            both!("{them} {is} held back {time} ms", "{of} {number} {noun} {time} ms 늦춥니다")
        }
        Action::Double => {
            let arrive = if is_one { "arrives" } else { "arrive" };
            both!("{them} {arrive} twice", "{of} {number} {noun} 두 번 전합니다")
        }
        Action::Damage => both!("one bit of {them} is turned", "{of} {number} {bare}의 비트 하나를 바꿉니다"),
        Action::Cut(time) => {
            let time = ms(time);
            both!("from {them} on all is lost for {time} ms", "{of} {number} {bare}부터 {time} ms 동안 모두 잃습니다")
        }
    }
}

/// Which packets of a kind: `1st, 2nd and 4th`, and the same in Korean.
fn numbers(which: &[(u64, u64)]) -> (String, String) {
    let english = |&(from, to): &(u64, u64)| match to {
        to if to == from => ordinal(from),
        u64::MAX => format!("{} and later", ordinal(from)),
        to => format!("{} to {}", ordinal(from), ordinal(to)),
    };
    let korean = |&(from, to): &(u64, u64)| match to {
        to if to == from => korean_ordinal(from),
        u64::MAX => format!("{}부터의", korean_ordinal(from)),
        to => format!("{from}~{to}번째"),
    };
    let Some((last, before)) = which.split_last() else { return (String::new(), "모든".to_owned()) };
    let before: Vec<String> = before.iter().map(english).collect();
    let english = match before.is_empty() {
        true => english(last),
        false => format!("{} and {}", before.join(", "), english(last)),
    };
    (english, which.iter().map(korean).collect::<Vec<_>>().join(", "))
}

fn korean_ordinal(number: u64) -> String {
    match number {
        1 => "첫 번째".to_owned(),
        2 => "두 번째".to_owned(),
        3 => "세 번째".to_owned(),
        4 => "네 번째".to_owned(),
        _ => format!("{number}번째"),
    }
}

fn ordinal(number: u64) -> String {
    let ending = match (number % 10, number % 100) {
        (_, 11..=13) => "th",
        (1, _) => "st",
        (2, _) => "nd",
        (3, _) => "rd",
        _ => "th",
    };
    format!("{number}{ending}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rule_is_said_as_people_say_it() {
        for (rule, en, ko) in [
            (">syn:1 drop", "the client's 1st SYN is lost", "클라이언트의 첫 번째 SYN을 잃습니다"),
            (
                "<data:2,3 hold=5ms",
                "the server's 2nd and 3rd segments with data are held back 5 ms",
                "서버의 두 번째, 세 번째 데이터 세그먼트를 5 ms 늦춥니다",
            ),
            (
                "<data:1 damage",
                "one bit of the server's 1st segment with data is turned",
                "서버의 첫 번째 데이터 세그먼트의 비트 하나를 바꿉니다",
            ),
            (">any drop", "all of the client's packets are lost", "클라이언트의 모든 패킷을 잃습니다"),
        ] {
            let conditions = Conditions::parse(rule).expect("a rule");
            let said = words(&conditions.rules[0]);
            assert_eq!((said.en.as_str(), said.ko.as_str()), (en, ko));
        }
        let said = |wire: &str| rules_in_words(&Conditions::parse(wire).expect("a wire")).en;
        assert_eq!(said("50ms 1.5m"), "No rules");
        assert_eq!(
            said(">syn:1 drop <fin double"),
            "Rules: the client's 1st SYN is lost; all of the server's FINs arrive twice"
        );
    }
}
