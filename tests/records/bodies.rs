//! What is recorded of a request's body: how much of it came, of how much.

use super::{Watched, measured, port};
use crate::closing::{folder_with, under_each_model};
use glasshttp::record::Reason;
use glasshttp::record::connection::RequestBody;
use socket2::SockRef;
use std::fs;
use std::time::Duration;

/// What `glasshttp show` says of a record, in this language.
fn story(record: &glasshttp::record::connection::Record, language: &str) -> String {
    let folder = crate::harness::folder();
    let file = folder.path().join("log.json");
    fs::write(&file, serde_json::to_string(record).expect("JSON")).expect("a log");
    let shown = crate::harness::glasshttp().args(["show", "--lang", language]).arg(&file).output();
    let shown = String::from_utf8(shown.expect("it runs").stdout).expect("UTF-8");
    shown.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn a_body_that_does_not_come_is_recorded_with_what_came_of_it_under_each_model() {
    let (folder, _) = folder_with(0);
    under_each_model(|model| {
        let mut watched = Watched::start(folder.path(), model, &["--timeout", "0.5"]);
        for (sent, read, ends) in
            [("", 0, false), ("abc", 3, false), ("", 0, true), ("abc", 3, true), ("0123456789", 10, false)]
        {
            let mut client = watched.connect();
            client.send(format!("POST /small.txt HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n{sent}").as_bytes());
            if ends {
                client.half_close();
            }
            client.response();
            let address = port(&client);
            drop(client);
            let record = watched.record(address);
            let body = record.exchanges[0].request_body.clone().expect("a body is announced");
            let RequestBody { length, is_awaited, read: came, ref last_read, .. } = body;
            assert_eq!((length, is_awaited, came), (10, true, read), "{model} {sent:?}");
            assert_eq!(last_read.value().is_some(), read > 0, "{model} {last_read:?}");
            let reason = &record.close.as_ref().expect("its end").reason;
            let (english, korean) = (story(&record, "en"), story(&record, "ko"));
            if read == 10 {
                assert!(measured(last_read) >= measured(&record.exchanges[0].stages.first_read));
                assert!(english.contains("body complete: 10 bytes"), "{english}");
                assert!(korean.contains("본문 끝까지 읽음: 10바이트"), "{korean}");
                continue;
            }
            assert_eq!(*reason, if ends { Reason::IncompleteBody } else { Reason::BodyTimeout }, "{model} {sent:?}");
            let says = format!("the body did not come to its end: {read} bytes of 10 bytes");
            assert!(english.contains(&says), "{english}");
            assert!(korean.contains(&format!("본문이 끝까지 오지 않음: 10바이트 중 {read}바이트")), "{korean}");
        }
    });
}

#[test]
fn a_body_that_is_not_waited_for_is_said_not_to_be() {
    let (folder, _) = folder_with(0);
    let mut watched = Watched::start(folder.path(), "multiplex", &[]);
    let mut client = watched.connect();
    client.send(b"POST /small.txt HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\nabc");
    client.response();
    let address = port(&client);
    drop(client);
    let record = watched.record(address);
    let body = record.exchanges[0].request_body.clone().expect("a body is announced");
    assert_eq!((body.is_awaited, body.read), (false, 0));
    let story = story(&record, "en");
    let says = "the head announces a body of 100,000 bytes, and the server does not wait for it";
    assert!(story.contains(says) && !story.contains("follows"), "{story}");
    assert!(story.contains("The request's head announces a body that this server does not read."), "{story}");
}

#[test]
fn a_body_that_the_client_cuts_off_is_said_to_lack_its_end_when_that_was_known() {
    let (folder, _) = folder_with(0);
    let mut watched = Watched::start(folder.path(), "multiplex", &[]);
    let mut client = watched.connect();
    client.send(b"POST /small.txt HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nabc");
    super::wait_until_read(&client);
    let address = port(&client);
    SockRef::from(&client.socket).set_linger(Some(Duration::ZERO)).expect("an option");
    drop(client);
    let record = watched.record(address);
    let close = record.close.as_ref().expect("its end");
    let steps = glasshttp::story::steps::steps(&record, glasshttp::language::Language::English);
    let body = steps.iter().find(|step| step.id == "1-body").expect("the body");
    assert_eq!(body.at.value(), close.client_end.value(), "{close:?}");
    assert_eq!(body.title, "the body did not come to its end: 3 bytes of 10 bytes");
}
