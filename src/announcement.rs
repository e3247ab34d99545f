//! The lines around serving: where it is, before; what went missing, after.

use crate::cli::{Config, Log};
use crate::escape;
use crate::language::Language;
use crate::language::sentence::say;
use crate::listener::{self, Listener, Port};
use crate::observe::sink::LeftOut;
use crate::recording::Recording;
use std::io::{self, Write};
use std::path::Path;
use unicode_width::UnicodeWidthStr;

/// The current folder.
pub const HERE: &str = ".";

/// What is served, where, and what else is worth knowing; the first line names
/// the URL that is really bound.
///
/// # Errors
/// Those of `out`.
pub fn announce(
    out: &mut dyn Write,
    folder: &Path,
    config: &Config,
    listeners: &[Listener],
    recording: &Recording,
) -> io::Result<()> {
    let language = config.language;
    let first = say!(language, "Serving {} at" / "{} 폴더 제공 중:", escape::terminal(&folder.display().to_string()));
    let width = first.width();
    let mut line = |label: &str, url: &str| {
        let bold = anstyle::Style::new().bold();
        writeln!(out, "{:indent$}{label} {bold}{url}{bold:#}", "", indent = width.saturating_sub(label.width()))
    };
    for (index, url) in listener::urls(listeners).iter().enumerate() {
        let also = say!(language, "and at" / "또는:");
        line(if index == 0 { &first } else { &also }, url)?;
    }
    if let Some(url) = recording.page_urls.first() {
        line(&say!(language, "Watch it at" / "지켜보기:"), url)?;
    }
    for sentence in sentences(folder, config, listeners, recording) {
        writeln!(out, "{}", escape::terminal(&sentence))?;
    }
    out.flush()
}

fn sentences(folder: &Path, config: &Config, listeners: &[Listener], recording: &Recording) -> Vec<String> {
    let language = config.language;
    let mut sentences = Vec::new();
    if listeners.iter().any(Listener::is_handed_over) {
        sentences.push(say!(
            language,
            "Its sockets were handed over, and stay when it ends."
                / "소켓을 넘겨받았습니다. 서버가 끝나도 소켓은 남습니다."
        ));
    }
    if let (Port::From(usual), Some(first)) = (config.port, listeners.first())
        && first.address().port() != usual
    {
        sentences.push(say!(
            language,
            "Port {} is taken, so this is the next free one."
                / "{}번 포트는 이미 쓰이고 있어서 그다음 빈 포트를 씁니다.",
            usual
        ));
    }
    if config.folder.is_none() && folder == Path::new(HERE) {
        let here = std::env::current_dir().unwrap_or_else(|_| folder.to_owned());
        sentences.push(say!(
            language,
            "There is no ./public here, so this is the current folder, {}."
                / "여기에 ./public이 없어서 현재 폴더를 제공합니다: {}",
            here.display()
        ));
    }
    if recording.is_page_public {
        sentences.push(say!(
            language,
            "warning: the live page is open to the network: anyone who reaches it can read every request"
                / "경고: 실시간 페이지가 네트워크에 열려 있습니다. 닿을 수 있는 사람은 모든 요청을 읽을 수 있습니다"
        ));
    }
    if let Some(why) = &recording.no_page {
        sentences.push(say!(language, "No live page: {}." / "실시간 페이지를 열 수 없습니다: {}.", why));
    }
    sentences.extend(recording.packets.sentence(language));
    if config.log == Some(Log::Pcapng) {
        sentences.push(say!(
            language,
            "Standard output is a capture file. It holds whole packets, passwords and cookies too."
                / "표준 출력은 캡처 파일입니다. 비밀번호와 쿠키까지 패킷 전체가 담깁니다."
        ));
    }
    sentences.push(say!(language, "Ctrl-C stops it." / "Ctrl-C를 누르면 멈춥니다."));
    sentences
}

/// What is neither in the log, nor in the story, nor on the live page.
pub fn not_recorded(left_out: LeftOut, is_capture_file: bool, language: Language) -> String {
    let LeftOut { connections, exchanges, reports, frames } = left_out;
    let counts = [
        (connections, say!(language, "{} connections" / "연결 {}개", connections)),
        (exchanges, say!(language, "{} exchanges" / "교환 {}개", exchanges)),
        (reports, say!(language, "{} reports" / "보고 {}개", reports)),
        (frames, say!(language, "{} packets" / "패킷 {}개", frames)),
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
        "warning: {} were not recorded: too many at once, or the log's reader was too slow"
            / "경고: {} 기록하지 못함. 한꺼번에 너무 많았거나, 로그를 읽는 쪽이 너무 느렸습니다",
        counts
    )
}

/// Storage kept requests waiting until the end.
pub fn ended_without_storage(requests: usize, language: Language) -> String {
    say!(
        language,
        "warning: storage did not respond to {} requests; ended without waiting for it"
            / "경고: 저장 장치가 요청 {}개에 응답하지 않아 기다리지 않고 끝냈습니다",
        requests
    )
}
