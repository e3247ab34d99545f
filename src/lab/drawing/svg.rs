//! A run as a picture: time runs downwards, arrows slant as long as a segment
//! travels, a lost one stops half way, one still under way is left open.

use super::label::last_label;
use crate::escape::html;
use crate::lab::report::Source;
use crate::lab::run::{Ms, Run, Segment, tenths};
use crate::language::Language;
use crate::packet::Direction;
use std::fmt::Write;

const WIDTH: f64 = 860.0;
const CLIENT: f64 = 150.0;
const SERVER: f64 = WIDTH - 150.0;
/// How far down a segment's arrow leads, in points, where a run is short; and the tallest act.
const DROP: f64 = 94.0;
const TALLEST: f64 = 1400.0;
/// A pause in which nothing moves is drawn no longer than this, in points, and marked.
const LONGEST_PAUSE: f64 = 160.0;
/// Two labels keep this distance.
const LINE: f64 = 13.0;
/// So far below its arrow is that of its copy at least.
const APART: f64 = 7.0;
/// Where on its arrow a label stands.
const LABEL: f64 = 0.62;
/// Segments that leave and arrive this close together travel side by side; together they have one label.
const BESIDE: Ms = 1.5;
const MANY: usize = 5;

/// Draws all acts, one below the other.
pub(crate) fn draw(source: Source<'_>, runs: &[Run], language: Language) -> String {
    let mut body = String::new();
    let mut top = 48.0;
    for (index, run) in runs.iter().enumerate() {
        top = act(&mut body, run, &source.act(index, &run.conditions, language), top, language) + 40.0;
    }
    let title = html(&source.title(language));
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
text.x{fill:#b3261e;stroke:none}.again{stroke-width:2.4}.copy{stroke-dasharray:7 3}.pause{stroke:#777;stroke-dasharray:1 4}.call{fill:#555}\
text.halo{paint-order:stroke;stroke:#fff;stroke-width:4px}\
@media(prefers-color-scheme:dark){.paper{fill:#16181c}.title,.act{fill:#eee}.c{stroke:#8ab4ff}.s{stroke:#ffb070}\
.x{stroke:#ff8a80}text.c{fill:#8ab4ff;stroke:none}text.s{fill:#ffb070;stroke:none}text.x{fill:#ff8a80;stroke:none}\
.call{fill:#aaa}text.halo{stroke:#16181c}}</style>\n";

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
        html(title),
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
    let mut marks: [Vec<(f64, Ms)>; 2] = Default::default();
    let mut labels = String::new(); // over all lines
    for flight in flights(run) {
        let Some(first) = flight.first() else { continue };
        let is_back = first.direction == Direction::ToClient;
        let (from, to, colour) = if is_back { (SERVER, CLIENT, "s") } else { (CLIENT, SERVER, "c") };
        for segment in &flight {
            marks[usize::from(is_back)].push((scale.y(segment.sent_ms), segment.sent_ms));
            if let Some(arrived) = segment.arrived_ms {
                marks[usize::from(!is_back)].push((scale.y(arrived), arrived));
            }
            arrow(out, segment, (from, to), colour, &scale);
        }
        // Nearer the receiver, where a rate has drawn neighbours apart.
        let (begins, ends) =
            (scale.y(first.sent_ms), first.arrived_ms.map_or(scale.y(first.sent_ms) + DROP / 2.0, |at| scale.y(at)));
        let is_broken = first.is_lost() || (flight.len() == 1 && first.is_damaged());
        let class = if is_broken { "x" } else { colour };
        let place = &mut taken[usize::from(is_back)];
        let label_y = (begins + (ends - begins) * LABEL - 3.0).max(*place + LINE);
        *place = label_y;
        let _ = writeln!(
            labels,
            "<text x=\"{:.1}\" y=\"{label_y:.1}\" text-anchor=\"middle\" class=\"{class} halo\">{}</text>",
            from + (to - from) * LABEL,
            html(&label_of(&flight, language)),
        );
    }
    out.push_str(&labels);
    let [at_client, at_server] = marks;
    times(out, at_client, CLIENT - 8.0, "end", "c");
    times(out, at_server, SERVER + 8.0, "start", "s");
    let Some(missing) = run.what_is_missing(language) else { return bottom };
    let _ = writeln!(
        out,
        "<text x=\"{}\" y=\"{:.1}\" text-anchor=\"middle\" class=\"call\">{}</text>",
        WIDTH / 2.0,
        bottom + 2.0 * LINE,
        html(&missing)
    );
    bottom + 2.0 * LINE
}

/// A segment's way, half of it where it was lost or had not arrived, and its copy's.
fn arrow(out: &mut String, segment: &Segment, (from, to): (f64, f64), colour: &str, scale: &Scale) {
    let begins = scale.y(segment.sent_ms);
    let (class, ends, to) = match segment.arrived_ms {
        Some(arrived) => (colour, scale.y(arrived), to),
        None => (if segment.is_lost() { "x" } else { colour }, begins + DROP / 2.0, from.midpoint(to)),
    };
    let class = if segment.is_damaged() { "x" } else { class };
    // Not a rule of the style, which every drawing has with it.
    let open = if segment.is_under_way() { " stroke-dasharray=\"2 4\"" } else { "" };
    let end = match segment.is_under_way() {
        true => String::new(),
        false => head(class, to, ends, to > from, segment.is_lost()),
    };
    let again = if segment.is_again() { " again" } else { "" };
    let _ = writeln!(out, "<path class=\"{class}{again}\"{open} d=\"M{from} {begins:.1}L{to:.1} {ends:.1}\"/>{end}",);
    if let Some(copy) = segment.copy_arrived_ms {
        let below = (ends + APART - scale.y(copy)).max(0.0);
        let (begins, ends) = (begins + below, scale.y(copy) + below);
        let _ = writeln!(
            out,
            "<path class=\"{class} copy\" d=\"M{from} {begins:.1}L{to:.1} {ends:.1}\"/>{}",
            head(class, to, ends, to > from, false),
        );
    }
}

/// Segments that travel side by side and are of one kind: drawn apart, labelled as one if they are many.
pub(crate) fn flights(run: &Run) -> Vec<Vec<&Segment>> {
    let mut flights: Vec<Vec<&Segment>> = Vec::new();
    let mut open: [Option<usize>; 2] = [None; 2];
    for segment in &run.segments {
        let place = &mut open[usize::from(segment.direction == Direction::ToClient)];
        match *place {
            Some(index) if flights[index].last().is_some_and(|last| goes_on(last, segment)) => {
                flights[index].push(segment);
            }
            _ => {
                *place = Some(flights.len());
                flights.push(vec![segment]);
            }
        }
    }
    flights
        .into_iter()
        .flat_map(
            |flight| if flight.len() < MANY { flight.into_iter().map(|one| vec![one]).collect() } else { vec![flight] },
        )
        .collect()
}

/// Whether `next` is beside `last`, and one label can be true of both.
fn goes_on(last: &Segment, next: &Segment) -> bool {
    let is_beside = match (last.arrived_ms, next.arrived_ms) {
        (Some(before), Some(after)) => next.sent_ms - last.sent_ms < BESIDE && (after - before).abs() < BESIDE,
        _ => false,
    };
    let (Some(before), Some(after)) = (&last.tcp, &next.tcp) else { return false };
    // What the wire did to one is on its own label.
    if !is_beside || last.wire.is_some() || next.wire.is_some() {
        return false;
    }
    match (last.is_data(), next.is_data()) {
        // Bytes of one connection, in a row; a FIN has a label of its own.
        (true, true) if !next.has("FIN") => {
            let is_same_way = (last.source, last.destination) == (next.source, next.destination);
            let is_in_a_row = last.bytes().zip(next.bytes()).is_some_and(|(one, other)| one.1 + 1 == other.0);
            is_same_way && before.again == after.again && is_in_a_row && !last.has("SYN")
        }
        (false, false) => before.flags == after.flags,
        _ => false,
    }
}

/// A segment's label, or how many there are, and from which byte to which.
pub(crate) fn label_of(flight: &[&Segment], language: Language) -> String {
    let ([first, .., last], count) = (flight, flight.len()) else {
        return flight.first().map(|one| last_label(one, None, language)).unwrap_or_default();
    };
    match (first.bytes().zip(last.bytes()), language) {
        (Some(((begin, _), (_, end))), Language::English) => format!("{count} segments, bytes {begin}–{end}"),
        (Some(((begin, _), (_, end))), Language::Korean) => format!("세그먼트 {count}개, 바이트 {begin}–{end}"),
        (None, Language::English) => format!("{count} segments, the last: {}", last_label(last, None, language)),
        (None, Language::Korean) => format!("세그먼트 {count}개, 마지막: {}", last_label(last, None, language)),
    }
}

/// Departures and arrivals beside one end, none over another; equal ones once.
fn times(out: &mut String, mut marks: Vec<(f64, Ms)>, x: f64, anchor: &str, class: &str) {
    marks.sort_by(|a, b| a.1.total_cmp(&b.1));
    let (mut last, mut shown) = (f64::MIN, String::new());
    for (y, at) in marks {
        let text = tenths(at);
        // Of those that crowd together the first stands for all.
        if text != shown && y >= last - 2.5 * LINE {
            last = y.max(last + LINE);
            let _ = writeln!(
                out,
                "<text x=\"{x}\" y=\"{:.1}\" text-anchor=\"{anchor}\" class=\"{class}\">{text}</text>",
                last + 4.0
            );
            shown = text;
        }
    }
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
        // While something is under way, time is drawn whole.
        let mut travels: Vec<(Ms, Ms)> =
            run.segments.iter().map(|one| (one.sent_ms, one.arrived_ms.unwrap_or(one.sent_ms))).collect();
        travels.sort_by(|a, b| a.0.total_cmp(&b.0));
        let mut times: Vec<Ms> = run.segments.iter().filter_map(|one| Some(one.arrived_ms? - one.sent_ms)).collect();
        times.sort_by(Ms::total_cmp);
        let usual = times.get(times.len() / 2).copied().unwrap_or(10.0).clamp(1.0, 100.0);
        let wished = DROP / usual;
        let longest = LONGEST_PAUSE / wished;
        let mut stretches: Vec<(Ms, Ms, Ms)> = Vec::new();
        let mut skipped = 0.0;
        for (begin, end) in travels {
            match stretches.last_mut() {
                Some(last) if begin - last.1 <= longest => last.1 = last.1.max(end),
                Some(last) => {
                    skipped += begin - last.1 - longest / 2.0;
                    stretches.push((begin, end, skipped));
                }
                None => stretches.push((begin, end, 0.0)),
            }
        }
        let length = stretches.last().map_or(0.0, |last| last.1 - last.2);
        let factor = if length * wished > TALLEST { TALLEST / length } else { wished };
        let mut scale = Self { top, factor, stretches, pauses: Vec::new(), bottom: top + length * factor };
        let pairs: Vec<(Ms, Ms)> =
            scale.stretches.windows(2).filter_map(|pair| Some((pair.first()?.1, pair.get(1)?.0))).collect();
        scale.pauses =
            pairs.iter().map(|(end, begin)| (scale.y(*begin) - scale.factor * longest / 4.0, begin - end)).collect();
        scale
    }

    fn y(&self, at: Ms) -> f64 {
        let skipped =
            self.stretches.iter().rev().find(|(begin, ..)| *begin <= at).map_or(0.0, |(.., skipped)| *skipped);
        self.top + (at - skipped) * self.factor
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lab::experiments::all;
    use crate::lab::recorded::in_the_folder;

    #[test]
    fn a_flight_is_of_one_kind_and_its_label_counts_what_it_names() {
        let labels = |run: &Run| flights(run).iter().map(|one| label_of(one, Language::English)).collect::<Vec<_>>();
        let slow_start = labels(&in_the_folder("slow-start").acts[0]);
        assert!(slow_start.contains(&"10 segments, bytes 1–14480".to_owned()), "{slow_start:?}");
        for run in all().flat_map(|one| in_the_folder(one.name).acts) {
            for flight in flights(&run).iter().filter(|flight| flight.len() > 1) {
                let [first, .., last] = flight[..] else { continue };
                assert!(flight.iter().all(|one| one.is_data() == first.is_data()), "{flight:?}");
                assert!(flight.iter().all(|one| one.wire.is_none()), "{flight:?}");
                let bytes: u32 = flight.iter().map(|one| one.length).sum();
                let named = first.bytes().zip(last.bytes()).map_or(0, |(first, last)| last.1 + 1 - first.0);
                assert_eq!(named, i64::from(bytes), "{flight:?}");
            }
        }
    }
}
