//! The chart: a dot for each client, on one axis of time for all models.

use crate::{Row, Scenario, ordinal, shown};
use std::fmt::Write;
use std::time::Duration;

const WIDTH: f64 = 860.0;
/// The axis of time, from here to there.
const LEFT: f64 = 130.0;
const RIGHT: f64 = 745.0;
const ROW: f64 = 44.0;
/// The dots of a row, first response on top, take this much of its height.
const SPREAD: f64 = 30.0;
const HEAD: f64 = 82.0;
const SCENARIO_HEAD: f64 = 44.0;
const SCENARIO_GAP: f64 = 26.0;
const FOOT: f64 = 62.0;

const STYLE: &str = "
  svg { --ground: #fff; --text: #1c1c1e; --faint: #5f6368; --line: #d9dce1; --dot: var(--text); font: 13px system-ui, sans-serif }
  .iterative { --dot: #b3470f } .process { --dot: #7a3fb0 } .thread { --dot: #14713f } .multiplex { --dot: #1a5fb4 }
  @media (prefers-color-scheme: dark) {
    svg { --ground: #17181a; --text: #ececec; --faint: #a5a9b0; --line: #3a3d42 }
    .iterative { --dot: #ff9d62 } .process { --dot: #c99bf5 } .thread { --dot: #6dd39a } .multiplex { --dot: #7db4ff }
  }
  .ground { fill: var(--ground) } text { fill: var(--text) } .faint { fill: var(--faint) }
  .line { stroke: var(--line) } circle { fill: var(--dot); fill-opacity: .75 }
  .title { font-size: 18px; font-weight: 600 } .scenario { font-size: 14px; font-weight: 600 }
  .end { text-anchor: end } .middle { text-anchor: middle } .figure { font-variant-numeric: tabular-nums }
";

/// The chart of these scenarios, as an SVG document.
pub(crate) fn draw(scenarios: &[Scenario], count: usize) -> String {
    let rows: usize = scenarios.iter().map(|scenario| scenario.rows.len()).sum();
    let heads = scenarios.len() as f64 * (SCENARIO_HEAD + SCENARIO_GAP) - SCENARIO_GAP;
    let bottom = HEAD + heads + rows as f64 * ROW;
    let height = bottom + FOOT;
    let longest = scenarios.iter().flat_map(|scenario| &scenario.rows).map(Row::last).max().unwrap_or_default();
    let axis = Axis::up_to(longest);
    let title = format!("How long each of {count} clients waited");

    let mut svg = String::new();
    // Writing into a String can't fail.
    let _ = write!(
        svg,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" width=\"{WIDTH}\" height=\"{height}\" \
         role=\"img\" aria-labelledby=\"title\">\n<title id=\"title\">{title}</title>\n<style>{STYLE}</style>\n\
         <rect class=\"ground\" width=\"{WIDTH}\" height=\"{height}\"/>\n\
         <text class=\"title\" x=\"20\" y=\"36\">{title}</text>\n\
         <text class=\"faint\" x=\"20\" y=\"58\">A dot is a client: the further right, the longer it waited. \
         In each row the first response is on top, the last at the bottom.</text>\n"
    );
    let mut top = HEAD;
    for scenario in scenarios {
        let title = &scenario.title;
        let end = top + SCENARIO_HEAD + scenario.rows.len() as f64 * ROW;
        let _ = writeln!(svg, "<text class=\"scenario\" x=\"20\" y=\"{}\">{title}</text>", top + 22.0);
        let _ = writeln!(
            svg,
            "<text class=\"faint end\" x=\"{}\" y=\"{}\">the {} waited</text>",
            WIDTH - 20.0,
            top + 22.0,
            ordinal(count)
        );
        for tick in axis.ticks() {
            let x = axis.place(tick);
            let _ = writeln!(
                svg,
                "<line class=\"line\" x1=\"{x:.1}\" x2=\"{x:.1}\" y1=\"{}\" y2=\"{end}\"/>",
                top + SCENARIO_HEAD - 8.0
            );
        }
        top += SCENARIO_HEAD;
        for row in &scenario.rows {
            draw_row(&mut svg, row, top, &axis);
            top += ROW;
        }
        top += SCENARIO_GAP;
    }
    for tick in axis.ticks() {
        let x = axis.place(tick);
        let _ = writeln!(
            svg,
            "<text class=\"faint middle figure\" x=\"{x:.1}\" y=\"{}\">{}</text>",
            bottom + 18.0,
            axis.label(tick)
        );
    }
    let _ = write!(
        svg,
        "<text class=\"faint\" x=\"{LEFT}\" y=\"{}\">from the common start of all clients to the end of each one’s response</text>\n</svg>\n",
        bottom + 42.0
    );
    svg
}

fn draw_row(svg: &mut String, row: &Row, top: f64, axis: &Axis) {
    let class = row.contender.0.name();
    let middle = top + ROW / 2.0;
    let _ = writeln!(svg, "<g class=\"{class}\">\n<text x=\"20\" y=\"{:.1}\">{}</text>", middle + 4.5, row.contender);
    let most = row.waits.len().saturating_sub(1).max(1) as f64;
    for (rank, &wait) in row.waits.iter().enumerate() {
        let y = middle + SPREAD * (rank as f64 / most - 0.5);
        let _ = write!(svg, "<circle cx=\"{:.1}\" cy=\"{y:.1}\" r=\"2\"/>", axis.place(wait));
    }
    let _ = writeln!(
        svg,
        "\n<text class=\"end figure\" x=\"{}\" y=\"{:.1}\">{}</text>\n</g>",
        WIDTH - 20.0,
        middle + 4.5,
        shown(row.last())
    );
}

/// From no time to the longest wait, in round steps.
struct Axis {
    end: Duration,
    step: Duration,
}

impl Axis {
    fn up_to(longest: Duration) -> Self {
        let end = longest.max(Duration::from_millis(1));
        // 1, 2, 5, 10, 20, 50 … ms
        let mut steps = (0..).flat_map(|power| [1, 2, 5].map(|digit| Duration::from_millis(digit * 10_u64.pow(power))));
        let step = steps.find(|&step| step * 6 >= end).unwrap_or(end);
        Self { end, step }
    }

    fn ticks(&self) -> impl Iterator<Item = Duration> {
        (0..).map(|tick| self.step * tick).take_while(|&tick| tick <= self.end)
    }

    fn place(&self, time: Duration) -> f64 {
        LEFT + (RIGHT - LEFT) * time.as_secs_f64() / self.end.as_secs_f64()
    }

    fn label(&self, time: Duration) -> String {
        if self.end >= Duration::from_secs(1) {
            format!("{} s", time.as_secs_f64())
        } else {
            format!("{} ms", time.as_secs_f64() * 1e3)
        }
    }
}
