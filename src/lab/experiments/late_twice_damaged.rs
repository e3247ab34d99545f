//! Lesson: IP promises nothing: packets may be overtaken, doubled or damaged.
//! TCP's numbers and its checksum make the same bytes of it, and the program
//! notices nothing but a delay.

use super::play::{REQUEST, ask, respond_once, response};
use super::prelude::*;
use crate::lab::socket_states::counter;

pub(super) const LATE_TWICE_DAMAGED: Experiment = Experiment {
    name: "late-twice-damaged",
    title: text("Order, copies, damage", "순서·중복·손상"),
    question: text(
        "One segment is overtaken, one arrives twice, one with a wrong bit. What does the reading program see?",
        "세그먼트 하나는 추월당하고, 하나는 두 번 도착하고, 하나는 비트가 틀린 채 도착합니다. 읽는 프로그램에는 무엇이 보일까요?",
    ),
    choices: &[
        text("bytes out of order, twice, or wrong", "순서가 바뀌거나, 겹치거나, 틀린 바이트"),
        text("the very bytes that were sent", "보낸 그대로의 바이트"),
        text("an error from recv()", "recv()의 오류"),
    ],
    acts: &[
        Act {
            title: text("The second segment is overtaken", "두 번째 세그먼트가 추월당할 때"),
            wire: "10ms 4m <data:2 hold=8ms",
            play,
        },
        Act {
            title: text("The second segment arrives twice", "두 번째 세그먼트가 두 번 도착할 때"),
            wire: "10ms 4m <data:2 double",
            play,
        },
        Act {
            title: text("One bit of the second segment is flipped", "두 번째 세그먼트의 비트 하나가 바뀔 때"),
            wire: "10ms 4m <data:2 damage",
            play,
        },
    ],
    facts,
    conclude,
    next: &[("lab udp", text("without TCP, the program sees it all", "TCP가 없으면 프로그램에 그대로 보입니다"))],
};

fn play(stage: &Stage) -> io::Result<()> {
    let sent = response(6000);
    let server = respond_once(stage, sent.clone())?;
    let client = stage.client(move |end| {
        let got = ask(&end, REQUEST)?;
        end.found("same_bytes", Fact::Holds(got == sent));
        end.found("damaged_seen_by_kernel", Fact::Count(counter("Tcp", "InCsumErrors")?));
        Ok(())
    })?;
    client.join()?;
    server.join()
}

fn facts(runs: &[Run]) -> Facts {
    let mut facts = Facts::default();
    for (same, run) in
        ["overtaken_gives_the_same_bytes", "doubled_gives_the_same_bytes", "damaged_gives_the_same_bytes"]
            .into_iter()
            .zip(runs)
    {
        facts = facts.set(same, run.found("same_bytes"));
    }
    let twice =
        |run: &Run| run.number_of(|one| one.fact(|fact| matches!(fact, tracker::Fact::ReportsDuplicate { .. })));
    if let [late, doubled, damaged] = runs {
        facts = facts
            .count("sent_again_after_overtaking", late.number_of(Segment::is_again))
            .count("d_sack_after_overtaking", twice(late))
            .count("d_sack_after_doubling", twice(doubled))
            .set("damaged_seen_by_kernel", damaged.found("damaged_seen_by_kernel"))
            .count("sent_again_after_damage", damaged.number_of(Segment::is_again));
    }
    facts
}

fn conclude(facts: &Facts) -> Option<Conclusion> {
    let is_same =
        ["overtaken", "doubled", "damaged"].iter().all(|what| facts.is(&format!("{what}_gives_the_same_bytes")));
    if !is_same {
        return None;
    }
    let mut why = vec![both!(
        "All three times the program read the very bytes that were sent. IP promises nothing; TCP keeps the promise.",
        "세 번 모두 프로그램은 보낸 그대로의 바이트를 읽었습니다. IP는 아무것도 약속하지 않습니다. 약속은 TCP가 지킵니다."
    )];
    if facts.get_count("sent_again_after_overtaking")? > 0 {
        why.push(both!(
            "The overtaken segment looked lost, so it was sent again needlessly.",
            "추월당한 것은 잃어버린 것처럼 보여서, 쓸데없이 한 번 더 보냈습니다."
        ));
    }
    if facts.get_count("d_sack_after_doubling")? > 0 {
        why.push(both!(
            "The second copy was recognized by its sequence number, dropped and reported (D-SACK).",
            "두 번 온 것은 번호를 보고 버렸고, 그 사실을 알렸습니다(D-SACK)."
        ));
    }
    if let (Some(errors @ 1..), Some(1..)) =
        (facts.get_count("damaged_seen_by_kernel"), facts.get_count("sent_again_after_damage"))
    {
        why.push(both!(
            "The damaged segment failed its checksum (InCsumErrors {errors}) and was treated as lost: it was sent again.",
            "손상된 것은 체크섬이 맞지 않아(InCsumErrors {errors}) 잃어버린 것으로 쳤고, 다시 보냈습니다."
        ));
    }
    Some(Conclusion { choice: 1, why })
}
