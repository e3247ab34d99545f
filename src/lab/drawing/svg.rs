//! A run as a picture: time runs downwards, arrows slant as long as a segment
//! travels, a lost one stops half way.

use super::label::label;
use crate::lab::report::Source;
use crate::lab::run::{Ms, Run};
use crate::language::Language;
use crate::packet::Direction;
use std::fmt::Write;

const WIDTH: f64 = 860.0;
const CLIENT: f64 = 150.0;
const SERVER: f64 = WIDTH - 150.0;
/// Points a millisecond, where a run is short; and the tallest act.
const SCALE: f64 = 9.0;
const TALLEST: f64 = 1400.0;
/// A pause in which nothing moves is drawn no longer than this, and marked.
const LONGEST_PAUSE: Ms = 30.0;
/// Two labels keep this distance.
const LINE: f64 = 13.0;

/// Draws all acts, one below the other.
pub(crate) fn draw(source: Source<'_>, runs: &[Run], language: Language) -> String {
    let mut body = String::new();
    let mut top = 48.0;
    for (index, run) in runs.iter().enumerate() {
        top = act(&mut body, run, source.act(index, language), top, language) + 40.0;
    }
    let title = escape(&source.title(language));
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {top:.0}\" role=\"img\" \
         aria-label=\"{title}\" font-family=\"ui-monospace, monospace\" font-size=\"11\">\n{STYLE}\
         <rect width=\"100%\" height=\"100%\" class=\"paper\"/>\n\
         <text x=\"16\" y=\"26\" class=\"title\">{title}</text>\n{body}</svg>\n"
    )
}

const STYLE: &str = "<style>.paper{fill:#fff}.title{font:600 16px system-ui,sans-serif;fill:#111}\
.act{font:600 13px system-ui,sans-serif;fill:#111}.c{stroke:#1f55b5;fill:none}.s{stroke:#a34a00;fill:none}\
.x{stroke:#b3261e;fill:none;stroke-dasharray:4 3}text.c{fill:#1f55b5;stroke:none}text.s{fill:#a34a00;stroke:none}\
text.x{fill:#b3261e;stroke:none}.again{stroke-width:2.4}.pause{stroke:#777;stroke-dasharray:1 4}.call{fill:#555}\
.halo{paint-order:stroke;stroke:#fff;stroke-width:3px}\
@media(prefers-color-scheme:dark){.paper{fill:#16181c}.title,.act{fill:#eee}.c{stroke:#8ab4ff}.s{stroke:#ffb070}\
.x{stroke:#ff8a80}text.c{fill:#8ab4ff;stroke:none}text.s{fill:#ffb070;stroke:none}text.x{fill:#ff8a80;stroke:none}\
.call{fill:#aaa}.halo{stroke:#16181c}}</style>\n";

/// One act from `top` on: where it ends.
fn act(out: &mut String, run: &Run, title: &str, top: f64, language: Language) -> f64 {
    let (client, server) = match language {
        Language::English => ("client", "server"),
        Language::Korean => ("클라이언트", "서버"),
    };
    let scale = Scale::of(run, top + 44.0);
    let bottom = scale.bottom + 14.0;
    // Writing to a String does not fail.
    let _ = write!(
        out,
        "<text x=\"16\" y=\"{:.0}\" class=\"act\">{}</text>\n\
         <text x=\"{CLIENT}\" y=\"{:.0}\" text-anchor=\"middle\" class=\"c\">{client}</text>\
         <text x=\"{SERVER}\" y=\"{:.0}\" text-anchor=\"middle\" class=\"s\">{server}</text>\n\
         <path class=\"c\" d=\"M{CLIENT} {:.0}V{bottom:.1}\"/><path class=\"s\" d=\"M{SERVER} {:.0}V{bottom:.1}\"/>\n",
        top + 6.0,
        escape(title),
        top + 28.0,
        top + 28.0,
        top + 34.0,
        top + 34.0,
    );
    for (at, skipped) in &scale.pauses {
        let _ = writeln!(
            out,
            "<path class=\"pause\" d=\"M{CLIENT} {at:.1}H{SERVER}\"/><text x=\"{}\" y=\"{:.1}\" text-anchor=\"middle\" \
             class=\"call halo\">⋮ {skipped:.0} ms</text>",
            WIDTH / 2.0,
            at + 4.0
        );
    }
    let mut taken: [f64; 2] = [f64::MIN; 2];
    for segment in &run.segments {
        let (from, to, class, side, anchor) = match segment.direction {
            Direction::ToServer => (CLIENT, SERVER, "c", -8.0, "end"),
            Direction::ToClient => (SERVER, CLIENT, "s", 8.0, "start"),
        };
        let begins = scale.y(segment.sent_ms);
        let (class, ends, to) = match segment.arrived_ms {
            Some(arrived) => (class, scale.y(arrived), to),
            None => ("x", begins + 5.0 * SCALE, from.midpoint(to)),
        };
        let again = if segment.is_again() { " again" } else { "" };
        let place = &mut taken[usize::from(segment.direction == Direction::ToClient)];
        let shown = begins.max(*place + LINE);
        *place = shown;
        let (label_x, label_y) = (from + (to - from) * 0.3, shown + (ends - begins) * 0.3 - 4.0);
        let _ = writeln!(
            out,
            "<path class=\"{class}{again}\" d=\"M{from} {begins:.1}L{to:.1} {ends:.1}\"/>{}\
             <text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"{anchor}\" class=\"{class}\">{:.1}</text>\
             <text x=\"{label_x:.1}\" y=\"{label_y:.1}\" text-anchor=\"middle\" class=\"{class} halo\">{}</text>",
            head(class, to, ends, to > from, segment.is_lost()),
            from + side,
            shown + 4.0,
            segment.sent_ms,
            escape(&label(segment, language)),
        );
    }
    bottom
}

/// An arrow's head, or the cross of a lost one.
fn head(class: &str, x: f64, y: f64, to_the_right: bool, is_lost: bool) -> String {
    if is_lost {
        return format!(
            "<text x=\"{x:.1}\" y=\"{:.1}\" text-anchor=\"middle\" class=\"x\" font-size=\"16\">✕</text>",
            y + 5.0
        );
    }
    let back = if to_the_right { -7.0 } else { 7.0 };
    format!(
        "<path class=\"{class}\" d=\"M{:.1} {:.1}L{x:.1} {y:.1}L{:.1} {:.1}\"/>",
        x + back,
        y - 5.0,
        x + back,
        y + 2.0
    )
}

/// Where a moment is on the page; long pauses are cut short.
struct Scale {
    top: f64,
    factor: f64,
    /// Stretches of time with something in them: from, to, and what was skipped before.
    stretches: Vec<(Ms, Ms, Ms)>,
    pauses: Vec<(f64, Ms)>,
    bottom: f64,
}

impl Scale {
    fn of(run: &Run, top: f64) -> Self {
        let mut moments: Vec<Ms> =
            run.segments.iter().flat_map(|one| [Some(one.sent_ms), one.arrived_ms].into_iter().flatten()).collect();
        moments.sort_by(Ms::total_cmp);
        let mut stretches: Vec<(Ms, Ms, Ms)> = Vec::new();
        let mut skipped = 0.0;
        for moment in moments {
            match stretches.last_mut() {
                Some(last) if moment - last.1 <= LONGEST_PAUSE => last.1 = moment,
                Some(last) => {
                    skipped += moment - last.1 - LONGEST_PAUSE / 2.0;
                    stretches.push((moment, moment, skipped));
                }
                None => stretches.push((moment, moment, 0.0)),
            }
        }
        let length = stretches.last().map_or(0.0, |last| last.1 - last.2);
        let factor = if length * SCALE > TALLEST { TALLEST / length } else { SCALE };
        let mut scale = Self { top, factor, stretches, pauses: Vec::new(), bottom: top + length * factor };
        let pairs: Vec<(Ms, Ms)> =
            scale.stretches.windows(2).filter_map(|pair| Some((pair.first()?.1, pair.get(1)?.0))).collect();
        scale.pauses = pairs
            .iter()
            .map(|(end, begin)| (scale.y(*begin) - scale.factor * LONGEST_PAUSE / 4.0, begin - end))
            .collect();
        scale
    }

    fn y(&self, at: Ms) -> f64 {
        let skipped =
            self.stretches.iter().rev().find(|(begin, ..)| *begin <= at).map_or(0.0, |(.., skipped)| *skipped);
        self.top + (at - skipped) * self.factor
    }
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
