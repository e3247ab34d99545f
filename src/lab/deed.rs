//! What the wire did to a frame, and how that is said.

use crate::language::Language;
use crate::language::sentence::{Text, text};
use crate::packet::link::Fate;
use serde::{Deserialize, Serialize};

/// What a wire can do to a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Deed {
    Dropped,
    /// While the wire was cut.
    Cut,
    Held,
    Doubled,
    Damaged,
    DoubledAndDamaged,
    /// It still waited for a person's decision when all ended.
    Waiting,
}

/// Said of what had neither arrived nor been lost.
pub(super) const UNDER_WAY: Text = text("still under way when it ended", "끝날 때까지 가는 중");

impl Deed {
    /// Whether it never arrives for that.
    pub(super) fn is_loss(self) -> bool {
        matches!(self, Self::Dropped | Self::Cut)
    }

    /// Whether it arrives with a bit turned.
    pub(super) fn is_damage(self) -> bool {
        matches!(self, Self::Damaged | Self::DoubledAndDamaged)
    }

    /// What the wire did, as a sentence.
    pub(super) fn sentence(self, language: Language) -> &'static str {
        match (self, language) {
            (Self::Dropped, Language::English) => "lost by the wire",
            (Self::Dropped, Language::Korean) => "전선에서 잃어버림",
            (Self::Cut, Language::English) => "lost: the wire is cut",
            (Self::Cut, Language::Korean) => "전선이 끊겨 잃어버림",
            (Self::Held, Language::English) => "held back by the wire",
            (Self::Held, Language::Korean) => "전선에서 늦어짐",
            (Self::Doubled, Language::English) => "doubled by the wire",
            (Self::Doubled, Language::Korean) => "전선에서 둘이 됨",
            (Self::Waiting, Language::English) => "still waiting when it ended",
            (Self::Waiting, Language::Korean) => "끝날 때까지 결정을 기다림",
            (Self::Damaged, Language::English) => "one bit turned by the wire",
            (Self::Damaged, Language::Korean) => "전선에서 비트 하나가 바뀜",
            (Self::DoubledAndDamaged, Language::English) => "doubled by the wire, one bit turned in both",
            (Self::DoubledAndDamaged, Language::Korean) => "전선에서 비트 하나가 바뀌고 둘이 됨",
        }
    }

    /// What is said on the arrow, where nothing else in the drawing shows it.
    pub(super) fn note(self, language: Language) -> Option<&'static str> {
        match (self, language) {
            (Self::Damaged, Language::English) => Some("damaged"),
            (Self::Damaged, Language::Korean) => Some("손상됨"),
            (Self::DoubledAndDamaged, Language::English) => Some("damaged, doubled"),
            (Self::DoubledAndDamaged, Language::Korean) => Some("손상됨, 둘이 됨"),
            (Self::Doubled, Language::English) => Some("doubled"),
            (Self::Doubled, Language::Korean) => Some("둘이 됨"),
            _ => None,
        }
    }

    pub(super) fn of(fate: Fate) -> Option<Self> {
        match fate {
            Fate::Waiting => Some(Self::Waiting),
            Fate::Dropped | Fate::NoRoom => Some(Self::Dropped),
            Fate::Cut => Some(Self::Cut),
            Fate::Carried { is_damaged: true, is_doubled: true, .. } => Some(Self::DoubledAndDamaged),
            Fate::Carried { is_damaged: true, .. } => Some(Self::Damaged),
            Fate::Carried { is_doubled: true, .. } => Some(Self::Doubled),
            Fate::Carried { held, .. } => (!held.is_zero()).then_some(Self::Held),
        }
    }
}
