//! Lesson: a SYN has a number although it has no data, and takes one; so the
//! acknowledgment is that number + 1. A pure ACK takes none: the request has
//! the same number as the third segment. Nobody needs that third segment for
//! long: the request carries the same acknowledgment.

use super::play::exchange;
use super::prelude::*;

pub(super) const HANDSHAKE: Experiment = Experiment {
    name: "handshake",
    title: text("Three segments, two numbers", "3-way 핸드셰이크"),
    question: text(
        "The client's SYN has the sequence number N. Which acknowledgment number does the SYN+ACK carry?",
        "클라이언트의 SYN에 순서 번호 N이 들어 있습니다. SYN+ACK의 확인 응답 번호는 얼마일까요?",
    ),
    choices: &[
        text("N: a SYN carries no data", "N. SYN에는 데이터가 없으니까"),
        text("N + 1", "N + 1"),
        text("N + 64, the size of the SYN", "N + 64. SYN의 크기만큼"),
    ],
    acts: &[
        Act {
            title: text("A connection and a request", "연결을 맺고 요청할 때"),
            wire: "10ms 4m",
            play: |stage| exchange(stage, 34),
        },
        Act {
            title: text("The third segment is lost", "세 번째 세그먼트를 잃었을 때"),
            wire: "10ms 4m >ack:1 drop",
            play: |stage| exchange(stage, 34),
        },
    ],
    facts,
    conclude,
    next: &[
        (
            "lab queue",
            text("who completes the handshake, if not accept()?", "accept()가 아니라면 핸드셰이크는 누가 끝낼까요?"),
        ),
        ("lab handshake --wire '<syn:1 drop'", text("lose the SYN+ACK instead", "이번에는 SYN+ACK를 잃어 보세요")),
    ],
};

fn facts(runs: &[Run]) -> Facts {
    let mut facts = Facts::default();
    if let Some(run) = runs.first() {
        let numbers = |which: fn(&Segment) -> bool| run.first(which).and_then(|segment| segment.tcp.clone());
        let syn = numbers(|one| one.has("SYN") && !one.has("ACK"));
        let syn_ack = numbers(|one| one.has("SYN") && one.has("ACK"));
        let third = numbers(|one| one.direction == ToServer && one.is_pure_ack());
        let request = numbers(|one| one.direction == ToServer && one.is_data());
        if let (Some(syn), Some(syn_ack)) = (&syn, &syn_ack) {
            let taken = syn_ack.acknowledgment.map(|number| number.wrapping_sub(syn.sequence));
            facts = facts.count("syn_sequence", syn.sequence as usize);
            facts =
                facts.set("syn_ack_acknowledgment", syn_ack.acknowledgment.map(|number| Fact::Count(number.into())));
            facts = facts.set("numbers_taken_by_syn", taken.map(|number| Fact::Count(number.into())));
        }
        if let (Some(third), Some(request)) = (third, request) {
            facts = facts
                .holds("request_has_the_number_of_the_third", third.sequence == request.sequence)
                .count("request_relative_sequence", request.relative_sequence as usize);
        }
        facts = facts.word("shape", run.shape());
    }
    if let Some(run) = runs.get(1) {
        let lost = run.first(|one| one.is_lost());
        let request = run.first(|one| one.direction == ToServer && one.is_data());
        let is_same = lost.zip(request).is_some_and(|(lost, request)| lost.acknowledges() == request.acknowledges());
        facts = facts
            .holds("third_was_lost", lost.is_some_and(|one| one.is_pure_ack() && one.direction == ToServer))
            .holds("request_acknowledges_the_same", is_same)
            .holds("it_was_sent_again", run.number_of(Segment::is_again) > 0)
            .holds("response_came", run.call(Side::Client, "recv() 0").is_some())
            .word("shape_without_the_third", run.shape());
    }
    facts
}

fn conclude(facts: &Facts) -> Option<Conclusion> {
    let syn = facts.get_count("syn_sequence")?;
    let acknowledgment = facts.get_count("syn_ack_acknowledgment")?;
    if facts.get_count("numbers_taken_by_syn")? != 1 || !facts.is("request_has_the_number_of_the_third") {
        return None;
    }
    let mut why = vec![
        both!(
            "The SYN was {syn}, the SYN+ACK acknowledged {acknowledgment}: one more. A SYN takes one number although it has no data.",
            "SYN은 {syn}, SYN+ACK의 확인 응답 번호는 {acknowledgment}입니다. 하나 큽니다. SYN은 데이터가 없어도 번호 하나를 씁니다."
        ),
        both!(
            "A pure ACK takes none: the request begins at the very number that the third segment had.",
            "순수한 ACK는 번호를 쓰지 않습니다. 그래서 요청은 세 번째 세그먼트와 같은 번호에서 시작합니다."
        ),
    ];
    if facts.is("third_was_lost")
        && facts.is("request_acknowledges_the_same")
        && facts.is("response_came")
        && !facts.is("it_was_sent_again")
    {
        why.push(both!(
            "With the third segment lost, nothing was sent again: the request carries the same acknowledgment, and completes the handshake.",
            "세 번째 세그먼트를 잃었는데도 다시 보낸 것은 없습니다. 요청에 같은 확인 응답이 들어 있어 그것으로 핸드셰이크가 끝납니다."
        ));
    }
    Some(Conclusion { choice: 1, why })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_completes_the_handshake_if_it_acknowledges_the_same() {
        let mut acts = crate::lab::recorded::in_the_folder("handshake").acts;
        let sentences = |acts: &[Run]| conclude(&facts(acts)).map(|conclusion| conclusion.why.len());
        assert_eq!(sentences(&acts), Some(3));
        let request = acts[1].segments.iter_mut().find(|one| one.direction == ToServer && one.is_data());
        request.and_then(|one| one.tcp.as_mut()).expect("a request").relative_acknowledgment = Some(2);
        assert_eq!(sentences(&acts), Some(2));
    }
}
