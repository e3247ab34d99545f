//! One request and its answer.

use super::layout::{Arrow, Words, dim, grouped, plain};
use super::rows::{Row, What, mark, stamp};
use super::telling::Teller;
use super::words::{counted, fill};
use crate::record::connection::{Exchange, Traffic};
use crate::record::{Figure, Nanoseconds};
use anstyle::AnsiColor;

/// Steps that are shorter than this need no row of their own, in nanoseconds.
const AT_ONCE: Nanoseconds = 1_000_000;

impl Teller<'_> {
    /// A whole exchange; or, of one that is under way, as much as there is of it.
    pub(super) fn exchange(&mut self, exchange: &Exchange, is_under_way: bool) {
        let traffic = exchange.traffic.value().copied();
        if !self.progress.is_begun {
            self.request(exchange);
            self.read(exchange, traffic);
            if exchange.status == 0 {
                self.progress.exchanges = exchange.number;
                return;
            }
            self.chosen(exchange);
        }
        if is_under_way {
            self.progress.is_begun = true;
            return self.sent_so_far(exchange, traffic);
        }
        self.figure(&exchange.traffic, self.phrases.names.traffic, |_| String::new());
        self.sent(exchange, traffic);
        let acknowledged = self.time(&exchange.stages.acknowledged, self.phrases.names.acknowledged);
        if acknowledged.is_some() {
            self.stage(acknowledged, Arrow::ToServer, "ACK", [plain(self.phrases.exchange.acknowledged)]);
        }
        self.progress.exchanges = exchange.number;
        self.progress.is_begun = false;
    }

    fn request(&mut self, exchange: &Exchange) {
        let phrases = &self.phrases.exchange;
        let at = self.time(&exchange.stages.arrived, self.phrases.names.arrived);
        let line = exchange.request.head.lines().find(|line| !line.trim().is_empty()).unwrap_or(phrases.no_line);
        let later = (exchange.number > 1).then(|| fill(phrases.request, &[&grouped(exchange.number)]));
        let row = Row { at, what: What::Request(line.to_owned(), later) };
        match at {
            // What came while the connection stood in the queue came before the accept.
            Some((..0, _)) => self.rows.insert(self.floor, row),
            _ => self.rows.push(row),
        }
        self.floor = self.rows.len();
    }

    fn read(&mut self, exchange: &Exchange, traffic: Option<Traffic>) {
        let (phrases, names) = (&self.phrases.exchange, &self.phrases.names);
        let first = self.time(&exchange.stages.first_read, names.first_read);
        let complete = match exchange.status {
            0 => None, // the words say it
            _ => self.time(&exchange.stages.head_complete, names.head_complete),
        };
        let label = self.phrases.labels.read;
        let mut words = if exchange.status == 0 { phrases.head_incomplete } else { phrases.head_complete }.to_owned();
        if let Some(traffic) = traffic {
            let octets = counted(phrases.octets, traffic.request_head);
            words = format!("{words}: {octets} {}", counted(phrases.reads, traffic.reads.into()));
        }
        let is_one_step = traffic.is_some_and(|traffic| traffic.reads <= 1)
            || is_at_once(&exchange.stages.first_read, &exchange.stages.head_complete);
        if is_one_step || first.is_none() || complete.is_none() {
            return self.stage(first.or(complete), Arrow::Inside, label, [plain(words)]);
        }
        self.stage(first, Arrow::Inside, label, [plain(phrases.first_octets)]);
        self.stage(complete, Arrow::Inside, label, [plain(words)]);
    }

    fn chosen(&mut self, exchange: &Exchange) {
        let phrases = &self.phrases.exchange;
        let at = self.time(&exchange.stages.response_chosen, self.phrases.names.answer_chosen);
        let color = match exchange.status {
            ..400 => AnsiColor::Green,
            400..500 => AnsiColor::Yellow,
            500.. => AnsiColor::Red,
        };
        // HTTP/1.0 200 OK
        let reason = exchange.response.first_line().splitn(3, ' ').nth(2).unwrap_or_default();
        let status = format!("{} {reason}", exchange.status);
        let mut words: Vec<Words> = vec![(color.on_default(), status)];
        if let Some(resource) = exchange.resource.value() {
            let resource = format!("{}{resource}", mark(&exchange.resource));
            words.push(plain(fill(phrases.from, &[&resource])));
        }
        if exchange.response.head.is_empty() {
            words.push(dim(phrases.bare));
        }
        self.rows.push(Row { at, what: What::Stage(Arrow::Inside, self.phrases.labels.answer, words) });
    }

    fn sent(&mut self, exchange: &Exchange, traffic: Option<Traffic>) {
        let (phrases, names) = (&self.phrases.exchange, &self.phrases.names);
        let first = self.time(&exchange.stages.first_write, names.first_write);
        let last = self.time(&exchange.stages.last_write, names.last_write);
        let label = self.phrases.labels.sent;
        if last.is_none() && traffic.is_none_or(|traffic| traffic.writes == 0) {
            return;
        }
        let words = traffic.map(|traffic| {
            format!("{} {}", self.sent_octets(&traffic), counted(phrases.writes, traffic.writes.into()))
        });
        let is_one_step = traffic.is_some_and(|traffic| traffic.writes <= 1)
            || is_at_once(&exchange.stages.first_write, &exchange.stages.last_write);
        // The first write was told of when the answer was under way.
        if !is_one_step && first.is_some() && !self.progress.is_begun {
            self.stage(first, Arrow::ToClient, label, [plain(phrases.first_octets)]);
        }
        self.stage(last, Arrow::ToClient, label, [plain(words.unwrap_or_default())]);
    }

    fn sent_so_far(&mut self, exchange: &Exchange, traffic: Option<Traffic>) {
        let sent = traffic.map(|traffic| self.sent_octets(&traffic)).unwrap_or_default();
        let at = stamp(&exchange.stages.last_write).or_else(|| stamp(&exchange.stages.first_write));
        let words = [plain(sent), dim(self.phrases.exchange.slow)];
        self.stage(at, Arrow::ToClient, self.phrases.labels.sent, words);
    }

    fn sent_octets(&self, traffic: &Traffic) -> String {
        let phrases = &self.phrases.exchange;
        let octets = |count| counted(phrases.octets, count);
        match (traffic.response_head, traffic.response_body) {
            (0, body) => fill(phrases.body, &[&octets(body)]),
            (head, 0) => fill(phrases.head, &[&octets(head)]),
            (head, body) => fill(phrases.head_and_body, &[&grouped(head), &octets(body)]),
        }
    }
}

fn is_at_once(from: &Figure<Nanoseconds>, to: &Figure<Nanoseconds>) -> bool {
    from.value().zip(to.value()).is_some_and(|(from, to)| to.saturating_sub(*from) < AT_ONCE)
}
