//! What is typed, as what is asked: `http://` URLs, and nothing else.

use crate::http::host;
use crate::record::Failure;
use crate::record::failure::UrlFault;
use crate::record::secrets::WITHHELD;
use percent_encoding::percent_decode_str;
use std::fmt;
use url::{Host, ParseError};

/// An `http` URL.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Url {
    url: url::Url,
    /// The zone of a link-local address (RFC 6874): an interface's name or number.
    zone: Option<String>,
}

impl Url {
    /// Reads a URL; `http://` may be left out.
    ///
    /// # Errors
    /// In a sentence that says what to write.
    pub fn parse(text: &str) -> Result<Self, Failure> {
        if let Some(fault) = one_slash(text) {
            return Err(Failure::Url { text: without_credentials(text), fault });
        }
        let whole = if has_scheme(text) { text.to_owned() } else { format!("http://{text}") };
        let (whole, zone) = without_zone(&whole);
        let fault = |fault, shown: String| Failure::Url { text: shown, fault };
        let url = url::Url::parse(&whole).map_err(|error| fault(of_parse(error), without_credentials(text)))?;
        Self::of(url, zone).map_err(|(why, url)| fault(why, url.to_string()))
    }

    /// The URL that `reference` means here (RFC 3986 §5): what `Location` says.
    ///
    /// # Errors
    /// If it is none, or of another scheme.
    pub fn join(&self, reference: &str) -> Result<Self, Failure> {
        let fault = |fault, location: String| Failure::Redirect { location, fault };
        let url = self.url.join(reference).map_err(|error| fault(of_parse(error), without_credentials(reference)))?;
        // A zone means something here alone: no server says one (RFC 6874 §3).
        let zone = self.zone.clone().filter(|_| url.host() == self.url.host());
        Self::of(url, zone).map_err(|(why, url)| fault(why, url.to_string()))
    }

    /// `Err`: why it can't be fetched, and the URL as it may be shown.
    fn of(mut url: url::Url, zone: Option<String>) -> Result<Self, (UrlFault, url::Url)> {
        let has_credentials = !url.username().is_empty() || url.password().is_some();
        let fault = match url.scheme() {
            "http" if has_credentials => {
                Some(UrlFault::Credentials { host: url.host_str().unwrap_or_default().to_owned() })
            }
            "http" if url.port() == Some(0) => Some(UrlFault::PortZero),
            // connect(2) would say no more than "Invalid argument".
            "http" if zone.is_none() && is_link_local(&url) => Some(UrlFault::NoZone),
            // WHATWG's hosts may have characters that no `Host` may.
            "http" if !host::is_valid(url.authority().as_bytes()) => Some(UrlFault::Host),
            "http" => None,
            "https" => Some(UrlFault::Encrypted),
            other => Some(UrlFault::Scheme { scheme: other.to_owned() }),
        };
        if let Some(fault) = fault {
            // What is secret is not for a message; a URL that holds none has nothing to be cleared.
            let _ = url.set_username("").and_then(|()| url.set_password(None));
            return Err((fault, url));
        }
        url.set_fragment(None); // never sent (RFC 9110 §4.2.5)
        Ok(Self { url, zone })
    }

    /// Whether scheme, host and port are the same (RFC 6454).
    pub fn is_same_origin(&self, other: &Self) -> bool {
        self.url.origin() == other.url.origin()
    }

    /// The host, as it is looked up: a name in ASCII, or an address without brackets.
    pub fn host(&self) -> String {
        match self.url.host() {
            Some(Host::Domain(name)) => name.to_owned(),
            Some(Host::Ipv4(ip)) => ip.to_string(),
            Some(Host::Ipv6(ip)) => ip.to_string(),
            None => String::new(), // http URLs have one
        }
    }

    /// The number of the interface that the zone names; 0 where there is none.
    ///
    /// # Errors
    /// If there is no such interface.
    pub fn scope(&self) -> Result<u32, Failure> {
        let Some(zone) = &self.zone else { return Ok(0) };
        let index = zone.parse().or_else(|_| nix::net::if_::if_nametoindex(zone.as_str()));
        index.map_err(|_| Failure::NoInterface { zone: zone.clone() })
    }

    /// The port: 80 where none is named.
    pub fn port(&self) -> u16 {
        self.url.port().unwrap_or(80)
    }

    /// The value of `Host`: an IPv6 address in brackets, the port where it is not 80.
    pub fn authority(&self) -> &str {
        self.url.authority()
    }

    /// What the request line asks for: path and query.
    pub fn target(&self) -> &str {
        &self.url[url::Position::BeforePath..url::Position::AfterQuery]
    }

    /// Name and value of each field of the query, decoded.
    pub fn query(&self) -> Vec<(String, String)> {
        self.url.query_pairs().into_owned().collect()
    }

    /// The last part of the path, as the name of a file in this folder.
    ///
    /// # Errors
    /// If it has none that is one.
    pub fn file_name(&self) -> Result<String, Failure> {
        let last = self.url.path().rsplit('/').next().unwrap_or_default();
        let name = percent_decode_str(last).decode_utf8_lossy().into_owned();
        let is_one = !name.is_empty() && name != "." && name != ".." && !name.contains(['/', '\0']);
        if is_one && !name.chars().any(char::is_control) {
            Ok(name)
        } else {
            Err(Failure::Url { text: self.to_string(), fault: UrlFault::NoFileName })
        }
    }
}

/// What begins with a scheme and lacks the slashes behind it: a host of that name is hardly meant.
/// With a port it is: `http:8080`.
fn one_slash(text: &str) -> Option<UrlFault> {
    let (scheme, rest) = text.split_once(':')?;
    let scheme = scheme.to_ascii_lowercase();
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let is_port = end > 0 && rest[..end].bytes().all(|byte| byte.is_ascii_digit());
    if rest.starts_with("//") || is_port {
        return None;
    }
    match scheme.as_str() {
        "http" => {
            let meant = without_credentials(&format!("http://{}", rest.trim_start_matches('/')));
            Some(UrlFault::Slashes { meant })
        }
        "https" => Some(UrlFault::Encrypted),
        "ftp" | "file" | "ws" | "wss" => Some(UrlFault::Scheme { scheme }),
        _ => None,
    }
}

/// Whether a scheme stands before `://`: what stands behind the authority belongs to path, query or fragment.
fn has_scheme(text: &str) -> bool {
    text.split_once("://").is_some_and(|(before, _)| !before.contains(['/', '\\', '?', '#']))
}

fn is_link_local(url: &url::Url) -> bool {
    matches!(url.host(), Some(Host::Ipv6(ip)) if ip.is_unicast_link_local())
}

/// A URL without the zone in its host's brackets, `%25eth0` or, as people type it, `%eth0`.
fn without_zone(text: &str) -> (String, Option<String>) {
    let parts = || {
        let (before, rest) = text.split_once("://")?;
        let (literal, behind) = rest.strip_prefix('[')?.split_once(']')?;
        let (address, zone) = literal.split_once('%')?;
        let zone = zone.strip_prefix("25").filter(|zone| !zone.is_empty()).unwrap_or(zone);
        let is_zone =
            !zone.is_empty() && zone.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte));
        is_zone.then(|| (format!("{before}://[{address}]{behind}"), Some(zone.to_owned())))
    };
    parts().unwrap_or_else(|| (text.to_owned(), None))
}

/// What is no URL, as it may be shown. Where its credentials would end, its parts
/// do not say: all that stands before the last `@` may belong to them.
fn without_credentials(text: &str) -> String {
    let Some(at) = text.rfind('@') else { return text.to_owned() };
    let begin = text[..at].find("//").map_or(0, |slashes| slashes + 2);
    format!("{}{WITHHELD}{}", &text[..begin], &text[at..])
}

fn of_parse(error: ParseError) -> UrlFault {
    match error {
        ParseError::EmptyHost => UrlFault::NoHost,
        ParseError::InvalidIpv6Address => UrlFault::Ipv6,
        ParseError::InvalidIpv4Address => UrlFault::Ipv4,
        ParseError::InvalidPort => UrlFault::Port,
        ParseError::IdnaError | ParseError::InvalidDomainCharacter => UrlFault::Host,
        _ => UrlFault::Malformed,
    }
}

impl fmt::Display for Url {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.zone {
            Some(zone) => f.write_str(&self.url.as_str().replacen(']', &format!("%25{zone}]"), 1)),
            None => self.url.fmt(f),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::FailureKind;

    fn parsed(text: &str) -> Url {
        Url::parse(text).unwrap_or_else(|failure| panic!("{text}: {failure}"))
    }

    #[test]
    fn what_is_asked_of_whom() {
        for (text, host, port, authority, target) in [
            ("http://localhost:8080/a?b=c#d", "localhost", 8080, "localhost:8080", "/a?b=c"),
            ("localhost:8080/a", "localhost", 8080, "localhost:8080", "/a"),
            ("127.0.0.1", "127.0.0.1", 80, "127.0.0.1", "/"),
            ("http://[::1]:8080/", "::1", 8080, "[::1]:8080", "/"),
            ("HTTP://Bücher.Example:80/ä b", "xn--bcher-kva.example", 80, "xn--bcher-kva.example", "/%C3%A4%20b"),
            ("http://한국.kr?x", "xn--3e0b707e.kr", 80, "xn--3e0b707e.kr", "/?x"),
            ("http://h/a/../b/./c", "h", 80, "h", "/b/c"),
            ("localhost:81/a?b=http://c/", "localhost", 81, "localhost:81", "/a?b=http://c/"),
            ("127.0.0.1?https://c", "127.0.0.1", 80, "127.0.0.1", "/?https://c"),
            ("h/http://c", "h", 80, "h", "/http://c"),
            ("h:81/a#http://c", "h", 81, "h:81", "/a"),
            ("h#http://c", "h", 80, "h", "/"),
        ] {
            let url = parsed(text);
            let got = (url.host(), url.port(), url.authority().to_owned(), url.target().to_owned());
            assert_eq!(got, (host.to_owned(), port, authority.to_owned(), target.to_owned()), "{text}");
        }
    }

    #[test]
    fn a_host_that_no_request_may_name_is_refused() {
        for text in ["a.exam`pleb", "http://a`/", "http://a{b}/", "http://\"a\"/"] {
            assert!(Url::parse(text).is_err(), "{text}");
        }
        assert!(parsed("http://a/").join("//a`b/").is_err());
    }

    #[test]
    fn a_zone_is_for_this_machine_alone() {
        for text in ["http://[fe80::1%25lo]:81/a", "[fe80::1%lo]:81/a"] {
            let url = parsed(text);
            assert_eq!((url.host().as_str(), url.authority()), ("fe80::1", "[fe80::1]:81"));
            assert_eq!(url.to_string(), "http://[fe80::1%25lo]:81/a");
            assert!(url.scope().is_ok_and(|scope| scope > 0));
            assert_eq!(url.join("/b").map(|url| url.to_string()), Ok("http://[fe80::1%25lo]:81/b".to_owned()));
            assert_eq!(url.join("http://[::1]/").map(|url| url.to_string()), Ok("http://[::1]/".to_owned()));
        }
        assert_eq!(parsed("http://[fe80::1%257]/").scope(), Ok(7));
        assert_eq!(
            parsed("http://[fe80::1%25none9]/").scope().map_err(|failure| failure.kind()),
            Err(FailureKind::Name)
        );
        assert!(Url::parse("http://[fe80::1%25a/b]/").is_err());
        let elsewhere = parsed("http://h/?next=http://[fe80::1%25lo]/");
        assert_eq!((elsewhere.target(), elsewhere.scope()), ("/?next=http://[fe80::1%25lo]/", Ok(0)));
    }

    #[test]
    fn what_can_not_be_asked_is_said() {
        for (text, said) in [
            ("https://example.com/", "encrypted"),
            ("ftp://example.com/", "ftp: is not"),
            ("mailto://a", "mailto: is not"),
            ("http://[fe80::1]/", "[fe80::1%25eth0]"),
            ("http://me@h/", "password"),
            ("http://me:secret@h/", "password"),
            ("http://", "no host"),
            ("http://[::1", "IPv6"),
            ("http://h:99999/", "65535"),
            ("http://h:0/", "port 0"),
            ("http://a b/", "not a URL"),
            ("", "no host"),
        ] {
            let failure = Url::parse(text).expect_err(text);
            let sentence = failure.to_string();
            assert!(sentence.contains(said) && failure.kind() == FailureKind::Usage, "{text}: {sentence}");
            assert!(!sentence.contains("secret") && !sentence.contains('\n'), "{sentence}");
        }
    }

    #[test]
    fn a_scheme_without_its_slashes_is_no_host() {
        for (text, said) in [
            ("http:/127.0.0.1:81/ok", "try http://127.0.0.1:81/ok."),
            ("HTTP:h/ok", "try http://h/ok."),
            ("http:127.0.0.1:81", "try http://127.0.0.1:81."),
            ("https:/h/", "encrypted"),
            ("file:/etc/hosts", "file: is not supported"),
            ("ftp:h", "ftp: is not supported"),
        ] {
            let failure = Url::parse(text).expect_err(text);
            assert!(failure.to_string().contains(said) && failure.kind() == FailureKind::Usage, "{text}: {failure}");
        }
        let failure = Url::parse("http:/u:SECRET77@h/").expect_err("it lacks a slash");
        assert!(!format!("{failure} {failure:?}").contains("SECRET77"), "{failure:?}");
        for (text, host, port) in
            [("http:81", "http", 81), ("file:81/a", "file", 81), ("localhost:/a", "localhost", 80)]
        {
            assert_eq!((parsed(text).host().as_str(), parsed(text).port()), (host, port), "{text}");
        }
    }

    #[test]
    fn what_is_no_url_is_shown_without_its_credentials() {
        let base = parsed("http://a/");
        for text in [
            "http://u:SECRET77@h:99999/",
            "http://u:SECRET77@[::1/",
            "http://u:SECRET77@a b/",
            "http://u:SECRET77@1.2.3.400/",
            "http://u:SECRET77@",
            "https://u:SECRET77@h:99999/",
            "http://u:SEC/SECRET77@h/",
            "http://u:p?SECRET77@h/",
            "u:SECRET77@h:99999",
            "u:SECRET77@h",
            "http://u:SECRET77@[fe80::1]/",
        ] {
            let typed = Url::parse(text).map(|url| url.to_string()).expect_err(text);
            assert!(!format!("{typed} {typed:?}").contains("SECRET77"), "{typed:?}");
            if !text.contains("//") {
                continue; // as a reference, `u:` is a scheme
            }
            let location = text.replacen("//", r"\\", 1);
            for failure in [base.join(text), base.join(&location)].into_iter().filter_map(Result::err) {
                assert!(!format!("{failure} {failure:?}").contains("SECRET77"), "{failure:?}");
            }
        }
        assert!(
            Url::parse("http://u:p@h:99999/").is_err_and(|failure| failure.to_string().contains("http://...@h:99999/"))
        );
    }

    #[test]
    fn references_mean_what_they_mean_to_browsers() {
        let base = parsed("http://h:81/a/b?c");
        for (reference, expected) in [
            ("d", "http://h:81/a/d"),
            ("/d", "http://h:81/d"),
            ("?d", "http://h:81/a/b?d"),
            ("//other/d", "http://other/d"),
            ("../../../d", "http://h:81/d"),
            ("http://other:82", "http://other:82/"),
        ] {
            assert_eq!(base.join(reference).map(|url| url.to_string()), Ok(expected.to_owned()));
        }
        for reference in ["https://h/", "file:///etc/passwd", "javascript:alert(1)", "http://", "http://u:p@h/"] {
            assert_eq!(base.join(reference).expect_err(reference).kind(), FailureKind::Redirect);
        }
    }

    #[test]
    fn names_of_files_stay_in_the_folder() {
        assert_eq!(parsed("http://h/a/b%20c.iso?q").file_name(), Ok("b c.iso".to_owned()));
        for text in [
            "http://h/",
            "http://h/a/",
            "http://h/..%2f..%2fetc",
            "http://h/%00",
            "http://h/%2e%2e%2f",
            "http://h/a%0Ab",
        ] {
            assert!(parsed(text).file_name().is_err(), "{text}");
        }
    }
}
