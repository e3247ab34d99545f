//! Lesson: a sender does not know the path, so it begins with ten segments and
//! doubles that with each round trip. On a long path the first hundred
//! kilobytes are a matter of round trips, not of bandwidth.

use super::play::exchange;
use super::prelude::*;

pub(super) const SLOW_START: Experiment = Experiment {
    name: "slow-start",
    title: text("How fast to begin", "느린 시작"),
    question: text(
        "A server has 200,000 bytes to send, and the client has room for all of them; a round trip takes 100 ms. How many segments leave before the first ACK comes?",
        "서버가 200,000바이트를 보내려 하고 클라이언트에는 자리가 넉넉합니다. 왕복 시간은 100 ms입니다. 첫 ACK가 오기 전에 세그먼트 몇 개가 나갈까요?",
    ),
    choices: &[text("1", "1개"), text("10", "10개"), text("all that the window allows", "윈도가 허락하는 만큼 전부")],
    acts: &[Act {
        title: text("200,000 bytes, no limit but the distance", "거리 말고는 제한이 없는 200,000바이트"),
        wire: "50ms",
        play: |stage| exchange(stage, 200_000),
    }],
    facts,
    conclude,
    next: &[("lab slow-start --wire '50ms <data:25 drop'", text("and when one is lost?", "그러다 하나를 잃으면?"))],
};

/// Segments with data that leave within 20 ms of each other are one flight.
fn facts(runs: &[Run]) -> Facts {
    let Some(run) = runs.first() else { return Facts::default() };
    let mut flights: Vec<(f64, f64, u64)> = Vec::new();
    for one in run.of(ToClient).filter(|one| one.is_data()) {
        match flights.last_mut() {
            Some((_, last, count)) if one.sent_ms - *last < 20.0 => (*last, *count) = (one.sent_ms, *count + 1),
            _ => flights.push((one.sent_ms, one.sent_ms, 1)),
        }
    }
    let between = flights.first().zip(flights.get(1)).map(|(first, second)| second.0 - first.0);
    Facts::default()
        .counts("flights", flights.iter().map(|(_, _, count)| *count).collect())
        .ms("between_the_first_two_ms", between)
}

fn conclude(facts: &Facts) -> Option<Conclusion> {
    let flights = facts.get_counts("flights")?;
    let [first, second, third, ..] = flights else { return None };
    let between = facts.get_ms("between_the_first_two_ms")?;
    if *first != 10 || *second < 15 || *third <= *second {
        return None;
    }
    let all = flights.iter().map(u64::to_string).collect::<Vec<_>>().join(", ");
    Some(Conclusion {
        choice: 1,
        why: vec![
            both!(
                "The flights had {all} segments, {between:.0} ms apart: one round trip. The sender doesn't know the path, so it tries more with each round trip.",
                "묶음마다 {all}개가 {between:.0} ms 간격으로 나갔습니다. 왕복 한 번입니다. 길을 모르니 왕복마다 늘려 봅니다."
            ),
            both!(
                "So a short response over a long path takes round trips, however wide the path is.",
                "그래서 먼 길에서는 대역폭이 아무리 넓어도 짧은 응답에 왕복 시간이 여러 번 듭니다."
            ),
        ],
    })
}
