//! The command line of `glasshttp fetch`.

mod values;

use super::values::{number, positive_seconds};
use crate::dns::{Families, default_roots};
use crate::escape;
use crate::fetch::clash::Clash;
use crate::fetch::url::Url;
use crate::fetch::{Data, Options, Output, Watched};
use crate::http::message::Version;
use crate::language::sentence::both;
use crate::language::{Language, Sentence};
use clap::{Args, ValueEnum};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;
use values::{header, in_both, method, name_server, pause, rate, size, url, watched};

/// As a man page has it: clap fills in the usage and the options.
const TEMPLATE: &str = "\
NAME
  glasshttp fetch - {about}

SYNOPSIS
  {usage}

DESCRIPTION
  Fetch each URL over plain HTTP, and show what happened: the name, the
  connection, the request, the response, the close, with the time of each. The
  response's body goes to standard output, or into a file with -o or -O; the
  story goes to standard error. -q leaves the story out, --json replaces both.

  Only http:// is supported, because only that can be seen on the wire.

OPTIONS
{all-args}

{after-help}";

const AFTER: &str = "\
EXIT STATUS
    0  The responses are complete.
    1  A file, standard output or a socket failed on this machine.
    2  The command line is invalid.
    3  The name has no address.
    4  The connection was refused: nothing listens, or a firewall rejects it.
    5  The address is unreachable.
    6  A timeout passed.
    7  The server reset the connection.
    8  The response is malformed.
    9  The response was cut short, or there was none.
   10  The status is 400 or more (with --fail).
   11  A redirect was not followed: too many, or to another scheme.
  130  Ctrl-C interrupted it; a part of a file is kept.
  With several URLs, the first failure decides.

EXAMPLES
  glasshttp fetch localhost:8080                    show every stage
  glasshttp fetch -q -o page.html example.com       save the body, quietly
  glasshttp fetch -C -O http://example.com/big.iso  resume a download
  glasshttp fetch -L -v example.com/old             follow redirects, show heads
  glasshttp fetch -d 'name=Ada' localhost:8080      send a form by POST
  glasshttp fetch -k --repeat 3 localhost:8080      reuse one connection
  glasshttp fetch --trace-dns example.com           walk the DNS from its root

  To serve a folder that is called fetch: glasshttp ./fetch";

/// Fetch URLs, and show each stage
#[derive(Clone, Debug, Args)]
#[command(help_template = TEMPLATE, after_help = AFTER)]
pub(super) struct FetchArgs {
    /// URL to fetch; http:// may be left out
    #[arg(value_name = "URL", required = true, value_parser = url)]
    urls: Vec<Url>,

    /// Speak this version of HTTP
    #[arg(long, value_enum, default_value = "1.0", value_name = "VERSION", help_heading = "Request")]
    http: VersionName,

    /// Request only the response's head (HEAD), and print it
    #[arg(long, conflicts_with = "method", help_heading = "Request")]
    head: bool,

    /// Use this method [default: GET; POST with --data]
    #[arg(long, short = 'X', value_name = "METHOD", value_parser = method, help_heading = "Request")]
    method: Option<String>,

    /// Send this as a form (POST); repeatable, joined by &
    #[arg(long, short, value_name = "DATA", allow_hyphen_values = true, help_heading = "Request")]
    data: Vec<String>,

    /// Send this file (POST); - is standard input
    #[arg(long, value_name = "FILE", conflicts_with = "data", help_heading = "Request")]
    data_file: Option<PathBuf>,

    /// Send this header field; repeatable
    #[arg(long = "header", short = 'H', value_name = "NAME: VALUE", value_parser = header, help_heading = "Request")]
    headers: Vec<(String, String)>,

    /// Follow redirects, at most ten
    #[arg(long, short = 'L', help_heading = "Request")]
    follow: bool,

    /// Keep the connection open, and reuse it for the next URL
    #[arg(long, short = 'k', help_heading = "Connection")]
    keep_alive: bool,

    /// Use only IPv4
    #[arg(short = '4', long, conflicts_with = "ipv6", help_heading = "Connection")]
    ipv4: bool,

    /// Use only IPv6
    #[arg(short = '6', long, help_heading = "Connection")]
    ipv6: bool,

    /// Fetch every URL this many times
    #[arg(long, value_name = "N", default_value = "1", value_parser = number::<u32>(1..=10_000), help_heading = "Connection")]
    repeat: u32,

    /// Close the sending side after the request (half-close)
    #[arg(long, help_heading = "Connection")]
    half_close: bool,

    /// Send one byte at a time, at this interval, as in 5ms
    #[arg(long, value_name = "TIME", value_parser = pause, help_heading = "Connection")]
    dribble: Option<Duration>,

    /// Read this many bytes per second, as in 100k, with a small receive buffer
    #[arg(long, value_name = "BYTES", value_parser = rate, help_heading = "Connection")]
    read_rate: Option<u64>,

    /// Reset the connection after this many bytes of the body, as in 1k
    #[arg(long, value_name = "BYTES", value_parser = size, help_heading = "Connection")]
    abort_after: Option<u64>,

    /// Wait this long for the name, the connection and the head, each, and for a body to go on, either way
    #[arg(long, value_name = "SECONDS", default_value = "30", value_parser = positive_seconds, help_heading = "Connection")]
    timeout: Duration,

    /// Write the body to this file; until it is complete, it is FILE.part
    #[arg(short, long, value_name = "FILE", help_heading = "Body")]
    output: Option<PathBuf>,

    /// Write the body to a file with the URL's own name
    #[arg(short = 'O', long, conflicts_with = "output", help_heading = "Body")]
    remote_name: bool,

    /// Continue an earlier download of the same URL by GET; what another method or a body gets, starts over
    #[arg(short = 'C', long, help_heading = "Body")]
    r#continue: bool,

    /// Treat a status of 400 or more as a failure, and drop its body
    #[arg(short, long, help_heading = "Body")]
    fail: bool,

    /// Show no story and no progress
    #[arg(short, long, conflicts_with = "verbose", help_heading = "Output")]
    quiet: bool,

    /// Show the heads of request and response, too (also --heads)
    #[arg(short, long, alias = "heads", help_heading = "Output")]
    verbose: bool,

    /// Print the record as JSON, in place of body and story
    #[arg(long, help_heading = "Output")]
    json: bool,

    /// Write a HAR 1.2 file, for a browser's developer tools; - is standard output
    #[arg(long, value_name = "FILE", help_heading = "Output")]
    har: Option<PathBuf>,

    /// Query this name server instead of the system's
    #[arg(long, value_name = "SERVER[:PORT]", value_parser = name_server, help_heading = "DNS")]
    dns: Option<SocketAddr>,

    /// Walk from the root of the DNS to the name, and show each referral
    #[arg(long, conflicts_with = "dns", help_heading = "DNS")]
    trace_dns: bool,

    /// Begin that walk at this root server; repeatable
    #[arg(long, value_name = "ADDR[:PORT]", value_parser = name_server, conflicts_with = "dns", help_heading = "DNS")]
    root: Vec<SocketAddr>,

    /// Show the server's half, too, from its live page or JSON log [default: port 8081, of a glasshttp on this machine]
    #[arg(long, value_name = "ADDR|FILE", value_parser = watched, help_heading = "Output")]
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
        let data = match &self.data_file {
            Some(path) => Some(Data::File(path.clone())),
            None if self.data.is_empty() => None,
            None => Some(Data::Form(self.data.join("&"))),
        };
        let usual = match data {
            _ if self.head => "HEAD",
            Some(_) => "POST",
            None => "GET",
        };
        let method = self.method.clone().unwrap_or_else(|| usual.to_owned());
        let output = match &self.output {
            Some(path) if path.as_os_str() == "-" => Output::Stdout,
            Some(path) => Output::File(path.clone()),
            None if self.remote_name => Output::Named,
            None => Output::Stdout,
        };
        self.check_request(version, &method, data.is_some())?;
        self.check_output(&output, method == "HEAD")?;
        let traces = self.trace_dns || !self.root.is_empty();
        let options = Options {
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
        };
        check_places(&options)?;
        Ok(options)
    }

    /// Whether such a request can be sent.
    fn check_request(&self, version: Version, method: &str, has_data: bool) -> Result<(), Sentence> {
        let is_simple = version == Version::Http09;
        if is_simple && (self.head || !self.headers.is_empty() || self.keep_alive || self.r#continue) {
            return Err(both!(
                "HTTP/0.9 sends GET and a path, and nothing else: leave out --head, --header, --keep-alive and -C",
                "HTTP/0.9는 GET과 경로만 보냅니다. --head, --header, --keep-alive, -C를 빼세요"
            ));
        }
        if has_data && (self.head || method == "HEAD") {
            return Err(both!(
                "--head requests only a head, and sends no data",
                "--head는 헤더만 요청하고 데이터를 보내지 않습니다"
            ));
        }
        if is_simple && method != "GET" {
            return Err(both!(
                "HTTP/0.9 sends GET and a path, and nothing else: leave out --method and --data",
                "HTTP/0.9는 GET과 경로만 보냅니다. --method와 --data를 빼세요"
            ));
        }
        Ok(())
    }

    /// Whether bodies can go there.
    fn check_output(&self, output: &Output, is_head: bool) -> Result<(), Sentence> {
        if *output == Output::Named {
            for url in &self.urls {
                url.file_name().map_err(|failure| in_both(&failure))?;
            }
        }
        if self.r#continue && (*output == Output::Stdout || is_head || self.repeat > 1) {
            return Err(both!(
                "-C continues one file: it needs -o FILE or -O, and neither --head nor --repeat",
                "-C는 파일 하나를 이어받습니다. -o FILE이나 -O가 필요하고, --head나 --repeat와는 함께 쓸 수 없습니다"
            ));
        }
        let is_asked = |wanted: &str| self.headers.iter().any(|(name, _)| name.eq_ignore_ascii_case(wanted));
        if self.r#continue && (is_asked("range") || is_asked("if-range")) {
            return Err(both!(
                "-C requests the range that is missing; leave out --header Range and If-Range",
                "-C가 빠진 범위를 요청합니다. --header의 Range와 If-Range를 빼세요"
            ));
        }
        if matches!(output, Output::File(_)) && self.urls.len() > 1 {
            return Err(both!(
                "one FILE can't hold several URLs; try -O",
                "FILE 하나에 여러 URL을 담을 수 없습니다. -O를 써 보세요"
            ));
        }
        Ok(())
    }
}

/// Whether each thing that is written has a place to itself.
fn check_places(options: &Options) -> Result<(), Sentence> {
    let shown = |path: &Path| escape::terminal(&path.display().to_string());
    let har = options.har.as_deref().map(shown).unwrap_or_default();
    Err(match Clash::in_what(options) {
        None => return Ok(()),
        Some(Clash::Urls(first, second)) => both!(
            "-O would write {first} and {second} to the same file; fetch each by itself, with -o FILE",
            "-O를 쓰면 두 URL이 같은 파일로 갑니다({first}, {second}). -o FILE로 하나씩 받으세요"
        ),
        Some(Clash::HarAndResponse) => both!(
            "--har {har}: the response is written there, too; name another file, or try -o FILE",
            "--har {har}: 응답도 같은 곳에 씁니다. 다른 파일을 지정하거나 -o FILE을 써 보세요"
        ),
        Some(Clash::HarAndJson) => both!(
            "--har {har}: the JSON is written there, too; name another file",
            "--har {har}: JSON도 같은 곳에 씁니다. 다른 파일을 지정하세요"
        ),
        Some(Clash::JsonAndResponse) => both!(
            "--json: the response is written to the same place as the JSON; name another file with -o",
            "--json: 응답도 JSON과 같은 곳에 씁니다. -o로 다른 파일을 지정하세요"
        ),
    })
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
    fn data_may_begin_as_an_option_does() {
        for typed in [&["-d", "-1", "h"][..], &["-d=-1", "h"], &["-qd", "-1", "h"], &["--data", "-1", "h"]] {
            assert_eq!(options(typed).expect("valid").data, Some(Data::Form("-1".into())), "{typed:?}");
        }
        let (data, rest) = (options(&["-d", "--json", "h"]).expect("valid"), options(&["h", "-d"]));
        assert!(data.data == Some(Data::Form("--json".into())) && !data.json && rest.is_err());
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
            &["-O", "http://h/a/r", "http://h/b/r"],
            &["--har", "-", "h"],
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
