//! Showing a saved log, and help itself, explained in Korean.

use super::shared;
use super::translation::{TEMPLATE, Translation};

pub(super) const KOREAN: Translation = Translation {
    about: "저장한 로그(--log json)나 fetch 기록(fetch --json)을 터미널에서 다시 보여 줌",
    usage: "glasshttp show [옵션] <FILE>",
    template: TEMPLATE,
    arguments: &[("file", "파일. -는 표준 입력")],
    after: "",
};

pub(super) const KOREAN_HELP: Translation = Translation {
    about: "이 도움말이나 명령 하나의 도움말을 출력",
    usage: "glasshttp help [COMMAND]",
    template: TEMPLATE,
    arguments: &[("command", "명령")],
    after: "",
};

pub(super) const KOREAN_LESSON: Translation = Translation {
    about: "내장된 HTTP와 TCP 수업을 실시간 페이지와 함께 제공",
    usage: "glasshttp lesson [옵션]",
    template: TEMPLATE,
    arguments: &[
        ("port", shared::PORT),
        ("lan", shared::LAN),
        ("open", shared::OPEN),
        ("log", shared::LOG),
        ("watch", shared::WATCH),
        ("no_watch", shared::NO_WATCH),
    ],
    after: "",
};
