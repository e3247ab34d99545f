//! What is left of a body that did not come whole.

use crate::record::saved;
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// Some of a body.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct KeptPart {
    /// The file.
    #[serde(serialize_with = "saved::path")]
    pub path: PathBuf,
    /// Its length, in bytes.
    pub bytes: u64,
    /// Whether `-C` can go on from there, or starts over: only a strong validator names
    /// the version that it is a part of (RFC 9110 §8.8.1). `None`: not recorded.
    #[serde(default)]
    pub resumes: Option<bool>,
}
