//! A run as the page draws it: each segment with its label, each call, the labels of
//! those that travel side by side. Nothing is in it that no frame or call showed.

use super::drawing::label::label;
use super::drawing::svg;
use super::end::Side;
use super::run::{Call, Ms, Run, Segment};
use super::setting::Setting;
use crate::language::Language;
use crate::language::sentence::say;
use crate::packet::Direction;
use serde::Serialize;

/// A segment's arrow.
#[derive(Debug, Serialize)]
pub(super) struct Arrow {
    pub(super) number: u64,
    direction: Direction,
    left: Ms,
    #[serde(skip_serializing_if = "Option::is_none")]
    decided: Option<Ms>,
    #[serde(skip_serializing_if = "Option::is_none")]
    arrived: Option<Ms>,
    #[serde(skip_serializing_if = "Option::is_none")]
    copy: Option<Ms>,
    label: String,
    /// What the wire did to it, as a sentence.
    #[serde(skip_serializing_if = "Option::is_none")]
    deed: Option<&'static str>,
    is_again: bool,
    is_lost: bool,
    is_damaged: bool,
}

impl Arrow {
    pub(super) fn of(segment: &Segment, language: Language) -> Self {
        Self {
            number: segment.number as u64,
            direction: segment.direction,
            left: segment.sent_ms,
            decided: segment.decided_ms,
            arrived: segment.arrived_ms,
            copy: segment.copy_arrived_ms,
            label: label(segment, language),
            deed: segment.wire.map(|deed| deed.sentence(language)),
            is_again: segment.is_again(),
            is_lost: segment.is_lost(),
            is_damaged: segment.is_damaged(),
        }
    }
}

/// A call beside its end.
#[derive(Debug, Serialize)]
pub(super) struct CallMark {
    at: Ms,
    side: Side,
    text: String,
}

impl CallMark {
    pub(super) fn of(call: &Call, language: Language) -> Self {
        // Of a run that was read from a file the English alone may be known.
        let text = match call.text.of(language) {
            "" => &call.call,
            text => text,
        };
        Self { at: call.at_ms, side: call.side, text: text.to_owned() }
    }
}

/// Segments that travel side by side, with one label.
#[derive(Debug, Serialize)]
struct Flight {
    segments: Vec<usize>,
    label: String,
}

/// An act.
#[derive(Debug, Serialize)]
pub(super) struct DrawnAct {
    title: String,
    setting: Setting,
    segments: Vec<Arrow>,
    calls: Vec<CallMark>,
    flights: Vec<Flight>,
    /// By how much the wire was late at most, and what is not shown, as sentences.
    late: String,
}

impl DrawnAct {
    pub(super) fn of(run: &Run, title: &str, language: Language) -> Self {
        let flights = svg::flights(run).into_iter().map(|flight| Flight {
            segments: flight.iter().map(|segment| segment.number).collect(),
            label: svg::label_of(&flight, language),
        });
        let late =
            say!(language, "The wire was late by {:.1} ms at most." / "전선은 최대 {:.1} ms 늦었습니다.", run.late_ms);
        Self {
            title: title.to_owned(),
            setting: Setting::of(&run.conditions, language),
            segments: run.segments.iter().map(|segment| Arrow::of(segment, language)).collect(),
            calls: run.calls.iter().map(|call| CallMark::of(call, language)).collect(),
            flights: flights.filter(|flight| flight.segments.len() > 1).collect(),
            late: match run.what_is_missing(language) {
                Some(missing) => format!("{late} {missing}"),
                None => late,
            },
        }
    }
}
