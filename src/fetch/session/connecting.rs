//! What a transfer runs on: the connection that was kept, or a name to addresses to a new one.

use super::Session;
use crate::dns::interleaved;
use crate::fetch::connection::Connection;
use crate::fetch::job::Job;
use crate::fetch::{connect, name};
use crate::record::Failure;
use crate::record::transfer::{Connect, ConnectOutcome, Reuse, Transfer};
use std::net::{IpAddr, SocketAddr, SocketAddrV6};

/// A receive buffer for slow readers, in bytes: what is not read soon stays with the server.
const NARROW: usize = 4096;

impl Session<'_> {
    /// The connection that was kept, or a new one.
    pub(super) fn connection(&mut self, job: &Job, transfer: &mut Transfer) -> Result<Connection, Failure> {
        if let Some(mut connection) = self.kept.take() {
            if connection.is_free() {
                let idle = self.clock.now() - connection.free_since;
                transfer.reuse = Some(Reuse { idle, saved: connection.made_in });
                (transfer.connection, transfer.ends) = (Some(connection.number), Some(connection.ends));
                return Ok(connection);
            }
            // The server ended it meanwhile: that is the end of the last transfer.
            let close = connection.close(false);
            if let Some(last) = self.record.transfers.last_mut() {
                last.close = Some(close);
                self.seen.join_last(last, self.clock.began());
            }
        }
        let (host, port) = job.peer();
        let addresses = match self.known.get(&host) {
            Some(addresses) => addresses.clone(),
            None => {
                let (name, background, result) = name::look_up(&host, self.options, self.clock, &self.interrupt);
                let addresses = name.addresses.clone();
                transfer.name = Some(name);
                self.background = background;
                result?;
                self.known.insert(host.clone(), addresses.clone());
                addresses
            }
        };
        let how = connect::How {
            timeout: self.options.timeout,
            buffer: self.options.read_rate.map(|_| NARROW),
            clock: self.clock,
            interrupt: &self.interrupt,
            capture: self.seen.capture(),
        };
        let scope = job.url.scope()?;
        let mut known = addresses.len();
        let (mut tried, mut connected) = connect::connect(&sockets(&interleaved(&addresses), port, scope), &how);
        if let (None, Some(name)) = (&connected, &mut transfer.name) {
            let late = self.background.late_addresses(name, self.options);
            if !late.is_empty() {
                known += late.len();
                let (more, later) = connect::connect(&sockets(&late, port, scope), &how);
                let attempts = [std::mem::take(&mut tried.attempts), more.attempts].concat();
                (tried, connected) = (Connect { attempts, ..more }, later);
            }
        }
        let failure = match self.interrupt.has_come() {
            true => Failure::Interrupted,
            false => connect::failure(&host, &tried.attempts, known),
        };
        let made = tried.attempts.iter().find(|attempt| attempt.outcome == ConnectOutcome::Connected);
        let made_in = made.map_or(0, |attempt| attempt.ended - attempt.began);
        transfer.connect = Some(tried);
        let connected = connected.ok_or(failure)?;
        self.connections += 1;
        let connection =
            Connection::new(self.connections, (host, port), made_in, connected, (self.clock, self.interrupt.clone()));
        (transfer.connection, transfer.ends) = (Some(connection.number), Some(connection.ends));
        Ok(connection)
    }
}

fn sockets(addresses: &[IpAddr], port: u16, scope: u32) -> Vec<SocketAddr> {
    let socket = |ip: &IpAddr| match ip {
        IpAddr::V4(ip) => SocketAddr::from((*ip, port)),
        IpAddr::V6(ip) => SocketAddrV6::new(*ip, port, 0, scope).into(),
    };
    addresses.iter().map(socket).collect()
}
