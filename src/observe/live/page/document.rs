//! The pages' parts, and how they become one file: that also works saved to a disk.

use super::words::{self, Word};
use crate::language::Language;

/// A page: its skeleton, which begins as that of each, its looks, its scripts in the order in which they are read, its words.
pub(super) struct Document {
    pub(super) html: &'static str,
    style: &'static [&'static str],
    pub(super) script: &'static [&'static str],
    pub(super) words: &'static [Word],
}

/// Connections, as they happen.
pub(super) static LIVE: Document = Document {
    html: concat!(include_str!("head.html"), include_str!("page.html")),
    style: &[include_str!("page.css"), include_str!("diagram.css"), include_str!("paper.css")],
    script: &[
        include_str!("figures.js"),
        include_str!("entries.js"),
        include_str!("axis.js"),
        include_str!("lanes.js"),
        include_str!("segments.js"),
        include_str!("diagram.js"),
        include_str!("exchanges.js"),
        include_str!("chosen.js"),
        include_str!("links.js"),
        include_str!("requests.js"),
        include_str!("stage.js"),
        include_str!("sheet.js"),
        include_str!("paper.js"),
        include_str!("address.js"),
        include_str!("sources.js"),
        include_str!("page.js"),
    ],
    words: words::live::WORDS,
};

/// Experiments.
pub(super) static LAB: Document = Document {
    html: concat!(include_str!("head.html"), include_str!("lab/lab.html")),
    style: &[include_str!("page.css"), include_str!("paper.css"), include_str!("lab/lab.css")],
    script: &[
        include_str!("figures.js"),
        include_str!("lab/scale.js"),
        include_str!("lab/drawing.js"),
        include_str!("lab/replay.js"),
        include_str!("lab/setting.js"),
        include_str!("lab/run.js"),
        include_str!("lab/hand.js"),
        include_str!("lab/lab.js"),
        include_str!("sheet.js"),
        include_str!("lab/paper.js"),
    ],
    words: words::lab::WORDS,
};

impl Document {
    /// All of it, in this language; what runs in it is named by `nonce`.
    pub(super) fn assembled(&self, nonce: &str, language: Language) -> String {
        let page = self
            .html
            .replacen("/* style */", &self.style.concat(), 1)
            .replacen("/* script */", &self.script.concat(), 1)
            .replace("nonce=\"\"", &format!("nonce=\"{nonce}\""));
        words::fill(&page, self.words, language)
    }
}
