//! How to fetch: what the command line means.

use super::url::Url;
use crate::dns::Families;
use crate::http::message::Version;
use crate::language::Language;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

/// How long a step may take unless it is said otherwise.
const TIMEOUT: Duration = Duration::from_secs(30);

/// What to fetch, and how: [`new`](Self::new), and then what is to differ from it.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Options {
    /// What to fetch, in order.
    pub urls: Vec<Url>,
    /// How often each of them.
    pub repeat: u32,
    /// The version to speak.
    pub version: Version,
    /// The method, such as GET.
    pub method: String,
    /// What to send behind the head.
    pub data: Option<Data>,
    /// Further fields of each request.
    pub headers: Vec<(String, String)>,
    /// Ask to keep connections, and use them again.
    pub keep_alive: bool,
    /// Follow redirects.
    pub follow: bool,
    /// Shut down the sending half behind the request.
    pub half_close: bool,
    /// Send one byte at a time, this long apart.
    pub dribble: Option<Duration>,
    /// Read this many bytes a second, and with a small buffer.
    pub read_rate: Option<u64>,
    /// Reset the connection when this much of the body has come.
    pub abort_after: Option<u64>,
    /// How long a name, a connection and a head may take, each, and how long
    /// nothing of a request may be taken, or of a body come.
    pub timeout: Duration,
    /// Where bodies go.
    pub output: Output,
    /// Go on where an earlier download ended.
    pub resume: bool,
    /// A response of 400 and more is a failure, and its body is dropped.
    pub fail: bool,
    /// The record on standard output, in place of the body and of the story.
    pub json: bool,
    /// No story.
    pub quiet: bool,
    /// The heads as they were sent, within the story.
    pub verbose: bool,
    /// Where to write a HAR; `-`: to standard output.
    pub har: Option<PathBuf>,
    /// Which kinds of address to use.
    pub families: Families,
    /// The name server to ask.
    pub dns: Option<SocketAddr>,
    /// Walk from these root servers downwards.
    pub roots: Option<Vec<SocketAddr>>,
    /// Where the server publishes its records.
    pub watch: Option<Watched>,
    /// The story's language.
    pub language: Language,
}

impl Options {
    /// To get these once each by HTTP/1.0, and their bodies on standard output.
    pub fn new(urls: Vec<Url>) -> Self {
        Self {
            urls,
            repeat: 1,
            version: Version::Http10,
            method: "GET".into(),
            data: None,
            headers: Vec::new(),
            keep_alive: false,
            follow: false,
            half_close: false,
            dribble: None,
            read_rate: None,
            abort_after: None,
            timeout: TIMEOUT,
            output: Output::Stdout,
            resume: false,
            fail: false,
            json: false,
            quiet: false,
            verbose: false,
            har: None,
            families: Families::Both,
            dns: None,
            roots: None,
            watch: None,
            language: Language::English,
        }
    }
}

/// What to send behind a request's head.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Data {
    /// A form, encoded.
    Form(String),
    /// What is in this file; `-`: standard input.
    File(PathBuf),
}

/// Where a server publishes its records.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Watched {
    /// Its live page.
    Page(SocketAddr),
    /// The file of its JSON log.
    Log(PathBuf),
}

/// Where bodies go.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Output {
    /// To standard output.
    Stdout,
    /// Into this file.
    File(PathBuf),
    /// Into a file of the URL's own name.
    Named,
}
