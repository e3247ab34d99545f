//! The command line of `glasshttp fetch`.

use super::values::{USUAL_WATCH_PORT, WatchAddress, field, field_value, number, positive_seconds, watch_address};
use crate::dns::{Families, default_roots, server_address};
use crate::fetch::url::Url;
use crate::fetch::{Data, Options, Output, Watched};
use crate::http::message::{Version, is_tchar};
use crate::language::sentence::both;
use crate::language::{Language, Sentence};
use crate::record::failure::Failure;
use clap::{Args, ValueEnum};
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

const AFTER: &str = "\
The body goes to standard output, the story to standard error.

Exit codes:
   0  done
   1  a file, standard output or a socket failed on this machine
   2  a command line that can't be meant
   3  the name has no address
   4  refused: nobody listens there
   5  unreachable
   6  timed out
   7  reset by the server
   8  the response is malformed
   9  cut short: the response is not whole, or there was none
  10  a response of 400 or more, with --fail
  11  a redirect that is not followed: too many, another scheme
 130  interrupted (Ctrl-C): what came is told, and a part is kept
Of several URLs, the first that failed says it. A folder called fetch is served
by: glasshttp ./fetch";

/// Fetch URLs, and tell each stage: name, connection, request, answer, close
#[derive(Clone, Debug, Args)]
#[command(after_help = AFTER)]
pub(super) struct FetchArgs {
    /// What to fetch; http:// may be left out
    #[arg(value_name = "URL", required = true, value_parser = url)]
    urls: Vec<Url>,

    /// The version of HTTP to speak
    #[arg(long, value_enum, default_value = "1.0", value_name = "VERSION", help_heading = "The request")]
    http: VersionName,

    /// Ask for the head alone (HEAD)
    #[arg(long, conflicts_with = "method", help_heading = "The request")]
    head: bool,

    /// The method [default: GET; POST with --data]
    #[arg(long, short = 'X', value_name = "METHOD", value_parser = method, help_heading = "The request")]
    method: Option<String>,

    /// Send this as a form (POST); repeated, joined by &
    #[arg(long, short, value_name = "DATA", help_heading = "The request")]
    data: Vec<String>,

    /// Send the content of this file (POST); - is standard input
    #[arg(long, value_name = "FILE", conflicts_with = "data", help_heading = "The request")]
    data_file: Option<PathBuf>,

    /// A header field to send; may be repeated
    #[arg(long = "header", short = 'H', value_name = "NAME: VALUE", value_parser = header, help_heading = "The request")]
    headers: Vec<(String, String)>,

    /// Follow redirects, ten at most
    #[arg(long, short = 'L', help_heading = "The request")]
    follow: bool,

    /// Ask to keep the connection, and use it for what follows
    #[arg(long, short = 'k', help_heading = "The connection")]
    keep_alive: bool,

    /// Use IPv4 alone
    #[arg(short = '4', long, conflicts_with = "ipv6", help_heading = "The connection")]
    ipv4: bool,

    /// Use IPv6 alone
    #[arg(short = '6', long, help_heading = "The connection")]
    ipv6: bool,

    /// Fetch everything this many times
    #[arg(long, value_name = "N", default_value = "1", value_parser = number::<u32>(1..=10_000), help_heading = "The connection")]
    repeat: u32,

    /// Shut down the sending half behind the request
    #[arg(long, help_heading = "The connection")]
    half_close: bool,

    /// Send one byte at a time, this long apart, as in 5ms
    #[arg(long, value_name = "TIME", value_parser = pause, help_heading = "The connection")]
    dribble: Option<Duration>,

    /// Read this many bytes a second, as in 100k, with a small receive buffer
    #[arg(long, value_name = "BYTES", value_parser = rate, help_heading = "The connection")]
    read_rate: Option<u64>,

    /// Reset the connection when this much of the body has come, as in 1k
    #[arg(long, value_name = "BYTES", value_parser = size, help_heading = "The connection")]
    abort_after: Option<u64>,

    /// How long name, connection and head may take, each, and how long a body may pause
    #[arg(long, value_name = "SECONDS", default_value = "30", value_parser = positive_seconds, help_heading = "The connection")]
    timeout: Duration,

    /// Write the body into this file; until it is whole, it is FILE.part
    #[arg(short, long, value_name = "FILE", help_heading = "The body")]
    output: Option<PathBuf>,

    /// The same, with the URL's own name
    #[arg(short = 'O', long, conflicts_with = "output", help_heading = "The body")]
    remote_name: bool,

    /// Go on where an earlier download ended
    #[arg(short = 'C', long, help_heading = "The body")]
    r#continue: bool,

    /// A response of 400 or more is a failure, and its body is dropped
    #[arg(short, long, help_heading = "The body")]
    fail: bool,

    /// No story
    #[arg(short, long, conflicts_with = "verbose", help_heading = "What is told")]
    quiet: bool,

    /// Show the heads of request and response too, as sent (also --heads)
    #[arg(short, long, alias = "heads", help_heading = "What is told")]
    verbose: bool,

    /// The record as JSON on standard output, in place of body and story
    #[arg(long, help_heading = "What is told")]
    json: bool,

    /// Write a HAR 1.2 file, for a browser's developer tools
    #[arg(long, value_name = "FILE", help_heading = "What is told")]
    har: Option<PathBuf>,

    /// The name server to ask, in place of the system's
    #[arg(long, value_name = "SERVER[:PORT]", value_parser = name_server, help_heading = "What is told")]
    dns: Option<SocketAddr>,

    /// Walk from the root of the DNS to the name, each referral told
    #[arg(long, conflicts_with = "dns", help_heading = "What is told")]
    trace_dns: bool,

    /// Begin that walk at this root server; may be repeated
    #[arg(long, value_name = "ADDR[:PORT]", value_parser = name_server, conflicts_with = "dns", help_heading = "What is told")]
    root: Vec<SocketAddr>,

    /// Where the server's live page is, or its JSON log, to join both halves [default: port 8081, of a glasshttp on this machine]
    #[arg(long, value_name = "ADDR|FILE", value_parser = watched, help_heading = "What is told")]
    watch: Option<Watched>,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum VersionName {
    #[value(name = "0.9")]
    Http09,
    #[value(name = "1.0")]
    Http10,
    #[value(name = "1.1")]
    Http11,
}

impl FetchArgs {
    /// What it means; `Err`: why it can't be meant.
    pub(super) fn options(self, language: Language) -> Result<Options, Sentence> {
        let version = match self.http {
            VersionName::Http09 => Version::Http09,
            VersionName::Http10 => Version::Http10,
            VersionName::Http11 => Version::Http11,
        };
        if version == Version::Http09 && (self.head || !self.headers.is_empty() || self.keep_alive || self.r#continue) {
            return Err(both!(
                "HTTP/0.9 sends GET and a path, and nothing else: no --head, --header, --keep-alive or -C",
                "HTTP/0.9는 GET과 경로만 보냅니다. --head, --header, --keep-alive, -C와 함께 쓸 수 없습니다"
            ));
        }
        let data = match self.data_file {
            Some(path) => Some(Data::File(path)),
            None if self.data.is_empty() => None,
            None => Some(Data::Form(self.data.join("&"))),
        };
        if data.is_some() && (self.head || self.method.as_deref() == Some("HEAD")) {
            return Err(both!(
                "--head asks for a head alone, and sends no data",
                "--head는 헤더만 요청하므로 보낼 데이터가 없어야 합니다"
            ));
        }
        let usual = match &data {
            _ if self.head => "HEAD",
            Some(_) => "POST",
            None => "GET",
        };
        let method = self.method.unwrap_or_else(|| usual.to_owned());
        if version == Version::Http09 && method != "GET" {
            return Err(both!(
                "HTTP/0.9 sends GET and a path, and nothing else: no --method and no --data",
                "HTTP/0.9는 GET과 경로만 보냅니다. --method, --data와 함께 쓸 수 없습니다"
            ));
        }
        let is_head = method == "HEAD";
        let output = match self.output {
            Some(path) if path.as_os_str() == "-" => Output::Stdout,
            Some(path) => Output::File(path),
            None if self.remote_name => Output::Named,
            None => Output::Stdout,
        };
        if output == Output::Named {
            for url in &self.urls {
                url.file_name().map_err(|failure| sentence(&failure))?;
            }
        }
        if self.r#continue && (output == Output::Stdout || is_head || self.repeat > 1) {
            return Err(both!(
                "-C goes on with one file: it needs -o FILE or -O, and neither --head nor --repeat",
                "-C는 파일 하나를 이어 받습니다. -o FILE이나 -O가 있어야 하고 --head, --repeat와 함께 쓸 수 없습니다"
            ));
        }
        let is_asked = |wanted: &str| self.headers.iter().any(|(name, _)| name.eq_ignore_ascii_case(wanted));
        if self.r#continue && (is_asked("range") || is_asked("if-range")) {
            return Err(both!(
                "-C asks for the range that is missing; leave out --header Range and If-Range",
                "-C는 남은 범위를 직접 요청합니다. --header Range와 If-Range를 빼십시오"
            ));
        }
        if matches!(output, Output::File(_)) && self.urls.len() > 1 {
            return Err(both!(
                "one FILE can't hold several URLs; try -O",
                "FILE 하나에 URL 여럿을 담을 수 없습니다. -O를 쓰십시오"
            ));
        }
        let traces = self.trace_dns || !self.root.is_empty();
        Ok(Options {
            urls: self.urls,
            repeat: self.repeat,
            version,
            method,
            data,
            headers: self.headers,
            keep_alive: self.keep_alive,
            follow: self.follow,
            half_close: self.half_close,
            dribble: self.dribble,
            read_rate: self.read_rate,
            abort_after: self.abort_after,
            timeout: self.timeout,
            output,
            resume: self.r#continue,
            fail: self.fail,
            quiet: self.quiet,
            verbose: self.verbose,
            json: self.json,
            har: self.har,
            families: match (self.ipv4, self.ipv6) {
                (true, _) => Families::Four,
                (_, true) => Families::Six,
                _ => Families::Both,
            },
            dns: self.dns,
            roots: traces.then(|| if self.root.is_empty() { default_roots() } else { self.root }),
            watch: self.watch,
            language,
        })
    }
}

impl WatchAddress {
    fn socket_address(self) -> SocketAddr {
        let address = self.address.unwrap_or(Ipv4Addr::LOCALHOST.into());
        address.with_port(self.port.unwrap_or(USUAL_WATCH_PORT))
    }
}

fn url(text: &str) -> Result<Url, Sentence> {
    Url::parse(text).map_err(|failure| sentence(&failure))
}

/// A failure in each language.
fn sentence(failure: &Failure) -> Sentence {
    Sentence { en: failure.sentence(Language::English), ko: failure.sentence(Language::Korean) }
}

/// `Name: value`, of a field that is the user's to send.
fn header(text: &str) -> Result<(String, String), Sentence> {
    let (name, value) = field(text)?;
    for (ours, instead) in [
        ("connection", "--keep-alive"),
        ("content-length", "--data or --data-file"),
        ("transfer-encoding", "--data or --data-file"),
    ] {
        if name.eq_ignore_ascii_case(ours) {
            return Err(both!(
                "the connection itself writes {name}; try {instead}",
                "{name} 필드는 연결이 직접 씁니다. {instead}을(를) 쓰십시오"
            ));
        }
    }
    Ok((name, field_value(&value)?))
}

/// A token; CONNECT would ask for a tunnel.
fn method(text: &str) -> Result<String, Sentence> {
    match text {
        "" => Err(both!("name a method, such as POST", "POST 같은 메서드를 쓰십시오")),
        "CONNECT" => Err(both!(
            "CONNECT asks a proxy for a tunnel; try GET or POST",
            "CONNECT는 프록시에 터널을 요청합니다. GET이나 POST를 쓰십시오"
        )),
        _ if text.bytes().all(is_tchar) => Ok(text.to_owned()),
        _ => Err(both!("a method is one word, such as POST", "메서드는 POST처럼 한 낱말입니다")),
    }
}

/// `5ms`, `1s`, `250us`; without a unit: milliseconds.
fn pause(text: &str) -> Result<Duration, Sentence> {
    let whole = if text.bytes().all(|byte| byte.is_ascii_digit()) { format!("{text}ms") } else { text.to_owned() };
    match humantime::parse_duration(&whole) {
        Ok(pause) if pause <= Duration::from_secs(60) => Ok(pause),
        Ok(_) => Err(both!("it must be a minute at most", "1분을 넘을 수 없습니다")),
        Err(_) => Err(both!("it must read like 5ms or 1s", "5ms나 1s처럼 쓰십시오")),
    }
}

/// Bytes: `100`, `100k` (1024 each), `1M`.
fn size(text: &str) -> Result<u64, Sentence> {
    let lower = text.to_ascii_lowercase();
    let (digits, unit) = match lower.as_bytes().last() {
        Some(b'k') => (&lower[..lower.len() - 1], 1 << 10),
        Some(b'm') => (&lower[..lower.len() - 1], 1 << 20),
        Some(b'g') => (&lower[..lower.len() - 1], 1 << 30),
        _ => (&lower[..], 1),
    };
    let number: u64 = digits.parse().map_err(|_| {
        both!("not a number of bytes, such as 500, 100k or 1M", "바이트 수가 아닙니다. 500, 100k, 1M처럼 쓰십시오")
    })?;
    number.checked_mul(unit).ok_or_else(|| {
        both!("more than there can be; try a smaller number", "있을 수 있는 것보다 큽니다. 더 작은 수를 쓰십시오")
    })
}

fn rate(text: &str) -> Result<u64, Sentence> {
    match size(text)? {
        0 => Err(both!("at 0 bytes a second nothing ever comes", "1초에 0바이트면 아무것도 오지 않습니다")),
        rate => Ok(rate),
    }
}

/// The address of a name server.
fn name_server(text: &str) -> Result<SocketAddr, Sentence> {
    server_address(text).map_err(|_| {
        both!(
            "not a name server's address, such as 9.9.9.9 or [::1]:5353",
            "네임 서버의 주소가 아닙니다. 9.9.9.9나 [::1]:5353처럼 쓰십시오"
        )
    })
}

/// An address, or the path of a file: with a slash or a point in it.
fn watched(text: &str) -> Result<Watched, Sentence> {
    match watch_address(text).map(WatchAddress::socket_address) {
        Ok(page) => Ok(Watched::Page(page)),
        Err(_) if text.contains(['/', '.']) => Ok(Watched::Log(text.into())),
        Err(why) => Err(Sentence {
            en: format!("{}, or ./log for a file", why.en),
            ko: format!("{}. 파일이라면 ./log처럼 쓰십시오", why.ko),
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Args, Task};
    use super::*;

    fn options(arguments: &[&str]) -> Result<Options, String> {
        match Args::read(["glasshttp", "fetch"].iter().chain(arguments)) {
            Ok(Task::Fetch(options)) => Ok(*options),
            Ok(other) => panic!("it fetches nothing: {other:?}"),
            Err(error) => Err(error.to_string()),
        }
    }

    #[test]
    fn what_is_typed_is_what_is_meant() {
        let options =
            options(&["-k", "--repeat", "3", "--dribble", "5ms", "--read-rate", "1k", "-O", "localhost/a", "h/b"]);
        let options = options.expect("valid");
        assert_eq!((options.urls.len(), options.repeat, options.version), (2, 3, Version::Http10));
        assert_eq!((options.dribble, options.read_rate), (Some(Duration::from_millis(5)), Some(1024)));
        assert_eq!(options.output, Output::Named);
        assert!(options.keep_alive && options.roots.is_none());
    }

    #[test]
    fn the_language_may_stand_on_either_side() {
        assert_eq!(options(&["--lang", "ko", "h"]).expect("valid").language, Language::Korean);
        assert_eq!(options(&["h"]).expect("valid").language, Language::English);
    }

    #[test]
    fn what_can_not_be_meant_is_refused() {
        for arguments in [
            &[][..],
            &["https://example.com/"],
            &["http://me@h/"],
            &["--http", "2", "h"],
            &["--http", "0.9", "--head", "h"],
            &["--http", "0.9", "-k", "h"],
            &["-C", "h"],
            &["-C", "-o", "a", "--repeat", "2", "h"],
            &["-o", "a", "-O", "h"],
            &["-o", "a", "h", "i"],
            &["-O", "http://h/"],
            &["--dribble", "long", "h"],
            &["--read-rate", "0", "h"],
            &["--abort-after", "99999999999g", "h"],
            &["--repeat", "0", "h"],
            &["--timeout", "0", "h"],
            &["--header", "Connection: x", "h"],
            &["--header", "a\r\nb: c", "h"],
            &["--dns", "name", "h"],
            &["--dns", "9.9.9.9", "--trace-dns", "h"],
            &["--watch", "here", "h"],
        ] {
            assert!(options(arguments).is_err(), "{arguments:?}");
        }
    }
}
