//! Names, told: the question and the answer beside the connection that they lead to.

use super::fetch;
use crate::closing::folder_with;
use crate::dns::server::{Server as NameServer, address, answer, asked, bytes, cname};
use crate::harness::Server;
use hickory_proto::op::ResponseCode;
use hickory_proto::rr::RecordType;

/// A name server that knows www.example, an alias of host.example, here; it is an authority.
fn name_server() -> NameServer {
    NameServer::start(|question, _| {
        let mut message = answer(question);
        message.metadata.authoritative = true;
        match asked(question).as_str() {
            "www.example" | "host.example" => {
                if asked(question) == "www.example" {
                    message.add_answer(cname("www.example", "host.example"));
                }
                if question.queries[0].query_type == RecordType::A {
                    message.add_answer(address("host.example", [127, 0, 0, 1].into()));
                }
            }
            _ => message.metadata.response_code = ResponseCode::NXDomain,
        }
        vec![bytes(&message)]
    })
}

#[test]
fn the_server_that_is_named_is_asked_and_its_answer_followed() {
    let (folder, _) = folder_with(0);
    let server = Server::start(folder.path(), &[]);
    let names = name_server();
    let dns = names.address.to_string();
    let url = format!("http://www.example:{}/small.txt", server.port());
    let run = fetch(&["--dns", &dns, &url]);
    assert_eq!(run.text(), "small\n", "{}", run.stderr);
    let story = run.stderr.split_whitespace().collect::<Vec<_>>().join(" ");
    for words in [
        &format!("A www.example? {dns} by UDP,"),
        "CNAME host.example (TTL 60 s), 127.0.0.1 (TTL 60 s)",
        "www.example is 127.0.0.1",
        "Host: www.example",
    ] {
        let said =
            if words.starts_with("Host") { fetch(&["--json", "--dns", &dns, &url]).text() } else { story.clone() };
        assert!(said.contains(words), "{words}: {said}");
    }
    fetch(&["--dns", &dns, "http://nowhere.example/"]).assert_failed(3, &["nowhere.example does not exist", &dns]);
}

#[test]
fn a_walk_from_the_root_is_told_by_its_steps() {
    let (folder, _) = folder_with(0);
    let server = Server::start(folder.path(), &[]);
    let names = name_server();
    let url = format!("http://host.example:{}/small.txt", server.port());
    let run = fetch(&["--root", &names.address.to_string(), &url]);
    assert_eq!(run.text(), "small\n", "{}", run.stderr);
    assert!(run.stderr.contains("DNS     A host.example? 127.0.0.1:"), "{}", run.stderr);
    let record = fetch(&["--json", "--root", &names.address.to_string(), &url]).record();
    let name = &record["transfers"][0]["name"];
    assert!(name["lookup"].is_null() && name["trace"]["steps"][0]["zone"] == ".", "{name}");
}
