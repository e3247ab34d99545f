//! The story of each transfer, on standard error.

use super::Session;
use crate::fetch::joined;
use crate::fetch::standard_error::StandardError;
use crate::record::Failure;
use crate::record::failure::Failed;
use crate::record::transfer::Transfer;
use crate::story::transfer as story;
use crate::story::width::{USUAL, columns};
use std::io;

impl Session<'_> {
    pub(super) fn show(&mut self, mut transfer: Transfer) {
        if let Some(lookup) = transfer.name.as_mut().and_then(|name| name.lookup.as_mut()) {
            std::mem::take(&mut self.background).add_to(lookup, self.options);
        }
        if !self.interrupt.has_come() {
            joined::join(&mut transfer, self.options, self.clock);
        }
        self.seen.join(&mut transfer, self.clock.began());
        self.end_line();
        if !self.options.json && !self.options.quiet {
            let width = columns(io::stderr()).unwrap_or(USUAL);
            let mut text = String::new();
            if !self.has_shown {
                text.push_str(&story::legend(width, self.options.language));
            }
            self.has_shown = true;
            text.push_str(&story::text(&transfer, &self.record, self.options.verbose, width, self.options.language));
            self.say(&text);
        }
        self.record.transfers.push(transfer);
    }

    /// What is shown stands on lines of its own, where it goes to the same place as the body.
    fn end_line(&mut self) {
        if std::mem::take(&mut self.is_mid_line) && is_one_place() {
            self.say("\n");
        }
    }

    fn say(&mut self, text: &str) {
        let said = StandardError::new(self.interrupt.clone()).say(text);
        // Ctrl-C is told once.
        let is_known = |failure: &Failure| self.failures.iter().any(|failed| failed.failure == *failure);
        let failure = said.err().filter(|failure| !is_known(failure));
        self.failures.extend(failure.map(Failed::new));
    }
}

/// Whether standard output and standard error are one file or terminal.
fn is_one_place() -> bool {
    let (out, err) = (rustix::fs::fstat(io::stdout()), rustix::fs::fstat(io::stderr()));
    out.is_ok_and(|out| err.is_ok_and(|err| (out.st_dev, out.st_ino) == (err.st_dev, err.st_ino)))
}
