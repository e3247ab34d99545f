//! The counts as Prometheus reads them (text format 0.0.4): no path, no address, nothing that
//! a client chose.

use super::counts::Count;
use super::probe::Probe;
use crate::record::Text;
use std::fmt::Write as _;
use std::ops::Range;
use std::time::{SystemTime, UNIX_EPOCH};

/// The type of the text.
pub const MEDIA_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// A server's counts.
#[derive(Clone, Debug)]
pub struct Metrics {
    probe: Probe,
    model: Text,
    began: SystemTime,
}

/// A metric: its name, what it is, and its samples, each with its label if it has one.
struct Family<'a> {
    name: &'a str,
    kind: &'a str,
    help: &'a str,
    samples: &'a [(&'a str, u64)],
}

impl Metrics {
    /// Those that `probe` counts of a server of this model, which begins now.
    pub(super) fn new(probe: Probe, model: Text) -> Self {
        Self { probe, model, began: SystemTime::now() }
    }

    /// The counts of this moment.
    pub fn text(&self) -> String {
        let count = |what| self.probe.counted(what);
        let exchanges = self.probe.exchanges();
        let class = |statuses: Range<u16>| exchanges.range(statuses).map(|(_, count)| count).sum();
        // Closed first: who is accepted meanwhile is open.
        let closed = count(Count::Closed);
        let accepted = self.probe.accepted();
        let began = self.began.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
        let model = format!("version=\"{}\",model=\"{}\"", env!("CARGO_PKG_VERSION"), self.model);
        let families = [
            Family {
                name: "glasshttp_build_info",
                kind: "gauge",
                help: "The program's version, and its server model.",
                samples: &[(&model, 1)],
            },
            Family {
                name: "process_start_time_seconds",
                kind: "gauge",
                help: "When the server began, in seconds since 1970.",
                samples: &[("", began)],
            },
            Family {
                name: "glasshttp_connections_accepted_total",
                kind: "counter",
                help: "Connections accepted.",
                samples: &[("", accepted)],
            },
            Family {
                name: "glasshttp_connections_open",
                kind: "gauge",
                help: "Connections accepted and not yet closed.",
                samples: &[("", accepted.saturating_sub(closed))],
            },
            Family {
                name: "glasshttp_requests_total",
                kind: "counter",
                help: "Requests by method, counted when the head is complete or refused.",
                samples: &[
                    ("method=\"GET\"", count(Count::Get)),
                    ("method=\"HEAD\"", count(Count::Head)),
                    ("method=\"OPTIONS\"", count(Count::Options)),
                    ("method=\"other\"", count(Count::OtherMethod)),
                ],
            },
            Family {
                name: "glasshttp_responses_total",
                kind: "counter",
                help: "Responses by the class of their status, counted at the exchange's end; none: client or process had gone before.",
                samples: &[
                    ("status=\"1xx\"", class(1..200)),
                    ("status=\"2xx\"", class(200..300)),
                    ("status=\"3xx\"", class(300..400)),
                    ("status=\"4xx\"", class(400..500)),
                    ("status=\"5xx\"", class(500..u16::MAX)),
                    ("status=\"none\"", class(0..1)),
                ],
            },
            Family {
                name: "glasshttp_responses_cut_short_total",
                kind: "counter",
                help: "Exchanges that ended before the whole response was sent.",
                samples: &[("", count(Count::CutShort))],
            },
            Family {
                name: "glasshttp_requests_refused_total",
                kind: "counter",
                help: "Requests that were malformed, too large or late.",
                samples: &[("", count(Count::Refused))],
            },
            Family {
                name: "glasshttp_sent_bytes_total",
                kind: "counter",
                help: "Bytes of responses, heads and bodies, that the kernel took.",
                samples: &[("", count(Count::Bytes))],
            },
            Family {
                name: "glasshttp_not_recorded_total",
                kind: "counter",
                help: "What found no room on its way to log and live page; reports: among them lines of the log.",
                samples: &[
                    ("what=\"connections\"", count(Count::Connections)),
                    ("what=\"exchanges\"", count(Count::Exchanges)),
                    ("what=\"reports\"", count(Count::Reports)),
                    ("what=\"packets\"", count(Count::Frames)),
                ],
            },
        ];
        let mut text = String::with_capacity(4096);
        families.iter().for_each(|family| family.write(&mut text));
        text
    }
}

impl Family<'_> {
    fn write(&self, text: &mut String) {
        let Self { name, kind, help, samples } = self;
        // Writing to a String does not fail.
        let _ = write!(text, "# HELP {name} {help}\n# TYPE {name} {kind}\n");
        for (label, value) in *samples {
            let _ = match label.is_empty() {
                true => writeln!(text, "{name} {value}"),
                false => writeln!(text, "{name}{{{label}}} {value}"),
            };
        }
    }
}
