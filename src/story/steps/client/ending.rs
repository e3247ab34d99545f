//! The end of a connection as the client knows it.

use crate::language::Language;
use crate::record::transfer::{ClientClose, Transfer};
use crate::record::{End, Figure, How, Nanoseconds, Source};
use crate::story::parties::Party;
use crate::story::steps::phrase::{
    Again, closed, fin_read, fin_sent, fin_unseen, left_meanwhile, reset_found, reset_sent, said_first, time_wait,
};
use crate::story::steps::roles::Roles;
use crate::story::steps::say::say;
use crate::story::steps::segments;
use crate::story::steps::step::{Known, Step, how};

pub(super) fn steps(close: &ClientClose, transfer: &Transfer, roles: &Roles<'_>, language: Language) -> Vec<Step> {
    let client = client_end(close, transfer, roles, language);
    let mut ends: Vec<Step> = server_end(close, roles, language).into_iter().chain(client).collect();
    if close.first.value() == Some(&End::Client) {
        ends.reverse();
    }
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

fn client_end(close: &ClientClose, transfer: &Transfer, roles: &Roles<'_>, language: Language) -> Option<Step> {
    let at = &close.client_end;
    let is_seen = is_seen(End::Client, roles);
    let first = if is_seen { String::new() } else { said_first(&close.first, End::Client, language) };
    match close.how {
        How::ResetByServer => None, // nothing of the client's leaves after a reset
        How::ResetByClient => {
            let (by, cause) = match at {
                Figure::Derived { from: Source::UnreadAtClose, .. } => (
                    Source::UnreadAtClose,
                    say!(language, "it closed with bytes unread" / "읽지 않은 바이트를 두고 닫음"),
                ),
                _ => (
                    Source::NoLinger,
                    say!(language, "it stopped before the end of the response" / "응답이 끝나기 전에 그만둠"),
                ),
            };
            let reset = reset_sent(End::Client, at, by, (&cause, &first), language);
            Some(left_meanwhile(reset, &close.left_by, language))
        }
        How::Fin | How::Timeout | How::Lost | How::Closed => {
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
    }
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
