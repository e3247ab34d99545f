//! Lesson: a closed port says no at once, by a RST. Silence says nothing, so
//! the client's kernel asks again, and its program waits.

use super::prelude::*;
use crate::lab::end::tcp;
use crate::lab::network::SERVER;

pub(super) const NOBODY_THERE: Experiment = Experiment {
    name: "nobody-there",
    title: text("Two kinds of no", "거절과 침묵"),
    question: text(
        "On one server no program listens on the port; in front of another, a firewall drops every packet. Which does the client learn of sooner?",
        "한 서버에는 그 포트를 듣는 프로그램이 없고, 다른 서버에서는 방화벽이 모든 패킷을 버립니다. 어느 쪽을 먼저 알게 될까요?",
    ),
    choices: &[
        text("the firewall: it refuses at once", "방화벽. 곧바로 거절한다"),
        text("the closed port: after one round trip", "닫힌 포트. 한 번의 왕복 뒤"),
        text("both take the same time-out", "둘 다 같은 시간이 걸린다"),
    ],
    acts: &[
        Act {
            title: text("A closed port", "닫힌 포트"), wire: "10ms 4m", play: |stage| try_to_connect(stage, None)
        },
        Act {
            title: text("A firewall that drops everything", "모두 버리는 방화벽"),
            wire: "10ms 4m >any drop",
            play: |stage| try_to_connect(stage, Some(Duration::from_millis(2500))),
        },
    ],
    facts,
    conclude,
    next: &[("lab reset", text("RST in the middle of a connection", "연결 도중의 RST"))],
};

/// The kernel would ask for two minutes: `patience` (TCP_USER_TIMEOUT) ends that.
fn try_to_connect(stage: &Stage, patience: Option<Duration>) -> io::Result<()> {
    let client = stage.client(move |end| {
        let socket = tcp()?;
        socket.set_tcp_user_timeout(patience)?;
        // That it fails is what the experiment is about.
        let _ = end.connect_as(&socket, (SERVER, 81));
        Ok(())
    })?;
    client.join()
}

fn took(run: &Run) -> Option<f64> {
    let mut calls = run.calls_of(Side::Client, "connect()");
    let begun = calls.next()?.at_ms;
    Some(calls.next()?.at_ms - begun)
}

fn facts(runs: &[Run]) -> Facts {
    let error =
        |run: &Run| run.calls_of(Side::Client, "connect() ").next().map(|call| call.call.clone()).unwrap_or_default();
    let mut facts = Facts::default();
    if let Some(run) = runs.first() {
        facts = facts
            .ms("refused_after_ms", took(run))
            .count("resets", run.number_of(|one| one.has("RST")))
            .word("closed_port", error(run))
            .word("shape", run.shape());
    }
    if let Some(run) = runs.get(1) {
        let syns: Vec<f64> = run.segments.iter().filter(|one| one.has("SYN")).map(|one| one.sent_ms).collect();
        facts = facts
            .ms("gave_up_after_ms", took(run))
            .count("syns_into_silence", syns.len())
            .counts("syns_at_ms", syns.iter().map(|at| at.round() as u64).collect())
            .word("silence", error(run))
            .word("shape_of_silence", run.shape());
    }
    facts
}

fn conclude(facts: &Facts) -> Option<Conclusion> {
    // A round trip takes 20 ms: neither at once nor after a timeout.
    let refused = facts.get_ms("refused_after_ms").filter(|refused| (15.0..300.0).contains(refused))?;
    let gave_up = facts.get_ms("gave_up_after_ms").filter(|gave_up| *gave_up > refused)?;
    if facts.get_count("resets")? == 0 || !facts.get_word("closed_port")?.contains("ECONNREFUSED") {
        return None;
    }
    let syns = facts.get_count("syns_into_silence")?;
    let mut why = vec![both!(
        "The closed port responded with a RST: ECONNREFUSED after {refused:.1} ms. A refusal is a response, too.",
        "닫힌 포트는 RST로 응답했습니다. {refused:.1} ms 만에 ECONNREFUSED였습니다. 거절도 응답입니다."
    )];
    if let Some([_, second, ..]) = facts.get_counts("syns_at_ms") {
        why.push(both!(
            "Where no response came, the kernel sent {syns} SYNs, the second {second} ms after the first; the program gave up after {gave_up:.0} ms.",
            "응답이 없자 커널은 SYN을 {syns}번 보냈고, 두 번째는 {second} ms 뒤였습니다. 프로그램은 {gave_up:.0} ms 만에 포기했습니다."
        ));
    }
    Some(Conclusion { choice: 1, why })
}
