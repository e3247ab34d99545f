//! What a document can't say: many requests at once, halves of connections, time between bytes.

use super::site::Site;
use crate::harness::{Client, MODELS, Response, Server};
use std::fs;
use std::io::Write;
use std::thread;

/// Runs `check` with a server of each model.
fn under_every_model(check: impl Fn(&Server, &Site)) {
    for model in MODELS {
        let site = Site::new();
        let server = Server::start(site.folder(), &["--model", model]);
        check(&server, &site);
    }
}

#[test]
fn a_hundred_pipelined_requests_get_their_responses_in_order() {
    under_every_model(|server, _| {
        let requests: String = (0..100)
            .map(|n| {
                let digit = n % 10;
                format!("GET /digits.txt?{n} HTTP/1.1\r\nHost: a\r\nRange: bytes={digit}-{digit}\r\n\r\n")
            })
            .collect();
        let mut client = server.connect();
        client.send(requests.as_bytes());
        for n in 0..100 {
            let response = client.response();
            assert_eq!((response.status, response.text()), (206, (n % 10).to_string()), "response {n}");
        }
        client.half_close();
        assert_eq!(client.read_to_end(), b"");
    });
}

#[test]
fn a_client_that_ended_its_half_gets_all_it_asked_for() {
    under_every_model(|server, site| {
        let large: Vec<u8> = (0..3_000_000_u32).map(|n| (n / 7) as u8).collect();
        fs::write(site.folder().join("large"), &large).expect("a file");
        let mut client = server.connect();
        client.send(b"GET /large HTTP/1.1\r\nHost: a\r\n\r\nGET /hello.txt HTTP/1.1\r\nHost: a\r\n\r\n");
        client.half_close();
        assert!(client.response().body == large, "the whole file");
        assert_eq!(client.response().text(), "Hello!");
        assert_eq!(client.read_to_end(), b"");
    });
}

#[test]
fn a_half_close_within_a_head_gets_400() {
    // RFC 9112 §8.
    under_every_model(|server, _| {
        for piece in ["G", "GET /hello.txt", "GET /hello.txt HTTP/1.1\r\nHost: a\r\n"] {
            let mut client = server.connect();
            client.send(piece.as_bytes());
            client.half_close();
            let response = Response::parse(&client.read_to_end());
            assert_eq!((response.status, response.header("Connection")), (400, Some("close")), "{piece:?}");
        }
    });
}

#[test]
fn a_client_that_says_nothing_and_leaves_is_told_nothing() {
    under_every_model(|server, _| {
        for piece in ["", "\r\n", "\r\n\r\n\n"] {
            let mut client = server.connect();
            client.send(piece.as_bytes());
            client.half_close();
            assert_eq!(client.read_to_end(), b"", "{piece:?}");
        }
        assert_eq!(server.get("/hello.txt").status, 200);
    });
}

#[test]
fn nothing_is_promised_before_the_body_has_arrived() {
    under_every_model(|server, _| {
        let body = "GET /.secret HTTP/1.1\r\nHost: a\r\n\r\n";
        let mut client = server.connect();
        for method in ["POST", "GET", "DELETE", "OPTIONS", "BREW"] {
            let length = body.len();
            client.send(
                format!("{method} /hello.txt HTTP/1.1\r\nHost: a\r\nContent-Length: {length}\r\n\r\n").as_bytes(),
            );
            client.dribble(&body.as_bytes()[..length - 1]);
            client.says_nothing();
            client.dribble(&body.as_bytes()[length - 1..]);
            assert_eq!(client.response().header("Connection"), Some("keep-alive"), "{method}");
        }
        client.send(b"GET /hello.txt HTTP/1.0\r\n\r\n");
        assert_eq!(client.response().text(), "Hello!");
        assert_eq!(client.read_to_end(), b"");
    });
}

/// What a proxy does that re-uses as soon as it has a response: the rest of one
/// client's body, or its absence, meets another client's request.
#[test]
fn a_front_end_that_reuses_early_smuggles_nothing_and_loses_nothing() {
    for model in MODELS {
        let site = Site::new();
        let server = Server::start(site.folder(), &["--model", model, "--timeout", "0.3"]);
        for (length, fields) in
            [(10, ""), (65_536, ""), (65_537, ""), (1_000_000, ""), (10, "Expect: 100-continue\r\n")]
        {
            // Nothing of the body has come, or a part that is on its way still.
            for sent in [0, length / 2] {
                let mut front = Client::connect(server.address);
                let case = format!("{model} {length} {sent} {fields}");
                let head = format!("POST /a HTTP/1.1\r\nHost: a\r\n{fields}Content-Length: {length}\r\n\r\n");
                front.send(&[head.into_bytes(), vec![b'\n'; sent]].concat());
                // The response comes without the whole body: so the connection is not to be used again,
                let response = front.response();
                assert_eq!((response.status, response.header("Connection")), (405, Some("close")), "{case}");
                // and nothing that comes on it, be it the body or another client's request, is a request.
                let request = b"GET /hello.txt HTTP/1.1\r\nHost: a\r\n\r\n";
                let _ = front.socket.write_all(&[request.as_slice(), &vec![b'\n'; length - sent], request].concat());
                assert_eq!(front.read_to_end(), b"", "{case}");
            }
        }
    }
}

/// The same front end with a body that comes, in pieces: each request behind it gets a response.
#[test]
fn requests_behind_bodies_of_every_size_get_responses() {
    under_every_model(|server, _| {
        let mut front = server.connect();
        for length in [1, 2_000, 16_384, 32_768, 49_151, 49_152, 60_000, 65_535, 65_536] {
            front.send(format!("POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: {length}\r\n\r\n").as_bytes());
            let body = b"GET /.secret HTTP/1.1\r\nHost: a\r\n\r\n".repeat(2_000);
            let (first, rest) = body[..length].split_at(length / 3);
            front.send(first);
            front.send(&[rest, b"GET /hello.txt HTTP/1.1\r\nHost: a\r\n\r\n"].concat());
            assert_eq!(front.response().status, 405, "{length}");
            assert_eq!(front.response().text(), "Hello!", "{length}");
        }
    });
}

#[test]
fn a_body_that_is_cut_off_ends_the_connection() {
    under_every_model(|server, _| {
        let mut client = server.connect();
        client
            .send(b"POST /hello.txt HTTP/1.1\r\nHost: a\r\nContent-Length: 40\r\n\r\nGET /hello.txt HTTP/1.0\r\n\r\n");
        client.half_close();
        assert_eq!(client.response().status, 405);
        assert_eq!(client.read_to_end(), b"");
    });
}

#[test]
fn a_request_cut_anywhere_is_the_same_request() {
    under_every_model(|server, _| {
        let request = b"\r\nGET /hello.txt HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
        for at in 1..request.len() {
            let mut client = server.connect();
            client.send(&request[..at]);
            client.send(&request[at..]);
            assert_eq!(Response::parse(&client.read_to_end()).text(), "Hello!", "cut at {at}");
        }
    });
}

#[test]
fn much_behind_the_last_request_destroys_no_response() {
    // RFC 9112 §9.6: closing upon unread bytes would reset the connection, and the response with it.
    under_every_model(|server, site| {
        let large = vec![b'x'; 3_000_000];
        fs::write(site.folder().join("large"), &large).expect("a file");
        for request in ["GET /large HTTP/1.0\r\n\r\n", "GET /large HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"] {
            let mut client = server.connect();
            let mut sender = client.socket.try_clone().expect("a second handle");
            let sent = [request.as_bytes(), &b"GET /.secret HTTP/1.0\r\n\r\n".repeat(40_000)].concat();
            // A server that has what it needs may stop reading: that is no fault.
            let sending = thread::spawn(move || drop(sender.write_all(&sent)));
            assert!(client.response().body == large);
            assert_eq!(client.read_to_end(), b"");
            sending.join().expect("no panic");
        }
    });
}

#[test]
fn a_byte_behind_the_last_request_destroys_no_response_however_late() {
    // It comes when the server has read the request and is still sending.
    under_every_model(|server, site| {
        let large = vec![b'x'; 3_000_000];
        fs::write(site.folder().join("large"), &large).expect("a file");
        let mut client = Client::connect_narrow(server.address);
        client.send(b"GET /large HTTP/1.0\r\n\r\n");
        while client.received().is_empty() {
            assert!(client.receive().expect("bytes") > 0);
        }
        client.send(b"\r\n");
        let response = Response::parse(&client.read_to_end());
        assert!(response.body == large, "{} bytes", response.body.len());
    });
}

#[test]
fn the_head_of_a_plain_200_is_under_300_bytes() {
    under_every_model(|server, _| {
        // A page with a neighbour has a Vary, too.
        for (path, least) in [("/hello.txt", 300), ("/", 300), ("/page.html", 325)] {
            let head = server.get(path).head;
            assert!(head.len() < least, "{} bytes: {head}", head.len());
        }
    });
}

#[test]
fn with_keep_alive_0_every_response_is_the_last() {
    for model in MODELS {
        let site = Site::new();
        let server = Server::start(site.folder(), &["--model", model, "--keep-alive", "0"]);
        for fields in ["HTTP/1.1\r\nHost: a\r\n", "HTTP/1.0\r\nConnection: keep-alive\r\n"] {
            let request = format!("GET /hello.txt {fields}\r\n");
            let response = Response::parse(&server.ask(request.repeat(2).as_bytes()));
            assert_eq!((response.header("Connection"), response.text().as_str()), (Some("close"), "Hello!"));
        }
    }
}
