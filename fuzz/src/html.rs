//! A listing read by its letters: nothing stands in it but what the page is made of.

use percent_encoding::percent_decode_str;

/// The tags of a listing.
const TAGS: &str =
    "!doctype a body form h1 head html input link main meta p script span style table tbody td th thead time title tr";
/// Their attributes.
const ATTRIBUTES: &str =
    "aria-sort charset class content datetime href id lang name order rel scope style title type value";

/// The links of the rows: each target's last name, decoded, and the text that stands for it.
///
/// # Panics
/// If something stands in the page that no listing has.
pub fn rows(page: &str) -> Vec<(Vec<u8>, String)> {
    let mut rows = Vec::new();
    let mut link: Option<(String, String)> = None;
    let mut rest = page;
    while let Some(at) = rest.find('<') {
        if let Some((_, text)) = &mut link {
            text.push_str(&unescaped(&rest[..at]));
        } else {
            unescaped(&rest[..at]);
        }
        let (name, attributes, behind) = tag(&rest[at + 1..]);
        rest = behind;
        match name {
            "a" => {
                link = attributes.into_iter().find(|(name, _)| name == "href").map(|(_, href)| (href, String::new()))
            }
            "/a" => rows.extend(link.take().map(|(href, text)| (percent_decode_str(&href).collect(), text))),
            "script" | "style" => {
                let end = format!("</{name}>");
                rest = &rest[rest.find(&end).expect("its end")..];
            }
            _ => {}
        }
    }
    unescaped(rest);
    rows
}

type Attributes = Vec<(String, String)>;

/// A tag's name, its attributes, and what follows.
fn tag(text: &str) -> (&str, Attributes, &str) {
    let end = text.find([' ', '>']).expect("a tag ends");
    let name = &text[..end];
    assert!(TAGS.split(' ').any(|known| known == name.trim_start_matches('/')), "an unknown tag: <{name}");
    let mut rest = &text[end..];
    let mut attributes = Vec::new();
    loop {
        rest = rest.trim_start_matches(' ');
        if let Some(behind) = rest.strip_prefix('>') {
            return (name, attributes, behind);
        }
        let end = rest.find(['=', '>', ' ']).expect("an attribute ends");
        let (attribute, behind) = rest.split_at(end);
        rest = behind;
        if name == "!doctype" && attribute == "html" {
            continue;
        }
        assert!(ATTRIBUTES.split(' ').any(|known| known == attribute), "an unknown attribute: {attribute}");
        let behind = rest.strip_prefix("=\"").expect("a quoted value");
        let (value, behind) = behind.split_once('"').expect("a quoted value");
        attributes.push((attribute.to_owned(), unescaped(value)));
        rest = behind;
    }
}

/// Text without its character references; a bare `&`, `<` or `>` is none.
pub fn unescaped(text: &str) -> String {
    let mut plain = String::new();
    let mut rest = text;
    while let Some(at) = rest.find(['&', '<', '>']) {
        plain.push_str(&rest[..at]);
        let known = [("&amp;", '&'), ("&lt;", '<'), ("&gt;", '>'), ("&quot;", '"'), ("&#39;", '\'')];
        let (name, character) = known.into_iter().find(|(name, _)| rest[at..].starts_with(name)).expect("a reference");
        plain.push(character);
        rest = &rest[at + name.len()..];
    }
    plain + rest
}
