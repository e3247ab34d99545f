//! What a value is that stands in a file: a record, or what else this program writes.

use super::LeftOut;
use super::connection::{self, Record};
use super::transfer::{self, FetchRecord};
use serde::Deserialize;
use serde::de::IgnoredAny;

/// A value of a file.
#[derive(Debug)]
pub(crate) enum Entry {
    /// A connection, as the server recorded it.
    Connection(Box<Record>),
    /// A run of `fetch`.
    Run(Box<FetchRecord>),
    /// What was left out at that place.
    LeftOut(LeftOut),
    /// A record of another version, which this program does not read.
    Version(u32),
    /// A run of `fetch` in another version.
    RunOfVersion(u32),
    /// A record of this version that lacks a part, or has one of another type.
    Incomplete,
    /// A run of this experiment, as the lab wrote it.
    Experiment(String),
    /// Something else.
    Other,
    /// No JSON at all.
    NotJson,
}

/// The fields by which a value is known.
#[derive(Deserialize)]
struct Mark {
    glasshttp: Option<u32>,
    glasshttp_fetch: Option<u32>,
    left_out: Option<LeftOut>,
    experiment: Option<String>,
    acts: Option<IgnoredAny>,
}

impl Entry {
    /// What the value is that these bytes are.
    pub(crate) fn of(bytes: &[u8]) -> Self {
        // A mark could be read from an array, too.
        let mark = serde_json::from_slice::<Mark>(bytes).ok().filter(|_| bytes.trim_ascii_start().starts_with(b"{"));
        match mark {
            // It bears a version, too.
            Some(Mark { left_out: Some(left_out), .. }) => Self::LeftOut(left_out),
            Some(Mark { glasshttp_fetch: Some(transfer::SCHEMA), .. }) => {
                serde_json::from_slice(bytes).map_or(Self::Incomplete, |run| Self::Run(Box::new(run)))
            }
            Some(Mark { glasshttp_fetch: Some(version), .. }) => Self::RunOfVersion(version),
            Some(Mark { glasshttp: Some(version), .. }) => match serde_json::from_slice(bytes) {
                Ok(record) => Self::Connection(Box::new(record)),
                Err(_) if version == connection::SCHEMA => Self::Incomplete,
                Err(_) => Self::Version(version),
            },
            Some(Mark { experiment: Some(name), acts: Some(_), .. }) => Self::Experiment(name),
            Some(Mark { .. }) => Self::Other,
            None if is_whole(bytes) => Self::Other,
            None => Self::NotJson,
        }
    }
}

/// Whether these bytes are one value of JSON.
pub(crate) fn is_whole(bytes: &[u8]) -> bool {
    serde_json::from_slice::<IgnoredAny>(bytes).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_value_is_known_for_what_it_is() {
        let line = br#"{"glasshttp":2,"left_out":{"connections":3,"exchanges":0,"reports":4}}"#;
        let Entry::LeftOut(left_out) = Entry::of(line) else { panic!("it says what was left out") };
        assert_eq!((left_out.connections, left_out.reports, left_out.frames), (3, 4, 0));
        assert!(matches!(Entry::of(br#"{"glasshttp":7}"#), Entry::Version(7)));
        assert!(matches!(Entry::of(br#"{"glasshttp":2}"#), Entry::Incomplete));
        assert!(matches!(Entry::of(br#"{"glasshttp_fetch":1}"#), Entry::RunOfVersion(1)));
        let run = br#"{"experiment":"close","acts":[]}"#;
        assert!(matches!(Entry::of(run), Entry::Experiment(name) if name == "close"));
        for other in [&b"[]"[..], b"[2,3,null,null,null]", b"3", br#"{"glasshttp":"x"}"#, br#"{"left_out":1}"#] {
            assert!(matches!(Entry::of(other), Entry::Other), "{}", other.escape_ascii());
        }
        for none in [&b"plain text"[..], br#"{"glasshttp":2,"conn"#, b"[1,"] {
            assert!(matches!(Entry::of(none), Entry::NotJson), "{}", none.escape_ascii());
        }
    }
}
