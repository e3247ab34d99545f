//! Lesson: one silent client stops an iterative server: the others wait in the
//! accept queue for as long as it is silent. A process, a thread or an event
//! loop doesn't let one client hold up the others.

use super::play::{ADDRESS, REQUEST};
use super::prelude::*;
use crate::lab::network::SERVER;
use crate::lab::real_server::RealServer;
use crate::models::Model;
use std::time::Instant;

/// How long the first client is silent.
const SILENT: Duration = Duration::from_millis(900);

pub(super) const MANY: Experiment = Experiment {
    name: "many",
    title: text("One silent client", "조용한 한 명"),
    question: text(
        "A client connects and sends nothing for 900 ms; two others ask for a file. Which server keeps those two waiting?",
        "한 클라이언트가 연결만 하고 900 ms 동안 아무 말도 하지 않습니다. 그동안 둘이 파일을 요청합니다. 어느 서버가 그 둘을 기다리게 할까요?",
    ),
    choices: &[
        text("the iterative one", "반복 서버(iterative)"),
        text("all four: there is one port", "네 가지 모두. 포트는 하나니까"),
        text("the event loop: it has only one thread", "이벤트 루프(multiplex). 스레드가 하나니까"),
    ],
    acts: &[
        Act { title: text("iterative", "iterative"), wire: "1ms", play: |stage| play(stage, Model::Iterative) },
        Act { title: text("a process for each", "process"), wire: "1ms", play: |stage| play(stage, Model::Process) },
        Act { title: text("a thread for each", "thread"), wire: "1ms", play: |stage| play(stage, Model::Thread) },
        Act {
            title: text("an event loop", "multiplex"),
            wire: "1ms",
            play: |stage| play(stage, Model::Multiplex { workers: 1 }),
        },
    ],
    facts,
    conclude,
    next: &[("lab queue", text("where those two were meanwhile", "그동안 그 둘은 어디에 있었을까요?"))],
};

fn play(stage: &Stage, model: Model) -> io::Result<()> {
    let server = RealServer::start(stage, model, SERVER)?;
    let silent = stage.client(|end| end.connect(ADDRESS))?.join()?;
    let ask = |fact| {
        stage.client(move |end| {
            let begun = Instant::now();
            let talk = end.connect(ADDRESS)?;
            talk.send(REQUEST)?;
            talk.recv_all()?;
            end.found(fact, Fact::Milliseconds(begun.elapsed().as_secs_f64() * 1e3));
            talk.close();
            Ok(())
        })
    };
    let others = [ask("second_ms")?, ask("third_ms")?];
    let ending = stage.client(move |end| {
        std::thread::sleep(SILENT);
        end.note(both!("the silent one ends", "조용한 클라이언트가 끝냄"));
        drop(silent);
        Ok(())
    })?;
    others.into_iter().try_for_each(|other| other.join())?;
    ending.join()?;
    server.stop()
}

const NAMES: [&str; 4] = ["iterative_waited_ms", "process_waited_ms", "thread_waited_ms", "multiplex_waited_ms"];

fn facts(runs: &[Run]) -> Facts {
    let waited = |run: &Run| {
        let time = |name| match run.found(name) {
            Some(Fact::Milliseconds(time)) => Some(time),
            _ => None,
        };
        Some(time("second_ms")?.max(time("third_ms")?))
    };
    let facts = NAMES.into_iter().zip(runs).fold(Facts::default(), |facts, (name, run)| facts.ms(name, waited(run)));
    let Some(run) = runs.first() else { return facts };
    let ended = run.call(Side::Client, "the silent one ends");
    let connected = run.calls_of(Side::Client, "connect() = 0").filter(|one| Some(one.at_ms) < ended).count();
    facts.count("connected_while_one_was_silent", connected)
}

fn conclude(facts: &Facts) -> Option<Conclusion> {
    let [iterative, process, thread, multiplex] = NAMES.map(|name| facts.get_ms(name));
    let (iterative, process, thread, multiplex) = (iterative?, process?, thread?, multiplex?);
    let most = process.max(thread).max(multiplex);
    let silent = SILENT.as_millis() as f64;
    let is_as_long = (silent * 0.9..silent * 1.5).contains(&iterative);
    if !is_as_long || most > iterative / 2.0 || facts.get_count("connected_while_one_was_silent")? != 3 {
        return None;
    }
    Some(Conclusion {
        choice: 0,
        why: vec![
            both!(
                "Under the iterative server the two waited up to {iterative:.0} ms: as long as the first was silent. Their connections were complete, and stood in the accept queue.",
                "반복 서버에서는 둘이 최대 {iterative:.0} ms를 기다렸습니다. 첫 클라이언트가 조용했던 만큼입니다. 연결은 이미 맺어져 accept 대기열에 있었습니다."
            ),
            both!(
                "Under the others it was {process:.1} ms (process), {thread:.1} ms (thread) and {multiplex:.1} ms (event loop): one thread is enough, if it never waits for one client.",
                "나머지는 {process:.1} ms(process), {thread:.1} ms(thread), {multiplex:.1} ms(multiplex)였습니다. 한 클라이언트만 기다리지 않는다면 스레드 하나로도 충분합니다."
            ),
        ],
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_two_stood_in_the_queue_if_they_were_connected_and_waited_as_long_as_the_silent_one() {
        let is_concluded = |iterative, connected| {
            let [waited, others @ ..] = NAMES;
            let facts = others.into_iter().fold(Facts::default(), |facts, name| facts.ms(name, Some(5.0)));
            let facts = facts.ms(waited, Some(iterative)).count("connected_while_one_was_silent", connected);
            conclude(&facts).is_some()
        };
        assert!(is_concluded(909.0, 3));
        assert!(!is_concluded(909.0, 2) && !is_concluded(2400.0, 3) && !is_concluded(500.0, 3));
    }
}
