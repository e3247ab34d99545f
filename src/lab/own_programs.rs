//! The learner's own programs on the wire: `glasshttp lab --server CMD -- CMD`.
//!
//! ```text
//!   server starts ─▶ it listens, or has bound a UDP socket ─▶ client starts ─▶ client ends ─▶ 1 s ─▶ server is ended
//! ```
//!
//! The order to stop ends the client, then the server; what passed until then is the run.

use super::end::{Calls, PATIENCE, Side};
use super::experiment::Stage;
use super::names;
use super::network::{Network, SERVER, TcpSettings};
use super::perform::{Failure, Settings};
use super::programs::{how_it_ended, start};
use super::real_server::RealServer;
use super::run::Run;
use super::server_program::ServerProgram;
use super::stop_order::{self, StopOrder};
use super::wire::{LookingOn, Wire};
use crate::language::os_error::both_of;
use crate::language::sentence::{Sentence, both};
use crate::packet::rule::Conditions;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::retry_on_intr;
use rustix::process::{Pid, PidfdFlags, Signal, kill_process, pidfd_open};
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::process::ExitStatusExt;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// The wire, where none is given.
const WIRE: &str = "10ms 4m";
/// How long the server goes on after its client.
const AFTER: Duration = Duration::from_secs(1);
const QUIET: Duration = Duration::from_millis(200);
/// What a client gets at the order to stop, and for how long that before it is given time. Ctrl-C is
/// for all on the terminal: the client has it already, and may end by itself.
const AT_CTRL_C: [(Duration, Signal); 3] = [(QUIET, Signal::INT), (AFTER, Signal::TERM), (AFTER, Signal::KILL)];
const AT_SIGTERM: [(Duration, Signal); 2] = [(Duration::ZERO, Signal::TERM), (AFTER, Signal::KILL)];

/// What is to be run.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Programs {
    /// A command for the shell; none: our own server.
    pub server: Option<String>,
    /// The client's words.
    pub client: Vec<String>,
}

/// What came of it.
#[derive(Debug)]
pub(super) struct Ran {
    pub(super) run: Run,
    /// The client's exit status; 128 and the signal, if one ended it, or was the order to stop.
    pub(super) status: i32,
}

/// Runs both, on a wire with these rules. `keeps_output`: standard output is
/// for us, so that what they print goes to standard error.
pub(super) fn run(
    programs: &Programs,
    settings: &Settings,
    order: &StopOrder,
    keeps_output: bool,
) -> Result<Ran, Failure> {
    let conditions = Conditions::parse(WIRE).and_then(|own| settings.given(own)).map_err(Failure::Rules)?;
    let (network, ends) = Network::new(TcpSettings { textbook: settings.textbook }).map_err(Failure::Refused)?;
    names::serve(&network).map_err(Failure::Refused)?;
    let wire = Wire::start(ends, conditions.clone(), LookingOn::default()).map_err(Failure::Act)?;
    let stage = Stage { network: Arc::new(network), calls: Calls::default(), patience: PATIENCE };
    let ends = BothEnds { programs, stage: &stage, order, keeps_output };
    let status = ends.run().map_err(Failure::Act)?;
    wire.settle(QUIET, AFTER);
    let passages = wire.end().map_err(Failure::Act)?;
    let (calls, found) = stage.calls.all();
    let by_signal = |signal: i32| 128 + signal;
    let of_client = |status: ExitStatus| status.code().or_else(|| status.signal().map(by_signal));
    let stopped = order.came().map(|signal| by_signal(signal.as_raw()));
    let status = stopped.or_else(|| status.and_then(of_client)).unwrap_or(1);
    Ok(Ran { run: Run::new(&conditions.to_string(), passages, calls, found).on(conditions), status })
}

/// The programs at both ends, and who may stop them.
struct BothEnds<'a> {
    programs: &'a Programs,
    stage: &'a Stage,
    order: &'a StopOrder,
    keeps_output: bool,
}

/// What a wait ended with.
#[derive(PartialEq, Eq)]
enum Came {
    ClientsEnd,
    Order,
    Time,
}

impl BothEnds<'_> {
    /// How the client ended, if it was started.
    fn run(&self) -> io::Result<Option<ExitStatus>> {
        let Some(server) = &self.programs.server else {
            let server = RealServer::start_for_people(self.stage, SERVER)?;
            let result = self.client(None);
            self.linger(None)?;
            server.stop()?;
            return result;
        };
        let mut command = Command::new("/bin/sh");
        command.args(["-c", server]).stdin(Stdio::null());
        let mut server = ServerProgram::start(self.output(command), self.stage)?;
        let result = match server.wait_until_it_is_reachable(self.stage, self.order) {
            Ok(true) => self.client(Some(&mut server)),
            Ok(false) => {
                self.note_the_order();
                Ok(None)
            }
            Err(error) => Err(error),
        };
        if result.is_ok() {
            self.linger(Some(&mut server))?;
        }
        server.end();
        result
    }

    fn client(&self, mut server: Option<&mut ServerProgram>) -> io::Result<Option<ExitStatus>> {
        let Some((program, words)) = self.programs.client.split_first() else {
            return Err(io::ErrorKind::InvalidInput.into());
        };
        let mut command = Command::new(program);
        command.args(words);
        let named =
            |error: io::Error| io::Error::new(error.kind(), both_of(&error, |cause| format!("{program}: {cause}")));
        let mut client = start(&self.stage.network.client, self.output(command)).map_err(named)?;
        self.stage.calls.note(Side::Client, both!("{program} starts", "{program} 시작"));
        let its_end = pidfd_open(Pid::from_child(&client), PidfdFlags::empty())?;
        if self.wait(Some(&its_end), true, server.as_deref_mut(), None)? == Came::Order {
            self.note_the_order();
            self.stop(&client, &its_end, server)?;
        }
        let status = client.wait()?;
        let Sentence { en, ko } = how_it_ended(status);
        self.stage.calls.note(Side::Client, both!("{program} ends, {en}", "{program} 끝, {ko}"));
        Ok(Some(status))
    }

    /// Has the client end, politely at first.
    fn stop(&self, client: &Child, its_end: &OwnedFd, mut server: Option<&mut ServerProgram>) -> io::Result<()> {
        let is_ctrl_c = self.order.came() == Some(Signal::INT);
        for &(pause, signal) in if is_ctrl_c { &AT_CTRL_C[..] } else { &AT_SIGTERM } {
            let until = Instant::now() + pause;
            if self.wait(Some(its_end), false, server.as_deref_mut(), Some(until))? == Came::ClientsEnd {
                break;
            }
            let _ = kill_process(Pid::from_child(client), signal);
        }
        Ok(())
    }

    /// Leaves the server some time after its client; after the order to stop, as much as the last segments need.
    fn linger(&self, server: Option<&mut ServerProgram>) -> io::Result<()> {
        let is_stopped = self.order.came().is_some();
        let pause = if is_stopped { QUIET } else { AFTER };
        if self.wait(None, !is_stopped, server, Some(Instant::now() + pause))? == Came::Order {
            self.note_the_order();
        }
        Ok(())
    }

    /// Waits for the client's end, for the order where it is `heeded`, or for the time; what the server
    /// comes to meanwhile is noted.
    fn wait(
        &self,
        clients_end: Option<&OwnedFd>,
        heeded: bool,
        mut server: Option<&mut ServerProgram>,
        until: Option<Instant>,
    ) -> io::Result<Came> {
        loop {
            let rest = until.map(|until| until.saturating_duration_since(Instant::now()));
            let look = server.as_ref().and_then(|server| server.next_look());
            let timeout = rest.into_iter().chain(look).min().and_then(|wait| Timespec::try_from(wait).ok());
            let order = heeded.then(|| PollFd::new(self.order, PollFlags::IN));
            let client = clients_end.map(|end| PollFd::new(end, PollFlags::IN));
            let shell = server.as_ref().and_then(|server| server.worth_a_look());
            let shell = shell.map(|shell| PollFd::new(shell, PollFlags::IN));
            let mut fds: Vec<PollFd<'_>> = client.into_iter().chain(order).chain(shell).collect();
            retry_on_intr(|| poll(&mut fds, timeout.as_ref()))?;
            let has_ended = clients_end.is_some() && fds.first().is_some_and(|fd| !fd.revents().is_empty());
            drop(fds);
            if let Some(server) = server.as_deref_mut() {
                server.look();
            }
            if has_ended {
                return Ok(Came::ClientsEnd);
            }
            if heeded && self.order.came().is_some() {
                return Ok(Came::Order);
            }
            if until.is_some_and(|until| until <= Instant::now()) {
                return Ok(Came::Time);
            }
        }
    }

    fn note_the_order(&self) {
        let Some(name) = self.order.came().map(stop_order::name) else { return };
        self.stage.calls.note(Side::Client, both!("{name}: the lab stops", "{name}: 실험실을 멈춤"));
    }

    fn output(&self, mut command: Command) -> Command {
        if self.keeps_output {
            command.stdout(io::stderr());
        }
        command
    }
}
