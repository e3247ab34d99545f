//! What the page says of a connection on which something is under way.

use super::Watched;
use crate::harness::{Client, MODELS, Server, folder, glasshttp};
use serde_json::Value;
use std::fs::File;

/// The names and sizes of files: the kernel takes all of `some.bin` at once, and never all of `large.bin`.
const FILES: [(&str, u64); 2] = [("some.bin", 60_000), ("large.bin", 64 << 20)];

/// A server of those files, where `test` is done with a client that reads little, under each model.
fn with_slow_client(test: impl Fn(&Watched, &mut Client, &dyn Fn(&dyn Fn(&Value) -> bool) -> Value)) {
    let folder = folder();
    for (name, size) in FILES {
        File::create(folder.path().join(name)).and_then(|file| file.set_len(size)).expect("a file");
    }
    for model in MODELS {
        let options = ["--port", "0", "--log", "off", "--host", "*", "--model", model];
        let watched = Watched::of(Server::spawn(glasshttp().args(options).arg(folder.path())));
        let mut client = Client::connect_narrow(([127, 0, 0, 1], watched.server.port()).into());
        let address = client.socket.local_addr().expect("its address");
        test(&watched, &mut client, &|is_told| watched.record_of(address, is_told));
    }
}

/// What the page says of the first connection, as the steps and beside the lane.
fn said(watched: &Watched, language: &str) -> [String; 2] {
    ["steps", "view"].map(|form| watched.ask_page(&format!("/records/1/{form}?lang={language}")).text())
}

#[test]
fn a_response_that_the_kernel_took_and_nobody_acknowledges_is_shown() {
    with_slow_client(|watched, client, record_when| {
        let request = b"GET /some.bin HTTP/1.1\r\nHost: x\r\n\r\n";
        for count in 1..=2 {
            client.send(request);
            let record = record_when(&|record| record["exchanges"][count - 1]["status"] == 200);
            let stages = &record["exchanges"][count - 1]["stages"];
            assert_eq!(stages["last_write"]["is"], "measured", "{stages}");
            assert_eq!(stages["acknowledged"]["code"], "not_yet", "{stages}");
            let [steps, view] = said(watched, "en");
            assert!(steps.contains("the response is not acknowledged yet"), "{steps}");
            assert!(!steps.contains("nothing has come") && !steps.contains("open for the next"), "{steps}");
            assert!(view.contains("GET /some.bin") && !view.contains("silent"), "{view}");
            assert!(said(watched, "ko")[0].contains("ACK는 아직 오지 않음"));
        }
        for _ in 0..2 {
            assert_eq!(client.response().body.len(), 60_000);
        }
        record_when(&|record| record["exchanges"][1]["stages"]["acknowledged"]["is"] == "measured");
        let [steps, _] = said(watched, "en");
        assert!(steps.contains("open for the next request"), "{steps}");
        client.half_close();
        let record = record_when(&|record| !record["close"].is_null());
        let exchanges = record["exchanges"].as_array().expect("exchanges");
        assert_eq!(exchanges.len(), 2);
        for exchange in exchanges {
            assert_eq!(exchange["stages"]["acknowledged"]["is"], "measured", "{exchange}");
        }
    });
}

#[test]
fn while_a_response_is_under_way_no_next_request_is_awaited() {
    with_slow_client(|watched, client, record_when| {
        client.send(b"GET /large.bin HTTP/1.1\r\nHost: x\r\n\r\n");
        record_when(&|record| record["exchanges"][0]["stages"]["last_write"]["code"] == "not_yet");
        let [steps, _] = said(watched, "en");
        assert!(steps.contains("so far") && !steps.contains("open for the next"), "{steps}");
        assert!(!said(watched, "ko")[0].contains("다음 요청을 기다림"));
    });
}

#[test]
fn a_head_is_complete_while_its_body_is_awaited() {
    with_slow_client(|watched, client, record_when| {
        client.send(b"GET /some.bin HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nab");
        record_when(&|record| record["exchanges"][0]["head"] == "complete");
        let [steps, view] = said(watched, "en");
        assert!(steps.contains("head complete: ") && !steps.contains("not complete yet"), "{steps}");
        assert!(steps.contains("the server waits for the body: 2 bytes of 5 bytes so far"), "{steps}");
        assert!(view.contains("Waiting for the body") && !view.contains("did not come"), "{view}");
        assert!(!view.contains("no complete request"), "{view}");
        assert!(said(watched, "ko")[0].contains("헤더 끝까지 읽음"));
    });
}
