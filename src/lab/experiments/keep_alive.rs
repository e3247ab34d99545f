//! Lesson: each connection costs a handshake, a round trip before the first
//! byte, and its close. Five files over one connection save four of each.

use super::prelude::*;
use crate::lab::network::SERVER;
use crate::lab::programs::our_client_succeeds;
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
    let fetched = our_client_succeeds(stage, &words);
    server.stop()?;
    stage.calls.found("fetched", Fact::Holds(fetched?));
    Ok(())
}

/// From the first SYN to the arrival of the last byte of the last response.
fn took(run: &Run) -> Option<f64> {
    run.of(ToClient).filter(|one| one.is_data()).last()?.arrived_ms
}

/// How long the handshakes took that the connections after the first waited for.
fn handshakes_took(run: &Run) -> Option<f64> {
    let asked = run.of(ToServer).filter(|one| one.has("SYN") && !one.is_again()).skip(1);
    let answered = |syn: &Segment| {
        let answer = |one: &&Segment| one.has("SYN") && one.destination == syn.source;
        run.of(ToClient).find(answer)?.arrived_ms
    };
    asked.map(|syn| Some(answered(syn)? - syn.sent_ms)).sum()
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
        .ms("further_handshakes_took_ms", handshakes_took(five))
}

fn conclude(facts: &Facts) -> Option<Conclusion> {
    let handshakes = (facts.get_count("handshakes_of_five")?, facts.get_count("handshakes_of_one")?);
    let (many, few) = (facts.get_count("segments_of_five")?, facts.get_count("segments_of_one")?);
    let (slow, fast) = (facts.get_ms("time_of_five_ms")?, facts.get_ms("time_of_one_ms")?);
    let (saved, waited) = (slow - fast, facts.get_ms("further_handshakes_took_ms")?);
    // Whatever else takes time between two connections is no round trip, and is not called one.
    let is_of_handshakes = waited > 0.0 && (waited * 0.75..waited * 2.0).contains(&saved);
    if !facts.is("fetched") || handshakes != (5, 1) || few * 2 > many || !is_of_handshakes {
        return None;
    }
    let of_handshakes = waited.min(saved);
    Some(Conclusion {
        choice: 1,
        why: vec![
            both!(
                "{slow:.0} ms and {many} segments for five connections, {fast:.0} ms and {few} segments for one.",
                "연결 다섯 개에는 {slow:.0} ms와 세그먼트 {many}개, 하나에는 {fast:.0} ms와 세그먼트 {few}개가 들었습니다."
            ),
            both!(
                "Four handshakes fewer are four round trips fewer: {of_handshakes:.0} of the {saved:.0} ms saved.",
                "핸드셰이크가 네 번 줄면 왕복도 네 번 줄어듭니다. 아낀 {saved:.0} ms 가운데 {of_handshakes:.0} ms가 그것입니다."
            ),
        ],
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn saved(slow_ms: f64) -> Option<String> {
        let facts = Facts::default()
            .holds("fetched", true)
            .count("handshakes_of_five", 5)
            .count("handshakes_of_one", 1)
            .count("segments_of_five", 40)
            .count("segments_of_one", 18)
            .ms("time_of_five_ms", Some(slow_ms))
            .ms("time_of_one_ms", Some(127.0))
            .ms("further_handshakes_took_ms", Some(82.0));
        Some(conclude(&facts)?.why.last()?.en.clone())
    }

    #[test]
    fn handshakes_are_given_no_more_than_their_round_trips() {
        let sentence = |of_handshakes, saved| {
            Some(format!("Four handshakes fewer are four round trips fewer: {of_handshakes} of the {saved} ms saved."))
        };
        assert_eq!(saved(210.0), sentence(82, 83));
        assert_eq!(saved(252.0), sentence(82, 125));
        assert_eq!(saved(200.0), sentence(73, 73));
        assert_eq!([saved(150.0), saved(400.0)], [None, None], "something else took the time");
    }
}
