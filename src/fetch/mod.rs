//! The client: the other end of the wire, told stage by stage.
//!
//! [`dns`] turns a name into addresses.

pub mod dns;
