//! Packets: taken apart, followed, delayed, written; tshark is the witness.

/// A link on which somebody decides.
mod by_hand;

/// What the program itself captures; tshark captures the same.
mod capture;
mod fetched;
mod followed;
mod frames;
mod link;
mod pcapng;
mod recorded;
mod segment;
mod serving;
mod tracker;
mod wire;
mod witness;
