//! A step: what happened, when, where, and how that is known.

use crate::language::Language;
use crate::record::segment::{Options, Relative, Segment};
use crate::record::{End, Figure, Nanoseconds, Source, Text, Why};
use serde::Serialize;

/// Stages that are closer than this need no step of their own, in nanoseconds.
pub(super) const AT_ONCE: Nanoseconds = 1_000_000;

/// One step of a connection. In JSON its figure's source is in English, as in records.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct Step {
    /// A name that stays the same while more becomes known.
    pub id: String,
    /// The exchange that it belongs to.
    pub exchange: Option<u64>,
    /// What it is.
    pub kind: Kind,
    /// Where it happened.
    pub place: Place,
    /// Which way, if something was sent.
    pub direction: Option<Direction>,
    /// Whose record says it.
    pub seen_by: End,
    /// Nanoseconds since the accept; in a client's story, since the run began.
    pub at: Figure<Nanoseconds>,
    /// Whether `at` is only a bound.
    pub bound: Option<Bound>,
    /// A word for it, of seven columns at most; of a request, its line.
    pub label: String,
    /// What stands in a drawing.
    pub caption: String,
    /// What happened, with its figures.
    pub title: String,
    /// What that means.
    pub sentence: String,
    /// How the step is known, and how its time is.
    pub how: String,
    /// How the step itself is known: what is not visible is not drawn.
    pub known: Known,
    /// The class of a status.
    pub tone: Tone,
    /// The captured segment that the arrow is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub segment: Option<SegmentFigures>,
    /// Whether only drawings show it: the title of another step says the same.
    #[serde(skip)]
    pub is_drawn_only: bool,
}

/// What a step is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Kind {
    /// Something went from one end to the other.
    Arrow,
    /// Something happened at one end.
    Event,
    /// One end was, or is, in a state for a while.
    Wait,
    /// A sentence: nothing to draw.
    Note,
    /// Segments passed, or may have, and are not among the arrows.
    Gap,
}

/// A captured segment's figures; the whole of it is in the record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct SegmentFigures {
    /// Its place in the list of the record's segments, from 0.
    pub index: usize,
    /// Its control bits, as in `SYN+ACK`.
    pub flags: Text,
    /// Its sequence number.
    pub sequence: u32,
    /// The same, relative to the SYN's.
    pub relative_sequence: Relative,
    /// Bytes of data.
    pub length: u32,
    /// Its acknowledgment number.
    pub acknowledgment: Option<u32>,
    /// The same, relative to the SYN's of the other end.
    pub relative_acknowledgment: Option<Relative>,
    /// Its window as it stands in the header.
    pub window: u16,
    /// The same in bytes.
    pub window_bytes: Option<u64>,
    /// Its options.
    pub options: Options,
    /// Whether its frame is kept, to be opened and saved: not in a log.
    pub has_frame: bool,
}

impl SegmentFigures {
    pub(super) fn of(index: usize, segment: &Segment) -> Self {
        Self {
            index,
            flags: segment.flags.clone(),
            sequence: segment.sequence,
            relative_sequence: segment.relative_sequence,
            length: segment.length,
            acknowledgment: segment.acknowledgment,
            relative_acknowledgment: segment.relative_acknowledgment,
            window: segment.window,
            window_bytes: segment.window_bytes,
            options: segment.options.clone(),
            has_frame: segment.frame.is_some(),
        }
    }
}

/// Where something happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Place {
    /// At the client.
    Client,
    /// Between the two.
    Wire,
    /// At the server.
    Server,
}

/// Which way something went.
///
/// Exhaustive on purpose: a connection has two ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// From the client.
    ToServer,
    /// From the server.
    ToClient,
}

/// What a time says that is no more than a bound.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Bound {
    /// Then, or before.
    AtMost,
    /// Then, or later.
    AtLeast,
    /// Then, give or take a tick of the kernel's clock.
    About,
}

/// How a step is known.
///
/// Exhaustive on purpose, as [`Figure`](crate::record::Figure) is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Known {
    /// A call or the kernel reported it.
    Measured,
    /// It follows from what was reported.
    Derived,
    /// Nothing reported it.
    NotVisible,
}

/// The class of a status: one colour each, in every view.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Tone {
    /// It has none.
    #[default]
    Plain,
    /// 1xx and 2xx.
    Success,
    /// 3xx.
    Redirection,
    /// 4xx.
    ClientError,
    /// 5xx.
    ServerError,
}

impl Tone {
    /// That of a status.
    pub fn of(status: u16) -> Self {
        match status {
            0 => Self::Plain,
            1..300 => Self::Success,
            300..400 => Self::Redirection,
            400..500 => Self::ClientError,
            500.. => Self::ServerError,
        }
    }
}

impl Step {
    /// A step at one end; where nothing says when, there is nothing to draw.
    pub(super) fn event(
        id: impl Into<String>,
        at: Figure<Nanoseconds>,
        label: impl Into<String>,
        title: String,
    ) -> Self {
        let label = label.into();
        Self {
            id: id.into(),
            exchange: None,
            kind: if at.value().is_some() { Kind::Event } else { Kind::Note },
            place: Place::Server,
            direction: None,
            seen_by: End::Server,
            known: known(&at),
            at,
            bound: None,
            caption: label.clone(),
            label,
            title,
            sentence: String::new(),
            how: String::new(),
            tone: Tone::Plain,
            segment: None,
            is_drawn_only: false,
        }
    }

    /// Something that went to one end, or came from it.
    pub(super) fn arrow(
        id: impl Into<String>,
        direction: Direction,
        at: Figure<Nanoseconds>,
        label: impl Into<String>,
        title: String,
    ) -> Self {
        Self { kind: Kind::Arrow, place: Place::Wire, direction: Some(direction), ..Self::event(id, at, label, title) }
    }

    /// A sentence, at no time.
    pub(super) fn note(id: impl Into<String>, title: String) -> Self {
        Self { kind: Kind::Note, ..Self::event(id, Figure::not_visible(Why::NoMoment), "", title) }
    }

    /// A row that has a word, and no time of its own.
    pub(crate) fn remark(id: &str, label: String, title: String) -> Self {
        Self { label, ..Self::note(id, title) }
    }

    /// A state of one end.
    pub(super) fn wait(id: impl Into<String>, place: Place, known: Known, title: String) -> Self {
        let at = Figure::not_visible(Why::NoMoment);
        let event = Self::event(id, at, "", title.clone());
        Self { kind: Kind::Wait, place, known, caption: title, is_drawn_only: true, ..event }
    }

    /// Whether it belongs to how the connection came about.
    pub(crate) fn is_of_handshake(&self) -> bool {
        matches!(self.id.as_str(), "syn" | "syn-ack" | "ack" | "queue" | "half-closed" | "accept")
    }

    /// Whether it belongs to how the connection ended, or says that it has not.
    pub(crate) fn is_of_ending(&self) -> bool {
        const IDS: &[&str] = &[
            "client-fin",
            "client-reset",
            "client-end",
            "client-abort",
            "surplus",
            "server-end",
            "server-reset",
            "reset",
            "closed",
            "lost",
            "reason",
            "time-wait",
            "open",
            "continues",
        ];
        IDS.contains(&self.id.as_str())
    }

    pub(super) fn saying(self, sentence: String) -> Self {
        Self { sentence, ..self }
    }

    pub(super) fn captioned(self, caption: impl Into<String>) -> Self {
        Self { caption: caption.into(), ..self }
    }

    /// Known by this figure, of which only the source counts.
    pub(super) fn known_by<T>(self, figure: &Figure<T>, language: Language) -> Self {
        Self { known: known(figure), how: how(figure, language), ..self }
    }

    /// Known as its time is.
    pub(super) fn known_by_its_time(self, language: Language) -> Self {
        let at = self.at.clone();
        self.known_by(&at, language)
    }
}

/// A moment of the program's own clock.
pub(super) fn by_clock(moment: Nanoseconds) -> Figure<Nanoseconds> {
    Figure::measured(moment, Source::Clock)
}

pub(super) fn known<T>(figure: &Figure<T>) -> Known {
    match figure {
        Figure::Measured { .. } => Known::Measured,
        Figure::Derived { .. } => Known::Derived,
        Figure::NotVisible { .. } => Known::NotVisible,
    }
}

/// How a figure is known, in words.
pub(crate) fn how<T>(figure: &Figure<T>, language: Language) -> String {
    let (word, text) = match (figure, language) {
        (Figure::Measured { by, .. }, Language::English) => ("measured", by.said(language)),
        (Figure::Measured { by, .. }, Language::Korean) => ("측정", by.said(language)),
        (Figure::Derived { from, .. }, Language::English) => ("derived", from.said(language)),
        (Figure::Derived { from, .. }, Language::Korean) => ("계산", from.said(language)),
        (Figure::NotVisible { why }, Language::English) => ("not visible", why.said(language)),
        (Figure::NotVisible { why }, Language::Korean) => ("보이지 않음", why.said(language)),
    };
    format!("{word}: {text}")
}

/// There is nothing to say of what has not happened, or has not as far as was reported.
pub(super) fn is_unreached<T>(figure: &Figure<T>) -> bool {
    let is_without = matches!(figure, Figure::NotVisible { why: Why::NotReached | Why::NotYet | Why::HeadUnfinished });
    is_without || figure.is_lost()
}
