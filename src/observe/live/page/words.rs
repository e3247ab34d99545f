//! The pages' own words, in each language: headings and buttons, and what a page
//! says of itself, of the browser and of files. What happened on a connection,
//! [`crate::story`] and the lab say. `{0}` is a figure, `{0|one|many}` a word beside it.

pub(super) mod lab;
pub(super) mod live;

use crate::language::Language;

/// A name, and what stands for it in English and in Korean.
pub(super) type Word = (&'static str, &'static str, &'static str);

/// Puts the words into a page, where `{{name}}` stands for one, and all of them where its script looks for them.
pub(super) fn fill(page: &str, words: &[Word], language: Language) -> String {
    let said = |(name, english, korean): &Word| match language {
        Language::English => (*name, *english),
        Language::Korean => (*name, *korean),
    };
    let all: serde_json::Map<String, serde_json::Value> =
        words.iter().map(said).map(|(name, text)| (name.to_owned(), text.into())).collect();
    // In a script no text may look like its end.
    let json = serde_json::Value::from(all).to_string().replace('<', "\\u003c");
    let page = page.replacen("/* words */ {}", &json, 1);
    words.iter().map(said).fold(page, |page, (name, text)| page.replace(&format!("{{{{{name}}}}}"), text))
}

#[cfg(test)]
mod tests {
    use super::super::document::{LAB, LIVE};
    use super::*;

    #[test]
    fn each_word_is_used_and_each_place_has_its_word() {
        for page in [&LIVE, &LAB] {
            each_word_of(page);
        }
    }

    fn each_word_of(page: &super::super::document::Document) {
        let (html, words, script) = (page.html, page.words, page.script.concat());
        for (name, english, korean) in words {
            let is_used = html.contains(&format!("{{{{{name}}}}}")) || script.contains(&format!("\"{name}\""));
            assert!(is_used, "{name} is nowhere");
            assert!(*name == "lang" || korean.chars().any(|letter| ('가'..='힣').contains(&letter)), "{korean}");
            for place in ["{0", "{1", "{2"] {
                let has = |text: &str| text.contains(place);
                assert_eq!(has(english), has(korean), "{name}: {place}");
            }
        }
        for language in [Language::English, Language::Korean] {
            let page = fill(html, words, language);
            assert!(!page.contains("{{"), "{page}");
        }
        for (at, _) in script.match_indices("say(\"") {
            let name = script[at + 5..].split('"').next().unwrap_or_default();
            assert!(words.iter().any(|(known, ..)| *known == name), "{name} has no words");
        }
    }

    #[test]
    fn the_scripts_hold_no_sentence() {
        const WORDS_OF_PROTOCOLS: &[&str] = &[
            "SYN",
            "ACK",
            "FIN",
            "RST",
            "TCP",
            "HTTP",
            "handshake",
            "response",
            "request",
            "header",
            "retransmission",
            "segment",
            "kernel",
            "socket",
            "listener",
            "TIME_WAIT",
            "octet",
            "congestion",
            "backlog",
        ];
        for literal in LIVE.script.iter().chain(LAB.script).flat_map(|script| literals(script)) {
            // A name of an element, a field or an event is not said to anybody.
            let is_name = !literal.contains(' ') && !literal.contains(char::is_uppercase);
            for word in literal.split(|letter: char| !letter.is_alphanumeric() && letter != '_') {
                assert!(is_name || !WORDS_OF_PROTOCOLS.contains(&word), "{literal:?} speaks of {word}");
            }
            let is_word = |word: &str| word.len() > 1 && word.chars().all(char::is_alphabetic);
            let row = literal.split(' ').map(is_word).fold((0, 0), |(row, longest): (i32, i32), is_word| {
                let row = if is_word { row + 1 } else { 0 };
                (row, longest.max(row))
            });
            assert!(row.1 < 3, "{literal:?} is a sentence");
        }
    }

    /// The string literals of a script; what stands in `${}` is not one.
    fn literals(script: &str) -> Vec<String> {
        let mut found = Vec::new();
        for line in script.lines().map(str::trim).filter(|line| !line.starts_with("//")) {
            let mut letters = line.chars().peekable();
            let mut inside: Option<(char, String)> = None;
            while let Some(letter) = letters.next() {
                match &mut inside {
                    Some((quote, text)) if letter == *quote => {
                        found.push(std::mem::take(text));
                        inside = None;
                    }
                    Some((_, text)) if letter == '\\' => text.extend(letters.next()),
                    Some(('`', text)) if letter == '$' && letters.peek() == Some(&'{') => {
                        // What it holds may be a literal, and is looked at as one.
                        let (mut depth, mut code) = (0, String::new());
                        for letter in letters.by_ref() {
                            depth += i32::from(letter == '{') - i32::from(letter == '}');
                            code.push(letter);
                            if depth == 0 {
                                break;
                            }
                        }
                        found.extend(literals(&code));
                        text.push('$');
                    }
                    Some((_, text)) => text.push(letter),
                    None if letter == '/' && letters.peek() == Some(&'/') => break,
                    None if matches!(letter, '"' | '\'' | '`') => inside = Some((letter, String::new())),
                    None => {}
                }
            }
            assert!(inside.is_none(), "a literal goes on beyond its line: {line}");
        }
        found
    }
}
