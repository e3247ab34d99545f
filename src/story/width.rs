//! How wide lines may be: as wide as the terminal that shows them.

use rustix::fd::AsFd;
use rustix::termios::tcgetwinsize;

/// Columns where nobody says how many there are.
pub const USUAL: usize = 80;
/// The fewest that lines are laid out for: a narrower terminal breaks them.
pub const LEAST: usize = 60;

/// How wide this terminal is now, at least [`LEAST`]; `None`: it is no terminal.
pub fn columns(out: impl AsFd) -> Option<usize> {
    let size = tcgetwinsize(out).ok()?;
    // A terminal that does not know says 0.
    Some(match usize::from(size.ws_col) {
        0 => USUAL,
        columns => columns.max(LEAST),
    })
}
