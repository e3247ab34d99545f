//! The program: parse the arguments, serve, print one line if that fails.

use anstream::eprintln;
use clap::error::ErrorKind;
use glasshttp::cli::{Args, Config, Log, Task};
use glasshttp::connection::Service;
use glasshttp::fetch;
use glasshttp::lab;
use glasshttp::listener::{self, Listener, Port};
use glasshttp::models::{self, Stop};
use glasshttp::observe::sink::LeftOut;
use glasshttp::record::Kind;
use glasshttp::show;
use glasshttp::site::Site;
use glasshttp::telling::Telling;
use std::io::{self, Write};
use std::net::IpAddr;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

/// Exit code of a failure, as opposed to 2, a command line that can't be meant.
const FAILED: u8 = 1;
const USAGE: u8 = 2;

fn main() -> ExitCode {
    let config = match Args::read(std::env::args_os()) {
        Ok(Task::Serve(config)) => *config,
        Ok(Task::Fetch(options)) => return fetched(&options),
        Ok(Task::Lab(options)) => return experimented(&options),
        Ok(Task::Show(options)) => return shown(&options),
        Err(error) => return usage(&error),
    };
    match run(config) {
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
    let folder = config.folder.as_deref().unwrap_or_else(|| usual_folder());
    let site = Site::open(folder, config.site.clone()).map_err(|error| cannot_serve(folder, &error))?;
    let listeners =
        listener::listen(&config.addresses, config.port, config.backlog).map_err(|error| error.to_string())?;
    if config.addresses_are_named
        && let Some(missing) = config.addresses.iter().find(|wanted| !listens_on(&listeners, wanted.ip))
    {
        let ip = missing.ip;
        return Err(format!("cannot listen on {ip}: this machine has no such address; try --bind with one of its own"));
    }
    let telling = Telling::start(&config, &listeners)?;
    // Nobody may be reading: that is no reason not to serve.
    let is_usual = config.folder.is_none();
    let _ = match telling.log {
        Log::Story | Log::Short | Log::Off => {
            announce(&mut anstream::stdout().lock(), folder, is_usual, &config, &listeners, &telling)
        }
        // A log that machines read has standard output to itself.
        _ => announce(&mut anstream::stderr().lock(), folder, is_usual, &config, &listeners, &telling),
    };

    let abandon_storage = site.ending();
    let service = Arc::new(Service { handler: Box::new(site), timeouts: config.timeouts, probe: telling.probe() });
    let limits = config.limits.within_descriptors(config.model);
    let result = models::serve(config.model, listeners, &service, &limits, &stop);
    let left_out = telling.finish();
    let hanging = abandon_storage();
    if hanging > 0 {
        eprintln!("warning: storage did not respond to {hanging} requests; ended without waiting for it");
    }
    if !left_out.is_nothing() {
        eprintln!("{}", missing(left_out));
    }
    result.map_err(|error| format!("cannot go on serving: {error}"))
}

/// A log told again, on standard output.
fn shown(options: &show::Options) -> ExitCode {
    match show::run(options, &mut anstream::stdout().lock()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("{}error:{} {message}", bold_red(), anstyle::Reset);
            ExitCode::from(FAILED)
        }
    }
}

/// Each failure is one line; the first says the exit code.
fn fetched(options: &fetch::Options) -> ExitCode {
    // Where the system refuses, Ctrl-C ends the program at once.
    let interrupt = Arc::new(fetch::Interrupt::on_signal().unwrap_or_default());
    let failures = fetch::run(options, &interrupt);
    for failure in &failures {
        eprintln!("{}error:{} {}", bold_red(), anstyle::Reset, failure.sentence(options.language));
    }
    let kinds: Vec<Kind> = failures.iter().map(|failed| failed.failure.kind()).collect();
    let interrupted = kinds.iter().find(|kind| **kind == Kind::Interrupted);
    interrupted.or(kinds.first()).map_or(ExitCode::SUCCESS, |kind| ExitCode::from(kind.exit_code()))
}

fn experimented(options: &lab::Options) -> ExitCode {
    match lab::run(options) {
        Ok(status) => ExitCode::from(u8::try_from(status).unwrap_or(FAILED)),
        Err(problem) => {
            eprintln!("{}error:{} {}", bold_red(), anstyle::Reset, problem.sentence(options.language));
            ExitCode::from(FAILED)
        }
    }
}

/// The current folder.
const HERE: &str = ".";

/// What is served where no folder is named.
fn usual_folder() -> &'static Path {
    let public = Path::new("public");
    if public.is_dir() { public } else { Path::new(HERE) }
}

fn listens_on(listeners: &[Listener], ip: IpAddr) -> bool {
    listeners.iter().any(|listener| listener.address().ip() == ip)
}

/// The first line names the URL that is really bound.
fn announce(
    out: &mut dyn Write,
    folder: &Path,
    is_usual: bool,
    config: &Config,
    listeners: &[Listener],
    telling: &Telling,
) -> io::Result<()> {
    let port = config.port;
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
    if is_usual && folder == Path::new(HERE) {
        let here = std::env::current_dir().unwrap_or_else(|_| folder.to_owned());
        writeln!(out, "There is no ./public here, so this is the current folder, {}.", here.display())?;
    }
    if let Some(url) = telling.page_urls.first() {
        writeln!(out, "{:>width$} {bold}{url}{bold:#}", "Watch it at", width = 11 + folder.as_os_str().len())?;
    }
    if let Some(why) = &telling.no_page {
        writeln!(out, "No live page: {why}.")?;
    }
    if let Some(sentence) = telling.packets.sentence(config.language) {
        writeln!(out, "{sentence}")?;
    }
    if config.log == Some(Log::Pcapng) {
        writeln!(out, "Standard output is a capture file. It is whole: passwords and cookies too.")?;
    }
    writeln!(out, "Ctrl-C stops it.")?;
    out.flush()
}

/// What is not in the log, nor in the story, nor on the live page.
fn missing(left_out: LeftOut) -> String {
    let LeftOut { connections, exchanges, reports, frames } = left_out;
    let counts = [(connections, "connections"), (exchanges, "exchanges"), (reports, "reports"), (frames, "packets")];
    let counts = counts.iter().filter(|(count, _)| *count > 0).map(|(count, name)| format!("{count} {name}"));
    format!(
        "warning: not recorded, too many at once or the log could not take them: {}",
        counts.collect::<Vec<_>>().join(", ")
    )
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
        io::ErrorKind::Unsupported => format!("cannot serve {folder}: {error}"),
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
