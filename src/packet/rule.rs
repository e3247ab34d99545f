//! What a simulated link does to which packets, as people write it:
//!
//! ```text
//!   50ms 1m            delay 50 ms, rate 1 Mbit/s
//!   >syn:1 drop        the client's first SYN is lost
//!   <data:1,3 hold=5ms the server's first and third segments with data are late
//!   >any:10- damage    from the client's tenth packet on, one bit is turned
//!   clean              nothing is done to any packet: the rules before it are gone
//! ```

use super::Direction;
use super::segment::{Packet, Transport};
use serde::Deserialize;
use std::fmt;
use std::time::Duration;

/// The word for a link without rules.
const CLEAN: &str = "clean";
/// Rules for one link, at most.
const MOST_RULES: usize = 64;
/// The longest delay, hold and cut.
const LONGEST: Duration = Duration::from_secs(60);
/// The lowest and highest rate, in bits per second.
const RATES: std::ops::RangeInclusive<u64> = 1_000..=100_000_000_000;

/// A link as it is asked for: how slow it is, and what it does to which packets.
///
/// Exhaustive on purpose: who asks for a link says all of it, or takes the rest from its default.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Conditions {
    /// How long each packet travels.
    pub delay: Duration,
    /// Bits per second; `None`: as fast as they come.
    pub rate: Option<u64>,
    /// Applied in order: all that match.
    pub rules: Vec<Rule>,
}

/// What is done to which packets.
///
/// Exhaustive on purpose: who makes a rule says all of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    /// The packets' way.
    pub direction: Direction,
    /// The packets' kind.
    pub kind: Kind,
    /// Which of them, counted from 1; empty: all.
    pub which: Vec<(u64, u64)>,
    /// What is done.
    pub action: Action,
}

/// A kind of packet; one packet may be of several.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Kind {
    /// A TCP segment with SYN, ACK or not.
    Syn,
    /// A TCP segment that only acknowledges.
    Ack,
    /// A TCP segment with data.
    Data,
    /// A TCP segment with FIN.
    Fin,
    /// A TCP segment with RST.
    Rst,
    /// A UDP datagram, or a part of one.
    Udp,
    /// Any IP packet.
    Any,
}

impl Kind {
    /// All of them, with their names.
    pub const ALL: [(Self, &'static str); 7] = [
        (Self::Syn, "syn"),
        (Self::Ack, "ack"),
        (Self::Data, "data"),
        (Self::Fin, "fin"),
        (Self::Rst, "rst"),
        (Self::Udp, "udp"),
        (Self::Any, "any"),
    ];

    /// Whether `packet` is of this kind.
    pub fn is(self, packet: &Packet<'_>) -> bool {
        let tcp = packet.tcp();
        match self {
            Self::Syn => tcp.is_some_and(|tcp| tcp.flags.syn),
            Self::Ack => tcp.is_some_and(|tcp| tcp.flags.ack && tcp.span() == 0 && !tcp.flags.rst),
            Self::Data => tcp.is_some_and(|tcp| tcp.length > 0),
            Self::Fin => tcp.is_some_and(|tcp| tcp.flags.fin),
            Self::Rst => tcp.is_some_and(|tcp| tcp.flags.rst),
            // TCP avoids fragments: a later part is a datagram's.
            Self::Udp => matches!(packet.transport, Transport::Udp(_) | Transport::LaterFragment),
            Self::Any => true,
        }
    }
}

/// What a link does to a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Action {
    /// It is lost.
    Drop,
    /// It takes that much longer, and others may overtake it.
    Hold(Duration),
    /// It arrives twice.
    Double,
    /// One bit of it is turned.
    Damage,
    /// It and all that comes within that time, from both ends, is lost.
    Cut(Duration),
}

/// Why a text is not a condition of a link.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Unclear {
    /// The word that is not understood.
    pub word: String,
    /// What it should have been.
    pub expected: Expected,
}

/// What a word should have been.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Expected {
    /// A delay, a rate or a rule.
    Condition,
    /// A kind of packet.
    Kind,
    /// Numbers of packets, from 1.
    Numbers,
    /// An action.
    Action,
    /// An action behind it.
    ActionBehind,
    /// Nothing: there are as many rules as there may be.
    FewerRules,
}

impl fmt::Display for Unclear {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let hint = match self.expected {
            Expected::Condition => "not a delay (50ms), a rate (4m) or a rule (>syn:1 drop)",
            Expected::Kind => "not a kind of packet: syn, ack, data, fin, rst, udp or any",
            Expected::Numbers => "not numbers from 1: 1 or 1,3 or 2-4 or 5-",
            Expected::Action => "not an action: drop, hold=5ms, double, damage or cut=1s",
            Expected::ActionBehind => "its action is missing: drop, hold=5ms, double, damage or cut=1s",
            Expected::FewerRules => "one rule too many: 64 at most",
        };
        write!(f, "'{}': {hint}", self.word)
    }
}

impl std::error::Error for Unclear {}

fn unclear(word: &str, expected: Expected) -> Unclear {
    Unclear { word: word.to_owned(), expected }
}

impl Conditions {
    /// Reads words: a delay, a rate, rules with their actions, in any order. `clean` ends
    /// the rules that stand before it.
    ///
    /// # Errors
    /// With the word that is not understood, and what may stand there.
    pub fn parse(text: &str) -> Result<Self, Unclear> {
        let mut conditions = Self::default();
        conditions.add(text)?;
        Ok(conditions)
    }

    /// Adds what `text` says to what is known.
    ///
    /// # Errors
    /// As [`Conditions::parse`].
    pub fn add(&mut self, text: &str) -> Result<(), Unclear> {
        let mut words = text.split_whitespace();
        while let Some(word) = words.next() {
            if let Some((direction, which)) = directed(word) {
                let action = words.next().ok_or(unclear(word, Expected::ActionBehind))?;
                let rule = rule(direction, which, word, action)?;
                if self.rules.len() >= MOST_RULES {
                    return Err(unclear(word, Expected::FewerRules));
                }
                self.rules.push(rule);
            } else if word == CLEAN {
                self.rules.clear();
            } else if let Some(rate) = rate(word) {
                self.rate = Some(rate);
            } else {
                self.delay = duration(word).ok_or(unclear(word, Expected::Condition))?;
            }
        }
        Ok(())
    }
}

/// In the words that [`Conditions::parse`] reads.
impl fmt::Display for Conditions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}ms", milliseconds(self.delay))?;
        if let Some(bits) = self.rate {
            let bits = bits as f64;
            match bits {
                1e9.. => write!(f, " {}g", bits / 1e9)?,
                1e6.. => write!(f, " {}m", bits / 1e6)?,
                _ => write!(f, " {}k", bits / 1e3)?,
            }
        }
        self.rules.iter().try_for_each(|rule| write!(f, " {rule}"))
    }
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = Kind::ALL.iter().find(|(kind, _)| *kind == self.kind).map_or("", |(_, name)| name);
        write!(f, "{}{kind}", self.direction)?;
        for (place, (from, to)) in self.which.iter().enumerate() {
            f.write_str(if place == 0 { ":" } else { "," })?;
            match *to {
                to if to == *from => write!(f, "{from}")?,
                u64::MAX => write!(f, "{from}-")?,
                to => write!(f, "{from}-{to}")?,
            }
        }
        match self.action {
            Action::Drop => f.write_str(" drop"),
            Action::Hold(time) => write!(f, " hold={}ms", milliseconds(time)),
            Action::Double => f.write_str(" double"),
            Action::Damage => f.write_str(" damage"),
            Action::Cut(time) => write!(f, " cut={}ms", milliseconds(time)),
        }
    }
}

fn milliseconds(time: Duration) -> f64 {
    time.as_nanos() as f64 / 1e6
}

fn directed(word: &str) -> Option<(Direction, &str)> {
    let way = |sign, direction| word.strip_prefix(sign).map(|rest| (direction, rest));
    way('>', Direction::ToServer).or_else(|| way('<', Direction::ToClient))
}

fn rule(direction: Direction, which: &str, word: &str, action: &str) -> Result<Rule, Unclear> {
    let (name, numbers) = which.split_once(':').map_or((which, None), |(name, numbers)| (name, Some(numbers)));
    let kind = Kind::ALL.iter().find(|(_, known)| *known == name).map(|(kind, _)| *kind);
    let kind = kind.ok_or(unclear(word, Expected::Kind))?;
    let which = numbers.map_or(Some(Vec::new()), |numbers| numbers.split(',').map(range).collect());
    let which = which.ok_or(unclear(word, Expected::Numbers))?;
    let (name, time) = action.split_once('=').map_or((action, None), |(name, time)| (name, Some(time)));
    let action = match (name, time.map(duration)) {
        ("drop", None) => Action::Drop,
        ("double", None) => Action::Double,
        ("damage", None) => Action::Damage,
        ("hold", Some(Some(time))) => Action::Hold(time),
        ("cut", Some(Some(time))) => Action::Cut(time),
        _ => return Err(unclear(action, Expected::Action)),
    };
    Ok(Rule { direction, kind, which, action })
}

fn range(text: &str) -> Option<(u64, u64)> {
    let number = |text: &str| text.parse::<u64>().ok().filter(|number| *number > 0);
    match text.split_once('-') {
        None => number(text).map(|number| (number, number)),
        Some((from, "")) => number(from).map(|from| (from, u64::MAX)),
        Some((from, to)) => Some((number(from)?, number(to)?)).filter(|(from, to)| from <= to),
    }
}

/// `5ms`, `1.5s`, `200us`.
fn duration(text: &str) -> Option<Duration> {
    let unit = text.find(|character: char| !character.is_ascii_digit() && character != '.')?;
    let (number, unit) = text.split_at(unit);
    let seconds = match unit {
        "us" | "µs" => 1e-6,
        "ms" => 1e-3,
        "s" => 1.0,
        _ => return None,
    };
    let time = Duration::try_from_secs_f64(number.parse::<f64>().ok()? * seconds).ok()?;
    (time <= LONGEST).then_some(time)
}

/// `4m`, `100k`, `1.5g`: bits per second.
fn rate(text: &str) -> Option<u64> {
    let unit = match text.chars().next_back()? {
        'k' => 1e3,
        'm' => 1e6,
        'g' => 1e9,
        _ => return None,
    };
    let number = text.get(..text.len() - 1)?;
    let is_number = number.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    let bits = number.parse::<f64>().ok().filter(|_| is_number)? * unit;
    Some(bits.round() as u64).filter(|bits| RATES.contains(bits))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_is_said_in_words() {
        let conditions = Conditions::parse("50ms 1m >syn:1 drop <data:1,3 hold=5ms >any:10- damage").expect("clear");
        assert_eq!((conditions.delay, conditions.rate), (Duration::from_millis(50), Some(1_000_000)));
        let rule =
            |direction, kind, which: &[(u64, u64)], action| Rule { direction, kind, which: which.to_vec(), action };
        assert_eq!(
            conditions.rules,
            [
                rule(Direction::ToServer, Kind::Syn, &[(1, 1)], Action::Drop),
                rule(Direction::ToClient, Kind::Data, &[(1, 1), (3, 3)], Action::Hold(Duration::from_millis(5))),
                rule(Direction::ToServer, Kind::Any, &[(10, u64::MAX)], Action::Damage),
            ]
        );
        assert_eq!(Conditions::parse("<fin:2-4 cut=1.5s").expect("clear").rules[0].which, [(2, 4)]);
        assert_eq!(Conditions::parse("200us 1.5g").expect("clear").rate, Some(1_500_000_000));
        assert_eq!(Conditions::parse("").expect("nothing said"), Conditions::default());
        assert_eq!(Conditions::parse("5ms >any drop clean").expect("clear").to_string(), "5ms");
    }

    #[test]
    fn what_is_not_understood_is_named_with_what_may_stand_there() {
        for (text, sentence) in [
            ("fast", "'fast': not a delay (50ms), a rate (4m) or a rule (>syn:1 drop)"),
            ("0.0001k", "'0.0001k': not a delay (50ms), a rate (4m) or a rule (>syn:1 drop)"),
            ("61s", "'61s': not a delay (50ms), a rate (4m) or a rule (>syn:1 drop)"),
            (">syn", "'>syn': its action is missing: drop, hold=5ms, double, damage or cut=1s"),
            (">sin drop", "'>sin': not a kind of packet: syn, ack, data, fin, rst, udp or any"),
            ("<data:0 drop", "'<data:0': not numbers from 1: 1 or 1,3 or 2-4 or 5-"),
            ("<data:3-2 drop", "'<data:3-2': not numbers from 1: 1 or 1,3 or 2-4 or 5-"),
            ("<data: drop", "'<data:': not numbers from 1: 1 or 1,3 or 2-4 or 5-"),
            ("<data hold", "'hold': not an action: drop, hold=5ms, double, damage or cut=1s"),
            ("<data drop=1s", "'drop=1s': not an action: drop, hold=5ms, double, damage or cut=1s"),
        ] {
            assert_eq!(Conditions::parse(text).expect_err(text).to_string(), sentence);
        }
        let many = ">any drop ".repeat(65);
        assert!(Conditions::parse(&many).expect_err("too many").to_string().contains("64 at most"));
    }

    proptest::proptest! {
        #[test]
        fn what_is_written_is_read_as_the_same_link(
            delay in 0u64..60_000_000, rate in proptest::option::of(1_000u64..1_000_000_000),
            kind in 0usize..7, from in 1u64..30, more in 0u64..3, action in 0usize..5, held in 0u64..60_000_000,
        ) {
            let held = Duration::from_micros(held);
            let actions = [Action::Drop, Action::Hold(held), Action::Double, Action::Damage, Action::Cut(held)];
            let which = match more {
                0 => vec![],
                1 => vec![(from, from), (from + 2, u64::MAX)],
                _ => vec![(from, from + more)],
            };
            let rule = Rule { direction: Direction::ToClient, kind: Kind::ALL[kind].0, which, action: actions[action] };
            let link = Conditions { delay: Duration::from_micros(delay), rate, rules: vec![rule.clone(), rule] };
            proptest::prop_assert_eq!(Conditions::parse(&link.to_string()), Ok(link));
        }

        #[test]
        fn no_text_is_a_panic(text in "\\PC{0,40}") {
            let _ = Conditions::parse(&text);
        }
    }
}
