//! What is to be asked: a URL, a method, a body; and what a redirect makes of it.

use super::options::Options;
use super::payload::Payload;
use super::url::Url;
use crate::record::Failure;
use crate::record::transfer::UnsentBody;

/// How many redirects are followed in a row.
const MOST_REDIRECTS: usize = 10;
/// Fields that were meant for one origin: they go to no other (RFC 9110 §15.4, Fetch standard).
const CREDENTIALS: [&str; 4] = ["authorization", "cookie", "proxy-authorization", "host"];
/// Fields that speak of a body, and go with it (Fetch standard, request-body-header names).
const OF_A_BODY: [&str; 4] = ["content-encoding", "content-language", "content-location", "content-type"];

/// A request that is to be made.
#[derive(Clone)]
pub(super) struct Job {
    pub(super) url: Url,
    pub(super) method: String,
    pub(super) payload: Option<Payload>,
    /// What led here, the first URL first: redirects.
    pub(super) passed: Vec<Url>,
    /// The keep-alive connection had ended: once more, on a new one.
    pub(super) is_retry: bool,
    /// A redirect led to another origin: what was for the first one is not sent.
    has_left: bool,
    /// A redirect made a GET of it: what spoke of its body is not sent.
    has_lost_body: bool,
}

impl Job {
    pub(super) fn new(url: &Url, options: &Options, payload: Option<&Payload>) -> Self {
        Self {
            url: url.clone(),
            method: options.method.clone(),
            payload: payload.cloned(),
            passed: Vec::new(),
            is_retry: false,
            has_left: false,
            has_lost_body: false,
        }
    }

    pub(super) fn peer(&self) -> (String, u16) {
        (self.url.host(), self.url.port())
    }

    /// Whether it asks for a head alone.
    pub(super) fn is_head(&self) -> bool {
        self.method == "HEAD"
    }

    /// Whether it may be asked twice without being done twice (RFC 9110 §9.2.2).
    pub(super) fn is_idempotent(&self) -> bool {
        matches!(self.method.as_str(), "GET" | "HEAD" | "OPTIONS" | "TRACE" | "PUT" | "DELETE")
    }

    /// How long its body is, where that is to be said: also that there is none,
    /// to methods that mean one (RFC 9110 §8.6).
    pub(super) fn content_length(&self) -> Option<u64> {
        let means_one = matches!(self.method.as_str(), "POST" | "PUT" | "PATCH");
        self.payload.as_ref().map(|payload| payload.bytes.len() as u64).or(means_one.then_some(0))
    }

    /// The fields that were typed, as they are to be sent, and the names of those
    /// that stay with the origin they were typed for.
    pub(super) fn fields(&self, typed: &[(String, String)]) -> (Vec<(String, String)>, Vec<String>) {
        let is_one_of = |names: &[&str], name: &str| names.iter().any(|known| name.eq_ignore_ascii_case(known));
        let (withheld, mut fields) = typed
            .iter()
            .filter(|(name, _)| !(self.has_lost_body && is_one_of(&OF_A_BODY, name)))
            .cloned()
            .partition::<Vec<_>, _>(|(name, _)| self.has_left && is_one_of(&CREDENTIALS, name));
        if let Some(payload) = &self.payload
            && !fields.iter().any(|(name, _)| name.eq_ignore_ascii_case("content-type"))
        {
            fields.push(("Content-Type".to_owned(), payload.media_type.clone()));
        }
        (fields, withheld.into_iter().map(|(name, _)| name).collect())
    }

    /// Its body as it is recorded where there is no request to record; `typed`: the fields.
    pub(super) fn unsent_body(&self, typed: &[(String, String)]) -> Option<UnsentBody> {
        let payload = self.payload.as_ref()?;
        let (fields, _) = self.fields(typed);
        let media_type = fields.into_iter().find(|(name, _)| name.eq_ignore_ascii_case("content-type"));
        Some(UnsentBody {
            bytes: payload.bytes.len() as u64,
            media_type: media_type.map(|(_, value)| value).unwrap_or_default(),
            text: payload.recorded(),
        })
    }

    /// The same on a new connection.
    pub(super) fn again(&self) -> Self {
        Self { is_retry: true, ..self.clone() }
    }

    /// What a redirect of this status to `location` makes of it (RFC 9110 §15.4, Fetch standard).
    ///
    /// # Errors
    /// If that is nothing to follow.
    pub(super) fn redirected(&self, status: u16, location: &str) -> Result<Self, Failure> {
        let url = self.url.join(location)?;
        let mut next = Self { is_retry: false, ..self.clone() };
        next.passed.push(self.url.clone());
        if next.passed.len() > MOST_REDIRECTS {
            return Err(Failure::TooManyRedirects { most: MOST_REDIRECTS, url: url.to_string() });
        }
        // Once gone, they are gone: who led here may lead back.
        next.has_left = self.has_left || !url.is_same_origin(&self.url);
        next.url = url;
        let becomes_get = match status {
            301 | 302 => self.method == "POST",
            303 => !matches!(self.method.as_str(), "GET" | "HEAD"),
            _ => false,
        };
        if becomes_get {
            (next.method, next.payload, next.has_lost_body) = ("GET".to_owned(), None, true);
        }
        Ok(next)
    }
}
