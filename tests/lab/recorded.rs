//! The site's recorded runs: what they show still happens.

use super::{is_refused, undisturbed, unprivileged};
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
            assert!(page.contains(&format!("id=\"{name}\"")) && page.contains(&format!("src=\"{name}.{ending}\"")));
            assert!(folder().join(format!("{name}.{ending}")).exists());
        }
    }
}

/// What the pages of a folder link to, but for other places of the same page.
fn links(folder: &Path) -> Vec<String> {
    let pages = ["index.html", "ko.html"].map(|page| std::fs::read_to_string(folder.join(page)).expect("a page"));
    let of = |page: &String, attribute| {
        let values = page.split(attribute).skip(1).filter_map(|rest| rest.split('"').next());
        values
            .filter(|link| !link.starts_with(['#']) && !link.starts_with("data:"))
            .map(str::to_owned)
            .collect::<Vec<_>>()
    };
    pages.iter().flat_map(|page| [of(page, " href=\""), of(page, " src=\"")].concat()).collect()
}

#[test]
fn the_sites_pages_link_to_what_is_there() {
    let links = links(&folder());
    assert!(
        ["../style.css", "../", "../ko/", "ko.html", "close.svg"]
            .iter()
            .all(|one| links.iter().any(|link| link == one))
    );
    for link in links {
        assert!(!link.starts_with('/') && folder().join(&link).exists(), "{link}");
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

#[test]
fn one_run_is_recorded_anew_and_the_pages_keep_the_others() {
    use std::os::unix::fs::PermissionsExt;
    let place = crate::harness::folder();
    std::fs::set_permissions(place.path(), PermissionsExt::from_mode(0o777)).expect("open to all");
    let record = |names: &[&str]| {
        let output = unprivileged().args(["lab", "--record"]).arg(place.path()).args(names).output().expect("it runs");
        (!is_refused(&output)).then(|| (output.status.success(), String::from_utf8(output.stderr).expect("text")))
    };
    let read = |name: &str| std::fs::read_to_string(place.path().join(name)).unwrap_or_default();
    let Some(recorded) = record(&["reset", "handshake"]) else { return };
    assert_eq!(recorded, (true, "reset\nhandshake\n".into()));
    let before = read("reset.json");
    let Some(recorded) = record(&["3"]) else { return };
    assert_eq!(recorded, (true, "handshake\n".into()), "by its number, too");
    assert_eq!(read("reset.json"), before, "it is left as it was");
    for page in ["index.html", "ko.html"].map(read) {
        let [first, second] = ["id=\"handshake\"", "id=\"reset\""].map(|run| page.find(run).expect("a run"));
        assert!(first < second && page.matches("<section").count() == 2, "in the order of teaching: {page}");
    }
    let links = links(place.path());
    assert!(links.contains(&"reset.ko.svg".to_owned()), "{links:?}");
    for link in links {
        let is_beside = !link.contains('/') && place.path().join(&link).exists();
        assert!(is_beside, "the folder is shown as it is, without the site's: {link}");
    }
    std::fs::write(place.path().join("reset.json"), "{").expect("a file");
    let Some((_, said)) = record(&["handshake"]) else { return };
    assert!(said.contains("reset.json holds no recorded run; try: glasshttp lab --record"), "{said}");
}
