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

/// All of them.
pub(super) static ALL: [&Experiment; 20] = [
    &cycle::CYCLE,
    &ports::PORTS,
    &handshake::HANDSHAKE,
    &queue::QUEUE,
    &nobody_there::NOBODY_THERE,
    &numbers::NUMBERS,
    &boundaries::BOUNDARIES,
    &window::WINDOW,
    &lost_request::LOST_REQUEST,
    &lost_segment::LOST_SEGMENT,
    &late_twice_damaged::LATE_TWICE_DAMAGED,
    &slow_start::SLOW_START,
    &nagle::NAGLE,
    &close::CLOSE,
    &last_ack::LAST_ACK,
    &half_close::HALF_CLOSE,
    &reset::RESET,
    &keep_alive::KEEP_ALIVE,
    &many::MANY,
    &udp::UDP,
];
