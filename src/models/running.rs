//! What the models that wait for one connection share: its accept, and its run to the end.

use super::crowd::{LOOK, Place};
use super::limits::Limits;
use super::stop::Stop;
use super::wait::wait;
use crate::connection::{Connection, Progress, Service, Workspace};
use crate::listener::Listener;
use arrayvec::ArrayVec;
use rustix::event::{PollFd, PollFlags};
use std::io;
use std::os::fd::AsFd;
use std::time::{Duration, Instant};

/// How long to wait where the system is out of descriptors, memory or processes.
pub(super) const EXHAUSTED: Duration = Duration::from_millis(50);
/// How long those who serve have, when their time is over, to say what became of their connections.
pub(super) const LAST_WORDS: Duration = Duration::from_millis(500);

/// Waits for the next connection on any of the listeners; `None` after the order
/// to stop, when the time to linger is over.
pub(super) fn accept(
    listeners: &[Listener],
    service: &Service,
    stop: &Stop,
    limits: &Limits,
) -> io::Result<Option<Connection>> {
    loop {
        let until = stop.is_set().then(|| limits.lingers_until(stop.seen()));
        let mut fds: Vec<PollFd<'_>> = listeners.iter().map(|listener| PollFd::new(listener, PollFlags::IN)).collect();
        fds.extend(until.is_none().then(|| stop.poll_fd()));
        wait(&mut fds, until)?;
        if stop.is_set() && Instant::now() >= limits.lingers_until(stop.seen()) {
            return Ok(None);
        }
        for listener in listeners {
            match listener.accept() {
                Ok(Some((socket, client))) => {
                    return Ok(Some(Connection::new(socket, client, listener.as_fd(), service)));
                }
                Ok(None) => {}
                // Out of descriptors or memory: what waits in the backlog waits
                // on, and the others have time to end.
                Err(_) => drop(stop.wait(EXHAUSTED)?),
            }
        }
    }
}

/// Runs a connection to its end, waiting for its socket in between. One whose client
/// is too slow ends when its `place` is wanted. After the order to stop its next response
/// is the last one, and it has until the grace is over.
pub(super) fn run(
    mut connection: Connection,
    workspace: &mut Workspace,
    stop: &Stop,
    limits: &Limits,
    mut place: impl Place,
) {
    let mut is_stopping = stop.is_set();
    if is_stopping {
        connection.prepare_to_shut_down();
    }
    let mut progress = connection.advance(workspace);
    while !is_stopping {
        let Some((flags, deadline)) = waits_for(progress) else { return connection.end(workspace) };
        let look = flags.contains(PollFlags::OUT).then(|| Instant::now() + LOOK).filter(|look| *look < deadline);
        let Ok((is_ready, is_told)) = wait_for(&connection, flags, Some(stop.poll_fd()), look.unwrap_or(deadline))
        else {
            return connection.abandon(workspace);
        };
        is_stopping = is_told;
        if is_stopping {
            connection.prepare_to_shut_down();
        }
        progress = match look {
            _ if is_ready => connection.advance(workspace),
            None => connection.time_out(workspace),
            Some(now) if connection.slow_rate(now).is_some() && place.is_wanted() => connection.give_way(workspace),
            Some(_) => progress,
        };
    }

    let mut ending = limits.ending(stop.seen());
    ending.await_request();
    let mut has_parent = true;
    while let Some((flags, deadline)) = waits_for(progress) {
        let ready = wait_for(&connection, flags, has_parent.then(|| stop.poll_parent()), deadline.min(ending.next()));
        if let Ok((_, true)) = ready {
            has_parent = false;
            if stop.was_second() {
                return connection.abandon(workspace);
            }
        }
        let now = Instant::now();
        if ending.closes(now) {
            place.close();
        }
        progress = match ready {
            _ if ending.is_over(now) => return connection.abandon(workspace),
            Err(_) => return connection.abandon(workspace),
            Ok((true, _)) => connection.advance(workspace),
            Ok((false, _)) if now >= deadline => connection.time_out(workspace),
            Ok((false, _)) if ending.closes_idle(now) => connection.shut_down(workspace),
            Ok((false, _)) => progress,
        };
    }
    connection.end(workspace);
}

/// Waits for a connection's socket, or for the work that it awaits, and for the
/// order to stop: whether there was anything before the deadline, and whether it was that.
fn wait_for(
    connection: &Connection,
    flags: PollFlags,
    stop: Option<PollFd<'_>>,
    deadline: Instant,
) -> io::Result<(bool, bool)> {
    let mut fds = ArrayVec::<_, 3>::from_iter([PollFd::new(connection, flags)]);
    fds.extend(connection.awaited().map(|awaited| PollFd::from_borrowed_fd(awaited, PollFlags::IN)));
    let has_stop = stop.is_some();
    fds.extend(stop);
    let is_ready = wait(&mut fds, Some(deadline))?;
    let is_told = has_stop && fds.last().is_some_and(|order| !order.revents().is_empty());
    Ok((is_ready, is_told))
}

fn waits_for(progress: Progress) -> Option<(PollFlags, Instant)> {
    match progress {
        Progress::Readable(deadline) => Some((PollFlags::IN, deadline)),
        Progress::Writable(deadline) => Some((PollFlags::OUT, deadline)),
        // That the client has gone is reported unasked (poll(2), POLLHUP).
        Progress::Elsewhere(deadline) => Some((PollFlags::empty(), deadline)),
        Progress::Closed(_) => None,
    }
}
