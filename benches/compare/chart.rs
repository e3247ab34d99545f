//! The ratios as a picture: a dot for each median, a line from the least to the most.
//!
//! ```text
//!        ½    1    2    4    8    16  …
//!  W1         |─●─                        nginx
//!             |  ─●─                      lighttpd
//! ```

use crate::report::{Row, Spread};
use std::fmt::Write;

const LEFT: f64 = 310.0;
const WIDTH: f64 = 600.0;
const RIGHT: f64 = 190.0;
const LINE: f64 = 18.0;
const TOP: f64 = 56.0;
/// Ratios at the two ends of the scale; what lies beyond is drawn at its end, with its figure.
const LEAST: f64 = 0.25;
const MOST: f64 = 128.0;
const COLOURS: [&str; 8] = ["#0b6bcb", "#b3480f", "#1f7a1f", "#8a3ab9", "#a5276a", "#5c6b73", "#8a6d00", "#00727a"];

/// What `ours` saves, beside each of `peers`, as an SVG document.
pub(crate) fn chart(rows: &[Row], ours: &str, peers: &[&str]) -> String {
    let mut body = String::new();
    let mut y = TOP;
    for row in rows {
        let found: Vec<_> =
            peers.iter().enumerate().filter_map(|(at, peer)| Some((at, *peer, row.saves(ours, peer)?))).collect();
        if found.is_empty() {
            continue;
        }
        let _ = writeln!(body, r#"<text x="8" y="{}">{} {}</text>"#, y + 13.0, row.workload.name, row.workload.what);
        for (at, peer, spread) in found {
            dot(&mut body, y + LINE / 2.0, COLOURS[at % COLOURS.len()], peer, spread);
            y += LINE;
        }
        y += LINE / 2.0;
    }
    let (width, height) = (LEFT + WIDTH + RIGHT, y + 8.0);
    let mut scale = String::new();
    for (twice, name) in ["¼", "½", "1", "2", "4", "8", "16", "32", "64", "128"].iter().enumerate() {
        let ratio = LEAST * 2_f64.powi(twice as i32);
        let class = if ratio == 1.0 { "even" } else { "scale" };
        let x = place(ratio);
        let _ = writeln!(scale, r#"<line class="{class}" x1="{x:.1}" x2="{x:.1}" y1="{}" y2="{y:.1}"/>"#, TOP - 8.0);
        let _ = writeln!(scale, r#"<text class="mark" x="{x:.1}" y="{}">{name}</text>"#, TOP - 14.0);
    }
    format!(
        r#"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="img" aria-label="How many times less {ours} needs than other servers">
<style>
svg {{ background: #fff; font: 12px system-ui, sans-serif; color: #1b1f24 }}
text {{ fill: currentColor }} .mark {{ text-anchor: middle }} .scale {{ stroke: #d5dae0 }} .even {{ stroke: #1b1f24 }}
@media (prefers-color-scheme: dark) {{ svg {{ background: #14171a; color: #e8eaed }} .scale {{ stroke: #3a4047 }} .even {{ stroke: #e8eaed }} }}
</style>
<text x="8" y="18" font-weight="600">How many times less {ours} needs: right of 1 it needs less, left of it more</text>
{scale}{body}</svg>
"#
    )
}

/// A median, its range, whom it is beside, and the figure.
fn dot(body: &mut String, y: f64, colour: &str, peer: &str, spread: Spread) {
    let Spread { least, median, most } = spread;
    let [from, at, to] = [least, median, most].map(place);
    let _ =
        writeln!(body, r#"<line x1="{from:.1}" x2="{to:.1}" y1="{y}" y2="{y}" stroke="{colour}" stroke-width="2"/>"#);
    let _ = writeln!(body, r#"<circle cx="{at:.1}" cy="{y}" r="4.5" fill="{colour}"/>"#);
    let _ = writeln!(body, r#"<text x="{:.1}" y="{}">{peer} {median:.2}</text>"#, to + 8.0, y + 4.0);
}

/// Where a ratio is, on a scale that has as much room for twice as for half.
fn place(ratio: f64) -> f64 {
    let share = (ratio.clamp(LEAST, MOST) / LEAST).log2() / (MOST / LEAST).log2();
    LEFT + WIDTH * share
}
