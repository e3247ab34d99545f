//! `--linger`: told to stop, the server goes on accepting for a while, for those
//! that still send clients to it; each response says that it was the last one.

use super::{folder_with, under_each_model};
use crate::harness::Server;
use rustix::process::Signal;
use std::time::{Duration, Instant};

#[test]
fn new_and_kept_clients_are_served_for_as_long_and_then_no_more() {
    let (folder, _) = folder_with(0);
    under_each_model(|model| {
        let mut server = Server::start(folder.path(), &["--model", model, "--linger", "2"]);
        let mut kept = (model != "iterative").then(|| server.connect());
        const GET: &[u8] = b"GET /small.txt HTTP/1.1\r\nHost: a\r\n\r\n";
        if let Some(kept) = &mut kept {
            kept.send(GET);
            assert_eq!(kept.response().header("Connection"), Some("keep-alive"), "{model}");
        }
        let told = Instant::now();
        server.signal(Signal::TERM);
        // A signal comes when it comes: from its coming on each response is a last one.
        let mut last = 0;
        while last < 3 {
            let mut new = server.connect();
            new.send(GET);
            let response = new.response();
            assert_eq!(response.status, 200, "{model}");
            last += usize::from(response.header("Connection") != Some("keep-alive"));
        }
        if let Some(kept) = &mut kept {
            let mut ask = || {
                kept.send(GET);
                kept.response()
            };
            // Its loop, thread or process may hear a little later.
            while ask().header("Connection") == Some("keep-alive") {}
            assert_eq!(kept.read_to_end(), b"", "{model}");
        }
        assert_eq!(server.wait().code(), Some(0), "{model}");
        assert!(told.elapsed() >= Duration::from_secs(2), "{model}: {:?}", told.elapsed());
    });
}
