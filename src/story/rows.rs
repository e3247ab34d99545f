//! A step as a row of a terminal: one form, in every story.

use super::layout::{Arrow, Block, Words, dim, span};
use super::steps::{Bound, Direction, Kind, Known, Step, Tone};
use crate::record::{Figure, Nanoseconds};
use anstyle::{AnsiColor, Style};

/// Writes the step as a row; `remark` stands behind it.
pub(super) fn write(block: &mut Block, time: &str, step: &Step, remark: String) {
    let is_request = step.id.ends_with("-request");
    if is_request && step.segment.is_some() {
        block.line(time, arrow(step), &step.label, (!remark.is_empty()).then_some(remark.as_str()));
        return block.remark(&[dim(step.title.clone())]);
    }
    if is_request {
        let remark = [step.title.as_str(), remark.as_str()].into_iter().filter(|text| !text.is_empty());
        let remark = remark.collect::<Vec<_>>().join(" ");
        return block.line(time, arrow(step), &step.label, (!remark.is_empty()).then_some(remark.as_str()));
    }
    block.row(time, arrow(step), &step.label, &[title(step), dim(remark)]);
}

pub(super) fn arrow(step: &Step) -> Arrow {
    match step.direction.filter(|_| step.kind == Kind::Arrow) {
        Some(Direction::ToServer) => Arrow::ToServer,
        Some(Direction::ToClient) => Arrow::ToClient,
        None => Arrow::Inside,
    }
}

/// What happened, in the colour of its status.
pub(super) fn title(step: &Step) -> Words {
    let mark = if step.known == Known::Derived && step.kind == Kind::Event { "~" } else { "" };
    (style(step.tone), format!("{mark}{}", step.title))
}

/// The step's time, with what it is no more than; `above`: that of the row above.
pub(super) fn time(step: &Step, above: Option<Nanoseconds>) -> String {
    let Some(at) = step.at.value() else { return String::new() };
    let mark = match (step.bound, &step.at) {
        (Some(Bound::AtMost), _) => "≤",
        (Some(Bound::AtLeast), _) => "≥",
        (Some(Bound::About), _) | (None, Figure::Derived { .. }) => "~",
        _ => "",
    };
    format!("{mark}{}", since(*at, above))
}

/// A time since the beginning; or since the row above, where three digits would not tell them apart.
fn since(at: Nanoseconds, above: Option<Nanoseconds>) -> String {
    let step = above.map(|above| at.saturating_sub(above));
    match step {
        Some(step) if at >= 1_000_000 && (0..at / 100).contains(&step) => format!("+{}", span(step)),
        _ => span(at),
    }
}

/// The colour of a status: one in every view.
pub(crate) fn style(tone: Tone) -> Style {
    match tone {
        Tone::Plain => Style::new(),
        Tone::Success => AnsiColor::Green.on_default(),
        Tone::Redirection => AnsiColor::Cyan.on_default(),
        Tone::ClientError => AnsiColor::Yellow.on_default(),
        Tone::ServerError => AnsiColor::Red.on_default(),
    }
}
