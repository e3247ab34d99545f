//! The rows about a name: who was asked, and what the response was.

use super::phrases::Phrases;
use crate::record::lookup::{DnsResponse, Exchange, Lookup, Outcome, Referral, Source, Trace};
use crate::record::transfer::Name;
use crate::story::layout::{Arrow, Block, dim, plain, span};
use crate::story::words::fill;
use std::net::IpAddr;
use std::time::Duration;

/// How many of a list are named.
const MOST: usize = 4;

pub(super) fn tell(name: &Name, block: &mut Block, phrases: &Phrases) {
    let began = span(name.began);
    if let Some(lookup) = &name.lookup {
        match &lookup.source {
            Source::Numeric => {
                let text = fill(phrases.name.numeric, &[&name.host]);
                return block.row(&began, Arrow::Inside, phrases.labels.name, &[plain(text)]);
            }
            Source::Localhost => {
                let text = fill(phrases.name.localhost, &[&name.host, &list(&name.addresses, phrases)]);
                return block.row(&began, Arrow::Inside, phrases.labels.name, &[plain(text)]);
            }
            Source::HostsFile { path, lines } => {
                let lines: Vec<String> = lines.iter().map(ToString::to_string).collect();
                let addresses = list(&name.addresses, phrases);
                let path = path.display().to_string();
                let text = fill(phrases.name.hosts, &[&name.host, &path, &lines.join(", "), &addresses]);
                block.row(&began, Arrow::Inside, phrases.labels.name, &[plain(text)]);
            }
            Source::Servers { .. } | Source::Nowhere => servers(lookup, name, block, phrases),
        }
        system(lookup, block, phrases);
    }
    if let Some(trace) = &name.trace {
        walk(trace, name, block, phrases);
    }
}

fn servers(lookup: &Lookup, name: &Name, block: &mut Block, phrases: &Phrases) {
    questions(&lookup.exchanges, &span(name.began), block, phrases);
    let mut words = vec![plain(outcome(name, phrases))];
    if let Source::Servers { path: Some(path), .. } = &lookup.source {
        let text = fill(phrases.name.servers_of, &[&path.display().to_string()]);
        words[0].1.push(';');
        words.push(dim(text));
    }
    if lookup.candidates.len() > 1 {
        words.push(dim(format!("({})", fill(phrases.name.tried_as, &[&lookup.candidates.join(", ")]))));
    }
    block.row(&span(name.ended), Arrow::Inside, phrases.labels.name, &words);
    if !lookup.not_awaited.is_empty() {
        let kinds: Vec<String> = lookup.not_awaited.iter().map(ToString::to_string).collect();
        block.remark(&[dim(fill(phrases.name.not_awaited, &[&kinds.join(", ")]))]);
    }
}

fn walk(trace: &Trace, name: &Name, block: &mut Block, phrases: &Phrases) {
    let mut began = span(name.began);
    for step in &trace.steps {
        questions(&step.exchanges, &began, block, phrases);
        began = String::new();
        if let Some(referral) = &step.referral {
            block.row("", Arrow::ToClient, "NS", &[plain(referred(referral, phrases))]);
        }
    }
    block.row(&span(name.ended), Arrow::Inside, phrases.labels.name, &[plain(outcome(name, phrases))]);
}

/// One row for each question; the first bears the time when they began.
fn questions(exchanges: &[Exchange], began: &str, block: &mut Block, phrases: &Phrases) {
    for (index, exchange) in exchanges.iter().enumerate() {
        let time = if index == 0 { began } else { "" };
        let retry = match exchange.attempt {
            0 | 1 => String::new(),
            attempt => fill(phrases.name.retry, &[&attempt.to_string()]),
        };
        let text = fill(
            phrases.name.question,
            &[
                &exchange.record.to_string(),
                &exchange.name,
                &exchange.server.to_string(),
                &exchange.transport.to_string(),
                &span(nanoseconds(exchange.time)),
                &came_of(&exchange.outcome, phrases),
            ],
        );
        let ignored = exchange.ignored.iter().map(|ignored| dim(format!("({ignored})")));
        let words: Vec<_> = std::iter::once(plain(retry + &text)).chain(ignored.take(MOST)).collect();
        block.row(time, Arrow::ToServer, "DNS", &words);
    }
}

fn came_of(outcome: &Outcome, phrases: &Phrases) -> String {
    match outcome {
        Outcome::Answered(response) => answered(response, phrases),
        Outcome::TimedOut => phrases.name.no_response.to_owned(),
        Outcome::Refused => phrases.name.nobody.to_owned(),
        Outcome::Unreachable { why } => fill(phrases.name.unreachable, &[&why.said(phrases.language)]),
        Outcome::Malformed { why } => fill(phrases.name.malformed, &[&why.said(phrases.language)]),
        Outcome::CutShort => phrases.name.cut_short.to_owned(),
    }
}

fn answered(response: &DnsResponse, phrases: &Phrases) -> String {
    let truncated = if response.truncated { phrases.name.truncated } else { "" };
    if response.rcode != "NOERROR" {
        return format!("{truncated}{}", response.rcode);
    }
    let records = response.answers.iter().map(|record| {
        let data = if record.kind == "CNAME" { format!("CNAME {}", record.data) } else { record.data.clone() };
        fill(phrases.name.ttl, &[&data, &record.ttl.to_string()])
    });
    let records: Vec<String> = records.collect();
    match records.is_empty() {
        true => format!("{truncated}{}", phrases.name.no_records),
        false => format!("{truncated}{}", shortened(&records, phrases)),
    }
}

fn referred(referral: &Referral, phrases: &Phrases) -> String {
    let names: Vec<String> = referral.servers.iter().map(|server| server.name.clone()).collect();
    let has_glue = referral.servers.iter().any(|server| server.glue);
    let text = fill(phrases.name.referral, &[&referral.zone, &shortened(&names, phrases)]);
    text + if has_glue { phrases.name.glue } else { "" }
}

fn outcome(name: &Name, phrases: &Phrases) -> String {
    match name.addresses.is_empty() {
        true => fill(phrases.name.not_found, &[&name.host]),
        false => fill(phrases.name.found, &[&name.host, &list(&name.addresses, phrases)]),
    }
}

/// The system resolver's own response, where it is another one.
fn system(lookup: &Lookup, block: &mut Block, phrases: &Phrases) {
    let Some(system) = lookup.system.as_ref().filter(|system| system.differs) else { return };
    let text = match &system.error {
        Some(error) => fill(phrases.name.system_fails, &[error]),
        None => fill(phrases.name.system_says, &[&list(&system.addresses, phrases)]),
    };
    block.remark(&[plain(text)]);
}

fn list(addresses: &[IpAddr], phrases: &Phrases) -> String {
    let texts: Vec<String> = addresses.iter().map(ToString::to_string).collect();
    shortened(&texts, phrases)
}

fn shortened(texts: &[String], phrases: &Phrases) -> String {
    match texts.len() {
        0..=MOST => texts.join(", "),
        count => fill(phrases.name.more, &[&texts[..MOST - 1].join(", "), &(count + 1 - MOST).to_string()]),
    }
}

fn nanoseconds(time: Duration) -> i64 {
    i64::try_from(time.as_nanos()).unwrap_or(i64::MAX)
}
