//! What text may hold that people read in a terminal, or programs in lines.

/// Controls, marks of direction and characters that nobody sees (Unicode: Cc, Zl, Zp, and of Cf
/// those that turn the direction or join without a trace).
pub fn is_treacherous(character: char) -> bool {
    character.is_control()
        || matches!(character,
            '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2064}'
            | '\u{2066}'..='\u{2069}' | '\u{feff}')
}

/// The first that is not plain in `text`.
pub fn treachery(text: &str) -> Option<char> {
    text.chars().find(|character| is_treacherous(*character))
}

/// Text without the styles that the program gives it (SGR sequences).
pub fn unstyled(text: &str) -> String {
    let mut plain = String::new();
    let mut rest = text;
    while let Some(at) = rest.find("\x1b[") {
        plain.push_str(&rest[..at]);
        let after = &rest[at + 2..];
        let end = after.find(|character: char| !character.is_ascii_digit() && character != ';').unwrap_or(after.len());
        assert!(after[end..].starts_with('m'), "an order to the terminal: {after:?}");
        rest = &after[end + 1..];
    }
    plain + rest
}

/// What is quoted at the beginning of `text`, still escaped, and what follows.
pub fn quoted(text: &str) -> Option<(&str, &str)> {
    let inner = text.strip_prefix('"')?;
    let mut is_escaped = false;
    for (at, character) in inner.char_indices() {
        match character {
            _ if is_escaped => is_escaped = false,
            '\\' => is_escaped = true,
            '"' => return Some((&inner[..at], &inner[at + 1..])),
            _ => {}
        }
    }
    None
}
