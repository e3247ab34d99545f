//! What no record has, in a line: at a server's end, and at the end of its log shown again.

use crate::language::Language;
use crate::language::sentence::say;
use crate::record::LeftOut;
use crate::story::steps::count;

/// What is neither in the log, nor in the story, nor on the live page.
pub fn not_recorded(left_out: LeftOut, language: Language) -> String {
    say!(
        language,
        "warning: {} not recorded: too many at once, the log could not take them, or a process was killed"
            / "경고: {} 기록하지 못함. 한꺼번에 너무 많았거나, 로그에 쓸 수 없었거나, 프로세스가 강제로 종료되었습니다",
        counts(left_out, language)
    )
}

/// What is missing, each kind with its number.
pub fn counts(left_out: LeftOut, language: Language) -> String {
    let LeftOut { connections, exchanges, reports, frames } = left_out;
    let counts = [
        (connections, count!(language, connections, "connection", "connections" / "연결 {}개")),
        (exchanges, count!(language, exchanges, "exchange", "exchanges" / "교환 {}개")),
        (reports, count!(language, reports, "report", "reports" / "보고 {}개")),
        (frames, count!(language, frames, "packet", "packets" / "패킷 {}개")),
    ];
    let counts: Vec<String> = counts.into_iter().filter(|(count, _)| *count > 0).map(|(_, said)| said).collect();
    counts.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_is_one() {
        let left_out = |reports| not_recorded(LeftOut { reports, ..LeftOut::default() }, Language::English);
        assert!(left_out(1).starts_with("warning: 1 report not recorded: "), "{}", left_out(1));
        assert!(left_out(2).starts_with("warning: 2 reports not recorded: "), "{}", left_out(2));
    }
}
