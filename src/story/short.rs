//! The short log: a line for each request.
//!
//! ```text
//! 21:14:47  #3.2  GET /style.css  200  11.5 kB  0.4 ms  reused
//! ```
//!
//! `#3.2` is the second exchange on the third connection; the time runs from
//! the request's arrival in the kernel to the response's last byte that the
//! kernel took.

use super::layout::{fit, grouped, span};
use super::rows::style;
use super::steps::{Tone, say};
use crate::language::Language;
use crate::record::Nanoseconds;
use crate::record::connection::{Exchange, HeadState, Record};
use anstyle::Style;
use unicode_width::UnicodeWidthStr;

/// Columns of what stands behind the request: status, size, duration, a word.
const BEHIND: usize = 36;
/// The fewest columns that a request is given.
const LEAST: usize = 16;

/// The line of an exchange, whose time of day is `clock`, for `columns` columns.
pub(crate) fn line(record: &Record, exchange: &Exchange, clock: &str, columns: usize, language: Language) -> String {
    let number = format!("#{}.{}", record.connection, exchange.number);
    let front = clock.width() + 2 + number.len().max(6) + 1;
    let request = request(exchange, columns.saturating_sub(front + BEHIND).max(LEAST), language);
    let tone = style(Tone::of(exchange.status));
    let status = match exchange.status {
        0 => "–".to_owned(),
        status => status.to_string(),
    };
    let mut line = format!("{clock}  {number:<6} {request}  {tone}{status}{tone:#}");
    let dim = Style::new().dimmed();
    for part in
        [size(exchange, language), duration(exchange).map(span), remark(exchange, language)].into_iter().flatten()
    {
        line.push_str(&format!("  {dim}{part}{dim:#}"));
    }
    line.push('\n');
    line
}

/// Method and target; what else was sent, where it is no request line.
fn request(exchange: &Exchange, room: usize, language: Language) -> String {
    let line = exchange.request.first_line();
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

fn duration(exchange: &Exchange) -> Option<Nanoseconds> {
    let stages = &exchange.stages;
    let begin = stages.arrived.value().or(stages.first_read.value())?;
    let end = stages.last_write.value().or(stages.response_chosen.value())?;
    end.checked_sub(*begin).filter(|span| *span >= 0)
}

fn remark(exchange: &Exchange, language: Language) -> Option<String> {
    (exchange.number > 1).then(|| say!(language, "reused" / "연결 재사용"))
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
