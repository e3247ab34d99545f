//! What is shown: lines fit a terminal, in order, and nothing drives it.

use super::*;
use crate::http::client::Ending;
use crate::record::connection::Message;
use crate::record::segment::Segments;
use crate::record::transfer::{
    ClientClose, ClientExchange, ClientStages, ClientTraffic, Ends, Framing, Response, SCHEMA,
};
use crate::record::{ClientReason, End, Figure, How, Source, TimeWait, Why};
use unicode_width::UnicodeWidthStr;

const LANGUAGES: [Language; 2] = [Language::English, Language::Korean];

fn transfer() -> Transfer {
    let at = |value| Figure::measured(value, Source::Clock);
    Transfer {
        number: 1,
        url: "http://localhost:8080/hello.txt".into(),
        connection: Some(1),
        ends: Some(Ends {
            client: "127.0.0.1:50000".parse().expect("an address"),
            server: "127.0.0.1:8080".parse().expect("an address"),
        }),
        exchange: Some(ClientExchange {
            number: 1,
            request_head: None,
            request_body: 0,
            request: Message { head: "GET /hello.txt HTTP/1.0\r\n\r\n".into(), is_cut: false },
            response: Some(Response {
                line: "HTTP/1.0 200 OK".into(),
                version: "HTTP/1.0".into(),
                status: 200,
                fields: vec![],
                dropped: vec![],
                dropped_left_out: 0,
                head: Message { head: String::new(), is_cut: false },
                framing: Framing::ContentLength { bytes: 44 },
                trailers: vec![],
            }),
            interim: vec![],
            interim_heads: vec![],
            request_text: None,
            unread: None,
            stages: ClientStages {
                first_sent: at(40_000_000),
                last_sent: at(40_000_000),
                acknowledged: at(40_020_000),
                first_arrived: Figure::not_visible(Why::ReadAsWhole),
                arrived: Figure::not_visible(Why::NoStamp),
                first_read: at(41_000_000),
                head_complete: at(41_000_000),
                complete: at(41_000_000),
            },
            traffic: ClientTraffic { writes: 1, request: 27, reads: 1, head: 300, body: 44, read: 344 },
            is_aborted: false,
        }),
        close: Some(ClientClose {
            at: 42_000_000,
            reason: ClientReason(Ending::Http10),
            how: How::Fin,
            first: Figure::derived(End::Server, Source::Clock),
            client_end: Figure::derived(42_000_000, Source::Clock),
            client_fin: Figure::derived(42_000_000, Source::NothingUnsent),
            client_reset: Figure::not_visible(Why::NotReached),
            surplus: 0,
            left_by: Figure::measured(42_000_000, Source::ClockAfterClose),
            server_end: at(41_500_000),
            tcp: Figure::not_visible(Why::NoTcpInfo),
            time_wait: Figure::measured(TimeWait::Server, Source::Clock),
        }),
        ..Transfer::default()
    }
}

fn shown(transfer: &Transfer, language: Language) -> String {
    shown_within(transfer, 80, language)
}

fn shown_within(transfer: &Transfer, width: usize, language: Language) -> String {
    let record = FetchRecord {
        glasshttp_fetch: SCHEMA,
        began: "2026-11-21T00:00:00Z".into(),
        transfers: vec![],
        not_begun: None,
    };
    let text = anstream::adapter::strip_str(&text(transfer, &record, false, width, language)).to_string();
    for line in text.lines() {
        assert!(line.width() <= width && !line.ends_with(' '), "{line:?}");
    }
    text
}

#[test]
fn an_exchange_is_shown_in_order_with_its_steps() {
    let expected = "\
#1  http://localhost:8080/hello.txt
    40 ms ──▶ GET /hello.txt HTTP/1.0  27 bytes
   +20 µs ◀── ACK     the server's TCP has all of it
    41 ms  ·  first   first bytes read, 1 ms after the request
    +0 µs  ·  head    HTTP/1.0 200 OK · head 300 bytes
    +0 µs  ·  body    44 bytes by Content-Length in 1 read
  41.5 ms  ·  FIN     read() returned 0: the server has closed its sending side,
                      ~first
   ~42 ms ──▶ FIN     the client closed its socket
    +0 µs  ·  closed  TIME_WAIT: server
              arrival of the response: not visible: the kernel gave no timestamp
              with them
              The client spoke HTTP/1.0 and did not ask to keep the connection.

";
    assert_eq!(shown(&transfer(), Language::English), expected);
    let korean = shown(&transfer(), Language::Korean);
    assert!(korean.contains("연결 유지를 요청하지 않았습니다") && !korean.contains("sentence"), "{korean}");
}

#[test]
fn a_server_cannot_drive_the_terminal() {
    let mut transfer = transfer();
    let response = transfer.exchange.as_mut().and_then(|exchange| exchange.response.as_mut()).expect("a response");
    response.line = "HTTP/1.0 200 \x1b[2J\u{202e}OK".into();
    transfer.redirects_to = Some("http://\x1b]0;title\x07/".into());
    for language in LANGUAGES {
        let text = shown(&transfer, language);
        assert!(
            text.contains("\\x1b[2J") && text.chars().all(|letter| letter == '\n' || !letter.is_control()),
            "{text}"
        );
    }
}

#[test]
fn it_fits_every_terminal() {
    let mut transfer = transfer();
    transfer.url = format!("http://localhost/{}", "길".repeat(200));
    let exchange = transfer.exchange.as_mut().expect("an exchange");
    exchange.request.head = format!("GET /{} HTTP/1.0\r\n\r\n", "길".repeat(200));
    for width in [60, 80, 120, 200] {
        for language in LANGUAGES {
            shown_within(&transfer, width, language);
            let legend = anstream::adapter::strip_str(&legend(width, language)).to_string();
            assert!(legend.lines().all(|line| line.width() <= width), "{legend}");
        }
    }
}

#[test]
fn segments_that_are_left_out_leave_nothing_else_out() {
    let list = (0..60)
        .map(|place| {
            serde_json::from_value(serde_json::json!({"at": 40_100_000 + place, "from": "server", "flags": "ACK",
                "sequence": 1, "relative_sequence": 1 + 100 * place, "length": 100, "window": 1, "ttl": 64}))
            .expect("a segment")
        })
        .collect();
    let transfer = Transfer { segments: Some(Segments { list, ..Segments::default() }), ..transfer() };
    for (language, more) in [(Language::English, " more segments"), (Language::Korean, "개를 더 생략")] {
        let text = shown(&transfer, language);
        assert_eq!(text.matches(more).count(), 1, "{text}");
        let after = text.split_once(more).map_or("", |(_, after)| after);
        assert!(after.contains("5901"), "it stands before the last of them: {text}");
        for there in ["HTTP/1.0 200 OK", "TIME_WAIT"] {
            assert!(text.contains(there), "{there}: {text}");
        }
    }
}
