//! Programs of one's own on the wire, and what a command line can get wrong.

use super::{is_refused, lab, unprivileged};
use crate::harness::glasshttp;
use glasshttp::lab::experiments;
use serde_json::Value;

#[test]
fn the_list_has_a_numbered_line_for_each_experiment() {
    let output = glasshttp().arg("lab").output().expect("it runs");
    let text = String::from_utf8(output.stdout).expect("text");
    let numbered: Vec<&str> =
        text.lines().filter(|line| line.trim_start().starts_with(|first: char| first.is_ascii_digit())).collect();
    assert_eq!(numbered.len(), experiments().count(), "{text}");
    assert!(numbered[2].starts_with(" 3  handshake  "), "{text}");
    assert!(numbered.iter().zip(1..).all(|(line, number)| line.starts_with(&format!("{number:2}  "))), "{text}");
}

#[test]
fn a_mistake_is_one_line_that_says_what_to_try() {
    for (words, expected) in [
        (&["nonsense"][..], "there is no experiment 'nonsense'; the list: glasshttp lab"),
        (&["99"], "there is no experiment '99'"),
        (&["close", "--wire", ">sin drop"], "'>sin': not a kind of packet"),
        (&["close", "--wire", "10m 5q"], "'5q': not a delay"),
        (&["close", "--answer", "z"], "there is no answer 'z' to this question: it has a to "),
    ] {
        let output = unprivileged().arg("lab").args(words).output().expect("it runs");
        if is_refused(&output) {
            continue;
        }
        let errors = String::from_utf8(output.stderr).expect("text");
        assert!(!output.status.success());
        assert!(errors.contains(expected) && errors.lines().count() == 1, "{words:?}: {errors}");
        assert!(output.stdout.is_empty(), "{words:?}: nobody is asked for a prediction first");
    }
}

#[test]
fn rules_of_ones_own_are_another_experiment_and_conclude_nothing() {
    let Some(document) = lab(&["handshake", "--json", "--wire", "<syn:1 drop"]) else { return };
    assert!(document["measured"].is_null());
    let segments = |act: usize| document["acts"][act]["segments"].as_array().expect("segments");
    let is_lost = |one: &&Value| one["wire"] == "dropped";
    // The first part has no rules, and stays what the second is compared with.
    assert_eq!(segments(0).iter().find(is_lost), None);
    let segments = segments(1);
    let lost = segments.iter().find(is_lost).expect("one was lost");
    assert_eq!(lost["flags"], "SYN+ACK");
    let again = segments.iter().find(|one| one["again"] == true).expect("one came again");
    assert!(again["sent_ms"].as_f64() >= Some(900.0), "{again}");
}

#[test]
fn another_wire_is_said_once_and_is_the_reason_why_nothing_is_concluded() {
    let words = ["lab", "nagle", "--wire", "<data:2 drop", "--answer", "a", "--lang", "en"];
    let output = unprivileged().args(words).output().expect("it runs");
    if is_refused(&output) {
        return;
    }
    let text = String::from_utf8(output.stdout).expect("text");
    assert!(text.contains("wire: 1ms <data:2 drop; late"), "{text}");
    assert!(text.contains("The wire was another one than the experiment's own"), "{text}");
    assert!(!text.contains("On this machine"), "{text}");
}

#[test]
fn our_own_client_reaches_our_own_server_by_name() {
    let program = super::copy().to_str().expect("a path");
    let Some(document) = lab(&["--json", "--", program, "fetch", "http://server.lab.kr/"]) else { return };
    let segments = document["acts"][0]["segments"].as_array().expect("segments");
    assert!(segments.iter().any(|one| one["protocol"] == "udp"), "it asked for the name");
    assert!(segments.iter().any(|one| one["flags"] == "SYN+ACK"), "it connected");
}

#[test]
fn what_asks_for_a_host_that_is_not_there_is_seen() {
    let ask = format!("{} fetch -q http://10.0.0.3/; true", super::copy().display());
    let Some(document) = lab(&["--json", "--", "sh", "-c", &ask]) else { return };
    let segments = document["acts"][0]["segments"].as_array().expect("segments");
    assert!(!segments.is_empty(), "its ARP requests left");
    for one in segments {
        assert_eq!((&one["protocol"], &one["arp"]["operation"]), (&"arp".into(), &1.into()), "{one}");
        assert_eq!((&one["arp"]["target"], &one["direction"]), (&"10.0.0.3".into(), &"to_server".into()), "{one}");
    }
}

#[test]
fn the_clients_exit_status_is_the_labs() {
    let output = unprivileged().args(["lab", "--", "sh", "-c", "exit 7"]).output().expect("it runs");
    if !is_refused(&output) {
        assert_eq!(output.status.code(), Some(7));
    }
    let output = unprivileged().args(["lab", "--", "no-such-program-here"]).output().expect("it runs");
    if !is_refused(&output) {
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(!output.status.success() && errors.contains("no-such-program-here"), "{errors}");
    }
}

#[test]
#[ignore = "needs python3; .ci/run has it"]
fn a_server_that_only_binds_a_udp_socket_is_waited_for() {
    let server = "import socket\ns=socket.socket(socket.AF_INET,socket.SOCK_DGRAM);s.bind(('10.0.0.2',1060))\nd,a=s.recvfrom(99);s.sendto(d+d,a)";
    let client = "import socket\ns=socket.socket(socket.AF_INET,socket.SOCK_DGRAM)\ns.sendto(b'hello',('10.0.0.2',1060));print(s.recvfrom(99))";
    let server = format!("python3 -c \"{server}\"");
    let document = lab(&["--json", "--server", &server, "--", "python3", "-c", client]).expect("namespaces");
    let segments = document["acts"][0]["segments"].as_array().expect("segments");
    let lengths: Vec<_> = segments.iter().map(|one| (&one["protocol"], &one["length"])).collect();
    assert_eq!(lengths, [(&Value::from("udp"), &Value::from(5)), (&Value::from("udp"), &Value::from(10))]);
    let calls = document["acts"][0]["calls"].as_array().expect("calls");
    assert!(calls.iter().any(|one| one["call"] == "has bound a UDP socket"), "{calls:?}");
}

/// The notes' own server and client, in Python, on port 1060: the first response is lost.
#[test]
#[ignore = "needs python3; .ci/run has it"]
fn a_lost_response_of_the_notes_programs_is_drawn_as_sent_again() {
    let server = "import socket\ns=socket.socket();s.bind(('10.0.0.2',1060));s.listen(1)\nc,a=s.accept()\nprint(c.recv(1024));c.sendall(b'received well');c.close()";
    let client =
        "import socket\ns=socket.socket();s.connect(('10.0.0.2',1060))\ns.send(b'hello');print(s.recv(1024));s.close()";
    let server = format!("python3 -c \"{server}\"");
    let words = ["--json", "--wire", "<data:1 drop", "--server", &server, "--", "python3", "-c", client];
    let document = lab(&words).expect("namespaces");
    let segments = document["acts"][0]["segments"].as_array().expect("segments");
    let of_response = |one: &&serde_json::Value| one["direction"] == "to_client" && one["length"] == 13;
    let sent: Vec<_> = segments.iter().filter(of_response).collect();
    assert_eq!(sent.len(), 2, "{sent:?}");
    assert!(sent[0]["arrived_ms"].is_null() && sent[1]["again"] == true && !sent[1]["arrived_ms"].is_null());
}
