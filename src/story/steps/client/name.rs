//! How a name became addresses: who was asked, and what the response was.

use crate::language::Language;
use crate::record::lookup::{DnsResponse, Ignored, Lookup, Query, QueryOutcome, Referral, Source, SystemLookup, Trace};

use crate::record::transfer::Name;
use crate::record::{Figure, LookupError, Nanoseconds, Source as By, zone_name};
use crate::story::layout::{grouped, span};
use crate::story::steps::say::say;
use crate::story::steps::step::{Step, by_clock};
use std::net::IpAddr;
use std::time::Duration;

/// How many of a list are named.
const MOST: usize = 4;

pub(super) fn steps(name: &Name, language: Language) -> Vec<Step> {
    let mut steps = Vec::new();
    if let Some(lookup) = &name.lookup {
        steps.extend(by_lookup(lookup, name, language));
    }
    if let Some(trace) = &name.trace {
        steps.extend(by_trace(trace, name, language));
    }
    steps
}

fn by_lookup(lookup: &Lookup, name: &Name, language: Language) -> Vec<Step> {
    let host = &name.host;
    let addresses = of_other_family(name, language).unwrap_or_else(|| list(&name.addresses, language));
    let title = match &lookup.source {
        Source::Numeric => {
            say!(language, "{} is an address: no DNS was needed" / "{}: 이미 주소이므로 DNS가 필요 없음", host)
        }
        Source::Localhost => say!(
            language,
            "{} is this machine, and no server is asked (RFC 6761): {}"
                / "{}: 이 컴퓨터이므로 서버에 묻지 않음(RFC 6761): {}",
            host,
            addresses
        ),
        Source::HostsFile { path, lines } => {
            let lines: Vec<String> = lines.iter().map(ToString::to_string).collect();
            say!(
                language,
                "{} is in {}, line {}: {}" / "{}: {} {}번째 줄에 있음: {}",
                host,
                path.display(),
                lines.join(", "),
                addresses
            )
        }
        Source::Servers { .. } | Source::Nowhere => return by_servers(lookup, name, language),
    };
    let found = found(by_clock(name.began), title, language);
    std::iter::once(found).chain(system_differs(lookup, language)).collect()
}

/// The row that says which addresses there are.
fn found(at: Figure<Nanoseconds>, title: String, language: Language) -> Step {
    Step::event("name", at, say!(language, "name" / "이름"), title).known_by_its_time(language)
}

fn by_servers(lookup: &Lookup, name: &Name, language: Language) -> Vec<Step> {
    let mut steps = questions(&lookup.exchanges, name, language);
    steps.extend(system_in_vain(lookup, name, language));
    steps.push(match system_alone(lookup, name) {
        Some(system) => by_system(system, lookup, name, language),
        None => {
            let mut title = outcome(name, language);
            title.extend(servers(lookup, language).map(|servers| format!("; {servers}")));
            if lookup.candidates.len() > 1 {
                let tried = lookup.candidates.join(", ");
                title.push_str(&say!(language, " (tried as {})" / " (시도한 이름: {})", tried));
            }
            found(by_clock(name.ended), title, language)
        }
    });
    if !lookup.not_awaited.is_empty() {
        let kinds: Vec<String> = lookup.not_awaited.iter().map(ToString::to_string).collect();
        let title = say!(
            language,
            "the response for {} was not waited for (RFC 8305)" / "{} 응답은 기다리지 않음(RFC 8305)",
            kinds.join(", ")
        );
        steps.push(Step::note("not-awaited", title));
    }
    steps.extend(system_differs(lookup, language));
    steps
}

/// Who names the servers that were asked.
fn servers(lookup: &Lookup, language: Language) -> Option<String> {
    match &lookup.source {
        Source::Servers { path: Some(path), is_default: false, .. } => {
            Some(say!(language, "the servers are those of {}" / "서버는 {}에 적힌 것", path.display()))
        }
        Source::Servers { path: Some(path), is_default: true, .. } => Some(say!(
            language,
            "{} names no server, so the one on this machine is asked" / "{}에 서버가 없어 이 컴퓨터의 서버에 물음",
            path.display()
        )),
        _ => None,
    }
}

/// What the system's resolver said, where the addresses come from it alone.
fn system_alone<'a>(lookup: &'a Lookup, name: &Name) -> Option<&'a SystemLookup> {
    let system = lookup.system.as_ref()?;
    let is_its = lookup.addresses.is_empty() && !name.addresses.is_empty();
    is_its.then_some(system)
}

/// What the system's resolver was waited for, and for how long, where it led to nothing either.
fn system_in_vain(lookup: &Lookup, name: &Name, language: Language) -> Option<Step> {
    let system = lookup.system.as_ref().filter(|_| lookup.addresses.is_empty() && name.addresses.is_empty())?;
    let said = match system.error.as_deref() {
        Some(SystemLookup::NOT_IN_TIME) => say!(language, "no response in time" / "제때 응답하지 않음"),
        Some(error) if language == Language::English => format!("no address, {error}"),
        // The system's words are English.
        Some(_) => "주소 없음".to_owned(),
        None => list(&system.addresses, language),
    };
    let title = say!(
        language,
        "the system's own resolver (getaddrinfo), {}: {}" / "시스템 리졸버(getaddrinfo), {}: {}",
        span(nanoseconds(system.time)),
        said
    );
    // It was asked when the lookup began.
    let step = Step::event("system", by_clock(name.began), say!(language, "system" / "시스템"), title);
    Some(step.known_by_its_time(language))
}

fn by_system(system: &SystemLookup, lookup: &Lookup, name: &Name, language: Language) -> Step {
    let mut title = say!(
        language,
        "{} is {}, from the system's resolver alone (getaddrinfo)" / "{} = {}, 시스템 리졸버(getaddrinfo)에서만",
        name.host,
        list(&name.addresses, language)
    );
    title.push_str(&match &lookup.source {
        Source::Servers { path: Some(path), is_default: false, .. } => {
            say!(language, "; the servers of {} gave none" / "; {}의 서버는 주소를 주지 않음", path.display())
        }
        Source::Servers { .. } => say!(language, "; the name server gave none" / "; 네임 서버는 주소를 주지 않음"),
        _ => String::new(),
    });
    // It was asked when the lookup began.
    let ended = name.ended.max(name.began.saturating_add(nanoseconds(system.time)));
    found(Figure::derived(ended, By::Clock), title, language)
}

/// The system resolver's own response, where it is another one.
fn system_differs(lookup: &Lookup, language: Language) -> Option<Step> {
    let system = lookup.system.as_ref().filter(|system| system.differs && !lookup.addresses.is_empty())?;
    let title = match &system.error {
        Some(error) => say!(language, "the system's own resolver fails: {}" / "시스템 리졸버는 실패: {}", error),
        None => say!(
            language,
            "the system's own resolver says otherwise: {}" / "시스템 리졸버의 응답은 다름: {}",
            list(&system.addresses, language)
        ),
    };
    Some(Step::note("system", title))
}

fn by_trace(trace: &Trace, name: &Name, language: Language) -> Vec<Step> {
    let mut steps = Vec::new();
    for step in &trace.steps {
        steps.extend(questions(&step.exchanges, name, language));
        steps.extend(
            step.referral
                .as_ref()
                .map(|referral| Step::remark("referral", "NS".to_owned(), referred(referral, language))),
        );
    }
    steps.push(found(by_clock(name.ended), outcome(name, language), language));
    steps
}

/// One row for each question, when it was sent, with what came of it.
fn questions(exchanges: &[Query], name: &Name, language: Language) -> Vec<Step> {
    let question = |exchange: &Query| {
        let sent = name.began.saturating_add(nanoseconds(exchange.began));
        let retry = match exchange.attempt {
            0 | 1 => String::new(),
            attempt => say!(language, "try {}: " / "{}번째 시도: ", attempt),
        };
        let title = say!(
            language,
            "{}{} {}? {} by {}, {}: {}" / "{}{} {}? {} ({}), {}: {}",
            retry,
            exchange.record,
            exchange.name,
            exchange.server,
            exchange.transport,
            span(nanoseconds(exchange.time)),
            came_of(exchange, language)
        );
        let ignored: Vec<String> =
            exchange.ignored.iter().take(MOST).map(|what| format!(" ({})", ignored(what, language))).collect();
        let more = exchange.ignored_left_out.saturating_add(exchange.ignored.len().saturating_sub(MOST) as u64);
        let more = match more {
            0 => String::new(),
            more => say!(language, " (ignored: {} more)" / " (무시함: {}개 더)", grouped(more)),
        };
        Step::event("dns", by_clock(sent), "DNS", title + &ignored.concat() + &more).known_by_its_time(language)
    };
    exchanges.iter().map(question).collect()
}

fn came_of(query: &Query, language: Language) -> String {
    match &query.outcome {
        QueryOutcome::Answered(response) => answered(response, query.recursion_desired, language),
        QueryOutcome::TimedOut => say!(language, "no response" / "응답 없음"),
        QueryOutcome::Interrupted => say!(language, "no response by Ctrl-C" / "Ctrl-C까지 응답 없음"),
        QueryOutcome::Refused => say!(language, "nothing listens there" / "그 주소에서 기다리는 서버가 없음"),
        QueryOutcome::Unreachable { why } => {
            say!(language, "unreachable, {}" / "닿을 수 없음, {}", why.said(language))
        }
        QueryOutcome::Malformed { why } => {
            say!(language, "not a DNS message, {}" / "DNS 메시지가 아님, {}", why.said(language))
        }
        QueryOutcome::CutShort => say!(language, "the connection ended early" / "연결이 일찍 끝남"),
    }
}

fn ignored(what: &Ignored, language: Language) -> String {
    match what {
        Ignored::WrongId { id } => {
            say!(language, "ignored: a response with another number, {}" / "무시함: 번호가 다른 응답, {}", id)
        }
        Ignored::WrongQuestion { question } => {
            say!(language, "ignored: a response to another question, {}" / "무시함: 다른 질문의 응답, {}", question)
        }
        Ignored::NoResponse => {
            say!(language, "ignored: a message that is not a response" / "무시함: 응답이 아닌 메시지")
        }
    }
}

/// `may_recurse`: without that, a server that is no authority and has nothing says nothing of the name.
fn answered(response: &DnsResponse, may_recurse: bool, language: Language) -> String {
    let truncated = if response.truncated { say!(language, "truncated, " / "잘림, ") } else { String::new() };
    if response.rcode != "NOERROR" {
        return format!("{truncated}{}", response.rcode);
    }
    let records = response.answers.iter().map(|record| {
        let data = match (record.class.as_deref(), record.kind.as_str()) {
            (Some(class), kind) => format!("{class} {kind} {}", record.data),
            (None, "CNAME") => format!("CNAME {}", record.data),
            (None, _) => record.data.clone(),
        };
        say!(language, "{} (TTL {} s)" / "{} (TTL {}초)", data, record.ttl)
    });
    let records: Vec<String> = records.collect();
    let said = match (records.is_empty(), response.referral()) {
        (false, _) => shortened(&records, language),
        (true, Some(zone)) => {
            let zone = zone_name(zone, language);
            say!(language, "a referral to the servers of {}" / "{} 서버로 위임함(referral)", zone)
        }
        (true, None) if response.truncated => String::new(),
        (true, None) if !may_recurse && !response.authoritative => {
            say!(language, "neither an answer nor a referral" / "답도 위임(referral)도 없음")
        }
        (true, None) => say!(language, "no record of that kind (NODATA)" / "그런 레코드 없음(NODATA)"),
    };
    format!("{truncated}{said}").trim_end_matches(", ").to_owned()
}

fn referred(referral: &Referral, language: Language) -> String {
    let names: Vec<String> = referral.servers.iter().map(|server| server.name.clone()).collect();
    let has_glue = referral.servers.iter().any(|server| server.glue);
    let names = shortened(&names, language);
    let text = say!(language, "{} is served by {}" / "{} 담당: {}", referral.zone, names);
    match has_glue {
        true => text + &say!(language, " (with their addresses: glue)" / " (주소까지 알려 줌: glue)"),
        false => text,
    }
}

fn outcome(name: &Name, language: Language) -> String {
    let errors = [name.lookup.as_ref().map(|lookup| &lookup.error), name.trace.as_ref().map(|trace| &trace.error)];
    if errors.into_iter().flatten().flatten().any(|error| matches!(error, LookupError::Interrupted { .. })) {
        return say!(
            language,
            "no address had been found for {} by Ctrl-C" / "{}: Ctrl-C까지 주소를 찾지 못함",
            name.host
        );
    }
    let other = of_other_family(name, language);
    match name.addresses.is_empty() {
        true if let Some(other) = other => say!(language, "{} is {}" / "{} = {}", name.host, other),
        true => say!(language, "no address was found for {}" / "{}: 주소를 찾지 못함", name.host),
        false => say!(language, "{} is {}" / "{} = {}", name.host, list(&name.addresses, language)),
    }
}

/// What was found, where none of it is of the family that was asked for.
fn of_other_family(name: &Name, language: Language) -> Option<String> {
    let of_lookup = name.lookup.as_ref().map(|lookup| &lookup.addresses);
    let found = of_lookup.or(name.trace.as_ref().map(|trace| &trace.addresses))?;
    let first = found.first().filter(|_| name.addresses.is_empty())?;
    let version = if first.is_ipv4() { 4 } else { 6 };
    let found = list(found, language);
    Some(say!(language, "{} (IPv{} only)" / "{}(IPv{}뿐)", found, version))
}

fn list(addresses: &[IpAddr], language: Language) -> String {
    let texts: Vec<String> = addresses.iter().map(ToString::to_string).collect();
    shortened(&texts, language)
}

fn shortened(texts: &[String], language: Language) -> String {
    match texts.len() {
        0..=MOST => texts.join(", "),
        count => {
            let shown = texts[..MOST - 1].join(", ");
            say!(language, "{} and {} more" / "{} 외 {}개", shown, count + 1 - MOST)
        }
    }
}

fn nanoseconds(time: Duration) -> Nanoseconds {
    Nanoseconds::try_from(time.as_nanos()).unwrap_or(Nanoseconds::MAX)
}
