//! What the models that wait for one connection share: its accept, and its run to the end.

use super::crowd::{LOOK, Place};
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

/// Waits for the next connection on any of the listeners; `None` when told to
/// stop.
pub(super) fn accept(listeners: &[Listener], service: &Service, stop: &Stop) -> io::Result<Option<Connection>> {
    loop {
        let mut fds: Vec<PollFd<'_>> =
            listeners.iter().map(|listener| PollFd::new(listener, PollFlags::IN)).chain([stop.poll_fd()]).collect();
        wait(&mut fds, None)?;
        if stop.is_set() {
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
                Err(_) if stop.wait(EXHAUSTED)? => return Ok(None),
                Err(_) => {}
            }
        }
    }
}

/// Runs a connection to its end, waiting for its socket in between. One whose client
/// is too slow ends when its `place` is wanted. After the order to stop, of which
/// `place` hears, it has until `grace` is over.
pub(super) fn run(
    mut connection: Connection,
    workspace: &mut Workspace,
    stop: &Stop,
    grace: Duration,
    mut place: impl Place,
) {
    let mut progress = connection.advance(workspace);
    let mut is_stopping = false;
    while !is_stopping {
        let Some((flags, deadline)) = waits_for(progress) else { return };
        let look = flags.contains(PollFlags::OUT).then(|| Instant::now() + LOOK).filter(|look| *look < deadline);
        let Ok((is_ready, is_told)) = wait_for(&connection, flags, Some(stop), look.unwrap_or(deadline)) else {
            return connection.abandon(workspace);
        };
        is_stopping = is_told;
        progress = match look {
            _ if is_ready => connection.advance(workspace),
            None => connection.time_out(workspace),
            Some(now) if connection.slow_rate(now).is_some() && place.is_wanted() => connection.give_way(workspace),
            Some(_) => progress,
        };
    }

    place.stops();
    let last_moment = Instant::now() + grace;
    progress = connection.shut_down(workspace);
    while let Some((flags, deadline)) = waits_for(progress) {
        let ready = wait_for(&connection, flags, None, deadline.min(last_moment));
        if Instant::now() >= last_moment {
            return connection.abandon(workspace);
        }
        progress = match ready {
            Ok((true, _)) => connection.advance(workspace),
            Ok((false, _)) => connection.time_out(workspace),
            Err(_) => return connection.abandon(workspace),
        };
    }
}

/// Waits for a connection's socket, or for the work that it awaits, and for the
/// order to stop: whether there was anything before the deadline, and whether it was that.
fn wait_for(
    connection: &Connection,
    flags: PollFlags,
    stop: Option<&Stop>,
    deadline: Instant,
) -> io::Result<(bool, bool)> {
    let mut fds = ArrayVec::<_, 3>::from_iter([PollFd::new(connection, flags)]);
    fds.extend(connection.awaited().map(|awaited| PollFd::from_borrowed_fd(awaited, PollFlags::IN)));
    fds.extend(stop.map(Stop::poll_fd));
    let is_ready = wait(&mut fds, Some(deadline))?;
    let is_told = stop.is_some() && fds.last().is_some_and(|order| !order.revents().is_empty());
    Ok((is_ready, is_told))
}

fn waits_for(progress: Progress) -> Option<(PollFlags, Instant)> {
    match progress {
        Progress::Readable(deadline) => Some((PollFlags::IN, deadline)),
        Progress::Writable(deadline) => Some((PollFlags::OUT, deadline)),
        // That the client has gone is told unasked (poll(2), POLLHUP).
        Progress::Elsewhere(deadline) => Some((PollFlags::empty(), deadline)),
        Progress::Closed(_) => None,
    }
}
