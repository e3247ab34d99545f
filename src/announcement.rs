//! The lines before and after serving: where the server is, and how it ends.

mod confinement;

use crate::capture::log::Unwritten;
use crate::cli::{Config, LivePage, Log};
use crate::escape;
use crate::language::Language;
use crate::language::sentence::say;
use crate::listener::{self, Listener, Port};
use crate::qr;
use crate::record::LeftOut;
use crate::recording::Recording;
use crate::sandbox::Sandbox;
use crate::story::left_out::{counts, not_recorded};
use crate::story::steps::count;
use crate::story::width::{USUAL, columns, lines};
use anstream::{AutoStream, ColorChoice};
use rustix::termios::tcgetwinsize;
use std::io::{self, Write};
use std::path::Path;
use std::time::Duration;
use unicode_width::UnicodeWidthStr;

/// Rows of a terminal that the other lines of the announcement take.
const LINES_BESIDE: usize = 6;

/// Where the site is: asked while that can be asked.
#[derive(Debug)]
pub struct Urls {
    /// Its URLs, best first.
    pub all: Vec<String>,
    /// The unix sockets, for which there is no URL.
    paths: Vec<String>,
    /// The best one for other machines.
    lan: Option<String>,
}

impl Urls {
    /// Those of a site on these listeners.
    pub fn of(listeners: &[Listener]) -> Self {
        let paths = listeners.iter().filter(|listener| listener.address().is_none());
        let paths = paths.map(|listener| escape::terminal(&listener.place().to_string()));
        Self { all: listener::urls(listeners), paths: paths.collect(), lan: listener::lan_url(listeners) }
    }
}

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
    urls: &Urls,
    recording: &Recording,
    sandbox: &Sandbox,
) -> io::Result<()> {
    let language = config.language;
    let first = match config.is_lesson {
        true => say!(language, "Serving the lesson at" / "수업 제공 중:"),
        false => say!(language, "Serving {} at" / "{} 폴더 제공 중:", escape::terminal(&folder.display().to_string())),
    };
    let width = first.width();
    let mut line = |label: &str, url: &str| {
        let bold = anstyle::Style::new().bold();
        writeln!(out, "{:indent$}{label} {bold}{url}{bold:#}", "", indent = width.saturating_sub(label.width()))
    };
    for (index, url) in urls.all.iter().chain(&urls.paths).enumerate() {
        let also = say!(language, "and at" / "또는:");
        line(if index == 0 { &first } else { &also }, url)?;
    }
    if let Some(url) = recording.page_urls.first() {
        line(&say!(language, "Watch it at" / "지켜보기:"), url)?;
    }
    if let Some(url) = recording.metrics_urls.first() {
        line(&say!(language, "Its counts at" / "집계:"), &format!("{url}metrics"))?;
    }
    for line in code(config, urls) {
        writeln!(out, "{line}")?;
    }
    let columns = columns(io::stdout()).or_else(|| columns(io::stderr())).map(|columns| columns.min(USUAL));
    for sentence in sentences(folder, config, listeners, recording, sandbox) {
        for line in lines(&escape::terminal(&sentence), columns) {
            writeln!(out, "{line}")?;
        }
    }
    out.flush()
}

/// What else is worth knowing: where it differs from what was asked for, what the live page and the
/// log show of others, what the program gave up.
fn sentences(
    folder: &Path,
    config: &Config,
    listeners: &[Listener],
    recording: &Recording,
    sandbox: &Sandbox,
) -> Vec<String> {
    let language = config.language;
    let mut sentences: Vec<String> = about_sockets(config, listeners).into_iter().flatten().collect();
    sentences.extend(about_limits(config).into_iter().flatten());
    sentences.extend(about_folder(folder, config));
    sentences.extend(about_page(config, recording).into_iter().flatten());
    sentences.extend(recording.packets.sentence(language));
    if config.log == Some(Log::Pcapng) {
        sentences.push(say!(
            language,
            "Standard output is a capture file. It holds whole packets, passwords and cookies too."
                / "표준 출력은 캡처 파일입니다. 비밀번호와 쿠키까지 패킷 전체가 담깁니다."
        ));
    }
    sentences.extend(confinement::sentences(sandbox, language));
    sentences.push(say!(language, "Ctrl-C stops it." / "Ctrl-C를 누르면 멈춥니다."));
    sentences
}

/// That others made the sockets, or that the usual port was taken.
fn about_sockets(config: &Config, listeners: &[Listener]) -> [Option<String>; 2] {
    let handed_over = listeners.iter().any(Listener::is_handed_over).then(|| {
        say!(
            config.language,
            "Its sockets were handed over, and stay when it ends."
                / "소켓을 넘겨받았습니다. 서버가 끝나도 소켓은 남습니다."
        )
    });
    let taken = match (config.port, listeners.iter().find_map(Listener::address)) {
        (Port::From(usual), Some(first)) if first.port() != usual => Some(say!(
            config.language,
            "Port {} is taken, so this is the next free one."
                / "{}번 포트는 이미 쓰이고 있어서 그다음 빈 포트를 씁니다.",
            usual
        )),
        _ => None,
    };
    [handed_over, taken]
}

/// What the system's limits allow less of.
fn about_limits(config: &Config) -> [Option<String>; 2] {
    let connections = config.lowered.connections.map(|affordable| {
        say!(
            config.language,
            "At most {} at once, by the limit of open files (ulimit -Hn)."
                / "동시에 {}까지만 맡습니다. 파일 수의 한도(ulimit -Hn) 때문입니다.",
            count!(config.language, affordable as u64, "connection", "connections" / "연결 {}개")
        )
    });
    let memory = config.lowered.memory.map(|limit| {
        say!(
            config.language,
            "Each event loop keeps files in {} KiB: all memory of this process is limited to {} MiB (cgroup)."
                / "이벤트 루프마다 {} KiB에만 파일을 담습니다. 이 프로세스의 메모리 한도가 {} MiB입니다(cgroup).",
            config.site.cache / 1024,
            limit >> 20
        )
    });
    [connections, memory]
}

/// That it is the current folder, which nobody named.
fn about_folder(folder: &Path, config: &Config) -> Option<String> {
    if config.folder.is_some() || folder != Path::new(HERE) {
        return None;
    }
    let here = std::env::current_dir().unwrap_or_else(|_| folder.to_owned());
    Some(say!(
        config.language,
        "There is no ./public here, so this is the current folder, {}."
            / "여기에 ./public이 없어서 현재 폴더를 제공합니다: {}",
        here.display()
    ))
}

/// Who can see the live page; why there is none.
fn about_page(config: &Config, recording: &Recording) -> [Option<String>; 3] {
    let language = config.language;
    let is_public = recording.is_page_public.then(|| {
        say!(
            language,
            "warning: the live page is open to the network: anyone who reaches it can read every request"
                / "경고: 실시간 페이지가 네트워크에 열려 있습니다. 닿을 수 있는 사람은 모든 요청을 읽을 수 있습니다"
        )
    });
    let is_off = (config.is_for_lan && config.live_page == LivePage::Off).then(|| {
        say!(
            language,
            "No live page, for it shows every request: --watch 8081 opens it, for this machine alone."
                / "실시간 페이지는 모든 요청을 보여 주므로 꺼져 있습니다. 이 컴퓨터에서만 보려면 --watch 8081"
        )
    });
    let failed = recording.no_page.as_ref();
    let failed = failed.map(|why| say!(language, "No live page: {}." / "실시간 페이지를 열 수 없습니다: {}.", why));
    [is_public, is_off, failed]
}

/// With `--lan`, the first URL that a telephone can use, as a QR code: where there
/// is room for it beside the other lines, and colour, without which it can't be read.
fn code(config: &Config, urls: &Urls) -> Vec<String> {
    let is_for_eyes = config.is_for_lan && AutoStream::choice(&io::stdout()) != ColorChoice::Never;
    let Some(size) = tcgetwinsize(io::stdout()).ok().filter(|_| is_for_eyes) else { return Vec::new() };
    let rows = usize::from(size.ws_row).saturating_sub(LINES_BESIDE);
    let url = urls.lan.as_ref();
    url.and_then(|url| qr::lines(url, size.ws_col.into(), rows)).unwrap_or_default()
}

/// The order to stop has come, and these connections are still under way.
pub fn waiting(connections: u64, grace: Duration, language: Language) -> String {
    let connections = count!(language, connections, "connection", "connections" / "연결 {}개");
    let seconds = grace.as_secs_f64();
    say!(
        language,
        "Waiting for {} to finish, at most {} s. Ctrl-C again stops it at once."
            / "{}의 마무리를 기다립니다(최대 {}초). Ctrl-C를 다시 누르면 바로 멈춥니다.",
        connections,
        seconds
    )
}

/// What is neither in the log, nor in the story, nor on the live page: a line each.
pub fn what_is_missing(left_out: LeftOut, capture_file: Option<Unwritten>, language: Language) -> Vec<String> {
    let Some(file) = capture_file else {
        return (!left_out.is_nothing()).then(|| not_recorded(left_out, language)).into_iter().collect();
    };
    let calls = LeftOut { frames: 0, ..left_out };
    let calls = (!calls.is_nothing()).then(|| {
        say!(
            language,
            "warning: {} not recorded, too many at once: the capture file lacks their calls"
                / "경고: {} 기록하지 못함. 한꺼번에 너무 많아 캡처 파일에 그 호출이 없습니다",
            counts(calls, language)
        )
    });
    calls.into_iter().chain(packets_not_in(file, left_out.frames, language)).collect()
}

/// What a capture file lacks: it counts its packets, unless it lacks its end, too.
fn packets_not_in(file: Unwritten, frames: u64, language: Language) -> Option<String> {
    let packets = count!(language, frames, "packet", "packets" / "패킷 {}개");
    Some(match (frames, file.is_cut) {
        (0, false) => return None,
        (0, true) => say!(
            language,
            "warning: the capture file is cut short: its reader took it too slowly, or its disk is full"
                / "경고: 캡처 파일의 끝이 잘렸습니다. 파일을 받는 쪽이 너무 느렸거나, 디스크가 가득 찼습니다"
        ),
        (_, false) => say!(
            language,
            "warning: {} not in the capture file, which counts them: too many at once, its reader too slow, or its disk full"
                / "경고: 캡처 파일에 {} 빠짐(파일에도 그 수가 있음). 한꺼번에 너무 많았거나, 파일을 받는 쪽이 너무 느렸거나, 디스크가 가득 찼습니다",
            packets
        ),
        (_, true) => say!(
            language,
            "warning: {} not in the capture file, which is cut short: too many at once, its reader too slow, or its disk full"
                / "경고: 캡처 파일에 {} 빠짐(파일도 끝이 잘림). 한꺼번에 너무 많았거나, 파일을 받는 쪽이 너무 느렸거나, 디스크가 가득 찼습니다",
            packets
        ),
    })
}

/// Storage kept requests waiting until the end.
pub fn ended_without_storage(requests: usize, language: Language) -> String {
    say!(
        language,
        "warning: storage did not respond to {}; ended without waiting for it"
            / "경고: 저장 장치가 {}에 응답하지 않아 기다리지 않고 끝냈습니다",
        count!(language, requests as u64, "request", "requests" / "요청 {}개")
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::{Args, Task};

    #[test]
    fn one_is_one_and_what_the_limits_leave_fits_a_terminal() {
        for (language, name) in [(Language::English, "en"), (Language::Korean, "ko")] {
            let Ok(Task::Serve(mut config)) = Args::read(["glasshttp", "--lang", name]) else { panic!("it serves") };
            for (connections, said) in
                [(1, "At most 1 connection at once"), (65_536, "At most 65,536 connections at once")]
            {
                config.lowered.connections = Some(connections);
                let [limit, _] = about_limits(&config);
                let limit = limit.expect("a sentence");
                assert!(limit.width() <= USUAL, "{limit}");
                assert!(language == Language::Korean || limit.starts_with(said), "{limit}");
            }
        }
        assert!(ended_without_storage(1, Language::English).contains("to 1 request;"));
    }

    #[test]
    fn of_a_capture_file_what_it_lacks_is_said_and_counted_in_it_only_where_it_is_whole() {
        let lines = |reports, frames, is_cut| {
            let left_out = LeftOut { reports, frames, ..LeftOut::default() };
            what_is_missing(left_out, Some(Unwritten { frames, is_cut }), Language::English)
        };
        assert!(lines(0, 0, false).is_empty());
        for (line, said) in [
            (&lines(0, 2, false)[..], "warning: 2 packets not in the capture file, which counts them: "),
            (&lines(0, 2, true), "warning: 2 packets not in the capture file, which is cut short: "),
            (&lines(0, 0, true), "warning: the capture file is cut short: "),
            (
                &lines(2, 0, false),
                "warning: 2 reports not recorded, too many at once: the capture file lacks their calls",
            ),
        ] {
            assert!(line.len() == 1 && line[0].starts_with(said), "{line:?}");
        }
        assert_eq!(lines(2, 2, true).len(), 2);
    }
}
