//! The end of a connection: whose FIN or reset came first, what the kernel had
//! counted by then, and the reason as a sentence.

use super::layout::{Arrow, dim, plain, span};
use super::rows::{Row, What, mark, stamp};
use super::telling::Teller;
use super::words::{counted, fill};
use crate::record::connection::{Close, Record};
use crate::record::{End, How, TimeWait};

impl Teller<'_> {
    pub(super) fn close(&mut self, close: &Close, record: &Record) {
        let names = &self.phrases.names;
        self.figure(&close.first, names.first, |_| String::new());
        let mut ends = [self.client_end(close, record), self.server_end(close)];
        if close.first.value() == Some(&End::Server) {
            ends.swap(0, 1);
        }
        for row in ends.into_iter().flatten() {
            self.rows.insert(self.floor, row);
        }
        let at = self.time(&close.at, names.close);
        let labels = &self.phrases.labels;
        let label = match close.how {
            How::Fin | How::ResetByClient | How::ResetByServer => labels.closed,
            How::Timeout => labels.timeout,
            How::Lost => labels.lost,
        };
        let figures = self.kernel_figures(close);
        self.stage(at, Arrow::Inside, label, [plain(figures)]);
        let sentence = close.reason.said(self.phrases.language).to_owned();
        self.remark([dim(sentence)]);
    }

    fn client_end(&mut self, close: &Close, record: &Record) -> Option<Row> {
        let phrases = &self.phrases.end;
        let first = self.first(close, End::Client);
        let at = stamp(&close.client_end);
        let row = |at, label, words: &str| {
            let words = vec![plain(format!("{words}{first}"))];
            Some(Row { at, what: What::Stage(Arrow::ToServer, label, words) })
        };
        match (close.how, at) {
            (How::ResetByClient, _) => row(at.or(stamp(&close.at)), "RST", phrases.reset_by_client),
            (How::ResetByServer, None) => None,
            (_, None) => {
                self.time(&close.client_end, self.phrases.names.client_end);
                None
            }
            (_, Some((end, _))) => {
                let written = record.exchanges.last().and_then(|exchange| exchange.stages.last_write.value());
                let is_half = written.is_some_and(|written| end < *written);
                row(at, "FIN", if is_half { phrases.client_half } else { phrases.client })
            }
        }
    }

    fn server_end(&mut self, close: &Close) -> Option<Row> {
        let phrases = &self.phrases.end;
        let first = self.first(close, End::Server);
        let at = stamp(&close.server_end);
        let row = |at, label, words: &str| {
            let words = vec![plain(format!("{words}{first}"))];
            Some(Row { at, what: What::Stage(Arrow::ToClient, label, words) })
        };
        match (close.how, at) {
            (How::ResetByServer, _) => row(stamp(&close.at), "RST", phrases.reset_by_server),
            (_, Some(_)) => row(at, "FIN", phrases.server),
            // close(2) ends what was not ended before: its FIN leaves then.
            (How::Fin | How::Timeout, None) => row(Some((*close.at.value()?, "~")), "FIN", phrases.server_close),
            (How::ResetByClient, None) => None,
            (How::Lost, None) => {
                self.time(&close.server_end, self.phrases.names.server_end);
                None
            }
        }
    }

    /// Said of the end that ended first.
    fn first(&self, close: &Close, end: End) -> String {
        match close.first.value() {
            Some(first) if *first == end => fill(self.phrases.end.first, &[mark(&close.first)]),
            _ => String::new(),
        }
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
