//! The notices of third parties: the packages that the program is made of, and their licences.

use super::{is_kept_as, place};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::process::Command;

const HEAD: &str = "\
Third-party notices of glasshttp

The program contains these packages, each under the licence beside it; where MIT
is one of several, it is taken. Their notices follow, each once, with the names
of the packages that it comes with; a package that brings none is under the text
of its licence at https://spdx.org/licenses/.

Every Rust program contains the standard library of Rust too (MIT OR Apache-2.0,
https://github.com/rust-lang/rust); the static binary of a release contains musl
(MIT, https://musl.libc.org/).
";

/// A package that the program contains.
struct Package {
    name: String,
    version: String,
    licence: String,
    repository: String,
    /// The notices that come with it.
    notices: Vec<String>,
}

fn text<'v>(value: &'v Value, field: &str) -> &'v str {
    value[field].as_str().unwrap_or_default()
}

fn list(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

/// What cargo knows of the packages, as they are locked, for Linux.
fn metadata() -> Value {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    command.args(["metadata", "--format-version=1", "--locked", "--offline"]);
    command.args(["--filter-platform", "x86_64-unknown-linux-gnu"]).current_dir(place(""));
    let output = command.output().expect("cargo");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).expect("JSON")
}

/// What is linked: dependencies of dependencies, but neither those of tests and build
/// scripts nor macros, which are gone when the program is built.
fn packages() -> Vec<Package> {
    let metadata = metadata();
    let by_id: BTreeMap<&str, &Value> =
        list(&metadata["packages"]).map(|package| (text(package, "id"), package)).collect();
    let nodes: BTreeMap<&str, &Value> =
        list(&metadata["resolve"]["nodes"]).map(|node| (text(node, "id"), node)).collect();
    let is_macro = |id: &str| {
        list(&by_id[id]["targets"]).any(|target| list(&target["kind"]).any(|kind| kind.as_str() == Some("proc-macro")))
    };
    let root = text(&metadata["resolve"], "root");
    let (mut linked, mut ahead) = (BTreeSet::new(), vec![root]);
    while let Some(id) = ahead.pop() {
        if !is_macro(id) && linked.insert(id) {
            let normal = |dependency: &&Value| list(&dependency["dep_kinds"]).any(|kind| kind["kind"].is_null());
            ahead.extend(list(&nodes[id]["deps"]).filter(normal).map(|dependency| text(dependency, "pkg")));
        }
    }
    linked.remove(root);
    let mut packages: Vec<Package> = linked.into_iter().map(|id| package(by_id[id])).collect();
    packages.sort_by(|one, other| (&one.name, &one.version).cmp(&(&other.name, &other.version)));
    packages
}

fn package(value: &Value) -> Package {
    let licence = text(value, "license").replace('/', " OR ");
    let folder = Path::new(text(value, "manifest_path")).parent().expect("a folder");
    let mut files: Vec<_> =
        fs::read_dir(folder).expect("the package").map(|entry| entry.expect("an entry").path()).collect();
    files.sort();
    let notices = files.iter().filter(|path| is_notice(path, &licence));
    let notices =
        notices.map(|path| String::from_utf8_lossy(&fs::read(path).expect("a notice")).into_owned()).collect();
    Package {
        name: text(value, "name").to_owned(),
        version: text(value, "version").to_owned(),
        licence,
        repository: text(value, "repository").to_owned(),
        notices,
    }
}

/// Whether this file of a package has to go along: a licence that was not chosen has not.
fn is_notice(path: &Path, licence: &str) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy().to_uppercase();
    let is_of = |word: &str| name.starts_with(word);
    let is_one = path.is_file() && ["LICENSE", "LICENCE", "COPYING", "COPYRIGHT", "NOTICE"].into_iter().any(is_of);
    let has_choice = licence.contains("MIT") && licence.contains(" OR ");
    let is_other = ["APACHE", "ZLIB", "CC0", "BSD"].iter().any(|other| name.contains(other));
    is_one && !(has_choice && is_other)
}

/// The same text, however its lines end.
fn trimmed(notice: &str) -> String {
    let lines: Vec<&str> = notice.lines().map(str::trim_end).collect();
    lines.join("\n").trim_matches('\n').to_owned()
}

fn document(packages: &[Package]) -> String {
    let mut document = HEAD.to_owned() + "\n";
    let mut by_notice: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    for Package { name, version, licence, repository, notices } in packages {
        document += &format!("{name} {version}: {licence}\n  {repository}\n");
        for notice in notices {
            by_notice.entry(trimmed(notice)).or_default().push(name);
        }
    }
    for (notice, names) in by_notice {
        document += &format!("\n{}\n{}\n\n{notice}\n", "-".repeat(72), names.join(", "));
    }
    document
}

#[test]
fn the_notices_name_every_package_of_the_program() {
    let packages = packages();
    assert!(packages.len() > 50, "{} packages", packages.len());
    is_kept_as("dist/THIRD-PARTY.txt", &document(&packages));
}

/// Licences that let the program be passed on under its own, with a notice.
#[test]
fn every_licence_is_one_that_needs_no_more_than_a_notice() {
    const ENOUGH: [&str; 8] =
        ["MIT", "Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "ISC", "Zlib", "Unicode-3.0", "Unlicense"];
    for Package { name, licence, .. } in packages() {
        let words: Vec<&str> = licence.split([' ', '(', ')']).filter(|word| !word.is_empty()).collect();
        let is_enough = |word: &&str| ENOUGH.contains(word);
        let fits = match words.contains(&"AND") {
            true => words.iter().filter(|word| !["AND", "OR"].contains(word)).all(is_enough),
            false => words.iter().any(is_enough),
        };
        assert!(fits, "{name}: {licence}");
    }
}
