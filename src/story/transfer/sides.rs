//! Both halves: what the client did on the left, what the server did on the
//! right, in the order of cause and time.
//!
//! ```text
//! |     time|client                          |arrow|server
//! |   698 µs|GET / HTTP/1.0 79 bytes         | ──▶ |
//! |   721 µs|                                |     |read head complete: 79 bytes in 1 read
//! ```

use crate::language::Language;
use crate::record::connection::Record;
use crate::record::{End, Nanoseconds};
use crate::story::layout::{Arrow, Block, Words};
use crate::story::rows;
use crate::story::steps::{Step, say};

/// The rows that come before the two halves meet: names, and addresses that did not respond.
pub(super) fn split(mut rows: Vec<Step>) -> (Vec<Step>, Vec<Step>) {
    let connect = rows.iter().rposition(|step| step.id.starts_with("client-connect-"));
    let begin = connect.or_else(|| rows.iter().position(|step| step.exchange.is_some())).unwrap_or_default();
    let both = rows.split_off(begin);
    (rows, both)
}

pub(super) fn write(
    steps: Vec<Step>,
    above: &mut Option<Nanoseconds>,
    server: &Record,
    block: &mut Block,
    language: Language,
) {
    let client = say!(language, "client" / "클라이언트");
    let title = say!(language, "server ({}, connection {})" / "서버 ({}, 연결 {})", server.model, server.connection);
    block.sides("", Some(&crate::story::layout::plain(client)), None, Some(&crate::story::layout::plain(title)));
    for step in steps {
        let time = rows::time(&step, *above);
        *above = step.at.value().copied().or(*above);
        let arrow = Some(rows::arrow(&step)).filter(|arrow| *arrow != Arrow::Inside);
        let words = words(&step);
        match step.seen_by {
            End::Client => block.sides(&time, Some(&words), arrow, None),
            End::Server => block.sides(&time, None, arrow, Some(&words)),
        }
    }
}

/// A word, and what happened.
fn words(step: &Step) -> Words {
    let (style, title) = rows::title(step);
    let text = format!("{} {title}", step.label);
    (style, text.trim().to_owned())
}
