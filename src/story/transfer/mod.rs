//! The story of a fetch in a terminal: each transfer's steps, laid out when it
//! is over. Where the server's half is there too, the two stand side by side.

mod sides;
#[cfg(test)]
mod tests;
mod verbatim;

use super::layout::{Block, bold, dim, plain};
use super::rows;
use super::segments::{self, Shown};
use super::steps::{Kind, Known, Step, of_transfer, say};
use crate::language::Language;
use crate::language::sentence::ERROR;
use crate::record::transfer::{FetchRecord, Transfer};
use crate::record::{End, Failed, Nanoseconds};
use std::collections::BTreeSet;

/// How times and arrows are to be read: said once.
pub(crate) fn legend(width: usize, language: Language) -> String {
    let mut block = Block::new(width);
    block.aside(&say!(
        language,
        "Times since start, + since the row above, ~ derived. ──▶ to server, ◀── back"
            / "시간은 시작부터, +는 윗줄부터, ~는 계산한 값. ──▶ 서버로, ◀── 서버에서"
    ));
    block.finish()
}

/// A transfer as text; `before`: those that were shown already; with `heads`, also those as they were sent.
pub(crate) fn text(transfer: &Transfer, before: &FetchRecord, heads: bool, width: usize, language: Language) -> String {
    let mut block = Block::new(width);
    block.header(&[bold(format!("#{}", transfer.number)), bold(transfer.url.clone())]);
    let steps = of_transfer(transfer, before, language);
    let of_server = || transfer.server.as_ref().and_then(|record| record.segments.as_ref());
    let shown = Shown::of(transfer.segments.as_ref().or_else(of_server), &steps, 0, |_| true);
    let steps = steps.into_iter().filter_map(|step| match shown.left_out_at(&step) {
        Some(count) => {
            let words = segments::more(count, language);
            // A row with a label stands where it belongs; one without is a remark at the end.
            let words = words.trim_start_matches("… ").to_owned();
            let remark = Step::remark("segments-more", "…".to_owned(), words);
            Some(Step { at: step.at, seen_by: step.seen_by, ..remark })
        }
        None => (step.segment.is_none() || shown.has(&step)).then_some(step),
    });
    let (rows, remarks): (Vec<Step>, Vec<Step>) = steps.filter(|step| !step.is_drawn_only).partition(is_row);
    let server = transfer.server.as_ref().filter(|_| rows.iter().any(|step| step.seen_by == End::Server));
    let (first, both) = if server.is_some() { sides::split(rows) } else { (rows, Vec::new()) };
    let mut above = None;
    first.iter().for_each(|step| row(step, &mut above, &mut block));
    if let Some(server) = server {
        let (beside, after): (Vec<Step>, Vec<Step>) =
            both.into_iter().partition(|step| step.at.value().is_some() || step.kind != Kind::Note);
        sides::write(beside, &mut above, server, &mut block, language);
        for step in &after {
            row(step, &mut above, &mut block);
        }
    }
    if let (true, Some(exchange)) = (heads, &transfer.exchange) {
        verbatim::write(exchange, &mut block);
    }
    write_remarks(&remarks, &mut block, language);
    if let (Some(why), false) = (&transfer.no_server, server.is_some()) {
        let title = say!(language, "the server's half:" / "서버 쪽 기록:");
        block.remark(&[dim(title), dim(why.sentence(language))]);
    }
    block.finish()
}

/// The failure of a transfer that is shown again.
pub(crate) fn failure(failed: &Failed, width: usize, language: Language) -> String {
    let mut block = Block::new(width);
    block.remark(&[bold(ERROR.of(language)), plain(failed.sentence(language))]);
    block.finish()
}

/// What has neither a time nor a word stands below the rows.
fn is_row(step: &Step) -> bool {
    step.kind != Kind::Note || !step.label.is_empty()
}

fn row(step: &Step, above: &mut Option<Nanoseconds>, block: &mut Block) {
    rows::write(block, &rows::time(step, *above), step, String::new());
    *above = step.at.value().copied().or(*above);
}

/// Sentences, each once; what was seen by the server says so.
fn write_remarks(remarks: &[Step], block: &mut Block, language: Language) {
    let mut shown = BTreeSet::new();
    for step in remarks.iter().filter(|step| shown.insert(step.title.clone())) {
        let is_fact = step.known != Known::NotVisible && step.how.is_empty();
        let words = if is_fact && step.id != "reason" { plain(step.title.clone()) } else { dim(step.title.clone()) };
        match step.seen_by {
            End::Client => block.remark(&[words]),
            End::Server => block.remark(&[dim(say!(language, "server:" / "서버:")), words]),
        }
    }
}
