//! A handler whose response comes later, under every model: who waits, who
//! does not, and what becomes of work that fails, hangs or is too much.

use super::Program;
use crate::harness::{Client, MODELS, Response};
use crate::models::ticks;
use rustix::process::{Pid, Signal, kill_process};
use std::net::SocketAddr;
use std::time::{Duration, Instant};

fn serve(model: &str) -> (Program, SocketAddr) {
    let mut program = Program::start("waiting", &[model]);
    let line = program.line("Serving at http://");
    let (_, address) = line.trim_end_matches('/').rsplit_once("http://").expect("a URL");
    let address = address.parse().expect("an address and a port");
    (program, address)
}

fn asks(address: SocketAddr, path: &str) -> Client {
    let mut client = Client::connect(address);
    client.send(format!("GET {path} HTTP/1.1\r\nHost: a\r\n\r\n").as_bytes());
    client
}

#[test]
fn a_response_comes_later_and_its_connection_is_kept() {
    for model in MODELS {
        let (_program, address) = serve(model);
        let mut client = asks(address, "/beside");
        // What is sent meanwhile waits for its turn, and so does the end of the sending side.
        client.send(b"GET /next HTTP/1.1\r\nHost: a\r\n\r\n");
        client.half_close();
        assert_eq!(client.response().text(), "This is /beside, after a while.\n", "{model}");
        assert_eq!(client.response().text(), "This is /next.\n", "{model}");
        assert_eq!(asks(address, "/fails").response().status, 500, "{model}");
    }
}

#[test]
fn what_is_not_ready_in_time_is_unavailable_and_the_connection_goes_on() {
    for model in MODELS {
        let (_program, address) = serve(model);
        let mut client = asks(address, "/never");
        let response = client.response();
        assert_eq!((response.status, response.header("Retry-After")), (503, Some("10")), "{model}");
        client.send(b"GET /next HTTP/1.1\r\nHost: a\r\n\r\n");
        assert_eq!(client.response().text(), "This is /next.\n", "{model}");
    }
}

#[test]
fn others_are_served_meanwhile_and_too_much_is_turned_away() {
    let (_program, address) = serve("multiplex");
    let mut waiting: Vec<Client> = (0..30).map(|_| asks(address, "/beside")).collect();
    // The loop has read all of them before this one.
    assert_eq!(asks(address, "/").response().text(), "This is /.\n");
    let statuses: Vec<u16> =
        waiting.iter_mut().map(Client::response).map(|response: Response| response.status).collect();
    let turned_away = statuses.iter().filter(|status| **status == 503).count();
    // Eight threads, sixteen that wait; how many threads had begun is a race.
    assert!((6..=14).contains(&turned_away), "{statuses:?}");
    assert!(statuses.iter().all(|status| matches!(status, 200 | 503)), "{statuses:?}");
}

#[test]
fn a_client_that_resets_meanwhile_is_noticed_and_costs_nothing() {
    let (program, address) = serve("multiplex");
    let client = asks(address, "/never");
    assert_eq!(asks(address, "/").response().status, 200);
    let before = ticks(program.id());
    socket2::SockRef::from(&client.socket).set_linger(Some(Duration::ZERO)).expect("an option");
    drop(client);
    // While the work goes on, the loop must not spin on the dead socket.
    assert_eq!(asks(address, "/beside").response().status, 200);
    let spent = ticks(program.id()) - before;
    assert!(spent < 30, "{spent} ticks of CPU in a second of waiting");
}

#[test]
fn the_order_to_stop_waits_for_work_no_longer_than_the_grace() {
    for model in MODELS {
        let (program, address) = serve(model);
        let mut client = asks(address, "/beside");
        let mut hanging = (model != "iterative").then(|| asks(address, "/never"));
        if let Some(hanging) = &mut hanging {
            assert_eq!(asks(address, "/").response().status, 200, "{model}");
            assert_eq!(hanging.received(), b"");
        }
        let begun = Instant::now();
        let pid = Pid::from_raw(program.id().cast_signed()).expect("a process");
        kill_process(pid, Signal::TERM).expect("it runs");
        // Of the work under way, the one that is ready within a second may be sent.
        let _ = client.receive();
        assert_eq!(program.finish().code, Some(0), "{model}");
        assert!(begun.elapsed() < Duration::from_secs(3), "{model}: {:?}", begun.elapsed());
    }
}
