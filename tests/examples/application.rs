//! The application server, spoken to by `fetch` and by curl: forms by POST.

use super::Program;
use crate::fetch::fetch;
use crate::harness::Client;

fn serve() -> (Program, String) {
    let mut program = Program::start("application", &[]);
    let line = program.line("Listening at http://");
    let (_, url) = line.split_once(" at ").expect("a URL");
    let url = url.trim().to_owned();
    (program, url)
}

#[test]
fn a_form_is_greeted_and_visitors_are_counted() {
    let (_program, url) = serve();
    let form = fetch(&[&url]);
    assert!(form.code == 0 && form.text().contains("<form method=post>"), "{}", form.text());
    for (data, greeting) in [
        ("name=Ada", "<h1>Hello, Ada</h1>\n<p>You are visitor 1.</p>"),
        ("name=Ada+Lovelace&x=y", "<h1>Hello, Ada Lovelace</h1>\n<p>You are visitor 2.</p>"),
        ("x=y&name=%ED%95%9C", "<h1>Hello, 한</h1>\n<p>You are visitor 3.</p>"),
    ] {
        let run = fetch(&["-d", data, &url]);
        assert!(run.code == 0 && run.text().contains(greeting), "{data}: {}", run.text());
        assert!(run.stderr.contains(" POST / "), "{}", run.stderr);
    }
    // Data that is repeated is one form, and a connection may carry several.
    let run = fetch(&["-k", "--repeat", "2", "-d", "x=y", "-d", "name=Eve", &url]);
    assert_eq!((run.code, run.text().matches("Hello, Eve").count()), (0, 2), "{}", run.stderr);
}

#[test]
fn a_name_is_text_whatever_it_looks_like() {
    let (_program, url) = serve();
    for (name, shown) in [
        ("<script>alert(1)</script>", "Hello, &lt;script&gt;alert(1)&lt;/script&gt;</h1>"),
        ("%3Cb%3E", "Hello, &lt;b&gt;</h1>"),
        ("a%26amp;b", "Hello, a&amp;amp;b</h1>"),
    ] {
        let run = fetch(&["-d", &format!("name={name}"), &url]);
        assert!(run.text().contains(shown), "{name}: {}", run.text());
    }
}

#[test]
fn what_is_no_form_with_a_name_is_refused() {
    let (_program, url) = serve();
    for data in ["", "name=", "name=+", "nom=Ada"] {
        fetch(&["-f", "-d", data, &url]).assert_failed(10, &["400"]);
    }
    let form = tempfile::NamedTempFile::new().expect("a file");
    std::fs::write(&form, format!("name={}", "a".repeat(2 << 20))).expect("room for it");
    let form = form.path().to_str().expect("UTF-8");
    fetch(&["-f", "--data-file", form, &url]).assert_failed(10, &["413"]);
    fetch(&["-f", "-X", "PUT", &url]).assert_failed(10, &["405"]);
    fetch(&["-f", "-H", "Content-Type: application/json", "-d", "{}", &url]).assert_failed(10, &["415"]);
    fetch(&["-f", &format!("{url}other")]).assert_failed(10, &["404"]);
}

#[test]
fn a_body_of_unknown_length_ends_with_the_connection() {
    let mut program = Program::start("stream", &[]);
    let line = program.line("Listening at http://");
    let (_, url) = line.split_once(" at ").expect("a URL");
    let address = url.trim().trim_start_matches("http://").trim_end_matches('/');
    let mut client = Client::connect(address.parse().expect("an address"));
    client.send(b"GET / HTTP/1.0\r\n\r\n");
    let response = String::from_utf8(client.read_to_end()).expect("UTF-8");
    let (head, body) = response.split_once("\r\n\r\n").expect("a head");
    assert!(!head.contains("Content-Length"), "{head}");
    assert_eq!(body, "10\n9\n8\n7\n6\n5\n4\n3\n2\n1\n");
}
