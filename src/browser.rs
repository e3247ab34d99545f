//! `--open`: the site in the browser of the user who started the server.

use crate::language::sentence::say;
use crate::language::{Language, cause};
use std::io;
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};

/// What a desktop opens a URL with.
const OPENER: &str = "xdg-open";

/// A browser that is being opened.
#[derive(Debug)]
pub struct Opening {
    child: Child,
    cannot: String,
    language: Language,
}

/// Opens `url`, and does not wait for that; why it can't be opened goes to `complain`. A site on a
/// unix socket alone has none.
pub fn open(url: Option<&str>, language: Language, complain: impl FnOnce(&str)) -> Option<Opening> {
    let Some(url) = url else {
        complain(&say!(
            language,
            "A unix socket has no URL that a browser opens: add --bind 127.0.0.1."
                / "유닉스 소켓에는 브라우저로 열 URL이 없습니다. --bind 127.0.0.1을 더하세요."
        ));
        return None;
    };
    // Without a display a text browser would be started in our own terminal.
    if !has_display() {
        complain(&say!(
            language,
            "There is no display to open a browser on: open {} yourself."
                / "브라우저를 띄울 화면이 없습니다. 직접 여세요: {}",
            url
        ));
        return None;
    }
    let cannot = say!(language, "{} could not open {}" / "{}(으)로 {}을(를) 열지 못했습니다", OPENER, url);
    match start(url) {
        Ok(child) => Some(Opening { child, cannot, language }),
        Err(error) => {
            complain(&format!("{cannot}: {}.", cause(&error, language)));
            None
        }
    }
}

impl Opening {
    /// Has a thread wait for how that ended.
    pub fn watch(self, complain: impl FnOnce(&str) + Send + 'static) {
        let Self { child, cannot, language } = self;
        // Without a thread nobody hears how it ended.
        let _ = std::thread::Builder::new().name("browser".into()).spawn(move || {
            if let Some(code) = failure(child) {
                complain(&say!(language, "{} (exit code {})." / "{}(종료 코드 {}).", cannot, code));
            }
        });
    }
}

/// In a process group of its own: Ctrl-C is for the server.
fn start(url: &str) -> io::Result<Child> {
    let mut command = Command::new(OPENER);
    command.arg(url).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).process_group(0).spawn()
}

/// How it failed; where the process model has waited for it, nobody knows.
fn failure(mut child: Child) -> Option<i32> {
    child.wait().ok()?.code().filter(|code| *code != 0)
}

fn has_display() -> bool {
    let is_set = |name| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    is_set("DISPLAY") || is_set("WAYLAND_DISPLAY") || is_set("WSL_DISTRO_NAME")
}
