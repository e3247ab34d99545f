//! What the story says, whatever the language: a language is a value of
//! [`Phrases`], and nothing else.
//!
//! `{0}`, `{1}` and so on stand for figures. Where a phrase has two forms, the
//! first is for one of a thing, the second for any other number.

use super::english::ENGLISH;
use super::korean::KOREAN;
use super::layout::grouped;
use crate::language::Language;

impl Language {
    pub(super) fn phrases(self) -> &'static Phrases {
        match self {
            Self::English => &ENGLISH,
            Self::Korean => &KOREAN,
        }
    }
}

/// One language. Labels are seven columns wide at most.
#[derive(Debug)]
pub(super) struct Phrases {
    pub(super) legend: &'static str,
    /// Accepted at a time of day.
    pub(super) accepted: &'static str,
    /// After the number of a connection that was told of before.
    pub(super) again: &'static str,
    pub(super) labels: Labels,
    pub(super) handshake: HandshakePhrases,
    pub(super) exchange: ExchangePhrases,
    pub(super) end: EndPhrases,
    pub(super) left_out: LeftOutPhrases,
    /// Figures, and why they are not visible.
    pub(super) not_visible: &'static str,
    pub(super) names: Names,
    /// Sentences for the reasons of a close, by the reason's name. What is not here is said as the record says it.
    pub(super) reasons: &'static [(&'static str, &'static str)],
    /// Why a figure is not visible: as the record says it, and as the story does.
    pub(super) whys: &'static [(&'static str, &'static str)],
}

#[derive(Debug)]
pub(super) struct Labels {
    pub(super) accept: &'static str,
    pub(super) read: &'static str,
    pub(super) answer: &'static str,
    pub(super) sent: &'static str,
    pub(super) kept: &'static str,
    pub(super) open: &'static str,
    pub(super) silent: &'static str,
    pub(super) closed: &'static str,
    pub(super) timeout: &'static str,
    pub(super) lost: &'static str,
}

#[derive(Debug)]
pub(super) struct HandshakePhrases {
    pub(super) sequence: &'static str,
    pub(super) acknowledges: &'static str,
    pub(super) mss: &'static str,
    pub(super) window_scale: &'static str,
    pub(super) ttl: &'static str,
    pub(super) hop_limit: &'static str,
    /// The server's sequence number, without a capture.
    pub(super) no_server_sequence: &'static str,
    pub(super) complete: &'static str,
    pub(super) rtt: &'static str,
    pub(super) queued: &'static str,
    pub(super) queued_hardly: &'static str,
    pub(super) queue: &'static str,
}

#[derive(Debug)]
pub(super) struct ExchangePhrases {
    /// The second request and later ones, by number.
    pub(super) request: &'static str,
    pub(super) no_line: &'static str,
    pub(super) first_octets: &'static str,
    pub(super) head_complete: &'static str,
    pub(super) head_incomplete: &'static str,
    pub(super) head: &'static str,
    pub(super) body: &'static str,
    pub(super) head_and_body: &'static str,
    pub(super) reads: [&'static str; 2],
    pub(super) writes: [&'static str; 2],
    pub(super) octets: [&'static str; 2],
    /// The resource that the answer was made from.
    pub(super) from: &'static str,
    pub(super) bare: &'static str,
    pub(super) slow: &'static str,
    pub(super) acknowledged: &'static str,
    pub(super) more: [&'static str; 2],
    pub(super) kept: &'static str,
    pub(super) not_closed: &'static str,
    pub(super) silent: &'static str,
}

#[derive(Debug)]
pub(super) struct EndPhrases {
    pub(super) client: &'static str,
    /// Before the server had written all.
    pub(super) client_half: &'static str,
    pub(super) server: &'static str,
    /// close(2) alone, which ends what was not ended before.
    pub(super) server_close: &'static str,
    pub(super) reset_by_client: &'static str,
    pub(super) reset_by_server: &'static str,
    /// After who was the first to end; with a place for the mark.
    pub(super) first: &'static str,
    pub(super) rtt: &'static str,
    pub(super) nothing_again: &'static str,
    pub(super) again: [&'static str; 2],
    /// TIME-WAIT is the client's, the server's, nobody's.
    pub(super) time_wait: [&'static str; 3],
}

#[derive(Debug)]
pub(super) struct LeftOutPhrases {
    /// What was left out in the last second.
    pub(super) line: &'static str,
    pub(super) connections: [&'static str; 2],
    pub(super) exchanges: [&'static str; 2],
    pub(super) reports: [&'static str; 2],
}

/// What figures are called where they are missing.
#[derive(Debug)]
pub(super) struct Names {
    pub(super) queued: &'static str,
    pub(super) queue: &'static str,
    pub(super) rtt: &'static str,
    pub(super) arrived: &'static str,
    pub(super) first_read: &'static str,
    pub(super) head_complete: &'static str,
    pub(super) answer_chosen: &'static str,
    pub(super) first_write: &'static str,
    pub(super) last_write: &'static str,
    pub(super) acknowledged: &'static str,
    pub(super) traffic: &'static str,
    pub(super) close: &'static str,
    pub(super) first: &'static str,
    pub(super) client_end: &'static str,
    pub(super) server_end: &'static str,
    pub(super) tcp: &'static str,
    pub(super) time_wait: &'static str,
}

impl Phrases {
    /// The sentence for a reason's name, in any of the usual spellings of names.
    pub(super) fn reason(&self, name: &str) -> Option<&'static str> {
        let letters = |name: &str| name.replace(['_', '-', ' '], "").to_ascii_lowercase();
        let name = letters(name);
        self.reasons.iter().find(|(known, _)| letters(known) == name).map(|(_, sentence)| *sentence)
    }

    /// Why a figure is not visible, in this language if it is known there.
    pub(super) fn why<'a>(&self, why: &'a str) -> &'a str {
        self.whys.iter().find(|(known, _)| *known == why).map_or(why, |(_, told)| *told)
    }
}

/// The form for `count`, with the count in it.
pub(crate) fn counted(forms: [&str; 2], count: u64) -> String {
    fill(forms[usize::from(count != 1)], &[&grouped(count)])
}

/// `template` with its places filled; one pass, so that a figure is never taken for a place.
pub(crate) fn fill(template: &str, figures: &[&str]) -> String {
    let mut filled = String::with_capacity(template.len() + 16);
    let mut rest = template;
    while let Some((before, after)) = rest.split_once('{') {
        filled.push_str(before);
        let (place, after) = after.split_once('}').unwrap_or(("", after));
        let figure = place.parse().ok().and_then(|place: usize| figures.get(place));
        filled.push_str(figure.copied().unwrap_or_default());
        rest = after;
    }
    filled.push_str(rest);
    filled
}
