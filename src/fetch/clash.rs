//! What would be written to one place, and there mix or take the other's: found before anything is asked.

use super::download::names_of;
use super::options::{Options, Output};
use super::url::Url;
use crate::record::secrets::without_userinfo;
use crate::target::{Mark, Sink};
use std::collections::HashMap;
use std::path::Path;

/// Two that have one place.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Clash {
    /// The files of these, without their secrets.
    Urls(String, String),
    /// The HAR and the JSON.
    HarAndJson,
    /// The HAR and a response.
    HarAndResponse,
    /// The JSON and a response.
    JsonAndResponse,
}

impl Clash {
    /// The first one in what is to be written.
    pub(crate) fn in_what(options: &Options) -> Option<Self> {
        if let Some(clash) = of_urls(options) {
            return Some(clash);
        }
        let responses: Vec<Sink> = match &options.output {
            Output::Stdout if options.json => vec![], // the JSON stands in its place
            Output::Stdout => vec![Sink::stdout()],
            Output::File(path) => vec![of_response(path)],
            Output::Named => named(&options.urls).map(|(_, sink)| sink).collect(),
        };
        let json = options.json.then(Sink::stdout);
        let har = options.har.as_deref().map(of_har);
        let is_any = |sink: &Sink| responses.iter().any(|response| response.meets(sink));
        match (&har, &json) {
            (Some(har), Some(json)) if har.meets(json) => Some(Self::HarAndJson),
            (Some(har), _) if is_any(har) => Some(Self::HarAndResponse),
            (_, Some(json)) if is_any(json) => Some(Self::JsonAndResponse),
            _ => None,
        }
    }
}

/// Two URLs of which one's file would be the other's, or its part. The same one twice is only fetched twice.
fn of_urls(options: &Options) -> Option<Clash> {
    if options.output != Output::Named {
        return None;
    }
    let mut taken: HashMap<Mark, &Url> = HashMap::new();
    for (url, sink) in named(&options.urls) {
        for mark in sink.marks() {
            let first = taken.entry(mark).or_insert(url);
            if *first != url {
                let [first, second] = [*first, url].map(|url| without_userinfo(&url.to_string()).into_owned());
                return Some(Clash::Urls(first, second));
            }
        }
    }
    None
}

fn named(urls: &[Url]) -> impl Iterator<Item = (&Url, Sink)> {
    urls.iter().filter_map(|url| Some((url, of_response(Path::new(&url.file_name().ok()?)))))
}

fn of_har(path: &Path) -> Sink {
    if path.as_os_str() == "-" { Sink::stdout() } else { Sink::at(path, |path| vec![path]) }
}

/// Together with what lies beside it until it is whole.
fn of_response(path: &Path) -> Sink {
    Sink::at(path, |path| names_of(path).into())
}
