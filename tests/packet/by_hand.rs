//! A link on which somebody decides about each frame: it does that, and nothing by itself.

use super::frames::{conversation, frame};
use glasshttp::packet::link::{Arrival, Decision, Fate, Link, MOST_WAITING};
use glasshttp::packet::rule::Conditions;
use proptest::prelude::*;
use std::time::Duration;

const LATER: Duration = Duration::from_secs(9);

fn all_of(link: &mut Link) -> Vec<Arrival> {
    std::iter::from_fn(|| link.next_due().and_then(|due| link.deliver(due))).collect()
}

fn decision() -> impl Strategy<Value = Option<Decision>> {
    let decisions = [Decision::Deliver, Decision::Drop, Decision::Double, Decision::Damage];
    prop_oneof![Just(None), prop::sample::select(decisions.to_vec()).prop_map(Some)]
}

proptest! {
    #[test]
    fn each_frame_arrives_as_it_was_decided(decisions in prop::collection::vec(decision(), 8)) {
        let mut link = Link::new(Conditions::parse("10ms >any drop").expect("clear"));
        let frames: Vec<_> =
            conversation(100, &[50, 60]).into_iter().map(|(way, tcp)| (way, frame(way, &tcp))).take(8).collect();
        for ((way, bytes), number) in frames.iter().zip(1..) {
            let taken = link.hold(Duration::ZERO, *way, bytes.clone());
            prop_assert_eq!((taken.number, taken.fate), (number, Fate::Waiting));
        }
        prop_assert_eq!(link.next_due(), None);
        for (decided, number) in decisions.iter().zip(1..) {
            if let Some(decided) = decided {
                prop_assert!(link.decide(LATER, number, *decided).is_some());
                prop_assert_eq!(link.decide(LATER, number, *decided), None);
            }
        }
        let arrived = all_of(&mut link);
        for ((decided, (way, bytes)), number) in decisions.iter().zip(&frames).zip(1..) {
            let of: Vec<&Arrival> = arrived.iter().filter(|one| one.number == number).collect();
            let expected = match decided {
                None | Some(Decision::Drop) => 0,
                Some(Decision::Double) => 2,
                Some(_) => 1,
            };
            prop_assert_eq!(of.len(), expected);
            for one in of {
                prop_assert_eq!(one.direction, *way);
                prop_assert!(one.due >= LATER + Duration::from_millis(10));
                let turned: u32 = one.frame.iter().zip(bytes).map(|(a, b)| (a ^ b).count_ones()).sum();
                prop_assert_eq!(turned, u32::from(*decided == Some(Decision::Damage)));
            }
        }
    }
}

#[test]
fn no_more_wait_than_there_is_room_for() {
    let mut link = Link::new(Conditions::default());
    let (way, tcp) = &conversation(100, &[50])[0];
    for _ in 0..MOST_WAITING {
        assert_eq!(link.hold(Duration::ZERO, *way, frame(*way, tcp)).fate, Fate::Waiting);
    }
    assert_eq!(link.hold(Duration::ZERO, *way, frame(*way, tcp)).fate, Fate::NoRoom);
    assert_eq!(link.decide(Duration::ZERO, 1, Decision::Drop), Some(Fate::Dropped));
    assert_eq!(link.hold(Duration::ZERO, *way, frame(*way, tcp)).fate, Fate::Waiting);
}
