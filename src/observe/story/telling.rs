//! From a record to a block: which rows a connection has, and what of it was
//! told before. How a figure is known is marked as the legend says; a figure
//! that nobody reported is named below the rows, with its reason, once.

use super::layout::{Arrow, Block, Words, bold, dim, grouped, plain, span};
use super::phrases::{Phrases, counted, fill};
use crate::observe::record::{Exchange, Figure, Handshake, Nanoseconds, Record, Syn, Text, Traffic};
use anstyle::{AnsiColor, Style};

/// Exchanges that one block tells; further ones are counted.
pub(super) const MOST_EXCHANGES: usize = 8;
/// Steps that are shorter than this need no row of their own, in nanoseconds.
const AT_ONCE: Nanoseconds = 1_000_000;
/// Missing figures that are named, of one connection.
const MOST_MISSING: usize = 64;

/// What was told of a connection so far.
#[derive(Debug, Default)]
pub(super) struct Progress {
    /// The header and the handshake.
    pub(super) is_introduced: bool,
    /// The number of the last exchange that was told to its end, or left out.
    pub(super) exchanges: u64,
    /// Whether the request after it was told.
    is_begun: bool,
    /// Figures that were said to be missing, and why.
    missing: Vec<(&'static str, Text)>,
}

/// Why a block is written now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Moment {
    Silent,
    Answering,
    Quiet,
    Closed,
}

/// The block that tells what is new of `record`, which had `total` exchanges so far.
pub(super) fn block(
    record: &Record,
    total: u64,
    moment: Moment,
    progress: &mut Progress,
    phrases: &'static Phrases,
) -> String {
    let teller = Teller { block: Block::default(), phrases, progress, missing: Vec::new() };
    teller.tell(record, total, moment)
}

pub(super) struct Teller<'a> {
    pub(super) block: Block,
    pub(super) phrases: &'static Phrases,
    progress: &'a mut Progress,
    /// What this block lacks.
    missing: Vec<(&'static str, Text)>,
}

impl Teller<'_> {
    fn tell(mut self, record: &Record, total: u64, moment: Moment) -> String {
        let told = self.progress.exchanges;
        let new: Vec<&Exchange> = record.exchanges.iter().filter(|exchange| exchange.number > told).collect();
        self.header(record);
        let mut opening = !std::mem::replace(&mut self.progress.is_introduced, true);
        if opening {
            self.handshake(&record.handshake, record.client.is_ipv6());
            // What came while the connection stood in the queue came before the accept.
            if !new.first().is_some_and(|exchange| exchange.stages.arrived.value().is_some_and(|at| *at < 0)) {
                self.accept(&record.handshake);
                opening = false;
            }
        }
        for (index, exchange) in new.iter().take(MOST_EXCHANGES).enumerate() {
            let is_under_way = moment == Moment::Answering && index + 1 == new.len();
            self.request(exchange);
            if std::mem::take(&mut opening) {
                self.accept(&record.handshake);
            }
            self.answer(exchange, is_under_way);
        }
        let under_way = u64::from(moment == Moment::Answering);
        let more = total.saturating_sub(self.progress.exchanges + under_way);
        if more > 0 {
            self.block.remark(&[dim(counted(self.phrases.exchange.more, more))]);
            self.progress.exchanges += more;
            self.progress.is_begun = false;
        }
        self.outlook(record, moment, new.last().is_some_and(|exchange| exchange.is_kept));
        self.say_missing();
        self.block.finish()
    }

    fn header(&mut self, record: &Record) {
        let time = record.accepted.get(11..23).unwrap_or(&record.accepted);
        if self.progress.is_introduced {
            let again = format!("#{} {}", record.connection, self.phrases.again);
            return self.block.header(&[bold(again), plain(record.client.to_string())]);
        }
        self.block.header(&[
            bold(format!("#{}", record.connection)),
            bold(record.client.to_string()),
            dim(fill(self.phrases.accepted, &[time])),
            dim(record.model.clone()),
        ]);
    }

    fn handshake(&mut self, handshake: &Handshake, is_ipv6: bool) {
        let phrases = &self.phrases.handshake;
        let measured_wait = match handshake.queued {
            Figure::Measured { value, .. } => Some(value),
            // A wait in steps of a clock tick is too coarse to count further back from.
            _ => None,
        };
        let begin = measured_wait
            .zip(handshake.rtt.value())
            .map(|(wait, rtt)| format!("~{}", span(wait.saturating_add(*rtt).saturating_neg())));
        let begin = begin.as_deref().unwrap_or_default();
        match &handshake.syn {
            Figure::NotVisible { why } => {
                let why = [dim(self.phrases.not_visible), dim(self.phrases.why(why))];
                self.block.row(begin, Arrow::ToServer, "SYN", &why);
            }
            Figure::Measured { value, .. } | Figure::Derived { value, .. } => {
                let mark = mark(&handshake.syn);
                let text = format!("{mark}{}", self.syn(value, is_ipv6));
                self.block.row(begin, Arrow::ToServer, "SYN", &[plain(text)]);
            }
        }
        let mut reply = Vec::new();
        if let Some(syn) = handshake.syn.value() {
            let next = format!("~{}", syn.sequence.wrapping_add(1));
            reply.push(fill(phrases.acknowledges, &[&next]));
        }
        match handshake.server_sequence.value() {
            Some(sequence) => {
                let sequence = format!("{}{sequence}", mark(&handshake.server_sequence));
                reply.insert(0, fill(phrases.sequence, &[&sequence]));
                self.block.row("", Arrow::ToClient, "SYN+ACK", &[plain(reply.join(", "))]);
            }
            None => {
                let separator = if reply.is_empty() { "" } else { ";" };
                let words = [plain(reply.join(", ") + separator), dim(phrases.no_server_sequence)];
                self.block.row("", Arrow::ToClient, "SYN+ACK", &words);
            }
        }
        let mut complete = phrases.complete.to_owned();
        if let Some(rtt) = self.figure(&handshake.rtt, self.phrases.names.rtt, |rtt| span(*rtt)) {
            complete = format!("{complete}, {}", fill(phrases.rtt, &[&rtt]));
        }
        let wait = handshake.queued.value().filter(|wait| **wait > 0);
        let time =
            wait.map(|wait| format!("{}{}", mark(&handshake.queued), span(wait.saturating_neg()))).unwrap_or_default();
        self.block.row(&time, Arrow::ToServer, "ACK", &[plain(complete)]);
    }

    fn syn(&self, syn: &Syn, is_ipv6: bool) -> String {
        let phrases = &self.phrases.handshake;
        let mut figures = vec![fill(phrases.sequence, &[&syn.sequence.to_string()])];
        figures.extend(syn.mss.map(|mss| fill(phrases.mss, &[&mss.to_string()])));
        figures.extend(syn.window_scale.map(|scale| fill(phrases.window_scale, &[&scale.to_string()])));
        figures.extend(syn.sack_permitted.then(|| "SACK".to_owned()));
        let ttl = if is_ipv6 { phrases.hop_limit } else { phrases.ttl };
        figures.push(fill(ttl, &[&syn.ttl.to_string()]));
        figures.join(", ")
    }

    fn accept(&mut self, handshake: &Handshake) {
        let (phrases, names) = (&self.phrases.handshake, &self.phrases.names);
        let queued = self.figure(&handshake.queued, names.queued, |wait| span(*wait));
        let queued = queued.map(|wait| match handshake.queued {
            Figure::Derived { value: 0, .. } => format!("~{}", phrases.queued_hardly),
            _ => fill(phrases.queued, &[&wait]),
        });
        let queue = self.figure(&handshake.queue, names.queue, |queue| {
            fill(phrases.queue, &[&grouped(queue.waiting.into()), &grouped(queue.backlog.into())])
        });
        let figures: Vec<String> = queued.into_iter().chain(queue).collect();
        self.block.row(&span(0), Arrow::Inside, self.phrases.labels.accept, &[plain(figures.join(", "))]);
    }

    /// What was asked, unless it was told when the answer was under way.
    fn request(&mut self, exchange: &Exchange) {
        if self.progress.is_begun {
            return;
        }
        let phrases = &self.phrases.exchange;
        let time = self.time(&exchange.stages.arrived, self.phrases.names.arrived);
        let line = exchange.request.head.lines().find(|line| !line.trim().is_empty()).unwrap_or(phrases.no_line);
        let later = (exchange.number > 1).then(|| fill(phrases.request, &[&grouped(exchange.number)]));
        self.block.line(&time, Arrow::ToServer, line, later.as_deref());
    }

    fn answer(&mut self, exchange: &Exchange, is_under_way: bool) {
        let traffic = exchange.traffic.value().copied();
        if !is_under_way {
            // Nobody counts what is still to come as missing.
            self.figure(&exchange.traffic, self.phrases.names.traffic, |_| String::new());
        }
        if !self.progress.is_begun {
            self.read(exchange, traffic);
            self.chosen(exchange);
        }
        if is_under_way {
            self.progress.is_begun = true;
            let sent = traffic.map(|traffic| self.sent_octets(&traffic)).unwrap_or_default();
            let words = [plain(sent), dim(self.phrases.exchange.slow)];
            let time = value_time(&exchange.stages.last_write).or_else(|| value_time(&exchange.stages.first_write));
            return self.block.row(&time.unwrap_or_default(), Arrow::ToClient, self.phrases.labels.sent, &words);
        }
        self.sent(exchange, traffic);
        let acknowledged = self.time(&exchange.stages.acknowledged, self.phrases.names.acknowledged);
        if !acknowledged.is_empty() {
            let words = [plain(self.phrases.exchange.acknowledged)];
            self.block.row(&acknowledged, Arrow::ToServer, "ACK", &words);
        }
        self.progress.exchanges = exchange.number;
        self.progress.is_begun = false;
    }

    fn read(&mut self, exchange: &Exchange, traffic: Option<Traffic>) {
        let (phrases, names) = (&self.phrases.exchange, &self.phrases.names);
        let first = self.time(&exchange.stages.first_read, names.first_read);
        let complete = self.time(&exchange.stages.head_complete, names.head_complete);
        let label = self.phrases.labels.read;
        let mut words = phrases.head_complete.to_owned();
        if let Some(traffic) = traffic {
            let octets = counted(phrases.octets, traffic.request_head);
            words = format!("{words}: {octets} {}", counted(phrases.reads, traffic.reads.into()));
        }
        let is_one_step = traffic.is_some_and(|traffic| traffic.reads <= 1)
            || is_at_once(&exchange.stages.first_read, &exchange.stages.head_complete);
        if is_one_step || first.is_empty() || complete.is_empty() {
            let time = if first.is_empty() { complete } else { first };
            return self.block.row(&time, Arrow::Inside, label, &[plain(words)]);
        }
        self.block.row(&first, Arrow::Inside, label, &[plain(phrases.first_octets)]);
        self.block.row(&complete, Arrow::Inside, label, &[plain(words)]);
    }

    fn chosen(&mut self, exchange: &Exchange) {
        let phrases = &self.phrases.exchange;
        let time = self.time(&exchange.stages.answer_chosen, self.phrases.names.answer_chosen);
        let color = match exchange.status {
            ..400 => AnsiColor::Green,
            400..500 => AnsiColor::Yellow,
            500.. => AnsiColor::Red,
        };
        // HTTP/1.0 200 OK
        let reason = exchange.answer.first_line().splitn(3, ' ').nth(2).unwrap_or_default();
        let status = format!("{} {reason}", exchange.status);
        let mut words: Vec<Words> = vec![(Style::from(color.on_default()), status)];
        if let Some(resource) = exchange.resource.value() {
            let resource = format!("{}{resource}", mark(&exchange.resource));
            words.push(plain(fill(phrases.from, &[&resource])));
        }
        if exchange.answer.head.is_empty() {
            words.push(dim(phrases.bare));
        }
        self.block.row(&time, Arrow::Inside, self.phrases.labels.answer, &words);
    }

    fn sent(&mut self, exchange: &Exchange, traffic: Option<Traffic>) {
        let (phrases, names) = (&self.phrases.exchange, &self.phrases.names);
        let first = self.time(&exchange.stages.first_write, names.first_write);
        let last = self.time(&exchange.stages.last_write, names.last_write);
        let label = self.phrases.labels.sent;
        let words = traffic.map(|traffic| {
            format!("{} {}", self.sent_octets(&traffic), counted(phrases.writes, traffic.writes.into()))
        });
        let words = words.unwrap_or_default();
        if traffic.is_some_and(|traffic| traffic.writes == 0) && last.is_empty() {
            return;
        }
        let is_one_step = traffic.is_some_and(|traffic| traffic.writes <= 1)
            || is_at_once(&exchange.stages.first_write, &exchange.stages.last_write);
        // The first write was told of when the answer was under way.
        if !is_one_step && !first.is_empty() && !self.progress.is_begun {
            self.block.row(&first, Arrow::ToClient, label, &[plain(phrases.first_octets)]);
        }
        self.block.row(&last, Arrow::ToClient, label, &[plain(words)]);
    }

    fn sent_octets(&self, traffic: &Traffic) -> String {
        let phrases = &self.phrases.exchange;
        let octets = |count| counted(phrases.octets, count);
        match (traffic.answer_head, traffic.answer_body) {
            (0, body) => fill(phrases.body, &[&octets(body)]),
            (head, 0) => fill(phrases.head, &[&octets(head)]),
            (head, body) => fill(phrases.head_and_body, &[&grouped(head), &octets(body)]),
        }
    }

    /// What is to be expected of the connection now.
    fn outlook(&mut self, record: &Record, moment: Moment, is_kept: bool) {
        let (phrases, labels) = (&self.phrases.exchange, &self.phrases.labels);
        match (moment, &record.close) {
            (Moment::Silent, _) => {
                self.block.row(&span(1_000_000_000), Arrow::Inside, labels.silent, &[plain(phrases.silent)]);
            }
            (Moment::Quiet, _) if is_kept => {
                self.block.row("", Arrow::Inside, labels.kept, &[plain(phrases.kept)]);
            }
            (Moment::Quiet, _) => self.block.row("", Arrow::Inside, labels.open, &[plain(phrases.not_closed)]),
            (Moment::Closed, Some(close)) => self.close(close, record),
            (Moment::Closed, None) | (Moment::Answering, _) => {}
        }
    }

    /// A figure with its mark; if it is missing, that is noted.
    pub(super) fn figure<T>(
        &mut self,
        figure: &Figure<T>,
        name: &'static str,
        show: impl Fn(&T) -> String,
    ) -> Option<String> {
        match figure {
            Figure::Measured { value, .. } => Some(show(value)),
            Figure::Derived { value, .. } => Some(format!("~{}", show(value))),
            Figure::NotVisible { why } => {
                let missing = (name, why.clone());
                if self.progress.missing.len() < MOST_MISSING && !self.progress.missing.contains(&missing) {
                    self.progress.missing.push(missing.clone());
                    self.missing.push(missing);
                }
                None
            }
        }
    }

    /// A time for the left column: empty if it is missing, which is noted.
    pub(super) fn time(&mut self, figure: &Figure<Nanoseconds>, name: &'static str) -> String {
        self.figure(figure, name, |time| span(*time)).unwrap_or_default()
    }

    /// What this connection lacks and was not said to lack, by reason.
    fn say_missing(&mut self) {
        let mut groups: Vec<(&str, Vec<&str>)> = Vec::new();
        for (name, why) in &self.missing {
            let why = self.phrases.why(why);
            match groups.iter_mut().find(|(known, _)| *known == why) {
                Some((_, names)) => names.push(name),
                None => groups.push((why, vec![name])),
            }
        }
        if groups.is_empty() {
            return;
        }
        let groups: Vec<String> = groups.iter().map(|(why, names)| format!("{} ({why})", names.join(", "))).collect();
        self.block.remark(&[dim(self.phrases.not_visible), dim(groups.join("; "))]);
    }
}

pub(super) fn mark<T>(figure: &Figure<T>) -> &'static str {
    if matches!(figure, Figure::Derived { .. }) { "~" } else { "" }
}

pub(super) fn value_time(figure: &Figure<Nanoseconds>) -> Option<String> {
    figure.value().map(|time| format!("{}{}", mark(figure), span(*time)))
}

fn is_at_once(from: &Figure<Nanoseconds>, to: &Figure<Nanoseconds>) -> bool {
    from.value().zip(to.value()).is_some_and(|(from, to)| to.saturating_sub(*from) < AT_ONCE)
}
