//! Figures to tables.

use crate::workload::{Unit, Workload};
use std::fmt::Write;

/// What a server did in one workload.
pub(crate) struct Column {
    pub(crate) server: &'static str,
    /// A figure for each round, or why there is none.
    pub(crate) figures: Result<Vec<f64>, String>,
}

/// What all of them did in one workload; our own server is the first.
pub(crate) struct Row {
    pub(crate) workload: &'static Workload,
    pub(crate) columns: Vec<Column>,
    pub(crate) notes: Vec<String>,
}

impl Row {
    fn figures(&self, server: &str) -> Option<&[f64]> {
        let column = self.columns.iter().find(|column| column.server == server)?;
        column.figures.as_deref().ok()
    }

    /// Ours to theirs, round by round: what slows the machine slows both.
    fn ratios(&self, ours: &str, theirs: &str) -> Option<Vec<f64>> {
        let unit: Unit = self.workload.unit;
        let pairs = self.figures(ours)?.iter().zip(self.figures(theirs)?);
        let ratios: Vec<f64> = pairs.map(|(ours, theirs)| unit.ratio(*ours, *theirs)).collect();
        (!ratios.is_empty()).then_some(ratios)
    }

    /// How many times less `ours` needs than `theirs`.
    pub(crate) fn saves(&self, ours: &str, theirs: &str) -> Option<Spread> {
        Spread::of(&self.ratios(ours, theirs)?)
    }
}

/// The ratios of all rounds.
#[derive(Clone, Copy)]
pub(crate) struct Spread {
    pub(crate) least: f64,
    pub(crate) median: f64,
    pub(crate) most: f64,
}

impl Spread {
    fn of(ratios: &[f64]) -> Option<Self> {
        let least = ratios.iter().copied().fold(f64::INFINITY, f64::min);
        let most = ratios.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        Some(Self { least, median: median(ratios)?, most })
    }
}

/// What the ratios say.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reading {
    /// How many times less the first server needs than each of the others.
    Saves,
    /// How much of what the first server does each of the others still does.
    Keeps,
}

impl Reading {
    fn title(self, ours: &str) -> String {
        match self {
            Self::Saves => format!("What {ours} saves"),
            Self::Keeps => format!("What is left of {ours}, when watched"),
        }
    }

    fn ratios(self, row: &Row, ours: &str, peer: &str) -> Option<Vec<f64>> {
        match self {
            Self::Saves => row.ratios(ours, peer),
            Self::Keeps => row.ratios(peer, ours),
        }
    }

    fn explanation(self, ours: &str) -> String {
        match self {
            Self::Saves => format!(
                "above 1, {ours} needs that many times less: processor time of the server for the same requests or \
                 bytes; in W6, memory; in W9, time. Below 1, it needs more."
            ),
            Self::Keeps => format!(
                "requests for each second of processor time, the collector's thread included, as a part of those of \
                 {ours}."
            ),
        }
    }
}

/// Both tables and what is to be said about them.
pub(crate) fn tables(rows: &[Row], servers: &[&'static str], reading: Reading) -> String {
    let mut text = String::new();
    let (Some(ours), peers) = (servers.first(), servers.get(1..).unwrap_or_default()) else { return text };
    let heads: String = peers.iter().map(|peer| format!(" / {peer} |")).collect();
    let _ = writeln!(text, "{} (median of the rounds' ratios, minimum–maximum):\n", reading.title(ours));
    let _ = writeln!(text, "| | workload |{heads}\n|---|---|{}", "--:|".repeat(peers.len()));
    for row in rows {
        let cells: String = peers.iter().map(|peer| format!(" {} |", ratio(reading.ratios(row, ours, peer)))).collect();
        let _ = writeln!(text, "| {} | {} |{cells}", row.workload.name, row.workload.what);
    }

    let heads: String = servers.iter().map(|server| format!(" {server} |")).collect();
    let _ = writeln!(text, "\nMedians (of one run; not to be compared with those of another):\n");
    let _ = writeln!(text, "| | unit |{heads}\n|---|---|{}", "--:|".repeat(servers.len()));
    for row in rows {
        let unit = row.workload.unit;
        let show =
            |figures: Option<&[f64]>| figures.and_then(median).map_or("–".to_owned(), |figure| unit.show(figure));
        let cells: String = servers.iter().map(|server| format!(" {} |", show(row.figures(server)))).collect();
        let _ = writeln!(text, "| {} | {} |{cells}", row.workload.name, unit.name());
    }

    let explanation = reading.explanation(ours);
    let _ = writeln!(text, "\nHow to read it: {explanation} Less than 5 % either way is no difference.");
    for row in rows {
        let name = row.workload.name;
        for note in &row.notes {
            let _ = writeln!(text, "{name}: {note}");
        }
        for Column { server, figures } in &row.columns {
            if let Err(fault) = figures {
                let _ = writeln!(text, "{name}: left out: {server}: {fault}");
            }
        }
    }
    text
}

fn ratio(ratios: Option<Vec<f64>>) -> String {
    match ratios.as_deref().and_then(Spread::of) {
        Some(Spread { least, median, most }) => format!("**{median:.2}** ({least:.2}–{most:.2})"),
        None => "–".to_owned(),
    }
}

fn median(figures: &[f64]) -> Option<f64> {
    let mut sorted = figures.to_vec();
    sorted.sort_by(f64::total_cmp);
    let middle = sorted.len() / 2;
    let upper = *sorted.get(middle)?;
    Some(if sorted.len() % 2 == 1 { upper } else { f64::midpoint(sorted[middle - 1], upper) })
}
