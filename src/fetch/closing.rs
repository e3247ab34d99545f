//! The end of a connection: who ended it first, and who keeps the port.

use super::connection::Connection;
use crate::http::client::{Ending, Next};
use crate::kernel::socket_table::SocketTable;
use crate::kernel::tcp_info::{SendQueue, TcpInfo, fin_left};
use crate::record::transfer::ClientClose;
use crate::record::{ClientReason, End, Figure, How, Nanoseconds, Source, TimeWait, Why};
use crate::sys::tcp_option;
use rustix::event::PollFlags;
use std::time::{Duration, Instant};

/// How long the server may take to close its sending side first, where that is its turn.
const ITS_TURN: Duration = Duration::from_secs(1);
/// How long it may take to answer our end with its own.
const ITS_END: Duration = Duration::from_millis(250);

impl Connection {
    /// Ends the connection, and says how that went. `is_ours`: we gave the
    /// response up, and the server shall know it at once.
    pub(super) fn close(mut self, is_ours: bool) -> ClientClose {
        let ending = self.wind_down();
        let is_reset_by_us = is_ours && !self.is_reset && self.server_end.is_none();
        if is_reset_by_us {
            // close(2) of a socket that does not linger is a reset (socket(7)).
            let _ = socket2::SockRef::from(&self.socket).set_linger(Some(Duration::ZERO));
        }
        let info = tcp_option::info(&self.socket).unwrap_or_default();
        let info = TcpInfo(&info);
        // So is one of a socket that holds bytes which nobody read (RFC 2525 §2.17), also behind a FIN; not once both
        // ends have closed.
        let leaves_unread = !is_reset_by_us
            && !self.is_reset
            && info.state() != Some("CLOSE")
            && rustix::io::ioctl_fionread(&self.socket).is_ok_and(|unread| unread > 0);
        let surplus = self.machine.surplus().saturating_add(self.read_beyond);
        let how = match ending {
            _ if self.is_reset => How::ResetByServer,
            _ if is_reset_by_us || leaves_unread => How::ResetByClient,
            Ending::Failed(error) if is_timeout(error) => How::Timeout,
            _ => How::Fin,
        };
        let Self { ends, clock, client_end, client_shut, server_end, state_before_end, queue_before_end, .. } = self;
        let socket = self.socket;
        let state = match client_end {
            Some(_) => state_before_end.map(|state| (state, Source::StateBeforeShutdown)),
            None => info.state().map(|state| (state, Source::StateBeforeClose)),
        };
        // What the server knows of the end is later than the call; it is over when that has returned.
        let called = clock.now();
        drop(socket);
        let at = clock.now();
        let waits = who_waits(how, ends);
        let first = match leaves_unread && server_end.is_none() && client_end.is_none() {
            // An end of input that nobody read may wait behind those bytes.
            true if info.state() != Some("CLOSE_WAIT") => Figure::derived(End::Client, Source::UnreadAtClose),
            _ => first_by_wait(waits.as_ref()).unwrap_or_else(|| first(how, client_end, server_end, state)),
        };
        ClientClose {
            at,
            reason: ClientReason(ending),
            how,
            time_wait: match waits {
                Some(whose) => whose,
                None => {
                    let missing = || server_end.is_none().then_some(Why::ServerEndUnseen);
                    TimeWait::by_state(TimeWait::after(how, &first, missing), info.state())
                }
            },
            first,
            client_end: match client_end {
                Some(at) => Figure::measured(at, Source::ClockBeforeShutdown),
                None if leaves_unread => Figure::derived(called, Source::UnreadAtClose),
                None => Figure::derived(called, Source::CloseEnds),
            },
            client_fin: match client_end {
                Some(shut) => fin_left(queue_before_end, Some(shut)),
                None => fin(how, called, info.send_queue()),
            },
            client_reset: match (is_reset_by_us, leaves_unread) {
                (true, _) => Figure::derived(called, Source::NoLinger),
                (false, true) => Figure::derived(called, Source::UnreadAtClose),
                (false, false) => Figure::not_visible(Why::NotReached),
            },
            surplus,
            left_by: match client_shut {
                Some(shut) => Figure::measured(shut, Source::ClockAfterShutdown),
                None => Figure::measured(at, Source::ClockAfterClose),
            },
            server_end: Figure::measured_or(
                server_end,
                if how == How::ResetByServer { Source::Reset } else { Source::EndOfInput },
                Why::ServerEndUnseen,
            ),
            tcp: Figure::measured_or(info.figures(), Source::TcpInfoBeforeClose, Why::NoTcpInfo),
        }
    }

    /// Lets the machine come to its end; then our half ends, in order, where that is still to be done.
    fn wind_down(&mut self) -> Ending {
        self.machine.finish();
        let turn_ends = Instant::now() + ITS_TURN;
        let ending = loop {
            match self.machine.next() {
                Next::Close(ending) => break ending,
                Next::Drain if self.server_end.is_none() => {
                    if self.interrupt.wait(&self.socket, PollFlags::IN, turn_ends).is_empty() {
                        self.machine.timed_out();
                    } else {
                        self.read_unasked();
                    }
                }
                _ => self.machine.timed_out(),
            }
        };
        let is_orderly = !matches!(ending, Ending::Failed(_) | Ending::GivenUp | Ending::Reset);
        if is_orderly && self.server_end.is_none() {
            self.shut_down();
            self.await_its_end();
        }
        ending
    }

    fn await_its_end(&mut self) {
        let deadline = Instant::now() + ITS_END;
        let mut most = 64; // reads
        while self.server_end.is_none()
            && most > 0
            && !self.interrupt.wait(&self.socket, PollFlags::IN, deadline).is_empty()
        {
            most -= 1;
            self.read_unasked();
        }
    }
}

fn is_timeout(error: crate::http::client::response_error::ResponseError) -> bool {
    crate::record::Failure::from(error).kind() == crate::record::FailureKind::TimedOut
}

/// When our FIN left, if a call closed our sending side at this moment, and this was before it.
fn fin(how: How, at: Nanoseconds, queue: Option<SendQueue>) -> Figure<Nanoseconds> {
    if matches!(how, How::ResetByClient) {
        return Figure::not_visible(Why::NotReached);
    }
    fin_left(queue, Some(at))
}

/// Who ended first, by TCP's `state` right before we closed our sending side; else by the order in which we learnt of the ends.
fn first(how: How, client: Option<i64>, server: Option<i64>, state: Option<(&str, Source)>) -> Figure<End> {
    let by_state = state.and_then(|(state, by)| Some(Figure::derived(End::first_by_state(End::Client, state)?, by)));
    let is_server = by_state.as_ref().is_some_and(|first| first.value() == Some(&End::Server));
    match (how, by_state, client, server) {
        (How::ResetByServer, _, None, _) if !is_server => Figure::measured(End::Server, Source::Reset),
        (How::ResetByClient, _, None, _) if !is_server => Figure::measured(End::Client, Source::NoLinger),
        (_, Some(by_state), ..) => by_state,
        (_, None, Some(client), Some(server)) if server < client => {
            Figure::derived(End::Server, Source::EndBeforeShutdown)
        }
        (_, None, Some(_), _) => Figure::derived(End::Client, Source::EndBeforeShutdown),
        (_, None, None, Some(_)) => Figure::derived(End::Server, Source::EndBeforeClose),
        (_, None, None, None) => Figure::derived(End::Client, Source::NoEndBeforeClose),
    }
}

/// The end that is in TIME_WAIT closed first: the order in which we learnt of the ends may be another.
fn first_by_wait(waits: Option<&Figure<TimeWait>>) -> Option<Figure<End>> {
    let Figure::Measured { value, by } = waits? else { return None };
    match value {
        TimeWait::Client => Some(Figure::derived(End::Client, by.clone())),
        TimeWait::Server => Some(Figure::derived(End::Server, by.clone())),
        TimeWait::Both | TimeWait::Nobody => None,
    }
}

/// Asks the kernel, right after close(2).
fn who_waits(how: How, ends: crate::record::transfer::Ends) -> Option<Figure<TimeWait>> {
    if matches!(how, How::ResetByClient | How::ResetByServer) {
        return None;
    }
    SocketTable::open().ok()?.who_waits(ends.server, ends.client)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fin_behind_bytes_that_wait_is_not_said_to_have_left() {
        let left = |state: u8, unsent: u32, window: u32| {
            let mut info = vec![0; 232];
            info[0] = state;
            info[16..20].copy_from_slice(&1_448_u32.to_ne_bytes());
            info[80..84].copy_from_slice(&10_u32.to_ne_bytes());
            info[144..148].copy_from_slice(&unsent.to_ne_bytes());
            info[228..232].copy_from_slice(&window.to_ne_bytes());
            fin(How::Fin, 5, TcpInfo(&info).send_queue())
        };
        let [established, closed] = [1, 7];
        assert_eq!(left(established, 0, 1000), Figure::derived(5, Source::NothingUnsent));
        assert_eq!(left(established, 1_449, 10_000), Figure::not_visible(Why::BytesUnsent));
        assert_eq!(left(established, 0, 0), Figure::not_visible(Why::BytesUnsent), "there is no room for it");
        assert_eq!(left(closed, 0, 1000), Figure::not_visible(Why::CloseUnseen));
        assert_eq!(fin(How::Fin, 5, None), Figure::not_visible(Why::NoTcpInfo));
        assert_eq!(fin(How::ResetByClient, 5, None), Figure::not_visible(Why::NotReached));
    }

    #[test]
    fn who_closed_first_and_who_waits_never_contradict_each_other() {
        for (waits, by, end) in [
            (TimeWait::Client, Source::SockDiagClient, End::Client),
            (TimeWait::Server, Source::SockDiagServer, End::Server),
        ] {
            let waits = Figure::measured(waits, by);
            // The client's shutdown(2) came before the end of input was read: that alone decides nothing.
            for (client, server) in [(Some(1), Some(2)), (Some(2), Some(1)), (None, Some(1)), (None, None)] {
                assert_eq!(first_by_wait(Some(&waits)).expect("it is measured").value(), Some(&end));
                let by_order = first(How::Fin, client, server, None);
                let is_client = by_order.value() == Some(&End::Client);
                let derived = TimeWait::after(How::Fin, &by_order, || None);
                assert_eq!(derived.value() == Some(&TimeWait::Client), is_client);
            }
        }
        assert!(first_by_wait(None).is_none());
        // Its FIN had come, whatever we had read by then.
        let by_state = |state| first(How::Fin, Some(1), Some(2), Some((state, Source::StateBeforeShutdown)));
        assert_eq!(by_state("CLOSE_WAIT").value(), Some(&End::Server));
        assert_eq!(by_state("ESTABLISHED").value(), Some(&End::Client));
        // A reset behind a FIN did not end it first.
        let state = Some(("ESTABLISHED", Source::StateBeforeShutdown));
        let by_fin = Figure::derived(End::Client, Source::StateBeforeShutdown);
        assert_eq!(first(How::ResetByClient, Some(1), None, state), by_fin);
    }
}
