//! A figure, and how it is known.

use serde::{Deserialize, Serialize};
use std::borrow::Cow;

/// Nanoseconds since the accept.
pub type Nanoseconds = i64;

/// A sentence or a name that is mostly known at compile time.
pub type Text = Cow<'static, str>;

/// A figure, and how we know it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "is", rename_all = "snake_case")]
pub enum Figure<T> {
    /// The program or the kernel reported it.
    Measured {
        /// The figure.
        value: T,
        /// The call or the facility that reported it.
        by: Text,
    },
    /// Computed from what was measured.
    Derived {
        /// The figure.
        value: T,
        /// What it was computed from, and how.
        from: Text,
    },
    /// Nobody reported it.
    NotVisible {
        /// Why not, and what would show it.
        why: Text,
    },
}

impl<T> Figure<T> {
    /// A fact, and who reported it.
    pub fn measured(value: T, by: &'static str) -> Self {
        Self::Measured { value, by: Cow::Borrowed(by) }
    }

    /// A conclusion, and what it was drawn from.
    pub fn derived(value: T, from: &'static str) -> Self {
        Self::Derived { value, from: Cow::Borrowed(from) }
    }

    /// Nothing, and why.
    pub fn not_visible(why: &'static str) -> Self {
        Self::NotVisible { why: Cow::Borrowed(why) }
    }

    /// `value` as measured by `by`, if there is one.
    pub fn measured_or(value: Option<T>, by: &'static str, why_not: &'static str) -> Self {
        value.map_or_else(|| Self::not_visible(why_not), |value| Self::measured(value, by))
    }

    /// The figure itself, however it is known.
    pub fn value(&self) -> Option<&T> {
        match self {
            Self::Measured { value, .. } | Self::Derived { value, .. } => Some(value),
            Self::NotVisible { .. } => None,
        }
    }
}
