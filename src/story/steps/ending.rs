//! The end of a connection: who closed first, what each end knew of it, and who
//! is left in TIME_WAIT.

use super::exchange::shortest_rtt;
use super::phrase::{
    self, Again, closed, fin_read, fin_seen, fin_sent, fin_unseen, left_meanwhile, reset_found, reset_seen, reset_sent,
    said_first, sends_no_more, when_it_arrived,
};
use super::roles::{Role, Roles};
use super::say::say;
use super::segments;
use super::step::{Known, Place, Step, how};
use crate::language::Language;
use crate::language::particle::SUBJECT;
use crate::record::connection::{Close, Record};
use crate::record::{End, Figure, How, Nanoseconds, Reason, Source};
use crate::story::parties::{self, Party};

pub(super) fn steps(close: &Close, record: &Record, roles: &Roles<'_>, language: Language) -> Vec<Step> {
    let mut steps = Vec::new();
    if close.how == How::Lost {
        steps.push(lost(close, record, language));
        return steps;
    }
    let knew_late = client_was_first_unseen(close);
    if knew_late {
        steps.extend(half_closed(close, Party::of_client(record), roles, language));
    }
    let client = client_end(close, record, knew_late, roles, language);
    let server = server_end(close, language);
    let server = if roles.is_captured() { server.and_then(|step| call(step, close, language)) } else { server };
    let mut ends: Vec<Step> = client.into_iter().chain(server).collect();
    if close.first.value() == Some(&End::Server) {
        ends.reverse();
    }
    steps.extend(ends);
    let is_timeout = close.how == How::Timeout;
    let rtt = shortest_rtt(record);
    let tcp = close.tcp.value();
    let counted = tcp.map_or(0, |tcp| tcp.retransmissions.into());
    let again = Again {
        later: roles.segments().map_or(0, |segments| segments::again_later(segments, &close.at, counted)),
        by_other: roles.segments().map_or(0, |segments| segments.from_client.again),
    };
    let time_wait = (&close.time_wait, Party::of_client(record));
    steps.push(closed((End::Server, &close.at), is_timeout, (tcp, again), rtt, time_wait, language));
    steps.push(Step::note("reason", parties::why_it_ended(close, record, language)));
    let ends = record.client.address().zip(record.server.address());
    steps.extend(ends.into_iter().flat_map(|ends| phrase::time_wait(&close.time_wait, ends, language)));
    steps
}

/// Nobody heard how it ended.
pub(super) fn lost(close: &Close, record: &Record, language: Language) -> Step {
    Step::note("lost", parties::why_it_ended(close, record, language)).known_by(&close.at, language)
}

/// The socket's state said that the client had closed before the server did, and the server read that later.
fn client_was_first_unseen(close: &Close) -> bool {
    let is_by_state = matches!(&close.first, Figure::Derived { value: End::Client, from: Source::StateBeforeShutdown });
    let read_before =
        close.client_end.value().zip(close.server_end.value()).is_some_and(|(client, server)| client < server);
    is_by_state && !read_before
}

/// The segments that ended a direction, or both: FINs and resets that were seen.
pub(super) fn seen(record: &Record, roles: &Roles<'_>, language: Language) -> Vec<Step> {
    let Some(segments) = roles.segments() else { return Vec::new() };
    let moments = &segments.moments;
    let ends = [
        (Role::Fin(End::Client), "client-fin", moments.client_fin),
        (Role::Reset(End::Client), "client-reset", moments.client_reset),
        (Role::Fin(End::Server), "server-end", moments.server_fin),
        (Role::Reset(End::Server), "server-reset", moments.server_reset),
    ];
    let has_fin = |end| ends.iter().any(|(role, _, at)| *role == Role::Fin(end) && at.is_some());
    let is_seen = |(role, id, at): (Role, &str, Option<Nanoseconds>)| {
        // Who ended first did so by this; a reset behind a FIN was not that.
        let first = |end| match &record.close {
            Some(close) if role == Role::Fin(end) || !has_fin(end) => said_first(&close.first, end, language),
            _ => String::new(),
        };
        let (label, (words, sentence)) = match role {
            Role::Reset(end) => ("RST", reset_seen(Party::of(end, record), &first(end), language)),
            Role::Fin(end) => ("FIN", fin_seen(Party::of(end, record), &first(end), language)),
            _ => return None,
        };
        let step = match roles.get(role) {
            Some(cast) if cast.is_drawn => segments::arrow(id, cast.numbered, &words, language),
            Some(cast) => segments::within(id, cast, label.to_owned(), words, language),
            // It was seen, and is not among those that the record keeps.
            None => {
                let at = Figure::measured(at?, Source::Packets);
                let event = Step::event(id, at, label, words);
                Step { place: Place::Wire, ..event }.known_by_its_time(language)
            }
        };
        let sentence = format!("{sentence} {}", step.sentence).trim().to_owned();
        Some(step.saying(sentence))
    };
    ends.into_iter().filter_map(is_seen).collect()
}

/// What the server's end was, where its segment is drawn for itself: a call.
fn call(step: Step, close: &Close, language: Language) -> Option<Step> {
    let is_reset = close.how == How::ResetByServer;
    if !is_reset && close.server_end.value().is_none() {
        return None; // it is the close, which has a step
    }
    let title = match is_reset {
        true => step.title,
        false => {
            say!(language, "shutdown(): the server closes its sending side" / "shutdown(): 서버가 보내는 쪽을 닫음")
        }
    };
    let at = if is_reset { called(close) } else { &close.server_end };
    let event = Step::event("server-shut", at.clone(), say!(language, "shut" / "닫음"), title);
    let caption = if is_reset { "close()" } else { "shutdown()" };
    Some(event.captioned(caption).known_by_its_time(language))
}

fn half_closed(close: &Close, client: Party, roles: &Roles<'_>, language: Language) -> Option<Step> {
    let at = close.server_end.value()?;
    let title = say!(
        language,
        "the {} had closed its sending side before the server did (CLOSE_WAIT)"
            / "서버보다 먼저 {} 보내는 쪽을 닫아 둠(CLOSE_WAIT)",
        SUBJECT.after(client.name(language), language)
    );
    let sentence = say!(
        language,
        "{} Its FIN had arrived before this." / "{} FIN은 이보다 먼저 도착했습니다.",
        sends_no_more(client, language)
    );
    let at = Figure::measured(*at, Source::StateBeforeShutdown);
    let step = Step::event("half-closed-by", at, say!(language, "state" / "상태"), title);
    Some(when_it_arrived(step.known_by_its_time(language).saying(sentence), roles.is_captured(), language))
}

fn client_end(close: &Close, record: &Record, knew_late: bool, roles: &Roles<'_>, language: Language) -> Option<Step> {
    let (at, party) = (&close.client_end, Party::of_client(record));
    // The segment says it, where it was seen.
    let is_seen = roles
        .segments()
        .is_some_and(|segments| segments.moments.client_fin.is_some() || segments.moments.client_reset.is_some());
    let first = if is_seen { String::new() } else { said_first(&close.first, End::Client, language) };
    if close.how == How::ResetByClient {
        let at = if at.value().is_some() { at } else { &close.at };
        let found = reset_found(party, at, &first, language);
        return Some(when_it_arrived(found, roles.is_captured(), language));
    }
    let Some(end) = at.value() else {
        if close.how == How::ResetByServer || is_seen {
            return None;
        }
        let (name, why) = (party.name(language), how(at, language));
        let title = say!(language, "the {}'s FIN: {}" / "{}의 FIN: {}", name, why);
        return Some(Step { known: Known::NotVisible, ..Step::note("client-end", title).known_by(at, language) });
    };
    // It still took the response: an end that is closed altogether has resets for an answer.
    let last = record.exchanges.last().filter(|exchange| {
        exchange.stages.acknowledged.value().is_some() || roles.get(Role::Acknowledges(exchange.number)).is_some()
    });
    let written = last.and_then(|exchange| exchange.stages.last_write.value());
    let is_half = written.is_some_and(|written| end < written);
    let first = if knew_late { String::new() } else { first };
    Some(when_it_arrived(fin_read(party, at, is_half, &first, language), roles.is_captured(), language))
}

/// The call that ends the server's sending side, where it is not known that its FIN left then.
fn shut(at: Figure<Nanoseconds>, by: Source, first: &str, language: Language) -> Step {
    let (caption, title) = match by {
        Source::CloseEnds => (
            "close()",
            say!(language, "close(): the server closes its socket{}" / "close(): 서버가 소켓을 닫음{}", first),
        ),
        _ => (
            "shutdown()",
            say!(
                language,
                "shutdown(): the server closes its sending side{}" / "shutdown(): 서버가 보내는 쪽을 닫음{}",
                first
            ),
        ),
    };
    let step = Step::event("server-end", at, say!(language, "shut" / "닫음"), title);
    step.captioned(caption).known_by_its_time(language)
}

/// When close(2) was called; earlier versions recorded no other moment of it.
fn called(close: &Close) -> &Figure<Nanoseconds> {
    if close.called.value().is_some() { &close.called } else { &close.at }
}

fn server_end(close: &Close, language: Language) -> Option<Step> {
    let first = said_first(&close.first, End::Server, language);
    match (close.how, close.server_end.value()) {
        (How::ResetByServer, _) => {
            let (by, cause) = match close.reason {
                Reason::BodyFailed | Reason::SendTimeout => (
                    Source::NoLinger,
                    say!(language, "to mark the response as incomplete" / "온전한 응답으로 보이지 않도록"),
                ),
                Reason::GraceOver => (Source::CloseEnds, say!(language, "its time was over" / "시간이 끝남")),
                _ => (
                    Source::UnreadAtClose,
                    say!(language, "it closed with bytes unread" / "읽지 않은 바이트를 두고 닫음"),
                ),
            };
            let reset = reset_sent(End::Server, called(close), by, (&cause, &first), language);
            Some(left_meanwhile(reset, &close.left_by, language))
        }
        // Whether its FIN still left is not known.
        (How::ResetByClient, Some(_)) => Some(shut(close.server_end.clone(), Source::ShutdownSends, &first, language)),
        (How::ResetByClient | How::Lost, None) | (How::Lost, _) => None,
        (How::Closed, _) => None,
        (How::Fin | How::Timeout, ended) => {
            let (at, by) = match (ended, called(close).value()) {
                (Some(_), _) => (close.server_end.clone(), Source::ShutdownSends),
                (None, Some(at)) => (Figure::derived(*at, Source::CloseEnds), Source::CloseEnds),
                (None, None) => return None, // nothing reported it
            };
            let sentence = match &close.server_fin {
                fin @ Figure::NotVisible { .. } => fin_unseen(fin, language),
                left => {
                    let sent = fin_sent(End::Server, left.clone(), by, &first, language);
                    return Some(left_meanwhile(sent.known_by(left, language), &close.left_by, language));
                }
            };
            Some(shut(at, by, &first, language).saying(sentence))
        }
    }
}
