//! What lies in deploy/ works, as far as one machine can tell: the files are used as they are.

mod faults;
mod units;
