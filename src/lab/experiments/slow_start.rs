//! Lesson: a sender does not know the path, so it begins with ten segments and
//! doubles that with each round trip. On a long path the first hundred
//! kilobytes are a matter of round trips, not of bandwidth.

use super::play::exchange;
use super::prelude::*;
use crate::lab::run::Ms;

pub(super) const SLOW_START: Experiment = Experiment {
    name: "slow-start",
    title: text("How fast to begin", "느린 시작"),
    question: text(
        "A server has 200,000 bytes to send, and the client has room for all of them; a round trip takes 100 ms. How many segments leave before the first ACK comes?",
        "서버가 200,000바이트를 보내려 하고 클라이언트에는 자리가 넉넉합니다. 왕복 시간은 100 ms입니다. 첫 ACK가 오기 전에 세그먼트 몇 개가 나갈까요?",
    ),
    choices: &[text("1", "1개"), text("10", "10개"), text("all that the window allows", "윈도가 허락하는 만큼 전부")],
    acts: &[Act {
        title: text("200,000 bytes in one response", "응답 하나에 200,000바이트"),
        wire: "50ms",
        play: |stage| exchange(stage, 200_000),
    }],
    facts,
    conclude,
    next: &[("lab slow-start --wire '<data:25 drop'", text("and when one is lost?", "그러다 하나를 잃으면?"))],
};

/// Of its wire, in milliseconds.
const ROUND_TRIP: u64 = 100;
/// Segments with data that leave within this many milliseconds of each other are one flight.
const TOGETHER: Ms = 20.0;

fn facts(runs: &[Run]) -> Facts {
    let Some(run) = runs.first() else { return Facts::default() };
    let mut flights: Vec<Vec<&Segment>> = Vec::new();
    for one in run.of(ToClient).filter(|one| one.is_data()) {
        match flights.last_mut() {
            Some(flight) if flight.last().is_some_and(|last| one.sent_ms - last.sent_ms < TOGETHER) => flight.push(one),
            _ => flights.push(vec![one]),
        }
    }
    let begins: Vec<Ms> = flights.iter().filter_map(|flight| Some(flight.first()?.sent_ms)).collect();
    let between = begins.windows(2).filter_map(|pair| Some((pair.get(1)? - pair.first()?).round() as u64));
    let largest = flights.iter().flatten().map(|one| one.length).max().unwrap_or_default();
    let (stopped, windows) = (1..)
        .zip(&flights)
        .filter_map(|(number, flight)| Some((number, window_that_ends(flight.last()?, largest, run)?)))
        .unzip();
    Facts::default()
        .counts("flights", flights.iter().map(|flight| flight.len() as u64).collect())
        .counts("between_flights_ms", between.collect())
        .counts("flights_that_fill_the_window", stopped)
        .counts("windows_they_fill", windows)
}

/// The client's window, as the server knew it, where not one more segment of this size fits into it behind `last`.
fn window_that_ends(last: &Segment, size: u32, run: &Run) -> Option<u64> {
    let heard = run.of(ToServer).filter(|one| one.arrived_ms.is_some_and(|at| at <= last.sent_ms));
    let said = heard.filter_map(|one| Some((one.acknowledges()?, one.tcp.as_ref()?.window?)));
    let (acknowledged, window) = said.max_by_key(|(number, window)| number + *window as i64)?;
    let end = last.bytes()?.1 + 1;
    (acknowledged + window as i64 - end < size.into()).then_some(window)
}

fn conclude(facts: &Facts) -> Option<Conclusion> {
    let flights = facts.get_counts("flights")?;
    let (stopped, windows) =
        (facts.get_counts("flights_that_fill_the_window")?, facts.get_counts("windows_they_fill")?);
    let between = facts.get_counts("between_flights_ms")?;
    let (least, most) = (between.iter().min()?, between.iter().max()?);
    // The last one is what is left: it says nothing of how much the sender would have tried.
    let free = stopped.first().map_or(flights.len(), |number| *number as usize).saturating_sub(1);
    let tried = flights.get(..free.min(flights.len().saturating_sub(1)))?;
    if flights.first() != Some(&10) || tried.len() < 2 || tried.windows(2).any(|pair| pair[1] < pair[0] * 3 / 2) {
        return None;
    }
    // Each ACK lets the next ones go: a flight that came later waited for something else.
    if *least < ROUND_TRIP || *most > ROUND_TRIP * 3 / 2 {
        return None;
    }
    let between = if least < most { format!("{least}–{most}") } else { least.to_string() };
    let all = flights.iter().map(u64::to_string).collect::<Vec<_>>().join(", ");
    let mut why = vec![both!(
        "The flights had {all} segments, {between} ms apart: one round trip. The sender doesn't know the path, so it tries more with each round trip. The last flight is the rest.",
        "묶음마다 {all}개가 {between} ms 간격으로 나갔습니다. 왕복 한 번입니다. 길을 모르니 왕복마다 늘려 봅니다. 마지막 묶음은 나머지입니다."
    )];
    why.extend(stopped.iter().zip(windows).map(|(number, window)| {
        both!(
            "Flight {number} fills the client's window of {window} bytes: not the path but the receiver sets its size.",
            "{number}번째 묶음은 클라이언트의 윈도 {window}바이트를 채웠습니다. 이 묶음의 크기는 길이 아니라 받는 쪽이 정했습니다."
        )
    }));
    why.push(both!(
        "So a short response over a long path takes round trips, however wide the path is.",
        "그래서 먼 길에서는 대역폭이 아무리 넓어도 짧은 응답에 왕복 시간이 여러 번 듭니다."
    ));
    Some(Conclusion { choice: 1, why })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(flights: &[u64], stopped: &[(u64, u64)]) -> Option<String> {
        said_of(flights, stopped, &[101])
    }

    fn said_of(flights: &[u64], stopped: &[(u64, u64)], between: &[u64]) -> Option<String> {
        let facts = Facts::default()
            .counts("flights", flights.to_vec())
            .counts("between_flights_ms", between.to_vec())
            .counts("flights_that_fill_the_window", stopped.iter().map(|(number, _)| *number).collect())
            .counts("windows_they_fill", stopped.iter().map(|(_, window)| *window).collect());
        let why = conclude(&facts)?.why;
        Some(why.into_iter().map(|one| one.en).collect::<Vec<_>>().join(" "))
    }

    #[test]
    fn the_recorded_run_says_what_follows_from_it() {
        let recording = crate::lab::recorded::in_the_folder("slow-start");
        let facts = facts(&recording.acts);
        assert_eq!(facts.get_counts("flights"), Some(&[10, 20, 40, 69][..]));
        assert_eq!(facts.get_counts("flights_that_fill_the_window"), Some(&[][..]));
        assert_eq!(conclude(&facts), recording.conclusion());
    }

    #[test]
    fn a_round_trip_lies_between_all_flights_or_it_is_not_said() {
        let said = |between| said_of(&[10, 20, 40, 69], &[], between);
        assert!(said(&[101, 101, 101]).is_some_and(|said| said.contains("69 segments, 101 ms apart")));
        assert!(said(&[101, 101, 104]).is_some_and(|said| said.contains("69 segments, 101–104 ms apart")));
        assert_eq!(said(&[101, 101, 320]), None);
    }

    #[test]
    fn a_flight_that_the_window_stopped_is_no_flight_that_the_sender_chose() {
        let window = said(&[10, 20, 40, 44, 23], &[(4, 65535)]).expect("a conclusion");
        assert!(window.contains("Flight 4 fills the client's window of 65535 bytes"), "{window}");
        assert!(window.contains("The last flight is the rest."), "{window}");
        assert!(!said(&[10, 20, 40, 69], &[]).expect("a conclusion").contains("window"));
        // One that is smaller without such a reason contradicts the sentence.
        assert_eq!(said(&[10, 20, 40, 44, 23], &[]), None);
        assert_eq!(said(&[10, 12, 20], &[]), None);
    }
}
