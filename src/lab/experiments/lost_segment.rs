//! Lesson: where more segments follow a lost one, they reveal the gap. What
//! follows waits in the kernel: a program reads bytes in order or not at all.
//! The gap is filled after about a round trip, long before any timer.

use super::play::exchange;
use super::prelude::*;

pub(super) const LOST_SEGMENT: Experiment = Experiment {
    name: "lost-segment",
    title: text("The gap", "빠진 조각"),
    question: text(
        "The first of seven segments of a response is lost; a round trip takes 20 ms. When is it sent again?",
        "응답 세그먼트 일곱 개 가운데 첫 번째를 잃었습니다. 왕복 시간은 20 ms입니다. 언제 다시 보낼까요?",
    ),
    choices: &[
        text("when the sender's timer ends, after 200 ms or more", "보낸 쪽의 타이머가 끝날 때. 200 ms 이상 뒤"),
        text("after about one round trip", "약 한 번의 왕복 뒤"),
        text(
            "never: the program notices the gap and asks again",
            "다시 보내지 않는다. 프로그램이 빈자리를 보고 다시 요청한다",
        ),
    ],
    acts: &[Act {
        title: text("The first of seven", "일곱 개 가운데 첫 번째"),
        wire: "10ms 4m <data:1 drop",
        play: |stage| exchange(stage, 9000),
    }],
    facts,
    conclude,
    next: &[
        (
            "lab lost-segment --textbook",
            text("without selective acknowledgments, as in the books", "교과서처럼, 선택적 확인 응답 없이"),
        ),
        (
            "lab lost-segment --wire '<data:7 drop'",
            text("lose the last one: nothing follows it", "마지막 것을 잃으면? 뒤따르는 것이 없습니다"),
        ),
    ],
};

fn facts(runs: &[Run]) -> Facts {
    let Some(run) = runs.first() else { return Facts::default() };
    let lost = run.first(|one| one.is_lost());
    let again = run.first(|one| one.is_again() && one.is_data());
    let begins = lost.and_then(|one| one.tcp.as_ref()).map(|tcp| tcp.relative_sequence);
    let between = |one: &Segment| match (lost, again) {
        (Some(lost), Some(again)) => {
            one.sent_ms > lost.sent_ms && one.sent_ms < again.arrived_ms.unwrap_or(again.sent_ms)
        }
        _ => false,
    };
    let same = run.of(ToServer).filter(|one| between(one) && one.is_pure_ack() && one.acknowledges() == begins);
    let same: Vec<&Segment> = same.collect();
    let read = run.calls_of(Side::Client, "recv() ").next();
    let filled = again.and_then(|one| one.arrived_ms);
    Facts::default()
        .ms("again_after_ms", run.again_after())
        .count("acks_for_the_same_number", same.len())
        .holds(
            "acks_name_what_came",
            same.iter().any(|one| one.fact(|fact| matches!(fact, tracker::Fact::ReportsGap { .. }))),
        )
        .holds("only_the_lost_was_sent_again", {
            let sent_again = run.of(ToClient).filter(|one| one.is_data() && one.is_again());
            let is_lost = |one: &Segment| {
                let is_it = |other: &&Segment| other.is_lost() && !other.is_again() && other.bytes() == one.bytes();
                run.of(ToClient).any(|other| is_it(&other))
            };
            sent_again.into_iter().all(is_lost)
        })
        .ms("first_read_ms", read.map(|call| call.at_ms))
        .ms("gap_filled_ms", filled)
        .holds("nothing_read_before", read.zip(filled).is_some_and(|(read, filled)| read.at_ms >= filled))
        .word("shape", run.shape())
}

fn conclude(facts: &Facts) -> Option<Conclusion> {
    let after = facts.get_ms("again_after_ms")?;
    let acks = facts.get_count("acks_for_the_same_number").filter(|acks| *acks >= 2)?;
    if after > 120.0 || !facts.is("nothing_read_before") {
        return None;
    }
    let mut why = vec![
        both!(
            "Sent again after {after:.1} ms: ACKs with the same number, {acks} in all, report the gap to the sender.",
            "{after:.1} ms 뒤에 다시 보냈습니다. 번호가 같은 ACK가 빈자리를 알립니다(모두 {acks}개)."
        ),
        both!(
            "The later segments waited in the client's kernel. Its program could read nothing before the gap was filled.",
            "뒤의 조각은 클라이언트의 커널에서 기다렸습니다. 빈자리가 채워지기 전까지 프로그램은 아무것도 읽지 못했습니다."
        ),
    ];
    if facts.is("acks_name_what_came") && facts.is("only_the_lost_was_sent_again") {
        why.push(both!(
            "Those ACKs also name what had come behind the gap (SACK), so only what was missing was sent again.",
            "그 ACK에는 빈자리 뒤에 무엇이 도착했는지도 적혀 있습니다(SACK). 그래서 빠진 것만 다시 보냈습니다."
        ));
    }
    Some(Conclusion { choice: 1, why })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_sent_again_needlessly_was_not_missing() {
        let mut acts = crate::lab::recorded::in_the_folder("lost-segment").acts;
        let sentences = |acts: &[Run]| conclude(&facts(acts)).map(|conclusion| conclusion.why.len());
        assert_eq!(sentences(&acts), Some(3));
        let last = acts[0].segments.iter_mut().rev().find(|one| one.is_data() && !one.is_again()).expect("data");
        last.tcp.as_mut().expect("TCP").again = true;
        assert_eq!(sentences(&acts), Some(2));
    }
}
