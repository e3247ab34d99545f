//! The beginning of a connection: SYN, SYN+ACK, ACK, the queue and the accept.

use super::layout::{Arrow, dim, grouped, plain, span};
use super::rows::mark;
use super::telling::Teller;
use super::words::fill;
use crate::record::connection::Handshake;
use crate::record::{Figure, Nanoseconds, Syn};

impl Teller<'_> {
    pub(super) fn handshake(&mut self, handshake: &Handshake, is_ipv6: bool) {
        self.client_syn(handshake, is_ipv6);
        self.server_syn(handshake);
        let phrases = &self.phrases.handshake;
        let mut complete = phrases.complete.to_owned();
        if let Some(rtt) = self.figure(&handshake.rtt, self.phrases.names.rtt, |rtt| span(*rtt)) {
            complete = format!("{complete}, {}", fill(phrases.rtt, &[&rtt]));
        }
        let wait = handshake.queued.value().filter(|_| !is_hardly_any(&handshake.queued));
        let at = wait.map(|wait| (wait.saturating_neg(), mark(&handshake.queued)));
        self.stage(at, Arrow::ToServer, "ACK", [plain(complete)]);
        self.floor = self.rows.len();
        self.accept(handshake);
    }

    fn client_syn(&mut self, handshake: &Handshake, is_ipv6: bool) {
        let wait = match handshake.queued {
            Figure::Measured { value, .. } => Some(value),
            // A wait in steps of a clock tick is too coarse to count further back from.
            _ => None,
        };
        let begin = wait.zip(handshake.rtt.value());
        let at = begin.map(|(wait, rtt)| (wait.saturating_add(*rtt).saturating_neg(), "~"));
        match &handshake.syn {
            Figure::NotVisible { why } => {
                let why = [dim(self.phrases.not_visible), dim(why.said(self.phrases.language))];
                self.stage(at, Arrow::ToServer, "SYN", why);
            }
            Figure::Measured { value, .. } | Figure::Derived { value, .. } => {
                let text = format!("{}{}", mark(&handshake.syn), self.syn(value, is_ipv6));
                self.stage(at, Arrow::ToServer, "SYN", [plain(text)]);
            }
        }
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

    fn server_syn(&mut self, handshake: &Handshake) {
        let phrases = &self.phrases.handshake;
        let acknowledged = handshake.syn.value().map(|syn| format!("~{}", syn.sequence.wrapping_add(1)));
        let acknowledged = acknowledged.map(|number| fill(phrases.acknowledges, &[&number]));
        let words = match handshake.server_sequence.value() {
            Some(sequence) => {
                let sequence = format!("{}{sequence}", mark(&handshake.server_sequence));
                let sequence = fill(phrases.sequence, &[&sequence]);
                let words: Vec<String> = std::iter::once(sequence).chain(acknowledged).collect();
                [plain(words.join(", ")), plain("")]
            }
            None => {
                let acknowledged = acknowledged.map(|words| words + ";").unwrap_or_default();
                [plain(acknowledged), dim(phrases.no_server_sequence)]
            }
        };
        self.stage(None, Arrow::ToClient, "SYN+ACK", words);
    }

    fn accept(&mut self, handshake: &Handshake) {
        let (phrases, names) = (&self.phrases.handshake, &self.phrases.names);
        let queued = self.figure(&handshake.queued, names.queued, |wait| span(*wait));
        let queued = queued.map(|wait| match handshake.queued {
            _ if is_hardly_any(&handshake.queued) => format!("~{}", phrases.queued_hardly),
            _ => fill(phrases.queued, &[&wait]),
        });
        let queue = self.figure(&handshake.queue, names.queue, |queue| {
            fill(phrases.queue, &[&grouped(queue.waiting.into()), &grouped(queue.backlog.into())])
        });
        let figures: Vec<String> = queued.into_iter().chain(queue).collect();
        self.stage(Some((0, "")), Arrow::Inside, self.phrases.labels.accept, [plain(figures.join(", "))]);
    }
}

/// Whether it may be no wait at all: it is counted in ticks of the kernel's
/// clock, often 4 ms, and one that began and ended between two can count one more.
fn is_hardly_any(queued: &Figure<Nanoseconds>) -> bool {
    const TWO_TICKS: Nanoseconds = 8_000_000;
    matches!(queued, Figure::Derived { value, .. } if *value < TWO_TICKS)
}
