//! The short log: a line for each request.
//!
//! ```text
//! 21:14:47  #3.2  GET /style.css  200  11.5 kB  0.4 ms  reused
//! ```
//!
//! `#3.2` is the second exchange on the third connection; the time runs from
//! the request's arrival in the kernel to the response's last byte that the
//! kernel took.

use super::layout::{Words, dim, fit, grouped, span};
use super::rows::style;
use super::steps::{Tone, say};
use crate::language::Language;
use crate::record::Nanoseconds;
use crate::record::connection::{Exchange, HeadState, Record};
use crate::record::secrets::withheld_head;
use unicode_width::UnicodeWidthStr;

/// The fewest columns that a request is given.
const LEAST: usize = 16;

/// The line of an exchange, whose time of day is `clock`, for `columns` columns.
pub(crate) fn line(record: &Record, exchange: &Exchange, clock: &str, columns: usize, language: Language) -> String {
    let number = format!("#{}.{}", record.connection, exchange.number);
    let front = format!("{clock}  {number:<6} ");
    let mut behind = figures(exchange, language);
    behind.extend(remark(exchange, language).map(dim));
    // Where the terminal is narrow, the number has to say that the connection was reused.
    let room = |behind: &[Words]| {
        columns.saturating_sub(front.width() + behind.iter().map(|(_, part)| 2 + part.width()).sum::<usize>())
    };
    while behind.len() > 1 && room(&behind) < LEAST {
        behind.pop();
    }
    let mut line = front.clone() + &request(exchange, room(&behind).max(LEAST), language);
    for (style, part) in behind {
        line.push_str(&format!("  {style}{part}{style:#}"));
    }
    line.push('\n');
    line
}

/// Status, bytes and duration, as far as they are known.
pub(crate) fn figures(exchange: &Exchange, language: Language) -> Vec<Words> {
    let status = match exchange.status {
        0 => "–".to_owned(),
        status => status.to_string(),
    };
    let more = [size(exchange, language), duration(exchange).map(span)].into_iter().flatten();
    std::iter::once((style(Tone::of(exchange.status)), status)).chain(more.map(dim)).collect()
}

/// Method and target; what else was sent, where it is no request line.
pub(crate) fn request(exchange: &Exchange, room: usize, language: Language) -> String {
    // Its end says that there was no more of it.
    let line = withheld_head(exchange.request.head.split_inclusive('\n').next().unwrap_or_default());
    let line = line.lines().next().unwrap_or_default();
    let request =
        line.rsplit_once(' ').filter(|(_, version)| version.starts_with("HTTP/")).map_or(line, |(line, _)| line);
    match (request.is_empty(), exchange.head) {
        (false, _) => fit(request, room),
        (true, Some(HeadState::Complete | HeadState::Simple)) => say!(language, "(an empty line)" / "(빈 줄)"),
        (true, _) => say!(language, "(no request line)" / "(요청 줄 없음)"),
    }
}

/// Bytes of the body that were sent, and of how many, if they are fewer.
fn size(exchange: &Exchange, language: Language) -> Option<String> {
    let sent = exchange.traffic.value()?.response_body;
    Some(match exchange.body_length {
        Some(length) if length != sent => {
            say!(language, "{} of {}" / "{1} 중 {0}", bytes(sent), bytes(length))
        }
        _ => bytes(sent),
    })
}

/// From the request's arrival to the last byte that the kernel took.
pub(crate) fn duration(exchange: &Exchange) -> Option<Nanoseconds> {
    let stages = &exchange.stages;
    let begin = stages.arrived.value().or(stages.first_read.value())?;
    let end = stages.last_write.value().or(stages.response_chosen.value())?;
    end.checked_sub(*begin).filter(|span| *span >= 0)
}

fn remark(exchange: &Exchange, language: Language) -> Option<String> {
    (exchange.number > 1).then(|| say!(language, "reused" / "연결 재사용"))
}

/// How many exchanges had this status.
pub(crate) fn of_status(status: u16, count: u64, language: Language) -> String {
    match status {
        0 => say!(language, "{} without a response" / "응답 없음 {}", grouped(count)),
        status => format!("{} × {status}", grouped(count)),
    }
}

/// Three digits, in thousands.
pub(crate) fn bytes(count: u64) -> String {
    let units = ["B", "kB", "MB", "GB", "TB"];
    let mut unit = 0;
    #[expect(clippy::cast_precision_loss, reason = "three digits are shown")]
    let mut amount = count as f64;
    while amount >= 999.5 && unit + 1 < units.len() {
        amount /= 1000.0;
        unit += 1;
    }
    match (unit, amount) {
        (0, _) => format!("{count} B"),
        (_, amount) if amount < 9.995 => format!("{amount:.2} {}", units[unit]),
        (_, amount) if amount < 99.95 => format!("{amount:.1} {}", units[unit]),
        _ => format!("{} {}", grouped(amount.round() as u64), units[unit]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_have_three_digits() {
        for (count, expected) in [
            (0, "0 B"),
            (999, "999 B"),
            (1_000, "1.00 kB"),
            (11_520, "11.5 kB"),
            (999_499, "999 kB"),
            (999_500, "1.00 MB"),
            (67_108_864, "67.1 MB"),
            (u64::MAX, "18,446,744 TB"),
        ] {
            assert_eq!(bytes(count), expected);
        }
    }
}
