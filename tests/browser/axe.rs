//! Whether pages can be used by everybody, as far as a program can tell: axe-core (WCAG 2, level AA and more).

use super::driver::Browser;
use serde_json::{Value, json};
use std::path::Path;

const AXE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/.ci/tools/axe-core/axe.min.js");

/// The page in this browser breaks no rule, by day and by night, on a wide screen and on a phone.
pub fn assert_accessible(browser: &Browser, name: &str) {
    for (scheme, width, height) in [("light", 1280, 900), ("dark", 1280, 900), ("light", 390, 844), ("dark", 390, 844)]
    {
        browser.emulate(scheme, width, height);
        let broken = violations(browser);
        assert_eq!(broken, json!([]), "{name}, {scheme}, {width}: {broken:#}");
    }
    browser.emulate("light", 1280, 900);
}

/// The rules that are broken, each with where and how.
fn violations(browser: &Browser) -> Value {
    if browser.run("return typeof axe === 'undefined'", &[]) == json!(true) {
        browser.run(&std::fs::read_to_string(Path::new(AXE)).expect("axe-core: .ci/run fetches it"), &[]);
    }
    let run = "return axe.run(document, {resultTypes: ['violations']}).then(({violations}) => violations.map(
        ({id, nodes}) => [id, ...nodes.slice(0, 5).map(node => `${node.target.join(' ')}: ${node.failureSummary}`)]))";
    browser.run(run, &[])
}
