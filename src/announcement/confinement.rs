//! What the announcement says of the sandbox: one word if all of it is in force, else what is missing.

use crate::language::Language;
use crate::language::sentence::say;
use crate::sandbox::{Became, Part, Sandbox};

/// The user that serves, if that is not the one who started it, and what is in force.
pub(super) fn sentences(sandbox: &Sandbox, language: Language) -> Vec<String> {
    let mut sentences = Vec::new();
    match &sandbox.became {
        Became::Same => {}
        Became::Other(account) => {
            sentences.push(say!(language, "It serves as {}." / "{} 사용자로 제공합니다.", account));
        }
        Became::Root => sentences.push(say!(
            language,
            "It serves as root, without capabilities." / "root로 제공하되, 권한(capability)은 모두 내려놓았습니다."
        )),
        Became::RootFor(account) => sentences.push(say!(
            language,
            "It serves as root, without capabilities: it cannot become {} here."
                / "root로 제공하되, 권한(capability)은 모두 내려놓았습니다. 여기서는 {} 사용자가 될 수 없습니다.",
            account
        )),
    }
    if !sandbox.in_force.on {
        sentences.push(say!(language, "Sandbox off." / "샌드박스 꺼짐."));
        return sentences;
    }
    let missing: Vec<&str> = sandbox.in_force.missing().map(|part| lacking(part, language)).collect();
    sentences.push(match missing.is_empty() {
        true => say!(language, "Sandbox on." / "샌드박스 켜짐."),
        false => say!(
            language,
            "Sandbox on, but this kernel does not confine: {}." / "샌드박스 켜짐. 다만 이 커널에서는 가두지 못함: {}.",
            missing.join(", ")
        ),
    });
    sentences
}

/// What is not confined where this part is missing.
fn lacking(part: Part, language: Language) -> &'static str {
    let (english, korean) = match part {
        Part::Files => ("files (landlock)", "파일(landlock)"),
        Part::Network => ("TCP ports (landlock 4)", "TCP 포트(landlock 4)"),
        Part::Signals => ("signals (landlock 6)", "시그널(landlock 6)"),
        Part::Calls => ("system calls (seccomp)", "시스템 호출(seccomp)"),
        Part::NoNewPrivileges => ("new privileges (no_new_privs)", "새 권한(no_new_privs)"),
    };
    match language {
        Language::English => english,
        Language::Korean => korean,
    }
}
