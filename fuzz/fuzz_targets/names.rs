//! URLs, hosts and DNS messages: what is read is the same when it is written and
//! read again, and nothing of it ends a line of a request.

#![no_main]

use glasshttp::dns;
use glasshttp::fetch::url::Url;
use glasshttp::http::host::{Named, is_valid};
use libfuzzer_sys::fuzz_target;

fn check_url(url: &Url) {
    let text = url.to_string();
    let again = Url::parse(&text).unwrap_or_else(|failure| panic!("{text}: {failure}"));
    assert_eq!(again, *url, "{text}");
    assert!(url.target().starts_with('/'), "{text}");
    for part in [url.target(), url.authority()] {
        assert!(part.bytes().all(|byte| byte > b' ' && byte < 0x7f), "{text}");
    }
    assert!(is_valid(url.authority().as_bytes()), "{text}: our own server would refuse its Host");
    assert!(!url.host().is_empty(), "{text}");
    if let Ok(name) = url.file_name() {
        assert!(!name.contains(['/', '\0', '\n']) && name != "." && name != ".." && !name.is_empty(), "{text}");
    }
}

fuzz_target!(|data: &[u8]| {
    dns::fuzzing::judge(data);
    let _ = Named::of(data).is_this_machine();
    let Ok(text) = std::str::from_utf8(data) else { return };
    dns::fuzzing::host(text);
    let _ = dns::server_address(text);
    let (url, reference) = text.split_once('\n').unwrap_or((text, ""));
    let Ok(url) = Url::parse(url) else { return };
    check_url(&url);
    if let Ok(joined) = url.join(reference) {
        check_url(&joined);
    }
});
