//! The end of a connection: who closed first, what each end knew of it, and who
//! is left in TIME_WAIT.

use super::exchange::shortest_rtt;
use super::say::{count, say};
use super::step::{Direction, Kind, Known, Place, Step, how};
use crate::language::Language;
use crate::record::connection::{Close, Record};
use crate::record::{End, Figure, How, Nanoseconds, Reason, Source, TimeWait};
use crate::story::layout::span;

pub(super) fn steps(close: &Close, record: &Record, language: Language) -> Vec<Step> {
    let mut steps = Vec::new();
    if close.how == How::Lost {
        steps.push(Step::note("lost", close.reason.said(language).to_owned()).known_by(&close.at, language));
        return steps;
    }
    let knew_late = client_was_first_unseen(close);
    if knew_late {
        steps.extend(half_closed(close, language));
    }
    let mut ends: Vec<Step> =
        client_end(close, record, knew_late, language).into_iter().chain(server_end(close, language)).collect();
    if close.first.value() == Some(&End::Server) {
        ends.reverse();
    }
    steps.extend(ends);
    steps.push(closed(close, record, language));
    steps.push(Step::note("reason", close.reason.said(language).to_owned()));
    steps.push(time_wait(close, record, language));
    steps
}

/// The socket's state said that the client had closed before the server did, and the server read that later.
fn client_was_first_unseen(close: &Close) -> bool {
    let is_by_state = matches!(&close.first, Figure::Derived { value: End::Client, from: Source::StateBeforeShutdown });
    let read_before =
        close.client_end.value().zip(close.server_end.value()).is_some_and(|(client, server)| client < server);
    is_by_state && !read_before
}

fn half_closed(close: &Close, language: Language) -> Option<Step> {
    let at = close.server_end.value()?;
    let title = say!(
        language,
        "the client had closed its sending side before the server did (CLOSE_WAIT)"
            / "서버보다 먼저 클라이언트가 보내는 쪽을 닫아 둠(CLOSE_WAIT)"
    );
    let sentence = say!(
        language,
        "A half-close: the client sends nothing more, and still reads. Its FIN had arrived before this; when, packets would show."
            / "하프 클로즈: 클라이언트는 더 보내지 않지만 읽기는 계속합니다. FIN은 이보다 먼저 도착했고, 언제인지는 패킷에 보입니다."
    );
    let at = Figure::measured(*at, Source::StateBeforeShutdown);
    Some(
        Step::event("half-closed-by", at, say!(language, "state" / "상태"), title)
            .known_by_its_time(language)
            .saying(sentence),
    )
}

/// Said of the end that closed first.
fn first(close: &Close, end: End, language: Language) -> String {
    match &close.first {
        Figure::Measured { value, .. } if *value == end => say!(language, ", first" / " (먼저)"),
        Figure::Derived { value, .. } if *value == end => say!(language, ", ~first" / " (~먼저)"),
        _ => String::new(),
    }
}

fn client_end(close: &Close, record: &Record, knew_late: bool, language: Language) -> Option<Step> {
    let at = &close.client_end;
    if close.how == How::ResetByClient {
        let at = if at.value().is_some() { at } else { &close.at };
        let title = say!(
            language,
            "a call failed: the client reset the connection{}" / "호출이 실패함: 클라이언트가 연결을 리셋함{}",
            first(close, End::Client, language)
        );
        let sentence = say!(
            language,
            "A reset ends both directions at once: the client's program has gone, or closed with bytes unread. What was on its way is lost. This is when the server found it; when it arrived, packets would show."
                / "리셋은 두 방향을 한꺼번에 끝냅니다. 클라이언트 프로그램이 사라졌거나, 읽지 않은 바이트를 두고 닫았습니다. 가던 것은 사라집니다. 서버가 이를 안 때이며, 언제 도착했는지는 패킷에 보입니다."
        );
        return Some(Step::event("reset", at.clone(), "RST", title).known_by(at, language).saying(sentence));
    }
    let Some(end) = at.value() else {
        if close.how == How::ResetByServer {
            return None;
        }
        let title = say!(language, "the client's FIN: {}" / "클라이언트의 FIN: {}", how(at, language));
        return Some(Step { known: Known::NotVisible, ..Step::note("client-end", title).known_by(at, language) });
    };
    let written = record.exchanges.last().and_then(|exchange| exchange.stages.last_write.value());
    let is_half = written.is_some_and(|written| end < written);
    let said_first = if knew_late { String::new() } else { first(close, End::Client, language) };
    let title = match is_half {
        true => say!(
            language,
            "read() returned 0: the client has closed its sending side (half-close){}"
                / "read()가 0을 돌려줌: 클라이언트가 보내는 쪽을 닫음(하프 클로즈){}",
            said_first
        ),
        false => say!(
            language,
            "read() returned 0: the client has closed its sending side{}"
                / "read()가 0을 돌려줌: 클라이언트가 보내는 쪽을 닫음{}",
            said_first
        ),
    };
    let sentence = say!(
        language,
        "The client's FIN has been read: no more bytes come from it. When it arrived, packets would show."
            / "클라이언트의 FIN까지 읽었습니다. 더 오는 바이트는 없습니다. 언제 도착했는지는 패킷에 보입니다."
    );
    Some(
        Step::event("client-end", at.clone(), "FIN", title)
            .captioned("read() = 0")
            .known_by_its_time(language)
            .saying(sentence),
    )
}

fn server_end(close: &Close, language: Language) -> Option<Step> {
    let said_first = first(close, End::Server, language);
    let fin = |at: Figure<Nanoseconds>, by: Source, title: String| {
        let sentence = say!(
            language,
            "A FIN says: no more bytes from this end. It follows the last byte, and counts as one; the other end may still send."
                / "FIN은 이쪽에서 더 보낼 바이트가 없다는 뜻입니다. 마지막 바이트 뒤에 가며 한 바이트로 셉니다. 상대는 아직 보낼 수 있습니다."
        );
        Step::arrow("server-end", Direction::ToClient, at, "FIN", title)
            .known_by(&Figure::derived((), by), language)
            .saying(sentence)
    };
    match (close.how, close.server_end.value()) {
        (How::ResetByServer, _) => {
            let (by, cause) = match close.reason {
                Reason::BodyFailed | Reason::SendTimeout => {
                    (Source::NoLinger, say!(language, "it must not pass for whole" / "온전한 응답으로 보이지 않도록"))
                }
                Reason::GraceOver => (Source::CloseEnds, say!(language, "its time was over" / "시간이 끝남")),
                _ => (
                    Source::UnreadAtClose,
                    say!(language, "it closed with bytes unread" / "읽지 않은 바이트를 두고 닫음"),
                ),
            };
            let title = say!(language, "the server reset it: {}{}" / "서버가 연결을 리셋함: {}{}", cause, said_first);
            let sentence =
                say!(language, "A reset ends both directions at once." / "리셋은 두 방향을 한꺼번에 끝냅니다.");
            Some(
                Step::arrow("server-end", Direction::ToClient, close.at.clone(), "RST", title)
                    .known_by(&Figure::derived((), by), language)
                    .saying(sentence),
            )
        }
        // Whether its FIN still left is not known.
        (How::ResetByClient, Some(_)) => {
            let title = say!(
                language,
                "shutdown(): the server closes its sending side{}" / "shutdown(): 서버가 보내는 쪽을 닫음{}",
                said_first
            );
            Some(
                Step::event("server-end", close.server_end.clone(), say!(language, "shut" / "닫음"), title)
                    .known_by_its_time(language),
            )
        }
        (How::ResetByClient | How::Lost, None) | (How::Lost, _) => None,
        (_, Some(_)) => {
            let title =
                say!(language, "the server closed its sending side{}" / "서버가 보내는 쪽을 닫음{}", said_first);
            Some(fin(close.server_end.clone(), Source::ShutdownSends, title))
        }
        (How::Fin | How::Timeout, None) => {
            let title = say!(language, "the server closed its socket{}" / "서버가 소켓을 닫음{}", said_first);
            let at = close.at.value().map_or_else(|| close.at.clone(), |at| Figure::derived(*at, Source::CloseEnds));
            Some(fin(at, Source::CloseEnds, title))
        }
    }
}

fn closed(close: &Close, record: &Record, language: Language) -> Step {
    let label = match close.how {
        How::Timeout => say!(language, "timeout" / "만료"),
        _ => say!(language, "closed" / "종료"),
    };
    let mut figures = Vec::new();
    figures.extend(shortest_rtt(record).map(|rtt| say!(language, "shortest rtt {}" / "가장 짧은 rtt {}", span(rtt))));
    let tcp = close.tcp.value();
    figures.extend(tcp.map(|tcp| match tcp.retransmissions {
        0 => say!(language, "nothing sent again" / "재전송 없음"),
        again => count!(language, again, "segment sent again", "segments sent again" / "개 세그먼트 재전송"),
    }));
    figures.push(time_wait_words(close, language));
    let mut sentence = tcp.map_or_else(String::new, |tcp| {
        say!(
            language,
            "Right before close(2) the kernel said: state {}." / "close(2) 직전에 커널이 말한 상태: {}.",
            tcp.state
        )
    });
    if tcp.is_some_and(|tcp| tcp.retransmissions > 0) {
        sentence.push_str(&say!(language, " Segments are sent again where no ACK came in time: they or their ACK were lost, or the receiver had no room." / " 제때 ACK가 오지 않으면 세그먼트를 다시 보냅니다. 세그먼트나 ACK가 사라졌거나, 받는 쪽에 자리가 없었습니다."));
    }
    Step::event("closed", close.at.clone(), label, figures.join(", "))
        .captioned("close()")
        .known_by_its_time(language)
        .saying(sentence)
}

fn time_wait_words(close: &Close, language: Language) -> String {
    let mark = if matches!(close.time_wait, Figure::Derived { .. }) { "~" } else { "" };
    match close.time_wait.value() {
        Some(TimeWait::Client) => say!(language, "{}TIME_WAIT: client" / "{}TIME_WAIT: 클라이언트", mark),
        Some(TimeWait::Server) => say!(language, "{}TIME_WAIT: server" / "{}TIME_WAIT: 서버", mark),
        Some(TimeWait::Nobody) => say!(language, "{}TIME_WAIT: none" / "{}TIME_WAIT: 없음", mark),
        None => say!(language, "TIME_WAIT: not visible" / "TIME_WAIT: 보이지 않음"),
    }
}

fn time_wait(close: &Close, record: &Record, language: Language) -> Step {
    let place = match close.time_wait.value() {
        Some(TimeWait::Client) => Place::Client,
        Some(TimeWait::Server) => Place::Server,
        Some(TimeWait::Nobody) | None => {
            let note = Step::note("time-wait", time_wait_words(close, language)).known_by(&close.time_wait, language);
            return Step { is_drawn_only: true, ..note };
        }
    };
    let sentence = say!(
        language,
        "Who closed first keeps the pair {} and {} reserved for a while (60 s on Linux), so that its last ACK can be repeated, and stray segments fall into no later connection."
            / "먼저 닫은 쪽이 {}와 {}의 쌍을 한동안(리눅스에서 60초) 붙들어, 마지막 ACK를 되풀이할 수 있게 하고 떠돌던 세그먼트가 다음 연결에 섞이지 않게 합니다.",
        record.client,
        record.server
    );
    let step = Step::wait("time-wait", place, Known::Derived, "TIME_WAIT".to_owned())
        .known_by(&close.time_wait, language)
        .saying(sentence);
    Step { kind: Kind::Wait, ..step }
}
