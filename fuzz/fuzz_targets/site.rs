//! Whatever is asked of a folder: no byte of a file outside of it, or hidden in
//! it, comes out; heads are in order; a redirect leads to something.

#![no_main]

use glasshttp::handler::{Begun, Ends, Handler, LoopHandler, Response};
use glasshttp::http::message::{FieldStorage, Request};
use glasshttp::http::parse;
use glasshttp::site::{Site, SiteOptions};
use glasshttp_fuzz::pieces;
use glasshttp_fuzz::server::{Conversation, check_response, converse, field};
use libfuzzer_sys::fuzz_target;
use std::fs;
use std::os::fd::AsFd;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::sync::{LazyLock, Mutex, MutexGuard};
use std::task::Poll;
use std::time::Instant;

/// A byte that no UTF-8 has: what must not come out is made of it alone.
const SECRET: u8 = 0xff;
/// A part of each hidden name.
const HIDDEN: &str = "unseen";

struct Sites {
    plain: Site,
    /// As an event loop has it: with what it keeps.
    kept: Kept,
    /// One page for all paths.
    spa: Site,
    _place: tempfile::TempDir,
}

/// An event loop's own handler, asked from here.
struct Kept(Mutex<Box<dyn LoopHandler>>);

impl Kept {
    fn own(&self) -> MutexGuard<'_, Box<dyn LoopHandler>> {
        self.0.lock().expect("it does not panic")
    }
}

impl Handler for Kept {
    fn handle(&self, request: &Request<'_>) -> Response {
        let stdin = std::io::stdin();
        match self.own().begin_on(request, Ends::new(Some(([127, 0, 0, 1], 1).into()), stdin.as_fd())) {
            Begun::Now(response) => response,
            Begun::Later(response) => loop {
                if let Poll::Ready(response) = response.take() {
                    break response.expect("its maker does not fail");
                }
                std::thread::yield_now();
            },
            _ => unreachable!("there is no third way to begin"),
        }
    }

    fn body_limit(&self, _: &Request<'_>) -> u64 {
        0
    }
}

static SITES: LazyLock<Sites> = LazyLock::new(|| {
    let place = tempfile::tempdir().expect("a folder");
    let root = place.path().join("root");
    lay_out(place.path(), &root);
    let open = |options| Site::open(&root, options).expect("a site");
    let plain = open(SiteOptions::default());
    let kept = Kept(Mutex::new(plain.for_event_loop().expect("one for an event loop")));
    let mut options = SiteOptions::default();
    (options.spa, options.listing) = (true, false);
    let spa = open(options);
    Sites { plain, kept, spa, _place: place }
});

fn lay_out(place: &Path, root: &Path) {
    for folder in ["a/b", "page", ".unseen", "\u{d55c}", "<b>", ".well-known"] {
        fs::create_dir_all(root.join(folder)).expect("a folder");
    }
    let secret = vec![SECRET; 300];
    for file in ["../outside", ".unseen/a", ".unseen-file", "a/.unseen", ".well-known/.unseen"] {
        fs::write(root.join(file), &secret).expect("a file");
    }
    for (file, text) in [
        ("a/a.txt", "a\n"),
        ("a/b/b", "0123456789"),
        ("page/index.html", "<p>page"),
        ("other.html", "<p>other"),
        ("z.css", "a{}"),
        ("z.css.gz", "not really"),
        ("z.css.br", "nor this"),
        ("\u{d55c}/\u{ae00}.txt", "\u{ae00}"),
        ("<b>/\"'&.js", "1"),
        (".well-known/a", "well"),
        ("empty", ""),
        ("a%2Fb", "percent"),
        ("\\", "backslash"),
        ("x:y", "colon"),
    ] {
        fs::write(root.join(file), text).expect("a file");
    }
    symlink(place.join("outside"), root.join("out")).expect("a link");
    symlink(place, root.join("up")).expect("a link");
    symlink("a", root.join("inside")).expect("a link");
    symlink(".unseen-file", root.join("to-the-hidden")).expect("a link");
    symlink("round", root.join("round")).expect("a link");
}

fn check(conversation: &Conversation) {
    for sent in &conversation.responses {
        check_response(sent);
        assert!(!sent.body.contains(&SECRET), "a secret came out: {}", String::from_utf8_lossy(&sent.head));
        let text = String::from_utf8_lossy(&sent.body);
        assert!(!text.contains(HIDDEN), "a hidden name came out: {text}");
        if sent.head.starts_with(b"HTTP/1.0 5") {
            assert!(sent.head.starts_with(b"HTTP/1.0 50") && !sent.head.starts_with(b"HTTP/1.0 500"), "{sent:?}");
        }
    }
}

/// A redirect's path leads to a folder's page at once.
fn follow<H: Handler + ?Sized>(site: &H, conversation: &Conversation) {
    for location in conversation.responses.iter().filter_map(|sent| field(sent, "Location")) {
        let request = format!("GET {location} HTTP/1.0\r\n\r\n");
        let next = converse(site, &[request.as_bytes()]);
        let status = &next.responses[0].head[9..12];
        assert!(matches!(status, b"200" | b"403" | b"404"), "{location}: {next:?}");
    }
}

/// The status and length of what a GET of this path gives are those that HEAD says.
fn compare_head<H: Handler + ?Sized>(site: &H, whole: &[u8]) {
    let mut storage = FieldStorage::new();
    let Ok(Some((Request { target, .. }, _))) = parse::head(whole, false, &mut storage) else { return };
    let ask = |method: &str| {
        let request = format!("{method} {} HTTP/1.0\r\n\r\n", target.path);
        converse(site, &[request.as_bytes()]).responses.remove(0)
    };
    if target.path.starts_with('/') && !target.path.contains(' ') {
        let (get, head) = (ask("GET"), ask("HEAD"));
        assert_eq!(String::from_utf8_lossy(&get.head), String::from_utf8_lossy(&head.head));
        assert!(head.body.is_empty());
    }
}

fuzz_target!(|data: &[u8]| {
    let Some((cut, whole)) = pieces(data) else { return };
    let Sites { plain, kept, spa, .. } = &*SITES;
    kept.own().begin_turn(Instant::now());
    let conversation = converse(plain, &[whole]);
    check(&conversation);
    follow(plain, &conversation);
    compare_head(plain, whole);
    let same = converse(kept, &cut);
    assert_eq!(same, conversation, "what is kept is what is there");
    check(&converse(spa, &[whole]));
    kept.own().end_turn(Instant::now());
});
