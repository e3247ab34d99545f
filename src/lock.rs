//! A lock that goes on working when a thread that held it panicked: what it guards is whole between any two steps.

use std::sync::{Mutex, MutexGuard, PoisonError};

/// Takes it.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
