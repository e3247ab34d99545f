//! One name for one thing: no two types of a room share one, and nothing is called `told`
//! that is recorded or shown.

use super::{rooms, sources};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// The two machines of the protocol, whose names mirror each other: `State`, `Next`, `Asked`.
const MIRRORED: [&str; 2] = ["http/server", "http/client"];

/// The sources below `folder` without their own tests.
fn without_tests(folder: &str) -> impl Iterator<Item = (PathBuf, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    sources(folder).into_iter().filter_map(move |(path, text)| {
        let path = path.strip_prefix(root.join(folder)).expect("a source").with_extension("");
        let is_test = path.iter().any(|part| part == "tests");
        let code = text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default();
        (!is_test).then(|| (path, code.to_owned()))
    })
}

/// What follows `keyword` in a line that defines something, as far as it is a name.
fn defined<'a>(line: &'a str, keywords: &[&str]) -> Option<&'a str> {
    let line = line.trim_start();
    let line = match line.strip_prefix("pub") {
        Some(rest) if rest.starts_with('(') => rest.split_once(") ")?.1,
        Some(rest) => rest.trim_start(),
        None => line,
    };
    let (keyword, rest) = line.trim_start_matches("unsafe ").split_once(' ')?;
    let end = rest.find(|letter: char| !letter.is_alphanumeric() && letter != '_').unwrap_or(rest.len());
    (keywords.contains(&keyword) && end > 0).then_some(&rest[..end])
}

/// The room that a file is in, and which of the mirrored ones within it.
fn room(rooms: &[String], file: &Path) -> (String, &'static str) {
    let name = file.iter().next().expect("a name").to_string_lossy();
    let room = rooms.iter().find(|room| **room == name).map_or_else(String::new, Clone::clone);
    (room, MIRRORED.into_iter().find(|half| file.starts_with(half)).unwrap_or_default())
}

#[test]
fn no_two_types_of_a_room_share_a_name() {
    let rooms: Vec<String> = rooms().into_iter().map(|(name, _)| name).collect();
    let mut known: BTreeMap<(String, String), Vec<(PathBuf, &str)>> = BTreeMap::new();
    for (file, code) in without_tests("src") {
        let (room, half) = room(&rooms, &file);
        // An associated type has the name that its trait gives it.
        let is_associated = |line: &str| line.starts_with(' ') && line.trim_start().starts_with("type ");
        let lines = code.lines().filter(|line| !is_associated(line));
        for name in lines.filter_map(|line| defined(line, &["struct", "enum", "trait", "type", "union"])) {
            known.entry((room.clone(), name.to_owned())).or_default().push((file.clone(), half));
        }
    }
    assert!(known.len() > 400, "only {} types were found", known.len());
    known.retain(|_, files| {
        let are_mirrored =
            matches!(files[..], [(_, one), (_, other)] if !one.is_empty() && !other.is_empty() && one != other);
        files.len() > 1 && !are_mirrored
    });
    assert!(known.is_empty(), "types of one name in one room: {known:#?}");
}

#[test]
fn what_is_recorded_or_shown_goes_by_those_words() {
    // "Told apart", and an order or a fact that somebody is told, are English.
    const ENGLISH: [&str; 6] = ["apart", "from", "by", "to", "that", "nothing"];
    for (file, text) in ["src", "tests", "examples", "benches"].into_iter().flat_map(sources) {
        let keywords = ["fn", "struct", "enum", "trait", "type", "mod", "const", "static"];
        for name in text.lines().filter_map(|line| defined(line, &keywords)) {
            let lower = name.to_lowercase();
            let mut words = lower.split('_');
            while let Some(word) = words.next() {
                let is_english = words.clone().next().is_some_and(|next| ENGLISH.contains(&next));
                assert!(!matches!(word, "told" | "untold") || is_english, "{}: {name}", file.display());
            }
        }
    }
}
