//! Packets: taken apart, followed, delayed, written; tshark is the witness.

/// What the program itself captures; tshark captures the same.
mod capture;
mod frames;
mod link;
mod pcapng;
mod segment;
mod tracker;
mod witness;
