//! One request and its response.

use super::body;
use super::head;
use super::phrase::{bytes, has_all, has_all_sentence, writes};
use super::roles::{Role, Roles, is_pipelined};
use super::say::say;
use super::segments;
use super::step::{AT_ONCE, Direction, Known, Step, Tone, how, is_unreached};
use crate::language::Language;
use crate::language::particle::{OBJECT, SUBJECT};
use crate::record::connection::{Exchange, Record, Traffic};
use crate::record::secrets::withheld_head;
use crate::record::{Figure, Forwarded, Nanoseconds, NotNamed, Source, Why};
use crate::story::layout::{grouped, span};
use crate::story::parties::{self, Party};

/// How long Linux delays an acknowledgement that has nothing to carry it, and how far from that it is still one.
const DELAYED_ACK: std::ops::Range<Nanoseconds> = 36_000_000..60_000_000;

/// The steps of `exchange`; `before` is the one before it.
pub(super) fn steps(
    exchange: &Exchange,
    before: Option<&Exchange>,
    record: &Record,
    roles: &Roles<'_>,
    language: Language,
) -> Vec<Step> {
    let (is_pipelined, client) = (is_pipelined(exchange, before), Party::of_client(record));
    let mut steps = vec![request(exchange, is_pipelined, (roles, client), language)];
    steps.extend(head::read(exchange, is_pipelined, language));
    steps.extend(body::step(exchange, record, language));
    steps.extend(exchange.forwarded.map(|forwarded| by_field(exchange.number, forwarded, record, language)));
    if exchange.status != 0 {
        steps.extend(chosen(exchange, record, language));
        steps.extend(refused(exchange, record, language));
        steps.extend(sent(exchange, (roles, client), language));
        steps.extend(response(exchange, roles, language));
        if record.addresses().is_some() {
            steps.extend(acknowledged(exchange, record, roles, language));
        }
    }
    for step in &mut steps {
        step.id = format!("{}-{}", exchange.number, step.id);
        step.exchange = Some(exchange.number);
    }
    steps
}

/// What the fields of a trusted proxy say of the client.
fn by_field(number: u64, forwarded: Forwarded, record: &Record, language: Language) -> Step {
    let proxy = record.named.map_or_else(|| record.client.host(), |named| named.client.to_canonical().to_string());
    let title = match forwarded {
        Forwarded::Client(named) => say!(
            language,
            "request {}: the client is {}, named by the proxy {} ({})"
                / "{}번째 요청의 클라이언트: {}. 알린 프록시: {}({})",
            grouped(number),
            named,
            proxy,
            named.by.name()
        ),
        Forwarded::Ignored { ignored: NotNamed::Malformed } => say!(
            language,
            "request {}: the proxy {} is trusted, but its forwarding field names no address: ignored"
                / "{}번째 요청: 프록시 {} 신뢰하지만 전달 필드에 주소가 없어 무시함",
            grouped(number),
            OBJECT.after(proxy, language)
        ),
        Forwarded::Ignored { ignored: NotNamed::Contradictory } => say!(
            language,
            "request {}: Forwarded and X-Forwarded-For of the trusted proxy {} name different clients: ignored"
                / "{}번째 요청: 신뢰하는 프록시 {}의 Forwarded와 X-Forwarded-For가 서로 다른 클라이언트를 가리켜 무시함",
            grouped(number),
            proxy
        ),
    };
    Step::note("named", title)
}

/// The first line that is not empty, without its secrets: rows and titles are shown to everybody.
pub(crate) fn request_line(exchange: &Exchange, language: Language) -> String {
    // Its end says that there was no more of it.
    let line = exchange.request.head.split_inclusive('\n').find(|line| !line.trim().is_empty()).map(withheld_head);
    let line = line.as_deref().and_then(|line| line.lines().next());
    line.map_or_else(|| say!(language, "(no request line)" / "(요청 줄 없음)"), str::to_owned)
}

/// The first bytes of a request that came in parts: which request it is was known later.
pub(super) fn first_bytes_of(line: &str, language: Language) -> String {
    say!(language, "first bytes of {}" / "{}의 첫 바이트", line)
}

fn request(exchange: &Exchange, is_pipelined: bool, (roles, client): (&Roles<'_>, Party), language: Language) -> Step {
    let name = client.name(language);
    let line = request_line(exchange, language);
    let number = (exchange.number > 1).then(|| say!(language, "request {}" / "{}번째 요청", grouped(exchange.number)));
    let stages = &exchange.stages;
    let seen = roles.get(Role::Request(exchange.number)).filter(|cast| cast.is_drawn);
    let traffic = exchange.traffic.value();
    let has_more = match seen {
        Some(cast) => traffic.is_some_and(|traffic| u64::from(cast.numbered.segment.length) < traffic.request_head),
        None => !is_pipelined && traffic.is_some_and(|traffic| traffic.reads > 1),
    };
    let line = if has_more { first_bytes_of(&line, language) } else { line };
    let step = if let Some(cast) = seen {
        let arrow = segments::arrow("request", cast.numbered, &number.unwrap_or_default(), language);
        let sentence = say!(
            language,
            "The segment that brought the first bytes of this request, when it was seen here."
                / "이 요청의 첫 바이트를 가져온 세그먼트와, 여기에서 보인 때입니다."
        );
        Step { label: line.clone(), sentence: format!("{sentence} {}", arrow.sentence), ..arrow }
    } else if is_pipelined {
        let title = say!(language, "{}, pipelined" / "{}, 파이프라이닝", number.unwrap_or_default());
        let at = if stages.head_complete.value().is_some() { &stages.head_complete } else { &stages.response_chosen };
        let read = stages.first_read.value().map(|at| span(*at)).unwrap_or_default();
        let has_no_read = traffic.is_some_and(|traffic| traffic.reads == 0);
        let sentence = match has_no_read {
            true => say!(
                language,
                "The {} did not wait for the response before it: these bytes were read with the ones before, at {}, and waited their turn in the server."
                    / "{} 앞 응답을 기다리지 않았습니다. 이 바이트는 앞의 것과 함께 {}에 읽혔고, 서버 안에서 차례를 기다렸습니다.",
                SUBJECT.after(name, language),
                read
            ),
            false => say!(
                language,
                "The {} did not wait for the response before it: the beginning of this request was read with the one before, at {}, and the rest later."
                    / "{} 앞 응답을 기다리지 않았습니다. 이 요청의 앞부분은 앞 요청과 함께 {}에 읽혔고, 나머지는 나중에 읽혔습니다.",
                SUBJECT.after(name, language),
                read
            ),
        };
        Step::event("request", at.clone(), line.clone(), title).saying(sentence)
    } else if stages.arrived.value().is_some() {
        let sentence = say!(
            language,
            "When the server's kernel had the bytes that the first read gave. When the {} sent them is not visible from here."
                / "서버의 커널이 첫 읽기가 준 바이트를 받은 때입니다. {} 언제 보냈는지는 여기서 보이지 않습니다.",
            SUBJECT.after(name, language)
        );
        let (at, number) = (stages.arrived.clone(), number.unwrap_or_default());
        let step = match roles.is_captured() {
            true => Step::event("request", at, line.clone(), number),
            false => Step::arrow("request", Direction::ToServer, at, line.clone(), number),
        };
        step.saying(sentence)
    } else {
        let sentence = say!(
            language,
            "When the bytes arrived is not known; this is when they were read."
                / "바이트가 언제 도착했는지는 알 수 없고, 이것은 읽힌 때입니다."
        );
        Step::event("request", stages.first_read.clone(), line.clone(), number.unwrap_or_default()).saying(sentence)
    };
    let by = Figure::measured((), Source::Head);
    let step = step.captioned(line);
    let time = how(&step.at, language);
    let step = step.known_by(&by, language);
    Step { how: format!("{}; {time}", step.how), ..step }
}

fn chosen(exchange: &Exchange, record: &Record, language: Language) -> Option<Step> {
    let at = &exchange.stages.response_chosen;
    if is_unreached(at) {
        return None;
    }
    // HTTP/1.0 200 OK
    let reason = exchange.response.first_line().splitn(3, ' ').nth(2).unwrap_or_default();
    let mut title = format!("{} {reason}", exchange.status).trim_end().to_owned();
    if let Some(resource) = exchange.resource.value() {
        title = say!(language, "{} from {}" / "{} ({})", title, resource);
    }
    let sentence = match (&exchange.refused, exchange.resource.value()) {
        (Some(why), _) => parties::reason(why, record, language),
        (None, Some(_)) => say!(
            language,
            "The handler has made its response, from that file." / "핸들러가 그 파일로 응답을 만들었습니다."
        ),
        (None, None) => say!(
            language,
            "The response is ready; it does not come from a file." / "응답이 정해졌습니다. 파일에서 온 것이 아닙니다."
        ),
    };
    let label = say!(language, "chosen" / "응답");
    let step = Step::event("chosen", at.clone(), label, title).captioned(exchange.status.to_string());
    Some(Step { tone: Tone::of(exchange.status), ..step.known_by_its_time(language).saying(sentence) })
}

/// Why the request was refused, unless the connection ended for that: then its end says so.
fn refused(exchange: &Exchange, record: &Record, language: Language) -> Option<Step> {
    let why = exchange.refused.as_ref()?;
    let ended_for = record.close.as_ref().map(|close| &close.reason);
    (ended_for != Some(why)).then(|| Step::note("refused", parties::reason(why, record, language)))
}

/// The segment that carries the response's first byte.
fn response(exchange: &Exchange, roles: &Roles<'_>, language: Language) -> Option<Step> {
    let cast = roles.get(Role::Response(exchange.number)).filter(|cast| cast.is_drawn)?;
    let step = segments::arrow("response", cast.numbered, "", language);
    Some(Step { tone: Tone::of(exchange.status), ..step.captioned(response_line(exchange, language)) })
}

fn response_line(exchange: &Exchange, language: Language) -> String {
    match exchange.response.first_line() {
        "" => say!(language, "body (HTTP/0.9 has no head)" / "본문(HTTP/0.9에는 헤더가 없음)"),
        line => line.to_owned(),
    }
}

fn sent(exchange: &Exchange, (roles, client): (&Roles<'_>, Party), language: Language) -> Vec<Step> {
    let stages = &exchange.stages;
    let traffic = exchange.traffic.value();
    let label = say!(language, "sent" / "전송");
    // Where its segments are seen, they are the arrows, and this is the calls.
    let arrow = |id: &str, at: &Figure<Nanoseconds>, title: String| {
        let by = Figure::measured((), Source::Calls);
        let step = match roles.is_captured() {
            true => Step::event(id, at.clone(), label.clone(), title).captioned("send()"),
            false => Step::arrow(id, Direction::ToClient, at.clone(), label.clone(), title)
                .captioned(response_line(exchange, language)),
        };
        let step = step.known_by(&by, language);
        Step { how: format!("{}; {}", step.how, how(at, language)), ..step }
    };
    if exchange.is_under_way() {
        let Some(traffic) = traffic.filter(|traffic| traffic.writes > 0) else { return Vec::new() };
        let sizes = sizes(exchange, traffic, language);
        // Why the rest waits is not in the record: for the client's window, the network's, or the server's turn.
        let title = say!(language, "{} so far" / "{}까지 전송", sizes);
        return vec![arrow("sending", &stages.first_write, title)];
    }
    if let Some(traffic) = traffic.filter(|traffic| stages.last_write.is_lost() && traffic.writes > 0) {
        let title = say!(language, "at least {}" / "적어도 {}", sizes(exchange, traffic, language));
        let sentence = say!(
            language,
            "The kernel took these bytes. How much more it took was not reported."
                / "커널이 이 바이트를 받았습니다. 그 뒤로 얼마나 더 받았는지는 보고되지 않았습니다."
        );
        return vec![arrow("sent", &stages.first_write, title).saying(sentence)];
    }
    if stages.last_write.value().is_none() && traffic.is_none_or(|traffic| traffic.writes == 0) {
        return Vec::new();
    }
    let title = traffic.map_or_else(String::new, |traffic| {
        let writes = writes(traffic.writes, language);
        say!(language, "{} in {}" / "{} ({})", sizes(exchange, traffic, language), writes)
    });
    let has_no_tcp = matches!(stages.acknowledged, Figure::NotVisible { why: Why::NoTcp });
    let sentence = match exchange.is_whole() {
        Some(true) if has_no_tcp => say!(
            language,
            "The kernel took the whole response. Nothing says when the client reads it."
                / "커널이 응답 전체를 받았습니다. 클라이언트가 언제 읽는지는 알 수 없습니다."
        ),
        Some(true) => say!(
            language,
            "The kernel took the whole response. Only an acknowledgement shows whether the {} has it."
                / "커널이 응답 전체를 받았습니다. {} 받았는지는 ACK만이 말해 줍니다.",
            SUBJECT.after(client.name(language), language)
        ),
        Some(false) => say!(
            language,
            "The response is incomplete: the connection ended before the kernel had taken all of it."
                / "응답이 온전하지 않습니다. 커널이 다 받기 전에 연결이 끝났습니다."
        ),
        None => say!(
            language,
            "The kernel took these bytes; the length of the response was not known in advance."
                / "커널이 이 바이트를 받았습니다. 응답의 길이는 미리 알 수 없었습니다."
        ),
    };
    let took =
        stages.first_write.value().zip(stages.last_write.value()).map_or(0, |(from, to)| to.saturating_sub(*from));
    if took >= AT_ONCE {
        let first = say!(language, "first bytes" / "첫 바이트");
        return vec![
            arrow("first-bytes", &stages.first_write, first),
            arrow("sent", &stages.last_write, title).saying(sentence),
        ];
    }
    vec![arrow("sent", &stages.last_write, title).saying(sentence)]
}

/// What the kernel took, of how much there was.
fn sizes(exchange: &Exchange, traffic: &Traffic, language: Language) -> String {
    let body = match exchange.body_length {
        Some(length) if length > traffic.response_body => {
            say!(language, "{} of {}" / "{1} 중 {0}", grouped(traffic.response_body), bytes(length, language))
        }
        _ => bytes(traffic.response_body, language),
    };
    match (traffic.response_head, traffic.response_body, exchange.body_length) {
        (0, ..) => say!(language, "body {}" / "본문 {}", body),
        (head, 0, None | Some(0)) => say!(language, "head {}" / "헤더 {}", bytes(head, language)),
        (head, ..) => say!(language, "head {} + body {}" / "헤더 {} + 본문 {}", grouped(head), body),
    }
}

fn acknowledged(exchange: &Exchange, record: &Record, roles: &Roles<'_>, language: Language) -> Option<Step> {
    let seen = roles.get(Role::Acknowledges(exchange.number));
    let at = match seen {
        Some(cast) => &Figure::measured(cast.numbered.segment.at, Source::Packets),
        None => &exchange.stages.acknowledged,
    };
    if is_unreached(at) {
        return None;
    }
    let Some(time) = at.value() else {
        let title = say!(language, "ACK of the response: {}" / "응답의 ACK: {}", how(at, language));
        return Some(Step { known: Known::NotVisible, ..Step::note("ack", title).known_by(at, language) });
    };
    let (traffic, client) = (exchange.traffic.value(), Party::of_client(record));
    let name = client.name(language);
    let title = match (exchange.is_whole(), traffic) {
        (Some(true), _) => has_all(client, language),
        (_, Some(traffic)) => {
            let count = bytes(traffic.response_head.saturating_add(traffic.response_body), language);
            let count = OBJECT.after(count, language);
            say!(language, "the {}'s TCP has the {} handed over" / "{}의 TCP가 넘겨진 {} 받음", name, count)
        }
        (_, None) => {
            say!(language, "the {}'s TCP has what was handed over" / "{}의 TCP가 넘겨진 것을 받음", name)
        }
    };
    let took = exchange.stages.last_write.value().map(|written| time.saturating_sub(*written));
    let rtt = shortest_rtt(record).unwrap_or_default();
    let is_delayed = took.is_some_and(|took| DELAYED_ACK.contains(&took) && rtt < took / 4);
    let title =
        if is_delayed { say!(language, "{}: probably a delayed ACK" / "{}: 아마 지연 ACK", title) } else { title };
    let sentence = if is_delayed {
        say!(
            language,
            "The {}'s TCP has the bytes; this does not show whether its program has read them. The ACK came {} after the last write, though a round trip is shorter: TCP may hold an ACK back for about 40 ms, in case there is data to carry it."
                / "{}의 TCP가 바이트를 받았습니다. 프로그램이 읽었는지는 알 수 없습니다. 왕복 시간은 더 짧지만 마지막 쓰기에서 {} 뒤에 왔습니다. TCP는 함께 보낼 데이터가 있을까 하여 ACK를 약 40 ms까지 미룰 수 있습니다.",
            name,
            span(took.unwrap_or_default())
        )
    } else {
        has_all_sentence(client, language)
    };
    let step = match seen {
        Some(cast) if cast.is_drawn => segments::arrow("ack", cast.numbered, &title, language),
        Some(cast) => segments::within("ack", cast, "ACK".to_owned(), title, language),
        None if roles.is_captured() => Step::event("ack", at.clone(), "ACK", title),
        None => Step::arrow("ack", Direction::ToServer, at.clone(), "ACK", title),
    };
    let sentence = format!("{sentence} {}", step.sentence).trim().to_owned();
    Some(step.known_by_its_time(language).saying(sentence))
}

/// The shortest round trip that is known.
pub(super) fn shortest_rtt(record: &Record) -> Option<Nanoseconds> {
    let tcp = record.close.as_ref().and_then(|close| close.tcp.value());
    tcp.and_then(|tcp| tcp.min_rtt).or_else(|| record.handshake.rtt.value().copied())
}
