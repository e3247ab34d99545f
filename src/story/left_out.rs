//! What no record has, in a line: at a server's end, and at the end of its log shown again.

use crate::language::Language;
use crate::language::sentence::say;
use crate::record::LeftOut;
use crate::story::steps::count;

/// What is neither in the log, nor in the story, nor on the live page.
pub fn not_recorded(left_out: LeftOut, is_capture_file: bool, language: Language) -> String {
    let LeftOut { connections, exchanges, reports, frames } = left_out;
    if is_capture_file && left_out == (LeftOut { frames, ..LeftOut::default() }) {
        return say!(
            language,
            "warning: {} not in the capture file, which counts them: too many at once, or its reader took them too slowly"
                / "경고: 캡처 파일에 {} 빠짐(파일에도 그 수가 있음). 한꺼번에 너무 많았거나, 파일을 받는 쪽이 너무 느렸습니다",
            count!(language, frames, "packet", "packets" / "패킷 {}개")
        );
    }
    let counts = [
        (connections, count!(language, connections, "connection", "connections" / "연결 {}개")),
        (exchanges, count!(language, exchanges, "exchange", "exchanges" / "교환 {}개")),
        (reports, count!(language, reports, "report", "reports" / "보고 {}개")),
        (frames, count!(language, frames, "packet", "packets" / "패킷 {}개")),
    ];
    let counts: Vec<String> = counts.into_iter().filter(|(count, _)| *count > 0).map(|(_, said)| said).collect();
    let counts = counts.join(", ");
    if is_capture_file {
        return say!(
            language,
            "warning: {} not recorded, too many at once: the capture file lacks their calls; packets that it lacks are counted in it"
                / "경고: {} 기록하지 못함. 한꺼번에 너무 많아 캡처 파일에 그 호출이 없습니다. 빠진 패킷의 수는 파일에 있습니다",
            counts
        );
    }
    say!(
        language,
        "warning: {} not recorded: too many at once, the log could not take them, or a process was killed"
            / "경고: {} 기록하지 못함. 한꺼번에 너무 많았거나, 로그에 쓸 수 없었거나, 프로세스가 강제로 종료되었습니다",
        counts
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_is_one_and_packets_alone_are_missing_in_the_capture_file() {
        let left_out = |reports| {
            let left_out = LeftOut { reports, ..LeftOut::default() };
            not_recorded(left_out, false, Language::English)
        };
        assert!(left_out(1).starts_with("warning: 1 report not recorded: "), "{}", left_out(1));
        assert!(left_out(2).starts_with("warning: 2 reports not recorded: "), "{}", left_out(2));
        let lost = not_recorded(LeftOut { frames: 2, ..LeftOut::default() }, true, Language::English);
        assert!(lost.starts_with("warning: 2 packets not in the capture file, ") && !lost.contains("calls"), "{lost}");
    }
}
