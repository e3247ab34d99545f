//! Lesson: what never arrived, nobody can report. A segment that is the last
//! one on its way is sent again when its sender's own timer ends, 200 ms or
//! more. One probe may come first; from the timer's first end on, each wait is twice
//! the one before.

use super::play::exchange;
use super::prelude::*;
use crate::lab::socket_states::counter;

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
            title: text("Lost four times", "네 번 잃었을 때"), wire: "10ms 4m >data:1,2,3,4 drop", play: lose_four
        },
    ],
    facts,
    conclude,
    next: &[(
        "lab lost-segment",
        text("lose one segment of many: who notices then?", "여럿 가운데 하나를 잃으면 누가 알아챌까요?"),
    )],
};

fn lose_four(stage: &Stage) -> io::Result<()> {
    exchange(stage, 34)?;
    for (fact, name) in [("tail_loss_probes", "TCPLossProbes"), ("timeouts", "TCPTimeouts")] {
        let count = stage.client(move |_| counter("TcpExt", name))?.join()?;
        stage.calls.found(fact, Fact::Count(count));
    }
    Ok(())
}

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
            .set("tail_loss_probes", run.found("tail_loss_probes"))
            .set("timeouts", run.found("timeouts"))
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
    if let Some(gaps @ [_, _, ..]) = facts.get_counts("gaps_ms") {
        why.extend(lost_again(gaps, facts));
    }
    Some(Conclusion { choice: 1, why })
}

/// How long it waited each time; and what the kernel counts, where that tells the probe from the timeouts.
fn lost_again(gaps: &[u64], facts: &Facts) -> Vec<Sentence> {
    let is_doubled =
        |pair: &[u64]| matches!(pair, [before, after] if (before * 8 / 5..=before * 5 / 2).contains(after));
    // The longest row of doubled waits at the end.
    let begin = (0..gaps.len()).find(|begin| gaps[*begin..].windows(2).all(is_doubled)).unwrap_or_default();
    let all = gaps.iter().map(u64::to_string).collect::<Vec<_>>().join(", ");
    let mut why = vec![match (begin, gaps.len() - begin) {
        (_, ..2) => both!("Lost again and again, it waited {all} ms.", "거듭 잃자 {all} ms를 기다렸습니다."),
        (0, _) => both!(
            "Lost again and again, it waited {all} ms: each wait was about twice the one before.",
            "거듭 잃자 {all} ms를 기다렸습니다. 매번 앞의 두 배쯤입니다."
        ),
        (begin, _) => {
            let (en, ko) = (["second", "third"].get(begin - 1).unwrap_or(&"last"), begin + 1);
            both!(
                "Lost again and again, it waited {all} ms: each wait after the {en} was about twice the one before.",
                "거듭 잃자 {all} ms를 기다렸습니다. {ko}번째 다음부터는 매번 앞의 두 배쯤입니다."
            )
        }
    }];
    if let (1, Some(1), Some(timeouts @ 2..)) =
        (begin, facts.get_count("tail_loss_probes"), facts.get_count("timeouts"))
        && timeouts + 1 == gaps.len() as u64
    {
        why.push(both!(
            "The kernel counts one tail loss probe (RFC 8985 §7) and {timeouts} timeouts: only a timeout doubles the next wait.",
            "커널이 센 것은 tail loss probe(RFC 8985 §7) 한 번과 타임아웃 {timeouts}번입니다. 다음 기다림을 두 배로 늘리는 것은 타임아웃뿐입니다."
        ));
    }
    why
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(gaps: &[u64], counted: Option<(usize, usize)>) -> Vec<String> {
        let mut facts = Facts::default().ms("again_after_ms", Some(226.0)).counts("gaps_ms", gaps.to_vec());
        if let Some((probes, timeouts)) = counted {
            facts = facts.count("tail_loss_probes", probes).count("timeouts", timeouts);
        }
        conclude(&facts).expect("a conclusion").why.into_iter().skip(1).map(|one| one.en).collect()
    }

    #[test]
    fn only_waits_that_were_doubled_are_said_to_be() {
        for (gaps, said_of_it) in [
            (
                &[240, 236, 496, 956][..],
                "240, 236, 496, 956 ms: each wait after the second was about twice the one before.",
            ),
            (
                &[228, 228, 456, 912],
                "228, 228, 456, 912 ms: each wait after the second was about twice the one before.",
            ),
            (&[200, 400, 800, 1600], "200, 400, 800, 1600 ms: each wait was about twice the one before."),
            (&[200, 210, 220, 440], "200, 210, 220, 440 ms: each wait after the third was about twice the one before."),
            (&[240, 236, 496, 500], "240, 236, 496, 500 ms."),
        ] {
            assert_eq!(said(gaps, None), [format!("Lost again and again, it waited {said_of_it}")]);
        }
    }

    #[test]
    fn a_tail_loss_probe_is_named_where_the_kernel_counted_one_before_the_timeouts() {
        let gaps = [240, 236, 496, 956];
        let sentence = &said(&gaps, Some((1, 3)))[1];
        assert!(
            sentence.starts_with("The kernel counts one tail loss probe (RFC 8985 §7) and 3 timeouts"),
            "{sentence}"
        );
        assert_eq!(said(&gaps, Some((0, 4))).len(), 1);
        assert_eq!(said(&[200, 400, 800, 1600], Some((1, 3))).len(), 1, "which one it was is not seen");
    }
}
