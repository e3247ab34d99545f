//! Another's program, beside the one under test.

use rustix::process::{Pid, Signal, kill_process};
use std::process::Child;

/// It is asked to end when dropped: then it ends its own children, too, as tshark does the process
/// that captures; killed, it would leave that one behind, which goes on capturing.
pub struct Other(pub Child);

impl Drop for Other {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = kill_process(Pid::from_child(&self.0), Signal::TERM);
        let _ = self.0.wait();
    }
}
