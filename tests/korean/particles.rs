//! A particle has two forms, and the word before it chooses: a template can't know that of a figure.

use std::fs;
use std::path::{Path, PathBuf};

/// What depends on the last sound of the word before it. 이고, 이며, 이면 and 입니다 may stand behind any.
const CHANGING: [&str; 22] = [
    "은", "는", "이", "가", "을", "를", "와", "과", "로", "으로", "였", "이었", "라", "이라", "란", "이란", "이나",
    "나", "든", "이든", "랑", "이랑",
];

/// Both forms, for words whose sound nobody knows.
const BOTH: [&str; 4] = ["은(는)", "이(가)", "을(를)", "과(와)"];

/// Words that only begin like one.
const WORDS: [&str; 4] = ["이상", "이하", "이후", "이전"];
/// 이다 with its stem, which may stand behind a vowel too.
const STEM: [&str; 4] = ["이고", "이며", "이면", "이지만"];

/// What stands behind each figure of `text` where it is a particle that fits some figures alone. Quotes
/// between them are silent, and so is what stands in brackets.
fn bare(text: &str) -> Vec<&str> {
    let behind = text.match_indices('}').map(|(place, _)| &text[place + 1..]);
    let behind = behind.filter(|rest| {
        let rest = rest.trim_start_matches(['\\', '"', '\'', '”', '’', '`', '»', '>', '%', '*']);
        let bracketed = rest.strip_prefix('(').filter(|_| !rest.starts_with("(으)로"));
        let rest = bracketed.and_then(|within| within.split_once(')')).map_or(rest, |(_, rest)| rest);
        let is_any = |words: &[&str]| words.iter().any(|word| rest.starts_with(word));
        is_any(&CHANGING) && !is_any(&BOTH) && !is_any(&WORDS) && !is_any(&STEM)
    });
    behind.map(|rest| rest.lines().next().unwrap_or(rest)).collect()
}

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("a folder of the project") {
        let path = entry.expect("an entry").path();
        let ending = path.extension().and_then(|ending| ending.to_str());
        match ending {
            _ if path.is_dir() => sources(&path, found),
            Some("rs" | "js" | "html") => found.push(path),
            _ => {}
        }
    }
}

#[test]
fn no_particle_behind_a_figure_fits_some_figures_alone() {
    let mut files = Vec::new();
    for folder in ["src", "public", "lessons"] {
        sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join(folder), &mut files);
    }
    for path in files {
        let text = fs::read_to_string(&path).expect("a source file");
        assert_eq!(bare(&text), [""; 0], "{}", path.display());
    }
}

#[test]
fn such_particles_are_found() {
    for template in
        ["{}와 {name}", "{0}을 씀", "'{}'라는 답", "{}({})를", "{length:?}가", "{1}이었", "{}\"로 쓰세요", "${port}는"]
    {
        assert_eq!(bare(template).len(), 1, "{template}");
    }
    for template in [
        "{}을(를) 씀",
        "{}은(는)",
        "{}(으)로",
        "{}이(가)",
        "{}과(와)",
        "{}개는",
        "{} 와인",
        "{}이상",
        "{}입니다",
        "{}. 이 글",
        "시작({})과",
    ] {
        assert_eq!(bare(template), [""; 0], "{template}");
    }
}
