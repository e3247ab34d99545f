//! The access log: one line an exchange, in the Common or the Combined Log
//! Format, written by a thread of its own.

use super::probe::{Exchange, Probe};
use crate::http::date::HttpDate;
use std::fmt::Write as _;
use std::fs::File;
use std::io::{self, Read, Write};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

/// How long the end of the program waits for the log to be written out.
const FLUSH: Duration = Duration::from_secs(1);
/// How much of a line a client's request line, referer and user agent may each
/// take, in octets: together they fit one pipe write (PIPE_BUF).
const LONGEST: usize = 1200;
/// Ends the log: no line holds a NUL.
const END: u8 = 0;

/// The form of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// `host ident user [time] "request line" status bytes`.
    Common,
    /// The same, and `"referer" "user agent"`.
    Combined,
}

impl Format {
    /// The line of `exchange`, without its end.
    pub(super) fn line(self, exchange: &Exchange) -> String {
        let mut line = format!("{} - - [{}] \"", exchange.client, clf_time(HttpDate::from_system(exchange.time)));
        push_quoted(&mut line, &exchange.line);
        // Writing to a String does not fail.
        let _ = write!(line, "\" {} {}", exchange.status, exchange.body_sent);
        if self == Self::Combined {
            for field in [&exchange.referer, &exchange.user_agent] {
                line.push_str(" \"");
                push_quoted(&mut line, field);
                line.push('"');
            }
        }
        line
    }
}

/// `06/Nov/1994:08:49:37 +0000`.
fn clf_time(date: HttpDate) -> String {
    let date = date.to_string();
    format!("{}/{}/{}:{} +0000", &date[5..7], &date[8..11], &date[12..16], &date[17..25])
}

/// Octets between quotes: what could end the quotes, the line, or drive a
/// terminal is written as `\xhh`. Nothing is `-`.
fn push_quoted(line: &mut String, octets: &[u8]) {
    if octets.is_empty() {
        line.push('-');
    }
    let end = line.len() + LONGEST;
    for chunk in octets.utf8_chunks() {
        let valid = chunk.valid().chars().map(Ok);
        let invalid = chunk.invalid().iter().map(Err);
        for piece in valid.chain(invalid) {
            if line.len() > end {
                return line.push('…');
            }
            // Writing to a String does not fail.
            let _ = match piece {
                Ok(character @ ('"' | '\\')) => write!(line, "\\{character}"),
                Ok(character) if character.is_control() => write!(line, "\\x{:02x}", u32::from(character)),
                Ok(character) => write!(line, "{character}"),
                Err(octet) => write!(line, "\\x{octet:02x}"),
            };
        }
    }
}

/// The thread that writes the log.
#[derive(Debug)]
pub struct Log {
    probe: Probe,
    written: Receiver<()>,
}

impl Log {
    /// Starts to write what the probe reports to `sink`, in `format`.
    ///
    /// # Errors
    /// If there is no descriptor or thread left for it.
    pub fn start(format: Format, sink: impl Write + Send + 'static) -> io::Result<Self> {
        let (probe, reports) = Probe::open(format)?;
        let (done, written) = channel();
        std::thread::Builder::new().name("log".into()).spawn(move || {
            copy(File::from(reports), sink);
            // Nobody may be waiting any more.
            let _ = done.send(());
        })?;
        Ok(Self { probe, written })
    }

    /// The probe to hand to the serving threads.
    pub fn probe(&self) -> Probe {
        self.probe.clone()
    }

    /// Waits until what was reported is written, a second at most: gives how
    /// many reports were dropped, because the sink was slower than the server.
    pub fn finish(self) -> u64 {
        self.probe.write(&[END]);
        let _ = self.written.recv_timeout(FLUSH);
        self.probe.dropped()
    }
}

/// Copies reports until the end mark. A sink that fails takes no more; the
/// reports are read on, so that the pipe stays empty.
fn copy(mut reports: File, mut sink: impl Write) {
    let mut buffer = vec![0; 64 * 1024];
    let mut works = true;
    while let Ok(count @ 1..) = reports.read(&mut buffer) {
        let mut parts = buffer[..count].splitn(2, |&octet| octet == END);
        let (text, is_end) = (parts.next().unwrap_or_default(), parts.next().is_some());
        works = works && sink.write_all(text).and_then(|()| sink.flush()).is_ok();
        if is_end {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::UNIX_EPOCH;

    fn exchange() -> Exchange {
        Exchange {
            client: [127, 0, 0, 1].into(),
            time: UNIX_EPOCH + Duration::from_secs(784_111_777),
            line: b"GET /\xed\x95\x9c HTTP/1.0".to_vec(),
            status: 200,
            body_sent: 6,
            referer: vec![],
            user_agent: b"a \"b\"\n\x1b\xff".to_vec(),
        }
    }

    #[test]
    fn lines_are_what_log_analysers_read() {
        let common = "127.0.0.1 - - [06/Nov/1994:08:49:37 +0000] \"GET /한 HTTP/1.0\" 200 6";
        assert_eq!(Format::Common.line(&exchange()), common);
        let combined = format!("{common} \"-\" \"a \\\"b\\\"\\x0a\\x1b\\xff\"");
        assert_eq!(Format::Combined.line(&exchange()), combined);
    }

    #[test]
    fn a_line_never_outgrows_a_pipe_write() {
        let long = vec![0xff; 30_000];
        let line = Format::Combined.line(&Exchange {
            line: long.clone(),
            referer: long.clone(),
            user_agent: long,
            ..exchange()
        });
        assert!(line.len() < 4096, "{}", line.len());
    }
}
