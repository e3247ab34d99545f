//! What a download was asked for by: a part and its rest are of one representation only if that is the same.

use crate::fetch::options::Options;

/// What was asked for, before any redirect.
#[derive(Debug)]
pub(crate) struct Asked {
    pub(super) url: String,
    /// Whether by GET alone: of another method's response, or of what a body asked for, there are no ranges,
    /// and a validator says nothing of the next one (RFC 9110 §14.2, §9.3.3).
    pub(super) is_plain_get: bool,
    /// A figure for the fields that were typed; `None`: there were none.
    pub(super) fields: Option<u32>,
}

impl Asked {
    pub(crate) fn of(url: String, options: &Options) -> Self {
        let is_plain_get = options.method == "GET" && options.data.is_none();
        Self { url, is_plain_get, fields: figure(&options.headers) }
    }
}

/// The same for the same fields, in whatever order their names are. It is kept in a file: 32 bits tell
/// requests apart, and are too few to get a long secret from.
fn figure(fields: &[(String, String)]) -> Option<u32> {
    let mut fields: Vec<_> = fields.iter().map(|(name, value)| (name.to_ascii_lowercase(), value)).collect();
    fields.sort_by(|(one, _), (other, _)| one.cmp(other)); // values of one name keep their order
    let mut hasher = blake3::Hasher::new(); // a later program must find the same
    for (name, value) in &fields {
        hasher.update(format!("{name}:{value}\n").as_bytes());
    }
    let [a, b, c, d, ..] = *hasher.finalize().as_bytes();
    (!fields.is_empty()).then_some(u32::from_be_bytes([a, b, c, d]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_fields_have_the_same_figure() {
        let of = |fields: &[(&str, &str)]| {
            figure(&fields.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect::<Vec<_>>())
        };
        assert_eq!(of(&[]), None);
        assert_eq!(of(&[("A", "1"), ("b", "2")]), of(&[("B", "2"), ("a", "1")]));
        for other in [&[("a", "1")][..], &[("a", "2"), ("b", "1")], &[("a", "1"), ("b", "3")], &[("ab", "12")]] {
            assert_ne!(of(&[("a", "1"), ("b", "2")]), of(other), "{other:?}");
        }
    }
}
