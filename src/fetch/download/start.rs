//! What there is of a file from an earlier time, and of which version it is.

use super::asked::Asked;
use super::part::{self, LONGEST_VALIDATOR, Part, Version};
use crate::fetch::fault::cannot_write;
use crate::http::message::Headers;
use crate::record::Failure;
use crate::record::failure::FileFault;
use std::io::{self, Seek, SeekFrom};
use std::path::Path;
use std::time::{Duration, SystemTime};

/// A date is a strong validator only if the response is that much younger (RFC 9110 §8.8.2.2).
const STRONG: Duration = Duration::from_secs(1);

/// Some bytes from an earlier time.
pub(super) struct Start {
    pub(super) part: Part,
    pub(super) bytes: u64,
    /// Of which version: an entity tag, or a date.
    pub(super) validator: String,
}

impl Start {
    /// What there is of what is `asked` for at `path`. A part alone counts: of what FILE itself is the beginning, its date
    /// does not say, which others may share.
    ///
    /// # Errors
    /// If the part is in use, or a part of the response to another request.
    pub(super) fn find(path: &Path, asked: &Asked) -> Result<Option<Self>, Failure> {
        let found = match Part::open(path, false) {
            Ok(part) => Ok(Some(part)),
            Err(error) if error.kind() == io::ErrorKind::ResourceBusy => Err(error),
            Err(_) => Ok(None), // none, or something else of that name
        };
        let found = found.and_then(|part| part.map(|part| part.length().map(|bytes| (part, bytes))).transpose());
        let found = found.map_err(|error| cannot_write(&part::path_of(path), &error))?;
        let Some((part, bytes @ 1..)) = found else { return Ok(None) };
        let Some(version) = part.version() else { return Ok(None) };
        match fault(&version, asked) {
            None => Ok(Some(Self { part, bytes, validator: version.validator })),
            Some(fault) => Err(Failure::File { path: part.path, fault }),
        }
    }

    /// Whether what `headers` say of their version is not said of another one.
    pub(super) fn is_same_version(&self, headers: &Headers<'_>) -> bool {
        let is_tag = self.validator.starts_with('"');
        match (is_tag, headers.all("etag").next()) {
            (true, Some(tag)) => tag == self.validator.as_bytes() && headers.only("etag").is_some(),
            (true, None) => true, // what If-Range asked got a 206
            (false, _) => {
                let ours = httpdate::parse_http_date(&self.validator).ok();
                headers.all("last-modified").next().is_none() || ours == date(headers, "last-modified")
            }
        }
    }

    /// The part, to be written behind these bytes.
    pub(super) fn into_part(self) -> io::Result<(Part, u64)> {
        let bytes = (&self.part.file).seek(SeekFrom::End(0))?;
        if bytes == self.bytes { Ok((self.part, bytes)) } else { Err(io::ErrorKind::StaleNetworkFileHandle.into()) }
    }
}

/// Why the response to what is `asked` does not go on with a part of `version`, if it does not.
fn fault(version: &Version, asked: &Asked) -> Option<FileFault> {
    if version.url != asked.url {
        return Some(FileFault::OtherUrl { url: version.url.clone() });
    }
    if !asked.is_plain_get {
        return Some(FileFault::OtherMethod);
    }
    // A tag tells what fields choose between apart, too (RFC 9110 §8.8.3); a date does not.
    (!version.is_tagged() && version.fields != asked.fields).then_some(FileFault::OtherFields)
}

/// What makes sure that a part is of the same version: a strong entity tag, or a date that is one.
pub(super) fn validator(headers: &Headers<'_>) -> Option<String> {
    let tag = headers.only("etag").and_then(|value| std::str::from_utf8(value).ok());
    if let Some(tag) = tag.filter(|tag| tag.starts_with('"') && tag.len() <= LONGEST_VALIDATOR) {
        return Some(tag.to_owned());
    }
    let (modified, sent) = (date(headers, "last-modified")?, date(headers, "date")?);
    (sent.duration_since(modified).ok()? >= STRONG).then(|| httpdate::fmt_http_date(modified))
}

pub(super) fn date(headers: &Headers<'_>, name: &str) -> Option<SystemTime> {
    httpdate::parse_http_date(std::str::from_utf8(headers.only(name)?).ok()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::message::Field;

    #[test]
    fn a_part_is_known_by_a_strong_validator_or_by_none() {
        let now = "Sun, 06 Nov 1994 08:49:37 GMT";
        for (fields, expected) in [
            (&[("ETag", "\"a\"")][..], Some("\"a\"")),
            (&[("ETag", "W/\"a\"")], None),
            (&[("Last-Modified", now)], None),
            (&[("Last-Modified", now), ("Date", now)], None),
            (&[("Last-Modified", now), ("Date", "Sun, 06 Nov 1994 08:49:38 GMT")], Some(now)),
            (&[("ETag", "W/\"a\""), ("Last-Modified", now), ("Date", "Mon, 07 Nov 1994 08:49:38 GMT")], Some(now)),
            (&[], None),
        ] {
            let fields: Vec<Field<'_>> =
                fields.iter().map(|(name, value)| Field { name, value: value.as_bytes() }).collect();
            assert_eq!(validator(&Headers::new(&fields)).as_deref(), expected, "{fields:?}");
        }
    }
}
