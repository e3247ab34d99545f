//! What the server asks the launcher to run: a message of a fixed size, in which
//! every byte is a number within bounds. Nothing that was typed is in it.
//!
//! ```text
//!   0 experiment, 255: the wire by hand    6 packet: 0 none, 1 to the server, 2 to the client
//!   1 language     2 textbook              7 its kind    8 which of these    9 what is done
//!   3 patience, s                         10 0           11 0
//!   4 delay, ms (two bytes), 0: its own
//! ```

use super::experiments::all;
use crate::language::Language;
use crate::language::sentence::{Sentence, both};
use crate::observe::live::lab::wish::WireAction;
use crate::packet::Direction;
use crate::packet::rule::{Action, Kind, Rule};
use std::time::Duration;

/// The number in place of an experiment's where a person is the wire.
const BY_HAND: u8 = 255;
/// How much later a packet comes that is held.
const HELD: Duration = Duration::from_millis(30);
/// The longest run of an experiment, and of a wire that a person is.
const LONGEST: Duration = Duration::from_secs(15);
const LONGEST_BY_HAND: Duration = Duration::from_secs(600);
/// How long a run that is over may take to say what came of it.
const LAST_WORDS: Duration = Duration::from_secs(10);
const ACTIONS: [Action; 4] = [Action::Drop, Action::Hold(HELD), Action::Double, Action::Damage];

/// What is to be run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Order {
    /// Its place among all; none: the wire by hand.
    pub(super) experiment: Option<u8>,
    pub(super) language: Language,
    pub(super) textbook: bool,
    /// How long the wire waits for a decision.
    pub(super) patience: Duration,
    /// In place of the experiment's own.
    pub(super) delay: Option<Duration>,
    /// In place of the experiment's own.
    pub(super) rule: Option<Rule>,
}

impl Order {
    /// How long it may take; a wire that a person is ends by itself then, and says so.
    pub(super) fn longest(&self) -> Duration {
        if self.experiment.is_some() { LONGEST } else { LONGEST_BY_HAND }
    }

    /// When the launcher ends it.
    pub(super) fn ended_after(&self) -> Duration {
        if self.experiment.is_some() { LONGEST } else { LONGEST_BY_HAND + LAST_WORDS }
    }

    /// Bytes of a message.
    pub(super) const SIZE: usize = 12;

    /// As a message; `None`: it is beyond what one can say.
    pub(super) fn encode(&self) -> Option<[u8; Self::SIZE]> {
        let delay = self.delay.map_or(Some(0), |delay| u16::try_from(delay.as_millis()).ok())?.to_le_bytes();
        let [direction, kind, number, action] = self.rule.as_ref().map_or(Some([0; 4]), |rule| {
            let [(first, _)] = rule.which[..] else { return None };
            Some([
                1 + rule.direction.index() as u8,
                Kind::ALL.iter().position(|(kind, _)| *kind == rule.kind)? as u8,
                u8::try_from(first).ok()?,
                ACTIONS.iter().position(|action| *action == rule.action)? as u8,
            ])
        })?;
        let message = [
            self.experiment.unwrap_or(BY_HAND),
            u8::from(self.language == Language::Korean),
            u8::from(self.textbook),
            u8::try_from(self.patience.as_secs()).ok()?,
            delay[0],
            delay[1],
            direction,
            kind,
            number,
            action,
            0,
            0,
        ];
        Self::decode(&message).is_some().then_some(message)
    }

    /// What a message says; `None`: it is none.
    pub(super) fn decode(message: &[u8]) -> Option<Self> {
        let [experiment, language, textbook, patience, low, high, direction, kind, number, action, 0, 0] = *message
        else {
            return None;
        };
        let delay = match u16::from_le_bytes([low, high]) {
            0 => None,
            delay @ 1..=200 => Some(Duration::from_millis(delay.into())),
            _ => return None,
        };
        let rule = match (direction, kind, number, action) {
            (0, 0, 0, 0) => None,
            (1 | 2, _, 1..=20, _) => Some(Rule {
                direction: Direction::BOTH[usize::from(direction - 1)],
                kind: Kind::ALL.get(usize::from(kind))?.0,
                which: vec![(number.into(), number.into())],
                action: *ACTIONS.get(usize::from(action))?,
            }),
            _ => return None,
        };
        let is_known = experiment == BY_HAND || usize::from(experiment) < all().count();
        if !is_known || language > 1 || textbook > 1 || !(1..=60).contains(&patience) {
            return None;
        }
        Some(Self {
            experiment: (experiment != BY_HAND).then_some(experiment),
            language: if language == 1 { Language::Korean } else { Language::English },
            textbook: textbook == 1,
            patience: Duration::from_secs(patience.into()),
            delay,
            rule,
        })
    }

    /// The action of a rule that one can say.
    pub(super) fn action(of: WireAction) -> Action {
        ACTIONS[of as usize]
    }
}

/// `15 s`, `10 minutes`
pub(super) fn duration(of: Duration) -> Sentence {
    match of.as_secs() {
        seconds if seconds >= 120 && seconds % 60 == 0 => {
            let minutes = seconds / 60;
            both!("{minutes} minutes", "{minutes}분")
        }
        seconds => both!("{seconds} s", "{seconds}초"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    proptest::proptest! {
        #[test]
        fn a_message_is_read_as_it_was_written_or_not_at_all(message in proptest::collection::vec(0u8..=255, 0..16)) {
            if let Some(order) = Order::decode(&message) {
                proptest::prop_assert_eq!(order.encode().map(Vec::from), Some(message));
            }
        }

        #[test]
        fn what_can_be_said_is_understood(
            experiment in 0..all().count() as u8, textbook: bool, patience in 1u64..=60, delay in 1u64..=200,
            kind in 0usize..7, number in 1u64..=20, action in 0usize..4, to_client: bool, language: bool,
        ) {
            let order = Order {
                experiment: Some(experiment),
                language: if language { Language::Korean } else { Language::English },
                textbook,
                patience: Duration::from_secs(patience),
                delay: Some(Duration::from_millis(delay)),
                rule: Some(Rule {
                    direction: Direction::BOTH[usize::from(to_client)],
                    kind: Kind::ALL[kind].0,
                    which: vec![(number, number)],
                    action: ACTIONS[action],
                }),
            };
            let message = order.encode().expect("within bounds");
            proptest::prop_assert_eq!(Order::decode(&message), Some(order));
        }
    }

    #[test]
    fn who_is_the_wire_hears_what_came_of_it_before_the_launcher_ends_it() {
        let mut message = [0; Order::SIZE];
        (message[0], message[3]) = (BY_HAND, 60);
        let order = Order::decode(&message).expect("an order");
        assert!(order.ended_after() >= order.longest() + Duration::from_secs(5));
    }

    #[test]
    fn what_is_beyond_the_bounds_is_no_order() {
        let order = Order {
            experiment: None,
            language: Language::English,
            textbook: false,
            patience: Duration::from_secs(60),
            delay: None,
            rule: None,
        };
        assert!(order.encode().is_some());
        assert_eq!(Order { experiment: Some(all().count() as u8), ..order.clone() }.encode(), None);
        assert_eq!(Order { patience: Duration::from_secs(61), ..order.clone() }.encode(), None);
        assert_eq!(Order { delay: Some(Duration::from_millis(201)), ..order }.encode(), None);
    }
}
