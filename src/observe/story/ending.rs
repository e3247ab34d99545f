//! The end of a connection: whose FIN or reset came first, what the kernel had
//! counted by then, and the reason as a sentence.

use super::layout::{Arrow, dim, plain, span};
use super::phrases::{counted, fill};
use super::telling::{Teller, mark, value_time};
use crate::observe::record::{Close, End, How, Nanoseconds, Record, TimeWait};

/// How one half, or both, came to their end.
struct Ending {
    at: Option<Nanoseconds>,
    time: String,
    arrow: Arrow,
    label: &'static str,
    words: String,
}

impl Teller<'_> {
    pub(super) fn close(&mut self, close: &Close, record: &Record) {
        let mut ends = [self.client_end(close, record), self.server_end(close)];
        // Who is known to have ended last, or has no time, comes second.
        if ends[1].as_ref().is_some_and(|server| {
            ends[0].as_ref().is_none_or(|client| server.at.unwrap_or(i64::MAX) < client.at.unwrap_or(i64::MAX))
        }) {
            ends.swap(0, 1);
        }
        let names = &self.phrases.names;
        self.figure(&close.first, names.first, |_| String::new());
        for ending in ends.into_iter().flatten() {
            self.block.row(&ending.time, ending.arrow, ending.label, &[plain(ending.words)]);
        }
        let at = self.time(&close.at, names.close);
        let labels = &self.phrases.labels;
        let label = match close.how {
            How::Fin | How::ResetByClient | How::ResetByServer => labels.closed,
            How::Timeout => labels.timeout,
            How::Lost => labels.lost,
        };
        let words = self.kernel_figures(close);
        self.block.row(&at, Arrow::Inside, label, &[plain(words)]);
        let sentence = self.phrases.reason(&close.reason).unwrap_or(&close.sentence);
        self.block.remark(&[dim(sentence)]);
    }

    fn client_end(&mut self, close: &Close, record: &Record) -> Option<Ending> {
        let phrases = &self.phrases.end;
        let at = close.client_end.value().copied();
        let first = self.first(close, End::Client);
        let ending = |label, words: String, time| Ending { at, time, arrow: Arrow::ToServer, label, words };
        if close.how == How::ResetByClient {
            let seen = if at.is_some() { &close.client_end } else { &close.at };
            let time = value_time(seen).unwrap_or_default();
            return Some(ending("RST", format!("{}{first}", phrases.reset_by_client), time));
        }
        if at.is_none() && close.how == How::ResetByServer {
            return None;
        }
        let time = self.time(&close.client_end, self.phrases.names.client_end);
        let at = at?;
        let last_write = record.exchanges.last().and_then(|exchange| exchange.stages.last_write.value());
        let half = if last_write.is_some_and(|write| at < *write) {
            format!(": {}", phrases.half_close)
        } else {
            String::new()
        };
        Some(ending("FIN", format!("{}{first}{half}", phrases.client), time))
    }

    fn server_end(&mut self, close: &Close) -> Option<Ending> {
        let phrases = &self.phrases.end;
        let first = self.first(close, End::Server);
        let at = close.server_end.value().copied();
        let ending = |label, words: &str, at, time| Ending {
            at,
            time,
            arrow: Arrow::ToClient,
            label,
            words: format!("{words}{first}"),
        };
        match (close.how, at) {
            (How::ResetByServer, _) => {
                let time = value_time(&close.at).unwrap_or_default();
                Some(ending("RST", phrases.reset_by_server, close.at.value().copied(), time))
            }
            (_, Some(_)) => {
                let time = value_time(&close.server_end).unwrap_or_default();
                Some(ending("FIN", phrases.server, at, time))
            }
            // close(2) alone ends both halves: its FIN leaves then.
            (How::Fin | How::Timeout, None) => {
                let at = close.at.value().copied()?;
                Some(ending("FIN", phrases.both, Some(at), format!("~{}", span(at))))
            }
            (How::ResetByClient, None) => None,
            (How::Lost, None) => {
                self.time(&close.server_end, self.phrases.names.server_end);
                None
            }
        }
    }

    /// Said of the end that ended first.
    fn first(&self, close: &Close, end: End) -> String {
        let is_first = close.first.value() == Some(&end);
        if is_first { format!(", {}{}", mark(&close.first), self.phrases.end.first) } else { String::new() }
    }

    fn kernel_figures(&mut self, close: &Close) -> String {
        let (phrases, names) = (&self.phrases.end, &self.phrases.names);
        let tcp = self.figure(&close.tcp, names.tcp, |tcp| {
            let rtt = fill(phrases.rtt, &[&span(tcp.rtt), &span(tcp.rtt_variation)]);
            match tcp.retransmissions {
                0 => format!("{rtt}, {}", phrases.nothing_again),
                count => format!("{rtt}, {}", counted(phrases.again, count.into())),
            }
        });
        let [client, server, nobody] = phrases.time_wait;
        let time_wait = self.figure(&close.time_wait, names.time_wait, |owner| {
            let words = match owner {
                TimeWait::Client => client,
                TimeWait::Server => server,
                TimeWait::Nobody => nobody,
            };
            words.to_owned()
        });
        let figures: Vec<String> = tcp.into_iter().chain(time_wait).collect();
        figures.join(", ")
    }
}
