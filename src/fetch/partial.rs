//! What a 206 is (RFC 9110 §15.3.7): one judgement, wherever the body goes.

use crate::http::content_range::ContentRange;
use crate::http::message::{Framing, Headers, ResponseFraming};
use crate::record::Failure;
use crate::record::failure::RangeFault;

/// Where a part ends, and the whole.
#[derive(Clone, Copy, Debug)]
pub(super) struct Extent {
    /// The first byte behind it.
    pub(super) end: u64,
    pub(super) complete: Option<u64>,
}

impl Extent {
    /// Of a 206 that should begin at byte `wanted`.
    ///
    /// # Errors
    /// If it does not, or does not say what it is.
    pub(super) fn of(headers: &Headers<'_>, framing: ResponseFraming, wanted: u64) -> Result<Self, RangeFault> {
        let value = content_range(headers);
        let range = headers.only("content-range").and_then(ContentRange::parse);
        let Some(ContentRange::Part { first, last, complete }) = range else {
            return Err(RangeFault::Unnamed { value });
        };
        if first != wanted {
            return Err(RangeFault::Other { value });
        }
        if let ResponseFraming::Plain(Framing::Length(length)) = framing
            && length != (last - first).saturating_add(1)
        {
            return Err(RangeFault::Length { length, value });
        }
        Ok(Self { end: last.saturating_add(1), complete })
    }

    /// Whether `length` bytes are the whole, by what the server said of it.
    ///
    /// # Errors
    /// If they are not: what is missing.
    pub(super) fn judge(self, length: u64) -> Result<(), Failure> {
        match self.complete {
            _ if length > self.end => Err(Failure::RangeSurplus),
            _ if length < self.end => Err(Failure::RangeEndsEarly { length, end: self.end }),
            Some(complete) if complete == self.end => Ok(()),
            Some(complete) => Err(Failure::RangeIsPart { length, complete }),
            None => Err(Failure::RangeWithoutTotal),
        }
    }
}

/// The field's value, to be shown.
pub(super) fn content_range(headers: &Headers<'_>) -> String {
    headers.all("content-range").next().map(String::from_utf8_lossy).unwrap_or_default().into_owned()
}
