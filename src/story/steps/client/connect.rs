//! How the client came by a connection: each address that was tried, and what
//! came of it; or the connection that was kept.

use crate::language::Language;
use crate::record::Nanoseconds;
use crate::record::transfer::{Attempt, Connect, ConnectOutcome, FetchRecord, Transfer};
use crate::story::layout::{grouped, span};
use crate::story::steps::roles::Roles;
use crate::story::steps::say::say;
use crate::story::steps::step::{Direction, Step, by_clock};

pub(super) fn steps(transfer: &Transfer, before: &FetchRecord, roles: &Roles<'_>, language: Language) -> Vec<Step> {
    let mut steps: Vec<Step> = reused(transfer, language).into_iter().collect();
    steps.extend(known_name(transfer, before, language));
    let connect = transfer.connect.as_ref();
    let attempts = connect.iter().flat_map(|connect| &connect.attempts);
    for (number, attempt) in (1..).zip(attempts) {
        steps.push(call(number, attempt, language));
        let is_reset = is_refused_by_reset(attempt, transfer, roles);
        steps.push(outcome((number, attempt), connect, is_reset, language));
    }
    steps
}

/// Whether the segments that were seen are those of the attempt, and one of them is the reset that refused it.
fn is_refused_by_reset(attempt: &Attempt, transfer: &Transfer, roles: &Roles<'_>) -> bool {
    let has_reset = roles.segments().is_some_and(|segments| segments.moments.server_reset.is_some());
    has_reset && refused(transfer).is_some_and(|refused| std::ptr::eq(refused, attempt))
}

/// The attempt whose segments a transfer has, where it was refused.
pub(super) fn refused(transfer: &Transfer) -> Option<&Attempt> {
    let seen = transfer.connect.as_ref().filter(|_| transfer.ends.is_none())?.seen()?;
    (seen.outcome == ConnectOutcome::Refused).then_some(seen)
}

fn reused(transfer: &Transfer, language: Language) -> Option<Step> {
    let reuse = transfer.reuse.as_ref()?;
    let number = transfer.connection.unwrap_or_default();
    if transfer.exchange.is_none() {
        // Nothing was asked on it.
        let title = say!(language, "connection {}, idle for {}" / "{1} 쉬던 연결 {0}", number, span(reuse.idle));
        let label = say!(language, "kept" / "유지");
        return Some(Step::event("reused", by_clock(transfer.began), label, title).known_by_its_time(language));
    }
    let title = say!(
        language,
        "connection {}, idle for {}: no handshake, which had taken {}"
            / "{1} 쉬던 연결 {0}: 핸드셰이크 없음(처음에는 {2} 걸림)",
        number,
        span(reuse.idle),
        span(reuse.saved)
    );
    let label = say!(language, "reused" / "재사용");
    Some(Step::event("reused", by_clock(transfer.began), label, title).known_by_its_time(language))
}

/// A new connection to a name that was looked up before.
fn known_name(transfer: &Transfer, before: &FetchRecord, language: Language) -> Option<Step> {
    if transfer.connect.is_none() || transfer.name.is_some() {
        return None;
    }
    let had_ended = before.transfers.last().is_some_and(|last| last.is_kept && last.close.is_some());
    let title = match had_ended {
        true => say!(
            language,
            "known from before; the keep-alive connection had ended meanwhile"
                / "앞에서 알아낸 이름. 유지하던 연결은 그사이 끝나 있었음"
        ),
        false => say!(language, "known from before" / "앞에서 알아낸 이름"),
    };
    let label = say!(language, "name" / "이름");
    Some(Step::event("name", by_clock(transfer.began), label, title).known_by_its_time(language))
}

/// connect(2): a SYN leaves, unless the call failed at once.
fn call(number: u32, attempt: &Attempt, language: Language) -> Step {
    let id = format!("connect-{number}");
    let label = say!(language, "connect" / "연결");
    let server = attempt.server;
    let title = match attempt.client {
        Some(client) => say!(language, "{} from port {}" / "{}, 이쪽 포트 {}", server, client.port()),
        None => server.to_string(),
    };
    let is_sent = !matches!(attempt.outcome, ConnectOutcome::Unreachable { .. } | ConnectOutcome::Failed { .. });
    let step = match is_sent {
        true => Step::arrow(id, Direction::ToServer, by_clock(attempt.began), label, title),
        false => Step::event(id, by_clock(attempt.began), label, title),
    };
    let sentence = say!(
        language,
        "connect(2) makes the client's kernel send a SYN." / "connect(2)를 부르면 클라이언트의 커널이 SYN을 보냅니다."
    );
    step.captioned("connect()").known_by_its_time(language).saying(if is_sent { sentence } else { String::new() })
}

/// `is_reset`: a reset was seen that refused it.
fn outcome((number, attempt): (u32, &Attempt), connect: Option<&Connect>, is_reset: bool, language: Language) -> Step {
    let took = span(attempt.ended - attempt.began);
    let (label, title, sentence) = match &attempt.outcome {
        ConnectOutcome::Connected => {
            (say!(language, "open" / "연결됨"), opened(&took, attempt, connect, language), {
                say!(
                    language,
                    "The server's SYN+ACK had come by then, and the client's kernel acknowledges it: for the client the connection is complete."
                        / "그때까지 서버의 SYN+ACK가 왔고 클라이언트의 커널이 ACK를 보냅니다. 클라이언트에게는 연결이 완성되었습니다."
                )
            })
        }
        ConnectOutcome::Refused => {
            (say!(language, "refused" / "거부"), refused_by(&took, is_reset, language), String::new())
        }
        ConnectOutcome::TimedOut => (
            say!(language, "timeout" / "만료"),
            with_syns(
                say!(language, "nothing came back in {}" / "{} 동안 아무것도 오지 않음", took),
                attempt,
                language,
            ),
            String::new(),
        ),
        ConnectOutcome::Abandoned => (
            say!(language, "dropped" / "포기"),
            with_syns(
                say!(language, "after {}: another address responded first" / "{} 뒤: 다른 주소가 먼저 응답함", took),
                attempt,
                language,
            ),
            String::new(),
        ),
        ConnectOutcome::Interrupted => (
            say!(language, "stopped" / "중단"),
            with_syns(
                say!(
                    language,
                    "by Ctrl-C after {}; nothing had come back" / "{} 만에 Ctrl-C로; 그때까지 온 것이 없음",
                    took
                ),
                attempt,
                language,
            ),
            String::new(),
        ),
        ConnectOutcome::Unreachable { why } => (say!(language, "no path" / "불통"), why.said(language), String::new()),
        ConnectOutcome::Failed { why } => (say!(language, "failed" / "실패"), why.said(language), String::new()),
    };
    // Rows of several attempts are told apart by their address.
    let is_one_of_several = connect.is_some_and(|connect| connect.attempts.len() > 1);
    let title = if is_one_of_several { format!("{}: {title}", attempt.server) } else { title };
    let why = if is_again(attempt) { again_sentence(language) } else { String::new() };
    let sentence = [sentence, why].into_iter().filter(|text| !text.is_empty()).collect::<Vec<_>>().join(" ");
    Step::event(format!("open-{number}"), by_clock(attempt.ended), label, title)
        .captioned("connect() = 0")
        .known_by_its_time(language)
        .saying(sentence)
}

fn refused_by(took: &str, is_reset: bool, language: Language) -> String {
    let by = match is_reset {
        true => say!(language, "after {}, by a reset" / "{} 만에 RST로 거부됨", took),
        false => say!(language, "after {}, by a reset or ICMP" / "{} 만에 RST나 ICMP로 거부됨", took),
    };
    say!(
        language,
        "{}: nothing listens there, or a firewall rejects it" / "{}: 그 포트에서 기다리는 서버가 없거나 방화벽이 막음",
        by
    )
}

fn is_again(attempt: &Attempt) -> bool {
    attempt.syn_again.value().is_some_and(|again| *again > 0)
}

/// Why a SYN is sent again: what can have become of the ones before.
fn again_sentence(language: Language) -> String {
    say!(
        language,
        "A SYN is sent again while no response has come, on Linux after 1 s, then 2 s more, and so on: it or its SYN+ACK was lost or merely late, or the server's accept queue had no room. Packets would show which."
            / "응답이 오지 않는 동안 SYN을 다시 보냅니다(리눅스에서는 1초 뒤, 다시 2초 뒤…). SYN이나 SYN+ACK가 사라졌거나 늦었을 뿐이거나, 서버의 수락 대기열에 자리가 없었습니다. 어느 쪽인지는 패킷에 보입니다."
    )
}

/// `title`, and how often the SYN was sent.
fn with_syns(title: String, attempt: &Attempt, language: Language) -> String {
    match attempt.syn_again.value() {
        Some(again) if *again > 0 => {
            say!(language, "{}; the SYN was sent {} times" / "{}; SYN을 {}번 보냄", title, again + 1)
        }
        _ => title,
    }
}

fn opened(took: &str, attempt: &Attempt, connect: Option<&Connect>, language: Language) -> String {
    let mut parts = vec![say!(language, "after {}" / "{} 만에", took)];
    parts.extend(match attempt.syn_again.value() {
        Some(1) => Some(say!(
            language,
            "no response had come within the retransmission timeout (1 s on Linux), so the SYN was sent again"
                / "재전송 타임아웃(리눅스에서는 1초) 안에 응답이 오지 않아 SYN을 다시 보냄"
        )),
        Some(again) if *again > 1 => Some(say!(
            language,
            "no response had come within the retransmission timeout (1 s on Linux, then doubled), so the SYN was sent again {} times"
                / "재전송 타임아웃(리눅스에서는 1초, 그다음은 두 배씩) 안에 응답이 오지 않아 SYN을 {}번 다시 보냄",
            again
        )),
        _ => None,
    });
    parts.extend(connect.and_then(|connect| connect.rtt.value()).map(|rtt| format!("rtt {}", span(*rtt))));
    if let Some(agreed) = connect.and_then(|connect| connect.negotiated.value()) {
        let size = grouped(agreed.segment_size.into());
        parts.extend(agreed.announced_mss.map(|mss| {
            say!(language, "MSS {} announced by the client" / "클라이언트가 알린 MSS {}", grouped(mss.into()))
        }));
        parts.push(say!(language, "segments of up to {} bytes for now" / "지금은 세그먼트당 {}바이트까지", size));
        parts.extend(
            agreed
                .window_scales
                .map(|(own, other)| say!(language, "window scales {} and {}" / "윈도 스케일 {}, {}", own, other)),
        );
        parts.extend(agreed.sack.then(|| "SACK".to_owned()));
        parts.extend(agreed.timestamps.then(|| say!(language, "timestamps" / "타임스탬프")));
    }
    parts.join(", ")
}

/// When connect(2) was called for the connection that was made, and when it was over.
pub(crate) fn made(connect: &Connect) -> Option<(Nanoseconds, Nanoseconds)> {
    let attempt = connect.attempts.iter().find(|attempt| attempt.outcome == ConnectOutcome::Connected)?;
    Some((attempt.began, attempt.ended))
}
