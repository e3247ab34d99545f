//! From a request's path to a name beneath the root: decoded once, normalised
//! by its text alone, never by asking the file system.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, PercentEncode, percent_decode_str, percent_encode};
use std::sync::Arc;

/// What is written as itself in a path that we make: RFC 3986's unreserved
/// characters. The colon is not among them, so that no name reads as a scheme.
const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// A path beneath the root.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct SitePath {
    /// The decoded segments joined by `/`, without one at either end; empty for the root.
    pub(super) name: Vec<u8>,
    /// Whether the request named a folder by a `/` at its end.
    pub(super) names_folder: bool,
    /// Whether a folder's path came without empty and dot segments: relative links
    /// are resolved against the path as the client has it (RFC 3986 §5.2).
    pub(super) is_normal: bool,
}

/// Why a path leads nowhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum PathError {
    /// A `%` without its two digits (RFC 3986 §2.1).
    Malformed,
    /// Nothing can have this name: it holds a NUL or an encoded `/`, or climbs above the root.
    Impossible,
}

impl SitePath {
    /// Decodes and normalises `path`, as it stands in a request target.
    pub(super) fn decode(path: &str) -> Result<Self, PathError> {
        let mut segments: Vec<Vec<u8>> = Vec::new();
        let mut names_folder = false;
        for raw in path.split('/') {
            if !is_well_encoded(raw) {
                return Err(PathError::Malformed);
            }
            let segment: Vec<u8> = percent_decode_str(raw).collect();
            names_folder = matches!(segment.as_slice(), b"" | b"." | b"..");
            match segment.as_slice() {
                b"" | b"." => {}
                b".." => {
                    segments.pop().ok_or(PathError::Impossible)?;
                }
                _ if segment.iter().any(|byte| matches!(byte, 0 | b'/')) => return Err(PathError::Impossible),
                _ => segments.push(segment),
            }
        }
        let is_normal = path.ends_with('/') && path.matches('/').count() == segments.len() + 1;
        Ok(Self { name: segments.join(&b'/'), names_folder, is_normal })
    }

    /// Whether one of its segments is hidden.
    pub(super) fn is_hidden(&self) -> bool {
        self.name.split(|&byte| byte == b'/').any(is_hidden)
    }

    /// The name of what is called `child` in this folder.
    pub(super) fn child(&self, child: &[u8]) -> Vec<u8> {
        if self.name.is_empty() { child.to_vec() } else { [&self.name, child].join(&b'/') }
    }

    /// The page that `/about` means where nothing has that name: `about.html`.
    /// A folder's path means none, nor does a last segment with a dot in it.
    pub(super) fn page(&self) -> Option<Vec<u8>> {
        let last = self.last();
        (!self.names_folder && !last.is_empty() && !last.contains(&b'.')).then(|| [&self.name, &b".html"[..]].concat())
    }

    /// The last segment; empty for the root.
    pub(super) fn last(&self) -> &[u8] {
        self.name.rsplit(|&byte| byte == b'/').next().unwrap_or_default()
    }

    /// The path as it is written in a `Location` or a link: encoded anew, with
    /// one slash in front and, for a folder, one at the end. Never `//`, which
    /// would name another host.
    pub(super) fn encoded_folder(&self) -> String {
        let mut path = String::from("/");
        for segment in self.name.split(|&byte| byte == b'/').filter(|segment| !segment.is_empty()) {
            path.extend(encode_segment(segment));
            path.push('/');
        }
        path
    }
}

/// Whether a file name begins with a dot; `.well-known` (RFC 8615) may.
pub(super) fn is_hidden(name: &[u8]) -> bool {
    name.starts_with(b".") && name != b".well-known"
}

/// One file name as a segment of a path, piece by piece.
pub(super) fn encode_segment(name: &[u8]) -> PercentEncode<'_> {
    percent_encode(name, SEGMENT)
}

/// A query as it may stand in a `Location`: what is no URI character is encoded.
pub(super) fn encode_query(query: &str) -> String {
    const QUERY: &AsciiSet = &percent_encoding::CONTROLS
        .add(b' ')
        .add(b'"')
        .add(b'<')
        .add(b'>')
        .add(b'\\')
        .add(b'^')
        .add(b'`')
        .add(b'{')
        .add(b'|')
        .add(b'}');
    percent_encoding::utf8_percent_encode(query, QUERY).to_string()
}

fn is_well_encoded(raw: &str) -> bool {
    raw.split('%').skip(1).all(|after| {
        let digits = after.as_bytes();
        digits.len() >= 2 && digits[..2].iter().all(u8::is_ascii_hexdigit)
    })
}

/// A name below the root, for people to read; the root itself is `/`.
pub(super) fn display(name: &[u8]) -> Arc<str> {
    if name.is_empty() {
        return "/".into();
    }
    String::from_utf8_lossy(name).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_root_has_a_name_for_people() {
        assert_eq!((&*display(b""), &*display("어.txt".as_bytes())), ("/", "어.txt"));
    }

    fn decoded(path: &str) -> Result<(String, bool), PathError> {
        SitePath::decode(path).map(|path| (String::from_utf8_lossy(&path.name).into_owned(), path.names_folder))
    }

    #[test]
    fn paths_are_decoded_once_and_normalised() {
        for (path, name, names_folder) in [
            ("/", "", true),
            ("//", "", true),
            ("/a/b.txt", "a/b.txt", false),
            ("/a//b/", "a/b", true),
            ("/a/./b/../c", "a/c", false),
            ("/a/%2e%2E/c", "c", false),
            ("/a/..", "", true),
            ("/%252e%252e/a", "%2e%2e/a", false),
            ("/%ED%95%9C%EA%B8%80%20%3F%23.txt", "한글 ?#.txt", false),
            ("/한글", "한글", false),
            ("/a%5Cb", "a\\b", false),
        ] {
            assert_eq!(decoded(path), Ok((name.to_owned(), names_folder)), "{path}");
        }
    }

    #[test]
    fn a_folders_path_is_normal_without_empty_and_dot_segments() {
        for path in ["/", "/a/", "/%ED%95%9C/b/", "/한/", "/a%2eb/", "/.../"] {
            assert!(SitePath::decode(path).expect(path).is_normal, "{path}");
        }
        for path in ["//", "//a/", "/a//", "/a//b/", "/.", "/./", "/a/./", "/a/..", "/a/../b/", "/a/%2e/", "/a"] {
            assert!(!SitePath::decode(path).expect(path).is_normal, "{path}");
        }
    }

    #[test]
    fn paths_that_lead_nowhere() {
        for path in ["/..", "/../etc/passwd", "/a/../../b", "/%2e%2e/x", "/a%00", "/a%2Fb", "/..%2f..%2fetc"] {
            assert_eq!(decoded(path), Err(PathError::Impossible), "{path}");
        }
        for path in ["/%", "/%z", "/%4", "/a%zz", "/100%"] {
            assert_eq!(decoded(path), Err(PathError::Malformed), "{path}");
        }
    }

    #[test]
    fn dotfiles_are_hidden_but_for_well_known() {
        for (path, hidden) in [
            ("/.git/config", true),
            ("/a/.b", true),
            ("/.well-known/x", false),
            ("/.well-known/.x", true),
            ("/a.b", false),
        ] {
            assert_eq!(SitePath::decode(path).expect(path).is_hidden(), hidden, "{path}");
        }
    }

    #[test]
    fn a_location_never_names_another_host() {
        for (path, location) in
            [("//a//b", "/a/b/"), ("/", "/"), ("/%5C%5Chost", "/%5C%5Chost/"), ("/é a:b", "/%C3%A9%20a%3Ab/")]
        {
            assert_eq!(SitePath::decode(path).expect(path).encoded_folder(), location, "{path}");
        }
        assert_eq!(encode_query("a=<b> \"한\"&c=%20"), "a=%3Cb%3E%20%22%ED%95%9C%22&c=%20");
    }
}
