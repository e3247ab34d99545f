//! The program: parse the arguments, serve, print one line if that fails.

use anstream::{eprint, eprintln};
use glasshttp::activation::{self, Manager};
use glasshttp::announcement::{HERE, Urls, announce, ended_without_storage, what_is_missing};
use glasshttp::browser;
use glasshttp::capture::Capture;
use glasshttp::capture::wanted::Packets;
use glasshttp::cli::usage::NoTask;
use glasshttp::cli::{Args, Config, Log, Task, way_out};
use glasshttp::connection::Service;
use glasshttp::escape;
use glasshttp::farewell::Farewell;
use glasshttp::fetch::{self, StandardError};
use glasshttp::lab::{self, LabByLauncher, Launcher};
use glasshttp::language::Language;
use glasshttp::language::sentence::ERROR;
use glasshttp::lesson::Lesson;
use glasshttp::listener::{self, Listener, Remover};
use glasshttp::models::{Sockets, Stop, raise_descriptors};
use glasshttp::observe::live::lab::Laboratory;
use glasshttp::observe::standard_output::StandardOutput;
use glasshttp::record::FailureKind;
use glasshttp::recording::{Opened, Outcome};
use glasshttp::sandbox::{self, Account, Readable};
use glasshttp::show;
use glasshttp::site::Site;
use glasshttp::story::width::{USUAL, columns, lines};
use std::fmt::Display;
use std::io::{self, IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

/// Exit code of a failure, as opposed to 2, an invalid command line.
const FAILED: u8 = 1;
const USAGE: u8 = 2;

fn main() -> ExitCode {
    outlive_limits_of_files();
    match Args::read(std::env::args_os()) {
        Ok(Task::Serve(config)) => {
            let language = config.language;
            ended(run(*config), language)
        }
        Ok(Task::Fetch(options)) => fetched(&options),
        Ok(Task::Lab(options)) => experimented(&options),
        Ok(Task::Show(options)) => {
            let width = columns(io::stdout()).unwrap_or(USUAL);
            let (mut out, mut beside) = (anstream::stdout().lock(), anstream::stderr().lock());
            let result = show::run(&options, width, &mut out, &mut beside);
            drop((out, beside));
            ended(result, options.language)
        }
        Err(NoTask::Shown(text)) => {
            // A reader that has gone, as in `glasshttp --help | head -1`, is no failure.
            let _ = text.print();
            ExitCode::SUCCESS
        }
        Err(NoTask::Invalid(sentence, language)) => {
            complain(&NoTask::Invalid(sentence, language), language);
            ExitCode::from(USAGE)
        }
    }
}

/// A file that may grow no further (`ulimit -f`) fails a write, as a full disk does: SIGXFSZ would end
/// the program first. It is caught, not ignored, so that programs that are started have its default.
fn outlive_limits_of_files() {
    // Where that is refused, it ends the program as before.
    let _ = signal_hook::flag::register(signal_hook::consts::SIGXFSZ, Arc::default());
}

fn run(config: Config) -> Result<(), String> {
    let language = config.language;
    let handed_over = activation::handed_over().map_err(|error| way_out::not_handed_over(&error, language))?;
    let config = config.with_handed_over(&handed_over).map_err(|place| way_out::place_is_given(place, language))?;
    let config = config.within_memory();
    raise_descriptors();
    let place =
        if config.is_lesson { std::env::temp_dir() } else { config.folder.clone().unwrap_or_else(usual_folder) };
    let account = Account::to_serve(&place, config.user.as_deref());
    let account = account.map_err(|error| way_out::nobody_serves(&error, language))?;
    let experimenter = account.can_be_had().then_some(lab::Account::new(account.uid, account.gid));
    // While there is nothing that it should not have: no thread, no socket, no sandbox.
    let launcher =
        config.live_page.is_on_loopback(&handed_over.page).then(|| Launcher::start(experimenter).ok()).flatten();
    // Before anything else, so that a signal is never lost.
    let stop = Arc::new(Stop::on_signals().map_err(|error| way_out::no_signals(&error, language))?);
    let lesson = config.is_lesson.then(Lesson::lay_out).transpose();
    let lesson = lesson.map_err(|error| way_out::no_lesson(&error, language))?;
    let named = lesson.as_ref().map(Lesson::folder).or(config.folder.as_deref());
    let folder = &named.unwrap_or(&place).to_owned();
    let site = Site::open(folder, config.site.clone());
    let site = site.map_err(|error| way_out::cannot_serve(folder, &error, language))?;
    let (listeners, names) = match handed_over.site {
        site if site.is_empty() => listen(&config, &account)?,
        site => (site, Vec::new()),
    };
    let lab: Arc<dyn Laboratory> = Arc::new(LabByLauncher::new(launcher));
    let opened = Opened::open(&config, &listeners, handed_over.page, lab)?;
    let urls = Urls::of(&listeners);
    let sockets = Sockets::open(config.model, listeners, &config.limits);
    let sockets = sockets.map_err(|error| way_out::no_sockets(config.model, &error, language))?;
    let manager = Manager::connect();
    let url = config.opens_browser.then(|| urls.all.first().map(String::as_str));
    let browser = url.and_then(|url| browser::open(url, language, |line| eprintln!("{line}")));

    let readable = match config.site.follow_symlinks {
        true => Readable::anything(),
        false => Readable::to_serve(site.paths(), &account),
    };
    let entered = sandbox::enter(&account, site.paths()[0], &readable, config.has_sandbox, opened.has_secrets());
    let entered = entered.map_err(|error| way_out::nobody_serves(&error, language))?;
    if entered.is_confined() {
        site.is_confined();
    }
    // From here on there are threads.
    let recording = opened.start()?;
    if let Some(browser) = browser {
        browser.watch(|line| eprintln!("{line}"));
    }
    let is_for_people = matches!(recording.log, Log::Story | Log::Short | Log::Off);
    // Without it, it ends as well.
    let says = move |line: &str| print(line, is_for_people);
    let farewell = Farewell::start(&stop, sockets.listeners(), config.limits.grace, language, says);
    let sandbox = entered.seal();
    recording.show_sandbox(&sandbox.in_force);
    // Now that all is open.
    let limits = sockets.within_descriptors(config.limits, recording.descriptors());
    let limits = limits.map_err(|lack| way_out::too_few_descriptors(lack, recording.is_wanted(), language))?;
    let config = config.within_connections(limits.connections);
    // Nobody may be reading: that is no reason not to serve. A log that machines read has standard output to itself.
    let listeners = sockets.listeners();
    let _ = match is_for_people {
        true => announce(&mut anstream::stdout().lock(), folder, &config, listeners, &urls, &recording, &sandbox),
        false => announce(&mut anstream::stderr().lock(), folder, &config, listeners, &urls, &recording, &sandbox),
    };

    let abandon_storage = site.ending();
    let service =
        Arc::new(Service::new(site).timeouts(config.timeouts).trusting(config.trust).watched(recording.probe()));
    if let Some(manager) = manager {
        manager.notify(&stop);
    }
    let result = sockets.serve(&service, &limits, &stop);
    drop(farewell);
    drop(names);
    let Outcome { left_out, capture_file, summary } = recording.finish(language);
    summary.iter().for_each(|line| print(line, is_for_people));
    let hanging = abandon_storage();
    if hanging > 0 {
        eprintln!("{}", ended_without_storage(hanging, language));
    }
    what_is_missing(left_out, capture_file, language).iter().for_each(|line| eprintln!("{line}"));
    result.map_err(|error| way_out::cannot_go_on(&error, language))
}

/// Listens on all that was asked for; the names of unix sockets go when these removers do.
fn listen(config: &Config, account: &Account) -> Result<(Vec<Listener>, Vec<Remover>), String> {
    let language = config.language;
    let mut listeners = match config.addresses.is_empty() {
        true => Vec::new(),
        false => listener::listen(&config.addresses, config.required, config.port, config.backlog)
            .map_err(|error| way_out::site_cannot_listen(&error, language))?,
    };
    let mut names = Vec::new();
    for place in &config.paths {
        let owner = account.can_be_had().then_some((account.uid, account.gid));
        let listener = Listener::on_unix(place, owner, config.backlog);
        let listens = listener.and_then(|(listener, name)| {
            names.push(Remover::start(&name, || account.serve().is_ok())?);
            listeners.push(listener);
            Ok(())
        });
        listens.map_err(|error| way_out::no_unix_socket(place, &error, &account.to_string(), language))?;
    }
    Ok((listeners, names))
}

/// A line beside the log, where the announcement stands. It goes over the `^C` that a terminal shows.
fn print(line: &str, is_for_people: bool) {
    let begin = if io::stdout().is_terminal() { "\r" } else { "" };
    let columns = if is_for_people { columns(io::stdout()) } else { columns(io::stderr()) };
    let line = lines(line, columns.map(|columns| columns.min(USUAL))).join("\n");
    // Nobody may be reading, or not in time.
    let _ = match is_for_people {
        true => StandardOutput::new().write_all(format!("{begin}{line}\n").as_bytes()),
        false => writeln!(anstream::stderr(), "{line}"),
    };
}

/// Each failure is one line; the first says the exit code.
fn fetched(options: &fetch::Options) -> ExitCode {
    // Where the system refuses, Ctrl-C ends the program at once.
    let interrupt = Arc::new(fetch::Interrupt::on_signal().unwrap_or_default());
    let standard_error = StandardError::new(Arc::clone(&interrupt));
    // Before the first thread begins: none of them keeps the right to.
    let (packets, sockets) = match Packets::open_for_client(options.json || !options.quiet, options.language) {
        Ok(opened) => opened,
        Err(message) => {
            complain(&message, options.language);
            return ExitCode::from(USAGE);
        }
    };
    // Packets are more than was asked for: why there are none is said to those who want to see all.
    if options.verbose
        && !options.quiet
        && !matches!(packets, Packets::Captured)
        && let Some(sentence) = packets.sentence(options.language)
    {
        // If Ctrl-C comes first, what follows finds that out.
        let _ = standard_error.say(&format!("{sentence}\n"));
    }
    let capture = sockets.and_then(|sockets| Capture::start(sockets, None).ok());
    let failures = fetch::run(options, &interrupt, capture);
    let mut kinds: Vec<FailureKind> = failures.iter().map(|failed| failed.failure.kind()).collect();
    for failure in &failures {
        let said = standard_error.say(&complaint(&failure.sentence(options.language), options.language));
        kinds.extend(said.err().map(|failure| failure.kind()));
    }
    let interrupted = kinds.iter().find(|kind| **kind == FailureKind::Interrupted);
    interrupted.or(kinds.first()).map_or(ExitCode::SUCCESS, |kind| ExitCode::from(kind.exit_code()))
}

fn experimented(options: &lab::Options) -> ExitCode {
    match lab::run(options) {
        Ok(status) => ExitCode::from(u8::try_from(status).unwrap_or(FAILED)),
        Err(problem) => ended(Err(problem.sentence(options.language)), options.language),
    }
}

fn ended(result: Result<(), String>, language: Language) -> ExitCode {
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            complain(&message, language);
            ExitCode::from(FAILED)
        }
    }
}

fn complain(message: &dyn Display, language: Language) {
    eprint!("{}", complaint(message, language));
}

/// What went wrong, in one line.
fn complaint(message: &dyn Display, language: Language) -> String {
    let label = ERROR.of(language);
    let bold_red = anstyle::AnsiColor::Red.on_default().bold();
    format!("{bold_red}{label}{bold_red:#} {}\n", escape::terminal(&message.to_string()))
}

/// What is served where no folder is named.
fn usual_folder() -> PathBuf {
    let public = Path::new("public");
    if public.is_dir() { public.into() } else { HERE.into() }
}
