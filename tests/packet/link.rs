//! A simulated link: nothing is invented, lost or reordered without a rule.

use super::frames::{conversation, frame};
use glasshttp::packet::Direction::{self, ToClient, ToServer};
use glasshttp::packet::link::{Arrival, Fate, Link, MOST_UNDER_WAY, Taken};
use glasshttp::packet::rule::{Conditions, Kind};
use proptest::prelude::*;
use std::time::Duration;

const fn ms(number: u64) -> Duration {
    Duration::from_millis(number)
}

/// A conversation's frames, one each millisecond, over a link of these conditions.
fn carried(words: &str, responses: &[u32]) -> (Vec<Taken>, Vec<Arrival>, Link) {
    let mut link = Link::new(Conditions::parse(words).expect("clear"));
    let frames = conversation(100, responses);
    let taken =
        frames.iter().zip(0..).map(|((direction, tcp), at)| link.take(ms(at), *direction, frame(*direction, tcp)));
    let taken = taken.collect();
    let arrived = all_of(&mut link);
    (taken, arrived, link)
}

fn all_of(link: &mut Link) -> Vec<Arrival> {
    std::iter::from_fn(|| link.next_due().and_then(|due| link.deliver(due))).collect()
}

fn whole(direction: Direction, number: u64) -> Vec<u8> {
    let frames = conversation(100, &[50, 60]);
    let (way, tcp) = &frames[number as usize - 1];
    assert_eq!(*way, direction);
    frame(*way, tcp)
}

#[test]
fn a_plain_link_delays_all_alike() {
    let (taken, arrived, mut link) = carried("50ms", &[50, 60]);
    assert_eq!(taken.len(), arrived.len());
    for (arrival, number) in arrived.iter().zip(1..) {
        assert_eq!((arrival.number, arrival.due, arrival.is_copy), (number, ms(number - 1 + 50), false));
        assert_eq!(arrival.frame, whole(arrival.direction, number));
    }
    assert_eq!((link.next_due(), link.deliver(ms(9_999))), (None, None));
    assert_eq!(
        (link.count(ToServer, Kind::Syn), link.count(ToClient, Kind::Data), link.count(ToServer, Kind::Any)),
        (1, 2, 6)
    );
}

#[test]
fn nothing_arrives_before_it_is_due() {
    let mut link = Link::new(Conditions::parse("50ms").expect("clear"));
    link.take(ms(7), ToServer, vec![1; 60]);
    assert_eq!((link.next_due(), link.deliver(ms(56))), (Some(ms(57)), None));
    assert_eq!(link.deliver(ms(57)).expect("due").frame, [1; 60]);
}

#[test]
fn a_rate_puts_frames_one_after_another() {
    let mut link = Link::new(Conditions::parse("10ms 1m").expect("clear"));
    for _ in 0..3 {
        link.take(ms(0), ToServer, vec![0; 125]); // a millisecond each
    }
    link.take(ms(0), ToClient, vec![0; 125]);
    let due: Vec<Duration> = all_of(&mut link).iter().map(|arrival| arrival.due).collect();
    assert_eq!(due, [ms(11), ms(11), ms(12), ms(13)]);
}

#[test]
fn each_rule_does_what_it_says_to_the_frames_that_it_names() {
    let lost = |words: &str| -> Vec<u64> {
        let taken = carried(words, &[50, 60]).0;
        taken.iter().filter(|taken| !matches!(taken.fate, Fate::Carried { .. })).map(|taken| taken.number).collect()
    };
    assert_eq!(lost(">syn:1 drop"), [1]);
    assert_eq!(lost("<syn drop"), [2]);
    assert_eq!(lost("<data:2 drop >fin drop"), [8, 11]);
    assert_eq!(lost(">ack drop"), [3, 7, 9], "those that only acknowledge");
    assert_eq!(lost(">ack:2- drop"), [7, 9]);
    assert_eq!(lost("<any:1-2 drop"), [2, 5]);
    assert!(lost("<udp drop >rst drop").is_empty());
    assert_eq!(lost("<data:1 cut=3ms"), [6, 7, 8]);

    let order =
        |words: &str| -> Vec<u64> { carried(words, &[50, 60]).1.iter().map(|arrival| arrival.number).collect() };
    assert_eq!(order("10ms <data:1 hold=2500us"), [1, 2, 3, 4, 5, 7, 8, 6, 9, 10, 11, 12]);
    assert_eq!(order(">syn double"), [1, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]);

    let (_, arrived, _) = carried("<data:1 damage", &[50, 60]);
    let (as_sent, as_came) = (whole(ToClient, 6), &arrived[5].frame);
    let turned: u32 = as_sent.iter().zip(as_came).map(|(sent, came)| (sent ^ came).count_ones()).sum();
    assert_eq!((turned, as_sent.len()), (1, as_came.len()));
}

#[test]
fn what_is_not_ip_is_carried_and_counts_for_no_rule() {
    let mut arp = vec![0; 42];
    arp[12..14].copy_from_slice(&[8, 6]);
    let mut link = Link::new(Conditions::parse(">any drop").expect("clear"));
    assert!(matches!(link.take(ms(0), ToServer, arp.clone()).fate, Fate::Carried { .. }));
    assert_eq!(all_of(&mut link)[0].frame, arp);
}

#[test]
fn a_link_holds_only_so_much() {
    let mut link = Link::new(Conditions::parse("1s").expect("clear"));
    let long = || vec![0; MOST_UNDER_WAY / 2 + 1];
    assert!(matches!(link.take(ms(0), ToServer, long()).fate, Fate::Carried { .. }));
    assert_eq!(link.take(ms(0), ToServer, long()).fate, Fate::NoRoom);
    assert_eq!(all_of(&mut link).len(), 1);
    assert!(matches!(link.take(ms(0), ToServer, long()).fate, Fate::Carried { .. }));
}

fn words() -> impl Strategy<Value = String> {
    let rule = (
        prop::sample::select(vec![">", "<"]),
        prop::sample::select(vec!["syn", "ack", "data", "fin", "any"]),
        prop::sample::select(vec!["", ":1", ":2", ":1,3", ":2-4", ":3-"]),
        prop::sample::select(vec!["drop", "hold=3ms", "double", "damage", "cut=2ms"]),
    );
    (0_u64..30, 0_u64..3, prop::collection::vec(rule, 0..4)).prop_map(|(delay, rate, rules)| {
        let rate = ["", " 1m", " 100k"][rate as usize];
        let rules: String =
            rules.iter().map(|(way, kind, which, action)| format!(" {way}{kind}{which} {action}")).collect();
        format!("{delay}ms{rate}{rules}")
    })
}

proptest! {
    #[test]
    fn nothing_is_invented_lost_or_reordered_without_a_rule(
        words in words(), responses in prop::collection::vec(1_u32..1_400, 1..10),
    ) {
        let sent: Vec<Vec<u8>> = conversation(100, &responses).iter().map(|(way, tcp)| frame(*way, tcp)).collect();
        let (taken, arrived, _) = carried(&words, &responses);
        let delay = Conditions::parse(&words).expect("clear").delay;
        for (taken, frame) in taken.iter().zip(&sent) {
            let came: Vec<&Arrival> = arrived.iter().filter(|arrival| arrival.number == taken.number).collect();
            let Fate::Carried { held, is_doubled, is_damaged } = taken.fate else {
                prop_assert!(came.is_empty());
                prop_assert!(words.contains("drop") || words.contains("cut"));
                continue;
            };
            prop_assert_eq!(came.len(), if is_doubled { 2 } else { 1 });
            for arrival in came {
                let turned: u32 = frame.iter().zip(&arrival.frame).map(|(sent, came)| (sent ^ came).count_ones()).sum();
                prop_assert_eq!((turned, arrival.frame.len()), (u32::from(is_damaged), frame.len()));
                prop_assert!(arrival.due >= ms(taken.number - 1) + delay + held);
            }
        }
        prop_assert!(arrived.windows(2).all(|pair| pair[0].due <= pair[1].due));
        let is_held = |arrival: &Arrival| !matches!(taken[arrival.number as usize - 1].fate, Fate::Carried { held: Duration::ZERO, .. });
        for direction in Direction::BOTH {
            let numbers: Vec<u64> = arrived
                .iter()
                .filter(|arrival| arrival.direction == direction && !is_held(arrival))
                .map(|arrival| arrival.number)
                .collect();
            prop_assert!(numbers.is_sorted(), "{} {:?}", words, numbers);
        }
        if !words.contains(['<', '>']) {
            prop_assert_eq!(arrived.len(), sent.len());
        }
    }
}
