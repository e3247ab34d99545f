//! How wide lines may be: as wide as the terminal that shows them.

use rustix::fd::AsFd;
use rustix::termios::tcgetwinsize;
use unicode_width::UnicodeWidthStr;

/// Columns where nobody says how many there are.
pub const USUAL: usize = 80;
/// The fewest that lines are laid out for: a narrower terminal breaks them.
pub const LEAST: usize = 60;

/// How wide this terminal is now, at least [`LEAST`]; `None`: it is no terminal.
pub fn columns(out: impl AsFd) -> Option<usize> {
    let size = tcgetwinsize(out).ok()?;
    // A terminal that does not know says 0.
    Some(match usize::from(size.ws_col) {
        0 => USUAL,
        columns => columns.max(LEAST),
    })
}

/// `text` in lines of at most this many columns, where its words are no longer; `None`: in one.
pub fn lines(text: &str, columns: Option<usize>) -> Vec<String> {
    let columns = columns.unwrap_or(usize::MAX);
    let mut lines = Vec::new();
    let mut line = String::new();
    for word in text.split(' ') {
        if !line.is_empty() && line.width() + 1 + word.width() > columns {
            lines.push(std::mem::take(&mut line));
        } else if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
    }
    lines.push(line);
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn lines_hold_all_words_and_none_is_too_wide(words in prop::collection::vec("[a-z가-힣]{1,20}", 1..40), columns in 40usize..120) {
            let text = words.join(" ");
            let lines = lines(&text, Some(columns));
            prop_assert!(lines.iter().all(|line| line.width() <= columns));
            prop_assert_eq!(&lines.join(" "), &text);
            prop_assert_eq!(super::lines(&text, None), [text]);
        }
    }
}
