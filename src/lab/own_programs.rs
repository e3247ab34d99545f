//! The learner's own programs on the wire: `glasshttp lab --server CMD -- CMD`.
//!
//! ```text
//!   server starts ─▶ it listens, or has bound a UDP socket ─▶ client starts ─▶ client ends ─▶ 1 s ─▶ server is ended
//! ```

use super::end::{Calls, PATIENCE, Side};
use super::experiment::Stage;
use super::names;
use super::network::{Network, SERVER, TcpSettings};
use super::perform::{Failure, Settings};
use super::programs::start;
use super::real_server::RealServer;
use super::run::Run;
use super::socket_states::{Reachable, reachable};
use super::wire::{LookingOn, Wire};
use crate::language::os_error::both_of;
use crate::language::sentence::{Sentence, both};
use crate::packet::rule::Conditions;
use rustix::process::{Pid, Signal, kill_process_group};
use std::io;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// The wire, where none is given.
const WIRE: &str = "10ms 4m";
/// How long a server may take until a client can reach it.
const START: Duration = Duration::from_secs(10);
/// How long the server goes on after its client, and then to end.
const AFTER: Duration = Duration::from_secs(1);
const PAUSE: Duration = Duration::from_millis(10);
const QUIET: Duration = Duration::from_millis(200);

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
    /// The client's exit status; 128 and the signal, if one ended it.
    pub(super) status: i32,
}

/// Runs both, on a wire with these rules. `keeps_output`: standard output is
/// for us, so that what they print goes to standard error.
pub(super) fn run(programs: &Programs, settings: &Settings, keeps_output: bool) -> Result<Ran, Failure> {
    let conditions = Conditions::parse(WIRE).and_then(|own| settings.given(own)).map_err(Failure::Rules)?;
    let (network, ends) = Network::new(TcpSettings { textbook: settings.textbook }).map_err(Failure::Refused)?;
    names::serve(&network).map_err(Failure::Refused)?;
    let wire = Wire::start(ends, conditions.clone(), LookingOn::default()).map_err(Failure::Act)?;
    let stage = Stage { network: Arc::new(network), calls: Calls::default(), patience: PATIENCE };
    let status = run_both(programs, &stage, keeps_output).map_err(Failure::Act)?;
    wire.settle(QUIET, AFTER);
    let passages = wire.end().map_err(Failure::Act)?;
    let (calls, found) = stage.calls.all();
    let status = status.code().or_else(|| status.signal().map(|signal| 128 + signal)).unwrap_or(1);
    Ok(Ran { run: Run::new(&conditions.to_string(), passages, calls, found).on(conditions), status })
}

fn run_both(programs: &Programs, stage: &Stage, keeps_output: bool) -> io::Result<ExitStatus> {
    let Some(server) = &programs.server else {
        let server = RealServer::start_for_people(stage, SERVER)?;
        let result = client(programs, stage, keeps_output);
        std::thread::sleep(AFTER);
        server.stop()?;
        return result;
    };
    let mut command = Command::new("/bin/sh");
    command.args(["-c", server]).stdin(Stdio::null()).process_group(0);
    // The lab's own name servers are there already.
    let before = stage.network.server.run(reachable)?;
    let mut server = start(&stage.network.server, output(command, keeps_output))?;
    let result = wait_until_it_is_reachable(stage, &before, &mut server).and_then(|how| {
        let ready = match how {
            Reachable::Listening(_) => both!("listens", "연결을 기다림"),
            Reachable::Bound(_) => both!("has bound a UDP socket", "UDP 포트를 엶"),
        };
        stage.calls.note(Side::Server, ready);
        client(programs, stage, keeps_output)
    });
    if result.is_ok() {
        std::thread::sleep(AFTER);
    }
    end(server)?;
    result
}

fn client(programs: &Programs, stage: &Stage, keeps_output: bool) -> io::Result<ExitStatus> {
    let Some((program, words)) = programs.client.split_first() else { return Err(io::ErrorKind::InvalidInput.into()) };
    let mut command = Command::new(program);
    command.args(words);
    let named = |error: io::Error| io::Error::new(error.kind(), both_of(&error, |cause| format!("{program}: {cause}")));
    let mut client = start(&stage.network.client, output(command, keeps_output)).map_err(named)?;
    stage.calls.note(Side::Client, both!("{program} starts", "{program} 시작"));
    let status = client.wait()?;
    let Sentence { en, ko } = how_it_ended(status);
    stage.calls.note(Side::Client, both!("{program} ends, {en}", "{program} 끝, {ko}"));
    Ok(status)
}

/// With which status, or by which signal: `exit status: 0`, `signal: 9 (SIGKILL)`.
fn how_it_ended(status: ExitStatus) -> Sentence {
    // What ExitStatus says is English, and a signal's name belongs to no language.
    let en = status.to_string();
    let ko = match (status.code(), en.strip_prefix("signal: ")) {
        (Some(code), _) => format!("종료 상태 {code}"),
        (None, Some(signal)) => format!("시그널 {}", signal.replace("core dumped", "코어 덤프")),
        (None, None) => "비정상 종료".into(),
    };
    Sentence { en, ko }
}

fn output(mut command: Command, keeps_output: bool) -> Command {
    if keeps_output {
        command.stdout(io::stderr());
    }
    command
}

fn wait_until_it_is_reachable(stage: &Stage, before: &[Reachable], server: &mut Child) -> io::Result<Reachable> {
    let begun = Instant::now();
    while begun.elapsed() < START {
        let found = stage.network.server.run(reachable)?;
        if let Some(new) = found.into_iter().find(|one| !before.contains(one)) {
            return Ok(new);
        }
        if let Some(status) = server.try_wait()? {
            let Sentence { en, ko } = how_it_ended(status);
            return Err(io::Error::other(both!(
                "the server ended before it listened or bound a UDP socket ({en})",
                "서버가 연결을 기다리거나 UDP 포트를 열기 전에 끝났습니다({ko})"
            )));
        }
        std::thread::sleep(PAUSE);
    }
    let limit = START.as_secs();
    let late = both!(
        "the server did not listen or bind a UDP socket within {limit} s",
        "서버가 {limit}초 안에 연결을 기다리거나 UDP 포트를 열지 않았습니다"
    );
    Err(io::Error::new(io::ErrorKind::TimedOut, late))
}

/// Asks the server and all that it started to end; makes them, if they don't.
fn end(mut server: Child) -> io::Result<()> {
    let group = Pid::from_child(&server);
    let _ = kill_process_group(group, Signal::TERM);
    let begun = Instant::now();
    while server.try_wait()?.is_none() {
        if begun.elapsed() > AFTER {
            let _ = kill_process_group(group, Signal::KILL);
            server.wait()?;
            break;
        }
        std::thread::sleep(PAUSE);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn how_a_program_ended_is_said_in_each_language() {
        for (raw, en, ko) in [
            (0, "exit status: 0", "종료 상태 0"),
            (7 << 8, "exit status: 7", "종료 상태 7"),
            (9, "signal: 9 (SIGKILL)", "시그널 9 (SIGKILL)"),
            (0x80 | 11, "signal: 11 (SIGSEGV) (core dumped)", "시그널 11 (SIGSEGV) (코어 덤프)"),
        ] {
            assert_eq!(how_it_ended(ExitStatus::from_raw(raw)), Sentence { en: en.into(), ko: ko.into() });
        }
    }
}
