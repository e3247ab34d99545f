//! Lesson: what never arrived, nobody can report. A segment that is the last
//! one on its way is sent again when its sender's own timer ends, 200 ms or
//! more; and each further time it waits longer.

use super::play::exchange;
use super::prelude::*;

pub(super) const LOST_REQUEST: Experiment = Experiment {
    name: "lost-request",
    title: text("The timer", "잃어버린 요청과 타이머"),
    question: text(
        "The request is lost on the way; a round trip takes 20 ms. Who notices, and when is it sent again?",
        "요청이 도중에 사라졌습니다. 왕복 시간은 20 ms입니다. 누가 알아채고, 언제 다시 보낼까요?",
    ),
    choices: &[
        text("the server asks for it, after about 20 ms", "서버가 달라고 한다. 약 20 ms 뒤"),
        text("the client's timer, after 200 ms or more", "클라이언트의 타이머. 200 ms 이상 뒤"),
        text("the client's timer, after exactly one second", "클라이언트의 타이머. 정확히 1초 뒤"),
    ],
    acts: &[
        Act {
            title: text("Lost once", "한 번 잃었을 때"),
            wire: "10ms 4m >data:1 drop",
            play: |stage| exchange(stage, 34),
        },
        Act {
            title: text("Lost four times", "네 번 잃었을 때"),
            wire: "10ms 4m >data:1,2,3,4 drop",
            play: |stage| exchange(stage, 34),
        },
    ],
    facts,
    conclude,
    next: &[(
        "lab lost-segment",
        text("lose one segment of many: who notices then?", "여럿 가운데 하나를 잃으면 누가 알아챌까요?"),
    )],
};

fn gaps(run: &Run) -> Vec<f64> {
    let sent: Vec<f64> = run.of(ToServer).filter(|one| one.is_data()).map(|one| one.sent_ms).collect();
    sent.windows(2).filter_map(|pair| Some(pair.get(1)? - pair.first()?)).collect()
}

fn facts(runs: &[Run]) -> Facts {
    let mut facts = Facts::default();
    if let Some(run) = runs.first() {
        facts = facts.ms("again_after_ms", run.again_after()).word("shape", run.shape());
    }
    if let Some(run) = runs.get(1) {
        let gaps = gaps(run);
        facts = facts
            .counts("gaps_ms", gaps.iter().map(|gap| gap.round() as u64).collect())
            .word("shape_of_four_losses", run.shape());
        if let [.., before, last] = gaps.as_slice() {
            facts = facts.ms("last_gap_to_the_one_before", Some(last / before));
        }
    }
    facts
}

fn conclude(facts: &Facts) -> Option<Conclusion> {
    let again = facts.get_ms("again_after_ms").filter(|after| (150.0..900.0).contains(after))?;
    let mut why = vec![both!(
        "Sent again after {again:.0} ms, by the client's own timer. The server cannot ask for something it does not know of.",
        "{again:.0} ms 뒤에 클라이언트 자신의 타이머로 다시 보냈습니다. 도착하지 않은 것은 아무도 알릴 수 없습니다."
    )];
    if let Some([.., before, last]) = facts.get_counts("gaps_ms")
        && last > before
    {
        why.push(both!(
            "Lost again and again, it waited longer each time: {before} ms, then {last} ms.",
            "거듭 잃으면 점점 더 오래 기다립니다. {before} ms, 그다음 {last} ms였습니다."
        ));
    }
    Some(Conclusion { choice: 1, why })
}
