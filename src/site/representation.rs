//! Which octets stand for a resource, and what they are: media type, and
//! precompressed neighbours chosen by `Accept-Encoding`.

use crate::http::message::Headers;
use std::borrow::Cow;

/// A content coding that a neighbour file can bear, best first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Coding {
    Brotli,
    Gzip,
}

impl Coding {
    pub(super) const ALL: [Self; 2] = [Self::Brotli, Self::Gzip];

    /// Its name in `Content-Encoding`.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Brotli => "br",
            Self::Gzip => "gzip",
        }
    }

    /// What a neighbour's name ends with.
    pub(super) fn suffix(self) -> &'static [u8] {
        match self {
            Self::Brotli => b".br",
            Self::Gzip => b".gz",
        }
    }
}

/// How much a client wants `coding`, in thousandths; 0 is not at all. What the
/// field does not name, nor `*`, is not wanted (RFC 9110 §12.5.3).
pub(super) fn quality(headers: &Headers<'_>, coding: Coding) -> u16 {
    let mut of_any = 0;
    for member in headers.list("accept-encoding") {
        let mut parts = member.split(|&byte| byte == b';').map(<[u8]>::trim_ascii);
        let name = parts.next().unwrap_or_default();
        let weight = parts
            .find_map(|part| part.strip_prefix(b"q=").or_else(|| part.strip_prefix(b"Q=")))
            .map_or(1000, thousandths);
        let is_alias = coding == Coding::Gzip && name.eq_ignore_ascii_case(b"x-gzip");
        if name.eq_ignore_ascii_case(coding.name().as_bytes()) || is_alias {
            return weight;
        }
        if name == b"*" {
            of_any = weight;
        }
    }
    of_any
}

/// `qvalue` (RFC 9110 §12.4.2); what is none counts as 0.
fn thousandths(value: &[u8]) -> u16 {
    let weight = std::str::from_utf8(value).ok().and_then(|text| text.parse::<f32>().ok());
    weight.filter(|weight| (0.0..=1.0).contains(weight)).map_or(0, |weight| (weight * 1000.0) as u16)
}

/// The `Content-Type` of a file called `name`; text is said to be UTF-8.
pub(super) fn media_type(name: &[u8]) -> Cow<'static, str> {
    let path = String::from_utf8_lossy(name);
    let Some(guess) = mime_guess::from_path(&*path).first_raw() else {
        return Cow::Borrowed("application/octet-stream");
    };
    // RFC 9239 §6: one name for every kind of script.
    let guess = if guess == "application/javascript" { "text/javascript" } else { guess };
    let is_text = guess.starts_with("text/")
        || guess.ends_with("+xml")
        || guess.ends_with("+json")
        || matches!(guess, "application/json" | "application/xml");
    if is_text { Cow::Owned(format!("{guess}; charset=utf-8")) } else { Cow::Borrowed(guess) }
}

/// Whether the name's extension is one of a known media type: then a missing
/// file is missing, and no view of a single-page application.
pub(super) fn has_known_extension(name: &[u8]) -> bool {
    mime_guess::from_path(&*String::from_utf8_lossy(name)).first_raw().is_some()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::message::Field;

    #[test]
    fn text_is_utf_8() {
        for (name, expected) in [
            ("a.html", "text/html; charset=utf-8"),
            ("a.css", "text/css; charset=utf-8"),
            ("a.js", "text/javascript; charset=utf-8"),
            ("a.mjs", "text/javascript; charset=utf-8"),
            ("a.txt", "text/plain; charset=utf-8"),
            ("a.md", "text/markdown; charset=utf-8"),
            ("a.svg", "image/svg+xml; charset=utf-8"),
            ("a.json", "application/json; charset=utf-8"),
            ("A.HTML", "text/html; charset=utf-8"),
            ("a.png", "image/png"),
            ("a.ico", "image/x-icon"),
            ("a.wasm", "application/wasm"),
            ("a.pdf", "application/pdf"),
            ("a.tar.gz", "application/gzip"),
            ("README", "application/octet-stream"),
            ("한글.html", "text/html; charset=utf-8"),
        ] {
            assert_eq!(media_type(name.as_bytes()), expected, "{name}");
        }
    }

    #[test]
    fn codings_by_their_weights() {
        for (value, brotli, gzip) in [
            ("gzip, deflate, br", 1000, 1000),
            ("gzip", 0, 1000),
            ("x-gzip;q=0.5", 0, 500),
            ("br;q=0, gzip;q=0.25", 0, 250),
            ("*", 1000, 1000),
            ("*;q=0.1, br;q=0", 0, 100),
            ("BR ; q=0.5", 500, 0),
            ("gzip;q=nan", 0, 0),
            ("identity", 0, 0),
            ("", 0, 0),
        ] {
            let fields = [Field { name: "Accept-Encoding", value: value.as_bytes() }];
            let headers = Headers::new(&fields);
            assert_eq!((quality(&headers, Coding::Brotli), quality(&headers, Coding::Gzip)), (brotli, gzip), "{value}");
        }
    }
}
