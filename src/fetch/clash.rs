//! What would be written to one place, and there mix or take the other's: found before anything is asked.

use super::download::names_of;
use super::options::{Options, Output};
use super::target::Target;
use super::url::Url;
use rustix::fs::{FileType, fstat, major};
use std::collections::HashMap;
use std::io;
use std::os::fd::AsFd;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// The major number of devices that keep nothing: null, zero, full (null(4)).
const MEMORY_DEVICES: u32 = 1;

/// Two that have one place.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Clash {
    /// The files of these.
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
            Output::File(path) => vec![Sink::of_response(path)],
            Output::Named => named(&options.urls).map(|(_, sink)| sink).collect(),
        };
        let json = options.json.then(Sink::stdout);
        let har = options.har.as_deref().map(Sink::of_har);
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
                return Some(Clash::Urls(first.to_string(), url.to_string()));
            }
        }
    }
    None
}

fn named(urls: &[Url]) -> impl Iterator<Item = (&Url, Sink)> {
    urls.iter().filter_map(|url| Some((url, Sink::of_response(Path::new(&url.file_name().ok()?)))))
}

/// Where something is written.
#[derive(Default)]
struct Sink {
    /// Under which names, where that takes the place of what has them.
    names: Vec<PathBuf>,
    /// What is there now, by device and number.
    files: Vec<(u64, u64)>,
}

/// By which two of one kind have one place.
#[derive(PartialEq, Eq, Hash)]
enum Mark {
    Name(PathBuf),
    File(u64, u64),
}

impl Sink {
    fn stdout() -> Self {
        Self::open(io::stdout())
    }

    fn of_har(path: &Path) -> Self {
        if path.as_os_str() == "-" { Self::stdout() } else { Self::at(path, |path| vec![path]) }
    }

    /// Together with what lies beside it until it is whole.
    fn of_response(path: &Path) -> Self {
        Self::at(path, |path| names_of(path).into())
    }

    fn at(path: &Path, names: impl Fn(PathBuf) -> Vec<PathBuf>) -> Self {
        match Target::find(path) {
            Ok(Target::File(_)) => {
                let names = Target::replaced(path).map(names).unwrap_or_default();
                let files = names.iter().filter_map(|name| name.metadata().ok());
                let files = files.map(|file| (file.dev(), file.ino())).collect();
                Self { names, files }
            }
            Ok(Target::Descriptor(_, descriptor)) => Self::open(descriptor),
            Ok(Target::Direct(path)) => rustix::fs::stat(&path).map(|stat| Self::behind(&stat)).unwrap_or_default(),
            Err(_) => Self::default(), // to be said once it is written to
        }
    }

    fn open(descriptor: impl AsFd) -> Self {
        fstat(descriptor).map(|stat| Self::behind(&stat)).unwrap_or_default()
    }

    fn behind(stat: &rustix::fs::Stat) -> Self {
        let is_device = FileType::from_raw_mode(stat.st_mode) == FileType::CharacterDevice;
        let keeps_nothing = is_device && major(stat.st_rdev) == MEMORY_DEVICES;
        Self { names: vec![], files: if keeps_nothing { vec![] } else { vec![(stat.st_dev, stat.st_ino)] } }
    }

    /// Whether one of them would be written into the other, or put in its place.
    fn meets(&self, other: &Self) -> bool {
        match self.names.is_empty() || other.names.is_empty() {
            true => self.files.iter().any(|file| other.files.contains(file)),
            false => self.names.iter().any(|name| other.names.contains(name)),
        }
    }

    fn marks(self) -> Vec<Mark> {
        match self.names.is_empty() {
            true => self.files.into_iter().map(|(device, number)| Mark::File(device, number)).collect(),
            false => self.names.into_iter().map(Mark::Name).collect(),
        }
    }
}
