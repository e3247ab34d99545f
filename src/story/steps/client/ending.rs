//! The end of a connection as the client knows it.

use crate::language::Language;
use crate::language::particle::OBJECT;
use crate::record::transfer::{ClientClose, Transfer};
use crate::record::{End, Figure, How, Nanoseconds, Source};
use crate::story::parties::Party;
use crate::story::steps::phrase::{
    Again, bytes, closed, fin_read, fin_sent, fin_unseen, left_meanwhile, reset_found, reset_sent, said_first,
    time_wait,
};
use crate::story::steps::roles::Roles;
use crate::story::steps::say::say;
use crate::story::steps::segments;
use crate::story::steps::step::{Known, Step, how};

pub(super) fn steps(close: &ClientClose, transfer: &Transfer, roles: &Roles<'_>, language: Language) -> Vec<Step> {
    let client = client_end(close, transfer, roles, language);
    let server = server_end(close, roles, language);
    let mut ends: Vec<Step> = match close.first.value() {
        Some(End::Client) => client.into_iter().chain(server).collect(),
        _ => server.into_iter().chain(client).collect(),
    };
    let tcp = close.tcp.value();
    let rtt = tcp.and_then(|tcp| tcp.min_rtt);
    let rtt = rtt.or_else(|| transfer.connect.as_ref().and_then(|connect| connect.rtt.value().copied()));
    let at = Figure::measured(close.at, Source::ClockAfterClose);
    let again = Again {
        later: roles.segments().map_or(0, |segments| segments::listed_later(segments, End::Client, &at)),
        by_other: roles.segments().map_or(0, |segments| segments.from_server.again),
    };
    let time_wait_of = (&close.time_wait, Party::Client);
    ends.push(closed((End::Client, &at), close.how == How::Timeout, (tcp, again), rtt, time_wait_of, language));
    ends.extend(surplus(close, language));
    ends.push(Step::note("reason", close.reason.sentence(language)));
    let pair = transfer.ends.map(|ends| (ends.client, ends.server));
    ends.extend(pair.into_iter().flat_map(|pair| time_wait(&close.time_wait, pair, language)));
    ends
}

fn server_end(close: &ClientClose, roles: &Roles<'_>, language: Language) -> Option<Step> {
    // The segment says it, where it was seen.
    let is_seen = is_seen(End::Server, roles);
    let first = if is_seen { String::new() } else { said_first(&close.first, End::Server, language) };
    match (close.how, close.server_end.value()) {
        (How::ResetByServer, _) => Some(reset_found(End::Server, &close.server_end, &first, language)),
        (_, Some(_)) => Some(fin_read(End::Server, &close.server_end, false, &first, language)),
        // An end that resets waits for no FIN.
        (How::ResetByClient, None) => None,
        (_, None) if is_seen => None,
        (_, None) => {
            let title = say!(language, "the server's FIN: {}" / "서버의 FIN: {}", how(&close.server_end, language));
            let step = Step::note("server-end", title).known_by(&close.server_end, language);
            Some(Step { known: Known::NotVisible, ..step })
        }
    }
}

/// Whether a FIN or a reset of this end was seen.
fn is_seen(end: End, roles: &Roles<'_>) -> bool {
    roles.segments().is_some_and(|segments| {
        let moments = &segments.moments;
        let [fin, reset] = match end {
            End::Client => [moments.client_fin, moments.client_reset],
            End::Server => [moments.server_fin, moments.server_reset],
        };
        fin.or(reset).is_some()
    })
}

/// What came beyond the responses.
fn surplus(close: &ClientClose, language: Language) -> Option<Step> {
    (close.surplus > 0).then(|| {
        let title = say!(
            language,
            "read and dropped, as part of no response: {}" / "어느 응답에도 속하지 않는 {} 읽고 버림",
            OBJECT.after(bytes(close.surplus, language), language)
        );
        Step::note("surplus", title)
    })
}

fn client_end(close: &ClientClose, transfer: &Transfer, roles: &Roles<'_>, language: Language) -> Vec<Step> {
    match (close.how, &close.client_reset) {
        (How::ResetByServer, _) => Vec::new(), // nothing of the client's leaves after a reset
        // It closed its sending side, and reset the connection then.
        (How::ResetByClient, reset) if reset.value().is_some() && is_by_shutdown(close) => {
            let fin = client_fin(close, transfer, roles, language);
            let reset = client_reset(close, (reset, false), roles, language);
            fin.into_iter().chain(reset).collect()
        }
        (How::ResetByClient, reset) => {
            let at = if reset.value().is_some() { reset } else { &close.client_end };
            client_reset(close, (at, true), roles, language).into_iter().collect()
        }
        _ => client_fin(close, transfer, roles, language).into_iter().collect(),
    }
}

fn is_by_shutdown(close: &ClientClose) -> bool {
    matches!(close.client_end, Figure::Measured { .. })
}

/// `is_first`: no FIN went before it.
fn client_reset(
    close: &ClientClose,
    (at, is_first): (&Figure<Nanoseconds>, bool),
    roles: &Roles<'_>,
    language: Language,
) -> Option<Step> {
    let (by, cause) = match at {
        // Its segment says it.
        Figure::Measured { by: Source::Packets, .. } => return None,
        Figure::Derived { from: Source::UnreadAtClose, .. } => {
            (Source::UnreadAtClose, say!(language, "it closed with bytes unread" / "읽지 않은 바이트를 두고 닫음"))
        }
        _ => (
            Source::NoLinger,
            say!(language, "it stopped before the end of the response" / "응답이 끝나기 전에 그만둠"),
        ),
    };
    let first = match is_first && !is_seen(End::Client, roles) {
        true => said_first(&close.first, End::Client, language),
        false => String::new(),
    };
    let reset = reset_sent(End::Client, at, by, (&cause, &first), language);
    match is_first {
        true => Some(left_meanwhile(reset, &close.left_by, language)),
        false => {
            let left = Figure::measured(close.at, Source::ClockAfterClose);
            Some(Step { id: "client-abort".to_owned(), ..left_meanwhile(reset, &left, language) })
        }
    }
}

/// Its FIN, or the call that sends it.
fn client_fin(close: &ClientClose, transfer: &Transfer, roles: &Roles<'_>, language: Language) -> Option<Step> {
    let at = &close.client_end;
    let is_seen = is_seen(End::Client, roles);
    let first = if is_seen { String::new() } else { said_first(&close.first, End::Client, language) };
    let by = match at {
        Figure::Derived { .. } => Source::CloseEnds,
        _ => Source::ShutdownSends,
    };
    let is_half = at.value().zip(complete(transfer)).is_some_and(|(end, complete)| *end < complete);
    let note = if is_half { say!(language, " (half-close)" / "(하프 클로즈)") } else { String::new() };
    if is_seen {
        // A call then; close(2) has a step.
        return (by == Source::ShutdownSends).then(|| shut(at, by, &note, language));
    }
    let note = format!("{note}{first}");
    Some(match &close.client_fin {
        fin @ Figure::NotVisible { .. } => shut(at, by, &note, language).saying(fin_unseen(fin, language)),
        left => {
            let sent = fin_sent(End::Client, left.clone(), by, &note, language);
            left_meanwhile(sent.known_by(left, language), &close.left_by, language)
        }
    })
}

/// The call that ends the client's sending side, where it is not its FIN that is drawn.
fn shut(at: &Figure<Nanoseconds>, by: Source, note: &str, language: Language) -> Step {
    let (caption, title) = match by {
        Source::CloseEnds => (
            "close()",
            say!(language, "close(): the client closes its socket{}" / "close(): 클라이언트가 소켓을 닫음{}", note),
        ),
        _ => (
            "shutdown()",
            say!(
                language,
                "shutdown(): the client closes its sending side{}" / "shutdown(): 클라이언트가 보내는 쪽을 닫음{}",
                note
            ),
        ),
    };
    Step::event("client-shut", at.clone(), say!(language, "shut" / "닫음"), title)
        .captioned(caption)
        .known_by_its_time(language)
}

fn complete(transfer: &Transfer) -> Option<Nanoseconds> {
    transfer.exchange.as_ref()?.stages.complete.value().copied()
}
