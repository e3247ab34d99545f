//! What both halves say in the same words: of either end, seen from either.

use super::say::{count, say};
use super::step::{Bound, Direction, Known, Place, Step, how};
use crate::language::Language;
use crate::language::particle::{AND, OBJECT, SUBJECT, TOPIC};
use crate::record::{End, Figure, Nanoseconds, Source, Tcp, TimeWait, Why};
use crate::story::layout::{grouped, span};
use crate::story::parties::Party;
use std::net::SocketAddr;

pub(super) fn bytes(count: u64, language: Language) -> String {
    count!(language, count, "byte", "bytes" / "{}바이트")
}

pub(super) fn reads(count: u32, language: Language) -> String {
    count!(language, count, "read", "reads" / "{}회 읽음")
}

pub(super) fn writes(count: u32, language: Language) -> String {
    count!(language, count, "write", "writes" / "{}회 씀")
}

/// The end, as the subject of a sentence.
fn subject(party: Party, language: Language) -> String {
    say!(language, "the {}" / "{}", SUBJECT.after(party.name(language), language))
}

/// The same, of what it has.
fn of(party: Party, language: Language) -> String {
    say!(language, "the {}'s" / "{}의", party.name(language))
}

fn other(end: End) -> End {
    match end {
        End::Client => End::Server,
        End::Server => End::Client,
    }
}

/// Which way something of `end` goes.
pub(super) fn away_from(end: End) -> Direction {
    match end {
        End::Client => Direction::ToServer,
        End::Server => Direction::ToClient,
    }
}

/// Said of the end that closed first.
pub(super) fn said_first(first: &Figure<End>, end: End, language: Language) -> String {
    match first {
        Figure::Measured { value, .. } if *value == end => say!(language, ", first" / " (먼저)"),
        Figure::Derived { value, .. } if *value == end => say!(language, ", ~first" / " (~먼저)"),
        _ => String::new(),
    }
}

/// The other end read the FIN of `end`: an event inside, at the time of the read.
pub(super) fn fin_read(
    end: impl Into<Party>,
    at: &Figure<Nanoseconds>,
    is_half: bool,
    said_first: &str,
    language: Language,
) -> Step {
    let party = end.into();
    let who = subject(party, language);
    let title = match is_half {
        true => say!(
            language,
            "read() returned 0: {} has closed its sending side (half-close){}"
                / "read()가 0을 돌려줌: {} 보내는 쪽을 닫음(하프 클로즈){}",
            who,
            said_first
        ),
        false => say!(
            language,
            "read() returned 0: {} has closed its sending side{}" / "read()가 0을 돌려줌: {} 보내는 쪽을 닫음{}",
            who,
            said_first
        ),
    };
    let whose = of(party, language);
    let sentence = say!(
        language,
        "{} FIN has been read: no more bytes come from it." / "{} FIN까지 읽었습니다. 더 오는 바이트는 없습니다.",
        capital(&whose)
    );
    Step::event(end_id(party.end()), at.clone(), "FIN", title)
        .captioned("read() = 0")
        .known_by_its_time(language)
        .saying(sentence)
}

/// What CLOSE_WAIT shows, and what it leaves open.
pub(super) fn sends_no_more(party: Party, language: Language) -> String {
    say!(
        language,
        "The {} sends nothing more. Whether it still reads (a half-close) or has closed its socket, a FIN does not tell."
            / "{} 더 보내지 않습니다. 아직 읽는지(하프 클로즈), 소켓을 아예 닫았는지는 FIN만으로 알 수 없습니다.",
        TOPIC.after(party.name(language), language)
    )
}

/// A call failed, and so it is known that `end` reset the connection.
pub(super) fn reset_found(
    end: impl Into<Party>,
    at: &Figure<Nanoseconds>,
    said_first: &str,
    language: Language,
) -> Step {
    let party = end.into();
    let title = say!(
        language,
        "a call failed: {} reset the connection{}" / "호출이 실패함: {} 연결을 리셋함{}",
        subject(party, language),
        said_first
    );
    let finder = subject(other(party.end()).into(), language);
    let sentence = say!(
        language,
        "A reset ends both directions at once. It comes where a program closed with bytes unread, or asked for it (SO_LINGER 0), where bytes reach a socket that is closed, or from a firewall in between. What was on its way is lost. This is when {} found it."
            / "리셋은 두 방향을 한꺼번에 끝냅니다. 프로그램이 읽지 않은 바이트를 두고 닫거나 리셋을 요청했을 때(SO_LINGER 0), 닫힌 소켓에 바이트가 올 때, 또는 중간의 방화벽이 보냅니다. 가던 것은 사라집니다. {} 이를 안 때입니다.",
        finder
    );
    Step::event("reset", at.clone(), "RST", title).known_by(at, language).saying(sentence)
}

/// The same step, saying what would show when it arrived, unless that is shown.
pub(super) fn when_it_arrived(step: Step, is_captured: bool, language: Language) -> Step {
    if is_captured {
        return step;
    }
    let hint = say!(language, "Packets would show when it arrived." / "언제 도착했는지는 패킷에 보입니다.");
    let sentence = format!("{} {hint}", step.sentence);
    step.saying(sentence)
}

/// What is said of a FIN of `end` that was seen, and what it means.
pub(super) fn fin_seen(end: impl Into<Party>, said_first: &str, language: Language) -> (String, String) {
    let who = subject(end.into(), language);
    let words = say!(language, "{} closed its sending side{}" / "{} 보내는 쪽을 닫음{}", who, said_first);
    (words, fin_sentence(language))
}

/// The same of a reset.
pub(super) fn reset_seen(end: impl Into<Party>, said_first: &str, language: Language) -> (String, String) {
    let who = subject(end.into(), language);
    let words = say!(language, "{} reset the connection{}" / "{} 연결을 리셋함{}", who, said_first);
    (words, reset_sentence(language))
}

/// The same of a reset that responds to a SYN: there is no connection yet.
pub(super) fn refusal_seen(language: Language) -> (String, String) {
    let words = say!(language, "the server refused the connection" / "서버가 연결을 거부함");
    let sentence = say!(
        language,
        "A reset in response to a SYN: there will be no connection."
            / "SYN에 RST로 응답했습니다. 연결은 만들어지지 않습니다."
    );
    (words, sentence)
}

fn fin_sentence(language: Language) -> String {
    say!(
        language,
        "A FIN says: no more bytes from this end. It follows the last byte, and counts as one; the other end may still send."
            / "FIN은 이쪽에서 더 보낼 바이트가 없다는 뜻입니다. 마지막 바이트 뒤에 가며 한 바이트로 셉니다. 상대는 아직 보낼 수 있습니다."
    )
}

fn reset_sentence(language: Language) -> String {
    say!(language, "A reset ends both directions at once." / "리셋은 두 방향을 한꺼번에 끝냅니다.")
}

/// `end` reset the connection itself.
pub(super) fn reset_sent(
    end: End,
    at: &Figure<Nanoseconds>,
    by: Source,
    (cause, said_first): (&str, &str),
    language: Language,
) -> Step {
    let title = say!(
        language,
        "{} reset it: {}{}" / "{} 연결을 리셋함: {}{}",
        subject(end.into(), language),
        cause,
        said_first
    );
    Step::arrow(end_id(end), away_from(end), at.clone(), "RST", title)
        .known_by(&Figure::derived((), by), language)
        .saying(reset_sentence(language))
}

/// `end` closed its own sending side: its FIN left.
pub(super) fn fin_sent(end: End, at: Figure<Nanoseconds>, by: Source, said_first: &str, language: Language) -> Step {
    let title = match by {
        Source::CloseEnds => {
            say!(language, "{} closed its socket{}" / "{} 소켓을 닫음{}", subject(end.into(), language), said_first)
        }
        _ => {
            say!(
                language,
                "{} closed its sending side{}" / "{} 보내는 쪽을 닫음{}",
                subject(end.into(), language),
                said_first
            )
        }
    };
    Step::arrow(end_id(end), away_from(end), at, "FIN", title)
        .known_by(&Figure::derived((), by), language)
        .saying(fin_sentence(language))
}

/// Why it is not known when a FIN left, and what it followed.
pub(super) fn fin_unseen(fin: &Figure<Nanoseconds>, language: Language) -> String {
    match fin {
        Figure::NotVisible { why: Why::BytesUnsent } => say!(
            language,
            "The FIN follows bytes that waited to be sent, or waits for room in a window itself. When it left is not visible without packets."
                / "FIN은 보내지 못하고 기다리던 바이트 뒤에 가거나, 스스로 윈도에 자리가 나기를 기다립니다. 언제 떠났는지는 패킷 없이는 보이지 않습니다."
        ),
        fin => say!(language, "When the FIN left: {}." / "FIN이 떠난 때: {}.", how(fin, language)),
    }
}

/// The step, at the time of a call that sent it: it left then or later, and no later than `by`.
pub(super) fn left_meanwhile(step: Step, by: &Figure<Nanoseconds>, language: Language) -> Step {
    let Some(at) = step.at.value() else { return step };
    let said = match by {
        Figure::NotVisible { why } => say!(
            language,
            "When it had left at the latest is not visible: {}." / "늦어도 언제 떠났는지는 보이지 않음: {}.",
            why.said(language)
        ),
        known if known.value() == Some(at) => return step,
        known => {
            let took = known.value().map_or(0, |by| by.saturating_sub(*at));
            say!(
                language,
                "The call that sends it took {}, and it left meanwhile."
                    / "보내는 호출이 {} 걸렸고, 그 사이에 떠났습니다.",
                span(took)
            )
        }
    };
    let sentence = format!("{} {said}", step.sentence);
    Step { bound: Some(Bound::AtLeast), ..step }.saying(sentence)
}

fn end_id(end: End) -> &'static str {
    match end {
        End::Client => "client-end",
        End::Server => "server-end",
    }
}

/// What was sent again on a connection, as the end that closes knows it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Again {
    /// Of its own segments, what the kernel counted until the close, and what was seen after it.
    pub(super) later: u64,
    /// Of the other end's, what was seen.
    pub(super) by_other: u64,
}

impl Again {
    fn words(self, counted: u32, other: Party, language: Language) -> String {
        let own = OBJECT.after(count!(language, counted, "segment", "segments" / "세그먼트 {}개"), language);
        let later = OBJECT.after(count!(language, self.later, "segment", "segments" / "세그먼트 {}개"), language);
        let own = match (counted, self.later) {
            (0, 0) => say!(language, "sent nothing again" / "재전송 안 함"),
            (_, 0) => say!(language, "sent {} again" / "{} 재전송함", own),
            (0, _) => say!(language, "sent {} again after it" / "그 뒤 {} 재전송함", later),
            (_, _) => {
                let later = grouped(self.later);
                say!(language, "sent {} again, {} more after it" / "{} 재전송함, 그 뒤 {}개 더", own, later)
            }
        };
        if self.by_other == 0 {
            return own;
        }
        let others = count!(language, self.by_other, "segment", "segments" / "세그먼트 {}개");
        say!(language, "{}, the {} {}" / "{}, {} {}", own, TOPIC.after(other.name(language), language), others)
    }
}

/// The socket of `end` is closed: what is known of the connection as a whole.
pub(super) fn closed(
    (end, at): (End, &Figure<Nanoseconds>),
    is_timeout: bool,
    (tcp, again): (Option<&Tcp>, Again),
    rtt: Option<Nanoseconds>,
    (time_wait, client): (&Figure<TimeWait>, Party),
    language: Language,
) -> Step {
    let label = match is_timeout {
        true => say!(language, "timeout" / "만료"),
        false => say!(language, "closed" / "종료"),
    };
    let other = if end == End::Server { client } else { Party::Server };
    let mut figures = Vec::new();
    figures.extend(rtt.map(|rtt| say!(language, "shortest rtt {}" / "가장 짧은 rtt {}", span(rtt))));
    figures.extend(tcp.map(|tcp| again.words(tcp.retransmissions, other, language)));
    figures.push(time_wait_words(time_wait, client, language));
    let mut sentence = tcp.map_or_else(String::new, |tcp| {
        say!(
            language,
            "Right before close(2) the kernel said: state {}." / "close(2) 직전에 커널이 말한 상태: {}.",
            tcp.state
        )
    });
    if tcp.is_some_and(|tcp| tcp.retransmissions > 0 || again.later > 0) || again.by_other > 0 {
        sentence.push_str(&say!(language, " A segment is sent again where its ACK did not come in time, or the other end reported bytes behind it first: it or that ACK was lost, late, or overtaken, or the receiver had no room." / " 제때 ACK가 오지 않거나 상대가 그 뒤의 바이트를 먼저 받았다고 알리면 세그먼트를 다시 보냅니다. 세그먼트나 ACK가 사라졌거나, 늦었거나, 순서가 바뀌었거나, 받는 쪽에 자리가 없었습니다."));
    }
    Step::event("closed", at.clone(), label, figures.join(", "))
        .captioned("close()")
        .known_by_its_time(language)
        .saying(sentence)
}

fn time_wait_words(time_wait: &Figure<TimeWait>, client: Party, language: Language) -> String {
    let mark = if matches!(time_wait, Figure::Derived { .. }) { "~" } else { "" };
    match time_wait.value() {
        Some(TimeWait::Client) => say!(language, "{}TIME_WAIT: {}" / "{}TIME_WAIT: {}", mark, client.name(language)),
        Some(TimeWait::Server) => say!(language, "{}TIME_WAIT: server" / "{}TIME_WAIT: 서버", mark),
        Some(TimeWait::Both) => say!(language, "{}TIME_WAIT: both" / "{}TIME_WAIT: 양쪽", mark),
        Some(TimeWait::Nobody) => say!(language, "{}TIME_WAIT: none" / "{}TIME_WAIT: 없음", mark),
        None => say!(language, "TIME_WAIT: not visible" / "TIME_WAIT: 보이지 않음"),
    }
}

/// Who is left in TIME_WAIT: a state of one end, or of each.
pub(super) fn time_wait(
    time_wait: &Figure<TimeWait>,
    (client, server): (SocketAddr, SocketAddr),
    language: Language,
) -> Vec<Step> {
    let places: &[(&str, Place)] = match time_wait.value() {
        Some(TimeWait::Client) => &[("time-wait", Place::Client)],
        Some(TimeWait::Server) => &[("time-wait", Place::Server)],
        Some(TimeWait::Both) => &[("time-wait", Place::Client), ("time-wait-server", Place::Server)],
        Some(TimeWait::Nobody) | None => {
            let note = Step::note("time-wait", time_wait_words(time_wait, Party::Client, language))
                .known_by(time_wait, language);
            return vec![Step { is_drawn_only: true, ..note }];
        }
    };
    let who = match time_wait.value() {
        Some(TimeWait::Both) => say!(
            language,
            "Both ends closed before the other's FIN had come (a simultaneous close), and each"
                / "양쪽이 상대의 FIN이 오기 전에 닫아(동시 종료) 저마다"
        ),
        _ => say!(language, "The end that closed first" / "먼저 닫은 쪽이"),
    };
    let sentence = say!(
        language,
        "{} keeps the pair {} and {} reserved for a while (60 s on Linux), so that it can repeat its last ACK, and stray segments do not end up in a later connection."
            / "{} {} {}의 쌍을 한동안(리눅스에서 60초) 붙들어, 마지막 ACK를 되풀이할 수 있게 하고 떠돌던 세그먼트가 다음 연결에 섞이지 않게 합니다.",
        who,
        AND.after(client, language),
        server
    );
    let step = |(id, place): &(&str, Place)| {
        Step::wait(*id, *place, Known::Derived, "TIME_WAIT".to_owned())
            .known_by(time_wait, language)
            .saying(sentence.clone())
    };
    places.iter().map(step).collect()
}

pub(super) fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

/// The TCP of `end` has acknowledged the last byte of a whole message.
pub(super) fn has_all(end: impl Into<Party>, language: Language) -> String {
    say!(language, "{} TCP has all of it" / "{} TCP가 모두 받음", of(end.into(), language))
}

pub(super) fn has_all_sentence(end: impl Into<Party>, language: Language) -> String {
    let whose = of(end.into(), language);
    say!(
        language,
        "{} TCP has the bytes; this does not show whether the program has read them."
            / "{} TCP가 바이트를 받았습니다. 프로그램이 읽었는지는 이것으로 알 수 없습니다.",
        capital(&whose)
    )
}
