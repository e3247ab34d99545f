//! Which bytes stand for a resource: precompressed neighbours, chosen by
//! `Accept-Encoding`.

use crate::http::message::Headers;

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

/// What a client says of content codings (RFC 9110 §12.5.3), in thousandths.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Preference {
    brotli: u16,
    gzip: u16,
    identity: u16,
}

impl Preference {
    /// Reads `Accept-Encoding`. A coding that neither it nor `*` names is not
    /// wanted; the file as it is, only where it is named, weighs against others.
    pub(super) fn of(headers: &Headers<'_>) -> Self {
        let (mut brotli, mut gzip, mut identity, mut any) = (None, None, None, 0);
        for member in headers.list("accept-encoding") {
            let mut parts = member.split(|&byte| byte == b';').map(<[u8]>::trim_ascii);
            let name = parts.next().unwrap_or_default().to_ascii_lowercase();
            let weight = parts.find_map(|part| part.strip_prefix(b"q=").or_else(|| part.strip_prefix(b"Q=")));
            let weight = weight.map_or(1000, thousandths);
            match name.as_slice() {
                b"br" => brotli = Some(weight),
                b"gzip" | b"x-gzip" => gzip = Some(weight),
                b"identity" => identity = Some(weight),
                b"*" => any = weight,
                _ => {}
            }
        }
        Self { brotli: brotli.unwrap_or(any), gzip: gzip.unwrap_or(any), identity: identity.unwrap_or(0) }
    }

    /// How much `coding` is wanted; 0: not at all, or less than the file as it is.
    pub(super) fn weight(self, coding: Coding) -> u16 {
        let weight = match coding {
            Coding::Brotli => self.brotli,
            Coding::Gzip => self.gzip,
        };
        if weight >= self.identity { weight } else { 0 }
    }
}

/// `qvalue` (RFC 9110 §12.4.2); what is none counts as 0.
fn thousandths(value: &[u8]) -> u16 {
    let weight = std::str::from_utf8(value).ok().and_then(|text| text.parse::<f32>().ok());
    weight.filter(|weight| (0.0..=1.0).contains(weight)).map_or(0, |weight| (weight * 1000.0) as u16)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::message::Field;

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
            ("gzip;q=0.5, identity", 0, 0),
            ("gzip, identity;q=0.5", 0, 1000),
            ("br;q=0.5, gzip, identity;q=0.8", 0, 1000),
            ("", 0, 0),
        ] {
            let fields = [Field { name: "Accept-Encoding", value: value.as_bytes() }];
            let headers = Headers::new(&fields);
            let preference = Preference::of(&headers);
            let weights = (preference.weight(Coding::Brotli), preference.weight(Coding::Gzip));
            assert_eq!(weights, (brotli, gzip), "{value}");
        }
    }
}
