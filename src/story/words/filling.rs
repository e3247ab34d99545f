//! Figures put into phrases.

use crate::story::layout::grouped;

/// The form for `count`, with the count in it.
pub(crate) fn counted(forms: [&str; 2], count: u64) -> String {
    fill(forms[usize::from(count != 1)], &[&grouped(count)])
}

/// `template` with its places filled; one pass, so that a figure is never taken for a place.
pub(crate) fn fill(template: &str, figures: &[&str]) -> String {
    let mut filled = String::with_capacity(template.len() + 16);
    let mut rest = template;
    while let Some((before, after)) = rest.split_once('{') {
        filled.push_str(before);
        let (place, after) = after.split_once('}').unwrap_or(("", after));
        let figure = place.parse().ok().and_then(|place: usize| figures.get(place));
        filled.push_str(figure.copied().unwrap_or_default());
        rest = after;
    }
    filled.push_str(rest);
    filled
}
