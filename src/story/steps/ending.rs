//! The end of a connection: who closed first, what each end knew of it, and who
//! is left in TIME_WAIT.

use super::exchange::shortest_rtt;
use super::phrase::{closed, fin_read, fin_sent, reset_found, reset_sent, said_first, time_wait};
use super::say::say;
use super::step::{Known, Step, how};
use crate::language::Language;
use crate::record::connection::{Close, Record};
use crate::record::{End, Figure, How, Reason, Source};

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
    let is_timeout = close.how == How::Timeout;
    let rtt = shortest_rtt(record);
    steps.push(closed(&close.at, is_timeout, close.tcp.value(), rtt, &close.time_wait, language));
    steps.push(Step::note("reason", close.reason.said(language).to_owned()));
    steps.push(time_wait(&close.time_wait, (record.client, record.server), language));
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

fn client_end(close: &Close, record: &Record, knew_late: bool, language: Language) -> Option<Step> {
    let at = &close.client_end;
    let first = said_first(&close.first, End::Client, language);
    if close.how == How::ResetByClient {
        let at = if at.value().is_some() { at } else { &close.at };
        return Some(reset_found(End::Client, at, &first, language));
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
    let first = if knew_late { String::new() } else { first };
    Some(fin_read(End::Client, at, is_half, &first, language))
}

fn server_end(close: &Close, language: Language) -> Option<Step> {
    let first = said_first(&close.first, End::Server, language);
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
            Some(reset_sent(End::Server, &close.at, by, (&cause, &first), language))
        }
        // Whether its FIN still left is not known.
        (How::ResetByClient, Some(_)) => {
            let title = say!(
                language,
                "shutdown(): the server closes its sending side{}" / "shutdown(): 서버가 보내는 쪽을 닫음{}",
                first
            );
            Some(
                Step::event("server-end", close.server_end.clone(), say!(language, "shut" / "닫음"), title)
                    .known_by_its_time(language),
            )
        }
        (How::ResetByClient | How::Lost, None) | (How::Lost, _) => None,
        (_, Some(_)) => Some(fin_sent(End::Server, close.server_end.clone(), Source::ShutdownSends, &first, language)),
        (How::Fin | How::Timeout, None) => {
            let at = close.at.value().map_or_else(|| close.at.clone(), |at| Figure::derived(*at, Source::CloseEnds));
            Some(fin_sent(End::Server, at, Source::CloseEnds, &first, language))
        }
    }
}
