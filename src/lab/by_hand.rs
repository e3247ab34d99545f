//! Be the wire: each frame stops in the middle, and a person decides what becomes of
//! it. Both kernels' timers go on meanwhile, so a learner who thinks for long sees a copy come.

use super::end::{Calls, Side};
use super::experiment::{Actor, Stage};
use super::experiments::play::{ADDRESS, listen};
use super::feed::{Feed, Moment};
use super::network::{Network, TcpSettings};
use super::order::{Order, duration};
use super::perform::Failure;
use super::run::{Run, Segment};
use super::socket_states::{counter, states};
use super::wire::{Ending, Hand, LookingOn, Wire};
use crate::language::Language;
use crate::language::sentence::{Sentence, Text, both, text};
use crate::packet::rule::Conditions;
use std::io;
use std::os::fd::OwnedFd;
use std::sync::Arc;
use std::time::{Duration, Instant};

pub(super) const NAME: &str = "wire";
pub(super) const TITLE: Text = text("Be the wire", "직접 전선이 되어 보기");

/// What a frame still travels when it was decided that it arrives.
const DELAY: Duration = Duration::from_millis(10);
/// How often it is looked whether all is over.
const PAUSE: Duration = Duration::from_millis(50);
const REQUEST: &[u8] = b"GET /hello.txt HTTP/1.0\r\n\r\n";
const RESPONSE: &[u8] = b"HTTP/1.0 200 OK\r\nContent-Length: 13\r\n\r\nHello, world!";
/// States in which a socket sends nothing more by itself.
const AT_REST: [&str; 3] = ["LISTEN", "TIME_WAIT", "CLOSED"];

/// What came of it.
#[derive(Debug)]
pub(super) struct PlayedByHand {
    pub(super) run: Run,
    /// Why it ended early, if it did.
    ending: Option<Ending>,
    patience: Duration,
    /// How long it could take.
    longest: Duration,
    /// What the client's program came to.
    client: Option<io::Result<usize>>,
    /// Segments with a wrong checksum that both kernels counted, where they say.
    wrong_checksums: Option<u64>,
}

/// One small file is fetched through the wire.
pub(super) fn play(order: &Order, feed: Feed, decisions: OwnedFd) -> Result<PlayedByHand, Failure> {
    let conditions = Conditions { delay: DELAY, ..Conditions::default() };
    feed.show(Moment::Act { index: 0, conditions: conditions.clone() });
    let (network, ends) = Network::new(TcpSettings { textbook: order.textbook }).map_err(Failure::Refused)?;
    let hand = Some(Hand { decisions, patience: order.patience });
    let looking_on = LookingOn { feed: Some(feed.clone()), hand };
    let wire = Wire::start(ends, conditions.clone(), looking_on).map_err(Failure::Act)?;
    let stage = Stage { network: Arc::new(network), calls: Calls::shown_to(Some(feed)), patience: order.longest() };
    let (client, server) = programs(&stage).map_err(Failure::Act)?;
    let ending =
        wait(&wire, &stage, order.longest(), [&|| client.is_over(), &|| server.is_over()]).map_err(Failure::Act)?;
    let passages = wire.end().map_err(Failure::Act)?;
    let wrong_checksums = wrong_checksums(&stage.network).ok();
    let (calls, found) = stage.calls.all();
    let client = client.is_over().then(|| client.join());
    let run = Run::new("", passages, calls, found).on(conditions);
    Ok(PlayedByHand { run, ending, patience: order.patience, longest: order.longest(), client, wrong_checksums })
}

/// What both kernels dropped because its checksum was wrong.
fn wrong_checksums(network: &Network) -> io::Result<u64> {
    let count = || counter("Tcp", "InCsumErrors");
    Ok(network.client.run(count)? + network.server.run(count)?)
}

fn programs(stage: &Stage) -> io::Result<(Actor<usize>, Actor<()>)> {
    let listening = listen(stage, 5)?;
    let server = stage.server(move |_| {
        let talk = listening.accept()?;
        talk.recv(4000)?;
        talk.send(RESPONSE)?;
        talk.shut_down()?;
        talk.recv_all()?;
        talk.close();
        Ok(())
    })?;
    let client = stage.client(|end| {
        let talk = end.connect(ADDRESS)?;
        talk.send(REQUEST)?;
        let bytes = talk.recv_all()?;
        talk.close();
        Ok(bytes.len())
    })?;
    Ok((client, server))
}

/// Waits until both programs and both kernels are at rest, or a person is the wire no longer.
fn wait(wire: &Wire, stage: &Stage, longest: Duration, are_over: [&dyn Fn() -> bool; 2]) -> io::Result<Option<Ending>> {
    let begun = Instant::now();
    while begun.elapsed() < longest {
        let (ending, under_way) = wire.progress();
        if ending.is_some() {
            return Ok(ending);
        }
        // A client that failed leaves the server waiting for nobody.
        let is_over = are_over[1]() || (are_over[0]() && under_way == 0);
        if is_over && are_over[0]() && under_way == 0 {
            let rests = |states: Vec<String>| states.iter().all(|state| AT_REST.contains(&state.as_str()));
            if rests(stage.network.client.run(states)?) && rests(stage.network.server.run(states)?) {
                return Ok(None);
            }
        }
        std::thread::sleep(PAUSE);
    }
    Ok(Some(Ending::TimeIsOver))
}

/// What is said of it: facts of the run alone.
pub(super) fn sentences(played: &PlayedByHand, language: Language) -> Vec<String> {
    let run = &played.run;
    let lost = run.number_of(|one| one.is_lost() && one.decided_ms.is_some());
    let again = run.number_of(|one| one.is_again());
    let mut said: Vec<Sentence> = Vec::new();
    match played.ending {
        Some(Ending::NoDecision) => {
            let seconds = played.patience.as_secs();
            said.push(both!(
                "It ended because nothing was decided for {seconds} s.",
                "{seconds}초 동안 아무 결정이 없어 끝났습니다."
            ));
        }
        Some(Ending::TimeIsOver) => {
            let Sentence { en, ko } = duration(played.longest);
            said.push(both!("It ended because {en} had passed.", "최대 시간({ko})이 지나 끝났습니다."));
        }
        Some(Ending::Gone) | None => {}
    }
    let frames = run.segments.len();
    match &played.client {
        Some(Ok(bytes)) => said.push(both!(
            "The client has all {bytes} bytes. {frames} segments left their senders.",
            "클라이언트가 {bytes}바이트를 모두 받았습니다. 세그먼트 {frames}개가 나갔습니다."
        )),
        Some(Err(error)) => {
            let name = super::end::name(error);
            said.push(both!("The client gave up: {name}.", "클라이언트가 그만두었습니다: {name}."));
        }
        None => said.push(both!("The client was still waiting.", "클라이언트는 아직 기다리고 있었습니다.")),
    }
    if lost > 0 {
        said.push(both!("You lost {lost} of them.", "그 가운데 {lost}개를 잃었습니다."));
    }
    let damaged = run.number_of(Segment::is_damaged);
    if damaged > 0 {
        said.push(both!("You damaged {damaged} of them.", "그 가운데 {damaged}개를 손상했습니다."));
    }
    if let Some(wrong @ 1..) = played.wrong_checksums {
        said.push(both!(
            "The receiving kernel dropped {wrong} because of a wrong checksum (InCsumErrors): its program saw nothing of that.",
            "받는 쪽 커널이 체크섬이 맞지 않는 {wrong}개를 버렸습니다(InCsumErrors). 프로그램은 그것을 보지 못했습니다."
        ));
    }
    if again == 1 {
        said.push(both!(
            "One was sent again, by a kernel: no program asked for it.",
            "하나는 커널이 다시 보냈습니다. 어느 프로그램도 그렇게 시키지 않았습니다."
        ));
    } else if again > 0 {
        said.push(both!(
            "{again} were sent again, by the kernels: no program asked for it.",
            "{again}개는 커널이 다시 보냈습니다. 어느 프로그램도 그렇게 시키지 않았습니다."
        ));
    } else if lost == 0 && damaged == 0 {
        said.push(both!("None had to be sent again.", "다시 보낸 것은 없습니다."));
    }
    let calls = run.calls.iter().filter(|call| call.side == Side::Client);
    if let Some(connected) = calls.clone().find(|call| call.call == "connect() = 0") {
        let time = connected.at_ms / 1e3;
        said.push(both!(
            "connect() returned after {time:.1} s: when the SYN+ACK had arrived.",
            "connect()는 {time:.1}초 뒤, SYN+ACK가 도착했을 때 돌아왔습니다."
        ));
    }
    said.into_iter().map(|sentence| sentence.of(language).to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_that_took_its_time_is_not_said_to_have_waited_for_a_decision() {
        let first = |ending| {
            let (patience, longest) = (Duration::from_secs(60), Duration::from_secs(600));
            let played =
                PlayedByHand { run: Run::default(), ending, patience, longest, client: None, wrong_checksums: None };
            [Language::English, Language::Korean].map(|language| sentences(&played, language).remove(0))
        };
        assert_eq!(
            first(Some(Ending::TimeIsOver)),
            ["It ended because 10 minutes had passed.", "최대 시간(10분)이 지나 끝났습니다."]
        );
        assert_eq!(first(Some(Ending::NoDecision))[0], "It ended because nothing was decided for 60 s.");
    }
}
