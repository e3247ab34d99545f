//! Whose requests the live page responds to: it shows what clients sent, so other
//! users of this machine can't read it.

use crate::handler::Ends;
use crate::kernel::socket_table::{Owner, SocketTable};
use rustix::process::{geteuid, getuid};
use std::sync::{Mutex, PoisonError};

/// The superuser.
const ROOT: u32 = 0;

/// The users who may look.
#[derive(Debug)]
pub(super) struct Users {
    allowed: Vec<u32>,
    /// `None`: this system has no such table, and can't be asked.
    table: Option<Mutex<SocketTable>>,
}

impl Users {
    /// Root, and the user who started the program, by sudo(8) or without.
    pub(super) fn of_this_program() -> Self {
        let by_sudo = ["SUDO_UID", "PKEXEC_UID"].into_iter().filter_map(|name| std::env::var(name).ok()?.parse().ok());
        // Only root was another user before: from others such a variable means nothing.
        let starter = by_sudo.filter(|_| getuid().is_root());
        let allowed = [ROOT, getuid().as_raw()].into_iter().chain(starter).collect();
        Self { allowed, table: SocketTable::open().ok().map(Mutex::new) }
    }

    fn allow(&self, user: u32) -> bool {
        self.allowed.contains(&user) || user == geteuid().as_raw()
    }

    /// Whether the client's end is a socket of one of them. Of a client on another
    /// machine no user is known: opening the page to a network lets it in.
    pub(super) fn may_ask(&self, ends: Ends<'_>) -> bool {
        let Some(client) = ends.client() else {
            return ends.user().is_some_and(|user| self.allow(user));
        };
        let (Some(table), Ok(server)) = (&self.table, ends.server()) else { return true };
        let table = table.lock().unwrap_or_else(PoisonError::into_inner);
        match table.owner(client, server) {
            Ok(Owner::User(user)) => self.allow(user),
            Ok(Owner::Nobody) => false, // it has gone, and its user with it
            Ok(Owner::Elsewhere) | Err(_) => !client.ip().to_canonical().is_loopback(),
        }
    }
}
