//! Packets: taken apart, followed, delayed, written; tshark is the witness.

/// What the program itself captures; tshark captures the same.
mod capture;
mod fetched;
mod frames;
mod link;
mod pcapng;
mod recorded;
mod segment;
mod serving;
mod tracker;
mod wire;
mod witness;
