//! Where an answer's body goes: standard output, a file, or nowhere.

use super::connection::{Receiver, Wanted};
use super::download::Download;
use super::failure::{Failure, Kind};
use super::progress::Progress;
use super::record::Saved;
use crate::http::message::{Answer, AnswerFraming, Framing};
use std::io::{self, IsTerminal, Write};

/// How much of a body that nobody wants is read, so that its connection can be kept, in octets.
const MOST_UNWANTED: u64 = 64 * 1024;

/// Where a body goes.
pub(super) enum Place {
    Stdout,
    File(Box<Download>),
    /// All of it is read and counted.
    Nowhere,
}

/// Takes one answer.
pub(super) struct Body {
    place: Place,
    /// Statuses of 400 and more have no body that is wanted.
    fail: bool,
    /// Redirects have none either.
    follow: bool,
    is_unwanted: bool,
    is_binary: bool,
    received: u64,
    progress: Option<Progress>,
}

impl Body {
    pub(super) fn new(place: Place, fail: bool, follow: bool) -> Self {
        Self { place, fail, follow, is_unwanted: false, is_binary: false, received: 0, progress: None }
    }

    /// No more comes; `is_whole`: because that was all.
    ///
    /// # Errors
    /// If the last of it can't be written.
    pub(super) fn finish(self, is_whole: bool) -> Result<Saved, Failure> {
        drop(self.progress);
        match self.place {
            Place::File(download) => download.finish(is_whole && !self.is_unwanted),
            Place::Nowhere => Ok(Saved::Dropped),
            Place::Stdout if self.is_unwanted => Ok(Saved::Dropped),
            Place::Stdout if self.is_binary => Ok(Saved::NotForTerminal),
            Place::Stdout => io::stdout().flush().map(|()| Saved::Stdout).map_err(|error| cannot_print(&error)),
        }
    }
}

impl Receiver for Body {
    fn head(&mut self, answer: Option<&Answer<'_>>) -> Result<Wanted, Failure> {
        let status = answer.map_or(200, |answer| answer.status.code());
        // 416 to a resume may mean that nothing is missing.
        let is_resume = matches!(&self.place, Place::File(download) if download.is_resuming());
        self.is_unwanted = self.fail && status >= 400 && !(is_resume && status == 416)
            || self.follow
                && is_redirect(status)
                && answer.is_some_and(|answer| answer.headers.only("location").is_some());
        let mut before = 0;
        if let (Place::File(download), false) = (&mut self.place, self.is_unwanted) {
            before = download.begin(answer)?;
        }
        let total = answer.and_then(|answer| match answer.framing {
            AnswerFraming::Plain(Framing::Length(octets)) => Some(before + octets),
            _ => None,
        });
        self.progress = Some(Progress::new(matches!(self.place, Place::Stdout), before, total));
        Ok(Wanted::More)
    }

    fn body(&mut self, octets: &[u8]) -> Result<Wanted, Failure> {
        self.received += octets.len() as u64;
        if self.is_unwanted {
            return Ok(if self.received > MOST_UNWANTED { Wanted::Enough } else { Wanted::More });
        }
        match &mut self.place {
            Place::Nowhere => {}
            Place::File(download) => download.write(octets)?,
            Place::Stdout => {
                let mut out = io::stdout().lock();
                // Judged by how it begins, as much as came at once.
                let is_first = self.received == octets.len() as u64;
                if is_first && out.is_terminal() && is_binary(octets) {
                    self.is_binary = true;
                }
                if self.is_binary {
                    return Ok(Wanted::Enough);
                }
                out.write_all(octets).map_err(|error| cannot_print(&error))?;
            }
        }
        if let Some(progress) = &mut self.progress {
            progress.advance(octets.len());
        }
        Ok(Wanted::More)
    }
}

/// Statuses whose `Location` a client may follow by itself (RFC 9110 §15.4).
pub(super) fn is_redirect(status: u16) -> bool {
    matches!(status, 301 | 302 | 303 | 307 | 308)
}

/// No text in UTF-8 has these; ESC is left in, for art and colours.
fn is_binary(octets: &[u8]) -> bool {
    let is_control = |byte: &u8| *byte < 0x20 && !b"\t\n\r\x08\x0c\x1b".contains(byte) || *byte == 0x7f;
    let is_utf8 = match std::str::from_utf8(octets) {
        Ok(_) => true,
        Err(error) => error.error_len().is_none(), // cut within a letter
    };
    !is_utf8 || octets.iter().any(is_control)
}

fn cannot_print(error: &io::Error) -> Failure {
    let why = match error.kind() {
        io::ErrorKind::BrokenPipe => "whoever read it has gone".to_owned(),
        _ => error.to_string(),
    };
    Failure::new(Kind::Local, format!("Cannot write to standard output: {why}."))
}

#[cfg(test)]
mod tests {
    use super::is_binary;

    #[test]
    fn what_may_go_to_a_terminal() {
        for text in ["", "plain\r\n\ttext\n", "한글", "\x1b[1mbold\x1b[0m", "cut \u{d55c}"] {
            assert!(!is_binary(text.as_bytes()), "{text:?}");
        }
        assert!(!is_binary(&"한".as_bytes()[..2]), "the rest may follow");
        for octets in [b"\0".as_slice(), b"\x89PNG\r\n", b"a\xffb", b"\x07"] {
            assert!(is_binary(octets), "{octets:?}");
        }
    }
}
