//! The program: parse the arguments, serve, print one line if that fails.

use anstream::eprintln;
use clap::Parser;
use clap::error::ErrorKind;
use glasshttp::cli::Log;
use glasshttp::cli::{Args, Config};
use glasshttp::connection::Service;
use glasshttp::listener::{self, Listener, Port};
use glasshttp::models::{self, Stop};
use glasshttp::observe::collector::Watching;
use glasshttp::observe::json::JsonLog;
use glasshttp::observe::probe::{Probe, Rate, Scope};
use glasshttp::observe::sink::Sink;
use glasshttp::site::Site;
use std::io::{self, Write};
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

/// Exit code of a failure, as opposed to 2, a command line that can't be meant.
const FAILED: u8 = 1;
const USAGE: u8 = 2;

fn main() -> ExitCode {
    let args = match Args::try_parse() {
        Ok(args) => args,
        Err(error) => return usage(&error),
    };
    match run(args.into()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("{}error:{} {message}", bold_red(), anstyle::Reset);
            ExitCode::from(FAILED)
        }
    }
}

fn run(config: Config) -> Result<(), String> {
    // First of all, so that a signal is never lost.
    let stop = Arc::new(Stop::on_signals().map_err(|error| format!("cannot watch for signals: {error}"))?);
    let site = Site::open(&config.folder, config.site).map_err(|error| cannot_serve(&config.folder, &error))?;
    let listeners =
        listener::listen(&config.addresses, config.port, config.backlog).map_err(|error| error.to_string())?;
    // Nobody may be reading: that is no reason not to serve.
    let _ = announce(&config.folder, config.port, &listeners);

    let mut scope = Scope::default();
    let mut sinks: Vec<Box<dyn Sink>> = Vec::new();
    match config.log.unwrap_or(Log::Lines(glasshttp::observe::clf::Format::Common)) {
        Log::Lines(format) => scope.lines = Some(format),
        Log::Json => {
            scope.connections = Some(Rate::All);
            sinks.push(Box::new(JsonLog::new(io::stdout())))
        }
        _ => {}
    }
    let watching = (scope != Scope::default())
        .then(|| Watching::start(scope, "model".into(), Box::new(io::stdout()), sinks))
        .transpose();
    let watching = watching.map_err(|error| format!("cannot start the log: {error}; try --log off"))?;
    let service = Arc::new(Service {
        handler: Box::new(site),
        timeouts: config.timeouts,
        probe: watching.as_ref().map_or(Probe::OFF, Watching::probe),
    });
    let limits = config.limits.within_descriptors(config.model);
    let result = models::serve(config.model, listeners, &service, &limits, &stop);
    let left_out = watching.map(Watching::finish).unwrap_or_default();
    if !left_out.is_nothing() {
        eprintln!("{left_out:?}");
    }
    result.map_err(|error| format!("cannot go on serving: {error}"))
}

/// The first line names the URL that is really bound.
fn announce(folder: &Path, port: Port, listeners: &[Listener]) -> io::Result<()> {
    let mut out = anstream::stdout().lock();
    let bold = anstyle::Style::new().bold();
    for (index, url) in listener::urls(listeners).iter().enumerate() {
        match index {
            0 => writeln!(out, "Serving {} at {bold}{url}{bold:#}", folder.display())?,
            _ => writeln!(out, "{:>width$} {bold}{url}{bold:#}", "and at", width = 11 + folder.as_os_str().len())?,
        }
    }
    if let (Port::From(usual), Some(first)) = (port, listeners.first())
        && first.address().port() != usual
    {
        writeln!(out, "Port {usual} is taken, so this is the next free one.")?;
    }
    writeln!(out, "Ctrl-C stops it.")?;
    out.flush()
}

fn cannot_serve(folder: &Path, error: &io::Error) -> String {
    let folder = folder.display();
    match error.kind() {
        io::ErrorKind::NotFound => {
            format!("cannot serve {folder}: there is no such folder; name one, as in: glasshttp .")
        }
        io::ErrorKind::NotADirectory => {
            format!("cannot serve {folder}: it is not a folder; name the one that it is in")
        }
        io::ErrorKind::PermissionDenied => {
            format!("cannot serve {folder}: permission denied; try another folder, or as a user who may enter it")
        }
        _ => format!("cannot serve {folder}: {error}; try another folder"),
    }
}

/// Help and version are answers; anything else is one line, and says where more is.
fn usage(error: &clap::Error) -> ExitCode {
    if matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion) {
        // A reader that has gone, as in `glasshttp --help | head -1`, is no failure.
        let _ = error.print();
        return ExitCode::SUCCESS;
    }
    let text = error.to_string();
    let sentence: Vec<&str> = text.lines().take_while(|line| !line.is_empty()).map(str::trim).collect();
    let sentence = sentence.join(" ");
    let sentence = sentence.strip_prefix("error: ").unwrap_or(&sentence);
    eprintln!("{}error:{} {sentence}; try --help", bold_red(), anstyle::Reset);
    ExitCode::from(USAGE)
}

fn bold_red() -> anstyle::Style {
    anstyle::AnsiColor::Red.on_default().bold()
}
