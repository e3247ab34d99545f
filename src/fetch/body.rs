//! Where a response's body goes: standard output, a file, or nowhere.

use super::download::Download;
use super::outlet::Outlet;
use super::partial::Extent;
use super::progress::Progress;
use super::turn::{Receiver, Wanted};
use crate::http::message::{Framing, ReceivedHead, ResponseFraming};
use crate::http::parse::fields::may_be;
use crate::language::Language;
use crate::record::Failure;
use crate::record::failure::RangeFault;
use crate::record::secrets::withheld_field_line;
use crate::record::transfer::Saved;
use percent_encoding::{AsciiSet, percent_encode};
use std::io::{self, IsTerminal};

/// How much of a body that nobody wants is read, so that its connection can be kept, in bytes.
const MOST_UNWANTED: u64 = 64 * 1024;

/// How much of a line is shown, in letters.
const MOST_OF_LINE: usize = 256;

/// Where a body goes.
pub(super) enum Place {
    /// As it comes.
    Direct(Outlet),
    /// Into a file that is there once it is whole.
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
    /// A 408 has none either: the request is sent again.
    pub(super) repeat_408: bool,
    /// The head is all.
    pub(super) head_only: bool,
    /// A range was asked for by hand: what comes is all that is wanted.
    pub(super) range: bool,
    /// The language of the progress; `None`: there is to be none.
    pub(super) progress: Option<Language>,
}

/// Takes one response.
pub(super) struct Body {
    place: Place,
    wishes: Wishes,
    redirect: Option<(u16, String)>,
    is_unwanted: bool,
    /// It is no response to show, not even its head: the request is sent again.
    is_repeated: bool,
    is_binary: bool,
    /// The framing allows for a body.
    has_body: bool,
    /// A 206 that nobody asked for, on its way to where it can't be kept back.
    unasked: Option<Result<Extent, RangeFault>>,
    received: u64,
    progress: Option<Progress>,
}

/// What became of a response.
pub(super) struct Taken {
    pub(super) saved: Saved,
    /// How and where it redirects to, if that is to be followed.
    pub(super) redirect: Option<(u16, String)>,
    /// Its body was not wanted, or no more of it.
    pub(super) is_unwanted: bool,
    /// What was printed does not end its line.
    pub(super) is_mid_line: bool,
}

impl Body {
    pub(super) fn new(place: Place, wishes: Wishes) -> Self {
        Self {
            place,
            wishes,
            redirect: None,
            is_unwanted: false,
            is_repeated: false,
            is_binary: false,
            has_body: false,
            unasked: None,
            received: 0,
            progress: None,
        }
    }

    /// No more comes; `is_whole`: because that was all.
    pub(super) fn finish(mut self, is_whole: bool) -> (Taken, Result<(), Failure>) {
        drop(self.progress.take());
        let is_whole = is_whole && !self.is_unwanted;
        let judged = if is_whole { self.judge() } else { Ok(()) };
        let mut is_mid_line = false;
        let (saved, result) = match self.place {
            Place::File(download) => download.finish(is_whole),
            Place::Nowhere => (Saved::Dropped, judged),
            Place::Direct(mut outlet) => {
                // A whole of no bytes has an end, too, which a pipe's reader waits for.
                let opened = if is_whole && self.has_body { outlet.open() } else { Ok(()) };
                let result = opened.and_then(|()| outlet.flush()).and(judged);
                is_mid_line = outlet.is_mid_line();
                match outlet.saved() {
                    Saved::Stdout if self.is_unwanted => (Saved::Dropped, Ok(())),
                    Saved::Stdout if self.is_binary => (Saved::NotForTerminal, Ok(())),
                    // What is not whole is in no file from where one could go on.
                    Saved::File { .. } if !is_whole || result.is_err() => (Saved::Dropped, result),
                    saved => (saved, result),
                }
            }
        };
        let is_unwanted = self.is_unwanted || self.is_binary;
        (Taken { saved, redirect: self.redirect, is_unwanted, is_mid_line }, result)
    }

    /// Whether what came is the whole.
    fn judge(&self) -> Result<(), Failure> {
        match &self.unasked {
            None => Ok(()),
            Some(Ok(extent)) => extent.judge(self.received),
            Some(Err(fault)) => Err(Failure::Partial { fault: fault.clone() }),
        }
    }

    /// Takes the head itself, where that is all that was asked for.
    pub(super) fn take_head(&mut self, text: &str) -> Result<(), Failure> {
        match &mut self.place {
            Place::File(download) if !self.is_unwanted => {
                download.begin_head();
                download.write(text.as_bytes())
            }
            Place::Direct(outlet) if !self.is_unwanted || outlet.is_stdout() && !self.is_repeated => {
                outlet.write(text.as_bytes())?;
                outlet.flush()
            }
            Place::Direct(_) | Place::File(_) | Place::Nowhere => Ok(()),
        }
    }
}

impl Receiver for Body {
    fn head(&mut self, response: Option<&ReceivedHead<'_>>) -> Result<Wanted, Failure> {
        let status = response.map_or(200, |response| response.status.code());
        self.redirect = response.filter(|_| self.wishes.follow).and_then(redirect);
        if let Some(line) = response.filter(|_| self.wishes.follow).and_then(lost_location) {
            return Err(Failure::LostRedirect { line });
        }
        // 416 to a resume may mean that nothing is missing.
        let is_resume = matches!(&self.place, Place::File(download) if download.is_resuming());
        let is_failure = self.wishes.fail && status >= 400 && !(is_resume && status == 416);
        self.is_repeated = self.wishes.repeat_408 && status == 408;
        self.is_unwanted = is_failure || self.is_repeated || self.redirect.is_some();
        if self.is_unwanted {
            return Ok(Wanted::Nothing);
        }
        self.has_body = response.is_none_or(|response| !matches!(response.framing, ResponseFraming::NoBody));
        let mut before = 0;
        if !self.wishes.head_only {
            match &mut self.place {
                Place::File(download) => {
                    before = download.begin(response, self.wishes.range)?;
                    self.is_unwanted = download.was_whole();
                }
                Place::Direct(_) | Place::Nowhere => {
                    let unasked = response.filter(|_| status == 206 && !self.wishes.range);
                    self.unasked = unasked.map(|response| Extent::of(&response.headers, response.framing, 0));
                }
            }
        }
        if self.is_unwanted {
            return Ok(Wanted::Nothing); // nothing is missing: the body says so in words
        }
        let total = response.and_then(|response| match response.framing {
            ResponseFraming::Plain(Framing::Length(bytes)) => before.checked_add(bytes),
            _ => None,
        });
        let total = match &self.place {
            Place::File(download) => download.announced().or(total),
            _ => total,
        };
        let goes_to_stdout = matches!(&self.place, Place::Direct(outlet) if outlet.is_stdout());
        self.progress = self.wishes.progress.map(|language| Progress::new(goes_to_stdout, before, total, language));
        Ok(Wanted::More)
    }

    fn body(&mut self, bytes: &[u8]) -> Result<Wanted, Failure> {
        // Judged by how it begins, as much as came at once.
        let is_first = self.received == 0;
        self.received += bytes.len() as u64;
        if self.is_unwanted {
            return Ok(if self.received > MOST_UNWANTED { Wanted::Enough } else { Wanted::More });
        }
        match &mut self.place {
            Place::Nowhere => {}
            Place::File(download) => download.write(bytes)?,
            Place::Direct(outlet) => {
                if is_first && outlet.is_stdout() && io::stdout().is_terminal() && is_binary(bytes) {
                    self.is_binary = true;
                }
                if self.is_binary {
                    return Ok(Wanted::Enough);
                }
                outlet.write(bytes)?;
            }
        }
        Ok(Wanted::More)
    }

    fn pause(&mut self, bytes: usize) -> Result<(), Failure> {
        match &mut self.place {
            Place::File(download) => download.flush()?,
            Place::Direct(outlet) => outlet.flush()?,
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
    if !is_redirect(status) {
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

fn is_redirect(status: u16) -> bool {
    matches!(status, 301 | 302 | 303 | 307 | 308)
}

/// The line that should say where a redirect leads, and is no field: its page is not what was asked for.
fn lost_location(response: &ReceivedHead<'_>) -> Option<String> {
    if !is_redirect(response.status.code()) || response.headers.all("location").next().is_some() {
        return None;
    }
    let line = String::from_utf8_lossy(response.dropped.iter().find(|line| may_be(line, "location"))?);
    Some(withheld_field_line(&line).chars().take(MOST_OF_LINE).collect())
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
