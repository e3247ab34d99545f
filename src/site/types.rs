//! Media types: by the name where it says something, else by the content.
//!
//! The table comes before mime_guess, which has old and private names for some.

use super::content::looks_like_text;
use super::representation::Coding;

/// Media types by extension, where registered: the RFC, or IANA's registry.
const TABLE: [(&str, &str); 39] = [
    // RFC 8081: fonts.
    ("otf", "font/otf"),
    ("ttc", "font/collection"),
    ("ttf", "font/ttf"),
    ("woff", "font/woff"),
    ("woff2", "font/woff2"),
    // RFC 9239 §6: one name for every kind of script.
    ("cjs", "text/javascript"),
    ("js", "text/javascript"),
    ("mjs", "text/javascript"),
    // WebAssembly Web API §7; W3C Web Application Manifest; ECMA-426 (source maps).
    ("wasm", "application/wasm"),
    ("webmanifest", "application/manifest+json"),
    ("map", "application/json"),
    // RFC 7946, 9512, 8878, 6713, and IANA: TOML, JSON Lines as jsonlines.org has it.
    ("geojson", "application/geo+json"),
    ("jsonld", "application/ld+json"),
    ("jsonl", "application/jsonl"),
    ("ndjson", "application/x-ndjson"),
    ("toml", "application/toml"),
    ("yaml", "application/yaml"),
    ("yml", "application/yaml"),
    ("gz", "application/gzip"),
    ("tgz", "application/gzip"),
    ("zst", "application/zstd"),
    // RFC 7763, 9649, and IANA: text and images.
    ("md", "text/markdown"),
    ("markdown", "text/markdown"),
    ("vtt", "text/vtt"),
    ("apng", "image/apng"),
    ("avif", "image/avif"),
    ("heic", "image/heic"),
    ("jxl", "image/jxl"),
    ("svg", "image/svg+xml"),
    ("svgz", "image/svg+xml"),
    ("webp", "image/webp"),
    // RFC 6381, 9639, 9559, 8216, and ISO/IEC 23009-1 (DASH): sound and film.
    ("flac", "audio/flac"),
    ("m4a", "audio/mp4"),
    ("opus", "audio/ogg"),
    ("m4s", "video/iso.segment"),
    ("mkv", "video/matroska"),
    ("mpd", "application/dash+xml"),
    ("m3u8", "application/vnd.apple.mpegurl"),
    ("m2ts", TRANSPORT_STREAM),
];

/// Extensions of films that are a programmer's, too: TypeScript, and Go's modules.
const TEXT_OR_FILM: [(&str, &str); 4] =
    [("cts", TRANSPORT_STREAM), ("mod", "video/mpeg"), ("mts", TRANSPORT_STREAM), ("ts", TRANSPORT_STREAM)];

/// RFC 3555 §4.2. Each packet's head has bytes that no text has (ISO/IEC 13818-1).
const TRANSPORT_STREAM: &str = "video/mp2t";
const TEXT: &str = "text/plain";
const UNKNOWN: &str = "application/octet-stream";

/// What a name says of a file's type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Named {
    /// This type.
    As(&'static str),
    /// The same, in a coding that its name implies, if the file has it.
    Coded(&'static str, Coding),
    /// This type, unless it is text.
    TextOr(&'static str),
    /// Nothing.
    Nothing,
}

impl Named {
    /// By the extension of `name`.
    pub(super) fn by(name: &[u8]) -> Self {
        let extension = extension(name).to_ascii_lowercase();
        if extension == "svgz" {
            return Self::Coded("image/svg+xml", Coding::Gzip);
        }
        if let Some((_, film)) = TEXT_OR_FILM.iter().find(|(known, _)| *known == extension) {
            return Self::TextOr(film);
        }
        let ours = TABLE.iter().find(|(known, _)| *known == extension).map(|(_, media_type)| *media_type);
        let guess = || mime_guess::from_ext(&extension).first_raw();
        ours.or_else(guess).map_or(Self::Nothing, Self::As)
    }

    /// Whether the bytes have a say: in the type, or in what is said of the text.
    pub(super) fn wants_a_look(self) -> bool {
        match self {
            Self::As(media_type) => is_text(media_type),
            Self::Coded(..) | Self::TextOr(_) | Self::Nothing => true,
        }
    }

    /// The type of a file that begins with `prefix`.
    pub(super) fn media_type(self, prefix: &[u8]) -> &'static str {
        match self {
            Self::As(media_type) | Self::Coded(media_type, _) => media_type,
            Self::TextOr(_) | Self::Nothing if looks_like_text(prefix) => TEXT,
            Self::TextOr(film) => film,
            Self::Nothing => UNKNOWN,
        }
    }

    /// The coding of a file that begins with `prefix`.
    pub(super) fn coding(self, prefix: &[u8]) -> Option<Coding> {
        match self {
            Self::Coded(_, coding) if prefix.starts_with(&[0x1f, 0x8b]) => Some(coding),
            _ => None,
        }
    }
}

/// Whether its charset may be said.
pub(super) fn is_text(media_type: &str) -> bool {
    media_type.starts_with("text/")
        || media_type.ends_with("+xml")
        || media_type.ends_with("+json")
        || matches!(media_type, "application/json" | "application/xml")
}

/// Whether the name's extension is one of a known media type: then a missing
/// file is missing, and no view of a single-page application.
pub(super) fn has_known_extension(name: &[u8]) -> bool {
    Named::by(name) != Named::Nothing
}

/// What follows the last dot; a name that only begins with one has none.
fn extension(name: &[u8]) -> String {
    let last = name.rsplit(|&byte| byte == b'/').next().unwrap_or_default();
    let dot = last.iter().rposition(|&byte| byte == b'.').filter(|&at| at > 0);
    dot.map_or(String::new(), |at| String::from_utf8_lossy(&last[at + 1..]).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_by_name() {
        for (name, expected) in [
            ("a.html", "text/html"),
            ("a.css", "text/css"),
            ("a.mjs", "text/javascript"),
            ("a.CJS", "text/javascript"),
            ("a.svg", "image/svg+xml"),
            ("a.svgz", "image/svg+xml"),
            ("a.woff2", "font/woff2"),
            ("a.jsonl", "application/jsonl"),
            ("a.m4s", "video/iso.segment"),
            ("a.m4a", "audio/mp4"),
            ("a.tar.zst", "application/zstd"),
            ("a.tar.gz", "application/gzip"),
            ("a.yml", "application/yaml"),
            ("app.webmanifest", "application/manifest+json"),
            ("a.png", "image/png"),
            ("a.ico", "image/x-icon"),
            ("a.pdf", "application/pdf"),
            ("a.mp4", "video/mp4"),
            ("a.zip", "application/zip"),
            ("한글.html", "text/html"),
        ] {
            assert_eq!(Named::by(name.as_bytes()).media_type(b""), expected, "{name}");
        }
    }

    #[test]
    fn where_the_name_says_nothing_the_bytes_do() {
        for name in ["README", "Makefile", ".gitignore", "sub.dir/LICENSE", "go.sum", "v1.2", "a.", "notes.한"] {
            assert_eq!(Named::by(name.as_bytes()).media_type(b"text\n"), "text/plain", "{name}");
            assert_eq!(Named::by(name.as_bytes()).media_type(b"\x7fELF\0"), "application/octet-stream", "{name}");
        }
    }

    #[test]
    fn typescript_is_told_from_transport_streams() {
        for name in ["a.ts", "a.mts", "a.TS"] {
            let named = Named::by(name.as_bytes());
            assert_eq!(named.media_type(b"G\x40\0\x10\0\0\xb0\x0d"), "video/mp2t");
            assert_eq!(named.media_type(b"\0\0\0\0G\x1f\xff\x10"), "video/mp2t", "with time codes");
            assert_eq!(named.media_type(b"Generated(); // as const\n"), "text/plain");
            assert_eq!(named.media_type(b""), "text/plain");
        }
        assert_eq!(Named::by(b"go.mod").media_type(b"module example.com/a\n"), "text/plain");
        assert_eq!(Named::by(b"a.mod").media_type(b"\0\0\x01\xba"), "video/mpeg");
    }

    #[test]
    fn a_coding_that_a_name_implies_is_said_if_it_is_there() {
        let named = Named::by(b"a.svgz");
        assert_eq!(named.coding(&[0x1f, 0x8b, 8]), Some(Coding::Gzip));
        assert_eq!(named.coding(b"<svg/>"), None);
        assert_eq!(Named::by(b"a.gz").coding(&[0x1f, 0x8b, 8]), None);
    }
}
