//! The lab on the live page, in Chromium: predicted, run, replayed; a person as the wire.

use super::page::LabPage;
use crate::browser::driver::Browser;
use crate::browser::{axe, save_screenshots};
use serde_json::{Value, json};

fn text(browser: &Browser, selector: &str) -> String {
    let text = browser.run("return document.querySelector(arguments[0])?.innerText ?? ''", &[json!(selector)]);
    text.as_str().unwrap_or_default().to_owned()
}

fn open(browser: &Browser, page: &LabPage, language: &str, name: &str) {
    browser.open("about:blank");
    browser.open(&format!("http://{}/lab?lang={language}#{name}", page.address));
    browser
        .wait_until("document.querySelector('#groups a[aria-current]') && document.querySelector('#drawing svg')", &[]);
}

fn is_over(browser: &Browser) {
    browser.wait_until("document.querySelector('#stop').hidden && !document.querySelector('#bar').hidden", &[]);
}

#[test]
#[ignore = "needs chromium, chromedriver and axe-core: .ci/run installs them"]
fn an_experiment_is_predicted_run_and_explained() {
    let page = LabPage::start();
    let browser = Browser::start();
    open(&browser, &page, "en", "handshake");
    assert_eq!(browser.run("return document.querySelector('#run').disabled", &[]), json!(true));
    axe::assert_accessible(&browser, "the lab's question");
    save_screenshots(&browser, "lab-question");
    browser.click("document.querySelector('#choice-list label')", &[]);
    browser.click("document.querySelector('#run')", &[]);
    is_over(&browser);
    let verdict = text(&browser, "#verdict");
    assert!(verdict.contains("You said a") && verdict.contains("Measured b"), "{verdict}");
    let arrows = browser.run("return document.querySelectorAll('#drawing .arrow').length", &[]);
    assert!(arrows.as_u64() >= Some(10), "{arrows}");
    let rows = browser.run("return document.querySelectorAll('#rows tr').length", &[]);
    assert!(rows.as_u64() >= Some(20), "{rows}");
    axe::assert_accessible(&browser, "the lab's result");
    save_screenshots(&browser, "lab-result");
    let paper = browser.print();
    assert_eq!(String::from_utf8_lossy(&paper).matches("/Type /Page\n").count(), 1, "one sheet");
    std::fs::write(format!("{}/.ci/artefacts/lab-sheet.pdf", env!("CARGO_MANIFEST_DIR")), paper).expect("a file");
    let names = "return [...document.querySelectorAll('#drawing text.soft')].map(name => name.textContent)";
    let cut = browser.run(names, &[]).to_string();
    assert!(!cut.contains('…'), "names of calls are whole on a wide page: {cut}");

    // At the beginning nothing has arrived; at the end all has.
    let shown = "return [...document.querySelectorAll('#drawing .tip')].filter(tip => tip.getAttribute('visibility') === 'visible').length";
    let at = "const handle = document.querySelector('#handle'); handle.value = arguments[0]; handle.dispatchEvent(new Event('input'))";
    browser.run(at, &[json!(1)]);
    assert_eq!(browser.run(shown, &[]), json!(0));
    browser.run(at, &[json!(1000)]);
    assert!(browser.run(shown, &[]).as_u64() >= Some(10));
    browser.click("document.querySelector('#play')", &[]);
    browser.wait_until("document.querySelector('#handle').value < 900", &[]);
    is_over(&browser);
    assert_eq!(browser.console(), [""; 0]);
}

#[test]
#[ignore = "needs chromium, chromedriver and axe-core: .ci/run installs them"]
fn the_lab_is_korean_and_can_be_changed() {
    let page = LabPage::start();
    let browser = Browser::start();
    open(&browser, &page, "ko", "lost-segment");
    browser.click("document.querySelector('#change summary')", &[]);
    browser.run(
        "document.querySelector('#whose').value = 'to_client'; document.querySelector('#which').value = 3;
         document.querySelector('#delay').value = 20",
        &[],
    );
    axe::assert_accessible(&browser, "the lab's changes");
    browser.click("document.querySelector('#run-changed')", &[]);
    is_over(&browser);
    assert!(text(&browser, "#verdict").contains("실험의 원래 전선과 달라서"), "{}", text(&browser, "#verdict"));
    assert!(
        text(&browser, "#rules").contains("서버의 세 번째 데이터 세그먼트를 잃습니다"),
        "{}",
        text(&browser, "#rules")
    );
    save_screenshots(&browser, "lab-changed-ko");
    assert_eq!(browser.console(), [""; 0]);
}

#[test]
#[ignore = "needs chromium, chromedriver and axe-core: .ci/run installs them"]
fn a_person_is_the_wire_by_keyboard_alone() {
    let page = LabPage::start();
    let browser = Browser::start();
    open(&browser, &page, "en", "wire");
    browser.click("document.querySelector('#run')", &[]);
    browser.wait_until("document.querySelector('.frame')", &[]);
    axe::assert_accessible(&browser, "frames that wait");
    save_screenshots(&browser, "lab-by-hand");
    browser.run("document.querySelector('.frame button').focus()", &[]);
    let is_over = || browser.run("return document.querySelector('#stop').hidden", &[]) == json!(true);
    while !is_over() {
        browser.wait_until("document.querySelector('#stop').hidden || document.activeElement.closest('.frame')", &[]);
        // To whatever has the focus.
        for kind in ["keyDown", "keyUp"] {
            let key = json!({"type": kind, "key": "Enter", "code": "Enter", "windowsVirtualKeyCode": 13, "text": "\r"});
            browser.command("Input.dispatchKeyEvent", &key);
        }
    }
    browser.wait_until("document.querySelector('#verdict').innerText", &[]);
    assert!(text(&browser, "#verdict").contains("The client has all 52 bytes"), "{}", text(&browser, "#verdict"));
    save_screenshots(&browser, "lab-by-hand-result");
}

/// Decides about the frame that waits first.
fn decide(browser: &Browser, decision: usize) {
    browser.wait_until("document.querySelector('.frame')", &[]);
    let button = "document.querySelectorAll('.frame button')[arguments[0]].click()";
    browser.run(button, &[json!(decision)]);
}

#[test]
#[ignore = "needs chromium and chromedriver: .ci/run installs them"]
fn what_the_wire_damaged_or_doubled_is_seen_and_said() {
    let page = LabPage::start();
    let browser = Browser::start();
    open(&browser, &page, "en", "wire");
    browser.click("document.querySelector('#run')", &[]);
    let is_over = || browser.run("return document.querySelector('#stop').hidden", &[]) == json!(true);
    let (deliver, double, damage) = (0, 2, 3);
    // The SYN twice, and of what comes then the request damaged.
    let mut is_damaged = false;
    decide(&browser, double);
    while !is_over() {
        browser.wait_until("document.querySelector('#stop').hidden || document.querySelector('.frame')", &[]);
        let is_request = "return Boolean(document.querySelector('.frame b')?.innerText.startsWith('bytes'))";
        if !is_damaged && browser.run(is_request, &[]) == json!(true) {
            is_damaged = true;
            decide(&browser, damage);
            continue;
        }
        let first = "document.querySelectorAll('.frame button')[arguments[0]]?.click()";
        browser.run(first, &[json!(deliver)]);
    }
    browser.wait_until("document.querySelector('#verdict').innerText", &[]);
    let count = |selector: &str| {
        browser.run("return document.querySelectorAll(arguments[0]).length", &[json!(format!("#drawing {selector}"))])
    };
    assert_eq!((count(".arrow.damaged"), count(".flaw"), count(".arrow.copy")), (json!(1), json!(1), json!(1)));
    let said = text(&browser, "#verdict");
    assert!(said.contains("You damaged 1 of them."), "{said}");
    assert!(said.contains("The receiving kernel dropped 1 because of a wrong checksum (InCsumErrors)"), "{said}");
    let labels = text(&browser, "#drawing");
    assert!(labels.contains(", damaged") && labels.contains(", doubled"), "{labels}");
    // The second arrow is beside the first, not over it.
    let ends = "const y = (arrow) => arrow.getBBox().y; const all = [...document.querySelectorAll('#drawing .arrow')];
        const copy = document.querySelector('#drawing .arrow.copy');
        return Math.abs(y(all[all.indexOf(copy) - 1]) - y(copy))";
    assert!(browser.run(ends, &[]).as_f64() >= Some(3.0), "{}", browser.run(ends, &[]));
    save_screenshots(&browser, "lab-damaged");

    // In an experiment as well, where it is one of many.
    open(&browser, &page, "en", "late-twice-damaged");
    browser.click("document.querySelector('#just-show')", &[]);
    self::is_over(&browser);
    browser.run("document.querySelectorAll('#acts button')[2].click()", &[]);
    assert_eq!((count(".arrow.damaged"), count(".flaw")), (json!(1), json!(1)));
    assert!(text(&browser, "#drawing").contains(", damaged"));
    browser.run("document.querySelectorAll('#acts button')[1].click()", &[]);
    assert_eq!(count(".arrow.copy"), json!(1));
    assert_eq!(browser.console(), [""; 0]);
}

/// Shows a run of these segments and calls as the page shows one, `width` points wide.
fn show(browser: &Browser, width: u32, segments: &Value, calls: &Value) {
    let setting = json!({"delay_ms": 10, "rules": []});
    let act = json!({"title": "", "setting": setting, "flights": [], "late": "", "segments": segments, "calls": calls});
    let result = json!({"event": "result", "acts": [act], "measured": null, "sentences": []});
    browser.emulate("light", width, 900);
    browser.run(
        "window.fetch = async () => new Response(arguments[0]); document.querySelector('#just-show').click()",
        &[json!(format!("{result}\n{}\n", json!({"event": "end"})))],
    );
    is_over(browser);
}

#[test]
#[ignore = "needs chromium and chromedriver: .ci/run installs them"]
fn what_has_no_room_in_a_drawing_is_counted_there_or_goes_on_in_the_next_row() {
    let page = LabPage::start();
    let browser = Browser::start();
    open(&browser, &page, "ko", "queue");
    let syn = json!({"number": 1, "direction": "to_server", "left": 0, "arrived": 10, "label": "SYN"});
    let names = ["accept()", "send()", "close()", "accept() = 14", "send() 34", "close() = 0"];
    let calls = names.map(|name| json!({"at": 320, "side": "server", "text": name}));
    show(&browser, 1280, &json!([syn]), &json!(calls));
    let said = "return [...document.querySelectorAll('#drawing text.soft[text-anchor=start]')]
        .filter((text) => text.closest('g[visibility=visible]')).map((text) => text.firstChild.data)";
    let shown = browser.run(said, &[]);
    let shown: Vec<&str> = shown.as_array().expect("a list").iter().filter_map(Value::as_str).collect();
    let more = names.len() - shown.len();
    assert!(more > 0 && shown.last().is_some_and(|last| last.ends_with(&format!(" +{more}"))), "{shown:?}");
    let title = text_content(&browser, "#drawing text.soft title");
    assert!(names[names.len() - more..].iter().all(|name| title.contains(name)), "{title}");

    // A label that is longer than the wire of a narrow page.
    let label = "SYN+ACK seq 743073308, ack 1129256312, 손상됨";
    let damaged = json!({"number": 1, "direction": "to_client", "left": 0, "decided": 5, "arrived": 15,
        "label": label, "deed": "전선에서 비트 하나가 바뀜", "is_damaged": true});
    show(&browser, 390, &json!([damaged]), &json!([]));
    let rows = "return [...document.querySelectorAll('#drawing g g text.server')]
        .map((row) => [row.textContent, row.getBBox().x, row.getBBox().x + row.getBBox().width])";
    let rows = browser.run(rows, &[]);
    let rows = rows.as_array().expect("rows");
    assert_eq!(rows.iter().filter_map(|row| row[0].as_str()).collect::<Vec<_>>().join(" "), label);
    let ends =
        browser.run("return [...document.querySelectorAll('#drawing .life')].map((end) => end.getBBox().x)", &[]);
    for row in rows {
        assert!(row[1].as_f64() >= ends[0].as_f64() && row[2].as_f64() <= ends[1].as_f64(), "{row} crosses {ends}");
    }
    save_screenshots(&browser, "lab-narrow-label");
}

fn text_content(browser: &Browser, selector: &str) -> String {
    let text = browser.run("return document.querySelector(arguments[0])?.textContent ?? ''", &[json!(selector)]);
    text.as_str().unwrap_or_default().to_owned()
}

#[test]
#[ignore = "needs chromium and chromedriver: .ci/run installs them"]
fn a_server_that_stops_or_refuses_is_said() {
    let mut page = LabPage::start();
    let browser = Browser::start();
    open(&browser, &page, "ko", "handshake");
    // What a proxy or another version of the program would say is no JSON.
    browser.run(
        "const headers = { 'content-type': 'text/html' };
         window.fetch = async () => new Response('<h1>No</h1>', { status: 413, headers })",
        &[],
    );
    browser.click("document.querySelector('#just-show')", &[]);
    browser.wait_until("document.querySelector('#said').innerText.includes('실험실이 받는 것보다 큽니다')", &[]);

    open(&browser, &page, "en", "wire");
    browser.click("document.querySelector('#run')", &[]);
    browser.wait_until("document.querySelector('.frame')", &[]);
    page.server.signal(rustix::process::Signal::INT);
    page.server.wait();
    browser.wait_until(
        "document.querySelector('#said').innerText.includes('The server stopped before this was over')",
        &[],
    );
    assert_eq!(browser.run("return document.querySelectorAll('.frame').length", &[]), json!(0));
    browser.click("document.querySelector('#run')", &[]);
    browser.wait_until("document.querySelector('#said').innerText.includes(\"can't be reached\")", &[]);
}
