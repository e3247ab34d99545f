//! What interfaces are called: a server in its sandbox can't ask the kernel any more.

use crate::lock::lock;
use nix::net::if_::{if_indextoname, if_nameindex};
use std::collections::HashMap;
use std::sync::Mutex;

/// Names by their interfaces' indexes.
#[derive(Debug)]
pub(super) struct Names(Mutex<HashMap<u32, String>>);

impl Names {
    /// Those that there are now.
    pub(super) fn of_today() -> Self {
        let interfaces = if_nameindex().ok();
        let named = interfaces.iter().flatten().map(|each| (each.index(), each.name().to_string_lossy().into_owned()));
        Self(Mutex::new(named.collect()))
    }

    /// The name of this one; nothing, if it came later and nobody may ask.
    pub(super) fn of(&self, interface: u32) -> String {
        let unknown = || if_indextoname(interface).ok().and_then(|name| name.into_string().ok()).unwrap_or_default();
        lock(&self.0).entry(interface).or_insert_with(unknown).clone()
    }
}
