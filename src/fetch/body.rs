//! Where a response's body goes: standard output, a file, or nowhere.

use super::download::Download;
use super::progress::Progress;
use super::turn::{Receiver, Wanted};
use crate::http::message::{Framing, ReceivedHead, ResponseFraming};
use crate::language::Language;
use crate::record::Failure;
use crate::record::transfer::Saved;
use percent_encoding::{AsciiSet, percent_encode};
use rustix::event::{PollFd, PollFlags, poll};
use rustix::io::Errno;
use std::io::{self, IsTerminal};

/// How much of a body that nobody wants is read, so that its connection can be kept, in bytes.
const MOST_UNWANTED: u64 = 64 * 1024;

/// How much of a body that goes to standard output is gathered before it is written, in bytes.
const GATHERED: usize = 64 * 1024;

/// Where a body goes.
pub(super) enum Place {
    Stdout,
    File(Box<Download>),
    /// All of it is read and counted.
    Nowhere,
}

/// What of a response is wanted.
#[derive(Clone, Copy, Debug)]
pub(super) struct Wishes {
    /// Statuses of 400 and more have no body that is wanted.
    pub(super) fail: bool,
    /// Redirects have none either.
    pub(super) follow: bool,
    /// The head is all.
    pub(super) head_only: bool,
    /// The language of the progress; `None`: there is to be none.
    pub(super) progress: Option<Language>,
}

/// Takes one response.
pub(super) struct Body {
    place: Place,
    wishes: Wishes,
    redirect: Option<(u16, String)>,
    is_unwanted: bool,
    is_binary: bool,
    received: u64,
    gathered: Vec<u8>,
    last_printed: Option<u8>,
    progress: Option<Progress>,
}

/// What became of a response.
pub(super) struct Taken {
    pub(super) saved: Saved,
    /// How and where it redirects to, if that is to be followed.
    pub(super) redirect: Option<(u16, String)>,
    /// What was printed does not end its line.
    pub(super) is_mid_line: bool,
}

impl Body {
    pub(super) fn new(place: Place, wishes: Wishes) -> Self {
        let (redirect, gathered, progress) = (None, Vec::new(), None);
        Self {
            place,
            wishes,
            redirect,
            is_unwanted: false,
            is_binary: false,
            received: 0,
            gathered,
            last_printed: None,
            progress,
        }
    }

    /// No more comes; `is_whole`: because that was all.
    pub(super) fn finish(mut self, is_whole: bool) -> (Taken, Result<(), Failure>) {
        drop(self.progress.take());
        let printed = self.print_gathered();
        let (saved, result) = match self.place {
            Place::File(download) => download.finish(is_whole && !self.is_unwanted),
            Place::Nowhere => (Saved::Dropped, Ok(())),
            Place::Stdout if self.is_unwanted => (Saved::Dropped, Ok(())),
            Place::Stdout if self.is_binary => (Saved::NotForTerminal, Ok(())),
            Place::Stdout => (Saved::Stdout, printed),
        };
        let is_mid_line = self.last_printed.is_some_and(|last| last != b'\n');
        (Taken { saved, redirect: self.redirect, is_mid_line }, result)
    }

    /// Takes the head itself, where that is all that was asked for.
    pub(super) fn take_head(&mut self, text: &str) -> Result<(), Failure> {
        match &mut self.place {
            Place::File(download) if !self.is_unwanted => {
                download.begin_head();
                download.write(text.as_bytes())
            }
            Place::File(_) | Place::Nowhere => Ok(()),
            Place::Stdout => {
                self.gathered.extend_from_slice(text.as_bytes());
                self.print_gathered()
            }
        }
    }

    fn print(&mut self, bytes: &[u8]) -> Result<Wanted, Failure> {
        // Judged by how it begins, as much as came at once.
        let is_first = self.received == bytes.len() as u64;
        if is_first && io::stdout().is_terminal() && is_binary(bytes) {
            self.is_binary = true;
        }
        if self.is_binary {
            return Ok(Wanted::Enough);
        }
        self.gathered.extend_from_slice(bytes);
        if self.gathered.len() >= GATHERED {
            self.print_gathered()?;
        }
        Ok(Wanted::More)
    }

    /// Past the buffer of std, which would write line by line.
    fn print_gathered(&mut self) -> Result<(), Failure> {
        let mut left = &self.gathered[..];
        self.last_printed = left.last().copied().or(self.last_printed);
        while !left.is_empty() {
            match rustix::io::write(io::stdout(), left) {
                Ok(count) => left = &left[count..],
                Err(Errno::INTR) => {}
                Err(Errno::AGAIN) => {
                    let stdout = io::stdout();
                    let mut ready = [PollFd::new(&stdout, PollFlags::OUT)];
                    let _ = poll(&mut ready, None); // what is wrong with it, the next write says
                }
                Err(error) => return Err(cannot_print(error)),
            }
        }
        self.gathered.clear();
        Ok(())
    }
}

impl Receiver for Body {
    fn head(&mut self, response: Option<&ReceivedHead<'_>>) -> Result<Wanted, Failure> {
        let status = response.map_or(200, |response| response.status.code());
        self.redirect = response.filter(|_| self.wishes.follow).and_then(redirect);
        // 416 to a resume may mean that nothing is missing.
        let is_resume = matches!(&self.place, Place::File(download) if download.is_resuming());
        let is_failure = self.wishes.fail && status >= 400 && !(is_resume && status == 416);
        self.is_unwanted = is_failure || self.redirect.is_some();
        if self.is_unwanted {
            return Ok(Wanted::Nothing);
        }
        let mut before = 0;
        if let (Place::File(download), false) = (&mut self.place, self.wishes.head_only) {
            before = download.begin(response)?;
        }
        let total = response.and_then(|response| match response.framing {
            ResponseFraming::Plain(Framing::Length(bytes)) => Some(before + bytes),
            _ => None,
        });
        let total = match &self.place {
            Place::File(download) => download.announced().or(total),
            _ => total,
        };
        let goes_to_stdout = matches!(self.place, Place::Stdout);
        self.progress = self.wishes.progress.map(|language| Progress::new(goes_to_stdout, before, total, language));
        Ok(Wanted::More)
    }

    fn body(&mut self, bytes: &[u8]) -> Result<Wanted, Failure> {
        self.received += bytes.len() as u64;
        if self.is_unwanted {
            return Ok(if self.received > MOST_UNWANTED { Wanted::Enough } else { Wanted::More });
        }
        match &mut self.place {
            Place::Nowhere => {}
            Place::File(download) => download.write(bytes)?,
            Place::Stdout => return self.print(bytes),
        }
        Ok(Wanted::More)
    }

    fn pause(&mut self, bytes: usize) -> Result<(), Failure> {
        match &mut self.place {
            Place::File(download) => download.flush()?,
            Place::Stdout => self.print_gathered()?,
            Place::Nowhere => {}
        }
        if let Some(progress) = &mut self.progress {
            progress.advance(bytes);
        }
        Ok(())
    }
}

/// Where a client that follows goes by itself (RFC 9110 §15.4): the one place
/// where that is decided. Of several `Location`s the first holds; an empty one
/// leads nowhere.
fn redirect(response: &ReceivedHead<'_>) -> Option<(u16, String)> {
    let status = response.status.code();
    if !matches!(status, 301 | 302 | 303 | 307 | 308) {
        return None;
    }
    let location = response.headers.all("location").next()?.trim_ascii();
    // Bytes that are no UTF-8 are sent on as they are, as browsers and curl do.
    let text = match std::str::from_utf8(location) {
        Ok(text) => text.to_owned(),
        Err(_) => percent_encode(location, &AsciiSet::EMPTY).to_string(),
    };
    (!text.is_empty()).then_some((status, text))
}

/// No text in UTF-8 has these; ESC is left in, for art and colours.
fn is_binary(bytes: &[u8]) -> bool {
    let is_control = |byte: &u8| *byte < 0x20 && !b"\t\n\r\x08\x0c\x1b".contains(byte) || *byte == 0x7f;
    let is_utf8 = match std::str::from_utf8(bytes) {
        Ok(_) => true,
        Err(error) => error.error_len().is_none(), // cut within a letter
    };
    !is_utf8 || bytes.iter().any(is_control)
}

fn cannot_print(error: Errno) -> Failure {
    match error {
        Errno::PIPE => Failure::StdoutClosed,
        other => Failure::Stdout(io::Error::from(other).into()),
    }
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
        for bytes in [b"\0".as_slice(), b"\x89PNG\r\n", b"a\xffb", b"\x07"] {
            assert!(is_binary(bytes), "{bytes:?}");
        }
    }
}
