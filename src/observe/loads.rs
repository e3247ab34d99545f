//! The load of a page, and its record. A token lets the page that was loaded
//! ask the live page for the record of its own load, and of no other:
//!
//! ```text
//!   Server-Timing: …, live;desc="http://localhost:8081/", load;desc="7.1-9f0c…"
//!   GET http://localhost:8081/loads/7.1-9f0c…      Origin: the site's own
//! ```

use std::fmt;
use std::hash::{BuildHasher, RandomState};

/// Digits of a token.
const DIGITS: usize = 32;

/// Names loads so that nobody can guess a name.
#[derive(Clone, PartialEq, Eq)]
pub struct Loads {
    page: String,
    origins: Vec<String>,
    key: [u8; blake3::KEY_LEN],
}

impl Loads {
    /// Loads of a site with these origins (RFC 6454); `page` is the URL of its live page.
    pub fn new(page: &str, origins: Vec<String>) -> Self {
        // Keyed by numbers from the system that nobody can guess, as those of a HashMap are.
        let random = RandomState::new();
        let key = std::array::from_fn(|index| (random.hash_one(index / 8) >> (8 * (index % 8))) as u8);
        Self { page: page.to_owned(), origins, key }
    }

    /// What a response says of itself, as metrics of `Server-Timing`.
    pub(crate) fn metrics(&self, connection: u64, exchange: u64) -> String {
        let token = self.token(connection, exchange);
        format!("live;desc=\"{}\", load;desc=\"{connection}.{exchange}-{token}\"", self.page)
    }

    /// The connection and the exchange of this name, if it is one of ours.
    #[cfg(feature = "program")]
    pub(crate) fn named(&self, name: &str) -> Option<(u64, u64)> {
        let (numbers, token) = name.split_once('-')?;
        let (connection, exchange) = numbers.split_once('.')?;
        let (connection, exchange) = (connection.parse().ok()?, exchange.parse().ok()?);
        // Compared in constant time.
        let is_ours = constant_time_eq(self.token(connection, exchange).as_bytes(), token.as_bytes());
        is_ours.then_some((connection, exchange))
    }

    /// This origin, if it is one of the site's.
    #[cfg(feature = "program")]
    pub(crate) fn origin(&self, origin: &[u8]) -> Option<&str> {
        self.origins.iter().find(|own| own.as_bytes() == origin).map(String::as_str)
    }

    fn token(&self, connection: u64, exchange: u64) -> String {
        let numbers = [connection.to_be_bytes(), exchange.to_be_bytes()].concat();
        blake3::keyed_hash(&self.key, &numbers).to_hex()[..DIGITS].to_owned()
    }
}

/// How long it takes reveals nothing to a guesser.
#[cfg(feature = "program")]
fn constant_time_eq(one: &[u8], other: &[u8]) -> bool {
    one.len() == other.len() && one.iter().zip(other).fold(0, |unlike, (a, b)| unlike | (a ^ b)) == 0
}

impl fmt::Debug for Loads {
    /// Without the key.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Loads").field("page", &self.page).field("origins", &self.origins).finish_non_exhaustive()
    }
}

#[cfg(all(test, feature = "program"))]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_of_one_load_and_of_one_server() {
        let loads = Loads::new("http://localhost:8081/", vec!["http://localhost:8080".into()]);
        let metrics = loads.metrics(7, 2);
        let name = metrics.rsplit('"').nth(1).unwrap_or_default();
        assert_eq!(loads.named(name), Some((7, 2)), "{metrics}");
        let token = &name[4..];
        for other in [
            format!("7.1-{token}"),
            format!("8.2-{token}"),
            format!("7.2-{}", &token[1..]),
            "7.2-".into(),
            "7.2".into(),
            name.to_uppercase(),
        ] {
            assert!(loads.named(&other).is_none() || other == name, "{other}");
        }
        let restarted = Loads::new("http://localhost:8081/", vec![]);
        assert_eq!(restarted.named(name), None);
        assert_eq!(loads.origin(b"http://localhost:8080"), Some("http://localhost:8080"));
        assert_eq!(loads.origin(b"http://localhost:8081"), None);
    }
}
