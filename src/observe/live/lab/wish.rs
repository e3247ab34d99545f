//! What the page may ask of the lab: names, enums and numbers within bounds, and nothing else.

use crate::language::Language;
use crate::language::sentence::say;
use crate::packet::Direction;
use crate::packet::rule::Kind;
use serde::Deserialize;
use std::ops::RangeInclusive;

/// How long a packet may be asked to travel, in milliseconds.
const DELAYS: RangeInclusive<u16> = 1..=200;
/// Which packet of a kind may be acted on.
const NUMBERS: RangeInclusive<u16> = 1..=20;
/// How long the wire may be left without a decision, in seconds.
pub const PATIENCE: RangeInclusive<u16> = 1..=60;

/// An experiment, and what is to be different in it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Wish {
    /// The experiment's name.
    pub name: String,
    /// How long a packet travels, in place of the experiment's own.
    pub delay_ms: Option<u16>,
    /// What the wire does to which packet, in place of the experiment's own.
    pub packet: Option<ActedOn>,
    /// TCP as in the books.
    pub textbook: bool,
    /// How long the wire waits for a decision where a person is the wire, in seconds.
    pub patience_s: Option<u16>,
}

/// A packet, and what the wire does to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ActedOn {
    /// Its way.
    pub direction: Direction,
    /// Its kind.
    pub kind: Kind,
    /// Which of these, from 1.
    pub number: u16,
    /// What is done.
    pub action: WireAction,
}

/// What the wire may be asked to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum WireAction {
    /// It is lost.
    Drop,
    /// It comes later than those behind it.
    Hold,
    /// It arrives twice.
    Double,
    /// One bit of it is turned.
    Damage,
}

/// A number of a wish that has bounds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Bounded {
    /// How long a packet travels.
    Delay,
    /// Which packet it is.
    Packet,
    /// How long a decision may take.
    Patience,
}

impl Bounded {
    fn bounds(self) -> RangeInclusive<u16> {
        match self {
            Self::Delay => DELAYS,
            Self::Packet => NUMBERS,
            Self::Patience => PATIENCE,
        }
    }

    /// `number`, where it is whole and within the bounds.
    fn take(self, number: Option<f64>) -> Result<Option<u16>, NoWish> {
        let Some(number) = number else { return Ok(None) };
        let whole = self.bounds().find(|whole| f64::from(*whole) == number);
        whole.map(Some).ok_or(NoWish::Beyond(self))
    }
}

/// Why what was sent is no wish.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum NoWish {
    /// It is not of this form.
    Form,
    /// A number is not one that may stand there.
    Beyond(Bounded),
}

impl NoWish {
    /// The reason, as a sentence.
    pub fn sentence(self, language: Language) -> String {
        let Self::Beyond(which) = self else {
            return say!(
                language,
                "The lab does not understand this order. An order is like {{\"name\":\"handshake\"}}."
                    / "실험실이 알아듣지 못하는 요청입니다. 요청의 예는 {{\"name\":\"handshake\"}}입니다."
            );
        };
        let (from, to) = which.bounds().into_inner();
        match which {
            Bounded::Delay => say!(
                language,
                "The delay is a whole number of milliseconds from {} to {}."
                    / "지연은 {}에서 {}까지의 정수(밀리초)로 쓰세요.",
                from,
                to
            ),
            Bounded::Packet => say!(
                language,
                "Which packet is a whole number from {} to {}." / "몇 번째 패킷인지는 {}에서 {}까지의 정수로 쓰세요.",
                from,
                to
            ),
            Bounded::Patience => say!(
                language,
                "The time for a decision is a whole number of seconds from {} to {}."
                    / "결정을 기다리는 시간은 {}에서 {}까지의 정수(초)로 쓰세요.",
                from,
                to
            ),
        }
    }
}

/// A wish as it is sent: its numbers may be any.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Sent {
    name: String,
    #[serde(default)]
    delay_ms: Option<f64>,
    #[serde(default)]
    packet: Option<SentPacket>,
    #[serde(default)]
    textbook: bool,
    #[serde(default)]
    patience_s: Option<f64>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SentPacket {
    direction: Direction,
    kind: Kind,
    number: f64,
    action: WireAction,
}

impl Wish {
    /// Reads a wish.
    ///
    /// # Errors
    /// If it is none.
    pub fn read(json: &[u8]) -> Result<Self, NoWish> {
        let Sent { name, delay_ms, packet, textbook, patience_s } =
            serde_json::from_slice(json).map_err(|_| NoWish::Form)?;
        let delay_ms = Bounded::Delay.take(delay_ms)?;
        let number = Bounded::Packet.take(packet.as_ref().map(|packet| packet.number))?;
        let packet = packet.zip(number).map(|(SentPacket { direction, kind, action, .. }, number)| ActedOn {
            direction,
            kind,
            number,
            action,
        });
        Ok(Self { name, delay_ms, packet, textbook, patience_s: Bounded::Patience.take(patience_s)? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_beyond_its_bounds_is_named_with_them() {
        let why = Wish::read(br#"{"name":"x","delay_ms":70000}"#).expect_err("too long");
        assert_eq!(why.sentence(Language::English), "The delay is a whole number of milliseconds from 1 to 200.");
        let why = Wish::read(br#"{"name":"x","patience_s":300}"#).expect_err("too long");
        assert_eq!(why.sentence(Language::Korean), "결정을 기다리는 시간은 1에서 60까지의 정수(초)로 쓰세요.");
    }

    #[test]
    fn a_wish_is_names_and_numbers_within_bounds() {
        let text = br#"{"name":"handshake","delay_ms":50,"textbook":true,
            "packet":{"direction":"to_client","kind":"data","number":2,"action":"double"}}"#;
        let wish = Wish::read(text).expect("a wish");
        assert_eq!((wish.name.as_str(), wish.delay_ms, wish.textbook), ("handshake", Some(50), true));
        let packet =
            ActedOn { direction: Direction::ToClient, kind: Kind::Data, number: 2, action: WireAction::Double };
        assert_eq!(wish.packet, Some(packet));
        for text in [
            "",
            "[]",
            r#"{"name":7}"#,
            r#"{"name":"x","command":"ls"}"#,
            r#"{"name":"x","delay_ms":0}"#,
            r#"{"name":"x","delay_ms":201}"#,
            r#"{"name":"x","delay_ms":-1}"#,
            r#"{"name":"x","delay_ms":1.5}"#,
            r#"{"name":"x","delay_ms":1e300}"#,
            r#"{"name":"x","delay_ms":70000}"#,
            r#"{"name":"x","patience_s":61}"#,
            r#"{"name":"x","patience_s":300}"#,
            r#"{"name":"x","packet":{"direction":"to_client","kind":"data","number":21,"action":"drop"}}"#,
            r#"{"name":"x","packet":{"direction":"to_client","kind":"data","number":1,"action":"cut=9s"}}"#,
            r#"{"name":"x","packet":{"direction":"up","kind":"data","number":1,"action":"drop"}}"#,
        ] {
            let why = Wish::read(text.as_bytes()).expect_err(text);
            let said = [Language::English, Language::Korean].map(|language| why.sentence(language));
            let are_of_a_parser =
                |said: &String| ["invalid", "expected", "u16", "line"].iter().any(|word| said.contains(word));
            assert!(!said.iter().any(are_of_a_parser), "{text}: {said:?}");
        }
    }
}
