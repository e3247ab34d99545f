//! The page as a story, for a first look and for a lesson: what is chosen, how
//! it is linked to, shown step by step, printed, handed out, found again.

use super::browser::{LANES, text};
use super::{Page, example};
use crate::browser::driver::Browser;
use crate::browser::{axe, save_screenshots};
use crate::harness::PATIENCE;
use glasshttp::observe::live::Bounds;
use glasshttp::observe::sink::{News, Sink};
use serde_json::json;
use std::time::Instant;

const BACKSPACE: &str = "\u{e003}";
const ESCAPE: &str = "\u{e00c}";
const SHIFT: &str = "\u{e008}";

fn page() -> Page {
    Page::start(Bounds::default(), "http://localhost:8080/")
}

fn open(page: &Page) -> Browser {
    let browser = Browser::start();
    browser.open(&page.url());
    browser.wait_until("document.querySelector('.state.is-live')", &[]);
    browser
}

fn wait_for_chosen(browser: &Browser, connection: u64) {
    let title = json!(format!("Connection {connection}"));
    browser.wait_until("document.getElementById('chosen-title').innerText === arguments[0]", &[title]);
    browser.wait_until("document.querySelector('.diagram .step')", &[]);
}

fn hash(browser: &Browser) -> String {
    browser.run("return location.hash", &[]).as_str().unwrap_or_default().to_owned()
}

#[test]
#[ignore = "needs chromium and chromedriver: .ci/run installs them"]
fn the_newest_connection_is_followed_until_another_is_chosen() {
    let mut page = page();
    let browser = open(&page);
    browser.wait_until("document.getElementById('empty-open').href === 'http://localhost:8080/'", &[]);
    save_screenshots(&browser, "live-empty");
    example::tell_whole(&mut page.sink, 1, "/first");
    wait_for_chosen(&browser, 1);
    example::tell_whole(&mut page.sink, 2, "/second");
    wait_for_chosen(&browser, 2);
    // A spare connection of the browser takes no story's place.
    page.sink.take(&example::opened(3), News::Opened);
    browser.wait_until("document.querySelectorAll('.lane').length === 3", &[]);
    wait_for_chosen(&browser, 2);
    assert_eq!(hash(&browser), "");

    browser.click("[...document.querySelectorAll('.lane')].find(lane => lane.innerText.includes('/first'))", &[]);
    wait_for_chosen(&browser, 1);
    example::tell_whole(&mut page.sink, 4, "/fourth");
    browser.wait_until("document.querySelectorAll('.lane').length === 4", &[]);
    wait_for_chosen(&browser, 1);
    assert_eq!(hash(&browser), "#1");
    browser.run("location.reload()", &[]);
    browser.wait_until("document.getElementById('follow')?.getAttribute('aria-pressed') === 'false'", &[]);
    wait_for_chosen(&browser, 1);

    browser.click("document.getElementById('follow')", &[]);
    wait_for_chosen(&browser, 4);
    assert_eq!(hash(&browser), "");
    assert_eq!(browser.console(), [""; 0]);
}

#[test]
#[ignore = "needs chromium and chromedriver: .ci/run installs them"]
fn a_site_without_a_url_is_neither_opened_nor_fetched_from() {
    let page = Page::start(Bounds::default(), "");
    let browser = open(&page);
    browser.wait_until("document.getElementById('address').hidden", &[]);
    let shown = text(&browser, "body");
    assert!(shown.contains("Nothing has connected yet"), "{shown}");
    assert!(!shown.contains("Open http") && !shown.contains("curl") && !shown.contains("Fetch"), "{shown}");
    assert_eq!(browser.console(), [""; 0]);
}

#[test]
#[ignore = "needs chromium and chromedriver: .ci/run installs them"]
fn an_address_names_a_connection_and_a_step_of_it() {
    let mut page = page();
    example::tell_whole(&mut page.sink, 1, "/first");
    example::tell_whole(&mut page.sink, 2, "/second");
    let browser = Browser::start();
    browser.open(&format!("{}#1/step5", page.url()));
    wait_for_chosen(&browser, 1);
    let linked = "[...document.querySelectorAll('.step')].indexOf(document.querySelector('.step.is-linked')) === 4";
    browser.wait_until(linked, &[]);
    assert_eq!(hash(&browser), "#1/step5");
    browser.click("document.querySelectorAll('.step')[6].querySelector('.step-number')", &[]);
    browser.wait_until("location.hash === '#1/step7'", &[]);
    browser.wait_until("document.querySelectorAll('.step')[6].classList.contains('is-linked')", &[]);
    // What isn't there is said, with what to do; it is shown where it comes after all.
    browser.run("location.hash = '#1/step99'", &[]);
    browser.wait_until("document.querySelector('#chosen-body .banner')?.innerText.includes('no step 99')", &[]);
    assert!(text(&browser, ".diagram").contains("GET /first"));
    for way in ["location.hash = '#77/step7'", "location.reload()"] {
        browser.run(way, &[]);
        browser.wait_until("document.querySelector('#chosen-body .banner')?.innerText.includes('77 is not here')", &[]);
        browser.wait_until("document.getElementById('chosen-title').innerText === 'Connection 77'", &[]);
        assert_eq!(hash(&browser), "#77/step7");
        browser.wait_until("document.querySelectorAll('.lane').length === 2", &[]);
    }
    example::tell_whole(&mut page.sink, 77, "/late");
    browser.wait_until("document.querySelector('.step.is-linked')", &[]);
    assert!(text(&browser, ".diagram").contains("GET /late"));
    browser.run("location.hash = '#78'", &[]);
    browser.wait_until("document.querySelector('#chosen-body .banner')?.innerText.includes('78 is not here')", &[]);
    browser.click("document.getElementById('follow')", &[]);
    wait_for_chosen(&browser, 77);
    assert_eq!(hash(&browser), "");
    assert_eq!(browser.console(), [""; 0]);
}

#[test]
#[ignore = "needs chromium and chromedriver: .ci/run installs them"]
fn a_teacher_reveals_one_step_after_the_other() {
    let mut page = page();
    let record = example::tell_whole(&mut page.sink, 1, "/");
    let browser = open(&page);
    wait_for_chosen(&browser, 1);
    let steps = browser.run("return document.querySelectorAll('#chosen .step').length", &[]);
    browser.type_into(LANES, "s");
    browser.wait_until("document.getElementById('stage').open", &[]);
    let shown = "return document.querySelectorAll('#stage .step:not([hidden])').length";
    let press = |key: &str| {
        browser.type_into("document.activeElement", key);
        browser.run(shown, &[])
    };
    assert_eq!(browser.run(shown, &[]), json!(1));
    let revealed = [" ", " ", " ", BACKSPACE, " ", " "].map(press);
    assert_eq!(revealed, [2, 3, 4, 3, 4, 5].map(|number| json!(number)));
    assert_eq!(press(&format!("{SHIFT} ")), json!(4));
    assert_eq!(text(&browser, "#stage-count"), format!("Step 4 of {steps}"));
    assert!(text(&browser, "#stage-said").starts_with("Step 4 of "));
    assert_eq!(hash(&browser), "#1/step4/stage");
    // A reload in the middle of a lesson leaves it where it was.
    browser.run("location.reload()", &[]);
    browser.wait_until("document.getElementById('stage')?.open", &[]);
    assert_eq!(browser.run(shown, &[]), json!(4));
    assert_eq!(hash(&browser), "#1/step4/stage");
    // By buttons it goes as well, and what happens meanwhile changes nothing.
    page.sink.take(&record, News::Closed);
    browser.click("document.getElementById('stage-next')", &[]);
    assert_eq!(browser.run(shown, &[]), json!(5));
    save_screenshots(&browser, "live-stage");
    press(ESCAPE);
    browser.wait_until("!document.getElementById('stage').open", &[]);
    assert_eq!(hash(&browser), "#1/step5");
    assert_eq!(browser.console(), [""; 0]);
}

#[test]
#[ignore = "needs chromium and chromedriver: .ci/run installs them"]
fn a_diagram_is_printed_on_one_sheet() {
    let mut page = page();
    let browser = open(&page);
    for exchanges in [1, 2, 6] {
        let mut record = example::opened(exchanges);
        for number in 1..=exchanges {
            record.exchanges.push(example::exchange(number, "/a/page", 900_000_000 * number as i64));
        }
        page.sink.take(&example::closed(record, 6_000_000_000), News::Closed);
        wait_for_chosen(&browser, exchanges);
        let paper = browser.print();
        let text = String::from_utf8_lossy(&paper);
        assert!(text.starts_with("%PDF"), "{text:.20}");
        let pages = text.matches("/Type /Page\n").count();
        assert_eq!(pages, 1, "{exchanges} exchanges");
        assert_eq!(browser.run("return document.getElementById('sheet')", &[]), json!(null), "it is put away");
    }
    // What no sheet holds in letters that can be read is cut, and says where.
    for (exchanges, is_cut) in [(18, false), (100, true)] {
        let mut record = example::opened(exchanges);
        for number in 1..=exchanges {
            record.exchanges.push(example::exchange(number, "/a/page", 900_000 * number as i64));
        }
        page.sink.take(&example::closed(record, 6_000_000_000), News::Closed);
        wait_for_chosen(&browser, exchanges);
        let paper = browser.print();
        assert_eq!(String::from_utf8_lossy(&paper).matches("/Type /Page\n").count(), 1, "{exchanges} exchanges");
        std::fs::write(format!("{}/.ci/artefacts/live-sheet-{exchanges}.pdf", env!("CARGO_MANIFEST_DIR")), paper)
            .expect("a file");
        browser.run("dispatchEvent(new Event('beforeprint'))", &[]);
        let end = text(&browser, "#sheet .cut");
        assert_eq!(end.starts_with("The sheet ends here, after "), is_cut, "{exchanges}: {end}");
        browser.run("dispatchEvent(new Event('afterprint'))", &[]);
    }
}

#[test]
#[ignore = "needs chromium and chromedriver: .ci/run installs them"]
fn a_hand_out_is_one_file_that_opens_from_the_disk() {
    let mut page = page();
    let mut record =
        example::tell_whole(&mut page.sink, 1, "/<img/src=http://127.0.0.1:9/x><script>document.title=1</script>");
    record.exchanges[0].request.head.push_str("Cookie: id=12345\r\n\r\n");
    let head = record.exchanges[0].request.head.replacen("\r\n\r\n", "\r\n", 1);
    record.exchanges[0].request.head = head;
    page.sink.take(&record, News::Closed);
    let folder = crate::harness::folder();
    let browser = open(&page);
    wait_for_chosen(&browser, 1);
    let place = json!({"behavior": "allow", "downloadPath": folder.path()});
    browser.command("Browser.setDownloadBehavior", &place);
    let save = |name: &str| {
        browser.click("document.getElementById('hand-out')", &[]);
        let file = folder.path().join(name);
        let begun = Instant::now();
        loop {
            let text = std::fs::read_to_string(&file).unwrap_or_default();
            if text.trim_end().ends_with("</html>") {
                let kept = file.with_extension(if text.contains("12345") { "shown.html" } else { "masked.html" });
                std::fs::rename(&file, &kept).expect("another name");
                return (kept, text);
            }
            assert!(begun.elapsed() < PATIENCE, "no {name}");
        }
    };
    let (file, text) = save("glasshttp-1.html");
    assert!(!text.contains("12345") && text.contains("8 bytes, not shown"), "secrets are masked");
    assert!(!text.contains("<img") && !text.contains("<script"), "what the client sent is text");
    browser
        .click("[...document.querySelectorAll('#chosen-body button')].find(one => one.innerText === 'Show them')", &[]);
    browser.wait_until("document.querySelector('.heads')?.innerText.includes('id=12345')", &[]);
    assert!(save("glasshttp-1.html").1.contains("12345"), "shown is shown");

    browser.open(&format!("file://{}", file.display()));
    assert_eq!(browser.run("return performance.getEntriesByType('resource').length", &[]), json!(0));
    let seen = super::browser::text(&browser, "main");
    for part in ["Connection 1", "SYN seq", "GET /<img/src=http", "TIME_WAIT", "Request head"] {
        assert!(seen.contains(part), "{part:?} is not in: {seen}");
    }
    assert!(!seen.contains("measured: the SYN"), "how it is known is asked for");
    browser.click("document.getElementById('how')", &[]);
    assert!(super::browser::text(&browser, "main").contains("measured: "));
    axe::assert_accessible(&browser, "the hand-out");
    save_screenshots(&browser, "hand-out");
    assert_eq!(browser.console(), [""; 0]);
}

#[test]
#[ignore = "needs chromium and chromedriver: .ci/run installs them"]
fn the_one_404_of_61_requests_is_found_at_once() {
    let mut page = page();
    let mut record = example::opened(1);
    for number in 1..=60 {
        let mut exchange = example::exchange(number, &format!("/file-{number}"), 1_000_000 * number as i64);
        if number == 23 {
            exchange.status = 404;
        }
        record.exchanges.push(exchange);
    }
    page.sink.take(&example::closed(record, 90_000_000), News::Closed);
    example::tell_whole(&mut page.sink, 2, "/other");
    let browser = open(&page);
    wait_for_chosen(&browser, 2);
    // The list of connections does not hide it either.
    browser
        .wait_until("[...document.querySelectorAll('.lane-more')].some(more => more.innerText === '+59 · 404')", &[]);
    browser.click("document.getElementById('tab-requests')", &[]);
    browser.wait_until("document.querySelectorAll('#requests-rows tr').length === 61", &[]);
    let classes = "return [...document.querySelectorAll('#requests-classes label')].map(label => label.innerText)";
    assert_eq!(browser.run(classes, &[]), json!(["All 61", "2xx 60", "3xx 0", "4xx 1", "5xx 0", "none 0"]));
    save_screenshots(&browser, "live-requests");
    browser.click("document.querySelector('input[value=\"4xx\"] + span')", &[]);
    browser.wait_until("document.querySelectorAll('#requests-rows tr').length === 1", &[]);
    let row = "return [...document.querySelectorAll('#requests-rows td')].slice(1).map(cell => cell.innerText)";
    assert_eq!(browser.run(row, &[]), json!(["#1", "GET", "/file-23", "404", "44", "0.12", "reused"]));
    // By keyboard, from the row to its place in the diagram.
    browser.type_into("document.querySelector('#requests-rows a')", "\u{e007}");
    wait_for_chosen(&browser, 1);
    browser.wait_until("document.querySelector('.step.is-linked')?.innerText.includes('/file-23')", &[]);
    // It stands out among the others of its connection, and a reload keeps it.
    let picked = "document.querySelectorAll('#requests-rows .is-picked').length === 1
        && document.querySelector('#requests-rows .is-picked').innerText.includes('/file-23')";
    browser.wait_until(picked, &[]);
    save_screenshots(&browser, "live-request-picked");
    assert_eq!(hash(&browser), "#1/request23");
    browser.run("location.reload()", &[]);
    browser.wait_until("document.querySelector('.step.is-linked')?.innerText.includes('/file-23')", &[]);
    assert_eq!(hash(&browser), "#1/request23");
    browser.click("document.getElementById('tab-requests')", &[]);
    browser.wait_until("document.querySelectorAll('#requests-rows .is-picked').length === 1", &[]);
    let path = "return document.querySelector('#requests-rows td.path').getBoundingClientRect().width";
    assert!(browser.run(path, &[]).as_f64() >= Some(170.0), "{}", browser.run(path, &[]));

    browser.click("document.querySelector('input[name=class][value=all] + span')", &[]);
    browser.wait_until("document.querySelectorAll('#requests-rows tr').length === 61", &[]);
    browser.type_into("document.getElementById('requests-text')", "file-1");
    browser.wait_until("document.querySelectorAll('#requests-rows tr').length === 11", &[]);
    browser.type_into("document.querySelector('#requests-head th:nth-child(4) button')", "\u{e007}");
    browser.wait_until("document.querySelector('#requests-rows tr').innerText.includes('/file-1\\t')", &[]);
    assert_eq!(
        browser.run("return document.querySelector('th[aria-sort]').getAttribute('aria-sort')", &[]),
        json!("ascending")
    );
    assert_eq!(browser.console(), [""; 0]);
}

#[test]
#[ignore = "needs chromium, chromedriver and axe-core: .ci/run installs them"]
fn everybody_can_use_the_page_in_each_of_its_states() {
    let mut page = page();
    let browser = Browser::start();
    for language in ["en", "ko"] {
        browser.open(&format!("{}?lang={language}", page.url()));
        browser.wait_until("document.querySelector('.state.is-live')", &[]);
        axe::assert_accessible(&browser, "empty or not");
        super::browser::tell_a_morning(&mut page.sink);
        browser.wait_until("document.querySelectorAll('.lane').length === 7", &[]);
        browser.run("document.querySelectorAll('details').forEach(part => part.open = true)", &[]);
        browser.click("document.getElementById('how')", &[]);
        axe::assert_accessible(&browser, "connections");
        save_screenshots(&browser, &format!("live-{language}"));
        browser.click("document.getElementById('tab-requests')", &[]);
        browser.wait_until("document.querySelector('#requests-rows tr')", &[]);
        axe::assert_accessible(&browser, "requests");
        browser.click("document.getElementById('step-mode')", &[]);
        browser.type_into("document.activeElement", "   ");
        axe::assert_accessible(&browser, "step by step");
    }
}
