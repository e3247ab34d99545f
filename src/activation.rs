//! What a service manager hands over, and what it is told: listening sockets that
//! are there before the server and stay after it (sd_listen_fds(3)), and when it is
//! ready (sd_notify(3)).
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
use std::io;
use std::sync::Arc;

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
    /// LISTEN_FDS and its like say what can't be.
    Variables(io::Error),
    /// The socket of this number and name is none that listens for TCP.
    NotListening(i32, String, NotListening),
}

/// Takes what LISTEN_FDS says, once, before anything else is opened.
///
/// # Errors
/// If one of them can't be listened on.
pub fn handed_over() -> Result<HandedOver, Unusable> {
    let mut sockets = HandedOver::default();
    for (number, name) in sd_notify::listen_fds_with_names().map_err(Unusable::Variables)? {
        let listener = Listener::handed_over(inherited::take(number))
            .map_err(|cause| Unusable::NotListening(number, name.clone(), cause))?;
        let place = if name == PAGE { &mut sockets.page } else { &mut sockets.site };
        place.push(listener);
    }
    Ok(sockets)
}

/// Tells the manager that clients are served, and later, that the server stops. Where
/// nobody asked to be told (NOTIFY_SOCKET), or nobody listens, nothing is done.
pub fn notify(stop: &Arc<Stop>) {
    if std::env::var_os("NOTIFY_SOCKET").is_none() {
        return;
    }
    let _ = sd_notify::notify(&[NotifyState::Ready]);
    let stop = Arc::clone(stop);
    let wait_and_tell = move || {
        stop.wait_for_order();
        let _ = sd_notify::notify(&[NotifyState::Stopping]);
    };
    // Without a thread the manager finds out by the end.
    let _ = std::thread::Builder::new().name("service manager".into()).spawn(wait_and_tell);
}
