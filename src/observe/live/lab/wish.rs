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
const NUMBERS: RangeInclusive<u8> = 1..=20;
/// How long the wire may be left without a decision, in seconds.
pub const PATIENCE: RangeInclusive<u8> = 1..=60;

/// An experiment, and what is to be different in it.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Wish {
    /// The experiment's name.
    pub name: String,
    /// How long a packet travels, in place of the experiment's own.
    #[serde(default)]
    pub delay_ms: Option<u16>,
    /// What the wire does to which packet, in place of the experiment's own.
    #[serde(default)]
    pub packet: Option<ActedOn>,
    /// TCP as in the books.
    #[serde(default)]
    pub textbook: bool,
    /// How long the wire waits for a decision where a person is the wire, in seconds.
    #[serde(default)]
    pub patience_s: Option<u8>,
}

/// A packet, and what the wire does to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ActedOn {
    /// Its way.
    pub direction: Direction,
    /// Its kind.
    pub kind: Kind,
    /// Which of these, from 1.
    pub number: u8,
    /// What is done.
    pub action: WireAction,
}

/// What the wire may be asked to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
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

/// Why what was sent is no wish.
#[derive(Debug)]
pub enum NoWish {
    /// It is not of this form.
    Form(serde_json::Error),
    /// A number is beyond its bounds.
    Beyond {
        /// Whose number.
        what: &'static str,
        /// The bounds.
        from: u16,
        /// The bounds.
        to: u16,
    },
}

impl NoWish {
    /// The reason, as a sentence.
    pub fn sentence(&self, language: Language) -> String {
        match self {
            Self::Form(error) => say!(
                language,
                "This is no experiment that the lab understands: {}." / "실험실이 알아듣지 못하는 요청입니다: {}.",
                error
            ),
            Self::Beyond { what, from, to } => say!(
                language,
                "{} must be a number from {} to {}." / "{}에는 {}에서 {}까지의 수를 쓰세요.",
                what,
                from,
                to
            ),
        }
    }
}

impl Wish {
    /// Reads a wish.
    ///
    /// # Errors
    /// If it is none.
    pub fn read(json: &[u8]) -> Result<Self, NoWish> {
        let wish: Self = serde_json::from_slice(json).map_err(NoWish::Form)?;
        let wide = |bounds: &RangeInclusive<u8>| u16::from(*bounds.start())..=u16::from(*bounds.end());
        let numbers = [
            ("delay_ms", wish.delay_ms, DELAYS),
            ("packet.number", wish.packet.map(|packet| packet.number.into()), wide(&NUMBERS)),
            ("patience_s", wish.patience_s.map(Into::into), wide(&PATIENCE)),
        ];
        for (what, number, bounds) in numbers {
            if number.is_some_and(|number| !bounds.contains(&number)) {
                return Err(NoWish::Beyond { what, from: *bounds.start(), to: *bounds.end() });
            }
        }
        Ok(wish)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
            r#"{"name":"x","patience_s":61}"#,
            r#"{"name":"x","packet":{"direction":"to_client","kind":"data","number":21,"action":"drop"}}"#,
            r#"{"name":"x","packet":{"direction":"to_client","kind":"data","number":1,"action":"cut=9s"}}"#,
            r#"{"name":"x","packet":{"direction":"up","kind":"data","number":1,"action":"drop"}}"#,
        ] {
            let why = Wish::read(text.as_bytes()).expect_err(text);
            assert!(why.sentence(Language::English).ends_with('.'));
        }
    }
}
