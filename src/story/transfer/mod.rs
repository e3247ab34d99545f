//! The story of a fetch, for people: each transfer told when it is over, in
//! the look of the server's story. Where the server's half is there too, the
//! two stand side by side.

mod connection;
mod english;
mod exchange;
mod joined;
mod korean;
mod language;
mod name;
mod phrases;
mod rows;
mod verbatim;

use crate::language::Language;
use crate::record::transfer::{Record, Transfer};
use crate::record::{Figure, Why};
use crate::story::layout::{Arrow, Block, Words, bold, dim, plain};
use crate::story::words::fill;
use phrases::Phrases;
use rows::Rows;

/// How times and arrows are to be read: said once.
pub(crate) fn legend(language: Language) -> String {
    let mut block = Block::default();
    block.aside(language::of(language).legend);
    block.finish()
}

/// Tells a transfer; `before`: those that were told already; with `heads`, also those as they were sent.
pub(crate) fn tell(transfer: &Transfer, before: &Record, heads: bool, language: Language) -> String {
    let phrases = language::of(language);
    let mut block = Block::default();
    block.header(&[bold(format!("#{}", transfer.number)), bold(transfer.url.clone())]);
    if let Some(name) = &transfer.name {
        name::tell(name, &mut block, phrases);
    }
    let server = joined::half(transfer);
    let mut rows = Rows::default();
    connection::tell(transfer, before, server.is_some(), &mut rows, phrases);
    if server.is_none() {
        if let Some(exchange) = &transfer.exchange {
            exchange::tell(exchange, &mut rows, phrases);
        }
        connection::tell_end(transfer, &mut rows, phrases);
    }
    rows.write(&mut block);
    if let Some(half) = &server {
        joined::tell(transfer, half, &before.began, &mut block, phrases);
    }
    if let (true, Some(exchange)) = (heads, &transfer.exchange) {
        verbatim::tell(exchange, &mut block);
    }
    remarks(transfer, server.is_some(), &mut block, phrases);
    block.finish()
}

/// What belongs to no moment.
fn remarks(transfer: &Transfer, is_joined: bool, block: &mut Block, phrases: &Phrases) {
    if !transfer.withheld.is_empty() {
        block.remark(&[plain(fill(phrases.exchange.withheld, &[&transfer.withheld.join(", ")]))]);
    }
    exchange::tell_body(transfer, block, phrases);
    let inside = |block: &mut Block, label, words: &[Words]| block.row("", Arrow::Inside, label, words);
    if transfer.is_kept {
        inside(block, phrases.labels.kept, &[plain(phrases.end.kept)]);
    }
    if let Some(close) = &transfer.close {
        inside(block, phrases.labels.closed, &[plain(connection::counts(close, phrases))]);
        let known = phrases.reasons.iter().find(|(name, _)| *name == close.reason);
        block.remark(&[dim(known.map_or(close.sentence.as_str(), |(_, sentence)| sentence))]);
    }
    if let Some(url) = &transfer.redirects_to {
        inside(block, phrases.labels.next, &[plain(url.clone())]);
    }
    if transfer.is_retried {
        inside(block, phrases.labels.next, &[plain(phrases.exchange.retried)]);
    }
    not_visible(transfer, block, phrases);
    if let (Some(why), false) = (&transfer.no_server, is_joined) {
        block.remark(&[dim(phrases.no_server), dim(why.sentence(phrases.language))]);
    }
}

/// What the kernel might have told of the exchange, and did not.
fn not_visible(transfer: &Transfer, block: &mut Block, phrases: &Phrases) {
    let Some(exchange) = &transfer.exchange else { return };
    for (name, figure) in phrases.names.iter().zip([&exchange.stages.acknowledged, &exchange.stages.arrived]) {
        if let Figure::NotVisible { why } = figure
            && *why != Why::NotReached
        {
            let why = why.said(phrases.language);
            block.remark(&[dim(phrases.not_visible), dim(format!("{name} ({why})"))]);
        }
    }
}

#[cfg(test)]
mod tests;
