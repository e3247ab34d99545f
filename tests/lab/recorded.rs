//! The site's recorded runs: what they show still happens.

use super::undisturbed;
use serde_json::Value;
use std::path::{Path, PathBuf};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("public/lab")
}

fn recorded(name: &str) -> Value {
    let text = std::fs::read(folder().join(format!("{name}.json")));
    let text = text.unwrap_or_else(|_| panic!("{name} is not recorded: glasshttp lab --record public/lab"));
    serde_json::from_slice(&text).expect("JSON")
}

#[test]
fn every_experiment_of_the_list_is_recorded_concluded_and_dated() {
    let output = crate::harness::glasshttp().arg("lab").output().expect("it runs");
    let list = String::from_utf8(output.stdout).expect("text");
    let pages = ["index.html", "ko.html"].map(|page| std::fs::read_to_string(folder().join(page)).expect("a page"));
    let names = list.lines().filter(|line| line.get(..2).is_some_and(|number| number.trim().parse::<u8>().is_ok()));
    for name in names.filter_map(|line| line.split_whitespace().nth(1)) {
        let document = recorded(name);
        assert_eq!(document["experiment"], name);
        assert!(!document["measured"].is_null(), "{name} came out as its sentences say");
        assert_eq!(document["disturbed"], false, "{name}");
        assert!(document["date"].as_str().expect("a date").starts_with("20"));
        for (page, ending) in pages.iter().zip(["svg", "ko.svg"]) {
            assert!(page.contains(&format!("id=\"{name}\"")) && page.contains(&format!("/lab/{name}.{ending}")));
            assert!(folder().join(format!("{name}.{ending}")).exists());
        }
    }
}

#[test]
fn a_fresh_run_has_the_shape_of_the_recorded_one() {
    for name in ["handshake", "numbers", "lost-request", "close", "last-ack", "half-close", "nobody-there"] {
        let Some(fresh) = undisturbed(&[name, "--json"]) else { return };
        assert_eq!(
            fresh["facts"]["shape"],
            recorded(name)["facts"]["shape"],
            "{name}: record anew with lab --record public/lab"
        );
    }
}
