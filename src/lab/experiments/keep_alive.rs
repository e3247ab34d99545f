//! Lesson: each connection costs a handshake, a round trip before the first
//! byte, and its close. Five files over one connection save four of each.

use super::prelude::*;
use crate::lab::network::SERVER;
use crate::lab::programs::ourselves;
use crate::lab::real_server::RealServer;
use crate::models::Model;

pub(super) const KEEP_ALIVE: Experiment = Experiment {
    name: "keep-alive",
    title: text("Five files", "연결 재사용"),
    question: text(
        "Five small files, one after another; a round trip takes 20 ms. What does one keep-alive connection save compared with five?",
        "작은 파일 다섯 개를 차례로 가져옵니다. 왕복 시간은 20 ms입니다. 연결 하나를 계속 쓰면 다섯 번 맺을 때보다 무엇을 아낄까요?",
    ),
    choices: &[
        text("nothing that matters: handshakes are small", "별것 없다. 핸드셰이크는 작다"),
        text("four round trips and most of the segments", "왕복 네 번과 세그먼트의 절반 이상"),
        text("the server's work, not the time", "서버의 일. 시간은 같다"),
    ],
    acts: &[
        Act {
            title: text("A connection for each file", "파일마다 연결 하나"),
            wire: "10ms 4m",
            play: |stage| fetch_five(stage, &["fetch", "--repeat", "5"]),
        },
        Act {
            title: text("One keep-alive connection", "연결 하나를 계속"),
            wire: "10ms 4m",
            play: |stage| fetch_five(stage, &["fetch", "-k", "--repeat", "5"]),
        },
    ],
    facts,
    conclude,
    next: &[("lab close", text("what the close costs", "종료에 드는 것"))],
};

fn fetch_five(stage: &Stage, words: &'static [&'static str]) -> io::Result<()> {
    let server = RealServer::start(stage, Model::Thread, SERVER)?;
    let words = [words, &["http://10.0.0.2/file.html"]].concat();
    let status = ourselves(&stage.network.client, &words)?.wait()?;
    server.stop()?;
    stage.calls.found("fetched", Fact::Holds(status.success()));
    Ok(())
}

/// From the first SYN to the arrival of the last byte of the last response.
fn took(run: &Run) -> Option<f64> {
    run.of(ToClient).filter(|one| one.is_data()).last()?.arrived_ms
}

fn facts(runs: &[Run]) -> Facts {
    let [five, one] = runs else { return Facts::default() };
    let syns = |run: &Run| run.number_of(|one| one.has("SYN") && !one.has("ACK") && !one.is_again());
    let fetched = |run: &Run| run.found("fetched") == Some(Fact::Holds(true));
    Facts::default()
        .holds("fetched", fetched(five) && fetched(one))
        .count("handshakes_of_five", syns(five))
        .count("handshakes_of_one", syns(one))
        .count("segments_of_five", five.segments.len())
        .count("segments_of_one", one.segments.len())
        .ms("time_of_five_ms", took(five))
        .ms("time_of_one_ms", took(one))
}

fn conclude(facts: &Facts) -> Option<Conclusion> {
    let handshakes = (facts.get_count("handshakes_of_five")?, facts.get_count("handshakes_of_one")?);
    let (many, few) = (facts.get_count("segments_of_five")?, facts.get_count("segments_of_one")?);
    let (slow, fast) = (facts.get_ms("time_of_five_ms")?, facts.get_ms("time_of_one_ms")?);
    if !facts.is("fetched") || handshakes != (5, 1) || few * 2 > many || slow - fast < 60.0 {
        return None;
    }
    let saved = slow - fast;
    Some(Conclusion {
        choice: 1,
        why: vec![
            both!(
                "{slow:.0} ms and {many} segments for five connections, {fast:.0} ms and {few} segments for one.",
                "연결 다섯 개에는 {slow:.0} ms와 세그먼트 {many}개, 하나에는 {fast:.0} ms와 세그먼트 {few}개가 들었습니다."
            ),
            both!(
                "Four handshakes are four round trips: {saved:.0} ms saved.",
                "핸드셰이크 네 번은 왕복 네 번입니다. {saved:.0} ms를 아꼈습니다."
            ),
        ],
    })
}
