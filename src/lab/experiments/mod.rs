//! The experiments, in the order of teaching.

mod boundaries;
mod close;
mod cycle;
mod half_close;
mod handshake;
mod keep_alive;
mod last_ack;
mod late_twice_damaged;
mod lost_request;
mod lost_segment;
mod many;
mod nagle;
mod nobody_there;
mod numbers;
pub(super) mod play;
mod ports;
mod prelude;
mod queue;
mod reset;
mod slow_start;
mod udp;
mod window;

use super::experiment::Experiment;
use crate::language::sentence::{Text, text};

/// All of them, in groups, in the order of the lesson: an experiment's number is its place.
pub(super) static GROUPS: [(Text, &[&Experiment]); 6] = [
    (text("Names", "이름"), &[&cycle::CYCLE]),
    (text("Connection", "연결"), &[&ports::PORTS, &handshake::HANDSHAKE, &queue::QUEUE, &nobody_there::NOBODY_THERE]),
    (
        text("Data", "데이터"),
        &[
            &numbers::NUMBERS,
            &boundaries::BOUNDARIES,
            &window::WINDOW,
            &lost_request::LOST_REQUEST,
            &lost_segment::LOST_SEGMENT,
            &late_twice_damaged::LATE_TWICE_DAMAGED,
            &slow_start::SLOW_START,
            &nagle::NAGLE,
        ],
    ),
    (text("The end", "끝"), &[&close::CLOSE, &last_ack::LAST_ACK, &half_close::HALF_CLOSE, &reset::RESET]),
    (text("Many", "여럿"), &[&keep_alive::KEEP_ALIVE, &many::MANY]),
    (text("Without TCP", "TCP 없이"), &[&udp::UDP]),
];

/// All of them.
pub(super) fn all() -> impl Iterator<Item = &'static Experiment> {
    GROUPS.iter().flat_map(|(_, group)| group.iter().copied())
}

/// All of them, each with its number.
pub(super) fn numbered() -> impl Iterator<Item = (u8, &'static Experiment)> {
    (1..).zip(all())
}
