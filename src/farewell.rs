//! The order to stop, from the first Ctrl-C on: if the server has to wait for long, it
//! says for what. The kernel counts the connections, so that serving need not.

use crate::announcement;
use crate::kernel::socket_table::SocketTable;
use crate::language::Language;
use crate::listener::Listener;
use crate::models::Stop;
use std::collections::BTreeSet;
use std::io;
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::time::Duration;

/// Idle connections close, and short responses end, before anybody is made to read a line.
const UNSAID: Duration = Duration::from_millis(500);

/// Lives as long as the server serves.
#[derive(Debug)]
pub struct Farewell(#[expect(dead_code, reason = "its end is what it says")] Sender<()>);

impl Farewell {
    /// Says, by `say`, what is waited for when the order has come; after `grace` nothing is. Without a
    /// thread, which begins no earlier, nothing is said.
    pub fn start(
        stop: &Stop,
        listeners: &[Listener],
        grace: Duration,
        language: Language,
        say: impl FnOnce(&str) + Send + 'static,
    ) -> Self {
        let ports: BTreeSet<u16> =
            listeners.iter().filter_map(Listener::address).map(|address| address.port()).collect();
        let (lives, ended) = channel::<()>();
        let wait_and_say = move || {
            let is_over = ended.recv_timeout(UNSAID) == Err(RecvTimeoutError::Disconnected);
            // Where it can't be known there may be none.
            let connections = accepted(&ports).unwrap_or(0);
            if !is_over && connections > 0 {
                say(&announcement::waiting(connections, grace, language));
            }
        };
        stop.then(move || drop(std::thread::Builder::new().name("farewell".into()).spawn(wait_and_say)));
        Self(lives)
    }
}

fn accepted(ports: &BTreeSet<u16>) -> io::Result<u64> {
    let table = SocketTable::open()?;
    ports.iter().map(|port| table.accepted(*port).map(|count| count as u64)).sum()
}
