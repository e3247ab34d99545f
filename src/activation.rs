//! What a service manager hands over, and how it is notified: listening sockets that
//! are there before the server and stay after it (sd_listen_fds(3)), and the moment when
//! the server is ready (sd_notify(3)).
//!
//! ```text
//!   manager: listen ──────────────────────────────────────────────▶ one accept queue, always open
//!                     server: READY ── serves ── STOPPING │ server: READY ── serves ──▶
//! ```
//!
//! While one server ends and the next one starts, clients wait in the queue: nobody is refused.

use crate::listener::{Listener, NotListening};
use crate::models::Stop;
use crate::sys::inherited;
use sd_notify::NotifyState;
use std::ffi::OsStr;
use std::io;
use std::os::linux::net::SocketAddrExt;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::net::{SocketAddr, UnixDatagram};

/// The name of sockets for the live page; all others are for the site.
const PAGE: &str = "watch";

/// Listening sockets that were handed over.
#[derive(Debug, Default)]
pub struct HandedOver {
    /// For the site; none: it listens on its own.
    pub site: Vec<Listener>,
    /// For the live page; likewise.
    pub page: Vec<Listener>,
}

/// Why what was handed over can't be used.
#[derive(Debug)]
pub enum Unusable {
    /// This variable of the environment says what can't be.
    Variable(&'static str),
    /// LISTEN_FDS counts a descriptor that is not open.
    NotOpen(io::Error),
    /// The socket of this number and name is none that listens for TCP.
    NotListening(i32, String, NotListening),
}

/// Takes what LISTEN_FDS says, once, before anything else is opened.
///
/// # Errors
/// If one of them can't be listened on.
pub fn handed_over() -> Result<HandedOver, Unusable> {
    let mut sockets = HandedOver::default();
    let numbers = sd_notify::listen_fds().map_err(|error| match error.raw_os_error() {
        Some(_) => Unusable::NotOpen(error),
        None if listen_pid().is_none() => Unusable::Variable("LISTEN_PID"),
        None => Unusable::Variable("LISTEN_FDS"),
    })?;
    // Whatever is below an activated service has its variables, too: where nothing is
    // handed over to this process, LISTEN_FDNAMES names another's sockets.
    if numbers.len() == 0 {
        return Ok(sockets);
    }
    for (number, name) in sd_notify::listen_fds_with_names().map_err(|_| Unusable::Variable("LISTEN_FDNAMES"))? {
        let listener = Listener::handed_over(inherited::take(number))
            .map_err(|cause| Unusable::NotListening(number, name.clone(), cause))?;
        let place = if name == PAGE { &mut sockets.page } else { &mut sockets.site };
        place.push(listener);
    }
    Ok(sockets)
}

/// The process that the sockets are for, as far as that can be read.
fn listen_pid() -> Option<u32> {
    std::env::var("LISTEN_PID").ok()?.parse().ok()
}

/// The manager that asked to be notified (NOTIFY_SOCKET). The socket is connected at the start,
/// because a server that has given up its rights can connect to nothing.
#[derive(Debug)]
pub struct Manager(UnixDatagram);

impl Manager {
    /// Connects to it, if there is one.
    pub fn connect() -> Option<Self> {
        let address = std::env::var_os("NOTIFY_SOCKET")?;
        let address = match address.as_bytes() {
            [b'@', name @ ..] => SocketAddr::from_abstract_name(name),
            path => SocketAddr::from_pathname(OsStr::from_bytes(path)),
        };
        let socket = UnixDatagram::unbound().ok()?;
        socket.connect_addr(&address.ok()?).ok()?;
        Some(Self(socket))
    }

    /// Tells it that clients are served, and later, that the server stops.
    pub fn notify(self, stop: &Stop) {
        self.tell(&NotifyState::Ready);
        stop.then(move || {
            // It may have no room just now. Without a thread it finds out by the end.
            let tell = move || self.tell(&NotifyState::Stopping);
            let _ = std::thread::Builder::new().name("service manager".into()).spawn(tell);
        });
    }

    fn tell(&self, state: &NotifyState<'_>) {
        // It may have gone.
        let _ = self.0.send(format!("{state}\n").as_bytes());
    }
}
