//! Who lives where, and who may name whom: ARCHITECTURE.md says it, the sources are read.

mod names;
mod surface;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// The longest file that a person can hold in the head, in lines.
const LONGEST: usize = 450;

fn sources(folder: &str) -> Vec<(PathBuf, String)> {
    let mut found = Vec::new();
    let mut folders = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join(folder)];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).expect("a folder of the project") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let text = fs::read_to_string(&path).expect("a source file");
                found.push((path, text));
            }
        }
    }
    assert!(!found.is_empty(), "no sources below {folder}");
    found
}

/// The modules of the crate that `text` names by `crate::`.
fn imports(text: &str) -> BTreeSet<&str> {
    let code = text.lines().filter(|line| !line.trim_start().starts_with("//"));
    code.flat_map(|line| line.split("crate::").skip(1))
        .map(|rest| {
            rest.split(|character: char| !character.is_alphanumeric() && character != '_').next().unwrap_or(rest)
        })
        .collect()
}

fn of_module<'a>(sources: &'a [(PathBuf, String)], module: &str) -> impl Iterator<Item = &'a (PathBuf, String)> {
    let (file, folder) = (format!("src/{module}.rs"), format!("src/{module}/"));
    sources.iter().filter(move |(path, _)| {
        let path = path.to_string_lossy();
        path.ends_with(&file) || path.contains(&folder)
    })
}

/// Each module of the crate, and the ones that it may name: what ARCHITECTURE.md's
/// own table says. `None` beside a module: all of them.
fn rooms() -> Vec<(String, Option<BTreeSet<String>>)> {
    let text = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("ARCHITECTURE.md")).expect("the document");
    let table = text.split("## Who lives where").nth(1).expect("its table").split("\n## ").next().expect("its end");
    let mut rooms = Vec::new();
    for row in table.lines().filter(|line| line.starts_with("| `")) {
        let cells: Vec<&str> = row.trim_matches('|').split(" | ").map(str::trim).collect();
        let [names, _, may_name] = cells[..] else { panic!("three cells: {row}") };
        let allowed = match may_name {
            "all of them" => None,
            "nothing of ours" => Some(BTreeSet::new()),
            some => Some(some.split(", ").map(str::to_owned).collect()),
        };
        for name in names.split('`').filter(|name| name.starts_with("src/")) {
            let name = name.trim_start_matches("src/").trim_end_matches('/').trim_end_matches(".rs");
            if !rooms.iter().any(|(known, _)| known == name) {
                rooms.push((name.to_owned(), allowed.clone()));
            }
        }
    }
    rooms
}

#[test]
fn modules_import_only_what_the_architecture_lets_them() {
    let (sources, rooms) = (sources("src"), rooms());
    for (module, allowed) in &rooms {
        let mut files = 0;
        for (path, text) in of_module(&sources, module) {
            files += 1;
            for import in imports(text) {
                let is_allowed = allowed.as_ref().is_none_or(|allowed| allowed.contains(import));
                assert!(
                    import == module || is_allowed,
                    "{} imports {import}, which the table in ARCHITECTURE.md does not let src/{module} name",
                    path.display()
                );
            }
        }
        assert!(files > 0, "where is {module}?");
    }
    for (path, _) in &sources {
        let below = path.strip_prefix(Path::new(env!("CARGO_MANIFEST_DIR")).join("src")).expect("a source");
        let module = below.iter().next().expect("a name").to_string_lossy();
        let module = module.trim_end_matches(".rs");
        assert!(
            module == "lib" || rooms.iter().any(|(known, _)| known == module),
            "{module} is in no row of the table"
        );
    }
}

/// A file of the crate: its module's path, and the modules that it names.
struct Module {
    path: Vec<String>,
    names: Vec<Vec<String>>,
}

/// The files of the crate but its tests; a name is what follows `crate::`, `super::`
/// or, in the file that declares it, a child's own name.
fn modules() -> Vec<Module> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut modules = Vec::new();
    for (file, text) in sources("src") {
        let mut path: Vec<String> = file
            .strip_prefix(&root)
            .expect("a source")
            .with_extension("")
            .iter()
            .map(|part| part.to_string_lossy().into_owned())
            .collect();
        if path.last().is_some_and(|last| last == "mod") {
            path.pop();
        }
        if path.iter().any(|part| part == "tests") || path == ["lib"] || path == ["main"] {
            continue;
        }
        let code = text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default();
        let code: String =
            code.lines().filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n");
        let children: Vec<&str> = code
            .lines()
            .filter_map(|line| line.trim_start().split_once("mod ")?.1.strip_suffix(';'))
            .filter(|child| *child != "tests")
            .collect();
        let mut names = Vec::new();
        for (at, _) in code.match_indices("crate::") {
            names.extend(paths(&[], &code[at + 7..]));
        }
        for (at, _) in code.match_indices("super::") {
            if !code[..at].ends_with("super::") {
                let mut base = path.clone();
                let mut rest = &code[at..];
                while let Some(after) = rest.strip_prefix("super::") {
                    base.pop();
                    rest = after;
                }
                names.extend(paths(&base, rest));
            }
        }
        for child in children {
            let is_named = code.match_indices(&format!("{child}::")).any(|(at, _)| {
                !code[..at].ends_with(|before: char| before.is_alphanumeric() || before == '_' || before == ':')
            });
            if is_named {
                names.push(path.iter().cloned().chain([child.to_owned()]).collect());
            }
        }
        modules.push(Module { path, names });
    }
    modules
}

/// The paths that begin at `text`, below `base`: one, or those in braces.
fn paths(base: &[String], text: &str) -> Vec<Vec<String>> {
    let end = text.find(|letter: char| !(letter.is_alphanumeric() || letter == '_')).unwrap_or(text.len());
    let mut here = base.to_vec();
    if end > 0 {
        here.push(text[..end].to_owned());
    }
    match text[end..].strip_prefix("::") {
        Some(more) => return paths(&here, more),
        None if text.starts_with('{') => {}
        None => return vec![here],
    }
    let (mut found, mut depth, mut start) = (Vec::new(), 0, 1);
    for (at, letter) in text.char_indices() {
        match letter {
            '{' => depth += 1,
            '}' => depth -= 1,
            _ => {}
        }
        if (letter == ',' && depth == 1) || depth == 0 {
            let item = text[start..at].trim();
            found.extend((!item.is_empty()).then(|| paths(&here, item)).into_iter().flatten());
            start = at + 1;
        }
        if depth == 0 {
            break;
        }
    }
    found
}

#[test]
fn no_two_files_name_each_other_not_even_by_a_third() {
    let modules = modules();
    // A path means the deepest file on it.
    let of = |path: &[String]| {
        (0..=path.len()).rev().find_map(|length| modules.iter().position(|module| module.path == path[..length]))
    };
    let named: Vec<BTreeSet<usize>> = modules
        .iter()
        .enumerate()
        .map(|(own, module)| module.names.iter().filter_map(|path| of(path)).filter(|file| *file != own).collect())
        .collect();
    assert!(named.iter().map(BTreeSet::len).sum::<usize>() > 300, "the names were not found");
    // What names nothing that is left can be in no circle.
    let mut left: BTreeSet<usize> = (0..modules.len()).collect();
    loop {
        let free = |file: &&usize| named[**file].is_disjoint(&left);
        let bound: BTreeSet<usize> = left.iter().filter(|file| !free(file)).copied().collect();
        if bound == left {
            break;
        }
        left = bound;
    }
    // Nor what nothing names that is left.
    loop {
        let is_named = |file: &usize| left.iter().any(|other| named[*other].contains(file));
        let bound: BTreeSet<usize> = left.iter().filter(|file| is_named(file)).copied().collect();
        if bound == left {
            break;
        }
        left = bound;
    }
    let circle: Vec<String> = left
        .iter()
        .map(|file| {
            let others = named[*file].intersection(&left).map(|other| modules[*other].path.join("/"));
            format!("{} names {}", modules[*file].path.join("/"), others.collect::<Vec<_>>().join(", "))
        })
        .collect();
    assert!(circle.is_empty(), "circles:\n{}", circle.join("\n"));
}

#[test]
fn the_protocol_core_does_no_io() {
    let sources = sources("src");
    for (path, text) in of_module(&sources, "http") {
        for word in [
            "std::net",
            "std::fs",
            "std::io",
            "std::thread",
            "std::os",
            "Instant",
            "SystemTime::now",
            "rustix",
            "socket2",
            "libc::",
        ] {
            assert!(!text.contains(word), "{} names {word}", path.display());
        }
    }
}

#[test]
fn httparse_is_named_where_bytes_are_parsed_and_unsafe_in_one_folder() {
    for (path, text) in sources("src") {
        let code = text.lines().filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n");
        let is_parse = path.ends_with("http/parse.rs") || path.ends_with("http/parse/response.rs");
        assert!(is_parse || !code.contains("httparse::"), "{} names httparse", path.display());
        let is_sys = path.components().any(|part| part.as_os_str() == "sys");
        assert!(is_sys || !code.contains("unsafe "), "{} is unsafe", path.display());
    }
}

#[test]
fn every_file_opens_with_what_lives_there_and_can_be_held_in_the_head() {
    for folder in ["src", "tests", "examples"] {
        for (path, text) in sources(folder) {
            assert!(text.starts_with("//!"), "{} does not say what it is", path.display());
            let lines = text.lines().count();
            assert!(lines <= LONGEST, "{} has {lines} lines: is there a split by meaning?", path.display());
        }
    }
}

#[test]
fn no_line_of_a_script_is_wider_than_a_screen() {
    for folder in ["src/observe/live/page", "src/observe/live/page/lab"] {
        for entry in fs::read_dir(folder).expect("a folder of the project") {
            let path = entry.expect("an entry").path();
            if path.extension().is_none_or(|ending| ending != "js") {
                continue;
            }
            let text = fs::read_to_string(&path).expect("text");
            let wide = text.lines().position(|line| line.chars().count() > 120);
            assert_eq!(wide.map(|line| line + 1), None, "{}", path.display());
        }
    }
}
