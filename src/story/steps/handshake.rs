//! The beginning of a connection: SYN, SYN+ACK, ACK, the accept queue, accept.
//!
//! ```text
//!   client            server's kernel            server
//!     │─── SYN ──────────▶│                         │
//!     │◀── SYN+ACK ───────│                         │   at most: ACK less the round trip
//!     │─── ACK ──────────▶│                         │   at most: accept less the wait
//!     │                   ├── accept queue ────────▶│   0: accept(2) returned
//! ```

use super::order::{Limits, Wait, first_arrival, wait};
use super::phrase::sends_no_more;
use super::roles::{Role, Roles};
use super::say::{count, say};
use super::segments;
use super::step::{Bound, Direction, Known, Place, Step, how};
use crate::language::Language;
use crate::language::particle::{SUBJECT, TOPIC};
use crate::record::connection::{Handshake, Record};
use crate::record::{Figure, Nanoseconds, Source, Syn, Why};
use crate::story::layout::{grouped, span};
use crate::story::parties::Party;

pub(super) fn steps(
    record: &Record,
    arrival: Option<Nanoseconds>,
    limits: Option<Limits>,
    roles: &Roles<'_>,
    language: Language,
) -> Vec<Step> {
    let (handshake, client) = (&record.handshake, Party::of_client(record));
    let wait = wait(handshake, arrival, limits.map(|limits| limits.began));
    let limits = limits.map(|limits| Limits { ended: limits.ended.min(arrival.unwrap_or(0)).min(0), ..limits });
    let by_server = complete(handshake, wait, roles);
    let (complete, bound) = match roles.is_first_ack_dropped() {
        true => by_accept(by_server.clone()),
        false => by_connect(by_server.clone(), limits),
    };
    let mut steps = vec![
        syn(handshake, client, language),
        syn_ack(handshake, by_server, (&complete, bound), (limits, roles.is_captured()), language),
        ack(handshake, complete, bound, language),
    ];
    if roles.is_captured() {
        seen(&mut steps, arrival, (roles, client), language);
    }
    steps.extend(queue(handshake, wait, language));
    steps.push(accept(record, wait, language));
    // Where its FIN was seen, that says it.
    let is_seen = record.segments.as_ref().is_some_and(|segments| segments.moments.client_fin.is_some());
    if !is_seen && handshake.state.value().is_some_and(|state| state == "CLOSE_WAIT") {
        let title = say!(
            language,
            "the {} had closed its sending side by then (CLOSE_WAIT)" / "그때 {} 이미 보내는 쪽을 닫음(CLOSE_WAIT)",
            TOPIC.after(client.name(language), language)
        );
        let sentence = sends_no_more(client, language);
        let at = Figure::measured(0, Source::StateAtAccept);
        // The kernel was asked when accept(2) had returned.
        let step = Step::event("half-closed", at, say!(language, "state" / "상태"), title);
        let step = Step { bound: Some(Bound::AtLeast), ..step };
        steps.push(step.known_by(&handshake.state, language).saying(sentence));
    }
    steps
}

/// SYN, SYN+ACK and ACK become the segments that were seen, each at its time;
/// one that would break the order of cause has none.
fn seen(steps: &mut [Step], arrival: Option<Nanoseconds>, (roles, client): (&Roles<'_>, Party), language: Language) {
    let mut latest = Nanoseconds::MIN;
    let most = arrival.unwrap_or(0).min(0);
    for (step, role) in steps.iter_mut().zip([Role::Syn, Role::SynAck, Role::Ack]) {
        let Some(cast) = roles.get(role) else {
            // What was worked out does not stand before what was seen.
            if step.at.value().is_some_and(|at| *at < latest) {
                (step.at, step.bound) = (Figure::not_visible(Why::BeforeItsCause), None);
            }
            if role == Role::Ack {
                *step = match roles.is_first_ack_dropped() {
                    true => not_by_the_first_ack(step, client, language),
                    false => not_by_an_ack(step, client, language),
                };
            }
            continue;
        };
        let words = if role == Role::Ack { step.title.as_str() } else { "" };
        let arrow = segments::arrow(&step.id, cast.numbered, words, language);
        let at = cast.numbered.segment.at;
        let is_in_order = (latest..=most).contains(&at);
        let at = if is_in_order { arrow.at.clone() } else { Figure::not_visible(Why::BeforeItsCause) };
        let sentence = format!("{} {}", step.sentence, arrow.sentence).trim().to_owned();
        *step = Step { at, sentence, ..arrow };
        latest = step.at.value().copied().unwrap_or(latest);
    }
}

/// Without an ACK of its own a connection is complete by whatever acknowledged the SYN+ACK first.
fn not_by_an_ack(step: &Step, client: Party, language: Language) -> Step {
    let sentence = say!(
        language,
        "No ACK without data was the first to acknowledge the SYN+ACK here: the {}'s first segment that does completes the handshake, a request, too."
            / "여기서 SYN+ACK를 처음 확인한 것은 데이터 없는 ACK가 아닙니다. 이를 확인하는 {}의 첫 세그먼트가, 요청이라도, 핸드셰이크를 끝냅니다.",
        client.name(language)
    );
    let at = Figure::not_visible(Why::NotSeen);
    let title = say!(language, "{}: not by an ACK alone" / "{}: ACK만으로 끝나지 않음", step.title);
    let event = Step::event("ack", at, say!(language, "state" / "상태"), title);
    event.known_by(&Figure::derived((), Source::StateAtAccept), language).saying(sentence)
}

/// The kernel has it complete since later than the first ACK: a segment behind that one completed it.
fn not_by_the_first_ack(step: &Step, client: Party, language: Language) -> Step {
    let sentence = say!(
        language,
        "The server's kernel did not take the first ACK: a later segment of the {}'s completed the handshake. A full accept queue is a reason to drop an ACK, and data that comes with it or behind it; both ends then send theirs again."
            / "서버의 커널이 첫 ACK를 받아들이지 않았고, {}의 나중 세그먼트가 핸드셰이크를 끝냈습니다. 수락 대기열이 가득 차면 커널은 ACK를, 함께 온 데이터와 뒤이은 데이터까지 버립니다. 그러면 양쪽이 각자의 것을 다시 보냅니다.",
        client.name(language)
    );
    let title = say!(language, "{}: not by the first ACK" / "{}: 첫 ACK로 끝나지 않음", step.title);
    let event = Step::event("ack", step.at.clone(), say!(language, "state" / "상태"), title);
    let event = Step { bound: step.bound, place: Place::Wire, ..event };
    event.known_by(&Figure::derived((), Source::StateAtAccept), language).saying(sentence)
}

/// At the accept at the latest.
fn by_accept((complete, bound): (Figure<Nanoseconds>, Option<Bound>)) -> (Figure<Nanoseconds>, Option<Bound>) {
    match complete.value() {
        Some(_) => (complete, bound),
        None => (Figure::derived(0, Source::StateAtAccept), Some(Bound::AtMost)),
    }
}

/// When the handshake was complete: no later than this. Where packets are captured, the ACK says
/// it, or nothing does, unless the kernel did not take that one.
fn complete(handshake: &Handshake, wait: Wait, roles: &Roles<'_>) -> (Figure<Nanoseconds>, Option<Bound>) {
    if roles.is_captured() && !roles.is_first_ack_dropped() {
        return (Figure::not_visible(Why::NotSeen), None);
    }
    match wait {
        Wait::About(age) => (handshake.queued.map(|_| age.saturating_neg()), Some(Bound::About)),
        Wait::AtLeast(least) => {
            (Figure::derived(least.saturating_neg(), Source::ArrivalBeforeAccept), Some(Bound::AtMost))
        }
        Wait::Under(_) => (Figure::not_visible(Why::QueueTooShort), None),
        Wait::Unknown => (handshake.queued.map(|_| 0), None),
    }
}

/// The same, by what the client saw: its ACK had left when connect(2) was over.
fn by_connect(
    (complete, bound): (Figure<Nanoseconds>, Option<Bound>),
    limits: Option<Limits>,
) -> (Figure<Nanoseconds>, Option<Bound>) {
    match limits {
        Some(limits) if complete.value().is_none_or(|complete| *complete > limits.ended) => {
            (Figure::derived(limits.ended, Source::ConnectOver), Some(Bound::AtMost))
        }
        _ => (complete, bound),
    }
}

fn syn(handshake: &Handshake, client: Party, language: Language) -> Step {
    let at = Figure::not_visible(Why::SynTime);
    let Some(syn) = handshake.syn.value() else {
        let title = say!(language, "SYN: {}" / "SYN: {}", how(&handshake.syn, language));
        return Step::note("syn", title).known_by(&handshake.syn, language);
    };
    let sentence = say!(
        language,
        "The {} asks for a connection, and says where its byte numbers begin ({}), and how large a segment it accepts."
            / "{} 연결을 요청하며 바이트 번호의 시작({})과 받을 수 있는 세그먼트의 크기를 알립니다.",
        SUBJECT.after(client.name(language), language),
        syn.sequence
    );
    Step::arrow("syn", Direction::ToServer, at, "SYN", syn_figures(syn, language))
        .captioned(format!("SYN seq {}", syn.sequence))
        .known_by(&handshake.syn, language)
        .saying(sentence)
}

fn syn_figures(syn: &Syn, language: Language) -> String {
    let is_ipv6 = syn.headers.starts_with('6'); // as it came: the socket of a mapped address is one of IPv6
    let mut figures = vec![format!("seq {}", syn.sequence)];
    figures.extend(syn.mss.map(|mss| format!("MSS {mss}")));
    figures.extend(syn.window_scale.map(|scale| say!(language, "window scale {}" / "윈도 스케일 {}", scale)));
    figures.extend(syn.sack_permitted.then(|| "SACK".to_owned()));
    figures.push(match is_ipv6 {
        true => say!(language, "hop limit {}" / "홉 제한 {}", syn.ttl),
        false => format!("TTL {}", syn.ttl),
    });
    figures.join(", ")
}

fn syn_ack(
    handshake: &Handshake,
    (by_server, its_bound): (Figure<Nanoseconds>, Option<Bound>),
    (complete, bound): (&Figure<Nanoseconds>, Option<Bound>),
    (limits, is_captured): (Option<Limits>, bool),
    language: Language,
) -> Step {
    // The server's round trip ends where the ACK arrives, and that is later than the client's connect(2) ended.
    let less_rtt = by_server.value().zip(handshake.rtt.value()).map(|(ack, rtt)| ack.saturating_sub(*rtt));
    let (at, bound) = match (less_rtt, limits) {
        (Some(at), None) => (Figure::derived(at, Source::AckLessRtt), its_bound),
        (Some(at), Some(limits)) if (limits.began..=limits.ended).contains(&at) => {
            (Figure::derived(at, Source::AckLessRtt), its_bound)
        }
        // No later than the ACK, which is no later than the end of connect(2).
        (_, Some(_)) => (complete.clone(), bound),
        (None, None) => (Figure::not_visible(Why::SynAckTime), bound),
    };
    let ack = handshake.syn.value().map(|syn| format!("ack ~{}", syn.sequence.wrapping_add(1)));
    let own = match &handshake.server_sequence {
        Figure::Measured { value, .. } | Figure::Derived { value, .. } => format!("seq {value}"),
        Figure::NotVisible { why: Why::BeginningNotSeen } => say!(
            language,
            "its own seq: not seen, for its packet passed unread" / "서버의 seq: 패킷이 읽히지 않고 지나가 보지 못함"
        ),
        Figure::NotVisible { .. } if is_captured => {
            say!(language, "its own seq: not seen" / "서버의 seq: 캡처되지 않음")
        }
        Figure::NotVisible { .. } => {
            say!(language, "its own seq: not visible without packets" / "서버의 seq: 패킷 없이는 보이지 않음")
        }
    };
    let title = ack.iter().cloned().chain([own]).collect::<Vec<_>>().join("; ");
    let sentence = say!(
        language,
        "The server's kernel agrees, and says where its own byte numbers begin. No program is involved yet."
            / "서버의 커널이 동의하며 자기 바이트 번호의 시작을 알립니다. 아직 프로그램은 관여하지 않습니다."
    );
    let caption = ack.map_or_else(|| "SYN+ACK".to_owned(), |ack| format!("SYN+ACK {ack}"));
    let step = Step::arrow("syn-ack", Direction::ToClient, at, "SYN+ACK", title);
    let bound = bound.filter(|_| step.at.value().is_some());
    Step { bound, ..step }
        .captioned(caption)
        .known_by(&Figure::derived((), Source::Complete), language)
        .saying(sentence)
}

fn ack(handshake: &Handshake, complete: Figure<Nanoseconds>, bound: Option<Bound>, language: Language) -> Step {
    let mut title = say!(language, "the handshake is complete" / "3-way 핸드셰이크 완료");
    if let Some(rtt) = handshake.rtt.value() {
        title = format!("{title}, rtt {}", span(*rtt));
    }
    let sentence = say!(
        language,
        "The last step of the three-way handshake. From here on the connection is complete and stays in the accept queue until the server accepts it."
            / "3-way 핸드셰이크의 마지막 단계입니다. 이제 연결은 완성되어, 서버가 가져갈 때까지 수락 대기열에 있습니다."
    );
    let step = Step::arrow("ack", Direction::ToServer, complete, "ACK", title);
    Step { bound, ..step }.known_by(&Figure::derived((), Source::Complete), language).saying(sentence)
}

/// How long a connection waited in the accept queue, in words; `None` where nothing reports it.
pub(crate) fn waited_in_queue(record: &Record, language: Language) -> Option<String> {
    waited(&record.handshake, wait(&record.handshake, first_arrival(record), None), language)
}

/// How long it waited, in words; `None` where nothing reports it.
fn waited(handshake: &Handshake, wait: Wait, language: Language) -> Option<String> {
    let upper = handshake.queued.value().map(|_| span(handshake.tick.saturating_mul(2)));
    Some(match (wait, upper) {
        (Wait::About(age), _) if handshake.tick <= age / 100 => {
            say!(language, "queued for {}" / "대기열에서 {}", span(age))
        }
        (Wait::About(age), _) => {
            say!(language, "queued for {} ± {}" / "대기열에서 {} ± {}", span(age), span(handshake.tick))
        }
        (Wait::AtLeast(least), Some(upper)) if least < handshake.tick.saturating_mul(2) => {
            say!(language, "queued for at least {}, under {}" / "대기열에서 {} 이상 {} 미만", span(least), upper)
        }
        (Wait::AtLeast(least), _) => say!(language, "queued for at least {}" / "대기열에서 {} 이상", span(least)),
        (Wait::Under(most), _) => say!(language, "queued for under {}" / "대기열에서 {} 미만", span(most)),
        (Wait::Unknown, _) => return None,
    })
}

fn queue(handshake: &Handshake, wait: Wait, language: Language) -> Option<Step> {
    let known = match wait {
        Wait::About(_) | Wait::AtLeast(_) => Known::Derived,
        Wait::Under(_) | Wait::Unknown => return None,
    };
    let title = say!(language, "accept queue: {}" / "수락 대기열: {}", waited(handshake, wait, language)?);
    let sentence = say!(
        language,
        "The connection was complete, and the server had not called accept(2) for it yet: it was busy with something else, or being woken."
            / "연결은 완성되었으나 서버가 아직 accept(2)로 가져가지 않았습니다. 다른 일을 하고 있었거나 깨어나는 중이었습니다."
    );
    let step = Step::wait("queue", Place::Server, known, title).saying(sentence);
    Some(Step { how: how(&handshake.queued, language), ..step })
}

fn accept(record: &Record, wait: Wait, language: Language) -> Step {
    let handshake = &record.handshake;
    let mut figures: Vec<String> = waited(handshake, wait, language).into_iter().collect();
    if let Some(queue) = handshake.queue.value() {
        let waiting = count!(language, queue.waiting, "other waits there", "others wait there" / "{}개가 더 기다림");
        figures.push(say!(language, "{} (backlog {})" / "{} (백로그 {})", waiting, grouped(queue.backlog.into())));
    }
    let sentence = say!(
        language,
        "accept(2) gives the server a socket for this {} alone ({}). All times count from here."
            / "accept(2)가 이 {}만을 위한 소켓을 서버에 줍니다({}). 모든 시각은 여기서부터 셉니다.",
        Party::of_client(record).name(language),
        record.model
    );
    accepted(figures.join("; "), sentence, language)
}

/// The accept, from which all times count.
pub(super) fn accepted(title: String, sentence: String, language: Language) -> Step {
    let label = say!(language, "accept" / "수락");
    Step::event("accept", Figure::measured(0, Source::Accept), label, title)
        .captioned("accept()")
        .known_by_its_time(language)
        .saying(sentence)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_syn_is_told_by_its_own_header_whatever_family_the_socket_has() {
        let figures = |headers: &str| {
            let json = serde_json::json!({"sequence": 1, "mss": 1460, "window": 1, "window_scale": null,
                "sack_permitted": false, "timestamp": null, "ttl": 63, "headers": headers});
            syn_figures(&serde_json::from_value(json).expect("a SYN"), Language::English)
        };
        assert!(figures("4500003c").ends_with("TTL 63"), "of an IPv4-mapped client, too");
        assert!(figures("6000000000").ends_with("hop limit 63"));
    }

    /// Of a wire of 20 ms each way: the ACK is at the server 20 ms after connect(2) is over at the client.
    #[test]
    fn the_round_trip_is_subtracted_from_the_ack_at_the_server() {
        const MS: Nanoseconds = 1_000_000;
        let mut handshake = Record::example().handshake;
        handshake.rtt = Figure::measured(40 * MS, Source::TcpInfo);
        let by_server = (Figure::derived(0, Source::ArrivalBeforeAccept), Some(Bound::AtMost));
        let limits = Some(Limits { began: -60 * MS, ended: -20 * MS });
        let (complete, bound) = by_connect(by_server.clone(), limits);
        assert_eq!(complete.value(), Some(&(-20 * MS)));
        let step = syn_ack(&handshake, by_server, (&complete, bound), (limits, false), Language::English);
        assert_eq!((step.at.value(), step.bound), (Some(&(-40 * MS)), Some(Bound::AtMost)));
    }
}
