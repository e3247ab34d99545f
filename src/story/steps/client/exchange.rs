//! A request and its response, as the client sent and read them.

use crate::language::Language;
use crate::record::transfer::{ClientExchange, Framing, Interim, Response};
use crate::record::{End, Figure, Nanoseconds, Source, Why};
use crate::story::layout::{grouped, span};
use crate::story::steps::exchange::first_bytes_of;
use crate::story::steps::phrase::{bytes, has_all, has_all_sentence, reads, writes};
use crate::story::steps::roles::{Cast, Role, Roles};
use crate::story::steps::say::{count, say};
use crate::story::steps::segments;
use crate::story::steps::step::{Direction, Known, Step, Tone, by_clock, how};

/// How much of what can't be read is shown, in letters.
const SHOWN: usize = 300;

/// `is_unwanted`: its body.
pub(super) fn steps(exchange: &ClientExchange, is_unwanted: bool, roles: &Roles<'_>, language: Language) -> Vec<Step> {
    let mut steps: Vec<Step> = request(exchange, roles, language);
    steps.extend(sent(exchange, language));
    steps.extend(acknowledged(exchange, roles, language));
    steps.extend(seen_response(exchange, roles, language));
    steps.extend(first(exchange, language));
    steps.extend((1..).zip(&exchange.interim_heads).map(|(number, head)| interim(number, head, language)));
    if let Some(response) = &exchange.response {
        steps.push(head(exchange, response, language));
        steps.extend(server_timing(response, language));
        steps.extend(response.dropped.iter().map(|line| dropped(line, language)));
        steps.extend(left_out(response, language));
        steps.extend(body(exchange, response, is_unwanted, language));
    }
    steps.extend(unread(exchange, language));
    let number = u64::from(exchange.number);
    for step in &mut steps {
        step.id = format!("{number}-{}", step.id);
        step.exchange = Some(number);
    }
    steps
}

fn request(exchange: &ClientExchange, roles: &Roles<'_>, language: Language) -> Vec<Step> {
    let stages = &exchange.stages;
    if stages.first_sent.value().is_none() {
        return Vec::new();
    }
    let line = exchange.request.first_line().to_owned();
    let sentence = say!(
        language,
        "The clock right before send(2), which handed the bytes to the client's kernel."
            / "바이트를 클라이언트의 커널에 넘긴 send(2) 바로 앞의 시각입니다."
    );
    let is_in_parts = exchange.traffic.writes > 1; // the step that follows says how many
    let seen = roles.get(Role::Request(exchange.number.into())).filter(|cast| cast.is_drawn);
    let has_more = seen
        .map_or(is_in_parts, |cast| u64::from(cast.numbered.segment.length) < exchange.request_head_length().max(1));
    let line = if has_more { first_bytes_of(&line, language) } else { line };
    let Some(cast) = seen else {
        let title = if is_in_parts { String::new() } else { sent_bytes(exchange, language) };
        let at = stages.first_sent.clone();
        let step = Step::arrow("request", Direction::ToServer, at, line.clone(), title).captioned(line);
        return vec![step.known_by_its_time(language).saying(sentence)];
    };
    let title = match is_in_parts {
        true => say!(language, "first bytes" / "첫 바이트"),
        false => sent_bytes(exchange, language),
    };
    let call = Step::event("send", stages.first_sent.clone(), say!(language, "send" / "전송"), title)
        .captioned("send()")
        .known_by_its_time(language)
        .saying(sentence);
    let arrow = segments::arrow("request", cast.numbered, "", language);
    let sentence = say!(
        language,
        "The segment with the first bytes of this request, when it was seen here."
            / "이 요청의 첫 바이트가 든 세그먼트와, 여기에서 보인 때입니다."
    );
    let sentence = format!("{sentence} {}", arrow.sentence);
    vec![call, Step { label: line.clone(), ..arrow.captioned(line).saying(sentence) }]
}

/// The segment with the first bytes that came back, and the one that acknowledges the last.
fn seen_response(exchange: &ClientExchange, roles: &Roles<'_>, language: Language) -> Vec<Step> {
    let number = u64::from(exchange.number);
    let response = exchange.response.as_ref().filter(|_| exchange.interim.is_empty());
    let arrow = roles.get(Role::Response(number)).filter(|cast| cast.is_drawn).map(|cast| {
        let arrow = segments::arrow("response", cast.numbered, "", language);
        match response.filter(|response| !response.line.is_empty()) {
            Some(response) => Step { tone: Tone::of(response.status), ..arrow.captioned(response.line.clone()) },
            None => arrow,
        }
    });
    let acknowledgment =
        roles.get(Role::Acknowledges(number)).map(|cast| acknowledgment("response-ack", cast, End::Client, language));
    arrow.into_iter().chain(acknowledgment).collect()
}

/// The segment by which `end` says that it has all.
fn acknowledgment(id: &str, cast: Cast<'_>, end: End, language: Language) -> Step {
    let title = has_all(end, language);
    let step = match cast.is_drawn {
        true => segments::arrow(id, cast.numbered, &title, language),
        false => segments::within(id, cast, "ACK".to_owned(), title, language),
    };
    let sentence = format!("{} {}", has_all_sentence(end, language), step.sentence);
    step.saying(sentence.trim().to_owned())
}

/// What the kernel took, of how much there was.
fn sent_bytes(exchange: &ClientExchange, language: Language) -> String {
    let (taken, length) = (exchange.traffic.request, exchange.request_length());
    match taken < length {
        true => say!(language, "{} of {}" / "{1} 중 {0}", grouped(taken), bytes(length, language)),
        false => bytes(taken, language),
    }
}

/// The last bytes, where they left in several calls.
fn sent(exchange: &ClientExchange, language: Language) -> Option<Step> {
    let traffic = &exchange.traffic;
    if traffic.writes < 2 || exchange.stages.last_sent.value().is_none() {
        return None;
    }
    let calls = writes(traffic.writes, language);
    let title = say!(language, "{} in {}" / "{} ({})", sent_bytes(exchange, language), calls);
    let label = say!(language, "sent" / "전송");
    let last = exchange.stages.last_sent.clone();
    Some(Step::arrow("sent", Direction::ToServer, last, label, title).known_by_its_time(language))
}

fn acknowledged(exchange: &ClientExchange, roles: &Roles<'_>, language: Language) -> Option<Step> {
    let is_whole = exchange.traffic.request >= exchange.request_length();
    let seen = roles.get(Role::AcknowledgesRequest(exchange.number.into())).filter(|_| is_whole);
    if let Some(cast) = seen {
        return Some(acknowledgment("ack", cast, End::Server, language));
    }
    let at = &exchange.stages.acknowledged;
    match at {
        Figure::NotVisible { why: Why::NotReached } => None,
        Figure::NotVisible { .. } => {
            let title = say!(language, "ACK of the request: {}" / "요청의 ACK: {}", how(at, language));
            Some(Step { known: Known::NotVisible, ..Step::note("ack", title).known_by(at, language) })
        }
        _ => Some(
            Step::arrow("ack", Direction::ToClient, at.clone(), "ACK", has_all(End::Server, language))
                .known_by_its_time(language)
                .saying(has_all_sentence(End::Server, language)),
        ),
    }
}

fn first(exchange: &ClientExchange, language: Language) -> Vec<Step> {
    let stages = &exchange.stages;
    let label = say!(language, "first" / "도착");
    let after = |at: &Figure<Nanoseconds>| {
        let after = at.value().zip(stages.last_sent.value()).map(|(at, sent)| at - sent).filter(|after| *after >= 0);
        after.map_or_else(String::new, |after| {
            say!(language, ", {} after the request" / ", 요청을 보내고 {} 뒤", span(after))
        })
    };
    let seen = match (stages.first_arrived.value(), stages.arrived.value()) {
        (Some(_), _) => Some((
            &stages.first_arrived,
            say!(
                language,
                "first bytes in the client's kernel{}" / "첫 바이트가 클라이언트의 커널에 도착{}",
                after(&stages.first_arrived)
            ),
            say!(
                language,
                "When the segment with the first bytes that could be read was there."
                    / "읽을 수 있는 첫 바이트가 든 세그먼트가 온 때입니다."
            ),
        )),
        (None, Some(_)) => Some((
            &stages.arrived,
            say!(
                language,
                "the first read's bytes, all in the client's kernel{}"
                    / "첫 읽기가 준 것이 클라이언트의 커널에 모두 도착{}",
                after(&stages.arrived)
            ),
            say!(
                language,
                "When the client's kernel had the last of the bytes that the first read gave; the first may have come \
                 before."
                    / "첫 읽기가 준 바이트의 마지막을 클라이언트의 커널이 받은 때입니다. 첫 바이트는 더 일찍 왔을 수 있습니다."
            ),
        )),
        (None, None) => None,
    };
    if let Some((at, title, sentence)) = seen {
        let step = Step::arrow("first", Direction::ToClient, at.clone(), label, title);
        return vec![step.known_by_its_time(language).saying(sentence)];
    }
    if stages.first_read.value().is_none() {
        return Vec::new();
    }
    let title = say!(language, "first bytes read{}" / "첫 바이트를 읽음{}", after(&stages.first_read));
    let read =
        Step::event("first", stages.first_read.clone(), label, title).captioned("recv()").known_by_its_time(language);
    let arrived = &stages.arrived;
    let title = say!(language, "arrival of the response: {}" / "응답이 도착한 때: {}", how(arrived, language));
    let note = Step::note("arrived", title).known_by(arrived, language);
    vec![read, Step { known: Known::NotVisible, ..note }]
}

/// A head before the response's own (RFC 9110 §15.2).
fn interim(number: u32, head: &Interim, language: Language) -> Step {
    let title = say!(language, "{} · interim, {}" / "{} · 중간 응답, {}", head.line, bytes(head.bytes, language));
    let sentence = say!(
        language,
        "An interim response (1xx) has a head and no body; the final response is still to come."
            / "중간 응답(1xx)은 헤더뿐이고 본문이 없습니다. 최종 응답은 아직 남았습니다."
    );
    let label = say!(language, "interim" / "중간");
    let step = Step::event(format!("interim-{number}"), by_clock(head.at), label, title).captioned(head.line.clone());
    Step { tone: Tone::of(head.status), ..step.known_by_its_time(language).saying(sentence) }
}

fn head(exchange: &ClientExchange, response: &Response, language: Language) -> Step {
    let label = say!(language, "head" / "헤더");
    let at = exchange.stages.head_complete.clone();
    if response.line.is_empty() {
        let title = say!(language, "HTTP/0.9: a body without a head" / "HTTP/0.9: 헤더 없는 본문");
        return Step::event("head", at, label, title).known_by_its_time(language);
    }
    let interim: u64 = exchange.interim_heads.iter().map(|interim| interim.bytes).sum();
    let size = bytes(exchange.traffic.head.saturating_sub(interim), language);
    let title = say!(language, "{} · head {}" / "{} · 헤더 {}", response.line, size);
    let sentence = say!(
        language,
        "An empty line ends the head, which also says how the end of the body is known."
            / "빈 줄이 헤더를 끝냅니다. 본문의 끝을 어떻게 아는지는 헤더에 있습니다."
    );
    let step = Step::event("head", at, label, title).captioned(response.line.clone());
    Step { tone: Tone::of(response.status), ..step.known_by_its_time(language).saying(sentence) }
}

/// The stages that the server says of itself: their lengths, which need no common clock.
fn server_timing(response: &Response, language: Language) -> Option<Step> {
    let value = response.field("server-timing")?;
    let spans: Vec<String> = value.split(',').filter_map(|text| metric(text, language)).collect();
    (!spans.is_empty()).then(|| {
        let title =
            say!(language, "reports {}; durations on its own clock" / "{} (서버 시계로 잰 길이)", spans.join(", "));
        let by = Figure::measured((), Source::Head);
        Step::remark("server-timing", say!(language, "server" / "서버"), title).known_by(&by, language)
    })
}

/// `name;dur=milliseconds` (W3C Server Timing).
fn metric(text: &str, language: Language) -> Option<String> {
    let mut parts = text.split(';').map(str::trim);
    let name = parts.next()?;
    let milliseconds: f64 = parts.find_map(|part| part.strip_prefix("dur="))?.trim_matches('"').parse().ok()?;
    let is_plausible = milliseconds.is_finite() && (0.0..1e9).contains(&milliseconds);
    #[expect(clippy::cast_possible_truncation, reason = "it is within bounds")]
    is_plausible.then(|| format!("{} {}", metric_name(name, language), span((milliseconds * 1e6).round() as i64)))
}

/// Those that glasshttp itself reports have a name in each language; others are shown as they are.
fn metric_name(name: &str, language: Language) -> String {
    match name {
        "kernel" => say!(language, "kernel" / "커널"),
        "read" => say!(language, "read" / "읽기"),
        "body" => say!(language, "body" / "본문"),
        "response" => say!(language, "response" / "응답"),
        other => other.to_owned(),
    }
}

fn dropped(line: &str, language: Language) -> Step {
    let title = say!(language, "no header field: {}" / "헤더 필드가 아님: {}", line);
    Step::remark("dropped", say!(language, "dropped" / "버림"), title)
}

/// The lines that are not listed are counted.
fn left_out(response: &Response, language: Language) -> Option<Step> {
    let more = Some(response.dropped_left_out).filter(|more| *more > 0)?;
    let title = count!(
        language,
        more,
        "more line that is no header field",
        "more lines that are no header fields" / "헤더 필드가 아닌 줄 {}개 더"
    );
    Some(Step::remark("dropped", say!(language, "dropped" / "버림"), title))
}

fn body(exchange: &ClientExchange, response: &Response, is_unwanted: bool, language: Language) -> Option<Step> {
    let by = match response.framing {
        Framing::NoBody | Framing::Unknown => return None,
        Framing::ContentLength { .. } => say!(language, "by Content-Length" / "Content-Length만큼"),
        Framing::Chunked => say!(language, "by chunks" / "청크로"),
        Framing::Close => say!(language, "until the end of the connection" / "연결이 끝날 때까지"),
    };
    let label = say!(language, "body" / "본문");
    let (size, reads) = (bytes(exchange.traffic.body, language), reads(exchange.traffic.reads, language));
    if exchange.stages.complete.value().is_some() {
        let title = say!(language, "{} {} in {}" / "{} {} ({})", size, by, reads);
        return Some(Step::event("body", exchange.stages.complete.clone(), label, title).known_by_its_time(language));
    }
    let so_far = match response.framing {
        Framing::ContentLength { bytes: length } => {
            say!(
                language,
                "{} of {} so far in {}" / "{1} 중 {0}까지 ({2})",
                grouped(exchange.traffic.body),
                bytes(length, language),
                reads
            )
        }
        _ => say!(language, "{} so far in {}" / "{}까지 ({})", size, reads),
    };
    let title = match (exchange.is_aborted, is_unwanted) {
        (true, true) => {
            say!(language, "{}, stopped here: the rest is not needed" / "{}, 여기서 멈춤: 나머지는 필요 없음", so_far)
        }
        (true, false) => say!(language, "{}, stopped here, as requested" / "{}, 요청대로 여기서 멈춤", so_far),
        (false, _) => so_far,
    };
    Some(Step::remark("body", label, title).known_by(&exchange.stages.complete, language))
}

fn unread(exchange: &ClientExchange, language: Language) -> Option<Step> {
    let unread = exchange.unread.as_ref()?;
    let text = unread.line.as_ref().unwrap_or(&unread.text);
    let shown: String = text.chars().take(SHOWN).collect();
    let size = bytes(unread.bytes, language);
    let title = say!(language, "{} that can't be read: {}" / "읽을 수 없는 {}: {}", size, shown);
    Some(Step::remark("unread", say!(language, "unread" / "못 읽음"), title))
}

#[cfg(test)]
mod tests {
    use super::metric;
    use crate::language::Language::{English, Korean};

    #[test]
    fn what_a_server_says_of_its_times() {
        assert_eq!(metric(" read;dur=0.038", English).as_deref(), Some("read 38 µs"));
        for (name, korean) in
            [("kernel", "커널"), ("read", "읽기"), ("body", "본문"), ("response", "응답"), ("db", "db")]
        {
            assert_eq!(metric(&format!("{name};dur=53"), Korean), Some(format!("{korean} 53 ms")));
        }
        assert_eq!(metric("db;desc=\"a\";dur=\"53\"", English).as_deref(), Some("db 53 ms"));
        for text in ["connection;desc=\"1.1\"", "a;dur=nan", "a;dur=-1", "a;dur=", ""] {
            assert_eq!(metric(text, English), None, "{text}");
        }
    }
}
