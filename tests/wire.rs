//! The wire, clause by clause: `tests/wire/*.md` is the specification and the test.
//!
//! A document is prose and cases. A case is a `## heading`, then one or more
//! pairs of a `request` block and the `response` block that belongs to it
//! (several: sent in one piece, with responses in order), then `Then: reuse` or
//! `Then: close`.
//!
//! **Request block.** Each line ends in CRLF, so the empty line that ends a
//! head stands in the block. A line that ends in `\n` ends in a bare LF; one
//! that ends in `\` has no end at all. Elsewhere:
//!
//! | written | sent |
//! | --- | --- |
//! | `\r` `\n` `\t` `\0` `\\` | CR, LF, tab, NUL, backslash |
//! | `\xff` | that byte |
//! | `\{a*70000}` | 70,000 times `a`; what is repeated may hold the escapes above |
//! | `\{etag /path}` | the current ETag of that file |
//! | `\{modified /path}` | its current Last-Modified |
//!
//! **Response block.** The status line; fields that must be there (`Name: value`
//! exactly, `Name: *` with any value) and, as `!Name`, fields that must not;
//! after an empty line the body exactly, its lines joined by LF, or `(some
//! body)`, or `(no body)`. Nothing after the head: the body is not looked at.
//! A block that begins with an empty line is a response to HTTP/0.9: bare body.
//!
//! Each case runs under every model, in each of the ways of `exchange::Way`,
//! and every response is held to the rules in `exchange::rules` besides.

mod document;
mod exchange;
mod order;
mod site;

use crate::harness::{MODELS, Server};
use document::Case;
use site::Site;

/// Runs every case of a document under every model, and shows all that fail.
/// One server's connections are told, to a log that nobody reads: on the wire that is no difference.
fn holds(file: &str, text: &str) {
    let site = Site::new();
    let mut failures = Vec::new();
    let quiet = MODELS.map(|model| (model, "off"));
    for (model, log) in quiet.into_iter().chain([("multiplex", "json")]) {
        let server = Server::start_logging(site.folder(), log, &["--model", model]);
        let cases = document::cases(text, &|field, path| site::field_of(&server, field, path));
        assert!(cases.len() >= 5, "{file}: {} cases read", cases.len());
        for case in &cases {
            failures.extend(
                run(&server, case).map(|failure| format!("tests/wire/{file}, {model}, --log {log}: {failure}")),
            );
        }
    }
    assert!(failures.is_empty(), "{} failures\n\n{}", failures.len(), failures.join("\n"));
}

/// Runs one case in every way: the first way that fails.
fn run(server: &Server, case: &Case) -> Option<String> {
    for way in exchange::Way::ALL {
        if let Err(failure) = exchange::run(server, case, way) {
            return Some(failure);
        }
        let next = server.get("/next.txt");
        assert_eq!((next.status, next.text().as_str()), (200, "next"), "the next client, after {:?}", case.heading);
    }
    None
}

macro_rules! documents {
    ($($name:ident)*) => {$(
        #[test]
        fn $name() {
            holds(concat!(stringify!($name), ".md"), include_str!(concat!("wire/", stringify!($name), ".md")));
        }
    )*};
}

documents! { versions syntax persistence framing limits methods targets conditions ranges codings }
