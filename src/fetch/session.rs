//! A run, from the first URL to the last connection's end.

mod connecting;
mod telling;

use super::body::{Body, Place, Wishes};
use super::clock::Clock;
use super::connection::Connection;
use super::download::{Asked, Download};
use super::fault::cannot_write;
use super::interrupt::Interrupt;
use super::job::Job;
use super::name::Background;
use super::options::{Options, Output};
use super::outlet::Outlet;
use super::payload::Payload;
use super::seen::Seen;
use super::turn::Pace;
use super::{har, retry, withheld};
use crate::capture::Capture;
use crate::escape;
use crate::http::client::{Ending, Next, RequestHead};
use crate::http::message::{HeaderBlock, Version};
use crate::http::persistence::Wish;
use crate::kernel::timestamps;
use crate::record::failure::{Failed, KeptPart};
use crate::record::secrets::{withheld_status_line, without_userinfo};
use crate::record::transfer::{FetchRecord, Response, SCHEMA, Saved, Transfer};
use crate::record::{Failure, FailureKind};
use crate::story::json;
use crate::story::layout::fit;
use crate::target::Target;
use std::collections::{HashMap, VecDeque};
use std::net::{IpAddr, UdpSocket};
use std::sync::Arc;

const USER_AGENT: &str = concat!("glasshttp/", env!("CARGO_PKG_VERSION"));

/// Fetches everything that `options` name, and shows it, or writes the record: what failed, in order.
/// Where `capture` sees the packets, they are shown, too.
pub fn run(options: &Options, interrupt: &Arc<Interrupt>, capture: Option<Capture>) -> Vec<Failed> {
    let (record, mut failures) = fetch(options, interrupt, capture);
    let Some(record) = record else { return failures };
    let record = if options.json || options.har.is_some() { withheld::run(&record) } else { record };
    let printed = if options.json { print_json(&record, interrupt) } else { Ok(()) };
    let written = options.har.as_ref().map_or(Ok(()), |path| har::write(&record, path, interrupt));
    for failure in [printed.err(), written.err()].into_iter().flatten() {
        // Ctrl-C is told once.
        let is_ctrl_c = failure == Failure::Interrupted;
        let tells = |told: &Failure| *told == failure || is_ctrl_c && told.kind() == FailureKind::Interrupted;
        if !failures.iter().any(|failed| tells(&failed.failure)) {
            failures.push(Failed::new(failure));
        }
    }
    failures
}

/// Fetches everything that `options` name: the record, unless what is to be sent can't be read, and what failed.
pub fn fetch(
    options: &Options,
    interrupt: &Arc<Interrupt>,
    capture: Option<Capture>,
) -> (Option<FetchRecord>, Vec<Failed>) {
    let payload = match options.data.as_ref().map(|data| Payload::read(data, interrupt)).transpose() {
        Ok(payload) => payload,
        Err(failure) => return (None, vec![Failed::new(failure)]),
    };
    let mut session = Session::new(options, interrupt.clone(), capture);
    let once = options.urls.iter().map(|url| Job::new(url, options, payload.as_ref()));
    let mut jobs: VecDeque<Job> = (0..options.repeat).flat_map(|_| once.clone()).collect();
    while !interrupt.has_come()
        && let Some(job) = jobs.pop_front()
    {
        let more = session.fetch(&job, jobs.front());
        if let Some(job) = more {
            jobs.push_front(job);
        }
    }
    session.leave(&jobs);
    session.seen.finish();
    (Some(session.record), session.failures)
}

struct Session<'o> {
    options: &'o Options,
    clock: Clock,
    record: FetchRecord,
    failures: Vec<Failed>,
    /// Names that were looked up.
    known: HashMap<String, Vec<IpAddr>>,
    connections: u64,
    kept: Option<Connection>,
    has_shown: bool,
    interrupt: Arc<Interrupt>,
    /// Of the name that was looked up last.
    background: Background,
    /// What was printed last did not end its line.
    is_mid_line: bool,
    seen: Seen,
    /// The kernel stamps what arrives before there is a connection, whose request would wait for that.
    _stamping: Option<UdpSocket>,
}

impl<'o> Session<'o> {
    fn new(options: &'o Options, interrupt: Arc<Interrupt>, capture: Option<Capture>) -> Self {
        let clock = Clock::start();
        let began = humantime::format_rfc3339_nanos(clock.began().time()).to_string();
        Self {
            options,
            clock,
            record: FetchRecord { glasshttp_fetch: SCHEMA, began, transfers: Vec::new(), not_begun: None },
            failures: Vec::new(),
            known: HashMap::new(),
            connections: 0,
            kept: None,
            has_shown: false,
            interrupt,
            background: Background::default(),
            is_mid_line: false,
            seen: Seen::by(capture),
            _stamping: timestamps::keep_stamping(),
        }
    }

    /// Ctrl-C came before these.
    fn leave(&mut self, jobs: &VecDeque<Job>) {
        let Some(first) = jobs.front() else { return };
        let failed = Failed::new(Failure::NotBegun { url: first.url.to_string(), fetches: jobs.len() as u64 });
        self.failures.push(failed.clone());
        self.record.not_begun = Some(failed);
    }

    /// Fetches one URL; gives what is to be fetched right after it, if that
    /// follows from the response. `after`: what comes then in any case.
    fn fetch(&mut self, job: &Job, after: Option<&Job>) -> Option<Job> {
        let mut transfer = self.begin(job);
        let mut more = None;
        // Where nothing can be kept, nobody is asked.
        let ready = self.place(job).and_then(|place| Ok((place, self.connection(job, &mut transfer)?)));
        let result = ready.and_then(|(place, mut connection)| {
            let result = self.exchange(job, place, &mut connection, &mut transfer);
            transfer.ended = Some(self.clock.now());
            let result = result.and_then(|redirect| {
                more = redirect.map(|(status, location)| job.redirected(status, &location)).transpose()?;
                transfer.redirects_to = more.as_ref().map(|next| next.url.to_string());
                self.judge(&transfer)
            });
            if retry::is_due(&mut connection, &transfer, job, result.is_err()) {
                transfer.is_retried = true;
                more = Some(job.again());
            }
            self.keep_or_close(connection, more.as_ref().or(after), &mut transfer);
            result
        });
        if transfer.exchange.is_none() {
            transfer.unsent_body = job.unsent_body(&self.options.headers);
        }
        let over = self.clock.now(); // where it did not come to an exchange
        transfer.ended.get_or_insert(over);
        if let Err(failure) = result {
            let failed = self.failed(job, failure, transfer.body.as_ref());
            if !transfer.is_retried {
                self.failures.push(failed.clone());
            }
            transfer.failure = Some(failed);
        }
        self.show(transfer);
        more
    }

    fn begin(&self, job: &Job) -> Transfer {
        Transfer {
            number: self.record.transfers.len() as u64 + 1,
            url: job.url.to_string(),
            method: job.method.clone(),
            version: self.options.version.name().into(),
            redirected_from: job.passed.last().map(ToString::to_string),
            began: self.clock.now(),
            ..Transfer::default()
        }
    }

    /// Gives where the response redirects to, if that is to be followed.
    fn exchange(
        &mut self,
        job: &Job,
        place: Place,
        connection: &mut Connection,
        transfer: &mut Transfer,
    ) -> Result<Option<(u16, String)>, Failure> {
        let options = self.options;
        let (given, withheld) = job.fields(&options.headers);
        transfer.withheld = withheld;
        let has_host = has_field(&given, "host");
        let headers = fields(&given, &place);
        let request = RequestHead {
            method: &job.method,
            target: job.url.target(),
            version: options.version,
            host: (!has_host).then(|| job.url.authority()),
            headers: &headers,
            wish: match (options.version, options.keep_alive) {
                (Version::Http10, true) => Wish::KeepAlive,
                (Version::Http11, false) => Wish::Close,
                _ => Wish::Unsaid, // what the version means by itself
            },
            half_close: options.half_close,
            content_length: job.content_length(),
        };
        let pace = Pace {
            timeout: options.timeout,
            dribble: options.dribble,
            read_rate: options.read_rate,
            abort_after: options.abort_after,
        };
        let wishes = Wishes {
            fail: options.fail,
            follow: options.follow,
            repeat_408: retry::may_repeat_408(transfer, job),
            head_only: job.is_head(),
            range: has_field(&options.headers, "range"),
            progress: (!options.quiet).then_some(options.language),
        };
        let mut body = Body::new(place, wishes);
        let (mut exchange, mut result) =
            connection.exchange(&request, job.payload.as_ref().map(|payload| payload.bytes.clone()), &pace, &mut body);
        let is_whole = result.is_ok() && connection.machine.has_whole_response() && !exchange.is_aborted;
        if job.is_head()
            && let Some(response) = &exchange.response
        {
            result = result.and(body.take_head(&head_text(response)));
        }
        exchange.request_text = job.payload.as_ref().and_then(Payload::recorded);
        transfer.exchange = Some(exchange);
        let (taken, saved) = body.finish(is_whole && result.is_ok());
        let result = result.and(saved);
        (transfer.body, transfer.is_body_unwanted) = (Some(taken.saved), taken.is_unwanted);
        self.is_mid_line = taken.is_mid_line;
        result.map(|()| taken.redirect)
    }

    fn place(&self, job: &Job) -> Result<Place, Failure> {
        // A file is called as it was asked for, wherever that redirects to.
        let first = job.passed.first().unwrap_or(&job.url);
        let path = match &self.options.output {
            Output::Stdout if self.options.json => return Ok(Place::Nowhere),
            Output::Stdout => return Ok(Place::Direct(Outlet::stdout(self.interrupt.clone()))),
            Output::File(path) => path.clone(),
            Output::Named => first.file_name()?.into(),
        };
        let interrupt = self.interrupt.clone();
        Ok(match Target::find(&path).map_err(|error| cannot_write(&path, &error))? {
            Target::File(path) => {
                let asked = Asked::of(first.to_string(), self.options);
                Place::File(Box::new(Download::new(path, asked, self.options.resume)?))
            }
            Target::Direct(path) => Place::Direct(Outlet::named(path, interrupt)),
            Target::Descriptor(path, descriptor) => Place::Direct(Outlet::opened(path, descriptor, interrupt)),
        })
    }

    /// Whether the response's status is a failure.
    fn judge(&self, transfer: &Transfer) -> Result<(), Failure> {
        let Some(response) = transfer.exchange.as_ref().and_then(|exchange| exchange.response.as_ref()) else {
            return Ok(());
        };
        let was_whole = matches!(transfer.body, Some(Saved::File { was_whole: true, .. }));
        if !self.options.fail || response.status < 400 || was_whole {
            return Ok(());
        }
        let line = withheld_status_line(&response.line); // as long as nothing is cut off
        let status = line.split_once(' ').map_or(&*line, |(_, status)| status);
        // The server's own words do not drive the terminal.
        Err(Failure::Status { url: transfer.url.clone(), status: fit(status, 60) })
    }

    fn keep_or_close(&mut self, mut connection: Connection, next: Option<&Job>, transfer: &mut Transfer) {
        if transfer.exchange.as_ref().is_none_or(|exchange| exchange.traffic.request == 0) {
            connection.machine.refrain();
        }
        let is_free = connection.machine.next() == Next::Ask;
        if is_free && next.is_some_and(|next| next.peer() == connection.peer) {
            transfer.is_kept = true;
            self.kept = Some(connection);
        } else {
            let is_given_up = matches!(connection.machine.next(), Next::Close(Ending::GivenUp));
            transfer.close = Some(connection.close(is_given_up));
        }
    }

    /// The failure with what it is about, and with what is left of the body.
    fn failed(&self, job: &Job, failure: Failure, saved: Option<&Saved>) -> Failed {
        let is_alone = self.options.urls.len() == 1 && job.passed.is_empty();
        let part = match saved {
            Some(Saved::Part { path, bytes, resumes }) => {
                Some(KeptPart { path: path.clone(), bytes: *bytes, resumes: *resumes })
            }
            _ => None,
        };
        let url = (!is_alone).then(|| without_userinfo(&job.url.to_string()).into_owned());
        Failed { url, part, ..Failed::new(failure) }
    }
}

/// The fields of a request, besides `Host` and `Connection`.
fn fields(given: &[(String, String)], place: &Place) -> HeaderBlock {
    let mut fields = Vec::new();
    if !has_field(given, "user-agent") {
        fields.push(("User-Agent".to_owned(), USER_AGENT.to_owned()));
    }
    fields.extend(given.iter().cloned());
    if let Place::File(download) = place {
        fields.extend(download.fields());
    }
    let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    HeaderBlock::of(&fields)
}

fn has_field(fields: &[(String, String)], wanted: &str) -> bool {
    fields.iter().any(|(name, _)| name.eq_ignore_ascii_case(wanted))
}

/// The head of the response, which was all that was asked for: as it came, but
/// for what drives a terminal.
fn head_text(response: &Response) -> String {
    let lines = response.fields.iter().map(|field| format!("{}: {}", field.name, field.value));
    let lines = std::iter::once(response.line.clone()).chain(lines);
    lines.map(|line| escape::terminal(&line) + "\n").collect()
}

fn print_json(record: &FetchRecord, interrupt: &Arc<Interrupt>) -> Result<(), Failure> {
    let mut text = Vec::new();
    let written = json::write_pretty(&mut text, record);
    written.map_err(|error| Failure::Stdout(error.into()))?;
    text.push(b'\n');
    let mut out = Outlet::stdout(interrupt.clone());
    out.write(&text)?;
    out.flush()
}
