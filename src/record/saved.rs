//! Forms that can be read again: a value beside the sentence that says it.

use serde::Serializer;
use std::path::Path;

/// A fault as two fields: `why`, in English, and `fault`, its value.
pub(super) mod fault {
    use serde::{Deserialize, Deserializer, Serialize, Serializer};
    use std::fmt::Display;

    #[derive(Serialize)]
    struct SavedFault<'a, T> {
        why: String,
        fault: &'a T,
    }

    #[derive(Deserialize)]
    struct FaultOnly<T> {
        fault: T,
    }

    pub(crate) fn serialize<T: Display + Serialize, S: Serializer>(
        fault: &T,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        SavedFault { why: fault.to_string(), fault }.serialize(serializer)
    }

    pub(crate) fn deserialize<'de, T: Deserialize<'de>, D: Deserializer<'de>>(deserializer: D) -> Result<T, D::Error> {
        Ok(FaultOnly::deserialize(deserializer)?.fault)
    }
}

/// A span of time as nanoseconds.
pub(super) mod nanoseconds {
    use serde::{Deserialize, Deserializer, Serializer};
    use std::time::Duration;

    pub(crate) fn serialize<S: Serializer>(time: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u64(u64::try_from(time.as_nanos()).unwrap_or(u64::MAX))
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
        u64::deserialize(deserializer).map(Duration::from_nanos)
    }
}

/// A path, whose bytes that are no UTF-8 are shown as U+FFFD.
pub(super) fn path<S: Serializer>(path: &Path, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&path.to_string_lossy())
}
