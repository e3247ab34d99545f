//! Packets: taken apart, followed, delayed, written; tshark is the witness.

mod frames;
mod link;
mod pcapng;
mod segment;
mod tracker;
mod witness;
