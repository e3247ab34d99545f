//! A real browser, without a window: Chromium.

pub mod axe;
pub mod driver;

use crate::clients::SITE;
use crate::clients::relay::Relay;
use crate::harness::Server;
use driver::Browser;
use serde_json::{Value, json};
use std::path::Path;

const ARTEFACTS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/.ci/artefacts");

/// The title that the file on disk gives its page.
fn title_of(page: &str) -> String {
    let text = std::fs::read_to_string(Path::new(SITE).join(page)).expect("the page");
    let (_, rest) = text.split_once("<title>").expect("a title");
    rest.split("</title>").next().unwrap_or_default().to_owned()
}

fn number(value: &Value) -> u64 {
    value.as_u64().unwrap_or_else(|| panic!("{value} is no number"))
}

/// The page is there, whole, and has drawn its own timing.
fn assert_drawn(browser: &Browser, page: &str, language: &str) {
    browser.wait_until("document.querySelector('[data-live=files]:not([hidden]) tbody tr')", &[]);
    assert_eq!(browser.run("return document.title", &[]), json!(title_of(page)));
    assert_eq!(browser.run("return document.documentElement.lang", &[]), json!(language));

    let stages = "return [...document.querySelectorAll('[data-live=browser] .stages li')].map(row => row.innerText)";
    let stages = browser.run(stages, &[]);
    let stages = stages.as_array().expect("a list");
    let timed = stages.iter().filter(|stage| stage.as_str().is_some_and(|text| text.contains(" ms"))).count();
    assert!(stages.len() >= 6 && timed >= 3, "{page}: {stages:?}");

    let failed = "return [...performance.getEntriesByType('navigation'), ...performance.getEntriesByType('resource')]
        .filter(entry => ![200, 304].includes(entry.responseStatus)).map(entry => [entry.name, entry.responseStatus])";
    assert_eq!(browser.run(failed, &[]), json!([]), "{page}");
    let broken = "return [...document.images].filter(image => !image.naturalWidth).map(image => image.src)";
    assert_eq!(browser.run(broken, &[]), json!([]), "{page}");
    // The page itself, its style, its script, its drawing at the least: each has a row.
    let rows = number(&browser.run("return document.querySelectorAll('[data-live=files] tbody tr').length", &[]));
    assert!(rows >= 4, "{page}: {rows} files");
    assert_eq!(browser.console(), [""; 0], "{page}");
}

pub fn save_screenshot(browser: &Browser, name: &str) {
    std::fs::create_dir_all(ARTEFACTS).expect("a folder");
    let picture = browser.screenshot();
    assert!(picture.starts_with(b"\x89PNG\r\n") && picture.ends_with(b"IEND\xaeB\x60\x82"), "a whole picture");
    std::fs::write(Path::new(ARTEFACTS).join(name), picture).expect("a file");
}

#[test]
#[ignore = "needs chromium and chromedriver: .ci/run installs them"]
fn the_default_site_draws_its_own_timing_over_connections_that_are_used_again() {
    let server = Server::start(Path::new(SITE), &[]);
    let relay = Relay::to(server.address);
    let browser = Browser::start();
    browser.open(&relay.url("/"));
    assert_drawn(&browser, "index.html", "en");
    save_screenshot(&browser, "site-en.png");

    browser.click("document.querySelector('a[hreflang=ko]')", &[]);
    browser.wait_until("location.pathname === '/ko/'", &[]);
    assert_drawn(&browser, "ko/index.html", "ko");
    save_screenshot(&browser, "site-ko.png");
    // Files that both pages share were asked for again, on connections of the first.
    let kept = browser.run("return document.querySelectorAll('[data-live=files] .tag.kept').length", &[]);
    assert!(number(&kept) > 0, "the page shows no connection that was open already");

    let requests = relay.requests();
    let all: usize = requests.iter().map(Vec::len).sum();
    assert!(all >= 6 && requests.len() < all, "{} connections, {all} requests: {requests:?}", requests.len());
    assert!(requests.iter().any(|lines| lines.len() > 1), "{requests:?}");
}

/// As a wide screen and a phone show it, by day and by night; nothing reaches beyond their edge.
pub fn save_screenshots(browser: &Browser, name: &str) {
    for (width, height) in [(1280, 900), (390, 844)] {
        for scheme in ["light", "dark"] {
            browser.emulate(scheme, width, height);
            browser.run("scrollTo(0, 0)", &[]);
            let wide = browser.run("return document.documentElement.scrollWidth", &[]);
            assert!(wide.as_u64() <= Some(width.into()), "{name} scrolls sideways at {width}");
            save_screenshot(browser, &format!("{name}-{width}-{scheme}.png"));
        }
    }
    browser.emulate("light", 1280, 900);
}

#[test]
#[ignore = "needs chromium, chromedriver and axe-core: .ci/run installs them"]
fn everybody_can_use_the_site_and_its_listings() {
    let server = Server::start(Path::new(SITE), &[]);
    let browser = Browser::start();
    for (path, name) in
        [("", "home"), ("ko/", "home-ko"), ("taught.html", "taught"), ("drawings/", "listing"), ("none", "404")]
    {
        browser.open(&format!("http://{}/{path}", server.address));
        if name.starts_with("home") {
            browser.wait_until("document.querySelector('[data-live=files]:not([hidden]) tbody tr')", &[]);
        }
        axe::assert_accessible(&browser, name);
        save_screenshots(&browser, name);
    }
}

#[test]
#[ignore = "needs chromium and chromedriver: .ci/run installs them"]
fn a_page_that_is_not_there_says_so_in_the_browser() {
    let server = Server::start(Path::new(SITE), &[]);
    let browser = Browser::start();
    browser.open(&format!("http://{}/no/such/page", server.address));
    let status = "return performance.getEntriesByType('navigation')[0].responseStatus";
    assert_eq!(browser.run(status, &[]), json!(404));
    assert_eq!(browser.run("return document.title", &[]), json!(title_of("404.html")));
}

#[test]
#[ignore = "needs chromium and chromedriver: .ci/run installs them"]
fn a_click_on_each_link_of_a_listing_opens_its_file() {
    let folder = crate::harness::folder();
    let names = [
        "a b.txt",
        "  two spaces.txt",
        "100%.txt",
        "100%41.txt",
        "%2e%2e.txt",
        "what?.txt",
        "?a=b&c.txt",
        "#hash.txt",
        "a#b.txt",
        "\"double\" 'single'.txt",
        "<b>bold&amp;.txt",
        "javascript:alert(1).txt",
        "c:d.txt",
        "back\\slash.txt",
        "semi;colon,plus+.txt",
        "한국어 이름.txt",
        "파일 100%?.txt",
        "e\u{301}.txt",
    ];
    let below = folder.path().join("아래 폴더 #1?");
    std::fs::create_dir(&below).expect("a folder");
    for place in [folder.path(), &below] {
        for (index, name) in names.iter().enumerate() {
            std::fs::write(place.join(name), format!("inside {index}")).expect("a file");
        }
    }
    let server = Server::start(folder.path(), &[]);
    let browser = Browser::start();
    let root = format!("http://{}/", server.address);
    browser.open(&root);
    let link = "[...document.links].find(link => link.textContent.replace(/\\/$/, '') === arguments[0])";
    browser.click(link, &[json!("아래 폴더 #1?")]);
    browser.wait_until("location.pathname !== '/'", &[]);
    let below = browser.run("return location.href", &[]);
    for listing in [root.as_str(), below.as_str().expect("an address")] {
        for (index, name) in names.iter().enumerate() {
            browser.open(listing);
            browser.click(link, &[json!(name)]);
            browser.wait_until("location.href !== arguments[0] && document.body", &[json!(listing)]);
            let text = browser.run("return document.body.innerText", &[]);
            assert_eq!(text, json!(format!("inside {index}")), "{name} in {listing}");
        }
    }
    let console = browser.console();
    let complaints: Vec<&String> = console.iter().filter(|entry| !entry.contains("favicon.ico")).collect();
    assert!(complaints.is_empty(), "{complaints:?}");
}
