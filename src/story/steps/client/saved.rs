//! What became of the body.

use crate::language::Language;
use crate::record::transfer::{Saved, Transfer};
use crate::story::steps::phrase::bytes;
use crate::story::steps::say::say;
use crate::story::steps::step::Step;

pub(super) fn step(transfer: &Transfer, language: Language) -> Option<Step> {
    let label = say!(language, "saved" / "저장");
    let title = match transfer.body.as_ref()? {
        Saved::Stdout | Saved::Dropped => return None,
        Saved::NotForTerminal => {
            let title =
                say!(language, "not shown: not text. Try -o FILE" / "텍스트가 아니라서 보이지 않음. -o FILE로 저장");
            return Some(Step::remark("saved", say!(language, "body" / "본문"), title));
        }
        Saved::Part { path, bytes: count, .. } => {
            say!(language, "{} in {}, incomplete" / "{1}에 {0}, 전부가 아님", bytes(*count, language), path.display())
        }
        Saved::File { path, resumed_at, was_whole: true } => say!(
            language,
            "{} was complete already: {}" / "{}: 이미 온전함, {}",
            path.display(),
            bytes(*resumed_at, language)
        ),
        Saved::File { path, resumed_at: 0, .. } => say!(language, "in {}" / "{}", path.display()),
        Saved::File { path, resumed_at, .. } => say!(
            language,
            "in {}, behind the {} from before" / "{}, 앞서 받은 {}에 이어서",
            path.display(),
            bytes(*resumed_at, language)
        ),
    };
    Some(Step::remark("saved", label, title))
}
