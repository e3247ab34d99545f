//! Connections that wait for accept(2): no record of them is made yet.

use crate::language::Language;
use crate::story::layout::grouped;
use crate::story::steps::{count, say};

/// What is known of one that waits: it is looked for from time to time, and so had begun to wait before it was seen.
pub fn waiting(bytes: u32, is_half_closed: bool, language: Language) -> String {
    let waits = match bytes {
        0 => say!(
            language,
            "waits for accept(), seen since the bar's left end" / "accept()를 기다림(막대 왼쪽 끝부터 보임)"
        ),
        _ => {
            let bytes = count!(language, bytes, "byte waits", "bytes wait" / "{}바이트가");
            say!(
                language,
                "{} for accept(), seen since the bar's left end" / "{} accept()를 기다림(막대 왼쪽 끝부터 보임)",
                bytes
            )
        }
    };
    match is_half_closed {
        true => say!(
            language,
            "{}; the client has closed its sending side (CLOSE_WAIT)" / "{}. 클라이언트는 보내는 쪽을 닫음(CLOSE_WAIT)",
            waits
        ),
        false => waits,
    }
}

/// What the listeners say of their queue: how many wait, and how many may at one of them.
pub fn queue(waiting: u32, backlog: u32, language: Language) -> String {
    if waiting == 0 {
        return String::new();
    }
    let wait = count!(language, waiting, "connection waits", "connections wait" / "연결 {}개가");
    say!(
        language,
        "{} in the accept queue (backlog {}). Each is complete, and the server has not called accept(2) for it yet (measured: sock_diag)."
            / "{} 수락 대기열에서 기다립니다(백로그 {}). 연결은 완성되었지만 서버가 아직 accept(2)로 가져가지 않았습니다(측정: sock_diag).",
        wait,
        grouped(backlog.into())
    )
}
