//! Why something was refused, or ended, is said: each reason, in each language, in steps and on a terminal.

use super::*;
use crate::record::Reset;
use crate::record::segment::{Segment, Segments};
use crate::story::width::USUAL;
use crate::story::{Occasion, Progress, block};

/// The whole of a block of the terminal, as one line.
fn shown(record: &Record, language: Language) -> String {
    let text = block(record, Occasion::Closed, &mut Progress::default(), USUAL, language);
    anstream::adapter::strip_str(&text).to_string().split_whitespace().collect::<Vec<_>>().join(" ")
}

/// A connection that carried one exchange.
fn of_one_exchange(refused: Option<Reason>, reason: Reason) -> Record {
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let mut any = |strategy: BoxedStrategy<Record>| strategy.new_tree(&mut runner).expect("a record").current();
    let mut record = any(record().boxed());
    let mut of = |number| exchange(number).new_tree(&mut runner).expect("an exchange").current();
    let times = Stages { response_chosen: Figure::measured(11 * MS, Source::Clock), ..of(1).stages };
    record.exchanges = vec![Exchange { refused, status: 503, is_kept: true, stages: times, ..of(1) }];
    let end = close().new_tree(&mut runner).expect("a close").current();
    record.close = Some(Close { reason, how: How::Fin, ..end });
    record
}

#[test]
fn each_reason_is_said_once_wherever_it_stands() {
    for reason in Reason::ALL {
        let is_the_end = of_one_exchange(None, reason.clone());
        let is_of_a_request = of_one_exchange(Some(reason.clone()), Reason::Other("Another.".into()));
        let is_both = of_one_exchange(Some(reason.clone()), reason.clone());
        for (record, language) in [is_the_end, is_of_a_request, is_both]
            .iter()
            .flat_map(|record| Language::ALL.map(|language| (record, language)))
        {
            let sentence = reason.said(language);
            let titles = steps(record, language).into_iter().filter(|step| step.title == sentence);
            assert_eq!(titles.count(), 1, "{reason:?}, {language:?}");
            let story = shown(record, language);
            assert_eq!(story.matches(sentence).count(), 1, "{reason:?}, {language:?}: {story}");
        }
    }
}

#[test]
fn who_left_before_it_had_its_response_is_said_to_have() {
    let cases = [
        (Reason::ClientClosed, 0, None, true, "The client closed the keep-alive connection."),
        (Reason::ClientClosed, 9, None, true, "The client closed its sending side before it had all of the response."),
        (
            Reason::ClientClosed,
            9,
            Some(End::Client),
            true,
            "The client closed its sending side before it had all of the response, and then reset the connection.",
        ),
        (Reason::Reset, 0, Some(End::Client), true, "The client reset the connection."),
        (
            Reason::Reset,
            9,
            Some(End::Client),
            true,
            "The client reset the connection before it had acknowledged all of the response.",
        ),
        // The kernel had not taken all of it.
        (
            Reason::Reset,
            0,
            Some(End::Client),
            false,
            "The client reset the connection before it had acknowledged all of the response.",
        ),
    ];
    for (reason, bytes, reset, is_kept, sentence) in cases {
        let mut record = of_one_exchange(None, reason);
        record.exchanges[0].is_kept = is_kept;
        let close = record.close.as_mut().expect("its end");
        close.unacknowledged = Figure::derived(bytes, Source::TcpInfoBeforeClose);
        close.reset = reset.map(|by| Reset { by, at: figure(Some(12 * MS)) });
        let story = shown(&record, Language::English);
        assert_eq!(story.matches(sentence).count(), 1, "{sentence} {story}");
        let korean = crate::story::why_it_ended(close_of(&record), &record, Language::Korean);
        assert!(korean.contains("클라이언트가") && korean.ends_with("습니다."), "{korean}");
    }
}

/// A connection of one exchange, which the server meant to end; the client's reset was found by it, or seen later.
fn ended_by_server(reason: Reason, how: How, unacknowledged: u64) -> Record {
    let mut record = of_one_exchange(None, reason);
    record.exchanges[0].is_kept = false;
    let close = record.close.as_mut().expect("its end");
    close.how = how;
    close.unacknowledged = Figure::derived(unacknowledged, Source::TcpInfoBeforeClose);
    close.reset = Some(Reset { by: End::Client, at: figure(Some(12 * MS)) });
    record
}

/// The client's last segments: one that acknowledges up to here, and a reset.
fn reset_behind(acknowledgment: i64) -> Segments {
    let segment = |flags: &str, acknowledgment: Option<i64>| -> Segment {
        let json = serde_json::json!({"at": 12 * MS, "from": "client", "flags": flags, "sequence": 1, "length": 0,
            "relative_sequence": 1, "relative_acknowledgment": acknowledgment, "window": 1, "ttl": 64});
        serde_json::from_value(json).expect("a segment")
    };
    Segments { list: vec![segment("ACK", Some(acknowledgment)), segment("RST", None)], ..Segments::default() }
}

#[test]
fn a_response_that_a_reset_cut_is_said_to_be_whatever_the_server_meant() {
    let of_server = [Reason::Http10, Reason::ClientAskedClose, Reason::SimpleRequest, Reason::KeepAliveOff];
    for (reason, language) in of_server.iter().flat_map(|reason| Language::ALL.map(|language| (reason, language))) {
        let cut = match language {
            Language::English => "The client reset the connection before it had acknowledged all of the response.",
            Language::Korean => "응답 전체의 ACK가 오기 전에 클라이언트가 연결을 리셋했습니다.",
        };
        let is_cut = |record: &Record| {
            let said = crate::story::why_it_ended(close_of(record), record, language);
            assert!(said.starts_with(reason.said(language)), "{said}");
            assert_eq!(shown(record, language).contains(cut), said.contains(cut), "{said}");
            said == format!("{} {cut}", reason.said(language))
        };
        assert!(is_cut(&ended_by_server(reason.clone(), How::ResetByClient, 9)));
        assert!(!is_cut(&ended_by_server(reason.clone(), How::ResetByClient, 0)));
        // The rest may have been acknowledged after close(2): without segments that is not known.
        let mut late = ended_by_server(reason.clone(), How::Fin, 9);
        assert!(!is_cut(&late));
        let last = *late.response_bytes()[0].end();
        late.segments = Some(reset_behind(last));
        assert!(is_cut(&late));
        late.segments = Some(reset_behind(last + 1));
        assert!(!is_cut(&late));
        late.segments = Some(Segments { not_seen: 1, ..reset_behind(last) });
        assert!(!is_cut(&late));
    }
}

#[test]
fn a_refusal_is_not_said_to_be_a_reset() {
    let mut record = ended_by_server(Reason::Http10, How::ResetByClient, 9);
    record.exchanges[0].refused = Some(Reason::OtherHost);
    let steps = steps(&record, Language::English);
    let refused = steps.iter().find(|step| step.id == "1-refused").expect("why it was refused");
    assert_eq!(refused.title, Reason::OtherHost.said(Language::English));
}

fn close_of(record: &Record) -> &Close {
    record.close.as_ref().expect("its end")
}

#[test]
fn no_two_reasons_say_the_same() {
    for language in Language::ALL {
        let said: Vec<&str> = Reason::ALL.iter().map(|reason| reason.said(language)).collect();
        let different: std::collections::BTreeSet<&&str> = said.iter().collect();
        assert_eq!(different.len(), said.len(), "{language:?}");
        assert!(said.iter().all(|sentence| sentence.ends_with('.')), "{said:?}");
    }
}

#[test]
fn what_a_proxy_did_is_not_said_of_the_client() {
    for (language, [client, proxy]) in
        [(Language::English, ["client", "proxy"]), (Language::Korean, ["클라이언트", "프록시"])]
    {
        for reason in Reason::ALL {
            let [of_client, of_proxy] = [reason.said(language), reason.said_of_proxy(language)];
            assert!(!of_proxy.contains(client), "{reason:?}: {of_proxy}");
            assert_eq!(of_client.replace(client, proxy), of_proxy, "{reason:?}");
        }
    }
}
